/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The working memory of a group of messages, and how its blocks are dealt to
 * lanes: in order, so that lanes are whole messages where there are as many as
 * lanes, and any block of any message where there are fewer or where lengths
 * differ.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_LANES_H
#define _LIB_CRYPTO_BATCH_SIMD_LANES_H

#include <crypto/chacha20poly1305_batch.h>
#include <crypto/poly1305_batch.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "aead_common.h"
#include "aead_impl.h"

/* The text of up to W messages. */
struct simd_text {
	union simd_at	src;
	union simd_at	dst;
	u32		len[W];
	/*
	 * If W is a multiple of the messages, the same for lanes that have the
	 * first blocks of all, then the second ones, and so on.
	 */
	union simd_at	lane_src;
	union simd_at	lane_dst;
	v32		lane_message;
	v32		lane_block;
	u32		lane_blocks;	/* a message has in W lanes; or 0 */
	u32		longest;
	u32		shortest;
};

/* Which block comes next. */
struct simd_deal {
	unsigned int	message;
	u32		offset;
	bool		late;
};

/* Texts to be gathered and summed on the way. */
struct simd_scatter {
	/* First blocks: sums may have to be stored there, so they come last. */
	u8			first[W][SIMD_BLOCK] __aligned(64);
	/* Sums of 32-bit words: of first[], and of all the rest. */
	u64			first_sum[W];
	v64			sum[W];
	/* Blocks that lie in more than one fragment */
	u8			bounce[SIMD_STATES * W][SIMD_BLOCK] __aligned(64);
	/*
	 * Text up to until[] is where the text's source pointer says; the
	 * cursor stands at at[], not behind until[].
	 */
	struct aead_cursor	cursor[W];
	u32			at[W];
	u32			until[W];
	struct chacha20poly1305_msg *msg[W];
	bool			summed;
};

struct simd_work {
	union {
		struct {
			/*
			 * How much is or was in use of what is wiped; nothing
			 * is between calls. In the same place for all ISAs,
			 * which take turns when they are tested.
			 */
			unsigned int		states;
			unsigned int		lanes_of_poly;
			bool			tagged;
			bool			rowed;
			/* One message alone: vectors, and whether of table */
			unsigned int		rows;
			unsigned int		tail;
			bool			prepared;
			bool			keyed;
			bool			odd;
			bool			used_scatter;

			bool			scattered; /* texts are in scatter */
			bool			even;	/* one length, no AD */
			unsigned int		n;
			struct simd_deal	deal;
			struct simd_text	text;
			struct simd_lanes	lanes[SIMD_STATES];
			struct poly_item	item[W];
			/* The tags that came with the messages */
			u64			given[W][2];
		};
		u8			open[AEAD_CTX_OPEN];
	};
	v32			stream[SIMD_STATES * 16];
#ifdef SIMD_SMALL_LANES
	v32			tail_stream[2 * W];
#endif
	struct chacha_table	table;
	struct poly_lanes	poly[2];
	struct poly_work	poly_odd;
	/* The keys, as they come out of ChaCha20, and whose tag is made singly */
	u32			poly_key[8][W] __aligned(4 * W);
	struct poly_chain	chain;
	struct poly1305_stream	auth;
	struct simd_scatter	scatter;
	u64			tag[W][2] __aligned(64);
	/* simd_clear() goes by vectors. */
	v64			end;
};

static noinline void simd_gather_text(struct chacha20poly1305_msg *m)
{
	aead_gather_text(m);
}

static __always_inline void simd_clear(void *from, void *to)
{
	v64 *p = from;

	for (; p < (v64 *)to; p++) {
		*p = simd_all64(0);
		simd_forget(p);
	}
}

/*
 * What depends on keys or texts goes, and all else that is beside it. Done when
 * something else is still to do, the stores cost no time.
 */
