// SPDX-License-Identifier: GPL-2.0
/*
 * The order of a peer's trains: what it takes, and what it refuses so that
 * nothing that it took is too old for the replay window when it is opened.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "crypt.h"
#include "session.h"

#define TRAINS	256	/* more than an order takes */

/* A ring of trains that came one after another, not all of which were taken. */
struct flight {
	struct crypt_order	order;
	struct replay_window	window;
	struct culvert_train	trains[TRAINS];
	struct rnd_state	rnd;
	u64			counter;
	unsigned int		refused;
};

static int crypt_test_init(struct kunit *test)
{
	struct flight *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	crypt_order_init(&f->order);
	replay_window_init(&f->window);
	prandom_seed_state(&f->rnd, 20);
	test->priv = f;
	return 0;
}

static bool add(struct flight *f, struct culvert_train *train, unsigned int messages, bool tx)
{
	bool room;

	*train = (struct culvert_train) {
		.messages = messages, .counter = f->counter, .tx = tx,
	};
	spin_lock_bh(&f->order.lock);
	room = crypt_order_add(&f->order, train);
	spin_unlock_bh(&f->order.lock);
	/* The other end has counted them in any case. */
	f->counter += messages;
	f->refused += !room;
	return room;
}

/* Opens a train: how many of its messages the window refuses. */
static unsigned int open(struct flight *f, struct culvert_train *train)
{
	unsigned int i, bad = 0;

	for (i = 0; i < train->messages; i++)
		bad += !replay_window_accept(&f->window, train->counter + i);
	train->done = true;
	return bad;
}

/* Delivers what can be; returns how many trains. */
static unsigned int drain(struct flight *f)
{
	unsigned int nr = 0;

	spin_lock_bh(&f->order.lock);
	for (; f->order.head && f->order.head->done; nr++)
		crypt_order_del(&f->order);
	spin_unlock_bh(&f->order.lock);
	return nr;
}

/* One train in eight sleeps until it is the oldest, and then for some more. */
static bool is_awake(struct flight *f, const struct culvert_train *train)
{
	unsigned int odds = train->counter / 7 % 8 ? 2 : train == f->order.head ? 100 : 0;

	return odds && !(prandom_u32_state(&f->rnd) % odds);
}

/*
 * Trains of every length are opened in any order, while some wait for very long.
 * None of their messages is too old by then, however many were refused, and the
 * order is open for others once it is empty.
 */
static void crypt_order_window(struct kunit *test)
{
	struct flight *f = test->priv;
	struct culvert_train *spare = f->trains, *train;
	unsigned int round, in_flight = 0;

	for (round = 0; round < 200000; round++) {
		/* Seasons of short trains, and of long ones. */
		unsigned int most = 1 << (round >> 8) % 8;

		if (prandom_u32_state(&f->rnd) % 8) {
			while (spare->session || spare == f->order.last)
				spare = spare == &f->trains[TRAINS - 1] ? f->trains : spare + 1;
			if (add(f, spare, prandom_u32_state(&f->rnd) % most + 1, false)) {
				/* Marks one that is in flight. */
				spare->session = (void *)f;
				in_flight++;
			}
			KUNIT_ASSERT_EQ(test, f->order.nr, in_flight);
		}
		for (train = f->order.head; train; train = train->next)
			if (!train->done && is_awake(f, train))
				KUNIT_ASSERT_EQ_MSG(test, open(f, train), 0, "round %u", round);
		for (train = f->order.head; train && train->done; train = train->next)
			train->session = NULL;
		in_flight -= drain(f);
	}
	KUNIT_EXPECT_GT(test, f->refused, 0);

	for (train = f->order.head; train; train = train->next)
		if (!train->done)
			KUNIT_EXPECT_EQ(test, open(f, train), 0);
	drain(f);
	KUNIT_EXPECT_NULL(test, f->order.head);
	KUNIT_EXPECT_TRUE(test, add(f, &f->trains[0], TRAIN_MESSAGES_MAX, false));
}

/* How many of the longest and of the shortest trains are taken, either way. */
static void crypt_order_full(struct kunit *test)
{
	static const struct {
		bool		tx;
		unsigned int	messages;
		unsigned int	taken;
	} cases[] = {
		{ false, 1, 128 },
		{ false, 45, 128 },
		{ false, TRAIN_MESSAGES_MAX, REPLAY_WINDOW / 4 * 3 / TRAIN_MESSAGES_MAX },
		/* Nobody's window is in the way of what we send: it goes in order. */
		{ true, TRAIN_MESSAGES_MAX, 128 },
	};
	struct flight *f = test->priv;
	unsigned int i, nr;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (nr = 0; nr < TRAINS; nr++)
			if (!add(f, &f->trains[nr], cases[i].messages, cases[i].tx))
				break;
		KUNIT_EXPECT_EQ_MSG(test, nr, cases[i].taken, "%u messages", cases[i].messages);
		/* However many more come. */
		for (nr = 0; nr < 5000; nr++)
			KUNIT_ASSERT_FALSE(test, add(f, &f->trains[TRAINS - 1], cases[i].messages,
						     cases[i].tx));
		while (f->order.head)
			crypt_order_del(&f->order);
	}
}

static struct kunit_case crypt_cases[] = {
	KUNIT_CASE_SLOW(crypt_order_window),
	KUNIT_CASE(crypt_order_full),
	{}
};

static struct kunit_suite crypt_suite = {
	.name = "culvert_crypt",
	.init = crypt_test_init,
	.test_cases = crypt_cases,
};

kunit_test_suite(crypt_suite);
