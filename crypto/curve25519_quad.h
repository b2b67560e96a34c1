/* SPDX-License-Identifier: GPL-2.0 */
/*
 * X25519 with four lanes to a multiplication, for one or two of them: a step of
 * the ladder is three products deep and four wide. LANES is 4 or 8.
 *
 * The same ladder in the same terms as curve25519_lanes.h. In the order of the
 * lanes, a step begins with a, b, c, d and computes
 *
 *	a'a'	b'b'	c b	d a	where a', b' are a, b or c, d
 *	  0	a24 E	P P	M M	E = AA - BB, P = CB + DA, M = CB - DA
 *	AA BB	E G	PP 1	MM u	G = AA + a24 E
 *
 * The last line is x2, z2, x3, z3. Between lines, sums and differences of
 * neighbours are taken, which from the first line make E, P and M, and from the
 * last one the next step's a, b, c and d.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_QUAD_H
#define _LIB_CRYPTO_BATCH_CURVE25519_QUAD_H

#include <crypto/curve25519_batch.h>
#include <linux/build_bug.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "curve25519_impl.h"
#include "curve25519_vinvert.h"

/* The same for each four lanes */
static __always_inline v64 vquad(u64 a, u64 b, u64 c, u64 d)
{
#if LANES == 8
	return (v64){ a, b, c, d, a, b, c, d };
#else
	return (v64){ a, b, c, d };
#endif
}

#if !__has_builtin(__builtin_shufflevector)
static __always_inline v64 vquad_lanes(u64 a, u64 b, u64 c, u64 d)
{
#if LANES == 8
	return (v64){ a, b, c, d, 4 + a, 4 + b, 4 + c, 4 + d };
#else
	return (v64){ a, b, c, d };
#endif
}
#endif

/* In each four, the lanes 0, 0, 2, 2 */
static __always_inline v64 vquad_evens(v64 v)
{
#if !__has_builtin(__builtin_shufflevector)
	return __builtin_shuffle(v, vquad_lanes(0, 0, 2, 2));
#elif LANES == 8
	return __builtin_shufflevector(v, v, 0, 0, 2, 2, 4, 4, 6, 6);
#else
	return __builtin_shufflevector(v, v, 0, 0, 2, 2);
#endif
}

/* In each four, the lanes 1, 1, 3, 3 */
static __always_inline v64 vquad_odds(v64 v)
{
#if !__has_builtin(__builtin_shufflevector)
	return __builtin_shuffle(v, vquad_lanes(1, 1, 3, 3));
#elif LANES == 8
	return __builtin_shufflevector(v, v, 1, 1, 3, 3, 5, 5, 7, 7);
#else
	return __builtin_shufflevector(v, v, 1, 1, 3, 3);
#endif
}

/* In each four, the lanes 2, 3, 1, 0 */
static __always_inline v64 vquad_crossed(v64 v)
{
#if !__has_builtin(__builtin_shufflevector)
	return __builtin_shuffle(v, vquad_lanes(2, 3, 1, 0));
#elif LANES == 8
	return __builtin_shufflevector(v, v, 2, 3, 1, 0, 6, 7, 5, 4);
#else
	return __builtin_shufflevector(v, v, 2, 3, 1, 0);
#endif
}

struct quads {
	struct vfe	v;		/* a, b, c, d */
	struct vfe	one_u;		/* 0, 0, 1, u */
	struct vfe	t[6];
	v64		k[4];		/* bit i: bits i, i + 1 differ */
	u64		words[4][LANES];
};

/*
 * Of x, y, z, t: x + y, x - y, z + t, z - t, carried. As -y is ~y + 1, the 1 is
 * in the multiple of p that keeps it positive.
 */
static __always_inline void quads_butterfly(struct vfe *r, const struct vfe *a)
{
	const v64 minus = vquad(0, ~0ULL, 0, ~0ULL);
	struct vfe t;
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++) {
		const v64 x = vquad_evens(a->l[i]);
		const v64 y = vquad_odds(a->l[i]);
		const u64 p = (i ? LANE51_MASK : LANE51_MASK - 18) << 9;

		t.l[i] = x + vquad(0, p + 1, 0, p + 1) + (y ^ minus);
	}
	vfe_carry(r, &t);
}

/* The same where it is not hot */
static noinline_for_stack void quads_turn(struct vfe *r, const struct vfe *a)
{
	quads_butterfly(r, a);
}

static noinline_for_stack void quads_step(struct quads *s, unsigned int bit)
{
	const v64 swap = vlanes_bit(s->k[bit / 64], bit % 64);
	const v64 lane0 = vquad(~0ULL, 0, 0, 0), lane1 = vquad(0, ~0ULL, 0, 0);
	const v64 high = vquad(0, 0, ~0ULL, ~0ULL);
	struct vfe l, r, w, first, product;
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++) {
		const v64 v = s->v.l[i], x = vquad_crossed(v);

		l.l[i] = vlanes_choose(swap & ~high, v, x);
		r.l[i] = vlanes_choose(swap | high, v, x);
	}
	vfe_mul_raw(&product, &l, &r);
	quads_butterfly(&w, &product);
	vfe_carry(&first, &product);

	r.l[0] = vlanes_choose(lane1, w.l[0], vbroadcast(121665));
