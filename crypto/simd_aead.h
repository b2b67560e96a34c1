/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A group of ChaCha20-Poly1305 messages in vectors (RFC 8439, section 2.8).
 *
 * The first pass of ChaCha20 has block 0 of every message, which come out as
 * the one-time keys of Poly1305, already a message a lane. Lanes left over have
 * blocks of text. Poly1305 is a pass of its own over the ciphertext.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_AEAD_H
#define _LIB_CRYPTO_BATCH_SIMD_AEAD_H

#include <linux/build_bug.h>

#include "aead_impl.h"
#include "simd_lanes.h"
#ifdef SIMD_ROWS_END
#include "simd_rows.h"
#endif

/* What is left over of W lanes has the first messages again. */
static void simd_nonces(struct simd_work *w,
			const struct chacha20poly1305_msg *m)
{
	v32 *nonce = w->table.nonce;

	if (w->n == 1) {
		nonce[0] = simd_all32(m->salt);
		nonce[1] = simd_all32((u32)m->nonce);
		nonce[2] = simd_all32((u32)(m->nonce >> 32));
		return;
	}
	for (unsigned int i = 0, j = 0; i < W; i++) {
		((u32 *)&nonce[0])[i] = m[j].salt;
		((u32 *)&nonce[1])[i] = (u32)m[j].nonce;
		((u32 *)&nonce[2])[i] = (u32)(m[j].nonce >> 32);
		if (++j == w->n)
			j = 0;
	}
}

/* The first pass: blocks 0, and blocks of text in the lanes left over. */
static unsigned int simd_begin(struct simd_work *w, const u32 key[8],
			       const struct chacha20poly1305_msg *m)
{
	static const u32 constants[4] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
	};
	struct simd_lanes *l = w->lanes;
	unsigned int states;

	memcpy(w->table.first, constants, sizeof(constants));
	memcpy(w->table.first + 4, key, 32);
	w->table.first[12] = 0;
	w->deal = (struct simd_deal){
		.offset = w->scattered ? SIMD_BLOCK : 0,
	};
	simd_nonces(w, m);
	l->message = simd_lane_numbers;
	l->counter = simd_all32(0);
	chacha_prepare(&w->table);
	states = simd_deal_all(w, w->n);
	simd_stream(w, states);
	for (int i = 0; i < 8; i++)
		*(v32 *)w->poly_key[i] = w->stream[i];
	w->keyed = true;
	return states;
}

/* Whole rows of blocks, as far as they fill all states. */
static noinline void simd_aligned_passes(struct simd_work *w)
{
	const struct simd_text *t = &w->text;
	const struct chacha_texts b = {
		.src = t->lane_src.src,
		.dst = t->lane_dst.dst,
		.counter = t->lane_block + 1,
		.next = t->lane_blocks * SIMD_BLOCK,
	};
	const u32 step = SIMD_STATES * b.next;
	u32 offset = w->deal.offset;

	if (w->deal.message == w->n)
		offset += SIMD_BLOCK;
	if (offset + step <= t->shortest)
		w->states = SIMD_STATES;
	for (; offset + step <= t->shortest; offset += step)
		chacha_aligned_xor(w->stream, &w->table, &b, offset);
	w->deal.message = 0;
	w->deal.offset = offset;
}

#ifdef SIMD_ROWS_END
/* The last blocks of a message that is alone, if they are so few. */
static bool simd_rows_end(struct simd_work *w)
{
	const struct chacha_table *c = &w->table;
	const struct simd_text *t = &w->text;
	u32 offset = w->deal.offset, left;

	if (w->n > 1 || w->scattered)
		return false;
	if (w->deal.message)
		offset += SIMD_BLOCK;
	left = t->len[0] > offset ? t->len[0] - offset : 0;
	if (left > SIMD_ROWS_END)
		return false;
	if (!left)
		return true;
	w->states = max(w->states, 1U);
	rows_stream(w->stream, c->first + 4,
		    (c->first[12] + offset / SIMD_BLOCK + 1) |
		    (u64)c->nonce[0][0] << 32,
		    c->nonce[1][0] | (u64)c->nonce[2][0] << 32, left);
	rows_xor(w->stream, t->dst.dst[0] + offset, t->src.src[0] + offset, left);
	return true;
}
#else
static bool simd_rows_end(struct simd_work *w)
{
	return false;
}
#endif

/* XOR what @states of the first pass hold, and all passes after it. */
static void simd_passes(struct simd_work *w, unsigned int states)
{
	simd_xor_all(w, states);
	if (w->text.lane_blocks && !w->scattered &&
	    (!w->deal.message || w->deal.message == w->n))
		simd_aligned_passes(w);
	while (!simd_rows_end(w)) {
		states = simd_deal_all(w, 0);
		if (!states)
			break;
		simd_stream(w, states);
		simd_xor_all(w, states);
	}
}

