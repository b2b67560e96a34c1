// SPDX-License-Identifier: GPL-2.0
/*
 * Handshake messages. What arrives waits in a bounded queue; one work item a
 * device takes it from there in batches, so that the multiplications and hashes
 * of several initiations are done together, and takes turns between what has
 * arrived and what we have to initiate ourselves.
 *
 * Before a message costs a multiplication its mac1 must be right, and under
 * load its mac2 too, and its source must not have come too often.
 */
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/dst.h>
#include <kunit/visibility.h>

#include "cookie.h"
#include "device.h"
#include "events.h"
#include "handshake.h"
#include "peer.h"
#include "timers.h"
#include "udp.h"

#define HANDSHAKE_ROUNDS	16	/* batches, until other work has its turn */

/**
 * handshake_load_shared() - what the two static keys have in common, if it is known
 * @peer: the peer, its lock held
 * @shared: receives it
 *
 * Context: identity.lock held.
 */
void handshake_load_shared(const struct culvert_peer *peer,
			   struct noise_shared *shared)
{
	lockdep_assert_held(&peer->lock);
	shared->known = peer->has_shared;
	if (shared->known)
		memcpy(shared->key, peer->shared, sizeof(shared->key));
}

/**
 * handshake_store_shared() - keep what the two static keys have in common
 * @peer: the peer, its lock held
 * @shared: as handshake_load_shared() left it, or computed since
 *
 * Context: identity.lock has been held since handshake_load_shared().
 */
void handshake_store_shared(struct culvert_peer *peer,
			    const struct noise_shared *shared)
{
	lockdep_assert_held(&peer->lock);
	if (!shared->known || peer->has_shared)
		return;
	memcpy(peer->shared, shared->key, sizeof(peer->shared));
	peer->has_shared = true;
}

/**
 * handshake_add_macs() - complete a message to a peer
 * @peer: the peer; mac2 is made with a fresh cookie of its, if there is one
 * @macs: the end of the message, receives them
 * @msg: the message
 * @len: bytes in front of @macs
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void handshake_add_macs(struct culvert_peer *peer, struct wire_macs *macs,
			const void *msg, size_t len)
{
	u32 now = ktime_get_boottime_seconds();
	u8 cookie[WIRE_COOKIE_BYTES];
	bool fresh;

	spin_lock_bh(&peer->lock);
	fresh = now < peer->cookie_expires;
	memcpy(cookie, peer->cookie, sizeof(cookie));
	spin_unlock_bh(&peer->lock);
	culvert_cookie_add_macs(macs, msg, len, peer->public_key,
				fresh ? cookie : NULL);
	memzero_explicit(cookie, sizeof(cookie));
}

/**
 * handshake_received() - a message of a handshake has given keys
 * @peer: from whom
 * @skb: the message, which tells where the peer is now
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void handshake_received(struct culvert_peer *peer, const struct sk_buff *skb)
{
	culvert_udp_roam(peer, skb);
	atomic64_add(skb->len, &peer->rx_bytes);
	culvert_count_rx(peer->device, 1, skb->len);
	culvert_timers_received(peer, false);
	culvert_timers_session_derived(peer);
}

/*
 * May this message cost us multiplications? @len bytes stand in front of @macs;
 * @sender is its sender's index. Drops @skb if not.
 */
static bool admit(struct culvert_device *dev, struct sk_buff *skb, const void *msg,
		  size_t len, const struct wire_macs *macs, __le32 sender, bool load)
{
	u64 now_ns = ktime_get_coarse_boottime_ns();
	u8 source[COOKIE_SOURCE_MAX];
	struct wire_cookie reply;
	size_t source_len;

	source_len = culvert_cookie_source(source, skb);
	switch (culvert_cookie_check(&dev->cookies, macs, msg, len, source,
				     source_len, now_ns)) {
	case COOKIE_INVALID:
		culvert_drop_skb(dev, skb, CULVERT_DROP_HANDSHAKE_MAC1);
		return false;
	case COOKIE_MAC1:
		if (!load)
			return true;
		culvert_cookie_reply(&dev->cookies, &reply, sender, macs, source,
				     source_len, now_ns);
		culvert_udp_reply(dev, skb, &reply, sizeof(reply));
		culvert_drop_skb(dev, skb, CULVERT_DROP_HANDSHAKE_COOKIE);
		return false;
	case COOKIE_MAC2:
		/* Only now is the source's address worth counting. */
		if (!load || culvert_ratelimit_allow(rcu_access_pointer(dev->net),
						     source, source_len, now_ns))
			return true;
		break;
	}
	culvert_drop_skb(dev, skb, CULVERT_DROP_HANDSHAKE_RATE);
	return false;
}

static void dispose(struct culvert_device *dev, struct sk_buff *skb, bool good)
{
	if (good)
		consume_skb(skb);
	else
		culvert_drop_skb(dev, skb, CULVERT_DROP_HANDSHAKE_INVALID);
}

