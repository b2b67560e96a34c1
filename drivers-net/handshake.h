/* SPDX-License-Identifier: GPL-2.0 */
/* Handshake messages: the queue, the worker that takes them in batches, sending. */
#ifndef _CULVERT_HANDSHAKE_H
#define _CULVERT_HANDSHAKE_H

#include <linux/types.h>

#include "noise.h"
#include "session.h"

struct culvert_device;
struct culvert_peer;
struct sk_buff;
struct work_struct;

#define HANDSHAKE_QUEUE_MAX	4096
#define HANDSHAKE_BATCH		8

/**
 * struct culvert_handshake - a handshake that we have begun
 * @index: in the device's table, never established; @index.peer holds no
 *	   reference, the peer holds the handshake
 * @noise: what the answer will be checked with; under the peer's lock
 * @mac1: of the initiation; a cookie reply to it is bound to that
 * @rcu: defers the free
 */
struct culvert_handshake {
	struct culvert_index	index;
	struct noise_initiator	noise;
	u8			mac1[WIRE_MAC_BYTES];
	struct rcu_head		rcu;
};

static_assert(HANDSHAKE_BATCH <= NOISE_BATCH);

/**
 * struct handshake_batch - initiations being answered
 * @responder: their secrets; wiped after each batch
 * @initiation: the messages
 * @response: the answers
 * @answers: pointers to @response
 * @skb: what the initiations arrived in; NULL once it has been disposed of
 * @peer: who they are from, with a reference
 * @session: what comes of them
 */
struct handshake_batch {
	struct noise_responder	responder[HANDSHAKE_BATCH];
	struct wire_initiation	initiation[HANDSHAKE_BATCH];
	struct wire_response	response[HANDSHAKE_BATCH];
	struct wire_response	*answers[HANDSHAKE_BATCH];
	struct sk_buff		*skb[HANDSHAKE_BATCH];
	struct culvert_peer	*peer[HANDSHAKE_BATCH];
	struct culvert_session	*session[HANDSHAKE_BATCH];
};

/* Queue, work item and working memory. Before @dev->wq is used; may sleep. */
int culvert_handshake_init(struct culvert_device *dev);
/* After every peer has been removed; waits for the worker. */
void culvert_handshake_exit(struct culvert_device *dev);

/* Softirq; @skb->data stands at the UDP payload. Consumes @skb. */
void culvert_handshake_receive(struct culvert_device *dev, struct sk_buff *skb);
/* Any context. Queues an initiation unless one was sent within REKEY_TIMEOUT.
 * @is_retry: sent by the retransmission timer, which counts attempts.
 */
void culvert_handshake_initiate(struct culvert_peer *peer, bool is_retry);
void culvert_handshake_work(struct work_struct *work);
void culvert_handshake_clear(struct culvert_peer *peer);	/* forget a running one */
void culvert_handshake_complete(struct culvert_peer *peer);	/* both ends have the keys */
/* Forget a running one, and send nothing more under the keys we have. */
void culvert_handshake_expire(struct culvert_peer *peer);
/*
 * Our static key has changed, and identity.lock is held for writing: what was
 * computed from the old one goes, and the peer's sessions send no more.
 */
void culvert_handshake_rekeyed(struct culvert_peer *peer);

/* Shared by handshake.c, initiator.c and responder.c. */
bool handshake_send_initiations(struct culvert_device *dev);
bool handshake_receive_cookie(struct culvert_device *dev, const struct wire_cookie *msg);
bool handshake_receive_response(struct culvert_device *dev, const struct sk_buff *skb,
				const struct wire_response *msg);
void handshake_receive_initiations(struct culvert_device *dev, unsigned int nr);
void handshake_received(struct culvert_peer *peer, const struct sk_buff *skb);
void handshake_add_macs(struct culvert_peer *peer, struct wire_macs *macs,
			const void *msg, size_t len);
void handshake_load_shared(const struct culvert_peer *peer, struct noise_shared *shared);
void handshake_store_shared(struct culvert_peer *peer, const struct noise_shared *shared);

#endif /* _CULVERT_HANDSHAKE_H */
