// SPDX-License-Identifier: GPL-2.0
/*
 * Longest-prefix match over a tree with a stride of six bits.
 *
 * A node stands for six bits of the address. Two bitmaps say what it has: a
 * prefix that ends inside the stride (one bit for each of the 63 prefixes of 0
 * to 5 bits, numbered as a heap), and what lies below each of the 64 values of
 * all six bits. The pointers to what is there follow without gaps, so that the
 * number of bits set below one gives its place ("tree bitmap", Eatherton,
 * Varghese and Dittia 2004). A part of the tree with a single prefix in it has
 * no nodes: the prefix hangs where the part would begin, and is compared as a
 * whole. So the shape of a tree depends on nothing but the prefixes in it.
 *
 * Readers are under RCU. A writer changes nothing that a reader can see but
 * one pointer: it builds anew whatever lies between that and the change, and
 * frees what was replaced after a grace period.
 */
#include <linux/bitops.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <kunit/visibility.h>

#include "cidr.h"
#include "peer.h"

#define STRIDE		6
#define MAX_LEVELS	(128 / STRIDE + 1)
/* Places in a node: prefixes are 0 to 62, what lies below 64 to 127. */
#define BELOW		BIT(STRIDE)

/**
 * struct cidr_node - six bits of the address
 * @below: which values of the six bits have something below them
 * @prefixes: which prefixes end here
 * @slot: those below, then the prefixes, each in the order of its bits. Slots
 *	  point to nodes, or, marked by bit 0, to entries.
 */
struct cidr_node {
	u64		below;
	u64		prefixes;
	void __rcu	*slot[];
};

/**
 * struct cidr_entry - a prefix and its peer
 * @list: in the peer's list
 * @rcu: takes the place of @list once that has been left
 * @peer: whose address range it is
 * @family: AF_INET or AF_INET6
 * @len: prefix length in bits
 * @ip: the address, host bits zero: six bytes unless @len takes more, then 16
 */
struct cidr_entry {
	union {
		struct list_head	list;
		struct rcu_head		rcu;
	};
	struct culvert_peer __rcu	*peer;
	u8				family;
	u8				len;
	u8				ip[];
};

/* IPv4, and what networks of IPv6 are announced as, fit what alignment leaves. */
#define SHORT_BYTES	6
#define ENTRY_BYTES(n)	ALIGN(offsetof(struct cidr_entry, ip[n]), sizeof(void *))

static struct kmem_cache *short_cache;
static struct kmem_cache *long_cache;

/* An address of either family; the first bit is the highest of @hi. */
struct cidr_key {
	u64	hi;
	u64	lo;
};

static struct cidr_key key4(__be32 ip)
{
	return (struct cidr_key){ .hi = (u64)be32_to_cpu(ip) << 32 };
}

static struct cidr_key key6(const void *ip)
{
	return (struct cidr_key){
		.hi = get_unaligned_be64(ip),
		.lo = get_unaligned_be64(ip + sizeof(u64)),
	};
}

static struct cidr_key prefix_key(const struct culvert_prefix *prefix)
{
	return prefix->family == AF_INET ? key4(prefix->ip4.s_addr) :
					   key6(&prefix->ip6);
}

static bool is_short(unsigned int len)
{
	return len <= SHORT_BYTES * BITS_PER_BYTE;
}

static struct cidr_key entry_key(const struct cidr_entry *entry)
{
	if (!is_short(entry->len))
		return key6(entry->ip);
	return (struct cidr_key){
		.hi = (u64)get_unaligned_be32(entry->ip) << 32 |
		      (u64)get_unaligned_be16(entry->ip + 4) << 16,
	};
}

static struct cidr_key key_mask(unsigned int len)
{
	return (struct cidr_key){
		.hi = len ? ~0ULL << (64 - min(len, 64U)) : 0,
		.lo = len > 64 ? ~0ULL << (128 - len) : 0,
	};
}

static bool key_covers(struct cidr_key prefix, unsigned int len, struct cidr_key key)
{
	struct cidr_key mask = key_mask(len);

	return !(((prefix.hi ^ key.hi) & mask.hi) |
		 ((prefix.lo ^ key.lo) & mask.lo));
}

