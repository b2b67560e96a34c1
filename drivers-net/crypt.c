// SPDX-License-Identifier: GPL-2.0
/*
 * Where a train is worked on.
 *
 * A CPU works on its trains itself until it has had a tick's worth of them;
 * then it hands whole trains to CPUs that have had few. A peer's trains that are
 * in flight stand in its order, whatever their keys, each delivered when it is
 * done and all older ones have been. Who finishes a train looks at the head under
 * the order's lock; if somebody is delivering already, that one will look again
 * before it stops. So whatever finishes last finds a consumer.
 */

#include <linux/cpumask.h>
#include <linux/error-injection.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <kunit/visibility.h>

#include "crypt.h"
#include "peer.h"
#include "rx.h"
#include "session.h"
#include "trace.h"
#include "tx.h"

/*
 * What a CPU takes on in a tick before it looks for help, and what another may
 * have taken on and still help: at 4 GB/s a CPU is then half busy, or a tenth.
 */
#define CRYPT_BUSY_BYTES	(2000000000UL / HZ)
#define CRYPT_IDLE_BYTES	(400000000UL / HZ)
/* Trains that may wait for a CPU; beyond that, everybody works for himself. */
#define CRYPT_QUEUE_MAX		8
/*
 * Trains of one peer and direction that may be in flight. When that many are
 * done and wait for a slow one, a peer has its share, and the rest is dropped.
 */
#define CRYPT_ORDER_MAX		128
/*
 * Messages that may come after the oldest train that is being opened. The rest
 * of the replay window is for what the network loses or reorders.
 */
#define CRYPT_AHEAD_MAX		(REPLAY_WINDOW / 4 * 3)
/* Trains that are delivered in a row, before others have their turn. */
#define CRYPT_DELIVER_MAX	64

/**
 * struct crypt_cpu - a CPU's part
 * @scratch: memory to work in
 * @tick: jiffies when @bytes was begun
 * @bytes: taken on in this tick
 * @lock: guards @queue and @queued
 * @queue: trains spilled to this CPU
 * @queued: how many
 * @work: takes them
 */
struct crypt_cpu {
	struct crypt_scratch	scratch;
	unsigned long		tick;
	unsigned long		bytes;
	spinlock_t		lock;
	struct list_head	queue;
	unsigned int		queued;
	struct work_struct	work;
};

static struct crypt_cpu __percpu *crypt_cpus;
static struct workqueue_struct *crypt_wq;

/**
 * culvert_crypt_begin() - take this CPU's scratch memory
 *
 * Context: Any but hard interrupts; BHs are off until culvert_crypt_end(), and
 * nothing in between may send or deliver a packet.
 * Return: the memory.
 */
struct crypt_scratch *culvert_crypt_begin(void)
{
	local_bh_disable();
	local_lock_nested_bh(&crypt_cpus->scratch.lock);
	return this_cpu_ptr(&crypt_cpus->scratch);
}

/**
 * culvert_crypt_end() - give the scratch memory back
 * @scratch: from culvert_crypt_begin()
 */
void culvert_crypt_end(struct crypt_scratch *scratch)
{
	local_unlock_nested_bh(&crypt_cpus->scratch.lock);
	local_bh_enable();
}

/* NULL if no train of the peer has ever left its CPU. */
static struct crypt_order *crypt_order_of(const struct culvert_train *train)
{
	/* Pairs with crypt_orders_make(). */
	struct crypt_orders *orders = READ_ONCE(train->session->peer->orders);

	if (!orders)
		return NULL;
	return train->tx ? &orders->tx : &orders->rx;
}

/* Most peers never need any. Without memory, all goes on as if nobody helped. */
static void crypt_orders_make(struct culvert_peer *peer)
{
	struct crypt_orders *orders = kmalloc_obj(*orders, GFP_ATOMIC | __GFP_NOWARN);

	if (!orders)
		return;
	crypt_order_init(&orders->tx);
	crypt_order_init(&orders->rx);
	if (cmpxchg(&peer->orders, NULL, orders))
		kfree(orders);
}

static void crypt_process(struct culvert_train *train)
{
	if (train->tx)
		culvert_tx_process(train);
	else
		culvert_rx_process(train);
}

static void crypt_deliver(struct culvert_train *train)
{
	if (train->tx)
		culvert_tx_deliver(train);
	else
		culvert_rx_deliver(train);
}

