// SPDX-License-Identifier: GPL-2.0
/*
 * Constant time: run the library with its secrets marked as undefined, under
 * valgrind's memcheck or built with MemorySanitizer. Either one reports every
 * branch and every address that depends on an undefined byte.
 *
 * Secret: keys, plaintext, scalars, points. Public: lengths, nonces, associated
 * data, ciphertext once it is made, and whether a tag was right.
 */
#include <crypto/blake2s_batch.h>
#include <crypto/chacha20_batch.h>
#include <crypto/chacha20poly1305_batch.h>
#include <crypto/curve25519_batch.h>
#include <crypto/poly1305_batch.h>

#include "harness.h"

#define MAX_MSGS	33
#define ROOM		40016

enum { KEYS = 1, TEXTS = 2, SCALARS = 4, POINTS = 8, ALL = 15 };

static const char *const kinds[] = { "keys", "texts", "scalars", "points" };

/* What is marked: all of it but where a plant is to prove a single marking. */
static unsigned int marked_kinds = ALL;

static void secret(unsigned int kind, void *p, size_t n)
{
	if (!(kind & marked_kinds))
		return;
#ifdef SHIM_MSAN
	__msan_poison(p, n);
#else
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
#endif
}

static void public(void *p, size_t n)
{
	shim_public_mem(p, n);
}

/* A result that is not marked would mean that the marks got lost on the way. */
static void expect_secret(const void *p, size_t n, const char *what)
{
	bool marked = !n || marked_kinds != ALL;
	size_t i;

#ifdef SHIM_MSAN
	for (i = 0; i < n && !marked; i++)
		marked = __msan_test_shadow((const u8 *)p + i, 1) == 0;
#else
	for (i = 0; i < n && !marked; i++) {
		u8 v = 0;

		(void)VALGRIND_GET_VBITS((const u8 *)p + i, &v, 1);
		marked = v != 0;
	}
#endif
	/* MemorySanitizer cannot see through assembly: adx is memcheck's. */
	if (!marked)
		fail("%s: %s does not depend on the secrets", impl_names[impl_now], what);
}

static u8 key[32], text[MAX_MSGS][2048], sealed[MAX_MSGS][2064], back[MAX_MSGS][2064];
static u8 ad[64], big[ROOM], big_out[ROOM];
static struct chacha20poly1305_msg msg[MAX_MSGS];
static struct kvec vec[MAX_MSGS][3];

static void batch(u32 n, const u16 *lens, u32 nr_lens, u32 flavour)
{
	u32 i, len;
	size_t bad;

	memset(key, 0x5a, sizeof(key));
	secret(KEYS, key, sizeof(key));
	for (i = 0; i < n; i++) {
		struct chacha20poly1305_msg *m = &msg[i];

		len = lens[i % nr_lens];
		memset(m, 0, sizeof(*m));
		memset(text[i], i, len);
		secret(TEXTS, text[i], len);
		memset(sealed[i], 0, sizeof(sealed[i]));
		m->dst = sealed[i];
		m->src = vec[i];
		m->nonce = i;
		m->len = len;
		m->nr_src = 1;
		vec[i][0].iov_base = text[i];
		vec[i][0].iov_len = len;
		if (flavour & 1) {
			m->ad = ad;
			m->ad_len = i % 40;
		}
		if (flavour & 2 && len > 8) {
			m->pad = 3;
			m->nr_src = 3;
			vec[i][0].iov_len = 5;
			vec[i][1].iov_base = text[i] + 5;
			vec[i][1].iov_len = 0;
			vec[i][2].iov_base = text[i] + 5;
			vec[i][2].iov_len = len - 3 - 5;
		}
		if (flavour & 4)
			m->flags = CHACHA20POLY1305_SUM;
		if (flavour & 8 && len >= 40) {
			m->flags = CHACHA20POLY1305_SUM_STORE;
			m->csum_start = 20;
			m->csum_offset = 16;
		}
	}
	bad = chacha20poly1305_seal_batch(msg, n, key);
	public(&bad, sizeof(bad));
	if (bad)
		fail("seal_batch: %zu errors", bad);
	for (i = 0; i < n; i++) {
		struct chacha20poly1305_msg *m = &msg[i];

		expect_secret(sealed[i], m->len, "ciphertext");
		expect_secret(sealed[i] + m->len, 16, "a tag");
		if (m->flags && m->len)
			expect_secret(&m->csum, sizeof(m->csum), "a sum");
		public(sealed[i], sizeof(sealed[i]));
		m->dst = back[i];
		m->flags &= CHACHA20POLY1305_SUM;
		m->pad = 0;
		vec[i][0].iov_base = sealed[i];
		vec[i][0].iov_len = m->len + 16;
		m->nr_src = 1;
		if (flavour & 2 && i % 3 == 0) {
			m->nr_src = 2;
			vec[i][0].iov_len = m->len / 2 + 3;
			vec[i][1].iov_base = sealed[i] + m->len / 2 + 3;
			vec[i][1].iov_len = m->len - m->len / 2 + 13;
		}
		if (i % 5 == 3)
			sealed[i][m->len] ^= 1;
	}
	bad = chacha20poly1305_open_batch(msg, n, key);
	public(&bad, sizeof(bad));
	for (i = 0; i < n; i++) {
		public(&msg[i].err, sizeof(msg[i].err));
		if (msg[i].err != (i % 5 == 3 ? -EBADMSG : 0))
			fail("open_batch: result %d at %u of %u", msg[i].err, i, n);
		if (!msg[i].err)
			expect_secret(back[i], msg[i].len, "plaintext");
	}
	count_cases(n);
}

