/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 in the lanes of vectors, with keys that a test chooses. In the
 * library they come out of ChaCha20, which never makes extreme ones.
 */
#ifndef _BATCH_AEAD_LANES_H
#define _BATCH_AEAD_LANES_H

#include <linux/types.h>

/* The ways that simd_aead.h goes. */
enum lanes_way {
	LANES_EVEN,	/* lengths equal, no associated data; M or 2 M messages */
	LANES_PAIRS,	/* the same, more than 256 bytes; up to M / 2 messages */
	LANES_ANY,	/* any lengths; up to M messages */
	LANES_ONE,	/* a message in all lanes; any number, in turn */
	LANES_WAYS
};

struct lanes_msg {
	u8		key[32];
	const u8	*text;
	const u8	*ad;
	u32		len;
	u32		ad_len;
	u8		tag[16];
};

/* The tags of @n messages; @ctx as aead_impl.h has it, in an FPU section. */
void lanes_tags_avx2(enum lanes_way way, struct lanes_msg *msgs,
		     unsigned int n, void *ctx);
void lanes_tags_avx512(enum lanes_way way, struct lanes_msg *msgs,
		       unsigned int n, void *ctx);
void lanes_tags_neon(enum lanes_way way, struct lanes_msg *msgs,
		     unsigned int n, void *ctx);

#endif /* _BATCH_AEAD_LANES_H */
