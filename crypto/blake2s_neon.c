// SPDX-License-Identifier: GPL-2.0
/*
 * BLAKE2s, four messages at a time, with NEON on arm64
 *
 * To be called in an FPU section only.
 */
#define W	4

#include "simd_vec.h"

static __always_inline v32 simd_ror32(v32 v, int n)
{
	if (n == 16)
		return (v32)SIMD_SHUFFLE(v8, (v8)v, (v8)v,
					 2, 3, 0, 1, 6, 7, 4, 5,
					 10, 11, 8, 9, 14, 15, 12, 13);
	if (n == 8)
		return (v32)SIMD_SHUFFLE(v8, (v8)v, (v8)v,
					 1, 2, 3, 0, 5, 6, 7, 4,
					 9, 10, 11, 8, 13, 14, 15, 12);
	return (v >> n) | (v << (32 - n));
}

#include "blake2s_impl.h"
#include "blake2s_lanes.h"

void blake2s_group_neon(u8 *const out[], const u8 *const in[], unsigned int n,
			size_t len)
{
	blake2s_lanes(out, in, n, len);
}
