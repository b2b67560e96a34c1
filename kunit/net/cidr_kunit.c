// SPDX-License-Identifier: GPL-2.0
/*
 * Allowed IPs against an oracle that compares an address with every prefix.
 */
#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/skbuff.h>

#include "../cidr.h"
#include "../peer.h"

#define NR_PEERS	5
#define MAX_PREFIXES	192
/* Less of what takes long where every access to memory is checked. */
#define CHECKED		(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN))
#define RANDOM_OPS	(CHECKED ? 200000 : 1500000)

struct oracle_prefix {
	struct culvert_prefix	prefix;
	unsigned int		peer;
};

struct cidr_test {
	struct culvert_cidr	table;
	struct mutex		lock;		/* as a device's update lock */
	struct culvert_peer	peers[NR_PEERS];
	struct rnd_state	rnd;
	unsigned int		nr;
	struct oracle_prefix	oracle[MAX_PREFIXES];
	struct oracle_prefix	removed[MAX_PREFIXES / 2];
};

/*
 * A case, under the table's lock. KUnit cleans up in another thread than the one
 * that runs the case, so that neither can leave the lock to the other.
 */
#define CIDR_CASE(name)							\
static void name##_locked(struct kunit *test);				\
static void name(struct kunit *test)					\
{									\
	struct cidr_test *t = test->priv;				\
									\
	mutex_lock(&t->lock);						\
	name##_locked(test);						\
	mutex_unlock(&t->lock);						\
}									\
static void name##_locked(struct kunit *test)

static unsigned int random_below(struct cidr_test *t, unsigned int limit)
{
	return prandom_u32_state(&t->rnd) % limit;
}

static unsigned int width(u8 family)
{
	return family == AF_INET ? 32 : 128;
}

static u8 *bytes_of(struct culvert_prefix *prefix)
{
	return prefix->ip6.s6_addr;
}

static bool bit_of(const u8 *address, unsigned int bit)
{
	return address[bit / 8] >> (7 - bit % 8) & 1;
}

static void flip(struct culvert_prefix *address, unsigned int bit)
{
	bytes_of(address)[bit / 8] ^= 0x80 >> bit % 8;
}

static void clear_host_bits(struct culvert_prefix *prefix)
{
	unsigned int bit;

	for (bit = prefix->len; bit < width(prefix->family); bit++)
		if (bit_of(bytes_of(prefix), bit))
			flip(prefix, bit);
}

static bool covers(struct culvert_prefix *prefix, const u8 *address)
{
	unsigned int whole = prefix->len / 8, rest = prefix->len % 8;

	if (memcmp(bytes_of(prefix), address, whole))
		return false;
	return !rest ||
	       !((bytes_of(prefix)[whole] ^ address[whole]) >> (8 - rest));
}

static struct culvert_peer *oracle_lookup(struct cidr_test *t,
					  struct culvert_prefix *address)
{
	int best = -1, best_len = -1;
	unsigned int i;

	for (i = 0; i < t->nr; i++) {
		struct culvert_prefix *prefix = &t->oracle[i].prefix;

		if (prefix->family == address->family && prefix->len > best_len &&
		    covers(prefix, bytes_of(address))) {
			best = i;
			best_len = prefix->len;
		}
	}
	return best < 0 ? NULL : &t->peers[t->oracle[best].peer];
}

static int oracle_find(struct cidr_test *t, struct culvert_prefix *prefix)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (t->oracle[i].prefix.family == prefix->family &&
		    t->oracle[i].prefix.len == prefix->len &&
		    covers(&t->oracle[i].prefix, bytes_of(prefix)))
			return i;
	return -1;
}

static void oracle_insert(struct cidr_test *t, struct culvert_prefix *prefix,
			  unsigned int peer)
{
	int at = oracle_find(t, prefix);

	if (at < 0)
		at = t->nr++;
	t->oracle[at].prefix = *prefix;
	t->oracle[at].peer = peer;
}

static void oracle_delete(struct cidr_test *t, unsigned int at)
{
	t->oracle[at] = t->oracle[--t->nr];
}

static struct culvert_peer *table_lookup(struct cidr_test *t,
					 struct culvert_prefix *address)
{
	struct culvert_peer *peer;

	rcu_read_lock();
	if (address->family == AF_INET)
		peer = culvert_cidr_lookup4(&t->table, address->ip4.s_addr);
	else
		peer = culvert_cidr_lookup6(&t->table, &address->ip6);
	rcu_read_unlock();
	return peer;
}

