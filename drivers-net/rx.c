// SPDX-License-Identifier: GPL-2.0
/*
 * From the wire to the stack: find the session, open the train, check for
 * replays, check the inner source, join, deliver.
 */

#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/gro_cells.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/udp.h>

#include "crypt.h"
#include "device.h"
#include "events.h"
#include "handshake.h"
#include "peer.h"
#include "rx.h"
#include "session.h"
#include "timers.h"
#include "trace.h"
#include "train.h"
#include "tx.h"
#include "udp.h"

/**
 * struct rx_walk - progress through an outer skb
 * @dev: the device
 * @skb: the outer skb
 * @at: next byte
 * @left: bytes to come
 * @size: of each message but the last
 * @in_place: its memory belongs to nobody else
 * @alone: a message whose skb can become the inner packet's
 * @newest: it has a message that came after all that came before
 * @kept: packets and keepalives that were good
 * @why: what the last packet was dropped for
 */
struct rx_walk {
	struct culvert_device	*dev;
	struct sk_buff		*skb;
	struct train_cursor	at;
	unsigned int		left;
	unsigned int		size;
	bool			in_place;
	bool			alone;
	bool			newest;
	unsigned int		kept;
	enum culvert_drop	why;
};

/* Counts packets of the outer skb that the stack shall not see. */
static void rx_note(struct rx_walk *walk, enum culvert_drop why, unsigned int nr)
{
	walk->why = why;
	culvert_drop_note(walk->dev, walk->skb, why, nr);
}

/* May plaintext be written where the ciphertext is? */
static bool rx_is_private(const struct sk_buff *skb)
{
	const struct sk_buff *frag;

	if (skb_cloned(skb) || skb_has_shared_frag(skb))
		return false;
	skb_walk_frags(skb, frag)
		if (skb_shared(frag) || skb_cloned(frag) ||
		    skb_has_shared_frag(frag))
			return false;
	return true;
}

/* A train's messages follow one another at any distance. */
static bool rx_is_aligned(const void *text)
{
	return IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) ||
	       IS_ALIGNED((unsigned long)text, sizeof(u32));
}

/* Memory whose pages may be referenced by another skb. */
static u8 *rx_memory(unsigned int len)
{
	struct page *page;

	if (len <= PAGE_SIZE / 2)
		return netdev_alloc_frag(len);
	page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN | __GFP_COMP,
			   get_order(len));
	return page ? page_address(page) : NULL;
}

/*
 * Adds the message at hand to the group. Returns 0; -ENOSPC if the group has
 * no places left; another error if the message is to be skipped.
 */
static int rx_next(struct rx_walk *walk, const struct wire_data *data,
		   unsigned int size, struct train_group *group,
		   struct train_text *text)
{
	struct chacha20poly1305_msg *msg = &group->msgs[group->nr];
	struct kvec *frags = &group->frags[group->nr_frags];
	unsigned int room = TRAIN_FRAGS - group->nr_frags;
	struct train_cursor *at = &walk->at;
	int nr;

	nr = train_cursor_take(at, frags, room, size - sizeof(*data));
	if (unlikely(nr < 0))
		return nr;
	text->len = size - WIRE_DATA_OVERHEAD;
	text->counter = le64_to_cpu(data->counter);
	text->drop = false;
	text->owned = false;
	/* In a page of its own, so that an inner skb can refer to it? */
	if (likely(walk->alone ||
		   (walk->in_place && nr == 1 &&
		    rx_is_aligned(frags->iov_base) &&
		    (at->frag >= 0 || at->skb->head_frag)))) {
		text->data = frags->iov_base;
	} else {
		text->data = rx_memory(max(text->len, 1U));
		if (unlikely(!text->data))
			return -ENOMEM;
		text->owned = true;
	}
	msg->dst = text->data;
	msg->src = frags;
	msg->nr_src = nr;
	msg->ad = NULL;
	msg->ad_len = 0;
	msg->nonce = text->counter;
	msg->salt = 0;
	msg->len = text->len;
	msg->pad = 0;
	msg->flags = 0;
	group->nr++;
	group->nr_frags += nr;
	return 0;
}

static void rx_open_group(struct rx_walk *walk, struct train_group *group,
			  struct culvert_session *session,
			  struct train_text *texts)
{
	unsigned int i;

