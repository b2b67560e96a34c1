// SPDX-License-Identifier: GPL-2.0
/*
 * What requests may look like: everything that the policies must refuse before
 * the driver looks at it, and what they must let through.
 */
#include <kunit/test.h>
#include <linux/in6.h>
#include <linux/skbuff.h>
#include <net/netlink.h>
#include <uapi/linux/wireguard.h>

#include "../netlink.h"
#include "../wire.h"

#define MESSAGE_MAX	8192

struct netlink_test {
	struct sk_buff	*skb;
	bool		whole;		/* not the policy alone */
	u8		bytes[256] __aligned(8);
};

/* As generic netlink looks at a request of this family, and then the driver. */
static int parse(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *attrs[WGDEVICE_A_PEERS + 1];
	struct netlink_ext_ack extack = {};
	int err;

	err = __nla_parse(attrs, WGDEVICE_A_PEERS, (void *)t->skb->data,
			  t->skb->len, culvert_set_policy, NL_VALIDATE_STRICT,
			  &extack);
	if (!err && t->whole && attrs[WGDEVICE_A_PEERS])
		err = culvert_netlink_check_peers(attrs[WGDEVICE_A_PEERS],
						  &extack);
	if (err) {
		KUNIT_EXPECT_NOT_NULL_MSG(test, extack._msg,
					  "refused without a word");
	}
	skb_trim(t->skb, 0);
	return err;
}

static void put(struct kunit *test, int type, unsigned int len)
{
	struct netlink_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0, nla_put(t->skb, type, len, t->bytes));
}

static struct nlattr *nest(struct kunit *test, int type)
{
	struct netlink_test *t = test->priv;
	struct nlattr *attr = nla_nest_start(t->skb, type);

	KUNIT_ASSERT_NOT_NULL(test, attr);
	return attr;
}

static void unnest(struct kunit *test, struct nlattr *attr)
{
	struct netlink_test *t = test->priv;

	nla_nest_end(t->skb, attr);
}

/* One attribute alone in the request. */
static int device_attr(struct kunit *test, int type, unsigned int len)
{
	put(test, type, len);
	return parse(test);
}

/* One attribute of a peer. */
static int peer_attr(struct kunit *test, int type, unsigned int len)
{
	struct nlattr *peers = nest(test, WGDEVICE_A_PEERS);
	struct nlattr *peer = nest(test, 0);

	put(test, type, len);
	unnest(test, peer);
	unnest(test, peers);
	return parse(test);
}

/* One attribute of an allowed IP. */
static int allowedip_attr(struct kunit *test, int type, unsigned int len)
{
	struct nlattr *peers = nest(test, WGDEVICE_A_PEERS);
	struct nlattr *peer = nest(test, 0);
	struct nlattr *ips = nest(test, WGPEER_A_ALLOWEDIPS);
	struct nlattr *ip = nest(test, 0);

	put(test, type, len);
	unnest(test, ip);
	unnest(test, ips);
	unnest(test, peer);
	unnest(test, peers);
	return parse(test);
}

struct length_case {
	int		type;
	unsigned int	least;
	unsigned int	most;
};

typedef int (*attr_fn)(struct kunit *test, int type, unsigned int len);

static void check_lengths(struct kunit *test, attr_fn attr,
			  const struct length_case *cases, unsigned int nr)
{
	unsigned int i, len;

	for (i = 0; i < nr; i++) {
		for (len = 0; len <= 64; len++) {
			bool fits = len >= cases[i].least && len <= cases[i].most;

			KUNIT_EXPECT_EQ_MSG(test, fits, !attr(test, cases[i].type, len),
					    "type %d length %u", cases[i].type, len);
		}
	}
}

static void netlink_device_lengths(struct kunit *test)
{
	static const struct length_case cases[] = {
		{ WGDEVICE_A_IFINDEX, 4, 4 },
		{ WGDEVICE_A_PRIVATE_KEY, 32, 32 },
		{ WGDEVICE_A_PUBLIC_KEY, 32, 32 },
		{ WGDEVICE_A_FLAGS, 4, 4 },
		{ WGDEVICE_A_LISTEN_PORT, 2, 2 },
		{ WGDEVICE_A_FWMARK, 4, 4 },
		/* A name is at most 15 characters and ends with a zero. */
		{ WGDEVICE_A_IFNAME, 1, 16 },
	};

	check_lengths(test, device_attr, cases, ARRAY_SIZE(cases));
}

