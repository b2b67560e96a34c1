// SPDX-License-Identifier: GPL-2.0
/*
 * Poly1305: the public functions and the code for every machine.
 */
#include <crypto/poly1305_batch.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead_dispatch.h"
#include "aead_impl.h"
#ifdef AEAD_INT128
#include "poly1305_limb64.h"
#else
#include "poly1305_limb32.h"
#endif

#define POLY1305_BLOCK_BYTES	16

void aead_poly1305_generic(struct poly1305_stream *st, const u8 *src,
			   size_t len, void *ctx)
{
	poly1305_limb_blocks(st, src, len, 1);
}
EXPORT_SYMBOL_IF_KUNIT(aead_poly1305_generic);

void poly1305_stream_init(struct poly1305_stream *st,
			  const u8 key[at_least POLY1305_KEY_BYTES])
{
	poly1305_limb_set_r(st, key);
	for (int i = 0; i < 4; i++)
		st->s[i] = get_unaligned_le32(key + 16 + 4 * i);
	st->fill = 0;
}
EXPORT_SYMBOL_GPL(poly1305_stream_init);

void poly1305_stream_update(struct poly1305_stream *st, const u8 *src,
			    size_t len)
{
	size_t n;

	if (!len)
		return;
	if (st->fill) {
		n = min_t(size_t, len, POLY1305_BLOCK_BYTES - st->fill);
		memcpy(st->buf + st->fill, src, n);
		st->fill += n;
		if (st->fill < POLY1305_BLOCK_BYTES)
			return;
		poly1305_limb_blocks(st, st->buf, POLY1305_BLOCK_BYTES, 1);
		st->fill = 0;
		src += n;
		len -= n;
	}
	n = len & ~(size_t)(POLY1305_BLOCK_BYTES - 1);
	if (n)
		aead_poly1305_blocks(st, src, n);
	if (len > n) {
		st->fill = len - n;
		memcpy(st->buf, src + n, st->fill);
	}
}
EXPORT_SYMBOL_GPL(poly1305_stream_update);

void poly1305_stream_final(struct poly1305_stream *st,
			   u8 tag[at_least POLY1305_TAG_BYTES])
{
	if (st->fill) {
		st->buf[st->fill++] = 1;
		memset(st->buf + st->fill, 0, POLY1305_BLOCK_BYTES - st->fill);
		poly1305_limb_blocks(st, st->buf, POLY1305_BLOCK_BYTES, 0);
	}
	poly1305_limb_emit(st, tag);
	memzero_explicit(st, sizeof(*st));
}
EXPORT_SYMBOL_GPL(poly1305_stream_final);

void poly1305_tag(u8 tag[at_least POLY1305_TAG_BYTES], const u8 *src,
		  size_t len, const u8 key[at_least POLY1305_KEY_BYTES])
{
	struct poly1305_stream st;

	poly1305_stream_init(&st, key);
	poly1305_stream_update(&st, src, len);
	poly1305_stream_final(&st, tag);
}
EXPORT_SYMBOL_GPL(poly1305_tag);

void poly1305_tag_batch(struct poly1305_op *ops, size_t nr)
{
	if (!ops)
		return;
	for (; nr; nr--, ops++)
		poly1305_tag(ops->tag, ops->src, ops->len, ops->key);
}
EXPORT_SYMBOL_GPL(poly1305_tag_batch);
