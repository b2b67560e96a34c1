/* SPDX-License-Identifier: GPL-2.0 */
/* The way to an endpoint, and a peer's memory of it. */
#ifndef _CULVERT_ROUTE_H
#define _CULVERT_ROUTE_H

#include <linux/in6.h>
#include <linux/types.h>

struct culvert_device;
struct culvert_endpoint;
struct culvert_peer;
struct dst_entry;

/**
 * struct route_way - all that the outer headers need to know
 * @dst: the route
 * @family: AF_INET or AF_INET6
 * @port: remote UDP port
 * @mark: the device's fwmark when it was looked up
 * @src4: local address
 * @dst4: remote address
 * @src6: as @src4
 * @dst6: as @dst4
 */
struct route_way {
	struct dst_entry	*dst;
	u16			family;
	__be16			port;
	u32			mark;
	union {
		struct {
			__be32		src4;
			__be32		dst4;
		};
		struct {
			struct in6_addr	src6;
			struct in6_addr	dst6;
		};
	};
};

int culvert_route_get(struct culvert_peer *peer, struct route_way *way);
int culvert_route_lookup(struct culvert_device *dev,
			 struct culvert_endpoint *ep, struct route_way *way);

#endif /* _CULVERT_ROUTE_H */
