/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol's deadlines. Pure arithmetic on a clock that the caller gives,
 * and one kernel timer a peer that drives it.
 */
#ifndef _CULVERT_TIMERS_H
#define _CULVERT_TIMERS_H

#include <linux/timer.h>
#include <linux/types.h>

#include "wire.h"

struct culvert_peer;

enum culvert_deadline {
	DEADLINE_RETRANSMIT,		/* send the initiation again, or give up */
	DEADLINE_KEEPALIVE,		/* answer data that we had nothing to answer to */
	DEADLINE_NEW_HANDSHAKE,		/* we sent data and heard nothing */
	DEADLINE_ZERO_KEYS,		/* forget all keys */
	DEADLINE_PERSISTENT,		/* persistent keepalive */
	DEADLINE_NR,
};

/* Initiations without an answer after which we give up. */
#define TIMERS_ATTEMPTS_MAX	(WIRE_REKEY_ATTEMPT_TIME / WIRE_REKEY_TIMEOUT)

/**
 * struct culvert_timers - a peer's deadlines
 * @timer: fires at the earliest of them or before; only ever moved forward to
 *	   an earlier time by the data path
 * @at: when each is due, in jiffies cut to 32 bits; 0 if not set. Written
 *	without a lock, each by a single store or cmpxchg.
 * @fires: @timer has been set for this time or an earlier one; 0 if it may
 *	   not be set
 * @attempts: handshakes sent without an answer
 * @another_keepalive: data came while the keepalive was already set
 */
struct culvert_timers {
	struct timer_list	timer;
	u32			at[DEADLINE_NR];
	u32			fires;
	u8			attempts;
	bool			another_keepalive;
};

/* Events. Any context; one call a train. */
void culvert_timers_sent(struct culvert_peer *peer, bool data);
void culvert_timers_received(struct culvert_peer *peer, bool data);
void culvert_timers_handshake_initiated(struct culvert_peer *peer);
void culvert_timers_responded(struct culvert_peer *peer);
void culvert_timers_handshake_complete(struct culvert_peer *peer);
void culvert_timers_session_derived(struct culvert_peer *peer);
/* peer->keepalive is new; sends one at once if the device is up. Process context. */
void culvert_timers_keepalive_changed(struct culvert_peer *peer);
void culvert_timers_init(struct culvert_peer *peer);
/*
 * May sleep; none runs afterwards. For good if peer->removed was set before;
 * else (device down) until an event finds the device running again.
 */
void culvert_timers_stop(struct culvert_peer *peer);

/*
 * The arithmetic. @now and results are jiffies cut to 32 bits; a deadline that
 * an event set is returned, 0 for none.
 */
u32 deadline_on_sent(struct culvert_timers *t, u32 now, bool data, u32 jitter,
		     unsigned int keepalive_s);
u32 deadline_on_received(struct culvert_timers *t, u32 now, bool data,
			 unsigned int keepalive_s);
u32 deadline_on_initiated(struct culvert_timers *t, u32 now, u32 jitter);
u32 deadline_on_session(struct culvert_timers *t, u32 now);
/* A bit for each deadline that is due; these are unset. */
unsigned int deadline_expire(struct culvert_timers *t, u32 now);
/* The earliest that is set, or 0. */
u32 deadline_next(const struct culvert_timers *t);
/* The initiation has not been answered: true to send another, false to give up. */
bool deadline_retry(struct culvert_timers *t, u32 now);

#endif /* _CULVERT_TIMERS_H */
