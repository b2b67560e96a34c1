/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s, both roles, for many messages at once.
 * Knows messages and keys; nothing of peers, devices or the network.
 */
#ifndef _CULVERT_NOISE_H
#define _CULVERT_NOISE_H

#include <crypto/blake2s.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "wire.h"

#define NOISE_BATCH	8	/* responses computed in one call, at most */

/**
 * struct noise_transcript - what both ends have agreed on so far
 * @hash: of everything sent
 * @chain: of every secret mixed in
 */
struct noise_transcript {
	u8	hash[WIRE_KEY_BYTES];
	u8	chain[WIRE_KEY_BYTES];
};

/**
 * struct noise_shared - X25519 of both static keys, worth keeping
 * @key: the secret
 * @known: it has been computed
 */
struct noise_shared {
	u8	key[WIRE_KEY_BYTES];
	bool	known;
};

/**
 * struct noise_keys - transport keys
 * @initiator: what the initiator sends under
 * @responder: what the responder sends under
 */
struct noise_keys {
	u8	initiator[WIRE_KEY_BYTES];
	u8	responder[WIRE_KEY_BYTES];
};

/**
 * struct noise_initiator - what an initiator keeps until the answer comes
 * @transcript: after its own message
 * @ephemeral: its ephemeral private key
 */
struct noise_initiator {
	struct noise_transcript	transcript;
	u8			ephemeral[WIRE_KEY_BYTES];
};

/**
 * struct noise_work - where the steps of a handshake compute
 * @text: what is hashed: a block made of a key, and up to a hash and a byte
 * @secret: of HKDF
 * @key: its results
 * @ok: what was opened last was authentic
 */
struct noise_work {
	u8	text[BLAKE2S_BLOCK_SIZE + BLAKE2S_HASH_SIZE + 1];
	u8	secret[BLAKE2S_HASH_SIZE];
	u8	key[3][WIRE_KEY_BYTES];
	bool	ok;
};

/**
 * struct noise_responder - an initiation being answered
 * @ok: nothing has failed so far; the steps skip elements without it, and the
 *	caller may clear it between them
 * @msg: the initiation
 * @transcript: up to where the last step came
 * @remote_static: result of the first step: who it is, if it is authentic
 * @shared: for the second step, from the caller if known; result otherwise
 * @timestamp: result of the second step, which authenticates the initiator
 * @psk: for the third step, from the caller
 * @ephemeral: for the third step: fresh random bytes
 * @sender: for the third step: our receiver index
 * @keys: result of the third step; until then, and if it failed, where results
 *	  of multiplications lie, so that the caller wipes it in any case
 * @work: the steps' own; likewise
 */
struct noise_responder {
	bool				ok;
	const struct wire_initiation	*msg;
	struct noise_transcript		transcript;
	u8				remote_static[WIRE_KEY_BYTES] __aligned(4);
	struct noise_shared		shared;
	u8				timestamp[WIRE_TIMESTAMP_BYTES];
	u8				psk[WIRE_KEY_BYTES];
	u8				ephemeral[WIRE_KEY_BYTES];
	__le32				sender;
	struct noise_keys		keys;
	struct noise_work		work;
};

bool noise_public_key(u8 public_key[WIRE_KEY_BYTES], u8 private_key[WIRE_KEY_BYTES]);
void noise_timestamp(u8 timestamp[WIRE_TIMESTAMP_BYTES], const struct timespec64 *now);

bool noise_initiate(struct noise_initiator *hs, struct wire_initiation *msg,
		    __le32 sender, const u8 private_key[WIRE_KEY_BYTES],
		    const u8 public_key[WIRE_KEY_BYTES],
		    const u8 remote_static[WIRE_KEY_BYTES],
		    struct noise_shared *shared,
		    const u8 timestamp[WIRE_TIMESTAMP_BYTES]);
bool noise_finish(const struct noise_initiator *hs, const struct wire_response *msg,
		  const u8 private_key[WIRE_KEY_BYTES],
		  const u8 psk[WIRE_KEY_BYTES], struct noise_keys *keys);

void noise_read_statics(struct noise_responder *r, unsigned int nr,
			const u8 private_key[WIRE_KEY_BYTES],
			const u8 public_key[WIRE_KEY_BYTES]);
void noise_read_timestamps(struct noise_responder *r, unsigned int nr,
			   const u8 private_key[WIRE_KEY_BYTES]);
void noise_respond(struct noise_responder *r, unsigned int nr,
		   struct wire_response *const msg[]);

#endif /* _CULVERT_NOISE_H */
