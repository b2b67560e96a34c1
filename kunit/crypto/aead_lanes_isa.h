/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the file of an ISA, which has included the library's own.
 */
#ifndef _BATCH_AEAD_LANES_ISA_H
#define _BATCH_AEAD_LANES_ISA_H

#include "aead_lanes.h"

static void lanes_tags(enum lanes_way way, struct lanes_msg *msgs,
		       unsigned int n, struct simd_work *w)
{
	for (unsigned int i = 0; i < n; i++) {
		memset(&w->item[i], 0, sizeof(w->item[i]));
		w->item[i].text = msgs[i].text;
		w->item[i].len = msgs[i].len;
		w->item[i].ad = msgs[i].ad;
		w->item[i].ad_len = msgs[i].ad_len;
		for (int j = 0; j < 8; j++)
			memcpy(&w->poly_key[j][i], msgs[i].key + 4 * j, 4);
	}
	switch (way) {
	case LANES_EVEN:
		poly_even_tags(w->poly, n, w->item, w->poly_key, w->tag,
			       (u8 *)w->poly_odd.odd);
		break;
	case LANES_PAIRS:
		poly_pair_tags(w->poly, &w->poly_odd, w->item, n, w->poly_key,
			       w->tag, 0);
		break;
	case LANES_ANY:
		poly_tags(w->poly, &w->poly_odd, w->item, n, w->poly_key,
			  w->tag, 0);
		break;
	default:
		for (unsigned int i = 0; i < n; i++)
			simd_tag(w, i);
	}
	for (unsigned int i = 0; i < n; i++)
		memcpy(msgs[i].tag, w->tag[i], 16);
}

#endif /* _BATCH_AEAD_LANES_ISA_H */
