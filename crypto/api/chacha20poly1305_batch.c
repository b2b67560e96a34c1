// SPDX-License-Identifier: GPL-2.0
/*
 * The AEADs rfc7539(chacha20,poly1305) (RFC 8439) and
 * rfc7539esp(chacha20,poly1305) (RFC 7634) of the crypto API, on the library
 * in lib/crypto/batch/.
 *
 * A request whose destination is one piece of memory and whose source is a few
 * goes to the library as it is: it is read and written once. Any other request
 * is walked piece by piece with the stream cipher and the authenticator. No
 * request is copied, and every one is done when the call returns.
 */
#include <crypto/aead.h>
#include <crypto/chacha20_batch.h>
#include <crypto/chacha20poly1305_batch.h>
#include <crypto/internal/aead.h>
#include <crypto/poly1305_batch.h>
#include <crypto/utils.h>
#include <linux/cacheflush.h>
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#define RFC7539_IV_BYTES	12
#define RFC7539ESP_IV_BYTES	8
#define RFC7539ESP_SALT_BYTES	4

/* Pieces of source text that the library is given at once. */
#define FRAGMENTS		8
/* Associated data in pieces are put together up to this length. */
#define AD_COPY			32

/**
 * struct tfm_ctx - a transformation's key
 * @key: as the library takes it
 * @salt: rfc7539esp: the first bytes of the nonce, from the end of the key
 */
struct tfm_ctx {
	u8	key[CHACHA20POLY1305_KEY_BYTES];
	u32	salt;
};

/**
 * struct job - what a request asks for
 * @src: its source, behind the associated data
 * @dst: its destination, there too
 * @ad_len: bytes that are authenticated only
 * @len: bytes of text, without the tag
 * @salt: the first 4 bytes of the nonce as a number
 * @nonce: the last 8 bytes of the nonce as a number
 * @seal: encrypt, or else decrypt
 */
struct job {
	struct place {
		struct scatterlist	*sg;
		unsigned int		at;
	} src, dst;
	unsigned int	ad_len;
	unsigned int	len;
	u32		salt;
	u64		nonce;
	bool		seal;
};

/* Places in a scatterlist */

static void place_skip(struct place *p, unsigned int len)
{
	p->at += len;
	/* A place at the end of an element may be the end of the list. */
	while (p->sg && p->at >= p->sg->length) {
		p->at -= p->sg->length;
		p->sg = sg_next(p->sg);
	}
}

static struct place place_in(struct scatterlist *sg, unsigned int offset)
{
	struct place p = { .sg = sg };

	place_skip(&p, offset);
	return p;
}

/* How many of the next @len bytes can be mapped at once. */
static unsigned int place_run(const struct place *p, unsigned int len)
{
	len = min(len, p->sg->length - p->at);
	if (IS_ENABLED(CONFIG_HIGHMEM))
		len = min_t(unsigned int, len,
			    PAGE_SIZE - offset_in_page(p->sg->offset + p->at));
	return len;
}

static struct page *place_page(const struct place *p)
{
	return sg_page(p->sg) + ((p->sg->offset + p->at) >> PAGE_SHIFT);
}

static void *place_map(const struct place *p)
{
	void *page;

	/* Without high memory an element is one piece, however it is debugged. */
	if (IS_ENABLED(CONFIG_HIGHMEM))
		page = kmap_local_page(place_page(p));
	else
		page = page_address(place_page(p));
	return page + offset_in_page(p->sg->offset + p->at);
}

static void place_unmap(void *addr)
{
	if (IS_ENABLED(CONFIG_HIGHMEM))
		kunmap_local(addr);
}

/* For caches that user space may see the page through. */
static void place_written(const struct place *p, unsigned int len)
{
	unsigned int first = p->sg->offset + p->at;
	struct page *page = sg_page(p->sg);

	if (!ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE || !len)
		return;
	for (unsigned int i = first >> PAGE_SHIFT;
	     i <= (first + len - 1) >> PAGE_SHIFT; i++)
		flush_dcache_page(page + i);
}

static void place_read(struct place p, u8 *buf, unsigned int len)
{
	while (len) {
		unsigned int n = place_run(&p, len);
		void *addr = place_map(&p);

		memcpy(buf, addr, n);
		place_unmap(addr);
		place_skip(&p, n);
		buf += n;
		len -= n;
	}
}

