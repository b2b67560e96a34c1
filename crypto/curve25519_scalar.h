/* SPDX-License-Identifier: GPL-2.0 */
/*
 * X25519 in general registers, over whichever field arithmetic the including
 * file has chosen: struct fe, fe_add() and so on. Straight-line code; no
 * branch and no address depends on the scalar or on the point.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_SCALAR_H
#define _LIB_CRYPTO_BATCH_CURVE25519_SCALAR_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "curve25519_impl.h"

static void fe_load(struct fe *r, const u8 in[32])
{
	u64 w[4];
	int i;

	for (i = 0; i < 4; i++)
		w[i] = get_unaligned_le64(in + 8 * i);
	fe_from_words(r, w);
	memzero_explicit(w, sizeof(w));
}

static void fe_store(u8 out[32], const struct fe *a)
{
	u64 w[4];
	int i;

	fe_to_words(w, a);
	for (i = 0; i < 4; i++)
		put_unaligned_le64(w[i], out + 8 * i);
	memzero_explicit(w, sizeof(w));
}

static void scalar_load(u64 k[4], const u8 in[32])
{
	int i;

	/* RFC 7748, section 5: decodeScalar25519 */
	for (i = 0; i < 4; i++)
		k[i] = get_unaligned_le64(in + 8 * i);
	k[0] &= ~7ULL;
	k[3] &= ~(1ULL << 63);
	k[3] |= 1ULL << 62;
}

/*
 * @r = @z^(p - 2), which is 1 / @z, or 0 for 0. Writing [n] for the power
 * 2^n - 1: from [a] and [b] one gets [a + b] by b squarings and one product,
 * and p - 2 is 2^5 [250] + 11. @x, @y and @z11 are scratch.
 */
static void fe_invert(struct fe *r, const struct fe *z, struct fe *x,
		      struct fe *y, struct fe *z11)
{
	fe_sqr_n(x, z, 1);		/* 2 */
	fe_sqr_n(y, x, 2);		/* 8 */
	fe_mul(y, y, z);		/* 9 */
	fe_mul(z11, y, x);		/* 11 */
	fe_sqr_n(x, z11, 1);		/* 22 */
	fe_mul(x, x, y);		/* [5] */
	fe_sqr_n(y, x, 5);
	fe_mul(x, y, x);		/* [10] */
	fe_sqr_n(y, x, 10);
	fe_mul(y, y, x);		/* [20] */
	*r = *y;
	fe_sqr_n(y, y, 20);
	fe_mul(y, y, r);		/* [40] */
	fe_sqr_n(y, y, 10);
	fe_mul(x, y, x);		/* [50] */
	fe_sqr_n(y, x, 50);
	fe_mul(y, y, x);		/* [100] */
	*r = *y;
	fe_sqr_n(y, y, 100);
	fe_mul(y, y, r);		/* [200] */
	fe_sqr_n(y, y, 50);
	fe_mul(y, y, x);		/* [250] */
	fe_sqr_n(y, y, 5);
	fe_mul(r, y, z11);
}

/*
 * With the points x2 : z2 and x3 : z3 of RFC 7748, section 5, a and b are the
 * sum and the difference of one, c and d those of the other. Exchanging the two
 * points turns DA and CB into each other, which nobody sees in the squares of
 * their sum and difference; so the exchange is a choice of what is doubled.
 */
struct ladder_state {
	struct fe u, x2, z2, x3, z3, a, b, c, d;
	u64 k[4];
};

/*
 * The barriers keep a compiler from working on several products at once, for
 * which it would need a frame of more than 1 KiB: clang does, for arm64.
 */
