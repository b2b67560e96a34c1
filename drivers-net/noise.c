// SPDX-License-Identifier: GPL-2.0
/*
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s:
 *
 *	<- s
 *	...
 *	-> e, es, s, ss, {timestamp}
 *	<- e, ee, se, psk, {}
 *
 * A responder takes many initiations through each step together, so that their
 * multiplications come in few calls of x25519_batch(). Its state lives only as
 * long as that; an initiator's is struct noise_initiator.
 */
#include <linux/export.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <crypto/blake2s.h>
#include <crypto/chacha20poly1305_batch.h>
#include <crypto/curve25519_batch.h>
#include <crypto/utils.h>
#include <kunit/visibility.h>

#include "noise.h"

static const u8 noise_name[] __nonstring = {
	"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
};

static const u8 noise_prologue[] __nonstring = {
	"WireGuard v1 zx2c4 Jason@zx2c4.com"
};

static const u8 zero_key[WIRE_KEY_BYTES];

/* HMAC-BLAKE2s (RFC 2104); keys are one hash long. */
static void hmac(u8 out[BLAKE2S_HASH_SIZE], const u8 key[BLAKE2S_HASH_SIZE],
		 const u8 *a, size_t a_len, const u8 *b, size_t b_len)
{
	u8 pad[BLAKE2S_BLOCK_SIZE];
	u8 inner[BLAKE2S_HASH_SIZE];
	struct blake2s_ctx ctx;
	unsigned int i;

	memset(pad, 0x36, sizeof(pad));
	for (i = 0; i < BLAKE2S_HASH_SIZE; i++)
		pad[i] ^= key[i];
	blake2s_init(&ctx, sizeof(inner));
	blake2s_update(&ctx, pad, sizeof(pad));
	blake2s_update(&ctx, a, a_len);
	blake2s_update(&ctx, b, b_len);
	blake2s_final(&ctx, inner);

	memset(pad, 0x5c, sizeof(pad));
	for (i = 0; i < BLAKE2S_HASH_SIZE; i++)
		pad[i] ^= key[i];
	blake2s_init(&ctx, BLAKE2S_HASH_SIZE);
	blake2s_update(&ctx, pad, sizeof(pad));
	blake2s_update(&ctx, inner, sizeof(inner));
	blake2s_final(&ctx, out);

	memzero_explicit(pad, sizeof(pad));
	memzero_explicit(inner, sizeof(inner));
}

/*
 * HKDF (RFC 5869) with the chain as salt: up to three keys out of @input.
 * @out may name the chain itself.
 */
static void derive(u8 *const out[], unsigned int nr,
		   const u8 chain[WIRE_KEY_BYTES], const u8 *input, size_t len)
{
	u8 secret[BLAKE2S_HASH_SIZE], block[BLAKE2S_HASH_SIZE] = {};
	unsigned int i;
	u8 count;

	hmac(secret, chain, input, len, NULL, 0);
	for (i = 0; i < nr; i++) {
		count = i + 1;
		hmac(block, secret, block, i ? sizeof(block) : 0, &count, 1);
		memcpy(out[i], block, sizeof(block));
	}
	memzero_explicit(block, sizeof(block));
	memzero_explicit(secret, sizeof(secret));
}

static void mix_hash(struct noise_transcript *t, const void *data, size_t len)
{
	struct blake2s_ctx ctx;

	blake2s_init(&ctx, sizeof(t->hash));
	blake2s_update(&ctx, t->hash, sizeof(t->hash));
	blake2s_update(&ctx, data, len);
	blake2s_final(&ctx, t->hash);
}

static void mix_chain(struct noise_transcript *t, const u8 secret[WIRE_KEY_BYTES])
{
	u8 *const out[] = { t->chain };

	derive(out, 1, t->chain, secret, WIRE_KEY_BYTES);
}

static void mix_chain_key(struct noise_transcript *t, u8 key[WIRE_KEY_BYTES],
			  const u8 secret[WIRE_KEY_BYTES])
{
	u8 *const out[] = { t->chain, key };

	derive(out, 2, t->chain, secret, WIRE_KEY_BYTES);
}

static void mix_ephemeral(struct noise_transcript *t, const u8 public_key[WIRE_KEY_BYTES])
{
	mix_hash(t, public_key, WIRE_KEY_BYTES);
	mix_chain(t, public_key);
}

