/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer: what it costs at rest is kept small on purpose, and what a packet
 * needs stands together at the front.
 */
#ifndef _CULVERT_PEER_H
#define _CULVERT_PEER_H

#include <linux/build_bug.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rhashtable-types.h>
#include <linux/seqlock.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "session.h"
#include "timers.h"
#include "wire.h"

struct culvert_device;
struct culvert_handshake;
struct culvert_route;

/**
 * struct culvert_endpoint - where a peer is, and from where it is reached
 * @addr: AF_INET or AF_INET6 address and port; family 0 if unknown
 * @addr4: @addr, when its family is AF_INET
 * @addr6: @addr, when its family is AF_INET6
 * @src4: local address to send from, or 0
 * @src_if4: interface that @src4 was seen on, or 0
 * @src6: local address to send from, or unspecified
 */
struct culvert_endpoint {
	union {
		struct sockaddr		addr;
		struct sockaddr_in	addr4;
		struct sockaddr_in6	addr6;
	};
	union {
		struct {
			struct in_addr	src4;
			int		src_if4;
		};
		struct in6_addr		src6;
	};
};

/**
 * struct culvert_peer - the other end of a tunnel
 * @sessions: transport keys. Slots are written under @lock, read under RCU.
 * @device: whose peer this is; holds as long as a reference to the peer
 * @route: the way to @endpoint, once found; exchanged atomically, read under RCU
 * @orders: of trains in flight between CPUs, once there has been one; stays
 * @flush_queued: @flush is in a CPU's list of peers with gathered packets: twice
 *		  that CPU's number, and 2, and 1 if that is to be flushed soon
 * @endpoint_seq: guards @endpoint for readers; writers hold @lock
 * @endpoint: where the peer is
 * @lock: guards @sessions, @endpoint, @handshake and the members that say so.
 *	  Taken with BHs off.
 * @rx_bytes: data received, with protocol overhead
 * @tx_bytes: data sent, with protocol overhead
 * @timers: the protocol's deadlines
 * @staged: packets waiting for a key, or for company
 * @staged_bytes: their memory; under the lock of @staged
 * @draining: a CPU sends what is staged, and what is staged meanwhile; under
 *	      the lock of @staged
 * @flush: in that list, which holds a reference
 * @handshake: exists only while we are initiating one; under @lock
 * @last_initiation: boot time in ns of the last initiation accepted; under @lock
 * @last_sent_handshake: boot time in ns of the last initiation or response that
 *			 we sent; 0 lets the next initiation go at once
 * @initiate: in the device's list of initiations to send
 * @initiate_queued: bit 0: @initiate is on that list; bit 1: for a retry
 * @cookie: from the peer's last cookie reply; under @lock
 * @cookie_expires: boot time in s from which @cookie is stale, 0 for none
 * @last_handshake: wall clock of the last completed handshake, for dumps, or 0;
 *		    under @lock
 * @timestamp: greatest TAI64N timestamp accepted; under @lock
 * @keepalive: persistent keepalive interval, s, 0 for none
 * @removed: unlinked from the device; set under @lock. Nobody begins a
 *	     handshake or installs a session after that.
 * @has_shared: @shared has been computed
 * @public_key: the peer's static key, its name
 * @shared: X25519 of the static keys, computed when first needed; under @lock
 * @psk: preshared key or zeroes; under @lock
 * @id: a number for logs and traces
 * @node: in the device's table of public keys
 * @list: in the device's list of peers; under its update lock
 * @allowed_ips: prefixes that point here; under the device's update lock
 * @refs: lives until the last reference goes
 * @rcu: defers the free; in the place of @list once that has been left
 */
struct culvert_peer {
	struct culvert_sessions		sessions;
	struct culvert_device		*device;
	struct culvert_route __rcu	*route;
	struct crypt_orders		*orders;
	atomic_t			flush_queued;
	seqcount_spinlock_t		endpoint_seq;
	struct culvert_endpoint		endpoint;
	spinlock_t			lock;	/* see above */

	atomic64_t			rx_bytes;
	atomic64_t			tx_bytes;
	struct culvert_timers		timers;
	struct sk_buff_head		staged;
	struct llist_node		flush;

	struct culvert_handshake	*handshake;
	u64				last_initiation;
	u64				last_sent_handshake;
	struct llist_node		initiate;
	unsigned long			initiate_queued;
	u8				cookie[WIRE_COOKIE_BYTES];
	u32				cookie_expires;
	struct kref			refs;
	ktime_t				last_handshake;
	u8				timestamp[WIRE_TIMESTAMP_BYTES];
	u32				staged_bytes;
	u16				keepalive;
	bool				removed;
	bool				has_shared;
	bool				draining;
	/* Hashed by words. */
	u8				public_key[WIRE_KEY_BYTES] __aligned(4);
	u8				shared[WIRE_KEY_BYTES];
	u8				psk[WIRE_KEY_BYTES];
	u64				id;
	struct rhash_head		node;
	union {
		struct list_head	list;
		struct rcu_head		rcu;
	};
	struct list_head		allowed_ips;
};

/*
 * With its share of the table of public keys an idle peer has to stay below
 * 512 bytes. Debugging options make locks larger.
 */
static_assert(IS_ENABLED(CONFIG_DEBUG_SPINLOCK) ||
	      IS_ENABLED(CONFIG_DEBUG_LOCK_ALLOC) ||
	      IS_ENABLED(CONFIG_PREEMPT_RT) ||
	      sizeof(struct culvert_peer) <= 480);

int culvert_peer_table_init(struct culvert_device *dev);
void culvert_peer_wait_all(struct culvert_device *dev);
void culvert_peer_table_destroy(struct culvert_device *dev);

struct culvert_peer *culvert_peer_create(struct culvert_device *dev,
					 const u8 public_key[WIRE_KEY_BYTES],
					 const u8 *psk);
struct culvert_peer *culvert_peer_get_unless_dead(struct culvert_peer *peer);
void culvert_peer_put(struct culvert_peer *peer);
struct culvert_peer *culvert_peer_find(struct culvert_device *dev,
				       const u8 public_key[WIRE_KEY_BYTES]);
void culvert_peer_unlink(struct culvert_peer *peer, struct list_head *gone);
void culvert_peer_finish(struct list_head *gone);
void culvert_peer_remove(struct culvert_peer *peer);
void culvert_peer_remove_all(struct culvert_device *dev);
/* Under the update lock; may sleep between two. */
void culvert_peer_each(struct culvert_device *dev, void (*act)(struct culvert_peer *peer));
int culvert_peer_cache_init(void);
void culvert_peer_cache_exit(void);

#endif /* _CULVERT_PEER_H */
