// SPDX-License-Identifier: GPL-2.0
/*
 * The libraries that the bench compares with: each called the way its manual
 * shows for many messages under one key.
 */
#include "bench.h"

#include <gcrypt.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

bool held_to_avx2(void)
{
	const char *isa = getenv("CULVERT_ISA");

	return isa && strcmp(isa, "avx512");
}

/* OpenSSL: the context keeps the key, a message sets the nonce. */
static EVP_CIPHER_CTX *ossl_enc, *ossl_dec;

static bool ossl_init(void)
{
	ossl_enc = EVP_CIPHER_CTX_new();
	ossl_dec = EVP_CIPHER_CTX_new();
	return ossl_enc && ossl_dec;
}

static void ossl_rekey(const uint8_t *key)
{
	EVP_EncryptInit_ex(ossl_enc, EVP_chacha20_poly1305(), NULL, key, NULL);
	EVP_DecryptInit_ex(ossl_dec, EVP_chacha20_poly1305(), NULL, key, NULL);
}

static void ossl_seal(struct work *w)
{
	unsigned int i;
	int l;

	for (i = 0; i < w->n; i++) {
		EVP_EncryptInit_ex(ossl_enc, NULL, NULL, NULL, w->nonce[i]);
		if (w->len)
			EVP_EncryptUpdate(ossl_enc, w->dst[i], &l, w->src[i], w->len);
		EVP_EncryptFinal_ex(ossl_enc, w->dst[i] + w->len, &l);
		EVP_CIPHER_CTX_ctrl(ossl_enc, EVP_CTRL_AEAD_GET_TAG, 16, w->dst[i] + w->len);
	}
}

static unsigned int ossl_open(struct work *w)
{
	unsigned int i, bad = 0;
	int l;

	for (i = 0; i < w->n; i++) {
		EVP_DecryptInit_ex(ossl_dec, NULL, NULL, NULL, w->nonce[i]);
		EVP_CIPHER_CTX_ctrl(ossl_dec, EVP_CTRL_AEAD_SET_TAG, 16,
				    (void *)(w->src[i] + w->len));
		if (w->len)
			EVP_DecryptUpdate(ossl_dec, w->dst[i], &l, w->src[i], w->len);
		bad += EVP_DecryptFinal_ex(ossl_dec, w->dst[i] + w->len, &l) != 1;
	}
	return bad;
}

static EVP_PKEY_CTX *ossl_ctx[MAX_BATCH];

static void ossl_mul_ready(struct curve_work *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		EVP_PKEY *a = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, w->scalar[i], 32);
		EVP_PKEY *b = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, w->point[i], 32);

		EVP_PKEY_CTX_free(ossl_ctx[i]);
		ossl_ctx[i] = EVP_PKEY_CTX_new(a, NULL);
		EVP_PKEY_derive_init(ossl_ctx[i]);
		EVP_PKEY_derive_set_peer(ossl_ctx[i], b);
		EVP_PKEY_free(a);
		EVP_PKEY_free(b);
	}
}

static void ossl_mul(struct curve_work *w)
{
	unsigned int i;
	size_t l;

	for (i = 0; i < w->n; i++) {
		l = 32;
		EVP_PKEY_derive(ossl_ctx[i], w->out[i], &l);
	}
}

static void ossl_base(struct curve_work *w)
{
	unsigned int i;
	size_t l;

	for (i = 0; i < w->n; i++) {
		EVP_PKEY *a = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, w->scalar[i], 32);

		l = 32;
		EVP_PKEY_get_raw_public_key(a, w->out[i], &l);
		EVP_PKEY_free(a);
	}
}

const struct peer peer_openssl = {
	.name = "OpenSSL", .init = ossl_init, .rekey = ossl_rekey, .seal = ossl_seal,
	.open = ossl_open, .mul_ready = ossl_mul_ready, .mul = ossl_mul, .base = ossl_base,
};

static const uint8_t *sodium_key;

static bool sodium_start(void)
{
	return sodium_init() >= 0;
}

static void sodium_rekey(const uint8_t *key)
{
	sodium_key = key;
}

static void sodium_seal(struct work *w)
{
	unsigned long long l;
	unsigned int i;

	for (i = 0; i < w->n; i++)
		crypto_aead_chacha20poly1305_ietf_encrypt(w->dst[i], &l, w->src[i], w->len, NULL, 0,
							  NULL, w->nonce[i], sodium_key);
}

static unsigned int sodium_open(struct work *w)
{
	unsigned int i, bad = 0;
	unsigned long long l;

	for (i = 0; i < w->n; i++)
		bad += crypto_aead_chacha20poly1305_ietf_decrypt(w->dst[i], &l, NULL, w->src[i],
								 w->len + 16, NULL, 0, w->nonce[i],
								 sodium_key) != 0;
	return bad;
}

