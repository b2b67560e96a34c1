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
 * multiplications come in few calls of x25519_batch(), and their hashes in calls
 * of blake2s_batch(). Its state lives only as long as that; an initiator's is
 * struct noise_initiator.
 */
#include <linux/export.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <crypto/blake2s_batch.h>
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

/*
 * Transcripts that take a step together: every hash is one of an array.
 * @t, @work: of each
 */
struct noise_step {
	unsigned int		nr;
	struct noise_transcript	*t[NOISE_BATCH];
	struct noise_work	*work[NOISE_BATCH];
};

static void hash_texts(const struct noise_step *s, size_t len, u8 *const out[])
{
	const u8 *text[NOISE_BATCH];
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		text[i] = s->work[i]->text;
	blake2s_batch(out, text, len, s->nr);
}

/* HMAC-BLAKE2s (RFC 2104) of @len bytes behind a block of each text; keys are a hash long. */
static void hmac(const struct noise_step *s, u8 *const key[], size_t len, u8 *const out[])
{
	u8 *inner[NOISE_BATCH];
	unsigned int i, j;

	for (i = 0; i < s->nr; i++) {
		u8 *text = s->work[i]->text;

		memset(text, 0x36, BLAKE2S_BLOCK_SIZE);
		crypto_xor(text, key[i], BLAKE2S_HASH_SIZE);
		inner[i] = text + BLAKE2S_BLOCK_SIZE;
	}
	hash_texts(s, BLAKE2S_BLOCK_SIZE + len, inner);
	for (i = 0; i < s->nr; i++)
		for (j = 0; j < BLAKE2S_BLOCK_SIZE; j++)
			s->work[i]->text[j] ^= 0x36 ^ 0x5c;
	hash_texts(s, BLAKE2S_BLOCK_SIZE + BLAKE2S_HASH_SIZE, out);
}

/*
 * HKDF (RFC 5869) with the chains as salt: @nr keys out of each input, the first
 * of which is the new chain.
 */
static void derive(const struct noise_step *s, const u8 *const input[], size_t len,
		   unsigned int nr)
{
	u8 *key[NOISE_BATCH], *out[NOISE_BATCH];
	unsigned int i, k;

	for (i = 0; i < s->nr; i++) {
		if (len)
			memcpy(s->work[i]->text + BLAKE2S_BLOCK_SIZE, input[i], len);
		key[i] = s->t[i]->chain;
		out[i] = s->work[i]->secret;
	}
	hmac(s, key, len, out);

	for (k = 0; k < nr; k++) {
		len = k ? BLAKE2S_HASH_SIZE : 0;
		for (i = 0; i < s->nr; i++) {
			struct noise_work *w = s->work[i];

			if (k)
				memcpy(w->text + BLAKE2S_BLOCK_SIZE, w->key[k - 1], len);
			w->text[BLAKE2S_BLOCK_SIZE + len] = k + 1;
			key[i] = w->secret;
			out[i] = w->key[k];
		}
		hmac(s, key, len + 1, out);
	}
	for (i = 0; i < s->nr; i++)
		memcpy(s->t[i]->chain, s->work[i]->key[0], BLAKE2S_HASH_SIZE);
}

static void mix_hash(const struct noise_step *s, const u8 *const data[], size_t len)
{
	u8 *out[NOISE_BATCH];
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		u8 *text = s->work[i]->text;

		memcpy(text, s->t[i]->hash, BLAKE2S_HASH_SIZE);
		memcpy(text + BLAKE2S_HASH_SIZE, data[i], len);
		out[i] = s->t[i]->hash;
	}
	hash_texts(s, BLAKE2S_HASH_SIZE + len, out);
}

static void mix_chain(const struct noise_step *s, const u8 *const secret[])
{
	derive(s, secret, WIRE_KEY_BYTES, 1);
}

/* Leaves key[1]. */
static void mix_chain_key(const struct noise_step *s, const u8 *const secret[])
{
	derive(s, secret, WIRE_KEY_BYTES, 2);
}

