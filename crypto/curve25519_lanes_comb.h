/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multiples of the base point, one in every lane of a vector: the comb of
 * curve25519_scalar.h over the field arithmetic of curve25519_lanes.h, in a
 * third of the ladder's time. All lanes read all of the table.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_LANES_COMB_H
#define _LIB_CRYPTO_BATCH_CURVE25519_LANES_COMB_H

#include "curve25519_lanes.h"

/* A point on the twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2; xy = zt */
struct lanes_comb {
	struct vfe	x, y, z, t;
	union {
		struct {
			struct vfe	e, f, g, h;
		};
		v64		mask[X25519_COMB_ENTRIES];
		u64		words[4][LANES];
	};
	struct vfe	a, b, c;
	v64		k[4];
};

static noinline_for_stack void comb_load(struct lanes_comb *s,
					 struct x25519_op **ops, unsigned int n)
{
	v64 w[2][4];
	int j;

	lanes_scalars(s->k, s->words, ops, n);
	for (j = 0; j < 4; j++) {
		w[0][j] = vbroadcast(x25519_comb_start[0][j]);
		w[1][j] = vbroadcast(x25519_comb_start[1][j]);
	}
	lanes_limbs(&s->x, w[0]);
	lanes_limbs(&s->y, w[1]);
	memset(&s->z, 0, sizeof(s->z));
	s->z.l[0] = vbroadcast(1);
	vfe_mul(&s->t, &s->x, &s->y);
}

/* The comb's entries for this turn: y + x to a, y - x to b, 2dxy to c */
static noinline_for_stack void comb_select(struct lanes_comb *s, int comb,
					   int turn)
{
	const u64 (*e)[3][4] = x25519_comb[comb];
	v64 digit = {}, negative, flip, p[4], m[4], d[4];
	int i, j, bit;

	for (i = 0; i < X25519_TEETH; i++) {
		bit = X25519_COMB_TURNS * (X25519_TEETH * comb + i) + turn + 3;
		digit |= (s->k[bit >> 6] >> (bit & 63) & vbroadcast(1)) << i;
	}
	/* The top tooth's sign is that of the whole entry. */
	negative = (digit >> 3) - vbroadcast(1);
	digit = (digit ^ negative) & vbroadcast(7);

	for (i = 0; i < X25519_COMB_ENTRIES; i++)
		s->mask[i] = (v64)(digit == vbroadcast(i));
	for (j = 0; j < 4; j++) {
		p[j] = vbroadcast(0);
		m[j] = p[j];
		d[j] = p[j];
		for (i = 0; i < X25519_COMB_ENTRIES; i++) {
			p[j] |= s->mask[i] & vbroadcast(e[i][0][j]);
			m[j] |= s->mask[i] & vbroadcast(e[i][1][j]);
			d[j] |= s->mask[i] & vbroadcast(e[i][2][j]);
		}
		/* -(x, y) is (-x, y): y + x and y - x change places, ... */
		flip = (p[j] ^ m[j]) & negative;
		p[j] ^= flip;
		m[j] ^= flip;
	}
	lanes_limbs(&s->a, p);
	lanes_limbs(&s->b, m);
	lanes_limbs(&s->c, d);
	/* ... and 2dxy turns into its opposite. */
	memset(&s->e, 0, sizeof(s->e));
	lanes_difference(&s->e, &s->e, &s->c);
	for (i = 0; i < VFE_LIMBS; i++)
		s->c.l[i] = vlanes_choose(negative, s->c.l[i], s->e.l[i]);
}

static noinline_for_stack void comb_finish(struct lanes_comb *s)
{
	vfe_mul(&s->x, &s->e, &s->f);
	vfe_mul(&s->y, &s->g, &s->h);
	vfe_mul(&s->z, &s->f, &s->g);
	vfe_mul(&s->t, &s->e, &s->h);
}

/*
 * Hisil, Wong, Carter and Dawson, "Twisted Edwards Curves Revisited", 2008:
 * section 3.3 for a = -1, all four of E, F, G, H with their signs turned.
 */
static noinline_for_stack void comb_double(struct lanes_comb *s)
{
	vfe_sqr_n(&s->a, &s->x, 1);
	vfe_sqr_n(&s->b, &s->y, 1);
	vfe_sqr_n(&s->c, &s->z, 1);
	lanes_sum(&s->e, &s->x, &s->y);
	vfe_sqr_n(&s->e, &s->e, 1);
	lanes_sum(&s->h, &s->a, &s->b);
	lanes_difference(&s->e, &s->h, &s->e);
	lanes_difference(&s->g, &s->a, &s->b);
	lanes_sum(&s->f, &s->c, &s->c);
	lanes_sum(&s->f, &s->f, &s->g);
	comb_finish(s);
}

/* The same, section 3.1: complete, since d is not a square. */
static noinline_for_stack void comb_add(struct lanes_comb *s)
{
	lanes_difference(&s->h, &s->y, &s->x);
	vfe_mul(&s->b, &s->h, &s->b);
	lanes_sum(&s->h, &s->y, &s->x);
	vfe_mul(&s->a, &s->h, &s->a);
	vfe_mul(&s->c, &s->t, &s->c);
	lanes_difference(&s->e, &s->a, &s->b);
	lanes_sum(&s->h, &s->a, &s->b);
	lanes_sum(&s->f, &s->z, &s->z);
	lanes_sum(&s->g, &s->f, &s->c);
	lanes_difference(&s->f, &s->f, &s->c);
	comb_finish(s);
}

static void comb_turns(struct lanes_comb *s, int first, int last)
{
	int turn, i;

	for (turn = first; turn >= last; turn--) {
		if (turn < X25519_COMB_TURNS - 1)
			comb_double(s);
		for (i = 0; i < X25519_COMBS; i++) {
			comb_select(s, i, turn);
			comb_add(s);
		}
	}
}

/* Three thirds of the turns, then the division. */
static __always_inline bool comb_section(struct x25519_op **ops, unsigned int n,
					 void *ctx, unsigned int section)
{
	struct lanes_comb *s = ctx;

	BUILD_BUG_ON(sizeof(*s) > X25519_CTX_BYTES);

	if (section < 3) {
		if (!section)
			comb_load(s, ops, n);
		comb_turns(s, 20 - 7 * (int)section, 14 - 7 * (int)section);
		return true;
	}
	/* RFC 7748, section 4.1: u = (1 + y) / (1 - y) */
	lanes_sum(&s->b, &s->z, &s->y);
	lanes_difference(&s->c, &s->z, &s->y);
	vfe_invert(&s->c, &s->c, &s->x, &s->y, &s->z, &s->t);
	vfe_mul(&s->a, &s->b, &s->c);
	lanes_store(&s->a, s->words, ops, n);
	memzero_explicit(s, sizeof(*s));
	return false;
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_LANES_COMB_H */
