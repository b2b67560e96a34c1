// SPDX-License-Identifier: GPL-2.0
/*
 * One-time Poly1305: one message, many, or a message in pieces.
 */
#include <crypto/poly1305.h>
#include <crypto/poly1305_batch.h>
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead_dispatch.h"
#include "batch_impls.h"
#include "batch_test.h"
#include "poly1305_vectors.h"

#define MAX_LEN		1024
#define MAX_NR		40

static void test_vectors(struct kunit *test)
{
	u8 tag[16];

	for (size_t i = 0; i < ARRAY_SIZE(poly1305_vectors); i++) {
		const struct poly1305_vector *v = &poly1305_vectors[i];

		poly1305_tag(tag, v->text, v->len, v->key);
		KUNIT_EXPECT_MEMEQ_MSG(test, tag, v->tag, 16, "%s", v->name);
		ref_poly1305(tag, v->text, v->len, v->key);
		KUNIT_EXPECT_MEMEQ_MSG(test, tag, v->tag, 16,
				       "the reference, %s", v->name);
	}
}

static void test_every_length(struct kunit *test)
{
	struct poly1305_op *ops = batch_alloc(test, MAX_NR * sizeof(*ops));
	u8 *src = batch_alloc(test, MAX_LEN + MAX_NR),
	   *keys = batch_alloc(test, MAX_NR * 32);
	u8 want[16];

	batch_fill(src, MAX_LEN + MAX_NR);
	batch_fill(keys, MAX_NR * 32);
	for (size_t len = 0; len <= MAX_LEN; len++) {
		size_t nr = 1 + len % MAX_NR;

		for (size_t i = 0; i < nr; i++) {
			ops[i].key = keys + 32 * i;
			ops[i].src = src + i;
			ops[i].len = i % 3 == 2 ? (len * 7 + i) % 200 : len;
		}
		poly1305_tag_batch(ops, nr);
		for (size_t i = 0; i < nr; i++) {
			size_t l = i % 3 == 2 ? (len * 7 + i) % 200 : len;

			ref_poly1305(want, src + i, l, keys + 32 * i);
			KUNIT_ASSERT_MEMEQ_MSG(test, ops[i].tag, want, 16,
					       "%zu of %zu, %zu bytes",
					       i, nr, l);
		}
	}
	poly1305_tag_batch(ops, 0);
	poly1305_tag_batch(NULL, 0);
	poly1305_tag_batch(NULL, 3);
	poly1305_tag(want, NULL, 0, keys);
	KUNIT_EXPECT_MEMEQ(test, want, keys + 16, 16);
}

/*
 * Where reductions go wrong: r and blocks of all ones, and of limbs that are
 * just full in base 2^26, 2^44 and 2^64; runs of them of every length that
 * vector code treats in its own way.
 */
static void test_extremes(struct kunit *test)
{
	static const u8 patterns[][16] = {
		{ },
		{ 1 },
		{ 5 },
		{ [0 ... 15] = 0xff },
		{ 0xfa, [1 ... 15] = 0xff },
		{ 0xfb, [1 ... 15] = 0xff },
		{ 0xfc, [1 ... 15] = 0xff },
		{ [0 ... 7] = 0xff },
		{ [8 ... 15] = 0xff },
		{ 0xff, 0xff, 0xff, 0x03, [6] = 0xf0, [7 ... 9] = 0xff },
		{ [0 ... 4] = 0xff, 0x0f, [11 ... 15] = 0xff },
		{ 0xfe, [1 ... 14] = 0xff, 0x7f },
	};
	enum { ROOM = 4096 };
	u8 *src = batch_alloc(test, ROOM);
	u8 key[32], tag[16], want[16];

	for (size_t r = 0; r < ARRAY_SIZE(patterns); r++)
		for (size_t s = 0; s < 2; s++)
			for (size_t p = 0; p < ARRAY_SIZE(patterns); p++) {
				memcpy(key, patterns[r], 16);
				memset(key + 16, s ? 0xff : 0, 16);
				for (size_t i = 0; i < ROOM; i++)
					src[i] = patterns[p][i % 16];
				for (size_t len = 0; len <= ROOM;
				     len += len < 600 ? 8 : 184) {
					poly1305_tag(tag, src, len, key);
					ref_poly1305(want, src, len, key);
					KUNIT_ASSERT_MEMEQ_MSG(test, tag, want, 16,
							       "r %zu, s %zu, blocks %zu, %zu bytes",
							       r, s, p, len);
				}
			}
}

