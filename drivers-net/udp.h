/* SPDX-License-Identifier: GPL-2.0 */
/* The outer side: sockets, routes, endpoints and roaming. */
#ifndef _CULVERT_UDP_H
#define _CULVERT_UDP_H

#include <linux/types.h>

struct culvert_device;
struct culvert_endpoint;
struct culvert_peer;
struct sk_buff;

int culvert_udp_open(struct culvert_device *dev, u16 port);
void culvert_udp_close(struct culvert_device *dev);

int culvert_udp_send(struct culvert_peer *peer, struct sk_buff *skb, u8 ds);
int culvert_udp_send_message(struct culvert_peer *peer, const void *msg,
			     size_t len);
int culvert_udp_reply(struct culvert_device *dev, struct sk_buff *in,
		      const void *msg, size_t len);

int culvert_udp_endpoint_from_skb(struct culvert_endpoint *ep,
				  const struct sk_buff *skb);
void culvert_udp_roam(struct culvert_peer *peer, const struct sk_buff *skb);
void culvert_udp_set_endpoint(struct culvert_peer *peer,
			      const struct culvert_endpoint *ep);
void culvert_udp_get_endpoint(struct culvert_peer *peer,
			      struct culvert_endpoint *ep);
void culvert_udp_clear_source(struct culvert_peer *peer);
void culvert_udp_clear_route(struct culvert_peer *peer);

#endif /* _CULVERT_UDP_H */
