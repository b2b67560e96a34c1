/* SPDX-License-Identifier: GPL-2.0 */
/* From the wire to the stack. */
#ifndef _CULVERT_RX_H
#define _CULVERT_RX_H

struct culvert_train;
struct sk_buff;
struct sock;

int culvert_rx_encap(struct sock *sk, struct sk_buff *skb);

/* For crypt.c: open a train, wherever; then hand it to the stack, in order. */
void culvert_rx_process(struct culvert_train *train);
void culvert_rx_deliver(struct culvert_train *train);
void culvert_rx_refuse(struct culvert_train *train);

#endif /* _CULVERT_RX_H */