static noinline void simd_wipe_chacha(struct simd_work *w)
{
	if (!w->states)
		return;
	simd_clear(w->stream, w->stream + 16 * w->states);
	simd_clear(&w->table, &w->table + 1);
	w->states = 0;
}

static noinline void simd_wipe_poly(struct simd_work *w)
{
	for (unsigned int i = 0; i < w->lanes_of_poly; i++) {
		simd_clear(&w->poly[i].power[SIMD_ONE_ROWS == 2],
			   w->poly[i].row);
		if (w->rowed)
			simd_clear(w->poly[i].row, w->poly + i + 1);
	}
	w->lanes_of_poly = 0;
	w->rowed = false;
	if (w->odd)
		simd_clear(&w->poly_odd, &w->poly_odd + 1);
	w->odd = false;
	if (w->keyed)
		simd_clear(w->poly_key, &w->auth + 1);
	w->keyed = false;
}

static noinline void simd_wipe(struct simd_work *w)
{
	simd_wipe_chacha(w);
	simd_wipe_poly(w);
	if (w->used_scatter)
		simd_clear(&w->scatter, &w->scatter + 1);
	w->used_scatter = false;
#ifdef SIMD_SMALL_LANES
	simd_clear(w->tail_stream, w->tail_stream + w->tail);
	w->tail = 0;
#endif
	if (w->tagged)
		simd_clear(w->tag, w->tag + W);
	w->tagged = false;
}

/*
 * Where @len bytes of a text can be read at @offset, which never goes back.
 * They are brought together in @bounce, a multiple of blocks, if they are not
 * together in their source.
 */
static noinline const u8 *simd_gather(struct simd_work *w, unsigned int i,
				      u32 offset, u32 len, u8 *bounce)
{
	struct simd_scatter *s = &w->scatter;
	const struct chacha20poly1305_msg *m = s->msg[i];
	const struct kvec *end = m->src + m->nr_src;
	struct aead_cursor *c = &s->cursor[i];
	const u8 *found = NULL;

	c->offset += offset - s->at[i];
	while (c->vec < end && c->offset == c->vec->iov_len) {
		c->vec++;
		c->offset = 0;
	}
	if (c->vec == end || c->vec->iov_len - c->offset < len) {
		u32 left = m->len - m->pad;

		left = left > offset ? min(left - offset, len) : 0;
		aead_gather(c, bounce, left);
		if (left < len)
			memset(bounce + left, 0, len - left);
		found = bounce;
		offset += len;
	}
	s->at[i] = offset;
	s->until[i] = offset;
	if (c->vec < end) {
		const u8 *src = (const u8 *)c->vec->iov_base + c->offset;

		s->until[i] += c->vec->iov_len - c->offset;
		w->text.src.src[i] = src - offset;
	}
	return found ? : w->text.src.src[i] + offset;
}

static __always_inline const u8 *simd_source(struct simd_work *w,
					     unsigned int i, u32 offset,
					     u32 len, unsigned int lane)
{
	if (w->scattered && offset + len > w->scatter.until[i])
		return simd_gather(w, i, offset, len,
				   w->scatter.bounce[lane]);
	return w->text.src.src[i] + offset;
}

#ifndef SIMD_SMALL_LANES
/* The same for a single text: its blocks from @offset on. */
static __always_inline void simd_deal_one(struct simd_work *w,
					  struct simd_lanes *l,
					  unsigned int from, u32 offset)
{
	const struct simd_text *t = &w->text;
	const u32 left = t->len[0] > offset ? t->len[0] - offset : 0;
	const u32 blocks = left / SIMD_BLOCK + !!(left % SIMD_BLOCK);
	const v32 block = simd_lane_numbers - from;
	const v32 begins = block * SIMD_BLOCK;
	const v64 first = simd_widen((const u32 *)&simd_lane_numbers);
	const u64 behind = offset - from * (u64)SIMD_BLOCK;

	if (!left && !from) {
		l->n = 0;
		return;
	}
	l->message = simd_all32(0);
	l->counter = block + (offset / SIMD_BLOCK + 1);
	/* Lanes before @from, and behind the end, wrap or stay below. */
	l->left = (left - begins) & (v32)(begins < left);
	for (int i = 0; i < 2; i++) {
		const v64 at = (first + i * M) * SIMD_BLOCK + behind;

		l->src.v[i] = (uintptr_t)t->src.src[0] + at;
		l->dst.v[i] = (uintptr_t)t->dst.dst[0] + at;
	}
	l->n = min_t(u32, from + blocks, W);
	l->whole = !from && left >= W * SIMD_BLOCK;
	w->deal.message = 0;
	w->deal.offset = offset + (l->n - from) * SIMD_BLOCK;
}
#endif