static void crypt_refuse(struct culvert_train *train)
{
	if (train->tx)
		culvert_tx_refuse(train);
	else
		culvert_rx_refuse(train);
}

static void crypt_free(struct culvert_train *train)
{
	culvert_session_put(train->session);
	kfree(train);
}

/**
 * crypt_order_add() - put a train at an order's end
 * @order: its peer's
 * @train: the train
 *
 * A train meets the replay window when it is opened, which may be long after
 * younger ones have been. So those that are received may not get further ahead
 * of the oldest than a part of the window, in messages, those among them that
 * were refused included: the other end has counted them.
 *
 * Context: the order's lock is held.
 * Return: false if too many are in flight already.
 */
bool crypt_order_add(struct crypt_order *order, struct culvert_train *train)
{
	struct culvert_train *head = order->head;
	u16 ahead = head ? order->arrived - head->arrival : 0;

	if (order->nr == CRYPT_ORDER_MAX ||
	    (!train->tx && ahead + train->messages > CRYPT_AHEAD_MAX)) {
		if (ahead <= S16_MAX)
			order->arrived += train->messages;
		return false;
	}
	train->arrival = order->arrived;
	order->arrived += train->messages;
	train->next = NULL;
	if (head)
		order->last->next = train;
	else
		WRITE_ONCE(order->head, train);
	order->last = train;
	order->nr++;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(crypt_order_add);

/**
 * crypt_order_del() - take the oldest train out of an order
 * @order: its peer's, not empty
 *
 * Context: the order's lock is held.
 */
void crypt_order_del(struct crypt_order *order)
{
	WRITE_ONCE(order->head, order->head->next);
	order->nr--;
}
EXPORT_SYMBOL_IF_KUNIT(crypt_order_del);

static bool crypt_enqueue(struct crypt_order *order,
			  struct culvert_train *train)
{
	bool room;

	spin_lock(&order->lock);
	room = crypt_order_add(order, train);
	spin_unlock(&order->lock);
	return room;
}

static void crypt_queue(struct culvert_train *train, int target,
			unsigned long bytes)
{
	struct crypt_cpu *cpu = per_cpu_ptr(crypt_cpus, target);

	spin_lock(&cpu->lock);
	list_add_tail(&train->spill, &cpu->queue);
	cpu->queued++;
	WRITE_ONCE(cpu->bytes, cpu->bytes + bytes);
	spin_unlock(&cpu->lock);
	queue_work_on(target, crypt_wq, &cpu->work);
}

/*
 * Delivers what is done, from the head on. The caller has set busy, holds the
 * order's lock, and is under RCU: the order may go with the last train. Where
 * others work faster than one CPU delivers, that goes on in its work item.
 */
static void crypt_drain(struct crypt_order *order)
{
	unsigned int left = CRYPT_DELIVER_MAX;
	struct culvert_train *train;

	while ((train = order->head) && train->done) {
		if (unlikely(!left--)) {
			crypt_queue(train, smp_processor_id(), 0);
			return;
		}
		spin_unlock(&order->lock);
		crypt_deliver(train);
		spin_lock(&order->lock);
		/* Not before: a train that finds no head overtakes the order. */
		crypt_order_del(order);
		crypt_free(train);
	}
	order->busy = false;
}

/*
 * @train is done: deliver it, and what waited for it, unless somebody does. If
 * it is done already, it is the head, and we go on delivering.
 */
static void crypt_complete(struct crypt_order *order,
			   struct culvert_train *train)
{
	spin_lock(&order->lock);
	if (train->done || !order->busy) {
		train->done = true;
		order->busy = true;
		crypt_drain(order);
	} else {
		train->done = true;
	}
	spin_unlock(&order->lock);
}

static void crypt_work(struct work_struct *work)
{
	struct crypt_cpu *cpu = container_of(work, struct crypt_cpu, work);
	struct culvert_train *train;

	for (;;) {
		spin_lock_bh(&cpu->lock);
		train = list_first_entry_or_null(&cpu->queue,
						 struct culvert_train, spill);
		if (train) {
			list_del(&train->spill);
			cpu->queued--;
		}
		spin_unlock_bh(&cpu->lock);
		if (!train)
			return;
		rcu_read_lock_bh();
		/* Of one that is done the worker is to deliver what is there. */
		if (!READ_ONCE(train->done))
			crypt_process(train);
		crypt_complete(crypt_order_of(train), train);
		rcu_read_unlock_bh();
		cond_resched();
	}
}

/*
 * True if this CPU has had enough in this tick. Tests make it so by fault
 * injection: no emulated machine gets there by itself.
 */
static noinline bool crypt_loaded(struct crypt_cpu *me, unsigned int bytes)
{
	if (me->tick != jiffies) {
		WRITE_ONCE(me->tick, jiffies);
		WRITE_ONCE(me->bytes, 0);
	}
	WRITE_ONCE(me->bytes, me->bytes + bytes);
	return me->bytes > CRYPT_BUSY_BYTES;
}
ALLOW_ERROR_INJECTION(crypt_loaded, TRUE);

/* A CPU that has had little, or -1. */
static int crypt_helper(int self)
{
	int cpu;

	for_each_cpu_wrap(cpu, cpu_online_mask, self + 1) {
		const struct crypt_cpu *other = per_cpu_ptr(crypt_cpus, cpu);

		if (cpu == self)
			continue;
		if (READ_ONCE(other->queued) < CRYPT_QUEUE_MAX &&
		    (READ_ONCE(other->tick) != jiffies ||
		     READ_ONCE(other->bytes) < CRYPT_IDLE_BYTES))
			return cpu;
	}
	return -1;
}

/**
 * culvert_crypt_run() - seal or open a train, and deliver what comes out
 * @template: the train; the caller's own, and its again on return, while the
 *	      skb is consumed and the session was only borrowed
 *
 * Context: BHs off, under RCU.
 */
void culvert_crypt_run(struct culvert_train *template)
{
	struct culvert_peer *peer = template->session->peer;
	struct crypt_cpu *me = this_cpu_ptr(crypt_cpus);
	struct culvert_train *train;
	struct crypt_order *order;
	int helper = -1;

	template->done = false;
	template->spilled = false;
	__skb_queue_head_init(&template->result);

	if (unlikely(crypt_loaded(me, template->bytes))) {
		helper = crypt_helper(smp_processor_id());
		if (helper >= 0 && !READ_ONCE(peer->orders))
			crypt_orders_make(peer);
	}
	order = crypt_order_of(template);
	if (likely(!order || (helper < 0 && !READ_ONCE(order->head))))
		goto here;

	train = kmemdup(template, sizeof(*train), GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!train)) {
		/* What has nobody before it may do without. */
		if (!READ_ONCE(order->head))
			goto here;
		crypt_refuse(template);
		return;
	}
	if (unlikely(!culvert_session_get(train->session))) {
		/* Its keys are about to go: it will not wait for others. */
		kfree(train);
		goto here;
	}
	__skb_queue_head_init(&train->result);
	train->spilled = helper >= 0;
	if (unlikely(!crypt_enqueue(order, train))) {
		crypt_refuse(train);
		crypt_free(train);
		return;
	}
	if (helper >= 0) {
		crypt_queue(train, helper, train->bytes);
		return;
	}
	crypt_process(train);
	crypt_complete(order, train);
	return;

here:
	crypt_process(template);
	crypt_deliver(template);
}