static struct cidr_key key_shift(struct cidr_key key, unsigned int bits)
{
	if (!bits)
		return key;
	if (bits >= 64)
		return (struct cidr_key){ .hi = key.lo << (bits - 64) };
	return (struct cidr_key){
		.hi = key.hi << bits | key.lo >> (64 - bits),
		.lo = key.lo << bits,
	};
}

/* Where in a node at @depth bits a prefix, or the way to it, is found. */
static unsigned int place_of(struct cidr_key key, unsigned int len,
			     unsigned int depth)
{
	unsigned int value = key_shift(key, depth).hi >> (64 - STRIDE);
	unsigned int rest = len - depth;

	if (rest >= STRIDE)
		return BELOW + value;
	return BIT(rest) - 1 + (value >> (STRIDE - rest));
}

/* Bits of the prefixes in a node that cover a value. */
static u64 covering(unsigned int value)
{
	return BIT_ULL(0) | BIT_ULL(1 + (value >> 5)) |
	       BIT_ULL(3 + (value >> 4)) | BIT_ULL(7 + (value >> 3)) |
	       BIT_ULL(15 + (value >> 2)) | BIT_ULL(31 + (value >> 1));
}

static bool is_entry(const void *slot)
{
	return (unsigned long)slot & 1;
}

static struct cidr_entry *to_entry(void *slot)
{
	return slot - 1;
}

static void *entry_slot(struct cidr_entry *entry)
{
	return (void *)entry + 1;
}

static bool node_has(const struct cidr_node *node, unsigned int place)
{
	return (place >= BELOW ? node->below >> (place - BELOW) :
				 node->prefixes >> place) & 1;
}

static unsigned int node_index(const struct cidr_node *node, unsigned int place)
{
	if (place >= BELOW)
		return hweight64(node->below & (BIT_ULL(place - BELOW) - 1));
	return hweight64(node->below) +
	       hweight64(node->prefixes & (BIT_ULL(place) - 1));
}

static unsigned int node_slots(const struct cidr_node *node)
{
	return hweight64(node->below) + hweight64(node->prefixes);
}

static size_t node_bytes(unsigned int slots)
{
	return kmalloc_size_roundup(struct_size_t(struct cidr_node, slot,
						  slots));
}

/*
 * Readers
 */

#define reader_deref(p)	rcu_dereference_check(p, rcu_read_lock_bh_held())

static __always_inline struct culvert_peer *lookup(void __rcu *const *root,
						   struct cidr_key key)
{
	void __rcu *const *best = NULL;
	void *slot = reader_deref(*root);
	struct cidr_entry *entry = NULL;
	struct cidr_key rest = key;

	while (slot) {
		const struct cidr_node *node = slot;
		unsigned int value = rest.hi >> (64 - STRIDE);
		u64 found;

		if (is_entry(slot)) {
			entry = to_entry(slot);
			if (key_covers(entry_key(entry), entry->len, key))
				return reader_deref(entry->peer);
			break;
		}

		found = node->prefixes & covering(value);
		if (found)
			best = &node->slot[node_index(node, fls64(found) - 1)];
		if (!(node->below & BIT_ULL(value)))
			break;
		slot = reader_deref(node->slot[node_index(node, BELOW + value)]);
		rest.hi = rest.hi << STRIDE | rest.lo >> (64 - STRIDE);
		rest.lo <<= STRIDE;
	}

	if (!best)
		return NULL;
	/* Not before here: a shorter match is most often followed by a longer. */
	entry = to_entry(reader_deref(*best));
	return reader_deref(entry->peer);
}

/**
 * culvert_cidr_lookup4() - find the peer of an IPv4 address
 * @table: the table
 * @ip: the address
 *
 * Context: any, under RCU.
 * Return: the peer without a reference, or NULL.
 */
struct culvert_peer *culvert_cidr_lookup4(const struct culvert_cidr *table,
					  __be32 ip)
{
	return lookup(&table->root4, key4(ip));
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_lookup4);

/**
 * culvert_cidr_lookup6() - find the peer of an IPv6 address
 * @table: the table
 * @ip: the address
 *
 * Context: any, under RCU.
 * Return: the peer without a reference, or NULL.
 */