static void place_write(struct place p, const u8 *buf, unsigned int len)
{
	while (len) {
		unsigned int n = place_run(&p, len);
		void *addr = place_map(&p);

		memcpy(addr, buf, n);
		place_unmap(addr);
		place_written(&p, n);
		place_skip(&p, n);
		buf += n;
		len -= n;
	}
}

/* The library at once */

static bool overlaps(const struct kvec *v, const u8 *dst, size_t len)
{
	const u8 *src = v->iov_base;

	return src < dst + len && dst < src + v->iov_len;
}

/*
 * Put the source's pieces into @vec. Return how many, or 0: too many, or one
 * lies in the destination elsewhere than the library allows.
 */
static unsigned int gather(struct place p, unsigned int len, struct kvec *vec,
			   const u8 *dst, size_t dst_len)
{
	unsigned int nr = 0;

	while (len) {
		unsigned int n = place_run(&p, len);

		if (nr == FRAGMENTS)
			return 0;
		vec[nr].iov_base = place_map(&p);
		vec[nr].iov_len = n;
		nr++;
		place_skip(&p, n);
		len -= n;
	}
	if (nr == 1 && vec[0].iov_base == dst)
		return nr;
	for (unsigned int i = 0; i < nr; i++)
		if (overlaps(&vec[i], dst, dst_len))
			return 0;
	return nr;
}

/* -EAGAIN: the request is too scattered. */
static int run_at_once(const struct aead_request *req, const struct job *job,
		       const u8 *key)
{
	unsigned int in = job->len + (job->seal ? 0 : POLY1305_TAG_BYTES);
	unsigned int out = job->len + (job->seal ? POLY1305_TAG_BYTES : 0);
	struct place ad = place_in(req->src, 0);
	struct kvec vec[FRAGMENTS];
	u8 ad_copy[AD_COPY];
	struct chacha20poly1305_msg msg = {
		.src	= vec,
		.nonce	= job->nonce,
		.salt	= job->salt,
		.len	= job->len,
		.ad_len	= job->ad_len,
	};
	size_t failed;

	/* High memory has no lasting addresses. */
	if (IS_ENABLED(CONFIG_HIGHMEM))
		return -EAGAIN;
	if (out) {
		if (place_run(&job->dst, out) < out)
			return -EAGAIN;
		msg.dst = place_map(&job->dst);
	}
	if (in) {
		msg.nr_src = gather(job->src, in, vec, msg.dst, out);
		if (!msg.nr_src)
			return -EAGAIN;
	}
	if (job->ad_len) {
		if (place_run(&ad, job->ad_len) == job->ad_len) {
			msg.ad = place_map(&ad);
		} else if (job->ad_len <= sizeof(ad_copy)) {
			place_read(ad, ad_copy, job->ad_len);
			msg.ad = ad_copy;
		} else {
			return -EAGAIN;
		}
	}

	if (job->seal)
		failed = chacha20poly1305_seal_batch(&msg, 1, key);
	else
		failed = chacha20poly1305_open_batch(&msg, 1, key);
	if (out)
		place_written(&job->dst, out);
	return failed ? msg.err : 0;
}

/* Piece by piece */

/**
 * struct walk - the ciphers' state between two pieces
 * @op: the stream
 * @auth: the authenticator
 * @block: key stream, of which the last @left bytes are not used yet
 * @left: bytes
 */
struct walk {
	struct chacha20_op	op;
	struct poly1305_stream	auth;
	u8			block[CHACHA20_BLOCK_BYTES];
	unsigned int		left;
};

static void walk_block(struct walk *w)
{
	memset(w->block, 0, sizeof(w->block));
	w->op.dst = w->block;
	w->op.src = w->block;
	w->op.len = sizeof(w->block);
	chacha20_batch(&w->op, 1);
}

static void walk_begin(struct walk *w, const struct job *job, const u8 *key)
{
	u8 nonce[CHACHA20_NONCE_BYTES];

	put_unaligned_le32(job->salt, nonce);
	put_unaligned_le64(job->nonce, nonce + 4);
	chacha20_setup(w->op.state, key, 0, nonce);
	/* Block 0 makes the one-time key; its second half is not used. */
	walk_block(w);
	poly1305_stream_init(&w->auth, w->block);
	w->left = 0;
}