static void mix_ephemeral(const struct noise_step *s, const u8 *const public_key[])
{
	mix_hash(s, public_key, WIRE_KEY_BYTES);
	mix_chain(s, public_key);
}

/* Leaves key[2]. */
static void mix_psk(const struct noise_step *s, const u8 *const psk[])
{
	const u8 *for_hash[NOISE_BATCH];
	unsigned int i;

	derive(s, psk, WIRE_KEY_BYTES, 3);
	for (i = 0; i < s->nr; i++)
		for_hash[i] = s->work[i]->key[1];
	mix_hash(s, for_hash, WIRE_KEY_BYTES);
}

/*
 * Every key seals one text, so that the nonce is always 0.
 * @key: which of those that derive() left
 */
static void seal(const struct noise_step *s, u8 *const dst[], const u8 *src, u32 len,
		 unsigned int key)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		chacha20poly1305_seal(dst[i], src, len, s->t[i]->hash,
				      BLAKE2S_HASH_SIZE, 0, s->work[i]->key[key]);
	mix_hash(s, (const u8 *const *)dst, len + WIRE_TAG_BYTES);
}

/* @len: with the tag. Leaves whether it was right. */
static void open(const struct noise_step *s, u8 *const dst[], const u8 *const src[],
		 u32 len, unsigned int key)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		struct noise_work *w = s->work[i];

		w->ok = !chacha20poly1305_open(dst[i], src[i], len, s->t[i]->hash,
					       BLAKE2S_HASH_SIZE, 0, w->key[key]);
	}
	mix_hash(s, src, len);
}

static void begin(struct noise_transcript *t, const u8 responder[WIRE_KEY_BYTES])
{
	struct blake2s_ctx ctx;

	/* Both arrays end in a zero byte that is not part of the name. */
	blake2s_init(&ctx, sizeof(t->chain));
	blake2s_update(&ctx, noise_name, sizeof(noise_name) - 1);
	blake2s_final(&ctx, t->chain);

	blake2s_init(&ctx, sizeof(t->hash));
	blake2s_update(&ctx, t->chain, sizeof(t->chain));
	blake2s_update(&ctx, noise_prologue, sizeof(noise_prologue) - 1);
	blake2s_final(&ctx, t->hash);

	blake2s_init(&ctx, sizeof(t->hash));
	blake2s_update(&ctx, t->hash, sizeof(t->hash));
	blake2s_update(&ctx, responder, WIRE_KEY_BYTES);
	blake2s_final(&ctx, t->hash);
}

/* The transport keys, in key[0] and key[1] */
static void make_keys(const struct noise_step *s, struct noise_keys *const keys[])
{
	unsigned int i;

	derive(s, NULL, 0, 2);
	for (i = 0; i < s->nr; i++) {
		memcpy(keys[i]->initiator, s->work[i]->key[0], WIRE_KEY_BYTES);
		memcpy(keys[i]->responder, s->work[i]->key[1], WIRE_KEY_BYTES);
	}
}

/* An array of one. */
#define ONE(p)	((const u8 *[]){ p })

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
 * @timestamp: now, from noise_timestamp()
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
	u8 es[WIRE_KEY_BYTES];
	struct x25519_op ops[] = {
		{ .out = msg->ephemeral, .scalar = hs->ephemeral },
		{ .out = es, .scalar = hs->ephemeral, .point = remote_static },
		{ .out = shared->key, .scalar = private_key, .point = remote_static },
	};
	struct noise_work work;
	const struct noise_step step = {
		.nr = 1, .t = { &hs->transcript }, .work = { &work },
	};
	bool ok = false;

	x25519_batch(ops, shared->known ? 2 : 3);
	shared->known = true;
	if (!ops[1].ok || !crypto_memneq(shared->key, zero_key, sizeof(shared->key)))
		goto out;

	msg->header.type = cpu_to_le32(WIRE_INITIATION);
	msg->sender = sender;
	begin(&hs->transcript, remote_static);
	mix_ephemeral(&step, ONE(msg->ephemeral));
	mix_chain_key(&step, ONE(es));
	seal(&step, (u8 *[]){ msg->enc_static }, public_key, WIRE_KEY_BYTES, 1);
	mix_chain_key(&step, ONE(shared->key));
	seal(&step, (u8 *[]){ msg->enc_timestamp }, timestamp, WIRE_TIMESTAMP_BYTES, 1);
	ok = true;