/* What simd_blocks() needs for up to @len bytes, once w->auth has r. */
static __always_inline void simd_powers(struct simd_work *w, size_t len)
{
	if (len < SIMD_POLY_MIN)
		return;
	w->lanes_of_poly = max(w->lanes_of_poly, 1U);
	w->rowed = true;
	poly_one_powers(w->poly, &w->auth, len / (16 * M));
}

/* Whole blocks of one message, most of them in all lanes. */
static void simd_blocks(struct simd_work *w, struct poly1305_stream *st,
			const u8 *src, size_t len)
{
	const size_t row = 16 * M;

	if (len >= SIMD_POLY_MIN) {
		aead_poly1305_generic(st, src, len % row, NULL);
		poly_one(w->poly, st, src + len % row, len / row);
	} else {
		aead_poly1305_generic(st, src, len, NULL);
	}
}

/* @len bytes, and zeroes up to a whole block. */
static void simd_absorb(struct simd_work *w, const u8 *src, u32 len)
{
	struct poly1305_stream *st = &w->auth;
	u64 end[2] = { 0, 0 };

	if (len >= 16)
		simd_blocks(w, st, src, len & ~15U);
	if (len & 15) {
		simd_copy_small((u8 *)end, src + (len & ~15U), len & 15);
		aead_poly1305_generic(st, (u8 *)end, 16, NULL);
	}
}

#ifdef SIMD_SMALL_LANES
/* Whether vectors take the text and its lengths as one. */
static __always_inline bool simd_is_long(const struct poly_item *it)
{
	return it->len / 16 + 1 >= SIMD_TEXT_MIN &&
	       it->ad_len < SIMD_POLY_MIN;
}
#endif

/*
 * The tag of a message whose key is in w->auth, and what depends on it in
 * w->poly.
 */
static void simd_tag_text(struct simd_work *w, unsigned int i)
{
	const struct poly_item *it = &w->item[i];
	struct poly1305_stream *st = &w->auth;
	const u64 end[2] = { it->ad_len, it->len };

	w->tagged = true;
	simd_absorb(w, it->ad, it->ad_len);
#ifdef SIMD_SMALL_LANES
	if (simd_is_long(it)) {
		poly_one_text(w->poly, st, it);
		poly1305_stream_final(st, (u8 *)w->tag[i]);
		return;
	}
#endif
	simd_absorb(w, it->text, it->len);
	aead_poly1305_generic(st, (const u8 *)end, 16, NULL);
	poly1305_stream_final(st, (u8 *)w->tag[i]);
}

/* The key of one message of several. */
static __always_inline void simd_key(struct simd_work *w, unsigned int i)
{
	struct poly1305_stream *st = &w->auth;

	st->r[0] = (w->poly_key[0][i] & 0x0fffffff) |
		   (u64)(w->poly_key[1][i] & 0x0ffffffc) << 32;
	st->r[1] = (w->poly_key[2][i] & 0x0ffffffc) |
		   (u64)(w->poly_key[3][i] & 0x0ffffffc) << 32;
	for (int j = 0; j < 4; j++)
		st->s[j] = w->poly_key[4 + j][i];
	st->h[0] = 0;
	st->h[1] = 0;
	st->h[2] = 0;
}

/* The tag of one message of several. */
static void simd_tag(struct simd_work *w, unsigned int i)
{
	const struct poly_item *it = &w->item[i];

	simd_key(w, i);
#ifdef SIMD_SMALL_LANES
	if (simd_is_long(it)) {
		w->lanes_of_poly = max(w->lanes_of_poly, 1U);
		w->rowed = true;
		poly_one_powers(w->poly, &w->auth, (it->len / 16 + 1) / M + 1);
		simd_tag_text(w, i);
		return;
	}
#endif
	simd_powers(w, max(it->len, it->ad_len));
	simd_tag_text(w, i);
}

#ifdef SIMD_SMALL
#include "simd_small.h"
#endif

