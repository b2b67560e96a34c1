/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AEAD of RFC 8439, section 2.8, for one message or for many under one key.
 *
 * A batch is what a tunnel has in its hands: a run of messages, often of one
 * size and with consecutive nonces. Given all of them in one call, a SIMD
 * implementation makes its lanes whole messages.
 */
#ifndef _CRYPTO_CHACHA20POLY1305_BATCH_H
#define _CRYPTO_CHACHA20POLY1305_BATCH_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/uio.h>

#define CHACHA20POLY1305_KEY_BYTES	32
#define CHACHA20POLY1305_NONCE_BYTES	12
#define CHACHA20POLY1305_TAG_BYTES	16
#define XCHACHA20POLY1305_NONCE_BYTES	24

/* Take the sum of the plaintext from @csum_start on into @csum. */
#define CHACHA20POLY1305_SUM		BIT(0)
/*
 * Sealing only: take the sum as above, fold it, and seal the plaintext with
 * its complement at @csum_start + @csum_offset (0xffff in place of 0). What the
 * source holds in that field is part of the sum, so that a pseudo-header's sum
 * left there by CHECKSUM_PARTIAL is accounted for.
 */
#define CHACHA20POLY1305_SUM_STORE	BIT(1)

/**
 * struct chacha20poly1305_msg - one message of a batch
 * @dst: sealing: @len bytes of ciphertext, then 16 bytes of tag.
 *	 opening: @len bytes of plaintext. Must not overlap any @ad, the key, the
 *	 arrays, or another message's source or destination.
 * @src: @nr_src fragments. Sealing: @len - @pad bytes of plaintext; opening:
 *	 @len bytes of ciphertext, then 16 bytes of tag. Fragments may have any
 *	 size from 0 and any alignment. Either there is one fragment and it
 *	 starts at @dst, or none overlaps @dst.
 * @ad: @ad_len bytes of associated data; NULL when there are none
 * @nonce: the last 8 bytes of the nonce, read as a little-endian number
 * @salt: the first 4 bytes of the nonce, read as a little-endian number
 * @len: bytes of text, from 0, without the tag
 * @ad_len: bytes, from 0
 * @nr_src: fragments, from 0 (an empty message to seal)
 * @pad: sealing only: zero bytes to append to the source; part of @len
 * @flags: CHACHA20POLY1305_SUM, CHACHA20POLY1305_SUM_STORE
 * @csum_start: where the sum begins in the plaintext, 0 to @len, and even
 * @csum_offset: where the checksum field is, from @csum_start on
 * @csum: result with either flag: the one's-complement sum of the plaintext
 *	  from @csum_start on as csum_partial() would give it (not folded; equal
 *	  to it after folding), before the field is stored; 0 without a flag or
 *	  with an @err
 * @err: result: 0; -EBADMSG, the tag is wrong, and @dst has been wiped; or
 *	 -EINVAL, and @dst was not touched: the fragments have more or fewer
 *	 bytes than @len, @pad and the tag ask for; @pad is more than @len, or
 *	 not 0 when opening; a flag is unknown, or is not for opening;
 *	 @csum_start or the field is outside, or @csum_start is odd; or there is
 *	 a NULL where there should be bytes
 *
 * With a bad tag nothing that was computed from the ciphertext remains in @dst.
 * Where @dst is the source, the ciphertext is gone as well.
 */
struct chacha20poly1305_msg {
	u8			*dst;
	const struct kvec	*src;
	const u8		*ad;
	u64			nonce;
	u32			salt;
	u32			len;
	u32			ad_len;
	u16			nr_src;
	u16			pad;
	u16			flags;
	u16			csum_start;
	u16			csum_offset;
	u32			csum;
	int			err;
};

/**
 * chacha20poly1305_seal_batch() - encrypt and authenticate an array of messages
 * @msgs: the messages; see &struct chacha20poly1305_msg for what may overlap
 * @nr: how many, from 0
 * @key: 32 bytes, common to all
 *
 * RFC 8439, section 2.8. Every (key, salt, nonce) must be used once only. Long
 * arrays are worked in groups, between which other tasks and interrupts may
 * run. What it takes depends on lengths, numbers and places, and on nothing
 * secret.
 *
 * Context: Any context but NMI. No allocation, no sleeping; generic code runs
 * where SIMD may not be used.
 * Return: how many messages have a result other than 0; @nr if @msgs is NULL.
 */
size_t __must_check
chacha20poly1305_seal_batch(struct chacha20poly1305_msg *msgs, size_t nr,
			    const u8 key[at_least CHACHA20POLY1305_KEY_BYTES]);

