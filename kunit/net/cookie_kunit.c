// SPDX-License-Identifier: GPL-2.0
/* MACs, cookies, load detection and the rate limit, on a clock of their own. */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cookie.h"
#include "handshake.h"
#include "noise-testvecs.h"

#define START	(1000ULL * NSEC_PER_SEC)

/* Checks an initiation as it arrives at the vector's responder. */
static enum cookie_verdict check(struct culvert_cookie_checker *c,
				 const struct wire_initiation *msg, const u8 *source,
				 size_t source_len, u64 now_ns)
{
	return culvert_cookie_check(c, &msg->macs, msg,
				    offsetof(struct wire_initiation, macs), source,
				    source_len, now_ns);
}

static void cookie_macs(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[0];
	const struct cookie_testvec *cv = &cookie_testvec;
	struct culvert_cookie_checker c;
	struct wire_initiation msg;
	size_t i;

	culvert_cookie_init(&c);
	culvert_cookie_set_key(&c, v->public_r);
	memcpy(&msg, v->initiation, sizeof(msg));
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source4, 6, START), COOKIE_MAC1);

	/* parser: mac1 covers everything before it */
	for (i = 0; i < offsetof(struct wire_initiation, macs.mac2); i++) {
		memcpy(&msg, v->initiation, sizeof(msg));
		((u8 *)&msg)[i] ^= BIT(i % 8);
		KUNIT_EXPECT_EQ_MSG(test, check(&c, &msg, cv->source4, 6, START),
				    COOKIE_INVALID, "byte %zu", i);
	}

	/* Another device's key. */
	culvert_cookie_set_key(&c, v->public_i);
	memcpy(&msg, v->initiation, sizeof(msg));
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source4, 6, START), COOKIE_INVALID);
	memzero_explicit(&c, sizeof(c));
}

static void cookie_vectors(struct kunit *test)
{
	const struct cookie_testvec *cv = &cookie_testvec;
	struct culvert_cookie_checker c;
	struct wire_macs macs = {};
	struct wire_cookie reply;
	u8 cookie[WIRE_COOKIE_BYTES];
	size_t i;

	memcpy(&reply, cv->reply, sizeof(reply));
	KUNIT_ASSERT_TRUE(test, culvert_cookie_open(cookie, &reply, cv->mac1, cv->public));
	KUNIT_EXPECT_MEMEQ(test, cookie, cv->cookie4, sizeof(cookie));

	/* parser: every byte but the type and the index, which select the peer */
	for (i = offsetof(struct wire_cookie, nonce); i < sizeof(reply); i++) {
		memcpy(&reply, cv->reply, sizeof(reply));
		((u8 *)&reply)[i] ^= BIT(i % 8);
		KUNIT_EXPECT_FALSE_MSG(test, culvert_cookie_open(cookie, &reply, cv->mac1,
								 cv->public),
				       "byte %zu", i);
	}
	/* It is bound to our message and to their key. */
	memcpy(&reply, cv->reply, sizeof(reply));
	KUNIT_EXPECT_FALSE(test, culvert_cookie_open(cookie, &reply, macs.mac1, cv->public));
	KUNIT_EXPECT_FALSE(test, culvert_cookie_open(cookie, &reply, cv->mac1,
						     noise_testvecs[0].public_i));

	/* The cookies that we make. */
	culvert_cookie_init(&c);
	culvert_cookie_set_key(&c, cv->public);
	memcpy(c.secret, cv->secret, sizeof(c.secret));
	c.secret_birth = START;
	memcpy(macs.mac1, cv->mac1, sizeof(macs.mac1));
	culvert_cookie_reply(&c, &reply, cpu_to_le32(0x12345678), &macs, cv->source4, 6, START);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply.header.type), WIRE_COOKIE);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(reply.receiver), 0x12345678);
	KUNIT_EXPECT_TRUE(test, culvert_cookie_open(cookie, &reply, cv->mac1, cv->public));
	KUNIT_EXPECT_MEMEQ(test, cookie, cv->cookie4, sizeof(cookie));
	culvert_cookie_reply(&c, &reply, 0, &macs, cv->source6, 18, START);
	KUNIT_EXPECT_TRUE(test, culvert_cookie_open(cookie, &reply, cv->mac1, cv->public));
	KUNIT_EXPECT_MEMEQ(test, cookie, cv->cookie6, sizeof(cookie));
}

