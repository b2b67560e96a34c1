/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a kernel tree's own lib/crypto wants beyond shim.h, for the bench: the
 * assembler's macros, and scatterlists that nothing here walks.
 */
#ifndef _CULVERT_SHIM_TREE_H
#define _CULVERT_SHIM_TREE_H

#ifdef __ASSEMBLER__

#define SYM_FUNC_START(n)	.globl n; .balign 16; n:
#define SYM_FUNC_START_LOCAL(n)	.balign 16; n:
#define SYM_FUNC_END(n)		.size n, . - n
#define RET			ret
#define FRAME_BEGIN
#define FRAME_END

#else

#include "shim.h"

struct scatterlist { unsigned int length; };
struct sg_mapping_iter { void *addr; size_t length, consumed; };

#define SG_MITER_ATOMIC		0
#define SG_MITER_TO_SG		0
#define sg_miter_start(...)	((void)0)
#define sg_miter_next(m)	((void)(m), false)
#define sg_miter_stop(m)	((void)(m))
#define scatterwalk_map_and_copy(...)	((void)0)
#define sg_copy_buffer(...)	(0)
#define sg_nents(s)		((void)(s), 0)
#define ZERO_PAGE(a)		0
#define page_address(p)		((void *)shim_zero_page)
#define get_random_bytes_wait(p, n)	(-1)
#define INTEL_SKYLAKE_X		0xffff

static const u8 shim_zero_page[PAGE_SIZE] __aligned(64) __maybe_unused;

#endif
#endif /* _CULVERT_SHIM_TREE_H */
