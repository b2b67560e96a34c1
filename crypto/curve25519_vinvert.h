/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can be said about vectors of field elements whatever their limbs are
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_VINVERT_H
#define _LIB_CRYPTO_BATCH_CURVE25519_VINVERT_H

#include <linux/compiler.h>
#include <linux/types.h>

/* All ones in the lanes in which the bit is set */
static __always_inline v64 vlanes_bit(v64 k, unsigned int bit)
{
	return (v64)((k & vbroadcast(1ULL << bit)) != 0);
}

/* One of two vectors by such a mask, lane by lane */
static __always_inline v64 vlanes_choose(v64 mask, v64 clear, v64 set)
{
	return clear ^ ((clear ^ set) & mask);
}

static noinline_for_stack void vfe_mul(struct vfe *r, const struct vfe *a,
				       const struct vfe *b)
{
	struct vfe t;

	vfe_mul_raw(&t, a, b);
	vfe_carry(r, &t);
}

/* @a squared @n times, @n at least 1 */
static noinline_for_stack void vfe_sqr_n(struct vfe *r, const struct vfe *a,
					 int n)
{
	struct vfe t;

	do {
		vfe_sqr_raw(&t, a);
		vfe_carry(r, &t);
		a = r;
	} while (--n);
}

/*
 * @r = @z^(p - 2), which is 1 / @z, or 0 for 0. Writing [n] for the power
 * 2^n - 1: from [a] and [b] one gets [a + b] by b squarings and one product,
 * and p - 2 is 2^5 [250] + 11. The others are scratch.
 */
static void vfe_invert(struct vfe *r, const struct vfe *z, struct vfe *x,
		       struct vfe *y, struct vfe *t, struct vfe *z11)
{
	vfe_sqr_n(x, z, 1);		/* 2 */
	vfe_sqr_n(y, x, 2);		/* 8 */
	vfe_mul(y, y, z);		/* 9 */
	vfe_mul(z11, y, x);		/* 11 */
	vfe_sqr_n(x, z11, 1);		/* 22 */
	vfe_mul(x, x, y);		/* [5] */
	vfe_sqr_n(y, x, 5);
	vfe_mul(x, y, x);		/* [10] */
	vfe_sqr_n(y, x, 10);
	vfe_mul(t, y, x);		/* [20] */
	vfe_sqr_n(y, t, 20);
	vfe_mul(y, y, t);		/* [40] */
	vfe_sqr_n(y, y, 10);
	vfe_mul(x, y, x);		/* [50] */
	vfe_sqr_n(y, x, 50);
	vfe_mul(t, y, x);		/* [100] */
	vfe_sqr_n(y, t, 100);
	vfe_mul(y, y, t);		/* [200] */
	vfe_sqr_n(y, y, 50);
	vfe_mul(y, y, x);		/* [250] */
	vfe_sqr_n(y, y, 5);
	vfe_mul(r, y, z11);
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_VINVERT_H */
