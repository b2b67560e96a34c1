/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 with a message, or an equal share of one, in every 64-bit lane of a
 * vector (RFC 8439, section 2.5).
 *
 * Text is read in stripes of 64 bytes, four blocks. Where every message has
 * one lane, a stripe m0..m3 takes its accumulator h to
 *	(h + m0) r^4 + m1 r^3 + m2 r^2 + m3 r
 * with a single reduction. Where a message has L lanes, they take its stripes
 * in turn, each lane keeping
 *	u r^4L + m0 r^3 + m1 r^2 + m2 r + m3
 * and in the end lane j counts r^(4 (L - 1 - j) + 1) times. Shorter messages
 * start later, so that all come to their ends together; until then a lane
 * holds nothing, and nothing is added to it.
 *
 * The including file has defined M, the number of lanes; v64, M times u64; and
 * the arithmetic of struct limbs.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_POLY_H
#define _LIB_CRYPTO_BATCH_SIMD_POLY_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

/* What is to be authenticated. */
struct poly_item {
	const u8	*text;
	const u8	*ad;
	u32		len;
	u32		ad_len;
	u64		tag[2];
};

struct poly_work {
	/* r^1 to r^4 at 1 to 4; r^4L at 0 */
	struct limb_factor	power[5];
	struct limbs		h;
	/* From before the text, to go into the first stripe: L > 1 only. */
	struct limbs		init;
	v64			s_lo, s_hi;
	/* A row that needs looking at: see poly_odd_row(). */
	u64			odd[M][SIMD_BLOCK / 8] __aligned(64);
	v64			row[8];
	v64			high[4];
	v64			take[4];
	v64			live;
	/* Per lane: its first stripe, were there no stripes missing */
	const u8		*at[M];
	/* Per lane: its message's stripes, and how many are missing before */
	u32			stripes[M];
	u32			missing[M];
	const struct poly_item	*item[M];
	u64			lane[LIMBS][M] __aligned(64);
};

static __always_inline void poly_mul(struct limbs *out, const struct limbs *m,
				     const struct limb_factor *f)
{
	struct limb_sum a;

	limb_sum_clear(&a);
	limb_sum_mul(&a, m, f);
	limb_sum_carry(out, &a);
}

static __always_inline void poly_add(struct limbs *a, const struct limbs *b)
{
	for (int i = 0; i < LIMBS; i++)
		a->v[i] += b->v[i];
}

static __always_inline void poly_add_masked(struct limbs *a,
					    const struct limbs *b, v64 mask)
{
	for (int i = 0; i < LIMBS; i++)
		a->v[i] += b->v[i] & mask;
}

/* r^2 to r^@most, and r^4L by squaring. */
static noinline void poly_powers(struct poly_work *p, unsigned int most,
				 unsigned int lanes)
{
	struct limbs r, r2, t;

	if (most < 2)
		return;
	limb_factor_get(&r, &p->power[1]);
	poly_mul(&r2, &r, &p->power[1]);
	limb_factor_set(&p->power[2], &r2);
	if (most < 3)
		return;
	poly_mul(&t, &r2, &p->power[1]);
	limb_factor_set(&p->power[3], &t);
	poly_mul(&t, &r2, &p->power[2]);
	limb_factor_set(&p->power[4], &t);
	if (lanes == 1)
		return;
	for (p->power[0] = p->power[4]; lanes > 1; lanes /= 2) {
		poly_mul(&t, &t, &p->power[0]);
		limb_factor_set(&p->power[0], &t);
	}
}

/* (h + m0) r^4 + m1 r^3 + m2 r^2 + m3 r, the halves of m0 to m3 in @x */
static __always_inline void poly_row(struct limbs *h, const v64 x[8],
				     const struct poly_work *p)
{
	const v64 high = simd_all64(LIMB_HIGH_BIT);
	struct limb_sum a;
	struct limbs m;

	limb_sum_clear(&a);
	limb_split(&m, x[2], x[3], high);
	limb_sum_mul(&a, &m, &p->power[3]);
	limb_split(&m, x[4], x[5], high);
	limb_sum_mul(&a, &m, &p->power[2]);
	limb_split(&m, x[6], x[7], high);
	limb_sum_mul(&a, &m, &p->power[1]);
	limb_split(&m, x[0], x[1], high);
	poly_add(&m, h);
	limb_sum_mul(&a, &m, &p->power[4]);
	limb_sum_carry(h, &a);
}