static void netlink_peer_lengths(struct kunit *test)
{
	static const struct length_case cases[] = {
		{ WGPEER_A_PUBLIC_KEY, 32, 32 },
		{ WGPEER_A_PRESHARED_KEY, 32, 32 },
		{ WGPEER_A_FLAGS, 4, 4 },
		{ WGPEER_A_ENDPOINT, 16, 64 },
		{ WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, 2, 2 },
		{ WGPEER_A_LAST_HANDSHAKE_TIME, 16, 16 },
		{ WGPEER_A_RX_BYTES, 8, 8 },
		{ WGPEER_A_TX_BYTES, 8, 8 },
		{ WGPEER_A_PROTOCOL_VERSION, 4, 4 },
	};

	check_lengths(test, peer_attr, cases, ARRAY_SIZE(cases));
}

static void netlink_allowedip_lengths(struct kunit *test)
{
	static const struct length_case cases[] = {
		{ WGALLOWEDIP_A_FAMILY, 2, 2 },
		{ WGALLOWEDIP_A_IPADDR, 4, 64 },
		{ WGALLOWEDIP_A_CIDR_MASK, 1, 1 },
		{ WGALLOWEDIP_A_FLAGS, 4, 4 },
	};

	check_lengths(test, allowedip_attr, cases, ARRAY_SIZE(cases));
}

/* Flags that nobody knows mean something that nobody has asked for. */
static void netlink_flags(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	u32 *flags = (u32 *)t->bytes;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		*flags = BIT(bit);
		KUNIT_EXPECT_EQ(test, bit < 1,
				!device_attr(test, WGDEVICE_A_FLAGS, 4));
		KUNIT_EXPECT_EQ(test, bit < 3,
				!peer_attr(test, WGPEER_A_FLAGS, 4));
		KUNIT_EXPECT_EQ(test, bit < 1,
				!allowedip_attr(test, WGALLOWEDIP_A_FLAGS, 4));
	}
}

static void netlink_mask(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	unsigned int mask;

	for (mask = 0; mask < 256; mask++) {
		t->bytes[0] = mask;
		KUNIT_EXPECT_EQ(test, mask <= 128,
				!allowedip_attr(test, WGALLOWEDIP_A_CIDR_MASK, 1));
	}
}

static void netlink_name(struct kunit *test)
{
	struct netlink_test *t = test->priv;

	memset(t->bytes, 'x', 32);
	KUNIT_EXPECT_NE(test, 0, device_attr(test, WGDEVICE_A_IFNAME, 16));
	t->bytes[15] = 0;
	KUNIT_EXPECT_EQ(test, 0, device_attr(test, WGDEVICE_A_IFNAME, 16));
	t->bytes[15] = 'x';
	t->bytes[16] = 0;
	KUNIT_EXPECT_NE(test, 0, device_attr(test, WGDEVICE_A_IFNAME, 17));
}

static void netlink_unknown(struct kunit *test)
{
	int type;

	for (type = WGDEVICE_A_PEERS + 1; type < 64; type++)
		KUNIT_EXPECT_NE(test, 0, device_attr(test, type, 4));
	for (type = WGPEER_A_PROTOCOL_VERSION + 1; type < 64; type++)
		KUNIT_EXPECT_NE(test, 0, peer_attr(test, type, 4));
	for (type = WGALLOWEDIP_A_FLAGS + 1; type < 64; type++)
		KUNIT_EXPECT_NE(test, 0, allowedip_attr(test, type, 4));
}

/* Something flat where a nest belongs, and a nest without the mark of one. */
static void netlink_nests(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *peers;

	KUNIT_EXPECT_NE(test, 0, device_attr(test, WGDEVICE_A_PEERS, 3));
	peers = nla_nest_start_noflag(t->skb, WGDEVICE_A_PEERS);
	unnest(test, peers);
	KUNIT_EXPECT_NE(test, 0, parse(test));

	peers = nest(test, WGDEVICE_A_PEERS);
	put(test, 0, 5);
	unnest(test, peers);
	KUNIT_EXPECT_NE(test, 0, parse(test));

	peers = nest(test, WGDEVICE_A_PEERS);
	unnest(test, peers);
	KUNIT_EXPECT_EQ(test, 0, parse(test));
}