out:
	memzero_explicit(es, sizeof(es));
	memzero_explicit(&work, sizeof(work));
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
	u8 ee[WIRE_KEY_BYTES], se[WIRE_KEY_BYTES];
	struct x25519_op ops[] = {
		{ .out = ee, .scalar = hs->ephemeral, .point = msg->ephemeral },
		{ .out = se, .scalar = private_key, .point = msg->ephemeral },
	};
	struct noise_transcript t = hs->transcript;
	struct noise_work work;
	const struct noise_step step = { .nr = 1, .t = { &t }, .work = { &work } };
	bool ok = false;

	if (x25519_batch(ops, ARRAY_SIZE(ops)))
		goto out;
	mix_ephemeral(&step, ONE(msg->ephemeral));
	mix_chain(&step, ONE(ee));
	mix_chain(&step, ONE(se));
	mix_psk(&step, ONE(psk));
	open(&step, (u8 *[]){ NULL }, ONE(msg->enc_nothing), sizeof(msg->enc_nothing), 2);
	ok = work.ok;
	if (ok)
		make_keys(&step, (struct noise_keys *[]){ keys });
out:
	memzero_explicit(&t, sizeof(t));
	memzero_explicit(ee, sizeof(ee));
	memzero_explicit(se, sizeof(se));
	memzero_explicit(&work, sizeof(work));
	return ok;
}
EXPORT_SYMBOL_IF_KUNIT(noise_finish);

/* Those of @r that are left; how many. */
static unsigned int noise_left(struct noise_responder *left[], struct noise_responder *r,
			       unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		if (r[i].ok)
			left[n++] = &r[i];
	return n;
}

static struct noise_step noise_step(struct noise_responder *const r[], unsigned int nr)
{
	struct noise_step s = { .nr = nr };
	unsigned int i;

	for (i = 0; i < nr; i++) {
		s.t[i] = &r[i]->transcript;
		s.work[i] = &r[i]->work;
	}
	return s;
}

/* A member of each: an array of pointers. */
#define EACH(array, r, nr, member)					\
do {									\
	for (unsigned int __i = 0; __i < (nr); __i++)			\
		(array)[__i] = (r)[__i]->member;			\
} while (0)

/* What the first multiplications gave is in keys.initiator. */
static noinline_for_stack void open_statics(struct noise_responder *const r[],
					    unsigned int nr)
{
	const struct noise_step s = noise_step(r, nr);
	const u8 *in[NOISE_BATCH];
	u8 *out[NOISE_BATCH];

	EACH(in, r, nr, msg->ephemeral);
	mix_ephemeral(&s, in);
	EACH(in, r, nr, keys.initiator);
	mix_chain_key(&s, in);
	EACH(in, r, nr, msg->enc_static);
	EACH(out, r, nr, remote_static);
	open(&s, out, in, sizeof(r[0]->msg->enc_static), 1);
}

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
	struct noise_responder *left[NOISE_BATCH];
	struct x25519_op ops[NOISE_BATCH];
	struct noise_transcript start;
	unsigned int i;

	nr = noise_left(left, r, nr);
	/* The same for all of them. */
	begin(&start, public_key);
	for (i = 0; i < nr; i++) {
		left[i]->transcript = start;
		ops[i] = (struct x25519_op) {
			.out = left[i]->keys.initiator,
			.scalar = private_key,
			.point = left[i]->msg->ephemeral,
		};
	}
	x25519_batch(ops, nr);
	open_statics(left, nr);
	for (i = 0; i < nr; i++)
		left[i]->ok = ops[i].ok && left[i]->work.ok;
}
EXPORT_SYMBOL_IF_KUNIT(noise_read_statics);

