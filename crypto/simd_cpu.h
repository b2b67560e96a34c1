/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of the vector ISAs that the library is written for this machine has.
 * The operating system's part is asked too: the registers must be saved.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_CPU_H
#define _LIB_CRYPTO_BATCH_SIMD_CPU_H

#include <linux/types.h>

#if defined(CONFIG_ARM64)
#include <asm/cpufeature.h>
#endif

#ifdef CONFIG_X86_64

#include <asm/cpufeature.h>

#ifndef CONFIG_UML
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#endif

static inline bool batch_cpu_has_avx2(void)
{
#ifndef CONFIG_UML
	if (!cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM, NULL))
		return false;
#endif
	return boot_cpu_has(X86_FEATURE_AVX2);
}

static inline bool batch_cpu_has_avx512ifma(void)
{
#ifndef CONFIG_UML
	if (!cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM |
			       XFEATURE_MASK_AVX512, NULL))
		return false;
#endif
	return boot_cpu_has(X86_FEATURE_AVX512F) &&
	       boot_cpu_has(X86_FEATURE_AVX512VL) &&
	       boot_cpu_has(X86_FEATURE_AVX512BW) &&
	       boot_cpu_has(X86_FEATURE_AVX512DQ) &&
	       boot_cpu_has(X86_FEATURE_AVX512IFMA);
}

/* Some machines clock down for 512-bit vectors, and the rest pays for it. */
static inline bool batch_cpu_avoids_zmm(void)
{
	return boot_cpu_has(X86_FEATURE_PREFER_YMM);
}

#else

static inline bool batch_cpu_has_avx2(void)
{
	return false;
}

static inline bool batch_cpu_has_avx512ifma(void)
{
	return false;
}

static inline bool batch_cpu_avoids_zmm(void)
{
	return false;
}

#endif

static inline bool batch_cpu_has_neon(void)
{
#if defined(CONFIG_ARM64) && defined(CONFIG_KERNEL_MODE_NEON)
	return cpu_have_named_feature(ASIMD);
#else
	return false;
#endif
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_CPU_H */
