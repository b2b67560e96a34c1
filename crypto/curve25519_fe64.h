/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Field elements modulo p = 2^255 - 19 for x86-64 with BMI2 and ADX: four
 * words, any number below 2^256. What reaches past 2^256 comes back 38-fold.
 *
 * The multiplications are assembly, as no compiler keeps two carries in flight.
 */
#ifndef _LIB_CRYPTO_BATCH_CURVE25519_FE64_H
#define _LIB_CRYPTO_BATCH_CURVE25519_FE64_H

#include <linux/string.h>
#include <linux/types.h>

struct fe {
	u64 l[4];
};

/* From 256 bits in words, least significant first; bit 255 is dropped. */
static inline void fe_from_words(struct fe *r, const u64 w[4])
{
	r->l[0] = w[0];
	r->l[1] = w[1];
	r->l[2] = w[2];
	r->l[3] = w[3] & ~0ULL >> 1;
}

/* w += x */
static __always_inline void fe64_add_word(u64 w[4], u64 x)
{
	asm("addq %4, %0\n\t"
	    "adcq $0, %1\n\t"
	    "adcq $0, %2\n\t"
	    "adcq $0, %3"
	    : "+&r" (w[0]), "+&r" (w[1]), "+&r" (w[2]), "+&r" (w[3])
	    : "r" (x) : "cc");
}

/* To the one representative below p */
static inline void fe_to_words(u64 w[4], const struct fe *a)
{
	u64 t[4] = { a->l[0], a->l[1], a->l[2], a->l[3] & ~0ULL >> 1 };
	u64 v[4], mask;
	int i;

	/* Below 2^255 + 19 */
	fe64_add_word(t, 19 * (a->l[3] >> 63));

	/* That is p or more if adding 19 makes it 2^255 or more. */
	for (i = 0; i < 4; i++)
		v[i] = t[i];
	fe64_add_word(v, 19);
	mask = -(v[3] >> 63);
	v[3] &= ~0ULL >> 1;
	for (i = 0; i < 4; i++)
		w[i] = t[i] ^ ((t[i] ^ v[i]) & mask);
	memzero_explicit(t, sizeof(t));
	memzero_explicit(v, sizeof(v));
}

static inline void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
	u64 r0 = a->l[0], r1 = a->l[1], r2 = a->l[2], r3 = a->l[3], c;

	/* A second carry leaves so little that a third one cannot be. */
	asm("addq %[b0], %[r0]\n\t"
	    "adcq %[b1], %[r1]\n\t"
	    "adcq %[b2], %[r2]\n\t"
	    "adcq %[b3], %[r3]\n\t"
	    "sbbq %[c], %[c]\n\t"
	    "andl $38, %k[c]\n\t"
	    "addq %[c], %[r0]\n\t"
	    "adcq $0, %[r1]\n\t"
	    "adcq $0, %[r2]\n\t"
	    "adcq $0, %[r3]\n\t"
	    "sbbq %[c], %[c]\n\t"
	    "andl $38, %k[c]\n\t"
	    "addq %[c], %[r0]"
	    : [r0] "+&r" (r0), [r1] "+&r" (r1), [r2] "+&r" (r2),
	      [r3] "+&r" (r3), [c] "=&r" (c)
	    : [b0] "m" (b->l[0]), [b1] "m" (b->l[1]), [b2] "m" (b->l[2]),
	      [b3] "m" (b->l[3])
	    : "cc");
	r->l[0] = r0;
	r->l[1] = r1;
	r->l[2] = r2;
	r->l[3] = r3;
}

