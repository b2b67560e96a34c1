// SPDX-License-Identifier: GPL-2.0
/*
 * Gathering single packets into trains.
 *
 * A packet that comes alone leaves at once. In a burst packets wait, but only
 * for something that happens anyway:
 *
 * - in softirqs, for the end of the round of softirqs: a tasklet runs after
 *   all packets of a NAPI poll have been forwarded;
 * - in a process, for %GATHER_MAX of them to be there, whomever they are for,
 *   or for the process to pause: a thread of the lowest priority runs when the
 *   CPU has nothing better to do. The next tick bounds that, should it always
 *   have. What a softirq has for the same peer does not wait for that, but for
 *   acknowledgments, which the next one replaces.
 *
 * Who sends a packet and waits for the answer looks like a burst, but has no
 * second packet. When one has waited alone, the next ones leave at once.
 */

#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smpboot.h>
#include <linux/timer.h>

#include "gather.h"
#include "peer.h"
#include "tx.h"

/* Packets closer than this make a burst. */
#define GATHER_GAP_NS	(30 * NSEC_PER_USEC)
/* So many packets leave at once after one that waited in vain. */
#define GATHER_ALONE	15

/**
 * struct gather_cpu - a CPU's peers with packets that wait
 * @peers: the peers, each with a reference
 * @thread: flushes them when the CPU is idle
 * @tasklet: flushes them after the softirqs
 * @timer: flushes them at the next tick, if nobody did before
 * @last_sent: when a process last sent a packet, or was through with a burst, ns
 * @staged: packets of processes that wait
 * @alone: so many packets need not wait, after one that had no company
 */
struct gather_cpu {
	struct llist_head	peers;
	struct task_struct	*thread;
	struct tasklet_struct	tasklet;
	struct timer_list	timer;
	u64			last_sent;
	unsigned int		staged;
	unsigned int		alone;
};

static DEFINE_PER_CPU(struct gather_cpu, gather_cpus);

static void gather_flush(struct gather_cpu *cpu)
{
	struct llist_node *list = llist_del_all(&cpu->peers);
	struct culvert_peer *peer, *next;

	if (READ_ONCE(cpu->staged) == 1)
		WRITE_ONCE(cpu->alone, GATHER_ALONE);
	WRITE_ONCE(cpu->staged, 0);
	llist_for_each_entry_safe(peer, next, list, flush) {
		/*
		 * From here on it may be listed again. Before the look at what
		 * is staged; pairs with gather_list().
		 */
		atomic_xchg(&peer->flush_queued, 0);
		culvert_tx_flush(peer);
		culvert_peer_put(peer);
	}
}

static void gather_tasklet(struct tasklet_struct *t)
{
	gather_flush(container_of(t, struct gather_cpu, tasklet));
}

static void gather_timer(struct timer_list *t)
{
	gather_flush(container_of(t, struct gather_cpu, timer));
}

/**
 * culvert_gather_wanted() - should a packet wait for company?
 *
 * Whom it is for does not matter: many peers' packets in turns are a burst, too,
 * and one kind of work after the other is done sooner than all of it for each.
 *
 * Context: BHs off.
 * Return: true within a burst. Counts as a packet of the burst.
 */
bool culvert_gather_wanted(void)
{
	struct gather_cpu *cpu = this_cpu_ptr(&gather_cpus);
	unsigned int alone;
	u64 now, last;

	if (in_serving_softirq())
		return true;
	now = ktime_get_ns();
	last = READ_ONCE(cpu->last_sent);
	WRITE_ONCE(cpu->last_sent, now);
	if (now - last >= GATHER_GAP_NS)
		return false;
	alone = READ_ONCE(cpu->alone);
	if (likely(!alone))
		return true;
	WRITE_ONCE(cpu->alone, alone - 1);
	return false;
}

/*
 * Lists the peer, unless it is. True if somebody has to be told. Unless @patient,
 * a softirq does not wait for what a process on its CPU waits for.
 */
