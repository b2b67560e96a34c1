// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 from every context at once, what it leaves behind, and how
 * fast it is.
 */
#include <crypto/chacha20poly1305.h>
#include <crypto/chacha20poly1305_batch.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/unaligned.h>

#include "aead_dispatch.h"
#include "aead_test.h"
#include "batch_impls.h"

/*
 * One CPU's load: a task, a timer (softirq) and a lazy irq_work (hardirq, in
 * the tick, so that it comes in the middle of whatever the task is doing) seal
 * and open the same messages, each in buffers of its own. Register state that
 * is not saved, or working memory that two share, gives wrong bytes.
 */
enum { IN_TASK, IN_SOFTIRQ, IN_HARDIRQ, CONTEXTS };

#define LOAD_NR		20
#define LOAD_LEN	300
#define LOAD_STRIDE	384
#define LOAD_CALLS	20	/* in each context at least */
/*
 * In interrupts at most: a slow emulator takes longer for one than a tick, and
 * would never come back to the task.
 */
#define LOAD_CALLS_MAX	(20 * LOAD_CALLS)
#define LOAD_SECONDS	60	/* at most: then something hangs */

struct load {
	struct task_struct		*task;
	struct irq_work			irq_work;
	struct timer_list		timer;
	struct completion		done;
	const struct aead_set		*set;
	struct chacha20poly1305_msg	m[CONTEXTS][LOAD_NR];
	struct kvec			vec[CONTEXTS][LOAD_NR];
	u8				*out[CONTEXTS];
	atomic_t			calls[CONTEXTS];
	atomic_t			wrong[CONTEXTS];
	bool				stop;
};

static bool load_compare(struct load *load, int context, bool open)
{
	const u8 *to = open ? load->set->plain : load->set->want;

	for (size_t i = 0; i < LOAD_NR; i++)
		if (load->m[context][i].err ||
		    memcmp(load->m[context][i].dst, to + i * AEAD_STRIDE,
			   LOAD_LEN + (open ? 0 : 16)))
			return false;
	return true;
}

static void load_call(struct load *load, int context)
{
	const struct aead_set *set = load->set;
	bool good = true;

	for (int open = 0; open < 2; open++) {
		const u8 *from = open ? set->want : set->plain;
		size_t failed;

		for (size_t i = 0; i < LOAD_NR; i++) {
			struct chacha20poly1305_msg *m = &load->m[context][i];
			struct kvec *vec = &load->vec[context][i];

			*m = set->m[i];
			m->dst = load->out[context] + i * LOAD_STRIDE;
			m->src = vec;
			m->flags = CHACHA20POLY1305_SUM;
			vec->iov_base = (u8 *)from + i * AEAD_STRIDE;
			vec->iov_len = LOAD_LEN + (open ? 16 : 0);
		}
		if (open)
			failed = chacha20poly1305_open_batch(load->m[context],
							     LOAD_NR, set->key);
		else
			failed = chacha20poly1305_seal_batch(load->m[context],
							     LOAD_NR, set->key);
		good &= !failed && load_compare(load, context, open);
	}
	if (!good)
		atomic_inc(&load->wrong[context]);
	atomic_inc(&load->calls[context]);
}

static void load_irq(struct irq_work *work)
{
	struct load *load = container_of(work, struct load, irq_work);

	if (in_hardirq())
		load_call(load, IN_HARDIRQ);
	else if (IS_ENABLED(CONFIG_PREEMPT_RT))
		/* There it runs in a thread. */
		atomic_inc(&load->calls[IN_HARDIRQ]);
	else
		atomic_inc(&load->wrong[IN_HARDIRQ]);
	if (!READ_ONCE(load->stop) &&
	    atomic_read(&load->calls[IN_HARDIRQ]) < LOAD_CALLS_MAX)
		irq_work_queue(work);
}

static void load_timer(struct timer_list *timer)
{
	struct load *load = container_of(timer, struct load, timer);

	WARN_ON_ONCE(!in_serving_softirq());
	load_call(load, IN_SOFTIRQ);
	if (!READ_ONCE(load->stop) &&
	    atomic_read(&load->calls[IN_SOFTIRQ]) < LOAD_CALLS_MAX)
		mod_timer(timer, jiffies);
}

