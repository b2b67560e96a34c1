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
 * The powers of r up to r^M by 64-bit multiplications, one after the other. They
 * take no time if they are spread over something that keeps the vector units
 * busy.
 */
struct poly_chain {
	u64	h[3];
	u64	r[2];
	u64	s1;
	/* By lane: what its block counts in the end, in units of 2^64 */
	v64	*power;
};

static __always_inline void poly_chain_put(struct poly_chain *c,
					   unsigned int block)
{
	const unsigned int lane = poly_one_lane(block);

	((u64 *)&c->power[0])[lane] = c->h[0];
	((u64 *)&c->power[1])[lane] = c->h[1];
	((u64 *)&c->power[2])[lane] = c->h[2];
}

static __always_inline void poly_chain_begin(struct poly_chain *c, v64 *power,
					     const struct poly1305_stream *st)
{
	c->r[0] = st->r[0];
	c->r[1] = st->r[1];
	c->s1 = st->r[1] + (st->r[1] >> 2);
	c->h[0] = st->r[0];
	c->h[1] = st->r[1];
	c->h[2] = 0;
	c->power = power;
	poly_chain_put(c, M - 1);
}

/* To be called for @i from 0 to M - 2. */
static __always_inline void poly_chain_step(struct poly_chain *c,
					    unsigned int i)
{
	poly1305_limb_mul(&c->h[0], &c->h[1], &c->h[2], c->r[0], c->r[1],
			  c->s1);
	poly_chain_put(c, M - 2 - i);
}

/* Whether so many rows are worth the powers for four at a time. */
static __always_inline bool poly_one_by_four(size_t rows)
{
#if SIMD_ONE_ROWS == 4
	return rows >= SIMD_FOUR_ROWS_MIN;
#else
	return false;
#endif
}

/*
 * Leave what each lane counts in the end in power[1]; at 2, r^M; then its
 * square and, for rows four at a time, its cube and, at 0, its fourth power.
 * The square and up are not needed for fewer than three rows.
 */
static __always_inline void poly_chain_end(const struct poly_chain *c,
					   struct poly_lanes *p, size_t rows)
{
	struct limbs q;

	limb_split(&q, c->power[0], c->power[1], c->power[2] * LIMB_HIGH_BIT);
	limb_factor_set(&p->power[1], &q);
	limb_split(&q, simd_all64(c->h[0]), simd_all64(c->h[1]),
		   simd_all64(c->h[2] * LIMB_HIGH_BIT));
	limb_factor_set(&p->power[2], &q);
	if (rows < 3)
		return;
	poly_power(p, 3, 2, 2);
	if (!poly_one_by_four(rows))
		return;
	poly_power(p, 4, 3, 2);
	poly_power(p, 0, 3, 3);
}

#ifdef SIMD_SMALL_LANES
static noinline void poly_chain_ended(const struct poly_chain *c,
				      struct poly_lanes *p, size_t rows)
{
	poly_chain_end(c, p, rows);
}

/* r^1 to r^M by squares: where nothing runs beside it, a chain takes longer. */
static noinline void poly_one_powers(struct poly_lanes *p,
				     const struct poly1305_stream *st,
				     size_t rows)
{
	/* What lanes count in the end, less 1 */
	v64 count = { 7, 3, 6, 2, 5, 1, 4, 0 };
	struct limb_factor square, f;
	struct limbs s, l;

	limb_split(&s, simd_all64(st->r[0]), simd_all64(st->r[1]),
		   simd_all64(0));
	l = s;
	for (int i = 0; i < 3; i++) {
		const v64 mask = -(count & 1);
		struct limbs once = {
			{ (s.v[0] & mask) | (1 & ~mask), s.v[1] & mask,
			  s.v[2] & mask }
		};

		count >>= 1;
		limb_factor_set(&square, &s);
		limb_factor_set(&f, &once);
		poly_mul(&s, &s, &square);
		poly_mul(&l, &l, &f);
	}
	limb_factor_set(&p->power[1], &l);
	limb_factor_set(&p->power[2], &s);
	if (rows >= 3)
		poly_power(p, 3, 2, 2);
}
#else
static noinline void poly_one_powers(struct poly_lanes *p,
				     const struct poly1305_stream *st,
				     size_t rows)
{
	struct poly_chain c;

	poly_chain_begin(&c, p->row, st);
#pragma GCC unroll 8
	for (unsigned int i = 0; i < M - 1; i++)
		poly_chain_step(&c, i);
	poly_chain_end(&c, p, rows);
}
#endif

