/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the batch interfaces share: the implementation under test
 * as a parameter, buffers between pages that are not there, and a reference.
 */
#ifndef _BATCH_TEST_H
#define _BATCH_TEST_H

#include <kunit/test.h>
#include <linux/string.h>
#include <linux/types.h>

/* For KUNIT_ARRAY_PARAM() over the names of implementations. */
static inline void batch_impl_desc(const char * const *impl, char *desc)
{
	strscpy(desc, *impl, KUNIT_PARAM_DESC_SIZE);
}

/* Cases of the ChaCha20-Poly1305 family: in a suite's .init and .exit. */
int batch_aead_init(struct kunit *test);
void batch_aead_exit(struct kunit *test);

/* Pseudo-random numbers, the same ones in every run of a case. */
void batch_seed(u64 seed);
u32 batch_rand(void);
void batch_fill(void *buf, size_t len);

/* The bytes that a string of hexadecimal digits stands for; how many. */
size_t batch_hex(struct kunit *test, u8 *out, size_t room, const char *hex);

/* Zeroed memory until the end of the case; the case ends if there is none. */
void *batch_alloc(struct kunit *test, size_t size);

/*
 * Whole pages with nothing mapped behind them, nor, before them, anything that
 * belongs to the test: an access outside faults. @size is rounded up.
 */
struct batch_pages {
	u8	*start;
	u8	*end;
};

struct batch_pages batch_alloc_pages(struct kunit *test, size_t size);

/*
 * What a call has left on the stack. It is made with interrupts off, and so
 * must take none of what cannot be had then.
 */
#define BATCH_STACK_WORDS	768

struct batch_stack {
	u32	word[BATCH_STACK_WORDS];
};

/*
 * The case is skipped where a sanitizer has its own ideas of what lies where on
 * a stack, and of what to save there.
 */
struct batch_stack *batch_stack_new(struct kunit *test);

void batch_stack_after(struct batch_stack *st, void (*call)(void *arg),
		       void *arg);

/* How many of the 32-bit words that @secret consists of are on it. */
size_t batch_stack_find(const struct batch_stack *st, const void *secret,
			size_t len);

/* How many words the call has written at all. */
size_t batch_stack_used(const struct batch_stack *st);

/*
 * The reference: as near to the words of RFC 8439 as C gets, and shares nothing
 * with the code under test. Poly1305 works on bytes.
 */
void ref_chacha20(u8 *dst, const u8 *src, size_t len, const u8 key[32],
		  u32 counter, const u8 nonce[12]);
void ref_poly1305(u8 tag[16], const u8 *src, size_t len, const u8 key[32]);

/* @dst has room for @len + 16 bytes. */
void ref_seal(u8 *dst, const u8 *src, size_t len, const u8 *ad, size_t ad_len,
	      u32 salt, u64 nonce, const u8 key[32]);

#endif /* _BATCH_TEST_H */