/* Blocks do not end where pieces do: what is left of one is kept. */
static void walk_xor(struct walk *w, u8 *dst, const u8 *src, unsigned int len)
{
	unsigned int n = min(len, w->left);

	if (n) {
		crypto_xor_cpy(dst, src, w->block + sizeof(w->block) - w->left,
			       n);
		w->left -= n;
		dst += n;
		src += n;
		len -= n;
	}
	n = round_down(len, CHACHA20_BLOCK_BYTES);
	if (n) {
		w->op.dst = dst;
		w->op.src = src;
		w->op.len = n;
		chacha20_batch(&w->op, 1);
		dst += n;
		src += n;
		len -= n;
	}
	if (len) {
		walk_block(w);
		crypto_xor_cpy(dst, src, w->block, len);
		w->left = sizeof(w->block) - len;
	}
}

static void walk_crypt(struct walk *w, const struct job *job)
{
	struct place src = job->src, dst = job->dst;
	unsigned int len = job->len;

	while (len) {
		unsigned int n = place_run(&dst, place_run(&src, len));
		void *from = place_map(&src);
		void *to = place_map(&dst);

		walk_xor(w, to, from, n);
		place_unmap(to);
		place_unmap(from);
		place_written(&dst, n);
		place_skip(&src, n);
		place_skip(&dst, n);
		len -= n;
	}
}

/* @len bytes, and zeroes up to a whole block. */
static void walk_auth(struct walk *w, struct place p, unsigned int len)
{
	static const u8 zeroes[16];
	unsigned int pad = -len % sizeof(zeroes);

	while (len) {
		unsigned int n = place_run(&p, len);
		void *addr = place_map(&p);

		poly1305_stream_update(&w->auth, addr, n);
		place_unmap(addr);
		place_skip(&p, n);
		len -= n;
	}
	poly1305_stream_update(&w->auth, zeroes, pad);
}

static void walk_tag(struct walk *w, const struct aead_request *req,
		     const struct job *job, u8 tag[POLY1305_TAG_BYTES])
{
	u8 lengths[16];

	put_unaligned_le64(job->ad_len, lengths);
	put_unaligned_le64(job->len, lengths + 8);
	walk_auth(w, place_in(req->src, 0), job->ad_len);
	walk_auth(w, job->seal ? job->dst : job->src, job->len);
	poly1305_stream_update(&w->auth, lengths, sizeof(lengths));
	poly1305_stream_final(&w->auth, tag);
}

static int run_in_pieces(const struct aead_request *req, const struct job *job,
			 const u8 *key)
{
	u8 tag[POLY1305_TAG_BYTES], seen[POLY1305_TAG_BYTES];
	struct place end = job->seal ? job->dst : job->src;
	struct walk w;
	int err = 0;

	place_skip(&end, job->len);
	walk_begin(&w, job, key);
	if (job->seal) {
		walk_crypt(&w, job);
		walk_tag(&w, req, job, tag);
		place_write(end, tag, sizeof(tag));
	} else {
		/* Nothing is decrypted before the tag is known to be right. */
		walk_tag(&w, req, job, tag);
		place_read(end, seen, sizeof(seen));
		if (crypto_memneq(tag, seen, sizeof(tag)))
			err = -EBADMSG;
		else
			walk_crypt(&w, job);
	}
	memzero_explicit(&w, sizeof(w));
	memzero_explicit(tag, sizeof(tag));
	return err;
}

/* The crypto API's side */