static void insert(struct kunit *test, struct culvert_prefix *prefix,
		   unsigned int peer)
{
	struct cidr_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0, culvert_cidr_insert(&t->table, prefix,
						     &t->peers[peer]));
	oracle_insert(t, prefix, peer);
}

static void free_all(struct cidr_test *t)
{
	unsigned int i;

	culvert_cidr_free_all(&t->table);
	for (i = 0; i < ARRAY_SIZE(t->peers); i++)
		INIT_LIST_HEAD(&t->peers[i].allowed_ips);
}

/* Removed by the peer that has it. */
static void remove_at(struct cidr_test *t, unsigned int at)
{
	struct oracle_prefix victim = t->oracle[at];

	culvert_cidr_remove(&t->table, &victim.prefix, &t->peers[victim.peer]);
	oracle_delete(t, at);
}

static void expect_same(struct kunit *test, struct culvert_prefix *address)
{
	struct cidr_test *t = test->priv;

	KUNIT_ASSERT_PTR_EQ(test, oracle_lookup(t, address),
			    table_lookup(t, address));
}

static void expect_empty(struct kunit *test)
{
	struct cidr_test *t = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, 0, t->table.prefixes);
	KUNIT_EXPECT_EQ(test, 0, t->table.nodes);
	KUNIT_EXPECT_EQ(test, 0, t->table.bytes);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(t->table.root4));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(t->table.root6));
	for (i = 0; i < NR_PEERS; i++)
		KUNIT_EXPECT_TRUE(test, list_empty(&t->peers[i].allowed_ips));
}

/*
 * An address that shares a long way with others: one of a few, with a few bits
 * turned over. Purely random ones would hardly ever meet below the first node.
 */
static struct culvert_prefix random_address(struct cidr_test *t, u8 family)
{
	struct culvert_prefix address = { .family = family };
	unsigned int i, stem = random_below(t, 3), turns = random_below(t, 4);

	for (i = 0; i < width(family) / 8; i++)
		bytes_of(&address)[i] = (stem * 0x5b + i * 0x35) & 0xff;
	for (i = 0; i < turns; i++)
		flip(&address, random_below(t, width(family)));
	return address;
}

static struct culvert_prefix random_prefix(struct cidr_test *t, u8 family)
{
	struct culvert_prefix prefix = random_address(t, family);

	prefix.len = random_below(t, width(family) + 1);
	return prefix;
}

static void random_operations(struct kunit *test, u8 family)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix prefix, address;
	unsigned int op, peer, i;

	for (op = 0; op < RANDOM_OPS; op++) {
		/* Fills up and empties again, over and over. */
		bool grow = op / 4096 % 2 == 0;
		unsigned int kind = random_below(t, 64);

		if (kind == 0 && !grow) {
			peer = random_below(t, NR_PEERS);
			culvert_cidr_remove_by_peer(&t->table, &t->peers[peer]);
			for (i = t->nr; i-- > 0;)
				if (t->oracle[i].peer == peer)
					oracle_delete(t, i);
		} else if (kind < (grow ? 24 : 6) && t->nr < MAX_PREFIXES) {
			prefix = random_prefix(t, family);
			insert(test, &prefix, random_below(t, NR_PEERS));
		} else if (kind < 28 && t->nr) {
			remove_at(t, random_below(t, t->nr));
		} else if (kind < 30 && t->nr) {
			/* It belongs to another peer: stays. */
			i = random_below(t, t->nr);
			peer = (t->oracle[i].peer + 1) % NR_PEERS;
			culvert_cidr_remove(&t->table, &t->oracle[i].prefix,
					    &t->peers[peer]);
		} else if (kind < 32) {
			/* Very likely not there at all. */
			prefix = random_prefix(t, family);
			if (oracle_find(t, &prefix) < 0)
				culvert_cidr_remove(&t->table, &prefix,
						    &t->peers[0]);
		}
		address = random_address(t, family);
		expect_same(test, &address);
		KUNIT_ASSERT_EQ(test, t->nr, t->table.prefixes);
		if (op % 256 == 0)
			cond_resched();
	}
	while (t->nr)
		remove_at(t, random_below(t, t->nr));
	expect_empty(test);
}

/* Class "trie leak": random add and remove down to empty, count zero. */
CIDR_CASE(cidr_random_ipv4)
{
	random_operations(test, AF_INET);
}

CIDR_CASE(cidr_random_ipv6)
{
	random_operations(test, AF_INET6);
}

