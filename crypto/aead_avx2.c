// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 with AVX2: 8 blocks of ChaCha20 at once, and 4 Poly1305
 * accumulators in limbs for multipliers of 32 bits.
 */
#define W		8
#define SIMD_STATES	1

#include "simd_vec.h"

static __always_inline v32 simd_rol32(v32 v, int n)
{
	if (n == 16)
		return (v32)SIMD_SHUFFLE(v8, (v8)v, (v8)v,
					 2, 3, 0, 1, 6, 7, 4, 5,
					 10, 11, 8, 9, 14, 15, 12, 13,
					 18, 19, 16, 17, 22, 23, 20, 21,
					 26, 27, 24, 25, 30, 31, 28, 29);
	if (n == 8)
		return (v32)SIMD_SHUFFLE(v8, (v8)v, (v8)v,
					 3, 0, 1, 2, 7, 4, 5, 6,
					 11, 8, 9, 10, 15, 12, 13, 14,
					 19, 16, 17, 18, 23, 20, 21, 22,
					 27, 24, 25, 26, 31, 28, 29, 30);
	return (v << n) | (v >> (32 - n));
}

typedef int simd_s32 __attribute__((vector_size(32)));

static __always_inline v32 simd_pick32(v32 v, v32 index)
{
	return (v32)__builtin_ia32_permvarsi256((simd_s32)v, (simd_s32)index);
}

/* The same 16 bytes in both halves. */
static __always_inline v32 simd_quarters_of(u64 lo, u64 hi)
{
	const v64 v = { lo, hi, lo, hi };

	return (v32)v;
}

/* @a plus the product of the low halves of @b and @c. */
static __always_inline v64 simd_madd32(v64 a, v64 b, v64 c)
{
#ifdef __clang__
	return a + (b & 0xffffffff) * (c & 0xffffffff);
#else
	return a + (v64)__builtin_ia32_pmuludq256((simd_s32)b, (simd_s32)c);
#endif
}

/* Interleave within 128 bits, and exchange 128-bit halves. */
static __always_inline v32 simd_lo32(v32 a, v32 b)
{
	return SIMD_SHUFFLE(v32, a, b, 0, 8, 1, 9, 4, 12, 5, 13);
}

static __always_inline v32 simd_hi32(v32 a, v32 b)
{
	return SIMD_SHUFFLE(v32, a, b, 2, 10, 3, 11, 6, 14, 7, 15);
}

static __always_inline v64 simd_lo64(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 0, 4, 2, 6);
}

static __always_inline v64 simd_hi64(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 1, 5, 3, 7);
}

static __always_inline v64 simd_halves_lo(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 0, 1, 4, 5);
}

static __always_inline v64 simd_halves_hi(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 2, 3, 6, 7);
}

/* Lane by lane, both halves of a number. */
static __always_inline void simd_pairs(v64 out[2], v64 lo, v64 hi)
{
	v64 even = simd_lo64(lo, hi), odd = simd_hi64(lo, hi);

	out[0] = simd_halves_lo(even, odd);
	out[1] = simd_halves_hi(even, odd);
}

/* A half q of a[i] is row i of block q: to blocks. */
static __always_inline void simd_turn_rows(v64 x[4], const v64 a[4])
{
	x[0] = simd_halves_lo(a[0], a[1]);
	x[1] = simd_halves_lo(a[2], a[3]);
	x[2] = simd_halves_hi(a[0], a[1]);
	x[3] = simd_halves_hi(a[2], a[3]);
}

/*
 * The four blocks of lane v at at[v] + off: x[2 i] and x[2 i + 1] get the
 * halves of block i of every lane.
 */
static __always_inline void simd_load_stripes(v64 x[8], const u8 *const at[M],
					      size_t off)
{
#pragma GCC unroll 2
	for (int i = 0; i < 2; i++) {
		v64 a = *(const v64_any *)(at[0] + off + 32 * i);
		v64 b = *(const v64_any *)(at[1] + off + 32 * i);
		v64 c = *(const v64_any *)(at[2] + off + 32 * i);
		v64 d = *(const v64_any *)(at[3] + off + 32 * i);
		v64 ab = simd_lo64(a, b), cd = simd_lo64(c, d);

		x[4 * i] = simd_halves_lo(ab, cd);
		x[4 * i + 2] = simd_halves_hi(ab, cd);
		ab = simd_hi64(a, b);
		cd = simd_hi64(c, d);
		x[4 * i + 1] = simd_halves_lo(ab, cd);
		x[4 * i + 3] = simd_halves_hi(ab, cd);
	}
}