static void simd_authenticate(struct simd_work *w)
{
	unsigned int i = 0;

	w->tagged = true;
	if (w->even && w->n >= M) {
		i = w->n / M * M;
		w->lanes_of_poly = max(w->lanes_of_poly, i / M);
		poly_even_tags(w->poly, i, w->item, w->poly_key, w->tag,
			       (u8 *)w->poly_odd.odd);
		w->odd |= SIMD_EVEN_USES_ODD;
	}
	for (; i < w->n; i += M) {
		unsigned int n = min_t(unsigned int, w->n - i, M);

		if (w->even && n <= M / 2 && n >= SIMD_PAIRS &&
		    w->item->len > SIMD_PAIRS_MIN) {
			w->odd = true;
			w->rowed = true;
			w->lanes_of_poly = 2;
			poly_pair_tags(w->poly, &w->poly_odd, &w->item[i], n,
				       w->poly_key, &w->tag[i], i);
			break;
		}
		if (n <= SIMD_SINGLY) {
			for (; i < w->n; i++)
				simd_tag(w, i);
			break;
		}
		w->odd = true;
		w->rowed = true;
		w->lanes_of_poly = max(w->lanes_of_poly, 1U);
		poly_tags(w->poly, &w->poly_odd, &w->item[i], n, w->poly_key,
			  &w->tag[i], i);
	}
}

/* What is known of all texts so far. */
struct simd_span {
	u32	longest;
	u32	shortest;
	u32	ad;
};

static __always_inline void simd_item(struct simd_work *w, unsigned int i,
				      const struct chacha20poly1305_msg *m,
				      const u8 *src, const u8 *ciphertext,
				      struct simd_span *s)
{
	struct simd_text *t = &w->text;

	t->src.src[i] = src;
	t->dst.dst[i] = m->dst;
	t->len[i] = m->len;
	s->longest = max(s->longest, m->len);
	s->shortest = min(s->shortest, m->len);
	s->ad |= m->ad_len;
	w->item[i].text = ciphertext;
	w->item[i].len = m->len;
	w->item[i].ad = m->ad;
	w->item[i].ad_len = m->ad_len;
}

static void simd_items_end(struct simd_work *w, const struct simd_span *s)
{
	struct simd_text *t = &w->text;

	t->longest = s->longest;
	t->shortest = s->shortest;
	w->even = s->longest == s->shortest && !s->ad;

	t->lane_blocks = 0;
	if (W % w->n || (w->scattered && w->n != W) ||
	    s->shortest < W / w->n * SIMD_BLOCK)
		return;
	t->lane_blocks = W / w->n;
	if (w->n == W) {
		t->lane_src = t->src;
		t->lane_dst = t->dst;
		t->lane_message = simd_lane_numbers;
		t->lane_block = simd_all32(0);
		return;
	}
	for (unsigned int i = 0, m = 0, block = 0; i < W; i++) {
		t->lane_src.src[i] = t->src.src[m] + block * SIMD_BLOCK;
		t->lane_dst.dst[i] = t->dst.dst[m] + block * SIMD_BLOCK;
		((u32 *)&t->lane_message)[i] = m;
		((u32 *)&t->lane_block)[i] = block;
		if (++m == w->n) {
			m = 0;
			block++;
		}
	}
}

/* The sum of the 32-bit words of a block, less what is before @start. */
static u64 simd_first_sum(const u8 *block, u32 start)
{
	u64 sum = 0, v;

	for (u32 i = start & ~7U; i < SIMD_BLOCK; i += 8) {
		memcpy(&v, block + i, 8);
		if (i < start)
			v &= ~0ULL << (8 * (start - i));
		sum += (u32)v;
		sum += v >> 32;
	}
	return sum;
}

/* Fetch what the first passes will read. */
static void simd_prefetch(const struct chacha20poly1305_msg *m)
{
	for (u32 i = 0; i < m->nr_src; i++) {
		const u8 *src = m->src[i].iov_base;

		for (u32 j = 0; j < 4 * SIMD_BLOCK && j < m->src[i].iov_len;
		     j += 64)
			__builtin_prefetch(src + j);
	}
}

/* Begin a text that is to be gathered on the way; its first block is held. */
static void simd_scatter(struct simd_work *w, unsigned int i,
			 struct chacha20poly1305_msg *m)
{
	struct simd_scatter *s = &w->scatter;
	u32 field = m->csum_start + m->csum_offset;

	if (((m->flags & AEAD_SUM_FLAGS) && m->csum_start > SIMD_BLOCK) ||
	    ((m->flags & CHACHA20POLY1305_SUM_STORE) &&
	     field > SIMD_BLOCK - sizeof(u16))) {
		/* Rare: the sum does not begin, or end, in the first block. */
		simd_gather_text(m);
		s->msg[i] = NULL;
		s->until[i] = ~0U;
		simd_copy_part(s->first[i], m->dst, 0,
			       min_t(u32, m->len, SIMD_BLOCK));
		return;
	}
	s->msg[i] = m;
	s->cursor[i] = (struct aead_cursor){ .vec = m->src };
	s->at[i] = 0;
	s->until[i] = 0;
	s->sum[i] = simd_all64(0);
	memset(s->first[i], 0, SIMD_BLOCK);
	if (m->len) {
		const u32 len = min_t(u32, m->len, SIMD_BLOCK);
		const u8 *src = simd_gather(w, i, 0, len, s->first[i]);

		if (src != s->first[i])
			simd_copy_part(s->first[i], src, 0, len);
	}
	s->first_sum[i] = simd_first_sum(s->first[i], m->csum_start);
}

