// SPDX-License-Identifier: GPL-2.0
/*
 * BLAKE2s of many messages against published vectors and lib/crypto.
 */
#include <crypto/blake2s.h>
#include <crypto/blake2s_batch.h>
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "batch_test.h"
#include "blake2s_dispatch.h"
#include "blake2s_impl.h"
#include "simd_section.h"

#define MAX_LEN		(BLAKE2S_GROUP_BYTES + 200)
#define MAX_NR		20
#define CANARY		0xa5

static const char * const blake2s_impls[] = {
	"lib",
#ifdef CONFIG_X86_64
	"avx2",
#endif
#ifdef CONFIG_ARM64
	"neon",
#endif
};

KUNIT_ARRAY_PARAM(blake2s_impl, blake2s_impls, batch_impl_desc);

/* Messages, and room for digests with a canary behind each. */
struct blake2s_set {
	const u8	*in[MAX_NR];
	u8		*out[MAX_NR];
	u8		text[MAX_NR][MAX_LEN];
	u8		room[MAX_NR][2 * BLAKE2S_HASH_SIZE];
};

static int blake2s_test_init(struct kunit *test)
{
	const char * const *impl = test->param_value;

	batch_seed(7693);
	if (blake2s_batch_select(*impl))
		kunit_skip(test, "this machine has no %s", *impl);
	KUNIT_ASSERT_STREQ(test, blake2s_batch_selected(), *impl);
	return 0;
}

static void blake2s_test_exit(struct kunit *test)
{
	blake2s_batch_select(NULL);
}

static struct blake2s_set *set_new(struct kunit *test)
{
	struct blake2s_set *set = batch_alloc(test, sizeof(*set));

	batch_fill(set->text, sizeof(set->text));
	for (size_t i = 0; i < MAX_NR; i++) {
		set->in[i] = set->text[i];
		set->out[i] = set->room[i];
	}
	return set;
}

static void lib_blake2s(u8 out[BLAKE2S_HASH_SIZE], const u8 *in, size_t len)
{
	struct blake2s_ctx ctx;

	blake2s_init(&ctx, BLAKE2S_HASH_SIZE);
	blake2s_update(&ctx, in, len);
	blake2s_final(&ctx, out);
}

/* Of @nr, @in and @out as they are; what lies behind them must not change. */
static void expect_all(struct kunit *test, struct blake2s_set *set, size_t len, size_t nr)
{
	u8 want[BLAKE2S_HASH_SIZE];

	memset(set->room, CANARY, sizeof(set->room));
	blake2s_batch(set->out, set->in, len, nr);
	for (size_t i = 0; i < nr; i++) {
		lib_blake2s(want, set->in[i], len);
		KUNIT_ASSERT_MEMEQ_MSG(test, set->out[i], want, sizeof(want),
				       "%zu of %zu, %zu bytes", i, nr, len);
		KUNIT_ASSERT_NULL_MSG(test, memchr_inv(set->out[i] + sizeof(want),
						       CANARY, sizeof(want)),
				      "behind %zu of %zu, %zu bytes", i, nr, len);
	}
	for (size_t i = nr; i < MAX_NR; i++)
		KUNIT_ASSERT_NULL_MSG(test, memchr_inv(set->room[i], CANARY,
						       sizeof(set->room[i])),
				      "%zu, which is not of the %zu", i, nr);
}

/* RFC 7693, appendix B, and the test vectors of the BLAKE2 package */
static void test_vectors(struct kunit *test)
{
	static const struct {
		const char	*text;
		const char	*hash;
	} vectors[] = {
		{ "616263",
		  "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982" },
		{ "",
		  "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9" },
		{ "00",
		  "e34d74dbaf4ff4c6abd871cc220451d2ea2648846c7757fbaac82fe51ad64bea" },
	};
	struct blake2s_set *set = set_new(test);
	u8 want[BLAKE2S_HASH_SIZE];

	for (size_t v = 0; v < ARRAY_SIZE(vectors); v++)
		for (size_t nr = 1; nr <= MAX_NR; nr++) {
			size_t len = 0;

			for (size_t i = 0; i < nr; i++)
				len = batch_hex(test, set->text[i], MAX_LEN,
						vectors[v].text);
			batch_hex(test, want, sizeof(want), vectors[v].hash);
			blake2s_batch(set->out, set->in, len, nr);
			for (size_t i = 0; i < nr; i++)
				KUNIT_ASSERT_MEMEQ_MSG(test, set->out[i], want,
						       sizeof(want),
						       "vector %zu, %zu of %zu",
						       v, i, nr);
		}
}