/* r = 1: the accumulator is the sum of the blocks, and can be put near p. */
static void test_near_p(struct kunit *test)
{
	u8 key[32] = { 1 }, src[32], tag[16], want[16];

	for (int i = 0; i < 16; i++) {
		/* 2^129 - 1 and 2^129 - 16 + i make p - 12 + i. */
		memset(src, 0xff, sizeof(src));
		src[16] = 0xf0 + i;
		poly1305_tag(tag, src, 32, key);
		ref_poly1305(want, src, 32, key);
		KUNIT_ASSERT_MEMEQ(test, tag, want, 16);
	}
	/* One more block of 2^128 + i takes it further. */
	for (int i = 0; i < 16; i++) {
		u8 more[48];

		memset(more, 0xff, 32);
		memset(more + 32, 0, 16);
		more[32] = i;
		poly1305_tag(tag, more, 48, key);
		ref_poly1305(want, more, 48, key);
		KUNIT_ASSERT_MEMEQ(test, tag, want, 16);
	}
}

static void test_pieces(struct kunit *test)
{
	u8 *src = batch_alloc(test, 1500);
	u8 key[32], tag[16], want[16];
	struct poly1305_stream st;

	batch_fill(src, 1500);
	batch_fill(key, sizeof(key));

	/* Every split of a short message in three. */
	poly1305_tag(want, src, 70, key);
	for (size_t i = 0; i <= 70; i++)
		for (size_t j = i; j <= 70; j++) {
			poly1305_stream_init(&st, key);
			poly1305_stream_update(&st, src, i);
			poly1305_stream_update(&st, src + i, j - i);
			poly1305_stream_update(&st, src + j, 70 - j);
			poly1305_stream_final(&st, tag);
			KUNIT_ASSERT_MEMEQ_MSG(test, tag, want, 16,
					       "cut at %zu and %zu", i, j);
		}

	/* Random pieces, as vector and scalar code take turns. */
	for (int round = 0; round < 200; round++) {
		size_t len = batch_rand() % 1500, done = 0, n;

		poly1305_stream_init(&st, key);
		while (done < len) {
			n = min_t(size_t, len - done, batch_rand() %
				  (batch_rand() & 1 ? 1000 : 40));
			poly1305_stream_update(&st, src + done, n);
			done += n;
		}
		poly1305_stream_update(&st, NULL, 0);
		poly1305_stream_final(&st, tag);
		ref_poly1305(want, src, len, key);
		KUNIT_ASSERT_MEMEQ_MSG(test, tag, want, 16, "%zu bytes", len);
	}

	/* Nothing of the key stays behind. */
	KUNIT_EXPECT_NULL(test, memchr_inv(&st, 0, sizeof(st)));
}

/* lib/crypto's functions, with the same words, give the same tags. */
static void test_against_lib(struct kunit *test)
{
	u8 *src = batch_alloc(test, 8192);
	u8 key[32], tag[16], want[16];
	struct poly1305_desc_ctx desc;

	for (int round = 0; round < 1000; round++) {
		size_t len = batch_rand() % (round & 7 ? 600 : 8192);

		batch_fill(key, sizeof(key));
		batch_fill(src, len);
		poly1305_tag(tag, src, len, key);
		poly1305_init(&desc, key);
		poly1305_update(&desc, src, len);
		poly1305_final(&desc, want);
		KUNIT_ASSERT_MEMEQ_MSG(test, tag, want, 16, "%zu bytes", len);
	}
}

