// SPDX-License-Identifier: GPL-2.0
/*
 * Packets to plaintexts. A TCP or UDP superpacket is segmented here, without an
 * skb for each segment: its inner headers are written once a message, and its
 * payload is read where it lies while it is being sealed.
 */

#include <kunit/visibility.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/log2.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>

#include "train.h"

/* What a superpacket may be for us to segment it. */
#define CUT_GSO_TYPES	(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_UDP_L4 |	\
			 SKB_GSO_DODGY | SKB_GSO_TCP_ECN |			\
			 SKB_GSO_TCP_FIXEDID | SKB_GSO_TCP_ACCECN)
/* Exactly one of these says what it is. */
#define CUT_GSO_KINDS	(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_UDP_L4)

static __wsum word_sum(__be16 word)
{
	return csum_unfold((__force __sum16)word);
}

static int cut_superpacket(struct train_cut *cut)
{
	const struct skb_shared_info *shinfo = skb_shinfo(cut->skb);
	unsigned int type = shinfo->gso_type;
	struct sk_buff *skb = cut->skb;
	unsigned int thoff, hlen;

	if (type & ~CUT_GSO_TYPES || shinfo->gso_size == GSO_BY_FRAGS ||
	    !shinfo->gso_size || skb->ip_summed != CHECKSUM_PARTIAL)
		return -EOPNOTSUPP;
	if (!is_power_of_2(type & CUT_GSO_KINDS))
		return -EINVAL;

	thoff = skb_checksum_start_offset(skb);
	cut->tcp = !(type & SKB_GSO_UDP_L4);
	if (cut->tcp) {
		if (!pskb_may_pull(skb, thoff + sizeof(struct tcphdr)))
			return -EINVAL;
		hlen = __tcp_hdrlen((struct tcphdr *)(skb->data + thoff));
		if (hlen < sizeof(struct tcphdr) ||
		    skb->csum_offset != offsetof(struct tcphdr, check))
			return -EINVAL;
	} else {
		hlen = sizeof(struct udphdr);
		if (skb->csum_offset != offsetof(struct udphdr, check))
			return -EINVAL;
	}
	hlen += thoff;
	/* Options so long that they do not fit: leave it to the stack. */
	if (hlen > TRAIN_HEADER_MAX || thoff & 1)
		return -EOPNOTSUPP;
	if (skb->len <= hlen || !pskb_may_pull(skb, hlen))
		return -EINVAL;

	cut->ipv4 = skb->data[0] >> 4 == 4;
	if (cut->ipv4) {
		const struct iphdr *ip = (struct iphdr *)skb->data;

		if (ip->ihl < 5 || ip->ihl * 4 != thoff || ip_is_fragment(ip) ||
		    type & SKB_GSO_TCPV6 ||
		    ip->protocol != (cut->tcp ? IPPROTO_TCP : IPPROTO_UDP))
			return -EINVAL;
		cut->ip_sum = csum_partial(ip, thoff, 0);
		cut->ip_sum = csum_sub(cut->ip_sum, word_sum(ip->tot_len));
		cut->ip_sum = csum_sub(cut->ip_sum, word_sum(ip->id));
		cut->ip_sum = csum_sub(cut->ip_sum, csum_unfold(ip->check));
	} else {
		const struct ipv6hdr *ip6 = (struct ipv6hdr *)skb->data;

		/* A jumbogram's option must go with it: leave it to the stack. */
		if (ip6->version != 6 || thoff < sizeof(*ip6) ||
		    type & SKB_GSO_TCPV4)
			return -EINVAL;
		if (thoff == sizeof(*ip6) &&
		    ip6->nexthdr != (cut->tcp ? NEXTHDR_TCP : NEXTHDR_UDP))
			return -EINVAL;
		if (thoff != sizeof(*ip6) && ip6->nexthdr == NEXTHDR_HOP)
			return -EOPNOTSUPP;
	}
	cut->thoff = thoff;
	cut->hlen = hlen;
	cut->mss = shinfo->gso_size;
	cut->left = skb->len - hlen;
	cut->fixed_id = type & SKB_GSO_TCP_FIXEDID;
	cut->keep_cwr = type & SKB_GSO_TCP_ACCECN;
	cut->csum_offset = skb->csum_offset;
	return 0;
}

/**
 * train_cut_begin() - look at a packet before cutting it
 * @cut: to be initialised
 * @skb: an IPv4 or IPv6 packet at skb->data, with its header linear; it must
 *	 stay unchanged until the cut is done
 *
 * Return: 0; -EOPNOTSUPP if the stack must segment it first; -EINVAL if its
 * headers contradict its GSO metadata; -ENOMEM.
 */
