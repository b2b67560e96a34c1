// SPDX-License-Identifier: GPL-2.0
/*
 * From the stack to the wire: find the peer, find out whether there is a key,
 * make trains of what is there, seal, send.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <net/dst_metadata.h>
#include <net/gso.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <kunit/visibility.h>

#include "crypt.h"
#include "device.h"
#include "events.h"
#include "gather.h"
#include "handshake.h"
#include "peer.h"
#include "session.h"
#include "timers.h"
#include "trace.h"
#include "train.h"
#include "tx.h"
#include "udp.h"

/* Packets of other flows that are looked over for one more of a train's. */
#define TX_OTHERS_MAX	64
/* How often a CPU sends what others stage before it takes a break. */
#define TX_DRAIN_ROUNDS	16
/*
 * Tunnels in tunnels. What is deeper goes round in circles; it would do so for
 * ever, since packets that wait for company leave the stack that the core's
 * own limit counts on.
 */
#define TX_DEPTH_MAX	4

/**
 * struct tx_cb - what is known of a packet that is staged
 * @mtu: of the route that it came by
 * @ds: traffic class and ECN bits of its outer header
 * @depth: how many of our tunnels it has been through on this machine
 */
struct tx_cb {
	u32	mtu;
	u8	ds;
	u8	depth;
};

/*
 * Who sends on this CPU at the moment, with BHs off, and in the lowest bits how
 * deep in our tunnels the message is that he sends. Under PREEMPT_RT another task
 * may come in, and go, in between: it is not concerned.
 */
static DEFINE_PER_CPU(unsigned long, tx_nested);
#define TX_NESTED_DEPTH	7UL

static_assert(TX_DEPTH_MAX < TX_NESTED_DEPTH);

static unsigned int tx_depth(void)
{
	unsigned long nested = this_cpu_read(tx_nested);

	if ((nested & ~TX_NESTED_DEPTH) != (unsigned long)current)
		return 0;
	return nested & TX_NESTED_DEPTH;
}

/* Nobody restores what is another's. */
static void tx_nest(unsigned int depth)
{
	this_cpu_write(tx_nested, depth ? (unsigned long)current | depth : 0);
}

static struct tx_cb *tx_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct tx_cb) > sizeof(skb->cb));
	return (struct tx_cb *)skb->cb;
}

/* The last @nr of a train's messages will not be sent. */
static void tx_drop_rest(struct culvert_train *train, enum culvert_drop why,
			 unsigned int nr)
{
	struct sk_buff *skb, *next;

	culvert_drop_note(train->session->peer->device, train->skb, why, nr);
	skb_list_walk_safe(train->skb, skb, next) {
		skb_mark_not_on_list(skb);
		culvert_drop_free(skb, why);
	}
}

/* Does freeing the packet tell a socket that there is room again? */
static bool tx_is_charged(const struct sk_buff *skb)
{
	if (!skb->sk || !sk_fullsock(skb->sk))
		return false;
	if (skb->destructor == sock_wfree)
		return true;
	/* TCP's own are not all exported: these are what it is not. */
	return sk_is_tcp(skb->sk) && skb->destructor &&
	       skb->destructor != sock_efree &&
	       skb->destructor != sock_edemux &&
	       skb->destructor != sock_pfree &&
	       skb->destructor != sock_rfree;
}

/*
 * Makes a train stand for its packets in the sender's accounts. Without that,
 * TCP would take a packet for sent once it is sealed, and overrun whatever
 * queue is beneath; with it, TSQ and SO_SNDBUF see the train leave. Whoever asked
 * for it is told now when that was: no driver will see the packets themselves.
 */
static void tx_charge(struct sk_buff *outer, struct sk_buff *chain)
{
	struct sock *sk = NULL;
	struct sk_buff *skb;
	int delta;

	delta = outer->truesize;
	for (skb = chain; skb; skb = skb->next) {
		skb_tx_timestamp(skb);
		/* TCP charges next to nothing for a pure ACK, and is not woken by it. */
		if (!tx_is_charged(skb) || skb_is_tcp_pure_ack(skb) ||
		    (sk && skb->sk != sk))
			continue;
		sk = skb->sk;
		outer->sk = sk;
		outer->destructor = skb->destructor;
		delta -= skb->truesize;
		skb->sk = NULL;
		skb->destructor = NULL;
	}
	if (!sk)
		return;
	if (delta >= 0)
		refcount_add(delta, &sk->sk_wmem_alloc);
	else
		WARN_ON_ONCE(refcount_sub_and_test(-delta, &sk->sk_wmem_alloc));
}

