// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305: what is refused, and what becomes of it.
 */
#include <crypto/chacha20poly1305_batch.h>
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "aead_test.h"
#include "batch_impls.h"

/* Message @bad alone fails and is wiped; all the others are as they were. */
static void expect_one_bad(struct kunit *test, struct aead_set *set, size_t nr,
			   size_t bad, bool in_place)
{
	size_t failed = chacha20poly1305_open_batch(set->m, nr, set->key);

	KUNIT_ASSERT_EQ(test, failed, 1);
	for (size_t i = 0; i < nr; i++) {
		u32 len = set->len[i];

		if (in_place)
			memset(set->m[i].dst + len, AEAD_CANARY, 16);
		if (i == bad) {
			KUNIT_ASSERT_EQ(test, set->m[i].err, -EBADMSG);
			KUNIT_ASSERT_NULL_MSG(test,
					      memchr_inv(set->m[i].dst, 0, len),
					      "message %zu is not wiped", i);
			KUNIT_ASSERT_NULL(test,
					  memchr_inv(set->m[i].dst + len,
						     AEAD_CANARY, 64));
		} else {
			KUNIT_ASSERT_EQ(test, set->m[i].err, 0);
			aead_set_expect(test, set, i,
					set->plain + i * AEAD_STRIDE, len);
		}
	}
}

/* Flip one bit of what message @bad was received as. */
static void try_forgery(struct kunit *test, struct aead_set *set, size_t nr,
			size_t bad, size_t bit, bool in_place)
{
	u8 *at = set->want + bad * AEAD_STRIDE + bit / 8;

	*at ^= BIT(bit % 8);
	if (in_place)
		aead_set_describe_in_place(set, nr, true);
	else
		aead_set_describe(set, nr, set->want, true);
	expect_one_bad(test, set, nr, bad, in_place);
	*at ^= BIT(bit % 8);
}

/*
 * Every bit of a tag, and every bit of a block of ciphertext; of all of it,
 * where the message is alone and short.
 */
static void test_every_bit(struct kunit *test)
{
	static const struct {
		size_t		nr;
		u32		len;
		enum aead_ad	mode;
	} kinds[] = {
		{ 1, 100, AEAD_AD_NONE },
		{ 1, 100, AEAD_AD_COMMON },
		{ 1, 200, AEAD_AD_NONE },
		{ 5, 200, AEAD_AD_EACH },
		{ 16, 200, AEAD_AD_NONE },
		{ 16, 200, AEAD_AD_EACH },
		{ 20, 200, AEAD_AD_COMMON },
		{ 20, 200, AEAD_AD_NONE },
	};
	struct aead_set *set = aead_set_new(test);

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		size_t nr = kinds[k].nr;
		u32 len = kinds[k].len;
		/* Of 200 bytes, the second block. */
		size_t from = len > 128 ? 512 : 0, to = min(8 * len, 1024u);

		aead_set_even(set, nr, len);
		set->mode = kinds[k].mode;
		aead_set_reference(set, nr);
		for (size_t bit = 0; bit < 128; bit++)
			try_forgery(test, set, nr, bit % nr, 8 * len + bit,
				    bit & 1);
		for (size_t bit = from; bit < to; bit++)
			try_forgery(test, set, nr, (bit / 8) % nr, bit,
				    bit & 1);
	}
}

/* A bit of the last, partial block, for every length; mixed lengths. */
static void test_last_bit(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);

	for (u32 len = 1; len <= 300; len++) {
		size_t nr = 1 + len % 19, bad = len % nr;

		for (size_t i = 0; i < nr; i++)
			set->len[i] = (len * (1 + i % 3)) % AEAD_MAX_LEN;
		set->len[bad] = len;
		set->mode = len % AEAD_AD_MODES;
		aead_set_reference(set, nr);
		try_forgery(test, set, nr, bad, 8 * len - 1, len & 1);
		try_forgery(test, set, nr, bad, 0, len & 1);

		/* Equal lengths in all lanes, then alone. */
		aead_set_even(set, 16, len);
		set->mode = AEAD_AD_NONE;
		aead_set_reference(set, 16);
		try_forgery(test, set, 16, len % 16, 8 * len - 1, len & 1);
		try_forgery(test, set, 16, len % 16, 8 * len + 127, len & 1);
		try_forgery(test, set, 1, 0, 8 * len - 1, len & 1);
	}
}

