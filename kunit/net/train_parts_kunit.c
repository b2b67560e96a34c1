// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of a train one by one: what must not be joined, padding, the memory
 * that it is written to, and reading an skb of many parts.
 */
#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "train.h"

#define AREA_ORDER	get_order(SZ_128K)
#define SEGMENTS	5
#define PAYLOAD		500U
#define STRIDE		1024

struct parts_test {
	struct rnd_state	rnd;
	struct page		*page;
	u8			*area;
	struct train_text	texts[SEGMENTS];
};

static struct iphdr *ip_of(struct train_text *text)
{
	return (struct iphdr *)text->data;
}

static struct ipv6hdr *ip6_of(struct train_text *text)
{
	return (struct ipv6hdr *)text->data;
}

static struct tcphdr *tcp_of(struct train_text *text)
{
	return (struct tcphdr *)(text->data + (text->data[0] >> 4 == 4 ?
				 sizeof(struct iphdr) : sizeof(struct ipv6hdr)));
}

static void set_len(struct train_text *text, unsigned int len)
{
	text->len = len;
	if (text->data[0] >> 4 == 4)
		ip_of(text)->tot_len = htons(len);
	else
		ip6_of(text)->payload_len = htons(len - sizeof(struct ipv6hdr));
}

/* After the last change of an IPv4 header */
static void set_check(struct train_text *text)
{
	if (text->data[0] == 0x45)
		ip_send_check(ip_of(text));
}

/* Segments of one flow in order, with a timestamp; all of them make a run. */
static void make_segments(struct parts_test *t, bool ipv4)
{
	unsigned int i, hlen = ipv4 ? 20 : 40;

	memset(t->area, 0x5a, STRIDE * SEGMENTS);
	for (i = 0; i < SEGMENTS; i++) {
		struct train_text *text = &t->texts[i];
		struct tcphdr *th;

		text->data = t->area + STRIDE * i;
		memset(text->data, 0, hlen + 32);
		text->data[0] = ipv4 ? 0x45 : 0x60;
		if (ipv4) {
			ip_of(text)->protocol = IPPROTO_TCP;
			ip_of(text)->ttl = 64;
			ip_of(text)->frag_off = htons(IP_DF);
			ip_of(text)->id = htons(0xfffe + i);
		} else {
			ip6_of(text)->nexthdr = IPPROTO_TCP;
			ip6_of(text)->hop_limit = 64;
		}
		set_len(text, hlen + 32 + PAYLOAD);
		th = tcp_of(text);
		th->doff = 8;
		th->ack = 1;
		/* The sequence number wraps on the way. */
		th->seq = htonl(-2 * PAYLOAD + i * PAYLOAD);
		set_check(text);
	}
}

static void grow(struct train_text *text, int by)
{
	set_len(text, text->len + by);
}

enum change {
	/* The third segment cannot follow the second. */
	ACK, SEQ_GAP, SEQ_AGAIN, WINDOW, OPTION, MORE_OPTIONS, SOURCE, DEST, ECE,
	CWR, FIN, SYN, RST, URG, NO_ACK, RESERVED, LONGER, NO_PAYLOAD, BAD_DOFF,
	TOO_SHORT, EMPTY, PROTOCOL, SADDR, DADDR, TOS, HOPS, VERSION,
	/* IPv4 only. */
	FRAGMENT, OFFSET, NO_DF, ID_GAP, ID_SAME, BAD_CHECK, WITH_OPTIONS,
	/* It ends the run. */
	PUSH, SHORTER,
	NR_CHANGES,
};

