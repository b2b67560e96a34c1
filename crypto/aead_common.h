/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every implementation of the AEAD does alike: bring a message's
 * fragments together, and take the one's-complement sum of its plaintext.
 * Nothing here branches on what the text holds.
 */
#ifndef _LIB_CRYPTO_BATCH_AEAD_COMMON_H
#define _LIB_CRYPTO_BATCH_AEAD_COMMON_H

#include <crypto/chacha20poly1305_batch.h>
#include <crypto/utils.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#define AEAD_SUM_FLAGS	(CHACHA20POLY1305_SUM | CHACHA20POLY1305_SUM_STORE)

/* A place in a list of fragments. */
struct aead_cursor {
	const struct kvec	*vec;
	size_t			offset;
};

/* Copy the next @len bytes, which the list is known to hold. */
static inline void aead_gather(struct aead_cursor *c, u8 *dst, size_t len)
{
	while (len) {
		size_t n = c->vec->iov_len - c->offset;

		if (n > len)
			n = len;
		if (n) {
			const u8 *src = (const u8 *)c->vec->iov_base +
					c->offset;

			if (src != dst)
				memcpy(dst, src, n);
		}
		dst += n;
		len -= n;
		c->offset += n;
		if (c->offset == c->vec->iov_len) {
			c->vec++;
			c->offset = 0;
		}
	}
}

/*
 * The address of the next @len bytes if they lie in one fragment, or NULL. The
 * cursor moves only if they do.
 */
static inline const u8 *aead_span(struct aead_cursor *c, const struct kvec *end,
				  size_t len)
{
	const u8 *src;

	while (c->vec < end && c->offset == c->vec->iov_len) {
		c->vec++;
		c->offset = 0;
	}
	if (c->vec == end || c->vec->iov_len - c->offset < len)
		return NULL;
	src = (const u8 *)c->vec->iov_base + c->offset;
	c->offset += len;
	return src;
}

static inline u64 aead_sum_add(u64 sum, u64 v)
{
	sum += v;
	return sum + (sum < v);
}

static inline u64 aead_sum_load(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * The one's-complement sum of 16-bit words in host order, the last one filled
 * up with a zero byte: as csum_partial() would give it, after folding.
 */
static inline u32 aead_sum(const u8 *p, size_t len)
{
	u64 a = 0, b = 0, tail = 0;

	for (; len >= 16; len -= 16, p += 16) {
		a = aead_sum_add(a, aead_sum_load(p));
		b = aead_sum_add(b, aead_sum_load(p + 8));
	}
	if (len >= 8) {
		a = aead_sum_add(a, aead_sum_load(p));
		p += 8;
		len -= 8;
	}
	if (len & 4) {
		memcpy(&tail, p, 4);
		a = aead_sum_add(a, tail);
		p += 4;
	}
	if (len & 3) {
		tail = 0;
		if (len & 2)
			memcpy(&tail, p, 2);
		if (len & 1)
			((u8 *)&tail)[len & 2] = p[len & 2];
		a = aead_sum_add(a, tail);
	}
	a = aead_sum_add(a, b);
	a = (a & 0xffffffff) + (a >> 32);
	return (u32)a + (u32)(a >> 32);
}

/* Fold, and complement as a checksum field wants it: never 0. */
static inline u16 aead_sum_fold(u32 sum)
{
	u32 v;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	v = ~sum & 0xffff;
	return v | ((v - 1) >> 16);
}

/*
 * The plaintext of @m, complete and not yet encrypted, is in @text: take its
 * sum, and store the checksum field, as the flags ask.
 */
static inline void aead_sum_text(struct chacha20poly1305_msg *m, u8 *text)
{
	u16 field;

	if (!(m->flags & AEAD_SUM_FLAGS))
		return;
	m->csum = aead_sum(text + m->csum_start, m->len - m->csum_start);
	if (!(m->flags & CHACHA20POLY1305_SUM_STORE))
		return;
	field = aead_sum_fold(m->csum);
	memcpy(text + m->csum_start + m->csum_offset, &field, sizeof(field));
}

/* Bring the plaintext to be sealed into the destination, padded and summed. */
static inline void aead_gather_text(struct chacha20poly1305_msg *m)
{
	struct aead_cursor c = { .vec = m->src };

	aead_gather(&c, m->dst, m->len - m->pad);
	memset(m->dst + m->len - m->pad, 0, m->pad);
	aead_sum_text(m, m->dst);
}

/* Whether the source must be brought into the destination before sealing. */
static inline bool aead_must_gather(const struct chacha20poly1305_msg *m)
{
	return m->nr_src != 1 || m->pad || (m->flags & AEAD_SUM_FLAGS);
}

/* 0 if the tags are equal, -EBADMSG if not; the comparison is constant time. */
static inline int aead_tag_compare(const u8 *a, const u8 *b)
{
	return crypto_memneq(a, b, CHACHA20POLY1305_TAG_BYTES) ? -EBADMSG : 0;
}

#endif /* _LIB_CRYPTO_BATCH_AEAD_COMMON_H */