/* Rows @from to @to, of which every lane has a whole stripe. */
static noinline void poly_rows(struct poly_work *p, size_t from, size_t to)
{
	struct limbs h = p->h;

	for (; from < to; from++) {
		simd_load_stripes(p->row, p->at, from * SIMD_BLOCK);
		/* The powers and the row are to stay in memory. */
		simd_forget(p);
		poly_row(&h, p->row, p);
	}
	p->h = h;
}

/* The same where a message has @lanes lanes. */
static noinline void poly_shared_rows(struct poly_work *p, size_t from,
				      size_t to, unsigned int lanes)
{
	const v64 high = simd_all64(LIMB_HIGH_BIT);
	struct limbs h = p->h;

	for (; from < to; from++) {
		struct limb_sum a;
		struct limbs m;
		v64 *x = p->row;

		simd_load_stripes(x, p->at, from * SIMD_BLOCK * lanes);
		simd_forget(p);
		limb_sum_clear(&a);
		limb_split(&m, x[6], x[7], high);
		limb_sum_add(&a, &m);
		limb_split(&m, x[0], x[1], high);
		limb_sum_mul(&a, &m, &p->power[3]);
		limb_split(&m, x[2], x[3], high);
		limb_sum_mul(&a, &m, &p->power[2]);
		limb_split(&m, x[4], x[5], high);
		limb_sum_mul(&a, &m, &p->power[1]);
		limb_sum_mul(&a, &h, &p->power[0]);
		limb_sum_carry(&h, &a);
	}
	p->h = h;
}

/*
 * A row whose stripes were put together in p->odd. Slot i has its high bit in
 * p->high[i] and takes the accumulator where p->take[i] says so. The first
 * slots of all lanes may be missing. Lanes outside of p->live keep what they
 * have.
 */
static noinline void poly_odd_row(struct poly_work *p, unsigned int slots)
{
	const u8 *at[M];
	struct limb_sum a;
	struct limbs m;
	v64 x[8];

	for (int i = 0; i < M; i++)
		at[i] = (const u8 *)p->odd[i];
	simd_load_stripes(x, at, 0);
	limb_sum_clear(&a);
	if (slots > 3) {
		limb_split(&m, x[0], x[1], p->high[0]);
		poly_add_masked(&m, &p->h, p->take[0]);
		limb_sum_mul(&a, &m, &p->power[4]);
	}
	if (slots > 2) {
		limb_split(&m, x[2], x[3], p->high[1]);
		poly_add_masked(&m, &p->h, p->take[1]);
		limb_sum_mul(&a, &m, &p->power[3]);
	}
	if (slots > 1) {
		limb_split(&m, x[4], x[5], p->high[2]);
		poly_add_masked(&m, &p->h, p->take[2]);
		limb_sum_mul(&a, &m, &p->power[2]);
	}
	limb_split(&m, x[6], x[7], p->high[3]);
	poly_add_masked(&m, &p->h, p->take[3]);
	limb_sum_mul(&a, &m, &p->power[1]);
	limb_sum_carry(&m, &a);
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = (m.v[i] & p->live) | (p->h.v[i] & ~p->live);
}

/* The same for lanes that share messages; take[0] is for p->init. */
static noinline void poly_odd_shared_row(struct poly_work *p)
{
	const u8 *at[M];
	struct limb_sum a;
	struct limbs m;
	v64 x[8];

	for (int i = 0; i < M; i++)
		at[i] = (const u8 *)p->odd[i];
	simd_load_stripes(x, at, 0);
	limb_sum_clear(&a);
	limb_split(&m, x[6], x[7], p->high[3]);
	limb_sum_add(&a, &m);
	limb_split(&m, x[0], x[1], p->high[0]);
	poly_add_masked(&m, &p->init, p->take[0]);
	limb_sum_mul(&a, &m, &p->power[3]);
	limb_split(&m, x[2], x[3], p->high[1]);
	limb_sum_mul(&a, &m, &p->power[2]);
	limb_split(&m, x[4], x[5], p->high[2]);
	limb_sum_mul(&a, &m, &p->power[1]);
	limb_sum_mul(&a, &p->h, &p->power[0]);
	limb_sum_carry(&p->h, &a);
}

