// SPDX-License-Identifier: GPL-2.0
/*
 * X25519, two multiplications over four lanes each, with AVX-512 and its
 * 52-bit multiply-add
 *
 * To be called in an FPU section only.
 */
#define LANES	8
#include "curve25519_ifma.h"
#include "curve25519_lane51.h"
#include "curve25519_quad.h"

bool x25519_pair_avx512(struct x25519_op **ops, unsigned int n, void *ctx,
			unsigned int section)
{
	return quads_section(ops, n, ctx, section);
}
