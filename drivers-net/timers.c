// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol's deadlines. The upper half of this file is arithmetic on a
 * clock that is handed in; the lower half drives it by one timer a peer.
 *
 * The data path arms and disarms deadlines for every train, on any CPU and
 * without a lock. It does not move the kernel's timer as long as that fires
 * early enough, and never moves it back: a timer that finds nothing due looks
 * up the earliest deadline and sleeps until then.
 */
#include <linux/export.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/timekeeping.h>
#include <kunit/visibility.h>

#include "device.h"
#include "handshake.h"
#include "peer.h"
#include "timers.h"
#include "trace.h"
#include "tx.h"
#include "udp.h"

static bool due(u32 at, u32 now)
{
	return at && (s32)(now - at) >= 0;
}

static bool earlier(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* 0 means "not set"; a jiffy later does no harm. */
static u32 moment(u32 now, u32 delay)
{
	return now + delay ?: 1;
}

static u32 set(struct culvert_timers *t, enum culvert_deadline which, u32 at)
{
	/* The line is shared by all CPUs that send: written only if it changes. */
	if (READ_ONCE(t->at[which]) != at)
		WRITE_ONCE(t->at[which], at);
	return at;
}

static void unset(struct culvert_timers *t, enum culvert_deadline which)
{
	if (READ_ONCE(t->at[which]))
		WRITE_ONCE(t->at[which], 0);
}

static u32 set_once(struct culvert_timers *t, enum culvert_deadline which, u32 at)
{
	return READ_ONCE(t->at[which]) ? 0 : set(t, which, at);
}

static u32 first_of(u32 a, u32 b)
{
	if (!a || !b)
		return a | b;
	return earlier(a, b) ? a : b;
}

static u32 traffic(struct culvert_timers *t, u32 now, unsigned int keepalive_s)
{
	return keepalive_s ? set(t, DEADLINE_PERSISTENT,
				 moment(now, keepalive_s * HZ)) : 0;
}

/**
 * deadline_on_sent() - something authentic has been sent, or is about to be
 * @t: the peer's deadlines
 * @now: jiffies, cut
 * @data: it was data, so that we expect an answer within KEEPALIVE_TIMEOUT
 * @jitter: added to the time we wait for that, in jiffies
 * @keepalive_s: persistent keepalive interval, or 0
 *
 * Return: the earliest deadline that has been set, or 0.
 */
u32 deadline_on_sent(struct culvert_timers *t, u32 now, bool data, u32 jitter,
		     unsigned int keepalive_s)
{
	u32 at = traffic(t, now, keepalive_s);

	unset(t, DEADLINE_KEEPALIVE);
	if (data)
		at = first_of(at, set_once(t, DEADLINE_NEW_HANDSHAKE,
					   moment(now, (WIRE_KEEPALIVE_TIMEOUT +
							WIRE_REKEY_TIMEOUT) * HZ +
						  jitter)));
	return at;
}
EXPORT_SYMBOL_IF_KUNIT(deadline_on_sent);

/**
 * deadline_on_received() - something authentic has arrived
 * @t: the peer's deadlines
 * @now: jiffies, cut
 * @data: it was data, which we have to answer within KEEPALIVE_TIMEOUT
 * @keepalive_s: persistent keepalive interval, or 0
 *
 * Return: the earliest deadline that has been set, or 0.
 */
u32 deadline_on_received(struct culvert_timers *t, u32 now, bool data,
			 unsigned int keepalive_s)
{
	u32 at = traffic(t, now, keepalive_s);

	unset(t, DEADLINE_NEW_HANDSHAKE);
	if (!data)
		return at;
	if (READ_ONCE(t->at[DEADLINE_KEEPALIVE])) {
		/* What comes after the first is answered for by another one. */
		if (!READ_ONCE(t->another_keepalive))
			WRITE_ONCE(t->another_keepalive, true);
		return at;
	}
	return first_of(at, set(t, DEADLINE_KEEPALIVE,
				moment(now, WIRE_KEEPALIVE_TIMEOUT * HZ)));
}
EXPORT_SYMBOL_IF_KUNIT(deadline_on_received);

/**
 * deadline_on_initiated() - an initiation has been sent
 * @t: the peer's deadlines
 * @now: jiffies, cut
 * @jitter: added to the time we wait for an answer, in jiffies
 *
 * Return: the deadline that has been set.
 */
u32 deadline_on_initiated(struct culvert_timers *t, u32 now, u32 jitter)
{
	return set(t, DEADLINE_RETRANSMIT,
		   moment(now, WIRE_REKEY_TIMEOUT * HZ + jitter));
}
EXPORT_SYMBOL_IF_KUNIT(deadline_on_initiated);

/**
 * deadline_on_session() - there are new keys
 * @t: the peer's deadlines
 * @now: jiffies, cut
 *
 * All keys are forgotten if these are the last.
 *
 * Return: the deadline that has been set.
 */
u32 deadline_on_session(struct culvert_timers *t, u32 now)
{
	return set(t, DEADLINE_ZERO_KEYS,
		   moment(now, 3 * WIRE_REJECT_AFTER_TIME * HZ));
}
EXPORT_SYMBOL_IF_KUNIT(deadline_on_session);

/**
 * deadline_expire() - take what is due
 * @t: the peer's deadlines; those that are due are unset
 * @now: jiffies, cut
 *
 * Return: a bit for each deadline that was due.
 */
unsigned int deadline_expire(struct culvert_timers *t, u32 now)
{
	unsigned int i, mask = 0;

	for (i = 0; i < DEADLINE_NR; i++) {
		u32 at = READ_ONCE(t->at[i]);

		/* Who sets it again meanwhile has a later time in mind. */
		if (due(at, now) && cmpxchg(&t->at[i], at, 0) == at)
			mask |= BIT(i);
	}
	return mask;
}
EXPORT_SYMBOL_IF_KUNIT(deadline_expire);

/**
 * deadline_next() - when is the next one?
 * @t: the peer's deadlines
 *
 * Return: the earliest that is set, or 0.
 */
u32 deadline_next(const struct culvert_timers *t)
{
	unsigned int i;
	u32 at = 0;

	for (i = 0; i < DEADLINE_NR; i++)
		at = first_of(at, READ_ONCE(t->at[i]));
	return at;
}
EXPORT_SYMBOL_IF_KUNIT(deadline_next);

/**
 * deadline_retry() - an initiation has not been answered
 * @t: the peer's deadlines; counts attempts
 * @now: jiffies, cut
 *
 * Return: true to send another one, false to give up.
 */
bool deadline_retry(struct culvert_timers *t, u32 now)
{
	u8 attempts = READ_ONCE(t->attempts) + 1;

	if (attempts < TIMERS_ATTEMPTS_MAX) {
		WRITE_ONCE(t->attempts, attempts);
		return true;
	}
	unset(t, DEADLINE_KEEPALIVE);
	set_once(t, DEADLINE_ZERO_KEYS, moment(now, 3 * WIRE_REJECT_AFTER_TIME * HZ));
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(deadline_retry);

static u32 jitter(void)
{
	return get_random_u32_inclusive(0, msecs_to_jiffies(WIRE_REKEY_TIMEOUT_JITTER));
}

/*
 * The timer has to fire at @at at the latest; @at is 0 or stands in t->at[].
 * Nothing is started once the device is down or the peer gone.
 */
static void ensure_fires(struct culvert_peer *peer, u32 at)
{
	struct culvert_timers *t = &peer->timers;
	u32 fires;

	if (!at)
		return;
	/*
	 * The deadline before the look at @fires; pairs with timer_fired().
	 * Either that sees the deadline, or we see that we have to arm.
	 */
	smp_mb();
	fires = READ_ONCE(t->fires);
	if (fires && !earlier(at, fires))
		return;
	if (!netif_running(peer->device->dev) || READ_ONCE(peer->removed))
		return;
	WRITE_ONCE(t->fires, at);
	timer_reduce(&t->timer, jiffies + (s32)(at - (u32)jiffies));
}

static void retransmit(struct culvert_peer *peer, u32 now)
{
	if (deadline_retry(&peer->timers, now)) {
		/* Maybe it is the source address that keeps us apart. */
		culvert_udp_clear_source(peer);
		culvert_handshake_initiate(peer, true);
		return;
	}
	trace_culvert_handshake(peer, CULVERT_STEP_GIVEN_UP);
	culvert_tx_purge(peer, true);
}

static void timer_fired(struct timer_list *timer)
{
	struct culvert_peer *peer = timer_container_of(peer, timer, timers.timer);
	struct culvert_timers *t = &peer->timers;
	u32 now = jiffies;
	unsigned int mask;

	WRITE_ONCE(t->fires, 0);
	/* Before the look at the deadlines; pairs with ensure_fires(). */
	smp_mb();
	if (!netif_running(peer->device->dev) || READ_ONCE(peer->removed))
		return;

	mask = deadline_expire(t, now);
	if (mask & BIT(DEADLINE_ZERO_KEYS)) {
		culvert_handshake_clear(peer);
		culvert_session_clear_all(peer);
	}
	if (mask & BIT(DEADLINE_RETRANSMIT))
		retransmit(peer, now);
	if (mask & BIT(DEADLINE_NEW_HANDSHAKE)) {
		culvert_udp_clear_source(peer);
		culvert_handshake_initiate(peer, false);
	}
	/* There will be another one, also if there is no way to send this now. */
	if (mask & BIT(DEADLINE_PERSISTENT))
		traffic(t, now, READ_ONCE(peer->keepalive));
	if (mask & (BIT(DEADLINE_KEEPALIVE) | BIT(DEADLINE_PERSISTENT)))
		culvert_tx_keepalive(peer);
	if (mask & BIT(DEADLINE_KEEPALIVE) && READ_ONCE(t->another_keepalive)) {
		WRITE_ONCE(t->another_keepalive, false);
		set_once(t, DEADLINE_KEEPALIVE,
			 moment(now, WIRE_KEEPALIVE_TIMEOUT * HZ));
	}
	ensure_fires(peer, deadline_next(t));
}

/**
 * culvert_timers_sent() - something authentic has been sent, or is about to be
 * @peer: to whom
 * @data: a train of data, rather than a keepalive or a handshake message
 *
 * Context: Any context.
 */
void culvert_timers_sent(struct culvert_peer *peer, bool data)
{
	struct culvert_timers *t = &peer->timers;
	/* No need for randomness where no deadline is going to be set by it. */
	bool first = data && !READ_ONCE(t->at[DEADLINE_NEW_HANDSHAKE]);

	ensure_fires(peer, deadline_on_sent(t, jiffies, data, first ? jitter() : 0,
					    READ_ONCE(peer->keepalive)));
}
EXPORT_SYMBOL_IF_KUNIT(culvert_timers_sent);

/**
 * culvert_timers_received() - something authentic has arrived
 * @peer: from whom
 * @data: data, rather than a keepalive or a handshake message
 *
 * Context: Any context.
 */
void culvert_timers_received(struct culvert_peer *peer, bool data)
{
	ensure_fires(peer, deadline_on_received(&peer->timers, jiffies, data,
						READ_ONCE(peer->keepalive)));
}
EXPORT_SYMBOL_IF_KUNIT(culvert_timers_received);

/**
 * culvert_timers_handshake_initiated() - an initiation has been sent
 * @peer: to whom
 *
 * Context: Any context.
 */
void culvert_timers_handshake_initiated(struct culvert_peer *peer)
{
	ensure_fires(peer, deadline_on_initiated(&peer->timers, jiffies, jitter()));
}

/**
 * culvert_timers_responded() - a response has been sent
 * @peer: to whom
 *
 * If an initiation of ours waits for an answer too, its repetition gives way to
 * what the other end has begun.
 *
 * Context: Any context.
 */
void culvert_timers_responded(struct culvert_peer *peer)
{
	culvert_timers_sent(peer, false);
	if (READ_ONCE(peer->timers.at[DEADLINE_RETRANSMIT]))
		culvert_timers_handshake_initiated(peer);
}

/**
 * culvert_timers_handshake_complete() - both ends have the keys
 * @peer: with whom
 *
 * Context: Any but hard interrupts; takes peer->lock.
 */
void culvert_timers_handshake_complete(struct culvert_peer *peer)
{
	unset(&peer->timers, DEADLINE_RETRANSMIT);
	WRITE_ONCE(peer->timers.attempts, 0);
	spin_lock_bh(&peer->lock);
	peer->last_handshake = ktime_get_real();
	spin_unlock_bh(&peer->lock);
	trace_culvert_handshake(peer, CULVERT_STEP_COMPLETE);
}

/**
 * culvert_timers_session_derived() - there are new keys
 * @peer: with whom
 *
 * Context: Any context.
 */
void culvert_timers_session_derived(struct culvert_peer *peer)
{
	ensure_fires(peer, deadline_on_session(&peer->timers, jiffies));
}

/**
 * culvert_timers_keepalive_changed() - peer->keepalive is new
 * @peer: whose
 *
 * Context: Process context.
 */
void culvert_timers_keepalive_changed(struct culvert_peer *peer)
{
	/* Set even if nothing can be sent now. */
	u32 at = traffic(&peer->timers, jiffies, READ_ONCE(peer->keepalive));

	if (!at) {
		unset(&peer->timers, DEADLINE_PERSISTENT);
		return;
	}
	ensure_fires(peer, at);
	if (netif_running(peer->device->dev))
		culvert_tx_keepalive(peer);
}

/**
 * culvert_timers_init() - before anything else happens to a new peer
 * @peer: the peer, zeroed
 */
void culvert_timers_init(struct culvert_peer *peer)
{
	timer_setup(&peer->timers.timer, timer_fired, 0);
}

/**
 * culvert_timers_stop() - the device goes down, or the peer goes
 * @peer: the peer; @removed is set if it goes
 *
 * Context: May sleep.
 */
void culvert_timers_stop(struct culvert_peer *peer)
{
	struct culvert_timers *t = &peer->timers;
	unsigned int i;

	if (READ_ONCE(peer->removed))
		timer_shutdown_sync(&t->timer);
	else
		timer_delete_sync(&t->timer);
	for (i = 0; i < DEADLINE_NR; i++)
		unset(t, i);
	WRITE_ONCE(t->fires, 0);
	WRITE_ONCE(t->attempts, 0);
	WRITE_ONCE(t->another_keepalive, false);
}
