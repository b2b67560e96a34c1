// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305: sources in fragments, padding, sums of the plaintext,
 * long messages, misaligned buffers, and buffers beside unmapped pages.
 */
#include <crypto/chacha20poly1305_batch.h>
#include <kunit/test.h>
#include <linux/string.h>
#include <net/checksum.h>

#include "aead_test.h"
#include "batch_impls.h"

static u16 fold(u32 sum)
{
	return (__force u16)csum_fold((__force __wsum)sum);
}

static u16 sum_of(const u8 *p, size_t len)
{
	return (__force u16)csum_fold(csum_partial(p, len, 0));
}

/* Every split in three, fragments of 0 bytes among them; sealing and opening. */
static void test_every_split(struct kunit *test)
{
	enum { LEN = 83 };
	u8 *plain = batch_alloc(test, LEN), *want = batch_alloc(test, LEN + 16),
	   *out = batch_alloc(test, LEN + 16);
	struct kvec vec[5];
	struct chacha20poly1305_msg m = {
		.dst = out, .src = vec, .nr_src = 5, .len = LEN, .nonce = 3,
	};
	u8 key[32];

	batch_fill(plain, LEN);
	batch_fill(key, sizeof(key));
	ref_seal(want, plain, LEN, NULL, 0, 0, 3, key);
	for (int open = 0; open < 2; open++) {
		size_t all = open ? LEN + 16 : LEN;
		u8 *from = open ? want : plain;

		for (size_t i = 0; i <= all; i++)
			for (size_t j = i; j <= all; j++) {
				size_t failed;

				vec[0] = (struct kvec){ from, i };
				vec[1] = (struct kvec){ NULL, 0 };
				vec[2] = (struct kvec){ from + i, j - i };
				vec[3] = (struct kvec){ from + j, all - j };
				vec[4] = (struct kvec){ from, 0 };
				memset(out, 0, LEN + 16);
				if (open)
					failed = chacha20poly1305_open_batch(&m, 1, key);
				else
					failed = chacha20poly1305_seal_batch(&m, 1, key);
				KUNIT_ASSERT_EQ(test, failed, 0);
				KUNIT_ASSERT_MEMEQ_MSG(test, out,
						       open ? plain : want,
						       open ? LEN : LEN + 16,
						       "cut at %zu and %zu",
						       i, j);
			}
	}
}

/* A batch in which every message has fragments of its own. */
static void test_random_fragments(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);
	struct kvec (*vec)[8] = batch_alloc(test, AEAD_MAX_NR * sizeof(*vec));

	for (int round = 0; round < 200; round++) {
		bool open = round & 1;
		size_t nr = 1 + batch_rand() % AEAD_MAX_NR, failed;
		const u8 *from = open ? set->want : set->plain;

		for (size_t i = 0; i < nr; i++)
			set->len[i] = round % 4 < 2 ? 1024 :
				      batch_rand() % (AEAD_MAX_LEN + 1);
		aead_set_reference(set, nr);
		aead_set_describe(set, nr, from, open);
		for (size_t i = 0; i < nr; i++) {
			struct chacha20poly1305_msg *m = &set->m[i];
			u8 *p = set->vec[i].iov_base;
			size_t left = set->vec[i].iov_len;

			m->src = vec[i];
			m->nr_src = 1 + batch_rand() % 8;
			for (size_t k = 0; k < m->nr_src; k++) {
				size_t n = k == m->nr_src - 1 ? left :
					   batch_rand() % (left + 1);

				vec[i][k] = (struct kvec){ p, n };
				p += n;
				left -= n;
			}
		}
		if (open)
			failed = chacha20poly1305_open_batch(set->m, nr,
							     set->key);
		else
			failed = chacha20poly1305_seal_batch(set->m, nr,
							     set->key);
		KUNIT_ASSERT_EQ(test, failed, 0);
		for (size_t i = 0; i < nr; i++)
			aead_set_expect(test, set, i,
					(open ? set->plain : set->want) +
					i * AEAD_STRIDE,
					set->len[i] + (open ? 0 : 16));
	}
}

