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
	u8		given[16];	/* the tag that came with it */
};

/* M lanes at work: what all ways of using them need. */
struct poly_lanes {
	/* r^1 to r^4 at 1 to 4; r^4L at 0 */
	struct limb_factor	power[5];
	struct limbs		h;
	v64			s_lo, s_hi;
	/* A row, turned into columns */
	v64			row[8];
	/* Per lane: its first stripe, were there no stripes missing */
	const u8		*at[M];
};

/* What messages that differ, or share lanes, need besides. */
struct poly_work {
	/* From before the text, to go into the first stripe: L > 1 only. */
	struct limbs		init;
	/* A row that needs looking at: see poly_odd_row(). */
	u64			odd[M][SIMD_BLOCK / 8] __aligned(64);
	v64			high[4];
	v64			take[4];
	v64			live;
	/* Per lane: its message's stripes, and how many are missing before */
	u32			stripes[M];
	u32			missing[M];
	const struct poly_item	*item[M];
	u64			lane[LIMBS][M] __aligned(64);
};

static SIMD_POLY_MUL void poly_mul(struct limbs *out, const struct limbs *m,
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
static noinline void poly_powers(struct poly_lanes *p, unsigned int most,
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
				     const struct poly_lanes *p)
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
static noinline void poly_rows(struct poly_lanes *p, size_t from, size_t to)
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
static noinline void poly_shared_rows(struct poly_lanes *p, size_t from,
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
 * A row whose stripes were put together in w->odd. Slot i has its high bit in
 * w->high[i] and takes the accumulator where w->take[i] says so. The first
 * slots of all lanes may be missing. Lanes outside of w->live keep what they
 * have.
 */
static noinline void poly_odd_row(struct poly_lanes *p,
				  struct poly_work *w, unsigned int slots)
{
	const u8 *at[M];
	struct limb_sum a;
	struct limbs m;
	v64 x[8] __uninitialized;

	for (int i = 0; i < M; i++)
		at[i] = (const u8 *)w->odd[i];
	simd_load_stripes(x, at, 0);
	limb_sum_clear(&a);
	if (slots > 3) {
		limb_split(&m, x[0], x[1], w->high[0]);
		poly_add_masked(&m, &p->h, w->take[0]);
		limb_sum_mul(&a, &m, &p->power[4]);
	}
	if (slots > 2) {
		limb_split(&m, x[2], x[3], w->high[1]);
		poly_add_masked(&m, &p->h, w->take[1]);
		limb_sum_mul(&a, &m, &p->power[3]);
	}
	if (slots > 1) {
		limb_split(&m, x[4], x[5], w->high[2]);
		poly_add_masked(&m, &p->h, w->take[2]);
		limb_sum_mul(&a, &m, &p->power[2]);
	}
	limb_split(&m, x[6], x[7], w->high[3]);
	poly_add_masked(&m, &p->h, w->take[3]);
	limb_sum_mul(&a, &m, &p->power[1]);
	limb_sum_carry(&m, &a);
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = (m.v[i] & w->live) | (p->h.v[i] & ~w->live);
}

/* The same for lanes that share messages; take[0] is for w->init. */
static noinline void poly_odd_shared_row(struct poly_lanes *p,
					 struct poly_work *w)
{
	const u8 *at[M];
	struct limb_sum a;
	struct limbs m;
	v64 x[8] __uninitialized;

	for (int i = 0; i < M; i++)
		at[i] = (const u8 *)w->odd[i];
	simd_load_stripes(x, at, 0);
	limb_sum_clear(&a);
	limb_split(&m, x[6], x[7], w->high[3]);
	limb_sum_add(&a, &m);
	limb_split(&m, x[0], x[1], w->high[0]);
	poly_add_masked(&m, &w->init, w->take[0]);
	limb_sum_mul(&a, &m, &p->power[3]);
	limb_split(&m, x[2], x[3], w->high[1]);
	limb_sum_mul(&a, &m, &p->power[2]);
	limb_split(&m, x[4], x[5], w->high[2]);
	limb_sum_mul(&a, &m, &p->power[1]);
	limb_sum_mul(&a, &p->h, &p->power[0]);
	limb_sum_carry(&p->h, &a);
}

static __always_inline void poly_odd_lane(struct poly_work *w, unsigned int v,
					  unsigned int slots, int take)
{
	for (int i = 0; i < 4; i++) {
		((u64 *)&w->high[i])[v] = i >= 4 - (int)slots ?
					  LIMB_HIGH_BIT : 0;
		((u64 *)&w->take[i])[v] = i == take ? ~0ULL : 0;
	}
}

/*
 * Row @row of the stripes, one in which a lane has none or has one that the
 * text's end cuts short.
 */
static noinline void poly_odd_stripes(struct poly_lanes *p,
				      struct poly_work *w, size_t row,
				      unsigned int lanes)
{
	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = w->item[v];
		size_t s = row * lanes + (v & (lanes - 1));
		bool live = it && s >= w->missing[v];
		u32 len;

		((u64 *)&w->live)[v] = live ? ~0ULL : 0;
		if (!live) {
			memset(w->odd[v], 0, SIMD_BLOCK);
			poly_odd_lane(w, v, 0, -1);
			continue;
		}
		s -= w->missing[v];
		len = min_t(u32, it->len - s * SIMD_BLOCK, SIMD_BLOCK);
		simd_copy_part((u8 *)w->odd[v], it->text + s * SIMD_BLOCK, 0, len);
		/* Alone, a lane takes h each time; shared, init once. */
		poly_odd_lane(w, v, 4, lanes > 1 && s ? -1 : 0);
	}
	if (lanes > 1)
		poly_odd_shared_row(p, w);
	else
		poly_odd_row(p, w, 4);
}

/* Associated data, right-aligned to stripes; the first lane of each message. */
static noinline bool poly_ad(struct poly_lanes *p,
			     struct poly_work *w, unsigned int lanes)
{
	u32 most = 0;

	for (unsigned int v = 0; v < M; v += lanes) {
		if (w->item[v])
			most = max_t(u32, most, w->item[v]->ad_len);
	}
	if (!most)
		return false;
	/* In blocks, and of them whole rows. */
	most = most / 16 + !!(most % 16);
	most = (most + 3) & ~3U;
	for (u32 row = 0; row < most; row += 4) {
		for (unsigned int v = 0; v < M; v++) {
			const struct poly_item *it = w->item[v];
			u32 blocks, skip, slots, from, len;

			((u64 *)&w->live)[v] = 0;
			memset(w->odd[v], 0, SIMD_BLOCK);
			poly_odd_lane(w, v, 0, 0);
			if (!it || v & (lanes - 1) || !it->ad_len)
				continue;
			blocks = it->ad_len / 16 + !!(it->ad_len % 16);
			skip = most - blocks;
			if (row + 4 <= skip)
				continue;
			slots = min_t(u32, row + 4 - skip, 4);
			from = row + 4 - slots - skip;
			len = min_t(u32, it->ad_len - from * 16, slots * 16);
			memcpy((u8 *)w->odd[v] + 64 - slots * 16,
			       it->ad + (size_t)from * 16, len);
			((u64 *)&w->live)[v] = ~0ULL;
			poly_odd_lane(w, v, slots, 0);
		}
		poly_odd_row(p, w, 4);
	}
	return true;
}

/* The last up to three blocks of text, and the block of lengths. */
static noinline void poly_tail(struct poly_lanes *p,
			       struct poly_work *w, unsigned int lanes)
{
	unsigned int most = 0;

	w->live = simd_all64(~0ULL);
	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = w->item[v];
		unsigned int slots;
		u32 done, len;

		if (!it || v & (lanes - 1)) {
			memset(w->odd[v], 0, SIMD_BLOCK);
			poly_odd_lane(w, v, 0, 3);
			continue;
		}
		done = w->stripes[v] * SIMD_BLOCK;
		len = it->len > done ? it->len - done : 0;
		slots = (len + 15) / 16;
		simd_copy_part((u8 *)w->odd[v], it->text + done,
			       48 - slots * 16, len);
		w->odd[v][6] = it->ad_len;
		w->odd[v][7] = it->len;
		slots++;
		poly_odd_lane(w, v, slots, 4 - slots);
		most = max(most, slots);
	}
	poly_odd_row(p, w, most);
}