/**
 * struct tx_seal - progress of sealing
 * @next: packet to be cut after this one
 * @cut: the packet that is being cut
 * @counter: of the next message
 */
struct tx_seal {
	struct sk_buff		*next;
	struct train_cut	cut;
	u64			counter;
};

/* The next plaintext, wherever it comes from. */
static int tx_next(struct culvert_train *train, struct tx_seal *seal,
		   struct train_group *group)
{
	if (!train->skb) {
		/* A keepalive is a message of nothing. */
		memset(&group->msgs[group->nr], 0, sizeof(group->msgs[0]));
		group->nr++;
		return 0;
	}
	if (!seal->cut.left) {
		int err = train_cut_begin(&seal->cut, seal->next);

		if (err)
			return err;
		seal->next = seal->next->next;
	}
	return train_cut_next(&seal->cut, group, train->mtu);
}

/*
 * Writes @nr messages of @bytes bytes altogether into @room. Returns how many
 * it took, which are fewer if memory is in small pieces; or an error.
 */
static int tx_fill(struct culvert_train *train, struct tx_seal *seal,
		   struct train_group *group, struct train_room *room,
		   unsigned int nr, unsigned int bytes)
{
	struct culvert_session *session = train->session;
	unsigned int left = nr;
	bool full = false;

	while (left && !full) {
		group->nr = 0;
		group->nr_frags = 0;
		while (left && group->nr < TRAIN_GROUP) {
			struct chacha20poly1305_msg *msg;
			struct wire_data *data;
			int len;

			full = !train_room_reserve(room, min(bytes, train->size),
						   bytes);
			if (unlikely(full))
				break;
			len = tx_next(train, seal, group);
			if (len == -ENOSPC && group->nr)
				break;
			if (unlikely(len < 0))
				return len;
			data = (void *)train_room_take(room, len + WIRE_DATA_OVERHEAD);
			data->header.type = cpu_to_le32(WIRE_DATA);
			data->receiver = session->remote_index;
			data->counter = cpu_to_le64(seal->counter);

			msg = &group->msgs[group->nr - 1];
			msg->dst = (u8 *)(data + 1);
			msg->ad = NULL;
			msg->ad_len = 0;
			msg->nonce = seal->counter;
			msg->salt = 0;

			seal->counter++;
			bytes -= len + WIRE_DATA_OVERHEAD;
			left--;
		}
		if (unlikely(chacha20poly1305_seal_batch(group->msgs, group->nr,
							 session->send_key)))
			return -EINVAL;
	}
	return left < nr ? nr - left : -ENOMEM;
}

/**
 * culvert_tx_process() - seal a train's packets
 * @train: what to seal; the outer skbs go to its result, the packets are freed
 *
 * Context: BHs off.
 */
void culvert_tx_process(struct culvert_train *train)
{
	struct culvert_peer *peer = train->session->peer;
	unsigned int most = clamp(TRAIN_BYTES_MAX / train->size, 1U,
				  (unsigned int)TRAIN_MESSAGES_MAX);
	unsigned int left = train->messages, bytes = train->bytes;
	struct tx_seal seal = {
		.next = train->skb, .counter = train->counter,
	};
	struct crypt_scratch *scratch = culvert_crypt_begin();
	struct train_room room;
	int nr = 0;

	while (left) {
		unsigned int want = min(left, most);
		unsigned int part = want < left ? want * train->size : bytes;
		struct sk_buff *outer = train_room_begin(&room, part);

		nr = outer ? tx_fill(train, &seal, &scratch->group, &room, want,
				     part) : -ENOMEM;
		if (unlikely(nr < 0)) {
			kfree_skb_reason(outer, SKB_DROP_REASON_NOMEM);
			break;
		}
		train_room_end(&room, nr, train->size);
		if (train->skb) {
			__skb_set_sw_hash(outer, skb_get_hash(train->skb), true);
			outer->priority = train->skb->priority;
			if (train->skb->tstamp_type)
				skb_set_delivery_time(outer, train->skb->tstamp,
						      train->skb->tstamp_type);
		}
		__skb_queue_tail(&train->result, outer);
		left -= nr;
		bytes -= outer->len;
	}
	culvert_crypt_end(scratch);

	trace_culvert_train(peer, true, train->messages, train->bytes,
			    train->spilled ? CULVERT_SPILLED : CULVERT_INLINE);
	if (train->skb && !skb_queue_empty(&train->result))
		tx_charge(skb_peek_tail(&train->result), train->skb);
	if (unlikely(left))
		tx_drop_rest(train, nr == -ENOMEM ? CULVERT_DROP_TX_NOMEM :
						     CULVERT_DROP_TX_SEGMENT, left);
	else
		kfree_skb_list_reason(train->skb, SKB_CONSUMED);
}

