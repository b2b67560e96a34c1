// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake between two ends in memory, against values that
 * scripts/noise-vectors.py computed, and with everything that can be wrong.
 */
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/unaligned.h>

#include "cookie.h"
#include "noise.h"
#include "noise-testvecs.h"

static const u8 no_key[WIRE_KEY_BYTES];

/* Points whose multiples by any clamped scalar are zero (RFC 7748, section 6.1). */
static const u8 low_order[][WIRE_KEY_BYTES] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	  0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	  0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	  0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	  0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
	/* p - 1, p and p + 1, which are not reduced */
	{ 0xec, [1 ... 30] = 0xff, 0x7f },
	{ 0xed, [1 ... 30] = 0xff, 0x7f },
	{ 0xee, [1 ... 30] = 0xff, 0x7f },
};

static __le32 index_of(const u8 index[4])
{
	return cpu_to_le32(get_unaligned_le32(index));
}

/* The initiator's state as after sending the vector's initiation. */
static noinline_for_stack bool begin(const struct noise_testvec *v,
				     struct noise_initiator *hs,
				     struct wire_initiation *msg)
{
	struct noise_shared shared = {};

	memcpy(hs->ephemeral, v->ephemeral_i, sizeof(hs->ephemeral));
	return noise_initiate(hs, msg, index_of(v->index_i), v->static_i, v->public_i,
			      v->public_r, &shared, v->timestamp);
}

/* The responder's first step. */
static noinline_for_stack void read_statics(const struct noise_testvec *v,
					    struct noise_responder *r,
					    const struct wire_initiation *in)
{
	memset(r, 0, sizeof(*r));
	r->ok = true;
	r->msg = in;
	noise_read_statics(r, 1, v->static_r, v->public_r);
}

/* All three steps of a responder that knows the initiator. */
static noinline_for_stack bool respond(const struct noise_testvec *v,
				       struct noise_responder *r,
				       const struct wire_initiation *in,
				       struct wire_response *out)
{
	read_statics(v, r, in);
	r->ok = r->ok && !memcmp(r->remote_static, v->public_i, WIRE_KEY_BYTES);
	noise_read_timestamps(r, 1, v->static_r);
	memcpy(r->psk, v->psk, sizeof(r->psk));
	memcpy(r->ephemeral, v->ephemeral_r, sizeof(r->ephemeral));
	r->sender = index_of(v->index_r);
	noise_respond(r, 1, &out);
	return r->ok;
}

static void noise_vectors(struct kunit *test)
{
	struct noise_responder *r = kunit_kmalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < ARRAY_SIZE(noise_testvecs); i++) {
		const struct noise_testvec *v = &noise_testvecs[i];
		const u8 *cookie = i ? v->cookie : NULL;
		struct wire_initiation initiation;
		struct wire_response response;
		struct noise_initiator hs;
		struct noise_keys keys;

		KUNIT_ASSERT_TRUE(test, begin(v, &hs, &initiation));
		culvert_cookie_add_macs(&initiation.macs, &initiation,
					offsetof(struct wire_initiation, macs),
					v->public_r, cookie);
		KUNIT_EXPECT_MEMEQ(test, &initiation, v->initiation, sizeof(initiation));

		KUNIT_ASSERT_TRUE(test, respond(v, r, &initiation, &response));
		culvert_cookie_add_macs(&response.macs, &response,
					offsetof(struct wire_response, macs),
					v->public_i, NULL);
		KUNIT_EXPECT_MEMEQ(test, &response, v->response, sizeof(response));
		KUNIT_EXPECT_MEMEQ(test, r->remote_static, v->public_i, WIRE_KEY_BYTES);
		KUNIT_EXPECT_MEMEQ(test, r->shared.key, v->shared, WIRE_KEY_BYTES);
		KUNIT_EXPECT_MEMEQ(test, r->timestamp, v->timestamp, WIRE_TIMESTAMP_BYTES);
		KUNIT_EXPECT_MEMEQ(test, r->keys.initiator, v->key_i, WIRE_KEY_BYTES);
		KUNIT_EXPECT_MEMEQ(test, r->keys.responder, v->key_r, WIRE_KEY_BYTES);

		KUNIT_ASSERT_TRUE(test, noise_finish(&hs, &response, v->static_i, v->psk,
						     &keys));
		KUNIT_EXPECT_MEMEQ(test, keys.initiator, v->key_i, WIRE_KEY_BYTES);
		KUNIT_EXPECT_MEMEQ(test, keys.responder, v->key_r, WIRE_KEY_BYTES);
	}
}

