// SPDX-License-Identifier: GPL-2.0
/*
 * Differential test of the crypto library against OpenSSL and libsodium, on
 * every implementation that this CPU has.
 *
 * With libFuzzer: LLVMFuzzerTestOneInput(). Without (STANDALONE): random cases
 * for some seconds, then a line of counts. A case is a sequence of choices read
 * from the input; when the input ends, they come from a generator seeded by it.
 */
#include <crypto/blake2s_batch.h>
#include <crypto/chacha20_batch.h>
#include <crypto/chacha20poly1305_batch.h>
#include <crypto/curve25519_batch.h>
#include <crypto/poly1305_batch.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "harness.h"

#define MAX_MSGS	40
#define MAX_FRAGS	7
#define GUARD		64

struct input {
	const u8 *p;
	size_t left;
	u64 state;
};

static u64 generate(struct input *in)
{
	u64 z = (in->state += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static u32 take(struct input *in, u32 bound)
{
	u32 v = 0;

	if (in->left) {
		v = *in->p++;
		in->left--;
		if (bound > 256 && in->left) {
			v |= *in->p++ << 8;
			in->left--;
		}
		if (bound > 65536)
			v |= generate(in) << 16;
	} else {
		v = generate(in);
	}
	return v % bound;
}

static bool chance(struct input *in, u32 one_in)
{
	return take(in, one_in) == 0;
}

static void fill(struct input *in, u8 *p, size_t len)
{
	u32 kind = take(in, 16);
	u64 v;

	/* Runs of ones and zeros reach the limbs' extremes. */
	if (kind < 2) {
		memset(p, kind ? 0xff : 0, len);
		return;
	}
	for (; len >= 8; len -= 8, p += 8) {
		v = generate(in);
		if (kind == 2 && v & 1)
			v = v & 2 ? ~0ull : 0;
		memcpy(p, &v, 8);
	}
	v = generate(in);
	memcpy(p, &v, len);
}

static u32 length(struct input *in)
{
	switch (take(in, 8)) {
	case 0:
		return take(in, 20);
	case 1:
	case 2:
		return take(in, 300);
	case 3:
		return 16 * take(in, 100) + take(in, 3);
	case 4:
		return 64 * (1 + take(in, 34)) + take(in, 5) - 2;
	case 5:
		return 1420;
	case 6:
		return take(in, 2100);
	default:
		if (chance(in, 24))
			return 30000 + take(in, 40000);
		return take(in, chance(in, 4) ? 9000 : 1600);
	}
}

/* A buffer of exactly @len bytes, with marked bytes before and behind. */
struct buf {
	u8 *mem, *p;
	size_t off, len;
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TAIL	0
#endif
#endif
#ifndef TAIL
#define TAIL	GUARD
#endif

static struct buf buf_new(struct input *in, size_t len)
{
	struct buf b = { .len = len, .off = chance(in, 2) ? 0 : take(in, GUARD) };

	/* An allocation of its own length lets ASan see the first byte past it. */
	b.mem = malloc(b.off + len + TAIL ? b.off + len + TAIL : 1);
	b.p = b.mem + b.off;
	memset(b.mem, 0xa5, b.off + len + TAIL);
	return b;
}

static void buf_free(struct buf *b, const char *what)
{
	size_t i;

	for (i = 0; i < b->off; i++)
		if (b->mem[i] != 0xa5)
			fail("%s: a byte before the buffer was changed", what);
	for (i = 0; i < TAIL; i++)
		if (b->p[b->len + i] != 0xa5)
			fail("%s: a byte behind the buffer was changed", what);
	free(b->mem);
}

/* The reference: OpenSSL's answer, which libsodium must share. */
static void ref_seal(u8 *out, const u8 *text, u32 len, const u8 *ad, u32 ad_len,
		     const u8 nonce[12], const u8 key[32])
{
	static EVP_CIPHER_CTX *c;
	static u8 *twice;
	static size_t room;
	unsigned long long n;
	int l;

	if (!c)
		c = EVP_CIPHER_CTX_new();
	if (EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL, key, nonce) != 1 ||
	    (ad_len && EVP_EncryptUpdate(c, NULL, &l, ad, ad_len) != 1) ||
	    (len && EVP_EncryptUpdate(c, out, &l, text, len) != 1) ||
	    EVP_EncryptFinal_ex(c, out + len, &l) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out + len) != 1)
		fail("OpenSSL refused to seal");
	if (room < len + 16) {
		room = len + 16;
		twice = realloc(twice, room);
	}
	crypto_aead_chacha20poly1305_ietf_encrypt(twice, &n, text, len, ad, ad_len,
						  NULL, nonce, key);
	if (n != len + 16 || memcmp(twice, out, n))
		fail("the references disagree");
}

/* RFC 1071 as its text has it: 16-bit words, a zero byte at an odd end. */
static u16 ref_sum(const u8 *p, size_t len)
{
	u64 s = 0;
	u16 w;

	for (; len; len -= len > 1 ? 2 : 1, p += 2) {
		u8 two[2] = { p[0], len > 1 ? p[1] : 0 };

		memcpy(&w, two, 2);
		s += w;
	}
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static u16 fold(u32 s)
{
	return (u16)~csum_fold(s);
}

struct one {
	u8 nonce[12];
	struct buf text, sealed, out, ad, frag[MAX_FRAGS];
	struct kvec vec[MAX_FRAGS + 1];
	u32 pad, nfrag, want_sum;
	bool in_place, invalid, flipped;
	struct chacha20poly1305_msg good;
};

static void cut(struct input *in, struct one *o, const u8 *p, size_t len)
{
	u32 i;

	o->nfrag = chance(in, 2) ? 1 : take(in, MAX_FRAGS + 1);
	if (!o->nfrag && len)
		o->nfrag = 1;
	for (i = 0; i < o->nfrag; i++) {
		size_t n = i + 1 == o->nfrag ? len :
			   chance(in, 6) ? 0 : take(in, len + 1);

		o->frag[i] = buf_new(in, n);
		memcpy(o->frag[i].p, p, n);
		o->vec[i].iov_base = n || chance(in, 2) ? o->frag[i].p : NULL;
		o->vec[i].iov_len = n;
		p += n;
		len -= n;
	}
}

static void invalidate(struct input *in, struct chacha20poly1305_msg *m, bool seal)
{
	switch (take(in, seal ? 4 : 2)) {
	case 0:
		m->len++;
		break;
	case 1:
		if (m->len)
			m->len--;
		else
			m->len = 1;
		break;
	case 2:
		if (m->len > 65000)
			m->len++;
		else
			m->pad = m->len + 1;
		break;
	case 3:
		m->flags = CHACHA20POLY1305_SUM | CHACHA20POLY1305_SUM_STORE;
		if (m->len > 65000) {
			m->len++;
		} else {
			m->csum_start = m->len & ~1;
			m->csum_offset = 1;
		}
		break;
	}
}

static void one_seal(struct input *in, struct one *o, struct chacha20poly1305_msg *m,
		     struct buf *common_ad, int ad_kind, u32 len, const u8 key[32])
{
	size_t plain;
	bool sum, store;

	memset(o, 0, sizeof(*o));
	memset(m, 0, sizeof(*m));
	o->in_place = chance(in, 4);
	o->pad = o->in_place ? 0 : chance(in, 3) ? take(in, shim_less(len, 17u) + 1) : 0;
	plain = len - o->pad;
	o->text = buf_new(in, len);
	fill(in, o->text.p, len);
	memset(o->text.p + plain, 0, o->pad);
	fill(in, o->nonce, 12);
	if (ad_kind == 1) {
		m->ad = common_ad->p;
		m->ad_len = common_ad->len;
	} else if (ad_kind == 2) {
		o->ad = buf_new(in, chance(in, 8) ? take(in, 2000) : take(in, 40));
		fill(in, o->ad.p, o->ad.len);
		m->ad = o->ad.len ? o->ad.p : NULL;
		m->ad_len = o->ad.len;
	}
	sum = chance(in, 3);
	store = sum && len >= 2 && chance(in, 2);
	if (sum) {
		m->flags = CHACHA20POLY1305_SUM;
		m->csum_start = take(in, shim_less(len, 65000u) + 1) & ~1;
	}
	if (store) {
		u32 room = len - m->csum_start;

		if (room < 2) {
			m->csum_start = 0;
			room = len;
		}
		m->flags = chance(in, 2) ? CHACHA20POLY1305_SUM_STORE :
			   CHACHA20POLY1305_SUM | CHACHA20POLY1305_SUM_STORE;
		m->csum_offset = take(in, shim_less(room - 1, 60000u));
	}

	o->out = buf_new(in, len + 16);
	if (o->in_place) {
		memcpy(o->out.p, o->text.p, len);
		o->vec[0].iov_base = o->out.p;
		o->vec[0].iov_len = len;
		o->nfrag = 1;
	} else {
		cut(in, o, o->text.p, plain);
	}
	m->dst = o->out.p;
	m->src = o->nfrag || chance(in, 2) ? o->vec : NULL;
	m->nr_src = o->nfrag;
	m->len = len;
	m->pad = o->pad;
	m->salt = get_unaligned_le32(o->nonce);
	m->nonce = get_unaligned_le64(o->nonce + 4);
	m->csum = generate(in);
	m->err = generate(in);

	/* What must come out. */
	if (m->flags)
		o->want_sum = ref_sum(o->text.p + m->csum_start, len - m->csum_start);
	if (m->flags & CHACHA20POLY1305_SUM_STORE) {
		u16 v = ~o->want_sum;

		v = v ? v : 0xffff;
		memcpy(o->text.p + m->csum_start + m->csum_offset, &v, 2);
	}
	o->sealed = buf_new(in, len + 16);
	ref_seal(o->sealed.p, o->text.p, len, m->ad, m->ad_len, o->nonce, key);

	o->good = *m;
	if (chance(in, 20)) {
		o->invalid = true;
		invalidate(in, m, true);
	}
}

static void free_frags(struct one *o)
{
	u32 i;

	if (!o->in_place)
		for (i = 0; i < o->nfrag; i++)
			buf_free(&o->frag[i], "a source");
}

static void check_seal(struct one *o, struct chacha20poly1305_msg *m, const char *impl)
{
	size_t i;

	if (o->invalid) {
		if (m->err != -EINVAL)
			fail("%s: seal: contradicting lengths give %d", impl, m->err);
		for (i = 0; !o->in_place && i < o->out.len; i++)
			if (o->out.p[i] != 0xa5)
				fail("%s: seal: a refused message's dst was written", impl);
		return;
	}
	if (m->err)
		fail("%s: seal: error %d", impl, m->err);
	if (memcmp(o->out.p, o->sealed.p, o->out.len))
		fail("%s: seal: wrong output, len %u pad %u frags %u ad %u flags %u",
		     impl, m->len, m->pad, m->nr_src, m->ad_len, m->flags);
	if (m->flags && fold(m->csum) != o->want_sum)
		fail("%s: seal: sum %x, not %x", impl, fold(m->csum), o->want_sum);
}

static void one_open(struct input *in, struct one *o, struct chacha20poly1305_msg *m)
{
	struct chacha20poly1305_msg was = o->good;
	size_t len = o->text.len;

	memset(m, 0, sizeof(*m));
	m->ad = was.ad;
	m->ad_len = was.ad_len;
	m->salt = was.salt;
	m->nonce = was.nonce;
	o->invalid = o->flipped = false;
	o->in_place = chance(in, 4);
	if (chance(in, 3)) {
		m->flags = CHACHA20POLY1305_SUM;
		m->csum_start = take(in, shim_less(len, (size_t)65000) + 1) & ~1;
		o->want_sum = ref_sum(o->text.p + m->csum_start, len - m->csum_start);
	}
	if (chance(in, 6)) {
		switch (take(in, 4)) {
		case 0:
			m->nonce ^= 1ull << take(in, 64);
			break;
		case 1:
			o->sealed.p[len + take(in, 16)] ^= 1 << take(in, 8);
			break;
		default:
			o->sealed.p[take(in, len + 16)] ^= 1 << take(in, 8);
		}
		o->flipped = true;
	}
	m->len = len;
	m->csum = generate(in);
	m->err = generate(in);
	if (o->in_place) {
		o->out = buf_new(in, len + 16);
		memcpy(o->out.p, o->sealed.p, len + 16);
		o->vec[0].iov_base = o->out.p;
		o->vec[0].iov_len = len + 16;
		o->nfrag = 1;
	} else {
		o->out = buf_new(in, len);
		cut(in, o, o->sealed.p, len + 16);
	}
	m->dst = o->out.p;
	m->src = o->vec;
	m->nr_src = o->nfrag;
	if (chance(in, 20)) {
		o->invalid = true;
		invalidate(in, m, false);
	}
}

static void check_open(struct one *o, struct chacha20poly1305_msg *m, const char *impl)
{
	size_t i;

	if (o->invalid) {
		if (m->err != -EINVAL)
			fail("%s: open: contradicting lengths give %d", impl, m->err);
		for (i = 0; !o->in_place && i < o->out.len; i++)
			if (o->out.p[i] != 0xa5)
				fail("%s: open: a refused message's dst was written", impl);
		return;
	}
	if (o->flipped) {
		if (m->err != -EBADMSG)
			fail("%s: open: a forged message gives %d", impl, m->err);
		for (i = 0; i < m->len; i++)
			if (o->out.p[i])
				fail("%s: open: byte %zu of a forged message is left", impl, i);
		return;
	}
	if (m->err)
		fail("%s: open: error %d, len %u frags %u", impl, m->err, m->len, m->nr_src);
	if (memcmp(o->out.p, o->text.p, m->len))
		fail("%s: open: wrong output, len %u frags %u", impl, m->len, m->nr_src);
	if (m->flags && fold(m->csum) != o->want_sum)
		fail("%s: open: sum %x, not %x", impl, fold(m->csum), o->want_sum);
}

static void try_aead(struct input *in, const char *impl)
{
	static struct chacha20poly1305_msg m[MAX_MSGS];
	static struct one o[MAX_MSGS];
	u32 n = take(in, MAX_MSGS + 1), i, kind = take(in, 3), len = length(in);
	bool equal = chance(in, 2), unaligned_key = take(in, 4);
	struct buf ad = buf_new(in, take(in, 33)), key;
	size_t bad, want;

	fill(in, ad.p, ad.len);
	key = buf_new(in, 32 + unaligned_key);
	fill(in, key.p, key.len);
	if (n > 8 && len > 3000)
		n = 8;
	for (i = 0, want = 0; i < n; i++) {
		if (!equal || (i + 1 == n && chance(in, 3)))
			len = n > 8 ? length(in) % 3000 : length(in);
		one_seal(in, &o[i], &m[i], &ad, kind, len, key.p);
		want += o[i].invalid;
	}
	bad = chacha20poly1305_seal_batch(m, n, key.p);
	if (bad != want)
		fail("%s: seal_batch returned %zu, not %zu", impl, bad, want);
	for (i = 0; i < n; i++) {
		check_seal(&o[i], &m[i], impl);
		buf_free(&o[i].out, "sealing: dst");
		free_frags(&o[i]);
	}
	for (i = 0, want = 0; i < n; i++) {
		one_open(in, &o[i], &m[i]);
		want += o[i].invalid || o[i].flipped;
	}
	bad = chacha20poly1305_open_batch(m, n, key.p);
	if (bad != want)
		fail("%s: open_batch returned %zu, not %zu", impl, bad, want);
	for (i = 0; i < n; i++) {
		check_open(&o[i], &m[i], impl);
		buf_free(&o[i].out, "opening: dst");
		free_frags(&o[i]);
		buf_free(&o[i].text, "text");
		buf_free(&o[i].sealed, "sealed");
		if (o[i].ad.mem)
			buf_free(&o[i].ad, "associated data");
	}
	buf_free(&ad, "common associated data");
	buf_free(&key, "key");
	count_cases(n);
}

static void try_single(struct input *in, const char *impl)
{
	u32 len = length(in), ad_len = chance(in, 2) ? 0 : take(in, 600);
	struct buf text = buf_new(in, len), out = buf_new(in, len + 16);
	struct buf ad = buf_new(in, ad_len), want = buf_new(in, len + 16), back;
	u8 key[32], nonce[24] = { 0 };
	unsigned long long n;
	bool x = chance(in, 2), forged = chance(in, 4);
	int err;

	fill(in, key, 32);
	fill(in, nonce + (x ? 0 : 4), x ? 24 : 8);
	fill(in, text.p, len);
	fill(in, ad.p, ad_len);
	if (x)
		crypto_aead_xchacha20poly1305_ietf_encrypt(want.p, &n, text.p, len, ad.p,
							   ad_len, NULL, nonce, key);
	else
		ref_seal(want.p, text.p, len, ad.p, ad_len, nonce, key);
	if (chance(in, 2)) {
		memcpy(out.p, text.p, len);
		if (x)
			xchacha20poly1305_seal(out.p, out.p, len, ad.p, ad_len, nonce, key);
		else
			chacha20poly1305_seal(out.p, out.p, len, ad.p, ad_len,
					      get_unaligned_le64(nonce + 4), key);
	} else if (x) {
		xchacha20poly1305_seal(out.p, len ? text.p : NULL, len, ad_len ? ad.p : NULL,
				       ad_len, nonce, key);
	} else {
		chacha20poly1305_seal(out.p, len ? text.p : NULL, len, ad_len ? ad.p : NULL,
				      ad_len, get_unaligned_le64(nonce + 4), key);
	}
	if (memcmp(out.p, want.p, len + 16))
		fail("%s: %sseal: wrong output, len %u ad %u", impl, x ? "x" : "", len, ad_len);

	if (forged)
		out.p[take(in, len + 16)] ^= 1 << take(in, 8);
	back = buf_new(in, len);
	err = x ? xchacha20poly1305_open(back.p, out.p, len + 16, ad.p, ad_len, nonce, key) :
		  chacha20poly1305_open(back.p, out.p, len + 16, ad.p, ad_len,
					get_unaligned_le64(nonce + 4), key);
	if (forged)
		memset(text.p, 0, len);
	if (err != (forged ? -EBADMSG : 0) || memcmp(back.p, text.p, len))
		fail("%s: %sopen: error %d or wrong output, len %u", impl, x ? "x" : "", err, len);
	err = x ? xchacha20poly1305_open(back.p, out.p, take(in, 16), NULL, 0, nonce, key) :
		  chacha20poly1305_open(back.p, out.p, take(in, 16), NULL, 0, 0, key);
	if (err != -EINVAL || memcmp(back.p, text.p, len))
		fail("%s: open: a message below 16 bytes gives %d", impl, err);
	buf_free(&text, "text");
	buf_free(&out, "out");
	buf_free(&ad, "ad");
	buf_free(&want, "want");
	buf_free(&back, "back");
	count_cases(1);
}

/*
 * Keys and messages that bring the accumulator to its extremes: r of 0, 1, 2 or
 * all ones, blocks of all ones. With r = 1 and an odd number k of such blocks
 * the sum is 2^129 + (3k - 5) / 2 modulo p = 2^130 - 5; a last block of
 * 2^128 - 5 - (3k - 5) / 2 + j brings it to p + j.
 */
static void poly_extreme(struct input *in, u8 key[32], u8 *src, size_t len)
{
	static const u8 small[] = { 0, 1, 1, 1, 2, 4 };
	u32 kind = take(in, ARRAY_SIZE(small) + 1), j = take(in, 5);
	size_t k = len / 16 - 1;

	memset(src, 0xff, len);
	memset(key, kind < ARRAY_SIZE(small) ? 0 : 0xff, 16);
	if (kind == ARRAY_SIZE(small))
		return;
	key[0] = small[kind];
	if (key[0] == 1 && len % 32 == 0 && len) {
		put_unaligned_le64(0 - (u64)(5 + ((long)(3 * k) - 5) / 2 - j), src + len - 16);
		put_unaligned_le64(~0ull, src + len - 8);
	}
}

static void try_stream(struct input *in, const char *impl)
{
	static struct chacha20_op op[MAX_MSGS];
	static struct poly1305_op auth[MAX_MSGS];
	static struct buf src[MAX_MSGS], dst[MAX_MSGS];
	static u8 key[MAX_MSGS][32], tag[16];
	u32 n = take(in, MAX_MSGS + 1), i, counter, at, m, len = length(in) % 9000;
	bool equal = chance(in, 2), extreme;
	struct poly1305_stream st;
	u8 iv[16], sub[32], want_sub[32];
	u8 *want = malloc(16384);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int l;

	for (i = 0; i < n; i++) {
		if (!equal)
			len = length(in) % 9000;
		extreme = chance(in, 4);
		if (extreme && chance(in, 2))
			len = 32 * (1 + take(in, chance(in, 4) ? 100 : 4));
		fill(in, key[i], 32);
		fill(in, iv, 16);
		counter = chance(in, 8) ? 0u - take(in, 8) : get_unaligned_le32(iv);
		/* OpenSSL carries into the nonce; RFC 8439 has no such case. */
		if (counter + len / 64 + 1 < counter)
			counter = 0u - len / 64 - 1;
		put_unaligned_le32(counter, iv);
		src[i] = buf_new(in, len);
		fill(in, src[i].p, len);
		if (extreme)
			poly_extreme(in, key[i], src[i].p, len);
		op[i].src = src[i].p;
		op[i].len = len;
		chacha20_setup(op[i].state, key[i], counter, iv + 4);
		dst[i] = buf_new(in, len);
		op[i].dst = dst[i].p;
		if (chance(in, 3)) {
			memcpy(dst[i].p, src[i].p, len);
			op[i].src = dst[i].p;
		}
		auth[i].key = key[i];
		auth[i].src = src[i].p;
		auth[i].len = len;
	}
	chacha20_batch(op, n);
	poly1305_tag_batch(auth, n);
	for (i = 0; i < n; i++) {
		len = op[i].len;
		counter = op[i].state[12] - (len + 63) / 64;
		put_unaligned_le32(counter, iv);
		for (m = 0; m < 3; m++)
			put_unaligned_le32(op[i].state[13 + m], iv + 4 + 4 * m);
		EVP_EncryptInit_ex(c, EVP_chacha20(), NULL, key[i], iv);
		EVP_EncryptUpdate(c, want, &l, src[i].p, len);
		if (memcmp(want, dst[i].p, len))
			fail("%s: chacha20_batch: wrong output, len %u counter %u", impl, len,
			     counter);
		crypto_onetimeauth_poly1305(tag, src[i].p, len, key[i]);
		if (memcmp(tag, auth[i].tag, 16))
			fail("%s: poly1305_tag_batch: wrong tag, len %u", impl, len);
		poly1305_tag(sub, src[i].p, len, key[i]);
		if (memcmp(tag, sub, 16))
			fail("%s: poly1305_tag: wrong tag, len %u", impl, len);
		poly1305_stream_init(&st, key[i]);
		for (at = 0; at < len; at += m) {
			m = chance(in, 3) ? take(in, 20) : take(in, 500);
			m = shim_less(m, len - at);
			poly1305_stream_update(&st, src[i].p + at, m);
		}
		poly1305_stream_final(&st, sub);
		if (memcmp(tag, sub, 16))
			fail("%s: poly1305_stream: wrong tag, len %u", impl, len);
		for (m = 0; m < sizeof(st); m++)
			if (((u8 *)&st)[m])
				fail("%s: poly1305_stream_final leaves its state", impl);
		hchacha20(sub, key[i], iv);
		crypto_core_hchacha20(want_sub, iv, key[i], NULL);
		if (memcmp(sub, want_sub, 32))
			fail("%s: hchacha20: wrong output", impl);
		buf_free(&src[i], "stream source");
		buf_free(&dst[i], "stream destination");
	}
	EVP_CIPHER_CTX_free(c);
	free(want);
	count_cases(n);
}

/* u-coordinates of low order, and encodings past the prime. */
static const u8 odd_points[][32] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
	  0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
	  0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
	  0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
	  0xd0, 0x9f, 0x11, 0x57 },
};

