// SPDX-License-Identifier: GPL-2.0
/*
 * Transport sessions: their table of receiver indices, how they follow one
 * another, their counters, and the replay window.
 */
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "device.h"
#include "peer.h"
#include "session.h"
#include "trace.h"

static struct kmem_cache *session_cache;

/* With the window's 1 KiB; a peer and one session stay below 2 KiB. */
static_assert(IS_ENABLED(CONFIG_DEBUG_SPINLOCK) ||
	      IS_ENABLED(CONFIG_DEBUG_LOCK_ALLOC) ||
	      IS_ENABLED(CONFIG_PREEMPT_RT) || SMP_CACHE_BYTES > 64 ||
	      sizeof(struct culvert_session) <= 1280);

static const struct rhashtable_params index_params = {
	.key_len = sizeof_field(struct culvert_index, local_index),
	.key_offset = offsetof(struct culvert_index, local_index),
	.head_offset = offsetof(struct culvert_index, node),
	.automatic_shrinking = true,
};

/**
 * culvert_session_cache_init() - when the module is loaded
 *
 * Return: 0 or -ENOMEM.
 */
int culvert_session_cache_init(void)
{
	session_cache = KMEM_CACHE(culvert_session, 0);
	return session_cache ? 0 : -ENOMEM;
}

/**
 * culvert_session_cache_exit() - when the module goes
 *
 * Waits for what call_rcu() has yet to free.
 *
 * Context: May sleep; no session is in use.
 */
void culvert_session_cache_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(session_cache);
}

/**
 * culvert_session_table_init() - make a device's table of receiver indices
 * @dev: the device
 *
 * Context: May sleep.
 * Return: 0 or a negative error.
 */
int culvert_session_table_init(struct culvert_device *dev)
{
	return rhashtable_init(&dev->indices, &index_params);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_table_init);

/**
 * culvert_session_table_destroy() - free a device's table of receiver indices
 * @dev: the device; neither a session nor a handshake of it is left
 *
 * Context: May sleep.
 */
void culvert_session_table_destroy(struct culvert_device *dev)
{
	rhashtable_destroy(&dev->indices);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_table_destroy);

/**
 * culvert_index_insert() - give a session or handshake a receiver index
 * @dev: whose table it goes into
 * @index: receives the index; @peer is set already
 *
 * The index is random, so that what we chose does not tell how many sessions
 * there are, and a guess hits nothing.
 *
 * Context: Any but hard interrupts.
 * Return: 0 or -ENOMEM.
 */
int culvert_index_insert(struct culvert_device *dev, struct culvert_index *index)
{
	int err;

	do {
		index->local_index = get_random_u32();
		err = rhashtable_lookup_insert_fast(&dev->indices, &index->node,
						    index_params);
	} while (err == -EEXIST);
	/* -E2BIG and -EBUSY: the table could not grow. */
	return err ? -ENOMEM : 0;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_index_insert);

/**
 * culvert_index_remove() - take a session or handshake out of the table
 * @dev: whose table it is
 * @index: what goes; no harm if it is not there (any more)
 *
 * Readers under RCU may still have it in their hands.
 *
 * Context: Any but hard interrupts.
 */
void culvert_index_remove(struct culvert_device *dev, struct culvert_index *index)
{
	rhashtable_remove_fast(&dev->indices, &index->node, index_params);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_index_remove);

/**
 * culvert_index_find() - look a receiver index up
 * @dev: where the message came in
 * @index: which the message says
 *
 * Context: Any, under RCU, which is also what the result lives by.
 * Return: a session or a running handshake, or NULL.
 */
struct culvert_index *culvert_index_find(struct culvert_device *dev, u32 index)
{
	return rhashtable_lookup(&dev->indices, &index, index_params);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_index_find);

/**
 * culvert_session_alloc() - allocate a session without keys
 * @peer: whose; the caller has a reference, the session takes another
 * @gfp: how
 *
 * Return: the session with one reference, or NULL.
 */
struct culvert_session *culvert_session_alloc(struct culvert_peer *peer, gfp_t gfp)
{
	struct culvert_session *s = kmem_cache_zalloc(session_cache, gfp);

	if (!s)
		return NULL;
	kref_get(&peer->refs);
	s->peer = peer;
	spin_lock_init(&s->replay_lock);
	refcount_set(&s->refs, 1);
	return s;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_alloc);

