/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BLAKE2s (RFC 7693) for many messages of one length.
 */
#ifndef _CRYPTO_BLAKE2S_BATCH_H
#define _CRYPTO_BLAKE2S_BATCH_H

#include <crypto/blake2s.h>
#include <linux/types.h>

/**
 * blake2s_batch() - hash an array of messages of one length
 * @out: each receives 32 bytes; may lie in the message of the same element, but
 *	 must not overlap another element's buffers
 * @in: the messages; with a @len of 0 they are not looked at
 * @len: bytes of every message, from 0
 * @nr: how many, from 0. A NULL @out or @in counts as none.
 *
 * RFC 7693 without a key and with a digest of BLAKE2S_HASH_SIZE bytes: what
 * blake2s() of lib/crypto makes of each. It pays where several messages of up to
 * some hundred bytes are hashed at the same time, as by HMAC or HKDF for many
 * peers; a message of more than 1 KiB is hashed on its own. For one message use
 * <crypto/blake2s.h>.
 *
 * Constant time in the messages; not in how many there are, nor in @len.
 *
 * Context: Any context but NMI.
 */
void blake2s_batch(u8 *const out[], const u8 *const in[], size_t len, size_t nr);

#endif /* _CRYPTO_BLAKE2S_BATCH_H */
