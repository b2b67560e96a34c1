// SPDX-License-Identifier: GPL-2.0
/* Sessions of peers in memory: indices, rotation, counters, replay window. */
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "device.h"
#include "peer.h"
#include "session.h"

#define NOW	(1000ULL * NSEC_PER_SEC)

/* A device and a peer, as far as sessions know of them. */
struct fixture {
	struct culvert_device	dev;
	struct culvert_peer	peer;
};

static int session_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	spin_lock_init(&f->peer.lock);
	/* Of the fixture itself: the last one never goes. */
	kref_init(&f->peer.refs);
	f->peer.device = &f->dev;
	test->priv = f;
	return culvert_session_table_init(&f->dev);
}

static void session_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (!f)
		return;
	culvert_session_clear_all(&f->peer);
	KUNIT_EXPECT_EQ(test, kref_read(&f->peer.refs), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->dev.indices.nelems), 0);
	culvert_session_table_destroy(&f->dev);
	rcu_barrier();
}

static struct culvert_session *make(struct kunit *test, bool initiator)
{
	struct fixture *f = test->priv;
	struct culvert_session *s = culvert_session_alloc(&f->peer, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_EQ(test, culvert_index_insert(&f->dev, &s->index), 0);
	s->initiator = initiator;
	culvert_session_establish(s, NOW);
	return s;
}

static struct culvert_session *install(struct kunit *test, bool initiator)
{
	struct fixture *f = test->priv;
	struct culvert_session *s = make(test, initiator);

	KUNIT_EXPECT_TRUE(test, culvert_session_install(&f->peer, s));
	return s;
}

static bool findable(struct fixture *f, u32 index)
{
	bool found;

	rcu_read_lock();
	found = culvert_session_find(&f->dev, index);
	rcu_read_unlock();
	return found;
}

static void expect_slots(struct kunit *test, const struct culvert_session *current_,
			 const struct culvert_session *previous,
			 const struct culvert_session *next)
{
	struct culvert_sessions *slots = &((struct fixture *)test->priv)->peer.sessions;

	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(slots->current_), current_);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(slots->previous), previous);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(slots->next), next);
}

static void session_index(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct culvert_session *s = culvert_session_alloc(&f->peer, GFP_KERNEL);
	struct culvert_session *t;
	u32 index;

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, kref_read(&f->peer.refs), 2);
	KUNIT_EXPECT_EQ(test, culvert_index_insert(&f->dev, &s->index), 0);
	index = s->local_index;
	/* Without keys it is in the table, but is no session. */
	KUNIT_EXPECT_FALSE(test, findable(f, index));
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, culvert_index_find(&f->dev, index), &s->index);
	rcu_read_unlock();
	culvert_session_establish(s, NOW);
	KUNIT_EXPECT_TRUE(test, findable(f, index));
	KUNIT_EXPECT_FALSE(test, findable(f, index + 1));

	/* A reference outlives the table. */
	KUNIT_EXPECT_TRUE(test, culvert_session_get(s));
	culvert_session_drop(s);
	KUNIT_EXPECT_FALSE(test, findable(f, index));
	KUNIT_EXPECT_TRUE(test, s->dead);
	KUNIT_EXPECT_EQ(test, kref_read(&f->peer.refs), 2);

	/* A session takes over the index of what stands there before. */
	KUNIT_EXPECT_EQ(test, culvert_index_insert(&f->dev, &s->index), 0);
	index = s->local_index;
	t = culvert_session_alloc(&f->peer, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	culvert_session_establish(t, NOW);
	KUNIT_EXPECT_EQ(test, culvert_session_inherit_index(&f->dev, &s->index, t), 0);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, culvert_session_find(&f->dev, index), t);
	rcu_read_unlock();
	/* What is not there any more has none to give. */
	KUNIT_EXPECT_NE(test, culvert_session_inherit_index(&f->dev, &s->index, t), 0);
	culvert_session_drop(t);
	culvert_session_put(s);
}

static void session_rotation_initiator(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct culvert_session *a, *b, *c;
	u32 first;

	a = install(test, true);
	first = a->local_index;
	KUNIT_EXPECT_TRUE(test, a->confirmed);
	expect_slots(test, a, NULL, NULL);
	KUNIT_EXPECT_FALSE(test, culvert_session_confirm(&f->peer, a));
	b = install(test, true);
	expect_slots(test, b, a, NULL);
	c = install(test, true);
	expect_slots(test, c, b, NULL);
	KUNIT_EXPECT_FALSE(test, findable(f, first));
	KUNIT_EXPECT_TRUE(test, findable(f, b->local_index));
}