/* Initiation, cookie reply, initiation with the cookie: and how long it is good. */
static void cookie_exchange(struct kunit *test)
{
	const struct noise_testvec *v = &noise_testvecs[0];
	const struct cookie_testvec *cv = &cookie_testvec;
	const u64 life = (u64)WIRE_COOKIE_LIFETIME * NSEC_PER_SEC;
	size_t len = offsetof(struct wire_initiation, macs);
	u8 cookie[WIRE_COOKIE_BYTES], old[WIRE_COOKIE_BYTES], elsewhere[6];
	struct culvert_cookie_checker c;
	struct wire_initiation msg;
	struct wire_cookie reply;

	culvert_cookie_init(&c);
	culvert_cookie_set_key(&c, v->public_r);
	memcpy(&msg, v->initiation, sizeof(msg));
	culvert_cookie_reply(&c, &reply, msg.sender, &msg.macs, cv->source4, 6, START);
	KUNIT_ASSERT_TRUE(test, culvert_cookie_open(cookie, &reply, msg.macs.mac1, v->public_r));
	culvert_cookie_add_macs(&msg.macs, &msg, len, v->public_r, cookie);
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source4, 6, START), COOKIE_MAC2);
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source4, 6, START + life - 1), COOKIE_MAC2);
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source4, 6, START + life), COOKIE_MAC1);
	KUNIT_EXPECT_EQ(test, check(&c, &msg, NULL, 0, START), COOKIE_MAC1);

	/* From another address or port it is worth nothing. */
	memcpy(elsewhere, cv->source4, sizeof(elsewhere));
	elsewhere[3] ^= 1;
	KUNIT_EXPECT_EQ(test, check(&c, &msg, elsewhere, 6, START), COOKIE_MAC1);
	elsewhere[3] ^= 1;
	elsewhere[5] ^= 1;
	KUNIT_EXPECT_EQ(test, check(&c, &msg, elsewhere, 6, START), COOKIE_MAC1);
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source6, 18, START), COOKIE_MAC1);

	/* mac2 is checked, not only there. */
	msg.macs.mac2[15] ^= 0x80;
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source4, 6, START), COOKIE_MAC1);

	/* A secret's cookies are the same as long as it lives, and then others. */
	memcpy(old, cookie, sizeof(old));
	culvert_cookie_reply(&c, &reply, 0, &msg.macs, cv->source4, 6, START + life - 1);
	KUNIT_ASSERT_TRUE(test, culvert_cookie_open(cookie, &reply, msg.macs.mac1, v->public_r));
	KUNIT_EXPECT_MEMEQ(test, cookie, old, sizeof(old));
	culvert_cookie_reply(&c, &reply, 0, &msg.macs, cv->source4, 6, START + life);
	KUNIT_ASSERT_TRUE(test, culvert_cookie_open(cookie, &reply, msg.macs.mac1, v->public_r));
	KUNIT_EXPECT_MEMNEQ(test, cookie, old, sizeof(old));
	culvert_cookie_add_macs(&msg.macs, &msg, len, v->public_r, cookie);
	KUNIT_EXPECT_EQ(test, check(&c, &msg, cv->source4, 6, START + life), COOKIE_MAC2);
}

static void cookie_handshake_flood_load(struct kunit *test)
{
	struct culvert_cookie_checker c;

	culvert_cookie_init(&c);
	KUNIT_EXPECT_FALSE(test, culvert_cookie_under_load(&c, HANDSHAKE_QUEUE_MAX / 8 - 1, 0));
	KUNIT_EXPECT_TRUE(test, culvert_cookie_under_load(&c, HANDSHAKE_QUEUE_MAX / 8, START));
	KUNIT_EXPECT_TRUE(test, culvert_cookie_under_load(&c, 0, START + 1));
	KUNIT_EXPECT_TRUE(test, culvert_cookie_under_load(&c, 0, START + NSEC_PER_SEC - 1));
	KUNIT_EXPECT_FALSE(test, culvert_cookie_under_load(&c, 0, START + NSEC_PER_SEC));
	KUNIT_EXPECT_FALSE(test, culvert_cookie_under_load(&c, 0, START + NSEC_PER_SEC + 1));
	/* It begins anew with every full look. */
	KUNIT_EXPECT_TRUE(test, culvert_cookie_under_load(&c, HANDSHAKE_QUEUE_MAX, 2 * START));
	KUNIT_EXPECT_TRUE(test, culvert_cookie_under_load(&c, HANDSHAKE_QUEUE_MAX,
							  2 * START + NSEC_PER_SEC - 1));
	KUNIT_EXPECT_TRUE(test, culvert_cookie_under_load(&c, 0, 2 * START + NSEC_PER_SEC));
}

KUNIT_DEFINE_ACTION_WRAPPER(free_ratelimit, kvfree, const void *);

static struct ratelimit *make_ratelimit(struct kunit *test)
{
	struct ratelimit *rl = ratelimit_create();

	KUNIT_ASSERT_NOT_NULL(test, rl);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_ratelimit, rl), 0);
	return rl;
}

