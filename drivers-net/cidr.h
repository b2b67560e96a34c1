/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allowed IPs: the routing table from an inner address to a peer. Longest
 * prefix wins.
 */
#ifndef _CULVERT_CIDR_H
#define _CULVERT_CIDR_H

#include <linux/types.h>

struct culvert_peer;
struct sk_buff;

struct cidr_node;

/**
 * struct culvert_cidr - one table for both families
 * @root4: IPv4
 * @root6: IPv6
 */
struct culvert_cidr {
	struct cidr_node __rcu	*root4;
	struct cidr_node __rcu	*root6;
};

#endif /* _CULVERT_CIDR_H */
