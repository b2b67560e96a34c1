// SPDX-License-Identifier: GPL-2.0
/* Look-ups in each driver's table of allowed IPs, and what it weighs. */

#include <linux/fs.h>
#include <linux/file.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
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

/* An address inside a prefix that begins at @to, in network order. */
static void inside(struct rnd_state *rnd, __be32 *to, unsigned int words, u8 len)
{
	unsigned int i;

	for (i = 0; i < words; i++) {
		int fixed = clamp(len - 32 * (int)i, 0, 32);
		u32 host = fixed ? ~0U >> (fixed - 1) >> 1 : ~0U;

		to[i] |= htonl(prandom_u32_state(rnd) & host);
	}
}

/* Addresses inside the prefixes, in no order. */
static void fill(void *to, const struct bench_prefix *prefix, u32 count)
{
	struct in6_addr *to6 = to;
	struct rnd_state rnd;
	__be32 *to4 = to;
	u32 i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < ADDRESSES; i++) {
		const struct bench_prefix *p = &prefix[below(&rnd, count)];

		if (p->family == 6) {
			to6[i] = p->ip6;
			inside(&rnd, to6[i].s6_addr32, 4, p->len);
		} else {
			to4[i] = p->ip;
			inside(&rnd, &to4[i], 1, p->len);
		}
	}
}

static u64 measure(const struct bench_table *table, const void *to, bool ip6,
		   unsigned int ms, struct sk_buff *skb)
{
	u64 start = ktime_get_ns(), now, done = 0;
	const struct in6_addr *to6 = to;
	const __be32 *to4 = to;
	u32 at = 0;

	do {
		local_bh_disable();
		rcu_read_lock_bh();
		/* Each address has a peer: what misses does not count. */
		done += ip6 ? table->lookup6(skb, to6 + at, AT_ONCE) :
			      table->lookup(skb, to4 + at, AT_ONCE);
		rcu_read_unlock_bh();
		local_bh_enable();
		at = (at + AT_ONCE) % ADDRESSES;
		cond_resched();
		now = ktime_get_ns();
	} while (now - start < ms * (u64)NSEC_PER_MSEC);
	return div64_u64(done * NSEC_PER_SEC, now - start);
}

/* Only what the look-up reads: the family and, later, the address. */
static struct sk_buff *packet(bool ip6)
{
	struct sk_buff *skb = alloc_skb(sizeof(struct ipv6hdr), GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reset_network_header(skb);
	skb_put_zero(skb, sizeof(struct ipv6hdr));
	if (ip6) {
		ipv6_hdr(skb)->version = 6;
		skb->protocol = htons(ETH_P_IPV6);
	} else {
		ip_hdr(skb)->version = 4;
		ip_hdr(skb)->ihl = 5;
		skb->protocol = htons(ETH_P_IP);
	}
	return skb;
}

/*
 * lookup SIDE FD COUNT MS: COUNT prefixes from the file FD; look-ups a second,
 * bytes of memory a prefix, ns to insert one.
 */
int bench_lookup(char *args, char *out, size_t room)
{
	unsigned long before, after;
	const struct bench_table *table;
	struct bench_prefix *prefixes;
	struct sk_buff *skb = NULL;
	unsigned int count, ms, i;
	int fd, err = -EINVAL;
	char side[20];
	u64 rate, took;
	loff_t pos = 0;
	void *to;
	bool ip6;

	if (sscanf(args, "%19s %d %u %u", side, &fd, &count, &ms) < 4 || !count)
		return -EINVAL;
	table = strcmp(side, "culvert") ? &bench_table_intree : &bench_table_culvert;

	CLASS(fd, f)(fd);
	if (fd_empty(f))
		return -EBADF;
	prefixes = vmalloc_array(count, sizeof(*prefixes));
	to = vmalloc_array(ADDRESSES, sizeof(struct in6_addr));
	if (!prefixes || !to)
		goto free;
	if (kernel_read(fd_file(f), prefixes, count * sizeof(*prefixes), &pos) !=
	    count * sizeof(*prefixes))
		goto free;
	ip6 = prefixes[0].family == 6;
	skb = packet(ip6);
	if (!skb)
		goto free;
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
		measure(table, to, ip6, ms / 4, skb);
		rate = measure(table, to, ip6, ms, skb);
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
