/* SPDX-License-Identifier: GPL-2.0 */
/* The tunnel's network device: what all its peers share. */
#ifndef _CULVERT_DEVICE_H
#define _CULVERT_DEVICE_H

#include <linux/completion.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/rwsem.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/gro_cells.h>

#include "cidr.h"
#include "cookie.h"
#include "events.h"
#include "wire.h"

struct handshake_batch;

/**
 * struct culvert_identity - the device's own static key
 * @lock: readers are handshakes; the writer is a key change
 * @private_key: ours
 * @public_key: computed from it
 * @valid: a private key has been set
 */
struct culvert_identity {
	struct rw_semaphore	lock;
	u8			private_key[WIRE_KEY_BYTES];
	u8			public_key[WIRE_KEY_BYTES];
	bool			valid;
};

/**
 * struct culvert_device - private part of the net_device
 * @dev: the net_device around it
 * @allowed: allowed IPs; written under @update_lock, read under RCU
 * @sock4: tunnel socket, in @net; read under RCU, written under @update_lock
 * @sock6: as @sock4
 * @indices: sessions and running handshakes by receiver index
 * @keys: peers by public key, as long as @has_keys
 * @net: where the device was made, and where its sockets live; NULL once that
 *	 namespace goes
 * @fwmark: mark of what we send outside
 * @port: UDP port, host order
 * @identity: our static key
 * @cookies: our side of the denial-of-service mitigation
 * @handshakes: handshake messages waiting for @handshake_work, bounded
 * @handshake_work: takes them in batches
 * @initiate: peers that an initiation is to be sent to, newest first
 * @initiating: those whose turn it is, oldest first; @handshake_work's own
 * @batch: working memory of @handshake_work
 * @wq: everything of this device that may sleep
 * @gro: receive queues of what has been opened and was not joined
 * @drops: dropped packets by reason, a set of counters a CPU
 * @peers: all of them, in order of creation; under @update_lock
 * @nr_peers: how many
 * @peer_refs: peers that still take memory, and the device itself
 * @peers_gone: completed when @peer_refs drops to zero
 * @generation: changes with every change of the configuration, for dumps; no
 *		two devices ever have the same
 * @up: opened and not closed since; under @update_lock
 * @has_keys: there is a table @keys; under @update_lock
 * @list: all devices; under a lock in device.c
 * @update_lock: serialises configuration. Taken after RTNL.
 */
struct culvert_device {
	struct net_device		*dev;
	struct culvert_cidr		allowed;
	struct sock __rcu		*sock4;
	struct sock __rcu		*sock6;
	struct rhashtable		indices;
	struct rhashtable		keys;
	struct net __rcu		*net;
	u32				fwmark;
	u16				port;
	struct culvert_identity		identity;
	struct culvert_cookie_checker	cookies;
	struct sk_buff_head		handshakes;
	struct work_struct		handshake_work;
	struct llist_head		initiate;
	struct llist_node		*initiating;
	struct handshake_batch		*batch;
	struct workqueue_struct		*wq;
	struct gro_cells		gro;
	struct culvert_drops __percpu	*drops;
	struct list_head		peers;
	unsigned int			nr_peers;
	refcount_t			peer_refs;
	struct completion		peers_gone;
	u64				generation;
	bool				up;
	bool				has_keys;
	struct list_head		list;
	struct mutex			update_lock;	/* see above */
};

bool culvert_device_is(const struct net_device *dev);
void culvert_device_changed(struct culvert_device *dev);
int culvert_device_init(void);
void culvert_device_exit(void);

#endif /* _CULVERT_DEVICE_H */