/* Whether W texts lie in their sources at @offset in whole blocks. */
static bool simd_is_near(const struct simd_work *w, u32 offset)
{
	bool near = true;

	for (unsigned int i = 0; i < W; i++)
		near &= offset + SIMD_BLOCK <= w->scatter.until[i];
	return near;
}

/* Fill lanes from @from on with the next blocks. */
static noinline void simd_deal(struct simd_work *w, unsigned int state,
			       unsigned int from)
{
	struct simd_lanes *l = &w->lanes[state];
	const struct simd_text *t = &w->text;
	struct simd_deal d = w->deal;
	unsigned int i = from;
	u32 *message = (u32 *)&l->message;
	u32 *counter = (u32 *)&l->counter;
	u32 *left = (u32 *)&l->left;

	l->late = false;
	l->aligned = false;
	l->idle = from == W;
	if (l->idle) {
		l->n = W;
		return;
	}
	if (d.message == w->n) {
		d.message = 0;
		d.offset += SIMD_BLOCK;
	}
#ifndef SIMD_SMALL_LANES
	if (w->n == 1 && !w->scattered) {
		simd_deal_one(w, l, from, d.offset);
		return;
	}
#endif
	if (t->lane_blocks && !d.message && !from &&
	    d.offset + t->lane_blocks * SIMD_BLOCK <= t->shortest &&
	    (!w->scattered || (!d.late && simd_is_near(w, d.offset)))) {
		l->message = t->lane_message;
		l->counter = t->lane_block + (d.offset / SIMD_BLOCK + 1);
		if (w->scattered) {
			l->src.v[0] = t->src.v[0] + d.offset;
			l->src.v[1] = t->src.v[1] + d.offset;
		} else {
			l->src.v[0] = t->lane_src.v[0] + d.offset;
			l->src.v[1] = t->lane_src.v[1] + d.offset;
		}
		l->dst.v[0] = t->lane_dst.v[0] + d.offset;
		l->dst.v[1] = t->lane_dst.v[1] + d.offset;
		l->left = simd_all32(SIMD_BLOCK);
		l->n = W;
		l->whole = true;
		l->aligned = true;
		d.message = 0;
		d.offset += t->lane_blocks * SIMD_BLOCK;
		w->deal = d;
		return;
	}
	l->left = simd_all32(0);
	l->whole = !from;
	while (i < W) {
		u32 len;

		if (d.message == w->n) {
			d.message = 0;
			d.offset += SIMD_BLOCK;
		}
		if (d.offset >= (d.late ? SIMD_BLOCK : t->longest)) {
			/* First blocks do not share vectors with others. */
			if (!w->scattered || d.late || i > from)
				break;
			d = (struct simd_deal){ .late = true };
		}
		if (d.offset < t->len[d.message]) {
			len = t->len[d.message] - d.offset;
			message[i] = d.message;
			counter[i] = d.offset / SIMD_BLOCK + 1;
			if (d.late)
				l->src.src[i] = w->scatter.first[d.message];
			else
				l->src.src[i] =
					simd_source(w, d.message, d.offset,
						    min_t(u32, len, SIMD_BLOCK),
						    state * W + i);
			l->dst.dst[i] = t->dst.dst[d.message] + d.offset;
			left[i] = len;
			l->whole &= len >= SIMD_BLOCK;
			l->late = d.late;
			i++;
		}
		d.message++;
	}
	w->deal = d;
	l->n = i;
	l->whole &= i == W;
}

