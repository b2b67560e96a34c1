// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 with AVX-512: 16 blocks of ChaCha20 in a state, two states
 * at once, and 8 Poly1305 accumulators in limbs for the 52-bit multipliers of
 * IFMA. Needs F, VL, BW, DQ and IFMA.
 */
#include <linux/compiler.h>
#include <linux/types.h>

#define W		16
#define SIMD_STATES	2
/* simd_add32() and simd_xor32() are below. */
#define SIMD_OWN_STEPS
/* So is simd_sum64(). */
#define SIMD_OWN_SUM

#include "simd_vec.h"

typedef u32 v32half __attribute__((vector_size(32)));

#ifdef __clang__
#define simd_keep(v)	((void)(v))
#else
/* Have @v in a register from here on. */
#define simd_keep(v)	asm("" : "+v"(v))
#endif

/*
 * The steps of two states of ChaCha20 take turns, in the order of the source.
 * gcc knows neither why nor that 32 registers are enough as long as nothing is
 * computed ahead: left to itself, it takes 4 % longer.
 */
static __always_inline v32 simd_add32(v32 a, v32 b)
{
#ifdef __clang__
	return a + b;
#else
	asm volatile("vpaddd %1, %0, %0" : "+v"(a) : "v"(b));
	return a;
#endif
}

static __always_inline v32 simd_xor32(v32 a, v32 b)
{
#ifdef __clang__
	return a ^ b;
#else
	asm volatile("vpxord %1, %0, %0" : "+v"(a) : "v"(b));
	return a;
#endif
}

static __always_inline v32 simd_rol32(v32 a, int n)
{
#ifdef __clang__
	return (a << n) | (a >> (32 - n));
#else
	asm volatile("vprold %1, %0, %0" : "+v"(a) : "i"(n));
	return a;
#endif
}

static __always_inline v32half simd_add32_half(v32half a, v32half b)
{
#ifdef __clang__
	return a + b;
#else
	asm volatile("vpaddd %1, %0, %0" : "+v"(a) : "v"(b));
	return a;
#endif
}

static __always_inline v32half simd_xor32_half(v32half a, v32half b)
{
#ifdef __clang__
	return a ^ b;
#else
	asm volatile("vpxord %1, %0, %0" : "+v"(a) : "v"(b));
	return a;
#endif
}

static __always_inline v32half simd_rol32_half(v32half a, int n)
{
#ifdef __clang__
	return (a << n) | (a >> (32 - n));
#else
	asm volatile("vprold %1, %0, %0" : "+v"(a) : "i"(n));
	return a;
#endif
}

/* The lanes of the first half. */
static __always_inline v32half simd_half(v32 v)
{
#ifdef __clang__
	return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
#else
	typedef long long s64x4 __attribute__((vector_size(32)));
	typedef long long s64x8 __attribute__((vector_size(64)));
	const s64x4 none = { 0 };

	return (v32half)__builtin_ia32_extracti64x4_mask((s64x8)v, 0, none,
							 0xff);
#endif
}

static __always_inline v32 simd_pick32(v32 v, v32 index)
{
#ifdef __clang__
	return (v32)__builtin_ia32_permvarsi512(v, index);
#else
	return __builtin_shuffle(v, index);
#endif
}

#ifdef __clang__
#define simd_madd_lo(a, b, c)	((v64)__builtin_ia32_vpmadd52luq512(a, b, c))
#define simd_madd_hi(a, b, c)	((v64)__builtin_ia32_vpmadd52huq512(a, b, c))
#else
typedef long long simd_s64 __attribute__((vector_size(64)));
#define simd_madd_lo(a, b, c)						\
	((v64)__builtin_ia32_vpmadd52luq512_mask((simd_s64)(a),		\
						 (simd_s64)(b),		\
						 (simd_s64)(c), 0xff))
#define simd_madd_hi(a, b, c)						\
	((v64)__builtin_ia32_vpmadd52huq512_mask((simd_s64)(a),		\
						 (simd_s64)(b),		\
						 (simd_s64)(c), 0xff))
#endif

/* Interleave within 128 bits, and exchange 128-bit quarters. */
static __always_inline v32 simd_lo32(v32 a, v32 b)
{
	return SIMD_SHUFFLE(v32, a, b, 0, 16, 1, 17, 4, 20, 5, 21,
			    8, 24, 9, 25, 12, 28, 13, 29);
}

static __always_inline v32 simd_hi32(v32 a, v32 b)
{
	return SIMD_SHUFFLE(v32, a, b, 2, 18, 3, 19, 6, 22, 7, 23,
			    10, 26, 11, 27, 14, 30, 15, 31);
}

static __always_inline v64 simd_lo64(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 0, 8, 2, 10, 4, 12, 6, 14);
}