	if (likely(!chacha20poly1305_open_batch(group->msgs, group->nr,
						session->recv_key)))
		return;
	for (i = 0; i < group->nr; i++) {
		if (group->msgs[i].err) {
			texts[i].drop = true;
			rx_note(walk, CULVERT_DROP_RX_TAG, 1);
		}
	}
}

/*
 * Opens messages of one receiver index from the front of @walk. Returns how
 * many plaintexts there are, good and bad; 0 with something left if the next
 * message is for another session.
 */
static unsigned int rx_open(struct rx_walk *walk,
			    struct culvert_session *session,
			    struct crypt_scratch *scratch)
{
	struct train_group *group = &scratch->group;
	unsigned int nr = 0;

	group->nr = 0;
	group->nr_frags = 0;
	while (walk->left && nr < TRAIN_MESSAGES_MAX) {
		unsigned int size = min(walk->left, walk->size);
		struct train_cursor start = walk->at;
		struct wire_data data;
		int err;

		if (unlikely(size < WIRE_DATA_OVERHEAD)) {
			rx_note(walk, CULVERT_DROP_RX_TOO_SHORT,
				DIV_ROUND_UP(walk->left, walk->size));
			walk->left = 0;
			break;
		}
		train_cursor_copy(&walk->at, &data, sizeof(data));
		if (unlikely(le32_to_cpu(data.receiver) != session->local_index ||
			     data.header.type != cpu_to_le32(WIRE_DATA))) {
			walk->at = start;
			break;
		}
		err = rx_next(walk, &data, size, group, &scratch->texts[nr]);
		if (err == -ENOSPC && group->nr) {
			walk->at = start;
			goto open;
		}
		walk->left -= size;
		if (unlikely(err)) {
			rx_note(walk, CULVERT_DROP_RX_NOMEM, 1);
			walk->at = start;
			train_cursor_skip(&walk->at, size);
			continue;
		}
		nr++;
		if (group->nr < TRAIN_GROUP)
			continue;
open:
		rx_open_group(walk, group, session,
			      &scratch->texts[nr - group->nr]);
		group->nr = 0;
		group->nr_frags = 0;
	}
	if (group->nr)
		rx_open_group(walk, group, session,
			      &scratch->texts[nr - group->nr]);
	return nr;
}

/* Marks what was seen before. Returns how many are new. */
static unsigned int rx_replay(struct rx_walk *walk,
			      struct culvert_session *session,
			      struct train_text *texts, unsigned int nr)
{
	unsigned int i, fresh = 0, stale = 0;
	u64 next;

	spin_lock(&session->replay_lock);
	next = session->replay.next;
	for (i = 0; i < nr; i++) {
		if (texts[i].drop)
			continue;
		if (likely(replay_window_accept(&session->replay,
						texts[i].counter))) {
			fresh++;
		} else {
			texts[i].drop = true;
			stale++;
		}
	}
	walk->newest = session->replay.next != next;
	spin_unlock(&session->replay_lock);
	if (unlikely(stale))
		rx_note(walk, CULVERT_DROP_RX_REPLAY, stale);
	return fresh;
}

/* The inner packet's length by its own header; 0 if it is not IP or lies. */
static unsigned int rx_inner_len(const struct train_text *text,
				 enum culvert_drop *why)
{
	unsigned int len;

	*why = CULVERT_DROP_RX_NOT_IP;
	if (text->len >= sizeof(struct iphdr) && text->data[0] >> 4 == 4) {
		const struct iphdr *ip = (struct iphdr *)text->data;

		*why = CULVERT_DROP_RX_INNER_LENGTH;
		len = ntohs(ip->tot_len);
		if (len < sizeof(*ip))
			return 0;
	} else if (text->len >= sizeof(struct ipv6hdr) &&
		   text->data[0] >> 4 == 6) {
		*why = CULVERT_DROP_RX_INNER_LENGTH;
		len = ntohs(((struct ipv6hdr *)text->data)->payload_len) +
		      sizeof(struct ipv6hdr);
	} else {
		return 0;
	}
	return len <= text->len ? len : 0;
}

