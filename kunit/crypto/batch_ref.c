// SPDX-License-Identifier: GPL-2.0
/*
 * A slow and simple ChaCha20-Poly1305 to compare with.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "batch_test.h"

static void ref_quarter_round(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b;
	*d = rol32(*d ^ *a, 16);
	*c += *d;
	*b = rol32(*b ^ *c, 12);
	*a += *b;
	*d = rol32(*d ^ *a, 8);
	*c += *d;
	*b = rol32(*b ^ *c, 7);
}

static void ref_chacha20_block(u8 out[64], const u8 key[32], u32 counter,
			       const u8 nonce[12])
{
	static const char sigma[] = "expand 32-byte k";
	u8 words[64];
	u32 x[16];

	memcpy(words, sigma, 16);
	memcpy(words + 16, key, 32);
	put_unaligned_le32(counter, words + 48);
	memcpy(words + 52, nonce, 12);
	for (int i = 0; i < 16; i++)
		x[i] = get_unaligned_le32(words + 4 * i);

	for (int round = 0; round < 20; round++) {
		/* In every other round the columns are diagonals. */
		int shift = round & 1;

		for (int i = 0; i < 4; i++)
			ref_quarter_round(&x[i],
					  &x[4 + (i + shift) % 4],
					  &x[8 + (i + 2 * shift) % 4],
					  &x[12 + (i + 3 * shift) % 4]);
	}
	for (int i = 0; i < 16; i++)
		put_unaligned_le32(x[i] + get_unaligned_le32(words + 4 * i),
				   out + 4 * i);
}

void ref_chacha20(u8 *dst, const u8 *src, size_t len, const u8 key[32],
		  u32 counter, const u8 nonce[12])
{
	u8 stream[64];

	for (size_t i = 0; i < len; i++) {
		if (i % 64 == 0)
			ref_chacha20_block(stream, key, counter++, nonce);
		dst[i] = src[i] ^ stream[i % 64];
	}
}

/* Numbers below 2^136 in 17 digits of 8 bits, the lowest first. */
static void ref_multiply_mod_p(u32 a[17], const u32 r[17])
{
	u32 product[34] = {}, carry;

	for (int i = 0; i < 17; i++)
		for (int j = 0; j < 17; j++)
			product[i + j] += a[i] * r[j];
	carry = 0;
	for (int i = 0; i < 34; i++) {
		carry += product[i];
		product[i] = carry & 0xff;
		carry >>= 8;
	}
	/* 2^136 = 2^6 2^130, which is 320 modulo p. */
	carry = 0;
	for (int i = 0; i < 17; i++) {
		carry += product[i] + 320 * product[i + 17];
		a[i] = carry & 0xff;
		carry >>= 8;
	}
	/* Twice the rest above bit 130, five times over, back to the bottom. */
	for (int times = 0; times < 2; times++) {
		carry = 5 * ((carry << 6) + (a[16] >> 2));
		a[16] &= 3;
		for (int i = 0; i < 17; i++) {
			carry += a[i];
			a[i] = carry & 0xff;
			carry >>= 8;
		}
	}
}

void ref_poly1305(u8 tag[16], const u8 *src, size_t len, const u8 key[32])
{
	u32 a[17] = {}, r[17] = {}, minus_p[17], carry;

	for (int i = 0; i < 16; i++)
		r[i] = key[i];
	for (int i = 3; i < 16; i += 4)
		r[i] &= 15;
	for (int i = 4; i < 16; i += 4)
		r[i] &= 252;

	while (len) {
		size_t n = min_t(size_t, len, 16);

		carry = 0;
		for (int i = 0; i < 17; i++) {
			carry += a[i];
			if (i < n)
				carry += src[i];
			else if (i == n)
				carry += 1;
			a[i] = carry & 0xff;
			carry >>= 8;
		}
		ref_multiply_mod_p(a, r);
		src += n;
		len -= n;
	}

	/* a is below 2^130: is a + 5 not? Then a - p is a + 5 - 2^130. */
	carry = 5;
	for (int i = 0; i < 17; i++) {
		carry += a[i];
		minus_p[i] = carry & 0xff;
		carry >>= 8;
	}
	if (minus_p[16] >> 2)
		memcpy(a, minus_p, sizeof(a));

	carry = 0;
	for (int i = 0; i < 16; i++) {
		carry += a[i] + key[16 + i];
		tag[i] = carry & 0xff;
		carry >>= 8;
	}
}

void ref_seal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
	      u32 salt, u64 nonce, const u8 key[32])
{
	size_t ad_room = round_up(ad_len, 16), room = round_up(len, 16);
	u8 *mac_data = kzalloc(ad_room + room + 16, GFP_KERNEL);
	u8 otk[32] = {}, n[12];

	if (WARN_ON(!mac_data))
		return;
	put_unaligned_le32(salt, n);
	put_unaligned_le64(nonce, n + 4);
	ref_chacha20(otk, otk, sizeof(otk), key, 0, n);
	ref_chacha20(dst, src, len, key, 1, n);

	if (ad_len)
		memcpy(mac_data, ad, ad_len);
	memcpy(mac_data + ad_room, dst, len);
	put_unaligned_le64(ad_len, mac_data + ad_room + room);
	put_unaligned_le64(len, mac_data + ad_room + room + 8);
	ref_poly1305(dst + len, mac_data, ad_room + room + 16, otk);
	kfree(mac_data);
}
