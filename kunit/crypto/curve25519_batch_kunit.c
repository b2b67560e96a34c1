// SPDX-License-Identifier: GPL-2.0
/*
 * X25519 against published vectors, a simple reference and lib/crypto.
 */
#include <crypto/curve25519.h>
#include <crypto/curve25519_batch.h>
#include <kunit/test.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "curve25519_dispatch.h"
#include "curve25519_ref.h"
#include "curve25519_test.h"

int x25519_test_init(struct kunit *test)
{
	const char * const *impl = test->param_value;

	batch_seed(25519);
	if (impl && x25519_batch_select(*impl))
		kunit_skip(test, "this machine has no %s", *impl);
	return 0;
}

void x25519_test_exit(struct kunit *test)
{
	x25519_batch_select(NULL);
}

/*
 * All u whose points have an order that divides 8, on the curve or on its
 * twist: 0, 1, the two of order 8 and p - 1; then p and p + 1, which are 0 and
 * 1 again.
 */
static const char * const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

struct x25519_set *x25519_set_new(struct kunit *test)
{
	struct x25519_set *set = batch_alloc(test, sizeof(*set));

	for (size_t i = 0; i < X25519_MAX_NR; i++) {
		batch_fill(set->scalar[i], 32);
		batch_fill(set->point[i], 32);
		set->base[i] = i % 7 == 3;
		if (i % 11 == 5)
			batch_hex(test, set->point[i], 32,
				  low_order[i / 11 % ARRAY_SIZE(low_order)]);
		set->ok[i] = ref_x25519(set->want[i], set->scalar[i],
					set->base[i] ? NULL : set->point[i]);
	}
	return set;
}

void x25519_set_describe(struct x25519_set *set, size_t first, size_t nr)
{
	memset(set->out, X25519_CANARY, sizeof(set->out));
	for (size_t i = 0; i < nr; i++) {
		size_t k = (first + i) % X25519_MAX_NR;

		set->ops[i] = (struct x25519_op){
			.out = set->out[i] + 16,
			.scalar = set->scalar[k],
			.point = set->base[k] ? NULL : set->point[k],
			.ok = !set->ok[k],
		};
	}
}

void x25519_set_expect(struct kunit *test, struct x25519_set *set, size_t first,
		       size_t nr, size_t zeros)
{
	for (size_t i = 0; i < nr; i++) {
		size_t k = (first + i) % X25519_MAX_NR;

		KUNIT_ASSERT_MEMEQ_MSG(test, set->ops[i].out, set->want[k], 32,
				       "element %zu of %zu", i, nr);
		KUNIT_ASSERT_EQ_MSG(test, set->ops[i].ok, set->ok[k],
				    "element %zu of %zu", i, nr);
		zeros -= !set->ok[k];
	}
	KUNIT_ASSERT_EQ_MSG(test, zeros, 0, "of %zu", nr);
}

/* Through every function and, in arrays, every lane */
static void expect_everywhere(struct kunit *test, const u8 scalar[32],
			      const u8 *point, const u8 want[32])
{
	static const u8 zero[32];
	static struct x25519_op ops[11];
	static u8 out[11][32];
	bool ok = memcmp(want, zero, 32);

	if (point) {
		KUNIT_ASSERT_EQ(test, ok, x25519(out[0], scalar, point));
		KUNIT_ASSERT_MEMEQ(test, out[0], want, 32);
	} else {
		x25519_base(out[0], scalar);
		KUNIT_ASSERT_MEMEQ(test, out[0], want, 32);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		ops[i] = (struct x25519_op){
			.out = out[i], .scalar = scalar, .point = point,
		};
	KUNIT_ASSERT_EQ(test, ok ? 0 : ARRAY_SIZE(ops),
			x25519_batch(ops, ARRAY_SIZE(ops)));
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		KUNIT_ASSERT_EQ_MSG(test, ok, ops[i].ok, "element %zu", i);
		KUNIT_ASSERT_MEMEQ_MSG(test, out[i], want, 32, "element %zu",
				       i);
	}
}

