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

enum { SPLIT_LEN = 83, SPLIT_NR = 16 };

/* Messages alike but for their nonces, all cut at @i and @j; what came out. */
static void try_split(struct kunit *test, struct aead_set *set,
		      struct kvec (*vec)[5], size_t nr, bool open, size_t i,
		      size_t j)
{
	size_t all = open ? SPLIT_LEN + 16 : SPLIT_LEN, failed;

	aead_set_describe(set, nr, open ? set->want : set->plain, open);
	for (size_t k = 0; k < nr; k++) {
		u8 *from = set->vec[k].iov_base;

		vec[k][0] = (struct kvec){ from, i };
		vec[k][1] = (struct kvec){ NULL, 0 };
		vec[k][2] = (struct kvec){ from + i, j - i };
		vec[k][3] = (struct kvec){ from + j, all - j };
		vec[k][4] = (struct kvec){ from, 0 };
		set->m[k].src = vec[k];
		set->m[k].nr_src = 5;
	}
	if (open)
		failed = chacha20poly1305_open_batch(set->m, nr, set->key);
	else
		failed = chacha20poly1305_seal_batch(set->m, nr, set->key);
	KUNIT_ASSERT_EQ_MSG(test, failed, 0, "%zu cut at %zu and %zu", nr, i, j);
	for (size_t k = 0; k < nr; k++)
		aead_set_expect(test, set, k, (open ? set->plain : set->want) +
				k * AEAD_STRIDE,
				open ? SPLIT_LEN : SPLIT_LEN + 16);
}

/*
 * Every split in three, fragments of 0 bytes among them; sealing and opening.
 * One message, and in larger steps as many as there are lanes.
 */