static inline void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
	u64 r0 = a->l[0], r1 = a->l[1], r2 = a->l[2], r3 = a->l[3], c;

	asm("subq %[b0], %[r0]\n\t"
	    "sbbq %[b1], %[r1]\n\t"
	    "sbbq %[b2], %[r2]\n\t"
	    "sbbq %[b3], %[r3]\n\t"
	    "sbbq %[c], %[c]\n\t"
	    "andl $38, %k[c]\n\t"
	    "subq %[c], %[r0]\n\t"
	    "sbbq $0, %[r1]\n\t"
	    "sbbq $0, %[r2]\n\t"
	    "sbbq $0, %[r3]\n\t"
	    "sbbq %[c], %[c]\n\t"
	    "andl $38, %k[c]\n\t"
	    "subq %[c], %[r0]"
	    : [r0] "+&r" (r0), [r1] "+&r" (r1), [r2] "+&r" (r2),
	      [r3] "+&r" (r3), [c] "=&r" (c)
	    : [b0] "m" (b->l[0]), [b1] "m" (b->l[1]), [b2] "m" (b->l[2]),
	      [b3] "m" (b->l[3])
	    : "cc");
	r->l[0] = r0;
	r->l[1] = r1;
	r->l[2] = r2;
	r->l[3] = r3;
}

/* Every result is below 2^256; nothing to do. */
static inline void fe_weak_reduce(struct fe *r)
{
}

/* 512 bits in r0 to r7 to 256 bits in r0 to r3 */
#define FE64_REDUCE							       \
	"movl $38, %%edx\n\t"						       \
	"xorl %k[u], %k[u]\n\t"						       \
	"mulxq %[r4], %[t], %[r4]\n\t"					       \
	"adcxq %[t], %[r0]\n\t"						       \
	"adoxq %[r4], %[r1]\n\t"					       \
	"mulxq %[r5], %[t], %[r5]\n\t"					       \
	"adcxq %[t], %[r1]\n\t"						       \
	"adoxq %[r5], %[r2]\n\t"					       \
	"mulxq %[r6], %[t], %[r6]\n\t"					       \
	"adcxq %[t], %[r2]\n\t"						       \
	"adoxq %[r6], %[r3]\n\t"					       \
	"mulxq %[r7], %[t], %[r7]\n\t"					       \
	"adcxq %[t], %[r3]\n\t"						       \
	"adoxq %[u], %[r7]\n\t"						       \
	"adcxq %[u], %[r7]\n\t"						       \
	"imulq $38, %[r7], %[r7]\n\t"					       \
	"addq %[r7], %[r0]\n\t"						       \
	"adcq $0, %[r1]\n\t"						       \
	"adcq $0, %[r2]\n\t"						       \
	"adcq $0, %[r3]\n\t"						       \
	"sbbq %[r7], %[r7]\n\t"						       \
	"andl $38, %k[r7]\n\t"						       \
	"addq %[r7], %[r0]\n\t"

