// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of the shim that are not inline: CPU features, the checksum, the
 * end of a failed assertion.
 *
 * CULVERT_ISA=generic|avx2|avx512 in the environment hides the CPU's features
 * beyond that, so that a whole program can be held to one implementation.
 */
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>

bool shim_simd_usable = true;
volatile u32 shim_sink;
volatile u8 shim_table[256];
__thread unsigned int shim_fpu_open;

void shim_bug(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion: %s\n", file, line, what);
	abort();
}

void *shim_alloc(size_t size, size_t align)
{
	void *p = NULL;

	if (posix_memalign(&p, align < 64 ? 64 : align, size))
		return NULL;
	return memset(p, 0, size);
}

void shim_free(void *p)
{
	free(p);
}

u32 csum_partial(const void *buf, int len, u32 sum)
{
	const u8 *p = buf;
	u64 s = sum;
	u32 w;

	for (; len >= 4; len -= 4, p += 4) {
		memcpy(&w, p, 4);
		s += w;
	}
	if (len > 0) {
		w = 0;
		memcpy(&w, p, len);
		s += w;
	}
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffffffff) + (s >> 32);
	return s;
}

#ifdef CONFIG_X86
#include <cpuid.h>

static unsigned int isa_limit(void)
{
	const char *isa = getenv("CULVERT_ISA");

	if (!isa || !*isa || !strcmp(isa, "avx512"))
		return 2;
	if (!strcmp(isa, "avx2"))
		return 1;
	if (!strcmp(isa, "generic"))
		return 0;
	fprintf(stderr, "CULVERT_ISA=%s: use generic, avx2 or avx512\n", isa);
	exit(2);
}

bool shim_xfeatures(u64 mask)
{
	u32 a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return false;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (mask & ~(a | (u64)d << 32)) == 0;
}

bool shim_cpu_has(enum shim_feature f)
{
	static const struct { u8 leaf, reg, bit, level; } where[] = {
		[X86_FEATURE_XMM2]	  = { 1, 3, 26, 0 },
		[X86_FEATURE_SSSE3]	  = { 1, 2, 9, 1 },
		[X86_FEATURE_AVX]	  = { 1, 2, 28, 1 },
		[X86_FEATURE_OSXSAVE]	  = { 1, 2, 27, 0 },
		[X86_FEATURE_AVX2]	  = { 7, 1, 5, 1 },
		[X86_FEATURE_BMI1]	  = { 7, 1, 3, 1 },
		[X86_FEATURE_BMI2]	  = { 7, 1, 8, 1 },
		[X86_FEATURE_ADX]	  = { 7, 1, 19, 1 },
		[X86_FEATURE_AVX512F]	  = { 7, 1, 16, 2 },
		[X86_FEATURE_AVX512DQ]	  = { 7, 1, 17, 2 },
		[X86_FEATURE_AVX512IFMA]  = { 7, 1, 21, 2 },
		[X86_FEATURE_AVX512BW]	  = { 7, 1, 30, 2 },
		[X86_FEATURE_AVX512VL]	  = { 7, 1, 31, 2 },
		[X86_FEATURE_AVX512VBMI]  = { 7, 2, 1, 2 },
	};
	u32 r[4];

#ifdef SHIM_MSAN
	/* MemorySanitizer cannot follow assembly; valgrind covers it. */
	if (f == X86_FEATURE_ADX)
		return false;
#endif
	/* valgrind runs these instructions, but the CPU it shows lacks them. */
	if (f == X86_FEATURE_ADX && getenv("CULVERT_ASSUME_ADX"))
		return true;
	if (f == X86_FEATURE_PREFER_YMM)
		return getenv("CULVERT_PREFER_YMM") != NULL;
	if (where[f].level > isa_limit() ||
	    !__get_cpuid_count(where[f].leaf, 0, &r[0], &r[1], &r[2], &r[3]) ||
	    !(r[where[f].reg] >> where[f].bit & 1))
		return false;
	/* As the kernel does, clear what the OS does not save. */
	if (where[f].level == 2)
		return shim_xfeatures(0xe6);
	if (f == X86_FEATURE_AVX || f == X86_FEATURE_AVX2)
		return shim_xfeatures(0x6);
	return true;
}
#endif