/* Add @rows rows to p->h: one, if they are odd, then two or four at a time. */
static noinline void poly_one_add(struct poly_lanes *p, const u8 *src,
				  size_t rows)
{
	/* The row that is in p->h already counts, too. */
	const bool four = poly_one_by_four(rows + 1);
	const size_t step = 16 * M;
	struct limbs u, m;
	struct limb_sum a;

#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		u.v[i] = p->h.v[i];
	if (rows % 2) {
		limb_sum_clear(&a);
		poly_one_load(&m, src);
		limb_sum_add(&a, &m);
		limb_sum_mul(&a, &u, &p->power[2]);
		limb_sum_carry(&u, &a);
		src += step;
		rows--;
	}
	for (; four ? rows % 4 : rows; src += 2 * step, rows -= 2) {
		simd_forget(p);
		limb_sum_clear(&a);
		poly_one_load(&m, src + step);
		limb_sum_add(&a, &m);
		poly_one_load(&m, src);
		limb_sum_mul(&a, &m, &p->power[2]);
		limb_sum_mul(&a, &u, &p->power[3]);
		limb_sum_carry(&u, &a);
	}
	for (; rows && four; src += 4 * step, rows -= 4) {
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
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = u.v[i];
}

/* The last row's blocks are still to be multiplied by what they count. */
static noinline void poly_one_end(struct poly_lanes *p)
{
	struct limbs u = p->h;

	poly_mul(&p->h, &u, &p->power[1]);
}

/* The sum of all lanes, in units of 2^64. */
static __always_inline void poly_one_sum(struct poly1305_stream *st,
					 const struct poly_lanes *p)
{
	u64 low = 0, mid = 0, high = 0, over;

	/*
	 * Limbs stay below 2^48 in sum, and those of 44 bits are but three. Word
	 * by word, since gcc makes branches of comparisons of 128 bits.
	 */
	for (int i = LIMBS - 1; i >= 0; i--) {
		u64 sum = simd_sum64(p->h.v[i]);

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

/*
 * @rows times M blocks, in units of 2^64 outside of here. poly_one_powers() has
 * been there, for as many rows or more.
 */
static void poly_one(struct poly_lanes *p, struct poly1305_stream *st,
		     const u8 *src, size_t rows)
{
	struct limbs r;

	/* The first block is in the first lane. */
	limb_split(&r, simd_all64(st->h[0]), simd_all64(st->h[1]),
		   simd_all64(st->h[2] * LIMB_HIGH_BIT));
	for (int i = 0; i < LIMBS; i++) {
		p->h.v[i] = simd_all64(0);
		((u64 *)&p->h.v[i])[0] = r.v[i][0];
	}
	poly_one_load(&r, src);
	poly_add(&p->h, &r);
	poly_one_add(p, src + 16 * M, rows - 1);
	poly_one_end(p);
	poly_one_sum(st, p);
}

#ifdef SIMD_SMALL_LANES
/*
 * A whole text and its block of lengths, at least M blocks together. The rows
 * end where the text does: the first one may lack blocks.
 */
static noinline void poly_one_text(struct poly_lanes *p,
				   struct poly1305_stream *st,
				   const struct poly_item *it)
{
	static const v64 block = { 0, 4, 1, 5, 2, 6, 3, 7 };
	const u32 step = 16 * M;
	const u32 blocks = it->len / 16 + !!(it->len % 16) + 1;
	const u32 rows = blocks / M + !!(blocks % M);
	const u32 skip = rows * M - blocks;
	const u8 *src = (const u8 *)((uintptr_t)it->text - 16 * skip);
	const u32 last = it->len + 16 * skip - (rows - 1) * step;
	const v64 lengths = { 0, 0, 0, 0, 0, 0, it->ad_len, it->len };
	struct limbs u, m;
	struct limb_sum a;
	v64 lo, hi;

	/* What is before the text is not read, and does not count. */
	lo = simd_move_up(*(const v64_any *)it->text, 2 * skip);
	if (skip < 4)
		hi = *(const v64_any *)(src + 64);
	else
		hi = simd_move_up(*(const v64_any *)it->text, 2 * skip - 8);
	limb_split(&u, simd_lo64(lo, hi), simd_hi64(lo, hi),
		   simd_all64(LIMB_HIGH_BIT) & (v64)(block >= skip));
	if (it->ad_len) {
		limb_split(&m, simd_all64(st->h[0]), simd_all64(st->h[1]),
			   simd_all64(st->h[2] * LIMB_HIGH_BIT));
		poly_add_masked(&u, &m, (v64)(block == skip));
	}
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = u.v[i];
	poly_one_add(p, src + step, rows - 2);

	src += step * (size_t)(rows - 1);
	lo = *(const v64_any *)src;
	hi = (v64)simd_load_part(src + 64, ~0ULL >> (step - last)) | lengths;
	limb_sum_clear(&a);
	limb_split(&m, simd_lo64(lo, hi), simd_hi64(lo, hi),
		   simd_all64(LIMB_HIGH_BIT));
	limb_sum_add(&a, &m);
	u = p->h;
	limb_sum_mul(&a, &u, &p->power[2]);
	limb_sum_carry(&p->h, &a);
	poly_one_end(p);
	poly_one_sum(st, p);
}
#endif

#endif /* _LIB_CRYPTO_BATCH_SIMD_POLY_ONE_H */