/**
 * culvert_tx_refuse() - drop a train that there is no place for
 * @train: not yet sealed; its packets are freed
 *
 * Context: BHs off.
 */
void culvert_tx_refuse(struct culvert_train *train)
{
	tx_drop_rest(train, CULVERT_DROP_TX_BACKLOG, train->messages);
}

/**
 * culvert_tx_deliver() - send what was sealed
 * @train: sealed, and its turn
 *
 * Context: BHs off.
 */
void culvert_tx_deliver(struct culvert_train *train)
{
	struct culvert_session *session = train->session;
	struct culvert_peer *peer = session->peer;
	unsigned int outer = tx_depth();
	struct sk_buff *skb;
	bool sent = false;

	tx_nest(train->depth + 1);
	while ((skb = __skb_dequeue(&train->result))) {
		unsigned int nr = max_t(unsigned int, skb_shinfo(skb)->gso_segs, 1);
		unsigned int bytes = skb->len;

		if (unlikely(culvert_udp_send(peer, skb, train->ds)))
			continue;
		culvert_count_tx(peer->device, nr, bytes);
		sent = true;
	}
	tx_nest(outer);
	/* Also if there was no way: the next keepalive may find one. */
	culvert_timers_sent(peer, sent && train->skb);
	if (!sent)
		return;
	if (culvert_session_wants_rekey_on_send(session,
						ktime_get_coarse_boottime_ns()))
		culvert_handshake_initiate(peer, false);
}

/* False if there is no key to seal it with; then nothing has happened. */
static bool tx_run(struct culvert_peer *peer, struct culvert_train *train)
{
	struct culvert_session *session;

	session = rcu_dereference_bh(peer->sessions.current_);
	if (!session ||
	    !culvert_session_take_counters(session, train->messages,
					   ktime_get_coarse_boottime_ns(),
					   &train->counter))
		return false;
	train->session = session;
	train->tx = true;
	culvert_crypt_run(train);
	return true;
}

/* Messages of a chain that make one train: equal but for a shorter last one. */
static void tx_measure(struct culvert_train *train, struct sk_buff *skb)
{
	struct train_cut cut;

	train->mtu = tx_cb(skb)->mtu;
	train->ds = tx_cb(skb)->ds;
	train->depth = tx_cb(skb)->depth;
	if (skb_is_gso(skb) && !train_cut_begin(&cut, skb)) {
		unsigned int last = cut.hlen + cut.left % cut.mss;

		train->messages = train_cut_count(&cut);
		train->size = train_pad(train_cut_size(&cut), train->mtu) +
			      WIRE_DATA_OVERHEAD;
		train->bytes = train->messages * train->size;
		if (last != cut.hlen)
			train->bytes -= train->size - WIRE_DATA_OVERHEAD -
					train_pad(last, train->mtu);
		return;
	}
	train->messages = 1;
	train->size = train_pad(skb->len, train->mtu) + WIRE_DATA_OVERHEAD;
	train->bytes = train->size;
}

/*
 * May the two leave at the same time? Pacing sets a time for each packet; as fq
 * does, all that is past is now.
 */
static bool tx_is_timely(const struct sk_buff *head, const struct sk_buff *skb)
{
	ktime_t now;

	if (likely(skb->tstamp == head->tstamp))
		return skb->tstamp_type == head->tstamp_type;
	if (skb->tstamp_type != head->tstamp_type ||
	    (skb->tstamp_type && skb->tstamp_type != SKB_CLOCK_MONOTONIC))
		return false;
	if (!skb->tstamp_type)
		return true;
	now = ktime_get();
	return head->tstamp <= now && skb->tstamp <= now;
}

/* May @skb, of the same flow, travel behind the packets of @train? */
static bool tx_fits(const struct culvert_train *train, struct sk_buff *skb)
{
	unsigned int size;

	if (skb_is_gso(skb) || tx_cb(skb)->ds != train->ds ||
	    tx_cb(skb)->mtu != train->mtu ||
	    tx_cb(skb)->depth != train->depth ||
	    !tx_is_timely(train->skb, skb) ||
	    /* A short message has ended the train. */
	    train->bytes != train->messages * train->size ||
	    train->messages == TRAIN_MESSAGES_MAX)
		return false;
	size = train_pad(skb->len, train->mtu) + WIRE_DATA_OVERHEAD;
	return size <= train->size && train->bytes + size <= TRAIN_BYTES_MAX;
}

