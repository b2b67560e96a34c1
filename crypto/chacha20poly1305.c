// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 and XChaCha20-Poly1305: the public functions. They check
 * what the caller says, cut an array into groups, and leave the rest to an
 * implementation, which may trust every length it is given.
 */
#include <crypto/chacha20_batch.h>
#include <crypto/chacha20poly1305_batch.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead_common.h"
#include "aead_dispatch.h"
#include "aead_message.h"

static noinline bool aead_list_holds(const struct chacha20poly1305_msg *m,
				     u64 want)
{
	if (m->nr_src && !m->src)
		return false;
	for (unsigned int i = 0; i < m->nr_src; i++) {
		const struct kvec *v = &m->src[i];

		if (v->iov_len > want || (v->iov_len && !v->iov_base))
			return false;
		want -= v->iov_len;
	}
	return !want;
}

/* Most texts are in one piece. */
static __always_inline bool
aead_fragments_hold(const struct chacha20poly1305_msg *m, u64 want)
{
	if (likely(m->nr_src == 1 && m->src))
		return m->src->iov_len == want && (m->src->iov_base || !want);
	return aead_list_holds(m, want);
}

static bool aead_sum_is_inside(const struct chacha20poly1305_msg *m)
{
	if (!(m->flags & AEAD_SUM_FLAGS))
		return true;
	if (m->csum_start > m->len || (m->csum_start & 1))
		return false;
	return !(m->flags & CHACHA20POLY1305_SUM_STORE) ||
	       (u32)m->csum_start + m->csum_offset + sizeof(u16) <= m->len;
}

static bool aead_seal_is_valid(const struct chacha20poly1305_msg *m)
{
	return m->dst && m->pad <= m->len &&
	       !(m->flags & ~AEAD_SUM_FLAGS) && aead_sum_is_inside(m) &&
	       (m->ad || !m->ad_len) && aead_fragments_hold(m, m->len - m->pad);
}

static bool aead_open_is_valid(const struct chacha20poly1305_msg *m)
{
	return (m->dst || !m->len) && !m->pad &&
	       !(m->flags & ~CHACHA20POLY1305_SUM) && aead_sum_is_inside(m) &&
	       (m->ad || !m->ad_len) &&
	       aead_fragments_hold(m, (u64)m->len + CHACHA20POLY1305_TAG_BYTES);
}

/* What counts towards a section's bound: bytes, and fragments, empty ones too. */
static u64 aead_weight(const struct chacha20poly1305_msg *m)
{
	return (u64)m->len + m->ad_len + m->nr_src * sizeof(*m->src);
}

/*
 * Prepare as many messages, from the first on, as make a group. 0: the first
 * one does not go into a group, since it is invalid (@err says so) or long.
 */
static unsigned int aead_group(struct chacha20poly1305_msg *m, size_t nr,
			       bool open)
{
	u64 text = 0;
	unsigned int n;

	for (n = 0; n < nr && n < AEAD_GROUP; n++, m++) {
		m->csum = 0;
		m->err = 0;
		if (!(open ? aead_open_is_valid(m) : aead_seal_is_valid(m))) {
			m->err = -EINVAL;
			break;
		}
		text += aead_weight(m);
		if (text > AEAD_GROUP_TEXT)
			break;
	}
	return n;
}

static __always_inline size_t
aead_batch(struct chacha20poly1305_msg *m, size_t nr,
	   const u8 key[CHACHA20POLY1305_KEY_BYTES], bool open)
{
	size_t failed = 0;
	u32 k[8];

	if (!m || !nr)
		return nr;
	for (int i = 0; i < 8; i++)
		k[i] = get_unaligned_le32(key + 4 * i);

	while (nr) {
		unsigned int n = aead_group(m, nr, open);

		if (n) {
			if (open)
				aead_open_group(m, n, k);
			else
				aead_seal_group(m, n, k);
		} else {
			n = 1;
			if (!m->err && open)
				aead_open_long(m, k);
			else if (!m->err)
				aead_seal_long(m, k);
		}
		for (nr -= n; n; n--, m++)
			failed += !!m->err;
	}
	memzero_explicit(k, sizeof(k));
	return failed;
}