static bool gather_list(struct gather_cpu *cpu, struct culvert_peer *peer,
			bool patient)
{
	int mine = (smp_processor_id() + 1) << 1, old;
	bool soon = in_serving_softirq();

	/*
	 * Staged before the look at the flag; pairs with gather_flush(): either
	 * that sees the packet, or we see that it is over.
	 */
	smp_mb();
	old = atomic_read(&peer->flush_queued);
	if (!old)
		old = atomic_cmpxchg(&peer->flush_queued, 0, mine | soon);
	if (old == mine && soon && !patient) {
		atomic_cmpxchg(&peer->flush_queued, old, old | 1);
		return true;
	}
	if (old)
		return false;
	if (!culvert_peer_get_unless_dead(peer)) {
		atomic_set(&peer->flush_queued, 0);
		return false;
	}
	/* A tasklet may be quicker than the thread that was told before. */
	return llist_add(&peer->flush, &cpu->peers) || soon;
}

/* @first: there is a peer on the list, and nobody was told. */
static void gather_kick(struct gather_cpu *cpu, bool first)
{
	if (!first)
		return;
	if (in_serving_softirq()) {
		tasklet_schedule(&cpu->tasklet);
		return;
	}
	if (!timer_pending(&cpu->timer))
		mod_timer(&cpu->timer, jiffies);	/* at the next tick */
	wake_up_process(cpu->thread);
}

/**
 * culvert_gather_later() - see to it that what a peer has staged leaves soon
 * @peer: the peer
 *
 * Context: BHs off.
 */
void culvert_gather_later(struct culvert_peer *peer)
{
	struct gather_cpu *cpu = this_cpu_ptr(&gather_cpus);

	gather_kick(cpu, gather_list(cpu, peer, false));
}

/**
 * culvert_gather() - the same for a packet that was staged just now
 * @peer: the peer
 * @patient: it may wait for what a process waits for, as an acknowledgment may,
 *	     the next of which replaces it
 *
 * If that makes %GATHER_MAX packets on this CPU, they leave at once.
 *
 * Context: BHs off.
 */
void culvert_gather(struct culvert_peer *peer, bool patient)
{
	struct gather_cpu *cpu = this_cpu_ptr(&gather_cpus);
	bool first = gather_list(cpu, peer, patient);

	if (!in_serving_softirq()) {
		unsigned int staged = READ_ONCE(cpu->staged) + 1;

		WRITE_ONCE(cpu->staged, staged);
		if (staged >= GATHER_MAX) {
			gather_flush(cpu);
			/* That took its time, but is no pause of the sender's. */
			WRITE_ONCE(cpu->last_sent, ktime_get_ns());
			return;
		}
	} else if (!patient) {
		int queued = atomic_read(&peer->flush_queued);

		/* Nor for what one on another CPU waits for. */
		if (unlikely(queued && !(queued & 1)))
			culvert_tx_flush(peer);
	}
	gather_kick(cpu, first);
}

static int gather_should_run(unsigned int nr)
{
	return !llist_empty(&per_cpu(gather_cpus, nr).peers);
}

static void gather_thread(unsigned int nr)
{
	local_bh_disable();
	gather_flush(&per_cpu(gather_cpus, nr));
	local_bh_enable();
}

static void gather_setup(unsigned int nr)
{
	set_user_nice(current, MAX_NICE);
}

static void gather_park(unsigned int nr)
{
	struct gather_cpu *cpu = &per_cpu(gather_cpus, nr);

	timer_delete_sync(&cpu->timer);
	gather_thread(nr);
}

static struct smp_hotplug_thread gather_threads = {
	.store			= &gather_cpus.thread,
	.thread_should_run	= gather_should_run,
	.thread_fn		= gather_thread,
	.setup			= gather_setup,
	.park			= gather_park,
	.thread_comm		= "culvert/%u",
};

/**
 * culvert_gather_init() - start the threads
 *
 * Return: 0 or an error.
 */
int culvert_gather_init(void)
{
	int nr;

	for_each_possible_cpu(nr) {
		struct gather_cpu *cpu = &per_cpu(gather_cpus, nr);

		init_llist_head(&cpu->peers);
		tasklet_setup(&cpu->tasklet, gather_tasklet);
		timer_setup(&cpu->timer, gather_timer, TIMER_PINNED);
	}
	return smpboot_register_percpu_thread(&gather_threads);
}

/**
 * culvert_gather_exit() - stop the threads
 *
 * No device is left, so that no packets are.
 */
void culvert_gather_exit(void)
{
	int nr;

	smpboot_unregister_percpu_thread(&gather_threads);
	for_each_possible_cpu(nr) {
		struct gather_cpu *cpu = &per_cpu(gather_cpus, nr);

		timer_shutdown_sync(&cpu->timer);
		tasklet_kill(&cpu->tasklet);
	}
}