/* All prefixes of one address; then addresses that leave it at each bit. */
static void check_chain(struct kunit *test, struct culvert_prefix *address)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix probe;
	unsigned int bit;

	expect_same(test, address);
	for (bit = 0; bit < width(address->family); bit++) {
		probe = *address;
		flip(&probe, bit);
		KUNIT_ASSERT_PTR_EQ_MSG(test, oracle_lookup(t, &probe),
					table_lookup(t, &probe), "bit %u", bit);
	}
}

/*
 * Class "trie depth": a chain of all lengths, taken apart from the short end,
 * from the long end, and at random.
 */
static void maximal_chain(struct kunit *test, u8 family)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix address, prefix;
	unsigned int order, at, i;

	for (order = 0; order < 3; order++) {
		address = random_address(t, family);
		for (i = 0; i <= width(family); i++) {
			prefix = address;
			prefix.len = order == 1 ? width(family) - i : i;
			insert(test, &prefix, i % NR_PEERS);
			check_chain(test, &address);
		}
		KUNIT_EXPECT_EQ(test, width(family) + 1, t->table.prefixes);
		KUNIT_EXPECT_EQ(test, width(family) / 6 + 1, t->table.nodes);
		while (t->nr) {
			for (at = 0, i = 1; i < t->nr; i++)
				if (order == 0 ?
				    t->oracle[i].prefix.len < t->oracle[at].prefix.len :
				    t->oracle[i].prefix.len > t->oracle[at].prefix.len)
					at = i;
			remove_at(t, order < 2 ? at : random_below(t, t->nr));
			check_chain(test, &address);
		}
		expect_empty(test);
	}
}

CIDR_CASE(cidr_trie_depth_ipv4)
{
	maximal_chain(test, AF_INET);
}

CIDR_CASE(cidr_trie_depth_ipv6)
{
	maximal_chain(test, AF_INET6);
}

/* Two hosts that differ in the last bit, alone in the table. */
CIDR_CASE(cidr_last_bit)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix one, two;
	u8 family;

	for (family = AF_INET;; family = AF_INET6) {
		one = random_address(t, family);
		one.len = width(family);
		two = one;
		flip(&two, one.len - 1);
		insert(test, &one, 0);
		KUNIT_EXPECT_EQ(test, 0, t->table.nodes);
		insert(test, &two, 1);
		KUNIT_EXPECT_EQ(test, width(family) / 6 + 1, t->table.nodes);
		check_chain(test, &one);
		remove_at(t, 0);
		/* The way down goes with the need for it. */
		KUNIT_EXPECT_EQ(test, 0, t->table.nodes);
		check_chain(test, &one);
		remove_at(t, 0);
		expect_empty(test);
		if (family == AF_INET6)
			break;
	}
}

/* The shape of the tree must not depend on how it came about. */
CIDR_CASE(cidr_shape)
{
	struct cidr_test *t = test->priv;
	unsigned int nodes, round, i;
	struct culvert_prefix prefix;
	size_t bytes;

	for (i = 0; i < MAX_PREFIXES; i++) {
		prefix = random_prefix(t, i % 2 ? AF_INET : AF_INET6);
		insert(test, &prefix, i % NR_PEERS);
	}
	nodes = t->table.nodes;
	bytes = t->table.bytes;
	for (round = 0; round < 50; round++) {
		unsigned int nr = 0;

		while (nr < ARRAY_SIZE(t->removed) && t->nr > 1) {
			i = random_below(t, t->nr);
			t->removed[nr++] = t->oracle[i];
			remove_at(t, i);
		}
		while (nr) {
			i = random_below(t, nr);
			insert(test, &t->removed[i].prefix, t->removed[i].peer);
			t->removed[i] = t->removed[--nr];
		}
		KUNIT_ASSERT_EQ(test, nodes, t->table.nodes);
		KUNIT_ASSERT_EQ(test, bytes, t->table.bytes);
	}
	free_all(t);
	expect_empty(test);
}

