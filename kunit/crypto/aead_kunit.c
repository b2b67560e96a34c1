// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305: the right bytes, for every length and every number.
 */
#include <crypto/chacha20poly1305.h>
#include <crypto/chacha20poly1305_batch.h>
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "aead_test.h"
#include "aead_vectors.h"
#include "batch_impls.h"

static void test_vectors(struct kunit *test)
{
	u8 *out = batch_alloc(test, 512);

	for (size_t i = 0; i < ARRAY_SIZE(aead_vectors); i++) {
		const struct aead_vector *v = &aead_vectors[i];
		struct kvec vec = { (u8 *)v->text, v->len };
		struct chacha20poly1305_msg m = {
			.dst = out, .src = &vec, .nr_src = 1, .len = v->len,
			.ad = v->ad, .ad_len = v->ad_len,
			.salt = get_unaligned_le32(v->nonce),
			.nonce = get_unaligned_le64(v->nonce + 4),
		};
		int err;

		if (v->nonce_len == XCHACHA20POLY1305_NONCE_BYTES) {
			xchacha20poly1305_seal(out, v->text, v->len, v->ad,
					       v->ad_len, v->nonce, v->key);
			KUNIT_EXPECT_MEMEQ_MSG(test, out, v->out, v->len + 16,
					       "%s", v->name);
			err = xchacha20poly1305_open(out, out, v->len + 16,
						     v->ad, v->ad_len, v->nonce,
						     v->key);
			KUNIT_EXPECT_EQ(test, err, 0);
			KUNIT_EXPECT_MEMEQ(test, out, v->text, v->len);
			continue;
		}
		KUNIT_EXPECT_EQ(test, 0,
				chacha20poly1305_seal_batch(&m, 1, v->key));
		KUNIT_EXPECT_MEMEQ_MSG(test, out, v->out, v->len + 16, "%s",
				       v->name);
		vec = (struct kvec){ (u8 *)v->out, v->len + 16 };
		KUNIT_EXPECT_EQ(test, 0,
				chacha20poly1305_open_batch(&m, 1, v->key));
		KUNIT_EXPECT_MEMEQ_MSG(test, out, v->text, v->len, "%s",
				       v->name);
		ref_seal(out, v->text, v->len, v->ad, v->ad_len, m.salt,
			 m.nonce, v->key);
		KUNIT_EXPECT_MEMEQ_MSG(test, out, v->out, v->len + 16,
				       "the reference, %s", v->name);
	}
}

/*
 * Every length from 0 to 1024: alone; with every number of messages; and, with
 * associated data and without, equal lengths in all lanes.
 */
static void test_every_length(struct kunit *test)
{
	/* Whole vectors, a half, and a rest, for 4 lanes as for 16. */
	enum { EVEN_NR = 30 };
	struct aead_set *set = aead_set_new(test);

	for (u32 len = 0; len <= AEAD_MAX_LEN; len++) {
		size_t nr = 1 + len % AEAD_MAX_NR;

		aead_set_even(set, AEAD_MAX_NR, len);
		set->mode = AEAD_AD_NONE;
		aead_set_check(test, set, EVEN_NR);
		aead_set_check(test, set, 1);
		set->mode = AEAD_AD_COMMON;
		aead_set_check(test, set, 1);
		set->mode = nr & 2 ? AEAD_AD_COMMON : AEAD_AD_EACH;
		/* As a tunnel has it: the last one may be shorter. */
		if (len & 1)
			set->len[nr - 1] = batch_rand() % (len + 1);
		aead_set_check(test, set, nr);
	}
}

/* Every number of messages from 1 to 40, of one length and of many. */
static void test_every_number(struct kunit *test)
{
	static const u32 lens[] = { 0, 1, 16, 63, 64, 65, 192, 1024 };
	struct aead_set *set = aead_set_new(test);

	for (size_t nr = 1; nr <= AEAD_MAX_NR; nr++) {
		for (size_t k = 0; k < ARRAY_SIZE(lens); k++) {
			aead_set_even(set, nr, lens[k]);
			for (int mode = 0; mode < AEAD_AD_MODES; mode++) {
				set->mode = mode;
				aead_set_check(test, set, nr);
			}
		}
		for (int round = 0; round < 2 * AEAD_AD_MODES; round++) {
			set->mode = round / 2;
			for (size_t i = 0; i < nr; i++)
				set->len[i] = batch_rand() %
					      (round & 1 ? 1025 : 80);
			aead_set_check(test, set, nr);
		}
	}
}

