// SPDX-License-Identifier: GPL-2.0
/*
 * Poly1305 in lanes at the limits of its limbs: keys and blocks of all ones,
 * and sums that come to be next to p.
 */
#include <crypto/poly1305_batch.h>
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead_impl.h"
#include "aead_lanes.h"
#include "batch_impls.h"
#include "batch_test.h"
#include "simd_section.h"

#define LANES_MAX	16
#define LANES_PAIRS_MIN	256
#define LANES_TEXT	4096
#define LANES_AD	112

struct lanes_set {
	struct lanes_msg	m[LANES_MAX];
	/* From here on, the lengths behind what is authenticated have room. */
	u8			all[LANES_AD + LANES_TEXT + 16];
	u8			text[LANES_MAX][LANES_TEXT];
	u8			ctx[AEAD_CTX_BYTES] __aligned(64);
};

/* How many lanes the implementation under test has. */
static unsigned int lanes_of(struct kunit *test)
{
	const char *impl = *(const char * const *)test->param_value;

	if (!strcmp(impl, "avx512"))
		return 8;
	if (!strcmp(impl, "avx2"))
		return 4;
	if (!strcmp(impl, "neon"))
		return 2;
	return 1;
}

/* RFC 8439, section 2.8: padded, and the lengths behind. How many bytes. */
static size_t lanes_data(struct lanes_set *set, const struct lanes_msg *m)
{
	size_t at = round_up(m->ad_len, 16);
	size_t end = at + round_up(m->len, 16);

	memset(set->all, 0, end);
	if (m->ad_len)
		memcpy(set->all, m->ad, m->ad_len);
	memcpy(set->all + at, m->text, m->len);
	put_unaligned_le64(m->ad_len, set->all + end);
	put_unaligned_le64(m->len, set->all + end + 8);
	return end + 16;
}

static void lanes_reference(struct lanes_set *set, const struct lanes_msg *m,
			    u8 tag[16])
{
	size_t len = lanes_data(set, m);

	ref_poly1305(tag, set->all, len, m->key);
}

static void lanes_run(struct kunit *test, struct lanes_set *set,
		      enum lanes_way way, unsigned int n)
{
	/* Unused where there is no vector code. */
	const char *impl __maybe_unused =
		*(const char * const *)test->param_value;

	if (lanes_of(test) == 1) {
		for (size_t i = 0; i < n; i++) {
			size_t len = lanes_data(set, &set->m[i]);

			poly1305_tag(set->m[i].tag, set->all, len,
				     set->m[i].key);
		}
		return;
	}
	KUNIT_ASSERT_TRUE(test, batch_simd_usable());
	batch_simd_scope() {
#ifdef CONFIG_CRYPTO_LIB_CHACHA20POLY1305_BATCH_AVX2
		if (!strcmp(impl, "avx2"))
			lanes_tags_avx2(way, set->m, n, set->ctx);
#endif
#ifdef CONFIG_CRYPTO_LIB_CHACHA20POLY1305_BATCH_AVX512
		if (!strcmp(impl, "avx512"))
			lanes_tags_avx512(way, set->m, n, set->ctx);
#endif
#ifdef CONFIG_CRYPTO_LIB_CHACHA20POLY1305_BATCH_NEON
		if (!strcmp(impl, "neon"))
			lanes_tags_neon(way, set->m, n, set->ctx);
#endif
	}
}

/* All ones, and limbs just full in base 2^26, 2^44 and 2^64. */
static const u8 patterns[][16] = {
	{ [0 ... 15] = 0xff },
	{ },
	{ 1 },
	{ 5 },
	{ 0xfa, [1 ... 15] = 0xff },
	{ 0xfb, [1 ... 15] = 0xff },
	{ 0xfc, [1 ... 15] = 0xff },
	{ [0 ... 7] = 0xff },
	{ [8 ... 15] = 0xff },
	{ 0xff, 0xff, 0xff, 0x03, [6] = 0xf0, [7 ... 9] = 0xff },
	{ [0 ... 4] = 0xff, 0x0f, [11 ... 15] = 0xff },
	{ 0xfe, [1 ... 14] = 0xff, 0x7f },
};

#define PATTERNS	ARRAY_SIZE(patterns)

/*
 * Around stripes of four blocks, and up to where the rows of one message in
 * all lanes are taken four at a time.
 */