struct culvert_peer *culvert_cidr_lookup6(const struct culvert_cidr *table,
					  const struct in6_addr *ip)
{
	return lookup(&table->root6, key6(ip));
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_lookup6);

/**
 * culvert_cidr_lookup_dst() - find the peer that a packet is for
 * @table: the table
 * @skb: inner packet, its IP header pulled, of the family in skb->protocol
 *
 * Context: any, under RCU.
 * Return: the peer without a reference, or NULL.
 */
struct culvert_peer *culvert_cidr_lookup_dst(const struct culvert_cidr *table,
					     const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return culvert_cidr_lookup4(table, ip_hdr(skb)->daddr);
	if (skb->protocol == htons(ETH_P_IPV6))
		return culvert_cidr_lookup6(table, &ipv6_hdr(skb)->daddr);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_lookup_dst);

/*
 * Writers
 */

static void *deref(const struct culvert_cidr *table, void __rcu *slot)
{
	return rcu_dereference_protected(slot, lockdep_is_held(table->lock));
}

static struct cidr_node *node_alloc(struct culvert_cidr *table, u64 below,
				    u64 prefixes, gfp_t gfp)
{
	unsigned int slots = hweight64(below) + hweight64(prefixes);
	struct cidr_node *node;

	node = kmalloc(node_bytes(slots), gfp);
	if (!node)
		return NULL;
	node->below = below;
	node->prefixes = prefixes;
	table->nodes++;
	table->bytes += node_bytes(slots);
	return node;
}

static void node_uncount(struct culvert_cidr *table, struct cidr_node *node)
{
	table->nodes--;
	table->bytes -= node_bytes(node_slots(node));
}

static void node_free(struct culvert_cidr *table, struct cidr_node *node)
{
	node_uncount(table, node);
	kfree_rcu_mightsleep(node);
}

static void place_bits(unsigned int place, u64 *below, u64 *prefixes)
{
	if (place >= BELOW)
		*below ^= BIT_ULL(place - BELOW);
	else
		*prefixes ^= BIT_ULL(place);
}

/* A copy of @old that has @slot at @place, which is free in @old. */
static struct cidr_node *node_with(struct culvert_cidr *table,
				   const struct cidr_node *old,
				   unsigned int place, void *slot)
{
	unsigned int nr = node_slots(old), at;
	u64 prefixes = old->prefixes;
	u64 below = old->below;
	struct cidr_node *node;

	place_bits(place, &below, &prefixes);
	node = node_alloc(table, below, prefixes, GFP_KERNEL);
	if (!node)
		return NULL;
	at = node_index(node, place);
	memcpy(node->slot, old->slot, at * sizeof(slot));
	RCU_INIT_POINTER(node->slot[at], slot);
	memcpy(node->slot + at + 1, old->slot + at, (nr - at) * sizeof(slot));
	return node;
}

/* A copy of @old without @place. Removing has to succeed, hence no failure. */
static struct cidr_node *node_without(struct culvert_cidr *table,
				      const struct cidr_node *old,
				      unsigned int place)
{
	unsigned int nr = node_slots(old), at = node_index(old, place);
	u64 prefixes = old->prefixes;
	u64 below = old->below;
	struct cidr_node *node;

	place_bits(place, &below, &prefixes);
	node = node_alloc(table, below, prefixes, GFP_KERNEL | __GFP_NOFAIL);
	memcpy(node->slot, old->slot, at * sizeof(void *));
	memcpy(node->slot + at, old->slot + at + 1,
	       (nr - at - 1) * sizeof(void *));
	return node;
}

/* Nodes from @depth down to where two prefixes part, not yet visible. */
static void *node_pair(struct culvert_cidr *table, struct cidr_entry *one,
		       struct cidr_entry *two, unsigned int depth)
{
	struct cidr_key key1 = entry_key(one), key2 = entry_key(two);
	struct cidr_node *node, *top = NULL, *next;
	void __rcu **link = NULL;