/* True if there may be more in the queue. */
static bool receive_some(struct culvert_device *dev)
{
	struct handshake_batch *b = dev->batch;
	struct wire_response response;
	struct wire_cookie cookie;
	unsigned int i, nr = 0;
	struct sk_buff *skb;
	__le32 type;
	bool load;

	load = culvert_cookie_under_load(&dev->cookies,
					 skb_queue_len_lockless(&dev->handshakes),
					 ktime_get_coarse_boottime_ns());
	for (i = 0; i < HANDSHAKE_BATCH; i++) {
		struct wire_initiation *initiation = &b->initiation[nr];

		skb = skb_dequeue(&dev->handshakes);
		if (!skb)
			break;
		/* Its length fits its type: culvert_handshake_receive(). */
		skb_copy_bits(skb, 0, &type, sizeof(type));
		switch (le32_to_cpu(type)) {
		case WIRE_INITIATION:
			skb_copy_bits(skb, 0, initiation, sizeof(*initiation));
			if (admit(dev, skb, initiation, offsetof(typeof(*initiation), macs),
				  &initiation->macs, initiation->sender, load))
				b->skb[nr++] = skb;
			break;
		case WIRE_RESPONSE:
			skb_copy_bits(skb, 0, &response, sizeof(response));
			if (admit(dev, skb, &response, offsetof(typeof(response), macs),
				  &response.macs, response.sender, load))
				dispose(dev, skb,
					handshake_receive_response(dev, skb, &response));
			break;
		case WIRE_COOKIE:
			skb_copy_bits(skb, 0, &cookie, sizeof(cookie));
			dispose(dev, skb, handshake_receive_cookie(dev, &cookie));
			break;
		}
	}
	if (nr)
		handshake_receive_initiations(dev, nr);
	return i == HANDSHAKE_BATCH;
}

/**
 * culvert_handshake_work() - send and answer what waits for it
 * @work: of a device
 *
 * Whoever adds to a queue queues the work afterwards, also while it runs, so
 * that nothing is left behind when it finds both queues empty.
 *
 * Context: Process context.
 */
void culvert_handshake_work(struct work_struct *work)
{
	struct culvert_device *dev =
		container_of(work, struct culvert_device, handshake_work);
	unsigned int rounds = HANDSHAKE_ROUNDS;
	bool more;

	/* Before any lock: early after boot this may take long. */
	if (wait_for_random_bytes())
		rounds = 1;
	do {
		more = handshake_send_initiations(dev);
		more |= receive_some(dev);
		cond_resched();
	} while (more && --rounds);
	if (more)
		queue_work(dev->wq, work);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_work);

/**
 * culvert_handshake_receive() - take a handshake message from the socket
 * @dev: whose socket
 * @skb: the message, its UDP header pulled; consumed
 *
 * Context: Softirq.
 */
void culvert_handshake_receive(struct culvert_device *dev, struct sk_buff *skb)
{
	static const u16 lengths[] = {
		[WIRE_INITIATION]	= sizeof(struct wire_initiation),
		[WIRE_RESPONSE]		= sizeof(struct wire_response),
		[WIRE_COOKIE]		= sizeof(struct wire_cookie),
	};
	__le32 header = 0;
	u32 type;

	skb_copy_bits(skb, 0, &header, sizeof(header));
	type = le32_to_cpu(header);
	if (!type || type >= ARRAY_SIZE(lengths)) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_TYPE);
		return;
	}
	if (skb->len != lengths[type]) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_LENGTH);
		return;
	}
	/* A few more than that if several CPUs look at once. */
	if (skb_queue_len_lockless(&dev->handshakes) >= HANDSHAKE_QUEUE_MAX) {
		culvert_drop_skb(dev, skb, CULVERT_DROP_HANDSHAKE_BACKLOG);
		return;
	}
	/* Nothing that belongs to others may wait with it. */
	skb_orphan(skb);
	skb_dst_drop(skb);
	skb->dev = dev->dev;
	skb_queue_tail(&dev->handshakes, skb);
	queue_work(dev->wq, &dev->handshake_work);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_receive);

/**
 * culvert_handshake_init() - before a new device may have handshakes
 * @dev: the device
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int culvert_handshake_init(struct culvert_device *dev)
{
	dev->batch = kzalloc_obj(*dev->batch);
	if (!dev->batch)
		return -ENOMEM;
	skb_queue_head_init(&dev->handshakes);
	init_llist_head(&dev->initiate);
	INIT_WORK(&dev->handshake_work, culvert_handshake_work);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_init);

/**
 * culvert_handshake_exit() - the device goes
 * @dev: its sockets are closed and its peers removed, so that nothing is added
 *
 * Context: May sleep.
 */
void culvert_handshake_exit(struct culvert_device *dev)
{
	struct culvert_peer *peer, *next;
	struct llist_node *nodes[2];
	unsigned int i;

	cancel_work_sync(&dev->handshake_work);
	nodes[0] = dev->initiating;
	nodes[1] = llist_del_all(&dev->initiate);
	dev->initiating = NULL;
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		llist_for_each_entry_safe(peer, next, nodes[i], initiate)
			culvert_peer_put(peer);
	culvert_drop_queue(dev, &dev->handshakes, CULVERT_DROP_HANDSHAKE_BACKLOG);
	kfree_sensitive(dev->batch);
	dev->batch = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_handshake_exit);