static void session_rotation_responder(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct culvert_session *a, *b, *c, *d;
	u32 overtaken, oldest;

	a = install(test, false);
	KUNIT_EXPECT_FALSE(test, a->confirmed);
	expect_slots(test, NULL, NULL, a);
	KUNIT_EXPECT_TRUE(test, culvert_session_confirm(&f->peer, a));
	KUNIT_EXPECT_TRUE(test, a->confirmed);
	expect_slots(test, a, NULL, NULL);
	KUNIT_EXPECT_FALSE(test, culvert_session_confirm(&f->peer, a));

	/* Until it is confirmed we send under the old one. */
	b = install(test, false);
	expect_slots(test, a, NULL, b);
	KUNIT_EXPECT_FALSE(test, culvert_session_confirm(&f->peer, a));
	/* Our response was lost, and the other end has begun again. */
	overtaken = b->local_index;
	c = install(test, false);
	expect_slots(test, a, NULL, c);
	KUNIT_EXPECT_FALSE(test, findable(f, overtaken));
	KUNIT_EXPECT_TRUE(test, culvert_session_confirm(&f->peer, c));
	expect_slots(test, c, a, NULL);

	oldest = a->local_index;
	d = install(test, false);
	expect_slots(test, c, a, d);
	KUNIT_EXPECT_TRUE(test, culvert_session_confirm(&f->peer, d));
	expect_slots(test, d, c, NULL);
	KUNIT_EXPECT_FALSE(test, findable(f, oldest));
}

/* Both ends have begun; each gets the other's initiation before the answer. */
static void session_rotation_simultaneous(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct culvert_session *old, *theirs, *ours;
	u32 gone;

	old = install(test, true);
	gone = old->local_index;
	theirs = install(test, false);
	expect_slots(test, old, NULL, theirs);
	ours = install(test, true);
	/* They may have made theirs current: it must go on receiving. */
	expect_slots(test, ours, theirs, NULL);
	KUNIT_EXPECT_TRUE(test, findable(f, theirs->local_index));
	KUNIT_EXPECT_FALSE(test, findable(f, gone));
	KUNIT_EXPECT_FALSE(test, culvert_session_confirm(&f->peer, theirs));
	expect_slots(test, ours, theirs, NULL);
}

static void session_clear_and_expire(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct culvert_session *a, *b;
	u32 indices[3], i;
	u64 first;

	indices[0] = install(test, true)->local_index;
	a = install(test, true);
	indices[1] = a->local_index;
	b = install(test, false);
	indices[2] = b->local_index;

	f->peer.last_sent_handshake = NOW;
	culvert_session_expire_current(&f->peer);
	expect_slots(test, a, rcu_access_pointer(f->peer.sessions.previous), b);
	KUNIT_EXPECT_FALSE(test, culvert_session_take_counters(a, 1, NOW, &first));
	KUNIT_EXPECT_FALSE(test, culvert_session_take_counters(b, 1, NOW, &first));
	KUNIT_EXPECT_TRUE(test, culvert_session_may_receive(a, NOW));
	KUNIT_EXPECT_EQ(test, f->peer.last_sent_handshake, 0);

	KUNIT_EXPECT_TRUE(test, culvert_session_get(a));
	culvert_session_clear_all(&f->peer);
	expect_slots(test, NULL, NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(indices); i++)
		KUNIT_EXPECT_FALSE(test, findable(f, indices[i]));
	/* Late, by somebody who had found it before. */
	KUNIT_EXPECT_FALSE(test, culvert_session_confirm(&f->peer, a));
	expect_slots(test, NULL, NULL, NULL);
	culvert_session_put(a);

	/* Nothing comes into a peer that has been removed. */
	f->peer.removed = true;
	a = make(test, true);
	indices[0] = a->local_index;
	KUNIT_EXPECT_FALSE(test, culvert_session_install(&f->peer, a));
	KUNIT_EXPECT_FALSE(test, findable(f, indices[0]));
	expect_slots(test, NULL, NULL, NULL);
}

