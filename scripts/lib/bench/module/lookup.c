// SPDX-License-Identifier: GPL-2.0
/* Look-ups in each driver's table of allowed IPs, and what it weighs. */

#include <linux/fs.h>
#include <linux/file.h>
#include <linux/ip.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define ADDRESSES	(1 << 18)
#define AT_ONCE		256

static unsigned long memory_free(void)
{
	struct sysinfo info;

	rcu_barrier();
	si_meminfo(&info);
	return info.freeram;
}

static u32 below(struct rnd_state *rnd, u32 limit)
{
	return (u64)prandom_u32_state(rnd) * limit >> 32;
}

/* Addresses inside the prefixes, in no order. */
static void fill(__be32 *to, const struct bench_prefix *prefix, u32 count)
{
	struct rnd_state rnd;
	u32 i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < ADDRESSES; i++) {
		const struct bench_prefix *p = &prefix[below(&rnd, count)];
		u32 host = p->len ? ~0U >> (p->len - 1) >> 1 : ~0U;

		to[i] = p->ip | htonl(prandom_u32_state(&rnd) & host);
	}
}

static u64 measure(const struct bench_table *table, const __be32 *to,
		   unsigned int ms, struct sk_buff *skb)
{
	u64 start = ktime_get_ns(), now, done = 0;
	u32 at = 0;

	do {
		local_bh_disable();
		rcu_read_lock_bh();
		/* Each address has a peer: what misses does not count. */
		done += table->lookup(skb, to + at, AT_ONCE);
		rcu_read_unlock_bh();
		local_bh_enable();
		at = (at + AT_ONCE) % ADDRESSES;
		cond_resched();
		now = ktime_get_ns();
	} while (now - start < ms * (u64)NSEC_PER_MSEC);
	return div64_u64(done * NSEC_PER_SEC, now - start);
}

/*
 * lookup SIDE FD COUNT MS: COUNT prefixes from the file FD; look-ups a second,
 * bytes of memory a prefix, ns to insert one.
 */
int bench_lookup(char *args, char *out, size_t room)
{
	const struct bench_table *table;
	struct bench_prefix *prefixes;
	unsigned int count, ms, i;
	unsigned long before, after;
	struct sk_buff *skb;
	struct iphdr *ip;
	u64 rate, took;
	char side[20];
	__be32 *to;
	loff_t pos = 0;
	int fd, err = -EINVAL;

	if (sscanf(args, "%19s %d %u %u", side, &fd, &count, &ms) < 4 || !count)
		return -EINVAL;
	table = strcmp(side, "culvert") ? &bench_table_intree : &bench_table_culvert;

	CLASS(fd, f)(fd);
	if (fd_empty(f))
		return -EBADF;
	prefixes = vmalloc_array(count, sizeof(*prefixes));
	to = vmalloc_array(ADDRESSES, sizeof(*to));
	skb = alloc_skb(sizeof(struct iphdr), GFP_KERNEL);
	if (!prefixes || !to || !skb)
		goto free;
	if (kernel_read(fd_file(f), prefixes, count * sizeof(*prefixes), &pos) !=
	    count * sizeof(*prefixes))
		goto free;
	skb_reset_network_header(skb);
	ip = skb_put_zero(skb, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	skb->protocol = htons(ETH_P_IP);

	fill(to, prefixes, count);
	err = table->begin(BENCH_PEERS);
	if (err)
		goto free;
	before = memory_free();
	took = ktime_get_ns();
	for (i = 0; !err && i < count; i++) {
		err = table->insert(&prefixes[i], i % BENCH_PEERS);
		cond_resched();
	}
	took = ktime_get_ns() - took;
	after = memory_free();
	if (!err) {
		measure(table, to, ms / 4, skb);
		rate = measure(table, to, ms, skb);
		snprintf(out, room, "%llu %llu %llu\n", rate,
			 before > after ?
			 (u64)(before - after) * PAGE_SIZE / count : 0,
			 div64_u64(took, count));
	}
	table->end();
free:
	kfree_skb(skb);
	vfree(to);
	vfree(prefixes);
	return err;
}
