// SPDX-License-Identifier: GPL-2.0
/*
 * X25519, four at a time, with AVX2
 *
 * To be called in an FPU section only.
 */
#include <linux/compiler.h>
#include <linux/types.h>

#define LANES	4

typedef u64 v64 __attribute__((__vector_size__(8 * LANES)));
typedef s32 v32_signed __attribute__((__vector_size__(8 * LANES)));

static __always_inline v64 vbroadcast(u64 x)
{
	return (v64){ x, x, x, x };
}

/* The product of the low 32 bits */
static __always_inline v64 vmul32(v64 a, v64 b)
{
	return (v64)__builtin_ia32_pmuludq256((v32_signed)a, (v32_signed)b);
}

#include "curve25519_lane25.h"
#include "curve25519_lanes.h"
#include "curve25519_lanes_comb.h"

bool x25519_group_avx2(struct x25519_op **ops, unsigned int n, void *ctx,
		       unsigned int section)
{
	return lanes_section(ops, n, ctx, section);
}

bool x25519_comb_avx2(struct x25519_op **ops, unsigned int n, void *ctx,
		      unsigned int section)
{
	return comb_section(ops, n, ctx, section);
}