static int run(struct aead_request *req, bool seal)
{
	struct crypto_aead *tfm = crypto_aead_reqtfm(req);
	const struct tfm_ctx *ctx = crypto_aead_ctx(tfm);
	struct job job = {
		.src	= place_in(req->src, req->assoclen),
		.dst	= place_in(req->dst, req->assoclen),
		.ad_len	= req->assoclen,
		.len	= req->cryptlen,
		.seal	= seal,
	};
	unsigned int sum;
	int err;

	/* No sum of lengths below is longer than this one. */
	if (check_add_overflow(req->assoclen, req->cryptlen, &sum) ||
	    check_add_overflow(sum, POLY1305_TAG_BYTES, &sum))
		return -EINVAL;
	if (crypto_aead_ivsize(tfm) == RFC7539ESP_IV_BYTES) {
		/* The IV stands behind the associated data and is none. */
		if (job.ad_len < RFC7539ESP_IV_BYTES)
			return -EINVAL;
		job.ad_len -= RFC7539ESP_IV_BYTES;
		job.salt = ctx->salt;
		job.nonce = get_unaligned_le64(req->iv);
	} else {
		job.salt = get_unaligned_le32(req->iv);
		job.nonce = get_unaligned_le64(req->iv + 4);
	}
	if (!seal) {
		if (job.len < POLY1305_TAG_BYTES)
			return -EINVAL;
		job.len -= POLY1305_TAG_BYTES;
	}

	err = run_at_once(req, &job, ctx->key);
	if (err == -EAGAIN)
		err = run_in_pieces(req, &job, ctx->key);
	return err;
}

static int batch_encrypt(struct aead_request *req)
{
	return run(req, true);
}

static int batch_decrypt(struct aead_request *req)
{
	return run(req, false);
}

static int batch_setkey(struct crypto_aead *tfm, const u8 *key,
			unsigned int keylen)
{
	struct tfm_ctx *ctx = crypto_aead_ctx(tfm);
	bool esp = crypto_aead_ivsize(tfm) == RFC7539ESP_IV_BYTES;

	if (keylen != sizeof(ctx->key) + (esp ? RFC7539ESP_SALT_BYTES : 0))
		return -EINVAL;
	memcpy(ctx->key, key, sizeof(ctx->key));
	if (esp)
		ctx->salt = get_unaligned_le32(key + sizeof(ctx->key));
	return 0;
}

static int batch_setauthsize(struct crypto_aead *tfm, unsigned int authsize)
{
	return authsize == POLY1305_TAG_BYTES ? 0 : -EINVAL;
}

static struct aead_alg batch_algs[] = {
	{
		.base.cra_name		= "rfc7539(chacha20,poly1305)",
		.base.cra_driver_name	= "rfc7539-chacha20-poly1305-batch",
		.base.cra_priority	= 400,
		.base.cra_blocksize	= 1,
		.base.cra_ctxsize	= sizeof(struct tfm_ctx),
		.base.cra_module	= THIS_MODULE,
		.ivsize			= RFC7539_IV_BYTES,
		.chunksize		= CHACHA20_BLOCK_BYTES,
		.maxauthsize		= POLY1305_TAG_BYTES,
		.setkey			= batch_setkey,
		.setauthsize		= batch_setauthsize,
		.encrypt		= batch_encrypt,
		.decrypt		= batch_decrypt,
	}, {
		.base.cra_name		= "rfc7539esp(chacha20,poly1305)",
		.base.cra_driver_name	= "rfc7539esp-chacha20-poly1305-batch",
		.base.cra_priority	= 400,
		.base.cra_blocksize	= 1,
		.base.cra_ctxsize	= sizeof(struct tfm_ctx),
		.base.cra_module	= THIS_MODULE,
		.ivsize			= RFC7539ESP_IV_BYTES,
		.chunksize		= CHACHA20_BLOCK_BYTES,
		.maxauthsize		= POLY1305_TAG_BYTES,
		.setkey			= batch_setkey,
		.setauthsize		= batch_setauthsize,
		.encrypt		= batch_encrypt,
		.decrypt		= batch_decrypt,
	},
};

static int __init chacha20poly1305_batch_init(void)
{
	return crypto_register_aeads(batch_algs, ARRAY_SIZE(batch_algs));
}
module_init(chacha20poly1305_batch_init);

static void __exit chacha20poly1305_batch_exit(void)
{
	crypto_unregister_aeads(batch_algs, ARRAY_SIZE(batch_algs));
}
module_exit(chacha20poly1305_batch_exit);

MODULE_DESCRIPTION("ChaCha20-Poly1305 AEADs on the batch library");
MODULE_LICENSE("GPL");
MODULE_ALIAS_CRYPTO("rfc7539(chacha20,poly1305)");
MODULE_ALIAS_CRYPTO("rfc7539-chacha20-poly1305-batch");
MODULE_ALIAS_CRYPTO("rfc7539esp(chacha20,poly1305)");
MODULE_ALIAS_CRYPTO("rfc7539esp-chacha20-poly1305-batch");