static __always_inline void poly_odd_lane(struct poly_work *p, unsigned int v,
					  unsigned int slots, int take)
{
	for (int i = 0; i < 4; i++) {
		((u64 *)&p->high[i])[v] = i >= 4 - (int)slots ?
					  LIMB_HIGH_BIT : 0;
		((u64 *)&p->take[i])[v] = i == take ? ~0ULL : 0;
	}
}

/*
 * Row @row of the stripes, one in which a lane has none or has one that the
 * text's end cuts short.
 */
static noinline void poly_odd_stripes(struct poly_work *p, size_t row,
				      unsigned int lanes)
{
	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = p->item[v];
		size_t s = row * lanes + (v & (lanes - 1));
		bool live = it && s >= p->missing[v];
		u32 len;

		((u64 *)&p->live)[v] = live ? ~0ULL : 0;
		if (!live) {
			memset(p->odd[v], 0, SIMD_BLOCK);
			poly_odd_lane(p, v, 0, -1);
			continue;
		}
		s -= p->missing[v];
		len = min_t(u32, it->len - s * SIMD_BLOCK, SIMD_BLOCK);
		simd_copy_part((u8 *)p->odd[v], it->text + s * SIMD_BLOCK, 0, len);
		/* Alone, a lane takes h each time; shared, init once. */
		poly_odd_lane(p, v, 4, lanes > 1 && s ? -1 : 0);
	}
	if (lanes > 1)
		poly_odd_shared_row(p);
	else
		poly_odd_row(p, 4);
}

/* Associated data, right-aligned to stripes; the first lane of each message. */
static noinline bool poly_ad(struct poly_work *p, unsigned int lanes)
{
	u32 most = 0;

	for (unsigned int v = 0; v < M; v += lanes) {
		if (p->item[v])
			most = max_t(u32, most, p->item[v]->ad_len);
	}
	if (!most)
		return false;
	/* In blocks, and of them whole rows. */
	most = most / 16 + !!(most % 16);
	most = (most + 3) & ~3U;
	for (u32 row = 0; row < most; row += 4) {
		for (unsigned int v = 0; v < M; v++) {
			const struct poly_item *it = p->item[v];
			u32 blocks, skip, slots, from, len;

			((u64 *)&p->live)[v] = 0;
			memset(p->odd[v], 0, SIMD_BLOCK);
			poly_odd_lane(p, v, 0, 0);
			if (!it || v & (lanes - 1) || !it->ad_len)
				continue;
			blocks = it->ad_len / 16 + !!(it->ad_len % 16);
			skip = most - blocks;
			if (row + 4 <= skip)
				continue;
			slots = min_t(u32, row + 4 - skip, 4);
			from = row + 4 - slots - skip;
			len = min_t(u32, it->ad_len - from * 16, slots * 16);
			memcpy((u8 *)p->odd[v] + 64 - slots * 16,
			       it->ad + (size_t)from * 16, len);
			((u64 *)&p->live)[v] = ~0ULL;
			poly_odd_lane(p, v, slots, 0);
		}
		poly_odd_row(p, 4);
	}
	return true;
}

/* The last up to three blocks of text, and the block of lengths. */
static noinline void poly_tail(struct poly_work *p, unsigned int lanes)
{
	unsigned int most = 0;

	p->live = simd_all64(~0ULL);
	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = p->item[v];
		unsigned int slots;
		u32 done, len;

		if (!it || v & (lanes - 1)) {
			memset(p->odd[v], 0, SIMD_BLOCK);
			poly_odd_lane(p, v, 0, 3);
			continue;
		}
		done = p->stripes[v] * SIMD_BLOCK;
		len = it->len > done ? it->len - done : 0;
		slots = (len + 15) / 16;
		simd_copy_part((u8 *)p->odd[v], it->text + done,
			       48 - slots * 16, len);
		p->odd[v][6] = it->ad_len;
		p->odd[v][7] = it->len;
		slots++;
		poly_odd_lane(p, v, slots, 4 - slots);
		most = max(most, slots);
	}
	poly_odd_row(p, most);
}