static void make_point(struct input *in, u8 p[32])
{
	u32 kind = take(in, 8);

	if (kind == 0) {
		memcpy(p, odd_points[take(in, ARRAY_SIZE(odd_points))], 32);
		if (chance(in, 3))
			p[31] |= 0x80;
	} else if (kind == 1) {
		/* around 2^255 - 19 and 2^256 */
		memset(p, 0xff, 32);
		p[0] = 0xff - take(in, 40);
		if (chance(in, 2))
			p[31] = 0x7f;
	} else {
		fill(in, p, 32);
	}
}

static void ref_x25519(u8 out[32], const u8 scalar[32], const u8 point[32], bool twice)
{
	EVP_PKEY *a, *b;
	EVP_PKEY_CTX *c;
	size_t n = 32;
	u8 again[32];

	/* libsodium reports low order by its result; the output is zero then. */
	memset(out, 0, 32);
	if (crypto_scalarmult_curve25519(out, scalar, point))
		memset(out, 0, 32);
	if (!twice)
		return;
	a = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, 32);
	b = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, 32);
	c = EVP_PKEY_CTX_new(a, NULL);
	memset(again, 0, 32);
	if (EVP_PKEY_derive_init(c) != 1 || EVP_PKEY_derive_set_peer(c, b) != 1 ||
	    EVP_PKEY_derive(c, again, &n) != 1)
		memset(again, 0, 32);
	if (memcmp(again, out, 32))
		fail("the references disagree on X25519");
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

