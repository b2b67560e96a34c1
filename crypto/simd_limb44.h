/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers modulo 2^130 - 5 in limbs of 44, 44 and 42 bits, one number in every
 * 64-bit lane, for multipliers that give the low and the high 52 bits of a
 * product of 52-bit factors: simd_madd_lo() and simd_madd_hi().
 *
 * Bounds: a carried limb is below 2^44 + 2^18, a limb of a block below 2^44.
 * With up to five products of a number and a block's sum, an accumulator stays
 * below 2^57. High halves weigh 2^52, which is 2^8 times the next limb's unit.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_LIMB44_H
#define _LIB_CRYPTO_BATCH_SIMD_LIMB44_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define LIMBS		3
#define LIMB_MASK44	((1ULL << 44) - 1)
#define LIMB_MASK42	((1ULL << 42) - 1)
#define LIMB_BITS	44
/* 2^128, in the top limb. */
#define LIMB_HIGH_BIT	BIT_ULL(40)

struct limbs {
	v64	v[LIMBS];
};

/* A factor that is used again and again: 2^132 is 20 modulo 2^130 - 5. */
struct limb_factor {
	v64	r[3];
	v64	r20[2];		/* 20 r[1], 20 r[2] */
};

struct limb_sum {
	v64	lo[3];
	v64	hi[3];
};

static __always_inline void limb_sum_clear(struct limb_sum *a)
{
#pragma GCC unroll 3
	for (int i = 0; i < 3; i++) {
		a->lo[i] = simd_all64(0);
		a->hi[i] = simd_all64(0);
	}
}

static __always_inline void limb_sum_add(struct limb_sum *a,
					 const struct limbs *m)
{
	a->lo[0] += m->v[0];
	a->lo[1] += m->v[1];
	a->lo[2] += m->v[2];
}

/*
 * The factor is loaded once: left to itself, the compiler makes every one of
 * the 18 multiplications load it anew, which takes longer than to multiply. Of a
 * carried number, the lowest limb is ready last.
 */
static __always_inline void limb_sum_mul(struct limb_sum *a,
					 const struct limbs *m,
					 const struct limb_factor *f)
{
	const v64 m0 = m->v[0], m1 = m->v[1], m2 = m->v[2];
	v64 r0 = f->r[0], r1 = f->r[1], r2 = f->r[2];
	v64 q1 = f->r20[0], q2 = f->r20[1];

	simd_keep(r0);
	simd_keep(r1);
	simd_keep(r2);
	simd_keep(q1);
	simd_keep(q2);

	a->lo[0] = simd_madd_lo(a->lo[0], m2, q1);
	a->hi[0] = simd_madd_hi(a->hi[0], m2, q1);
	a->lo[1] = simd_madd_lo(a->lo[1], m2, q2);
	a->hi[1] = simd_madd_hi(a->hi[1], m2, q2);
	a->lo[2] = simd_madd_lo(a->lo[2], m2, r0);
	a->hi[2] = simd_madd_hi(a->hi[2], m2, r0);

	a->lo[0] = simd_madd_lo(a->lo[0], m1, q2);
	a->hi[0] = simd_madd_hi(a->hi[0], m1, q2);
	a->lo[1] = simd_madd_lo(a->lo[1], m1, r0);
	a->hi[1] = simd_madd_hi(a->hi[1], m1, r0);
	a->lo[2] = simd_madd_lo(a->lo[2], m1, r1);
	a->hi[2] = simd_madd_hi(a->hi[2], m1, r1);

	a->lo[0] = simd_madd_lo(a->lo[0], m0, r0);
	a->hi[0] = simd_madd_hi(a->hi[0], m0, r0);
	a->lo[1] = simd_madd_lo(a->lo[1], m0, r1);
	a->hi[1] = simd_madd_hi(a->hi[1], m0, r1);
	a->lo[2] = simd_madd_lo(a->lo[2], m0, r2);
	a->hi[2] = simd_madd_hi(a->hi[2], m0, r2);
}

/*
 * One parallel carry. hi[2] weighs 2^140 = 2^10 * 2^130; it stays below 2^39,
 * so that 5 * 2^10 times it stays below the 52 bits of the multiplier.
 */
static __always_inline void limb_sum_carry(struct limbs *h,
					   const struct limb_sum *a)
{
	v64 t0 = simd_madd_lo(a->lo[0], a->hi[2], simd_all64(5120));
	v64 t1 = a->lo[1] + (a->hi[0] << 8);
	v64 t2 = a->lo[2] + (a->hi[1] << 8);

	h->v[0] = simd_madd_lo(t0 & LIMB_MASK44, t2 >> 42,
			       simd_all64(5));
	h->v[1] = (t1 & LIMB_MASK44) + (t0 >> 44);
	h->v[2] = (t2 & LIMB_MASK42) + (t1 >> 44);
}

static __always_inline void limb_factor_set(struct limb_factor *f,
					    const struct limbs *r)
{
	f->r[0] = r->v[0];
	f->r[1] = r->v[1];
	f->r[2] = r->v[2];
	f->r20[0] = (r->v[1] << 4) + (r->v[1] << 2);
	f->r20[1] = (r->v[2] << 4) + (r->v[2] << 2);
}

static __always_inline void limb_factor_get(struct limbs *r,
					    const struct limb_factor *f)
{
	r->v[0] = f->r[0];
	r->v[1] = f->r[1];
	r->v[2] = f->r[2];
}

/* A block from its 64-bit halves; @high is LIMB_HIGH_BIT or 0. */
static __always_inline void limb_split(struct limbs *m, v64 lo, v64 hi,
				       v64 high)
{
	m->v[0] = lo & LIMB_MASK44;
	m->v[1] = ((lo >> 44) | (hi << 20)) & LIMB_MASK44;
	m->v[2] = (hi >> 24) | high;
}

/* The residue modulo 2^130 - 5 of a carried number. */
static __always_inline void limb_join(v64 *lo, v64 *hi, v64 *top,
				      const struct limbs *h)
{
	v64 h0 = h->v[0], h1 = h->v[1], h2 = h->v[2];
	v64 g0, g1, g2, big;

	/*
	 * Once round. What comes back to h0 is 5 at most, and only if it does is
	 * h0 not within its bits; h2 is small then. The number is below 2^130.
	 */
	h1 += h0 >> 44;
	h0 &= LIMB_MASK44;
	h2 += h1 >> 44;
	h1 &= LIMB_MASK44;
	big = h2 >> 42;
	h0 += big + (big << 2);
	h2 &= LIMB_MASK42;

	/* If h + 5 reaches 2^130, it is the residue. */
	g0 = h0 + 5;
	g1 = h1 + (g0 >> 44);
	g2 = h2 + (g1 >> 44);
	h1 += h0 >> 44;
	h2 += h1 >> 44;
	big = -(g2 >> 42);
	h0 = ((h0 & ~big) | (g0 & big)) & LIMB_MASK44;
	h1 = ((h1 & ~big) | (g1 & big)) & LIMB_MASK44;
	h2 = ((h2 & ~big) | (g2 & big)) & LIMB_MASK42;

	*lo = h0 | (h1 << 44);
	*hi = (h1 >> 20) | (h2 << 24);
	*top = h2 >> 40;
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_LIMB44_H */
