// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20 over arrays of streams, and HChaCha20.
 */
#include <crypto/chacha20_batch.h>
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead_dispatch.h"
#include "batch_impls.h"
#include "batch_test.h"
#include "chacha20_lib.h"
#include "chacha20_vectors.h"

#define MAX_LEN		1024
#define MAX_NR		40

static void test_vectors(struct kunit *test)
{
	u8 *out = batch_alloc(test, 512);

	for (size_t i = 0; i < ARRAY_SIZE(chacha20_vectors); i++) {
		const struct chacha20_vector *v = &chacha20_vectors[i];
		struct chacha20_op op = {
			.dst = out, .src = v->text, .len = v->len,
		};

		chacha20_setup(op.state, v->key, v->counter, v->nonce);
		chacha20_batch(&op, 1);
		KUNIT_EXPECT_MEMEQ_MSG(test, out, v->out, v->len, "%s", v->name);
		KUNIT_EXPECT_EQ(test, op.state[12],
				v->counter + DIV_ROUND_UP(v->len, 64));

		ref_chacha20(out, v->text, v->len, v->key, v->counter,
			     v->nonce);
		KUNIT_EXPECT_MEMEQ_MSG(test, out, v->out, v->len,
				       "the reference, %s", v->name);
	}
}

static void test_hchacha20(struct kunit *test)
{
	u8 *out = batch_alloc(test, sizeof(xchacha20_out));
	struct chacha20_op op = {
		.dst = out, .src = xchacha20_text, .len = sizeof(xchacha20_out),
	};
	u8 key[32], nonce[12] = {};

	hchacha20(key, hchacha20_key, hchacha20_nonce);
	KUNIT_EXPECT_MEMEQ(test, key, hchacha20_out, 32);
	/* The subkey may take the key's place. */
	memcpy(key, hchacha20_key, 32);
	hchacha20(key, key, hchacha20_nonce);
	KUNIT_EXPECT_MEMEQ(test, key, hchacha20_out, 32);

	/* XChaCha20 is made of the two. */
	hchacha20(key, xchacha20_key, xchacha20_nonce);
	memcpy(nonce + 4, xchacha20_nonce + 16, 8);
	chacha20_setup(op.state, key, 1, nonce);
	chacha20_batch(&op, 1);
	KUNIT_EXPECT_MEMEQ(test, out, xchacha20_out, sizeof(xchacha20_out));
}

/* Every length, and every number of streams, all different in everything. */
static void test_every_length(struct kunit *test)
{
	struct chacha20_op *ops = batch_alloc(test, MAX_NR * sizeof(*ops));
	size_t *lens = batch_alloc(test, MAX_NR * sizeof(*lens));
	u8 *in = batch_alloc(test, MAX_NR * 1280),
	   *out = batch_alloc(test, MAX_NR * 1280),
	   *want = batch_alloc(test, MAX_LEN);
	u8 keys[2][32], nonce[12];

	batch_fill(in, MAX_NR * 1280);
	batch_fill(keys, sizeof(keys));
	batch_fill(nonce, sizeof(nonce));
	for (size_t len = 0; len <= MAX_LEN; len++) {
		size_t nr = 1 + len % MAX_NR;

		memset(out, 0xa5, MAX_NR * 1280);
		for (size_t i = 0; i < nr; i++) {
			nonce[11] = i;
			chacha20_setup(ops[i].state, keys[i & 1], 3 * i, nonce);
			ops[i].src = in + i * 1280;
			ops[i].dst = out + i * 1280;
			lens[i] = i % 3 == 2 ? (len * 7 + i) % 200 : len;
			ops[i].len = lens[i];
			if (i % 5 == 4) {
				memcpy(ops[i].dst, ops[i].src, ops[i].len);
				ops[i].src = ops[i].dst;
			}
		}
		chacha20_batch(ops, nr);
		for (size_t i = 0; i < nr; i++) {
			nonce[11] = i;
			ref_chacha20(want, in + i * 1280, lens[i],
				     keys[i & 1], 3 * i, nonce);
			KUNIT_ASSERT_MEMEQ_MSG(test, ops[i].dst, want,
					       lens[i], "%zu of %zu, %zu bytes",
					       i, nr, lens[i]);
			KUNIT_ASSERT_EQ(test, ops[i].len, lens[i]);
			KUNIT_ASSERT_EQ(test, ops[i].dst[lens[i]], 0xa5);
			KUNIT_ASSERT_EQ(test, ops[i].state[12],
					3 * i + DIV_ROUND_UP(lens[i], 64));
		}
	}
	chacha20_batch(ops, 0);
	chacha20_batch(NULL, 0);
	chacha20_batch(NULL, 3);
}

