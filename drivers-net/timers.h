/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol's deadlines. Pure arithmetic on a clock that the caller gives,
 * and one kernel timer a peer that drives it.
 */
#ifndef _CULVERT_TIMERS_H
#define _CULVERT_TIMERS_H

#include <linux/timer.h>
#include <linux/types.h>

struct culvert_peer;

enum culvert_deadline {
	DEADLINE_RETRANSMIT,		/* send the initiation again, or give up */
	DEADLINE_KEEPALIVE,		/* answer data that we had nothing to answer to */
	DEADLINE_NEW_HANDSHAKE,		/* we sent data and heard nothing */
	DEADLINE_ZERO_KEYS,		/* forget all keys */
	DEADLINE_PERSISTENT,		/* persistent keepalive */
	DEADLINE_NR,
};

/**
 * struct culvert_timers - a peer's deadlines
 * @timer: fires at the earliest of them or before; only ever moved forward to
 *	   an earlier time by the data path
 * @at: when each is due, in jiffies cut to 32 bits
 * @armed: which of them are set, a bit each
 * @attempts: handshakes sent without an answer
 * @another_keepalive: data came while the keepalive was already set
 */
struct culvert_timers {
	struct timer_list	timer;
	u32			at[DEADLINE_NR];
	u8			armed;
	u8			attempts;
	bool			another_keepalive;
};

/* Events. Any context; one call a train. */
void culvert_timers_sent(struct culvert_peer *peer, bool data);
void culvert_timers_received(struct culvert_peer *peer, bool data);
void culvert_timers_handshake_initiated(struct culvert_peer *peer);
void culvert_timers_handshake_complete(struct culvert_peer *peer);
void culvert_timers_session_derived(struct culvert_peer *peer);
void culvert_timers_keepalive_changed(struct culvert_peer *peer);
void culvert_timers_init(struct culvert_peer *peer);
void culvert_timers_stop(struct culvert_peer *peer);	/* may sleep; none runs afterwards */

#endif /* _CULVERT_TIMERS_H */