/* Zeroes behind the source, in place and not, down to nothing but zeroes. */
static void test_padding(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);

	for (u32 len = 0; len <= 200; len++) {
		size_t nr = 1 + len % 20;

		for (int in_place = 0; in_place < 2; in_place++) {
			for (size_t i = 0; i < nr; i++)
				set->len[i] = len;
			aead_set_describe(set, nr, set->plain, false);
			for (size_t i = 0; i < nr; i++) {
				struct chacha20poly1305_msg *m = &set->m[i];
				u8 *p = set->plain + i * AEAD_STRIDE;

				m->pad = (i * 7) % (len + 1);
				memset(p + len - m->pad, 0, m->pad);
				set->vec[i].iov_len = len - m->pad;
				ref_seal(set->want + i * AEAD_STRIDE, p, len,
					 m->ad, m->ad_len, m->salt, m->nonce,
					 set->key);
				if (in_place) {
					memset(m->dst, 0x77, len);
					memcpy(m->dst, p, len - m->pad);
					set->vec[i].iov_base = m->dst;
				}
				if (m->pad == len) {
					m->nr_src = 0;
					m->src = NULL;
				}
			}
			KUNIT_ASSERT_EQ(test, 0,
					chacha20poly1305_seal_batch(set->m, nr,
								    set->key));
			for (size_t i = 0; i < nr; i++)
				aead_set_expect(test, set, i,
						set->want + i * AEAD_STRIDE,
						len + 16);
		}
	}
}

/* The sum of the plaintext, from every even place on, as csum_partial() has it. */
static void test_sum(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);

	for (u32 len = 0; len <= 300; len++) {
		size_t nr = 1 + len % 18;
		bool in_place = len % 5 == 1;

		for (size_t i = 0; i < nr; i++)
			set->len[i] = len & 2 || i & 1 ? len :
				      (len * 3 + i) % 700;
		aead_set_reference(set, nr);
		for (int open = 0; open < 2; open++) {
			size_t failed;

			if (in_place)
				aead_set_describe_in_place(set, nr, open);
			else
				aead_set_describe(set, nr, open ? set->want :
						  set->plain, open);
			for (size_t i = 0; i < nr; i++) {
				set->m[i].flags = CHACHA20POLY1305_SUM;
				set->m[i].csum_start = (i * 22) %
					(set->len[i] + 1) & ~1;
			}
			if (open)
				failed = chacha20poly1305_open_batch(set->m, nr,
								     set->key);
			else
				failed = chacha20poly1305_seal_batch(set->m, nr,
								     set->key);
			KUNIT_ASSERT_EQ(test, failed, 0);
			for (size_t i = 0; i < nr; i++) {
				u32 start = set->m[i].csum_start;
				u8 *p = set->plain + i * AEAD_STRIDE;

				KUNIT_ASSERT_EQ_MSG(test, fold(set->m[i].csum),
						    sum_of(p + start,
							   set->len[i] - start),
						    "%u bytes from %u on",
						    set->len[i], start);
				if (!open || !in_place)
					aead_set_expect(test, set, i,
							(open ? set->plain :
							 set->want) +
							i * AEAD_STRIDE,
							set->len[i] +
							(open ? 0 : 16));
			}
		}
	}
}

/*
 * The complement of the sum, stored in the plaintext before it is sealed;
 * plaintexts of all ones among them, where the field must say 0xffff, not 0.
 */
static void test_sum_store(struct kunit *test)
{
	struct aead_set *set = aead_set_new(test);

	for (u32 len = 2; len <= 300; len++) {
		size_t nr = 1 + len % 18;
		bool in_place = len % 5 == 1;

		if (len % 7 == 0)
			memset(set->plain, len % 14 ? 0xff : 0,
			       AEAD_MAX_NR * AEAD_STRIDE);
		else
			batch_fill(set->plain, AEAD_MAX_NR * AEAD_STRIDE);
		for (size_t i = 0; i < nr; i++)
			set->len[i] = len;
		if (in_place)
			aead_set_describe_in_place(set, nr, false);
		else
			aead_set_describe(set, nr, set->plain, false);
		for (size_t i = 0; i < nr; i++) {
			struct chacha20poly1305_msg *m = &set->m[i];
			u8 *p = set->plain + i * AEAD_STRIDE;
			u32 want;
			u16 field;

			m->flags = CHACHA20POLY1305_SUM_STORE;
			m->csum_start = (i * 6) % (len - 1) & ~1;
			m->csum_offset = (i * 2) % (len - 1 - m->csum_start);
			if (!in_place && i % 4 == 3) {
				/* pads are zero, and so add nothing */
				m->pad = min_t(u32, 5, len / 2);
				set->vec[i].iov_len -= m->pad;
				memset(p + len - m->pad, 0, m->pad);
			}
			want = sum_of(p + m->csum_start, len - m->csum_start);
			field = want ?: 0xffff;
			memcpy(set->want + i * AEAD_STRIDE, p, len);
			memcpy(set->want + i * AEAD_STRIDE + m->csum_start +
			       m->csum_offset, &field, 2);
			ref_seal(set->want + i * AEAD_STRIDE,
				 set->want + i * AEAD_STRIDE, len, m->ad,
				 m->ad_len, m->salt, m->nonce, set->key);
		}
		KUNIT_ASSERT_EQ(test, 0,
				chacha20poly1305_seal_batch(set->m, nr,
							    set->key));
		for (size_t i = 0; i < nr; i++) {
			u32 start = set->m[i].csum_start;

			KUNIT_ASSERT_EQ(test, fold(set->m[i].csum),
					sum_of(set->plain + i * AEAD_STRIDE +
					       start, len - start));
			aead_set_expect(test, set, i,
					set->want + i * AEAD_STRIDE, len + 16);
		}
	}
}

