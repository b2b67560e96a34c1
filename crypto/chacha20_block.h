/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ChaCha20 permutation (RFC 8439, section 2.3) in plain C. The four quarter
 * rounds of a round go step by step together: measured, gcc's schedule of that
 * is the best of one, two or four at a time.
 */
#ifndef _LIB_CRYPTO_BATCH_CHACHA20_BLOCK_H
#define _LIB_CRYPTO_BATCH_CHACHA20_BLOCK_H

#include <linux/bitops.h>
#include <linux/types.h>

#define CHACHA20_MIX(x, a, b, d, n)					\
	((x)[a] += (x)[b], (x)[d] = rol32((x)[d] ^ (x)[a], n))

/* One step of four quarter rounds: row a takes row b in, and so into row d. */
#define CHACHA20_STEP(x, n, a0, a1, a2, a3, b0, b1, b2, b3, d0, d1, d2, d3) \
do {									\
	CHACHA20_MIX(x, a0, b0, d0, n);					\
	CHACHA20_MIX(x, a1, b1, d1, n);					\
	CHACHA20_MIX(x, a2, b2, d2, n);					\
	CHACHA20_MIX(x, a3, b3, d3, n);					\
} while (0)

static __always_inline void chacha20_permute(u32 x[16])
{
	for (int i = 0; i < 10; i++) {
		/* Columns. */
		CHACHA20_STEP(x, 16, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15);
		CHACHA20_STEP(x, 12, 8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7);
		CHACHA20_STEP(x, 8, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15);
		CHACHA20_STEP(x, 7, 8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7);
		/* Diagonals. */
		CHACHA20_STEP(x, 16, 0, 1, 2, 3, 5, 6, 7, 4, 15, 12, 13, 14);
		CHACHA20_STEP(x, 12, 10, 11, 8, 9, 15, 12, 13, 14, 5, 6, 7, 4);
		CHACHA20_STEP(x, 8, 0, 1, 2, 3, 5, 6, 7, 4, 15, 12, 13, 14);
		CHACHA20_STEP(x, 7, 10, 11, 8, 9, 15, 12, 13, 14, 5, 6, 7, 4);
	}
}

/* The key stream of the block that @state stands for, which stays as it is. */
void chacha20_keystream(const u32 state[16], u8 out[64]);

#endif /* _LIB_CRYPTO_BATCH_CHACHA20_BLOCK_H */
