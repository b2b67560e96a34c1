/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ChaCha20 over many independent streams at once (RFC 8439, section 2.4), and
 * HChaCha20 (draft-irtf-cfrg-xchacha, section 2.2).
 */
#ifndef _CRYPTO_CHACHA20_BATCH_H
#define _CRYPTO_CHACHA20_BATCH_H

#include <linux/types.h>

#define CHACHA20_KEY_BYTES	32
#define CHACHA20_BLOCK_BYTES	64
#define CHACHA20_NONCE_BYTES	12
#define HCHACHA20_NONCE_BYTES	16

/**
 * struct chacha20_op - one stream of a batch
 * @state: the 16 input words of the first block in host order: four constants,
 *	   eight key words, the block counter, three nonce words. On return the
 *	   counter stands behind the last block used; it wraps modulo 2^32 and
 *	   never carries into the nonce.
 * @dst: @len bytes of output
 * @src: @len bytes of input; equal to @dst, or not overlapping it
 * @len: bytes, from 0. A partial last block consumes a whole counter value;
 *	 after 2^32 blocks from counter 0 the key stream would repeat.
 */
struct chacha20_op {
	u32		state[16];
	u8		*dst;
	const u8	*src;
	size_t		len;
};

/**
 * chacha20_setup() - lay out the input words of a stream
 * @state: receives the 16 words; must not overlap @key or @nonce
 * @key: 32 bytes
 * @counter: number of the first block
 * @nonce: 12 bytes
 *
 * RFC 8439, section 2.3. @state holds the key from then on; whoever owns it
 * wipes it.
 *
 * Context: Any context but NMI.
 */
void chacha20_setup(u32 state[at_least 16],
		    const u8 key[at_least CHACHA20_KEY_BYTES], u32 counter,
		    const u8 nonce[at_least CHACHA20_NONCE_BYTES]);

/**
 * chacha20_batch() - encrypt or decrypt an array of streams
 * @ops: the streams. A @dst must not overlap what another one reads or writes,
 *	 nor @ops itself.
 * @nr: how many, from 0. A NULL @ops counts as none.
 *
 * RFC 8439, section 2.4. Streams may differ in key, nonce, counter and length.
 * They are worked on one after the other; from 256 bytes on, the blocks of one
 * fill the lanes of a vector. No allocation, no sleeping; generic code runs
 * where SIMD may not be used. Constant time in all but @nr and the lengths.
 *
 * Context: Any context but NMI.
 */
void chacha20_batch(struct chacha20_op *ops, size_t nr);

/**
 * hchacha20() - derive a subkey from a key and the first 16 bytes of a nonce
 * @out: 32 bytes of subkey; may be @key itself
 * @key: 32 bytes
 * @nonce: 16 bytes; must not overlap @out
 *
 * draft-irtf-cfrg-xchacha, section 2.2.
 *
 * Context: Any context but NMI.
 */
void hchacha20(u8 out[at_least CHACHA20_KEY_BYTES],
	       const u8 key[at_least CHACHA20_KEY_BYTES],
	       const u8 nonce[at_least HCHACHA20_NONCE_BYTES]);

#endif /* _CRYPTO_CHACHA20_BATCH_H */