static void mix_psk(struct noise_transcript *t, u8 key[WIRE_KEY_BYTES],
		    const u8 psk[WIRE_KEY_BYTES])
{
	u8 for_hash[WIRE_KEY_BYTES];
	u8 *const out[] = { t->chain, for_hash, key };

	derive(out, 3, t->chain, psk, WIRE_KEY_BYTES);
	mix_hash(t, for_hash, sizeof(for_hash));
	memzero_explicit(for_hash, sizeof(for_hash));
}

/* Every key seals one text, so that the nonce is always 0. */
static void seal(struct noise_transcript *t, u8 *dst, const u8 *src, u32 len,
		 const u8 key[WIRE_KEY_BYTES])
{
	chacha20poly1305_seal(dst, src, len, t->hash, sizeof(t->hash), 0, key);
	mix_hash(t, dst, len + WIRE_TAG_BYTES);
}

/* @len: with the tag. */
static bool __must_check open(struct noise_transcript *t, u8 *dst, const u8 *src,
			      u32 len, const u8 key[WIRE_KEY_BYTES])
{
	if (chacha20poly1305_open(dst, src, len, t->hash, sizeof(t->hash), 0, key))
		return false;
	mix_hash(t, src, len);
	return true;
}

static void begin(struct noise_transcript *t, const u8 responder[WIRE_KEY_BYTES])
{
	struct blake2s_ctx ctx;

	/* Both arrays end in a zero byte that is not part of the name. */
	blake2s_init(&ctx, sizeof(t->chain));
	blake2s_update(&ctx, noise_name, sizeof(noise_name) - 1);
	blake2s_final(&ctx, t->chain);
	memcpy(t->hash, t->chain, sizeof(t->hash));
	mix_hash(t, noise_prologue, sizeof(noise_prologue) - 1);
	mix_hash(t, responder, WIRE_KEY_BYTES);
}

static void split(const struct noise_transcript *t, struct noise_keys *keys)
{
	u8 *const out[] = { keys->initiator, keys->responder };

	derive(out, 2, t->chain, NULL, 0);
}

/**
 * noise_public_key() - make a private key usable, and compute its public key
 * @public_key: receives 32 bytes
 * @private_key: 32 bytes, which are clamped in place (RFC 7748, section 5)
 *
 * Return: false if @private_key is all zero: that stands for "no key".
 */
