// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of messages for the AEAD's suites.
 */
#include <linux/string.h>

#include "aead_test.h"

struct aead_set *aead_set_new(struct kunit *test)
{
	struct aead_set *set = batch_alloc(test, sizeof(*set));

	set->plain = batch_alloc(test, AEAD_MAX_NR * AEAD_STRIDE);
	set->want = batch_alloc(test, AEAD_MAX_NR * AEAD_STRIDE);
	set->out = batch_alloc(test, AEAD_MAX_NR * AEAD_STRIDE);
	batch_fill(set->plain, AEAD_MAX_NR * AEAD_STRIDE);
	batch_fill(set->key, sizeof(set->key));
	batch_fill(set->ad, sizeof(set->ad));
	set->mode = AEAD_AD_EACH;
	return set;
}

void aead_set_even(struct aead_set *set, size_t nr, u32 len)
{
	for (size_t i = 0; i < nr; i++)
		set->len[i] = len;
}

static void aead_set_canaries(struct aead_set *set, size_t nr, size_t tag)
{
	for (size_t i = 0; i < nr; i++) {
		u8 *dst = set->out + i * AEAD_STRIDE;

		memset(dst + set->len[i] + tag, AEAD_CANARY,
		       AEAD_STRIDE - set->len[i] - tag);
	}
}

void aead_set_describe(struct aead_set *set, size_t nr, const u8 *from,
		       bool open)
{
	for (size_t i = 0; i < nr; i++) {
		struct chacha20poly1305_msg *m = &set->m[i];

		memset(m, 0, sizeof(*m));
		m->dst = set->out + i * AEAD_STRIDE;
		m->src = &set->vec[i];
		m->nr_src = 1;
		m->len = set->len[i];
		m->nonce = 0xfffffff8 + i;
		m->salt = 0x01020304;
		m->err = 1;
		m->csum = 1;
		if (set->mode == AEAD_AD_COMMON ||
		    (set->mode == AEAD_AD_EACH && i % 3 == 1)) {
			m->ad = set->ad;
			m->ad_len = 16;
		} else if (set->mode == AEAD_AD_EACH && i % 3 == 2) {
			m->ad = set->ad + i;
			m->ad_len = i;
		}
		set->vec[i].iov_base = (u8 *)from + i * AEAD_STRIDE;
		set->vec[i].iov_len = m->len + (open ? 16 : 0);
	}
	aead_set_canaries(set, nr, from == set->out && open ? 16 : 0);
}

void aead_set_describe_in_place(struct aead_set *set, size_t nr, bool open)
{
	const u8 *from = open ? set->want : set->plain;

	for (size_t i = 0; i < nr; i++)
		memcpy(set->out + i * AEAD_STRIDE, from + i * AEAD_STRIDE,
		       set->len[i] + (open ? 16 : 0));
	aead_set_describe(set, nr, set->out, open);
}

void aead_set_reference(struct aead_set *set, size_t nr)
{
	aead_set_describe(set, nr, set->plain, false);
	for (size_t i = 0; i < nr; i++) {
		struct chacha20poly1305_msg *m = &set->m[i];

		ref_seal(set->want + i * AEAD_STRIDE,
			 set->plain + i * AEAD_STRIDE, m->len, m->ad, m->ad_len,
			 m->salt, m->nonce, set->key);
	}
}

void aead_set_expect(struct kunit *test, struct aead_set *set, size_t i,
		     const u8 *want, size_t len)
{
	const u8 *out = set->out + i * AEAD_STRIDE;

	KUNIT_ASSERT_MEMEQ_MSG(test, out, want, len, "message %zu, %u bytes",
			       i, set->len[i]);
	KUNIT_ASSERT_NULL_MSG(test, memchr_inv(out + len, AEAD_CANARY, 64),
			      "written behind message %zu, %u bytes", i,
			      set->len[i]);
}

static void aead_set_check_one_way(struct kunit *test, struct aead_set *set,
				   size_t nr, bool in_place, bool open)
{
	const u8 *from = open ? set->want : set->plain;
	const u8 *to = open ? set->plain : set->want;
	size_t failed;

	if (in_place)
		aead_set_describe_in_place(set, nr, open);
	else
		aead_set_describe(set, nr, from, open);
	if (open)
		failed = chacha20poly1305_open_batch(set->m, nr, set->key);
	else
		failed = chacha20poly1305_seal_batch(set->m, nr, set->key);
	KUNIT_ASSERT_EQ_MSG(test, failed, 0, "%s of %zu",
			    open ? "open" : "seal", nr);
	for (size_t i = 0; i < nr; i++) {
		size_t len = set->len[i];

		KUNIT_ASSERT_EQ(test, set->m[i].err, 0);
		if (open && in_place) {
			/* The tag is not overwritten. */
			KUNIT_ASSERT_MEMEQ(test, set->m[i].dst + len,
					   set->want + i * AEAD_STRIDE + len, 16);
			memset(set->m[i].dst + len, AEAD_CANARY, 16);
		}
		aead_set_expect(test, set, i, to + i * AEAD_STRIDE,
				len + (open ? 0 : 16));
	}
}

void aead_set_check(struct kunit *test, struct aead_set *set, size_t nr)
{
	aead_set_reference(set, nr);
	aead_set_check_one_way(test, set, nr, false, false);
	aead_set_check_one_way(test, set, nr, true, false);
	aead_set_check_one_way(test, set, nr, false, true);
	aead_set_check_one_way(test, set, nr, true, true);
}
