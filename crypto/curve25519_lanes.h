/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A group of X25519 multiplications, one in every lane of a vector, over
 * whichever field arithmetic the including file has chosen: struct vfe,
 * vfe_mul_raw() and so on. The file also gives
 *
 *	v64			a vector of LANES 64-bit lanes
 *	vbroadcast()		the same number in all lanes
 *
 * Everything that lives across a call is in struct lanes, the working memory
 * that the dispatch hands out. Straight-line code; no branch and no address
 * depends on a scalar or a point.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_LANES_H
#define _LIB_CRYPTO_BATCH_CURVE25519_LANES_H

#include <crypto/curve25519_batch.h>
#include <linux/build_bug.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "curve25519_impl.h"
#include "curve25519_vinvert.h"

/*
 * With the points x2 : z2 and x3 : z3 of RFC 7748, section 5: the step begins
 * with a = x2 + z2, b = x2 - z2, c = x3 + z3, d = x3 - z3. Exchanging the two
 * points turns DA and CB into each other, which nobody sees in the squares of
 * their sum and difference; so the exchange is a choice of what is doubled.
 */
struct lanes {
	struct vfe	u, a, b, c, d;
	struct vfe	p, m;			/* DA + CB, DA - CB */
	struct vfe	aa, bb, e, g;		/* g = AA + a24 E */
	v64		k[4];			/* bit i: bits i, i + 1 differ */
	u64		words[4][LANES];
};

/* What is not in a hot loop is called, which keeps it small. */
static noinline_for_stack void lanes_sum(struct vfe *r, const struct vfe *a,
					 const struct vfe *b)
{
	vfe_sum(r, a, b);
}

static noinline_for_stack void lanes_difference(struct vfe *r,
						const struct vfe *a,
						const struct vfe *b)
{
	vfe_difference(r, a, b);
}

static noinline_for_stack void lanes_limbs(struct vfe *r, const v64 w[4])
{
	vfe_from_words(r, w);
}

/* RFC 7748, section 5: decodeScalar25519; 0 for the lanes left over */
static noinline_for_stack void lanes_scalars(v64 k[4], u64 words[4][LANES],
					     struct x25519_op **ops,
					     unsigned int n)
{
	int i, j;

	memset(words, 0, 4 * sizeof(*words));
	for (i = 0; i < n; i++)
		for (j = 0; j < 4; j++)
			words[j][i] = get_unaligned_le64(ops[i]->scalar + 8 * j);
	memcpy(k, words, 4 * sizeof(*k));
	k[0] &= vbroadcast(~7ULL);
	k[3] &= vbroadcast(~0ULL >> 1);
	k[3] |= vbroadcast(1ULL << 62);
}

static noinline_for_stack void lanes_load(struct lanes *s,
					  struct x25519_op **ops,
					  unsigned int n)
{
	static const u8 nine[X25519_KEY_BYTES] = { 9 };
	v64 w[4];
	int i, j;

	/* The lanes left over multiply by 0. */
	lanes_scalars(w, s->words, ops, n);
	for (j = 0; j < 3; j++)
		s->k[j] = w[j] ^ (w[j] >> 1 | w[j + 1] << 63);
	s->k[3] = w[3] ^ w[3] >> 1;

	memset(s->words, 0, sizeof(s->words));
	for (i = 0; i < n; i++) {
		const u8 *point = ops[i]->point ?: nine;

		for (j = 0; j < 4; j++)
			s->words[j][i] = get_unaligned_le64(point + 8 * j);
	}
	memcpy(w, s->words, sizeof(w));
	lanes_limbs(&s->u, w);

	/* 1 : 0 and u : 1 */
	memset(&s->e, 0, sizeof(s->e));
	memset(&s->g, 0, sizeof(s->g));
	s->e.l[0] = vbroadcast(1);
	lanes_sum(&s->a, &s->e, &s->g);
	lanes_difference(&s->b, &s->e, &s->g);
	lanes_sum(&s->c, &s->u, &s->e);
	lanes_difference(&s->d, &s->u, &s->e);
}

