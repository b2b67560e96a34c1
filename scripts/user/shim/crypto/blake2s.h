/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lib/crypto's BLAKE2s, on which the library falls back: RFC 7693 as it stands,
 * without a key.
 */
#ifndef _SHIM_CRYPTO_BLAKE2S_H
#define _SHIM_CRYPTO_BLAKE2S_H

#include "shim.h"

#define BLAKE2S_BLOCK_SIZE	64
#define BLAKE2S_HASH_SIZE	32

enum {
	BLAKE2S_IV0 = 0x6a09e667, BLAKE2S_IV1 = 0xbb67ae85, BLAKE2S_IV2 = 0x3c6ef372,
	BLAKE2S_IV3 = 0xa54ff53a, BLAKE2S_IV4 = 0x510e527f, BLAKE2S_IV5 = 0x9b05688c,
	BLAKE2S_IV6 = 0x1f83d9ab, BLAKE2S_IV7 = 0x5be0cd19,
};

struct blake2s_ctx {
	u32 h[8];
	u32 t;
	u32 used;
	u8 block[BLAKE2S_BLOCK_SIZE];
};

void blake2s_init(struct blake2s_ctx *ctx, size_t outlen);
void blake2s_update(struct blake2s_ctx *ctx, const u8 *in, size_t len);
void blake2s_final(struct blake2s_ctx *ctx, u8 *out);

#endif /* _SHIM_CRYPTO_BLAKE2S_H */
