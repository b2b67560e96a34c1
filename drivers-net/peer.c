// SPDX-License-Identifier: GPL-2.0
/* A peer's life, from its creation to the last reference. */
#include <linux/kref.h>
#include <linux/prefetch.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "cidr.h"
#include "device.h"
#include "events.h"
#include "handshake.h"
#include "peer.h"
#include "tx.h"
#include "udp.h"

/* A bound, so that no administrator of a namespace takes all memory. */
#define PEERS_MAX	BIT(20)
/* So many are removed together that they are still in the cache when freed. */
#define PEERS_AT_ONCE	1024

static struct kmem_cache *peer_cache;
static atomic64_t last_id = ATOMIC64_INIT(0);

static const struct rhashtable_params key_params = {
	.key_len		= WIRE_KEY_BYTES,
	.key_offset		= offsetof(struct culvert_peer, public_key),
	.head_offset		= offsetof(struct culvert_peer, node),
	.automatic_shrinking	= true,
};

/**
 * culvert_peer_table_init() - make a device's table of public keys
 * @dev: the device, being made
 *
 * Return: 0 or a negative error.
 */
int culvert_peer_table_init(struct culvert_device *dev)
{
	int err;

	INIT_LIST_HEAD(&dev->peers);
	refcount_set(&dev->peer_refs, 1);
	init_completion(&dev->peers_gone);
	err = rhashtable_init(&dev->keys, &key_params);
	dev->has_keys = !err;
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_peer_table_init);

/**
 * culvert_peer_wait_all() - wait until no peer takes memory any more
 * @dev: the device, all of whose peers have been removed
 *
 * References may be held by trains that are still on their way through other
 * CPUs, and by the handshake worker, which has to be running.
 *
 * Context: may sleep.
 */
void culvert_peer_wait_all(struct culvert_device *dev)
{
	if (!refcount_dec_and_test(&dev->peer_refs))
		wait_for_completion(&dev->peers_gone);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_peer_wait_all);

/**
 * culvert_peer_table_destroy() - free the table of public keys
 * @dev: the device, which nobody looks a key up in any more
 *
 * Peers may still be there: then their removal does not take them from the table
 * one by one, which is a third of its time where many go.
 *
 * Context: may sleep.
 */
void culvert_peer_table_destroy(struct culvert_device *dev)
{
	rhashtable_destroy(&dev->keys);
	dev->has_keys = false;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_peer_table_destroy);

/**
 * culvert_peer_create() - make a peer
 * @dev: its device
 * @public_key: its name, which no other peer of @dev has
 * @psk: preshared key, or NULL
 *
 * No cryptography is done here: a million peers can be made in seconds.
 *
 * Context: may sleep; update lock held.
 * Return: the peer, which the device holds a reference of, or an ERR_PTR().
 */
struct culvert_peer *culvert_peer_create(struct culvert_device *dev,
					 const u8 public_key[WIRE_KEY_BYTES],
					 const u8 *psk)
{
	struct culvert_peer *peer;
	int err;

	lockdep_assert_held(&dev->update_lock);

	if (dev->nr_peers >= PEERS_MAX)
		return ERR_PTR(-ENOSPC);
	peer = kmem_cache_zalloc(peer_cache, GFP_KERNEL);
	if (!peer)
		return ERR_PTR(-ENOMEM);

	peer->device = dev;
	peer->id = atomic64_inc_return(&last_id);
	spin_lock_init(&peer->lock);
	seqcount_spinlock_init(&peer->endpoint_seq, &peer->lock);
	skb_queue_head_init(&peer->staged);
	INIT_LIST_HEAD(&peer->allowed_ips);
	kref_init(&peer->refs);
	culvert_timers_init(peer);
	memcpy(peer->public_key, public_key, WIRE_KEY_BYTES);
	if (psk)
		memcpy(peer->psk, psk, WIRE_KEY_BYTES);

	err = rhashtable_insert_fast(&dev->keys, &peer->node, key_params);
	if (err) {
		memzero_explicit(peer->psk, sizeof(peer->psk));
		kmem_cache_free(peer_cache, peer);
		return ERR_PTR(err);
	}
	refcount_inc(&dev->peer_refs);
	list_add_tail(&peer->list, &dev->peers);
	dev->nr_peers++;
	return peer;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_peer_create);

/**
 * culvert_peer_get_unless_dead() - take a reference to a peer found under RCU
 * @peer: the peer, or NULL
 *
 * Context: any, under RCU.
 * Return: @peer, or NULL if its last reference has gone.
 */
struct culvert_peer *culvert_peer_get_unless_dead(struct culvert_peer *peer)
{
	return peer && kref_get_unless_zero(&peer->refs) ? peer : NULL;
}

static void free_peer(struct rcu_head *rcu)
{
	struct culvert_peer *peer = container_of(rcu, struct culvert_peer, rcu);
	struct culvert_device *dev = peer->device;

	culvert_udp_clear_route(peer);
	/* Who was sending may have found no key, and staged again. */
	culvert_tx_purge(peer, false);
	kfree(peer->orders);
	memzero_explicit(peer, sizeof(*peer));
	kmem_cache_free(peer_cache, peer);
	if (refcount_dec_and_test(&dev->peer_refs))
		complete(&dev->peers_gone);
}

