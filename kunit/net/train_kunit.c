// SPDX-License-Identifier: GPL-2.0
/*
 * Trains against the stack's own segmentation: what is cut of a superpacket,
 * sealed and opened is what skb_gso_segment() makes of it, byte for byte; and
 * what is joined of that comes apart into the same packets again.
 */
#include <kunit/test.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/gso.h>
#include <net/ip6_checksum.h>
#include <net/ip.h>

#include "train.h"

#define ROUNDS		600
#define AREA_ORDER	get_order(SZ_128K)
#define HEADROOM	96

static const u8 key[CHACHA20POLY1305_KEY_BYTES] = { 0x63, 0x75, 0x6c, 0x76 };

/* A packet, before it is an skb. */
struct packet {
	bool		ipv4;
	bool		tcp;
	unsigned int	thoff;
	unsigned int	hlen;
	unsigned int	len;
	unsigned int	mss;	/* 0: not a superpacket */
	unsigned int	type;
};

struct train_test {
	struct rnd_state	rnd;
	struct packet		packet;
	struct train_group	group;
	struct train_text	texts[TRAIN_MESSAGES_MAX];
	unsigned int		nr;
	unsigned int		joined;
	struct page		*pages[3];
	u8			*flat;
	u8			*sealed;
	u8			*opened;
};

static u32 below(struct train_test *t, u32 limit)
{
	return prandom_u32_state(&t->rnd) % limit;
}

static bool one_in(struct train_test *t, u32 n)
{
	return !below(t, n);
}

static void write_network(struct train_test *t)
{
	struct packet *p = &t->packet;
	u8 proto = p->tcp ? IPPROTO_TCP : IPPROTO_UDP;

	prandom_bytes_state(&t->rnd, t->flat, p->len);
	if (p->ipv4) {
		struct iphdr *ip = (struct iphdr *)t->flat;

		memset(ip + 1, IPOPT_NOOP, p->thoff - sizeof(*ip));
		ip->version = 4;
		ip->ihl = p->thoff / 4;
		ip->frag_off = htons(below(t, 2) * IP_DF);
		ip->protocol = proto;
		ip->tot_len = htons(p->len);
		ip_send_check(ip);
	} else {
		struct ipv6hdr *ip6 = (struct ipv6hdr *)t->flat;
		u8 *option = (u8 *)(ip6 + 1);

		ip6->version = 6;
		ip6->payload_len = p->len > U16_MAX ? 0 : htons(p->len - sizeof(*ip6));
		ip6->nexthdr = proto;
		if (p->thoff > sizeof(*ip6)) {
			ip6->nexthdr = NEXTHDR_DEST;
			memset(option, 0, 8);
			option[0] = proto;
			option[2] = IPV6_TLV_PADN;
			option[3] = 4;
		}
	}
}

/* As CHECKSUM_PARTIAL wants it: the pseudo-header's sum. */
static __sum16 pseudo_sum(const struct packet *p, const u8 *flat)
{
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)flat;
	const struct iphdr *ip = (const struct iphdr *)flat;
	u8 proto = p->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	u32 len = p->len - p->thoff;

	if (p->ipv4)
		return ~csum_tcpudp_magic(ip->saddr, ip->daddr, len, proto, 0);
	return ~csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len, proto, 0);
}

static void write_transport(struct train_test *t)
{
	struct packet *p = &t->packet;

	if (p->tcp) {
		struct tcphdr *th = (struct tcphdr *)(t->flat + p->thoff);

		tcp_flag_word(th) &= htonl(U16_MAX);
		th->doff = (p->hlen - p->thoff) / 4;
		th->ack = 1;
		th->psh = below(t, 2);
		th->fin = one_in(t, 4);
		th->ece = one_in(t, 4);
		th->cwr = one_in(t, 4);
		th->urg = one_in(t, 16);
		th->check = pseudo_sum(p, t->flat);
	} else {
		struct udphdr *uh = (struct udphdr *)(t->flat + p->thoff);

		uh->len = htons(p->len - p->thoff);
		uh->check = pseudo_sum(p, t->flat);
	}
}