static __always_inline v64 simd_hi64(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}

static __always_inline v64 simd_quarters_even(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 0, 1, 4, 5, 8, 9, 12, 13);
}

static __always_inline v64 simd_quarters_odd(v64 a, v64 b)
{
	return SIMD_SHUFFLE(v64, a, b, 2, 3, 6, 7, 10, 11, 14, 15);
}

static __always_inline u64 simd_sum64(v64 v)
{
	v += SIMD_SHUFFLE(v64, v, v, 4, 5, 6, 7, 0, 1, 2, 3);
	v += SIMD_SHUFFLE(v64, v, v, 2, 3, 0, 1, 6, 7, 4, 5);
	return v[0] + v[1];
}

typedef char simd_s8 __attribute__((vector_size(64)));

/* Only the bytes that @mask names are read or written. */
static __always_inline v8 simd_load_part(const u8 *p, u64 mask)
{
	const simd_s8 none = { 0 };

	return (v8)__builtin_ia32_loaddquqi512_mask((const void *)p, none,
						    mask);
}

/* The lanes move up by @by; zeroes come in. */
static __always_inline v64 simd_move_up(v64 v, u64 by)
{
	const v64 lane = { 0, 1, 2, 3, 4, 5, 6, 7 };

#ifdef __clang__
	return (v64)__builtin_ia32_permvardi512(v, lane - by) &
	       (v64)(lane >= by);
#else
	return __builtin_shuffle(v, lane - by) & (v64)(lane >= by);
#endif
}

static __always_inline void simd_store_part(u8 *p, v8 v, u64 mask)
{
	__builtin_ia32_storedquqi512_mask((void *)p, (simd_s8)v, mask);
}

/* Turn rows into columns: the halves of block i of every lane, at 2 i. */
static __always_inline void simd_turn_stripes(v64 x[8], const v64 a[8])
{
	v64 b[8] __uninitialized;

#pragma GCC unroll 4
	for (int i = 0; i < 8; i += 2) {
		b[i] = simd_lo64(a[i], a[i + 1]);
		b[i + 1] = simd_hi64(a[i], a[i + 1]);
	}
	/* A 128-bit quarter q of b[2 i + h] is half h of block q, two lanes. */
#pragma GCC unroll 2
	for (int h = 0; h < 2; h++) {
		v64 c0 = simd_quarters_even(b[h], b[2 + h]);
		v64 c1 = simd_quarters_odd(b[h], b[2 + h]);
		v64 c2 = simd_quarters_even(b[4 + h], b[6 + h]);
		v64 c3 = simd_quarters_odd(b[4 + h], b[6 + h]);

		x[h] = simd_quarters_even(c0, c2);
		x[2 + h] = simd_quarters_even(c1, c3);
		x[4 + h] = simd_quarters_odd(c0, c2);
		x[6 + h] = simd_quarters_odd(c1, c3);
	}
}

/* Lane by lane, both halves of a number. */
static __always_inline void simd_pairs(v64 out[2], v64 lo, v64 hi)
{
	v64 even = simd_lo64(lo, hi), odd = simd_hi64(lo, hi);

	out[0] = SIMD_SHUFFLE(v64, even, odd, 0, 1, 8, 9, 2, 3, 10, 11);
	out[1] = SIMD_SHUFFLE(v64, even, odd, 4, 5, 12, 13, 6, 7, 14, 15);
}

/* A quarter q of a[i] is row i of block q: to blocks. */
static __always_inline void simd_turn_rows(v64 x[4], const v64 a[4])
{
	v64 b0 = simd_quarters_even(a[0], a[1]);
	v64 b1 = simd_quarters_odd(a[0], a[1]);
	v64 b2 = simd_quarters_even(a[2], a[3]);
	v64 b3 = simd_quarters_odd(a[2], a[3]);

	x[0] = simd_quarters_even(b0, b2);
	x[1] = simd_quarters_even(b1, b3);
	x[2] = simd_quarters_odd(b0, b2);
	x[3] = simd_quarters_odd(b1, b3);
}

/* The four blocks of every lane v at at[v] + off. */
static __always_inline void simd_load_stripes(v64 x[8], const u8 *const at[M],
					      size_t off)
{
	v64 a[8] __uninitialized;

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		a[i] = *(const v64_any *)(at[i] + off);
	simd_turn_stripes(x, a);
}

/* The same of zeroes, and @len bytes from there at @skip. */
static __always_inline void simd_load_ends(v64 x[8], const u8 *const at[M],
					   size_t off, unsigned int skip,
					   unsigned int len, u8 *scratch)
{
	u64 mask = len ? (~0ULL >> (64 - len)) << skip : 0;
	v64 a[8] __uninitialized;

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		a[i] = (v64)simd_load_part((const u8 *)((uintptr_t)at[i] +
							off - skip), mask);
	simd_turn_stripes(x, a);
}