static noinline_for_stack void lanes_cross(struct lanes *s)
{
	struct vfe da, cb;

	vfe_mul_raw(&da, &s->d, &s->a);
	vfe_mul_raw(&cb, &s->c, &s->b);
	vfe_sum(&s->p, &da, &cb);
	vfe_difference(&s->m, &da, &cb);
}

static noinline_for_stack void lanes_squares(struct lanes *s, unsigned int bit)
{
	const v64 swap = vlanes_bit(s->k[bit / 64], bit % 64);
	struct vfe aa, bb;
	int i;

#pragma GCC unroll 10
	for (i = 0; i < VFE_LIMBS; i++)
		s->e.l[i] = vlanes_choose(swap, s->a.l[i], s->c.l[i]);
	vfe_sqr_raw(&aa, &s->e);
#pragma GCC unroll 10
	for (i = 0; i < VFE_LIMBS; i++)
		s->e.l[i] = vlanes_choose(swap, s->b.l[i], s->d.l[i]);
	vfe_sqr_raw(&bb, &s->e);
	vfe_difference(&s->e, &aa, &bb);
	vfe_add_a24(&s->g, &aa, &s->e);
	vfe_carry(&s->aa, &aa);
	vfe_carry(&s->bb, &bb);
}

static noinline_for_stack void lanes_sum_point(struct lanes *s)
{
	struct vfe x, z;

	/* Called, not inline: the text of an ISA stays below 64 KiB. */
	vfe_sqr_n(&s->m, &s->m, 1);
	vfe_mul_raw(&z, &s->m, &s->u);
	vfe_sqr_raw(&x, &s->p);
	vfe_sum(&s->c, &x, &z);
	vfe_difference(&s->d, &x, &z);
}

static noinline_for_stack void lanes_double_point(struct lanes *s)
{
	struct vfe x, z;

	vfe_mul_raw(&x, &s->aa, &s->bb);
	vfe_mul_raw(&z, &s->e, &s->g);
	vfe_sum(&s->a, &x, &z);
	vfe_difference(&s->b, &x, &z);
}

/* Steps for scalar bits @first down to @last */
static void lanes_steps(struct lanes *s, int first, int last)
{
	int bit;

	for (bit = first; bit >= last; bit--) {
		lanes_cross(s);
		lanes_squares(s, bit);
		lanes_sum_point(s);
		lanes_double_point(s);
	}
}

/* x2 : z2 to x2 / z2 */
static void lanes_divide(struct lanes *s)
{
	/* 2 x2 and 2 z2 out of sum and difference; the 2 goes away. */
	lanes_sum(&s->aa, &s->a, &s->b);
	lanes_difference(&s->bb, &s->a, &s->b);
	vfe_invert(&s->bb, &s->bb, &s->c, &s->d, &s->e, &s->g);
	vfe_mul(&s->a, &s->aa, &s->bb);
}

static noinline_for_stack void lanes_store(const struct vfe *r,
					   u64 words[4][LANES],
					   struct x25519_op **ops,
					   unsigned int n)
{
	v64 w[4];
	int i, j;

	vfe_to_words(w, r);
	memcpy(words, w, sizeof(w));
	for (i = 0; i < n; i++)
		for (j = 0; j < 4; j++)
			put_unaligned_le64(words[j][i], ops[i]->out + 8 * j);
}

/* Four quarters of the ladder, then the division. */
static __always_inline bool lanes_section(struct x25519_op **ops, unsigned int n,
					  void *ctx, unsigned int section)
{
	struct lanes *s = ctx;

	BUILD_BUG_ON(sizeof(*s) > X25519_CTX_BYTES);

	if (section < 4) {
		if (!section)
			lanes_load(s, ops, n);
		lanes_steps(s, section ? 255 - 64 * (int)section : 254,
			    192 - 64 * (int)section);
		return true;
	}
	/* Clamping left bit 0 clear: x2 and z2 are in their places. */
	lanes_divide(s);
	lanes_store(&s->a, s->words, ops, n);
	memzero_explicit(s, sizeof(*s));
	return false;
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_LANES_H */