/**
 * culvert_session_inherit_index() - put a session in its handshake's place
 * @dev: whose table it is
 * @old: the handshake, in the table
 * @s: the session, not yet established
 *
 * Nobody finds the index free in between.
 *
 * Context: Any but hard interrupts.
 * Return: 0, or -ENOENT if the handshake is not in the table any more.
 */
int culvert_session_inherit_index(struct culvert_device *dev, struct culvert_index *old,
				  struct culvert_session *s)
{
	s->local_index = old->local_index;
	return rhashtable_replace_fast(&dev->indices, &old->node, &s->node,
				       index_params);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_inherit_index);

/**
 * culvert_session_establish() - the keys are there
 * @s: the session, in the table
 * @now_ns: boot time in ns, from which its age counts
 *
 * From now on what arrives finds it.
 *
 * Context: Any context.
 */
void culvert_session_establish(struct culvert_session *s, u64 now_ns)
{
	s->birth = now_ns;
	/* Keys and birth before it: pairs with culvert_session_find(). */
	smp_store_release(&s->established, true);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_establish);

/**
 * culvert_session_find() - the session that a message of data is for
 * @dev: where the message came in
 * @index: which the message says
 *
 * Context: Any, under RCU, which is also what the result lives by.
 * Return: an established session, or NULL.
 */
struct culvert_session *culvert_session_find(struct culvert_device *dev, u32 index)
{
	struct culvert_index *found = culvert_index_find(dev, index);

	/* Pairs with culvert_session_establish(). */
	if (!found || !smp_load_acquire(&found->established))
		return NULL;
	return container_of(found, struct culvert_session, index);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_find);

/**
 * culvert_session_get() - take a reference
 * @s: found under RCU
 *
 * Context: Any context.
 * Return: false if the last reference has gone.
 */
bool culvert_session_get(struct culvert_session *s)
{
	return refcount_inc_not_zero(&s->refs);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_get);

/* Readers under RCU may have used the keys up to now. */
static void session_free(struct rcu_head *rcu)
{
	struct culvert_session *s = container_of(rcu, struct culvert_session, rcu);

	memzero_explicit(s, sizeof(*s));
	kmem_cache_free(session_cache, s);
}

/**
 * culvert_session_put() - give a reference back
 * @s: the session
 *
 * After the last one the keys are wiped, as soon as no reader is left.
 *
 * Context: Any but hard interrupts.
 */
void culvert_session_put(struct culvert_session *s)
{
	struct culvert_peer *peer = s->peer;

	if (!refcount_dec_and_test(&s->refs))
		return;
	/* Keys are not to lie around for seconds. */
	call_rcu_hurry(&s->rcu, session_free);
	/* The peer's memory stays for a grace period too. */
	culvert_peer_put(peer);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_put);

/**
 * culvert_session_drop() - end a session
 * @s: the session; the caller's reference goes
 *
 * It is found no more, and nothing is sent under it.
 *
 * Context: Any but hard interrupts.
 */
void culvert_session_drop(struct culvert_session *s)
{
	culvert_index_remove(s->peer->device, &s->index);
	WRITE_ONCE(s->dead, true);
	culvert_session_put(s);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_drop);

static struct culvert_session *slot(struct culvert_peer *peer,
				    struct culvert_session __rcu *const *s)
{
	return rcu_dereference_protected(*s, lockdep_is_held(&peer->lock));
}

/* Puts @s there, and ends what was there. */
static void fill(struct culvert_peer *peer, struct culvert_session __rcu **where,
		 struct culvert_session *s)
{
	struct culvert_session *old = slot(peer, where);

	rcu_assign_pointer(*where, s);
	if (old)
		culvert_session_drop(old);
}

/**
 * culvert_session_install() - rotate a new session in
 * @peer: whose
 * @s: established; the caller's reference goes to the slot
 *
 * An initiator holds the answer in its hands: the session is confirmed and
 * becomes the current one at once. What the other end may still send under
 * stays as the previous one. That is an unconfirmed next session if there is
 * one: both ends have begun a handshake at the same time then, and it is the
 * one that the other end has made current.
 *
 * A responder's session waits in next until something arrives under it. An
 * older one that waited there is overtaken.
 *
 * Context: Any but hard interrupts; takes peer->lock.
 * Return: false if the peer has been removed.
 */
