// SPDX-License-Identifier: GPL-2.0
/*
 * X25519 from every context at once, what it leaves behind, and how fast it is.
 */
#include <crypto/curve25519.h>
#include <crypto/curve25519_batch.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timer.h>

#include "curve25519_dispatch.h"
#include "curve25519_test.h"

/*
 * Each CPU's visitors: two tasks, so that one can be switched out between the
 * sections of a group while the other one comes; a timer, which comes between
 * them or into them as a softirq; and an irq_work in the tick. Registers that
 * are not saved and working memory that two share both give wrong results.
 */
enum visitor { TASK_A, TASK_B, SOFTIRQ, HARDIRQ, VISITORS };

#define VISIT_NR	9	/* a full group and a rest */
#define VISIT_NR_IRQ	3	/* nothing for long, with interrupts off */
#define VISITS		12	/* of each at least */
/*
 * Of interrupts at most: a slow emulator takes longer for one than a tick, and
 * would never come back to the tasks.
 */
#define VISITS_MAX	(10 * VISITS)
#define VISIT_SECONDS	60	/* at most: then something hangs */

struct visits {
	struct x25519_op	ops[VISIT_NR];
	u8			out[VISIT_NR][32];
	unsigned int		done;
	unsigned int		wrong;
};

struct visited_cpu {
	const struct x25519_set	*set;
	struct visits		by[VISITORS];
	struct task_struct	*task[2];
	struct completion	left[2];
	struct timer_list	timer;
	struct irq_work		irq_work;
	bool			stop;
};

static void visit(struct visited_cpu *v, enum visitor who, size_t nr)
{
	const struct x25519_set *set = v->set;
	struct visits *by = &v->by[who];
	bool good = true;

	for (size_t i = 0; i < nr; i++)
		by->ops[i] = (struct x25519_op){
			.out = by->out[i],
			.scalar = set->scalar[i],
			.point = set->base[i] ? NULL : set->point[i],
		};
	x25519_batch(by->ops, nr);
	for (size_t i = 0; i < nr; i++)
		good &= by->ops[i].ok == set->ok[i] &&
			!memcmp(by->out[i], set->want[i], 32);
	if (!good)
		WRITE_ONCE(by->wrong, by->wrong + 1);
	WRITE_ONCE(by->done, by->done + 1);
}

static void visit_timer(struct timer_list *timer)
{
	struct visited_cpu *v = container_of(timer, struct visited_cpu, timer);

	visit(v, SOFTIRQ, VISIT_NR);
	if (!READ_ONCE(v->stop) && v->by[SOFTIRQ].done < VISITS_MAX)
		mod_timer(timer, jiffies);
}

static void visit_irq(struct irq_work *work)
{
	struct visited_cpu *v = container_of(work, struct visited_cpu,
					     irq_work);

	visit(v, HARDIRQ, VISIT_NR_IRQ);
	/* PREEMPT_RT runs it in a thread. */
	if (!IS_ENABLED(CONFIG_PREEMPT_RT) && !in_hardirq())
		WRITE_ONCE(v->by[HARDIRQ].wrong, v->by[HARDIRQ].wrong + 1);
	if (!READ_ONCE(v->stop) && v->by[HARDIRQ].done < VISITS_MAX)
		irq_work_queue(work);
}

static bool visits_enough(struct visited_cpu *v)
{
	for (int who = 0; who < VISITORS; who++)
		if (READ_ONCE(v->by[who].done) < VISITS)
			return false;
	return true;
}

static void visit_task(struct visited_cpu *v, enum visitor who)
{
	unsigned long end = jiffies + VISIT_SECONDS * HZ;

	while (!visits_enough(v) && time_before(jiffies, end)) {
		visit(v, who, VISIT_NR);
		cond_resched();
	}
	complete(&v->left[who]);
}

static int visit_task_a(void *data)
{
	visit_task(data, TASK_A);
	return 0;
}

static int visit_task_b(void *data)
{
	visit_task(data, TASK_B);
	return 0;
}