static void batches(void)
{
	static const u16 lens[] = { 0, 1, 15, 16, 17, 63, 64, 65, 128, 193, 256, 576, 1420 };
	static const u16 mixed[] = { 1420, 0, 64, 577, 31, 1280, 256, 1, 129 };
	static const u8 counts[] = { 1, 2, 3, 4, 5, 8, 9, 16, 17, 33 };
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		for (j = 0; j < ARRAY_SIZE(lens); j++)
			batch(counts[i], lens + j, 1, i + j);
		batch(counts[i], mixed, ARRAY_SIZE(mixed), i);
		batch(counts[i], mixed, ARRAY_SIZE(mixed), ~i);
	}
}

static void singles(void)
{
	static const u16 lens[] = { 0, 1, 16, 64, 100, 257, 1024, 2000, 40000 };
	u8 nonce[24] = { 1 };
	u32 i, len;
	int err;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		len = lens[i];
		secret(KEYS, key, sizeof(key));
		memset(big, 1, len);
		secret(TEXTS, big, len);
		chacha20poly1305_seal(big_out, big, len, ad, 13, 7, key);
		expect_secret(big_out, len + 16, "ciphertext");
		public(big_out, len + 16);
		err = chacha20poly1305_open(big, big_out, len + 16, ad, 13, 7, key);
		public(&err, sizeof(err));
		if (err)
			fail("open: %d", err);
		expect_secret(big, len, "plaintext");
		big_out[len] ^= 1;
		err = chacha20poly1305_open(big, big_out, len + 16, ad, 13, 7, key);
		public(&err, sizeof(err));
		if (err != -EBADMSG)
			fail("open of a forged message: %d", err);
		secret(TEXTS, big, len);
		xchacha20poly1305_seal(big_out, big, len, ad, 13, nonce, key);
		expect_secret(big_out, len + 16, "ciphertext");
		public(big_out, len + 16);
		err = xchacha20poly1305_open(big, big_out, len + 16, ad, 13, nonce, key);
		public(&err, sizeof(err));
		if (err)
			fail("xopen: %d", err);
		expect_secret(big, len, "plaintext");
		count_cases(2);
	}
}