/* Put init where the first stripe of its message will be. */
static noinline void poly_place_init(struct poly_work *p, unsigned int lanes)
{
	for (int i = 0; i < LIMBS; i++) {
		const u64 *h = (const u64 *)&p->h.v[i];
		u64 *to = (u64 *)&p->init.v[i];

		for (unsigned int v = 0; v < M; v++) {
			unsigned int first = v & ~(lanes - 1);

			to[v] = (v & (lanes - 1)) ==
				(p->missing[first] & (lanes - 1)) ?
				h[first] : 0;
		}
		p->h.v[i] = simd_all64(0);
	}
}

/* The lanes of a message become one, the first of them. */
static noinline void poly_combine(struct poly_work *p, unsigned int lanes)
{
	struct limb_factor f = p->power[4];
	struct limb_sum a;
	struct limbs c, t;
	v64 mask = simd_all64(0);

	limb_factor_get(&c, &p->power[1]);
	for (unsigned int bit = 1; bit < lanes; bit *= 2) {
		for (unsigned int v = 0; v < M; v++)
			((u64 *)&mask)[v] = ~v & bit ? ~0ULL : 0;
		poly_mul(&t, &c, &f);
		for (int i = 0; i < LIMBS; i++)
			c.v[i] = (t.v[i] & mask) | (c.v[i] & ~mask);
		if (bit * 2 < lanes) {
			limb_factor_get(&t, &f);
			poly_mul(&t, &t, &f);
			limb_factor_set(&f, &t);
		}
	}
	limb_factor_set(&f, &c);
	poly_mul(&t, &p->h, &f);

	limb_sum_clear(&a);
	for (int i = 0; i < LIMBS; i++) {
		memcpy(p->lane[i], &t.v[i], sizeof(v64));
		for (unsigned int v = 0; v < M; v++) {
			if (v & (lanes - 1))
				p->lane[i][v & ~(lanes - 1)] += p->lane[i][v];
		}
		memcpy(&t.v[i], p->lane[i], sizeof(v64));
	}
	limb_sum_add(&a, &t);
	limb_sum_carry(&p->h, &a);
}

/* The stripes, once p->item, p->power and p->h are there. */
static noinline void poly_stripes(struct poly_work *p, unsigned int lanes,
				  bool init)
{
	const struct poly_item *longest = NULL;
	size_t rows, full, last;
	bool cut = false;
	u32 most = 0;

	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = p->item[v];

		p->stripes[v] = 0;
		if (!it)
			continue;
		p->stripes[v] = (it->len / 16 + !!(it->len % 16)) / 4;
		cut |= p->stripes[v] * SIMD_BLOCK > it->len;
		if (p->stripes[v] > most) {
			most = p->stripes[v];
			longest = it;
		}
	}
	rows = (most + lanes - 1) / lanes;
	full = 0;
	if (!rows)
		return;
	for (unsigned int v = 0; v < M; v++) {
		/* A lane with nothing to do repeats the longest message. */
		const struct poly_item *it = p->item[v] ? : longest;
		u32 missing = rows * lanes -
			      (p->item[v] ? p->stripes[v] : most);

		p->missing[v] = missing;
		p->at[v] = (const u8 *)((uintptr_t)it->text + SIMD_BLOCK *
			   ((long)(v & (lanes - 1)) - (long)missing));
		/* The row that takes init is an odd one too. */
		if (lanes > 1 && init)
			missing++;
		full = max_t(size_t, full, (missing + lanes - 1) / lanes);
	}
	if (lanes > 1)
		poly_place_init(p, lanes);
	last = rows - cut;
	full = min(full, rows);
	for (size_t row = 0; row < full; row++)
		poly_odd_stripes(p, row, lanes);
	if (full < last) {
		if (lanes > 1)
			poly_shared_rows(p, full, last, lanes);
		else
			poly_rows(p, full, last);
	}
	if (cut && full < rows)
		poly_odd_stripes(p, last, lanes);
	if (lanes > 1)
		poly_combine(p, lanes);
}