/* Misaligned loads and stores: every length at every offset. */
static void test_every_alignment(struct kunit *test)
{
	enum { LEN = 512 };
	u8 *in = batch_alloc(test, 1024), *out = batch_alloc(test, 1024),
	   *text = batch_alloc(test, LEN), *want = batch_alloc(test, LEN);
	u8 key[32], nonce[12];

	batch_fill(key, sizeof(key));
	batch_fill(nonce, sizeof(nonce));
	batch_fill(text, LEN);
	/* What a shorter text gives is the beginning of it. */
	ref_chacha20(want, text, LEN, key, 9, nonce);
	for (size_t offset = 0; offset < 64; offset++) {
		size_t to = (offset * 29 + 7) % 64;

		memcpy(in + offset, text, LEN);
		for (size_t len = 0; len <= LEN; len++) {
			struct chacha20_op op = {
				.dst = out + to, .src = in + offset, .len = len,
			};

			memset(out, 0xa5, 1024);
			chacha20_setup(op.state, key, 9, nonce);
			chacha20_batch(&op, 1);
			KUNIT_ASSERT_MEMEQ_MSG(test, out + to, want, len,
					       "from %zu to %zu, %zu bytes",
					       offset, to, len);
			KUNIT_ASSERT_NULL(test, memchr_inv(out, 0xa5, to));
			KUNIT_ASSERT_NULL(test, memchr_inv(out + to + len, 0xa5,
							   64));

			/* And back, in place. */
			op.src = out + to;
			chacha20_setup(op.state, key, 9, nonce);
			chacha20_batch(&op, 1);
			KUNIT_ASSERT_MEMEQ_MSG(test, out + to, text, len,
					       "at %zu, %zu bytes", to, len);
		}
	}
}

/* Streams and subkeys against lib/crypto's. */
static void test_against_lib(struct kunit *test)
{
	size_t max = 70000;
	u8 *in = batch_alloc(test, max), *out = batch_alloc(test, max),
	   *want = batch_alloc(test, max);
	u8 key[32], iv[16], sub[32], want_sub[32];

	batch_fill(in, max);
	for (int round = 0; round < 1000; round++) {
		size_t len = batch_rand() % (round % 16 ? 2000 :
					     round % 64 ? 9000 : max);
		struct chacha20_op op = { .dst = out, .src = in, .len = len };

		batch_fill(key, sizeof(key));
		batch_fill(iv, sizeof(iv));
		chacha20_setup(op.state, key, get_unaligned_le32(iv), iv + 4);
		chacha20_batch(&op, 1);
		lib_chacha20(want, in, len, key, iv);
		KUNIT_ASSERT_TRUE_MSG(test, !memcmp(out, want, len),
				      "%zu bytes", len);

		hchacha20(sub, key, iv);
		lib_hchacha20(want_sub, key, iv);
		KUNIT_ASSERT_MEMEQ(test, sub, want_sub, 32);
	}
}

/*
 * The counter wraps by itself: a carry into the nonce would repeat another
 * stream's blocks. Vector code that adds lane numbers is where it happens.
 */
static void test_counter_wrap(struct kunit *test)
{
	u8 *in = batch_alloc(test, 8192), *out = batch_alloc(test, 8192),
	   *want = batch_alloc(test, 8192);
	u8 key[32], nonce[12];

	batch_fill(key, sizeof(key));
	memset(nonce, 0xff, sizeof(nonce));
	batch_fill(in, 8192);
	for (u32 before = 1; before < 70; before++) {
		struct chacha20_op op = { .dst = out, .src = in };

		op.len = 64 * before + 64 * (before % 50) + before;
		chacha20_setup(op.state, key, -before, nonce);
		chacha20_batch(&op, 1);
		ref_chacha20(want, in, op.len, key, -before, nonce);
		KUNIT_ASSERT_MEMEQ_MSG(test, out, want, op.len,
				       "%u blocks before the end", before);
		KUNIT_ASSERT_EQ(test, op.state[12],
				(u32)(DIV_ROUND_UP(op.len, 64) - before));
		KUNIT_ASSERT_EQ(test, op.state[13], 0xffffffff);
	}
}

