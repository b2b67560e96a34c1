// SPDX-License-Identifier: GPL-2.0
/*
 * The deadlines on a virtual clock: a peer is simulated by the same calls that
 * the driver makes, and time jumps from deadline to deadline.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/string.h>

#include "timers.h"

/* The clock wraps in each test, and no deadline falls on 0. */
#define START	((u32)(-20 * HZ - 37))
#define JITTER	((u32)msecs_to_jiffies(WIRE_REKEY_TIMEOUT_JITTER))

static const u32 zero_after = 3 * WIRE_REJECT_AFTER_TIME * HZ;

/* Nothing is due a jiffy before @at, and exactly @mask is at @at. */
static void expect_due(struct kunit *test, struct culvert_timers *t, u32 at,
		       unsigned int mask)
{
	KUNIT_EXPECT_EQ(test, deadline_expire(t, at - 1), 0);
	KUNIT_EXPECT_EQ(test, deadline_expire(t, at), mask);
	KUNIT_EXPECT_EQ(test, deadline_expire(t, at), 0);
}

static void timers_nothing_set(struct kunit *test)
{
	struct culvert_timers t = {};

	KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, START), 0);
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, 0), 0);
}

/* Data arrives, and we have nothing to say. */
static void timers_keepalive(struct kunit *test)
{
	struct culvert_timers t = {};
	u32 at = START + WIRE_KEEPALIVE_TIMEOUT * HZ;

	KUNIT_EXPECT_EQ(test, deadline_on_received(&t, START, true, 0), at);
	KUNIT_EXPECT_EQ(test, deadline_next(&t), at);
	KUNIT_EXPECT_FALSE(test, t.another_keepalive);
	/* More data does not put it off, but is remembered. */
	KUNIT_EXPECT_EQ(test, deadline_on_received(&t, START + HZ, true, 0), 0);
	KUNIT_EXPECT_TRUE(test, t.another_keepalive);
	expect_due(test, &t, at, BIT(DEADLINE_KEEPALIVE));
	KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);

	/* Whatever we send answers it: data, keepalive, handshake. */
	deadline_on_received(&t, START, true, 0);
	deadline_on_sent(&t, START + HZ, false, 0, 0);
	KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);
	/* A keepalive wants no answer. */
	KUNIT_EXPECT_EQ(test, deadline_on_received(&t, START, false, 0), 0);
	KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);
}

/* We send data, and nothing comes back. */
static void timers_new_handshake(struct kunit *test)
{
	struct culvert_timers t = {};
	u32 wait = (WIRE_KEEPALIVE_TIMEOUT + WIRE_REKEY_TIMEOUT) * HZ;
	u32 at = START + wait + 7;

	KUNIT_EXPECT_EQ(test, deadline_on_sent(&t, START, true, 7, 0), at);
	/* Later data does not put it off. */
	KUNIT_EXPECT_EQ(test, deadline_on_sent(&t, START + 10 * HZ, true, 9, 0), 0);
	expect_due(test, &t, at, BIT(DEADLINE_NEW_HANDSHAKE));

	/* Anything authentic that arrives is a sign of life. */
	deadline_on_sent(&t, START, true, 0, 0);
	deadline_on_received(&t, START + HZ, false, 0);
	KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);
	/* A keepalive does not ask for one. */
	KUNIT_EXPECT_EQ(test, deadline_on_sent(&t, START, false, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);
}

static void timers_persistent(struct kunit *test)
{
	struct culvert_timers t = {};
	u32 now = START, i;

	/* Traffic in either direction and of any kind puts it off. */
	KUNIT_EXPECT_EQ(test, deadline_on_sent(&t, now, false, 0, 25), now + 25 * HZ);
	now += 24 * HZ;
	KUNIT_EXPECT_EQ(test, deadline_on_received(&t, now, false, 25), now + 25 * HZ);
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, now + 2 * HZ), 0);
	/* What it makes us send is traffic. */
	for (i = 0; i < 10; i++) {
		now = deadline_next(&t);
		expect_due(test, &t, now, BIT(DEADLINE_PERSISTENT));
		KUNIT_EXPECT_EQ(test, deadline_on_sent(&t, now, false, 0, 25), now + 25 * HZ);
	}
	/* The greatest interval that can be set. */
	KUNIT_EXPECT_EQ(test, deadline_on_sent(&t, now, false, 0, U16_MAX),
			now + U16_MAX * HZ);
	expect_due(test, &t, now + U16_MAX * HZ, BIT(DEADLINE_PERSISTENT));
}