static void change(struct train_text *text, enum change what)
{
	bool ipv4 = text->data[0] >> 4 == 4;
	struct tcphdr *th = tcp_of(text);
	unsigned int hlen = text->len - PAYLOAD;

	switch (what) {
	case ACK:
		th->ack_seq = htonl(1);
		break;
	case SEQ_GAP:
		th->seq = htonl(ntohl(th->seq) + 1);
		break;
	case SEQ_AGAIN:
		th->seq = htonl(ntohl(th->seq) - PAYLOAD);
		break;
	case WINDOW:
		th->window = htons(1);
		break;
	case OPTION:
		*((u8 *)th + 31) = 1;
		break;
	case MORE_OPTIONS:
		th->doff++;
		grow(text, 4);
		break;
	case SOURCE:
		th->source = htons(1);
		break;
	case DEST:
		th->dest = htons(1);
		break;
	case ECE:
		th->ece = 1;
		break;
	case CWR:
		th->cwr = 1;
		break;
	case FIN:
		th->fin = 1;
		break;
	case SYN:
		th->syn = 1;
		break;
	case RST:
		th->rst = 1;
		break;
	case URG:
		th->urg = 1;
		break;
	case NO_ACK:
		th->ack = 0;
		break;
	case RESERVED:
		tcp_flag_word(th) |= htonl(0x01000000);
		break;
	case LONGER:
		grow(text, 1);
		break;
	case NO_PAYLOAD:
		set_len(text, hlen);
		break;
	case BAD_DOFF:
		th->doff = 4;
		break;
	case TOO_SHORT:
		text->len = hlen - 32 + 19;
		break;
	case EMPTY:
		text->len = 0;
		break;
	case PROTOCOL:
		if (ipv4)
			ip_of(text)->protocol = IPPROTO_UDP;
		else
			ip6_of(text)->nexthdr = IPPROTO_UDP;
		break;
	case SADDR:
		text->data[ipv4 ? 15 : 8] ^= 1;
		break;
	case DADDR:
		text->data[ipv4 ? 19 : 39] ^= 1;
		break;
	case TOS:
		text->data[1] ^= ipv4 ? 3 : 0x30;
		break;
	case HOPS:
		text->data[ipv4 ? 8 : 7]--;
		break;
	case VERSION:
		text->data[0] ^= ipv4 ? 0x10 : 0x30;
		break;
	case FRAGMENT:
		ip_of(text)->frag_off |= htons(IP_MF);
		break;
	case OFFSET:
		ip_of(text)->frag_off |= htons(1);
		break;
	case NO_DF:
		ip_of(text)->frag_off = 0;
		break;
	case ID_GAP:
		ip_of(text)->id = htons(ntohs(ip_of(text)->id) + 1);
		break;
	case ID_SAME:
		ip_of(text)->id = htons(ntohs(ip_of(text)->id) - 1);
		break;
	case WITH_OPTIONS:
		ip_of(text)->ihl = 6;
		break;
	case PUSH:
		th->psh = 1;
		break;
	case SHORTER:
		grow(text, -1);
		break;
	default:
		break;
	}
	set_check(text);
	if (what == BAD_CHECK)
		text->data[offsetof(struct iphdr, check)] ^= 1;
}

static void train_join_not(struct kunit *test)
{
	struct parts_test *t = test->priv;
	unsigned int what, ipv4;

	for (ipv4 = 0; ipv4 < 2; ipv4++) {
		make_segments(t, ipv4);
		KUNIT_EXPECT_EQ(test, train_join_run(t->texts, SEGMENTS), SEGMENTS);
		KUNIT_EXPECT_EQ(test, train_join_run(t->texts, 1), 1);
		for (what = 0; what < NR_CHANGES; what++) {
			if (!ipv4 && what >= FRAGMENT && what <= WITH_OPTIONS)
				continue;
			make_segments(t, ipv4);
			change(&t->texts[2], what);
			KUNIT_EXPECT_EQ_MSG(test, train_join_run(t->texts, SEGMENTS),
					    what < PUSH ? 2 : 3, "change %u", what);
		}
	}
}

/* What must not be first in a run. */
static void train_join_first(struct kunit *test)
{
	static const enum change alone[] = {
		ECE, CWR, FIN, SYN, RST, URG, NO_ACK, NO_PAYLOAD, BAD_DOFF,
		TOO_SHORT, EMPTY, PROTOCOL, FRAGMENT, OFFSET, BAD_CHECK,
		WITH_OPTIONS, PUSH, SHORTER, LONGER,
	};
	struct parts_test *t = test->priv;
	unsigned int i, run;

	for (i = 0; i < ARRAY_SIZE(alone); i++) {
		make_segments(t, true);
		change(&t->texts[0], alone[i]);
		run = train_join_run(t->texts, SEGMENTS);
		KUNIT_EXPECT_EQ_MSG(test, run, 1, "change %u", alone[i]);
	}
}

