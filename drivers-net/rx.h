/* SPDX-License-Identifier: GPL-2.0 */
/* From the wire to the stack. */
#ifndef _CULVERT_RX_H
#define _CULVERT_RX_H

struct sk_buff;
struct sock;

/* encap_rcv of the tunnel sockets. Softirq, under RCU. Always consumes @skb. */
int culvert_rx_encap(struct sock *sk, struct sk_buff *skb);

#endif /* _CULVERT_RX_H */
