/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Draining what is staged for a peer (tx.c): CPUS senders stage one packet
 * each and drain, unless another CPU is at it. Checked over every interleaving:
 * when all senders are through nothing is staged (no packet waits for a sender
 * that never comes), and no two CPUs send at once (a flow keeps its order).
 * -DLOST_WAKEUP plants the mistake of letting go of "draining" outside the
 * lock that the emptiness was seen under, which must make the check fail.
 */
#define CPUS	3

bool lock, draining;
byte staged, taken, sending, through;

inline take()
{
	atomic { !lock -> lock = true }
}

inline release()
{
	lock = false
}

proctype sender()
{
	byte mine;

	take();
	staged++;
	release();

	take();
	if
	:: draining -> release()
	:: else ->
		draining = true;
		do
		:: staged > 0 ->
			mine = staged;
			staged = 0;
			release();
			sending++;
			assert(sending == 1);
			taken = taken + mine;
			sending--;
			take()
		:: else -> break
		od;
#ifdef LOST_WAKEUP
		release();
		draining = false
#else
		draining = false;
		release()
#endif
	fi;
	through++
}

init {
	byte i;

	atomic {
		for (i : 1 .. CPUS) {
			run sender()
		}
	}
	through == CPUS;
	assert(staged == 0 && taken == CPUS && !draining)
}