/* RFC 6040: what the outer header's ECN field does to the inner one. */
static bool rx_ecn(struct train_text *text, u8 outer)
{
	struct iphdr *ip = (struct iphdr *)text->data;
	struct ipv6hdr *ip6 = (struct ipv6hdr *)text->data;
	bool v4 = ip->version == 4;
	bool set_ce = false;
	u8 inner = v4 ? ip->tos : ipv6_get_dsfield(ip6);
	int rc;

	if (likely((outer & INET_ECN_MASK) == INET_ECN_NOT_ECT))
		return true;
	rc = __INET_ECN_decapsulate(outer, inner, &set_ce);
	if (rc > 1)
		return false;
	if (set_ce) {
		inner |= INET_ECN_CE;
	} else if ((outer & INET_ECN_MASK) == INET_ECN_ECT_1 &&
		   (inner & INET_ECN_MASK) == INET_ECN_ECT_0) {
		inner = (inner & ~INET_ECN_MASK) | INET_ECN_ECT_1;
	} else {
		return true;
	}
	if (v4)
		ipv4_change_dsfield(ip, ~INET_ECN_MASK, inner & INET_ECN_MASK);
	else
		ipv6_change_dsfield(ip6, ~INET_ECN_MASK, inner & INET_ECN_MASK);
	return true;
}

/* Is the same address as before, whose peer we know? */
static bool rx_same_source(const struct train_text *a,
			   const struct train_text *b)
{
	if (a->data[0] >> 4 != b->data[0] >> 4)
		return false;
	if (a->data[0] >> 4 == 4)
		return ((struct iphdr *)a->data)->saddr ==
		       ((struct iphdr *)b->data)->saddr;
	return ipv6_addr_equal(&((struct ipv6hdr *)a->data)->saddr,
			       &((struct ipv6hdr *)b->data)->saddr);
}

static bool rx_source_ok(struct culvert_device *dev,
			 const struct culvert_peer *peer,
			 const struct train_text *text)
{
	const struct culvert_peer *owner;

	if (text->data[0] >> 4 == 4)
		owner = culvert_cidr_lookup4(&dev->allowed,
					     ((struct iphdr *)text->data)->saddr);
	else
		owner = culvert_cidr_lookup6(&dev->allowed,
					     &((struct ipv6hdr *)text->data)->saddr);
	return owner == peer;
}

/* Sorts out what the stack shall not see. Returns how many packets it shall. */
static unsigned int rx_check(struct rx_walk *walk, struct culvert_peer *peer,
			     struct train_text *texts, unsigned int nr)
{
	u8 outer = ip_tunnel_get_dsfield(ip_hdr(walk->skb), walk->skb);
	const struct train_text *known = NULL;
	unsigned int i, bytes = 0, good = 0, keepalives = 0;

	for (i = 0; i < nr; i++) {
		struct train_text *text = &texts[i];
		unsigned int wire = text->len + WIRE_DATA_OVERHEAD;
		enum culvert_drop why;
		unsigned int len;

		if (text->drop || !text->len) {
			if (!text->drop) {
				keepalives++;
				bytes += wire;
			}
			text->drop = true;
			continue;
		}
		len = rx_inner_len(text, &why);
		if (likely(len)) {
			text->len = len;
			why = CULVERT_DROP_RX_SOURCE;
			if (likely((known && rx_same_source(known, text)) ||
				   rx_source_ok(walk->dev, peer, text))) {
				known = text;
				why = CULVERT_DROP_RX_ECN;
				if (likely(rx_ecn(text, outer))) {
					bytes += wire;
					good++;
					continue;
				}
			}
		}
		text->drop = true;
		rx_note(walk, why, 1);
	}
	/* As wg(8) counts: what the messages were on the wire. */
	if (bytes) {
		culvert_count_rx(walk->dev, good + keepalives, bytes);
		atomic64_add(bytes, &peer->rx_bytes);
	}
	walk->kept += good + keepalives;
	return good;
}

static void rx_queue(struct culvert_device *dev, struct sk_buff *skb,
		     struct sk_buff_head *result)
{
	skb->dev = dev->dev;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = ip_tunnel_parse_protocol(skb);
	__skb_queue_tail(result, skb);
}