	for (;; depth += STRIDE) {
		unsigned int place1 = place_of(key1, one->len, depth);
		unsigned int place2 = place_of(key2, two->len, depth);
		u64 below = 0, prefixes = 0;

		place_bits(place1, &below, &prefixes);
		if (place2 != place1)
			place_bits(place2, &below, &prefixes);
		node = node_alloc(table, below, prefixes, GFP_KERNEL);
		if (!node)
			break;
		if (link)
			RCU_INIT_POINTER(*link, node);
		else
			top = node;
		link = &node->slot[0];
		RCU_INIT_POINTER(*link, NULL);
		if (place1 == place2)
			continue;
		RCU_INIT_POINTER(node->slot[node_index(node, place1)],
				 entry_slot(one));
		RCU_INIT_POINTER(node->slot[node_index(node, place2)],
				 entry_slot(two));
		return top;
	}

	for (node = top; node; node = next) {
		next = deref(table, node->slot[0]);
		node_uncount(table, node);
		kfree(node);
	}
	return NULL;
}

static struct kmem_cache *entry_cache(unsigned int len)
{
	return is_short(len) ? short_cache : long_cache;
}

static struct cidr_entry *entry_alloc(struct culvert_cidr *table,
				      const struct culvert_prefix *prefix,
				      struct culvert_peer *peer)
{
	struct cidr_key key = prefix_key(prefix), mask = key_mask(prefix->len);
	__be64 ip[] = { cpu_to_be64(key.hi & mask.hi),
			cpu_to_be64(key.lo & mask.lo) };
	struct cidr_entry *entry;

	entry = kmem_cache_alloc(entry_cache(prefix->len), GFP_KERNEL);
	if (!entry)
		return NULL;

	entry->family = prefix->family;
	entry->len = prefix->len;
	RCU_INIT_POINTER(entry->peer, peer);
	memcpy(entry->ip, ip, is_short(prefix->len) ? SHORT_BYTES : sizeof(ip));
	return entry;
}

static void entry_uncount(struct culvert_cidr *table, struct cidr_entry *entry)
{
	table->prefixes--;
	table->bytes -= kmem_cache_size(entry_cache(entry->len));
}

static void entry_free(struct culvert_cidr *table, struct cidr_entry *entry)
{
	entry_uncount(table, entry);
	list_del(&entry->list);
	kfree_rcu(entry, rcu);
}

static void __rcu **table_root(struct culvert_cidr *table, u8 family)
{
	return family == AF_INET ? &table->root4 : &table->root6;
}

/* The path down to a prefix. */
struct cidr_path {
	struct cidr_key		key;
	unsigned int		level;			/* of the last slot */
	void __rcu		**slot[MAX_LEVELS + 1];	/* the way from the root */
	unsigned int		place[MAX_LEVELS + 1];	/* in the node at slot[] */
	struct cidr_entry	*entry;			/* found, or NULL */
};

static bool entry_is(const struct cidr_entry *entry, const struct cidr_path *path,
		     unsigned int len)
{
	return entry->len == len && key_covers(entry_key(entry), len, path->key);
}

/*
 * Follows @prefix down as far as the tree goes. The last slot holds nothing,
 * an entry, or a node; in the last case place[] says where in that node the
 * prefix is, or would be.
 */
static void find_path(struct culvert_cidr *table,
		      const struct culvert_prefix *prefix, struct cidr_path *path)
{
	unsigned int depth = 0;

	path->key = prefix_key(prefix);
	path->entry = NULL;
	path->level = 0;
	path->slot[0] = table_root(table, prefix->family);

	for (;; depth += STRIDE) {
		void *slot = deref(table, *path->slot[path->level]);
		struct cidr_node *node = slot;
		void __rcu **next;
		unsigned int place;

		if (!slot)
			return;
		if (is_entry(slot)) {
			if (entry_is(to_entry(slot), path, prefix->len))
				path->entry = to_entry(slot);
			return;
		}

		place = place_of(path->key, prefix->len, depth);
		path->place[path->level] = place;
		if (!node_has(node, place))
			return;
		next = &node->slot[node_index(node, place)];
		if (place < BELOW) {
			path->entry = to_entry(deref(table, *next));
			return;
		}
		path->slot[++path->level] = next;
	}
}

