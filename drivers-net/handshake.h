/* SPDX-License-Identifier: GPL-2.0 */
/* Handshake messages: the queue, the worker that takes them in batches, sending. */
#ifndef _CULVERT_HANDSHAKE_H
#define _CULVERT_HANDSHAKE_H

#include <linux/types.h>

struct culvert_device;
struct culvert_peer;
struct sk_buff;
struct work_struct;

#define HANDSHAKE_QUEUE_MAX	4096
#define HANDSHAKE_BATCH		8

/* Softirq; @skb->data stands at the UDP payload. Consumes @skb. */
void culvert_handshake_receive(struct culvert_device *dev, struct sk_buff *skb);
/* Any context. Queues an initiation unless one was sent within REKEY_TIMEOUT.
 * @is_retry: sent by the retransmission timer, which counts attempts.
 */
void culvert_handshake_initiate(struct culvert_peer *peer, bool is_retry);
void culvert_handshake_work(struct work_struct *work);
void culvert_handshake_clear(struct culvert_peer *peer);	/* forget a running one */

#endif /* _CULVERT_HANDSHAKE_H */