/*
 * Sends what is in @queue, in trains of one flow each, as queues outside tell
 * flows apart by a train's hash. A flow's packets keep their order; those of
 * other flows are left for the next train. What remains in @queue has no key.
 */
static bool tx_send_queue(struct culvert_peer *peer,
			  struct sk_buff_head *queue)
{
	struct sk_buff *skb, *next;
	bool sent = false;

	while ((skb = __skb_dequeue(queue))) {
		struct culvert_train train = { .skb = skb };
		struct sk_buff *tail = skb;

		tx_measure(&train, skb);
		if (!skb_is_gso(skb)) {
			unsigned int others = 0;

			skb_queue_walk_safe(queue, skb, next) {
				/* Not to the end for each of a thousand flows. */
				if (skb_get_hash(skb) != skb_get_hash(train.skb)) {
					if (++others == TX_OTHERS_MAX)
						break;
					continue;
				}
				/* Nothing overtakes what does not fit. */
				if (!tx_fits(&train, skb))
					break;
				__skb_unlink(skb, queue);
				tail->next = skb;
				tail = skb;
				train.bytes += train_pad(skb->len, train.mtu) +
					       WIRE_DATA_OVERHEAD;
				train.messages++;
			}
		}
		if (!tx_run(peer, &train)) {
			/* Put them back where they were. */
			struct sk_buff_head back;

			__skb_queue_head_init(&back);
			skb_list_walk_safe(train.skb, skb, next) {
				skb_mark_not_on_list(skb);
				__skb_queue_tail(&back, skb);
			}
			skb_queue_splice(&back, queue);
			return sent;
		}
		sent = true;
	}
	return sent;
}

/* What is in @queue is going to be staged. Whoever holds it, its size stays. */
static void tx_stage_count(struct culvert_peer *peer,
			   const struct sk_buff_head *queue)
{
	const struct sk_buff *skb;

	skb_queue_walk(queue, skb)
		peer->staged_bytes += skb->truesize;
}

/*
 * Without a key only so many wait, and so many bytes: the oldest are the least
 * useful. With one, more come than the CPU that sends them can keep up with.
 */
static void tx_stage_limit(struct culvert_peer *peer, bool keyed)
{
	unsigned int most = keyed ? STAGED_KEYED_MAX : STAGED_MAX;
	unsigned int bytes = keyed ? STAGED_KEYED_BYTES_MAX : STAGED_BYTES_MAX;
	struct sk_buff *skb;

	while (skb_queue_len(&peer->staged) > most ||
	       peer->staged_bytes > bytes) {
		skb = __skb_dequeue(&peer->staged);
		peer->staged_bytes -= skb->truesize;
		culvert_drop_skb(peer->device, skb,
				 keyed ? CULVERT_DROP_TX_BACKLOG :
					 CULVERT_DROP_TX_STAGED_FULL);
	}
}

static bool tx_has_key(const struct culvert_peer *peer)
{
	const struct culvert_session *session;

	session = rcu_dereference_bh(peer->sessions.current_);
	return session && culvert_session_may_send(session,
						   ktime_get_coarse_boottime_ns());
}

/*
 * Sends what is staged, unless another CPU is at it: then that one will find
 * what was staged meanwhile, and a flow's packets do not overtake each other.
 */
static bool tx_drain(struct culvert_peer *peer)
{
	unsigned int rounds = TX_DRAIN_ROUNDS;
	bool sent = false, keyless = false;
	struct sk_buff_head queue;
	struct sk_buff *skb;

	__skb_queue_head_init(&queue);
	spin_lock(&peer->staged.lock);
	if (peer->draining) {
		spin_unlock(&peer->staged.lock);
		return false;
	}
	WRITE_ONCE(peer->draining, true);
	/* Who sees the queue empty sees this: pairs with culvert_tx_xmit(). */
	smp_wmb();
	while (!skb_queue_empty(&peer->staged) && rounds--) {
		skb_queue_splice_tail_init(&peer->staged, &queue);
		peer->staged_bytes = 0;
		spin_unlock(&peer->staged.lock);
		sent |= tx_send_queue(peer, &queue);
		spin_lock(&peer->staged.lock);
		if (unlikely(!skb_queue_empty(&queue))) {
			/* Nobody's buffer is to be full for as long as that. */
			skb_queue_walk(&queue, skb)
				skb_orphan(skb);
			tx_stage_count(peer, &queue);
			skb_queue_splice(&queue, &peer->staged);
			tx_stage_limit(peer, false);
			keyless = true;
			break;
		}
	}
	WRITE_ONCE(peer->draining, false);
	/* Before the look for a key; pairs with culvert_tx_flush(). */
	smp_mb();
	if (unlikely(keyless && !tx_has_key(peer))) {
		spin_unlock(&peer->staged.lock);
		culvert_handshake_initiate(peer, false);
		return sent;
	}
	rounds = skb_queue_len(&peer->staged);
	spin_unlock(&peer->staged.lock);
	/*
	 * Others stage faster than we send, or a key has come this instant: let
	 * softirqs and tasks run.
	 */
	if (unlikely(rounds))
		culvert_gather_later(peer);
	return sent;
}

