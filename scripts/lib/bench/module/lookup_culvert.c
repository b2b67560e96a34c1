// SPDX-License-Identifier: GPL-2.0
/* Culvert's table, compiled from its source. */

#include <linux/init.h>

/* Made and freed more than once. */
#undef __init
#define __init

#include "cidr.c"

#include "bench.h"

static struct culvert_peer *peers;
static struct culvert_cidr table;
static DEFINE_MUTEX(lock);

static int bench_begin(unsigned int nr)
{
	unsigned int i;
	int err;

	peers = kvcalloc(nr, sizeof(*peers), GFP_KERNEL);
	if (!peers)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		INIT_LIST_HEAD(&peers[i].allowed_ips);
	err = culvert_cidr_cache_init();
	if (err) {
		kvfree(peers);
		return err;
	}
	culvert_cidr_init(&table, &lock);
	return 0;
}

static int bench_insert(const struct bench_prefix *prefix, unsigned int peer)
{
	struct culvert_prefix p = { .family = AF_INET, .len = prefix->len };
	int err;

	p.ip4.s_addr = prefix->ip;
	if (prefix->family == 6) {
		p.family = AF_INET6;
		p.ip6 = prefix->ip6;
	}
	mutex_lock(&lock);
	err = culvert_cidr_insert(&table, &p, &peers[peer]);
	mutex_unlock(&lock);
	return err;
}

static unsigned int bench_all(struct sk_buff *skb, const __be32 *to,
			      unsigned int nr)
{
	unsigned int i, found = 0;

	for (i = 0; i < nr; i++) {
		ip_hdr(skb)->daddr = to[i];
		found += !!culvert_cidr_lookup_dst(&table, skb);
	}
	return found;
}

static unsigned int bench_all6(struct sk_buff *skb, const struct in6_addr *to,
			       unsigned int nr)
{
	unsigned int i, found = 0;

	for (i = 0; i < nr; i++) {
		ipv6_hdr(skb)->daddr = to[i];
		found += !!culvert_cidr_lookup_dst(&table, skb);
	}
	return found;
}

static void bench_end(void)
{
	mutex_lock(&lock);
	culvert_cidr_free_all(&table);
	mutex_unlock(&lock);
	rcu_barrier();
	culvert_cidr_cache_exit();
	kvfree(peers);
}

const struct bench_table bench_table_culvert = {
	bench_begin, bench_insert, bench_all, bench_all6, bench_end
};
