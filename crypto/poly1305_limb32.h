/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 modulo p = 2^130 - 5 for machines without 128-bit integers: five
 * limbs of 26 bits, products of 64. A limb product that lands at 2^130 or
 * above comes back five limbs lower, five times as large.
 */
#ifndef _LIB_CRYPTO_BATCH_POLY1305_LIMB32_H
#define _LIB_CRYPTO_BATCH_POLY1305_LIMB32_H

#include <crypto/poly1305_batch.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#define POLY1305_LIMB_MASK	0x3ffffffU

/* Bits 26 i to 26 i + 25 of a little-endian number. */
static inline u32 poly1305_limb_load(const u8 *p, unsigned int i)
{
	static const u8 byte[5] = { 0, 3, 6, 9, 12 };

	return (get_unaligned_le32(p + byte[i]) >> (2 * i)) &
	       POLY1305_LIMB_MASK;
}

static inline void poly1305_limb_set_r(struct poly1305_stream *st,
				       const u8 key[16])
{
	static const u32 clamp[5] = {
		0x3ffffff, 0x3ffff03, 0x3ffc0ff, 0x3f03fff, 0x00fffff,
	};

	for (int i = 0; i < 5; i++) {
		st->r[i] = poly1305_limb_load(key, i) & clamp[i];
		st->h[i] = 0;
	}
}

#define POLY1305_MUL(a, b)	((u64)(a) * (b))

/* @len is a multiple of 16; @high is 1 unless the block carries its own end. */
static inline void poly1305_limb_blocks(struct poly1305_stream *st,
					const u8 *src, size_t len, u64 high)
{
	const u32 r0 = st->r[0], r1 = st->r[1], r2 = st->r[2], r3 = st->r[3],
		  r4 = st->r[4];
	const u32 v1 = 5 * r1, v2 = 5 * r2, v3 = 5 * r3, v4 = 5 * r4;
	const u32 top = (u32)high << 24;
	u32 a = st->h[0], b = st->h[1], c = st->h[2], d = st->h[3],
	    e = st->h[4];

	for (; len; len -= 16, src += 16) {
		u64 sum;

		a += poly1305_limb_load(src, 0);
		b += poly1305_limb_load(src, 1);
		c += poly1305_limb_load(src, 2);
		d += poly1305_limb_load(src, 3);
		e += poly1305_limb_load(src, 4) | top;
		{
			const u32 a0 = a, b0 = b, c0 = c, d0 = d, e0 = e;

			/* Limbs below 2^27.1, 5 r below 2^28.4: five fit. */
			sum = POLY1305_MUL(a0, r0) + POLY1305_MUL(b0, v4) +
			      POLY1305_MUL(c0, v3) + POLY1305_MUL(d0, v2) +
			      POLY1305_MUL(e0, v1);
			a = (u32)sum & POLY1305_LIMB_MASK;
			sum = (sum >> 26) +
			      POLY1305_MUL(a0, r1) + POLY1305_MUL(b0, r0) +
			      POLY1305_MUL(c0, v4) + POLY1305_MUL(d0, v3) +
			      POLY1305_MUL(e0, v2);
			b = (u32)sum & POLY1305_LIMB_MASK;
			sum = (sum >> 26) +
			      POLY1305_MUL(a0, r2) + POLY1305_MUL(b0, r1) +
			      POLY1305_MUL(c0, r0) + POLY1305_MUL(d0, v4) +
			      POLY1305_MUL(e0, v3);
			c = (u32)sum & POLY1305_LIMB_MASK;
			sum = (sum >> 26) +
			      POLY1305_MUL(a0, r3) + POLY1305_MUL(b0, r2) +
			      POLY1305_MUL(c0, r1) + POLY1305_MUL(d0, r0) +
			      POLY1305_MUL(e0, v4);
			d = (u32)sum & POLY1305_LIMB_MASK;
			sum = (sum >> 26) +
			      POLY1305_MUL(a0, r4) + POLY1305_MUL(b0, r3) +
			      POLY1305_MUL(c0, r2) + POLY1305_MUL(d0, r1) +
			      POLY1305_MUL(e0, r0);
			e = (u32)sum & POLY1305_LIMB_MASK;
		}
		/* The carry is below 2^32, five times it below 2^35. */
		sum = (sum >> 26) * 5 + a;
		a = (u32)sum & POLY1305_LIMB_MASK;
		b += (u32)(sum >> 26);
	}
	st->h[0] = a;
	st->h[1] = b;
	st->h[2] = c;
	st->h[3] = d;
	st->h[4] = e;
}

/* The accumulator, fully reduced, plus s modulo 2^128. */
static inline void poly1305_limb_emit(const struct poly1305_stream *st,
				      u8 tag[16])
{
	u32 h[5], g[5], carry, mask;
	u64 sum = 0;

	/* Two rounds of carries leave every limb below 2^26. */
	for (int i = 0; i < 5; i++)
		h[i] = st->h[i];
	for (int round = 0; round < 2; round++) {
		carry = 0;
		for (int i = 0; i < 5; i++) {
			h[i] += carry;
			carry = h[i] >> 26;
			h[i] &= POLY1305_LIMB_MASK;
		}
		h[0] += 5 * carry;
	}

	/* h - p, if that is not negative. */
	carry = 5;
	for (int i = 0; i < 5; i++) {
		g[i] = h[i] + carry;
		carry = g[i] >> 26;
		g[i] &= POLY1305_LIMB_MASK;
	}
	mask = -carry;
	for (int i = 0; i < 5; i++)
		h[i] = (h[i] & ~mask) | (g[i] & mask);

	/* Word i is made of limb i's upper part and limb i + 1's lower. */
	for (int i = 0; i < 4; i++) {
		sum += (h[i] >> (6 * i)) | (h[i + 1] << (26 - 6 * i));
		sum += st->s[i];
		put_unaligned_le32((u32)sum, tag + 4 * i);
		sum >>= 32;
	}
	memzero_explicit(h, sizeof(h));
	memzero_explicit(g, sizeof(g));
}

#endif /* _LIB_CRYPTO_BATCH_POLY1305_LIMB32_H */