/* Any superpacket that the stack can segment. */
static void make_packet(struct train_test *t)
{
	struct packet *p = &t->packet;
	unsigned int nr = 2 + below(t, TRAIN_MESSAGES_MAX - 1), most = 65535;

	p->ipv4 = below(t, 2);
	p->tcp = !one_in(t, 4);
	p->thoff = p->ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	if (one_in(t, 4))
		p->thoff += p->ipv4 ? 4 + 4 * below(t, 10) : 8;
	p->hlen = p->thoff + sizeof(struct udphdr);
	if (p->tcp)
		p->hlen = p->thoff + 20 + (one_in(t, 2) ? 12 : 4 * below(t, 11));
	/* BIG TCP has no jumbo option any more. */
	if (p->tcp && !p->ipv4 && one_in(t, 4))
		most = 100000;
	most = (most - p->hlen) / nr;
	p->mss = 1 + below(t, min(most, one_in(t, 2) ? 1500U : 9000U));
	p->len = p->hlen + (nr - 1) * p->mss + 1 + below(t, p->mss);

	p->type = SKB_GSO_UDP_L4;
	if (p->tcp) {
		p->type = p->ipv4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
		p->type |= one_in(t, 4) ? SKB_GSO_TCP_ACCECN : SKB_GSO_TCP_ECN;
		if (p->ipv4 && one_in(t, 2))
			p->type |= SKB_GSO_TCP_FIXEDID;
	}
	write_network(t);
	write_transport(t);
}

/* Data of @skb from @pos on, in pages of @tail, which is it or in its list. */
static unsigned int add_frag(struct train_test *t, struct sk_buff *skb,
			     struct sk_buff *tail, unsigned int pos)
{
	unsigned int most = one_in(t, 8) ? 5 : PAGE_SIZE;
	unsigned int size = min(t->packet.len - pos, 1 + below(t, most));
	unsigned int at = below(t, PAGE_SIZE - size + 1);
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);

	memcpy(page_address(page) + at, t->flat + pos, size);
	skb_add_rx_frag(tail, skb_shinfo(tail)->nr_frags, page, at, size,
			PAGE_SIZE);
	if (tail != skb) {
		skb->len += size;
		skb->data_len += size;
		skb->truesize += PAGE_SIZE;
	}
	return pos + size;
}

/* @linear bytes in the head, the rest in pages and, if need be, in a list. */
static struct sk_buff *make_skb(struct kunit *test, unsigned int linear,
				unsigned int frags)
{
	struct train_test *t = test->priv;
	struct packet *p = &t->packet;
	struct sk_buff *skb, *tail;
	unsigned int pos = linear;

	skb = alloc_skb(HEADROOM + linear, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, HEADROOM);
	skb_put_data(skb, t->flat, linear);
	tail = skb;
	while (pos < p->len) {
		if (skb_shinfo(tail)->nr_frags >= frags) {
			unsigned int part = below(t, 2) * below(t, 300);
			struct sk_buff *more = alloc_skb(300, GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, more);
			part = min(part, p->len - pos);
			skb_put_data(more, t->flat + pos, part);
			skb->len += part;
			skb->data_len += part;
			skb->truesize += more->truesize;
			pos += part;
			if (tail == skb)
				skb_shinfo(skb)->frag_list = more;
			else
				tail->next = more;
			tail = more;
			continue;
		}
		pos = add_frag(t, skb, tail, pos);
	}

	skb->protocol = htons(p->ipv4 ? ETH_P_IP : ETH_P_IPV6);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + p->thoff;
	skb->csum_offset = p->tcp ? offsetof(struct tcphdr, check) :
				    offsetof(struct udphdr, check);
	skb_shinfo(skb)->gso_size = p->mss;
	skb_shinfo(skb)->gso_type = p->type;
	if (p->mss)
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(p->len - p->hlen, p->mss);
	return skb;
}

static struct sk_buff *make_any_skb(struct kunit *test)
{
	struct train_test *t = test->priv;
	struct packet *p = &t->packet;
	unsigned int linear;

	switch (below(t, 4)) {
	case 0:
		linear = p->len;
		break;
	case 1:
		linear = p->hlen;
		break;
	case 2:	/* The transport header is not linear. */
		linear = p->thoff;
		break;
	default:
		linear = p->hlen + below(t, p->len - p->hlen);
		break;
	}
	return make_skb(test, linear, 1 + below(t, MAX_SKB_FRAGS));
}

/* What the stack makes of a superpacket, with checksums filled in. */
static struct sk_buff *oracle(struct kunit *test, struct sk_buff *skb,
			      netdev_features_t features)
{
	struct packet *p = &((struct train_test *)test->priv)->packet;
	struct sk_buff *segs, *seg;

	skb_reset_network_header(skb);
	segs = skb_gso_segment(skb, features | NETIF_F_HW_CSUM);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR_OR_NULL(segs),
			       "%pe: %u bytes, headers %u + %u, MSS %u, type %x",
			       segs, p->len, p->thoff, p->hlen - p->thoff,
			       p->mss, p->type);
	for (seg = segs; seg; seg = seg->next)
		if (seg->ip_summed == CHECKSUM_PARTIAL)
			KUNIT_ASSERT_EQ(test, skb_checksum_help(seg), 0);
	return segs;
}