bool noise_public_key(u8 public_key[WIRE_KEY_BYTES], u8 private_key[WIRE_KEY_BYTES])
{
	if (!crypto_memneq(private_key, zero_key, WIRE_KEY_BYTES)) {
		memset(public_key, 0, WIRE_KEY_BYTES);
		return false;
	}
	private_key[0] &= 248;
	private_key[31] = (private_key[31] & 127) | 64;
	x25519_base(public_key, private_key);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(noise_public_key);

/**
 * noise_timestamp() - a TAI64N timestamp for an initiation
 * @timestamp: receives 12 bytes, big endian, so that memcmp() orders them
 * @now: the wall clock
 *
 * The other end takes 20 initiations a second at most, so nothing is lost by
 * cutting the clock to the greatest power of two of ns below that. What the
 * clock does in between, which could tell of load or of other hosts on the same
 * machine, stays here.
 */
void noise_timestamp(u8 timestamp[WIRE_TIMESTAMP_BYTES], const struct timespec64 *now)
{
	const u32 grain = rounddown_pow_of_two(NSEC_PER_SEC / WIRE_INITIATIONS_PER_SECOND);

	/* TAI was 10 s ahead at the epoch; leap seconds are not counted. */
	put_unaligned_be64((1ULL << 62) + 10 + now->tv_sec, timestamp);
	put_unaligned_be32(now->tv_nsec & ~(grain - 1), timestamp + 8);
}
EXPORT_SYMBOL_IF_KUNIT(noise_timestamp);

/**
 * noise_initiate() - write an initiation
 * @hs: the ephemeral private key is there, fresh and random; the transcript is
 *	the result
 * @msg: receives the message, without its MACs
 * @sender: our receiver index
 * @private_key: our static key
 * @public_key: belongs to it
 * @remote_static: the peer's static key
 * @shared: computed if it is not known
 * @timestamp: greater than any before
 *
 * Context: Any; up to three multiplications in one batch.
 * Return: false if a key has low order; nothing may be sent then.
 */
bool noise_initiate(struct noise_initiator *hs, struct wire_initiation *msg,
		    __le32 sender, const u8 private_key[WIRE_KEY_BYTES],
		    const u8 public_key[WIRE_KEY_BYTES],
		    const u8 remote_static[WIRE_KEY_BYTES],
		    struct noise_shared *shared,
		    const u8 timestamp[WIRE_TIMESTAMP_BYTES])
{
	u8 es[WIRE_KEY_BYTES], key[WIRE_KEY_BYTES];
	struct x25519_op ops[] = {
		{ .out = msg->ephemeral, .scalar = hs->ephemeral },
		{ .out = es, .scalar = hs->ephemeral, .point = remote_static },
		{ .out = shared->key, .scalar = private_key, .point = remote_static },
	};
	struct noise_transcript *t = &hs->transcript;
	bool ok = false;

	x25519_batch(ops, shared->known ? 2 : 3);
	shared->known = true;
	if (!ops[1].ok || !crypto_memneq(shared->key, zero_key, sizeof(shared->key)))
		goto out;

	msg->header.type = cpu_to_le32(WIRE_INITIATION);
	msg->sender = sender;
	begin(t, remote_static);
	mix_ephemeral(t, msg->ephemeral);
	mix_chain_key(t, key, es);
	seal(t, msg->enc_static, public_key, WIRE_KEY_BYTES, key);
	mix_chain_key(t, key, shared->key);
	seal(t, msg->enc_timestamp, timestamp, WIRE_TIMESTAMP_BYTES, key);
	ok = true;
out:
	memzero_explicit(es, sizeof(es));
	memzero_explicit(key, sizeof(key));
	return ok;
}
EXPORT_SYMBOL_IF_KUNIT(noise_initiate);

/**
 * noise_finish() - check a response, and derive the keys
 * @hs: as noise_initiate() left it. It does not change: a forged response must
 *	not spoil the handshake for the real one.
 * @msg: the message, its MACs checked
 * @private_key: our static key
 * @psk: the preshared key, or zeroes
 * @keys: result
 *
 * Context: Any; two multiplications in one batch.
 * Return: false if the response is not authentic or a key has low order.
 */
bool noise_finish(const struct noise_initiator *hs, const struct wire_response *msg,
		  const u8 private_key[WIRE_KEY_BYTES],
		  const u8 psk[WIRE_KEY_BYTES], struct noise_keys *keys)
{
	u8 ee[WIRE_KEY_BYTES], se[WIRE_KEY_BYTES], key[WIRE_KEY_BYTES];
	struct x25519_op ops[] = {
		{ .out = ee, .scalar = hs->ephemeral, .point = msg->ephemeral },
		{ .out = se, .scalar = private_key, .point = msg->ephemeral },
	};
	struct noise_transcript t = hs->transcript;
	bool ok = false;

	if (x25519_batch(ops, ARRAY_SIZE(ops)))
		goto out;
	mix_ephemeral(&t, msg->ephemeral);
	mix_chain(&t, ee);
	mix_chain(&t, se);
	mix_psk(&t, key, psk);
	ok = open(&t, NULL, msg->enc_nothing, sizeof(msg->enc_nothing), key);
	if (ok)
		split(&t, keys);
out:
	memzero_explicit(&t, sizeof(t));
	memzero_explicit(ee, sizeof(ee));
	memzero_explicit(se, sizeof(se));
	memzero_explicit(key, sizeof(key));
	return ok;
}
EXPORT_SYMBOL_IF_KUNIT(noise_finish);

/**
 * noise_read_statics() - first step of a responder: who is it?
 * @r: initiations, each with @ok and @msg, their MACs checked
 * @nr: how many, up to NOISE_BATCH
 * @private_key: our static key
 * @public_key: belongs to it
 *
 * Leaves @remote_static, which anybody can have sent who knows @public_key.
 *
 * Context: Any; one multiplication each, in one batch.
 */
void noise_read_statics(struct noise_responder *r, unsigned int nr,
			const u8 private_key[WIRE_KEY_BYTES],
			const u8 public_key[WIRE_KEY_BYTES])
{
	struct x25519_op ops[NOISE_BATCH];
	struct noise_transcript start;
	u8 key[WIRE_KEY_BYTES];
	unsigned int i, n = 0;

	/* The same for all of them. */
	begin(&start, public_key);
	for (i = 0; i < nr; i++) {
		if (!r[i].ok)
			continue;
		ops[n++] = (struct x25519_op) {
			.out = r[i].keys.initiator,
			.scalar = private_key,
			.point = r[i].msg->ephemeral,
		};
	}
	x25519_batch(ops, n);

	for (i = 0, n = 0; i < nr; i++) {
		struct noise_transcript *t = &r[i].transcript;

		if (!r[i].ok)
			continue;
		*t = start;
		mix_ephemeral(t, r[i].msg->ephemeral);
		mix_chain_key(t, key, r[i].keys.initiator);
		r[i].ok = ops[n++].ok &&
			  open(t, r[i].remote_static, r[i].msg->enc_static,
			       sizeof(r[i].msg->enc_static), key);
	}
	memzero_explicit(key, sizeof(key));
}
EXPORT_SYMBOL_IF_KUNIT(noise_read_statics);

/**
 * noise_read_timestamps() - second step: is it really that peer?
 * @r: after noise_read_statics(), and with what is known of @shared
 * @nr: as there
 * @private_key: our static key
 *
 * Leaves @timestamp, which the caller has to find new, and @shared.
 *
 * Context: Any; one multiplication for each @shared that is not known.
 */
void noise_read_timestamps(struct noise_responder *r, unsigned int nr,
			   const u8 private_key[WIRE_KEY_BYTES])
{
	struct x25519_op ops[NOISE_BATCH];
	u8 key[WIRE_KEY_BYTES];
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++) {
		if (!r[i].ok || r[i].shared.known)
			continue;
		ops[n++] = (struct x25519_op) {
			.out = r[i].shared.key,
			.scalar = private_key,
			.point = r[i].remote_static,
		};
		r[i].shared.known = true;
	}
	x25519_batch(ops, n);

	for (i = 0; i < nr; i++) {
		if (!r[i].ok)
			continue;
		mix_chain_key(&r[i].transcript, key, r[i].shared.key);
		r[i].ok = crypto_memneq(r[i].shared.key, zero_key, sizeof(zero_key)) &&
			  open(&r[i].transcript, r[i].timestamp,
			       r[i].msg->enc_timestamp,
			       sizeof(r[i].msg->enc_timestamp), key);
	}
	memzero_explicit(key, sizeof(key));
}
EXPORT_SYMBOL_IF_KUNIT(noise_read_timestamps);