/**
 * culvert_tx_flush() - send what is staged for a peer, if there is a key
 * @peer: the peer
 *
 * Without a key a handshake is begun.
 *
 * Context: Any context.
 * Return: true if something was sent.
 */
bool culvert_tx_flush(struct culvert_peer *peer)
{
	bool sent;

	/* A new key before the look at what is staged; pairs with tx_drain(). */
	smp_mb();
	if (skb_queue_empty_lockless(&peer->staged))
		return false;
	rcu_read_lock_bh();
	sent = tx_drain(peer);
	rcu_read_unlock_bh();
	return sent;
}

/**
 * culvert_tx_keepalive() - send an empty message, unless there is data to send
 * @peer: the peer
 *
 * Without a key a handshake is begun; its end sends the message.
 *
 * Context: Any context.
 */
void culvert_tx_keepalive(struct culvert_peer *peer)
{
	struct culvert_train train = {
		.messages = 1,
		.size = WIRE_DATA_OVERHEAD,
		.bytes = WIRE_DATA_OVERHEAD,
	};

	if (!skb_queue_empty_lockless(&peer->staged)) {
		culvert_tx_flush(peer);
		return;
	}
	rcu_read_lock_bh();
	if (!tx_run(peer, &train))
		culvert_handshake_initiate(peer, false);
	rcu_read_unlock_bh();
}
EXPORT_SYMBOL_IF_KUNIT(culvert_tx_keepalive);

/* Tells the sender, if it is known by which route it sent, that there is no way. */
static void tx_unreachable(struct sk_buff *skb)
{
	/* ICMP would take another tunnel's metadata for a route. */
	if (!skb_valid_dst(skb))
		return;
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
		break;
	case htons(ETH_P_IPV6):
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH,
				ICMPV6_ADDR_UNREACH, 0);
		break;
	}
}

/**
 * culvert_tx_purge() - drop what is staged for a peer
 * @peer: the peer
 * @unreachable: tell the senders that there is no way
 *
 * Context: Any context.
 */
void culvert_tx_purge(struct culvert_peer *peer, bool unreachable)
{
	struct sk_buff_head queue;
	struct sk_buff *skb;

	__skb_queue_head_init(&queue);
	spin_lock_bh(&peer->staged.lock);
	skb_queue_splice_tail_init(&peer->staged, &queue);
	peer->staged_bytes = 0;
	spin_unlock_bh(&peer->staged.lock);
	if (unreachable)
		skb_queue_walk(&queue, skb)
			tx_unreachable(skb);
	culvert_drop_queue(peer->device, &queue, CULVERT_DROP_TX_PURGED);
}

/* Queues a packet, or the segments of one that cannot be cut here. */
static bool tx_stage(struct culvert_peer *peer, struct sk_buff *skb,
		     struct sk_buff_head *queue)
{
	struct tx_cb cb = {
		.mtu = skb_valid_dst(skb) ? dst_mtu(skb_dst(skb)) :
					    READ_ONCE(peer->device->dev->mtu),
		/* RFC 6040, normal mode: the ECN field is copied, CE too. */
		.ds = ip_tunnel_get_dsfield(ip_hdr(skb), skb) & INET_ECN_MASK,
		.depth = tx_depth(),
	};
	struct sk_buff *segs = skb, *next;
	bool keyed = tx_has_key(peer);
	struct train_cut cut;
	int err = 0;