static void try_x25519(struct input *in, const char *impl)
{
	static struct x25519_op op[MAX_MSGS];
	static u8 out[MAX_MSGS][32], scalar[MAX_MSGS][32], point[MAX_MSGS][32];
	static u8 want[MAX_MSGS][32];
	static const u8 base[32] = { 9 }, none[32];
	u32 n = take(in, chance(in, 6) ? 20 : 9), i;
	size_t zeros = 0, got;
	u8 one[32];

	for (i = 0; i < n; i++) {
		fill(in, scalar[i], 32);
		make_point(in, point[i]);
		op[i].scalar = scalar[i];
		op[i].point = chance(in, 4) ? NULL : point[i];
		op[i].ok = chance(in, 2);
		ref_x25519(want[i], scalar[i], op[i].point ? point[i] : base, true);
		zeros += !memcmp(want[i], none, 32);
		if (i == 0) {
			if (x25519(one, scalar[i], point[i]) !=
			    !!(ref_x25519(out[i], scalar[i], point[i], false),
			       memcmp(out[i], none, 32)) ||
			    memcmp(one, out[i], 32))
				fail("%s: x25519: wrong output", impl);
			x25519_base(one, scalar[i]);
			crypto_scalarmult_curve25519_base(out[i], scalar[i]);
			if (memcmp(one, out[i], 32))
				fail("%s: x25519_base: wrong output", impl);
		}
		memset(out[i], 0xa5, 32);
		switch (take(in, 4)) {
		case 0:
			op[i].out = scalar[i];
			break;
		case 1:
			op[i].out = point[i];
			break;
		default:
			op[i].out = out[i];
		}
	}
	got = x25519_batch(op, n);
	if (got != zeros)
		fail("%s: x25519_batch: %zu zero results, not %zu", impl, got, zeros);
	for (i = 0; i < n; i++) {
		if (memcmp(op[i].out, want[i], 32))
			fail("%s: x25519_batch: wrong output at %u of %u", impl, i, n);
		if (op[i].ok != !!memcmp(want[i], none, 32))
			fail("%s: x25519_batch: wrong ok at %u of %u", impl, i, n);
	}
	count_curve_cases(n);
}