/* Random lengths against lib/crypto, which seals one message at a time. */
static void test_against_lib(struct kunit *test)
{
	size_t max = 70000;
	u8 *text = batch_alloc(test, max + 16),
	   *want = batch_alloc(test, max + 16),
	   *out = batch_alloc(test, max + 16);
	u8 key[32], nonce[24], ad[64];

	for (int round = 0; round < 1200; round++) {
		size_t len = batch_rand() % (round % 16 ? 2000 :
					     round % 64 ? 9000 : max);
		size_t ad_len = round % 3 ? batch_rand() % sizeof(ad) : 0;
		u64 n = (u64)batch_rand() << 32 | batch_rand();
		int err;

		batch_fill(text, min_t(size_t, len, 3000));
		batch_fill(key, sizeof(key));
		batch_fill(ad, sizeof(ad));
		batch_fill(nonce, sizeof(nonce));

		chacha20poly1305_encrypt(want, text, len, ad, ad_len, n, key);
		chacha20poly1305_seal(out, text, len, ad, ad_len, n, key);
		KUNIT_ASSERT_TRUE_MSG(test, !memcmp(out, want, len + 16),
				      "seal, %zu bytes", len);
		err = chacha20poly1305_open(out, want, len + 16, ad, ad_len, n,
					    key);
		KUNIT_ASSERT_EQ(test, err, 0);
		KUNIT_ASSERT_TRUE_MSG(test, !memcmp(out, text, len),
				      "open, %zu bytes", len);

		xchacha20poly1305_encrypt(want, text, len, ad, ad_len, nonce,
					  key);
		xchacha20poly1305_seal(out, text, len, ad, ad_len, nonce, key);
		KUNIT_ASSERT_TRUE_MSG(test, !memcmp(out, want, len + 16),
				      "xseal, %zu bytes", len);
		err = xchacha20poly1305_open(out, out, len + 16, ad, ad_len,
					     nonce, key);
		KUNIT_ASSERT_EQ(test, err, 0);
		KUNIT_ASSERT_TRUE(test, !memcmp(out, text, len));
		err = xchacha20poly1305_open(out, want, len + 15, ad, ad_len,
					     nonce, key);
		KUNIT_ASSERT_EQ(test, err, len ? -EBADMSG : -EINVAL);
	}
}

/* Batches of all kinds against lib/crypto. */
static void test_batches_against_lib(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);

	for (int round = 0; round < 200; round++) {
		size_t nr = 1 + batch_rand() % AEAD_MAX_NR;
		u32 common = batch_rand() % (AEAD_MAX_LEN + 1);

		batch_fill(set->key, sizeof(set->key));
		set->mode = round / 2 % AEAD_AD_MODES;
		for (size_t i = 0; i < nr; i++)
			set->len[i] = round & 1 ? common :
				      batch_rand() % (AEAD_MAX_LEN + 1);
		aead_set_describe(set, nr, set->plain, false);
		for (size_t i = 0; i < nr; i++) {
			struct chacha20poly1305_msg *m = &set->m[i];

			m->salt = 0;
			chacha20poly1305_encrypt(set->want + i * AEAD_STRIDE,
						 m->src->iov_base, m->len,
						 m->ad, m->ad_len, m->nonce,
						 set->key);
		}
		KUNIT_ASSERT_EQ(test, 0,
				chacha20poly1305_seal_batch(set->m, nr,
							    set->key));
		for (size_t i = 0; i < nr; i++)
			aead_set_expect(test, set, i,
					set->want + i * AEAD_STRIDE,
					set->len[i] + 16);
	}
}

/* Each bit of the nonce and of the salt goes where it belongs. */
static void test_nonce_bits(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);

	for (int round = 0; round < 3; round++) {
		aead_set_even(set, 32, 32);
		aead_set_describe(set, 32, set->plain, false);
		for (size_t i = 0; i < 32; i++) {
			struct chacha20poly1305_msg *m = &set->m[i];

			m->salt = round == 0 ? BIT(i) : 0;
			m->nonce = round == 1 ? BIT_ULL(i) :
				   round == 2 ? BIT_ULL(32 + i) : ~0ULL;
			ref_seal(set->want + i * AEAD_STRIDE, m->src->iov_base,
				 m->len, m->ad, m->ad_len, m->salt, m->nonce,
				 set->key);
		}
		KUNIT_ASSERT_EQ(test, 0,
				chacha20poly1305_seal_batch(set->m, 32,
							    set->key));
		for (size_t i = 0; i < 32; i++)
			aead_set_expect(test, set, i,
					set->want + i * AEAD_STRIDE, 48);
	}
}

static struct kunit_case aead_cases[] = {
	KUNIT_CASE_PARAM(test_vectors, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_length, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_number, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_against_lib, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_batches_against_lib, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_nonce_bits, batch_impl_gen_params),
	{}
};

static struct kunit_suite aead_suite = {
	.name		= "crypto_batch_aead",
	.init		= batch_aead_init,
	.exit		= batch_aead_exit,
	.test_cases	= aead_cases,
};

kunit_test_suite(aead_suite);