int train_cut_begin(struct train_cut *cut, struct sk_buff *skb)
{
	int err;

	*cut = (struct train_cut){ .skb = skb };
	if (!train_mappable(skb))
		return -ENOMEM;
	if (skb_is_gso(skb)) {
		err = cut_superpacket(cut);
		if (err)
			return err;
	} else {
		/* An odd place cannot be summed on the way. */
		if (skb->ip_summed == CHECKSUM_PARTIAL &&
		    (skb_checksum_start_offset(skb) & 1 || skb_csum_is_sctp(skb))) {
			err = skb_csum_is_sctp(skb) ? skb_crc32c_csum_help(skb) :
						      skb_checksum_help(skb);
			if (err)
				return err;
		}
		if (skb->ip_summed == CHECKSUM_PARTIAL) {
			cut->thoff = skb_checksum_start_offset(skb);
			cut->csum_offset = skb->csum_offset;
			if (cut->thoff + cut->csum_offset + 2 > skb->len)
				return -EINVAL;
		}
		cut->left = skb->len;
		cut->mss = skb->len;
	}
	train_cursor_init(&cut->at, skb, cut->hlen);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(train_cut_begin);

/**
 * train_cut_count() - how many messages are still to come
 * @cut: a cut that has begun
 *
 * Return: the number of messages, 0 when all are cut
 */
unsigned int train_cut_count(const struct train_cut *cut)
{
	return DIV_ROUND_UP(cut->left, cut->mss);
}
EXPORT_SYMBOL_IF_KUNIT(train_cut_count);

/**
 * train_cut_size() - how long the next inner packet is
 * @cut: a cut that has begun
 *
 * Return: its bytes, headers included
 */
unsigned int train_cut_size(const struct train_cut *cut)
{
	return cut->hlen + min(cut->left, cut->mss);
}
EXPORT_SYMBOL_IF_KUNIT(train_cut_size);

/* The pseudo-header's sum stands in the field; give it the new length. */
static __sum16 reseed(__sum16 seed, unsigned int old, unsigned int new)
{
	__wsum sum = csum_unfold(seed);

	sum = csum_sub(sum, (__force __wsum)htonl(old));
	return ~csum_fold(csum_add(sum, (__force __wsum)htonl(new)));
}

static void cut_headers(const struct train_cut *cut, u8 *header,
			unsigned int payload)
{
	unsigned int old = cut->skb->len - cut->thoff;
	unsigned int new = cut->hlen - cut->thoff + payload;

	memcpy(header, cut->skb->data, cut->hlen);

	if (cut->ipv4) {
		const struct iphdr *from = (struct iphdr *)cut->skb->data;
		struct iphdr *ip = (struct iphdr *)header;
		__be16 tot_len = htons(cut->hlen + payload), id = from->id;
		__wsum sum = csum_add(cut->ip_sum, word_sum(tot_len));

		if (!cut->fixed_id)
			id = htons(ntohs(id) + cut->index);
		/* Nothing is read back that has just been written in pieces. */
		ip->check = csum_fold(csum_add(sum, word_sum(id)));
		ip->tot_len = tot_len;
		ip->id = id;
	} else {
		struct ipv6hdr *ip6 = (struct ipv6hdr *)header;

		ip6->payload_len = htons(cut->hlen - sizeof(*ip6) + payload);
	}

	if (cut->tcp) {
		struct tcphdr *th = (struct tcphdr *)(header + cut->thoff);

		th->seq = htonl(ntohl(th->seq) + cut->index * cut->mss);
		if (payload < cut->left) {
			th->fin = 0;
			th->psh = 0;
		}
		if (cut->index && !cut->keep_cwr)
			th->cwr = 0;
		th->check = reseed(th->check, old, new);
	} else {
		struct udphdr *uh = (struct udphdr *)(header + cut->thoff);

		/* Sockets and GRO seed it with the length that @len holds. */
		uh->check = reseed(uh->check, ntohs(uh->len), new);
		uh->len = htons(new);
	}
}

/**
 * train_cut_next() - add the next message's plaintext to a group
 * @cut: a cut with something left
 * @group: has room for a message; its destination, nonce and associated data
 *	   are left to the caller
 * @mtu: what padding must not exceed
 *
 * Return: bytes of the padded plaintext; -ENOSPC if the group's fragments do
 * not suffice, and nothing has changed; -EINVAL if the skb ends early.
 */
int train_cut_next(struct train_cut *cut, struct train_group *group,
		   unsigned int mtu)
{
	struct chacha20poly1305_msg *msg = &group->msgs[group->nr];
	struct kvec *frags = &group->frags[group->nr_frags];
	unsigned int room = TRAIN_FRAGS - group->nr_frags;
	unsigned int payload = min(cut->left, cut->mss);
	struct train_cursor at = cut->at;
	unsigned int len = cut->hlen + payload;
	unsigned int nr = 0;
	int ret;

	if (!room)
		return -ENOSPC;
	if (cut->hlen) {
		cut_headers(cut, group->headers[group->nr], payload);
		frags[nr].iov_base = group->headers[group->nr];
		frags[nr].iov_len = cut->hlen;
		nr++;
	}
	ret = train_cursor_take(&cut->at, frags + nr, room - nr, payload);
	if (ret < 0) {
		cut->at = at;
		return ret;
	}
	nr += ret;

	msg->src = frags;
	msg->nr_src = nr;
	msg->len = train_pad(len, mtu);
	msg->pad = msg->len - len;
	msg->flags = 0;
	if (cut->hlen || cut->skb->ip_summed == CHECKSUM_PARTIAL) {
		msg->flags = CHACHA20POLY1305_SUM_STORE;
		msg->csum_start = cut->thoff;
		msg->csum_offset = cut->csum_offset;
	}
	group->nr_frags += nr;
	group->nr++;
	cut->left -= payload;
	cut->index++;
	return msg->len;
}
EXPORT_SYMBOL_IF_KUNIT(train_cut_next);
