// SPDX-License-Identifier: GPL-2.0
/* The in-tree driver's table, compiled from its source. */

#include <linux/init.h>

/* Made and freed more than once. */
#undef __init
#define __init

#include "allowedips.c"

#include "bench.h"

static struct wg_peer *peers;
static struct allowedips table;
static DEFINE_MUTEX(lock);

/* What the table takes from the rest of its driver. */
struct wg_peer *wg_peer_get_maybe_zero(struct wg_peer *peer)
{
	if (unlikely(!peer || !kref_get_unless_zero(&peer->refcount)))
		return NULL;
	return peer;
}

static int bench_begin(unsigned int nr)
{
	unsigned int i;
	int err;

	peers = kvcalloc(nr, sizeof(*peers), GFP_KERNEL);
	if (!peers)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		INIT_LIST_HEAD(&peers[i].allowedips_list);
		kref_init(&peers[i].refcount);
	}
	err = wg_allowedips_slab_init();
	if (err) {
		kvfree(peers);
		return err;
	}
	wg_allowedips_init(&table);
	return 0;
}

static int bench_insert(const struct bench_prefix *prefix, unsigned int peer)
{
	struct in_addr ip = { .s_addr = prefix->ip };
	int err;

	mutex_lock(&lock);
	if (prefix->family == 6)
		err = wg_allowedips_insert_v6(&table, &prefix->ip6, prefix->len,
					      &peers[peer], &lock);
	else
		err = wg_allowedips_insert_v4(&table, &ip, prefix->len,
					      &peers[peer], &lock);
	mutex_unlock(&lock);
	return err;
}

static void never(struct kref *kref)
{
}

static unsigned int bench_one(struct sk_buff *skb)
{
	struct wg_peer *peer = wg_allowedips_lookup_dst(&table, skb);

	if (!peer)
		return 0;
	/* As its transmit path does in the end. */
	kref_put(&peer->refcount, never);
	return 1;
}

static unsigned int bench_all(struct sk_buff *skb, const __be32 *to,
			      unsigned int nr)
{
	unsigned int i, found = 0;

	for (i = 0; i < nr; i++) {
		ip_hdr(skb)->daddr = to[i];
		found += bench_one(skb);
	}
	return found;
}

static unsigned int bench_all6(struct sk_buff *skb, const struct in6_addr *to,
			       unsigned int nr)
{
	unsigned int i, found = 0;

	for (i = 0; i < nr; i++) {
		ipv6_hdr(skb)->daddr = to[i];
		found += bench_one(skb);
	}
	return found;
}

static void bench_end(void)
{
	mutex_lock(&lock);
	wg_allowedips_free(&table, &lock);
	mutex_unlock(&lock);
	rcu_barrier();
	wg_allowedips_slab_uninit();
	kvfree(peers);
}

const struct bench_table bench_table_intree = {
	bench_begin, bench_insert, bench_all, bench_all6, bench_end
};
