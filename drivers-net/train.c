// SPDX-License-Identifier: GPL-2.0
/* Reading an skb's data in place, and the memory that a train is written to. */

#include <kunit/visibility.h>
#include <linux/gfp.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/udp.h>

#include "train.h"

/* Up to here a train lies in the head of its skb, beyond it in pages. */
#define TRAIN_LINEAR_MAX	2048
#define TRAIN_CHUNK_MAX		(PAGE_SIZE << TRAIN_CHUNK_ORDER)
#define TRAIN_CHUNK_ORDER	get_order(32768)

static void cursor_enter(struct train_cursor *c, const struct sk_buff *skb)
{
	c->skb = skb;
	c->frag = -1;
	c->at = skb->data;
	c->left = skb_headlen(skb);
}

/* On to the next run that is not empty. */
static bool cursor_advance(struct train_cursor *c)
{
	while (!c->left) {
		const struct skb_shared_info *shinfo = skb_shinfo(c->skb);

		if (++c->frag < shinfo->nr_frags) {
			const skb_frag_t *frag = &shinfo->frags[c->frag];

			c->at = skb_frag_address(frag);
			c->left = skb_frag_size(frag);
		} else if (c->next) {
			const struct sk_buff *skb = c->next;

			c->next = skb->next;
			cursor_enter(c, skb);
		} else {
			c->frag--;
			return false;
		}
	}
	return true;
}

static void cursor_step(struct train_cursor *c, unsigned int len)
{
	c->at += len;
	c->left -= len;
}

/**
 * train_mappable() - make sure that a cursor can read an skb
 * @skb: any skb; its data may move
 *
 * Return: false if part of it lies beyond the kernel's address space and there
 * is no memory to copy it, or the kernel may not read it at all.
 */
bool train_mappable(struct sk_buff *skb)
{
	if (!skb_is_nonlinear(skb))
		return true;
	if (!skb_frags_readable(skb))
		return false;
	return !IS_ENABLED(CONFIG_HIGHMEM) || !skb_linearize(skb);
}
EXPORT_SYMBOL_IF_KUNIT(train_mappable);

/**
 * train_cursor_init() - begin to read
 * @c: the cursor
 * @skb: what to read; it must not change while it is being read
 * @offset: where to begin
 */
void train_cursor_init(struct train_cursor *c, const struct sk_buff *skb,
		       unsigned int offset)
{
	c->next = skb_shinfo(skb)->frag_list;
	cursor_enter(c, skb);
	train_cursor_skip(c, offset);
}
EXPORT_SYMBOL_IF_KUNIT(train_cursor_init);

/**
 * train_cursor_skip() - pass over some bytes
 * @c: the cursor
 * @len: how many
 */
void train_cursor_skip(struct train_cursor *c, unsigned int len)
{
	while (len && cursor_advance(c)) {
		unsigned int part = min(len, c->left);

		cursor_step(c, part);
		len -= part;
	}
}
EXPORT_SYMBOL_IF_KUNIT(train_cursor_skip);

/**
 * train_cursor_copy() - read by copying
 * @c: the cursor
 * @to: receives @len bytes
 * @len: how many
 *
 * Return: false if there are fewer.
 */
