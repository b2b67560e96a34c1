// SPDX-License-Identifier: GPL-2.0
/*
 * intel-ipsec-mb's job interface. Compiled once against each version's header;
 * the library is loaded by name, since both versions define the same symbols.
 */
#include "bench.h"

#include <dlfcn.h>
#include <intel-ipsec-mb.h>
#include <stdio.h>
#include <string.h>

#ifndef IPSEC_MB_SO
#define IPSEC_MB_SO	"libIPSec_MB.so.1"
#define IPSEC_MB_NAME	"ipsec-mb 1"
#define IPSEC_MB_PEER	peer_ipsec_mb
#endif

static IMB_MGR *mgr;
static const uint8_t *mb_key;

static bool mb_init(void)
{
	void *so = dlopen(IPSEC_MB_SO, RTLD_NOW | RTLD_LOCAL);
	IMB_MGR *(*alloc)(uint64_t) = so ? dlsym(so, "alloc_mb_mgr") : NULL;
	void (*avx2)(IMB_MGR *) = so ? dlsym(so, "init_mb_mgr_avx2") : NULL;
	void (*autom)(IMB_MGR *, IMB_ARCH *) = so ? dlsym(so, "init_mb_mgr_auto") : NULL;

	if (!alloc || !avx2 || !autom) {
		fprintf(stderr, "%s: %s\n", IPSEC_MB_SO, dlerror());
		return false;
	}
	mgr = alloc(0);
	if (!mgr)
		return false;
	if (held_to_avx2())
		avx2(mgr);
	else
		autom(mgr, NULL);
	return true;
}

static void mb_rekey(const uint8_t *key)
{
	mb_key = key;
}

static IMB_JOB *mb_job(struct work *w, unsigned int i, uint8_t *tag)
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(mgr);

	job->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	job->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	job->enc_keys = mb_key;
	job->dec_keys = mb_key;
	job->key_len_in_bytes = 32;
	job->u.CHACHA20_POLY1305.aad = NULL;
	job->u.CHACHA20_POLY1305.aad_len_in_bytes = 0;
	job->src = w->src[i];
	job->dst = w->dst[i];
	job->iv = w->nonce[i];
	job->iv_len_in_bytes = 12;
	job->cipher_start_src_offset_in_bytes = 0;
	job->msg_len_to_cipher_in_bytes = w->len;
	job->hash_start_src_offset_in_bytes = 0;
	job->msg_len_to_hash_in_bytes = w->len;
	job->auth_tag_output = tag;
	job->auth_tag_output_len_in_bytes = 16;
	return job;
}

static void mb_seal(struct work *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		IMB_JOB *job = mb_job(w, i, w->dst[i] + w->len);

		job->cipher_direction = IMB_DIR_ENCRYPT;
		job->chain_order = IMB_ORDER_CIPHER_HASH;
		job = IMB_SUBMIT_JOB_NOCHECK(mgr);
		while (!job)
			job = IMB_FLUSH_JOB(mgr);
	}
}

static unsigned int mb_open(struct work *w)
{
	unsigned int i, j, d, bad = 0;
	uint8_t tag[16];

	for (i = 0; i < w->n; i++) {
		IMB_JOB *job = mb_job(w, i, tag);

		job->cipher_direction = IMB_DIR_DECRYPT;
		job->chain_order = IMB_ORDER_HASH_CIPHER;
		job = IMB_SUBMIT_JOB_NOCHECK(mgr);
		while (!job)
			job = IMB_FLUSH_JOB(mgr);
		for (j = 0, d = 0; j < 16; j++)
			d |= tag[j] ^ w->src[i][w->len + j];
		bad += d != 0;
	}
	return bad;
}

const struct peer IPSEC_MB_PEER = {
	.name = IPSEC_MB_NAME, .init = mb_init, .rekey = mb_rekey, .seal = mb_seal,
	.open = mb_open,
};