CIDR_CASE(cidr_move)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix prefix = { .family = AF_INET, .len = 24 };
	struct culvert_prefix host = { .family = AF_INET };

	prefix.ip4.s_addr = htonl(0x0a010203);
	host.ip4.s_addr = htonl(0x0a0102fe);

	insert(test, &prefix, 0);
	KUNIT_EXPECT_PTR_EQ(test, &t->peers[0], table_lookup(t, &host));
	insert(test, &prefix, 1);
	KUNIT_EXPECT_PTR_EQ(test, &t->peers[1], table_lookup(t, &host));
	KUNIT_EXPECT_EQ(test, 1, t->table.prefixes);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->peers[0].allowed_ips));
	/* The peer that had it may not take it away from the one that has it. */
	culvert_cidr_remove(&t->table, &prefix, &t->peers[0]);
	KUNIT_EXPECT_PTR_EQ(test, &t->peers[1], table_lookup(t, &host));
	culvert_cidr_remove_by_peer(&t->table, &t->peers[0]);
	KUNIT_EXPECT_PTR_EQ(test, &t->peers[1], table_lookup(t, &host));
	culvert_cidr_remove_by_peer(&t->table, &t->peers[1]);
	KUNIT_EXPECT_NULL(test, table_lookup(t, &host));
	expect_empty(test);
}

/* What the configuration reads back: order kept, host bits gone. */
CIDR_CASE(cidr_list)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix prefix, read;
	struct cidr_entry *entry = NULL;
	unsigned int i;

	for (i = 0; i < MAX_PREFIXES; i++) {
		prefix = random_prefix(t, i % 2 ? AF_INET : AF_INET6);
		if (oracle_find(t, &prefix) >= 0)
			continue;
		insert(test, &prefix, 0);
	}
	for (i = 0; i < t->nr; i++) {
		entry = culvert_cidr_next(&t->peers[0], entry);
		KUNIT_ASSERT_NOT_NULL(test, entry);
		memset(&read, 0, sizeof(read));
		culvert_cidr_read(entry, &read);
		prefix = t->oracle[i].prefix;
		clear_host_bits(&prefix);
		KUNIT_ASSERT_EQ(test, prefix.family, read.family);
		KUNIT_ASSERT_EQ(test, prefix.len, read.len);
		KUNIT_ASSERT_MEMEQ(test, bytes_of(&prefix), bytes_of(&read),
				   width(read.family) / 8);
	}
	KUNIT_EXPECT_NULL(test, culvert_cidr_next(&t->peers[0], entry));
	free_all(t);
	expect_empty(test);
}

/* What needs no more than six bytes of an address costs less memory. */
CIDR_CASE(cidr_short)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix prefix = { .family = AF_INET6 };
	size_t bytes[2];
	unsigned int i;

	memset(&prefix.ip6, 0xff, sizeof(prefix.ip6));
	for (i = 0; i < 2; i++) {
		prefix.len = 48 + i;
		insert(test, &prefix, 0);
		bytes[i] = t->table.bytes;
		free_all(t);
		t->nr = 0;
	}
	KUNIT_EXPECT_LT(test, bytes[0], bytes[1]);
	prefix = (struct culvert_prefix){ .family = AF_INET, .len = 32 };
	insert(test, &prefix, 0);
	KUNIT_EXPECT_EQ(test, bytes[0], t->table.bytes);
	free_all(t);
	expect_empty(test);
}

/* A default route for one family says nothing about the other. */
CIDR_CASE(cidr_families)
{
	struct culvert_prefix all4 = { .family = AF_INET };
	struct cidr_test *t = test->priv;
	struct culvert_prefix address;

	insert(test, &all4, 0);
	address = random_address(t, AF_INET6);
	KUNIT_EXPECT_NULL(test, table_lookup(t, &address));
	address = random_address(t, AF_INET);
	KUNIT_EXPECT_PTR_EQ(test, &t->peers[0], table_lookup(t, &address));
	free_all(t);
}

/* By an skb's header, at any alignment that a header can have. */
CIDR_CASE(cidr_skb)
{
	struct cidr_test *t = test->priv;
	struct culvert_prefix four = { .family = AF_INET, .len = 32 };
	struct culvert_prefix six = { .family = AF_INET6, .len = 128 };
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	four.ip4.s_addr = htonl(0xc0000201);
	six.ip6.s6_addr[0] = 0xfd;
	six.ip6.s6_addr[15] = 1;
	insert(test, &four, 0);
	insert(test, &six, 1);

	skb_reserve(skb, 4);
	skb_reset_network_header(skb);
	ip = skb_put_zero(skb, sizeof(*ip6));
	ip->daddr = four.ip4.s_addr;
	skb->protocol = htons(ETH_P_IP);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, &t->peers[0],
			    culvert_cidr_lookup_dst(&t->table, skb));
	ip6 = (struct ipv6hdr *)ip;
	memset(ip6, 0, sizeof(*ip6));
	ip6->daddr = six.ip6;
	skb->protocol = htons(ETH_P_IPV6);
	KUNIT_EXPECT_PTR_EQ(test, &t->peers[1],
			    culvert_cidr_lookup_dst(&t->table, skb));
	skb->protocol = htons(ETH_P_ARP);
	KUNIT_EXPECT_NULL(test, culvert_cidr_lookup_dst(&t->table, skb));
	rcu_read_unlock();
	kfree_skb(skb);
	free_all(t);
	expect_empty(test);
}