static void test_guard_pages(struct kunit *test)
{
	struct batch_pages in = batch_alloc_pages(test, PAGE_SIZE),
			   out = batch_alloc_pages(test, PAGE_SIZE);
	u8 *want = batch_alloc(test, 2048);
	u8 key[32], nonce[12];

	batch_fill(key, sizeof(key));
	batch_fill(nonce, sizeof(nonce));
	for (size_t len = 0; len <= 1600; len += len < 300 ? 1 : 13) {
		struct chacha20_op ops[2] = {
			{ .dst = out.start, .src = in.start, .len = len },
			{ .dst = out.end - len, .src = in.end - len,
			  .len = len },
		};

		batch_fill(in.start, len);
		batch_fill(in.end - len, len);
		chacha20_setup(ops[0].state, key, 0, nonce);
		chacha20_setup(ops[1].state, key, 0, nonce);
		chacha20_batch(ops, 2);
		ref_chacha20(want, in.start, len, key, 0, nonce);
		KUNIT_ASSERT_MEMEQ(test, out.start, want, len);
		ref_chacha20(want, in.end - len, len, key, 0, nonce);
		KUNIT_ASSERT_MEMEQ(test, out.end - len, want, len);
	}
}

/* More than one FPU section. */
static void test_long(struct kunit *test)
{
	size_t len = 200000;
	u8 *in = batch_alloc(test, len), *out = batch_alloc(test, len);
	struct chacha20_op op = { .dst = out, .src = in, .len = len };
	u8 key[32], nonce[12];

	batch_fill(key, sizeof(key));
	batch_fill(nonce, sizeof(nonce));
	chacha20_setup(op.state, key, 0, nonce);
	chacha20_batch(&op, 1);
	ref_chacha20(in, in, len, key, 0, nonce);
	KUNIT_EXPECT_TRUE(test, !memcmp(in, out, len));
}

/*
 * The words that give the key away: its own, the key stream's, and what the
 * rounds make of the state, from which they can be gone back.
 */
static size_t find_stream(const struct batch_stack *st, const u8 key[32],
			  u32 counter, const u8 nonce[12], size_t blocks)
{
	u32 state[16], stream[16], rounds[16];
	size_t found = batch_stack_find(st, key, 32);

	for (; blocks; blocks--, counter++) {
		u8 bytes[64] = {};

		ref_chacha20(bytes, bytes, 64, key, counter, nonce);
		chacha20_setup(state, key, counter, nonce);
		for (int i = 0; i < 16; i++) {
			stream[i] = get_unaligned_le32(bytes + 4 * i);
			rounds[i] = stream[i] - state[i];
		}
		found += batch_stack_find(st, bytes, 64);
		found += batch_stack_find(st, stream, 64);
		found += batch_stack_find(st, rounds, 64);
	}
	return found;
}

static void call_batch(void *arg)
{
	chacha20_batch(arg, 1);
}

struct hchacha20_args {
	u8	out[32];
	u8	key[32];
	u8	nonce[16];
};

static void call_hchacha20(void *arg)
{
	struct hchacha20_args *h = arg;

	hchacha20(h->out, h->key, h->nonce);
}

/* Nothing of the key or its stream stays on the stack, with generic code. */
static void test_stack(struct kunit *test)
{
	struct batch_stack *st = batch_stack_new(test);
	struct hchacha20_args *h = batch_alloc(test, sizeof(*h));
	u8 *text = batch_alloc(test, 300);
	u8 key[32], nonce[12];

	KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_batch_select("generic"));
	for (size_t len = 1; len <= 300; len++) {
		struct chacha20_op op = {
			.dst = text, .src = text, .len = len,
		};

		batch_fill(key, sizeof(key));
		batch_fill(nonce, sizeof(nonce));
		chacha20_setup(op.state, key, 7, nonce);
		batch_stack_after(st, call_batch, &op);
		KUNIT_ASSERT_GT(test, batch_stack_used(st), 0);
		KUNIT_ASSERT_EQ_MSG(test, 0, find_stream(st, key, 7, nonce,
							 DIV_ROUND_UP(len, 64)),
				    "%zu bytes", len);
	}
	for (int round = 0; round < 20; round++) {
		batch_fill(h->key, sizeof(h->key));
		batch_fill(h->nonce, sizeof(h->nonce));
		batch_stack_after(st, call_hchacha20, h);
		KUNIT_ASSERT_EQ(test, 0, find_stream(st, h->key,
						     get_unaligned_le32(h->nonce),
						     h->nonce + 4, 1));
		KUNIT_ASSERT_EQ(test, 0, batch_stack_find(st, h->out, 32));
	}
}

static struct kunit_case chacha20_cases[] = {
	KUNIT_CASE_PARAM(test_vectors, batch_impl_gen_params),
	KUNIT_CASE(test_hchacha20),
	KUNIT_CASE_PARAM(test_every_length, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_alignment, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_against_lib, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_counter_wrap, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_guard_pages, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_long, batch_impl_gen_params),
	KUNIT_CASE(test_stack),
	{}
};

static struct kunit_suite chacha20_suite = {
	.name		= "crypto_batch_chacha20",
	.init		= batch_aead_init,
	.exit		= batch_aead_exit,
	.test_cases	= chacha20_cases,
};

kunit_test_suite(chacha20_suite);
