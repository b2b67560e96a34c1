/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of trains in flight (crypt.c). One CPU receives TRAINS trains. Each it
 * works on itself, or gives to a helper; without helper and with nothing in
 * flight it does so without the order. The order has places for ORDER_MAX, what
 * comes beyond is refused. Whoever finishes a train delivers from the head, up to
 * DELIVER_MAX of them, and leaves the rest to a worker. Checked over every
 * interleaving:
 *
 *  - trains are delivered in the order in which they came, once each;
 *  - in the end all have been delivered or refused: no wake-up is lost;
 *  - nobody is taken for delivering when nobody is.
 *
 * The lock is an atomic step; what happens between two of them may interleave.
 * Planted mistakes, each of which must make the check fail:
 *
 *  -DLOST_WAKEUP		lets go of the lock between the last look at the head
 *			and of "busy"
 *  -DEARLY_HEAD		takes the head away before it is delivered
 *  -DNO_WORKER		leaves the rest without telling the worker
 */
#define TRAINS		4
#define ORDER_MAX	3
#define DELIVER_MAX	2

bool lock, busy;
bool done[TRAINS];
byte order[TRAINS], head, end;	/* order[head .. end - 1] are in flight */
byte next;			/* no train below this one may be delivered any more */
byte delivered, refused;
chan queue = [TRAINS + 1] of { byte };

inline take()
{
	atomic { !lock -> lock = true }
}

inline release()
{
	lock = false
}

inline deliver(t)
{
	atomic {
		assert(t >= next);
		next = t + 1;
		delivered++
	}
}

/* crypt_complete() and crypt_drain() */
inline complete(t)
{
	take();
	if
	:: done[t] || !busy ->
		done[t] = true;
		busy = true;
		left = DELIVER_MAX;
		do
		:: head < end && done[order[head]] ->
			if
			:: left == 0 ->
#ifndef NO_WORKER
				queue ! order[head];
#endif
				break
			:: else -> left--
			fi;
			at = order[head];
#ifdef EARLY_HEAD
			head++;
#endif
			release();
			deliver(at);
			take();
#ifndef EARLY_HEAD
			head++
#endif
		:: else ->
#ifdef LOST_WAKEUP
			release();
			take();
#endif
			busy = false;
			break
		od
	:: else -> done[t] = true
	fi;
	release()
}

proctype worker()
{
	byte t, at, left;

end_of_work:
	do
	:: queue ? t -> complete(t)
	od
}

proctype receiver()
{
	byte t, at, left;
	bool helper, room;

	for (t : 0 .. TRAINS - 1) {
		if
		:: helper = false
		:: helper = true
		fi;
		if
		:: !helper && head == end -> deliver(t)
		:: else ->
			take();
			room = end - head < ORDER_MAX;
			if
			:: room -> order[end] = t; end++
			:: else -> refused++
			fi;
			release();
			if
			:: room && helper -> queue ! t
			:: room && !helper -> complete(t)
			:: else
			fi
		fi
	}
}

init {
	atomic {
		run receiver();
		run worker();
		run worker()
	}
	delivered + refused == TRAINS && !lock && !busy;
	assert(head == end)
}