/*
 * A million prefixes: what one costs, and how long a look-up takes. The bound
 * is half of what a binary trie of 72-byte nodes takes, two for each prefix.
 */
CIDR_CASE(cidr_million)
{
	const unsigned int million = CHECKED ? 50000 : 1000000, lookups = 2 * million;
	struct cidr_test *t = test->priv;
	struct culvert_prefix prefix;
	u8 family = AF_INET;
	unsigned int i, hits;
	u64 begin, took;

	for (;; family = AF_INET6) {
		memset(&prefix, 0, sizeof(prefix));
		prefix.family = family;
		begin = ktime_get_ns();
		while (t->table.prefixes < million) {
			prandom_bytes_state(&t->rnd, bytes_of(&prefix), 16);
			if (family == AF_INET6)
				bytes_of(&prefix)[0] = 0xfd;
			prefix.len = family == AF_INET ? 16 + random_below(t, 17) :
							 32 + 8 * random_below(t, 13);
			KUNIT_ASSERT_EQ(test, 0, culvert_cidr_insert(&t->table, &prefix,
								     &t->peers[0]));
			cond_resched();
		}
		took = ktime_get_ns() - begin;
		kunit_info(test, "IPv%u: %zu bytes and %u nodes for %u prefixes, %zu bytes each; %llu ns to insert one",
			   family == AF_INET ? 4 : 6, t->table.bytes,
			   t->table.nodes, million, t->table.bytes / million,
			   div_u64(took, million));
		KUNIT_EXPECT_LE(test, t->table.bytes / million, 72);

		begin = ktime_get_ns();
		for (hits = 0, i = 0; i < lookups; i++) {
			prandom_bytes_state(&t->rnd, bytes_of(&prefix), 16);
			if (family == AF_INET6)
				bytes_of(&prefix)[0] = 0xfd;
			hits += !!table_lookup(t, &prefix);
		}
		took = ktime_get_ns() - begin;
		kunit_info(test, "IPv%u: %llu ns a look-up, random number included, %u of %u found",
			   family == AF_INET ? 4 : 6, div_u64(took, lookups), hits, lookups);

		begin = ktime_get_ns();
		free_all(t);
		took = ktime_get_ns() - begin;
		kunit_info(test, "IPv%u: %llu ns a prefix to free all",
			   family == AF_INET ? 4 : 6, div_u64(took, million));
		expect_empty(test);
		if (family == AF_INET6)
			break;
	}
}

static int cidr_test_init(struct kunit *test)
{
	struct cidr_test *t;
	unsigned int i;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	test->priv = t;
	mutex_init(&t->lock);
	culvert_cidr_init(&t->table, &t->lock);
	prandom_seed_state(&t->rnd, 20);
	for (i = 0; i < NR_PEERS; i++)
		INIT_LIST_HEAD(&t->peers[i].allowed_ips);
	return 0;
}

static void cidr_test_exit(struct kunit *test)
{
	struct cidr_test *t = test->priv;
	bool locked;

	if (!t)
		return;
	/* A case that was aborted has not given it back. */
	locked = mutex_trylock(&t->lock);
	free_all(t);
	if (locked)
		mutex_unlock(&t->lock);
}

static struct kunit_case cidr_cases[] = {
	KUNIT_CASE(cidr_random_ipv4),
	KUNIT_CASE(cidr_random_ipv6),
	KUNIT_CASE(cidr_trie_depth_ipv4),
	KUNIT_CASE(cidr_trie_depth_ipv6),
	KUNIT_CASE(cidr_last_bit),
	KUNIT_CASE(cidr_shape),
	KUNIT_CASE(cidr_move),
	KUNIT_CASE(cidr_list),
	KUNIT_CASE(cidr_short),
	KUNIT_CASE(cidr_families),
	KUNIT_CASE(cidr_skb),
	KUNIT_CASE_SLOW(cidr_million),
	{}
};

static struct kunit_suite cidr_suite = {
	.name		= "culvert_cidr",
	.init		= cidr_test_init,
	.exit		= cidr_test_exit,
	.test_cases	= cidr_cases,
};

kunit_test_suite(cidr_suite);

MODULE_DESCRIPTION("KUnit tests for Culvert");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("GPL");
