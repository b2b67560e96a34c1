// SPDX-License-Identifier: GPL-2.0
/*
 * Which implementation of the ChaCha20-Poly1305 family runs: decided once, by
 * what the CPU has, and then by static branches. An implementation works in
 * its CPU's memory, which is guarded by the FPU section itself: nothing else
 * that wants it can run on that CPU meanwhile, except where the section is no
 * real one (ARCH=um) or a softirq may begin one within it (arm64). For those
 * there is a flag, which whoever interrupts leaves as it was.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "aead_dispatch.h"
#include "simd_cpu.h"
#include "simd_section.h"

/* Below this, entering an FPU section costs more than vectors gain. */
#define AEAD_SIMD_MIN	256

struct aead_cpu {
	u8		ctx[AEAD_CTX_BYTES] __aligned(64);
	bool		busy;
	unsigned long	refused;
};

static struct aead_cpu __percpu *aead_cpus;

/* At most one is on. Turned on only when aead_cpus is there. */
static DEFINE_STATIC_KEY_FALSE(aead_avx512);
static DEFINE_STATIC_KEY_FALSE(aead_avx2);
static DEFINE_STATIC_KEY_FALSE(aead_neon);

#define AEAD_HAS(isa, ISA)						  \
	(IS_ENABLED(CONFIG_CRYPTO_LIB_CHACHA20POLY1305_BATCH_##ISA) && \
	 static_branch_likely(&aead_##isa))

static __always_inline bool aead_simd(void)
{
	return (AEAD_HAS(avx512, AVX512) || AEAD_HAS(avx2, AVX2) ||
		AEAD_HAS(neon, NEON)) && batch_simd_usable();
}

/* In an FPU section. NULL if the memory is in use further down the stack. */
static struct aead_cpu *aead_cpu_get(void)
{
	struct aead_cpu *cpu = this_cpu_ptr(aead_cpus);

	if (READ_ONCE(cpu->busy)) {
		cpu->refused++;
		return NULL;
	}
	WRITE_ONCE(cpu->busy, true);
	barrier();
	return cpu;
}

static void aead_cpu_put(struct aead_cpu *cpu)
{
	barrier();
	WRITE_ONCE(cpu->busy, false);
}

/*
 * Call fn_<isa>(args, ctx) for the implementation that is on, in an FPU section
 * of its own, if the work is worth one and there may be one; else the generic
 * function.
 */
#define AEAD_RUN(worth, fn, ...)					  \
do {									  \
	struct aead_cpu *cpu = NULL;					  \
									  \
	if ((worth) && aead_simd()) {					  \
		batch_simd_scope() {					  \
			cpu = aead_cpu_get();				  \
			if (!cpu)					  \
				;					  \
			else if (AEAD_HAS(avx512, AVX512))		  \
				fn##_avx512(__VA_ARGS__, cpu->ctx);	  \
			else if (AEAD_HAS(avx2, AVX2))			  \
				fn##_avx2(__VA_ARGS__, cpu->ctx);	  \
			else if (AEAD_HAS(neon, NEON))			  \
				fn##_neon(__VA_ARGS__, cpu->ctx);	  \
			else						  \
				fn##_generic(__VA_ARGS__, cpu->ctx);	  \
			if (cpu)					  \
				aead_cpu_put(cpu);			  \
		}							  \
	}								  \
	if (!cpu)							  \
		fn##_generic(__VA_ARGS__, NULL);			  \
} while (0)

void aead_chacha20_xor(u32 state[16], u8 *dst, const u8 *src, size_t len)
{
	while (len) {
		size_t n = min_t(size_t, len, AEAD_GROUP_TEXT);

		AEAD_RUN(n >= AEAD_SIMD_MIN, aead_chacha20, state, dst, src, n);
		dst += n;
		src += n;
		len -= n;
	}
}

//@ poly1305
void aead_poly1305_blocks(struct poly1305_stream *st, const u8 *src,
			  size_t len)
{
	while (len) {
		size_t n = min_t(size_t, len, AEAD_GROUP_TEXT);

		AEAD_RUN(n >= AEAD_SIMD_MIN, aead_poly1305, st, src, n);
		src += n;
		len -= n;
	}
}

//@ chacha20poly1305
void aead_seal_group(struct chacha20poly1305_msg *m, unsigned int n,
		     const u32 key[8])
{
	AEAD_RUN(true, aead_seal_group, m, n, key);
}

void aead_open_group(struct chacha20poly1305_msg *m, unsigned int n,
		     const u32 key[8])
{
	AEAD_RUN(true, aead_open_group, m, n, key);
}

//@
/* What is compiled in and what this machine has, the best first. */
enum aead_isa { AEAD_AVX512, AEAD_AVX2, AEAD_NEON, AEAD_GENERIC };

static bool aead_available(enum aead_isa isa)
{
	if (!aead_cpus)
		return isa == AEAD_GENERIC;
	switch (isa) {
	case AEAD_AVX512:
		return IS_ENABLED(CONFIG_CRYPTO_LIB_CHACHA20POLY1305_BATCH_AVX512) &&
		       batch_cpu_has_avx512ifma();
	case AEAD_AVX2:
		return IS_ENABLED(CONFIG_CRYPTO_LIB_CHACHA20POLY1305_BATCH_AVX2) &&
		       batch_cpu_has_avx2();
	case AEAD_NEON:
		return IS_ENABLED(CONFIG_CRYPTO_LIB_CHACHA20POLY1305_BATCH_NEON) &&
		       batch_cpu_has_neon();
	case AEAD_GENERIC:
		return true;
	}
	return false;
}

static enum aead_isa aead_best(void)
{
	if (aead_available(AEAD_AVX512) && !batch_cpu_avoids_zmm())
		return AEAD_AVX512;
	if (aead_available(AEAD_AVX2))
		return AEAD_AVX2;
	if (aead_available(AEAD_NEON))
		return AEAD_NEON;
	return AEAD_GENERIC;
}

static void aead_enable(enum aead_isa isa)
{
	if (isa == AEAD_AVX512)
		static_branch_enable(&aead_avx512);
	else
		static_branch_disable(&aead_avx512);
	if (isa == AEAD_AVX2)
		static_branch_enable(&aead_avx2);
	else
		static_branch_disable(&aead_avx2);
	if (isa == AEAD_NEON)
		static_branch_enable(&aead_neon);
	else
		static_branch_disable(&aead_neon);
}

#if IS_ENABLED(CONFIG_KUNIT)
static const char * const aead_names[] = {
	[AEAD_AVX512]	= "avx512",
	[AEAD_AVX2]	= "avx2",
	[AEAD_NEON]	= "neon",
	[AEAD_GENERIC]	= "generic",
};

int chacha20poly1305_batch_select(const char *impl)
{
	if (!impl) {
		aead_enable(aead_best());
		return 0;
	}
	for (int isa = 0; isa < ARRAY_SIZE(aead_names); isa++) {
		if (strcmp(impl, aead_names[isa]))
			continue;
		if (!aead_available(isa))
			return -ENOENT;
		aead_enable(isa);
		return 0;
	}
	return -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(chacha20poly1305_batch_select);

const char *chacha20poly1305_batch_selected(void)
{
	if (AEAD_HAS(avx512, AVX512))
		return aead_names[AEAD_AVX512];
	if (AEAD_HAS(avx2, AVX2))
		return aead_names[AEAD_AVX2];
	if (AEAD_HAS(neon, NEON))
		return aead_names[AEAD_NEON];
	return aead_names[AEAD_GENERIC];
}
EXPORT_SYMBOL_IF_KUNIT(chacha20poly1305_batch_selected);

unsigned long chacha20poly1305_batch_busy(void)
{
	unsigned long sum = 0;
	int cpu;

	if (aead_cpus)
		for_each_possible_cpu(cpu)
			sum += per_cpu_ptr(aead_cpus, cpu)->refused;
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(chacha20poly1305_batch_busy);

bool chacha20poly1305_batch_is_wiped(void)
{
	int cpu;

	if (aead_cpus)
		for_each_possible_cpu(cpu)
			if (memchr_inv(per_cpu_ptr(aead_cpus, cpu)->ctx +
				       AEAD_CTX_OPEN, 0,
				       AEAD_CTX_BYTES - AEAD_CTX_OPEN))
				return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(chacha20poly1305_batch_is_wiped);
#endif

static int __init aead_init(void)
{
	/* Without the memory, generic code does all the work. */
	if (batch_cpu_has_avx2() || batch_cpu_has_neon())
		aead_cpus = alloc_percpu(struct aead_cpu);
	aead_enable(aead_best());
	return 0;
}
subsys_initcall(aead_init);

static void __exit aead_exit(void)
{
	free_percpu(aead_cpus);
}
module_exit(aead_exit);

MODULE_DESCRIPTION("ChaCha20, Poly1305 and ChaCha20-Poly1305 for batches");
MODULE_LICENSE("GPL");