/* RFC 7748, section 5.2, and section 6.1 both ways */
static void test_vectors(struct kunit *test)
{
	static const struct {
		const char *scalar, *point, *want;
	} vectors[] = {
		{
			"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
			"e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
			"c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
		}, {
			"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
			"e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
			"95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
		}, {
			"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
			NULL,
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
		}, {
			"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
			NULL,
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
		}, {
			"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
			"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
		}, {
			"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
			"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
			"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
		},
	};
	u8 scalar[32], point[32], want[32], out[32];

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const char *hex = vectors[i].point;

		batch_hex(test, scalar, 32, vectors[i].scalar);
		batch_hex(test, want, 32, vectors[i].want);
		if (hex)
			batch_hex(test, point, 32, hex);
		expect_everywhere(test, scalar, hex ? point : NULL, want);
		/* The reference had better be right as well. */
		KUNIT_EXPECT_TRUE(test, ref_x25519(out, scalar,
						   hex ? point : NULL));
		KUNIT_EXPECT_MEMEQ(test, out, want, 32);
	}
}

/*
 * RFC 7748, section 5.2, the loop: the result becomes the scalar, the scalar
 * the point. As many chains side by side as there are lanes at most, all alike.
 */
#define CHAINS	8

struct chains {
	struct x25519_op	ops[CHAINS];
	u8			k[CHAINS][32];
	u8			u[CHAINS][32];
};

static void chains_run(struct kunit *test, struct chains *c, unsigned int from,
		       unsigned int to, size_t nr, const char *hex)
{
	u8 want[32], old[32];

	batch_hex(test, want, 32, hex);
	for (; from < to; from++) {
		for (size_t i = 0; i < nr; i++)
			c->ops[i] = (struct x25519_op){
				.out = c->u[i], .scalar = c->k[i],
				.point = c->u[i],
			};
		KUNIT_ASSERT_EQ(test, 0, x25519_batch(c->ops, nr));
		for (size_t i = 0; i < nr; i++) {
			memcpy(old, c->k[i], 32);
			memcpy(c->k[i], c->u[i], 32);
			memcpy(c->u[i], old, 32);
		}
		if (from % 64 == 0)
			cond_resched();
	}
	for (size_t i = 0; i < nr; i++)
		KUNIT_ASSERT_MEMEQ_MSG(test, c->k[i], want, 32,
				       "chain %zu, %u turns", i, to);
}

static struct chains *chains_new(struct kunit *test)
{
	struct chains *c = batch_alloc(test, sizeof(*c));

	for (size_t i = 0; i < CHAINS; i++) {
		c->k[i][0] = 9;
		c->u[i][0] = 9;
	}
	return c;
}