static void timers_zero_keys(struct kunit *test)
{
	struct culvert_timers t = {};

	KUNIT_EXPECT_EQ(test, zero_after, 540 * HZ);
	KUNIT_EXPECT_EQ(test, deadline_on_session(&t, START), START + zero_after);
	/* New keys: the old deadline is gone. */
	KUNIT_EXPECT_EQ(test, deadline_on_session(&t, START + 120 * HZ),
			START + 120 * HZ + zero_after);
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, START + zero_after), 0);
	expect_due(test, &t, START + 120 * HZ + zero_after, BIT(DEADLINE_ZERO_KEYS));
}

/* A peer that never answers, with the longest and the shortest jitter. */
static void timers_give_up(struct kunit *test)
{
	u32 jitters[] = { 0, JITTER }, i;

	for (i = 0; i < ARRAY_SIZE(jitters); i++) {
		struct culvert_timers t = {};
		unsigned int sent = 1;
		u32 now = START, next;

		/* Something that arrived just before is not answered any more. */
		deadline_on_initiated(&t, now, jitters[i]);
		for (;;) {
			next = deadline_next(&t);
			KUNIT_EXPECT_GE(test, next - now, WIRE_REKEY_TIMEOUT * HZ);
			KUNIT_EXPECT_LE(test, next - now, WIRE_REKEY_TIMEOUT * HZ + JITTER);
			now = next;
			expect_due(test, &t, now, BIT(DEADLINE_RETRANSMIT));
			if (!deadline_retry(&t, now))
				break;
			sent++;
			KUNIT_ASSERT_LE(test, sent, 100);
			deadline_on_initiated(&t, now, jitters[i]);
		}
		KUNIT_EXPECT_EQ(test, sent, WIRE_REKEY_ATTEMPT_TIME / WIRE_REKEY_TIMEOUT);
		KUNIT_EXPECT_EQ(test, now - START, sent * (WIRE_REKEY_TIMEOUT * HZ + jitters[i]));
		KUNIT_EXPECT_GE(test, now - START, WIRE_REKEY_ATTEMPT_TIME * HZ);
		/* What is left of keys goes in the end. */
		expect_due(test, &t, now + zero_after, BIT(DEADLINE_ZERO_KEYS));
		KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);
	}
}

/* Giving up keeps an earlier time to forget the keys, and wants no keepalive. */
static void timers_give_up_with_session(struct kunit *test)
{
	struct culvert_timers t = { .attempts = TIMERS_ATTEMPTS_MAX - 1 };

	deadline_on_session(&t, START);
	deadline_on_received(&t, START + 99 * HZ, true, 0);
	KUNIT_EXPECT_FALSE(test, deadline_retry(&t, START + 100 * HZ));
	KUNIT_EXPECT_EQ(test, deadline_next(&t), START + zero_after);
}

/* Several at once, some of them missed for long. */
static void timers_together(struct kunit *test)
{
	struct culvert_timers t = {};

	deadline_on_session(&t, START);
	deadline_on_sent(&t, START, true, 0, 10);
	deadline_on_received(&t, START, true, 10);
	deadline_on_initiated(&t, START, 0);
	KUNIT_EXPECT_EQ(test, deadline_next(&t), START + WIRE_REKEY_TIMEOUT * HZ);
	/* Retransmission; then the keepalive and the persistent one together. */
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, START + 9 * HZ), BIT(DEADLINE_RETRANSMIT));
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, START + 10 * HZ),
			BIT(DEADLINE_KEEPALIVE) | BIT(DEADLINE_PERSISTENT));
	KUNIT_EXPECT_EQ(test, deadline_next(&t), START + zero_after);
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, START + 100000 * HZ), BIT(DEADLINE_ZERO_KEYS));
	KUNIT_EXPECT_EQ(test, deadline_next(&t), 0);
}

/* A deadline that would fall on 0, which stands for none, is a jiffy later. */
static void timers_zero_is_not_a_time(struct kunit *test)
{
	struct culvert_timers t = {};
	u32 now = (u32)-WIRE_KEEPALIVE_TIMEOUT * HZ;

	KUNIT_EXPECT_EQ(test, deadline_on_received(&t, now, true, 0), 1);
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, 0), 0);
	KUNIT_EXPECT_EQ(test, deadline_expire(&t, 1), BIT(DEADLINE_KEEPALIVE));
}

static struct kunit_case timers_cases[] = {
	KUNIT_CASE(timers_nothing_set),
	KUNIT_CASE(timers_keepalive),
	KUNIT_CASE(timers_new_handshake),
	KUNIT_CASE(timers_persistent),
	KUNIT_CASE(timers_zero_keys),
	KUNIT_CASE(timers_give_up),
	KUNIT_CASE(timers_give_up_with_session),
	KUNIT_CASE(timers_together),
	KUNIT_CASE(timers_zero_is_not_a_time),
	{}
};

static struct kunit_suite timers_suite = {
	.name = "culvert_timers",
	.test_cases = timers_cases,
};

kunit_test_suite(timers_suite);
