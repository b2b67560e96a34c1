/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What takes part in the bench, and the work that it is given.
 */
#ifndef _CULVERT_BENCH_H
#define _CULVERT_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_BATCH	64

/**
 * struct work - a batch of messages under one key
 * @n: messages
 * @len: bytes of text of each
 * @src: sealing: the texts. opening: ciphertext and tag.
 * @dst: where the results go; @len + 16 bytes each
 * @key: 32 bytes
 * @nonce: 12 bytes for each message
 */
struct work {
	unsigned int	n;
	uint32_t	len;
	const uint8_t	*src[MAX_BATCH];
	uint8_t		*dst[MAX_BATCH];
	const uint8_t	*key;
	uint8_t		nonce[MAX_BATCH][12];
};

/**
 * struct curve_work - a batch of multiplications
 * @n: how many
 * @out: the results
 * @scalar: the scalars
 * @point: the points
 */
struct curve_work {
	unsigned int	n;
	uint8_t		out[MAX_BATCH][32];
	uint8_t		scalar[MAX_BATCH][32];
	uint8_t		point[MAX_BATCH][32];
};

/**
 * struct peer - one participant
 * @name: as it is shown
 * @init: false if it cannot take part here
 * @ready: called before every sample, outside of the measured time
 * @rekey: called when the key changes, outside of the measured time
 * @seal: every message of a batch
 * @open: every message; returns how many tags are wrong
 * @mul: every multiplication
 * @mul_ready: prepares what @mul works on, outside of the measured time
 * @base: every multiplication of the base point
 */
struct peer {
	const char	*name;
	bool		(*init)(void);
	void		(*ready)(void);
	void		(*rekey)(const uint8_t *key);
	void		(*seal)(struct work *w);
	unsigned int	(*open)(struct work *w);
	void		(*mul_ready)(struct curve_work *w);
	void		(*mul)(struct curve_work *w);
	void		(*base)(struct curve_work *w);
};

extern const struct peer peer_openssl, peer_sodium, peer_gcrypt, peer_tree, peer_tree_generic;
extern const struct peer peer_ipsec_mb;
#ifdef HAVE_IPSEC_MB_2
extern const struct peer peer_ipsec_mb_2;
#endif

/* Whether the peers are to do without AVX-512. */
bool held_to_avx2(void);

#endif /* _CULVERT_BENCH_H */