static void test_iterated(struct kunit *test)
{
	struct chains *c = chains_new(test);

	chains_run(test, c, 0, 1, CHAINS,
		   "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
	chains_run(test, c, 1, 1000, CHAINS,
		   "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

/* One chain, or as few as the vectors take */
static void test_iterated_million(struct kunit *test)
{
	const char *impl = *(const char * const *)test->param_value;
	size_t nr = strncmp(impl, "avx", 3) ? 1 : 3;

	if (!IS_ENABLED(CONFIG_CRYPTO_LIB_BATCH_SLOW_TEST))
		kunit_skip(test, "CONFIG_CRYPTO_LIB_BATCH_SLOW_TEST is off");
	chains_run(test, chains_new(test), 0, 1000000, nr,
		   "7c3911e0ab2586fd864497297e575e6f3bc601c0883c30df5f4dd2d24f665424");
}

/* Reported for each element, wherever in an array it is; the others go on. */
static void test_low_order(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);
	static const u8 zero[32];
	u8 point[32];

	for (size_t i = 0; i < ARRAY_SIZE(low_order); i++) {
		batch_hex(test, point, 32, low_order[i]);
		for (int top = 0; top < 2; top++) {
			for (size_t k = 0; k < 3; k++)
				expect_everywhere(test, set->scalar[k], point,
						  zero);
			point[31] |= 0x80;
		}
		for (size_t k = 0; k < 9; k++) {
			x25519_set_describe(set, 0, 9);
			set->ops[k].point = point;
			KUNIT_EXPECT_EQ(test, 2 - (k == 5),
					x25519_batch(set->ops, 9));
			for (size_t j = 0; j < 9; j++) {
				KUNIT_EXPECT_EQ(test, set->ops[j].ok,
						j != k && set->ok[j]);
				KUNIT_EXPECT_MEMEQ(test, set->ops[j].out,
						   j == k ? zero : set->want[j],
						   32);
			}
		}
	}
}

/* From 2^255 - 19 on, which stands for 0, to 2^255 - 1 */
static void test_non_canonical(struct kunit *test)
{
	u8 scalar[32], point[32] = {}, want[32];

	batch_fill(scalar, sizeof(scalar));
	for (u8 small = 0; small < 19; small++) {
		memset(point, 0, sizeof(point));
		point[0] = small;
		ref_x25519(want, scalar, point);
		expect_everywhere(test, scalar, point, want);
		memset(point, 0xff, sizeof(point));
		point[0] = 0xed + small;
		point[31] = 0x7f;
		expect_everywhere(test, scalar, point, want);
		point[31] = 0xff;
		expect_everywhere(test, scalar, point, want);
	}
}

/*
 * Scalars that lead back to the base point: 9 has a second name below 2^255,
 * p + 9, which must not come out.
 */
static void test_small_result(struct kunit *test)
{
	static const struct {
		const char *scalar, *point;
	} vectors[] = {
		{
			"40b8aecc74fbc35b3054f662b5d3a96755e496deaca89071e1632ff13c32565f",
			"b4ed2738f5d2a27e21ab245ca7595e9f79751e8ed6657a7be79949dde9fd4537",
		}, {
			"700eefbccd5fe5e12b6f435e332e9fc5edee20941aee3bc584b2a93215b92a49",
			"5e218bec0a764351e402e899e8d5eb4badd9d891c6579ea32582e2584d6c7219",
		}, {
			"d0de71c0ea6078581d84c639343a6c31bcec3790ba83995168081fbc8ca33b4a",
			"410fc0197238b978ef6a99e19dcf365738aa0ff3485f440d451cca7ad0b6c562",
		}, {
			"58ce78b87ad8783da8ffe29ed63cc1fc49be5fc4b69d3c524a4d3171af7c8852",
			"5170ffc64dd01ceacae74465413d009ed449af968f190b1cef8ec2b2a125390c",
		}, {
			"20885364aed02d1a7c98c9a494053707ca7adf479d0e82cf680133dad812b57f",
			"605d95e4781ae537e554b9af04aa6522a8be8b3ecde9bee3bf911e7502d3e45d",
		}, {
			"109532ee05785c1ce2ae00c4a3e31ffe64dc4b586645967795f17506c1ac6761",
			"30cb48b5b898ee168ebbf2431cf065268bb37a293a24ec5748bbf869a4e79d35",
		}, {
			"28907c8064e325c402f48a7f0f2eacd3e2fdf36073d0872528f07c071f82f07f",
			"77917612aa959d18ea3e2785c65a39885743b4dcd79fb0f0ba3db32229470141",
		}, {
			"d8a9c11acd6fdddf179379db9cdea8088c492b20172f70c7a792259a4cd2a66a",
			"8fb9ec33e03e99696bbe482f43b2a88f8db4a0368e4b6252291dfca4deb87855",
		},
	};
	static const u8 nine[32] = { 9 };
	u8 scalar[32], point[32];

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		batch_hex(test, scalar, 32, vectors[i].scalar);
		batch_hex(test, point, 32, vectors[i].point);
		expect_everywhere(test, scalar, point, nine);
	}
}

/* Bits that the decoding of RFC 7748, section 5, drops or sets */
static void test_ignored_bits(struct kunit *test)
{
	u8 scalar[32], point[32], want[32], base[32], k[32], u[32];

	batch_fill(scalar, sizeof(scalar));
	batch_fill(point, sizeof(point));
	ref_x25519(want, scalar, point);
	ref_x25519(base, scalar, NULL);
	for (int bits = 0; bits < 64; bits++) {
		memcpy(k, scalar, 32);
		memcpy(u, point, 32);
		k[0] = (k[0] & ~7) | (bits & 7);
		k[31] = (k[31] & 0x3f) | (bits << 3 & 0xc0);
		u[31] = (u[31] & 0x7f) | (bits << 2 & 0x80);
		expect_everywhere(test, k, u, want);
		expect_everywhere(test, k, NULL, base);
	}
}

/* Scalars and points of which most limbs are all zeros or all ones */
static void test_extremes(struct kunit *test)
{
	static const u8 fill[] = { 0x00, 0xff, 0x55, 0xaa, 0x80, 0x01 };
	u8 scalar[32], point[32], want[32];

	for (size_t i = 0; i < ARRAY_SIZE(fill); i++)
		for (size_t j = 0; j < ARRAY_SIZE(fill); j++) {
			memset(scalar, fill[i], 32);
			memset(point, fill[j], 32);
			/* Away from the points of low order */
			point[0] ^= 0x10 + i;
			ref_x25519(want, scalar, point);
			expect_everywhere(test, scalar, point, want);
			ref_x25519(want, scalar, NULL);
			expect_everywhere(test, scalar, NULL, want);
		}
}

static void test_every_size(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);

	for (size_t nr = 1; nr <= X25519_MAX_NR; nr++) {
		size_t first = batch_rand() % X25519_MAX_NR, zeros;

		x25519_set_describe(set, first, nr);
		zeros = x25519_batch(set->ops, nr);
		x25519_set_expect(test, set, first, nr, zeros);
		for (size_t i = 0; i < X25519_MAX_NR; i++) {
			size_t from = i < nr ? 48 : 0;

			KUNIT_ASSERT_NULL(test,
					  memchr_inv(set->out[i], X25519_CANARY,
						     16));
			KUNIT_ASSERT_NULL(test,
					  memchr_inv(set->out[i] + from,
						     X25519_CANARY, 64 - from));
		}
	}
}

