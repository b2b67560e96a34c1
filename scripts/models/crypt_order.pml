/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of trains in flight (crypt.c): TRAINS trains are queued in order,
 * each is finished by a CPU of its own whenever it likes, and whoever finishes
 * one delivers from the head. Checked over every interleaving:
 *
 *  - trains are delivered in the order in which they were queued, once each;
 *  - when all have been finished all have been delivered: no wake-up is lost.
 *
 * The lock is an atomic step; what happens between two of them may interleave.
 * -DLOST_WAKEUP plants the mistake of looking at the head after letting go of
 * "busy", which must make the check fail.
 */
#define TRAINS	4

bool lock, busy;
bool done[TRAINS];
byte head;		/* oldest that was not taken */
byte delivered;		/* how many were delivered, thus also the next */
byte finished;

inline take()
{
	atomic { !lock -> lock = true }
}

inline release()
{
	lock = false
}

proctype cpu(byte me)
{
	byte train;
	bool more;

	/* The AEAD takes as long as it takes. */
	take();
	done[me] = true;
#ifdef LOST_WAKEUP
	if
	:: busy -> release()
	:: else ->
		busy = true;
		more = head < TRAINS && done[head];
		release();
		do
		:: more ->
			take(); train = head; head++; release();
			assert(delivered == train);
			delivered++;
			more = head < TRAINS && done[head]
		:: else -> break
		od;
		take(); busy = false; release()
	fi;
#else
	if
	:: busy -> skip
	:: else ->
		busy = true;
		do
		:: head < TRAINS && done[head] ->
			train = head;
			head++;
			release();
			assert(delivered == train);
			delivered++;
			take()
		:: else -> break
		od;
		busy = false
	fi;
	release();
#endif
	finished++
}

init {
	byte i;

	atomic {
		for (i : 0 .. TRAINS - 1) {
			run cpu(i)
		}
	}
	finished == TRAINS;
	assert(delivered == TRAINS && !busy)
}
