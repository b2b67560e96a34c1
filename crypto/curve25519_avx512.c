// SPDX-License-Identifier: GPL-2.0
/*
 * X25519, eight at a time, with AVX-512 and its 52-bit multiply-add
 *
 * To be called in an FPU section only.
 */
#define LANES	8
#include "curve25519_ifma.h"
#include "curve25519_lane51.h"
#include "curve25519_lanes.h"
#include "curve25519_lanes_comb.h"

bool x25519_group_avx512(struct x25519_op **ops, unsigned int n, void *ctx,
			 unsigned int section)
{
	return lanes_section(ops, n, ctx, section);
}

bool x25519_comb_avx512(struct x25519_op **ops, unsigned int n, void *ctx,
			unsigned int section)
{
	return comb_section(ops, n, ctx, section);
}