static void test_every_split(struct kunit *test)
{
	struct kvec (*vec)[5] = batch_alloc(test, SPLIT_NR * sizeof(*vec));
	struct aead_set *set = aead_set_new(test);

	aead_set_even(set, SPLIT_NR, SPLIT_LEN);
	for (int run = 0; run < 2 * AEAD_AD_MODES; run++) {
		bool open = run & 1;
		size_t all = open ? SPLIT_LEN + 16 : SPLIT_LEN;

		set->mode = run / 2;
		aead_set_reference(set, SPLIT_NR);
		for (size_t i = 0; i <= all; i++)
			for (size_t j = i; j <= all; j++)
				try_split(test, set, vec, 1, open, i, j);
		for (size_t i = 0; i <= all; i++)
			for (size_t j = i; j <= all; j += 11)
				try_split(test, set, vec, SPLIT_NR, open,
					  i, j);
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
		set->mode = round / 4 % AEAD_AD_MODES;
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
		for (int run = 0; run < 2 * AEAD_AD_MODES; run++) {
			size_t nr = run < 2 ? 20 : 1 + len % 20;
			bool in_place = run & 1;

			aead_set_even(set, nr, len);
			set->mode = run / 2;
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

	for (u32 run = 0; run < 301 * AEAD_AD_MODES; run++) {
		u32 len = run / AEAD_AD_MODES;
		/* Without associated data, equal lengths in all lanes. */
		size_t nr = run % AEAD_AD_MODES ? 1 + len % 18 : 17;
		bool in_place = len % 5 == 1;

		set->mode = run % AEAD_AD_MODES;
		for (size_t i = 0; i < nr; i++)
			set->len[i] = !set->mode || len & 2 || i & 1 ? len :
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

	for (u32 run = 2 * AEAD_AD_MODES; run < 301 * AEAD_AD_MODES; run++) {
		u32 len = run / AEAD_AD_MODES;
		size_t nr = run % AEAD_AD_MODES ? 1 + len % 18 : 17;
		bool in_place = len % 5 == 1;

		if (len % 7 == 0)
			memset(set->plain, len % 14 ? 0xff : 0,
			       AEAD_MAX_NR * AEAD_STRIDE);
		else
			batch_fill(set->plain, AEAD_MAX_NR * AEAD_STRIDE);
		aead_set_even(set, nr, len);
		set->mode = run % AEAD_AD_MODES;
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

#define ALIGN_NR	20
#define ALIGN_ROOM	512

/* Messages whose source, destination and associated data lie at an offset. */
struct aligned {
	struct chacha20poly1305_msg	m[ALIGN_NR];
	struct kvec			vec[ALIGN_NR];
	u8				key[32];
	u8				ad[128];
	u8				in[ALIGN_NR * ALIGN_ROOM];
	u8				out[ALIGN_NR * ALIGN_ROOM];
	u8				back[ALIGN_NR * ALIGN_ROOM];
	u8				want[ALIGN_ROOM];
};

static void try_alignment(struct kunit *test, struct aligned *a, size_t nr,
			  u32 len, u32 ad_len, size_t offset)
{
	for (size_t i = 0; i < nr; i++) {
		a->m[i] = (struct chacha20poly1305_msg) {
			.dst = a->out + i * ALIGN_ROOM + (offset * 29 + i) % 64,
			.src = &a->vec[i], .nr_src = 1, .len = len,
			.ad = ad_len ? a->ad + offset : NULL,
			.ad_len = ad_len, .nonce = i,
		};
		a->vec[i].iov_base = a->in + i * ALIGN_ROOM + (offset + i) % 64;
		a->vec[i].iov_len = len;
	}
	KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_seal_batch(a->m, nr, a->key));
	for (size_t i = 0; i < nr; i++) {
		ref_seal(a->want, a->vec[i].iov_base, len, a->m[i].ad, ad_len,
			 0, i, a->key);
		KUNIT_ASSERT_MEMEQ_MSG(test, a->m[i].dst, a->want, len + 16,
				       "%zu of %zu at %zu, %u bytes", i, nr,
				       offset, len);
		a->vec[i].iov_base = a->m[i].dst;
		a->vec[i].iov_len = len + 16;
		a->m[i].dst = a->back + i * ALIGN_ROOM + offset;
	}
	KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_open_batch(a->m, nr, a->key));
	for (size_t i = 0; i < nr; i++)
		KUNIT_ASSERT_MEMEQ(test, a->m[i].dst, a->in + i * ALIGN_ROOM +
				   (offset + i) % 64, len);
}

/* Misaligned by 0 to 63: source, destination and associated data. */
static void test_every_alignment(struct kunit *test)
{
	static const u32 lens[] = { 1, 15, 100, 192, 333 };
	struct aligned *a = batch_alloc(test, sizeof(*a));

	batch_fill(a->in, sizeof(a->in));
	batch_fill(a->ad, sizeof(a->ad));
	batch_fill(a->key, sizeof(a->key));
	for (size_t offset = 0; offset < 64; offset++)
		for (size_t k = 0; k < ARRAY_SIZE(lens); k++) {
			try_alignment(test, a, 1, lens[k], 13, offset);
			try_alignment(test, a, 1, lens[k], 0, offset);
			try_alignment(test, a, ALIGN_NR, lens[k], 13, offset);
			try_alignment(test, a, ALIGN_NR, lens[k], 0, offset);
		}
}

/*
 * The first and the last byte of every buffer next to a page that is not
 * there: texts, fragments, associated data, key and the arrays themselves.
 */
struct guarded {
	struct batch_pages		src, src2, dst, back, ad, key, msgs, vecs;
	struct chacha20poly1305_msg	*m;
	struct kvec			*vec;	/* two for each message */
	u8				*k;
	u8				*want;
};

enum { GUARDED_NR = 17 };

/* Message @at is of @len bytes, cut at @cut, the others elsewhere. */
static void try_guarded(struct kunit *test, struct guarded *g,
			struct aead_set *set, size_t nr, size_t at, u32 len,
			u32 cut, u32 ad_len, bool at_end)
{
	u8 *dst = at_end ? g->dst.end - len - 16 : g->dst.start;
	/* The first fragment ends with a page, the second one begins one. */
	u8 *first = g->src.end - cut, *second = g->src2.start;
	struct chacha20poly1305_msg *m;

	g->m = at_end ? (void *)g->msgs.end - nr * sizeof(*m) :
	       (void *)g->msgs.start;
	g->vec = at_end ? (void *)g->vecs.end - 2 * nr * sizeof(*g->vec) :
		 (void *)g->vecs.start;
	g->k = at_end ? g->key.end - sizeof(set->key) : g->key.start;
	memcpy(g->k, set->key, sizeof(set->key));
	m = &g->m[at];

	aead_set_even(set, nr, min_t(u32, len, AEAD_MAX_LEN));
	aead_set_describe(set, nr, set->plain, false);
	for (size_t i = 0; i < nr; i++) {
		g->m[i] = set->m[i];
		g->m[i].src = &g->vec[2 * i];
		g->vec[2 * i] = set->vec[i];
		g->vec[2 * i + 1] = (struct kvec){ };
	}
	batch_fill(first, cut);
	batch_fill(second, len - cut);
	memcpy(g->want, first, cut);
	memcpy(g->want + cut, second, len - cut);
	if (cut == len && !at_end) {
		/* As one, from the beginning of a page. */
		first = g->src.start;
		memmove(first, g->want, len);
	}
	g->vec[2 * at] = (struct kvec){ first, cut };
	g->vec[2 * at + 1] = (struct kvec){ second, len - cut };
	m->nr_src = cut == len ? 1 : 2;
	m->len = len;
	m->dst = dst;
	m->ad = at_end ? g->ad.end - ad_len : g->ad.start;
	m->ad_len = ad_len;
	m->flags = len & 4 ? CHACHA20POLY1305_SUM : 0;
	ref_seal(g->want, g->want, len, m->ad, ad_len, m->salt, m->nonce,
		 set->key);
	KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_seal_batch(g->m, nr, g->k));
	KUNIT_ASSERT_TRUE(test, !memcmp(dst, g->want, len + 16));

	/* The others are opened too, each in its place. */
	for (size_t i = 0; i < nr; i++) {
		g->vec[2 * i].iov_base = g->m[i].dst;
		g->vec[2 * i].iov_len = g->m[i].len + 16;
		g->m[i].nr_src = 1;
	}
	if (cut < len) {
		memcpy(g->src.end - cut, dst, cut);
		memcpy(second, dst + cut, len - cut + 16);
		g->vec[2 * at] = (struct kvec){ g->src.end - cut, cut };
		g->vec[2 * at + 1] = (struct kvec){ second, len - cut + 16 };
		m->nr_src = 2;
	}
	m->dst = at_end ? g->back.end - len : g->back.start;
	KUNIT_ASSERT_EQ(test, 0, chacha20poly1305_open_batch(g->m, nr, g->k));
	ref_seal(g->want, m->dst, len, m->ad, ad_len, m->salt, m->nonce,
		 set->key);
	KUNIT_ASSERT_TRUE(test, !memcmp(dst, g->want, len + 16));
}

static void test_guard_pages(struct kunit *test)
{
	struct guarded *g = batch_alloc(test, sizeof(*g));
	struct aead_set *set = aead_set_new(test);

	g->src = batch_alloc_pages(test, PAGE_SIZE);
	g->src2 = batch_alloc_pages(test, PAGE_SIZE);
	g->dst = batch_alloc_pages(test, PAGE_SIZE);
	g->back = batch_alloc_pages(test, PAGE_SIZE);
	g->ad = batch_alloc_pages(test, PAGE_SIZE);
	g->key = batch_alloc_pages(test, PAGE_SIZE);
	g->msgs = batch_alloc_pages(test, GUARDED_NR * sizeof(*g->m));
	g->vecs = batch_alloc_pages(test, 2 * GUARDED_NR * sizeof(*g->vec));
	g->want = batch_alloc(test, 4096);
	for (u32 len = 0; len <= 1600; len += len < 200 ? 1 : 37) {
		for (int run = 0; run < 8; run++) {
			/* Without associated data, equal in all lanes. */
			u32 ad_len = run & 2 ? len % 41 : 0;
			u32 cut = run & 4 ? len * 3 / 7 : len;

			set->mode = run & 2 ? AEAD_AD_EACH : AEAD_AD_NONE;
			try_guarded(test, g, set, 1, 0, len, cut, ad_len,
				    run & 1);
			try_guarded(test, g, set, GUARDED_NR, len % GUARDED_NR,
				    len, cut, ad_len, run & 1);
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
