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

static __always_inline void chacha20_mix(u32 x[16], int a, int b, int d, int n)
{
	x[a] += x[b];
	x[d] = rol32(x[d] ^ x[a], n);
}

/*
 * One step of four quarter rounds: row @a takes row @b in, and so into row @d.
 * On the diagonals, row r begins r columns further.
 */
static __always_inline void chacha20_step(u32 x[16], int a, int b, int d, int n,
					  bool diagonal)
{
	const int i = diagonal ? a : 0, j = diagonal ? b : 0,
		  k = diagonal ? d : 0;

	chacha20_mix(x, 4 * a + (i + 0) % 4, 4 * b + (j + 0) % 4,
		     4 * d + (k + 0) % 4, n);
	chacha20_mix(x, 4 * a + (i + 1) % 4, 4 * b + (j + 1) % 4,
		     4 * d + (k + 1) % 4, n);
	chacha20_mix(x, 4 * a + (i + 2) % 4, 4 * b + (j + 2) % 4,
		     4 * d + (k + 2) % 4, n);
	chacha20_mix(x, 4 * a + (i + 3) % 4, 4 * b + (j + 3) % 4,
		     4 * d + (k + 3) % 4, n);
}

static __always_inline void chacha20_round(u32 x[16], bool diagonal)
{
	chacha20_step(x, 0, 1, 3, 16, diagonal);
	chacha20_step(x, 2, 3, 1, 12, diagonal);
	chacha20_step(x, 0, 1, 3, 8, diagonal);
	chacha20_step(x, 2, 3, 1, 7, diagonal);
}

static __always_inline void chacha20_permute(u32 x[16])
{
	for (int i = 0; i < 10; i++) {
		chacha20_round(x, false);
		chacha20_round(x, true);
	}
}

/* The key stream of the block that @state stands for, which stays as it is. */
void chacha20_keystream(const u32 state[16], __le32 out[16]);

#endif /* _LIB_CRYPTO_BATCH_CHACHA20_BLOCK_H */
