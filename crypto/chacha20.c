// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20 and HChaCha20: the public functions and the code for every machine.
 */
#include <crypto/chacha20_batch.h>
#include <linux/array_size.h>
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "aead_dispatch.h"
#include "aead_impl.h"
#include "chacha20_block.h"

/* "expand 32-byte k" */
static const u32 chacha20_constants[4] = {
	0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
};

/*
 * Not in line, so that what the compiler spills, words of the state even after
 * the last round, lies where chacha20_wipe() clears: the two are called from the
 * same place.
 */
static noinline_for_stack void chacha20_rounds(u32 x[16])
{
	chacha20_permute(x);
}

static noinline_for_stack void chacha20_wipe_stack(void)
{
	u64 area[16];

#pragma GCC unroll 16
	for (int i = 0; i < ARRAY_SIZE(area); i++)
		area[i] = 0;
	barrier_data(area);
}

static __always_inline void chacha20_wipe(void)
{
	chacha20_wipe_stack();
	/* If it were the last call, the compiler could leave the caller first. */
	barrier();
}

/*
 * @x is the caller's, who wipes it. It is left with what the rounds make of
 * @state: until that is added to it, the rounds can be gone back, to the key.
 */
static void chacha20_xor_block(const u32 state[16], u32 x[16], u8 *dst,
			       const u8 *src)
{
	memcpy(x, state, CHACHA20_BLOCK_BYTES);
	chacha20_rounds(x);
	for (int i = 0; i < 16; i++)
		put_unaligned_le32(get_unaligned_le32(src + 4 * i) ^
				   (x[i] + state[i]), dst + 4 * i);
}

void chacha20_keystream(const u32 state[16], __le32 out[16])
{
	u32 *x = (__force u32 *)out;

	/* In place, so that nothing is left elsewhere. */
	memcpy(x, state, CHACHA20_BLOCK_BYTES);
	chacha20_rounds(x);
	for (int i = 0; i < 16; i++)
		out[i] = cpu_to_le32(x[i] + state[i]);
	chacha20_wipe();
}

void aead_chacha20_generic(u32 state[16], u8 *dst, const u8 *src, size_t len,
			   void *ctx)
{
	__le32 block[16];

	if (!len)
		return;
	for (; len >= CHACHA20_BLOCK_BYTES; len -= CHACHA20_BLOCK_BYTES) {
		chacha20_xor_block(state, (__force u32 *)block, dst, src);
		state[12]++;
		dst += CHACHA20_BLOCK_BYTES;
		src += CHACHA20_BLOCK_BYTES;
	}
	if (len) {
		const u8 *last = (const u8 *)block;
		size_t i = 0;

		chacha20_keystream(state, block);
		state[12]++;
		for (; i + 4 <= len; i += 4)
			put_unaligned_le32(get_unaligned_le32(src + i) ^
				      get_unaligned_le32(last + i),
				      dst + i);
		for (; i < len; i++)
			dst[i] = src[i] ^ last[i];
	}
	memzero_explicit(block, sizeof(block));
	chacha20_wipe();
}

void chacha20_setup(u32 state[at_least 16],
		    const u8 key[at_least CHACHA20_KEY_BYTES], u32 counter,
		    const u8 nonce[at_least CHACHA20_NONCE_BYTES])
{
	memcpy(state, chacha20_constants, sizeof(chacha20_constants));
	for (int i = 0; i < 8; i++)
		state[4 + i] = get_unaligned_le32(key + 4 * i);
	state[12] = counter;
	for (int i = 0; i < 3; i++)
		state[13 + i] = get_unaligned_le32(nonce + 4 * i);
}
EXPORT_SYMBOL_GPL(chacha20_setup);

void chacha20_batch(struct chacha20_op *ops, size_t nr)
{
	if (!ops)
		return;
	for (; nr; nr--, ops++)
		aead_chacha20_xor(ops->state, ops->dst, ops->src, ops->len);
}
EXPORT_SYMBOL_GPL(chacha20_batch);

void hchacha20(u8 out[at_least CHACHA20_KEY_BYTES],
	       const u8 key[at_least CHACHA20_KEY_BYTES],
	       const u8 nonce[at_least HCHACHA20_NONCE_BYTES])
{
	u32 x[16];

	/* The nonce takes the counter's place too. */
	chacha20_setup(x, key, get_unaligned_le32(nonce), nonce + 4);
	chacha20_rounds(x);
	for (int i = 0; i < 4; i++) {
		put_unaligned_le32(x[i], out + 4 * i);
		put_unaligned_le32(x[12 + i], out + 16 + 4 * i);
	}
	memzero_explicit(x, sizeof(x));
	chacha20_wipe();
}
EXPORT_SYMBOL_GPL(hchacha20);