static void test_guard_pages(struct kunit *test)
{
	struct batch_pages src = batch_alloc_pages(test, PAGE_SIZE),
			   keys = batch_alloc_pages(test, PAGE_SIZE);
	u8 want[16];

	batch_fill(keys.end - 32, 32);
	memcpy(keys.start, keys.end - 32, 32);
	for (size_t len = 0; len <= 1600; len += len < 300 ? 1 : 13) {
		struct poly1305_op ops[2] = {
			{ .key = keys.start, .src = src.start, .len = len },
			{ .key = keys.end - 32, .src = src.end - len,
			  .len = len },
		};

		batch_fill(src.start, len);
		memcpy(src.end - len, src.start, len);
		poly1305_tag_batch(ops, 2);
		ref_poly1305(want, src.start, len, keys.start);
		KUNIT_ASSERT_MEMEQ(test, ops[0].tag, want, 16);
		KUNIT_ASSERT_MEMEQ(test, ops[1].tag, want, 16);
	}
}

/* Misaligned by 0 to 63. */
static void test_every_alignment(struct kunit *test)
{
	u8 *src = batch_alloc(test, 1024);
	u8 key[32], tag[16], want[16], text[600];

	batch_fill(key, sizeof(key));
	batch_fill(text, sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len += 50) {
		ref_poly1305(want, text, len, key);
		for (size_t offset = 0; offset < 64; offset++) {
			memcpy(src + offset, text, len);
			poly1305_tag(tag, src + offset, len, key);
			KUNIT_ASSERT_MEMEQ(test, tag, want, 16);
		}
	}
}

struct tag_args {
	u8	tag[16];
	u8	key[32];
	u8	src[600];
	size_t	len;
};

static void call_tag(void *arg)
{
	struct tag_args *a = arg;

	poly1305_tag(a->tag, a->src, a->len, a->key);
}

/*
 * The key does not stay on the stack, with generic code. Registers that a
 * compiler has spilled are not wiped: a word of s may be there, and r, which
 * serves for no other message; of that, gcc leaves half at most.
 */
static void test_stack(struct kunit *test)
{
	struct batch_stack *st = batch_stack_new(test);
	struct tag_args *a = batch_alloc(test, sizeof(*a));

	KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_batch_select("generic"));
	for (a->len = 0; a->len <= sizeof(a->src); a->len += 7) {
		u32 r[4];

		batch_fill(a->key, sizeof(a->key));
		batch_fill(a->src, sizeof(a->src));
		batch_stack_after(st, call_tag, a);
		KUNIT_ASSERT_GT(test, batch_stack_used(st), 0);
		for (int i = 0; i < 4; i++)
			r[i] = get_unaligned((u32 *)(a->key + 4 * i)) &
			       (__force u32)cpu_to_le32(i ? 0x0ffffffc :
							    0x0fffffff);
		KUNIT_ASSERT_LE(test, batch_stack_find(st, a->key, 32), 1);
		if (IS_ENABLED(CONFIG_CC_IS_GCC))
			KUNIT_ASSERT_LE(test, batch_stack_find(st, r, 16), 2);
	}
}

static struct kunit_case poly1305_cases[] = {
	KUNIT_CASE_PARAM(test_vectors, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_length, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_extremes, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_near_p, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_pieces, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_against_lib, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_guard_pages, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_alignment, batch_impl_gen_params),
	KUNIT_CASE(test_stack),
	{}
};

static struct kunit_suite poly1305_suite = {
	.name		= "crypto_batch_poly1305",
	.init		= batch_aead_init,
	.exit		= batch_aead_exit,
	.test_cases	= poly1305_cases,
};

kunit_test_suite(poly1305_suite);
