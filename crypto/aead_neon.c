// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 with NEON on arm64: 4 blocks of ChaCha20 at once, and 2
 * Poly1305 accumulators in limbs for multipliers of 32 bits.
 */
#define W		4
#define SIMD_STATES	1

#include "simd_vec.h"

static __always_inline v32 simd_rol32(v32 v, int n)
{
	if (n == 16)
		return (v32)SIMD_SHUFFLE(v8, (v8)v, (v8)v,
					 2, 3, 0, 1, 6, 7, 4, 5,
					 10, 11, 8, 9, 14, 15, 12, 13);
	if (n == 8)
		return (v32)SIMD_SHUFFLE(v8, (v8)v, (v8)v,
					 3, 0, 1, 2, 7, 4, 5, 6,
					 11, 8, 9, 10, 15, 12, 13, 14);
	return (v << n) | (v >> (32 - n));
}

static __always_inline v32 simd_pick32(v32 v, v32 index)
{
	v32 bytes = index * 0x04040404 + 0x03020100;
	v32 out;

	asm("tbl %0.16b, {%1.16b}, %2.16b" : "=w"(out) : "w"(v), "w"(bytes));
	return out;
}

/* @a plus the product of the low halves of @b and @c. */
static __always_inline v64 simd_madd32(v64 a, v64 b, v64 c)
{
	typedef u32 half __attribute__((vector_size(8)));
	half b32 = __builtin_convertvector(b, half);
	half c32 = __builtin_convertvector(c, half);

	asm("umlal %0.2d, %1.2s, %2.2s" : "+w"(a) : "w"(b32), "w"(c32));
	return a;
}

static __always_inline v32 simd_lo32(v32 a, v32 b)
{
	return SIMD_SHUFFLE(v32, a, b, 0, 4, 1, 5);
}

static __always_inline v32 simd_hi32(v32 a, v32 b)
{
	return SIMD_SHUFFLE(v32, a, b, 2, 6, 3, 7);
}

static __always_inline v64 simd_lo64(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 0, 2);
}

static __always_inline v64 simd_hi64(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 1, 3);
}

/* Lane by lane, both halves of a number. */
static __always_inline void simd_pairs(v64 out[2], v64 lo, v64 hi)
{
	out[0] = simd_lo64(lo, hi);
	out[1] = simd_hi64(lo, hi);
}

/*
 * The four blocks of lane v at at[v] + off: x[2 i] and x[2 i + 1] get the
 * halves of block i of every lane.
 */
static __always_inline void simd_load_stripes(v64 x[8], const u8 *const at[M],
					      size_t off)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		v64 a = *(const v64_any *)(at[0] + off + 16 * i);
		v64 b = *(const v64_any *)(at[1] + off + 16 * i);

		x[2 * i] = simd_lo64(a, b);
		x[2 * i + 1] = simd_hi64(a, b);
	}
}

/* 64 bytes at @to: zeroes, and @len bytes from @src at @skip. */
static __always_inline void simd_copy_part(u8 *to, const u8 *src,
					   unsigned int skip, unsigned int len)
{
	for (int i = 0; i < 4; i++)
		((v64 *)to)[i] = simd_all64(0);
	simd_copy_small(to + skip, src, len);
}

/* The same of zeroes, and @len bytes from there at @skip. */
static __always_inline void simd_load_ends(v64 x[8], const u8 *const at[M],
					   size_t off, unsigned int skip,
					   unsigned int len, u8 *scratch)
{
	const u8 *ends[M];

	for (int i = 0; i < M; i++) {
		ends[i] = scratch + 64 * i;
		simd_copy_part(scratch + 64 * i, at[i] + off, skip, len);
	}
	simd_load_stripes(x, ends, 0);
}

/* As much of a text as it has, up to a block; @block has key stream. */
static __always_inline void simd_xor_end(const u8 *src, u8 *dst, u32 len,
					 u8 *block, v64 *sum)
{
	u8 *to = dst;
	v64 x[4];

	if (!len)
		return;
	memcpy(x, block, sizeof(x));
	if (len < SIMD_BLOCK) {
		simd_copy_part(block, src, 0, len);
		src = block;
		to = block;
	}
	for (int i = 0; i < 4; i++) {
		const v64 text = ((const v64_any *)src)[i];

		if (sum)
			*sum += (text & 0xffffffff) + (text >> 32);
		((v64_any *)to)[i] = x[i] ^ text;
	}
	if (to != dst)
		simd_copy_small(dst, block, len);
}

/* Block @i of a row. */
static __always_inline void simd_put(const u8 *const *src, u8 *const *dst,
				     u32 off, v64 *out, int i, const v64 *x,
				     bool leave)
{
	for (int j = 0; j < 4; j++) {
		if (leave)
			out[4 * i + j] = x[4 * j];
		else
			((v64_any *)(dst[i] + off))[j] = x[4 * j] ^
				((const v64_any *)(src[i] + off))[j];
	}
}

/*
 * Turn words of W blocks into blocks, and XOR them to the texts at @off; or
 * leave them in their place.
 */
static __always_inline void simd_turn_xor(v32 *stream, const u8 *const *src,
					  u8 *const *dst, u32 off, bool leave)
{
	v64 *const out = leave ? (v64 *)stream : NULL;
	v64 x[16] __uninitialized;

#pragma GCC unroll 4
	for (int i = 0; i < 16; i += 4) {
		v32 a = simd_lo32(stream[i], stream[i + 1]);
		v32 b = simd_hi32(stream[i], stream[i + 1]);
		v32 c = simd_lo32(stream[i + 2], stream[i + 3]);
		v32 d = simd_hi32(stream[i + 2], stream[i + 3]);

		x[i] = simd_lo64((v64)a, (v64)c);
		x[i + 1] = simd_hi64((v64)a, (v64)c);
		x[i + 2] = simd_lo64((v64)b, (v64)d);
		x[i + 3] = simd_hi64((v64)b, (v64)d);
	}
	/* x[4 w + i] is words 4 w to 4 w + 3 of block i. */
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		simd_put(src, dst, off, out, i, &x[i],
			 leave);
}

static const v32 simd_lane_numbers = { 0, 1, 2, 3 };

#include "simd_limb26.h"
#include "simd_chacha.h"

/* A multiplication is too large to be in line. */
#define SIMD_POLY_MUL	noinline
/* Rows at a time, where one message has all lanes: two or four. */
#define SIMD_ONE_ROWS	4
/* From as many rows on, of 32 bytes, it is four. */
#define SIMD_FOUR_ROWS_MIN	3

/* Whether a row is loaded during the one before. */
#define SIMD_POLY_AHEAD	false

#include "simd_poly.h"
#include "simd_poly_one.h"

/*
 * Crossovers. To measure one, move it and run "scripts/crypto-bench aead" for
 * the message sizes and batches around it.
 */
/* Up to this, a single message is left to generic code. */
#define SIMD_TINY	16
/* Below this, one message's blocks go through 64-bit multiplications. */
#define SIMD_POLY_MIN	512
/*
 * From as many messages on, all of one length of more than SIMD_PAIRS_MIN bytes,
 * up to half as many as lanes have two lanes each for their tags.
 */
#define SIMD_PAIRS	9
#define SIMD_PAIRS_MIN	256
/* Up to as many messages are done one after the other, as if each were alone. */
#define SIMD_ALONE	1
/* Up to as many messages have their tags made one after the other. */
#define SIMD_SINGLY	1

/* Whether simd_load_ends() makes use of its scratch memory. */
#define SIMD_EVEN_USES_ODD	true

#include "simd_aead.h"

SIMD_ENTRY_POINTS(neon);