static void expect_same(struct kunit *test, struct sk_buff *skb,
			const struct train_text *text, const char *what)
{
	struct train_test *t = test->priv;
	struct packet *p = &t->packet;
	unsigned int i = text - t->texts;

	KUNIT_ASSERT_EQ(test, skb->len, text->len);
	KUNIT_ASSERT_EQ(test, skb_linearize(skb), 0);
	KUNIT_ASSERT_TRUE_MSG(test, !memcmp(skb->data, text->data, text->len),
			      "%s: packet %u of %u, IPv%d %s, headers %u + %u, MSS %u, type %x\n"
			      "stack %*ph\ntrain %*ph", what, i, t->nr,
			      p->ipv4 ? 4 : 6, p->tcp ? "TCP" : "UDP", p->thoff,
			      p->hlen - p->thoff, p->mss, p->type,
			      min(64, (int)text->len), skb->data,
			      min(64, (int)text->len), text->data);
}

/* Cuts, seals and opens; t->texts are the plaintexts without padding. */
static void through_train(struct kunit *test, struct sk_buff *skb,
			  unsigned int mtu)
{
	struct train_test *t = test->priv;
	struct train_group *group = &t->group;
	u8 *sealed = t->sealed, *opened = t->opened;
	struct kvec src[TRAIN_GROUP];
	struct train_cut cut;
	unsigned int i, nr;

	KUNIT_ASSERT_EQ(test, train_cut_begin(&cut, skb), 0);
	nr = train_cut_count(&cut);
	for (t->nr = 0; cut.left; t->nr += group->nr) {
		struct train_text *text = &t->texts[t->nr];

		group->nr = 0;
		group->nr_frags = 0;
		KUNIT_ASSERT_EQ(test, train_cut_count(&cut), nr - t->nr);
		while (cut.left && group->nr < TRAIN_GROUP) {
			struct chacha20poly1305_msg *msg = &group->msgs[group->nr];
			unsigned int len = train_cut_size(&cut);
			int ret = train_cut_next(&cut, group, mtu);

			if (ret == -ENOSPC && group->nr)
				break;
			KUNIT_ASSERT_EQ(test, ret, train_pad(len, mtu));
			KUNIT_ASSERT_EQ(test, msg->len, ret);
			KUNIT_ASSERT_EQ(test, msg->pad, ret - len);
			msg->dst = sealed;
			msg->ad_len = 0;
			msg->salt = 0;
			msg->nonce = t->nr + group->nr;
			sealed += ret + CHACHA20POLY1305_TAG_BYTES;
			text[group->nr - 1].len = len;
		}
		KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_seal_batch(group->msgs,
								     group->nr, key));
		for (i = 0; i < group->nr; i++) {
			struct chacha20poly1305_msg *msg = &group->msgs[i];

			src[i].iov_base = msg->dst;
			src[i].iov_len = msg->len + CHACHA20POLY1305_TAG_BYTES;
			msg->src = &src[i];
			msg->nr_src = 1;
			msg->pad = 0;
			msg->flags = 0;
			msg->dst = opened;
			text[i].data = opened;
			opened += msg->len;
		}
		KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_open_batch(group->msgs,
								     group->nr, key));
		for (i = 0; i < group->nr; i++)
			KUNIT_EXPECT_NULL(test, memchr_inv(text[i].data + text[i].len, 0,
							   group->msgs[i].len - text[i].len));
	}
	KUNIT_EXPECT_EQ(test, t->nr, nr);
}

/* Joins t->texts, and takes apart what was joined. */
static void through_join(struct kunit *test, netdev_features_t features)
{
	struct train_test *t = test->priv;
	unsigned int i, k, run;

	for (i = 0; i < t->nr; i += run) {
		struct sk_buff *skb, *segs, *seg;

		run = train_join_run(&t->texts[i], t->nr - i);
		KUNIT_ASSERT_GE(test, run, 1);
		KUNIT_ASSERT_LE(test, run, t->nr - i);
		skb = train_join(&t->texts[i], run);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb->protocol = htons(t->packet.ipv4 ? ETH_P_IP : ETH_P_IPV6);
		if (run == 1) {
			KUNIT_EXPECT_FALSE(test, skb_is_gso(skb));
			expect_same(test, skb, &t->texts[i], "alone");
			kfree_skb(skb);
			continue;
		}
		t->joined += run;
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_segs, run);
		KUNIT_EXPECT_LE(test, skb->len, U16_MAX);
		segs = oracle(test, skb, features);
		for (seg = segs, k = 0; seg; seg = seg->next, k++) {
			KUNIT_ASSERT_LT(test, k, run);
			expect_same(test, seg, &t->texts[i + k], "joined");
		}
		KUNIT_EXPECT_EQ(test, k, run);
		kfree_skb_list(segs);
		kfree_skb(skb);
	}
}

