/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Field elements modulo p = 2^255 - 19, one in every 64-bit lane, in five
 * limbs of radix 2^51, for multipliers that give the low and the high 52 bits
 * of a product of 52-bit factors: vmadd_lo() and vmadd_hi().
 *
 * "Carried" limbs are under 2^51 + 2^15; factors must be carried. A product
 * comes "raw", in limbs under 2^59. Sums and differences are taken of raw
 * elements and then carried, which makes one carry of what would be two.
 * With limbs so close to the multipliers' width there is no other choice: the
 * sum of two carried elements does not fit any more.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_LANE51_H
#define _LIB_CRYPTO_BATCH_CURVE25519_LANE51_H

#include <linux/compiler.h>
#include <linux/types.h>

#define VFE_LIMBS	5
#define LANE51_MASK	((1ULL << 51) - 1)

struct vfe {
	v64	l[VFE_LIMBS];
};

/* 0 <= @r < 2^255 from words, least significant first; bit 255 is dropped. */
static __always_inline void vfe_from_words(struct vfe *r, const v64 w[4])
{
	const v64 mask = vbroadcast(LANE51_MASK);

	r->l[0] = w[0] & mask;
	r->l[1] = (w[0] >> 51 | w[1] << 13) & mask;
	r->l[2] = (w[1] >> 38 | w[2] << 26) & mask;
	r->l[3] = (w[2] >> 25 | w[3] << 39) & mask;
	r->l[4] = (w[3] >> 12) & mask;
}

/* To the one representative below p; @a is carried. */
static __always_inline void vfe_to_words(v64 w[4], const struct vfe *a)
{
	const v64 mask = vbroadcast(LANE51_MASK);
	v64 t0 = a->l[0], t1 = a->l[1], t2 = a->l[2], t3 = a->l[3];
	v64 t4 = a->l[4], q;

	/*
	 * The value V is below 2p, so that (V + 19) / 2^255 says how often p
	 * goes into it: once or not at all.
	 */
	q = (t0 + vbroadcast(19)) >> 51;
	q = (t1 + q) >> 51;
	q = (t2 + q) >> 51;
	q = (t3 + q) >> 51;
	q = (t4 + q) >> 51;

	/* V - qp = V + 19q - 2^255 q */
	t0 += q + (q << 1) + (q << 4);
	t1 += t0 >> 51;
	t2 += t1 >> 51;
	t3 += t2 >> 51;
	t4 += t3 >> 51;
	t0 &= mask;
	t1 &= mask;
	t2 &= mask;
	t3 &= mask;
	t4 &= mask;

	w[0] = t0 | t1 << 51;
	w[1] = t1 >> 13 | t2 << 38;
	w[2] = t2 >> 26 | t3 << 25;
	w[3] = t3 >> 39 | t4 << 12;
}

/* All limbs at once: each hands its excess, up to 2^10, to the next. */
static __always_inline void vfe_carry(struct vfe *r, const struct vfe *t)
{
	const v64 mask = vbroadcast(LANE51_MASK);
	const v64 c0 = t->l[0] >> 51, c1 = t->l[1] >> 51, c2 = t->l[2] >> 51;
	const v64 c3 = t->l[3] >> 51, c4 = t->l[4] >> 51;

	r->l[0] = vmadd_lo(t->l[0] & mask, c4, vbroadcast(19));
	r->l[1] = (t->l[1] & mask) + c0;
	r->l[2] = (t->l[2] & mask) + c1;
	r->l[3] = (t->l[3] & mask) + c2;
	r->l[4] = (t->l[4] & mask) + c3;
}

/* @r = @a + @b, carried; both raw */
static __always_inline void vfe_sum(struct vfe *r, const struct vfe *a,
				    const struct vfe *b)
{
	struct vfe t;
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		t.l[i] = a->l[i] + b->l[i];
	vfe_carry(r, &t);
}

/* @r = @a - @b, carried; both raw; 2^9 p is added to stay positive */
static __always_inline void vfe_difference(struct vfe *r, const struct vfe *a,
					   const struct vfe *b)
{
	struct vfe t;
	int i;

	t.l[0] = a->l[0] + vbroadcast((LANE51_MASK - 18) << 9) - b->l[0];
#pragma GCC unroll 5
	for (i = 1; i < 5; i++)
		t.l[i] = a->l[i] + vbroadcast(LANE51_MASK << 9) - b->l[i];
	vfe_carry(r, &t);
}

/* 19 h: two shifts beside the multipliers, which have enough to do */
static __always_inline v64 vtimes19(v64 h)
{
	return h + (h << 1) + (h << 4);
}

/*
 * High halves are two units of the next limb. They are gathered first, then
 * doubled, and the low halves are added to that. The greatest limb is the first
 * one: a low half and 19 times the sixth of the ten before the fold, four low
 * and ten high halves, these under 2^50, or 124.5 times 2^52 altogether.
 */
static __always_inline void vfe_mul_raw(struct vfe *r, const struct vfe *a,
					const struct vfe *b)
{
	v64 h[10] = {};
	int i, j;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
#pragma GCC unroll 5
		for (j = 0; j < 5; j++)
			h[i + j + 1] = vmadd_hi(h[i + j + 1], a->l[i], b->l[j]);
#pragma GCC unroll 10
	for (i = 1; i < 10; i++)
		h[i] += h[i];
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
#pragma GCC unroll 5
		for (j = 0; j < 5; j++)
			h[i + j] = vmadd_lo(h[i + j], a->l[i], b->l[j]);
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		r->l[i] = h[i] + vtimes19(h[i + 5]);
}

/* The same with every product of two different limbs taken once. */
static __always_inline void vfe_sqr_raw(struct vfe *r, const struct vfe *a)
{
	v64 h[10] = {};
	int i, j;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
#pragma GCC unroll 5
		for (j = i + 1; j < 5; j++)
			h[i + j + 1] = vmadd_hi(h[i + j + 1], a->l[i], a->l[j]);
#pragma GCC unroll 10
	for (i = 2; i < 9; i++)
		h[i] += h[i];
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		h[2 * i + 1] = vmadd_hi(h[2 * i + 1], a->l[i], a->l[i]);
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
#pragma GCC unroll 5
		for (j = i + 1; j < 5; j++)
			h[i + j] = vmadd_lo(h[i + j], a->l[i], a->l[j]);
#pragma GCC unroll 10
	for (i = 1; i < 10; i++)
		h[i] += h[i];
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		h[2 * i] = vmadd_lo(h[2 * i], a->l[i], a->l[i]);
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		r->l[i] = h[i] + vtimes19(h[i + 5]);
}

/* @r = @raw + 121665 @a, carried */
static __always_inline void vfe_add_a24(struct vfe *r, const struct vfe *raw,
					const struct vfe *a)
{
	const v64 k = vbroadcast(121665), zero = {};
	struct vfe t;
	v64 h;
	int i;

	t.l[0] = raw->l[0];
#pragma GCC unroll 5
	for (i = 1; i < 5; i++) {
		h = vmadd_hi(zero, a->l[i - 1], k);
		t.l[i] = raw->l[i] + h + h;
	}
	h = vmadd_hi(zero, a->l[4], k);
	t.l[0] = vmadd_lo(t.l[0], h, vbroadcast(38));
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		t.l[i] = vmadd_lo(t.l[i], a->l[i], k);
	vfe_carry(r, &t);
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_LANE51_H */
