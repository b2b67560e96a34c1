/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One message alone. Its first blocks are rows: a row of ChaCha20's state (RFC
 * 8439, section 2.3) in each 128 bits of a vector, so that four vectors are
 * W / 4 whole blocks. For few blocks that takes far fewer instructions than a
 * block a lane, and the one-time key is there early. What these leave of a
 * longer message has a block in every lane.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_SMALL_H
#define _LIB_CRYPTO_BATCH_SIMD_SMALL_H

#include <crypto/chacha20poly1305_batch.h>
#include <crypto/poly1305_batch.h>
#include <linux/string.h>

#include "aead_common.h"
#include "aead_impl.h"
#include "simd_lanes.h"

/* Blocks of a state of rows, and how many states there may be. */
#define SMALL_BLOCKS	(W / 4)
#define SMALL_STATES	(W / 4)

/* Lanes further on, within each 128 bits; and which blocks those are. */
#if W == 16
static __always_inline v32 small_turn1(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    1, 2, 3, 0, 5, 6, 7, 4,
			    9, 10, 11, 8, 13, 14, 15, 12);
}

static __always_inline v32 small_turn2(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    2, 3, 0, 1, 6, 7, 4, 5,
			    10, 11, 8, 9, 14, 15, 12, 13);
}

static __always_inline v32 small_turn3(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    3, 0, 1, 2, 7, 4, 5, 6,
			    11, 8, 9, 10, 15, 12, 13, 14);
}

static const v32 small_counters = {
	0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,
};

static const v32 small_next = {
	4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0,
};
#else
static __always_inline v32 small_turn1(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    1, 2, 3, 0, 5, 6, 7, 4);
}

static __always_inline v32 small_turn2(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    2, 3, 0, 1, 6, 7, 4, 5);
}

static __always_inline v32 small_turn3(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    3, 0, 1, 2, 7, 4, 5, 6);
}

static const v32 small_counters = { 0, 0, 0, 0, 1, 0, 0, 0 };
static const v32 small_next = { 2, 0, 0, 0, 2, 0, 0, 0 };
#endif

/*
 * Half of a column round's steps, on all states in turns: a step depends on the
 * one before it.
 */
static __always_inline void small_half(v32 x[][4], const unsigned int states,
				       int turn_d, int turn_b)
{
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++)
		x[s][0] = simd_add32(x[s][0], x[s][1]);
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++)
		x[s][3] = simd_xor32(x[s][3], x[s][0]);
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++)
		x[s][3] = simd_rol32(x[s][3], turn_d);
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++)
		x[s][2] = simd_add32(x[s][2], x[s][3]);
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++)
		x[s][1] = simd_xor32(x[s][1], x[s][2]);
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++)
		x[s][1] = simd_rol32(x[s][1], turn_b);
}

/* The first @states * SMALL_BLOCKS blocks of the key stream. */
static __always_inline void small_blocks(v32 *out, const u32 key[8],
					 const struct chacha20poly1305_msg *m,
					 const unsigned int states)
{
	/* From registers: what was stored word by word is slow to load. */
	const v32 first[4] = {
		simd_quarters_of(0x3320646e61707865, 0x6b20657479622d32),
		simd_quarters_of(key[0] | (u64)key[1] << 32,
				 key[2] | (u64)key[3] << 32),
		simd_quarters_of(key[4] | (u64)key[5] << 32,
				 key[6] | (u64)key[7] << 32),
		simd_quarters_of((u64)m->salt << 32, m->nonce) + small_counters,
	};
	v32 x[SMALL_STATES][4], d = first[3];

#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++) {
		x[s][0] = first[0];
		x[s][1] = first[1];
		x[s][2] = first[2];
		x[s][3] = d;
		d += small_next;
	}
	/* Rows 0, 2 and 3 turn about row 1, which is the last to be ready. */
	for (int i = 0; i < 10; i++) {
		small_half(x, states, 16, 12);
		small_half(x, states, 8, 7);
#pragma GCC unroll 4
		for (unsigned int s = 0; s < states; s++) {
			x[s][0] = small_turn3(x[s][0]);
			x[s][2] = small_turn1(x[s][2]);
			x[s][3] = small_turn2(x[s][3]);
		}
		small_half(x, states, 16, 12);
		small_half(x, states, 8, 7);
#pragma GCC unroll 4
		for (unsigned int s = 0; s < states; s++) {
			x[s][0] = small_turn1(x[s][0]);
			x[s][2] = small_turn3(x[s][2]);
			x[s][3] = small_turn2(x[s][3]);
		}
	}
	d = first[3];
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++) {
		x[s][0] += first[0];
		x[s][1] += first[1];
		x[s][2] += first[2];
		x[s][3] += d;
		d += small_next;
		simd_turn_rows((v64 *)(out + 4 * s), (const v64 *)x[s]);
	}
}

#define SMALL_OF(states)						       \
static noinline void small_blocks_##states(v32 *out, const u32 key[8],	       \
					   const struct chacha20poly1305_msg *m) \
{									       \
	small_blocks(out, key, m, states);				       \
}

SMALL_OF(1)
SMALL_OF(2)

/* XOR key stream to @len bytes. */
static noinline void small_xor(v32 *stream, u8 *dst, const u8 *src, u32 len)
{
	u8 *block = (u8 *)stream;

	for (; len > SIMD_BLOCK; len -= SIMD_BLOCK) {
		simd_xor_end(src, dst, SIMD_BLOCK, block, NULL);
		src += SIMD_BLOCK;
		dst += SIMD_BLOCK;
		block += SIMD_BLOCK;
	}
	simd_xor_end(src, dst, len, block, NULL);
}

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
	const unsigned int few = blocks % W / SMALL_BLOCKS + 1;
	const unsigned int states = few < 3 ? few : 4;
	const u32 first = states * SMALL_BLOCKS - 1;
	const u32 rest = blocks > first ? (blocks - first + W - 1) / W : 0;
	const bool is_long = simd_is_long(&w->item[0]);
	const u32 rows = (m->len / 16 + 1) / M + 1;

	plan->first = min(m->len, first * SIMD_BLOCK);
	plan->tail = m->len;
	w->rows = 4 * states;
	if (rest || states == SMALL_STATES)
		small_table(w, key, m);
	if (states == 4)
		small_lanes(w, w->stream, 1, 0, NULL);
	else if (states == 2)
		small_blocks_2(w->stream, key, m);
	else
		small_blocks_1(w->stream, key, m);
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
		small_xor(w->stream + 1, m->dst, src, plan->first);
	if (plan->first < plan->tail)
		small_pairs(w, m, src, plan);
	if (plan->tail < m->len)
		small_xor(w->tail_stream, m->dst + plan->tail,
			  src + plan->tail, m->len - plan->tail);
}
#else
static void small_begin(struct simd_work *w, const u32 key[8],
			const struct chacha20poly1305_msg *m,
			struct small_plan *plan)
{
	plan->first = m->len;
	plan->tail = m->len;
	if (m->len <= SIMD_BLOCK) {
		w->rows = 4;
		small_blocks_1(w->stream, key, m);
	} else {
		w->rows = 8;
		small_blocks_2(w->stream, key, m);
	}
	poly1305_stream_init(&w->auth, (const u8 *)w->stream);
}

static void small_xor_all(struct simd_work *w,
			  const struct chacha20poly1305_msg *m, const u8 *src,
			  const struct small_plan *plan)
{
	if (m->len)
		small_xor(w->stream + 16 / W, m->dst, src, m->len);
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