static void train_cut_and_join(struct kunit *test)
{
	static const unsigned int mtus[] = { 0, 1, 68, 1280, 1420, 65535 };
	struct train_test *t = test->priv;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		struct sk_buff *skb, *copy, *segs, *seg;
		unsigned int i = 0;

		make_packet(t);
		skb = make_any_skb(test);
		KUNIT_ASSERT_EQ(test, skb->len, t->packet.len);
		copy = skb_copy(skb, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		through_train(test, skb, mtus[below(t, ARRAY_SIZE(mtus))]);

		segs = oracle(test, copy, 0);
		for (seg = segs; seg; seg = seg->next) {
			KUNIT_ASSERT_LT(test, i, t->nr);
			expect_same(test, seg, &t->texts[i++], "cut");
		}
		KUNIT_EXPECT_EQ(test, i, t->nr);
		kfree_skb_list(segs);
		kfree_skb(copy);
		kfree_skb(skb);

		through_join(test, below(t, 2) * NETIF_F_SG);
		/* It has let go of the plaintexts' pages. */
		KUNIT_EXPECT_EQ(test, page_count(t->pages[2]), 1);
	}
	/* It did not get by without joining. */
	KUNIT_EXPECT_GT(test, t->joined, ROUNDS * 16);
}

/* A packet that is one message: its checksum is filled in on the way. */
static void train_cut_one(struct kunit *test)
{
	struct train_test *t = test->priv;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		struct sk_buff *skb, *copy;

		make_packet(t);
		t->packet.mss = 0;
		t->packet.type = 0;
		skb = make_any_skb(test);
		if (one_in(t, 4))
			skb->ip_summed = CHECKSUM_NONE;
		else if (skb_headlen(skb) >= t->packet.hlen && one_in(t, 4))
			/* An odd place: summed beforehand. */
			skb->csum_start -= 3;
		copy = skb_copy(skb, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		if (copy->ip_summed == CHECKSUM_PARTIAL)
			KUNIT_ASSERT_EQ(test, skb_checksum_help(copy), 0);
		through_train(test, skb, 1420);
		KUNIT_EXPECT_EQ(test, t->nr, 1);
		expect_same(test, copy, t->texts, "one");
		kfree_skb(copy);
		kfree_skb(skb);
	}
}

/* More pieces than a group has places for: nothing of the message is taken. */
static void train_cut_many_pieces(struct kunit *test)
{
	struct train_test *t = test->priv;
	struct train_group *group = &t->group;
	struct train_cut cut, before;
	struct sk_buff *skb;
	int ret;

	do {
		make_packet(t);
	} while (!t->packet.tcp || t->packet.mss < 400);
	skb = make_skb(test, t->packet.hlen, 4);
	KUNIT_ASSERT_EQ(test, train_cut_begin(&cut, skb), 0);
	group->nr = 3;
	for (group->nr_frags = TRAIN_FRAGS - 1; group->nr_frags <= TRAIN_FRAGS;
	     group->nr_frags++) {
		before = cut;
		KUNIT_EXPECT_EQ(test, train_cut_next(&cut, group, 0), -ENOSPC);
		KUNIT_EXPECT_MEMEQ(test, &cut, &before, sizeof(cut));
		KUNIT_EXPECT_EQ(test, group->nr, 3);
	}
	/* An skb that ends early. */
	group->nr_frags = 0;
	cut.left = cut.mss * 200;
	do {
		group->nr = 0;
		group->nr_frags = 0;
		ret = train_cut_next(&cut, group, 0);
	} while (ret > 0);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	kfree_skb(skb);
}

enum lie {
	DOFF_SHORT, DOFF_LONG, PAST_END, NO_PAYLOAD, IHL_MORE, IHL_LESS, FRAGMENT,
	CSUM_PLACE, OTHER_FAMILY, OTHER_PROTOCOL, NO_TYPE, BY_FRAGS, TUNNEL,
	NO_PARTIAL, ODD_PLACE, LONG_HEADER, NR_LIES,
};