static bool load_enough(struct load *load)
{
	for (int c = 0; c < CONTEXTS; c++)
		if (atomic_read(&load->calls[c]) < LOAD_CALLS)
			return false;
	return true;
}

static int load_task(void *data)
{
	struct load *load = data;
	unsigned long end = jiffies + LOAD_SECONDS * HZ;

	load->irq_work = IRQ_WORK_INIT_LAZY(load_irq);
	timer_setup(&load->timer, load_timer, TIMER_PINNED);
	load->timer.expires = jiffies;
	add_timer(&load->timer);
	irq_work_queue(&load->irq_work);
	while (!load_enough(load) && time_before(jiffies, end)) {
		load_call(load, IN_TASK);
		local_bh_disable();
		load_call(load, IN_TASK);
		local_bh_enable();
		cond_resched();
	}
	WRITE_ONCE(load->stop, true);
	timer_shutdown_sync(&load->timer);
	irq_work_sync(&load->irq_work);
	complete(&load->done);
	return 0;
}

static void test_every_context(struct kunit *test)
{
	static const char * const names[] = { "task", "softirq", "hardirq" };
	struct load **loads = batch_alloc(test, nr_cpu_ids * sizeof(*loads));
	struct aead_set *set = aead_set_new(test);
	unsigned int cpu;

	for (size_t i = 0; i < LOAD_NR; i++)
		set->len[i] = LOAD_LEN;
	aead_set_reference(set, LOAD_NR);

	for_each_possible_cpu(cpu) {
		struct load *load = batch_alloc(test, sizeof(*load));

		for (int c = 0; c < CONTEXTS; c++)
			load->out[c] = batch_alloc(test, LOAD_NR * LOAD_STRIDE);
		load->set = set;
		init_completion(&load->done);
		loads[cpu] = load;
	}
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct task_struct *task;

		task = kthread_create_on_cpu(load_task, loads[cpu], cpu,
					     "batch_load/%u");
		if (IS_ERR(task)) {
			KUNIT_FAIL(test, "no thread for CPU %u", cpu);
			continue;
		}
		loads[cpu]->task = task;
		wake_up_process(task);
	}
	for_each_possible_cpu(cpu)
		if (loads[cpu]->task)
			wait_for_completion(&loads[cpu]->done);
	cpus_read_unlock();

	for_each_possible_cpu(cpu)
		for (int c = 0; loads[cpu]->task && c < CONTEXTS; c++) {
			KUNIT_EXPECT_EQ_MSG(test, 0,
					    atomic_read(&loads[cpu]->wrong[c]),
					    "CPU %u, %s", cpu, names[c]);
			KUNIT_EXPECT_GE_MSG(test,
					    atomic_read(&loads[cpu]->calls[c]),
					    LOAD_CALLS, "CPU %u, %s", cpu,
					    names[c]);
		}
	KUNIT_EXPECT_TRUE(test, chacha20poly1305_batch_is_wiped());
	kunit_info(test, "%lu groups met working memory in use",
		   chacha20poly1305_batch_busy());
}

/* A caller that holds interrupts off. */
static void test_interrupts_off(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);
	unsigned long flags;
	size_t failed;

	for (size_t i = 0; i < 20; i++)
		set->len[i] = 500;
	aead_set_reference(set, 20);
	aead_set_describe(set, 20, set->plain, false);
	local_irq_save(flags);
	failed = chacha20poly1305_seal_batch(set->m, 20, set->key);
	local_irq_restore(flags);
	KUNIT_ASSERT_EQ(test, failed, 0);
	for (size_t i = 0; i < 20; i++)
		aead_set_expect(test, set, i, set->want + i * AEAD_STRIDE, 516);
}

/*
 * Keys, key stream and plaintext are gone from the working memory after every
 * kind of call, a refused one included.
 */