static const u32 lens[] = {
	0, 1, 15, 16, 47, 48, 49, 63, 64, 65, 112, 127, 128, 240, 512, 640,
	1008, 1024, 1424, 3072, 3073, 3200, 3328, 3583, 4096,
};

static void lanes_key(u8 key[32], size_t r)
{
	memcpy(key, patterns[r], 16);
	memset(key + 16, r & 1 ? 0 : 0xff, 16);
}

/* Whether all messages have to be of one length. */
static bool lanes_alike(enum lanes_way way)
{
	return way == LANES_EVEN || way == LANES_PAIRS;
}

/* Message @i of a group that begins at @r, @p and @k. */
static size_t lane_r(size_t r, size_t i)
{
	return (r + i) % PATTERNS;
}

static size_t lane_p(size_t p, size_t i)
{
	return (p + 5 * i) % PATTERNS;
}

static size_t lane_k(enum lanes_way way, size_t k, size_t i)
{
	return lanes_alike(way) ? k : (k + 3 * i) % ARRAY_SIZE(lens);
}

typedef u8 lanes_tag_t[PATTERNS][ARRAY_SIZE(lens)][16];

static void try_extremes(struct kunit *test, struct lanes_set *set,
			 const lanes_tag_t *want, enum lanes_way way,
			 unsigned int n, size_t r, size_t p, size_t k)
{
	for (size_t i = 0; i < n; i++) {
		struct lanes_msg *m = &set->m[i];

		lanes_key(m->key, lane_r(r, i));
		m->text = set->text[lane_p(p, i)];
		m->len = lens[lane_k(way, k, i)];
		m->ad_len = 0;
	}
	lanes_run(test, set, way, n);
	for (size_t i = 0; i < n; i++)
		KUNIT_ASSERT_MEMEQ_MSG(test, set->m[i].tag,
				       want[lane_r(r, i)][lane_p(p, i)]
					   [lane_k(way, k, i)], 16,
				       "way %d, %zu of %u, r %zu, blocks %zu, %u bytes",
				       way, i, n, lane_r(r, i), lane_p(p, i),
				       set->m[i].len);
}

/* Each r with each kind of block, in every way, in each lane. */
static void test_extremes(struct kunit *test)
{
	unsigned int lanes = lanes_of(test);
	lanes_tag_t *want = batch_alloc(test, PATTERNS * sizeof(*want));
	struct lanes_set *set = batch_alloc(test, sizeof(*set));

	static_assert(PATTERNS <= LANES_MAX);
	for (size_t p = 0; p < PATTERNS; p++)
		for (size_t i = 0; i < LANES_TEXT; i++)
			set->text[p][i] = patterns[p][i % 16];
	for (size_t r = 0; r < PATTERNS; r++)
		for (size_t p = 0; p < PATTERNS; p++)
			for (size_t k = 0; k < ARRAY_SIZE(lens); k++) {
				struct lanes_msg m = {
					.text = set->text[p], .len = lens[k],
				};

				lanes_key(m.key, r);
				lanes_reference(set, &m, want[r][p][k]);
			}
	for (size_t r = 0; r < PATTERNS; r++)
		for (size_t p = 0; p < PATTERNS; p++)
			for (size_t k = 0; k < ARRAY_SIZE(lens); k++) {
				try_extremes(test, set, want, LANES_EVEN,
					     2 * lanes, r, p, k);
				try_extremes(test, set, want, LANES_EVEN,
					     lanes, r, p, k);
				if (lens[k] > LANES_PAIRS_MIN)
					try_extremes(test, set, want,
						     LANES_PAIRS, lanes / 2, r,
						     p, k);
				try_extremes(test, set, want, LANES_ANY,
					     lanes - k % lanes, r, p, k);
				try_extremes(test, set, want, LANES_ONE, 1, r,
					     p, k);
			}
}

/*
 * With r = 1 the accumulator is the sum of the blocks, 2^128 added to each.
 * Four blocks that are all ones, but 6 less in the last, come to 2 p, which is
 * 0. Two blocks whose sum is 2^128 - 5 + @j - @len 2^64, and the block of
 * lengths, which is @len 2^64, come to p + @j. @j is 4 at most.
 */