/* IPv4 identification: counting, or fixed if the packets must not be split. */
static void train_join_ids(struct kunit *test)
{
	struct parts_test *t = test->priv;
	struct sk_buff *skb;
	unsigned int i;

	make_segments(t, true);
	for (i = 0; i < SEGMENTS; i++) {
		ip_of(&t->texts[i])->id = htons(7);
		set_check(&t->texts[i]);
	}
	KUNIT_ASSERT_EQ(test, train_join_run(t->texts, SEGMENTS), SEGMENTS);
	skb = train_join(t->texts, SEGMENTS);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type,
			SKB_GSO_TCPV4 | SKB_GSO_TCP_FIXEDID);
	kfree_skb(skb);
	for (i = 0; i < SEGMENTS; i++) {
		ip_of(&t->texts[i])->frag_off = 0;
		set_check(&t->texts[i]);
	}
	KUNIT_EXPECT_EQ(test, train_join_run(t->texts, SEGMENTS), 1);
	/* From fixed to counting. */
	make_segments(t, true);
	ip_of(&t->texts[1])->id = ip_of(&t->texts[0])->id;
	set_check(&t->texts[1]);
	KUNIT_EXPECT_EQ(test, train_join_run(t->texts, SEGMENTS), 2);
}

static void train_pads(struct kunit *test)
{
	static const unsigned int mtus[] = { 0, 1, 15, 16, 17, 68, 1280, 1420, 65535 };
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		for (len = 0; len <= 65536; len++) {
			unsigned int pad = train_pad(len, mtus[i]) - len;

			if (pad > 15 || (pad && len <= mtus[i] && len + pad > mtus[i]) ||
			    ((len + pad) % 16 && len + pad != mtus[i]))
				KUNIT_FAIL(test, "mtu %u, %u + %u", mtus[i], len, pad);
		}
	}
	KUNIT_EXPECT_EQ(test, train_pad(0, 0), 0);
	KUNIT_EXPECT_EQ(test, train_pad(1, 0), 16);
	KUNIT_EXPECT_EQ(test, train_pad(1, 1), 1);
	KUNIT_EXPECT_EQ(test, train_pad(65, 68), 68);
	KUNIT_EXPECT_EQ(test, train_pad(69, 68), 80);
}

/* Writes @nr messages of @size bytes, the last of @last, and reads them back. */
static void fill_room(struct kunit *test, unsigned int nr, unsigned int size,
		      unsigned int last)
{
	unsigned int bytes = (nr - 1) * size + last, left = bytes, i;
	struct parts_test *t = test->priv;
	struct train_cursor cursor;
	struct train_room room;
	struct kvec place[2];
	struct sk_buff *skb;
	u8 *at;

	skb = train_room_begin(&room, bytes);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_GE(test, skb_headroom(skb), TRAIN_HEADROOM);
	for (i = 0; i < nr; i++) {
		unsigned int len = i + 1 < nr ? size : last;

		KUNIT_ASSERT_TRUE(test, train_room_reserve(&room, len, left));
		at = train_room_take(&room, len);
		memset(at, i, len);
		left -= len;
	}
	train_room_end(&room, nr, size);
	KUNIT_EXPECT_EQ(test, skb->len, bytes);
	KUNIT_EXPECT_EQ(test, skb_is_gso(skb), nr > 1);
	if (nr > 1) {
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type, SKB_GSO_UDP_L4);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, size);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_segs, nr);
		/* The header that will be pushed. */
		KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb),
				-(int)sizeof(struct udphdr));
	}
	KUNIT_EXPECT_GE(test, skb->truesize, SKB_TRUESIZE(0) + bytes);

	/* Each message is in one piece. */
	train_cursor_init(&cursor, skb, 0);
	for (i = 0; i < nr; i++) {
		unsigned int len = i + 1 < nr ? size : last;

		KUNIT_ASSERT_EQ(test, train_cursor_take(&cursor, place, 2, len), 1);
		KUNIT_EXPECT_NULL(test, memchr_inv(place[0].iov_base, i, len));
	}
	KUNIT_EXPECT_FALSE(test, train_cursor_copy(&cursor, t->area, 1));
	kfree_skb(skb);
}