/* Put init where the first stripe of its message will be. */
static noinline void poly_place_init(struct poly_lanes *p,
				     struct poly_work *w, unsigned int lanes)
{
	for (int i = 0; i < LIMBS; i++) {
		const u64 *h = (const u64 *)&p->h.v[i];
		u64 *to = (u64 *)&w->init.v[i];

		for (unsigned int v = 0; v < M; v++) {
			unsigned int first = v & ~(lanes - 1);

			to[v] = (v & (lanes - 1)) ==
				(w->missing[first] & (lanes - 1)) ?
				h[first] : 0;
		}
		p->h.v[i] = simd_all64(0);
	}
}

/* The lanes of a message become one, the first of them. */
static noinline void poly_combine(struct poly_lanes *p,
				  struct poly_work *w, unsigned int lanes)
{
	/* The rows are done. */
	struct limb_factor *f = &p->power[0];
	struct limb_sum a;
	struct limbs c, t;
	v64 mask = simd_all64(0);

	*f = p->power[4];
	limb_factor_get(&c, &p->power[1]);
	for (unsigned int bit = 1; bit < lanes; bit *= 2) {
		for (unsigned int v = 0; v < M; v++)
			((u64 *)&mask)[v] = ~v & bit ? ~0ULL : 0;
		poly_mul(&t, &c, f);
		for (int i = 0; i < LIMBS; i++)
			c.v[i] = (t.v[i] & mask) | (c.v[i] & ~mask);
		if (bit * 2 < lanes) {
			limb_factor_get(&t, f);
			poly_mul(&t, &t, f);
			limb_factor_set(f, &t);
		}
	}
	limb_factor_set(f, &c);
	poly_mul(&t, &p->h, f);

