/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Field elements modulo p = 2^255 - 19 for machines with 64-bit words and a
 * 128-bit product: five limbs in radix 2^51.
 *
 * "Reduced" below means limbs under 2^51 + 2^18; multiplication and
 * squaring return that, and take limbs up to 2^54. Sums and differences are
 * left as they fall.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_FE51_H
#define _LIB_CRYPTO_BATCH_CURVE25519_FE51_H

#include <linux/string.h>
#include <linux/types.h>

#define FE51_MASK	((1ULL << 51) - 1)

struct fe {
	u64 l[5];
};

/* From 256 bits in words, least significant first; bit 255 is dropped. */
static inline void fe_from_words(struct fe *r, const u64 w[4])
{
	r->l[0] = w[0] & FE51_MASK;
	r->l[1] = (w[0] >> 51 | w[1] << 13) & FE51_MASK;
	r->l[2] = (w[1] >> 38 | w[2] << 26) & FE51_MASK;
	r->l[3] = (w[2] >> 25 | w[3] << 39) & FE51_MASK;
	r->l[4] = (w[3] >> 12) & FE51_MASK;
}

/* To the one representative below p; @a is reduced. */
static inline void fe_to_words(u64 w[4], const struct fe *a)
{
	u64 t[5], q = 19;
	int i;

	/*
	 * The value V is below 2p, so that (V + 19) / 2^255 says how often p
	 * goes into it: once or not at all.
	 */
	for (i = 0; i < 5; i++) {
		t[i] = a->l[i];
		q = (t[i] + q) >> 51;
	}

	/* V - qp = V + 19q - 2^255 q */
	t[0] += 19 * q;
	for (i = 0; i < 4; i++) {
		t[i + 1] += t[i] >> 51;
		t[i] &= FE51_MASK;
	}
	t[4] &= FE51_MASK;

	w[0] = t[0] | t[1] << 51;
	w[1] = t[1] >> 13 | t[2] << 38;
	w[2] = t[2] >> 26 | t[3] << 25;
	w[3] = t[3] >> 39 | t[4] << 12;
	memzero_explicit(t, sizeof(t));
}

static inline void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		r->l[i] = a->l[i] + b->l[i];
}

/* 4p is added to stay positive: the limbs of @b may reach 2^53 - 76. */
static inline void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
	int i;

	r->l[0] = a->l[0] + 4 * (FE51_MASK - 18) - b->l[0];
#pragma GCC unroll 5
	for (i = 1; i < 5; i++)
		r->l[i] = a->l[i] + 4 * FE51_MASK - b->l[i];
}

/* There is room for two sums in a row; nothing to do. */
static inline void fe_weak_reduce(struct fe *r)
{
}

static __always_inline u64 fe51_excess(u128 t)
{
	return (u64)(t >> 51);
}

/*
 * Two chains of carries, from limb 0 and from limb 3, so that neither waits
 * for the other. @t4 is below 2^110.4, so that what it hands on is below 2^64
 * even 19-fold; the others are below 2^114.3. What limbs 0 and 3 hand on at
 * the end is below 2^13.
 */
static __always_inline void fe_carry_wide(u64 r[5], u128 t0, u128 t1, u128 t2,
					  u128 t3, u128 t4)
{
	u64 s0, s3;

	t1 += fe51_excess(t0);
	t4 += fe51_excess(t3);
	t2 += fe51_excess(t1);
	s0 = ((u64)t0 & FE51_MASK) + fe51_excess(t4) * 19;
	s3 = ((u64)t3 & FE51_MASK) + fe51_excess(t2);
	r[0] = s0 & FE51_MASK;
	r[1] = ((u64)t1 & FE51_MASK) + (s0 >> 51);
	r[2] = (u64)t2 & FE51_MASK;
	r[3] = s3 & FE51_MASK;
	r[4] = ((u64)t4 & FE51_MASK) + (s3 >> 51);
}