/* Cut off anywhere, a request is refused unless an attribute just ended. */
static void netlink_truncated(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *attrs[WGDEVICE_A_PEERS + 1];
	unsigned int first, len;
	int err;

	put(test, WGDEVICE_A_IFINDEX, 4);
	first = t->skb->len;
	put(test, WGDEVICE_A_PRIVATE_KEY, 32);
	for (len = 1; len < t->skb->len; len++) {
		err = __nla_parse(attrs, WGDEVICE_A_PEERS, (void *)t->skb->data,
				  len, culvert_set_policy, NL_VALIDATE_STRICT,
				  NULL);
		KUNIT_EXPECT_EQ_MSG(test, len == first, !err, "length %u", len);
	}
	skb_trim(t->skb, 0);
}

/* A nest that says that it is longer than what holds it. */
static void netlink_lying_nest(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *peers, *peer, *ips, *ip;
	unsigned int lie;

	t->whole = true;
	for (lie = 0; lie < 6; lie++) {
		peers = nest(test, WGDEVICE_A_PEERS);
		peer = nest(test, 0);
		put(test, WGPEER_A_PUBLIC_KEY, 32);
		ips = nest(test, WGPEER_A_ALLOWEDIPS);
		ip = nest(test, 0);
		*(u16 *)t->bytes = AF_INET;
		put(test, WGALLOWEDIP_A_FAMILY, 2);
		put(test, WGALLOWEDIP_A_IPADDR, 4);
		*(u16 *)t->bytes = 0;
		put(test, WGALLOWEDIP_A_CIDR_MASK, 1);
		unnest(test, ip);
		unnest(test, ips);
		unnest(test, peer);
		unnest(test, peers);
		if (lie == 1)
			ip->nla_len += 4;
		else if (lie == 2)
			ip->nla_len = NLA_HDRLEN - 1;
		else if (lie == 3)
			ips->nla_len += 4;
		else if (lie == 4)
			peer->nla_len += 4;
		else if (lie == 5)
			peer->nla_len = NLA_HDRLEN - 1;
		KUNIT_EXPECT_EQ_MSG(test, !lie, !parse(test), "lie %u", lie);
	}
}

/* A list of two peers, of which the second is given here. */
static struct nlattr *second_peer(struct kunit *test, struct nlattr **peers)
{
	struct nlattr *peer;

	*peers = nest(test, WGDEVICE_A_PEERS);
	peer = nest(test, 0);
	put(test, WGPEER_A_PUBLIC_KEY, 32);
	unnest(test, peer);
	return nest(test, 0);
}

static int check(struct kunit *test, struct nlattr *peers, struct nlattr *peer)
{
	unnest(test, peer);
	unnest(test, peers);
	return parse(test);
}

static void netlink_peer_without_key(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *peers, *peer;

	t->whole = true;
	peer = second_peer(test, &peers);
	KUNIT_EXPECT_EQ(test, -EINVAL, check(test, peers, peer));
	peer = second_peer(test, &peers);
	put(test, WGPEER_A_FLAGS, 4);
	KUNIT_EXPECT_EQ(test, -EINVAL, check(test, peers, peer));
	peer = second_peer(test, &peers);
	put(test, WGPEER_A_PUBLIC_KEY, 32);
	KUNIT_EXPECT_EQ(test, 0, check(test, peers, peer));
}

static void netlink_version(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *peers, *peer;
	u32 version;

	t->whole = true;
	for (version = 0; version < 4; version++) {
		peer = second_peer(test, &peers);
		put(test, WGPEER_A_PUBLIC_KEY, 32);
		*(u32 *)t->bytes = version;
		put(test, WGPEER_A_PROTOCOL_VERSION, 4);
		KUNIT_EXPECT_EQ(test, version == 1 ? 0 : -EPFNOSUPPORT,
				check(test, peers, peer));
	}
}

