/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 with one message in all lanes: lane by lane, consecutive blocks.
 *
 * A row of M blocks m is added to accumulators u as u r^M + m, several rows at
 * a time, and in the end block i of a row counts r^(M - i) times.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_POLY_ONE_H
#define _LIB_CRYPTO_BATCH_SIMD_POLY_ONE_H

#include <crypto/poly1305_batch.h>

#include "poly1305_limb64.h"
#include "simd_poly.h"

/* Loading interleaves two halves of a row: in which lane a block comes to lie. */
static __always_inline unsigned int poly_one_lane(unsigned int block)
{
	return block < M / 2 ? 2 * block : 2 * block + 1 - M;
}

static __always_inline void poly_one_load(struct limbs *m, const u8 *src)
{
	const v64 a = ((const v64_any *)src)[0];
	const v64 b = ((const v64_any *)src)[1];

	limb_split(m, simd_lo64(a, b), simd_hi64(a, b),
		   simd_all64(LIMB_HIGH_BIT));
}

/*
 * Leave what each lane counts in the end in power[1]; at 2, r^M; then its
 * square, its cube and, at 0, its fourth power, as @rows needs them. The powers
 * up to r^M come from 64-bit multiplications, one after the other: that takes
 * less time than half as many of vectors.
 */
static noinline void poly_one_powers(struct poly_lanes *p,
				     const struct poly1305_stream *st,
				     size_t rows)
{
	const u64 r0 = st->r[0], r1 = st->r[1];
	const u64 s1 = r1 + (r1 >> 2);
	u64 h0 = r0, h1 = r1, h2 = 0;
	struct limbs q, t;

	for (unsigned int block = M - 1; ; block--) {
		const unsigned int lane = poly_one_lane(block);

		((u64 *)&p->row[0])[lane] = h0;
		((u64 *)&p->row[1])[lane] = h1;
		((u64 *)&p->row[2])[lane] = h2;
		if (!block)
			break;
		poly1305_limb_mul(&h0, &h1, &h2, r0, r1, s1);
	}
	limb_split(&q, p->row[0], p->row[1], p->row[2] * LIMB_HIGH_BIT);
	limb_factor_set(&p->power[1], &q);
	limb_split(&q, simd_all64(h0), simd_all64(h1),
		   simd_all64(h2 * LIMB_HIGH_BIT));
	limb_factor_set(&p->power[2], &q);
	if (rows < 3)
		return;
	poly_mul(&t, &q, &p->power[2]);
	limb_factor_set(&p->power[3], &t);
	if (rows < SIMD_ONE_FOUR)
		return;
	poly_mul(&q, &t, &p->power[2]);
	limb_factor_set(&p->power[4], &q);
	poly_mul(&t, &t, &p->power[3]);
	limb_factor_set(&p->power[0], &t);
}

static noinline void poly_one_rows(struct poly_lanes *p, const u8 *src,
				   size_t rows)
{
	const size_t together = rows < SIMD_ONE_FOUR ? 2 : 4;
	const size_t step = 16 * M;
	struct limbs u, m;
	struct limb_sum a;

	/* One to @together rows singly; then as many as that, each time. */
	poly_one_load(&u, src);
	poly_add(&u, &p->h);
	for (src += step, rows--; rows % together; src += step, rows--) {
		limb_sum_clear(&a);
		poly_one_load(&m, src);
		limb_sum_add(&a, &m);
		limb_sum_mul(&a, &u, &p->power[2]);
		limb_sum_carry(&u, &a);
	}
	for (; rows && together == 2; src += 2 * step, rows -= 2) {
		simd_forget(p);
		limb_sum_clear(&a);
		poly_one_load(&m, src + step);
		limb_sum_add(&a, &m);
		poly_one_load(&m, src);
		limb_sum_mul(&a, &m, &p->power[2]);
		limb_sum_mul(&a, &u, &p->power[3]);
		limb_sum_carry(&u, &a);
	}
	for (; rows; src += 4 * step, rows -= 4) {
		simd_forget(p);
		limb_sum_clear(&a);
		poly_one_load(&m, src + 3 * step);
		limb_sum_add(&a, &m);
		poly_one_load(&m, src + 2 * step);
		limb_sum_mul(&a, &m, &p->power[2]);
		poly_one_load(&m, src + step);
		limb_sum_mul(&a, &m, &p->power[3]);
		poly_one_load(&m, src);
		limb_sum_mul(&a, &m, &p->power[4]);
		limb_sum_mul(&a, &u, &p->power[0]);
		limb_sum_carry(&u, &a);
	}
	poly_mul(&p->h, &u, &p->power[1]);
}

/*
 * @rows times M blocks, in units of 2^64 outside of here. poly_one_powers() has
 * been there, for as many rows or more.
 */
static void poly_one(struct poly_lanes *p, struct poly1305_stream *st,
		     const u8 *src, size_t rows)
{
	u64 low = 0, mid = 0, high = 0, over;
	struct limbs r;

	/* The first block is in the first lane. */
	limb_split(&r, simd_all64(st->h[0]), simd_all64(st->h[1]),
		   simd_all64(st->h[2] * LIMB_HIGH_BIT));
	for (int i = 0; i < LIMBS; i++) {
		p->h.v[i] = simd_all64(0);
		((u64 *)&p->h.v[i])[0] = r.v[i][0];
	}
	poly_one_rows(p, src, rows);

	/*
	 * Limbs stay below 2^48 in sum, and those of 44 bits are but three. Word
	 * by word, since gcc makes branches of comparisons of 128 bits.
	 */
	for (int i = LIMBS - 1; i >= 0; i--) {
		const u64 *h = (const u64 *)&p->h.v[i];
		u64 sum = 0;

		for (int v = 0; v < M; v++)
			sum += h[v];
		high = (high << LIMB_BITS) | (mid >> (64 - LIMB_BITS));
		mid = (mid << LIMB_BITS) | (low >> (64 - LIMB_BITS));
		low <<= LIMB_BITS;
		low += sum;
		sum = low < sum;
		mid += sum;
		high += mid < sum;
	}
	over = 5 * (high >> 2);
	low += over;
	over = low < over;
	mid += over;
	high = (high & 3) + (mid < over);
	st->h[0] = low;
	st->h[1] = mid;
	st->h[2] = high;
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_POLY_ONE_H */