static void near_p(u8 *text, u32 len, int j)
{
	u64 lo = (s64)j - 5, hi = ~0ULL - len;
	u64 a = (u64)batch_rand() << 32 | batch_rand();
	u64 b = (u64)batch_rand() << 31;

	memset(text, 0xff, len);
	for (u32 at = 64; at <= len - 32; at += 64)
		text[at - 16] = 0xf9;
	text += len - 32;
	put_unaligned_le64(a, text);
	put_unaligned_le64(b, text + 8);
	put_unaligned_le64(lo - a, text + 16);
	put_unaligned_le64(hi - b - (lo < a), text + 24);
}

static void test_near_p(struct kunit *test)
{
	static const u32 quads[] = { 0, 1, 2, 3, 7, 8, 15, 47, 48, 50, 63 };
	unsigned int lanes = lanes_of(test);
	struct lanes_set *set = batch_alloc(test, sizeof(*set));
	u8 want[16];

	for (int way = 0; way < LANES_WAYS; way++)
		for (size_t k = 0; k < ARRAY_SIZE(quads); k++)
			for (int from = -16; from <= 4; from++) {
				unsigned int n = way == LANES_EVEN ? 2 * lanes :
						 way == LANES_PAIRS ? lanes / 2 :
						 lanes;

				if (way == LANES_PAIRS &&
				    64 * quads[k] + 32 <= LANES_PAIRS_MIN)
					continue;
				for (size_t i = 0; i < n; i++) {
					struct lanes_msg *m = &set->m[i];
					u32 q = quads[lanes_alike(way) ? k :
						      (k + i) % ARRAY_SIZE(quads)];

					memset(m->key, 0, 32);
					m->key[0] = 1;
					m->ad_len = 0;
					m->len = 64 * q + 32;
					m->text = set->text[i];
					near_p(set->text[i], m->len,
					       4 - (20 + from + i) % 21);
				}
				lanes_run(test, set, way, n);
				for (size_t i = 0; i < n; i++) {
					int j = 4 - (20 + from + i) % 21;
					struct lanes_msg *m = &set->m[i];

					lanes_reference(set, m, want);
					/* Is it what it is meant to be? */
					KUNIT_ASSERT_EQ(test,
							get_unaligned_le64(want),
							(u64)(j < 0 ? j - 5 : j));
					KUNIT_ASSERT_MEMEQ_MSG(test, m->tag,
							       want, 16,
							       "way %d, %zu of %u, p%+d, %u bytes",
							       way, i, n, j,
							       m->len);
				}
			}
}

/* Anything, associated data among it. */
static void test_random(struct kunit *test)
{
	unsigned int lanes = lanes_of(test);
	struct lanes_set *set = batch_alloc(test, sizeof(*set));
	u8 want[16];

	for (int round = 0; round < 200; round++) {
		enum lanes_way way = round & 1 ? LANES_ANY : LANES_ONE;
		unsigned int n = 1 + batch_rand() % lanes;

		for (size_t i = 0; i < n; i++) {
			struct lanes_msg *m = &set->m[i];
			size_t p = batch_rand() % (2 * PATTERNS);

			m->len = batch_rand() % (batch_rand() & 1 ? 300 :
						 LANES_TEXT + 1);
			m->ad_len = batch_rand() % (LANES_AD + 1);
			m->text = set->text[i];
			m->ad = set->text[(i + 1) % LANES_MAX];
			if (p < PATTERNS)
				for (size_t k = 0; k < LANES_TEXT; k++)
					set->text[i][k] = patterns[p][k % 16];
			else
				batch_fill(set->text[i], LANES_TEXT);
			batch_fill(m->key, 32);
			if (batch_rand() & 1)
				memset(m->key, 0xff, 16);
		}
		lanes_run(test, set, way, n);
		for (size_t i = 0; i < n; i++) {
			lanes_reference(set, &set->m[i], want);
			KUNIT_ASSERT_MEMEQ_MSG(test, set->m[i].tag, want, 16,
					       "round %d, %zu of %u, %u and %u bytes",
					       round, i, n, set->m[i].ad_len,
					       set->m[i].len);
		}
	}
}

static struct kunit_case aead_lanes_cases[] = {
	KUNIT_CASE_PARAM(test_extremes, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_near_p, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_random, batch_impl_gen_params),
	{}
};

static struct kunit_suite aead_lanes_suite = {
	.name		= "crypto_batch_aead_lanes",
	.init		= batch_aead_init,
	.exit		= batch_aead_exit,
	.test_cases	= aead_lanes_cases,
};

kunit_test_suite(aead_lanes_suite);