/* The multiplications are done. Not in the frame that has all their operands. */
static noinline_for_stack void write_response(struct noise_responder *r,
					      struct wire_response *msg)
{
	struct noise_transcript *t = &r->transcript;
	u8 key[WIRE_KEY_BYTES];

	msg->header.type = cpu_to_le32(WIRE_RESPONSE);
	msg->sender = r->sender;
	msg->receiver = r->msg->sender;
	mix_ephemeral(t, msg->ephemeral);
	mix_chain(t, r->keys.initiator);
	mix_chain(t, r->keys.responder);
	mix_psk(t, key, r->psk);
	seal(t, msg->enc_nothing, NULL, 0, key);
	split(t, &r->keys);
	memzero_explicit(key, sizeof(key));
}

/**
 * noise_respond() - third step: answer, and derive the keys
 * @r: after noise_read_timestamps(), and with @psk, @ephemeral and @sender
 * @nr: as there
 * @msg: receive the messages, without their MACs
 *
 * Context: Any; three multiplications each, in one batch.
 */
void noise_respond(struct noise_responder *r, unsigned int nr,
		   struct wire_response *const msg[])
{
	struct x25519_op ops[3 * NOISE_BATCH], *op = ops;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!r[i].ok)
			continue;
		*op++ = (struct x25519_op) {
			.out = msg[i]->ephemeral,
			.scalar = r[i].ephemeral,
		};
		*op++ = (struct x25519_op) {
			.out = r[i].keys.initiator,
			.scalar = r[i].ephemeral,
			.point = r[i].msg->ephemeral,
		};
		*op++ = (struct x25519_op) {
			.out = r[i].keys.responder,
			.scalar = r[i].ephemeral,
			.point = r[i].remote_static,
		};
	}
	x25519_batch(ops, op - ops);

	for (i = 0, op = ops; i < nr; i++) {
		if (!r[i].ok)
			continue;
		r[i].ok = op[1].ok && op[2].ok;
		op += 3;
		if (r[i].ok)
			write_response(&r[i], msg[i]);
	}
}
EXPORT_SYMBOL_IF_KUNIT(noise_respond);