/**
 * culvert_cidr_init() - make an empty table
 * @table: the table
 * @lock: what its writers will hold
 */
void culvert_cidr_init(struct culvert_cidr *table, struct mutex *lock)
{
	*table = (struct culvert_cidr){ .lock = lock };
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_init);

/**
 * culvert_cidr_insert() - give a prefix to a peer
 * @table: the table
 * @prefix: valid family and length
 * @peer: who gets it. Another peer that has it loses it in the same instant.
 *
 * Context: may sleep; table's lock held.
 * Return: 0, or -ENOMEM, and then nothing has changed.
 */
int culvert_cidr_insert(struct culvert_cidr *table,
			const struct culvert_prefix *prefix,
			struct culvert_peer *peer)
{
	struct cidr_entry *entry;
	struct cidr_path path;
	void *old, *new;

	find_path(table, prefix, &path);
	if (path.entry) {
		rcu_assign_pointer(path.entry->peer, peer);
		list_move_tail(&path.entry->list, &peer->allowed_ips);
		return 0;
	}

	entry = entry_alloc(table, prefix, peer);
	if (!entry)
		return -ENOMEM;

	old = deref(table, *path.slot[path.level]);
	if (!old)
		new = entry_slot(entry);
	else if (is_entry(old))
		new = node_pair(table, to_entry(old), entry,
				path.level * STRIDE);
	else
		new = node_with(table, old, path.place[path.level],
				entry_slot(entry));
	if (!new) {
		kmem_cache_free(entry_cache(prefix->len), entry);
		return -ENOMEM;
	}

	list_add_tail(&entry->list, &peer->allowed_ips);
	table->prefixes++;
	table->bytes += kmem_cache_size(entry_cache(entry->len));
	rcu_assign_pointer(*path.slot[path.level], new);
	if (old && !is_entry(old))
		node_free(table, old);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_insert);

/* What would be left of @node without @place, if that is a single entry. */
static void *last_entry(struct culvert_cidr *table,
			const struct cidr_node *node, unsigned int place)
{
	void *slot;

	if (node_slots(node) != 2)
		return NULL;
	slot = deref(table, node->slot[!node_index(node, place)]);
	return is_entry(slot) ? slot : NULL;
}

static void remove_path(struct culvert_cidr *table, struct cidr_path *path)
{
	unsigned int level = path->level;
	struct cidr_node *freed[MAX_LEVELS];
	unsigned int nr = 0;
	void *old, *new;

	old = deref(table, *path->slot[level]);
	if (is_entry(old)) {
		if (!level) {
			rcu_assign_pointer(*path->slot[0], NULL);
			return;
		}
		/* It hangs in the node above. */
		old = deref(table, *path->slot[--level]);
	}

	freed[nr++] = old;
	new = last_entry(table, old, path->place[level]);
	if (!new) {
		new = node_without(table, old, path->place[level]);
	} else {
		/* A lone entry moves up, past nodes that lead only to it. */
		while (level) {
			old = deref(table, *path->slot[level - 1]);
			if (node_slots(old) > 1)
				break;
			freed[nr++] = old;
			level--;
		}
	}
	rcu_assign_pointer(*path->slot[level], new);
	while (nr)
		node_free(table, freed[--nr]);
}

/**
 * culvert_cidr_remove() - take a prefix from a peer
 * @table: the table
 * @prefix: valid family and length
 * @peer: nothing happens unless the prefix is its
 *
 * Context: may sleep; table's lock held.
 */
void culvert_cidr_remove(struct culvert_cidr *table,
			 const struct culvert_prefix *prefix,
			 struct culvert_peer *peer)
{
	struct cidr_path path;

	find_path(table, prefix, &path);
	if (!path.entry || rcu_access_pointer(path.entry->peer) != peer)
		return;

	remove_path(table, &path);
	entry_free(table, path.entry);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_remove);

/**
 * culvert_cidr_remove_by_peer() - take all its prefixes from a peer
 * @table: the table
 * @peer: the peer
 *
 * Context: may sleep; table's lock held.
 */
void culvert_cidr_remove_by_peer(struct culvert_cidr *table,
				 struct culvert_peer *peer)
{
	struct cidr_entry *entry, *next;
	struct culvert_prefix prefix;
	struct cidr_path path;

