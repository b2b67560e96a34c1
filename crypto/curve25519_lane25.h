/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Field elements modulo p = 2^255 - 19, one in every 64-bit lane, in ten limbs
 * of radix 2^25.5, that is of 26 and 25 bits by turns, for a multiplier of the
 * lanes' low 32 bits: vmul32().
 *
 * "Carried" limbs are under 2^26 + 2^10, 2^25 + 2^16; factors must be carried.
 * A product comes "raw", even limbs under 2^59 and odd ones under 3/4 of that,
 * as no limb is more than 125 times 2^52 or 154 times 2^51. Sums and differences are
 * taken of raw elements and then carried, which makes one carry of what would
 * be two.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_LANE25_H
#define _LIB_CRYPTO_BATCH_CURVE25519_LANE25_H

#include <linux/compiler.h>
#include <linux/types.h>

#define VFE_LIMBS	10
#define LANE25_BITS(i)	(26 - ((i) & 1))
#define LANE25_MASK(i)	((1ULL << LANE25_BITS(i)) - 1)
/* Where limb i begins */
#define LANE25_BIT(i)	(((i) * 51 + 1) / 2)

struct vfe {
	v64	l[VFE_LIMBS];
};

/* 0 <= @r < 2^255 from words, least significant first; bit 255 is dropped. */
static __always_inline void vfe_from_words(struct vfe *r, const v64 w[4])
{
	int i;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++) {
		const int word = LANE25_BIT(i) / 64, bit = LANE25_BIT(i) % 64;
		v64 v = w[word] >> bit;

		if (bit > 38 && word < 3)
			v |= w[word + 1] << (64 - bit);
		r->l[i] = v & vbroadcast(LANE25_MASK(i));
	}
}

/* To the one representative below p; @a is carried. */
static __always_inline void vfe_to_words(v64 w[4], const struct vfe *a)
{
	struct vfe t = *a;
	v64 q = vbroadcast(19);
	int i;

	/*
	 * The value V is below 2p, so that (V + 19) / 2^255 says how often p
	 * goes into it: once or not at all.
	 */
#pragma GCC unroll 10
	for (i = 0; i < 10; i++)
		q = (t.l[i] + q) >> LANE25_BITS(i);

	/* V - qp = V + 19q - 2^255 q */
	t.l[0] += q + (q << 1) + (q << 4);
	w[0] = (v64){};
	w[1] = (v64){};
	w[2] = (v64){};
	w[3] = (v64){};
#pragma GCC unroll 10
	for (i = 0; i < 10; i++) {
		const int word = LANE25_BIT(i) / 64, bit = LANE25_BIT(i) % 64;

		if (i < 9)
			t.l[i + 1] += t.l[i] >> LANE25_BITS(i);
		t.l[i] &= vbroadcast(LANE25_MASK(i));
		w[word] |= t.l[i] << bit;
		if (bit > 38 && word < 3)
			w[word + 1] |= t.l[i] >> (64 - bit);
	}
}

static __always_inline void lane25_carry(struct vfe *t, int i)
{
	t->l[i + 1] += t->l[i] >> LANE25_BITS(i);
	t->l[i] &= vbroadcast(LANE25_MASK(i));
}

/* Two chains side by side, then over the seam and one limb on. */
static __always_inline void lane25_carry_all(struct vfe *t)
{
	v64 c;

	lane25_carry(t, 0);
	lane25_carry(t, 4);
	lane25_carry(t, 1);
	lane25_carry(t, 5);
	lane25_carry(t, 2);
	lane25_carry(t, 6);
	lane25_carry(t, 3);
	lane25_carry(t, 7);
	lane25_carry(t, 4);
	lane25_carry(t, 8);
	c = t->l[9] >> 25;
	t->l[9] &= vbroadcast(LANE25_MASK(9));
	t->l[0] += c + (c << 1) + (c << 4);
	lane25_carry(t, 0);
}

/*
 * There are too few registers for two elements, and the frame of a caller
 * should hold no more than what it names; so the rest is not inlined.
 */
static noinline_for_stack void vfe_carry(struct vfe *r, const struct vfe *a)
{
	struct vfe t = *a;

	lane25_carry_all(&t);
	*r = t;
}

