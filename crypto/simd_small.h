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
	static const u32 constants[4] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
	};
	const u32 nonce[4] = {
		0, m->salt, (u32)m->nonce, (u32)(m->nonce >> 32),
	};
	const v32 first[4] = {
		simd_quarters_of(constants), simd_quarters_of(key),
		simd_quarters_of(key + 4),
		simd_quarters_of(nonce) + small_counters,
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
#if SMALL_STATES == 4
SMALL_OF(3)
SMALL_OF(4)
#endif

/*
 * How many states of rows there are: as few as leave whole vectors of lanes,
 * so that each block of rows is one that no lane has to be there for.
 */
static unsigned int small_states(u32 blocks)
{
#ifdef SIMD_SMALL_LANES
	return blocks % W / SMALL_BLOCKS + 1;
#else
	return blocks < SMALL_BLOCKS ? 1 : 2;
#endif
}

/* The first blocks, and the one-time key. Returns how many bytes of text. */
static u32 small_begin(struct simd_work *w, const u32 key[8],
		       const struct chacha20poly1305_msg *m,
		       const u8 *ciphertext)
{
	struct poly_item *it = &w->item[0];
	const u32 blocks = m->len / SIMD_BLOCK + !!(m->len % SIMD_BLOCK);
	const unsigned int states = small_states(blocks);

	w->vectors = 4 * states;
#if SMALL_STATES == 4
	if (states == 4)
		small_blocks_4(w->stream, key, m);
	else if (states == 3)
		small_blocks_3(w->stream, key, m);
	else
#endif
	if (states == 2)
		small_blocks_2(w->stream, key, m);
	else
		small_blocks_1(w->stream, key, m);
	poly1305_stream_init(&w->auth, (const u8 *)w->stream);
	it->text = ciphertext;
	it->len = m->len;
	it->ad = m->ad;
	it->ad_len = m->ad_len;
	/* Scalar code, which runs beside the vectors of what comes next. */
	simd_powers(w, max(m->len, m->ad_len));
	return min_t(u32, m->len, (states * SMALL_BLOCKS - 1) * SIMD_BLOCK);
}

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

#ifdef SIMD_SMALL_LANES
/* What is behind the rows. */
static noinline void small_lanes(struct simd_work *w, const u32 key[8],
				 const struct chacha20poly1305_msg *m,
				 const u8 *src, u32 offset)
{
	static const u32 constants[4] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
	};
	struct simd_text *t = &w->text;
	const v64 first = simd_widen((const u32 *)&simd_lane_numbers);
	const struct chacha_texts b = {
		.src = t->src.src,
		.dst = t->dst.dst,
		.counter = simd_lane_numbers + 1,
		.next = W * SIMD_BLOCK,
	};
	const u32 len = m->len;

	memcpy(w->table.first, constants, sizeof(constants));
	memcpy(w->table.first + 4, key, 32);
	w->table.first[12] = 0;
	w->table.nonce[0] = simd_all32(m->salt);
	w->table.nonce[1] = simd_all32((u32)m->nonce);
	w->table.nonce[2] = simd_all32((u32)(m->nonce >> 32));
	for (int i = 0; i < 2; i++) {
		const v64 at = (first + i * M) * SIMD_BLOCK;

		t->src.v[i] = (uintptr_t)src + at;
		t->dst.v[i] = (uintptr_t)m->dst + at;
	}
	chacha_prepare(&w->table);
	for (; offset + 2 * b.next <= len; offset += 2 * b.next)
		chacha_aligned_xor(&w->table, &b, offset);
	for (; offset < len; offset += b.next) {
		w->vectors = 16;
		chacha_aligned1(w->stream, &w->table, &b, offset);
		small_xor(w->stream, m->dst + offset, src + offset,
			  min(len - offset, b.next));
	}
	simd_clear(&w->table, &w->table + 1);
}
#endif

static void small_xor_all(struct simd_work *w, const u32 key[8],
			  const struct chacha20poly1305_msg *m,
			  const u8 *src, u32 first)
{
	if (first)
		small_xor(w->stream + 16 / W, m->dst, src, first);
#ifdef SIMD_SMALL_LANES
	if (m->len > first)
		small_lanes(w, key, m, src, first);
#endif
}

static void small_wipe(struct simd_work *w)
{
	simd_clear(w->stream, w->stream + w->vectors);
	simd_clear(&w->auth, &w->auth + 1);
	simd_clear(w->item, w->item + 1);
	simd_clear(w->poly, w->poly + w->lanes_of_poly);
	w->lanes_of_poly = 0;
}

static noinline void small_seal(struct simd_work *w,
				struct chacha20poly1305_msg *m,
				const u32 key[8])
{
	struct poly_item *it = &w->item[0];
	const u8 *src = m->dst;
	u32 first;

	if (aead_must_gather(m))
		simd_gather_text(m);
	else
		src = m->src->iov_base;
	first = small_begin(w, key, m, m->dst);
	small_xor_all(w, key, m, src, first);
	simd_tag_text(w, it);
	memcpy(m->dst + m->len, it->tag, 16);
	small_wipe(w);
}

/* The ciphertext and its tag are in one fragment. */
static noinline void small_open(struct simd_work *w,
				struct chacha20poly1305_msg *m,
				const u32 key[8])
{
	const u8 *src = m->src->iov_base;
	struct poly_item *it = &w->item[0];
	u32 first;

	first = small_begin(w, key, m, src);
	simd_tag_text(w, it);
	m->err = aead_tag_compare(src + m->len, (const u8 *)it->tag);
	if (m->err) {
		memset(m->dst, 0, m->len);
	} else {
		small_xor_all(w, key, m, src, first);
		aead_sum_text(m, m->dst);
	}
	small_wipe(w);
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_SMALL_H */