static void train_rooms(struct kunit *test)
{
	struct parts_test *t = test->priv;
	unsigned int i, size, most;

	fill_room(test, 1, 32, 32);
	fill_room(test, 1, 2048, 2048);
	fill_room(test, 1, 2049, 2049);
	/* One message of the longest IP packet, and beyond. */
	fill_room(test, 1, 65535 + 32, 65535 + 32);
	fill_room(test, 1, 100000, 100000);
	fill_room(test, TRAIN_MESSAGES_MAX, 32, 32);
	fill_room(test, TRAIN_MESSAGES_MAX, 496, 48);
	fill_room(test, 2, TRAIN_BYTES_MAX / 2, TRAIN_BYTES_MAX / 2);
	for (i = 0; i < 500; i++) {
		size = 32 + prandom_u32_state(&t->rnd) % 9000;
		most = min(TRAIN_BYTES_MAX / size, TRAIN_MESSAGES_MAX);
		fill_room(test, most, size,
			  32 + prandom_u32_state(&t->rnd) % (size - 31));
	}
}

/* Runs of memory of every kind, empty ones among them. */
static struct sk_buff *patchwork(struct kunit *test)
{
	struct parts_test *t = test->priv;
	struct sk_buff *skb, *list, *last;

	prandom_bytes_state(&t->rnd, t->area, 1000);
	skb = alloc_skb(100, GFP_KERNEL);
	list = alloc_skb(100, GFP_KERNEL);
	last = alloc_skb(100, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, skb && list && last);
	skb_put_data(skb, t->area, 7);
	get_page(t->page);
	skb_add_rx_frag(skb, 0, t->page, 7, 100, 100);
	get_page(t->page);
	skb_add_rx_frag(skb, 1, t->page, 107, 1, 1);
	get_page(t->page);
	skb_add_rx_frag(list, 0, t->page, 108, 300, 300);
	skb_put_data(last, t->area + 408, 92);
	get_page(t->page);
	skb_add_rx_frag(last, 0, t->page, 500, 500, 500);
	skb_shinfo(skb)->frag_list = list;
	list->next = last;
	skb->len += 892;
	skb->data_len += 892;
	return skb;
}

static void train_cursors(struct kunit *test)
{
	struct parts_test *t = test->priv;
	struct sk_buff *skb = patchwork(test);
	u8 *copy = t->area + 2000, *taken = t->area + 4000;
	struct train_cursor cursor;
	struct kvec places[6];
	unsigned int from, len;
	int i, nr;

	KUNIT_EXPECT_TRUE(test, train_mappable(skb));
	for (from = 0; from <= 1000; from += 1 + from % 7) {
		for (len = 0; from + len <= 1000; len += 1 + len % 13) {
			train_cursor_init(&cursor, skb, from);
			KUNIT_ASSERT_TRUE(test, train_cursor_copy(&cursor, copy, len));
			KUNIT_ASSERT_TRUE(test, !memcmp(copy, t->area + from, len));
			train_cursor_init(&cursor, skb, 0);
			train_cursor_skip(&cursor, from);
			nr = train_cursor_take(&cursor, places, 6, len);
			KUNIT_ASSERT_GE(test, nr, 0);
			for (i = 0, copy = taken; i < nr; i++) {
				memcpy(copy, places[i].iov_base, places[i].iov_len);
				copy += places[i].iov_len;
			}
			KUNIT_ASSERT_EQ(test, copy - taken, len);
			KUNIT_ASSERT_TRUE(test, !memcmp(taken, t->area + from, len));
			copy = t->area + 2000;
		}
		train_cursor_init(&cursor, skb, from);
		KUNIT_EXPECT_EQ(test, -EINVAL,
				train_cursor_take(&cursor, places, 6, 1001 - from));
		train_cursor_init(&cursor, skb, from);
		KUNIT_EXPECT_FALSE(test, train_cursor_copy(&cursor, copy, 1001 - from));
	}
	/* It consists of six runs. */
	train_cursor_init(&cursor, skb, 0);
	KUNIT_EXPECT_EQ(test, train_cursor_take(&cursor, places, 5, 1000), -ENOSPC);
	train_cursor_init(&cursor, skb, 0);
	KUNIT_EXPECT_EQ(test, train_cursor_take(&cursor, places, 6, 1000), 6);
	kfree_skb(skb);
}