/* A shared secret that is known already gives the same message. */
static void noise_shared_is_reused(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[0];
	struct noise_shared shared = { .known = true };
	struct wire_initiation msg;
	struct noise_initiator hs;

	memcpy(hs.ephemeral, v->ephemeral_i, sizeof(hs.ephemeral));
	memcpy(shared.key, v->shared, sizeof(shared.key));
	KUNIT_EXPECT_TRUE(test, noise_initiate(&hs, &msg, index_of(v->index_i), v->static_i,
					       v->public_i, v->public_r, &shared,
					       v->timestamp));
	KUNIT_EXPECT_MEMEQ(test, &msg, v->initiation, offsetof(struct wire_initiation, macs));
}

/* parser: every bit of an initiation that Noise covers */
static void noise_parser_initiation(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[1];
	size_t first = offsetof(struct wire_initiation, ephemeral);
	size_t end = offsetof(struct wire_initiation, macs);
	struct wire_initiation msg;
	struct wire_response out;
	struct noise_responder r;
	size_t i;

	for (i = first; i < end; i++) {
		memcpy(&msg, v->initiation, sizeof(msg));
		((u8 *)&msg)[i] ^= BIT(i % 8);
		/* The top bit of a point is ignored, but it is hashed. */
		KUNIT_EXPECT_FALSE_MSG(test, respond(v, &r, &msg, &out), "byte %zu", i);
	}
}

/* parser: every bit of a response that Noise covers; none spoils the handshake */
static void noise_parser_response(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[1];
	size_t first = offsetof(struct wire_response, ephemeral);
	size_t end = offsetof(struct wire_response, macs);
	struct wire_initiation initiation;
	struct noise_initiator hs;
	struct wire_response msg;
	struct noise_keys keys;
	size_t i;

	KUNIT_ASSERT_TRUE(test, begin(v, &hs, &initiation));
	for (i = first; i < end; i++) {
		memcpy(&msg, v->response, sizeof(msg));
		((u8 *)&msg)[i] ^= BIT(i % 8);
		KUNIT_EXPECT_FALSE_MSG(test, noise_finish(&hs, &msg, v->static_i, v->psk,
							  &keys), "byte %zu", i);
	}
	memcpy(&msg, v->response, sizeof(msg));
	KUNIT_EXPECT_TRUE(test, noise_finish(&hs, &msg, v->static_i, v->psk, &keys));
}

/* parser: low-order points in every place where a key comes from outside */
static void noise_parser_low_order(struct kunit *test)
{
	struct noise_responder *r = kunit_kmalloc(test, sizeof(*r), GFP_KERNEL);
	const struct noise_testvec *v = &noise_testvecs[0];
	struct wire_initiation initiation;
	struct noise_initiator hs;
	struct wire_response msg;
	struct noise_keys keys;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	/* Made so that they open for whoever does not look at the result. */
	memcpy(&initiation, v->weak_initiation, sizeof(initiation));
	read_statics(v, r, &initiation);
	KUNIT_EXPECT_FALSE(test, r->ok);
	KUNIT_ASSERT_TRUE(test, begin(v, &hs, &initiation));
	memcpy(&msg, v->weak_response, sizeof(msg));
	KUNIT_EXPECT_FALSE(test, noise_finish(&hs, &msg, v->static_i, v->psk, &keys));

	for (i = 0; i < ARRAY_SIZE(low_order); i++) {
		struct noise_shared shared = {};

		memcpy(&initiation, v->initiation, sizeof(initiation));
		memcpy(initiation.ephemeral, low_order[i], WIRE_KEY_BYTES);
		read_statics(v, r, &initiation);
		KUNIT_EXPECT_FALSE_MSG(test, r->ok, "ephemeral of an initiation, %u", i);

		KUNIT_ASSERT_TRUE(test, begin(v, &hs, &initiation));
		memcpy(&msg, v->response, sizeof(msg));
		memcpy(msg.ephemeral, low_order[i], WIRE_KEY_BYTES);
		KUNIT_EXPECT_FALSE_MSG(test, noise_finish(&hs, &msg, v->static_i, v->psk,
							  &keys),
				       "ephemeral of a response, %u", i);

		memcpy(hs.ephemeral, v->ephemeral_i, sizeof(hs.ephemeral));
		KUNIT_EXPECT_FALSE_MSG(test, noise_initiate(&hs, &initiation, 0, v->static_i,
							    v->public_i, low_order[i],
							    &shared, v->timestamp),
				       "static key of a peer, %u", i);
	}
}

/*
 * parser: an initiator whose static key has low order. It can write a message
 * that opens, since it knows what the multiplication will give.
 */
