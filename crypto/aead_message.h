/* SPDX-License-Identifier: GPL-2.0 */
/* One message of any length, validated, in bounded FPU sections. */
#ifndef _LIB_CRYPTO_BATCH_AEAD_MESSAGE_H
#define _LIB_CRYPTO_BATCH_AEAD_MESSAGE_H

#include <linux/types.h>

struct chacha20poly1305_msg;

void aead_seal_long(struct chacha20poly1305_msg *m, const u32 key[8]);
void aead_open_long(struct chacha20poly1305_msg *m, const u32 key[8]);

#endif /* _LIB_CRYPTO_BATCH_AEAD_MESSAGE_H */