static void rx_join(struct rx_walk *walk, const struct train_text *texts,
		    unsigned int nr, struct sk_buff_head *result)
{
	unsigned int i = 0;

	while (i < nr) {
		struct sk_buff *skb;
		unsigned int end, run;

		if (texts[i].drop) {
			i++;
			continue;
		}
		end = i + 1;
		while (end < nr && !texts[end].drop)
			end++;
		run = train_join_run(&texts[i], end - i);
		skb = train_join(&texts[i], run);
		if (likely(skb))
			rx_queue(walk->dev, skb, result);
		else
			rx_note(walk, CULVERT_DROP_RX_NOMEM, run);
		i += run;
	}
}

/* The skb of a message that came alone becomes that of the inner packet. */
static void rx_become(struct rx_walk *walk, unsigned int len,
		      struct sk_buff_head *result)
{
	struct sk_buff *skb = walk->skb;

	walk->skb = NULL;
	__skb_pull(skb, sizeof(struct wire_data));
	__skb_trim(skb, len);
	skb_scrub_packet(skb, true);
	skb->priority = 0;
	skb_init_secmark(skb);
	skb_clear_hash(skb);
	/* That of the link outside; none of ours. */
	skb_set_queue_mapping(skb, 0);
	skb->encapsulation = 0;
	/* The tag vouched for all of it. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = SKB_MAX_CSUM_LEVEL;
	rx_queue(walk->dev, skb, result);
}

/* Something authentic has come from the peer: all that follows from it. */
static void rx_authentic(struct culvert_session *session,
			 const struct rx_walk *walk, bool data)
{
	struct culvert_peer *peer = session->peer;
	struct culvert_session *current_;

	/* What was overtaken on its way does not lead back to an old address. */
	if (likely(walk->newest))
		culvert_udp_roam(peer, walk->skb);
	if (unlikely(culvert_session_confirm(peer, session))) {
		culvert_handshake_complete(peer);
		culvert_tx_flush(peer);
	}
	culvert_timers_received(peer, data);
	/* What is late comes under older keys; it is the present ones that matter. */
	current_ = rcu_dereference_bh(peer->sessions.current_);
	if (likely(current_) &&
	    culvert_session_wants_rekey_on_receive(current_,
						   ktime_get_coarse_boottime_ns()))
		culvert_handshake_initiate(peer, false);
}

static void rx_session(struct rx_walk *walk, struct culvert_session *session,
		       struct sk_buff_head *result)
{
	struct crypt_scratch *scratch = culvert_crypt_begin();
	struct train_text *texts = scratch->texts;
	unsigned int fresh, good = 0, len, nr, i;
	bool data = false;

	nr = rx_open(walk, session, scratch);
	fresh = nr ? rx_replay(walk, session, texts, nr) : 0;
	if (likely(fresh)) {
		for (i = 0; i < nr; i++)
			data |= !texts[i].drop && texts[i].len;
		good = rx_check(walk, session->peer, texts, nr);
		if (!walk->alone)
			rx_join(walk, texts, nr, result);
	}
	len = texts[0].len;
	for (i = 0; i < nr; i++)
		if (texts[i].owned)
			put_page(virt_to_head_page(texts[i].data));
	culvert_crypt_end(scratch);

