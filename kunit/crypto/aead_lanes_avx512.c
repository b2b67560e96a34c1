// SPDX-License-Identifier: GPL-2.0
/*
 * The vector code of aead_avx512.c once more, for keys that a test chooses.
 */
#define aead_seal_group_avx512	lanes_seal_group_avx512
#define aead_open_group_avx512	lanes_open_group_avx512
#define aead_chacha20_avx512	lanes_chacha20_avx512
#define aead_poly1305_avx512	lanes_poly1305_avx512

#include "aead_avx512.c"
#include "aead_lanes_isa.h"

void lanes_tags_avx512(enum lanes_way way, struct lanes_msg *msgs,
		       unsigned int n, void *ctx)
{
	lanes_tags(way, msgs, n, ctx);
}
