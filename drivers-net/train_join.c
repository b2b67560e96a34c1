// SPDX-License-Identifier: GPL-2.0
/*
 * Plaintexts to skbs. In-order segments of one TCP flow become one superpacket,
 * shaped as GRO would have left it; the payload stays where it was opened.
 */

#include <kunit/visibility.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "train.h"

/* A packet up to this size is copied whole: cheaper than a page reference. */
#define JOIN_COPY_MAX	256
/* What is copied of a longer one, so that the stack need not pull headers. */
#define JOIN_COPY_HEAD	128

struct join_tcp {
	unsigned int		hlen;
	unsigned int		payload;
	const struct iphdr	*ip;
	const struct ipv6hdr	*ip6;
	const struct tcphdr	*th;
};

/* False if the packet is not a TCP segment that may stand in a run. */
static bool join_parse(const struct train_text *text, struct join_tcp *tcp)
{
	unsigned int thoff;

	if (text->len < sizeof(struct iphdr) + sizeof(struct tcphdr))
		return false;
	if (text->data[0] == 0x45) {
		tcp->ip = (const struct iphdr *)text->data;
		tcp->ip6 = NULL;
		if (tcp->ip->protocol != IPPROTO_TCP || ip_is_fragment(tcp->ip) ||
		    ip_fast_csum(tcp->ip, sizeof(*tcp->ip) / 4))
			return false;
		thoff = sizeof(*tcp->ip);
	} else if (text->data[0] >> 4 == 6) {
		tcp->ip = NULL;
		tcp->ip6 = (const struct ipv6hdr *)text->data;
		thoff = sizeof(*tcp->ip6);
		if (text->len < thoff + sizeof(struct tcphdr) ||
		    tcp->ip6->nexthdr != IPPROTO_TCP)
			return false;
	} else {
		return false;
	}
	tcp->th = (const struct tcphdr *)(text->data + thoff);
	tcp->hlen = thoff + __tcp_hdrlen(tcp->th);
	if (tcp->th->doff < sizeof(struct tcphdr) / 4 || tcp->hlen >= text->len)
		return false;
	tcp->payload = text->len - tcp->hlen;
	return (tcp_flag_word(tcp->th) & (TCP_FLAG_SYN | TCP_FLAG_RST |
					  TCP_FLAG_URG | TCP_FLAG_CWR |
					  TCP_FLAG_FIN | TCP_FLAG_ACK)) ==
	       TCP_FLAG_ACK;
}

static bool join_same_network(const struct join_tcp *a,
			      const struct join_tcp *b, unsigned int distance,
			      bool *fixed_id)
{
	if (a->ip) {
		u16 step;

		if (!b->ip || a->ip->saddr != b->ip->saddr ||
		    a->ip->daddr != b->ip->daddr || a->ip->tos != b->ip->tos ||
		    a->ip->ttl != b->ip->ttl ||
		    a->ip->frag_off != b->ip->frag_off)
			return false;
		step = ntohs(b->ip->id) - ntohs(a->ip->id);
		/* The second packet says which kind of identification it is. */
		if (distance == 1)
			*fixed_id = !step && a->ip->frag_off & htons(IP_DF);
		return step == (*fixed_id ? 0 : distance);
	}
	return b->ip6 && *(__be32 *)a->ip6 == *(__be32 *)b->ip6 &&
	       a->ip6->hop_limit == b->ip6->hop_limit &&
	       ipv6_addr_equal(&a->ip6->saddr, &b->ip6->saddr) &&
	       ipv6_addr_equal(&a->ip6->daddr, &b->ip6->daddr);
}

static bool join_same_flow(const struct tcphdr *a, const struct tcphdr *b)
{
	return a->source == b->source && a->dest == b->dest &&
	       a->ack_seq == b->ack_seq && a->window == b->window &&
	       !((tcp_flag_word(a) ^ tcp_flag_word(b)) & ~TCP_FLAG_PSH) &&
	       !memcmp(a + 1, b + 1, a->doff * 4 - sizeof(*a));
}

/**
 * train_join_run() - how many plaintexts make one superpacket
 * @texts: IP packets, each checked to be as long as its header says
 * @nr: how many, at least 1
 *
 * Return: how many from the front, at least 1.
 */
