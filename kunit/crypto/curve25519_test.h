/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of X25519 share.
 */
#ifndef _BATCH_CURVE25519_TEST_H
#define _BATCH_CURVE25519_TEST_H

#include <crypto/curve25519_batch.h>
#include <kunit/test.h>
#include <linux/types.h>

#include "batch_test.h"

/* As batch_impls, with the names that X25519 knows. */
static const char * const x25519_impls[] = {
	"generic64",
	"generic32",
#ifdef CONFIG_X86_64
	"adx",
	"avx2",
	"avx512",
#endif
};

KUNIT_ARRAY_PARAM(x25519_impl, x25519_impls, batch_impl_desc);

int x25519_test_init(struct kunit *test);
void x25519_test_exit(struct kunit *test);

/* Pairs and what must come of them; the points of some are NULL. */
#define X25519_MAX_NR	40
#define X25519_CANARY	0xa5

struct x25519_set {
	struct x25519_op	ops[X25519_MAX_NR];
	u8			scalar[X25519_MAX_NR][32];
	u8			point[X25519_MAX_NR][32];
	bool			base[X25519_MAX_NR];
	u8			want[X25519_MAX_NR][32];
	bool			ok[X25519_MAX_NR];
	u8			out[X25519_MAX_NR][64];
};

/*
 * Random pairs, the reference's results beside them. Every seventh point is the
 * base point, every eleventh has low order.
 */
struct x25519_set *x25519_set_new(struct kunit *test);

/* Describe the set from element @first on, outputs between canaries. */
void x25519_set_describe(struct x25519_set *set, size_t first, size_t nr);

/* Compare the results. */
void x25519_set_expect(struct kunit *test, struct x25519_set *set, size_t first,
		       size_t nr, size_t zeros);

#endif /* _BATCH_CURVE25519_TEST_H */
