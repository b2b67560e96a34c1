/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ChaCha20 permutation (RFC 8439, section 2.3) in plain C.
 *
 * Two quarter rounds are interleaved: enough for a superscalar machine, and
 * few enough values that sixteen registers nearly hold them.
 */
#ifndef _LIB_CRYPTO_BATCH_CHACHA20_BLOCK_H
#define _LIB_CRYPTO_BATCH_CHACHA20_BLOCK_H

#include <linux/bitops.h>
#include <linux/types.h>

#define CHACHA20_MIX(x, a, b, d, n)			\
	((x)[a] += (x)[b], (x)[d] = rol32((x)[d] ^ (x)[a], n))

#define CHACHA20_TWO_QUARTERS(x, a, b, c, d, e, f, g, h)		\
do {									\
	CHACHA20_MIX(x, a, b, d, 16); CHACHA20_MIX(x, e, f, h, 16);	\
	CHACHA20_MIX(x, c, d, b, 12); CHACHA20_MIX(x, g, h, f, 12);	\
	CHACHA20_MIX(x, a, b, d, 8);  CHACHA20_MIX(x, e, f, h, 8);	\
	CHACHA20_MIX(x, c, d, b, 7);  CHACHA20_MIX(x, g, h, f, 7);	\
} while (0)

static __always_inline void chacha20_permute(u32 x[16])
{
	for (int i = 0; i < 10; i++) {
		CHACHA20_TWO_QUARTERS(x, 0, 4, 8, 12, 1, 5, 9, 13);
		CHACHA20_TWO_QUARTERS(x, 2, 6, 10, 14, 3, 7, 11, 15);
		CHACHA20_TWO_QUARTERS(x, 0, 5, 10, 15, 1, 6, 11, 12);
		CHACHA20_TWO_QUARTERS(x, 2, 7, 8, 13, 3, 4, 9, 14);
	}
}

#endif /* _LIB_CRYPTO_BATCH_CHACHA20_BLOCK_H */