static void netlink_endpoint(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *peers, *peer;
	unsigned int family, len;

	t->whole = true;
	for (family = 0; family < 16; family++) {
		for (len = 16; len < 64; len++) {
			bool fits = (family == AF_INET && len == 16) ||
				    (family == AF_INET6 && len == 28);

			peer = second_peer(test, &peers);
			put(test, WGPEER_A_PUBLIC_KEY, 32);
			*(u16 *)t->bytes = family;
			put(test, WGPEER_A_ENDPOINT, len);
			KUNIT_EXPECT_EQ_MSG(test, fits ? 0 : -EINVAL,
					    check(test, peers, peer),
					    "family %u length %u", family, len);
		}
	}
}

static void netlink_allowedip(struct kunit *test)
{
	static const unsigned int lengths[] = { 4, 8, 16, 17 };
	struct netlink_test *t = test->priv;
	struct nlattr *peers, *peer, *ips, *ip;
	unsigned int family, mask, i, leave;

	t->whole = true;
	for (family = 0; family < 16; family++) {
		for (mask = 0; mask <= 128; mask++) {
			i = mask % ARRAY_SIZE(lengths);
			peer = second_peer(test, &peers);
			put(test, WGPEER_A_PUBLIC_KEY, 32);
			ips = nest(test, WGPEER_A_ALLOWEDIPS);
			ip = nest(test, 0);
			*(u16 *)t->bytes = family;
			put(test, WGALLOWEDIP_A_FAMILY, 2);
			put(test, WGALLOWEDIP_A_IPADDR, lengths[i]);
			t->bytes[0] = mask;
			put(test, WGALLOWEDIP_A_CIDR_MASK, 1);
			unnest(test, ip);
			unnest(test, ips);
			KUNIT_EXPECT_EQ_MSG(test,
					    (family == AF_INET && lengths[i] == 4 && mask <= 32) ||
					    (family == AF_INET6 && lengths[i] == 16),
					    !check(test, peers, peer),
					    "family %u mask %u length %u",
					    family, mask, lengths[i]);
		}
	}

	/* Each of the three has to be there. */
	for (leave = 0; leave < 4; leave++) {
		peer = second_peer(test, &peers);
		put(test, WGPEER_A_PUBLIC_KEY, 32);
		ips = nest(test, WGPEER_A_ALLOWEDIPS);
		ip = nest(test, 0);
		*(u16 *)t->bytes = AF_INET;
		if (leave != 1)
			put(test, WGALLOWEDIP_A_FAMILY, 2);
		if (leave != 2)
			put(test, WGALLOWEDIP_A_IPADDR, 4);
		if (leave != 3)
			put(test, WGALLOWEDIP_A_CIDR_MASK, 1);
		unnest(test, ip);
		unnest(test, ips);
		KUNIT_EXPECT_EQ(test, leave ? -EINVAL : 0,
				check(test, peers, peer));
	}
}

/*
 * An attribute that is there twice: the last one counts, as everywhere in
 * netlink. Each of them is looked at.
 */
static void netlink_duplicates(struct kunit *test)
{
	struct netlink_test *t = test->priv;
	struct nlattr *attrs[WGDEVICE_A_PEERS + 1], *peers, *peer;
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		*(u32 *)t->bytes = i;
		put(test, WGDEVICE_A_FWMARK, 4);
	}
	KUNIT_ASSERT_EQ(test, 0,
			__nla_parse(attrs, WGDEVICE_A_PEERS, (void *)t->skb->data,
				    t->skb->len, culvert_set_policy,
				    NL_VALIDATE_STRICT, NULL));
	KUNIT_EXPECT_EQ(test, 3, nla_get_u32(attrs[WGDEVICE_A_FWMARK]));
	skb_trim(t->skb, 0);

	/* The first of two is no better for having a good one behind it. */
	put(test, WGDEVICE_A_FWMARK, 3);
	put(test, WGDEVICE_A_FWMARK, 4);
	KUNIT_EXPECT_NE(test, 0, parse(test));
	put(test, WGDEVICE_A_LISTEN_PORT, 2);
	put(test, WGDEVICE_A_LISTEN_PORT, 4);
	KUNIT_EXPECT_NE(test, 0, parse(test));

	t->whole = true;
	peer = second_peer(test, &peers);
	put(test, WGPEER_A_PUBLIC_KEY, 32);
	put(test, WGPEER_A_PUBLIC_KEY, 32);
	KUNIT_EXPECT_EQ(test, 0, check(test, peers, peer));
	peer = second_peer(test, &peers);
	put(test, WGPEER_A_PUBLIC_KEY, 32);
	put(test, WGPEER_A_PUBLIC_KEY, 31);
	KUNIT_EXPECT_NE(test, 0, check(test, peers, peer));
	peer = second_peer(test, &peers);
	put(test, WGPEER_A_PUBLIC_KEY, 31);
	put(test, WGPEER_A_PUBLIC_KEY, 32);
	KUNIT_EXPECT_NE(test, 0, check(test, peers, peer));
}