/* @r = @a + @b, carried; both raw */
static noinline_for_stack void vfe_sum(struct vfe *r, const struct vfe *a,
				       const struct vfe *b)
{
	struct vfe t;
	int i;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++)
		t.l[i] = a->l[i] + b->l[i];
	lane25_carry_all(&t);
	*r = t;
}

/* @r = @a - @b, carried; both raw; 2^34 p is added to stay positive */
static noinline_for_stack void vfe_difference(struct vfe *r,
					      const struct vfe *a,
					      const struct vfe *b)
{
	struct vfe t;
	int i;

	t.l[0] = a->l[0] + vbroadcast((LANE25_MASK(0) - 18) << 34) - b->l[0];
#pragma GCC unroll 10
	for (i = 1; i < 10; i++)
		t.l[i] = a->l[i] + vbroadcast(LANE25_MASK(i) << 34) - b->l[i];
	lane25_carry_all(&t);
	*r = t;
}

/*
 * Two odd limbs make a product one bit higher than their places say; they meet
 * in even limbs of the result only. What reaches past 2^255 comes back 19-fold.
 * The result is made limb by limb: one operand stays in registers, the other
 * one comes from memory, and a sum needs no more than one register.
 */
static noinline_for_stack void vfe_mul_raw(struct vfe *r, const struct vfe *a,
					   const struct vfe *b)
{
	struct vfe x = *a, w;
	int i, k;

#pragma GCC unroll 10
	for (i = 1; i < 10; i++)
		w.l[i] = vmul32(b->l[i], vbroadcast(19));
#pragma GCC unroll 10
	for (k = 1; k < 10; k += 2) {
		v64 t = vmul32(x.l[0], b->l[k]);

#pragma GCC unroll 10
		for (i = 1; i < 10; i++)
			t += vmul32(x.l[i],
				    i <= k ? b->l[k - i] : w.l[10 + k - i]);
		r->l[k] = t;
	}
#pragma GCC unroll 10
	for (i = 1; i < 10; i += 2)
		x.l[i] += x.l[i];
#pragma GCC unroll 10
	for (k = 0; k < 10; k += 2) {
		v64 t = vmul32(x.l[0], b->l[k]);

#pragma GCC unroll 10
		for (i = 1; i < 10; i++)
			t += vmul32(x.l[i],
				    i <= k ? b->l[k - i] : w.l[10 + k - i]);
		r->l[k] = t;
	}
}

/*
 * The same with every product of two different limbs taken once, doubled. The
 * other factor is itself or what it is 19-fold, twice that for two odd ones.
 */
static noinline_for_stack void vfe_sqr_raw(struct vfe *r, const struct vfe *a)
{
	struct vfe d, w;
	v64 ww7, ww9, t;
	int i, j, k;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++)
		d.l[i] = a->l[i] + a->l[i];
#pragma GCC unroll 10
	for (i = 5; i < 10; i++)
		w.l[i] = vmul32(a->l[i], vbroadcast(19));
	ww7 = w.l[7] + w.l[7];
	ww9 = w.l[9] + w.l[9];

#pragma GCC unroll 10
	for (k = 0; k < 10; k++) {
		t = (v64){};
#pragma GCC unroll 10
		for (i = 0; i < 10; i++) {
			v64 y;

			/* The partner is j <= 9, and i <= j. */
			j = i <= k ? k - i : 10 + k - i;
			if (i > j)
				continue;
			y = i <= k ? a->l[j] : w.l[j];
			if (i == j) {
				t += vmul32((i & 1) ? d.l[i] : a->l[i], y);
				continue;
			}
			if (i & j & 1) {
				if (i <= k)
					y = d.l[j];
				else
					y = j == 7 ? ww7 : ww9;
			}
			t += vmul32(d.l[i], y);
		}
		r->l[k] = t;
	}
}

/* @r = @raw + 121665 @a, carried */
static noinline_for_stack void vfe_add_a24(struct vfe *r,
					   const struct vfe *raw,
					   const struct vfe *a)
{
	struct vfe t;
	int i;

#pragma GCC unroll 10
	for (i = 0; i < 10; i++)
		t.l[i] = raw->l[i] + vmul32(a->l[i], vbroadcast(121665));
	lane25_carry_all(&t);
	*r = t;
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_LANE25_H */