/* The associated data, the nonce, the salt and the lengths are bound too. */
static void test_context_is_bound(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);
	enum { NR = 18 };

	aead_set_even(set, NR, 100);
	for (int run = 0; run < 14; run++) {
		int what = run / 2;

		set->mode = run & 1 ? AEAD_AD_NONE : AEAD_AD_EACH;
		aead_set_reference(set, NR);
		for (size_t bad = 0; bad < NR; bad++) {
			struct chacha20poly1305_msg *m = &set->m[bad];
			u8 other[24];

			aead_set_describe(set, NR, set->want, true);
			switch (what) {
			case 0:
				m->nonce ^= BIT_ULL(33);
				break;
			case 1:
				m->salt ^= BIT(31);
				break;
			case 2:
				/* not what it was sealed with */
				m->ad = m->ad_len ? NULL : set->ad;
				m->ad_len = m->ad_len ? 0 : 1;
				break;
			case 3:
				memset(other, 0, sizeof(other));
				memcpy(other, m->ad, min(m->ad_len, 16u));
				other[3] ^= 4;
				m->ad = other;
				m->ad_len = 16;
				break;
			case 4:
				/* a zero byte more, which padding hides */
				memset(other, 0, sizeof(other));
				memcpy(other, m->ad, min(m->ad_len, 23u));
				m->ad = other;
				m->ad_len = min(m->ad_len, 23u) + 1;
				break;
			case 5:
				/* cut at the end: the tag moves */
				m->len--;
				set->len[bad]--;
				set->vec[bad].iov_len--;
				memset(m->dst + m->len, AEAD_CANARY, 80);
				break;
			case 6:
				/* what another message is */
				set->vec[bad].iov_base = set->want +
					((bad + 1) % NR) * AEAD_STRIDE;
				break;
			}
			expect_one_bad(test, set, NR, bad, false);
			set->len[bad] = 100;
		}
	}
}

/* All of a group, or all but one, are bad. */
static void test_many_bad(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);
	enum { NR = 33 };

	for (size_t i = 0; i < NR; i++)
		set->len[i] = 64 + i;
	aead_set_reference(set, NR);
	for (size_t i = 0; i < NR; i++)
		if (i != 20)
			set->want[i * AEAD_STRIDE + i] ^= 1;
	aead_set_describe(set, NR, set->want, true);
	KUNIT_EXPECT_EQ(test, NR - 1,
			chacha20poly1305_open_batch(set->m, NR, set->key));
	for (size_t i = 0; i < NR; i++) {
		KUNIT_EXPECT_EQ(test, set->m[i].err, i == 20 ? 0 : -EBADMSG);
		if (i == 20)
			aead_set_expect(test, set, i,
					set->plain + i * AEAD_STRIDE, 84);
		else
			KUNIT_EXPECT_NULL(test,
					  memchr_inv(set->m[i].dst, 0, 64 + i));
	}
	/* Another key: none is good. */
	set->key[0] ^= 1;
	aead_set_describe(set, NR, set->want, true);
	KUNIT_EXPECT_EQ(test, NR,
			chacha20poly1305_open_batch(set->m, NR, set->key));
}

/* Each way for a message to contradict itself. Fields that are not named fit. */
struct bad_message {
	const char			*why;
	bool				seal, open;
	struct chacha20poly1305_msg	m;
	struct kvec			vec[2];
};

#define GOOD	((u8 *)1)	/* stands for a buffer */