/* On the CPU itself: timers and irq_work stay where they are put. */
static int visits_start(void *data)
{
	struct visited_cpu *v = data;

	v->timer.expires = jiffies;
	add_timer(&v->timer);
	irq_work_queue(&v->irq_work);
	return visit_task_a(data);
}

static void visits_begin(struct kunit *test, struct visited_cpu *v,
			 unsigned int cpu)
{
	timer_setup(&v->timer, visit_timer, TIMER_PINNED);
	v->irq_work = IRQ_WORK_INIT_LAZY(visit_irq);
	for (int i = 0; i < 2; i++) {
		init_completion(&v->left[i]);
		v->task[i] = kthread_create_on_cpu(i ? visit_task_b :
						       visits_start, v, cpu,
						   "batch_visit/%u");
		if (IS_ERR(v->task[i])) {
			KUNIT_FAIL(test, "no thread for CPU %u", cpu);
			v->task[i] = NULL;
			/* The other one must not wait for it. */
			v->by[i].done = VISITS;
			complete(&v->left[i]);
		}
	}
	for (int i = 0; i < 2; i++)
		if (v->task[i])
			wake_up_process(v->task[i]);
}

static void visits_end(struct kunit *test, struct visited_cpu *v,
		       unsigned int cpu)
{
	static const char * const names[] = {
		"first task", "second task", "softirq", "hardirq",
	};

	for (int i = 0; i < 2; i++)
		wait_for_completion(&v->left[i]);
	WRITE_ONCE(v->stop, true);
	timer_shutdown_sync(&v->timer);
	irq_work_sync(&v->irq_work);
	for (int who = 0; who < VISITORS; who++) {
		KUNIT_EXPECT_EQ_MSG(test, 0, v->by[who].wrong, "CPU %u, %s",
				    cpu, names[who]);
		KUNIT_EXPECT_GE_MSG(test, v->by[who].done, VISITS,
				    "CPU %u, %s", cpu, names[who]);
	}
}

static void test_every_context(struct kunit *test)
{
	struct visited_cpu **v = batch_alloc(test, nr_cpu_ids * sizeof(*v));
	struct x25519_set *set = x25519_set_new(test);
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		v[cpu] = batch_alloc(test, sizeof(**v));
		v[cpu]->set = set;
	}
	cpus_read_lock();
	for_each_online_cpu(cpu)
		visits_begin(test, v[cpu], cpu);
	for_each_online_cpu(cpu)
		visits_end(test, v[cpu], cpu);
	cpus_read_unlock();
	KUNIT_EXPECT_TRUE(test, x25519_batch_is_wiped());
	kunit_info(test, "%lu groups met working memory in use",
		   x25519_batch_busy());
}

/* A caller that holds interrupts off, and one that holds softirqs off */
static void test_interrupts_off(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);
	unsigned long flags;
	size_t zeros;

	x25519_set_describe(set, 0, 9);
	local_irq_save(flags);
	zeros = x25519_batch(set->ops, 9);
	local_irq_restore(flags);
	x25519_set_expect(test, set, 0, 9, zeros);

	x25519_set_describe(set, 0, 9);
	local_bh_disable();
	zeros = x25519_batch(set->ops, 9);
	local_bh_enable();
	x25519_set_expect(test, set, 0, 9, zeros);
}

/* Scalars and ladder are gone from the working memory after every size. */
static void test_wiped(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);

	for (size_t nr = 1; nr <= 17; nr++) {
		x25519_set_describe(set, nr, nr);
		x25519_batch(set->ops, nr);
		KUNIT_ASSERT_TRUE_MSG(test, x25519_batch_is_wiped(), "of %zu",
				      nr);
	}
}

struct x25519_call {
	u8	out[32];
	u8	scalar[32];
	u8	point[32];
	bool	base;
};

static void call_x25519(void *arg)
{
	struct x25519_call *c = arg;

	if (c->base)
		x25519_base(c->out, c->scalar);
	else
		(void)!x25519(c->out, c->scalar, c->point);
}