/* The result over the scalar, over the point, and over both in one place */
static void test_in_place(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);
	u8 same[32], want[32];

	for (size_t nr = 1; nr <= 17; nr++)
		for (int over_point = 0; over_point < 2; over_point++) {
			x25519_set_describe(set, nr, nr);
			for (size_t i = 0; i < nr; i++) {
				struct x25519_op *op = &set->ops[i];

				if (over_point && op->point) {
					memcpy(op->out, op->point, 32);
					op->point = op->out;
				} else {
					memcpy(op->out, op->scalar, 32);
					op->scalar = op->out;
				}
			}
			x25519_set_expect(test, set, nr, nr,
					  x25519_batch(set->ops, nr));
		}

	memcpy(same, set->scalar[0], 32);
	ref_x25519(want, same, same);
	KUNIT_EXPECT_TRUE(test, x25519(same, same, same));
	KUNIT_EXPECT_MEMEQ(test, same, want, 32);
	memcpy(same, set->scalar[0], 32);
	ref_x25519(want, same, NULL);
	x25519_base(same, same);
	KUNIT_EXPECT_MEMEQ(test, same, want, 32);
}

/* Every input and output at an end of memory, where nothing is beyond */
static void test_guard_pages(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);
	struct batch_pages out = batch_alloc_pages(test, PAGE_SIZE),
			   scalar = batch_alloc_pages(test, PAGE_SIZE),
			   point = batch_alloc_pages(test, PAGE_SIZE),
			   ops = batch_alloc_pages(test, PAGE_SIZE);

	for (size_t nr = 1; nr <= 12; nr++)
		for (int end = 0; end < 2; end++) {
			struct x25519_op *op = (void *)ops.start;

			if (end)
				op = (struct x25519_op *)ops.end - nr;
			x25519_set_describe(set, 0, nr);
			memcpy(op, set->ops, nr * sizeof(*op));
			for (size_t i = 0; i < nr; i++) {
				size_t at = 32 * i;

				if (end)
					at = PAGE_SIZE - 32 * (nr - i);
				op[i].out = out.start + at;
				op[i].scalar = scalar.start + at;
				memcpy(scalar.start + at, set->scalar[i], 32);
				if (!op[i].point)
					continue;
				op[i].point = point.start + at;
				memcpy(point.start + at, set->point[i], 32);
			}
			x25519_batch(op, nr);
			for (size_t i = 0; i < nr; i++)
				KUNIT_ASSERT_MEMEQ(test, op[i].out,
						   set->want[i], 32);
		}
}