static void streams(void)
{
	static struct chacha20_op op[MAX_MSGS];
	static struct poly1305_op auth[MAX_MSGS];
	static const u16 lens[] = { 0, 16, 64, 100, 576, 1420, 33 };
	struct poly1305_stream st;
	u8 nonce[16] = { 2 }, sub[32];
	u32 i, n;

	for (n = 1; n <= MAX_MSGS; n += 4) {
		secret(KEYS, key, sizeof(key));
		for (i = 0; i < n; i++) {
			secret(TEXTS, text[i], sizeof(text[i]));
			chacha20_setup(op[i].state, key, i, nonce);
			op[i].dst = sealed[i];
			op[i].src = text[i];
			op[i].len = lens[(i + n) % ARRAY_SIZE(lens)];
			auth[i].key = key;
			auth[i].src = text[i];
			auth[i].len = op[i].len;
		}
		chacha20_batch(op, n);
		poly1305_tag_batch(auth, n);
		for (i = 0; i < n; i++) {
			expect_secret(sealed[i], op[i].len, "a stream");
			expect_secret(auth[i].tag, 16, "a tag");
			public(sealed[i], sizeof(sealed[i]));
		}
		poly1305_stream_init(&st, key);
		poly1305_stream_update(&st, text[0], 7);
		poly1305_stream_update(&st, text[0] + 7, 1000);
		poly1305_stream_final(&st, sub);
		expect_secret(sub, 16, "a tag");
		hchacha20(sub, key, nonce);
		expect_secret(sub, 32, "a subkey");
		count_cases(n);
	}
}

static u8 scalar[12][32], point[12][32], out[12][32];

/* Arrays with some base points, or of nothing else */
static void arrays(bool bases)
{
	static struct x25519_op op[12];
	u32 i, n;

	for (n = 1; n <= 12; n += n < 5 ? 1 : 3) {
		for (i = 0; i < n; i++) {
			memset(scalar[i], 0x55 + i, 32);
			memset(point[i], 0x33 + i, 32);
			secret(SCALARS, scalar[i], 32);
			secret(POINTS, point[i], 32);
			op[i].scalar = scalar[i];
			op[i].point = bases || i % 4 == 3 ? NULL : point[i];
			op[i].out = out[i];
		}
		x25519_batch(op, n);
		for (i = 0; i < n; i++) {
			expect_secret(out[i], 32, "a shared secret");
			public(out[i], 32);
		}
		count_curve_cases(n);
	}
}

static void scalars(void)
{
	bool ok;

	arrays(false);
	arrays(true);
	ok = x25519(out[0], scalar[0], point[0]);
	public(&ok, sizeof(ok));
	if (!ok)
		fail("x25519: zero");
	expect_secret(out[0], 32, "a shared secret");
	x25519_base(out[1], scalar[1]);
	expect_secret(out[1], 32, "a public key before it is published");
	count_curve_cases(2);
}

static void hashes(void)
{
	static const u32 lens[] = { 0, 1, 32, 63, 64, 80, 97, 128, 1024 };
	const u8 *from[MAX_MSGS];
	u8 *to[MAX_MSGS];
	u32 n, k, i;

	for (n = 1; n <= 12; n += n < 5 ? 1 : 3)
		for (k = 0; k < ARRAY_SIZE(lens); k++) {
			for (i = 0; i < n; i++) {
				memset(text[i], 0x66 + i, lens[k]);
				secret(TEXTS, text[i], lens[k]);
				from[i] = text[i];
				to[i] = back[i];
			}
			blake2s_batch(to, from, lens[k], n);
			for (i = 0; i < n && lens[k]; i++)
				expect_secret(back[i], 32, "a hash");
			count_hash_cases(n);
		}
}

/* ct [IMPLEMENTATION [KIND OF SECRET]] */
int main(int argc, char **argv)
{
	u32 i;

	for (i = 0; argc > 2 && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[2], kinds[i]))
			marked_kinds = 1 << i;
	if (argc > 2 && marked_kinds == ALL)
		fail("%s: no such kind of secret", argv[2]);
	for (i = 0; i < nr_impls(); i++) {
		if (argc > 1 && strcmp(argv[1], impl_name(i)))
			continue;
		if (!select_impl(i))
			continue;
		if (impl_has_aead(i)) {
			batches();
			singles();
			streams();
		}
		if (impl_has_x25519(i))
			scalars();
		if (impl_has_blake2s(i))
			hashes();
	}
	print_counts();
	return 0;
}