/* One-time keys, in words: r, clamped, and s. */
static __always_inline void poly_key(struct poly_work *p, const v64 word[8])
{
	struct limbs r;

	limb_split(&r, (word[0] & 0x0fffffff) | ((word[1] & 0x0ffffffc) << 32),
		   (word[2] & 0x0ffffffc) | ((word[3] & 0x0ffffffc) << 32),
		   simd_all64(0));
	limb_factor_set(&p->power[1], &r);
	p->s_lo = word[4] | (word[5] << 32);
	p->s_hi = word[6] | (word[7] << 32);
}

static __always_inline void poly_finish(struct poly_work *p, v64 *lo, v64 *hi)
{
	v64 top;

	limb_join(lo, hi, &top, &p->h);
	*lo += p->s_lo;
	*hi += p->s_hi - (v64)(*lo < p->s_lo);
}

/*
 * The tags of M items of one length without associated data. @key has one-time
 * keys in words, lane by lane.
 */
static noinline void poly_even_tags(struct poly_work *p,
				    struct poly_item *items,
				    const u32 (*key)[2 * M],
				    unsigned int first)
{
	const u32 len = items->len;
	const u32 blocks = len / 16 + !!(len % 16);
	const u32 stripes = blocks / 4, slots = blocks % 4 + 1;
	const u32 whole = min_t(u32, stripes, len / SIMD_BLOCK);
	const v64 high = simd_all64(LIMB_HIGH_BIT);
	struct limb_sum a;
	struct limbs m;
	v64 x[8];

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		x[i] = simd_widen(&key[i][first]);
	poly_key(p, x);
	for (unsigned int v = 0; v < M; v++)
		p->at[v] = items[v].text;
	poly_powers(p, stripes ? 4 : slots, 1);

	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = simd_all64(0);
	if (whole)
		poly_rows(p, 0, whole);
	if (whole < stripes) {
		simd_load_ends(p->row, p->at, len & ~(SIMD_BLOCK - 1), 0,
			       len % SIMD_BLOCK, (u8 *)p->odd);
		poly_row(&p->h, p->row, p);
	}

	/* Up to three blocks, right-aligned, and the lengths. */
	simd_load_ends(p->row, p->at, stripes * SIMD_BLOCK, 64 - slots * 16,
		       len > stripes * SIMD_BLOCK ?
		       len - stripes * SIMD_BLOCK : 0, (u8 *)p->odd);
	p->row[6] = simd_all64(0);
	p->row[7] = simd_all64(len);
	limb_sum_clear(&a);
	limb_split(&m, p->row[8 - 2 * slots], p->row[9 - 2 * slots], high);
	poly_add(&m, &p->h);
	limb_sum_mul(&a, &m, &p->power[slots]);
	for (u32 i = slots - 1; i; i--) {
		limb_split(&m, p->row[8 - 2 * i], p->row[9 - 2 * i], high);
		limb_sum_mul(&a, &m, &p->power[i]);
	}
	limb_sum_carry(&p->h, &a);

	poly_finish(p, &x[0], &x[1]);
	for (unsigned int v = 0; v < M; v++) {
		items[v].tag[0] = ((u64 *)&x[0])[v];
		items[v].tag[1] = ((u64 *)&x[1])[v];
	}
}

/* The tags of @n items, of any lengths, with @lanes lanes each. */
static noinline void poly_tags(struct poly_work *p, struct poly_item *items,
			       unsigned int n, const u32 (*key)[2 * M],
			       unsigned int first, unsigned int lanes)
{
	v64 word[8], lo, hi;

	for (unsigned int v = 0; v < M; v++) {
		unsigned int i = v / lanes;

		p->item[v] = i < n ? &items[i] : NULL;
	}
	for (int i = 0; i < 8; i++) {
		if (lanes > 1) {
			for (unsigned int v = 0; v < M; v++)
				((u64 *)&word[i])[v] = key[i][first + v / lanes];
		} else {
			word[i] = simd_widen(&key[i][first]);
		}
	}
	poly_key(p, word);
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = simd_all64(0);
	poly_powers(p, 4, lanes);
	poly_stripes(p, lanes, poly_ad(p, lanes));
	poly_tail(p, lanes);

	poly_finish(p, &lo, &hi);
	for (unsigned int v = 0; v < M; v += lanes) {
		if (v / lanes < n) {
			items[v / lanes].tag[0] = ((u64 *)&lo)[v];
			items[v / lanes].tag[1] = ((u64 *)&hi)[v];
		}
	}
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_POLY_H */