/* Every state's lanes. Returns how many states have any. */
static unsigned int simd_deal_all(struct simd_work *w, unsigned int from)
{
	unsigned int used = from != 0;

	for (unsigned int i = 0; i < SIMD_STATES; i++) {
		simd_deal(w, i, i ? 0 : from);
		if (!w->lanes[i].n)
			break;
		used += !(from && !i);
		w->states = max(w->states, i + 1);
	}
	return used;
}

static void simd_stream(struct simd_work *w, unsigned int states)
{
	const struct simd_lanes *l = w->lanes;

	w->states = max(w->states, states);
	/* Other texts lie in order, and most often in place. */
	if (w->scattered && states == SIMD_STATES && l->aligned &&
	    l[SIMD_STATES - 1].aligned) {
		chacha_aligned(w->stream, &w->table, &l->counter,
			       w->text.lane_blocks, l);
		return;
	}
#if SIMD_STATES == 2
	if (states == 2 && l[1].n > W / 2) {
		chacha_blocks2(w->stream, &w->table, l, NULL);
		return;
	}
	if (states && l[states - 1].n <= W / 2) {
		states--;
		chacha_blocks_half(w->stream + 16 * states, &w->table,
				   l + states);
	}
#endif
	if (states)
		chacha_blocks(w->stream, &w->table, l, NULL);
}

/* All but first blocks have gone by: complete the sums, and store them. */
static noinline void simd_sums_end(struct simd_work *w)
{
	struct simd_scatter *s = &w->scatter;

	s->summed = true;
	for (unsigned int i = 0; i < w->n; i++) {
		struct chacha20poly1305_msg *m = s->msg[i];
		u64 sum = s->first_sum[i];
		u16 field;

		if (!m || !(m->flags & AEAD_SUM_FLAGS))
			continue;
		for (unsigned int j = 0; j < M; j++)
			sum += ((u64 *)&s->sum[i])[j];
		sum = (sum & 0xffffffff) + (sum >> 32);
		m->csum = (u32)sum + (u32)(sum >> 32);
		if (!(m->flags & CHACHA20POLY1305_SUM_STORE))
			continue;
		field = aead_sum_fold(m->csum);
		memcpy(&s->first[i][m->csum_start + m->csum_offset], &field,
		       sizeof(field));
	}
}

/* Words of W blocks to blocks, in their place. */
static noinline void simd_turn(v32 *stream)
{
	simd_turn_xor(stream, NULL, NULL, 0, true);
}

/* Lane by lane, and with @sum, the sums of the texts. */
static noinline void simd_xor_lanes(v32 *stream, const struct simd_lanes *l,
				    v64 *sum)
{
	const u32 *left = (const u32 *)&l->left;
	const u32 *message = (const u32 *)&l->message;

	simd_turn(stream);
	for (unsigned int i = 0; i < l->n; i++)
		simd_xor_end(l->src.src[i], l->dst.dst[i], left[i],
			     (u8 *)stream + i * SIMD_BLOCK,
			     sum ? &sum[message[i]] : NULL);
}

static void simd_xor_all(struct simd_work *w, unsigned int states)
{
	for (unsigned int i = 0; i < states; i++) {
		const struct simd_lanes *l = &w->lanes[i];
		v32 *stream = w->stream + 16 * i;

		if (l->idle)
			continue;
		if (w->scattered && l->late && !w->scatter.summed)
			simd_sums_end(w);
		if (w->scattered && !l->late)
			simd_xor_lanes(stream, l, w->scatter.sum);
		else if (l->whole)
			chacha_turn_xor(stream, l->src.src, l->dst.dst, 0);
		else
			simd_xor_lanes(stream, l, NULL);
	}
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_LANES_H */