/**
 * culvert_crypt_init() - set up every CPU's part
 *
 * Return: 0 or -ENOMEM.
 */
int culvert_crypt_init(void)
{
	int cpu;

	crypt_cpus = alloc_percpu(struct crypt_cpu);
	if (!crypt_cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct crypt_cpu *c = per_cpu_ptr(crypt_cpus, cpu);

		local_lock_init(&c->scratch.lock);
		spin_lock_init(&c->lock);
		INIT_LIST_HEAD(&c->queue);
		INIT_WORK(&c->work, crypt_work);
	}
	crypt_wq = alloc_workqueue("culvert-crypt", WQ_CPU_INTENSIVE |
				   WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!crypt_wq) {
		free_percpu(crypt_cpus);
		return -ENOMEM;
	}
	return 0;
}

/**
 * culvert_crypt_exit() - undo culvert_crypt_init()
 *
 * No device is left, and no train in flight but those whose session is about
 * to be freed by them.
 */
void culvert_crypt_exit(void)
{
	int cpu;

	destroy_workqueue(crypt_wq);
	/* Scratch memory has seen plaintext. */
	for_each_possible_cpu(cpu) {
		struct crypt_scratch *s = &per_cpu_ptr(crypt_cpus, cpu)->scratch;

		memzero_explicit(s->group.headers, sizeof(s->group.headers));
	}
	free_percpu(crypt_cpus);
}