static void try_blake2s(struct input *in, const char *impl)
{
	u32 n = take(in, chance(in, 4) ? MAX_MSGS : 9), len = length(in) % 1400, i;
	struct buf text[MAX_MSGS], hash[MAX_MSGS];
	const u8 *from[MAX_MSGS];
	u8 want[MAX_MSGS][32], *to[MAX_MSGS];
	unsigned int want_len;

	for (i = 0; i < n; i++) {
		text[i] = buf_new(in, len);
		hash[i] = buf_new(in, 32);
		fill(in, text[i].p, len);
		from[i] = text[i].p;
		/* Into the message itself, where it has room. */
		to[i] = len >= 32 && chance(in, 4) ? text[i].p + take(in, len - 31) : hash[i].p;
		if (EVP_Digest(text[i].p, len, want[i], &want_len, EVP_blake2s256(), NULL) != 1 ||
		    want_len != 32)
			fail("the reference does not hash");
	}
	blake2s_batch(to, from, len, n);
	for (i = 0; i < n; i++) {
		if (memcmp(to[i], want[i], 32))
			fail("%s: blake2s_batch: wrong hash at %u of %u, %u bytes", impl, i, n,
			     len);
		buf_free(&text[i], "blake2s_batch: message");
		buf_free(&hash[i], "blake2s_batch: hash");
	}
	count_hash_cases(n);
}