static __always_inline void fe_mul_hot(struct fe *r, const struct fe *a,
				       const struct fe *b)
{
	const u64 a0 = a->l[0], a1 = a->l[1], a2 = a->l[2], a3 = a->l[3];
	const u64 a4 = a->l[4];
	const u64 b0 = b->l[0], b1 = b->l[1], b2 = b->l[2], b3 = b->l[3];
	const u64 b4 = b->l[4];
	/* What reaches past 2^255 comes back 19-fold. */
	const u64 w1 = b1 * 19, w2 = b2 * 19, w3 = b3 * 19, w4 = b4 * 19;
	u128 t0, t1, t2, t3, t4;

	t0 = (u128)a0 * b0 + (u128)a1 * w4 + (u128)a2 * w3 +
	       (u128)a3 * w2 + (u128)a4 * w1;
	t1 = (u128)a0 * b1 + (u128)a1 * b0 + (u128)a2 * w4 +
	       (u128)a3 * w3 + (u128)a4 * w2;
	t2 = (u128)a0 * b2 + (u128)a1 * b1 + (u128)a2 * b0 +
	       (u128)a3 * w4 + (u128)a4 * w3;
	t3 = (u128)a0 * b3 + (u128)a1 * b2 + (u128)a2 * b1 +
	       (u128)a3 * b0 + (u128)a4 * w4;
	t4 = (u128)a0 * b4 + (u128)a1 * b3 + (u128)a2 * b2 +
	       (u128)a3 * b1 + (u128)a4 * b0;
	fe_carry_wide(r->l, t0, t1, t2, t3, t4);
}

/* @a squared @n times, @n at least 1 */
static __always_inline void fe51_sqr_n(struct fe *r, const struct fe *a, int n)
{
	u64 a0 = a->l[0], a1 = a->l[1], a2 = a->l[2], a3 = a->l[3];
	u64 a4 = a->l[4], x[5];

	do {
		const u64 d0 = a0 * 2, d1 = a1 * 2, d2 = a2 * 2;
		const u64 w3 = a3 * 19, w4 = a4 * 19;
		u128 t0, t1, t2, t3, t4;

		t0 = (u128)a0 * a0 + (u128)d1 * w4 + (u128)d2 * w3;
		t1 = (u128)d0 * a1 + (u128)d2 * w4 + (u128)a3 * w3;
		t2 = (u128)d0 * a2 + (u128)a1 * a1 +
		       (u128)(a3 * 2) * w4;
		t3 = (u128)d0 * a3 + (u128)d1 * a2 + (u128)a4 * w4;
		t4 = (u128)d0 * a4 + (u128)d1 * a3 + (u128)a2 * a2;
		fe_carry_wide(x, t0, t1, t2, t3, t4);
		a0 = x[0];
		a1 = x[1];
		a2 = x[2];
		a3 = x[3];
		a4 = x[4];
	} while (--n);

	r->l[0] = a0;
	r->l[1] = a1;
	r->l[2] = a2;
	r->l[3] = a3;
	r->l[4] = a4;
}

static __always_inline void fe_sqr_hot(struct fe *r, const struct fe *a)
{
	fe51_sqr_n(r, a, 1);
}

/* Out of line, where speed does not matter as much as size */
static noinline_for_stack void fe_mul(struct fe *r, const struct fe *a,
				      const struct fe *b)
{
	fe_mul_hot(r, a, b);
}

static noinline_for_stack void fe_sqr_n(struct fe *r, const struct fe *a,
					int n)
{
	fe51_sqr_n(r, a, n);
}

/* @a times a constant below 2^20 */
static inline void fe_mul_small(struct fe *r, const struct fe *a, u32 k)
{
	fe_carry_wide(r->l, (u128)a->l[0] * k, (u128)a->l[1] * k,
		      (u128)a->l[2] * k, (u128)a->l[3] * k,
		      (u128)a->l[4] * k);
}

/* @r becomes @a where @mask is all ones, stays where it is 0. */
static inline void fe_choose(struct fe *r, const struct fe *a, u64 mask)
{
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		r->l[i] ^= (r->l[i] ^ a->l[i]) & mask;
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_FE51_H */