static void release_peer(struct kref *refs)
{
	struct culvert_peer *peer = container_of(refs, struct culvert_peer, refs);

	/* The device waits for it. */
	call_rcu_hurry(&peer->rcu, free_peer);
}

/**
 * culvert_peer_put() - give a reference back
 * @peer: the peer, or NULL
 *
 * Context: any.
 */
void culvert_peer_put(struct culvert_peer *peer)
{
	if (peer)
		kref_put(&peer->refs, release_peer);
}

/**
 * culvert_peer_find() - look a peer up by its public key
 * @dev: the device
 * @public_key: the key
 *
 * Context: any but hard interrupts.
 * Return: the peer with a reference, or NULL.
 */
struct culvert_peer *culvert_peer_find(struct culvert_device *dev,
				       const u8 public_key[WIRE_KEY_BYTES])
{
	struct culvert_peer *peer;

	rcu_read_lock();
	peer = rhashtable_lookup(&dev->keys, public_key, key_params);
	peer = culvert_peer_get_unless_dead(peer);
	rcu_read_unlock();
	return peer;
}

static void mark_removed(struct culvert_peer *peer)
{
	struct culvert_device *dev = peer->device;

	if (dev->has_keys)
		rhashtable_remove_fast(&dev->keys, &peer->node, key_params);
	spin_lock_bh(&peer->lock);
	WRITE_ONCE(peer->removed, true);
	spin_unlock_bh(&peer->lock);
	dev->nr_peers--;
}

/**
 * culvert_peer_unlink() - the first half of a removal: nobody finds it any more
 * @peer: the peer
 * @gone: list for culvert_peer_finish()
 *
 * A peer of the same key may be made at once.
 *
 * Context: may sleep; update lock held.
 */
void culvert_peer_unlink(struct culvert_peer *peer, struct list_head *gone)
{
	lockdep_assert_held(&peer->device->update_lock);

	culvert_cidr_remove_by_peer(&peer->device->allowed, peer);
	mark_removed(peer);
	list_move_tail(&peer->list, gone);
}

/**
 * culvert_peer_finish() - the second half of a removal, for many peers at once
 * @gone: peers that have been unlinked; empty afterwards
 *
 * Waits once for everybody who may have found one of them under RCU. From then
 * on, peer->removed has been seen by all: a timer that is stopped stays so, and
 * sessions that are erased are the last.
 *
 * Context: may sleep; update lock held.
 */
void culvert_peer_finish(struct list_head *gone)
{
	struct culvert_peer *peer, *next;

	if (list_empty(gone))
		return;

	/* For each message of a request: thousands, when most peers go. */
	synchronize_rcu_expedited();
	list_for_each_entry_safe(peer, next, gone, list) {
		list_del_init(&peer->list);
		culvert_timers_stop(peer);
		culvert_handshake_clear(peer);
		culvert_session_clear_all(peer);
		culvert_tx_purge(peer, false);
		culvert_udp_clear_route(peer);
		culvert_peer_put(peer);
		cond_resched();
	}
}

/**
 * culvert_peer_remove() - remove one peer
 * @peer: the peer
 *
 * Context: may sleep; update lock held.
 */
void culvert_peer_remove(struct culvert_peer *peer)
{
	LIST_HEAD(gone);

	culvert_peer_unlink(peer, &gone);
	culvert_peer_finish(&gone);
}

/**
 * culvert_peer_remove_all() - remove all peers of a device
 * @dev: the device
 *
 * Context: may sleep; update lock held.
 */
void culvert_peer_remove_all(struct culvert_device *dev)
{
	struct culvert_peer *peer, *next;
	unsigned int nr = 0;
	LIST_HEAD(gone);
	size_t at;

	lockdep_assert_held(&dev->update_lock);

	culvert_cidr_free_all(&dev->allowed);
	list_for_each_entry_safe(peer, next, &dev->peers, list) {
		/* All of it will be touched. The last one's next is no peer: no matter. */
		for (at = 0; at < sizeof(*next); at += L1_CACHE_BYTES)
			prefetchw((void *)next + at);
		INIT_LIST_HEAD(&peer->allowed_ips);
		mark_removed(peer);
		list_move_tail(&peer->list, &gone);
		if (!(++nr % PEERS_AT_ONCE))
			culvert_peer_finish(&gone);
	}
	culvert_peer_finish(&gone);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_peer_remove_all);

/**
 * culvert_peer_each() - do something with every peer of a device
 * @dev: the device
 * @act: what to do; the peer stays in the list
 *
 * Context: may sleep; update lock held.
 */
void culvert_peer_each(struct culvert_device *dev, void (*act)(struct culvert_peer *peer))
{
	struct culvert_peer *peer;

	lockdep_assert_held(&dev->update_lock);
	list_for_each_entry(peer, &dev->peers, list) {
		act(peer);
		cond_resched();
	}
}

/**
 * culvert_peer_cache_init() - prepare what peers are made of
 *
 * Return: 0 or -ENOMEM.
 */
int culvert_peer_cache_init(void)
{
	peer_cache = KMEM_CACHE(culvert_peer, 0);
	return peer_cache ? 0 : -ENOMEM;
}

/**
 * culvert_peer_cache_exit() - all devices have gone
 */
void culvert_peer_cache_exit(void)
{
	/* The callback that completed the last device's wait may still run. */
	rcu_barrier();
	kmem_cache_destroy(peer_cache);
}