/* Too long for a group: several FPU sections, in every shape. */
static void test_long(struct kunit *test)
{
	static const u32 lens[] = { 32752, 32768, 32769, 40000, 65535, 150001 };
	size_t max = 150100;
	u8 *plain = batch_alloc(test, max), *want = batch_alloc(test, max),
	   *out = batch_alloc(test, max);
	u8 key[32], ad[20];
	u16 field;

	batch_fill(plain, max);
	batch_fill(key, sizeof(key));
	batch_fill(ad, sizeof(ad));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		u32 len = lens[i];
		struct kvec vec[3] = {
			{ plain, 1001 }, { plain + 1001, 20000 },
			{ plain + 21001, len - 21001 - 9 },
		};
		struct chacha20poly1305_msg m = {
			.dst = out, .src = vec, .nr_src = 3, .len = len,
			.pad = 9, .nonce = i, .ad = ad, .ad_len = sizeof(ad),
			.flags = CHACHA20POLY1305_SUM_STORE,
			.csum_start = 20, .csum_offset = 16,
		};
		u8 keep[11];

		memcpy(keep, plain + len - 9, 9);
		memset(plain + len - 9, 0, 9);
		field = sum_of(plain + 20, len - 20) ?: 0xffff;
		memcpy(keep + 9, plain + 36, 2);
		memcpy(want, plain, len);
		memcpy(want + 36, &field, 2);
		ref_seal(want, want, len, ad, sizeof(ad), 0, i, key);
		KUNIT_ASSERT_EQ(test, 0,
				chacha20poly1305_seal_batch(&m, 1, key));
		KUNIT_ASSERT_TRUE(test, !memcmp(out, want, len + 16));
		KUNIT_ASSERT_EQ(test, fold(m.csum),
				sum_of(plain + 20, len - 20));

		/* Out of place from one fragment, then in place. */
		ref_seal(want, plain, len, ad, sizeof(ad), 0, i, key);
		chacha20poly1305_seal(out, plain, len, ad, sizeof(ad), i, key);
		KUNIT_ASSERT_TRUE(test, !memcmp(out, want, len + 16));
		memcpy(out, plain, len);
		chacha20poly1305_seal(out, out, len, ad, sizeof(ad), i, key);
		KUNIT_ASSERT_TRUE(test, !memcmp(out, want, len + 16));
		KUNIT_ASSERT_EQ(test, 0,
				chacha20poly1305_open(out, out, len + 16, ad,
						      sizeof(ad), i, key));
		KUNIT_ASSERT_TRUE(test, !memcmp(out, plain, len));

		/* Forged: wiped to the last byte, and no further. */
		want[len / 2] ^= 1;
		memset(out, AEAD_CANARY, max);
		KUNIT_ASSERT_EQ(test, -EBADMSG,
				chacha20poly1305_open(out, want, len + 16, ad,
						      sizeof(ad), i, key));
		KUNIT_ASSERT_NULL(test, memchr_inv(out, 0, len));
		KUNIT_ASSERT_NULL(test, memchr_inv(out + len, AEAD_CANARY,
						   max - len));
		memcpy(plain + len - 9, keep, 9);
	}
}