/* As many messages as there may be, and a last one of 1 byte or a full one. */
static void train_counts(struct kunit *test)
{
	static const unsigned int mss = 400;
	struct parts_test *t = test->priv;
	unsigned int nr, last, i;

	make_segments(t, true);
	for (nr = 2; nr <= TRAIN_MESSAGES_MAX; nr += 63) {
		for (last = 1; last <= mss; last += mss - 1) {
			unsigned int len = 52 + (nr - 1) * mss + last;
			struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);
			struct train_cut cut;

			KUNIT_ASSERT_NOT_NULL(test, skb);
			set_len(&t->texts[0], len);
			skb_put_zero(skb, len);
			memcpy(skb->data, t->texts[0].data, 52);
			skb->ip_summed = CHECKSUM_PARTIAL;
			skb->csum_start = skb_headroom(skb) + 20;
			skb->csum_offset = offsetof(struct tcphdr, check);
			skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
			skb_shinfo(skb)->gso_size = mss;
			KUNIT_ASSERT_EQ(test, train_cut_begin(&cut, skb), 0);
			KUNIT_EXPECT_EQ(test, train_cut_count(&cut), nr);
			KUNIT_EXPECT_EQ(test, train_cut_size(&cut), 52 + mss);
			for (i = 1; i < nr; i++)
				cut.left -= mss;
			KUNIT_EXPECT_EQ(test, train_cut_count(&cut), 1);
			KUNIT_EXPECT_EQ(test, train_cut_size(&cut), 52 + last);
			kfree_skb(skb);
		}
	}
}

/* Pages that a copy of the head refers to are nobody's to write plaintext into. */
static void train_shared_pages(struct kunit *test)
{
	struct parts_test *t = test->priv;
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL), *copy;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, 64);
	get_page(t->page);
	skb_add_rx_frag(skb, 0, t->page, 0, 1000, 1024);
	KUNIT_EXPECT_FALSE(test, skb_has_shared_frag(skb));
	copy = pskb_copy(skb, GFP_KERNEL);
	if (copy) {
		KUNIT_EXPECT_FALSE(test, skb_cloned(skb));
		KUNIT_EXPECT_TRUE(test, skb_has_shared_frag(skb));
		KUNIT_EXPECT_TRUE(test, skb_has_shared_frag(copy));
	}
	KUNIT_EXPECT_NOT_NULL(test, copy);
	kfree_skb(copy);
	kfree_skb(skb);
}

static int parts_init(struct kunit *test)
{
	struct parts_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	test->priv = t;
	prandom_seed_state(&t->rnd, 0x7061);
	t->page = alloc_pages(GFP_KERNEL | __GFP_COMP, AREA_ORDER);
	if (!t->page)
		return -ENOMEM;
	t->area = page_address(t->page);
	return 0;
}

static void parts_exit(struct kunit *test)
{
	struct parts_test *t = test->priv;

	if (t && t->page)
		__free_pages(t->page, AREA_ORDER);
}

static struct kunit_case parts_cases[] = {
	KUNIT_CASE(train_join_not),
	KUNIT_CASE(train_join_first),
	KUNIT_CASE(train_join_ids),
	KUNIT_CASE(train_pads),
	KUNIT_CASE(train_rooms),
	KUNIT_CASE(train_cursors),
	KUNIT_CASE(train_counts),
	KUNIT_CASE(train_shared_pages),
	{}
};

static struct kunit_suite parts_suite = {
	.name = "culvert_train_parts",
	.init = parts_init,
	.exit = parts_exit,
	.test_cases = parts_cases,
};

kunit_test_suite(parts_suite);