static void test_every_length(struct kunit *test)
{
	struct blake2s_set *set = set_new(test);

	for (size_t len = 0; len <= MAX_LEN; len++)
		expect_all(test, set, len, 1 + len % MAX_NR);
}

static void test_every_number(struct kunit *test)
{
	static const size_t lens[] = {
		0, 1, 32, 63, 64, 65, 80, 96, 97, 127, 128, 129,
		BLAKE2S_GROUP_BYTES, BLAKE2S_GROUP_BYTES + 1,
	};
	struct blake2s_set *set = set_new(test);

	for (size_t nr = 0; nr <= MAX_NR; nr++)
		for (size_t k = 0; k < ARRAY_SIZE(lens); k++)
			expect_all(test, set, lens[k], nr);
}

static void test_in_place(struct kunit *test)
{
	struct blake2s_set *set = set_new(test);
	u8 want[MAX_NR][BLAKE2S_HASH_SIZE];

	/* Where the digest lies: at the message's start, within it, at its end */
	for (size_t len = 96; len <= 200; len += 52)
		for (size_t at = 0; at <= 64; at += 32) {
			for (size_t i = 0; i < MAX_NR; i++) {
				lib_blake2s(want[i], set->in[i], len);
				set->out[i] = set->text[i] + at;
			}
			blake2s_batch(set->out, set->in, len, MAX_NR);
			for (size_t i = 0; i < MAX_NR; i++)
				KUNIT_ASSERT_MEMEQ_MSG(test, set->out[i], want[i],
						       BLAKE2S_HASH_SIZE,
						       "%zu, at %zu of %zu",
						       i, at, len);
		}
}

/* A page ends, or begins, where the message does; and where the digest does. */
static void test_guard_pages(struct kunit *test)
{
	struct batch_pages text = batch_alloc_pages(test, MAX_LEN),
			   hash = batch_alloc_pages(test, 2 * BLAKE2S_HASH_SIZE);
	struct blake2s_set *set = set_new(test);

	for (size_t len = 0; len <= 200; len++)
		for (size_t i = 0; i < MAX_NR; i += 7) {
			const u8 *in = set->in[i];
			u8 want[BLAKE2S_HASH_SIZE];

			lib_blake2s(want, in, len);
			memcpy(text.start, in, len);
			memcpy(text.end - len, in, len);
			set->in[i] = len & 1 ? text.start : text.end - len;
			set->out[i] = len & 2 ? hash.start :
					       hash.end - BLAKE2S_HASH_SIZE;
			blake2s_batch(set->out, set->in, len, MAX_NR);
			KUNIT_ASSERT_MEMEQ_MSG(test, set->out[i], want,
					       sizeof(want), "%zu, %zu bytes",
					       i, len);
			set->in[i] = in;
			set->out[i] = set->room[i];
		}
}

static void test_every_alignment(struct kunit *test)
{
	struct blake2s_set *set = set_new(test);

	for (size_t shift = 0; shift < 64; shift++) {
		for (size_t i = 0; i < MAX_NR; i++) {
			set->in[i] = set->text[i] + (shift + i) % 64;
			set->out[i] = set->room[i] + (shift + 3 * i) % 8;
		}
		memset(set->room, CANARY, sizeof(set->room));
		blake2s_batch(set->out, set->in, 130, MAX_NR);
		for (size_t i = 0; i < MAX_NR; i++) {
			u8 want[BLAKE2S_HASH_SIZE];

			lib_blake2s(want, set->in[i], 130);
			KUNIT_ASSERT_MEMEQ_MSG(test, set->out[i], want,
					       sizeof(want), "%zu, shift %zu",
					       i, shift);
			KUNIT_ASSERT_EQ(test, set->out[i][sizeof(want)], CANARY);
		}
	}
}

