// SPDX-License-Identifier: GPL-2.0
/*
 * The vector code of aead_neon.c once more, for keys that a test chooses.
 */
#define aead_seal_group_neon	lanes_seal_group_neon
#define aead_open_group_neon	lanes_open_group_neon
#define aead_chacha20_neon	lanes_chacha20_neon
#define aead_poly1305_neon	lanes_poly1305_neon

#include "aead_neon.c"
#include "aead_lanes_isa.h"

void lanes_tags_neon(enum lanes_way way, struct lanes_msg *msgs,
		     unsigned int n, void *ctx)
{
	lanes_tags(way, msgs, n, ctx);
}
