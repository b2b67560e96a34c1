/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One short message: a row of ChaCha20's state (RFC 8439, section 2.3) in each
 * 128 bits of a vector, so that four vectors are W / 4 whole blocks. That takes
 * far fewer instructions than a block a lane, and less of the code cache, which
 * is what counts where packets come one by one.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_SMALL_H
#define _LIB_CRYPTO_BATCH_SIMD_SMALL_H

#include <crypto/chacha20poly1305_batch.h>
#include <crypto/poly1305_batch.h>
#include <linux/string.h>

#include "aead_common.h"
#include "aead_impl.h"

/* Four blocks: the one-time key, and this much text. */
#define SIMD_SMALL_MAX	(3 * SIMD_BLOCK)
#define SMALL_STATES	(16 / W)

/* Lanes further on, within each 128 bits; and which blocks those are. */
#if W == 16
static __always_inline v32 small_turn1(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    1, 2, 3, 0, 5, 6, 7, 4,
			    9, 10, 11, 8, 13, 14, 15, 12);
}

static __always_inline v32 small_turn2(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    2, 3, 0, 1, 6, 7, 4, 5,
			    10, 11, 8, 9, 14, 15, 12, 13);
}

static __always_inline v32 small_turn3(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    3, 0, 1, 2, 7, 4, 5, 6,
			    11, 8, 9, 10, 15, 12, 13, 14);
}

static const v32 small_counters[SMALL_STATES] = {
	{ 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3 },
};
#else
static __always_inline v32 small_turn1(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    1, 2, 3, 0, 5, 6, 7, 4);
}

static __always_inline v32 small_turn2(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    2, 3, 0, 1, 6, 7, 4, 5);
}

static __always_inline v32 small_turn3(v32 v)
{
	return SIMD_SHUFFLE(v32, v, v,
			    3, 0, 1, 2, 7, 4, 5, 6);
}

static const v32 small_counters[SMALL_STATES] = {
	{ 0, 0, 0, 0, 1 },
	{ 2, 0, 0, 0, 3 },
};
#endif

typedef u64 small_16 __attribute__((vector_size(16)));
typedef small_16 small_16_any __attribute__((aligned(1), may_alias));

struct simd_small {
	/* Row r of block b: quarter b % (W / 4) of row[b / (W / 4)][r]. */
	v32			row[SMALL_STATES][4];
	small_16		key[2];
	small_16		end;
	small_16		tag;
	struct poly1305_stream	auth;
};

/* Row @r of a block of key stream. */
static __always_inline small_16 small_stream(const struct simd_small *w,
					     unsigned int block, unsigned int r)
{
	return ((const small_16 *)&w->row[block / (W / 4)][r])[block % (W / 4)];
}

static __always_inline void small_columns(v32 x[4])
{
	x[0] = simd_add32(x[0], x[1]);
	x[3] = simd_rol32(simd_xor32(x[3], x[0]), 16);
	x[2] = simd_add32(x[2], x[3]);
	x[1] = simd_rol32(simd_xor32(x[1], x[2]), 12);
	x[0] = simd_add32(x[0], x[1]);
	x[3] = simd_rol32(simd_xor32(x[3], x[0]), 8);
	x[2] = simd_add32(x[2], x[3]);
	x[1] = simd_rol32(simd_xor32(x[1], x[2]), 7);
}