/* Misaligned by 0 to 63: source, destination and associated data. */
static void test_every_alignment(struct kunit *test)
{
	enum { NR = 20, LEN = 333, ROOM = 512 };
	u8 *in = batch_alloc(test, NR * ROOM), *out = batch_alloc(test, NR * ROOM),
	   *back = batch_alloc(test, NR * ROOM), *want = batch_alloc(test, ROOM);
	struct chacha20poly1305_msg *m = batch_alloc(test, NR * sizeof(*m));
	struct kvec *vec = batch_alloc(test, NR * sizeof(*vec));
	u8 key[32], ad[128];

	batch_fill(in, NR * ROOM);
	batch_fill(ad, sizeof(ad));
	batch_fill(key, sizeof(key));
	for (size_t offset = 0; offset < 64; offset++) {
		for (size_t i = 0; i < NR; i++) {
			m[i] = (struct chacha20poly1305_msg) {
				.dst = out + i * ROOM + (offset * 29 + i) % 64,
				.src = &vec[i], .nr_src = 1, .len = LEN,
				.ad = ad + offset, .ad_len = 13, .nonce = i,
			};
			vec[i].iov_base = in + i * ROOM + (offset + i) % 64;
			vec[i].iov_len = LEN;
		}
		KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_seal_batch(m, NR, key));
		for (size_t i = 0; i < NR; i++) {
			ref_seal(want, vec[i].iov_base, LEN, ad + offset, 13, 0,
				 i, key);
			KUNIT_ASSERT_MEMEQ(test, m[i].dst, want, LEN + 16);
			vec[i].iov_base = m[i].dst;
			vec[i].iov_len = LEN + 16;
			m[i].dst = back + i * ROOM + offset;
		}
		KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_open_batch(m, NR, key));
		for (size_t i = 0; i < NR; i++)
			KUNIT_ASSERT_MEMEQ(test, m[i].dst, in + i * ROOM +
					   (offset + i) % 64, LEN);
	}
}

/*
 * The first and the last byte of every buffer next to a page that is not
 * there, for one message and for a group whose others are elsewhere.
 */
static void test_guard_pages(struct kunit *test)
{
	enum { NR = 17 };
	struct batch_pages src = batch_alloc_pages(test, PAGE_SIZE),
			   dst = batch_alloc_pages(test, PAGE_SIZE),
			   ad = batch_alloc_pages(test, PAGE_SIZE),
			   back = batch_alloc_pages(test, PAGE_SIZE);
	struct aead_set *set = aead_set_new(test);
	u8 *want = batch_alloc(test, 4096);

	for (size_t len = 0; len <= 1600; len += len < 200 ? 1 : 37) {
		bool at_end = len & 1;
		size_t nr = len % 3 ? NR : 1, ad_len = len % 41, k = len % nr;
		struct kvec vec = { at_end ? src.end - len : src.start, len };
		struct chacha20poly1305_msg *m = &set->m[k];

		for (int round = 0; round < 2; round++, at_end = !at_end) {
			u8 *p = at_end ? src.end - len : src.start;
			u8 *q = at_end ? dst.end - len - 16 : dst.start;

			for (size_t i = 0; i < nr; i++)
				set->len[i] = min_t(size_t, len, AEAD_MAX_LEN);
			aead_set_describe(set, nr, set->plain, false);
			batch_fill(p, len);
			vec = (struct kvec){ p, len };
			m->src = &vec;
			m->len = len;
			m->dst = q;
			m->ad = at_end ? ad.end - ad_len : ad.start;
			m->ad_len = ad_len;
			m->flags = len & 4 ? CHACHA20POLY1305_SUM : 0;
			ref_seal(want, p, len, m->ad, ad_len, m->salt, m->nonce,
				 set->key);
			KUNIT_ASSERT_EQ(test, 0,
					chacha20poly1305_seal_batch(set->m, nr,
								    set->key));
			KUNIT_ASSERT_TRUE(test, !memcmp(q, want, len + 16));

			/* The others are opened too, each in its place. */
			for (size_t i = 0; i < nr; i++) {
				set->vec[i].iov_base = set->m[i].dst;
				set->vec[i].iov_len = set->m[i].len + 16;
			}
			vec = (struct kvec){ q, len + 16 };
			m->dst = at_end ? back.end - len : back.start;
			KUNIT_ASSERT_EQ(test, 0,
					chacha20poly1305_open_batch(set->m, nr,
								    set->key));
			KUNIT_ASSERT_TRUE(test, !memcmp(m->dst, p, len));
		}
	}
}

static struct kunit_case aead_shape_cases[] = {
	KUNIT_CASE_PARAM(test_every_split, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_random_fragments, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_padding, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_sum, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_sum_store, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_long, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_every_alignment, batch_impl_gen_params),
	KUNIT_CASE_PARAM(test_guard_pages, batch_impl_gen_params),
	{}
};

static struct kunit_suite aead_shape_suite = {
	.name		= "crypto_batch_aead_shape",
	.init		= batch_aead_init,
	.exit		= batch_aead_exit,
	.test_cases	= aead_shape_cases,
};

kunit_test_suite(aead_shape_suite);