/* Nests in nests, where there is nothing more to be nested. */
static void netlink_too_deep(struct kunit *test)
{
	struct nlattr *nests[64];
	unsigned int depth, type, i;

	for (type = WGALLOWEDIP_A_FAMILY; type <= WGALLOWEDIP_A_FLAGS + 1; type++) {
		for (depth = 1; depth <= ARRAY_SIZE(nests) - 4; depth++) {
			nests[0] = nest(test, WGDEVICE_A_PEERS);
			nests[1] = nest(test, 0);
			put(test, WGPEER_A_PUBLIC_KEY, 32);
			nests[2] = nest(test, WGPEER_A_ALLOWEDIPS);
			nests[3] = nest(test, 0);
			for (i = 4; i < 4 + depth; i++)
				nests[i] = nest(test, type);
			put(test, WGALLOWEDIP_A_FLAGS, 4);
			while (i--)
				unnest(test, nests[i]);
			KUNIT_EXPECT_NE_MSG(test, 0, parse(test),
					    "type %u depth %u", type, depth);
		}
	}
	/* Peers in a peer, allowed IPs in allowed IPs. */
	for (type = WGDEVICE_A_IFINDEX; type <= WGDEVICE_A_PEERS; type++) {
		for (depth = 3; depth <= ARRAY_SIZE(nests); depth++) {
			for (i = 0; i < depth; i++)
				nests[i] = nest(test, i & 1 ? 0 : type);
			put(test, type, 4);
			while (i--)
				unnest(test, nests[i]);
			KUNIT_EXPECT_NE_MSG(test, 0, parse(test),
					    "type %u depth %u", type, depth);
		}
	}
}

static int netlink_test_init(struct kunit *test)
{
	struct netlink_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->skb = alloc_skb(MESSAGE_MAX, GFP_KERNEL);
	if (!t->skb)
		return -ENOMEM;
	test->priv = t;
	return 0;
}

static void netlink_test_exit(struct kunit *test)
{
	struct netlink_test *t = test->priv;

	if (t)
		kfree_skb(t->skb);
}

static struct kunit_case netlink_cases[] = {
	KUNIT_CASE(netlink_device_lengths),
	KUNIT_CASE(netlink_peer_lengths),
	KUNIT_CASE(netlink_allowedip_lengths),
	KUNIT_CASE(netlink_flags),
	KUNIT_CASE(netlink_mask),
	KUNIT_CASE(netlink_name),
	KUNIT_CASE(netlink_unknown),
	KUNIT_CASE(netlink_nests),
	KUNIT_CASE(netlink_truncated),
	KUNIT_CASE(netlink_lying_nest),
	KUNIT_CASE(netlink_peer_without_key),
	KUNIT_CASE(netlink_version),
	KUNIT_CASE(netlink_endpoint),
	KUNIT_CASE(netlink_allowedip),
	KUNIT_CASE(netlink_duplicates),
	KUNIT_CASE(netlink_too_deep),
	{}
};

static struct kunit_suite netlink_suite = {
	.name		= "culvert_netlink",
	.init		= netlink_test_init,
	.exit		= netlink_test_exit,
	.test_cases	= netlink_cases,
};

kunit_test_suite(netlink_suite);