/* 64 bytes at @to: zeroes, and @len bytes from @src at @skip. */
static __always_inline void simd_copy_part(u8 *to, const u8 *src,
					   unsigned int skip, unsigned int len)
{
	((v64 *)to)[0] = simd_all64(0);
	((v64 *)to)[1] = simd_all64(0);
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

/* Sums of 32-bit words. */
static __always_inline v64 simd_words(v64 text)
{
	return (text & 0xffffffff) + (text >> 32);
}

/* As much of a text as it has, up to a block; @block has key stream. */
static __always_inline void simd_xor_end(const u8 *src, u8 *dst, u32 len,
					 u8 *block, v64 *sum)
{
	v64 *const x = (v64 *)block;
	const v64 a = x[0], b = x[1];
	const bool whole = len >= SIMD_BLOCK;
	v64 text0, text1;

	if (!len)
		return;
	if (!whole) {
		simd_copy_part(block, src, 0, len);
		src = block;
	}
	text0 = ((const v64_any *)src)[0];
	text1 = ((const v64_any *)src)[1];
	if (sum)
		*sum += simd_words(text0) + simd_words(text1);
	if (whole) {
		((v64_any *)dst)[0] = a ^ text0;
		((v64_any *)dst)[1] = b ^ text1;
	} else {
		x[0] = a ^ text0;
		x[1] = b ^ text1;
		simd_copy_small(dst, block, len);
	}
}

/* Block @i of a row. */
static __always_inline void simd_put(const u8 *const *src, u8 *const *dst,
				     u32 off, v64 *out, int i, v64 a, v64 b,
				     bool leave)
{
	if (leave) {
		out[2 * i] = a;
		out[2 * i + 1] = b;
	} else {
		const v64_any *from = (const v64_any *)(src[i] + off);
		v64_any *to = (v64_any *)(dst[i] + off);
		const v64 text = from[1];

		to[0] = a ^ from[0];
		to[1] = b ^ text;
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
	/* Half q of x[4 w + i] is words 4 w to 4 w + 3 of block 4 q + i. */
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		simd_put(src, dst, off, out, i, simd_halves_lo(x[i], x[4 + i]),
			 simd_halves_lo(x[8 + i], x[12 + i]),
			 leave);
		simd_put(src, dst, off, out, 4 + i, simd_halves_hi(x[i], x[4 + i]),
			 simd_halves_hi(x[8 + i], x[12 + i]),
			 leave);
	}
}

static const v32 simd_lane_numbers = { 0, 1, 2, 3, 4, 5, 6, 7 };

#include "simd_limb26.h"
#include "simd_chacha.h"

/* A multiplication is too large to be in line. */
#define SIMD_POLY_MUL	noinline
/* Rows at a time, where one message has all lanes: two or four. */
#define SIMD_ONE_ROWS	4
/*
 * From as many rows on, of 64 bytes, it is four. Fewer do not make up for two more
 * powers: from 2 to 6 KiB either takes the same on a Zen 3, within 3 %.
 */
#define SIMD_FOUR_ROWS_MIN	64

/* Whether a row is loaded during the one before. */
#define SIMD_POLY_AHEAD	false

#include "simd_poly.h"
#include "simd_poly_one.h"

/*
 * Crossovers. To measure one, move it and run "scripts/crypto-bench aead" for
 * the message sizes and batches around it.
 */
/*
 * Up to this, a single message has its blocks as rows: 192 bytes take 834
 * cycles of a Zen 4 in place of 1061 in lanes, and 320 bytes 1035 of a Zen 3 in
 * place of 1310.
 */
#define SIMD_SMALL	320
/*
 * Below this, one message's blocks go through 64-bit multiplications: 512 bytes
 * take the same either way on a Zen 3, 576 bytes 1880 cycles in place of 2015, 768
 * bytes 2130 in place of 2340; on a Zen 4 it is the same from 384 to 512 bytes.
 */
#define SIMD_POLY_MIN	512
/*
 * From as many messages on, all of one length of more than SIMD_PAIRS_MIN bytes,
 * up to half as many as lanes have two lanes each for their tags.
 */
#define SIMD_PAIRS	9
#define SIMD_PAIRS_MIN	256
/*
 * Up to as many bytes at the end of a single message have their blocks as rows:
 * that takes 19 % off the time of 512 bytes on a Zen 3, 16 % of 576, 2 % of 768, and
 * 10 % of 1024.
 */
#define SIMD_ROWS_END	384
/* Up to as many messages are done one after the other, as if each were alone. */
#define SIMD_ALONE	1
/* Up to as many messages have their tags made one after the other. */
#define SIMD_SINGLY	2

/* Whether simd_load_ends() makes use of its scratch memory. */
#define SIMD_EVEN_USES_ODD	true

#include "simd_aead.h"

SIMD_ENTRY_POINTS(avx2);