/* Blocks 0 to 3 of the key stream, and the one-time key. */
static noinline void small_begin(struct simd_small *w, const u32 key[8],
				 const struct chacha20poly1305_msg *m)
{
	static const u32 constants[4] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
	};
	const u32 nonce[4] = {
		0, m->salt, (u32)m->nonce, (u32)(m->nonce >> 32),
	};
	const v32 first[4] = {
		simd_quarters_of(constants), simd_quarters_of(key),
		simd_quarters_of(key + 4), simd_quarters_of(nonce),
	};
	v32 x[SMALL_STATES][4];

	for (int s = 0; s < SMALL_STATES; s++) {
		x[s][0] = first[0];
		x[s][1] = first[1];
		x[s][2] = first[2];
		x[s][3] = first[3] + small_counters[s];
	}
	for (int i = 0; i < 10; i++) {
		for (int s = 0; s < SMALL_STATES; s++)
			small_columns(x[s]);
		for (int s = 0; s < SMALL_STATES; s++) {
			x[s][1] = small_turn1(x[s][1]);
			x[s][2] = small_turn2(x[s][2]);
			x[s][3] = small_turn3(x[s][3]);
		}
		for (int s = 0; s < SMALL_STATES; s++)
			small_columns(x[s]);
		for (int s = 0; s < SMALL_STATES; s++) {
			x[s][1] = small_turn3(x[s][1]);
			x[s][2] = small_turn2(x[s][2]);
			x[s][3] = small_turn1(x[s][3]);
		}
	}
	for (int s = 0; s < SMALL_STATES; s++) {
		w->row[s][0] = x[s][0] + first[0];
		w->row[s][1] = x[s][1] + first[1];
		w->row[s][2] = x[s][2] + first[2];
		w->row[s][3] = x[s][3] + first[3] + small_counters[s];
	}
	w->key[0] = small_stream(w, 0, 0);
	w->key[1] = small_stream(w, 0, 1);
	poly1305_stream_init(&w->auth, (const u8 *)w->key);
}

/* Less than 16 bytes. */
static noinline void small_copy(u8 *to, const u8 *from, u32 len)
{
	simd_copy_small(to, from, len);
}

static noinline void small_xor(struct simd_small *w, u8 *dst, const u8 *src,
			       u32 len)
{
	u32 i;

	for (i = 0; i + 16 <= len; i += 16)
		*(small_16_any *)(dst + i) = *(const small_16_any *)(src + i) ^
			small_stream(w, 1 + i / 64, i / 16 % 4);
	if (i < len) {
		small_copy((u8 *)&w->end, src + i, len - i);
		w->end ^= small_stream(w, 1 + i / 64, i / 16 % 4);
		small_copy(dst + i, (const u8 *)&w->end, len - i);
	}
}

static noinline void small_tag(struct simd_small *w,
			       const struct chacha20poly1305_msg *m,
			       const u8 *text)
{
	for (int i = 0; i < 2; i++) {
		const u8 *src = i ? text : m->ad;
		const u32 len = i ? m->len : m->ad_len;
		const u32 rest = len & 15;

		if (len > rest)
			aead_poly1305_generic(&w->auth, src, len - rest, NULL);
		if (rest) {
			w->end = (small_16){ 0 };
			small_copy((u8 *)&w->end, src + len - rest, rest);
			aead_poly1305_generic(&w->auth, (u8 *)&w->end, 16, NULL);
		}
	}
	w->end = (small_16){ m->ad_len, m->len };
	aead_poly1305_generic(&w->auth, (u8 *)&w->end, 16, NULL);
	poly1305_stream_final(&w->auth, (u8 *)&w->tag);
}

static noinline void small_seal(struct chacha20poly1305_msg *m,
				const u32 key[8])
{
	struct simd_small w __uninitialized;
	const u8 *src = m->dst;

	if (aead_must_gather(m))
		simd_gather_text(m);
	else
		src = m->src->iov_base;
	small_begin(&w, key, m);
	small_xor(&w, m->dst, src, m->len);
	small_tag(&w, m, m->dst);
	*(small_16_any *)(m->dst + m->len) = w.tag;
	memzero_explicit(&w, sizeof(w));
}

/* The ciphertext and its tag are in one fragment. */
static noinline void small_open(struct chacha20poly1305_msg *m,
				const u32 key[8])
{
	const u8 *src = m->src->iov_base;
	struct simd_small w __uninitialized;

	small_begin(&w, key, m);
	small_tag(&w, m, src);
	m->err = aead_tag_compare(src + m->len, (const u8 *)&w.tag);
	if (m->err) {
		memset(m->dst, 0, m->len);
	} else {
		small_xor(&w, m->dst, src, m->len);
		aead_sum_text(m, m->dst);
	}
	memzero_explicit(&w, sizeof(w));
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_SMALL_H */
