/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one way from the public functions to an implementation. Everything here
 * may be called in any context; where SIMD may not be used, generic code runs.
 */
#ifndef _LIB_CRYPTO_BATCH_AEAD_DISPATCH_H
#define _LIB_CRYPTO_BATCH_AEAD_DISPATCH_H

#include "aead_impl.h"

/* A group as aead_impl.h has it, in an FPU section of its own. */
void aead_seal_group(struct chacha20poly1305_msg *m, unsigned int n,
		     const u32 key[8]);
void aead_open_group(struct chacha20poly1305_msg *m, unsigned int n,
		     const u32 key[8]);

/* One stream of any length; an FPU section for every AEAD_GROUP_TEXT bytes. */
void aead_chacha20_xor(u32 state[16], u8 *dst, const u8 *src, size_t len);

/* Whole blocks of a message, any number; FPU sections as above. */
void aead_poly1305_blocks(struct poly1305_stream *st, const u8 *src,
			  size_t len);

#if IS_ENABLED(CONFIG_KUNIT)
/*
 * For tests: run everything through one implementation, by its name, or
 * through the best one again (NULL). -ENOENT: this machine does not have it.
 * Nobody may be in the library meanwhile.
 */
int chacha20poly1305_batch_select(const char *impl);

/* For tests: the name of the implementation that runs where SIMD may be used. */
const char *chacha20poly1305_batch_selected(void);

/* For tests: how many calls found their CPU's working memory in use. */
unsigned long chacha20poly1305_batch_busy(void);

/* For tests: whether every CPU's working memory is wiped. */
bool chacha20poly1305_batch_is_wiped(void);
#endif

#endif /* _LIB_CRYPTO_BATCH_AEAD_DISPATCH_H */
