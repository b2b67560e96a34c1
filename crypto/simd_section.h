/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where vector registers may be used, and for how long. The body of
 * batch_simd_scope() runs once batch_simd_usable() has said yes, with
 * preemption held off; whatever interrupts it is told no, or finds the CPU's
 * working memory in use. It must not leave by return, break or goto.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_SECTION_H
#define _LIB_CRYPTO_BATCH_SIMD_SECTION_H

#include <linux/types.h>

#if defined(CONFIG_ARM64) && defined(CONFIG_KERNEL_MODE_NEON)

#include <linux/preempt.h>

#include <asm/simd.h>

static inline bool batch_simd_usable(void)
{
	return may_use_simd();
}

/*
 * The registers alone may be preempted, the working memory of a CPU may not. A
 * softirq may come in and use vectors: it finds that memory in use.
 */
static inline bool batch_simd_stay(void)
{
	preempt_disable();
	return true;
}

static inline bool batch_simd_leave(void)
{
	preempt_enable();
	return false;
}

#define batch_simd_scope()						\
	for (bool __once = batch_simd_stay(); __once;			\
	     __once = batch_simd_leave())				\
		scoped_ksimd()

#else

#if defined(CONFIG_UML)

#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>

/*
 * The host keeps the registers of an interrupted context, but what the working
 * memory of a CPU holds must not be met by a second user.
 */
static inline bool batch_simd_usable(void)
{
	return !in_hardirq() && !irqs_disabled();
}

static inline void batch_simd_begin(void)
{
	preempt_disable();
	local_bh_disable();
}

static inline void batch_simd_end(void)
{
	local_bh_enable();
	preempt_enable();
}

#elif defined(CONFIG_X86)

#include <asm/fpu/api.h>
#include <asm/simd.h>

static inline bool batch_simd_usable(void)
{
	return may_use_simd();
}

static inline void batch_simd_begin(void)
{
	kernel_fpu_begin();
}

static inline void batch_simd_end(void)
{
	kernel_fpu_end();
}

#else

static inline bool batch_simd_usable(void)
{
	return false;
}

static inline void batch_simd_begin(void)
{
}

static inline void batch_simd_end(void)
{
}

#endif

#define batch_simd_scope()						\
	for (bool __once = (batch_simd_begin(), true); __once;		\
	     __once = false, batch_simd_end())

#endif

#endif /* _LIB_CRYPTO_BATCH_SIMD_SECTION_H */
