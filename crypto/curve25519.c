// SPDX-License-Identifier: GPL-2.0
/*
 * The X25519 library: public functions, and which implementation runs
 *
 * Code in general registers runs in any context, one multiplication after the
 * other. Vectors take groups, of which a lane is a multiplication, or four lanes
 * are one in very small groups. A group takes up to 60 us, too long for one FPU
 * section, so it is cut into several, between which others may run. Its working
 * memory is the CPU's, too large for a stack; a group takes it with a flag and
 * keeps it from the first section to the last, even if it is preempted or moved
 * to another CPU meanwhile. Whoever finds the flag set goes without vectors;
 * nobody waits.
 */
#include <crypto/curve25519_batch.h>
#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "curve25519_dispatch.h"
#include "curve25519_impl.h"
#include "simd_cpu.h"
#include "simd_section.h"

#define X25519_HAS(isa, ISA)						\
	(IS_ENABLED(CONFIG_CRYPTO_LIB_CURVE25519_BATCH_##ISA) &&	\
	 static_branch_likely(&x25519_use_##isa))

struct x25519_cpu {
	u8		ctx[X25519_CTX_BYTES] __aligned(64);
	unsigned int	busy;
	unsigned int	refused;
};

static struct x25519_cpu __percpu *x25519_cpus;

/* At most one of the vector ones is on, and only when x25519_cpus is there. */
static DEFINE_STATIC_KEY_FALSE(x25519_use_avx512);
static DEFINE_STATIC_KEY_FALSE(x25519_use_avx2);
static DEFINE_STATIC_KEY_FALSE(x25519_use_adx);
/* For tests, where there is something better. */
static DEFINE_STATIC_KEY_FALSE(x25519_use_generic32);

static void x25519_mul_one(u8 out[32], const u8 scalar[32], const u8 point[32])
{
	if (X25519_HAS(adx, ADX)) {
		x25519_mul_adx(out, scalar, point);
		return;
	}
#ifdef X25519_GENERIC64
	if (!IS_ENABLED(CONFIG_KUNIT) ||
	    !static_branch_unlikely(&x25519_use_generic32)) {
		x25519_mul_generic64(out, scalar, point);
		return;
	}
#endif
#ifdef X25519_GENERIC32
	x25519_mul_generic32(out, scalar, point);
#endif
}

static void x25519_base_one(u8 out[32], const u8 scalar[32])
{
	if (X25519_HAS(adx, ADX)) {
		x25519_base_adx(out, scalar);
		return;
	}
#ifdef X25519_GENERIC64
	if (!IS_ENABLED(CONFIG_KUNIT) ||
	    !static_branch_unlikely(&x25519_use_generic32)) {
		x25519_base_generic64(out, scalar);
		return;
	}
#endif
#ifdef X25519_GENERIC32
	x25519_base_generic32(out, scalar);
#endif
}

/* Which results are zero is public, their other bits are not. */
static bool x25519_is_zero(const u8 out[32])
{
	u64 any = 0;
	int i;

	for (i = 0; i < 32; i += 8)
		any |= get_unaligned_le64(out + i);
	return !any;
}

/* Multiplications in one group of vectors; 0 without any */
static unsigned int x25519_lanes(void)
{
	if (X25519_HAS(avx512, AVX512))
		return X25519_AVX512_LANES;
	return X25519_HAS(avx2, AVX2) ? X25519_AVX2_LANES : 0;
}

/* How many of @left make a group now; 0: none, go without vectors. */
static unsigned int x25519_group_size(unsigned int left)
{
	if (X25519_HAS(avx512, AVX512)) {
		if (left >= X25519_AVX512_MIN)
			return min_t(unsigned int, left, X25519_AVX512_LANES);
		return min(left, 2U);
	}
	if (X25519_HAS(avx2, AVX2) && left >= X25519_AVX2_MIN)
		return min_t(unsigned int, left, X25519_AVX2_LANES);
	return 0;
}

static bool x25519_group_section(struct x25519_op **ops, unsigned int n,
				 bool base, void *ctx, unsigned int section)
{
	if (X25519_HAS(avx512, AVX512)) {
		if (base)
			return x25519_comb_avx512(ops, n, ctx, section);
		if (n == 1)
			return x25519_one_avx512(ops, n, ctx, section);
		if (n == 2)
			return x25519_pair_avx512(ops, n, ctx, section);
		return x25519_group_avx512(ops, n, ctx, section);
	}
	if (X25519_HAS(avx2, AVX2)) {
		if (base)
			return x25519_comb_avx2(ops, n, ctx, section);
		return x25519_group_avx2(ops, n, ctx, section);
	}
	return false;
}

/*
 * @base: none of @ops has a point. False if the working memory is taken; nothing
 * has happened then.
 */
static bool x25519_group(struct x25519_op **ops, unsigned int n, bool base)
{
	struct x25519_cpu *cpu = raw_cpu_ptr(x25519_cpus);
	unsigned int section = 0;
	bool more = true;

	/* Pairs with smp_store_release() below, maybe on another CPU. */
	if (cmpxchg_acquire(&cpu->busy, 0, 1)) {
		/* A count for tests, where a lost one does not matter */
		data_race(cpu->refused++);
		return false;
	}

	while (more) {
		batch_simd_scope() {
			more = x25519_group_section(ops, n, base, cpu->ctx,
						    section);
		}
		section++;
	}

	/* What was wiped is wiped before the next owner comes in. */
	smp_store_release(&cpu->busy, 0);
	return true;
}

/* All of @ops, X25519_GROUP at most */
static void x25519_group_any(struct x25519_op **ops, unsigned int left)
{
	while (left) {
		unsigned int n = x25519_group_size(left);

		if (!n || !batch_simd_usable() || !x25519_group(ops, n, false)) {
			struct x25519_op *op = *ops;

			n = 1;
			if (op->point)
				x25519_mul_one(op->out, op->scalar, op->point);
			else
				x25519_base_one(op->out, op->scalar);
		}
		ops += n;
		left -= n;
	}
}

bool x25519(u8 out[at_least X25519_KEY_BYTES],
	    const u8 scalar[at_least X25519_KEY_BYTES],
	    const u8 point[at_least X25519_KEY_BYTES])
{
	struct x25519_op op = { .out = out, .scalar = scalar, .point = point };
	struct x25519_op *ops[] = { &op };

	x25519_group_any(ops, 1);
	return !x25519_is_zero(out);
}
EXPORT_SYMBOL_GPL(x25519);

void x25519_base(u8 out[at_least X25519_KEY_BYTES],
		 const u8 scalar[at_least X25519_KEY_BYTES])
{
	x25519_base_one(out, scalar);
}
EXPORT_SYMBOL_GPL(x25519_base);

/* All of @ops, X25519_GROUP at most, none of which has a point */
static void x25519_bases(struct x25519_op **ops, unsigned int left)
{
	while (left) {
		unsigned int n = min(left, x25519_lanes());

		if (n < X25519_COMB_MIN || !batch_simd_usable() ||
		    !x25519_group(ops, n, true)) {
			n = 1;
			x25519_base_one((*ops)->out, (*ops)->scalar);
		}
		ops += n;
		left -= n;
	}
}

/* Will one of the groups that @n points make have room? */
static bool x25519_has_room(unsigned int n)
{
	if (X25519_HAS(avx512, AVX512))
		return n % X25519_AVX512_LANES >= X25519_AVX512_MIN;
	if (X25519_HAS(avx2, AVX2))
		return n % X25519_AVX2_LANES >= X25519_AVX2_MIN;
	return false;
}

size_t x25519_batch(struct x25519_op *ops, size_t nr)
{
	struct x25519_op *points[X25519_GROUP], *bases[X25519_GROUP];
	unsigned int n = 0, nr_bases = 0;
	size_t zeros = 0, i;

	if (!ops)
		return 0;

	for (i = 0; i < nr; i++) {
		if (ops[i].point)
			points[n++] = &ops[i];
		else
			bases[nr_bases++] = &ops[i];
		if (n == X25519_GROUP) {
			x25519_group_any(points, n);
			n = 0;
		}
		if (nr_bases == X25519_GROUP) {
			x25519_bases(bases, nr_bases);
			nr_bases = 0;
		}
	}
	/* A lane that idles costs nothing. */
	while (nr_bases && x25519_has_room(n))
		points[n++] = bases[--nr_bases];
	x25519_group_any(points, n);
	x25519_bases(bases, nr_bases);

	for (i = 0; i < nr; i++) {
		ops[i].ok = !x25519_is_zero(ops[i].out);
		zeros += !ops[i].ok;
	}
	return zeros;
}
EXPORT_SYMBOL_GPL(x25519_batch);

static bool x25519_cpu_has_adx(void)
{
#if defined(CONFIG_X86_64) && IS_ENABLED(CONFIG_CRYPTO_LIB_CURVE25519_BATCH_ADX)
	return boot_cpu_has(X86_FEATURE_BMI2) && boot_cpu_has(X86_FEATURE_ADX);
#else
	return false;
#endif
}

static bool x25519_cpu_has_avx2(void)
{
	return IS_ENABLED(CONFIG_CRYPTO_LIB_CURVE25519_BATCH_AVX2) &&
	       batch_cpu_has_avx2();
}

static bool x25519_cpu_has_avx512(void)
{
	return IS_ENABLED(CONFIG_CRYPTO_LIB_CURVE25519_BATCH_AVX512) &&
	       batch_cpu_has_avx512ifma();
}

/* Wide registers slow some CPUs down as a whole; they say so. */
static bool x25519_cpu_likes_avx512(void)
{
	return x25519_cpu_has_avx512() && !batch_cpu_avoids_zmm();
}

#if IS_ENABLED(CONFIG_KUNIT)
#ifdef X25519_GENERIC64
static const bool x25519_has_generic64 = true;
#else
static const bool x25519_has_generic64;
#endif

#define X25519_SET(key, on)						\
	((on) ? static_branch_enable(&x25519_use_##key)			\
	      : static_branch_disable(&x25519_use_##key))

int x25519_batch_select(const char *impl)
{
	bool avx512 = false, avx2 = false, adx = false, generic32 = false;

	if (!impl) {
		avx512 = x25519_cpus && x25519_cpu_likes_avx512();
		avx2 = x25519_cpus && x25519_cpu_has_avx2() && !avx512;
		adx = x25519_cpu_has_adx();
	} else if (!strcmp(impl, "avx512")) {
		avx512 = x25519_cpus && x25519_cpu_has_avx512();
		adx = x25519_cpu_has_adx();
		if (!avx512)
			return -ENOENT;
	} else if (!strcmp(impl, "avx2")) {
		avx2 = x25519_cpus && x25519_cpu_has_avx2();
		adx = x25519_cpu_has_adx();
		if (!avx2)
			return -ENOENT;
	} else if (!strcmp(impl, "adx")) {
		adx = x25519_cpu_has_adx();
		if (!adx)
			return -ENOENT;
	} else if (!strcmp(impl, "generic32")) {
		generic32 = true;
	} else if (!x25519_has_generic64 || strcmp(impl, "generic64")) {
		return -ENOENT;
	}

	X25519_SET(avx512, avx512);
	X25519_SET(avx2, avx2);
	X25519_SET(adx, adx);
	X25519_SET(generic32, generic32);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(x25519_batch_select);

const char *x25519_batch_selected(void)
{
	if (X25519_HAS(avx512, AVX512))
		return "avx512";
	if (X25519_HAS(avx2, AVX2))
		return "avx2";
	if (X25519_HAS(adx, ADX))
		return "adx";
	if (!x25519_has_generic64 ||
	    static_branch_unlikely(&x25519_use_generic32))
		return "generic32";
	return "generic64";
}
EXPORT_SYMBOL_IF_KUNIT(x25519_batch_selected);

unsigned long x25519_batch_busy(void)
{
	unsigned long n = 0;
	int i;

	if (!x25519_cpus)
		return 0;
	for_each_possible_cpu(i) {
		/* Nobody counts any more when a test asks. */
		n += data_race(per_cpu_ptr(x25519_cpus, i)->refused);
	}
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(x25519_batch_busy);

bool x25519_batch_is_wiped(void)
{
	int i;

	if (x25519_cpus)
		for_each_possible_cpu(i)
			if (memchr_inv(per_cpu_ptr(x25519_cpus, i)->ctx, 0,
				       X25519_CTX_BYTES))
				return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(x25519_batch_is_wiped);
#endif

static int __init x25519_init(void)
{
	if (x25519_cpu_has_adx())
		static_branch_enable(&x25519_use_adx);

	if (!x25519_cpu_has_avx2() && !x25519_cpu_has_avx512())
		return 0;

	/* Without the memory the code in general registers does it all. */
	x25519_cpus = alloc_percpu(struct x25519_cpu);
	if (!x25519_cpus)
		return 0;
	if (x25519_cpu_likes_avx512())
		static_branch_enable(&x25519_use_avx512);
	else if (x25519_cpu_has_avx2())
		static_branch_enable(&x25519_use_avx2);
	return 0;
}
subsys_initcall(x25519_init);

static void __exit x25519_exit(void)
{
	free_percpu(x25519_cpus);
}
module_exit(x25519_exit);

MODULE_DESCRIPTION("X25519 for one pair or for many");
MODULE_LICENSE("GPL");
