/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BLAKE2s (RFC 7693) of W messages of one length, each in a lane of its own.
 * The including file has <simd_vec.h> and simd_ror32().
 */
#ifndef _LIB_CRYPTO_BATCH_BLAKE2S_LANES_H
#define _LIB_CRYPTO_BATCH_BLAKE2S_LANES_H

#include <crypto/blake2s.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#define BLAKE2S_ROUNDS	10
#define BLAKE2S_WORDS	16	/* of a block, and of the state that it is mixed with */

/* Which word comes when, in columns and in diagonals: RFC 7693, section 2.7 */
static const u8 blake2s_order[BLAKE2S_ROUNDS][BLAKE2S_WORDS] = {
	{  0,  1,  2,  3,  4,  5,  6,  7,
	   8,  9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10,  4,  8,  9, 15, 13,  6,
	   1, 12,  0,  2, 11,  7,  5,  3 },
	{ 11,  8, 12,  0,  5,  2, 15, 13,
	  10, 14,  3,  6,  7,  1,  9,  4 },
	{  7,  9,  3,  1, 13, 12, 11, 14,
	   2,  6,  5, 10,  4,  0, 15,  8 },
	{  9,  0,  5,  7,  2,  4, 10, 15,
	  14,  1, 11, 12,  6,  8,  3, 13 },
	{  2, 12,  6, 10,  0, 11,  8,  3,
	   4, 13,  7,  5, 15, 14,  1,  9 },
	{ 12,  5,  1, 15, 14, 13,  4, 10,
	   0,  7,  6,  3,  9,  2,  8, 11 },
	{ 13, 11,  7, 14, 12,  1,  3,  9,
	   5,  0, 15,  4,  8,  6,  2, 10 },
	{  6, 15, 14,  9, 11,  3,  0,  8,
	  12,  2, 13,  7,  1,  4, 10,  5 },
	{ 10,  2,  8,  4,  7,  6,  1,  5,
	  15, 11,  9, 14,  3, 12, 13,  0 },
};

static const u32 blake2s_iv[8] = {
	BLAKE2S_IV0, BLAKE2S_IV1, BLAKE2S_IV2, BLAKE2S_IV3,
	BLAKE2S_IV4, BLAKE2S_IV5, BLAKE2S_IV6, BLAKE2S_IV7,
};

/* Section 3.1 */
static __always_inline void blake2s_mix(v32 *a, v32 *b, v32 *c, v32 *d, v32 x, v32 y)
{
	*a += *b + x;
	*d = simd_ror32(*d ^ *a, 16);
	*c += *d;
	*b = simd_ror32(*b ^ *c, 12);
	*a += *b + y;
	*d = simd_ror32(*d ^ *a, 8);
	*c += *d;
	*b = simd_ror32(*b ^ *c, 7);
}

/* Section 3.2, in a frame of its own. @end: how far the message is read then */
static noinline_for_stack void blake2s_lanes_compress(v32 h[8],
						      const v32 m[BLAKE2S_WORDS],
						      u32 end, bool last)
{
	v32 v[BLAKE2S_WORDS];

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		v[i] = h[i];
		v[8 + i] = simd_all32(blake2s_iv[i]);
	}
	v[12] ^= simd_all32(end);
	if (last)
		v[14] = ~v[14];

	/* As ten rounds in a row it would be four times the code, 4 % faster. */
	for (int r = 0; r < BLAKE2S_ROUNDS; r++) {
		const u8 *order = blake2s_order[r];

#pragma GCC unroll 4
		for (int i = 0; i < 4; i++)
			blake2s_mix(&v[i], &v[4 + i], &v[8 + i], &v[12 + i],
				    m[order[2 * i]], m[order[2 * i + 1]]);
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++)
			blake2s_mix(&v[i], &v[4 + (i + 1) % 4],
				    &v[8 + (i + 2) % 4], &v[12 + (i + 3) % 4],
				    m[order[8 + 2 * i]], m[order[9 + 2 * i]]);
	}
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[8 + i];
}

/* The last @len bytes of a message, 0 to 3, as a word */
static __always_inline u32 blake2s_lanes_last(const u8 *p, unsigned int len)
{
	u32 word = 0;

	for (unsigned int i = 0; i < len; i++)
		word |= (u32)p[i] << (8 * i);
	return word;
}

/* Word by word to the lanes: @len bytes, 0 to a block, of every message */
static __always_inline void blake2s_lanes_deal(v32 m[BLAKE2S_WORDS],
					       const u8 *const in[],
					       unsigned int n, size_t from,
					       unsigned int len)
{
	u32 (*words)[W] = (u32 (*)[W])m;

	for (unsigned int lane = 0; lane < W; lane++) {
		/* One that has no message does the last one's again. */
		const u8 *p = in[min(lane, n - 1)] + from;

		if (len < BLAKE2S_BLOCK_SIZE) {
			unsigned int i = 0;

			for (; i < len / 4; i++)
				words[i][lane] = get_unaligned_le32(p + 4 * i);
			words[i][lane] = blake2s_lanes_last(p + 4 * i, len % 4);
			while (++i < BLAKE2S_WORDS)
				words[i][lane] = 0;
			continue;
		}
#pragma GCC unroll 16
		for (int i = 0; i < BLAKE2S_WORDS; i++)
			words[i][lane] = get_unaligned_le32(p + 4 * i);
	}
}

static __always_inline void blake2s_lanes_wipe(v32 *v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		v[i] = simd_all32(0);
	barrier_data(v);
}

/* blake2s_group_<isa>() */
static __always_inline void blake2s_lanes(u8 *const out[], const u8 *const in[],
					  unsigned int n, size_t len)
{
	v32 m[BLAKE2S_WORDS] __uninitialized, h[8] __uninitialized;
	const u32 (*words)[W] = (const u32 (*)[W])h;
	size_t done = 0;

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		h[i] = simd_all32(blake2s_iv[i]);
	/* The parameters: a byte each for the digest's length, fan-out and depth */
	h[0] ^= simd_all32(0x01010000 | BLAKE2S_HASH_SIZE);

	do {
		unsigned int now = min_t(size_t, len - done, BLAKE2S_BLOCK_SIZE);

		blake2s_lanes_deal(m, in, n, done, now);
		done += now;
		blake2s_lanes_compress(h, m, done, done == len);
	} while (done < len);

	for (unsigned int lane = 0; lane < n; lane++) {
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			put_unaligned_le32(words[i][lane], out[lane] + 4 * i);
	}
	blake2s_lanes_wipe(m, BLAKE2S_WORDS);
	blake2s_lanes_wipe(h, 8);
}

#endif /* _LIB_CRYPTO_BATCH_BLAKE2S_LANES_H */