/* At every moment what has been let through is within burst and rate. */
static void cookie_handshake_flood_rate(struct kunit *test)
{
	const u64 token = NSEC_PER_SEC / WIRE_INITIATIONS_PER_SECOND;
	struct ratelimit *rl = make_ratelimit(test);
	unsigned int i, allowed = 0;
	u64 now = START;

	for (i = 0; i < RATELIMIT_BURST; i++)
		KUNIT_EXPECT_TRUE(test, ratelimit_allow(rl, 42, now));
	KUNIT_EXPECT_FALSE(test, ratelimit_allow(rl, 42, now));
	KUNIT_EXPECT_FALSE(test, ratelimit_allow(rl, 42, now + token - 1));
	KUNIT_EXPECT_TRUE(test, ratelimit_allow(rl, 42, now + token));
	KUNIT_EXPECT_FALSE(test, ratelimit_allow(rl, 42, now + token));

	/* A thousand a second for ten seconds. */
	now += NSEC_PER_SEC;
	for (i = 0; i < 10000; i++)
		allowed += ratelimit_allow(rl, 42, now + (u64)i * NSEC_PER_MSEC);
	KUNIT_EXPECT_GE(test, allowed, 10 * WIRE_INITIATIONS_PER_SECOND);
	KUNIT_EXPECT_LE(test, allowed, 10 * WIRE_INITIATIONS_PER_SECOND + RATELIMIT_BURST);

	/* Who comes as often as it may is never refused. */
	now += 20ULL * NSEC_PER_SEC;
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_TRUE(test, ratelimit_allow(rl, 42, now + i * token));
}

/* Bounded memory: what is full refuses newcomers, and forgets in due time. */
static void cookie_handshake_flood_memory(struct kunit *test)
{
	struct ratelimit *rl = make_ratelimit(test);
	u64 i, name, now = START;
	unsigned int allowed = 0;

	for (i = 1; i <= RATELIMIT_WAYS; i++)
		KUNIT_EXPECT_TRUE(test, ratelimit_allow(rl, i * RATELIMIT_SETS, now));
	name = i * RATELIMIT_SETS;
	KUNIT_EXPECT_FALSE(test, ratelimit_allow(rl, name, now));
	/* Those that are known are served on, and other sets do not care. */
	KUNIT_EXPECT_TRUE(test, ratelimit_allow(rl, RATELIMIT_SETS, now));
	KUNIT_EXPECT_TRUE(test, ratelimit_allow(rl, name + 1, now));
	KUNIT_EXPECT_TRUE(test, ratelimit_allow(rl, name, now + NSEC_PER_SEC));

	/* The place of a source in debt is not given away. */
	now += 10ULL * NSEC_PER_SEC;
	while (ratelimit_allow(rl, 7, now))
		;
	for (i = 1; i <= 4 * RATELIMIT_WAYS; i++)
		ratelimit_allow(rl, 7 + i * RATELIMIT_SETS, now);
	KUNIT_EXPECT_FALSE(test, ratelimit_allow(rl, 7, now));

	/* Four times as many sources as places, all at once. */
	now += 10ULL * NSEC_PER_SEC;
	for (i = 0; i < 4 * RATELIMIT_SETS * RATELIMIT_WAYS; i++)
		allowed += ratelimit_allow(rl, i, now);
	KUNIT_EXPECT_EQ(test, allowed, RATELIMIT_SETS * RATELIMIT_WAYS);
}

/* Who is one source: a /32, a /64, in one namespace; ports do not count. */
static void cookie_handshake_flood_names(struct kunit *test)
{
	const struct net *net = (const struct net *)test, *other = (void *)(&test);
	struct ratelimit *rl = make_ratelimit(test);
	u8 a[COOKIE_SOURCE_MAX], b[COOKIE_SOURCE_MAX];

	memcpy(a, cookie_testvec.source4, 6);
	memcpy(b, a, 6);
	b[4] ^= 1;
	KUNIT_EXPECT_EQ(test, ratelimit_name(rl, net, a, 6), ratelimit_name(rl, net, b, 6));
	b[3] ^= 1;
	KUNIT_EXPECT_NE(test, ratelimit_name(rl, net, a, 6), ratelimit_name(rl, net, b, 6));
	KUNIT_EXPECT_NE(test, ratelimit_name(rl, net, a, 6), ratelimit_name(rl, other, a, 6));

	memcpy(a, cookie_testvec.source6, 18);
	memcpy(b, a, 18);
	b[8] ^= 1;
	b[15] ^= 1;
	b[16] ^= 1;
	KUNIT_EXPECT_EQ(test, ratelimit_name(rl, net, a, 18), ratelimit_name(rl, net, b, 18));
	b[7] ^= 1;
	KUNIT_EXPECT_NE(test, ratelimit_name(rl, net, a, 18), ratelimit_name(rl, net, b, 18));

	/* ::, whose first bytes are those of 0.0.0.0 */
	memset(a, 0, sizeof(a));
	KUNIT_EXPECT_NE(test, ratelimit_name(rl, net, a, 6), ratelimit_name(rl, net, a, 18));
}

static struct kunit_case cookie_cases[] = {
	KUNIT_CASE(cookie_macs),
	KUNIT_CASE(cookie_vectors),
	KUNIT_CASE(cookie_exchange),
	KUNIT_CASE(cookie_handshake_flood_load),
	KUNIT_CASE(cookie_handshake_flood_rate),
	KUNIT_CASE(cookie_handshake_flood_memory),
	KUNIT_CASE(cookie_handshake_flood_names),
	{}
};

static struct kunit_suite cookie_suite = {
	.name = "culvert_cookie",
	.test_cases = cookie_cases,
};

kunit_test_suite(cookie_suite);
