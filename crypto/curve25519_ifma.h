/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vectors of LANES 64-bit lanes, 8 or 4, for AVX-512 with its 52-bit
 * multiply-add
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_IFMA_H
#define _LIB_CRYPTO_BATCH_CURVE25519_IFMA_H

#include <linux/compiler.h>
#include <linux/types.h>

#if LANES == 8
#define VBITS	512
#else
#define VBITS	256
#endif

typedef u64 v64 __attribute__((__vector_size__(8 * LANES)));
typedef s64 v64_signed __attribute__((__vector_size__(8 * LANES)));

static __always_inline v64 vbroadcast(u64 x)
{
	return (v64){} + x;
}

#define vmadd52_name_(half, bits)	__builtin_ia32_vpmadd52##half##uq##bits
#define vmadd52_mask_(half, bits)					      \
	__builtin_ia32_vpmadd52##half##uq##bits##_mask
#define vmadd52_name(half, bits)	vmadd52_name_(half, bits)
#define vmadd52_mask(half, bits)	vmadd52_mask_(half, bits)

#if __has_builtin(__builtin_ia32_vpmadd52luq512)
#define vmadd52(half, acc, a, b)					      \
	((v64)vmadd52_name(half, VBITS)((v64_signed)(acc), (v64_signed)(a),   \
					(v64_signed)(b)))
#else
#define vmadd52(half, acc, a, b)					      \
	((v64)vmadd52_mask(half, VBITS)((v64_signed)(acc), (v64_signed)(a),   \
					(v64_signed)(b), (u8)~0))
#endif

/* acc + the low or the high 52 bits of the product of a's and b's low 52 */
static __always_inline v64 vmadd_lo(v64 acc, v64 a, v64 b)
{
	return vmadd52(l, acc, a, b);
}

static __always_inline v64 vmadd_hi(v64 acc, v64 a, v64 b)
{
	return vmadd52(h, acc, a, b);
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_IFMA_H */