	limb_sum_clear(&a);
	for (int i = 0; i < LIMBS; i++) {
		memcpy(w->lane[i], &t.v[i], sizeof(v64));
		for (unsigned int v = 0; v < M; v++) {
			if (v & (lanes - 1))
				w->lane[i][v & ~(lanes - 1)] += w->lane[i][v];
		}
		memcpy(&t.v[i], w->lane[i], sizeof(v64));
	}
	limb_sum_add(&a, &t);
	limb_sum_carry(&p->h, &a);
}

/* The stripes, once w->item, p->power and p->h are there. */
static noinline void poly_stripes(struct poly_lanes *p,
				  struct poly_work *w, unsigned int lanes,
				  bool init)
{
	const struct poly_item *longest = NULL;
	size_t rows, full, last;
	bool cut = false;
	u32 most = 0;

	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = w->item[v];

		w->stripes[v] = 0;
		if (!it)
			continue;
		w->stripes[v] = (it->len / 16 + !!(it->len % 16)) / 4;
		cut |= w->stripes[v] * SIMD_BLOCK > it->len;
		if (w->stripes[v] > most) {
			most = w->stripes[v];
			longest = it;
		}
	}
	rows = (most + lanes - 1) / lanes;
	full = 0;
	if (!rows)
		return;
	for (unsigned int v = 0; v < M; v++) {
		/* A lane with nothing to do repeats the longest message. */
		const struct poly_item *it = w->item[v] ? : longest;
		u32 missing = rows * lanes -
			      (w->item[v] ? w->stripes[v] : most);

		w->missing[v] = missing;
		p->at[v] = (const u8 *)((uintptr_t)it->text + SIMD_BLOCK *
			   ((long)(v & (lanes - 1)) - (long)missing));
		/* The row that takes init is an odd one too. */
		if (lanes > 1 && init)
			missing++;
		full = max_t(size_t, full, (missing + lanes - 1) / lanes);
	}
	if (lanes > 1)
		poly_place_init(p, w, lanes);
	last = rows - cut;
	full = min(full, rows);
	for (size_t row = 0; row < full; row++)
		poly_odd_stripes(p, w, row, lanes);
	if (full < last) {
		if (lanes > 1)
			poly_shared_rows(p, full, last, lanes);
		else
			poly_rows(p, full, last);
	}
	if (cut && full < rows)
		poly_odd_stripes(p, w, last, lanes);
	if (lanes > 1)
		poly_combine(p, w, lanes);
}

/* One-time keys, in words: r, clamped, and s. */
static __always_inline void poly_key(struct poly_lanes *p, const v64 word[8])
{
	struct limbs r;

	limb_split(&r, (word[0] & 0x0fffffff) | ((word[1] & 0x0ffffffc) << 32),
		   (word[2] & 0x0ffffffc) | ((word[3] & 0x0ffffffc) << 32),
		   simd_all64(0));
	limb_factor_set(&p->power[1], &r);
	p->s_lo = word[4] | (word[5] << 32);
	p->s_hi = word[6] | (word[7] << 32);
}