/**
 * chacha20poly1305_open_batch() - check and decrypt an array of messages
 * @msgs: the messages; see &struct chacha20poly1305_msg for what may overlap
 * @nr: how many, from 0
 * @key: 32 bytes, common to all
 *
 * RFC 8439, section 2.8. A bad tag fails its own message only. The comparison
 * takes the same time for every tag.
 *
 * Context: Any context but NMI, as chacha20poly1305_seal_batch().
 * Return: how many messages have a result other than 0; @nr if @msgs is NULL.
 */
size_t __must_check
chacha20poly1305_open_batch(struct chacha20poly1305_msg *msgs, size_t nr,
			    const u8 key[at_least CHACHA20POLY1305_KEY_BYTES]);

/**
 * chacha20poly1305_seal() - encrypt and authenticate one message
 * @dst: receives @len + 16 bytes; equal to @src, or not overlapping it; and not
 *	 overlapping @ad or @key
 * @src: @len bytes of plaintext; may be NULL when @len is 0
 * @len: bytes, from 0
 * @ad: @ad_len bytes of associated data; may be NULL when @ad_len is 0
 * @ad_len: bytes, from 0
 * @nonce: the last 8 bytes of the nonce as a little-endian number; the first
 *	   4 are zero. Once only under a key.
 * @key: 32 bytes
 *
 * RFC 8439, section 2.8. A NULL where there should be bytes is a mistake of the
 * caller: it is warned of, and @dst is not touched.
 *
 * Context: Any context but NMI.
 */
void chacha20poly1305_seal(u8 *dst, const u8 *src, u32 len, const u8 *ad,
			   u32 ad_len, u64 nonce,
			   const u8 key[at_least CHACHA20POLY1305_KEY_BYTES]);

/**
 * chacha20poly1305_open() - check and decrypt one message
 * @dst: receives @len - 16 bytes; equal to @src, or not overlapping it; and not
 *	 overlapping @ad or @key; may be NULL when @len is 16
 * @src: @len bytes of ciphertext and tag
 * @len: bytes, with the tag
 * @ad: @ad_len bytes of associated data; may be NULL when @ad_len is 0
 * @ad_len: bytes, from 0
 * @nonce: as for chacha20poly1305_seal()
 * @key: 32 bytes
 *
 * RFC 8439, section 2.8.
 *
 * Context: Any context but NMI.
 * Return: 0; -EBADMSG if the tag is wrong (@dst is wiped); -EINVAL if @len is
 * below 16 or there is a NULL where there should be bytes (@dst is not touched).
 */
int __must_check
chacha20poly1305_open(u8 *dst, const u8 *src, u32 len, const u8 *ad,
		      u32 ad_len, u64 nonce,
		      const u8 key[at_least CHACHA20POLY1305_KEY_BYTES]);

/**
 * xchacha20poly1305_seal() - encrypt and authenticate under a 24-byte nonce
 * @dst: as for chacha20poly1305_seal()
 * @src: as for chacha20poly1305_seal()
 * @len: as for chacha20poly1305_seal()
 * @ad: as for chacha20poly1305_seal()
 * @ad_len: as for chacha20poly1305_seal()
 * @nonce: 24 bytes, which may be random; must not overlap @dst
 * @key: 32 bytes
 *
 * draft-irtf-cfrg-xchacha, section 2. A NULL where there should be bytes is as
 * for chacha20poly1305_seal().
 *
 * Context: Any context but NMI.
 */
void xchacha20poly1305_seal(u8 *dst, const u8 *src, u32 len, const u8 *ad,
			    u32 ad_len,
			    const u8 nonce[at_least XCHACHA20POLY1305_NONCE_BYTES],
			    const u8 key[at_least CHACHA20POLY1305_KEY_BYTES]);

/**
 * xchacha20poly1305_open() - check and decrypt under a 24-byte nonce
 * @dst: as for chacha20poly1305_open()
 * @src: as for chacha20poly1305_open()
 * @len: as for chacha20poly1305_open()
 * @ad: as for chacha20poly1305_open()
 * @ad_len: as for chacha20poly1305_open()
 * @nonce: 24 bytes; must not overlap @dst
 * @key: 32 bytes
 *
 * draft-irtf-cfrg-xchacha, section 2.
 *
 * Context: Any context but NMI.
 * Return: as chacha20poly1305_open().
 */
int __must_check
xchacha20poly1305_open(u8 *dst, const u8 *src, u32 len, const u8 *ad,
		       u32 ad_len,
		       const u8 nonce[at_least XCHACHA20POLY1305_NONCE_BYTES],
		       const u8 key[at_least CHACHA20POLY1305_KEY_BYTES]);

#endif /* _CRYPTO_CHACHA20POLY1305_BATCH_H */
