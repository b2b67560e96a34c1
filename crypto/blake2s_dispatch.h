/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests may ask of the BLAKE2s dispatch
 */
#ifndef _LIB_CRYPTO_BATCH_BLAKE2S_DISPATCH_H
#define _LIB_CRYPTO_BATCH_BLAKE2S_DISPATCH_H

#include <linux/types.h>

#if IS_ENABLED(CONFIG_KUNIT)
/*
 * Run everything through one implementation: "lib", which is lib/crypto's code,
 * "avx2" or "neon"; or through the best one again (NULL). -ENOENT: this machine
 * does not have it. Nobody may be in the library meanwhile.
 */
int blake2s_batch_select(const char *impl);

/* The name of the one that runs, of those above. */
const char *blake2s_batch_selected(void);
#endif

#endif /* _LIB_CRYPTO_BATCH_BLAKE2S_DISPATCH_H */