static void simd_seal(struct simd_work *w, struct chacha20poly1305_msg *m,
		      unsigned int n, const u32 key[8])
{
	struct simd_span span = { .shortest = ~0U };
	unsigned int states;
	bool scattered = false;

	w->n = n;
	for (unsigned int i = 0; i < n; i++)
		scattered |= aead_must_gather(&m[i]);
	w->scattered = scattered;
	w->used_scatter |= scattered;
	w->scatter.summed = false;
	for (unsigned int i = 0; scattered && i < n; i++)
		simd_prefetch(&m[i]);
	for (unsigned int i = 0; i < n; i++) {
		const u8 *src = scattered ? m[i].dst : m[i].src->iov_base;

		simd_item(w, i, &m[i], src, m[i].dst, &span);
		if (scattered)
			simd_scatter(w, i, &m[i]);
	}
	simd_items_end(w, &span);
	states = simd_begin(w, key, m);
	simd_passes(w, states);
	simd_wipe_chacha(w);
	simd_authenticate(w);
	for (unsigned int i = 0; i < n; i++)
		memcpy(m[i].dst + m[i].len, w->tag[i], 16);
}

/* The lanes of messages that failed run empty. */
static noinline void simd_drop(struct simd_work *w,
			       const struct chacha20poly1305_msg *m,
			       unsigned int states)
{
	for (unsigned int s = 0; s < states; s++) {
		struct simd_lanes *l = &w->lanes[s];

		for (unsigned int i = 0; i < l->n; i++) {
			if (m[((u32 *)&l->message)[i]].err) {
				((u32 *)&l->left)[i] = 0;
				l->whole = false;
			}
		}
	}
}

/* Have a ciphertext in one piece, and its tag at hand. */
static noinline const u8 *simd_gather_sealed(struct simd_work *w,
					     unsigned int i,
					     struct chacha20poly1305_msg *m)
{
	struct aead_cursor c = { .vec = m->src };
	const u8 *src = aead_span(&c, m->src + m->nr_src, m->len);

	if (!src) {
		aead_gather(&c, m->dst, m->len);
		src = m->dst;
	}
	aead_gather(&c, (u8 *)w->given[i], 16);
	return src;
}

static void simd_open(struct simd_work *w, struct chacha20poly1305_msg *m,
		      unsigned int n, const u32 key[8])
{
	struct simd_span span = { .shortest = ~0U };
	unsigned int states;
	bool failed;

	w->n = n;
	w->scattered = false;
	for (unsigned int i = 0; i < n; i++) {
		const u8 *src = m[i].src->iov_base;

		if (likely(m[i].nr_src == 1))
			memcpy(w->given[i], src + m[i].len, 16);
		else
			src = simd_gather_sealed(w, i, &m[i]);
		simd_item(w, i, &m[i], src, src, &span);
	}
	simd_items_end(w, &span);
	states = simd_begin(w, key, m);
	simd_authenticate(w);
	simd_wipe_poly(w);
	failed = crypto_memneq(w->given, w->tag, 16 * n);
	for (unsigned int i = 0; failed && i < n; i++) {
		m[i].err = aead_tag_compare((const u8 *)w->given[i],
					    (const u8 *)w->tag[i]);
		if (m[i].err) {
			memset(m[i].dst, 0, m[i].len);
			w->text.len[i] = 0;
			w->text.shortest = 0;
		}
	}
	if (failed)
		simd_drop(w, m, states);
	simd_passes(w, states);
	for (unsigned int i = 0; i < n; i++) {
		if ((m[i].flags & AEAD_SUM_FLAGS) && !m[i].err)
			aead_sum_text(&m[i], m[i].dst);
	}
}

/* True if the message has been dealt with alone, in a shorter way. */
static __always_inline bool simd_sealed(struct simd_work *w,
					struct chacha20poly1305_msg *m,
					const u32 key[8])
{
#ifdef SIMD_SMALL
	if (m->len <= SIMD_SMALL && m->ad_len < SIMD_POLY_MIN) {
		small_seal(w, m, key);
		return true;
	}
#else
	if (m->len <= SIMD_TINY) {
		aead_seal_group_generic(m, 1, key, NULL);
		return true;
	}
#endif
	return false;
}