bool culvert_session_install(struct culvert_peer *peer, struct culvert_session *s)
{
	struct culvert_sessions *slots = &peer->sessions;
	struct culvert_session *next;

	spin_lock_bh(&peer->lock);
	if (peer->removed) {
		spin_unlock_bh(&peer->lock);
		culvert_session_drop(s);
		return false;
	}
	if (s->initiator) {
		WRITE_ONCE(s->confirmed, true);
		next = slot(peer, &slots->next);
		if (next) {
			fill(peer, &slots->previous, next);
			RCU_INIT_POINTER(slots->next, NULL);
			fill(peer, &slots->current_, s);
		} else {
			fill(peer, &slots->previous, slot(peer, &slots->current_));
			rcu_assign_pointer(slots->current_, s);
		}
	} else {
		fill(peer, &slots->next, s);
	}
	trace_culvert_key(peer, s->local_index,
			  s->initiator ? CULVERT_KEY_INSTALLED : CULVERT_KEY_PENDING);
	spin_unlock_bh(&peer->lock);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_install);

/**
 * culvert_session_confirm() - something authentic has arrived
 * @peer: whose session
 * @s: under which it arrived; the caller is under RCU or has a reference
 *
 * Cheap unless @s waits for this.
 *
 * Context: Any but hard interrupts; may take peer->lock.
 * Return: true if @s became the current session.
 */
bool culvert_session_confirm(struct culvert_peer *peer, struct culvert_session *s)
{
	struct culvert_sessions *slots = &peer->sessions;
	bool promoted;

	if (likely(s != rcu_access_pointer(slots->next)))
		return false;

	spin_lock_bh(&peer->lock);
	promoted = s == slot(peer, &slots->next);
	if (promoted) {
		WRITE_ONCE(s->confirmed, true);
		fill(peer, &slots->previous, slot(peer, &slots->current_));
		rcu_assign_pointer(slots->current_, s);
		RCU_INIT_POINTER(slots->next, NULL);
		trace_culvert_key(peer, s->local_index, CULVERT_KEY_CONFIRMED);
	}
	spin_unlock_bh(&peer->lock);
	return promoted;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_confirm);

/**
 * culvert_session_clear_all() - erase all of a peer's keys
 * @peer: whose
 *
 * The keys are unreachable on return; their memory is wiped as soon as nobody
 * can be reading it.
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void culvert_session_clear_all(struct culvert_peer *peer)
{
	struct culvert_sessions *slots = &peer->sessions;

	spin_lock_bh(&peer->lock);
	if (slot(peer, &slots->current_))
		trace_culvert_key(peer, slot(peer, &slots->current_)->local_index,
				  CULVERT_KEY_ERASED);
	fill(peer, &slots->next, NULL);
	fill(peer, &slots->previous, NULL);
	fill(peer, &slots->current_, NULL);
	spin_unlock_bh(&peer->lock);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_clear_all);

/**
 * culvert_session_expire_current() - send nothing more under the present keys
 * @peer: whose
 *
 * What the other end still sends under them is taken. The next packet to send
 * begins a handshake, at once.
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void culvert_session_expire_current(struct culvert_peer *peer)
{
	struct culvert_session *s;

	spin_lock_bh(&peer->lock);
	s = slot(peer, &peer->sessions.next);
	if (s)
		WRITE_ONCE(s->dead, true);
	s = slot(peer, &peer->sessions.current_);
	if (s) {
		WRITE_ONCE(s->dead, true);
		trace_culvert_key(peer, s->local_index, CULVERT_KEY_EXPIRED);
	}
	WRITE_ONCE(peer->last_sent_handshake, 0);
	spin_unlock_bh(&peer->lock);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_expire_current);

static bool older_than(const struct culvert_session *s, unsigned int age_s, u64 now_ns)
{
	/* A clock read on another CPU may be a little behind birth. */
	return (s64)(now_ns - s->birth) >= (s64)age_s * NSEC_PER_SEC;
}

/**
 * culvert_session_may_send() - is the session good for sending?
 * @s: the session
 * @now_ns: boot time in ns
 *
 * Context: Any context.
 * Return: false if it has been ended, or is too old.
 */
bool culvert_session_may_send(const struct culvert_session *s, u64 now_ns)
{
	return !READ_ONCE(s->dead) && !older_than(s, WIRE_REJECT_AFTER_TIME, now_ns);
}