static void sodium_mul(struct curve_work *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		if (crypto_scalarmult_curve25519(w->out[i], w->scalar[i], w->point[i]))
			memset(w->out[i], 0, 32);
}

static void sodium_base(struct curve_work *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		crypto_scalarmult_curve25519_base(w->out[i], w->scalar[i]);
}

const struct peer peer_sodium = {
	.name = "libsodium", .init = sodium_start, .rekey = sodium_rekey, .seal = sodium_seal,
	.open = sodium_open, .mul = sodium_mul, .base = sodium_base,
};

static gcry_cipher_hd_t gcry;

static bool gcry_init(void)
{
	if (held_to_avx2())
		gcry_control(GCRYCTL_DISABLE_HWF, "intel-avx512", NULL);
	if (!gcry_check_version(NULL))
		return false;
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return !gcry_cipher_open(&gcry, GCRY_CIPHER_CHACHA20, GCRY_CIPHER_MODE_POLY1305, 0);
}

static void gcry_rekey(const uint8_t *key)
{
	gcry_cipher_setkey(gcry, key, 32);
}

static void gcry_seal(struct work *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		gcry_cipher_setiv(gcry, w->nonce[i], 12);
		gcry_cipher_final(gcry);
		gcry_cipher_encrypt(gcry, w->dst[i], w->len, w->src[i], w->len);
		gcry_cipher_gettag(gcry, w->dst[i] + w->len, 16);
	}
}

static unsigned int gcry_open(struct work *w)
{
	unsigned int i, bad = 0;

	for (i = 0; i < w->n; i++) {
		gcry_cipher_setiv(gcry, w->nonce[i], 12);
		gcry_cipher_final(gcry);
		gcry_cipher_decrypt(gcry, w->dst[i], w->len, w->src[i], w->len);
		bad += gcry_cipher_checktag(gcry, w->src[i] + w->len, 16) != 0;
	}
	return bad;
}

static void gcry_mul(struct curve_work *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		gcry_ecc_mul_point(GCRY_ECC_CURVE25519, w->out[i], w->scalar[i], w->point[i]);
}

static void gcry_base(struct curve_work *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		gcry_ecc_mul_point(GCRY_ECC_CURVE25519, w->out[i], w->scalar[i], NULL);
}

const struct peer peer_gcrypt = {
	.name = "libgcrypt", .init = gcry_init, .rekey = gcry_rekey, .seal = gcry_seal,
	.open = gcry_open, .mul = gcry_mul, .base = gcry_base,
};

/* The tree's lib/crypto, from tree.mk. */
#define TREE_PEER(id, label, prefix)						\
void prefix##_chacha20poly1305_encrypt(uint8_t *dst, const uint8_t *src, size_t len,	\
				       const uint8_t *ad, size_t ad_len, uint64_t nonce,	\
				       const uint8_t *key);			\
bool prefix##_chacha20poly1305_decrypt(uint8_t *dst, const uint8_t *src, size_t len,	\
				       const uint8_t *ad, size_t ad_len, uint64_t nonce,	\
				       const uint8_t *key);			\
bool prefix##_curve25519(uint8_t *out, const uint8_t *scalar, const uint8_t *point);	\
bool prefix##_curve25519_generate_public(uint8_t *out, const uint8_t *scalar);	\
										\
static void id##_seal(struct work *w)						\
{										\
	unsigned int i;								\
	uint64_t nonce;								\
										\
	for (i = 0; i < w->n; i++) {						\
		memcpy(&nonce, w->nonce[i] + 4, 8);				\
		prefix##_chacha20poly1305_encrypt(w->dst[i], w->src[i], w->len, NULL, 0,	\
						  nonce, w->key);		\
	}									\
}										\
										\
static unsigned int id##_open(struct work *w)					\
{										\
	unsigned int i, bad = 0;						\
	uint64_t nonce;								\
										\
	for (i = 0; i < w->n; i++) {						\
		memcpy(&nonce, w->nonce[i] + 4, 8);				\
		bad += !prefix##_chacha20poly1305_decrypt(w->dst[i], w->src[i], w->len + 16,	\
							  NULL, 0, nonce, w->key);	\
	}									\
	return bad;								\
}										\
										\
static void id##_mul(struct curve_work *w)					\
{										\
	unsigned int i;								\
										\
	for (i = 0; i < w->n; i++)						\
		(void)!prefix##_curve25519(w->out[i], w->scalar[i], w->point[i]);	\
}										\
										\
static void id##_base(struct curve_work *w)					\
{										\
	unsigned int i;								\
										\
	for (i = 0; i < w->n; i++)						\
		(void)!prefix##_curve25519_generate_public(w->out[i], w->scalar[i]);	\
}										\
										\
const struct peer peer_##id = {							\
	.name = label, .seal = id##_seal, .open = id##_open, .mul = id##_mul,	\
	.base = id##_base,							\
}

TREE_PEER(tree, "tree", tree);
TREE_PEER(tree_generic, "tree, generic C", treegeneric);