static __always_inline bool simd_opened(struct simd_work *w,
					struct chacha20poly1305_msg *m,
					const u32 key[8])
{
#ifdef SIMD_SMALL
	if (m->len <= SIMD_SMALL && m->nr_src == 1 &&
	    m->ad_len < SIMD_POLY_MIN) {
		small_open(w, m, key);
		return true;
	}
#else
	if (m->len <= SIMD_TINY) {
		aead_open_group_generic(m, 1, key, NULL);
		return true;
	}
#endif
	return false;
}

static void simd_seal_group(struct chacha20poly1305_msg *m, unsigned int n,
			    const u32 key[8], void *ctx)
{
	struct simd_work *w = ctx;

	BUILD_BUG_ON(sizeof(*w) > AEAD_CTX_BYTES);
	BUILD_BUG_ON(offsetof(struct simd_work, stream) != AEAD_CTX_OPEN);
	while (n && n <= SIMD_ALONE && simd_sealed(w, m, key)) {
		m++;
		n--;
	}
	if (!n)
		return;
	for (unsigned int i = 0; i < n; i += W)
		simd_seal(w, m + i, min_t(unsigned int, n - i, W), key);
	simd_wipe(w);
}

static void simd_open_group(struct chacha20poly1305_msg *m, unsigned int n,
			    const u32 key[8], void *ctx)
{
	struct simd_work *w = ctx;

	while (n && n <= SIMD_ALONE && simd_opened(w, m, key)) {
		m++;
		n--;
	}
	if (!n)
		return;
	for (unsigned int i = 0; i < n; i += W)
		simd_open(w, m + i, min_t(unsigned int, n - i, W), key);
	simd_wipe(w);
}

/* One stream, its blocks in all lanes. */
static void simd_chacha20(u32 state[16], u8 *dst, const u8 *src, size_t len,
			  void *ctx)
{
	struct simd_work *w = ctx;
	unsigned int states;
	struct chacha20poly1305_msg m = { .dst = dst, .len = len };
	struct simd_span span = { len, len };

	w->n = 1;
	w->scattered = false;
	simd_item(w, 0, &m, src, dst, &span);
	simd_items_end(w, &span);
	memcpy(w->table.first, state, 64);
	/* Blocks of text count from 1. */
	w->table.first[12]--;
	for (int i = 0; i < 3; i++)
		w->table.nonce[i] = simd_all32(state[13 + i]);
	w->deal = (struct simd_deal){};
	chacha_prepare(&w->table);
	states = simd_deal_all(w, 0);
	simd_stream(w, states);
	simd_passes(w, states);
	state[12] += (len + SIMD_BLOCK - 1) / SIMD_BLOCK;
	simd_wipe(w);
}

/* One message's whole blocks, in all lanes. */
static void simd_poly1305(struct poly1305_stream *st, const u8 *src,
			  size_t len, void *ctx)
{
	struct simd_work *w = ctx;

	if (len >= SIMD_POLY_MIN) {
		w->lanes_of_poly = max(w->lanes_of_poly, 1U);
		w->keyed = true;
		w->rowed = true;
		poly_one_powers(w->poly, st, len / (16 * M));
	}
	simd_blocks(w, st, src, len);
	simd_wipe_poly(w);
}

/* The functions of aead_impl.h, for the ISA of the including file. */
#define SIMD_ENTRY_POINTS(isa)						       \
void aead_seal_group_##isa(struct chacha20poly1305_msg *m, unsigned int n,     \
			   const u32 key[8], void *ctx)			       \
{									       \
	simd_seal_group(m, n, key, ctx);				       \
}									       \
									       \
void aead_open_group_##isa(struct chacha20poly1305_msg *m, unsigned int n,     \
			   const u32 key[8], void *ctx)			       \
{									       \
	simd_open_group(m, n, key, ctx);				       \
}									       \
									       \
void aead_chacha20_##isa(u32 state[16], u8 *dst, const u8 *src, size_t len,    \
			 void *ctx)					       \
{									       \
	simd_chacha20(state, dst, src, len, ctx);			       \
}									       \
									       \
void aead_poly1305_##isa(struct poly1305_stream *st, const u8 *src,	       \
			 size_t len, void *ctx)				       \
{									       \
	simd_poly1305(st, src, len, ctx);				       \
}									       \
static_assert(AEAD_GROUP % W == 0)

#endif /* _LIB_CRYPTO_BATCH_SIMD_AEAD_H */