static const struct bad_message bad_messages[] = {
	{ "more source than text", true, true,
	  { .dst = GOOD, .nr_src = 1, .len = 31 }, { { GOOD, 48 } } },
	{ "less source than text", true, true,
	  { .dst = GOOD, .nr_src = 1, .len = 33 }, { { GOOD, 48 } } },
	{ "two fragments too long", true, true,
	  { .dst = GOOD, .nr_src = 2, .len = 32 },
	  { { GOOD, 40 }, { GOOD, 40 } } },
	{ "fragments whose lengths overflow", true, true,
	  { .dst = GOOD, .nr_src = 2, .len = 32 },
	  { { GOOD, SIZE_MAX }, { GOOD, 49 } } },
	{ "no fragments but text", true, true,
	  { .dst = GOOD, .nr_src = 0, .len = 32 } },
	{ "tag too short", false, true,
	  { .dst = GOOD, .nr_src = 1, .len = 32 }, { { GOOD, 47 } } },
	{ "no tag", false, true,
	  { .dst = GOOD, .nr_src = 1, .len = 0 }, { { GOOD, 0 } } },
	{ "a tag of 15 bytes alone", false, true,
	  { .dst = GOOD, .nr_src = 1, .len = 0 }, { { GOOD, 15 } } },
	{ "a length that wraps with its tag", false, true,
	  { .dst = GOOD, .nr_src = 1, .len = U32_MAX }, { { GOOD, 15 } } },
	{ "a fragment without an address", true, true,
	  { .dst = GOOD, .nr_src = 2, .len = 32 },
	  { { GOOD, 16 }, { NULL, 16 } } },
	{ "no destination", true, true,
	  { .dst = NULL, .nr_src = 1, .len = 32 }, { { GOOD, 32 } } },
	{ "no destination for the tag", true, false,
	  { .dst = NULL, .nr_src = 0, .len = 0 } },
	{ "associated data without an address", true, true,
	  { .dst = GOOD, .nr_src = 1, .len = 32, .ad_len = 1 },
	  { { GOOD, 32 } } },
	{ "more padding than text", true, false,
	  { .dst = GOOD, .nr_src = 0, .len = 32, .pad = 33 } },
	{ "padding when opening", false, true,
	  { .dst = GOOD, .nr_src = 1, .len = 32, .pad = 1 },
	  { { GOOD, 48 } } },
	{ "an unknown flag", true, true,
	  { .dst = GOOD, .nr_src = 1, .len = 32, .flags = BIT(2) },
	  { { GOOD, 32 } } },
	{ "a sum from an odd place", true, true,
	  { .dst = GOOD, .nr_src = 1, .len = 32, .csum_start = 3,
	    .flags = CHACHA20POLY1305_SUM }, { { GOOD, 32 } } },
	{ "a sum from behind the end", true, true,
	  { .dst = GOOD, .nr_src = 1, .len = 32, .csum_start = 34,
	    .flags = CHACHA20POLY1305_SUM }, { { GOOD, 32 } } },
	{ "a field across the end", true, false,
	  { .dst = GOOD, .nr_src = 1, .len = 32, .csum_start = 20,
	    .csum_offset = 11, .flags = CHACHA20POLY1305_SUM_STORE },
	  { { GOOD, 32 } } },
	{ "a field far behind the end", true, false,
	  { .dst = GOOD, .nr_src = 1, .len = 32, .csum_start = 32,
	    .csum_offset = 0xffff, .flags = CHACHA20POLY1305_SUM_STORE },
	  { { GOOD, 32 } } },
	{ "a field when opening", false, true,
	  { .dst = GOOD, .nr_src = 1, .len = 32,
	    .flags = CHACHA20POLY1305_SUM_STORE }, { { GOOD, 48 } } },
};

/*
 * -EINVAL for the one that contradicts itself, wherever in the array it is;
 * its destination is not touched, and the others are worked on.
 */
static void test_bad_messages(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);
	enum { NR = 20 };

	aead_set_even(set, NR, 100);
	for (size_t b = 0; b < ARRAY_SIZE(bad_messages); b++) {
		set->mode = b & 1 ? AEAD_AD_NONE : AEAD_AD_EACH;
		aead_set_reference(set, NR);
		for (int run = 0; run < 2 * NR; run++) {
			const struct bad_message *bad = &bad_messages[b];
			struct chacha20poly1305_msg m = bad->m;
			size_t at = run / 2, failed, len;
			bool open = run & 1;
			struct kvec vec[2];

			if (!(open ? bad->open : bad->seal))
				continue;
			aead_set_describe(set, NR, open ? set->want :
					  set->plain, open);
			memcpy(vec, bad->vec, sizeof(vec));
			for (int k = 0; k < 2; k++)
				if (vec[k].iov_base)
					vec[k].iov_base = set->plain;
			/* Described for sealing, else fitting: add a tag. */
			if (open && m.len &&
			    vec[0].iov_len + vec[1].iov_len == m.len)
				vec[0].iov_len += 16;
			m.src = vec;
			if (m.dst)
				m.dst = set->out + at * AEAD_STRIDE;
			memset(set->out + at * AEAD_STRIDE, AEAD_CANARY,
			       AEAD_STRIDE);
			set->m[at] = m;
			if (open)
				failed = chacha20poly1305_open_batch(set->m, NR,
								     set->key);
			else
				failed = chacha20poly1305_seal_batch(set->m, NR,
								     set->key);
			KUNIT_ASSERT_EQ_MSG(test, failed, 1, "%s, %s", bad->why,
					    open ? "open" : "seal");
			for (size_t i = 0; i < NR; i++) {
				if (i == at) {
					KUNIT_ASSERT_EQ_MSG(test, set->m[i].err,
							    -EINVAL, "%s",
							    bad->why);
					len = 0;
				} else {
					KUNIT_ASSERT_EQ(test, set->m[i].err, 0);
					len = open ? 100 : 116;
				}
				aead_set_expect(test, set, i,
						(open ? set->plain : set->want) +
						i * AEAD_STRIDE, len);
			}
		}
	}
}

