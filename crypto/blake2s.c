// SPDX-License-Identifier: GPL-2.0
/*
 * BLAKE2s for arrays of messages: the public function, and which implementation
 * runs
 *
 * A lane is a message. What makes no group, or comes where vectors may not be
 * used, goes through the functions of lib/crypto.
 */
#include <crypto/blake2s.h>
#include <crypto/blake2s_batch.h>
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/string.h>

#include "blake2s_dispatch.h"
#include "blake2s_impl.h"
#include "simd_cpu.h"
#include "simd_section.h"

#define BLAKE2S_HAS(isa, ISA)						\
	(IS_ENABLED(CONFIG_CRYPTO_LIB_BLAKE2S_BATCH_##ISA) &&		\
	 static_branch_likely(&blake2s_batch_use_##isa))

static DEFINE_STATIC_KEY_FALSE(blake2s_batch_use_avx2);
static DEFINE_STATIC_KEY_FALSE(blake2s_batch_use_neon);

static void blake2s_one(u8 *out, const u8 *in, size_t len)
{
	struct blake2s_ctx ctx;

	blake2s_init(&ctx, BLAKE2S_HASH_SIZE);
	if (len)
		blake2s_update(&ctx, in, len);
	blake2s_final(&ctx, out);
}

/* How many of @left make a group now; 0: none, go without vectors. */
static unsigned int blake2s_group_size(size_t left)
{
	if (BLAKE2S_HAS(avx2, AVX2) && left >= BLAKE2S_AVX2_MIN)
		return min_t(size_t, left, BLAKE2S_AVX2_LANES);
	if (BLAKE2S_HAS(neon, NEON) && left >= BLAKE2S_NEON_MIN)
		return min_t(size_t, left, BLAKE2S_NEON_LANES);
	return 0;
}

static void blake2s_group(u8 *const out[], const u8 *const in[], unsigned int n,
			  size_t len)
{
	batch_simd_scope() {
		if (BLAKE2S_HAS(avx2, AVX2))
			blake2s_group_avx2(out, in, n, len);
		else if (BLAKE2S_HAS(neon, NEON))
			blake2s_group_neon(out, in, n, len);
	}
}

void blake2s_batch(u8 *const out[], const u8 *const in[], size_t len, size_t nr)
{
	unsigned int n;

	if (!out || !in)
		return;
	for (; nr; out += n, in += n, nr -= n) {
		n = len <= BLAKE2S_GROUP_BYTES ? blake2s_group_size(nr) : 0;
		if (n && batch_simd_usable()) {
			blake2s_group(out, in, n, len);
		} else {
			n = 1;
			blake2s_one(*out, *in, len);
		}
	}
}
EXPORT_SYMBOL_GPL(blake2s_batch);

static bool blake2s_cpu_has_avx2(void)
{
	return IS_ENABLED(CONFIG_CRYPTO_LIB_BLAKE2S_BATCH_AVX2) && batch_cpu_has_avx2();
}

static bool blake2s_cpu_has_neon(void)
{
	return IS_ENABLED(CONFIG_CRYPTO_LIB_BLAKE2S_BATCH_NEON) && batch_cpu_has_neon();
}

#if IS_ENABLED(CONFIG_KUNIT)
#define BLAKE2S_SET(key, on)						\
	((on) ? static_branch_enable(&blake2s_batch_use_##key)		\
	      : static_branch_disable(&blake2s_batch_use_##key))

int blake2s_batch_select(const char *impl)
{
	bool avx2 = blake2s_cpu_has_avx2() && (!impl || !strcmp(impl, "avx2"));
	bool neon = blake2s_cpu_has_neon() && (!impl || !strcmp(impl, "neon"));

	if (impl && !avx2 && !neon && strcmp(impl, "lib"))
		return -ENOENT;
	BLAKE2S_SET(avx2, avx2);
	BLAKE2S_SET(neon, neon);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(blake2s_batch_select);

const char *blake2s_batch_selected(void)
{
	if (BLAKE2S_HAS(avx2, AVX2))
		return "avx2";
	return BLAKE2S_HAS(neon, NEON) ? "neon" : "lib";
}
EXPORT_SYMBOL_IF_KUNIT(blake2s_batch_selected);
#endif

static int __init blake2s_batch_init(void)
{
	if (blake2s_cpu_has_avx2())
		static_branch_enable(&blake2s_batch_use_avx2);
	if (blake2s_cpu_has_neon())
		static_branch_enable(&blake2s_batch_use_neon);
	return 0;
}
subsys_initcall(blake2s_batch_init);

static void __exit blake2s_batch_exit(void)
{
}
module_exit(blake2s_batch_exit);

MODULE_DESCRIPTION("BLAKE2s for many messages");
MODULE_LICENSE("GPL");