/*
 * Code in general registers leaves neither the scalar nor the result on the
 * stack; but for a word of the result, on a machine that is short of registers.
 */
static void test_stack(struct kunit *test)
{
	static const char * const impls[] = { "generic64", "generic32", "adx" };
	struct batch_stack *st = batch_stack_new(test);
	struct x25519_call *c = batch_alloc(test, sizeof(*c));

	for (int round = 0; round < 40 * ARRAY_SIZE(impls); round++) {
		/* What this machine does not have is left out. */
		if (x25519_batch_select(impls[round / 40]))
			continue;
		batch_fill(c->scalar, sizeof(c->scalar));
		batch_fill(c->point, sizeof(c->point));
		c->base = round & 1;
		batch_stack_after(st, call_x25519, c);
		KUNIT_ASSERT_GT(test, batch_stack_used(st), 0);
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    batch_stack_find(st, c->scalar, 32),
				    "round %d", round);
		c->scalar[0] &= 0xf8;
		c->scalar[31] &= 0x7f;
		c->scalar[31] |= 0x40;
		KUNIT_ASSERT_EQ_MSG(test, 0,
				    batch_stack_find(st, c->scalar, 32),
				    "round %d", round);
		KUNIT_ASSERT_LE_MSG(test, batch_stack_find(st, c->out, 32), 1,
				    "round %d", round);
	}
}

#define BENCH_OPS	48	/* a turn, whatever the arrays' size */

static u64 bench_batch(struct x25519_set *set, size_t nr)
{
	u64 start = ktime_get_ns();

	for (size_t i = 0; i < BENCH_OPS / nr; i++)
		x25519_batch(set->ops, nr);
	return ktime_get_ns() - start;
}

static u64 bench_lib(struct x25519_set *set)
{
	u64 start = ktime_get_ns();

	for (size_t i = 0; i < BENCH_OPS; i++)
		(void)!curve25519(set->out[0], set->scalar[0], set->point[0]);
	return ktime_get_ns() - start;
}

/*
 * ns a multiplication, the least of several turns; lib/crypto as this kernel
 * has it configured takes its turns in between.
 */
static void benchmark(struct kunit *test)
{
	static const size_t numbers[] = { 1, 2, 3, 4, 6, 8, 16 };
	struct x25519_set *set = batch_alloc(test, sizeof(*set));

	if (!IS_ENABLED(CONFIG_CRYPTO_LIB_BATCH_BENCHMARK))
		kunit_skip(test, "CONFIG_CRYPTO_LIB_BATCH_BENCHMARK is off");
	for (int base = 0; base < 2; base++)
		for (size_t k = 0; k < ARRAY_SIZE(numbers); k++) {
			u64 batch = U64_MAX, lib = U64_MAX;
			size_t nr = numbers[k];

			for (size_t i = 0; i < nr; i++) {
				batch_fill(set->scalar[i], 32);
				batch_fill(set->point[i], 32);
				set->base[i] = base;
			}
			x25519_set_describe(set, 0, nr);
			for (int turn = 0; turn < 7; turn++) {
				batch = min(batch, bench_batch(set, nr));
				lib = min(lib, bench_lib(set));
			}
			kunit_info(test,
				   "%2zu %s: %6llu ns each, lib/crypto %6llu ns",
				   nr, base ? "base points" : "points",
				   div_u64(batch, BENCH_OPS),
				   div_u64(lib, BENCH_OPS));
		}
}

static struct kunit_case x25519_context_cases[] = {
	KUNIT_CASE_PARAM(test_every_context, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_interrupts_off, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_wiped, x25519_impl_gen_params),
	KUNIT_CASE(test_stack),
	KUNIT_CASE_PARAM(benchmark, x25519_impl_gen_params),
	{}
};

static struct kunit_suite x25519_context_suite = {
	.name		= "crypto_batch_x25519_context",
	.init		= x25519_test_init,
	.exit		= x25519_test_exit,
	.test_cases	= x25519_context_cases,
};

kunit_test_suite(x25519_context_suite);
