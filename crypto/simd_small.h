/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One message alone. Its first blocks are rows, so that the one-time key is there
 * early. What these leave of a longer message has a block in every lane.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_SMALL_H
#define _LIB_CRYPTO_BATCH_SIMD_SMALL_H

#include <crypto/chacha20poly1305_batch.h>
#include <crypto/poly1305_batch.h>
#include <linux/string.h>

#include "aead_common.h"
#include "aead_impl.h"
#include "simd_lanes.h"
#include "simd_rows.h"

/* How the blocks of a text are dealt: bytes in rows, and where the tail begins. */
struct small_plan {
	u32	first;
	u32	tail;
};

#ifdef SIMD_SMALL_LANES
static noinline void small_table(struct simd_work *w, const u32 key[8],
				 const struct chacha20poly1305_msg *m)
{
	static const u32 constants[4] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
	};
	struct chacha_table *t = &w->table;

	memcpy(t->first, constants, sizeof(constants));
	memcpy(t->first + 4, key, 32);
	t->first[12] = 0;
	t->nonce[0] = simd_all32(m->salt);
	t->nonce[1] = simd_all32((u32)m->nonce);
	t->nonce[2] = simd_all32((u32)(m->nonce >> 32));
	chacha_prepare(t);
	w->prepared = true;
}

/* One or two vectors of blocks from @from on. */
static void small_lanes(struct simd_work *w, v32 *out, unsigned int vectors,
			u32 from, struct poly_chain *beside)
{
	struct simd_lanes *l = w->lanes;

	l[0].message = simd_all32(0);
	l[0].counter = simd_lane_numbers + from;
	if (vectors == 1) {
		chacha_blocks(out, &w->table, l, beside);
	} else {
		l[1].message = simd_all32(0);
		l[1].counter = l[0].counter + W;
		chacha_blocks2(out, &w->table, l, beside);
		simd_turn(out + 16);
	}
	simd_turn(out);
}

/*
 * As many rows as leave whole vectors of lanes, where two states of them do;
 * else the first vector of lanes has block 0 too. The last one or two vectors,
 * whichever leaves pairs, are the tail: beside them, the powers for Poly1305
 * take no time.
 */
static void small_begin(struct simd_work *w, const u32 key[8],
			const struct chacha20poly1305_msg *m,
			struct small_plan *plan)
{
	const u32 blocks = m->len / SIMD_BLOCK + !!(m->len % SIMD_BLOCK);
	const unsigned int few = blocks % W / ROWS_BLOCKS + 1;
	const unsigned int states = few < 3 ? few : 4;
	const u32 first = states * ROWS_BLOCKS - 1;
	const u32 rest = blocks > first ? (blocks - first + W - 1) / W : 0;
	const bool is_long = simd_is_long(&w->item[0]);
	const u32 rows = (m->len / 16 + 1) / M + 1;

	plan->first = min(m->len, first * SIMD_BLOCK);
	plan->tail = m->len;
	w->rows = 4 * states;
	if (rest || states == ROWS_STATES)
		small_table(w, key, m);
	if (states == 4)
		small_lanes(w, w->stream, 1, 0, NULL);
	else if (states == 2)
		rows_blocks_2(w->stream, key, (u64)m->salt << 32, m->nonce);
	else
		rows_blocks_1(w->stream, key, (u64)m->salt << 32, m->nonce);
	poly1305_stream_init(&w->auth, (const u8 *)w->stream);
	if (!is_long)
		return;
	w->lanes_of_poly = 1;
	if (rest) {
		const u32 tail = 2 - rest % 2;
		const u32 from = first + (rest - tail) * W;

		plan->tail = from * SIMD_BLOCK;
		w->tail = tail * W;
		poly_chain_begin(&w->chain, w->poly->row, &w->auth);
		small_lanes(w, w->tail_stream, tail, from + 1, &w->chain);
		poly_chain_ended(&w->chain, w->poly, rows);
	} else {
		poly_one_powers(w->poly, &w->auth, rows);
	}
}

