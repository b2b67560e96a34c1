// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes that others begin: initiations are answered in batches, and what
 * is computed for them lives no longer than that.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "cookie.h"
#include "device.h"
#include "events.h"
#include "handshake.h"
#include "noise.h"
#include "peer.h"
#include "session.h"
#include "timers.h"
#include "trace.h"
#include "udp.h"

static void refuse(struct culvert_device *dev, struct handshake_batch *b,
		   unsigned int i, enum culvert_drop why)
{
	b->responder[i].ok = false;
	if (b->session[i]) {
		culvert_session_drop(b->session[i]);
		b->session[i] = NULL;
	}
	if (b->skb[i]) {
		culvert_drop_skb(dev, b->skb[i], why);
		b->skb[i] = NULL;
	}
}

/* Refuses what the last step found bad. */
static void sift(struct culvert_device *dev, struct handshake_batch *b, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!b->responder[i].ok)
			refuse(dev, b, i, CULVERT_DROP_HANDSHAKE_INVALID);
}

/* The timestamp is what tells a replayed initiation from a new one. */
static bool timestamp_is_new(struct culvert_peer *peer, const struct noise_responder *r,
			     u64 now_ns, enum culvert_drop *why)
{
	bool ok = false;

	lockdep_assert_held(&peer->lock);
	if (memcmp(r->timestamp, peer->timestamp, sizeof(r->timestamp)) <= 0) {
		*why = CULVERT_DROP_HANDSHAKE_INVALID;
	} else if (peer->last_initiation &&
		   now_ns - peer->last_initiation <
			   NSEC_PER_SEC / WIRE_INITIATIONS_PER_SECOND) {
		*why = CULVERT_DROP_HANDSHAKE_RATE;
	} else {
		memcpy(peer->timestamp, r->timestamp, sizeof(r->timestamp));
		peer->last_initiation = now_ns ?: 1;
		ok = true;
	}
	return ok;
}

/* The initiation is from @peer indeed: prepare the answer. */
static void authentic(struct culvert_device *dev, struct handshake_batch *b,
		      unsigned int i, u64 now_ns)
{
	struct noise_responder *r = &b->responder[i];
	struct culvert_peer *peer = b->peer[i];
	enum culvert_drop why;
	bool ok;

	spin_lock_bh(&peer->lock);
	ok = timestamp_is_new(peer, r, now_ns, &why);
	memcpy(r->psk, peer->psk, sizeof(r->psk));
	spin_unlock_bh(&peer->lock);
	if (!ok) {
		refuse(dev, b, i, why);
		return;
	}
	trace_culvert_handshake(peer, CULVERT_STEP_INITIATION_RECEIVED);

	b->session[i] = culvert_session_alloc(peer, GFP_KERNEL);
	if (!b->session[i] || culvert_index_insert(dev, &b->session[i]->index)) {
		refuse(dev, b, i, CULVERT_DROP_RX_NOMEM);
		return;
	}
	b->session[i]->remote_index = r->msg->sender;
	r->sender = cpu_to_le32(b->session[i]->local_index);
	get_random_bytes(r->ephemeral, sizeof(r->ephemeral));
}

static void send_response(struct culvert_device *dev, struct handshake_batch *b,
			  unsigned int i)
{
	struct noise_responder *r = &b->responder[i];
	struct culvert_session *s = b->session[i];
	struct wire_response *msg = &b->response[i];
	struct culvert_peer *peer = b->peer[i];

	memcpy(s->send_key, r->keys.responder, sizeof(s->send_key));
	memcpy(s->recv_key, r->keys.initiator, sizeof(s->recv_key));
	handshake_add_macs(peer, &msg->macs, msg, offsetof(struct wire_response, macs));
	memcpy(s->mac1, msg->macs.mac1, sizeof(s->mac1));
	culvert_session_establish(s, ktime_get_coarse_boottime_ns());
	b->session[i] = NULL;
	/* Before the response goes: data may follow it at once. */
	if (culvert_session_install(peer, s)) {
		handshake_received(peer, b->skb[i]);
		/* We need not begin one of our own now. */
		WRITE_ONCE(peer->last_sent_handshake, ktime_get_coarse_boottime_ns());
		culvert_timers_responded(peer);
		culvert_udp_send_message(peer, msg, sizeof(*msg));
		trace_culvert_handshake(peer, CULVERT_STEP_RESPONSE_SENT);
		consume_skb(b->skb[i]);
	} else {
		/* It is unknown since an instant ago. */
		culvert_drop_skb(dev, b->skb[i], CULVERT_DROP_HANDSHAKE_INVALID);
	}
	b->skb[i] = NULL;
}

/* Answers the batch's initiations. identity.lock is held. */
static void answer(struct culvert_device *dev, struct handshake_batch *b, unsigned int nr)
{
	u64 now_ns = ktime_get_coarse_boottime_ns();
	struct noise_responder *r = b->responder;
	unsigned int i;

	noise_read_statics(r, nr, dev->identity.private_key, dev->identity.public_key);
	sift(dev, b, nr);

	for (i = 0; i < nr; i++) {
		if (!r[i].ok)
			continue;
		b->peer[i] = culvert_peer_find(dev, r[i].remote_static);
		if (!b->peer[i]) {
			refuse(dev, b, i, CULVERT_DROP_HANDSHAKE_INVALID);
			continue;
		}
		spin_lock_bh(&b->peer[i]->lock);
		handshake_load_shared(b->peer[i], &r[i].shared);
		spin_unlock_bh(&b->peer[i]->lock);
	}
	noise_read_timestamps(r, nr, dev->identity.private_key);
	for (i = 0; i < nr; i++) {
		if (!b->peer[i])
			continue;
		spin_lock_bh(&b->peer[i]->lock);
		handshake_store_shared(b->peer[i], &r[i].shared);
		spin_unlock_bh(&b->peer[i]->lock);
	}
	sift(dev, b, nr);

	for (i = 0; i < nr; i++)
		if (r[i].ok)
			authentic(dev, b, i, now_ns);
	noise_respond(r, nr, b->answers);
	sift(dev, b, nr);

	for (i = 0; i < nr; i++) {
		if (r[i].ok)
			send_response(dev, b, i);
		if (b->peer[i])
			culvert_peer_put(b->peer[i]);
		b->peer[i] = NULL;
	}
}

/**
 * handshake_receive_initiations() - answer what is in the batch
 * @dev: the device
 * @nr: so many members of @initiation and @skb of dev->batch are filled; each
 *	skb is consumed
 *
 * Context: the device's handshake worker.
 */
void handshake_receive_initiations(struct culvert_device *dev, unsigned int nr)
{
	struct handshake_batch *b = dev->batch;
	unsigned int i;

	down_read(&dev->identity.lock);
	for (i = 0; i < nr; i++) {
		b->responder[i].ok = true;
		b->responder[i].msg = &b->initiation[i];
		b->answers[i] = &b->response[i];
		if (!dev->identity.valid)
			refuse(dev, b, i, CULVERT_DROP_HANDSHAKE_NO_KEY);
	}
	answer(dev, b, nr);
	up_read(&dev->identity.lock);
	memzero_explicit(b->responder, sizeof(b->responder));
}