static void test_wiped(struct kunit *test)
{
	static const size_t numbers[] = { 1, 3, 4, 8, 15, 16, 17, 40 };
	struct aead_set *set = aead_set_new(test);
	u8 *text = batch_alloc(test, 40016);

	for (size_t k = 0; k < 2 * ARRAY_SIZE(numbers); k++)
		for (u32 len = 0; len <= AEAD_MAX_LEN; len += 31) {
			size_t nr = numbers[k / 2];

			/* Equal in all lanes, or different in everything. */
			set->mode = k & 1 ? AEAD_AD_EACH : AEAD_AD_NONE;
			for (size_t i = 0; i < nr; i++)
				set->len[i] = k & 1 && i % 4 == 3 ? len / 2 :
					      len;
			aead_set_describe(set, nr, set->plain, false);
			set->m[0].flags = CHACHA20POLY1305_SUM;
			KUNIT_ASSERT_EQ(test, 0,
					chacha20poly1305_seal_batch(set->m, nr,
								    set->key));
			KUNIT_ASSERT_TRUE_MSG(test,
					      chacha20poly1305_batch_is_wiped(),
					      "sealed %zu of %u bytes", nr, len);
			/* What is no ciphertext cannot be opened. */
			aead_set_describe(set, nr, set->plain, true);
			KUNIT_ASSERT_EQ(test, nr,
					chacha20poly1305_open_batch(set->m, nr,
								    set->key));
			KUNIT_ASSERT_TRUE_MSG(test,
					      chacha20poly1305_batch_is_wiped(),
					      "refused %zu of %u bytes", nr,
					      len);
			aead_set_reference(set, nr);
			aead_set_describe(set, nr, set->want, true);
			KUNIT_ASSERT_EQ(test, 0,
					chacha20poly1305_open_batch(set->m, nr,
								    set->key));
			KUNIT_ASSERT_TRUE_MSG(test,
					      chacha20poly1305_batch_is_wiped(),
					      "opened %zu of %u bytes", nr, len);
		}
	chacha20poly1305_seal(text, text, 40000, NULL, 0, 0, set->key);
	KUNIT_EXPECT_TRUE(test, chacha20poly1305_batch_is_wiped());
}

struct aead_call {
	struct aead_set	*set;
	size_t		nr;
	bool		open;
};

static void call_aead(void *arg)
{
	struct aead_call *c = arg;

	if (c->open)
		(void)!chacha20poly1305_open_batch(c->set->m, c->nr,
						   c->set->key);
	else
		(void)!chacha20poly1305_seal_batch(c->set->m, c->nr,
						   c->set->key);
}

/*
 * The key, the one-time key, and the blocks of the key stream. Of r, limbs may
 * be left, as poly1305_kunit.c says; the lowest one of 26 bits is the same as
 * r's first word if that is as short.
 */
static size_t find_keys(const struct batch_stack *st,
			const struct chacha20poly1305_msg *m, const u8 key[32])
{
	size_t found = batch_stack_find(st, key, 32);
	u32 blocks = DIV_ROUND_UP(m->len, 64);
	size_t skip;
	u8 nonce[12];

	put_unaligned_le32(m->salt, nonce);
	put_unaligned_le64(m->nonce, nonce + 4);
	for (u32 b = 0; b <= blocks; b++) {
		u8 stream[64] = {};

		ref_chacha20(stream, stream, 64, key, b, nonce);
		/* Of block 0, what is no key is no secret. */
		skip = !b && !(get_unaligned_le32(stream) >> 26) ? 4 : 0;
		found += batch_stack_find(st, stream + skip,
					  (b ? 64 : 32) - skip);
		for (int i = 4; i < 12; i++) {
			u32 rounds = get_unaligned_le32(stream + 4 * i) -
				     get_unaligned_le32(key + 4 * (i - 4));

			found += batch_stack_find(st, &rounds, 4);
		}
	}
	return found;
}

