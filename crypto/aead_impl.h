/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the dispatch code and the implementations of the ChaCha20-Poly1305
 * family owe each other. An ISA is a leaf: it provides the four functions
 * below and is called from nowhere but the dispatch. The names keep clear of
 * lib/crypto's own poly1305_blocks_avx2() and the like.
 */
#ifndef _LIB_CRYPTO_BATCH_AEAD_IMPL_H
#define _LIB_CRYPTO_BATCH_AEAD_IMPL_H

#include <linux/types.h>

struct chacha20poly1305_msg;
struct poly1305_stream;

/* Messages a group at most. */
#define AEAD_GROUP		16

/* Text of a group at most. A longer message never gets into a group. */
#define AEAD_GROUP_TEXT		32768

/*
 * Whether Poly1305 works with 128-bit products. ARCH=um does not say so of
 * itself, but it is an x86-64 too, and tests the code for one.
 */
#if defined(CONFIG_ARCH_SUPPORTS_INT128) || \
	(defined(CONFIG_UML) && defined(CONFIG_X86_64))
#define AEAD_INT128
#endif

/* Working memory of an ISA: one a CPU, 64-byte aligned. */
#define AEAD_CTX_BYTES		20480

/*
 * So much of it, at the beginning, is for what needs no wiping: addresses,
 * lengths and counts.
 */
#define AEAD_CTX_OPEN		2560

/*
 * aead_{seal,open}_group_<isa>(): 1 to AEAD_GROUP messages under one key.
 * The caller has validated every length, has set @err and @csum to 0 and holds
 * an FPU section. The function does all the rest: fragments, padding, sums,
 * associated data, tags; on a bad tag it wipes that message's destination and
 * sets @err. Before it returns it wipes @ctx from AEAD_CTX_OPEN on, where
 * everything is that depends on the key or the plaintext. @key is in host order.
 *
 * aead_chacha20_<isa>(): @len bytes of one stream, from 0. Advances state[12]
 * by the blocks used, a partial one included, and wraps. @dst is @src, or does
 * not overlap it. At most AEAD_GROUP_TEXT bytes a call.
 *
 * aead_poly1305_<isa>(): @len bytes, a multiple of 16, each block with its
 * high bit. At most AEAD_GROUP_TEXT bytes a call. With AEAD_INT128,
 * st->h[0..2] is the accumulator in base 2^64, partially
 * reduced (h[2] below 8, on entry as on return), and st->r[0..1] is the
 * clamped r.
 *
 * The generic versions take no notice of @ctx, hold under 1 KiB of stack and
 * may be called from an ISA's code for what is not worth a vector.
 */
#define AEAD_DECLARE_IMPL(isa)						       \
void aead_seal_group_##isa(struct chacha20poly1305_msg *m, unsigned int n,     \
			   const u32 key[8], void *ctx);		       \
void aead_open_group_##isa(struct chacha20poly1305_msg *m, unsigned int n,     \
			   const u32 key[8], void *ctx);		       \
void aead_chacha20_##isa(u32 state[16], u8 *dst, const u8 *src, size_t len,    \
			  void *ctx);					       \
void aead_poly1305_##isa(struct poly1305_stream *st, const u8 *src,	       \
			 size_t len, void *ctx)

AEAD_DECLARE_IMPL(generic);
AEAD_DECLARE_IMPL(avx2);
AEAD_DECLARE_IMPL(avx512);
AEAD_DECLARE_IMPL(neon);

#endif /* _LIB_CRYPTO_BATCH_AEAD_IMPL_H */