/* What is between rows and tail. */
static noinline void small_pairs(struct simd_work *w,
				 const struct chacha20poly1305_msg *m,
				 const u8 *src, const struct small_plan *plan)
{
	struct simd_text *t = &w->text;
	const v64 first = simd_widen((const u32 *)&simd_lane_numbers);
	const struct chacha_texts b = {
		.src = t->src.src,
		.dst = t->dst.dst,
		.counter = simd_lane_numbers + 1,
		.next = W * SIMD_BLOCK,
	};
	u32 offset;

	w->rows = 2 * 16;
	for (int i = 0; i < 2; i++) {
		const v64 at = (first + i * M) * SIMD_BLOCK;

		t->src.v[i] = (uintptr_t)src + at;
		t->dst.v[i] = (uintptr_t)m->dst + at;
	}
	for (offset = plan->first; offset < plan->tail; offset += 2 * b.next)
		chacha_aligned_xor(w->stream, &w->table, &b, offset);
}

static void small_xor_all(struct simd_work *w,
			  const struct chacha20poly1305_msg *m, const u8 *src,
			  const struct small_plan *plan)
{
	if (plan->first)
		rows_xor(w->stream + 1, m->dst, src, plan->first);
	if (plan->first < plan->tail)
		small_pairs(w, m, src, plan);
	if (plan->tail < m->len)
		rows_xor(w->tail_stream, m->dst + plan->tail,
			 src + plan->tail, m->len - plan->tail);
}
#else
static void small_begin(struct simd_work *w, const u32 key[8],
			const struct chacha20poly1305_msg *m,
			struct small_plan *plan)
{
	plan->first = m->len;
	plan->tail = m->len;
	w->rows = rows_stream(w->stream, key, (u64)m->salt << 32, m->nonce,
			      SIMD_BLOCK + m->len);
	poly1305_stream_init(&w->auth, (const u8 *)w->stream);
}

static void small_xor_all(struct simd_work *w,
			  const struct chacha20poly1305_msg *m, const u8 *src,
			  const struct small_plan *plan)
{
	if (m->len)
		rows_xor(w->stream + 16 / W, m->dst, src, m->len);
}
#endif

static void small_item(struct simd_work *w, const u8 *ciphertext,
		       const struct chacha20poly1305_msg *m)
{
	w->item[0].text = ciphertext;
	w->item[0].len = m->len;
	w->item[0].ad = m->ad;
	w->item[0].ad_len = m->ad_len;
}

static void small_wipe(struct simd_work *w)
{
	simd_clear(w->stream, w->stream + w->rows);
	simd_clear(&w->chain, &w->auth + 1);
	simd_clear(w->tag, w->tag + 1);
	w->tagged = false;
	if (w->lanes_of_poly)
		simd_clear(&w->poly->power[SIMD_ONE_ROWS == 2],
			   w->poly + 1);
	w->lanes_of_poly = 0;
#ifdef SIMD_SMALL_LANES
	simd_clear(w->tail_stream, w->tail_stream + w->tail);
	w->tail = 0;
	simd_clear(&w->table, &w->table + w->prepared);
	w->prepared = false;
#endif
}

static noinline void small_seal(struct simd_work *w,
				struct chacha20poly1305_msg *m,
				const u32 key[8])
{
	const u8 *src = m->dst;
	struct small_plan plan;

	if (aead_must_gather(m))
		simd_gather_text(m);
	else
		src = m->src->iov_base;
	small_item(w, m->dst, m);
	small_begin(w, key, m, &plan);
	small_xor_all(w, m, src, &plan);
	simd_tag_text(w, 0);
	memcpy(m->dst + m->len, w->tag[0], 16);
	small_wipe(w);
}

/* The ciphertext and its tag are in one fragment. */
static noinline void small_open(struct simd_work *w,
				struct chacha20poly1305_msg *m,
				const u32 key[8])
{
	const u8 *src = m->src->iov_base;
	struct small_plan plan;

	small_item(w, src, m);
	small_begin(w, key, m, &plan);
	simd_tag_text(w, 0);
	m->err = aead_tag_compare(src + m->len, (const u8 *)w->tag[0]);
	if (m->err) {
		memset(m->dst, 0, m->len);
	} else {
		small_xor_all(w, m, src, &plan);
		aead_sum_text(m, m->dst);
	}
	small_wipe(w);
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_SMALL_H */
