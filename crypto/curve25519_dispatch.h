/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests may ask of the X25519 dispatch
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_DISPATCH_H
#define _LIB_CRYPTO_BATCH_CURVE25519_DISPATCH_H

#include <linux/types.h>

#if IS_ENABLED(CONFIG_KUNIT)
/*
 * Run everything through one implementation, by its name: "generic64",
 * "generic32", "adx", "avx2" or "avx512" (what makes no group for these two
 * goes through "adx" if it is there); or through the best ones again (NULL).
 * -ENOENT: this machine does not have it. Nobody may be in the library
 * meanwhile.
 */
int x25519_batch_select(const char *impl);

/* The name of the one that runs, of those above. */
const char *x25519_batch_selected(void);

/* How many groups found their CPU's working memory in use. */
unsigned long x25519_batch_busy(void);

/* Whether every CPU's working memory is wiped. */
bool x25519_batch_is_wiped(void);
#endif

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_DISPATCH_H */
