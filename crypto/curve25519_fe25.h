/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Field elements modulo p = 2^255 - 19 for machines with a 32 x 32 = 64 bit
 * product: ten limbs in radix 2^25.5, that is of 26 and 25 bits by turns.
 *
 * "Reduced" below means even limbs up to 2^26 + 2^11 and odd ones up to
 * 2^25 + 2^11; multiplication and squaring return that. They take up to three
 * times as much in either operand, which is one sum or difference of reduced
 * elements. After a second sum in a row there must be an fe_weak_reduce().
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_FE25_H
#define _LIB_CRYPTO_BATCH_CURVE25519_FE25_H

#include <linux/string.h>
#include <linux/types.h>

#define FE25_BITS(i)	(26 - ((i) & 1))
#define FE25_MASK(i)	((1U << FE25_BITS(i)) - 1)

struct fe {
	u32 l[10];
};

/* From 256 bits in words, least significant first; bit 255 is dropped. */
static inline void fe_from_words(struct fe *r, const u64 w[4])
{
	int i, bit = 0;

	for (i = 0; i < 10; i++) {
		u64 v = w[bit >> 6] >> (bit & 63);

		if ((bit & 63) > 38 && bit < 192)
			v |= w[(bit >> 6) + 1] << (64 - (bit & 63));
		r->l[i] = (u32)v & FE25_MASK(i);
		bit += FE25_BITS(i);
	}
}

/* To the one representative below p; @a is reduced. */
static inline void fe_to_words(u64 w[4], const struct fe *a)
{
	u32 t[10], q = 19;
	int i, bit = 0;

	/*
	 * The value V is below 2p, so that (V + 19) / 2^255 says how often p
	 * goes into it: once or not at all.
	 */
	for (i = 0; i < 10; i++) {
		t[i] = a->l[i];
		q = (t[i] + q) >> FE25_BITS(i);
	}

	/* V - qp = V + 19q - 2^255 q */
	t[0] += 19 * q;
	w[0] = 0;
	w[1] = 0;
	w[2] = 0;
	w[3] = 0;
	for (i = 0; i < 10; i++) {
		if (i < 9)
			t[i + 1] += t[i] >> FE25_BITS(i);
		t[i] &= FE25_MASK(i);
		w[bit >> 6] |= (u64)t[i] << (bit & 63);
		if ((bit & 63) > 38 && bit < 192)
			w[(bit >> 6) + 1] |= (u64)t[i] >> (64 - (bit & 63));
		bit += FE25_BITS(i);
	}
	memzero_explicit(t, sizeof(t));
}

static inline void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
	int i;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++)
		r->l[i] = a->l[i] + b->l[i];
}

/* 2p is added to stay positive; @b is reduced. */
static inline void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
	int i;

	r->l[0] = a->l[0] + 2 * (FE25_MASK(0) - 18) - b->l[0];
#pragma GCC unroll 10
	for (i = 1; i < 10; i++)
		r->l[i] = a->l[i] + 2 * FE25_MASK(i) - b->l[i];
}

/* All limbs at once: each hands its excess to the next. */
static inline void fe_weak_reduce(struct fe *r)
{
	u32 c = 19 * (r->l[9] >> 25);
	int i;

	for (i = 0; i < 10; i++) {
		u32 next = r->l[i] >> FE25_BITS(i);

		r->l[i] = (r->l[i] & FE25_MASK(i)) + c;
		c = next;
	}
}

static __always_inline void fe_carry_wide(struct fe *r, u64 t[10])
{
	u64 c = 0;
	int i;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++) {
		t[i] += c;
		c = t[i] >> FE25_BITS(i);
		r->l[i] = (u32)t[i] & FE25_MASK(i);
	}

	c = c * 19 + r->l[0];
	r->l[0] = (u32)c & FE25_MASK(0);
	r->l[1] += (u32)(c >> 26);
}

static noinline_for_stack void fe_mul(struct fe *r, const struct fe *a,
				      const struct fe *b)
{
	u64 t[10] = {};
	int i, j;

	/*
	 * Two odd limbs make a product one bit higher than their places say.
	 * What reaches past 2^255 comes back 19-fold.
	 */
#pragma GCC unroll 10
	for (i = 0; i < 10; i++) {
		const u32 x = a->l[i], xx = x << (i & 1);

#pragma GCC unroll 10
		for (j = 0; j < 10; j++) {
			const u32 y = i + j < 10 ? b->l[j] : 19 * b->l[j];

			t[(i + j) % 10] += (u64)((j & 1) ? xx : x) * y;
		}
	}
	fe_carry_wide(r, t);
}

static noinline_for_stack void fe_sqr(struct fe *r, const struct fe *a)
{
	u64 t[10] = {};
	int i, j;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++) {
		const u32 x = a->l[i];

#pragma GCC unroll 10
		for (j = i; j < 10; j++) {
			const u32 y = i + j < 10 ? a->l[j] : 19 * a->l[j];

			t[(i + j) % 10] += (u64)(x << ((i & j & 1) + (i < j))) *
					   y;
		}
	}
	fe_carry_wide(r, t);
}

/* @a squared @n times, @n at least 1 */
static inline void fe_sqr_n(struct fe *r, const struct fe *a, int n)
{
	fe_sqr(r, a);
	while (--n)
		fe_sqr(r, r);
}

/* A call costs little beside what it calls. */
static __always_inline void fe_mul_hot(struct fe *r, const struct fe *a,
				       const struct fe *b)
{
	fe_mul(r, a, b);
}

static __always_inline void fe_sqr_hot(struct fe *r, const struct fe *a)
{
	fe_sqr_n(r, a, 1);
}

/* @a times a constant below 2^20 */
static inline void fe_mul_small(struct fe *r, const struct fe *a, u32 k)
{
	u64 t[10];
	int i;

	for (i = 0; i < 10; i++)
		t[i] = (u64)a->l[i] * k;
	fe_carry_wide(r, t);
}

/* @r becomes @a where @mask is all ones, stays where it is 0. */
static inline void fe_choose(struct fe *r, const struct fe *a, u64 mask)
{
	int i;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++)
		r->l[i] ^= (r->l[i] ^ a->l[i]) & (u32)mask;
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_FE25_H */
