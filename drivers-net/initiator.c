// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes that we begin: the initiation, and what may come back. Between the
 * two stands a struct culvert_handshake, and only then.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <crypto/utils.h>
#include <kunit/visibility.h>

#include "cookie.h"
#include "device.h"
#include "events.h"
#include "handshake.h"
#include "noise.h"
#include "peer.h"
#include "session.h"
#include "timers.h"
#include "trace.h"
#include "tx.h"
#include "udp.h"

/* Bits of peer->initiate_queued. */
#define INITIATE_QUEUED		0
#define INITIATE_RETRY		1

static bool sent_lately(const struct culvert_peer *peer)
{
	u64 last = READ_ONCE(peer->last_sent_handshake);

	return last && ktime_get_coarse_boottime_ns() - last <
		       (u64)WIRE_REKEY_TIMEOUT * NSEC_PER_SEC;
}

static void handshake_free(struct culvert_handshake *hs)
{
	/* Who finds it by its index reads no secrets without the peer's lock. */
	memzero_explicit(&hs->noise, sizeof(hs->noise));
	kfree_rcu(hs, rcu);
}

static void handshake_forget(struct culvert_device *dev, struct culvert_handshake *hs)
{
	if (!hs)
		return;
	culvert_index_remove(dev, &hs->index);
	handshake_free(hs);
}

/**
 * culvert_handshake_clear() - forget a running handshake of ours
 * @peer: with whom
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void culvert_handshake_clear(struct culvert_peer *peer)
{
	struct culvert_handshake *hs;

	spin_lock_bh(&peer->lock);
	hs = peer->handshake;
	peer->handshake = NULL;
	spin_unlock_bh(&peer->lock);
	handshake_forget(peer->device, hs);
}

/**
 * culvert_handshake_complete() - both ends have the same keys, and know it
 * @peer: with whom
 *
 * An initiation of ours that has not been answered by now is answered by that.
 * Its ephemeral key goes, and with it the use of an answer that was held back.
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void culvert_handshake_complete(struct culvert_peer *peer)
{
	culvert_handshake_clear(peer);
	culvert_timers_handshake_complete(peer);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_complete);

/**
 * culvert_handshake_expire() - keys must not be used to send, at once
 * @peer: whose
 *
 * After a copy of a virtual machine has come to life there are two holders of
 * them, and two holders of the ephemeral key of a running handshake.
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void culvert_handshake_expire(struct culvert_peer *peer)
{
	culvert_handshake_clear(peer);
	culvert_session_expire_current(peer);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_expire);

/**
 * culvert_handshake_rekeyed() - our static key has changed
 * @peer: one of the device's peers
 *
 * Context: Process context, identity.lock held for writing; takes peer->lock.
 */
void culvert_handshake_rekeyed(struct culvert_peer *peer)
{
	spin_lock_bh(&peer->lock);
	memzero_explicit(peer->shared, sizeof(peer->shared));
	peer->has_shared = false;
	spin_unlock_bh(&peer->lock);
	culvert_handshake_expire(peer);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_rekeyed);

/* identity.lock is held. The handshake is in the table if it returns true. */
static bool write_initiation(struct culvert_device *dev, struct culvert_peer *peer,
			     struct culvert_handshake *hs, struct wire_initiation *msg)
{
	u8 timestamp[WIRE_TIMESTAMP_BYTES];
	struct noise_shared shared;
	struct timespec64 now;
	bool ok;

	if (!dev->identity.valid || culvert_index_insert(dev, &hs->index))
		return false;
	ktime_get_real_ts64(&now);
	noise_timestamp(timestamp, &now);
	get_random_bytes(hs->noise.ephemeral, sizeof(hs->noise.ephemeral));

	spin_lock_bh(&peer->lock);
	handshake_load_shared(peer, &shared);
	spin_unlock_bh(&peer->lock);
	ok = noise_initiate(&hs->noise, msg, cpu_to_le32(hs->index.local_index),
			    dev->identity.private_key, dev->identity.public_key,
			    peer->public_key, &shared, timestamp);
	spin_lock_bh(&peer->lock);
	handshake_store_shared(peer, &shared);
	spin_unlock_bh(&peer->lock);
	memzero_explicit(&shared, sizeof(shared));
	if (!ok) {
		culvert_index_remove(dev, &hs->index);
		return false;
	}
	handshake_add_macs(peer, &msg->macs, msg, offsetof(struct wire_initiation, macs));
	memcpy(hs->mac1, msg->macs.mac1, sizeof(hs->mac1));
	return true;
}

