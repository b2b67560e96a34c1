/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the user-space checks and the bench share: the list of implementations,
 * the choice of one, a clock, and a way to fail.
 */
#ifndef _CULVERT_HARNESS_H
#define _CULVERT_HARNESS_H

#include <linux/types.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/unaligned.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The library's own test hooks. */
int chacha20poly1305_batch_select(const char *impl);
const char *chacha20poly1305_batch_selected(void);
bool chacha20poly1305_batch_is_wiped(void);
int x25519_batch_select(const char *impl) __attribute__((__weak__));
const char *x25519_batch_selected(void);
bool x25519_batch_is_wiped(void);
int blake2s_batch_select(const char *impl) __attribute__((__weak__));
const char *blake2s_batch_selected(void);

/* The one family has a generic code for each limb size, the other one name. */
static const char *const impl_names[] = {
	"generic", "generic32", "adx", "avx2", "avx512", "neon"
};

static inline const char *x25519_impl(unsigned int i)
{
	return i ? impl_names[i] : "generic64";
}

static inline const char *blake2s_impl(unsigned int i)
{
	return i ? impl_names[i] : "lib";
}


static u64 impl_cases[ARRAY_SIZE(impl_names)], impl_curve_cases[ARRAY_SIZE(impl_names)];
static u64 impl_hash_cases[ARRAY_SIZE(impl_names)];
static u64 fallback_cases, fallback_curve_cases, fallback_hash_cases;
static unsigned int impl_now;
static u64 fail_seed;

static inline void __attribute__((__format__(printf, 1, 2), __noreturn__))
fail(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "FAILED: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (fail_seed)
		fprintf(stderr, " (seed %llu)", fail_seed);
	fprintf(stderr, "\n");
	abort();
}

static inline void set_fail_seed(u64 seed)
{
	fail_seed = seed;
}

static inline double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline unsigned int nr_impls(void)
{
	return ARRAY_SIZE(impl_names);
}

static inline const char *impl_name(unsigned int i)
{
	return impl_names[i];
}

static inline bool impl_has_aead(unsigned int i)
{
	static signed char known[ARRAY_SIZE(impl_names)];

	if (!known[i]) {
		known[i] = chacha20poly1305_batch_select(impl_names[i]) ? -1 : 1;
		if (chacha20poly1305_batch_select(NULL))
			fail("the best implementation cannot be selected");
	}
	return known[i] > 0;
}

static inline bool impl_has_x25519(unsigned int i)
{
	static signed char known[ARRAY_SIZE(impl_names)];

	if (!known[i]) {
		known[i] = !x25519_batch_select || x25519_batch_select(x25519_impl(i)) ? -1 : 1;
		if (x25519_batch_select && x25519_batch_select(NULL))
			fail("the best implementation cannot be selected");
	}
	return known[i] > 0;
}

static inline bool impl_has_blake2s(unsigned int i)
{
	static signed char known[ARRAY_SIZE(impl_names)];

	if (!known[i]) {
		known[i] = !blake2s_batch_select || blake2s_batch_select(blake2s_impl(i)) ? -1 : 1;
		if (blake2s_batch_select && blake2s_batch_select(NULL))
			fail("the best implementation cannot be selected");
	}
	return known[i] > 0;
}

/* Hold what follows to one implementation, where it exists. */
static inline bool select_impl(unsigned int i)
{
	bool any = false;

	if (impl_has_aead(i)) {
		if (chacha20poly1305_batch_select(impl_names[i]))
			fail("%s cannot be selected again", impl_names[i]);
		any = true;
	}
	if (impl_has_x25519(i)) {
		if (x25519_batch_select(x25519_impl(i)))
			fail("%s cannot be selected again", impl_names[i]);
		any = true;
	}
	if (impl_has_blake2s(i)) {
		if (blake2s_batch_select(blake2s_impl(i)))
			fail("%s cannot be selected again", impl_names[i]);
		any = true;
	}
	impl_now = i;
	return any;
}

static inline void count_cases(unsigned int n)
{
	/* Without vector registers, generic code has done it. */
	if (shim_simd_usable)
		impl_cases[impl_now] += n;
	else
		fallback_cases += n;
}

static inline void count_curve_cases(unsigned int n)
{
	if (shim_simd_usable)
		impl_curve_cases[impl_now] += n;
	else
		fallback_curve_cases += n;
}

static inline void count_hash_cases(unsigned int n)
{
	if (shim_simd_usable)
		impl_hash_cases[impl_now] += n;
	else
		fallback_hash_cases += n;
}

static inline void print_counts(void)
{
	unsigned int i;

	for (i = 0; i < nr_impls(); i++) {
		if (impl_cases[i])
			printf("%s %llu\n", impl_names[i], impl_cases[i]);
		if (impl_curve_cases[i])
			printf("%s-x25519 %llu\n", impl_names[i], impl_curve_cases[i]);
		if (impl_hash_cases[i])
			printf("%s-blake2s %llu\n", impl_names[i], impl_hash_cases[i]);
	}
	if (fallback_cases)
		printf("fallback %llu\n", fallback_cases);
	if (fallback_curve_cases)
		printf("fallback-x25519 %llu\n", fallback_curve_cases);
	if (fallback_hash_cases)
		printf("fallback-blake2s %llu\n", fallback_hash_cases);
}

#endif /* _CULVERT_HARNESS_H */