static __always_inline void poly_finish(struct poly_lanes *p, v64 *lo, v64 *hi)
{
	v64 top;

	limb_join(lo, hi, &top, &p->h);
	*lo += p->s_lo;
	*hi += p->s_hi - (v64)(*lo < p->s_lo);
}

/*
 * The tags of @n items, M or twice M, of one length and without associated
 * data. Two sets of lanes take each stage together: most stages are chains of
 * dependent operations.
 */
static noinline void poly_even_tags(struct poly_lanes *p, unsigned int n,
				    struct poly_item *items,
				    const u32 (*key)[2 * M], u8 *scratch)
{
	const u32 len = items->len;
	const u32 blocks = len / 16 + !!(len % 16);
	const u32 stripes = blocks / 4, slots = blocks % 4 + 1;
	const u32 whole = min_t(u32, stripes, len / SIMD_BLOCK);
	const u32 end = len - min_t(u32, len, stripes * SIMD_BLOCK);
	const v64 high = simd_all64(LIMB_HIGH_BIT);
	struct poly_lanes *const last = p + n / M - 1;
	struct poly_lanes *g;
	unsigned int v = 0;

	for (g = p; g <= last; g++) {
		v64 word[8] __uninitialized;

#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			word[i] = simd_widen(&key[i][v]);
		poly_key(g, word);
		for (int i = 0; i < M; i++)
			g->at[i] = items[v++].text;
		for (int i = 0; i < LIMBS; i++)
			g->h.v[i] = simd_all64(0);
	}
	for (g = p; g <= last; g++)
		poly_powers(g, stripes ? 4 : slots, 1);
	for (g = p; whole && g <= last; g++)
		poly_rows(g, 0, whole);
	for (g = p; whole < stripes && g <= last; g++) {
		simd_load_ends(g->row, g->at, whole * SIMD_BLOCK, 0,
			       len % SIMD_BLOCK, scratch);
		poly_row(&g->h, g->row, g);
	}
	/* Up to three blocks, right-aligned, and the lengths. */
	for (g = p; g <= last; g++) {
		const v64 *x = g->row + 8 - 2 * slots;
		struct limb_sum a;
		struct limbs m;

		if (slots > 1)
			simd_load_ends(g->row, g->at, stripes * SIMD_BLOCK,
				       64 - slots * 16, end, scratch);
		g->row[6] = simd_all64(0);
		g->row[7] = simd_all64(len);
		limb_sum_clear(&a);
		limb_split(&m, x[0], x[1], high);
		poly_add(&m, &g->h);
		limb_sum_mul(&a, &m, &g->power[slots]);
		for (u32 i = slots - 1; i; i--) {
			x += 2;
			limb_split(&m, x[0], x[1], high);
			limb_sum_mul(&a, &m, &g->power[i]);
		}
		limb_sum_carry(&g->h, &a);
	}
	v = 0;
	for (g = p; g <= last; g++) {
		v64 lo, hi;

		poly_finish(g, &lo, &hi);
		for (int i = 0; i < M; i++, v++) {
			items[v].tag[0] = ((u64 *)&lo)[i];
			items[v].tag[1] = ((u64 *)&hi)[i];
		}
	}
}

/* The tags of @n items, of any lengths, with @lanes lanes each. */
static noinline void poly_tags(struct poly_lanes *p,
			       struct poly_work *w, struct poly_item *items,
			       unsigned int n, const u32 (*key)[2 * M],
			       unsigned int first, unsigned int lanes)
{
	v64 word[8] __uninitialized, lo, hi;

	for (unsigned int v = 0; v < M; v++) {
		unsigned int i = v / lanes;

		w->item[v] = i < n ? &items[i] : NULL;
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
	poly_stripes(p, w, lanes, poly_ad(p, w, lanes));
	poly_tail(p, w, lanes);

	poly_finish(p, &lo, &hi);
	for (unsigned int v = 0; v < M; v += lanes) {
		if (v / lanes < n) {
			items[v / lanes].tag[0] = ((u64 *)&lo)[v];
			items[v / lanes].tag[1] = ((u64 *)&hi)[v];
		}
	}
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_POLY_H */