static void send_initiation(struct culvert_device *dev, struct culvert_peer *peer,
			    bool retry)
{
	struct culvert_handshake *hs, *old = NULL;
	struct wire_initiation msg;
	bool removed;

	if (!netif_running(dev->dev) || (!retry && sent_lately(peer)))
		return;
	/*
	 * Whether it works out or not: what cannot be sent, because a key has
	 * low order, is not to be computed again for every packet.
	 */
	WRITE_ONCE(peer->last_sent_handshake, ktime_get_coarse_boottime_ns());
	hs = kzalloc_obj(*hs);
	if (!hs)
		goto failed;
	hs->index.peer = peer;

	down_read(&dev->identity.lock);
	if (!write_initiation(dev, peer, hs, &msg)) {
		up_read(&dev->identity.lock);
		handshake_free(hs);
		goto failed;
	}
	/* Under identity.lock, so that a new key finds and clears it. */
	spin_lock_bh(&peer->lock);
	removed = peer->removed;
	if (!removed) {
		old = peer->handshake;
		peer->handshake = hs;
		/* A new key of ours may have reset it since. */
		WRITE_ONCE(peer->last_sent_handshake,
			   ktime_get_coarse_boottime_ns());
	}
	spin_unlock_bh(&peer->lock);
	up_read(&dev->identity.lock);
	handshake_forget(dev, removed ? hs : old);
	if (removed)
		return;

	trace_culvert_handshake(peer, retry ? CULVERT_STEP_INITIATION_RETRIED :
				CULVERT_STEP_INITIATION_SENT);
	culvert_timers_sent(peer, false);
	culvert_udp_send_message(peer, &msg, sizeof(msg));
	culvert_timers_handshake_initiated(peer);
	return;

failed:
	/*
	 * Without memory, without a key, with one of low order: like one that
	 * was lost. A retry is the end of its chain if no other one follows,
	 * and the chain's end is what gives up the packets that wait.
	 */
	culvert_timers_handshake_initiated(peer);
}

/**
 * handshake_send_initiations() - send some of those that are asked for
 * @dev: the device
 *
 * Context: the device's handshake worker.
 * Return: true if there may be more to send.
 */
bool handshake_send_initiations(struct culvert_device *dev)
{
	struct culvert_peer *peer;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < HANDSHAKE_BATCH; i++) {
		if (!dev->initiating)
			dev->initiating = llist_reverse_order(llist_del_all(&dev->initiate));
		if (!dev->initiating)
			return false;
		peer = llist_entry(dev->initiating, struct culvert_peer, initiate);
		dev->initiating = dev->initiating->next;
		/* From here on it may be queued again. */
		flags = xchg(&peer->initiate_queued, 0);
		send_initiation(dev, peer, flags & BIT(INITIATE_RETRY));
		culvert_peer_put(peer);
	}
	return true;
}

/* The peer whose session or handshake has that index, with a reference. */
static struct culvert_peer *peer_by_index(struct culvert_device *dev, __le32 receiver,
					  u8 mac1[WIRE_MAC_BYTES], bool *have_mac1)
{
	struct culvert_peer *peer = NULL;
	struct culvert_session *s;
	struct culvert_index *index;

	rcu_read_lock();
	index = culvert_index_find(dev, le32_to_cpu(receiver));
	if (index)
		peer = culvert_peer_get_unless_dead(index->peer);
	/* A response of ours that nothing has come back for yet. */
	s = culvert_session_find(dev, le32_to_cpu(receiver));
	*have_mac1 = peer && s && !s->initiator && !READ_ONCE(s->confirmed);
	if (*have_mac1)
		memcpy(mac1, s->mac1, WIRE_MAC_BYTES);
	rcu_read_unlock();
	return peer;
}

static struct culvert_handshake *handshake_locked(struct culvert_peer *peer,
						  __le32 receiver)
{
	struct culvert_handshake *hs = peer->handshake;

	lockdep_assert_held(&peer->lock);
	return hs && hs->index.local_index == le32_to_cpu(receiver) ? hs : NULL;
}

/**
 * handshake_receive_cookie() - what we sent was not welcome without a cookie
 * @dev: the device
 * @msg: a cookie reply
 *
 * Context: the device's handshake worker.
 * Return: false if it answers nothing that we sent, or is known.
 */
bool handshake_receive_cookie(struct culvert_device *dev, const struct wire_cookie *msg)
{
	u8 mac1[WIRE_MAC_BYTES], cookie[WIRE_COOKIE_BYTES];
	struct culvert_handshake *hs;
	struct culvert_peer *peer;
	bool ok;
	u32 now;

	peer = peer_by_index(dev, msg->receiver, mac1, &ok);
	if (!peer)
		return false;
	spin_lock_bh(&peer->lock);
	hs = handshake_locked(peer, msg->receiver);
	if (hs) {
		memcpy(mac1, hs->mac1, sizeof(mac1));
		ok = true;
	}
	spin_unlock_bh(&peer->lock);

	ok = ok && culvert_cookie_open(cookie, msg, mac1, peer->public_key);
	if (ok) {
		/*
		 * Used by the next message: the timer decides when that is. One
		 * that is repeated is not any fresher.
		 */
		now = ktime_get_boottime_seconds();
		spin_lock_bh(&peer->lock);
		ok = now >= peer->cookie_expires ||
		     crypto_memneq(peer->cookie, cookie, sizeof(cookie));
		if (ok) {
			memcpy(peer->cookie, cookie, sizeof(cookie));
			peer->cookie_expires = now + WIRE_COOKIE_LIFETIME -
					       WIRE_COOKIE_LATENCY;
		}
		spin_unlock_bh(&peer->lock);
	}
	if (ok)
		trace_culvert_handshake(peer, CULVERT_STEP_COOKIE_RECEIVED);
	memzero_explicit(cookie, sizeof(cookie));
	culvert_peer_put(peer);
	return ok;
}

