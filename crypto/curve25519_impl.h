/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the dispatch code and the implementations of X25519 owe each other.
 * An implementation is a leaf, called from nowhere but the dispatch.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_IMPL_H
#define _LIB_CRYPTO_BATCH_CURVE25519_IMPL_H

#include <linux/kconfig.h>
#include <linux/types.h>

struct x25519_op;

/* ARCH=um does not say so in its Kconfig, but runs what the host has. */
#if defined(__SIZEOF_INT128__) && \
	(defined(CONFIG_ARCH_SUPPORTS_INT128) || defined(CONFIG_X86_64))
#define X25519_GENERIC64
#endif

/* Tests run the 32-bit code wherever they are. */
#if !defined(X25519_GENERIC64) || IS_ENABLED(CONFIG_KUNIT)
#define X25519_GENERIC32
#endif

/*
 * x25519_mul_<impl>(), x25519_base_<impl>(): one multiplication in general
 * registers, in any context. They clamp a copy of the scalar, may write over
 * their own inputs, and leave it to the caller to look for an all-zero result.
 */
#define X25519_DECLARE_SCALAR(impl)					       \
void x25519_mul_##impl(u8 out[32], const u8 scalar[32], const u8 point[32]);  \
void x25519_base_##impl(u8 out[32], const u8 scalar[32])

X25519_DECLARE_SCALAR(generic64);
X25519_DECLARE_SCALAR(generic32);
X25519_DECLARE_SCALAR(adx);

/* Working memory of a vector implementation: one a CPU, 64-byte aligned. */
#define X25519_CTX_BYTES	4096

/*
 * Lanes of a group, and from how many elements on lanes that idle are better
 * than none. Measured on a Zen 4, in us for all elements:
 *
 *			   1	   2	   3	   4	   8
 *	adx		31.5	63
 *	avx2		56	56	56	56	112
 *	avx512, one	15.9	32	48	64
 *	avx512, pair		26	42	52
 *	avx512, lanes	47	47	47	47	47
 */
#define X25519_AVX512_LANES	8
#define X25519_AVX512_MIN	4
#define X25519_AVX2_LANES	4
#define X25519_AVX2_MIN		2

/*
 * From how many on lanes do base points in less time than one after the other.
 * On a Xeon of 2023 with 512-bit registers one takes 11.8 us, four lanes of AVX2
 * take 32, eight of AVX-512 24.
 */
#define X25519_COMB_MIN		3

/* The most elements of a group of any kind */
#define X25519_GROUP		8

/*
 * x25519_group_<isa>(): all of @ops, 1 up to as many as there are lanes, in
 * several calls, each in an FPU section of its own of some 10 us: @section
 * counts from 0 until false comes back. What is under way stays in @ctx, which
 * the last call wipes. Inputs are read in the first call and outputs written in
 * the last.
 *
 * x25519_one_<isa>() and x25519_pair_<isa>() likewise, with four lanes for each
 * of one or two elements; x25519_comb_<isa>() for the base point in every lane.
 */
#define X25519_DECLARE_GROUP(group)					       \
bool x25519_##group(struct x25519_op **ops, unsigned int n, void *ctx,	       \
		    unsigned int section)

X25519_DECLARE_GROUP(group_avx512);
X25519_DECLARE_GROUP(pair_avx512);
X25519_DECLARE_GROUP(one_avx512);
X25519_DECLARE_GROUP(group_avx2);
X25519_DECLARE_GROUP(comb_avx512);
X25519_DECLARE_GROUP(comb_avx2);

/*
 * The fixed-base comb. With P = 4B and digits of +-1, bit 21 (4c + t) + j of
 * scalar / 8 belongs to tooth t of comb c in turn j. Entry [c][i] is
 *
 *	2^(84c) (2^63 + sum over t < 3 of (2 bit(i, t) - 1) 2^(21t)) P
 *
 * as y + x, y - x and 2dxy in words, least significant first. The digits add
 * up to (scalar - 4 (2^252 - 1)) B; the accumulator therefore starts from
 * x25519_comb_start, 2^-20 times the missing multiple of B.
 */
#define X25519_COMBS		3
#define X25519_TEETH		4
#define X25519_COMB_TURNS	21
#define X25519_COMB_ENTRIES	8

extern const u64 x25519_comb[X25519_COMBS][X25519_COMB_ENTRIES][3][4];
extern const u64 x25519_comb_start[2][4];

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_IMPL_H */
