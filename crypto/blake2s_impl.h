/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the dispatch code and the implementations of BLAKE2s owe each other.
 * An implementation is a leaf, called from nowhere but the dispatch.
 */
#ifndef _LIB_CRYPTO_BATCH_BLAKE2S_IMPL_H
#define _LIB_CRYPTO_BATCH_BLAKE2S_IMPL_H

#include <linux/types.h>

/*
 * Lanes of a group, and from how many messages on lanes that idle are better
 * than one message after the other. On a Xeon of 2023, a block of each of eight
 * messages takes 220 ns with AVX2; lib/crypto's code, with AVX-512, takes 82 for
 * one.
 */
#define BLAKE2S_AVX2_LANES	8
#define BLAKE2S_AVX2_MIN	3
#define BLAKE2S_NEON_LANES	4
#define BLAKE2S_NEON_MIN	3

/* The longest message of a group: 16 blocks of each, some 4 us. */
#define BLAKE2S_GROUP_BYTES	1024

/*
 * blake2s_group_<isa>(): @n messages, 1 up to as many as there are lanes, of
 * @len bytes, 0 up to BLAKE2S_GROUP_BYTES, in an FPU section. Every message is
 * read before an output is written.
 */
#define BLAKE2S_DECLARE_GROUP(isa)					\
void blake2s_group_##isa(u8 *const out[], const u8 *const in[],		\
			 unsigned int n, size_t len)

BLAKE2S_DECLARE_GROUP(avx2);
BLAKE2S_DECLARE_GROUP(neon);

#endif /* _LIB_CRYPTO_BATCH_BLAKE2S_IMPL_H */
