/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allowed IPs: the routing table from an inner address to a peer. Longest
 * prefix wins.
 */
#ifndef _CULVERT_CIDR_H
#define _CULVERT_CIDR_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>

struct cidr_entry;
struct culvert_peer;
struct mutex;
struct sk_buff;

/**
 * struct culvert_cidr - one table for both families
 * @root4: IPv4
 * @root6: IPv6
 * @prefixes: how many prefixes are in it
 * @nodes: how many nodes it has; none without prefixes
 * @bytes: memory that prefixes and nodes take
 * @lock: held by writers; readers are under RCU
 */
struct culvert_cidr {
	void __rcu		*root4;
	void __rcu		*root6;
	unsigned int		prefixes;
	unsigned int		nodes;
	size_t			bytes;
	struct mutex		*lock;		/* see above */
};

/**
 * struct culvert_prefix - an allowed IP as the configuration has it
 * @family: AF_INET or AF_INET6
 * @len: prefix length in bits
 * @ip4: the address; bits after @len are ignored, and given back as zeroes
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

void culvert_cidr_init(struct culvert_cidr *table, struct mutex *lock);
int culvert_cidr_insert(struct culvert_cidr *table,
			const struct culvert_prefix *prefix,
			struct culvert_peer *peer);
void culvert_cidr_remove(struct culvert_cidr *table,
			 const struct culvert_prefix *prefix,
			 struct culvert_peer *peer);
void culvert_cidr_remove_by_peer(struct culvert_cidr *table,
				 struct culvert_peer *peer);
void culvert_cidr_free_all(struct culvert_cidr *table);

/* A peer's prefixes in the order in which it got them. Writers' lock held. */
struct cidr_entry *culvert_cidr_next(struct culvert_peer *peer,
				     struct cidr_entry *entry);
void culvert_cidr_read(const struct cidr_entry *entry,
		       struct culvert_prefix *prefix);

/* The peer that may receive from, and send to, an address; NULL if there is
 * none. Under RCU: no reference is taken.
 */
struct culvert_peer *culvert_cidr_lookup4(const struct culvert_cidr *table,
					  __be32 ip);
struct culvert_peer *culvert_cidr_lookup6(const struct culvert_cidr *table,
					  const struct in6_addr *ip);
/* By the IP header at skb_network_header(), pulled, of skb->protocol. */
struct culvert_peer *culvert_cidr_lookup_dst(const struct culvert_cidr *table,
					     const struct sk_buff *skb);

int culvert_cidr_cache_init(void);
void culvert_cidr_cache_exit(void);

#endif /* _CULVERT_CIDR_H */