static noinline_for_stack void open_timestamps(struct noise_responder *const r[],
					       unsigned int nr)
{
	const struct noise_step s = noise_step(r, nr);
	const u8 *in[NOISE_BATCH];
	u8 *out[NOISE_BATCH];

	EACH(in, r, nr, shared.key);
	mix_chain_key(&s, in);
	EACH(in, r, nr, msg->enc_timestamp);
	EACH(out, r, nr, timestamp);
	open(&s, out, in, sizeof(r[0]->msg->enc_timestamp), 1);
}

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
	struct noise_responder *left[NOISE_BATCH];
	struct x25519_op ops[NOISE_BATCH];
	unsigned int i, n = 0;

	nr = noise_left(left, r, nr);
	for (i = 0; i < nr; i++) {
		if (left[i]->shared.known)
			continue;
		ops[n++] = (struct x25519_op) {
			.out = left[i]->shared.key,
			.scalar = private_key,
			.point = left[i]->remote_static,
		};
		left[i]->shared.known = true;
	}
	x25519_batch(ops, n);
	open_timestamps(left, nr);
	for (i = 0; i < nr; i++)
		left[i]->ok = left[i]->work.ok &&
			      crypto_memneq(left[i]->shared.key, zero_key, sizeof(zero_key));
}
EXPORT_SYMBOL_IF_KUNIT(noise_read_timestamps);

/* What the last multiplications gave is in @keys. */
static noinline_for_stack void write_responses(struct noise_responder *const r[],
					       unsigned int nr,
					       struct wire_response *const msg[])
{
	const struct noise_step s = noise_step(r, nr);
	struct noise_keys *keys[NOISE_BATCH];
	const u8 *in[NOISE_BATCH];
	u8 *out[NOISE_BATCH];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		msg[i]->header.type = cpu_to_le32(WIRE_RESPONSE);
		msg[i]->sender = r[i]->sender;
		msg[i]->receiver = r[i]->msg->sender;
		keys[i] = &r[i]->keys;
	}
	EACH(in, msg, nr, ephemeral);
	mix_ephemeral(&s, in);
	EACH(in, r, nr, keys.initiator);
	mix_chain(&s, in);
	EACH(in, r, nr, keys.responder);
	mix_chain(&s, in);
	EACH(in, r, nr, psk);
	mix_psk(&s, in);
	EACH(out, msg, nr, enc_nothing);
	seal(&s, out, NULL, 0, 2);
	make_keys(&s, keys);
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
	struct wire_response *left_msg[NOISE_BATCH];
	struct noise_responder *left[NOISE_BATCH];
	struct x25519_op ops[3 * NOISE_BATCH];
	unsigned int i;

	nr = noise_left(left, r, nr);
	for (i = 0; i < nr; i++) {
		struct x25519_op *op = &ops[3 * i];

		left_msg[i] = msg[left[i] - r];
		op[0] = (struct x25519_op) {
			.out = left_msg[i]->ephemeral,
			.scalar = left[i]->ephemeral,
		};
		op[1] = (struct x25519_op) {
			.out = left[i]->keys.initiator,
			.scalar = left[i]->ephemeral,
			.point = left[i]->msg->ephemeral,
		};
		op[2] = (struct x25519_op) {
			.out = left[i]->keys.responder,
			.scalar = left[i]->ephemeral,
			.point = left[i]->remote_static,
		};
	}
	x25519_batch(ops, 3 * nr);
	write_responses(left, nr, left_msg);
	/* What a key of low order made is not sent. */
	for (i = 0; i < nr; i++)
		left[i]->ok = ops[3 * i + 1].ok && ops[3 * i + 2].ok;
}
EXPORT_SYMBOL_IF_KUNIT(noise_respond);