static noinline_for_stack void ladder_step(struct ladder_state *s, u64 swap)
{
	fe_add(&s->a, &s->x2, &s->z2);
	fe_sub(&s->b, &s->x2, &s->z2);
	fe_add(&s->c, &s->x3, &s->z3);
	fe_sub(&s->d, &s->x3, &s->z3);
	fe_mul_hot(&s->x3, &s->d, &s->a);		/* DA */
	barrier();
	fe_mul_hot(&s->z3, &s->c, &s->b);		/* CB */
	barrier();
	fe_choose(&s->a, &s->c, swap);
	fe_choose(&s->b, &s->d, swap);
	fe_sqr_hot(&s->a, &s->a);		/* AA */
	barrier();
	fe_sqr_hot(&s->b, &s->b);		/* BB */
	barrier();
	fe_add(&s->c, &s->x3, &s->z3);
	fe_sub(&s->d, &s->x3, &s->z3);
	fe_sqr_hot(&s->x3, &s->c);
	barrier();
	fe_sqr_hot(&s->z3, &s->d);
	barrier();
	fe_mul_hot(&s->x2, &s->a, &s->b);
	barrier();
	fe_sub(&s->b, &s->a, &s->b);		/* E */
	fe_mul_small(&s->c, &s->b, 121665);
	fe_add(&s->c, &s->c, &s->a);
	fe_mul_hot(&s->z2, &s->b, &s->c);
	barrier();
	fe_mul_hot(&s->z3, &s->z3, &s->u);
	barrier();
}

static void ladder(u8 out[32], const u8 scalar[32], const u8 point[32])
{
	static const u64 one[4] = { 1 }, zero[4];
	struct ladder_state s;
	u64 bit, previous = 0;
	int i;

	scalar_load(s.k, scalar);
	fe_load(&s.u, point);
	fe_from_words(&s.x2, one);
	fe_from_words(&s.z2, zero);
	s.x3 = s.u;
	fe_from_words(&s.z3, one);

	for (i = 254; i >= 0; i--) {
		bit = s.k[i >> 6] >> (i & 63) & 1;
		ladder_step(&s, -(bit ^ previous));
		previous = bit;
	}
	/* Clamping left bit 0 clear: x2 and z2 are in their places. */

	fe_invert(&s.a, &s.z2, &s.b, &s.c, &s.d);
	fe_mul(&s.a, &s.a, &s.x2);
	fe_store(out, &s.a);
	memzero_explicit(&s, sizeof(s));
}

/* A point on the twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2; xy = zt */
struct comb_state {
	struct fe x, y, z, t;
	struct fe e, f, g, h;
	union {
		struct fe tmp[3];
		u64 mask[X25519_COMB_ENTRIES];
	};
	u64 k[4];
	u64 entry[3][4];
};

static noinline_for_stack void comb_finish(struct comb_state *s)
{
	fe_mul_hot(&s->x, &s->e, &s->f);
	fe_mul_hot(&s->y, &s->g, &s->h);
	barrier();
	fe_mul_hot(&s->z, &s->f, &s->g);
	fe_mul_hot(&s->t, &s->e, &s->h);
}

/*
 * Hisil, Wong, Carter and Dawson, "Twisted Edwards Curves Revisited", 2008:
 * section 3.3 for a = -1, all four of E, F, G, H with their signs turned.
 */
static inline void comb_double(struct comb_state *s)
{
	fe_sqr_n(&s->tmp[0], &s->x, 1);
	fe_sqr_n(&s->tmp[1], &s->y, 1);
	fe_sqr_n(&s->f, &s->z, 1);
	fe_add(&s->e, &s->x, &s->y);
	fe_sqr_n(&s->tmp[2], &s->e, 1);
	fe_add(&s->h, &s->tmp[0], &s->tmp[1]);
	fe_sub(&s->e, &s->h, &s->tmp[2]);
	fe_weak_reduce(&s->e);
	fe_sub(&s->g, &s->tmp[0], &s->tmp[1]);
	fe_weak_reduce(&s->g);
	fe_add(&s->f, &s->f, &s->f);
	fe_add(&s->f, &s->f, &s->g);
	fe_weak_reduce(&s->f);
	comb_finish(s);
}

