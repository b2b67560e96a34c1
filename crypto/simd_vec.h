/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vectors of W 32-bit or M = W / 2 64-bit lanes, in the vector extensions of
 * GCC and Clang. The including file has defined W.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_VEC_H
#define _LIB_CRYPTO_BATCH_SIMD_VEC_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

#define M		(W / 2)
/* A block of ChaCha20, and what Poly1305 reads at a time. */
#define SIMD_BLOCK	64

typedef u32 v32 __attribute__((vector_size(4 * W)));
typedef u64 v64 __attribute__((vector_size(4 * W)));
typedef u8 v8 __attribute__((vector_size(4 * W)));
/* In memory, at any address. */
typedef v64 v64_any __attribute__((aligned(1), may_alias));

/* Lanes of @a and @b, numbered one after the other, as a vector of @type. */
#ifdef __clang__
#define SIMD_SHUFFLE(type, a, b, ...)	\
	__builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SIMD_SHUFFLE(type, a, b, ...)	\
	__builtin_shuffle(a, b, (type){ __VA_ARGS__ })
#endif

static __always_inline v32 simd_all32(u32 v)
{
	const v32 zero = { 0 };

	return zero + v;
}

static __always_inline v64 simd_all64(u64 v)
{
	const v64 zero = { 0 };

	return zero + v;
}

#ifndef SIMD_OWN_STEPS
static __always_inline v32 simd_add32(v32 a, v32 b)
{
	return a + b;
}

static __always_inline v32 simd_xor32(v32 a, v32 b)
{
	return a ^ b;
}
#endif

/* Zero-extend M numbers. */
static __always_inline v64 simd_widen(const u32 *p)
{
	typedef u32 half __attribute__((vector_size(2 * W)));

#ifdef __CHECKER__
	/* Sparse does not know of the conversion. */
	return simd_all64(*p);
#else
	return __builtin_convertvector(*(const half *)p, v64);
#endif
}

/* The sum of all lanes. */
#ifndef SIMD_OWN_SUM
static __always_inline u64 simd_sum64(v64 v)
{
	u64 sum = 0;

	for (int i = 0; i < M; i++)
		sum += v[i];
	return sum;
}
#endif

/* Arrays that are filled in full need not be cleared before. */
#ifndef __uninitialized
#define __uninitialized	__attribute__((__uninitialized__))
#endif

/* Make the compiler forget what it knows of memory behind @p. */
#define simd_forget(p)	asm volatile("" : "+r"(p) : : "memory")

/* Up to 64 bytes, by pieces that overlap. */
static __always_inline void simd_copy_small(u8 *to, const u8 *from,
					    unsigned int len)
{
	typedef u64 pair __attribute__((vector_size(16)));
	typedef pair pair_any __attribute__((aligned(1), may_alias));

	if (len >= 16) {
		pair last = *(const pair_any *)(from + len - 16);

		for (unsigned int i = 0; i + 16 < len; i += 16)
			*(pair_any *)(to + i) = *(const pair_any *)(from + i);
		*(pair_any *)(to + len - 16) = last;
	} else if (len >= 8) {
		u64 first, last;

		memcpy(&first, from, 8);
		memcpy(&last, from + len - 8, 8);
		memcpy(to, &first, 8);
		memcpy(to + len - 8, &last, 8);
	} else if (len >= 4) {
		u32 first, last;

		memcpy(&first, from, 4);
		memcpy(&last, from + len - 4, 4);
		memcpy(to, &first, 4);
		memcpy(to + len - 4, &last, 4);
	} else {
		for (unsigned int i = 0; i < len; i++)
			to[i] = from[i];
	}
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_VEC_H */