/* 64 bytes at @to: zeroes, and @len bytes from @src at @skip. */
static __always_inline void simd_copy_part(u8 *to, const u8 *src,
					   unsigned int skip, unsigned int len)
{
	u64 mask = len ? (~0ULL >> (64 - len)) << skip : 0;

	*(v8 *)to = simd_load_part((const u8 *)((uintptr_t)src - skip), mask);
}

/* As much of a text as it has, up to a block; @block has key stream. */
static __always_inline void simd_xor_end(const u8 *src, u8 *dst, u32 len,
					 u8 *block, v64 *sum)
{
	const v64 stream = *(const v64 *)block;
	v64 text;

	if (len >= SIMD_BLOCK) {
		text = *(const v64_any *)src;
		*(v64_any *)dst = stream ^ text;
	} else if (len) {
		u64 mask = ~0ULL >> (SIMD_BLOCK - len);

		text = (v64)simd_load_part(src, mask);
		simd_store_part(dst, (v8)(text ^ stream), mask);
	} else {
		return;
	}
	if (sum)
		*sum += (text & 0xffffffff) + (text >> 32);
}

/* Block @i of a row. */
static __always_inline void simd_put(const u8 *const *src, u8 *const *dst,
				     u32 off, v64 *out, int i, v64 stream,
				     bool leave)
{
	if (leave)
		out[i] = stream;
	else
		*(v64_any *)(dst[i] + off) =
			stream ^ *(const v64_any *)(src[i] + off);
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
	/* Quarter q of x[4 w + i] is words 4 w to 4 w + 3 of block 4 q + i. */
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		v64 a = simd_quarters_even(x[i], x[4 + i]);
		v64 b = simd_quarters_odd(x[i], x[4 + i]);
		v64 c = simd_quarters_even(x[8 + i], x[12 + i]);
		v64 d = simd_quarters_odd(x[8 + i], x[12 + i]);

		simd_put(src, dst, off, out, i, simd_quarters_even(a, c),
			 leave);
		simd_put(src, dst, off, out, 8 + i, simd_quarters_odd(a, c),
			 leave);
		simd_put(src, dst, off, out, 4 + i, simd_quarters_even(b, d),
			 leave);
		simd_put(src, dst, off, out, 12 + i, simd_quarters_odd(b, d),
			 leave);
	}
}

static const v32 simd_lane_numbers = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
};

/* The same 16 bytes in all quarters. */
static __always_inline v32 simd_quarters_of(u64 lo, u64 hi)
{
	const v64 v = { lo, hi, lo, hi, lo, hi, lo, hi };

	return (v32)v;
}

/* One message alone may have rows first, then lanes. */
#define SIMD_SMALL_LANES

#include "simd_limb44.h"

/* A multiplication is best in line. */
#define SIMD_POLY_MUL	__always_inline
/*
 * Rows at a time, where one message has all lanes: two or four. Cycles of a Zen
 * 4: 11 rows are 2180 by twos and 2250 by fours, 16 rows 3080 and 3130, 23 rows
 * 3570 and 3610. On a Sapphire Rapids, twos gain 2 % at 32 rows.
 */
#define SIMD_ONE_ROWS	2

/* Whether a row is loaded during the one before. */
#define SIMD_POLY_AHEAD	true

#include "simd_poly.h"
#include "simd_poly_one.h"
#include "simd_chacha.h"

/*
 * Crossovers. To measure one, move it and run "scripts/crypto-bench aead" for
 * the message sizes and batches around it. The cycles are those of a Zen 4.
 */
/* Up to this, all messages, a single one goes through simd_small.h. */
#define SIMD_SMALL	AEAD_GROUP_TEXT
/*
 * Below this, one message's blocks go through 64-bit multiplications: 448 bytes
 * take 1357 in place of 1383, 576 bytes would take 1677 in place of 1581.
 */
#define SIMD_POLY_MIN	512
/*
 * From as many blocks on, with that of the lengths, a message alone has vectors
 * for Poly1305.
 */
#define SIMD_TEXT_MIN	20
/*
 * From as many messages on, all of one length of more than SIMD_PAIRS_MIN bytes,
 * up to half as many as lanes have two lanes each for their tags.
 */
#define SIMD_PAIRS	3
#define SIMD_PAIRS_MIN	256
/* Up to as many messages are done one after the other, as if each were alone. */
#define SIMD_ALONE	3
/* Up to as many messages have their tags made one after the other. */
#define SIMD_SINGLY	4

/* Whether simd_load_ends() makes use of its scratch memory. */
#define SIMD_EVEN_USES_ODD	false

#include "simd_aead.h"

SIMD_ENTRY_POINTS(avx512);