/* Checks a response and makes a session of it. identity.lock is held. */
static bool finish(struct culvert_device *dev, struct culvert_peer *peer,
		   const struct wire_response *msg)
{
	struct culvert_handshake *hs, *still;
	struct noise_initiator noise;
	struct culvert_session *s;
	struct noise_keys keys;
	u8 psk[WIRE_KEY_BYTES];
	bool ok = false;

	spin_lock_bh(&peer->lock);
	hs = handshake_locked(peer, msg->receiver);
	if (hs) {
		noise = hs->noise;
		memcpy(psk, peer->psk, sizeof(psk));
	}
	spin_unlock_bh(&peer->lock);
	if (!hs)
		return false;

	if (!dev->identity.valid ||
	    !noise_finish(&noise, msg, dev->identity.private_key, psk, &keys))
		goto out;
	s = culvert_session_alloc(peer, GFP_KERNEL);
	if (!s)
		goto out;
	s->initiator = true;
	s->remote_index = msg->sender;
	memcpy(s->send_key, keys.initiator, sizeof(s->send_key));
	memcpy(s->recv_key, keys.responder, sizeof(s->recv_key));
	culvert_session_establish(s, ktime_get_coarse_boottime_ns());

	/* It may have been cleared, or overtaken, while we computed. */
	spin_lock_bh(&peer->lock);
	still = handshake_locked(peer, msg->receiver);
	if (still && !culvert_session_inherit_index(dev, &still->index, s))
		peer->handshake = NULL;
	else
		still = NULL;
	spin_unlock_bh(&peer->lock);
	if (!still) {
		culvert_session_put(s);
		goto out;
	}
	handshake_free(still);
	ok = culvert_session_install(peer, s);
out:
	memzero_explicit(&noise, sizeof(noise));
	memzero_explicit(&keys, sizeof(keys));
	memzero_explicit(psk, sizeof(psk));
	return ok;
}

/**
 * handshake_receive_response() - the answer to an initiation of ours
 * @dev: the device
 * @skb: what it arrived in
 * @msg: the message, its MACs checked
 *
 * Context: the device's handshake worker.
 * Return: false if it is not authentic, or answers nothing that we sent.
 */
bool handshake_receive_response(struct culvert_device *dev, const struct sk_buff *skb,
				const struct wire_response *msg)
{
	u8 mac1[WIRE_MAC_BYTES];
	struct culvert_peer *peer;
	bool unused, ok;

	peer = peer_by_index(dev, msg->receiver, mac1, &unused);
	if (!peer)
		return false;
	down_read(&dev->identity.lock);
	ok = finish(dev, peer, msg);
	up_read(&dev->identity.lock);
	if (ok) {
		trace_culvert_handshake(peer, CULVERT_STEP_RESPONSE_RECEIVED);
		handshake_received(peer, skb);
		culvert_handshake_complete(peer);
		/* The other end may not send until it has heard from us. */
		if (!culvert_tx_flush(peer))
			culvert_tx_keepalive(peer);
	}
	culvert_peer_put(peer);
	return ok;
}

/**
 * culvert_handshake_initiate() - begin a handshake soon
 * @peer: with whom; the caller is under RCU or has a reference
 * @is_retry: the last one was not answered in time
 *
 * Nothing happens if we have sent one within REKEY_TIMEOUT. The user's wish to
 * send counts as a new beginning, so that retries go on for as long as that.
 *
 * Context: Any context.
 */
void culvert_handshake_initiate(struct culvert_peer *peer, bool is_retry)
{
	struct culvert_device *dev = peer->device;

	if (!is_retry) {
		if (READ_ONCE(peer->timers.attempts))
			WRITE_ONCE(peer->timers.attempts, 0);
		if (sent_lately(peer))
			return;
	}
	if (READ_ONCE(peer->removed))
		return;
	if (is_retry)
		set_bit(INITIATE_RETRY, &peer->initiate_queued);
	if (test_and_set_bit(INITIATE_QUEUED, &peer->initiate_queued))
		return;
	if (!culvert_peer_get_unless_dead(peer))
		return;
	llist_add(&peer->initiate, &dev->initiate);
	queue_work(dev->wq, &dev->handshake_work);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_initiate);
