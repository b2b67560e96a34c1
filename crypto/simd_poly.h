/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 with a message in every 64-bit lane of a vector (RFC 8439, section
 * 2.5).
 *
 * Text is read in stripes of 64 bytes, four blocks. A stripe m0..m3 takes its
 * accumulator h to
 *	(h + m0) r^4 + m1 r^3 + m2 r^2 + m3 r
 * with a single reduction. Shorter messages start later, so that all come to
 * their ends together; until then a lane keeps what it has.
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
};

/* M lanes at work: what all ways of using them need. */
struct poly_lanes {
	/* r^1 to r^4 at 1 to 4; 0 is for rows by fours in simd_poly_one.h */
	struct limb_factor	power[5];
	struct limbs		h;
	v64			s_lo, s_hi;
	/* Per lane: its first stripe, were there no stripes missing */
	const u8		*at[M];
	/* A row, turned into columns: not for messages that are all alike */
	v64			row[8];
};

/* What messages that differ need besides. */
struct poly_work {
	/* A row that needs looking at: see poly_odd_row(). */
	union {
		u64		odd[M][SIMD_BLOCK / 8] __aligned(64);
		u64		odd_tag[M][2];
	};
	v64			high[4];
	v64			take[4];
	v64			live;
	/* Per lane: its message's stripes, and how many are missing before */
	u32			stripes[M];
	u32			missing[M];
	const struct poly_item	*item[M];
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
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		a->v[i] += b->v[i];
}

static __always_inline void poly_add_masked(struct limbs *a,
					    const struct limbs *b, v64 mask)
{
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		a->v[i] += b->v[i] & mask;
}

static noinline void poly_factor(struct limb_factor *to,
				 const struct limb_factor *a,
				 const struct limb_factor *b)
{
	struct limbs r, t;

	limb_factor_get(&r, a);
	poly_mul(&t, &r, b);
	limb_factor_set(to, &t);
}

/* power[@to] = power[@a] power[@b] */
static __always_inline void poly_power(struct poly_lanes *p, unsigned int to,
				       unsigned int a, unsigned int b)
{
	poly_factor(&p->power[to], &p->power[a], &p->power[b]);
}

/* r^2 to r^@most */
static noinline void poly_powers(struct poly_lanes *p, unsigned int most)
{
	if (most < 2)
		return;
	poly_power(p, 2, 1, 1);
	if (most < 3)
		return;
	poly_power(p, 3, 2, 1);
	poly_power(p, 4, 2, 2);
}

/*
 * (h + m0) r^4 + m1 r^3 + m2 r^2 + m3 r, the halves of m0 to m3 in @x. With
 * @next, that row is loaded to @x meanwhile: its shuffles fill in where a
 * product waits for the one before it.
 */
static __always_inline void poly_row(struct limbs *h, v64 x[8],
				     const struct poly_lanes *p,
				     bool ahead, size_t next)
{
	const v64 high = simd_all64(LIMB_HIGH_BIT);
	v64 y[8] __uninitialized;
	struct limb_sum a;
	struct limbs m;

	limb_sum_clear(&a);
	limb_split(&m, x[2], x[3], high);
	limb_sum_mul(&a, &m, &p->power[3]);
	limb_split(&m, x[4], x[5], high);
	limb_sum_mul(&a, &m, &p->power[2]);
	if (ahead)
		simd_load_stripes(y, p->at, next);
	limb_split(&m, x[6], x[7], high);
	limb_sum_mul(&a, &m, &p->power[1]);
	limb_split(&m, x[0], x[1], high);
	poly_add(&m, h);
	limb_sum_mul(&a, &m, &p->power[4]);
	limb_sum_carry(h, &a);
	if (ahead) {
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			x[i] = y[i];
	}
}

/*
 * Rows @from to @to, one at least, of which every lane has a whole stripe, @step
 * bytes behind the one before.
 */
