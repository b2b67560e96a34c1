/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the batch interfaces use and Linux 6.12 does not have.  The Makefiles of this
 * tree's series include it before everything else.
 */
#ifndef _CRYPTO_BATCH_COMPAT_H
#define _CRYPTO_BATCH_COMPAT_H

#ifndef __ASSEMBLY__

/* Array parameters of a minimum size. */
#define at_least static

#define blake2s_ctx blake2s_state

#ifdef CONFIG_X86_64
#include <asm/cpufeatures.h>

/*
 * This tree does not mark processors that pay for 512-bit vectors with their
 * clock.  No processor with AVX-512 has the bit that stands in for it.
 */
#ifndef X86_FEATURE_PREFER_YMM
#define X86_FEATURE_PREFER_YMM X86_FEATURE_K6_MTRR
#endif
#endif

#if defined(CONFIG_ARM64) && defined(CONFIG_KERNEL_MODE_NEON)
void kernel_neon_begin(void);
void kernel_neon_end(void);

/* The registers of a section that is switched out lie in the task itself. */
#define scoped_ksimd()							\
	for (int __neon = (kernel_neon_begin(), 1); __neon;		\
	     __neon = 0, kernel_neon_end())
#endif

#endif /* __ASSEMBLY__ */

#endif /* _CRYPTO_BATCH_COMPAT_H */
