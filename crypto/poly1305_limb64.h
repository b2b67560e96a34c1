/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 modulo p = 2^130 - 5 where 64 x 64 -> 128 bits is one instruction.
 *
 * The accumulator is h[0] + 2^64 h[1] + 2^128 h[2] with a small h[2]. Clamping
 * makes r[1] a multiple of 4, so that 2^128 r[1] = 2^130 (r[1] / 4), which is
 * 5 r[1] / 4 modulo p: no partial product ever has to be split at bit 130.
 */
#ifndef _LIB_CRYPTO_BATCH_POLY1305_LIMB64_H
#define _LIB_CRYPTO_BATCH_POLY1305_LIMB64_H

#include <crypto/poly1305_batch.h>
#include <linux/types.h>
#include <linux/unaligned.h>

static inline void poly1305_limb_set_r(struct poly1305_stream *st,
				       const u8 key[16])
{
	st->r[0] = get_unaligned_le64(key) & 0x0ffffffc0fffffffULL;
	st->r[1] = get_unaligned_le64(key + 8) & 0x0ffffffc0ffffffcULL;
	st->h[0] = 0;
	st->h[1] = 0;
	st->h[2] = 0;
}

/* h times r; s1 is r1 + r1 / 4. h[2] is at most 6, and at most 4 after it. */
static __always_inline void poly1305_limb_mul(u64 *h0, u64 *h1, u64 *h2, u64 r0,
					      u64 r1, u64 s1)
{
	u128 t, u;
	u64 carry;

	/* r0 and s1 are below 2^61: no sum of products overflows. */
	t = (u128)*h0 * r0 + (u128)*h1 * s1;
	u = (u128)*h0 * r1 + (u128)*h1 * r0;
	u += *h2 * s1 + (u64)(t >> 64);
	*h2 = *h2 * r0 + (u64)(u >> 64);

	/* What stands above bit 130 comes back five times. */
	carry = (*h2 & ~3ULL) + (*h2 >> 2);
	*h2 &= 3;
	*h0 = (u64)t + carry;
	carry = *h0 < carry;
	*h1 = (u64)u + carry;
	*h2 += *h1 < carry;
}

/* @len is a multiple of 16; @high is 1 unless the block carries its own end. */
static inline void poly1305_limb_blocks(struct poly1305_stream *st,
					const u8 *src, size_t len, u64 high)
{
	const u64 r0 = st->r[0], r1 = st->r[1];
	const u64 s1 = r1 + (r1 >> 2);
	u64 h0 = st->h[0], h1 = st->h[1], h2 = st->h[2];

	for (; len; len -= 16, src += 16) {
		const u64 m0 = get_unaligned_le64(src);
		const u64 m1 = get_unaligned_le64(src + 8);
		u64 carry;

		/* h2 is at most 4 here, and at most 6 after this. */
		h0 += m0;
		carry = h0 < m0;
		h1 += carry;
		h2 += high + (h1 < carry);
		h1 += m1;
		h2 += h1 < m1;

		poly1305_limb_mul(&h0, &h1, &h2, r0, r1, s1);
	}
	st->h[0] = h0;
	st->h[1] = h1;
	st->h[2] = h2;
}

/* The accumulator, fully reduced, plus s modulo 2^128. */
static inline void poly1305_limb_emit(const struct poly1305_stream *st,
				      u8 tag[16])
{
	u64 h2 = st->h[2] & 3;
	u128 h, g;
	u64 over, mask;

	/* Below 2^130 + 35, so that p goes into it once at most. */
	h = ((u128)st->h[1] << 64) | st->h[0];
	over = 5 * (st->h[2] >> 2);
	h += over;
	h2 += h < over;

	g = h + 5;
	mask = -((h2 + (g < 5)) >> 2);
	h = (h & ~(((u128)mask << 64) | mask)) |
	    (g & (((u128)mask << 64) | mask));

	h += ((u128)(((u64)st->s[3] << 32) | st->s[2]) << 64) |
	     (((u64)st->s[1] << 32) | st->s[0]);
	put_unaligned_le64((u64)h, tag);
	put_unaligned_le64((u64)(h >> 64), tag + 8);
}

#endif /* _LIB_CRYPTO_BATCH_POLY1305_LIMB64_H */
