// SPDX-License-Identifier: GPL-2.0
/*
 * X25519, eight at a time, with AVX-512 and its 52-bit multiply-add
 *
 * To be called in an FPU section only.
 */
#include <linux/compiler.h>
#include <linux/types.h>

#define LANES	8

typedef u64 v64 __attribute__((__vector_size__(8 * LANES)));
typedef s64 v64_signed __attribute__((__vector_size__(8 * LANES)));

static __always_inline v64 vbroadcast(u64 x)
{
	return (v64){ x, x, x, x, x, x, x, x };
}

#if __has_builtin(__builtin_ia32_vpmadd52luq512)
#define vmadd52(half, acc, a, b)					      \
	((v64)__builtin_ia32_vpmadd52##half##uq512((v64_signed)(acc),	      \
						   (v64_signed)(a),	      \
						   (v64_signed)(b)))
#else
#define vmadd52(half, acc, a, b)					      \
	((v64)__builtin_ia32_vpmadd52##half##uq512_mask((v64_signed)(acc),   \
							(v64_signed)(a),      \
							(v64_signed)(b), 0xff))
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

/* All ones where the bit is set */
static __always_inline v64 vlanes_bit(v64 k, unsigned int bit)
{
	return (v64)((k & vbroadcast(1ULL << bit)) != 0);
}

static __always_inline v64 vlanes_choose(v64 mask, v64 clear, v64 set)
{
	return clear ^ ((clear ^ set) & mask);
}

#include "curve25519_lane51.h"
#include "curve25519_lanes.h"

bool x25519_group_avx512(struct x25519_op *ops, unsigned int n, void *ctx,
			 unsigned int section)
{
	return lanes_section(ops, n, ctx, section);
}
