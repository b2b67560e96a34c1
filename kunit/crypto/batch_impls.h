/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The implementation under test, as a parameter of a case.
 */
#ifndef _BATCH_IMPLS_H
#define _BATCH_IMPLS_H

#include <kunit/test.h>

#include "batch_test.h"

/*
 * Each case runs once for every name below. Where the machine has no such
 * implementation the case is skipped.
 */
static const char * const batch_impls[] = {
	"generic",
#ifdef CONFIG_X86_64
	"avx2",
	"avx512",
#endif
#ifdef CONFIG_ARM64
	"neon",
#endif
};

KUNIT_ARRAY_PARAM(batch_impl, batch_impls, batch_impl_desc);

#endif /* _BATCH_IMPLS_H */
