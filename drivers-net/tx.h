/* SPDX-License-Identifier: GPL-2.0 */
/* From the stack to the wire. */
#ifndef _CULVERT_TX_H
#define _CULVERT_TX_H

#include <linux/netdevice.h>

struct culvert_peer;
struct culvert_train;

/* Packets that wait for a key; when more come, the oldest go. */
#define STAGED_MAX		128
/* Their memory: much less than that many superpackets have. */
#define STAGED_BYTES_MAX	(2 << 20)
/* The same where there is a key, and they wait for company or for a CPU. */
#define STAGED_KEYED_MAX	1024
#define STAGED_KEYED_BYTES_MAX	(16 << 20)

netdev_tx_t culvert_tx_xmit(struct sk_buff *skb, struct net_device *dev);
bool culvert_tx_flush(struct culvert_peer *peer);
void culvert_tx_keepalive(struct culvert_peer *peer);
void culvert_tx_purge(struct culvert_peer *peer, bool unreachable);

/* For crypt.c: seal a train, wherever; then send it, in order. */
void culvert_tx_process(struct culvert_train *train);
void culvert_tx_deliver(struct culvert_train *train);
void culvert_tx_refuse(struct culvert_train *train);

#endif /* _CULVERT_TX_H */