	if (skb_is_gso(skb)) {
		err = train_cut_begin(&cut, skb);
		if (err == -EOPNOTSUPP) {
			segs = skb_gso_segment(skb, 0);
			err = IS_ERR(segs) ? PTR_ERR(segs) : 0;
			if (!err)
				consume_skb(skb);
		}
	} else if (skb_has_frag_list(skb)) {
		/* Could be in more pieces than a group has places for. */
		err = skb_linearize(skb);
	}
	if (unlikely(err)) {
		culvert_drop_skb(peer->device, skb,
				 err == -ENOMEM ? CULVERT_DROP_TX_NOMEM :
						  CULVERT_DROP_TX_SEGMENT);
		return false;
	}
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		skb_get_hash(skb);
		/* The route is for an ICMP error, should no key ever come. */
		if (likely(keyed))
			skb_dst_drop(skb);
		else
			skb_dst_force(skb);
		*tx_cb(skb) = cb;
		__skb_queue_tail(queue, skb);
	}
	return true;
}

/* Has all that was staged for the peer been sent? */
static bool tx_is_idle(const struct culvert_peer *peer)
{
	if (!skb_queue_empty_lockless(&peer->staged))
		return false;
	smp_rmb(); /* pairs with tx_drain() */
	return !READ_ONCE(peer->draining);
}

/**
 * culvert_tx_xmit() - ndo_start_xmit
 * @skb: a packet or superpacket for some peer
 * @ndev: the tunnel
 *
 * Context: BHs off, under RCU.
 * Return: NETDEV_TX_OK, or a negative error that tells the sender why not; the
 * skb is consumed in either case.
 */
netdev_tx_t culvert_tx_xmit(struct sk_buff *skb, struct net_device *ndev)
{
	struct culvert_device *dev = netdev_priv(ndev);
	enum culvert_drop why;
	struct culvert_peer *peer;
	struct sk_buff_head queue;
	bool ack, deep, gather;
	int err;

	if (unlikely(!pskb_inet_may_pull(skb) || !skb->protocol ||
		     ip_tunnel_parse_protocol(skb) != skb->protocol)) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_TX_NOT_IP);
		return -EPROTONOSUPPORT;
	}
	peer = culvert_cidr_lookup_dst(&dev->allowed, skb);
	if (unlikely(!peer)) {
		why = CULVERT_DROP_TX_NO_PEER;
		err = -ENOKEY;
		goto unreachable;
	}
	if (unlikely(!READ_ONCE(peer->endpoint.addr.sa_family))) {
		why = CULVERT_DROP_TX_NO_ENDPOINT;
		err = -EDESTADDRREQ;
		goto unreachable;
	}

	if (unlikely(tx_depth() > TX_DEPTH_MAX)) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_TX_LOOP);
		return -ELOOP;
	}

	/* cb is ours from here on; nothing beneath looks at the old one. */
	if (unlikely(skb_shared(skb))) {
		struct sk_buff *own = skb_clone(skb, GFP_ATOMIC);

		if (unlikely(!own)) {
			culvert_drop_skb(dev, skb, CULVERT_DROP_TX_NOMEM);
			return NETDEV_TX_OK;
		}
		consume_skb(skb);
		skb = own;
	}
	__skb_queue_head_init(&queue);
	ack = skb_is_tcp_pure_ack(skb);
	/* In tunnels of any kind: what sends from here would be refused. */
	deep = dev_recursion_level() > IP_TUNNEL_RECURSION_LIMIT;
	gather = !deep && !skb_is_gso(skb) && culvert_gather_wanted();
	if (unlikely(!tx_stage(peer, skb, &queue)))
		return NETDEV_TX_OK;

	/* Nothing waits, nobody drains: no need to queue up. */
	if (!gather && !deep && tx_is_idle(peer)) {
		tx_send_queue(peer, &queue);
		if (likely(skb_queue_empty(&queue)))
			return NETDEV_TX_OK;
		/* No key: what could not be sent is staged below. */
	}
	spin_lock(&peer->staged.lock);
	tx_stage_count(peer, &queue);
	skb_queue_splice_tail(&queue, &peer->staged);
	tx_stage_limit(peer, tx_has_key(peer));
	spin_unlock(&peer->staged.lock);

	if (unlikely(deep))
		/* From the bottom of a stack, in a moment. */
		culvert_gather_later(peer);
	else if (!gather || skb_queue_len_lockless(&peer->staged) >= GATHER_MAX)
		tx_drain(peer);
	else
		culvert_gather(peer, ack);
	return NETDEV_TX_OK;

unreachable:
	tx_unreachable(skb);
	culvert_drop_skb(dev, skb, why);
	return err;
}
