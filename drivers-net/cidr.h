/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allowed IPs: the routing table from an inner address to a peer. Longest
 * prefix wins.
 */
#ifndef _CULVERT_CIDR_H
#define _CULVERT_CIDR_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/types.h>

struct culvert_peer;
struct sk_buff;

struct cidr_node;

/**
 * struct culvert_cidr - one table for both families
 * @root4: IPv4
 * @root6: IPv6
 * @prefixes: how many prefixes are in it
 * @nodes: how many nodes it has; none without prefixes
 * @bytes: memory that prefixes and nodes take
 *
 * Readers hold the RCU read lock (any flavour); writers the device's update
 * lock.
 */
struct culvert_cidr {
	struct cidr_node __rcu	*root4;
	struct cidr_node __rcu	*root6;
	unsigned int		prefixes;
	unsigned int		nodes;
	size_t			bytes;
};

/**
 * struct culvert_prefix - one allowed IP as the configuration sees it
 * @family: AF_INET or AF_INET6
 * @len: prefix length
 * @ip4: the address, host bits zero
 * @ip6: as @ip4
 */
struct culvert_prefix {
	u8			family;
	u8			len;
	union {
		struct in_addr	ip4;
		struct in6_addr	ip6;
	};
};

/* The peer that may receive from, and send to, an address; NULL if there is
 * none. Under RCU: no reference is taken.
 */
struct culvert_peer *culvert_cidr_lookup4(const struct culvert_cidr *table,
					  __be32 ip);
struct culvert_peer *culvert_cidr_lookup6(const struct culvert_cidr *table,
					  const struct in6_addr *ip);
/* By the inner IP header at skb_network_header(), which has been pulled. */
struct culvert_peer *culvert_cidr_lookup_dst(const struct culvert_cidr *table,
					     const struct sk_buff *skb);
struct culvert_peer *culvert_cidr_lookup_src(const struct culvert_cidr *table,
					     const struct sk_buff *skb);

#endif /* _CULVERT_CIDR_H */
