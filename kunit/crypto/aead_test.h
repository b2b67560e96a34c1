/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of messages under one key, with everything that the AEAD's suites
 * compare: what goes in, what must come out, and bytes between the buffers
 * that nobody may write.
 */
#ifndef _BATCH_AEAD_TEST_H
#define _BATCH_AEAD_TEST_H

#include <crypto/chacha20poly1305_batch.h>
#include <kunit/test.h>
#include <linux/types.h>

#include "batch_test.h"

#define AEAD_MAX_NR	40
#define AEAD_MAX_LEN	1024
#define AEAD_STRIDE	1280	/* from one message's buffer to the next */
#define AEAD_CANARY	0xa5

/*
 * What associated data the messages have: none, which with equal lengths is a
 * way of its own through vector code; all of them the same; or message i none,
 * that of message 0, or its own, by i % 3.
 */
enum aead_ad { AEAD_AD_NONE, AEAD_AD_COMMON, AEAD_AD_EACH, AEAD_AD_MODES };

struct aead_set {
	struct chacha20poly1305_msg	m[AEAD_MAX_NR];
	struct kvec			vec[AEAD_MAX_NR];
	u32				len[AEAD_MAX_NR];
	enum aead_ad			mode;
	u8				key[32];
	u8				ad[AEAD_MAX_NR * 8];
	u8				*plain;
	u8				*want;		/* by the reference */
	u8				*out;
};

/* With set->mode as AEAD_AD_EACH. */
struct aead_set *aead_set_new(struct kunit *test);

/*
 * Describe messages of set->len[] bytes, one fragment each, from @from to
 * set->out, and lay canaries there. Associated data are as set->mode has it.
 * @from is set->plain or set->want; if it is set->out itself, the caller has
 * put the text there.
 */
void aead_set_describe(struct aead_set *set, size_t nr, const u8 *from,
		       bool open);

/* The same for messages that are worked on in place. */
void aead_set_describe_in_place(struct aead_set *set, size_t nr, bool open);

/* What sealing must give, from set->plain into set->want. */
void aead_set_reference(struct aead_set *set, size_t nr);

/* All messages get the same length. */
void aead_set_even(struct aead_set *set, size_t nr, u32 len);

/* Seal and open by the set's description, and check every byte. */
void aead_set_check(struct kunit *test, struct aead_set *set, size_t nr);

/* Compare message @i of set->out with @want, and the canaries around it. */
void aead_set_expect(struct kunit *test, struct aead_set *set, size_t i,
		     const u8 *want, size_t len);

#endif /* _BATCH_AEAD_TEST_H */