size_t chacha20poly1305_seal_batch(struct chacha20poly1305_msg *msgs, size_t nr,
				   const u8 key[at_least CHACHA20POLY1305_KEY_BYTES])
{
	return aead_batch(msgs, nr, key, false);
}
EXPORT_SYMBOL_GPL(chacha20poly1305_seal_batch);

size_t chacha20poly1305_open_batch(struct chacha20poly1305_msg *msgs, size_t nr,
				   const u8 key[at_least CHACHA20POLY1305_KEY_BYTES])
{
	return aead_batch(msgs, nr, key, true);
}
EXPORT_SYMBOL_GPL(chacha20poly1305_open_batch);

void chacha20poly1305_seal(u8 *dst, const u8 *src, u32 len, const u8 *ad,
			   u32 ad_len, u64 nonce,
			   const u8 key[at_least CHACHA20POLY1305_KEY_BYTES])
{
	struct kvec vec = { .iov_base = (u8 *)src, .iov_len = len };
	struct chacha20poly1305_msg m = {
		.dst = dst, .src = &vec, .nr_src = 1, .len = len,
		.ad = ad, .ad_len = ad_len, .nonce = nonce,
	};

	/* Only a NULL that has a length can be wrong. */
	WARN_ON_ONCE(aead_batch(&m, 1, key, false));
}
EXPORT_SYMBOL_GPL(chacha20poly1305_seal);

int chacha20poly1305_open(u8 *dst, const u8 *src, u32 len, const u8 *ad,
			  u32 ad_len, u64 nonce,
			  const u8 key[at_least CHACHA20POLY1305_KEY_BYTES])
{
	struct kvec vec = { .iov_base = (u8 *)src, .iov_len = len };
	struct chacha20poly1305_msg m = {
		.dst = dst, .src = &vec, .nr_src = 1,
		.len = len - CHACHA20POLY1305_TAG_BYTES,
		.ad = ad, .ad_len = ad_len, .nonce = nonce,
	};

	if (len < CHACHA20POLY1305_TAG_BYTES)
		return -EINVAL;
	aead_batch(&m, 1, key, true);
	return m.err;
}
EXPORT_SYMBOL_GPL(chacha20poly1305_open);

void xchacha20poly1305_seal(u8 *dst, const u8 *src, u32 len, const u8 *ad,
			    u32 ad_len,
			    const u8 nonce[at_least XCHACHA20POLY1305_NONCE_BYTES],
			    const u8 key[at_least CHACHA20POLY1305_KEY_BYTES])
{
	u8 subkey[CHACHA20POLY1305_KEY_BYTES];

	hchacha20(subkey, key, nonce);
	chacha20poly1305_seal(dst, src, len, ad, ad_len,
			      get_unaligned_le64(nonce + 16), subkey);
	memzero_explicit(subkey, sizeof(subkey));
}
EXPORT_SYMBOL_GPL(xchacha20poly1305_seal);

int xchacha20poly1305_open(u8 *dst, const u8 *src, u32 len, const u8 *ad,
			   u32 ad_len,
			   const u8 nonce[at_least XCHACHA20POLY1305_NONCE_BYTES],
			   const u8 key[at_least CHACHA20POLY1305_KEY_BYTES])
{
	u8 subkey[CHACHA20POLY1305_KEY_BYTES];
	int err;

	hchacha20(subkey, key, nonce);
	err = chacha20poly1305_open(dst, src, len, ad, ad_len,
				    get_unaligned_le64(nonce + 16), subkey);
	memzero_explicit(subkey, sizeof(subkey));
	return err;
}
EXPORT_SYMBOL_GPL(xchacha20poly1305_open);