static noinline_for_stack void fe_mul(struct fe *r, const struct fe *a,
				      const struct fe *b)
{
	u64 r0, r1, r2, r3, r4, r5, r6, r7, t, u;

	/* Low halves run on the carry flag, high halves on the overflow flag. */
	asm("movq 0(%[a]), %%rdx\n\t"
	    "mulxq 0(%[b]), %[r0], %[r1]\n\t"
	    "mulxq 8(%[b]), %[t], %[r2]\n\t"
	    "addq %[t], %[r1]\n\t"
	    "mulxq 16(%[b]), %[t], %[r3]\n\t"
	    "adcq %[t], %[r2]\n\t"
	    "mulxq 24(%[b]), %[t], %[r4]\n\t"
	    "adcq %[t], %[r3]\n\t"
	    "adcq $0, %[r4]\n\t"
	    "movq 8(%[a]), %%rdx\n\t"
	    "xorl %k[r5], %k[r5]\n\t"
	    "mulxq 0(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r1]\n\t"
	    "adoxq %[u], %[r2]\n\t"
	    "mulxq 8(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r2]\n\t"
	    "adoxq %[u], %[r3]\n\t"
	    "mulxq 16(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r3]\n\t"
	    "adoxq %[u], %[r4]\n\t"
	    "mulxq 24(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r4]\n\t"
	    "adoxq %[r5], %[u]\n\t"
	    "adcxq %[u], %[r5]\n\t"
	    "movq 16(%[a]), %%rdx\n\t"
	    "xorl %k[r6], %k[r6]\n\t"
	    "mulxq 0(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r2]\n\t"
	    "adoxq %[u], %[r3]\n\t"
	    "mulxq 8(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r3]\n\t"
	    "adoxq %[u], %[r4]\n\t"
	    "mulxq 16(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r4]\n\t"
	    "adoxq %[u], %[r5]\n\t"
	    "mulxq 24(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r5]\n\t"
	    "adoxq %[r6], %[u]\n\t"
	    "adcxq %[u], %[r6]\n\t"
	    "movq 24(%[a]), %%rdx\n\t"
	    "xorl %k[r7], %k[r7]\n\t"
	    "mulxq 0(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r3]\n\t"
	    "adoxq %[u], %[r4]\n\t"
	    "mulxq 8(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r4]\n\t"
	    "adoxq %[u], %[r5]\n\t"
	    "mulxq 16(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r5]\n\t"
	    "adoxq %[u], %[r6]\n\t"
	    "mulxq 24(%[b]), %[t], %[u]\n\t"
	    "adcxq %[t], %[r6]\n\t"
	    "adoxq %[r7], %[u]\n\t"
	    "adcxq %[u], %[r7]\n\t"
	    FE64_REDUCE
	    : [r0] "=&r" (r0), [r1] "=&r" (r1), [r2] "=&r" (r2),
	      [r3] "=&r" (r3), [r4] "=&r" (r4), [r5] "=&r" (r5),
	      [r6] "=&r" (r6), [r7] "=&r" (r7), [t] "=&r" (t), [u] "=&r" (u)
	    : [a] "r" (a->l), [b] "r" (b->l), "m" (*a), "m" (*b)
	    : "rdx", "cc");
	r->l[0] = r0;
	r->l[1] = r1;
	r->l[2] = r2;
	r->l[3] = r3;
}

/* Every product of two different words is taken once and doubled. */
static __always_inline void fe64_sqr(struct fe *r, const struct fe *a)
{
	u64 r0, r1, r2, r3, r4, r5, r6, r7, t, u;

	asm("movq 0(%[a]), %%rdx\n\t"
	    "mulxq 8(%[a]), %[r1], %[r2]\n\t"
	    "mulxq 16(%[a]), %[t], %[r3]\n\t"
	    "addq %[t], %[r2]\n\t"
	    "mulxq 24(%[a]), %[t], %[r4]\n\t"
	    "adcq %[t], %[r3]\n\t"
	    "adcq $0, %[r4]\n\t"
	    "movq 8(%[a]), %%rdx\n\t"
	    "mulxq 16(%[a]), %[t], %[u]\n\t"
	    "addq %[t], %[r3]\n\t"
	    "adcq %[u], %[r4]\n\t"
	    "mulxq 24(%[a]), %[t], %[r5]\n\t"
	    "adcq $0, %[r5]\n\t"
	    "addq %[t], %[r4]\n\t"
	    "movq 16(%[a]), %%rdx\n\t"
	    "mulxq 24(%[a]), %[t], %[r6]\n\t"
	    "adcq %[t], %[r5]\n\t"
	    "adcq $0, %[r6]\n\t"
	    "movq 0(%[a]), %%rdx\n\t"
	    "xorl %k[r7], %k[r7]\n\t"
	    "mulxq %%rdx, %[r0], %[t]\n\t"
	    "adcxq %[r1], %[r1]\n\t"
	    "adoxq %[t], %[r1]\n\t"
	    "movq 8(%[a]), %%rdx\n\t"
	    "mulxq %%rdx, %[t], %[u]\n\t"
	    "adcxq %[r2], %[r2]\n\t"
	    "adoxq %[t], %[r2]\n\t"
	    "adcxq %[r3], %[r3]\n\t"
	    "adoxq %[u], %[r3]\n\t"
	    "movq 16(%[a]), %%rdx\n\t"
	    "mulxq %%rdx, %[t], %[u]\n\t"
	    "adcxq %[r4], %[r4]\n\t"
	    "adoxq %[t], %[r4]\n\t"
	    "adcxq %[r5], %[r5]\n\t"
	    "adoxq %[u], %[r5]\n\t"
	    "movq 24(%[a]), %%rdx\n\t"
	    "mulxq %%rdx, %[t], %[u]\n\t"
	    "adcxq %[r6], %[r6]\n\t"
	    "adoxq %[t], %[r6]\n\t"
	    "adcxq %[r7], %[r7]\n\t"
	    "adoxq %[u], %[r7]\n\t"
	    FE64_REDUCE
	    : [r0] "=&r" (r0), [r1] "=&r" (r1), [r2] "=&r" (r2),
	      [r3] "=&r" (r3), [r4] "=&r" (r4), [r5] "=&r" (r5),
	      [r6] "=&r" (r6), [r7] "=&r" (r7), [t] "=&r" (t), [u] "=&r" (u)
	    : [a] "r" (a->l), "m" (*a)
	    : "rdx", "cc");
	r->l[0] = r0;
	r->l[1] = r1;
	r->l[2] = r2;
	r->l[3] = r3;
}