static noinline void poly_rows(struct poly_lanes *p, size_t from, size_t to,
			       size_t step)
{
	v64 x[8] __uninitialized;
	struct limbs h;

	/* One by one: they stay in registers. */
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		h.v[i] = p->h.v[i];
	if (SIMD_POLY_AHEAD)
		simd_load_stripes(x, p->at, from * step);
	for (; from < to; from++) {
		/* The last one is loaded twice, which is not worth a branch. */
		const size_t next = min(from + 1, to - 1) * step;

		if (!SIMD_POLY_AHEAD)
			simd_load_stripes(x, p->at, from * step);
		/* The powers are to stay in memory. */
		simd_forget(p);
		poly_row(&h, x, p, SIMD_POLY_AHEAD, next);
	}
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = h.v[i];
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
	const v64 *x = p->row + 8 - 2 * slots;
	const u8 *at[M];
	struct limb_sum a;
	struct limbs m;

	for (int i = 0; i < M; i++)
		at[i] = (const u8 *)w->odd[i];
	simd_load_stripes(p->row, at, 0);
	limb_sum_clear(&a);
	for (unsigned int i = slots; i; i--, x += 2) {
		limb_split(&m, x[0], x[1], w->high[4 - i]);
		poly_add_masked(&m, &p->h, w->take[4 - i]);
		limb_sum_mul(&a, &m, &p->power[i]);
	}
	limb_sum_carry(&m, &a);
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = (m.v[i] & w->live) | (p->h.v[i] & ~w->live);
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
				      struct poly_work *w, size_t row)
{
	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = w->item[v];
		size_t s = row;
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
		poly_odd_lane(w, v, 4, 0);
	}
	poly_odd_row(p, w, 4);
}

/* Associated data, right-aligned to stripes. */
static noinline void poly_ad(struct poly_lanes *p, struct poly_work *w)
{
	u32 most = 0;

	for (unsigned int v = 0; v < M; v++) {
		if (w->item[v])
			most = max_t(u32, most, w->item[v]->ad_len);
	}
	if (!most)
		return;
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
			if (!it || !it->ad_len)
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
}

