/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lib/crypto's ChaCha20 and HChaCha20, as this tree has them.
 */
#ifndef _BATCH_CHACHA20_LIB_H
#define _BATCH_CHACHA20_LIB_H

#include <crypto/chacha.h>
#include <linux/unaligned.h>

static inline void lib_chacha20_state(struct chacha_state *state,
				      const u8 key[32], const u8 iv[16])
{
	u32 words[8];

	for (int i = 0; i < 8; i++)
		words[i] = get_unaligned_le32(key + 4 * i);
	chacha_init(state, words, iv);
}

/* The first 4 bytes of @iv are the counter. */
static inline void lib_chacha20(u8 *dst, const u8 *src, size_t len,
				const u8 key[32], const u8 iv[16])
{
	struct chacha_state state;

	lib_chacha20_state(&state, key, iv);
	chacha20_crypt(&state, dst, src, len);
}

static inline void lib_hchacha20(u8 out[32], const u8 key[32],
				 const u8 nonce[16])
{
	struct chacha_state state;
	u32 words[8];

	lib_chacha20_state(&state, key, nonce);
	hchacha_block(&state, words, 20);
	for (int i = 0; i < 8; i++)
		put_unaligned_le32(words[i], out + 4 * i);
}

#endif /* _BATCH_CHACHA20_LIB_H */