static void noise_parser_low_order_static(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[0];
	struct noise_shared shared = { .known = true };
	struct wire_initiation msg;
	struct noise_responder r;
	struct noise_initiator hs;

	/* Any other key in place of the zero one, which is refused here too. */
	memcpy(hs.ephemeral, v->ephemeral_i, sizeof(hs.ephemeral));
	KUNIT_EXPECT_FALSE(test, noise_initiate(&hs, &msg, 0, v->static_i, no_key, v->public_r,
						&shared, v->timestamp));
	shared.key[0] = 1;
	KUNIT_ASSERT_TRUE(test, noise_initiate(&hs, &msg, 0, v->static_i, no_key, v->public_r,
					       &shared, v->timestamp));
	read_statics(v, &r, &msg);
	KUNIT_EXPECT_TRUE(test, r.ok);
	KUNIT_EXPECT_MEMEQ(test, r.remote_static, no_key, WIRE_KEY_BYTES);
	noise_read_timestamps(&r, 1, v->static_r);
	KUNIT_EXPECT_FALSE(test, r.ok);
}

/* Keys that do not belong together. */
static void noise_wrong_keys(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[1];
	struct noise_testvec *wrong = kunit_kmalloc(test, sizeof(*wrong), GFP_KERNEL);
	struct wire_initiation msg;
	struct wire_response out;
	struct noise_responder r;
	struct noise_initiator hs;
	struct noise_keys keys;

	KUNIT_ASSERT_NOT_NULL(test, wrong);
	memcpy(&msg, v->initiation, sizeof(msg));
	*wrong = *v;
	wrong->static_r[7] ^= 4;
	KUNIT_EXPECT_FALSE(test, respond(wrong, &r, &msg, &out));
	*wrong = *v;
	wrong->public_r[7] ^= 4;
	KUNIT_EXPECT_FALSE(test, respond(wrong, &r, &msg, &out));

	/* The preshared key is first used in the response. */
	*wrong = *v;
	wrong->psk[31] ^= 1;
	KUNIT_EXPECT_TRUE(test, respond(wrong, &r, &msg, &out));
	KUNIT_ASSERT_TRUE(test, begin(v, &hs, &msg));
	KUNIT_EXPECT_FALSE(test, noise_finish(&hs, &out, v->static_i, v->psk, &keys));
	KUNIT_EXPECT_FALSE(test, noise_finish(&hs, &out, v->static_i, no_key, &keys));
	KUNIT_EXPECT_TRUE(test, noise_finish(&hs, &out, v->static_i, wrong->psk, &keys));
	KUNIT_EXPECT_FALSE(test, noise_finish(&hs, &out, v->static_r, wrong->psk, &keys));
}

/* Full batches, some of whose elements are bad, at each step. */
static void noise_batch(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[1];
	struct wire_response *out, *outs[NOISE_BATCH];
	struct wire_initiation *in;
	struct noise_responder *r;
	unsigned int i, n;

	r = kunit_kcalloc(test, NOISE_BATCH, sizeof(*r), GFP_KERNEL);
	in = kunit_kcalloc(test, NOISE_BATCH, sizeof(*in), GFP_KERNEL);
	out = kunit_kcalloc(test, NOISE_BATCH, sizeof(*out), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, r && in && out);
	for (n = 1; n <= NOISE_BATCH; n++) {
		memset(r, 0, NOISE_BATCH * sizeof(*r));
		for (i = 0; i < n; i++) {
			memcpy(&in[i], v->initiation, sizeof(in[i]));
			r[i].ok = true;
			r[i].msg = &in[i];
			outs[i] = &out[i];
		}
		if (n > 2)
			in[2].enc_static[0] ^= 1;
		if (n > 3)
			in[3].enc_timestamp[0] ^= 1;
		noise_read_statics(r, n, v->static_r, v->public_r);
		for (i = 0; i < n; i++)
			KUNIT_EXPECT_EQ(test, r[i].ok, i != 2);
		if (n > 4) {
			memcpy(r[4].shared.key, v->shared, sizeof(r[4].shared.key));
			r[4].shared.known = true;
		}
		noise_read_timestamps(r, n, v->static_r);
		/* The caller knows no such peer. */
		if (n > 5)
			r[5].ok = false;
		for (i = 0; i < n; i++) {
			memcpy(r[i].psk, v->psk, sizeof(r[i].psk));
			memcpy(r[i].ephemeral, v->ephemeral_r, sizeof(r[i].ephemeral));
			r[i].sender = index_of(v->index_r);
		}
		memset(out, 0, NOISE_BATCH * sizeof(*out));
		noise_respond(r, n, outs);
		for (i = 0; i < n; i++) {
			bool good = i != 2 && i != 3 && i != 5;

			KUNIT_EXPECT_EQ_MSG(test, r[i].ok, good, "%u of %u", i, n);
			if (!good) {
				KUNIT_EXPECT_MEMEQ(test, out[i].ephemeral, no_key,
						   WIRE_KEY_BYTES);
				continue;
			}
			KUNIT_EXPECT_MEMEQ(test, &out[i], v->response,
					   offsetof(struct wire_response, macs));
			KUNIT_EXPECT_MEMEQ(test, r[i].keys.initiator, v->key_i,
					   WIRE_KEY_BYTES);
		}
	}
}