static void test_every_alignment(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);
	u8 *room = batch_alloc(test, 3 * 9 * 128);

	for (size_t offset = 0; offset < 64; offset++) {
		x25519_set_describe(set, 0, 9);
		for (size_t i = 0; i < 9; i++) {
			struct x25519_op *op = &set->ops[i];
			u8 *p = room + i * 3 * 128 + offset;

			op->out = p;
			memcpy(p + 128, op->scalar, 32);
			op->scalar = p + 128;
			if (op->point) {
				memcpy(p + 256, op->point, 32);
				op->point = p + 256;
			}
		}
		x25519_set_expect(test, set, 0, 9, x25519_batch(set->ops, 9));
	}
}

static void test_bad_input(struct kunit *test)
{
	struct x25519_op op = {};

	KUNIT_EXPECT_EQ(test, 0, x25519_batch(NULL, 0));
	KUNIT_EXPECT_EQ(test, 0, x25519_batch(NULL, 40));
	/* Nothing of an element is looked at if there are none. */
	KUNIT_EXPECT_EQ(test, 0, x25519_batch(&op, 0));
	KUNIT_EXPECT_EQ(test, -ENOENT, x25519_batch_select("abacus"));
}

static void test_against_lib(struct kunit *test)
{
	struct x25519_set *set = batch_alloc(test, sizeof(*set));

	for (int round = 0; round < 10; round++) {
		size_t nr = 1 + batch_rand() % X25519_MAX_NR;

		for (size_t i = 0; i < nr; i++) {
			batch_fill(set->scalar[i], 32);
			batch_fill(set->point[i], 32);
			set->base[i] = batch_rand() % 5 == 0;
			if (set->base[i])
				set->ok[i] =
					curve25519_generate_public(set->want[i],
								   set->scalar[i]);
			else
				set->ok[i] = curve25519(set->want[i],
							set->scalar[i],
							set->point[i]);
		}
		x25519_set_describe(set, 0, nr);
		x25519_set_expect(test, set, 0, nr, x25519_batch(set->ops, nr));
	}
}

/*
 * Arrays of nothing but base points, and beside so many points that they share
 * a group with them, or do not.
 */
static void test_base_points(struct kunit *test)
{
	struct x25519_set *set = x25519_set_new(test);

	for (size_t i = 0; i < X25519_MAX_NR; i++) {
		if (i < 3)
			memset(set->scalar[i], i == 2 ? 0x55 : -i, 32);
		set->base[i] = true;
		set->ok[i] = ref_x25519(set->want[i], set->scalar[i], NULL);
	}
	for (size_t points = 0; points < 9; points++) {
		if (points) {
			size_t k = X25519_MAX_NR - points;

			set->base[k] = false;
			set->ok[k] = ref_x25519(set->want[k], set->scalar[k],
						set->point[k]);
		}
		for (size_t nr = 1; nr < 18; nr++) {
			/* The points first: the array goes round. */
			x25519_set_describe(set, X25519_MAX_NR - points, nr);
			x25519_set_expect(test, set, X25519_MAX_NR - points, nr,
					  x25519_batch(set->ops, nr));
		}
	}
}

static struct kunit_case x25519_cases[] = {
	KUNIT_CASE_PARAM(test_vectors, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_iterated, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_low_order, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_non_canonical, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_small_result, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_ignored_bits, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_extremes, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_size, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_base_points, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_in_place, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_guard_pages, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_alignment, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_bad_input, x25519_impl_gen_params),
	KUNIT_CASE_PARAM(test_against_lib, x25519_impl_gen_params),
	KUNIT_CASE_PARAM_ATTR(test_iterated_million, x25519_impl_gen_params,
			      { .speed = KUNIT_SPEED_VERY_SLOW }),
	{}
};

static struct kunit_suite x25519_suite = {
	.name		= "crypto_batch_x25519",
	.init		= x25519_test_init,
	.exit		= x25519_test_exit,
	.test_cases	= x25519_cases,
};

kunit_test_suite(x25519_suite);