/* @a squared @n times, @n at least 1 */
static noinline_for_stack void fe_sqr_n(struct fe *r, const struct fe *a,
					int n)
{
	do {
		fe64_sqr(r, a);
		a = r;
	} while (--n);
}

/* A call costs little beside what it calls. */
static __always_inline void fe_mul_hot(struct fe *r, const struct fe *a,
				       const struct fe *b)
{
	fe_mul(r, a, b);
}

static __always_inline void fe_sqr_hot(struct fe *r, const struct fe *a)
{
	fe_sqr_n(r, a, 1);
}

/* @a times a constant below 2^20 */
static inline void fe_mul_small(struct fe *r, const struct fe *a, u32 k)
{
	u64 r0, r1, r2, r3, r7, t;

	asm("movl %[k], %%edx\n\t"
	    "mulxq 0(%[a]), %[r0], %[r1]\n\t"
	    "mulxq 8(%[a]), %[t], %[r2]\n\t"
	    "addq %[t], %[r1]\n\t"
	    "mulxq 16(%[a]), %[t], %[r3]\n\t"
	    "adcq %[t], %[r2]\n\t"
	    "mulxq 24(%[a]), %[t], %[r7]\n\t"
	    "adcq %[t], %[r3]\n\t"
	    "adcq $0, %[r7]\n\t"
	    "imulq $38, %[r7], %[r7]\n\t"
	    "addq %[r7], %[r0]\n\t"
	    "adcq $0, %[r1]\n\t"
	    "adcq $0, %[r2]\n\t"
	    "adcq $0, %[r3]\n\t"
	    "sbbq %[r7], %[r7]\n\t"
	    "andl $38, %k[r7]\n\t"
	    "addq %[r7], %[r0]"
	    : [r0] "=&r" (r0), [r1] "=&r" (r1), [r2] "=&r" (r2),
	      [r3] "=&r" (r3), [r7] "=&r" (r7), [t] "=&r" (t)
	    : [a] "r" (a->l), [k] "r" (k), "m" (*a)
	    : "rdx", "cc");
	r->l[0] = r0;
	r->l[1] = r1;
	r->l[2] = r2;
	r->l[3] = r3;
}

/* @r becomes @a where @mask is all ones, stays where it is 0. */
static inline void fe_choose(struct fe *r, const struct fe *a, u64 mask)
{
	int i;

#pragma GCC unroll 4
	for (i = 0; i < 4; i++)
		r->l[i] ^= (r->l[i] ^ a->l[i]) & mask;
}

#endif /* _LIB_CRYPTO_BATCH_CURVE25519_FE64_H */