static void session_ages(struct kunit *test)
{
	struct culvert_session *i = install(test, true), *r = install(test, false);
	const u64 sec = NSEC_PER_SEC;
	u64 first;

	/* The initiator renews after 120 s of sending ... */
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_send(i, NOW));
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_send(i, NOW + 120 * sec - 1));
	KUNIT_EXPECT_TRUE(test, culvert_session_wants_rekey_on_send(i, NOW + 120 * sec));
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_send(r, NOW + 179 * sec));
	/* ... or 165 s of receiving, which is asked for once. */
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_receive(i, NOW + 165 * sec - 1));
	KUNIT_EXPECT_TRUE(test, culvert_session_wants_rekey_on_receive(i, NOW + 165 * sec));
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_receive(i, NOW + 166 * sec));
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_receive(r, NOW + 179 * sec));
	/* After 180 s it is over. A clock that is a little behind is no reason. */
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(i, 1, NOW - 1, &first));
	KUNIT_EXPECT_TRUE(test, culvert_session_may_receive(i, NOW - 1));
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_send(i, NOW - 1));
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(i, 1, NOW + 180 * sec - 1, &first));
	KUNIT_EXPECT_FALSE(test, culvert_session_take_counters(i, 1, NOW + 180 * sec, &first));
	KUNIT_EXPECT_TRUE(test, culvert_session_may_receive(r, NOW + 180 * sec - 1));
	KUNIT_EXPECT_FALSE(test, culvert_session_may_receive(r, NOW + 180 * sec));
}

/* nonce reuse: counters near the limits */
static void session_nonce_reuse_limits(struct kunit *test)
{
	const u64 limit = WIRE_REJECT_AFTER_MESSAGES;
	struct culvert_session *s = install(test, false);
	u64 first;

	KUNIT_EXPECT_EQ(test, limit, 0xffffffffffffdfffULL);
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(s, 128, NOW, &first));
	KUNIT_EXPECT_EQ(test, first, 0);
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(s, 1, NOW, &first));
	KUNIT_EXPECT_EQ(test, first, 128);

	/* Both roles count messages. */
	atomic64_set(&s->send_counter, WIRE_REKEY_AFTER_MESSAGES);
	KUNIT_EXPECT_FALSE(test, culvert_session_wants_rekey_on_send(s, NOW));
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(s, 1, NOW, &first));
	KUNIT_EXPECT_EQ(test, first, 1ULL << 60);
	KUNIT_EXPECT_TRUE(test, culvert_session_wants_rekey_on_send(s, NOW));

	/* Where the counter becomes negative as a signed number. */
	atomic64_set(&s->send_counter, S64_MAX);
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(s, 2, NOW, &first));
	KUNIT_EXPECT_EQ(test, first, (u64)S64_MAX);
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(s, 2, NOW, &first));
	KUNIT_EXPECT_EQ(test, first, (u64)S64_MAX + 2);
	KUNIT_EXPECT_TRUE(test, culvert_session_wants_rekey_on_send(s, NOW));

	/* The last ones fit exactly; then none does, ever, and nothing moves. */
	atomic64_set(&s->send_counter, limit - 128);
	KUNIT_EXPECT_TRUE(test, culvert_session_take_counters(s, 128, NOW, &first));
	KUNIT_EXPECT_EQ(test, first, limit - 128);
	KUNIT_EXPECT_FALSE(test, culvert_session_take_counters(s, 1, NOW, &first));
	KUNIT_EXPECT_FALSE(test, culvert_session_take_counters(s, 1, NOW, &first));
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&s->send_counter), limit);
	KUNIT_EXPECT_TRUE(test, s->dead);

	s->dead = false;
	atomic64_set(&s->send_counter, limit - 127);
	KUNIT_EXPECT_FALSE(test, culvert_session_take_counters(s, 128, NOW, &first));
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&s->send_counter), limit - 127);
}

/* The same window as a list of everything that was ever accepted. */
struct oracle {
	u64	greatest;
	bool	any;
	u64	*seen;
	size_t	nr;
};

static bool oracle_accept(struct oracle *o, u64 counter)
{
	size_t i;

	if (counter >= WIRE_REJECT_AFTER_MESSAGES)
		return false;
	if (o->any && counter < o->greatest && o->greatest - counter >= REPLAY_WINDOW)
		return false;
	for (i = o->nr; i--; )
		if (o->seen[i] == counter)
			return false;
	o->seen[o->nr++] = counter;
	if (!o->any || counter > o->greatest)
		o->greatest = counter;
	o->any = true;
	return true;
}

#define ORACLE_STEPS	6000