/* The same, section 3.1: complete, since d is not a square. */
static inline void comb_add(struct comb_state *s)
{
	fe_sub(&s->h, &s->y, &s->x);
	fe_from_words(&s->tmp[0], s->entry[1]);
	fe_mul(&s->tmp[0], &s->h, &s->tmp[0]);
	fe_add(&s->h, &s->y, &s->x);
	fe_from_words(&s->tmp[1], s->entry[0]);
	fe_mul(&s->tmp[1], &s->h, &s->tmp[1]);
	fe_from_words(&s->tmp[2], s->entry[2]);
	fe_mul(&s->tmp[2], &s->t, &s->tmp[2]);
	fe_sub(&s->e, &s->tmp[1], &s->tmp[0]);
	fe_add(&s->h, &s->tmp[1], &s->tmp[0]);
	fe_add(&s->f, &s->z, &s->z);
	fe_add(&s->g, &s->f, &s->tmp[2]);
	fe_sub(&s->f, &s->f, &s->tmp[2]);
	fe_weak_reduce(&s->f);
	comb_finish(s);
}

/* Reads the whole comb, so that the cache does not learn the digit. */
static void comb_select(struct comb_state *s, int comb, int turn)
{
	const u64 (*e)[3][4] = x25519_comb[comb];
	u64 digit = 0, negative, flip, w;
	int i, j, bit;

	for (i = 0; i < X25519_TEETH; i++) {
		bit = X25519_COMB_TURNS * (X25519_TEETH * comb + i) + turn + 3;
		digit |= (s->k[bit >> 6] >> (bit & 63) & 1) << i;
	}
	/* The top tooth's sign is that of the whole entry. */
	negative = (digit >> 3) - 1;
	digit = (digit ^ negative) & 7;

	for (i = 0; i < X25519_COMB_ENTRIES; i++) {
		w = -(((digit ^ i) - 1) >> 63);
		OPTIMIZER_HIDE_VAR(w);
		s->mask[i] = w;
	}
	for (j = 0; j < 12; j++) {
		w = 0;
#pragma GCC unroll 8
		for (i = 0; i < X25519_COMB_ENTRIES; i++)
			w |= e[i][j >> 2][j & 3] & s->mask[i];
		s->entry[j >> 2][j & 3] = w;
	}

	/* -(x, y) is (-x, y): y + x and y - x change places, ... */
	for (i = 0; i < 4; i++) {
		flip = (s->entry[0][i] ^ s->entry[1][i]) & negative;
		s->entry[0][i] ^= flip;
		s->entry[1][i] ^= flip;
	}
	/* ... and 2dxy, below p, turns into 2^255 - 1 - 18 - 2dxy. */
	w = 0;
	for (i = 0; i < 4; i++) {
		s->entry[2][i] ^= negative & (i < 3 ? ~0ULL : ~0ULL >> 1);
		flip = s->entry[2][i] - (i ? w : 18 & negative);
		w = flip > s->entry[2][i];
		s->entry[2][i] = flip;
	}
}

static void comb(u8 out[32], const u8 scalar[32])
{
	static const u64 one[4] = { 1 };
	struct comb_state s;
	int turn, i;

	scalar_load(s.k, scalar);
	fe_from_words(&s.x, x25519_comb_start[0]);
	fe_from_words(&s.y, x25519_comb_start[1]);
	fe_from_words(&s.z, one);
	fe_mul(&s.t, &s.x, &s.y);

	for (turn = X25519_COMB_TURNS - 1; turn >= 0; turn--) {
		if (turn < X25519_COMB_TURNS - 1)
			comb_double(&s);
		for (i = 0; i < X25519_COMBS; i++) {
			comb_select(&s, i, turn);
			comb_add(&s);
		}
	}

	/* RFC 7748, section 4.1: u = (1 + y) / (1 - y) */
	fe_add(&s.e, &s.z, &s.y);
	fe_sub(&s.f, &s.z, &s.y);
	fe_invert(&s.g, &s.f, &s.x, &s.t, &s.h);
	fe_mul(&s.g, &s.g, &s.e);
	fe_store(out, &s.g);
	memzero_explicit(&s, sizeof(s));
}

#define X25519_DEFINE_SCALAR(impl)					       \
void x25519_mul_##impl(u8 out[32], const u8 scalar[32], const u8 point[32])   \
{									       \
	ladder(out, scalar, point);					       \
}									       \
									       \
void x25519_base_##impl(u8 out[32], const u8 scalar[32])		       \
{									       \
	comb(out, scalar);						       \
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_SCALAR_H */
