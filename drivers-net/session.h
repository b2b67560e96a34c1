/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transport sessions: the keys that a handshake gives, how they follow one
 * another, their counters, and the window that refuses replayed messages.
 */
#ifndef _CULVERT_SESSION_H
#define _CULVERT_SESSION_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "crypt.h"
#include "wire.h"

struct culvert_device;
struct culvert_peer;

#define REPLAY_WINDOW_BITS	8192
/* One word is the margin that is cleared while the window slides. */
#define REPLAY_WINDOW		(REPLAY_WINDOW_BITS - BITS_PER_LONG)

/**
 * struct replay_window - which counters have been seen
 * @next: one above the greatest counter accepted
 * @bits: a ring of bits, one for each counter modulo %REPLAY_WINDOW_BITS
 */
struct replay_window {
	u64		next;
	unsigned long	bits[REPLAY_WINDOW_BITS / BITS_PER_LONG];
};

/**
 * struct culvert_session - one pair of transport keys
 * @node: in the device's table of receiver indices, under @local_index. This
 *	  and the next three are struct culvert_index, which a running handshake
 *	  of ours has too, and hands on to the session that comes of it.
 * @peer: whose session or handshake this is; a session holds a reference
 * @local_index: what the other end writes into its messages to us
 * @established: this is a session, and its keys are there. Set last, so that
 *		 culvert_session_find() gives a finished session or none.
 * @remote_index: what we write into our messages to the other end
 * @birth: boot time in ns at which the keys were derived
 * @initiator: we began the handshake, so renewing it is our job
 * @confirmed: something authentic has arrived under @recv_key; until then a
 *	       responder does not send under @send_key
 * @dead: @send_key may not be used any more (too old, or erased)
 * @rekey_asked: what arrives has asked for a new handshake once already
 * @send_key: seals what we send
 * @recv_key: opens what we receive
 * @mac1: of the response that we sent; a cookie reply to it is bound to that
 * @send_counter: the next counter to send; taken in ranges, a train at a time
 * @replay_lock: guards @replay
 * @replay: counters seen
 * @refs: the peer's slot, and each train in flight on another CPU
 * @rcu: defers the free
 */
struct culvert_session {
	struct_group_tagged(culvert_index, index,
		struct rhash_head	node;
		struct culvert_peer	*peer;
		u32			local_index;
		bool			established;
	);
	__le32			remote_index;
	u64			birth;
	bool			initiator;
	bool			confirmed;
	bool			dead;
	bool			rekey_asked;
	u8			send_key[WIRE_KEY_BYTES];
	u8			recv_key[WIRE_KEY_BYTES];
	u8			mac1[WIRE_MAC_BYTES];
	atomic64_t		send_counter ____cacheline_aligned;
	spinlock_t		replay_lock;	/* guards replay */
	refcount_t		refs;
	struct rcu_head		rcu;
	struct replay_window	replay;
};

/* Peer's slots, guarded by culvert_peer.lock, read under RCU. */
struct culvert_sessions {
	struct culvert_session __rcu	*current_;
	struct culvert_session __rcu	*previous;
	struct culvert_session __rcu	*next;
};

int culvert_session_cache_init(void);			/* module init */
void culvert_session_cache_exit(void);			/* waits for RCU callbacks */
int culvert_session_table_init(struct culvert_device *dev);
void culvert_session_table_destroy(struct culvert_device *dev);

/* With a fresh random index. */
int culvert_index_insert(struct culvert_device *dev, struct culvert_index *index);
void culvert_index_remove(struct culvert_device *dev, struct culvert_index *index);
/* Either kind, under rcu_read_lock. */
struct culvert_index *culvert_index_find(struct culvert_device *dev, u32 index);

/* One reference, for the slot; takes one on the peer. NULL without memory. */
struct culvert_session *culvert_session_alloc(struct culvert_peer *peer, gfp_t gfp);
/* In place of a running handshake, under its index. */
int culvert_session_inherit_index(struct culvert_device *dev, struct culvert_index *old,
				  struct culvert_session *s);
/* The keys are there: from now on found, and allowed to receive. */
void culvert_session_establish(struct culvert_session *s, u64 now_ns);
/* Out of the table, and the caller's reference goes. */
void culvert_session_drop(struct culvert_session *s);
/* Established ones only. Under rcu_read_lock. */
struct culvert_session *culvert_session_find(struct culvert_device *dev, u32 index);
bool culvert_session_get(struct culvert_session *s);
void culvert_session_put(struct culvert_session *s);
/*
 * A handshake has given keys: rotates them in (rules for initiator and
 * responder) and takes over the caller's reference. False if the peer has been
 * removed; the session is gone then.
 */
bool culvert_session_install(struct culvert_peer *peer, struct culvert_session *s);
/*
 * Something authentic arrived under @s: promotes next to current. True if it
 * did; then call culvert_handshake_complete() and culvert_tx_flush().
 */
bool culvert_session_confirm(struct culvert_peer *peer, struct culvert_session *s);
void culvert_session_clear_all(struct culvert_peer *peer);	/* erase every key */
void culvert_session_expire_current(struct culvert_peer *peer);	/* may not send any more */

/* Takes @nr counters at once. False if the session may not send (any more). */
bool culvert_session_take_counters(struct culvert_session *s, unsigned int nr, u64 now_ns,
				   u64 *first);
bool culvert_session_may_send(const struct culvert_session *s, u64 now_ns);
/* False once the keys are too old to open anything. */
bool culvert_session_may_receive(const struct culvert_session *s, u64 now_ns);
/* Once a train, after sending or opening it: true asks for culvert_handshake_initiate(). */
bool culvert_session_wants_rekey_on_send(struct culvert_session *s, u64 now_ns);
bool culvert_session_wants_rekey_on_receive(struct culvert_session *s, u64 now_ns);

void replay_window_init(struct replay_window *w);
/* True if @counter is new and below the limit; then it is marked as seen. */
bool replay_window_accept(struct replay_window *w, u64 counter);

#endif /* _CULVERT_SESSION_H */
