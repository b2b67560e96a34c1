/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 one-time authenticators (RFC 8439, section 2.5): one message, many
 * messages, or a message that arrives in pieces.
 */
#ifndef _CRYPTO_POLY1305_BATCH_H
#define _CRYPTO_POLY1305_BATCH_H

#include <linux/types.h>

#define POLY1305_KEY_BYTES	32
#define POLY1305_TAG_BYTES	16

/**
 * struct poly1305_op - one message of a batch
 * @key: 32 bytes of one-time key, r then s; r is clamped by the library
 * @src: @len bytes of message; may be NULL when @len is 0
 * @len: bytes, from 0
 * @tag: receives 16 bytes
 */
struct poly1305_op {
	const u8	*key;
	const u8	*src;
	size_t		len;
	u8		tag[POLY1305_TAG_BYTES];
};

/**
 * poly1305_tag() - authenticate one message
 * @tag: receives 16 bytes; may lie in @src or @key, which are read before
 * @src: @len bytes; may be NULL when @len is 0
 * @len: bytes, from 0
 * @key: 32 bytes of one-time key
 *
 * RFC 8439, section 2.5.
 *
 * Context: Any context but NMI.
 */
void poly1305_tag(u8 tag[at_least POLY1305_TAG_BYTES], const u8 *src,
		  size_t len, const u8 key[at_least POLY1305_KEY_BYTES]);

/**
 * poly1305_tag_batch() - authenticate an array of messages
 * @ops: the messages, each under a key of its own. No @src and no @key may lie
 *	 in @ops.
 * @nr: how many, from 0. A NULL @ops counts as none.
 *
 * RFC 8439, section 2.5. Messages are worked on one after the other; from 512
 * bytes on, the blocks of one fill the lanes of a vector. Constant time in all
 * but @nr and the lengths.
 *
 * Context: Any context but NMI.
 */
void poly1305_tag_batch(struct poly1305_op *ops, size_t nr);

/**
 * struct poly1305_stream - a message that arrives in pieces
 *
 * Private to the implementation; holds key material until
 * poly1305_stream_final() wipes it.
 */
struct poly1305_stream {
	/* private: */
	u64	h[5];
	u64	r[5];
	u32	s[4];
	u32	fill;
	u8	buf[16];
};

/**
 * poly1305_stream_init() - begin a message
 * @st: the stream; must not overlap @key
 * @key: 32 bytes of one-time key
 *
 * RFC 8439, section 2.5.
 *
 * Context: Any context but NMI.
 */
void poly1305_stream_init(struct poly1305_stream *st,
			  const u8 key[at_least POLY1305_KEY_BYTES]);

/**
 * poly1305_stream_update() - add a piece
 * @st: the stream
 * @src: @len bytes, which must not overlap @st; may be NULL when @len is 0
 * @len: bytes, from 0
 *
 * Where the pieces are cut makes no difference. RFC 8439, section 2.5.
 *
 * Context: Any context but NMI.
 */
void poly1305_stream_update(struct poly1305_stream *st, const u8 *src,
			    size_t len);

/**
 * poly1305_stream_final() - end a message and wipe the stream
 * @st: the stream
 * @tag: receives 16 bytes; must not overlap @st
 *
 * RFC 8439, section 2.5.
 *
 * Context: Any context but NMI.
 */
void poly1305_stream_final(struct poly1305_stream *st,
			   u8 tag[at_least POLY1305_TAG_BYTES]);

#endif /* _CRYPTO_POLY1305_BATCH_H */