	/* Outside: it may send. */
	if (likely(fresh))
		rx_authentic(session, walk, data);
	if (walk->alone && good)
		rx_become(walk, len, result);
}

/**
 * culvert_rx_process() - open a train
 * @train: what to open; inner skbs go to its result, the outer one is freed
 *
 * Context: BHs off, under RCU.
 */
void culvert_rx_process(struct culvert_train *train)
{
	struct culvert_session *session = train->session;
	struct sk_buff *skb = train->skb;
	struct rx_walk walk = {
		.dev = session->peer->device,
		.skb = skb,
		.left = skb->len,
		.size = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len,
		.in_place = rx_is_private(skb),
		.alone = !skb_is_gso(skb) && !skb_is_nonlinear(skb) &&
			 !skb_cloned(skb),
	};

	trace_culvert_train(session->peer, false, train->messages, skb->len,
			    train->spilled ? CULVERT_SPILLED : CULVERT_INLINE);

	train_cursor_init(&walk.at, skb, 0);

	rcu_read_lock_bh();
	while (walk.left) {
		unsigned int left = walk.left;
		struct wire_data data;
		struct train_cursor at;

		rx_session(&walk, session, &train->result);
		if (likely(walk.left != left))
			continue;
		/* Not for this session: what for, then? */
		at = walk.at;
		train_cursor_copy(&at, &data, sizeof(data));
		session = NULL;
		if (data.header.type == cpu_to_le32(WIRE_DATA))
			session = culvert_session_find(walk.dev,
						       le32_to_cpu(data.receiver));
		if (!session ||
		    !culvert_session_may_receive(session,
						 ktime_get_coarse_boottime_ns())) {
			rx_note(&walk, session ? CULVERT_DROP_RX_EXPIRED :
						 CULVERT_DROP_RX_NO_SESSION, 1);
			session = train->session;
			train_cursor_skip(&walk.at, min(walk.left, walk.size));
			walk.left -= min(walk.left, walk.size);
		}
	}
	rcu_read_unlock_bh();
	if (!walk.skb)
		return;
	if (likely(walk.kept))
		consume_skb(skb);
	else
		culvert_drop_free(skb, walk.why);
}

/**
 * culvert_rx_refuse() - drop a train that there is no place for
 * @train: not yet opened; its skb is freed
 *
 * Context: BHs off.
 */
void culvert_rx_refuse(struct culvert_train *train)
{
	culvert_drop_skb(train->session->peer->device, train->skb,
			 CULVERT_DROP_RX_BACKLOG);
}

/**
 * culvert_rx_deliver() - hand what was opened to the stack
 * @train: opened, and its turn
 *
 * Context: BHs off.
 */
void culvert_rx_deliver(struct culvert_train *train)
{
	struct culvert_device *dev = train->session->peer->device;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&train->result))) {
		unsigned int nr = max_t(unsigned int, skb_shinfo(skb)->gso_segs, 1);

		if (unlikely(gro_cells_receive(&dev->gro, skb) != NET_RX_SUCCESS))
			culvert_drop_note(dev, NULL, CULVERT_DROP_RX_STACK_FULL, nr);
	}
}

/* Messages in a train, as gso_segs may say or not. */
static unsigned int rx_messages(const struct sk_buff *skb)
{
	return skb_is_gso(skb) ? DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size) : 1;
}

static void rx_data(struct culvert_device *dev, struct sk_buff *skb,
		    const struct wire_data *data)
{
	struct culvert_train train = {
		.skb = skb, .bytes = skb->len, .messages = rx_messages(skb),
	};

	if (unlikely(skb->len < WIRE_DATA_OVERHEAD)) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_TOO_SHORT);
		return;
	}
	train.session = culvert_session_find(dev, le32_to_cpu(data->receiver));
	if (unlikely(!train.session)) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_NO_SESSION);
		return;
	}
	if (unlikely(!culvert_session_may_receive(train.session,
						  ktime_get_coarse_boottime_ns()))) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_EXPIRED);
		return;
	}
	if (unlikely(!train_mappable(skb))) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_NOMEM);
		return;
	}
	culvert_crypt_run(&train);
}

/**
 * culvert_rx_encap() - encap_rcv of the tunnel's sockets
 * @sk: the socket
 * @skb: a datagram, or a train of them; skb->data is at the UDP header
 *
 * Context: BHs off, under RCU.
 * Return: 0 always: @skb has been consumed.
 */
int culvert_rx_encap(struct sock *sk, struct sk_buff *skb)
{
	struct culvert_device *dev = rcu_dereference_sk_user_data(sk);
	struct wire_data buf = {};
	const struct wire_data *data;
	u32 type;

	if (unlikely(!dev)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
		return 0;
	}
	if (unlikely(!netif_running(dev->dev))) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_DOWN);
		return 0;
	}
	skb_mark_not_on_list(skb);
	__skb_pull(skb, sizeof(struct udphdr));
	data = skb_header_pointer(skb, 0, min(skb->len, sizeof(buf)), &buf);
	if (unlikely(skb->len < sizeof(data->header))) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_TOO_SHORT);
		return 0;
	}

	type = le32_to_cpu(data->header.type);
	if (likely(type == WIRE_DATA))
		rx_data(dev, skb, data);
	else if (skb_is_gso(skb))
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_TYPE);
	else
		culvert_handshake_receive(dev, skb);
	return 0;
}