static void one_case(const u8 *data, size_t size, u64 seed)
{
	u32 kind, i;

	for (i = 0; i < size; i++)
		seed = (seed ^ data[i]) * 0x100000001b3ull;
	kind = size ? data[0] % 16 : seed % 16;
	for (i = 0; i < nr_impls(); i++) {
		struct input in = { data, size, seed };

		take(&in, 256);
		if (!select_impl(i))
			continue;
		/* Now and then, as in a context that has no vector registers. */
		shim_simd_usable = !chance(&in, 8);
		if (kind < 8 && impl_has_aead(i))
			try_aead(&in, impl_name(i));
		else if (kind < 11 && impl_has_aead(i))
			try_single(&in, impl_name(i));
		else if (kind < 13 && impl_has_aead(i))
			try_stream(&in, impl_name(i));
		else if (kind == 13 && impl_has_blake2s(i))
			try_blake2s(&in, impl_name(i));
		else if (kind >= 14 && impl_has_x25519(i))
			try_x25519(&in, impl_name(i));
		if (!chacha20poly1305_batch_is_wiped())
			fail("%s: left something in its working memory", impl_name(i));
		if (!x25519_batch_is_wiped())
			fail("%s: X25519 left something in its working memory", impl_name(i));
		shim_simd_usable = true;
	}
}

#ifndef STANDALONE
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	if (sodium_init() < 0)
		fail("libsodium does not start");
	return atexit(print_counts);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	one_case(data, size, 0xcbf29ce484222325ull);
	return 0;
}
#else
int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 5, end = now_ns() / 1e9 + seconds;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (u64)now_ns(), first = seed;

	if (sodium_init() < 0)
		fail("libsodium does not start");
	fprintf(stderr, "first seed %llu\n", first);
	while (now_ns() / 1e9 < end) {
		set_fail_seed(seed);
		one_case(NULL, 0, seed++);
	}
	print_counts();
	return 0;
}
#endif