#pragma GCC unroll 5
	for (i = 1; i < 5; i++)
		r.l[i] = w.l[i] & ~lane1;
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		l.l[i] = lane1 & vquad_evens(product.l[i]);
	vfe_mul_raw(&product, &w, &r);
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		product.l[i] += l.l[i];
	vfe_carry(&r, &product);

#pragma GCC unroll 5
	for (i = 0; i < 5; i++) {
		const v64 bb = vquad_odds(first.l[i]);

		l.l[i] = vlanes_choose(lane0, w.l[i], first.l[i]);
		l.l[i] = vlanes_choose(high, l.l[i], r.l[i]);
		r.l[i] = vlanes_choose(lane1, s->one_u.l[i] | (bb & lane0),
				       r.l[i]);
	}
	vfe_mul_raw(&product, &l, &r);
	quads_butterfly(&s->v, &product);
}

/* Steps for scalar bits @first down to @last */
static void quads_steps(struct quads *s, int first, int last)
{
	int bit;

	for (bit = first; bit >= last; bit--)
		quads_step(s, bit);
}

/* @n elements; what is left over multiplies 0 by 0. */
static noinline_for_stack void quads_load(struct quads *s,
					  struct x25519_op **ops,
					  unsigned int n)
{
	static const u8 nine[X25519_KEY_BYTES] = { 9 };
	v64 w[4];
	int i, j;

	memset(s->words, 0, sizeof(s->words));
	for (i = 0; i < 4 * n; i++)
		for (j = 0; j < 4; j++)
			s->words[j][i] =
				get_unaligned_le64(ops[i / 4]->scalar + 8 * j);
	memcpy(w, s->words, sizeof(w));
	/* RFC 7748, section 5: decodeScalar25519 */
	w[0] &= vbroadcast(~7ULL);
	w[3] &= vbroadcast(~0ULL >> 1);
	w[3] |= vbroadcast(1ULL << 62);
	for (j = 0; j < 3; j++)
		s->k[j] = w[j] ^ (w[j] >> 1 | w[j + 1] << 63);
	s->k[3] = w[3] ^ w[3] >> 1;

	memset(s->words, 0, sizeof(s->words));
	for (i = 0; i < n; i++) {
		const u8 *point = ops[i]->point ?: nine;

		for (j = 0; j < 4; j++)
			s->words[j][4 * i + 3] =
				get_unaligned_le64(point + 8 * j);
		s->words[0][4 * i + 2] = 1;
	}
	memcpy(w, s->words, sizeof(w));
	vfe_from_words(&s->one_u, w);

	/* 1 : 0 and u : 1 */
	for (i = 0; i < VFE_LIMBS; i++)
		s->t[0].l[i] = vquad_odds(s->one_u.l[i]) & vquad(0, 0, ~0ULL, 0);
	s->t[0].l[0] |= vquad(1, 0, 0, 1);
	quads_turn(&s->v, &s->t[0]);
}

static void quads_finish(struct quads *s, struct x25519_op **ops,
			 unsigned int n)
{
	v64 w[4];
	int i, j;

	/* a, b to 2 x2, 2 z2; the 2 goes away. */
	quads_turn(&s->v, &s->v);
	vfe_invert(&s->t[0], &s->v, &s->t[1], &s->t[2], &s->t[3], &s->t[4]);
	for (i = 0; i < 5; i++)
		s->t[0].l[i] = vquad_odds(s->t[0].l[i]);
	vfe_mul(&s->v, &s->v, &s->t[0]);
	vfe_to_words(w, &s->v);
	memcpy(s->words, w, sizeof(w));
	for (i = 0; i < n; i++)
		for (j = 0; j < 4; j++)
			put_unaligned_le64(s->words[j][4 * i],
					   ops[i]->out + 8 * j);
}

/* Three thirds of the ladder, the last one with the division. */
static __always_inline bool quads_section(struct x25519_op **ops,
					  unsigned int n, void *ctx,
					  unsigned int section)
{
	struct quads *s = ctx;

	BUILD_BUG_ON(sizeof(*s) > X25519_CTX_BYTES);

	switch (section) {
	case 0:
		quads_load(s, ops, n);
		quads_steps(s, 254, 172);
		return true;
	case 1:
		quads_steps(s, 171, 86);
		return true;
	default:
		quads_steps(s, 85, 0);
		/* Clamping left bit 0 clear: x2 and z2 are in their places. */
		quads_finish(s, ops, n);
		memzero_explicit(s, sizeof(*s));
		return false;
	}
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_QUAD_H */