static void test_bad_input(struct kunit *test)
{
	struct blake2s_set *set = set_new(test);

	memset(set->room, CANARY, sizeof(set->room));
	blake2s_batch(NULL, set->in, 64, MAX_NR);
	blake2s_batch(set->out, NULL, 64, MAX_NR);
	blake2s_batch(NULL, NULL, 64, MAX_NR);
	blake2s_batch(set->out, set->in, 64, 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(set->room, CANARY, sizeof(set->room)));

	/* No bytes: the messages need not be there. */
	memset(set->in, 0, sizeof(set->in));
	expect_all(test, set, 0, MAX_NR);
}

/* Where vectors may not be used, the digests are the same. */
static void test_interrupts_off(struct kunit *test)
{
	struct blake2s_set *set = set_new(test);
	u8 want[BLAKE2S_HASH_SIZE];
	unsigned long flags;

	local_irq_save(flags);
	blake2s_batch(set->out, set->in, 97, MAX_NR);
	local_irq_restore(flags);
	for (size_t i = 0; i < MAX_NR; i++) {
		lib_blake2s(want, set->in[i], 97);
		KUNIT_ASSERT_MEMEQ_MSG(test, set->out[i], want, sizeof(want), "%zu", i);
	}
}

struct blake2s_call {
	struct blake2s_set	*set;
	size_t			len;
	bool			lanes;
};

static void call_blake2s(void *arg)
{
	struct blake2s_call *c = arg;

	c->lanes = batch_simd_usable();
	blake2s_batch(c->set->out, c->set->in, c->len, 4);
}

/* Lanes leave no word of a message on the stack. */
static void test_stack(struct kunit *test)
{
	const char * const *impl = test->param_value;
	struct blake2s_call c = { .set = set_new(test) };
	struct batch_stack *st = batch_stack_new(test);

	if (!strcmp(*impl, "lib"))
		kunit_skip(test, "lib/crypto's functions have tests of their own");
	for (c.len = 4; c.len <= 200; c.len++) {
		batch_stack_after(st, call_blake2s, &c);
		if (!c.lanes)
			kunit_skip(test, "no vectors with interrupts off");
		KUNIT_ASSERT_GT(test, batch_stack_used(st), 0);
		for (size_t i = 0; i < 4; i++)
			KUNIT_ASSERT_EQ_MSG(test, 0,
					    batch_stack_find(st, c.set->in[i], c.len),
					    "of %zu, %zu bytes", i, c.len);
	}
}

#define BENCH_TURNS	2000

/* ns a message, the least of several turns; lib/crypto's code in between */
static void benchmark(struct kunit *test)
{
	static const size_t numbers[] = { 1, 2, 3, 4, 8, 16 };
	struct blake2s_set *set = set_new(test);

	if (!IS_ENABLED(CONFIG_CRYPTO_LIB_BATCH_BENCHMARK))
		kunit_skip(test, "CONFIG_CRYPTO_LIB_BATCH_BENCHMARK is off");
	for (size_t len = 64; len <= 128; len += 32)
		for (size_t k = 0; k < ARRAY_SIZE(numbers); k++) {
			u64 batch = U64_MAX, lib = U64_MAX, start;
			size_t nr = numbers[k];

			for (int turn = 0; turn < 7; turn++) {
				start = ktime_get_ns();
				for (int i = 0; i < BENCH_TURNS; i++)
					blake2s_batch(set->out, set->in, len, nr);
				batch = min(batch, ktime_get_ns() - start);
				start = ktime_get_ns();
				for (int i = 0; i < BENCH_TURNS; i++)
					lib_blake2s(set->out[0], set->in[0], len);
				lib = min(lib, ktime_get_ns() - start);
			}
			kunit_info(test,
				   "%2zu of %3zu bytes: %4llu ns each, lib/crypto %4llu ns",
				   nr, len, div_u64(batch, BENCH_TURNS * nr),
				   div_u64(lib, BENCH_TURNS));
		}
}

static struct kunit_case blake2s_cases[] = {
	KUNIT_CASE_PARAM(test_vectors, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_length, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_number, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_in_place, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_guard_pages, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_alignment, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_bad_input, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_interrupts_off, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(test_stack, blake2s_impl_gen_params),
	KUNIT_CASE_PARAM(benchmark, blake2s_impl_gen_params),
	{}
};

static struct kunit_suite blake2s_suite = {
	.name		= "crypto_batch_blake2s",
	.init		= blake2s_test_init,
	.exit		= blake2s_test_exit,
	.test_cases	= blake2s_cases,
};

kunit_test_suite(blake2s_suite);
