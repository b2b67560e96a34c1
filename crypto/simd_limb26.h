/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers modulo 2^130 - 5 in five limbs of 26 bits, one number in every
 * 64-bit lane, for multipliers of 32 x 32 -> 64 bits: simd_mul32().
 *
 * Bounds: a carried limb is below 2^26 + 2^10, a limb of a block below 2^26.
 * With a block and an accumulator as one factor, and five times a limb as the
 * other, a product stays below 2^56; a sum has 25 of them at most.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_LIMB26_H
#define _LIB_CRYPTO_BATCH_SIMD_LIMB26_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define LIMBS		5
#define LIMB_MASK26	((1ULL << 26) - 1)
#define LIMB_BITS	26
/* 2^128, in the top limb. */
#define LIMB_HIGH_BIT	BIT_ULL(24)

struct limbs {
	v64	v[LIMBS];
};

/* A factor that is used again and again: 2^130 is 5 modulo 2^130 - 5. */
struct limb_factor {
	v64	r[5];
	v64	r5[4];		/* 5 r[1] to 5 r[4] */
};

struct limb_sum {
	v64	v[5];
};

static __always_inline void limb_sum_clear(struct limb_sum *a)
{
#pragma GCC unroll 5
	for (int i = 0; i < 5; i++)
		a->v[i] = simd_all64(0);
}

static __always_inline void limb_sum_add(struct limb_sum *a,
					 const struct limbs *m)
{
#pragma GCC unroll 5
	for (int i = 0; i < 5; i++)
		a->v[i] += m->v[i];
}

static __always_inline void limb_sum_mul(struct limb_sum *a,
					 const struct limbs *m,
					 const struct limb_factor *f)
{
#pragma GCC unroll 5
	for (int i = 0; i < 5; i++) {
		/* Few registers: no factor is to be loaded before its time. */
		simd_forget(f);
#pragma GCC unroll 5
		for (int j = 0; j < 5; j++) {
			const int k = (i + j) % 5;

			a->v[k] = simd_madd32(a->v[k], m->v[i],
					      i + j < 5 ? f->r[j] :
							  f->r5[j - 1]);
		}
	}
}

/* Carry from limb to limb, in two chains at a time. */
static __always_inline void limb_sum_carry(struct limbs *h,
					   const struct limb_sum *a)
{
	v64 t0 = a->v[0], t1 = a->v[1], t2 = a->v[2], t3 = a->v[3];
	v64 t4 = a->v[4], c;

	t1 += t0 >> 26;
	t4 += t3 >> 26;
	t0 &= LIMB_MASK26;
	t3 &= LIMB_MASK26;
	t2 += t1 >> 26;
	c = t4 >> 26;
	t1 &= LIMB_MASK26;
	t4 &= LIMB_MASK26;
	t0 += c + (c << 2);
	t3 += t2 >> 26;
	t2 &= LIMB_MASK26;
	t1 += t0 >> 26;
	t0 &= LIMB_MASK26;
	t4 += t3 >> 26;
	t3 &= LIMB_MASK26;

	h->v[0] = t0;
	h->v[1] = t1;
	h->v[2] = t2;
	h->v[3] = t3;
	h->v[4] = t4;
}

static __always_inline void limb_factor_set(struct limb_factor *f,
					    const struct limbs *r)
{
#pragma GCC unroll 5
	for (int i = 0; i < 5; i++)
		f->r[i] = r->v[i];
#pragma GCC unroll 5
	for (int i = 1; i < 5; i++)
		f->r5[i - 1] = r->v[i] + (r->v[i] << 2);
}

static __always_inline void limb_factor_get(struct limbs *r,
					    const struct limb_factor *f)
{
#pragma GCC unroll 5
	for (int i = 0; i < 5; i++)
		r->v[i] = f->r[i];
}

/* A block from its 64-bit halves; @high is LIMB_HIGH_BIT or 0. */
static __always_inline void limb_split(struct limbs *m, v64 lo, v64 hi,
				       v64 high)
{
	m->v[0] = lo & LIMB_MASK26;
	m->v[1] = (lo >> 26) & LIMB_MASK26;
	m->v[2] = ((lo >> 52) | (hi << 12)) & LIMB_MASK26;
	m->v[3] = (hi >> 14) & LIMB_MASK26;
	m->v[4] = (hi >> 40) | high;
}

/* The residue modulo 2^130 - 5 of a carried number. */
static __always_inline void limb_join(v64 *lo, v64 *hi, v64 *top,
				      const struct limbs *h)
{
	v64 h0 = h->v[0], h1 = h->v[1], h2 = h->v[2], h3 = h->v[3];
	v64 h4 = h->v[4], g0, g1, g2, g3, g4, big;

	/* Carry twice round: only then is every limb within its bits. */
	for (int i = 0; i < 2; i++) {
		h1 += h0 >> 26;
		h0 &= LIMB_MASK26;
		h2 += h1 >> 26;
		h1 &= LIMB_MASK26;
		h3 += h2 >> 26;
		h2 &= LIMB_MASK26;
		h4 += h3 >> 26;
		h3 &= LIMB_MASK26;
		h0 += (h4 >> 26) + ((h4 >> 26) << 2);
		h4 &= LIMB_MASK26;
	}
	h1 += h0 >> 26;
	h0 &= LIMB_MASK26;

	/* If h + 5 reaches 2^130, it is the residue. */
	g0 = h0 + 5;
	g1 = h1 + (g0 >> 26);
	g2 = h2 + (g1 >> 26);
	g3 = h3 + (g2 >> 26);
	g4 = h4 + (g3 >> 26);
	big = -(g4 >> 26);
	h0 = (h0 & ~big) | (g0 & LIMB_MASK26 & big);
	h1 = (h1 & ~big) | (g1 & LIMB_MASK26 & big);
	h2 = (h2 & ~big) | (g2 & LIMB_MASK26 & big);
	h3 = (h3 & ~big) | (g3 & LIMB_MASK26 & big);
	h4 = (h4 & ~big) | (g4 & LIMB_MASK26 & big);

	*lo = h0 | (h1 << 26) | (h2 << 52);
	*hi = (h2 >> 12) | (h3 << 14) | (h4 << 40);
	*top = h4 >> 24;
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_LIMB26_H */