static void test_bad_arguments(struct kunit *test)
{
	struct chacha20poly1305_msg m = { };
	u8 key[32] = {}, buf[40], nonce[24] = {};

	KUNIT_EXPECT_EQ(test, chacha20poly1305_seal_batch(NULL, 7, key), 7);
	KUNIT_EXPECT_EQ(test, chacha20poly1305_open_batch(NULL, 7, key), 7);
	KUNIT_EXPECT_EQ(test, chacha20poly1305_seal_batch(NULL, 0, key), 0);
	KUNIT_EXPECT_EQ(test, chacha20poly1305_seal_batch(&m, 0, key), 0);
	KUNIT_EXPECT_EQ(test, chacha20poly1305_open_batch(&m, 0, key), 0);

	/* No source array. */
	m = (struct chacha20poly1305_msg) { .dst = buf, .nr_src = 1 };
	KUNIT_EXPECT_EQ(test, chacha20poly1305_seal_batch(&m, 1, key), 1);
	KUNIT_EXPECT_EQ(test, m.err, -EINVAL);
	KUNIT_EXPECT_EQ(test, chacha20poly1305_open_batch(&m, 1, key), 1);
	KUNIT_EXPECT_EQ(test, m.err, -EINVAL);

	/* Shorter than a tag. */
	memset(buf, AEAD_CANARY, sizeof(buf));
	for (u32 len = 0; len < 16; len++) {
		KUNIT_EXPECT_EQ(test, -EINVAL,
				chacha20poly1305_open(buf, key, len, NULL, 0, 0,
						      key));
		KUNIT_EXPECT_EQ(test, -EINVAL,
				xchacha20poly1305_open(buf, key, len, NULL, 0,
						       nonce, key));
	}
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, AEAD_CANARY, sizeof(buf)));

#ifdef kunit_warning_suppress
	/* A source that is not there but has a length: a warning, no more. */
	kunit_warning_suppress(test) {
		chacha20poly1305_seal(buf, NULL, 8, NULL, 0, 5, key);
		xchacha20poly1305_seal(buf, key, 8, NULL, 1, nonce, key);
	}
	KUNIT_EXPECT_NULL(test, memchr_inv(buf, AEAD_CANARY, sizeof(buf)));
#endif

	/* Nothing at all is a message as well: only its tag is sealed. */
	chacha20poly1305_seal(buf, NULL, 0, NULL, 0, 5, key);
	KUNIT_EXPECT_EQ(test, 0, chacha20poly1305_open(NULL, buf, 16, NULL, 0, 5,
						       key));
	KUNIT_EXPECT_NULL(test, memchr_inv(buf + 16, AEAD_CANARY, 24));
	buf[3] ^= 1;
	KUNIT_EXPECT_EQ(test, -EBADMSG,
			chacha20poly1305_open(NULL, buf, 16, NULL, 0, 5, key));
}

static struct kunit_case aead_forgery_cases[] = {
	KUNIT_CASE_PARAM(test_every_bit, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_last_bit, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_context_is_bound, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_many_bad, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_bad_messages, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_bad_arguments, batch_impl_gen_params),
	{}
};

static struct kunit_suite aead_forgery_suite = {
	.name		= "crypto_batch_aead_forgery",
	.init		= batch_aead_init,
	.exit		= batch_aead_exit,
	.test_cases	= aead_forgery_cases,
};

kunit_test_suite(aead_forgery_suite);