/* replay: random steps of all sizes, from several starting points */
static void session_replay_oracle(struct kunit *test)
{
	static const u64 starts[] = {
		0, 1, REPLAY_WINDOW_BITS - 1, 1ULL << 32, 1ULL << 60,
		WIRE_REJECT_AFTER_MESSAGES - 3 * REPLAY_WINDOW_BITS,
	};
	static const u32 spans[] = {
		2, BITS_PER_LONG, 1000, REPLAY_WINDOW, REPLAY_WINDOW_BITS,
		REPLAY_WINDOW_BITS + BITS_PER_LONG, 3 * REPLAY_WINDOW_BITS,
	};
	struct replay_window *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct oracle o = {};
	unsigned int i, k;

	o.seen = kunit_kcalloc(test, ORACLE_STEPS, sizeof(*o.seen), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, w && o.seen);
	for (k = 0; k < ARRAY_SIZE(starts); k++) {
		u64 base = starts[k];
		unsigned int accepted = 0;

		replay_window_init(w);
		o.nr = 0;
		o.any = false;
		for (i = 0; i < ORACLE_STEPS; i++) {
			u32 span = spans[get_random_u32_below(ARRAY_SIZE(spans))];
			u64 counter = base + get_random_u32_below(span);
			bool want;

			/* Mostly near the front, sometimes far behind, sometimes a leap. */
			if (get_random_u32_below(2))
				counter -= min_t(u64, counter, get_random_u32_below(span));
			want = oracle_accept(&o, counter);
			accepted += want;
			KUNIT_ASSERT_EQ_MSG(test, replay_window_accept(w, counter), want,
					    "step %u, counter %llu, greatest %llu", i, counter,
					    o.greatest);
			if (want && counter > base && !get_random_u32_below(4))
				base = counter;
		}
		KUNIT_EXPECT_GT(test, accepted, 100);
	}
	cond_resched();
}

/* replay: the edges, one by one */
static void session_replay_edges(struct kunit *test)
{
	struct replay_window *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	u64 i, top = 10 * REPLAY_WINDOW_BITS + 17;

	KUNIT_ASSERT_NOT_NULL(test, w);
	KUNIT_EXPECT_GE(test, REPLAY_WINDOW, 8000);
	replay_window_init(w);
	KUNIT_EXPECT_TRUE(test, replay_window_accept(w, 0));
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, 0));
	KUNIT_EXPECT_TRUE(test, replay_window_accept(w, 2));
	KUNIT_EXPECT_TRUE(test, replay_window_accept(w, 1));
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, 1));

	/* A leap over more than the window: all that lies within is new, once. */
	KUNIT_EXPECT_TRUE(test, replay_window_accept(w, top));
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, top - REPLAY_WINDOW));
	for (i = 1; i < REPLAY_WINDOW; i++)
		KUNIT_ASSERT_TRUE(test, replay_window_accept(w, top - i));
	for (i = 0; i <= REPLAY_WINDOW; i++)
		KUNIT_ASSERT_FALSE(test, replay_window_accept(w, top - i));
	/* One further, and the oldest has left. */
	KUNIT_EXPECT_TRUE(test, replay_window_accept(w, top + 1));
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, top - REPLAY_WINDOW + 1));

	/* The last counters there are. */
	top = WIRE_REJECT_AFTER_MESSAGES;
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, U64_MAX));
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, top));
	KUNIT_EXPECT_TRUE(test, replay_window_accept(w, top - 1));
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, top - 1));
	KUNIT_EXPECT_TRUE(test, replay_window_accept(w, top - REPLAY_WINDOW));
	KUNIT_EXPECT_FALSE(test, replay_window_accept(w, top - 1 - REPLAY_WINDOW));
}

static struct kunit_case session_cases[] = {
	KUNIT_CASE(session_index),
	KUNIT_CASE(session_rotation_initiator),
	KUNIT_CASE(session_rotation_responder),
	KUNIT_CASE(session_rotation_simultaneous),
	KUNIT_CASE(session_clear_and_expire),
	KUNIT_CASE(session_ages),
	KUNIT_CASE(session_nonce_reuse_limits),
	KUNIT_CASE_SLOW(session_replay_oracle),
	KUNIT_CASE(session_replay_edges),
	{}
};

static struct kunit_suite session_suite = {
	.name = "culvert_session",
	.init = session_init,
	.exit = session_exit,
	.test_cases = session_cases,
};

kunit_test_suite(session_suite);