/* Random keys: what either end derives is the same. */
static void noise_random(struct kunit *test)
{
	struct noise_testvec *v = kunit_kmalloc(test, sizeof(*v), GFP_KERNEL);
	struct noise_responder *r = kunit_kmalloc(test, sizeof(*r), GFP_KERNEL);
	struct noise_keys keys;
	struct wire_initiation msg;
	struct wire_response out;
	struct noise_initiator hs;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, v);
	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < 50; i++) {
		get_random_bytes(v, sizeof(*v));
		KUNIT_ASSERT_TRUE(test, noise_public_key(v->public_i, v->static_i));
		KUNIT_ASSERT_TRUE(test, noise_public_key(v->public_r, v->static_r));
		KUNIT_ASSERT_TRUE(test, begin(v, &hs, &msg));
		KUNIT_ASSERT_TRUE(test, respond(v, r, &msg, &out));
		KUNIT_ASSERT_TRUE(test, noise_finish(&hs, &out, v->static_i, v->psk, &keys));
		KUNIT_EXPECT_MEMEQ(test, &keys, &r->keys, sizeof(keys));
		KUNIT_EXPECT_TRUE(test, memcmp(keys.initiator, keys.responder,
					       WIRE_KEY_BYTES));
		KUNIT_EXPECT_TRUE(test, out.receiver == msg.sender);
	}
}

static void noise_keys_of_a_private_key(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[0];
	u8 private_key[WIRE_KEY_BYTES], public_key[WIRE_KEY_BYTES];

	memcpy(private_key, v->static_i, sizeof(private_key));
	private_key[0] |= 7;
	private_key[31] |= 0x80;
	KUNIT_EXPECT_TRUE(test, noise_public_key(public_key, private_key));
	KUNIT_EXPECT_MEMEQ(test, public_key, v->public_i, sizeof(public_key));
	KUNIT_EXPECT_EQ(test, private_key[0] & 7, 0);
	KUNIT_EXPECT_EQ(test, private_key[31] & 0xc0, 0x40);

	memset(private_key, 0, sizeof(private_key));
	KUNIT_EXPECT_FALSE(test, noise_public_key(public_key, private_key));
	KUNIT_EXPECT_MEMEQ(test, public_key, no_key, sizeof(public_key));
	KUNIT_EXPECT_MEMEQ(test, private_key, no_key, sizeof(private_key));
}

/* The clock's low bits stay here, and what goes out still orders by memcmp(). */
static void noise_timestamps(struct kunit *test)
{
	u8 stamp[WIRE_TIMESTAMP_BYTES], last[WIRE_TIMESTAMP_BYTES] = {};
	struct timespec64 now = { .tv_sec = 1700000000 };
	unsigned int i, changes = 0;

	now.tv_nsec = 0x1c000000 + 12345;
	noise_timestamp(stamp, &now);
	KUNIT_EXPECT_MEMEQ(test, stamp, noise_testvecs[0].timestamp, sizeof(stamp));

	for (i = 0; i < 4000; i++) {
		/* 1 ms steps over the ends of seconds */
		now.tv_sec = 1700000255 + i / 1000;
		now.tv_nsec = i % 1000 * NSEC_PER_MSEC + 999;
		noise_timestamp(stamp, &now);
		KUNIT_EXPECT_GE(test, memcmp(stamp, last, sizeof(stamp)), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_be32(stamp + 8) & (BIT(25) - 1), 0);
		if (memcmp(stamp, last, sizeof(stamp)))
			changes++;
		memcpy(last, stamp, sizeof(last));
	}
	/* Often enough for twenty initiations a second. */
	KUNIT_EXPECT_GE(test, changes, 4 * 20);
	KUNIT_EXPECT_LE(test, changes, 4 * 30);
}

static struct kunit_case noise_cases[] = {
	KUNIT_CASE(noise_vectors),
	KUNIT_CASE(noise_shared_is_reused),
	KUNIT_CASE_SLOW(noise_parser_initiation),
	KUNIT_CASE_SLOW(noise_parser_response),
	KUNIT_CASE(noise_parser_low_order),
	KUNIT_CASE(noise_parser_low_order_static),
	KUNIT_CASE(noise_wrong_keys),
	KUNIT_CASE(noise_batch),
	KUNIT_CASE(noise_random),
	KUNIT_CASE(noise_keys_of_a_private_key),
	KUNIT_CASE(noise_timestamps),
	{}
};

static struct kunit_suite noise_suite = {
	.name = "culvert_noise",
	.test_cases = noise_cases,
};

kunit_test_suite(noise_suite);