/**
 * culvert_session_take_counters() - take counters for messages to send
 * @s: the session
 * @nr: how many
 * @now_ns: boot time in ns
 * @first: result: the first of @nr consecutive ones
 *
 * No counter is given twice, and none from WIRE_REJECT_AFTER_MESSAGES on, no
 * matter how many CPUs ask at the limit: nothing is added before it is known
 * to fit.
 *
 * Context: Any context.
 * Return: false if the session may not send.
 */
bool culvert_session_take_counters(struct culvert_session *s, unsigned int nr,
				   u64 now_ns, u64 *first)
{
	s64 old = atomic64_read(&s->send_counter);

	if (!culvert_session_may_send(s, now_ns))
		return false;
	do {
		if ((u64)old > WIRE_REJECT_AFTER_MESSAGES - nr) {
			WRITE_ONCE(s->dead, true);
			return false;
		}
	} while (!atomic64_try_cmpxchg_relaxed(&s->send_counter, &old,
					       (s64)((u64)old + nr)));
	*first = old;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_take_counters);

/**
 * culvert_session_may_receive() - is the session good for receiving?
 * @s: the session
 * @now_ns: boot time in ns
 *
 * Context: Any context.
 * Return: false if its keys are too old to open anything.
 */
bool culvert_session_may_receive(const struct culvert_session *s, u64 now_ns)
{
	return !older_than(s, WIRE_REJECT_AFTER_TIME, now_ns);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_may_receive);

/**
 * culvert_session_wants_rekey_on_send() - is it time for new keys?
 * @s: the session just sent under
 * @now_ns: boot time in ns
 *
 * Only the initiator goes by age, or both ends would begin at the same time.
 * Both count messages.
 *
 * Return: true from then on.
 */
bool culvert_session_wants_rekey_on_send(struct culvert_session *s, u64 now_ns)
{
	if (s->initiator && older_than(s, WIRE_REKEY_AFTER_TIME, now_ns))
		return true;
	return (u64)atomic64_read(&s->send_counter) > WIRE_REKEY_AFTER_MESSAGES;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_wants_rekey_on_send);

/**
 * culvert_session_wants_rekey_on_receive() - the same, having received only
 * @s: the current session; something authentic has arrived
 * @now_ns: boot time in ns
 *
 * We are the initiator, have had nothing to send, and the other end will have
 * no keys to send under soon. Retries are the timer's.
 *
 * Return: true once a session.
 */
bool culvert_session_wants_rekey_on_receive(struct culvert_session *s, u64 now_ns)
{
	if (!s->initiator || READ_ONCE(s->rekey_asked) ||
	    !older_than(s, WIRE_REJECT_AFTER_TIME - WIRE_KEEPALIVE_TIMEOUT -
			   WIRE_REKEY_TIMEOUT, now_ns))
		return false;
	WRITE_ONCE(s->rekey_asked, true);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_session_wants_rekey_on_receive);

/*
 * The replay window: a ring of bits in words, which slides by whole words, so
 * that no bit is ever moved (RFC 6479).
 */
#define REPLAY_WORDS	(REPLAY_WINDOW_BITS / BITS_PER_LONG)

static_assert(REPLAY_WINDOW >= 8000);

/**
 * replay_window_init() - a window that has seen nothing
 * @w: the window
 */
void replay_window_init(struct replay_window *w)
{
	memset(w, 0, sizeof(*w));
}
EXPORT_SYMBOL_IF_KUNIT(replay_window_init);

/**
 * replay_window_accept() - has this counter been seen?
 * @w: the window; the caller holds its lock
 * @counter: of a message that was found authentic
 *
 * Return: true the first time, while it is not more than REPLAY_WINDOW below
 * the greatest one seen.
 */
bool replay_window_accept(struct replay_window *w, u64 counter)
{
	u64 word = counter / BITS_PER_LONG;

	/* This also keeps the sums below from wrapping. */
	if (counter >= WIRE_REJECT_AFTER_MESSAGES)
		return false;
	if (counter + REPLAY_WINDOW < w->next)
		return false;
	if (counter >= w->next) {
		u64 top = w->next ? (w->next - 1) / BITS_PER_LONG : 0;
		unsigned int n = min_t(u64, word - top, REPLAY_WORDS);

		while (n--)
			w->bits[++top % REPLAY_WORDS] = 0;
		w->next = counter + 1;
	}
	return !__test_and_set_bit(counter % REPLAY_WINDOW_BITS, w->bits);
}
EXPORT_SYMBOL_IF_KUNIT(replay_window_accept);
