/* SPDX-License-Identifier: GPL-2.0 */
/* From the stack to the wire. */
#ifndef _CULVERT_TX_H
#define _CULVERT_TX_H

#include <linux/netdevice.h>

struct culvert_peer;

#define STAGED_MAX	128	/* packets waiting for a key, the oldest go first */

netdev_tx_t culvert_tx_xmit(struct sk_buff *skb, struct net_device *dev);
/* A key has come: send what waited for it. True if anything was sent. Any context. */
bool culvert_tx_flush(struct culvert_peer *peer);
void culvert_tx_keepalive(struct culvert_peer *peer);	/* an empty message, unless something is staged */
void culvert_tx_purge(struct culvert_peer *peer);	/* drop what is staged */

#endif /* _CULVERT_TX_H */
