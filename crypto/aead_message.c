// SPDX-License-Identifier: GPL-2.0
/*
 * The AEAD, one message after another (RFC 8439, section 2.8): the generic
 * implementation of a group, and the way of a message too long for a group,
 * whose bulk goes through the dispatch piece by piece.
 */
#include <crypto/chacha20_batch.h>
#include <crypto/chacha20poly1305_batch.h>
#include <crypto/poly1305_batch.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead_common.h"
#include "aead_dispatch.h"
#include "aead_message.h"
#include "chacha20_block.h"

/* What is enciphered before it is authenticated: stays in the first cache. */
#define AEAD_PIECE	8192

struct aead_work {
	u32			state[16];
	struct poly1305_stream	auth;
	union {
		__le32		stream[16];
		u8		block[CHACHA20_BLOCK_BYTES];
	};
	u8			tag[POLY1305_TAG_BYTES];
	u8			seen[POLY1305_TAG_BYTES];
};

static void aead_xor(bool dispatch, u32 state[16], u8 *dst, const u8 *src,
		     size_t len)
{
	if (dispatch)
		aead_chacha20_xor(state, dst, src, len);
	else
		aead_chacha20_generic(state, dst, src, len, NULL);
}

/* Authenticate @len bytes and the zeroes that fill up the last block. */
static void aead_auth(bool dispatch, struct aead_work *w, const u8 *src,
		      size_t len)
{
	size_t whole = len & ~(size_t)15;

	if (whole && dispatch)
		aead_poly1305_blocks(&w->auth, src, whole);
	else if (whole)
		aead_poly1305_generic(&w->auth, src, whole, NULL);
	if (len > whole) {
		u8 *last = w->block;

		memcpy(last, src + whole, len - whole);
		memset(last + (len - whole), 0, 16 - (len - whole));
		aead_poly1305_generic(&w->auth, last, 16, NULL);
	}
}

static void aead_begin(bool dispatch, struct aead_work *w,
		       const struct chacha20poly1305_msg *m, const u32 key[8])
{
	w->state[0] = 0x61707865;
	w->state[1] = 0x3320646e;
	w->state[2] = 0x79622d32;
	w->state[3] = 0x6b206574;
	memcpy(&w->state[4], key, 32);
	w->state[12] = 0;
	w->state[13] = m->salt;
	w->state[14] = (u32)m->nonce;
	w->state[15] = (u32)(m->nonce >> 32);

	chacha20_keystream(w->state, w->stream);
	w->state[12]++;
	poly1305_stream_init(&w->auth, w->block);
	aead_auth(dispatch, w, m->ad, m->ad_len);
}

static void aead_finish(struct aead_work *w,
			const struct chacha20poly1305_msg *m, u8 *tag)
{
	put_unaligned_le64(m->ad_len, w->block);
	put_unaligned_le64(m->len, w->block + 8);
	aead_poly1305_generic(&w->auth, w->block, 16, NULL);
	poly1305_stream_final(&w->auth, tag);
}

static __always_inline void
aead_seal_message(bool dispatch, struct aead_work *w,
		  struct chacha20poly1305_msg *m, const u32 key[8])
{
	const u8 *src = m->dst;
	u8 *dst = m->dst;
	size_t n;

	if (aead_must_gather(m))
		aead_gather_text(m);
	else
		src = m->src->iov_base;

	aead_begin(dispatch, w, m, key);
	for (size_t left = m->len; left; left -= n, dst += n, src += n) {
		n = min_t(size_t, left, AEAD_PIECE);
		aead_xor(dispatch, w->state, dst, src, n);
		aead_auth(dispatch, w, dst, n);
	}
	aead_finish(w, m, w->tag);
	memcpy(m->dst + m->len, w->tag, sizeof(w->tag));
}

static __always_inline void
aead_open_message(bool dispatch, struct aead_work *w,
		  struct chacha20poly1305_msg *m, const u32 key[8])
{
	struct aead_cursor c = { .vec = m->src };
	const u8 *src = NULL;
	const u8 *tag;

	/* The ciphertext, as one piece, and the tag that came with it. */
	if (m->len) {
		src = aead_span(&c, m->src + m->nr_src, m->len);
		if (!src) {
			aead_gather(&c, m->dst, m->len);
			src = m->dst;
		}
	}
	tag = aead_span(&c, m->src + m->nr_src, sizeof(w->seen));
	if (!tag) {
		aead_gather(&c, w->seen, sizeof(w->seen));
		tag = w->seen;
	}

	aead_begin(dispatch, w, m, key);
	aead_auth(dispatch, w, src, m->len);
	aead_finish(w, m, w->tag);
	m->err = aead_tag_compare(tag, w->tag);
	if (m->err) {
		if (m->len)
			memset(m->dst, 0, m->len);
		return;
	}
	aead_xor(dispatch, w->state, m->dst, src, m->len);
	aead_sum_text(m, m->dst);
}

void aead_seal_group_generic(struct chacha20poly1305_msg *m, unsigned int n,
			     const u32 key[8], void *ctx)
{
	struct aead_work w;

	for (; n; n--, m++)
		aead_seal_message(false, &w, m, key);
	memzero_explicit(&w, sizeof(w));
}
EXPORT_SYMBOL_IF_KUNIT(aead_seal_group_generic);

void aead_open_group_generic(struct chacha20poly1305_msg *m, unsigned int n,
			     const u32 key[8], void *ctx)
{
	struct aead_work w;

	for (; n; n--, m++)
		aead_open_message(false, &w, m, key);
	memzero_explicit(&w, sizeof(w));
}
EXPORT_SYMBOL_IF_KUNIT(aead_open_group_generic);

void aead_seal_long(struct chacha20poly1305_msg *m, const u32 key[8])
{
	struct aead_work w;

	aead_seal_message(true, &w, m, key);
	memzero_explicit(&w, sizeof(w));
}

void aead_open_long(struct chacha20poly1305_msg *m, const u32 key[8])
{
	struct aead_work w;

	aead_open_message(true, &w, m, key);
	memzero_explicit(&w, sizeof(w));
}