/* The last up to three blocks of text, and the block of lengths. */
static noinline void poly_tail(struct poly_lanes *p, struct poly_work *w)
{
	unsigned int most = 0;

	w->live = simd_all64(~0ULL);
	for (unsigned int v = 0; v < M; v++) {
		const struct poly_item *it = w->item[v];
		unsigned int slots;
		u32 done, len;

		if (!it) {
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

/* The stripes, once w->item, p->power and p->h are there. */
static noinline void poly_stripes(struct poly_lanes *p, struct poly_work *w)
{
	const struct poly_item *longest = NULL;
	size_t rows, full = 0, last;
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
	rows = most;
	if (!rows)
		return;
	for (unsigned int v = 0; v < M; v++) {
		/* A lane with nothing to do repeats the longest message. */
		const struct poly_item *it = w->item[v] ? : longest;

		w->missing[v] = w->item[v] ? most - w->stripes[v] : 0;
		p->at[v] = (const u8 *)((uintptr_t)it->text -
					(size_t)w->missing[v] * SIMD_BLOCK);
		full = max_t(size_t, full, w->missing[v]);
	}
	last = rows - cut;
	for (size_t row = 0; row < full; row++)
		poly_odd_stripes(p, w, row);
	if (full < last)
		poly_rows(p, full, last, SIMD_BLOCK);
	if (cut && full < rows)
		poly_odd_stripes(p, w, last);
}

/* M one-time keys from @first on, in words: r, clamped, and s. Begin with 0. */
static noinline void poly_key(struct poly_lanes *p, const u32 (*key)[2 * M],
			      unsigned int first)
{
	v64 word[8] __uninitialized;
	struct limbs r;

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		word[i] = simd_widen(&key[i][first]);
	limb_split(&r, (word[0] & 0x0fffffff) | ((word[1] & 0x0ffffffc) << 32),
		   (word[2] & 0x0ffffffc) | ((word[3] & 0x0ffffffc) << 32),
		   simd_all64(0));
	limb_factor_set(&p->power[1], &r);
	p->s_lo = word[4] | (word[5] << 32);
	p->s_hi = word[6] | (word[7] << 32);
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = simd_all64(0);
}

/* M tags. */
static noinline void poly_finish(const struct poly_lanes *p, u64 (*tag)[2])
{
	v64 lo, hi, top;

	limb_join(&lo, &hi, &top, &p->h);
	lo += p->s_lo;
	hi += p->s_hi - (v64)(lo < p->s_lo);
	simd_pairs((v64 *)tag, lo, hi);
}

/* The last @slots blocks of a row, one to four. */
static noinline void poly_even_row(struct poly_lanes *p, const v64 row[8],
				   unsigned int slots)
{
	const v64 high = simd_all64(LIMB_HIGH_BIT);
	const v64 *x = row + 8 - 2 * slots;
	struct limb_sum a;
	struct limbs m;

	limb_sum_clear(&a);
	limb_split(&m, x[0], x[1], high);
	poly_add(&m, &p->h);
	limb_sum_mul(&a, &m, &p->power[slots]);
	while (--slots) {
		x += 2;
		limb_split(&m, x[0], x[1], high);
		limb_sum_mul(&a, &m, &p->power[slots]);
	}
	limb_sum_carry(&p->h, &a);
}

/* A row of zeroes, and @len bytes at @skip. */
static noinline void poly_load_ends(v64 row[8], const struct poly_lanes *p,
				    size_t off, unsigned int skip,
				    unsigned int len, u8 *scratch)
{
	simd_load_ends(row, p->at, off, skip, len, scratch);
}

/*
 * The tags of @n items, M or twice M, of one length and without associated
 * data. Two sets of lanes take each stage together: most stages are chains of
 * dependent operations.
 */
static noinline void poly_even_tags(struct poly_lanes *p, unsigned int n,
				    const struct poly_item *items,
				    const u32 (*key)[2 * M], u64 (*tag)[2],
				    u8 *scratch)
{
	/* Of ciphertext: nothing to be wiped. */
	v64 row[8] __uninitialized;
	const u32 len = items->len;
	const u32 blocks = len / 16 + !!(len % 16);
	const u32 stripes = blocks / 4, slots = blocks % 4 + 1;
	const u32 whole = min_t(u32, stripes, len / SIMD_BLOCK);
	const u32 end = len - min_t(u32, len, stripes * SIMD_BLOCK);
	struct poly_lanes *const last = p + n / M - 1;
	struct poly_lanes *g;
	unsigned int v = 0;

	for (g = p; g <= last; g++) {
		poly_key(g, key, v);
		for (int i = 0; i < M; i++)
			g->at[i] = items[v++].text;
	}
	for (g = p; g <= last; g++)
		poly_powers(g, stripes ? 4 : slots);
	for (g = p; whole && g <= last; g++)
		poly_rows(g, 0, whole, SIMD_BLOCK);
	for (g = p; whole < stripes && g <= last; g++) {
		poly_load_ends(row, g, whole * SIMD_BLOCK, 0,
			       len % SIMD_BLOCK, scratch);
		poly_even_row(g, row, 4);
	}
	/* Up to three blocks, right-aligned, and the lengths. */
	for (g = p; g <= last; g++) {
		if (slots > 1)
			poly_load_ends(row, g, stripes * SIMD_BLOCK,
				       64 - slots * 16, end, scratch);
		row[6] = simd_all64(0);
		row[7] = simd_all64(len);
		poly_even_row(g, row, slots);
	}
	for (g = p; g <= last; g++, tag += M)
		poly_finish(g, tag);
}

/*
 * The tags of @n items, up to M / 2, of one length of more than 8 blocks with
 * that of the lengths, and without associated data; their keys are from @from
 * on. A message has two lanes, which take stripes in turns: until the last row
 * they go by r^8 to r^5, and then the first lane by those, and the second one
 * by r^4 to r^1. Rows end where texts do, so that the first one may lack blocks.
 */
static noinline void poly_pair_tags(struct poly_lanes *p, struct poly_work *w,
				    const struct poly_item *items,
				    unsigned int n, const u32 (*key)[2 * M],
				    u64 (*tag)[2], unsigned int from)
{
	const u32 len = items->len;
	const u32 blocks = len / 16 + !!(len % 16) + 1;
	const u32 rows = blocks / 8 + !!(blocks % 8);
	const u32 skip = rows * 8 - blocks;
	const u32 end = (rows - 1) * 2 * SIMD_BLOCK - 16 * skip;
	const v32 twice = simd_lane_numbers / 2 + from;
	/* A lane's first block in a row, and which lane is a message's second */
	const v64 first = (simd_widen((const u32 *)&simd_lane_numbers) & 1) * 4;
	const v64 second = (v64)(first != 0);
	struct poly_lanes *const q = p + 1;
	struct limb_sum a;
	struct limbs h;

	for (int i = 0; i < 8; i++)
		((v32 *)w->odd)[i] = simd_pick32(*(const v32 *)key[i], twice);
	poly_key(p, (const u32 (*)[2 * M])w->odd, 0);
	poly_powers(p, 4);
	for (int i = 1; i <= 4; i++)
		poly_factor(&q->power[i], &p->power[i], &p->power[4]);
	for (int i = 0; i < LIMBS; i++)
		q->h.v[i] = simd_all64(0);
	w->live = simd_all64(~0ULL);
	w->take[0] = w->live;
	for (int i = 0; i < 4; i++) {
		w->high[i] = simd_all64(LIMB_HIGH_BIT) &
			     (v64)(first + i >= skip);
		if (i)
			w->take[i] = simd_all64(0);
	}
	for (unsigned int v = 0; v < M; v++) {
		const u8 *text = items[min(v / 2, n - 1)].text;
		const unsigned int lack = v % 2 ? max(skip, 4U) - 4 :
						  min(skip, 4U);
		const unsigned int at = v % 2 && skip < 4 ? 64 - 16 * skip : 0;

		q->at[v] = (const u8 *)((uintptr_t)text - 16 * skip +
					v % 2 * SIMD_BLOCK);
		/* What is before the text is not even asked for. */
		memset(w->odd[v], 0, SIMD_BLOCK);
		for (unsigned int i = lack; i < 4; i++)
			memcpy(&w->odd[v][2 * i],
			       text + at + 16 * (i - lack), 16);
	}
	poly_odd_row(q, w, 4);
	if (rows > 2)
		poly_rows(q, 1, rows - 1, 2 * SIMD_BLOCK);
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		p->h.v[i] = q->h.v[i];
	for (int i = 1; i <= 4; i++) {
		const v64 *other = (const v64 *)&q->power[i];
		v64 *to = (v64 *)&p->power[i];

		for (int j = 0; j < sizeof(p->power[i]) / sizeof(v64); j++)
			to[j] = (to[j] & second) | (other[j] & ~second);
	}
	for (unsigned int v = 0; v < M; v++) {
		const u8 *text = items[min(v / 2, n - 1)].text + end;

		if (v % 2) {
			simd_copy_part((u8 *)w->odd[v], text + SIMD_BLOCK, 0,
				       len - end - SIMD_BLOCK);
			w->odd[v][6] = 0;
			w->odd[v][7] = len;
		} else {
			simd_copy_part((u8 *)w->odd[v], text, 0, SIMD_BLOCK);
		}
	}
	for (int i = 0; i < 4; i++)
		w->high[i] = simd_all64(LIMB_HIGH_BIT);
	poly_odd_row(p, w, 4);

	limb_sum_clear(&a);
#pragma GCC unroll 5
	for (int i = 0; i < LIMBS; i++)
		h.v[i] = simd_lo64(p->h.v[i], p->h.v[i]) +
			 simd_hi64(p->h.v[i], p->h.v[i]);
	limb_sum_add(&a, &h);
	limb_sum_carry(&p->h, &a);
	/* The first lanes' tags are all that is wanted. */
	poly_finish(p, w->odd_tag);
	for (unsigned int i = 0; i < n; i++) {
		tag[i][0] = w->odd_tag[2 * i][0];
		tag[i][1] = w->odd_tag[2 * i][1];
	}
}

/* The tags of @n items, up to M, of any lengths. @tag has room for M. */
static noinline void poly_tags(struct poly_lanes *p, struct poly_work *w,
			       const struct poly_item *items, unsigned int n,
			       const u32 (*key)[2 * M], u64 (*tag)[2],
			       unsigned int first)
{
	for (unsigned int v = 0; v < M; v++)
		w->item[v] = v < n ? &items[v] : NULL;
	poly_key(p, key, first);
	poly_powers(p, 4);
	poly_ad(p, w);
	poly_stripes(p, w);
	poly_tail(p, w);

	poly_finish(p, tag);
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_POLY_H */