unsigned int train_join_run(const struct train_text *texts, unsigned int nr)
{
	struct join_tcp first, tcp;
	unsigned int total, i;
	bool fixed_id = false;

	if (nr < 2 || !join_parse(&texts[0], &first))
		return 1;
	total = texts[0].len;
	tcp = first;
	for (i = 1; i < nr; i++) {
		/* A short segment or a push ends the run. */
		if (tcp.payload != first.payload || tcp.th->psh)
			break;
		if (!join_parse(&texts[i], &tcp) || tcp.hlen != first.hlen ||
		    tcp.payload > first.payload ||
		    !join_same_network(&first, &tcp, i, &fixed_id) ||
		    !join_same_flow(first.th, tcp.th) ||
		    ntohl(tcp.th->seq) != ntohl(first.th->seq) + i * first.payload)
			break;
		total += tcp.payload;
		if (total > U16_MAX)
			break;
	}
	return i;
}
EXPORT_SYMBOL_IF_KUNIT(train_join_run);

static struct sk_buff *join_skb(const u8 *head, unsigned int len)
{
	struct sk_buff *skb;

	skb = alloc_skb(NET_SKB_PAD + len, GFP_ATOMIC | __GFP_NOWARN);
	if (likely(skb)) {
		skb_reserve(skb, NET_SKB_PAD);
		skb_put_data(skb, head, len);
	}
	return skb;
}

static void join_frag(struct sk_buff *skb, u8 *data, unsigned int len)
{
	struct page *page = virt_to_head_page(data);

	get_page(page);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page,
			data - (u8 *)page_address(page), len, len);
}

static void join_headers(struct sk_buff *skb, const struct join_tcp *first,
			 const struct join_tcp *last, unsigned int nr)
{
	unsigned int thoff = first->hlen - __tcp_hdrlen(first->th);
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int len = skb->len - thoff;
	struct tcphdr *th;

	th = (struct tcphdr *)(skb->data + thoff);
	th->psh = last->th->psh;
	shinfo->gso_size = first->payload;
	shinfo->gso_segs = nr;
	if (first->ip) {
		struct iphdr *ip = (struct iphdr *)skb->data;

		ip->tot_len = htons(skb->len);
		ip_send_check(ip);
		th->check = ~tcp_v4_check(len, ip->saddr, ip->daddr, 0);
		shinfo->gso_type = SKB_GSO_TCPV4;
		if (last->ip->id == first->ip->id)
			shinfo->gso_type |= SKB_GSO_TCP_FIXEDID;
	} else {
		struct ipv6hdr *ip6 = (struct ipv6hdr *)skb->data;

		ip6->payload_len = htons(len);
		th->check = ~tcp_v6_check(len, &ip6->saddr, &ip6->daddr, 0);
		shinfo->gso_type = SKB_GSO_TCPV6;
	}
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + thoff;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

static struct sk_buff *join_one(const struct train_text *text)
{
	unsigned int head = text->len;
	struct sk_buff *skb;

	if (head > JOIN_COPY_MAX)
		head = JOIN_COPY_HEAD;
	skb = join_skb(text->data, head);
	if (unlikely(!skb))
		return NULL;
	if (text->len > head)
		join_frag(skb, text->data + head, text->len - head);
	/* The tag vouched for all of it. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = SKB_MAX_CSUM_LEVEL;
	return skb;
}

/**
 * train_join() - make an skb of a run of plaintexts
 * @texts: the plaintexts
 * @nr: how many, as train_join_run() found
 *
 * The skb has its data at the network header, and neither device nor protocol.
 * It holds references of its own to the pages of the plaintexts.
 *
 * Return: the skb, or NULL without memory.
 */
struct sk_buff *train_join(const struct train_text *texts, unsigned int nr)
{
	struct join_tcp first, last;
	struct sk_buff *skb, *tail;
	unsigned int i;

	if (nr == 1)
		return join_one(texts);
	join_parse(&texts[0], &first);
	join_parse(&texts[nr - 1], &last);

	skb = join_skb(texts[0].data, first.hlen);
	if (unlikely(!skb))
		return NULL;
	tail = skb;
	for (i = 0; i < nr; i++) {
		unsigned int len = texts[i].len - first.hlen;

		if (skb_shinfo(tail)->nr_frags == MAX_SKB_FRAGS) {
			struct sk_buff *more = join_skb(NULL, 0);

			if (unlikely(!more)) {
				kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
				return NULL;
			}
			if (tail == skb)
				skb_shinfo(skb)->frag_list = more;
			else
				tail->next = more;
			tail = more;
		}
		join_frag(tail, texts[i].data + first.hlen, len);
		if (tail != skb) {
			skb->len += len;
			skb->data_len += len;
		}
	}
	for (tail = skb_shinfo(skb)->frag_list; tail; tail = tail->next)
		skb->truesize += tail->truesize;
	join_headers(skb, &first, &last, nr);
	return skb;
}
EXPORT_SYMBOL_IF_KUNIT(train_join);