	list_for_each_entry_safe(entry, next, &peer->allowed_ips, list) {
		culvert_cidr_read(entry, &prefix);
		find_path(table, &prefix, &path);
		if (WARN_ON_ONCE(path.entry != entry))
			continue;
		remove_path(table, &path);
		entry_free(table, entry);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_remove_by_peer);

/* Frees what hangs on @slot, which no reader can reach any more. */
static void free_tree(struct culvert_cidr *table, void *slot)
{
	struct {
		struct cidr_node	*node;
		unsigned int		left;
	} stack[MAX_LEVELS];
	unsigned int top = 0;

	for (;;) {
		if (slot && is_entry(slot)) {
			entry_uncount(table, to_entry(slot));
			kfree(to_entry(slot));
		} else if (slot) {
			stack[top].node = slot;
			stack[top++].left = node_slots(slot);
		}
		while (top && !stack[top - 1].left) {
			node_uncount(table, stack[--top].node);
			kfree(stack[top].node);
			cond_resched();
		}
		if (!top)
			return;
		slot = deref(table,
			     stack[top - 1].node->slot[--stack[top - 1].left]);
	}
}

/**
 * culvert_cidr_free_all() - empty the table
 * @table: the table
 *
 * Takes all prefixes from all peers, in the time that it takes to free them: peers are
 * not looked at, and INIT_LIST_HEAD() of their lists is left to the caller.
 *
 * Context: may sleep; table's lock held.
 */
void culvert_cidr_free_all(struct culvert_cidr *table)
{
	void *old4 = deref(table, table->root4);
	void *old6 = deref(table, table->root6);

	if (!old4 && !old6)
		return;
	rcu_assign_pointer(table->root4, NULL);
	rcu_assign_pointer(table->root6, NULL);
	synchronize_rcu_expedited();
	free_tree(table, old4);
	free_tree(table, old6);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_free_all);

/**
 * culvert_cidr_next() - walk through a peer's prefixes
 * @peer: the peer
 * @entry: the one before, or NULL to begin
 *
 * Context: table's lock held from one to the next.
 * Return: the next one, or NULL at the end.
 */
struct cidr_entry *culvert_cidr_next(struct culvert_peer *peer,
				     struct cidr_entry *entry)
{
	struct list_head *at = entry ? &entry->list : &peer->allowed_ips;

	if (list_is_last(at, &peer->allowed_ips))
		return NULL;
	return list_first_entry(at, struct cidr_entry, list);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_next);

/**
 * culvert_cidr_read() - an entry in the terms of the configuration
 * @entry: the entry
 * @prefix: filled in
 */
void culvert_cidr_read(const struct cidr_entry *entry,
		       struct culvert_prefix *prefix)
{
	struct cidr_key key = entry_key(entry);

	prefix->family = entry->family;
	prefix->len = entry->len;
	if (entry->family == AF_INET) {
		prefix->ip4.s_addr = cpu_to_be32(key.hi >> 32);
	} else {
		put_unaligned_be64(key.hi, &prefix->ip6);
		put_unaligned_be64(key.lo, &prefix->ip6.s6_addr32[2]);
	}
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cidr_read);

/**
 * culvert_cidr_cache_init() - prepare what tables are made of
 *
 * Return: 0 or -ENOMEM.
 */
int culvert_cidr_cache_init(void)
{
	short_cache = kmem_cache_create("culvert_cidr", ENTRY_BYTES(SHORT_BYTES),
					__alignof__(struct cidr_entry), 0, NULL);
	long_cache = kmem_cache_create("culvert_cidr_long",
				       ENTRY_BYTES(sizeof(struct in6_addr)),
				       __alignof__(struct cidr_entry), 0, NULL);
	if (short_cache && long_cache)
		return 0;
	culvert_cidr_cache_exit();
	return -ENOMEM;
}

/**
 * culvert_cidr_cache_exit() - all tables have gone
 */
void culvert_cidr_cache_exit(void)
{
	kmem_cache_destroy(short_cache);
	kmem_cache_destroy(long_cache);
}
