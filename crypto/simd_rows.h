/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks of one message as rows: a row of ChaCha20's state (RFC 8439, section
 * 2.3) in each 128 bits of a vector, so that four vectors are W / 4 whole blocks.
 * For few blocks that takes far fewer instructions than a block a lane.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_ROWS_H
#define _LIB_CRYPTO_BATCH_SIMD_ROWS_H

#include <linux/types.h>

/* Blocks of a state of rows, and how many states the registers hold. */
#define ROWS_BLOCKS	(W / 4)
#define ROWS_STATES	(W == 16 ? 4 : 3)

/* Lanes further on, within each 128 bits; and which blocks those are. */
#if W == 16
static __always_inline v32 rows_turn1(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    1, 2, 3, 0, 5, 6, 7, 4,
			    9, 10, 11, 8, 13, 14, 15, 12);
}

static __always_inline v32 rows_turn2(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    2, 3, 0, 1, 6, 7, 4, 5,
			    10, 11, 8, 9, 14, 15, 12, 13);
}

static __always_inline v32 rows_turn3(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    3, 0, 1, 2, 7, 4, 5, 6,
			    11, 8, 9, 10, 15, 12, 13, 14);
}

static const v32 rows_counters = {
	0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,
};

static const v32 rows_next = {
	4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0,
};
#else
static __always_inline v32 rows_turn1(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    1, 2, 3, 0, 5, 6, 7, 4);
}

static __always_inline v32 rows_turn2(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    2, 3, 0, 1, 6, 7, 4, 5);
}

static __always_inline v32 rows_turn3(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    3, 0, 1, 2, 7, 4, 5, 6);
}

static const v32 rows_counters = { 0, 0, 0, 0, 1, 0, 0, 0 };
static const v32 rows_next = { 2, 0, 0, 0, 2, 0, 0, 0 };
#endif

/*
 * Half of a column round's steps, on all states in turns: a step depends on the
 * one before it.
 */
static __always_inline void rows_half(v32 x[][4], const unsigned int states,
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

/*
 * @states * ROWS_BLOCKS blocks of key stream. @lo, @hi: the last row of the first:
 * its number and the nonce.
 */
static __always_inline void rows_blocks(v32 *out, const u32 key[8], u64 lo, u64 hi,
					const unsigned int states)
{
	/* From registers: what was stored word by word is slow to load. */
	const v32 first[4] = {
		simd_quarters_of(0x3320646e61707865, 0x6b20657479622d32),
		simd_quarters_of(key[0] | (u64)key[1] << 32,
				 key[2] | (u64)key[3] << 32),
		simd_quarters_of(key[4] | (u64)key[5] << 32,
				 key[6] | (u64)key[7] << 32),
		simd_quarters_of(lo, hi) + rows_counters,
	};
	v32 x[ROWS_STATES][4], d = first[3];

#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++) {
		x[s][0] = first[0];
		x[s][1] = first[1];
		x[s][2] = first[2];
		x[s][3] = d;
		d += rows_next;
	}
	/* Rows 0, 2 and 3 turn about row 1, which is the last to be ready. */
	for (int i = 0; i < 10; i++) {
		rows_half(x, states, 16, 12);
		rows_half(x, states, 8, 7);
#pragma GCC unroll 4
		for (unsigned int s = 0; s < states; s++) {
			x[s][0] = rows_turn3(x[s][0]);
			x[s][2] = rows_turn1(x[s][2]);
			x[s][3] = rows_turn2(x[s][3]);
		}
		rows_half(x, states, 16, 12);
		rows_half(x, states, 8, 7);
#pragma GCC unroll 4
		for (unsigned int s = 0; s < states; s++) {
			x[s][0] = rows_turn1(x[s][0]);
			x[s][2] = rows_turn3(x[s][2]);
			x[s][3] = rows_turn2(x[s][3]);
		}
	}
	d = first[3];
#pragma GCC unroll 4
	for (unsigned int s = 0; s < states; s++) {
		x[s][0] += first[0];
		x[s][1] += first[1];
		x[s][2] += first[2];
		x[s][3] += d;
		d += rows_next;
		simd_turn_rows((v64 *)(out + 4 * s), (const v64 *)x[s]);
	}
}

#define ROWS_OF(states)							       \
static noinline void rows_blocks_##states(v32 *out, const u32 key[8], u64 lo,  \
					  u64 hi)			       \
{									       \
	rows_blocks(out, key, lo, hi, states);				       \
}

ROWS_OF(1)
ROWS_OF(2)
#if W == 8
ROWS_OF(3)

/* What up to @len bytes take. Returns how many vectors of @out are in use. */
static __always_inline unsigned int rows_stream(v32 *out, const u32 key[8], u64 lo,
						u64 hi, u32 len)
{
	if (len <= ROWS_BLOCKS * SIMD_BLOCK) {
		rows_blocks_1(out, key, lo, hi);
		return 4;
	}
	if (len <= 2 * ROWS_BLOCKS * SIMD_BLOCK) {
		rows_blocks_2(out, key, lo, hi);
		return 8;
	}
	rows_blocks_3(out, key, lo, hi);
	return 12;
}
#endif

/* XOR key stream to @len bytes. */
static noinline void rows_xor(v32 *stream, u8 *dst, const u8 *src, u32 len)
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

#endif /* _LIB_CRYPTO_BATCH_SIMD_ROWS_H */