static int tell(struct sk_buff *skb, struct packet *p, enum lie lie)
{
	struct tcphdr *th = (struct tcphdr *)(skb->data + p->thoff);
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	struct iphdr *ip = (struct iphdr *)skb->data;

	switch (lie) {
	case DOFF_SHORT:
		th->doff = 4;
		return -EINVAL;
	case DOFF_LONG:
		__skb_trim(skb, p->thoff + 24);
		th->doff = 15;
		return -EINVAL;
	case PAST_END:
		skb->csum_start = skb_headroom(skb) + skb->len - 12;
		return p->len - 12 > TRAIN_HEADER_MAX ? -EINVAL : -EOPNOTSUPP;
	case NO_PAYLOAD:
		__skb_trim(skb, p->hlen);
		return -EINVAL;
	case IHL_MORE:
		ip->ihl++;
		return -EINVAL;
	case IHL_LESS:
		/* Both agree, and are too short. */
		ip->ihl = 4;
		skb->csum_start = skb_headroom(skb) + 16;
		((struct tcphdr *)(skb->data + 16))->doff = 5;
		return -EINVAL;
	case FRAGMENT:
		ip->frag_off |= htons(IP_MF);
		return -EINVAL;
	case CSUM_PLACE:
		skb->csum_offset = offsetof(struct udphdr, check);
		return -EINVAL;
	case OTHER_FAMILY:
		shinfo->gso_type = SKB_GSO_TCPV6;
		return -EINVAL;
	case OTHER_PROTOCOL:
		ip->protocol = IPPROTO_UDP;
		return -EINVAL;
	case NO_TYPE:
		shinfo->gso_type = SKB_GSO_DODGY;
		return -EINVAL;
	case BY_FRAGS:
		shinfo->gso_size = GSO_BY_FRAGS;
		return -EOPNOTSUPP;
	case TUNNEL:
		shinfo->gso_type |= SKB_GSO_GRE;
		return -EOPNOTSUPP;
	case NO_PARTIAL:
		skb->ip_summed = CHECKSUM_NONE;
		return -EOPNOTSUPP;
	case ODD_PLACE:
		skb->csum_start++;
		((struct tcphdr *)(skb->data + p->thoff + 1))->doff = 5;
		return -EOPNOTSUPP;
	default:
		skb->csum_start = skb_headroom(skb) + TRAIN_HEADER_MAX;
		((struct tcphdr *)(skb->data + TRAIN_HEADER_MAX))->doff = 5;
		return -EOPNOTSUPP;
	}
}

/* Headers that contradict the metadata, and what the stack has to segment. */
static void train_cut_lies(struct kunit *test)
{
	struct train_test *t = test->priv;
	unsigned int lie, round;
	struct train_cut cut;

	for (round = 0; round < NR_LIES * 8; round++) {
		struct sk_buff *skb;
		int err;

		do {
			make_packet(t);
		} while (!t->packet.tcp || !t->packet.ipv4 || t->packet.len < 1000);
		skb = make_skb(test, t->packet.len, 1);
		KUNIT_EXPECT_EQ(test, train_cut_begin(&cut, skb), 0);
		lie = round % NR_LIES;
		err = tell(skb, &t->packet, lie);
		KUNIT_EXPECT_EQ_MSG(test, train_cut_begin(&cut, skb), err,
				    "lie %u", lie);
		kfree_skb(skb);
	}
}

static int train_init(struct kunit *test)
{
	struct train_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	if (!t)
		return -ENOMEM;
	test->priv = t;
	prandom_seed_state(&t->rnd, 0x7472);
	for (i = 0; i < ARRAY_SIZE(t->pages); i++) {
		t->pages[i] = alloc_pages(GFP_KERNEL | __GFP_COMP, AREA_ORDER);
		if (!t->pages[i])
			return -ENOMEM;
	}
	t->flat = page_address(t->pages[0]);
	t->sealed = page_address(t->pages[1]);
	t->opened = page_address(t->pages[2]);
	return 0;
}

static void train_exit(struct kunit *test)
{
	struct train_test *t = test->priv;
	unsigned int i;

	for (i = 0; t && i < ARRAY_SIZE(t->pages) && t->pages[i]; i++)
		__free_pages(t->pages[i], AREA_ORDER);
}

static struct kunit_case train_cases[] = {
	KUNIT_CASE(train_cut_and_join),
	KUNIT_CASE(train_cut_one),
	KUNIT_CASE(train_cut_many_pieces),
	KUNIT_CASE(train_cut_lies),
	{}
};

static struct kunit_suite train_suite = {
	.name = "culvert_train",
	.init = train_init,
	.exit = train_exit,
	.test_cases = train_cases,
};

kunit_test_suite(train_suite);