/* Nor does generic code leave any of it on the stack. */
static void test_stack(struct kunit *test)
{
	struct batch_stack *st = batch_stack_new(test);
	struct aead_set *set = aead_set_new(test);
	struct aead_call c = { .set = set };

	KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_batch_select("generic"));
	for (u32 len = 0; len <= 300; len++) {
		c.nr = 1 + len % 3;
		aead_set_even(set, c.nr, len);
		set->mode = len % AEAD_AD_MODES;
		batch_fill(set->key, sizeof(set->key));
		aead_set_reference(set, c.nr);
		for (int way = 0; way < 3; way++) {
			/* Sealed, opened, and refused. */
			c.open = way;
			aead_set_describe(set, c.nr, way == 1 ? set->want :
					  set->plain, c.open);
			batch_stack_after(st, call_aead, &c);
			KUNIT_ASSERT_EQ(test, set->m[0].err,
					way == 2 ? -EBADMSG : 0);
			KUNIT_ASSERT_GT(test, batch_stack_used(st), 0);
			for (size_t i = 0; i < c.nr; i++)
				KUNIT_ASSERT_EQ_MSG(test, 0,
						    find_keys(st, &set->m[i],
							      set->key),
						    "%u bytes, way %d", len,
						    way);
		}
	}
}

static u64 bench_batch(struct aead_set *set, size_t nr, int rounds, bool open)
{
	u64 start = ktime_get_ns();

	for (int i = 0; i < rounds; i++)
		if (open)
			(void)!chacha20poly1305_open_batch(set->m, nr, set->key);
		else
			(void)!chacha20poly1305_seal_batch(set->m, nr, set->key);
	return ktime_get_ns() - start;
}

static u64 bench_lib(struct aead_set *set, size_t nr, int rounds)
{
	u64 start = ktime_get_ns();

	for (int i = 0; i < rounds; i++)
		for (size_t k = 0; k < nr; k++)
			chacha20poly1305_encrypt(set->m[k].dst,
						 set->vec[k].iov_base,
						 set->m[k].len, NULL, 0,
						 set->m[k].nonce, set->key);
	return ktime_get_ns() - start;
}

/*
 * ns a message, the least of several turns; lib/crypto as this kernel has it
 * configured takes its turns in between.
 */
static void benchmark(struct kunit *test)
{
	static const u32 lens[] = { 64, 256, 576, 1024 };
	static const size_t numbers[] = { 1, 4, 16, 32 };
	struct aead_set *set = aead_set_new(test);

	if (!IS_ENABLED(CONFIG_CRYPTO_LIB_BATCH_BENCHMARK))
		kunit_skip(test, "CONFIG_CRYPTO_LIB_BATCH_BENCHMARK is off");
	for (size_t k = 0; k < ARRAY_SIZE(lens); k++)
		for (size_t n = 0; n < ARRAY_SIZE(numbers); n++) {
			u64 seal = U64_MAX, open = U64_MAX, lib = U64_MAX;
			size_t nr = numbers[n];
			int rounds = 400000 / (nr * (lens[k] + 200)) + 1;
			u32 calls = rounds * nr;

			for (size_t i = 0; i < nr; i++)
				set->len[i] = lens[k];
			aead_set_reference(set, nr);
			for (int turn = 0; turn < 7; turn++) {
				aead_set_describe(set, nr, set->plain, false);
				seal = min(seal, bench_batch(set, nr, rounds,
							     false));
				lib = min(lib, bench_lib(set, nr, rounds));
				aead_set_describe(set, nr, set->want, true);
				open = min(open, bench_batch(set, nr, rounds,
							     true));
			}
			kunit_info(test,
				   "%2zu x %4u bytes: seal %4llu ns, open %4llu ns, lib/crypto's seal %4llu ns",
				   nr, lens[k], div_u64(seal, calls),
				   div_u64(open, calls), div_u64(lib, calls));
		}
}

static struct kunit_case aead_context_cases[] = {
	KUNIT_CASE_PARAM(test_every_context, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_interrupts_off, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_wiped, batch_impl_gen_params),
	KUNIT_CASE(test_stack),
	KUNIT_CASE_PARAM(benchmark, batch_impl_gen_params),
	{}
};

static struct kunit_suite aead_context_suite = {
	.name		= "crypto_batch_aead_context",
	.init		= batch_aead_init,
	.exit		= batch_aead_exit,
	.test_cases	= aead_context_cases,
};

kunit_test_suite(aead_context_suite);