bool train_cursor_copy(struct train_cursor *c, void *to, unsigned int len)
{
	while (len) {
		unsigned int part;

		if (!cursor_advance(c))
			return false;
		part = min(len, c->left);
		memcpy(to, c->at, part);
		cursor_step(c, part);
		to += part;
		len -= part;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(train_cursor_copy);

/**
 * train_cursor_take() - read by reference
 * @c: the cursor
 * @to: receives the places
 * @room: how many of them fit
 * @len: bytes to take
 *
 * Return: how many places were used; -ENOSPC if there are more than @room;
 * -EINVAL if there are fewer than @len bytes.
 */
int train_cursor_take(struct train_cursor *c, struct kvec *to,
		      unsigned int room, unsigned int len)
{
	int nr = 0;

	while (len) {
		unsigned int part;

		if (!cursor_advance(c))
			return -EINVAL;
		if (nr == room)
			return -ENOSPC;
		part = min(len, c->left);
		to[nr].iov_base = c->at;
		to[nr].iov_len = part;
		nr++;
		cursor_step(c, part);
		len -= part;
	}
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(train_cursor_take);

/**
 * train_room_begin() - get an skb for a train
 * @room: to be initialised
 * @bytes: of all of its messages, at most %TRAIN_BYTES_MAX or one message
 *
 * Return: the skb, with %TRAIN_HEADROOM bytes for outer headers, or NULL.
 */
struct sk_buff *train_room_begin(struct train_room *room, unsigned int bytes)
{
	unsigned int linear = bytes <= TRAIN_LINEAR_MAX ? bytes : 0;
	struct sk_buff *skb;

	skb = alloc_skb(TRAIN_HEADROOM + linear, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, TRAIN_HEADROOM);
	room->skb = skb;
	room->at = skb->data;
	room->left = linear;
	return skb;
}
EXPORT_SYMBOL_IF_KUNIT(train_room_begin);

static bool room_grow(struct train_room *room, unsigned int size,
		      unsigned int more)
{
	unsigned int order = get_order(min_t(unsigned int, more, TRAIN_CHUNK_MAX));
	unsigned int least = get_order(size);
	struct sk_buff *skb = room->skb;
	struct page *page;

	if (skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS)
		return false;
	for (order = max(order, least); ; order--) {
		gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN | __GFP_COMP;

		/* Small pages do as well: do not drain the reserves. */
		if (order > least)
			gfp = (gfp & ~__GFP_HIGH) | __GFP_NORETRY;
		page = alloc_pages(gfp, order);
		if (page)
			break;
		if (order == least)
			return false;
	}
	skb_fill_page_desc(skb, skb_shinfo(skb)->nr_frags, page, 0, 0);
	skb->truesize += PAGE_SIZE << order;
	room->at = page_address(page);
	room->left = PAGE_SIZE << order;
	return true;
}

/**
 * train_room_reserve() - see to it that there is a place for the next message
 * @room: the train's memory
 * @size: bytes of this message on the wire
 * @more: bytes of this and all messages to come
 *
 * A message never crosses from one run of memory to another.
 *
 * Return: false without memory, or if it is in so small pieces that the skb
 * cannot hold more of them.
 */
bool train_room_reserve(struct train_room *room, unsigned int size,
			unsigned int more)
{
	return room->left >= size || room_grow(room, size, more);
}
EXPORT_SYMBOL_IF_KUNIT(train_room_reserve);

/**
 * train_room_take() - get the place of the next message
 * @room: the train's memory
 * @size: bytes of this message on the wire, which have been reserved
 *
 * Return: the place.
 */
u8 *train_room_take(struct train_room *room, unsigned int size)
{
	struct sk_buff *skb = room->skb;
	u8 *at;

	if (skb_shinfo(skb)->nr_frags) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[skb_shinfo(skb)->nr_frags - 1],
				  size);
		skb->len += size;
		skb->data_len += size;
	} else {
		__skb_put(skb, size);
	}
	at = room->at;
	room->at += size;
	room->left -= size;
	return at;
}
EXPORT_SYMBOL_IF_KUNIT(train_room_take);

/**
 * train_room_end() - turn the skb into a UDP superpacket
 * @room: the train's memory, filled
 * @nr: messages in it
 * @size: size of each but the last
 */
void train_room_end(struct train_room *room, unsigned int nr,
		    unsigned int size)
{
	struct sk_buff *skb = room->skb;

	if (nr < 2)
		return;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	skb_shinfo(skb)->gso_size = size;
	skb_shinfo(skb)->gso_segs = nr;
	/* udp_set_csum() fills in the pseudo-header's sum only, for GSO. */
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) - sizeof(struct udphdr);
	skb->csum_offset = offsetof(struct udphdr, check);
}
EXPORT_SYMBOL_IF_KUNIT(train_room_end);
