/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A train is a run of data messages for one peer, all of one size except that
 * the last may be shorter, at most %TRAIN_BYTES_MAX bytes and
 * %TRAIN_MESSAGES_MAX messages. It travels as the payload of one UDP GSO skb.
 *
 * Cutting takes packets apart into the plaintexts of a train; the inner
 * packets of a superpacket never become skbs. Joining makes skbs of the
 * plaintexts that came out of a train; runs of a TCP flow become one.
 *
 * Nothing here knows of peers, keys or sockets.
 */
#ifndef _CULVERT_TRAIN_H
#define _CULVERT_TRAIN_H

#include <crypto/chacha20poly1305_batch.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "wire.h"

#define TRAIN_MESSAGES_MAX	128
/*
 * With Ethernet, VLAN, IPv6 and UDP headers on top a train stays below 64 KiB:
 * at gso_max_size the stack would take it apart in software.
 */
#define TRAIN_BYTES_MAX		65400
/* Messages handed to the AEAD in one call: as many as its lanes. */
#define TRAIN_GROUP		16
/* Fragments for the messages of a group. */
#define TRAIN_FRAGS		192
/* Inner network and transport header of a superpacket, at most. */
#define TRAIN_HEADER_MAX	160
/* Room in front of the first message for whatever carries a train. */
#define TRAIN_HEADROOM		(MAX_HEADER + sizeof(struct ipv6hdr) + \
				 sizeof(struct udphdr))

/**
 * struct train_group - the messages of one call to the AEAD
 * @msgs: the messages
 * @nr: how many of them are filled in
 * @nr_frags: how many of @frags they use
 * @frags: where their sources point
 * @headers: inner headers, written anew for each message of a superpacket
 */
struct train_group {
	struct chacha20poly1305_msg	msgs[TRAIN_GROUP];
	unsigned int			nr;
	unsigned int			nr_frags;
	struct kvec			frags[TRAIN_FRAGS];
	u8				headers[TRAIN_GROUP][TRAIN_HEADER_MAX];
};

/**
 * struct train_cursor - a place in an skb's data, read from front to back
 * @skb: the skb, or the element of its frag_list, that is being read
 * @next: element of the frag_list that follows
 * @frag: fragment that is being read; -1 is the linear part
 * @at: next byte
 * @left: bytes from @at to the end of this run
 *
 * All of the data must be in the kernel's address space: see train_mappable().
 */
struct train_cursor {
	const struct sk_buff	*skb;
	const struct sk_buff	*next;
	int			frag;
	u8			*at;
	unsigned int		left;
};

void train_cursor_init(struct train_cursor *c, const struct sk_buff *skb,
		       unsigned int offset);
void train_cursor_skip(struct train_cursor *c, unsigned int len);
bool train_cursor_copy(struct train_cursor *c, void *to, unsigned int len);
int train_cursor_take(struct train_cursor *c, struct kvec *to,
		      unsigned int room, unsigned int len);
bool train_mappable(struct sk_buff *skb);

/**
 * struct train_cut - how a packet comes apart into messages
 * @skb: a packet or a superpacket
 * @at: payload that has not been cut yet
 * @left: bytes of it
 * @mss: payload of each inner packet but the last
 * @hlen: bytes of header that each inner packet gets; 0 if it is one packet
 * @thoff: where the transport header begins in it
 * @index: inner packets cut so far
 * @ip_sum: of the IPv4 header, without what differs from packet to packet
 * @csum_offset: place of the checksum field in the transport header
 * @ipv4: family of the inner packets
 * @tcp: they are TCP, else UDP
 * @fixed_id: IPv4 identification stays the same
 * @keep_cwr: CWR is not a signal but a bit of accurate ECN
 */
struct train_cut {
	struct sk_buff		*skb;
	struct train_cursor	at;
	unsigned int		left;
	unsigned int		mss;
	unsigned int		index;
	__wsum			ip_sum;
	u16			hlen;
	u16			thoff;
	u16			csum_offset;
	bool			ipv4;
	bool			tcp;
	bool			fixed_id;
	bool			keep_cwr;
};

int train_cut_begin(struct train_cut *cut, struct sk_buff *skb);
unsigned int train_cut_count(const struct train_cut *cut);
unsigned int train_cut_size(const struct train_cut *cut);
int train_cut_next(struct train_cut *cut, struct train_group *group,
		   unsigned int mtu);

/**
 * train_pad() - how long a plaintext is on the wire
 * @len: bytes of inner packet
 * @mtu: what padding must not exceed; 0 for no limit
 *
 * Return: @len, padded to a multiple of 16 but not past @mtu.
 */
static inline unsigned int train_pad(unsigned int len, unsigned int mtu)
{
	unsigned int padded = ALIGN(len, WIRE_PADDING);

	return len <= mtu ? min(padded, mtu) : padded;
}

/**
 * struct train_room - memory that a train is written into
 * @skb: the outer skb; it has no outer headers yet
 * @at: where the next message goes
 * @left: room for further messages in this run
 */
struct train_room {
	struct sk_buff	*skb;
	u8		*at;
	unsigned int	left;
};

struct sk_buff *train_room_begin(struct train_room *room, unsigned int bytes);
bool train_room_reserve(struct train_room *room, unsigned int size,
			unsigned int more);
u8 *train_room_take(struct train_room *room, unsigned int size);
void train_room_end(struct train_room *room, unsigned int nr,
		    unsigned int size);

/**
 * struct train_text - a plaintext that came out of a train
 * @data: its bytes, in a page that may be referenced if the message came with others
 * @len: how many; 0 for a keepalive
 * @drop: it is not for the stack
 * @owned: the page is held by this plaintext, not by the train's skb
 * @counter: the message's counter
 */
struct train_text {
	u8		*data;
	unsigned int	len;
	bool		drop;
	bool		owned;
	u64		counter;
};

unsigned int train_join_run(const struct train_text *texts, unsigned int nr);
struct sk_buff *train_join(const struct train_text *texts, unsigned int nr);

#endif /* _CULVERT_TRAIN_H */
