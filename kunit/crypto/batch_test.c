// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers of the suites of the batch interfaces.
 */
#include <kunit/test.h>
#include <linux/hex.h>
#include <linux/irqflags.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include "aead_dispatch.h"
#include "batch_test.h"

int batch_aead_init(struct kunit *test)
{
	const char * const *impl = test->param_value;

	batch_seed(1);
	if (impl && chacha20poly1305_batch_select(*impl))
		kunit_skip(test, "this machine has no %s", *impl);
	if (impl)
		KUNIT_ASSERT_STREQ(test, chacha20poly1305_batch_selected(),
				   *impl);
	return 0;
}

void batch_aead_exit(struct kunit *test)
{
	chacha20poly1305_batch_select(NULL);
}

static u64 batch_rand_state;

void batch_seed(u64 seed)
{
	batch_rand_state = 0x9e3779b97f4a7c15ULL * (seed + 1);
}

/* xorshift64 of G. Marsaglia */
u32 batch_rand(void)
{
	u64 x = batch_rand_state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	batch_rand_state = x;
	return x >> 32;
}

void batch_fill(void *buf, size_t len)
{
	u8 *p = buf;

	while (len--)
		*p++ = batch_rand();
}

size_t batch_hex(struct kunit *test, u8 *out, size_t room, const char *hex)
{
	size_t n = strlen(hex) / 2;

	KUNIT_ASSERT_LE(test, n, room);
	KUNIT_ASSERT_EQ(test, hex2bin(out, hex, n), 0);
	return n;
}

static void batch_vfree(void *p)
{
	vfree(p);
}

void *batch_alloc(struct kunit *test, size_t size)
{
	void *p = vzalloc(size);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, batch_vfree, p));
	return p;
}

struct batch_pages batch_alloc_pages(struct kunit *test, size_t size)
{
	struct batch_pages pages;

	/* vmalloc() leaves a page unmapped behind every area. */
	size = PAGE_ALIGN(size);
	pages.start = batch_alloc(test, size);
	pages.end = pages.start + size;
	return pages;
}

struct batch_stack *batch_stack_new(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN))
		kunit_skip(test, "the stack is not as it is without sanitizers");
	return batch_alloc(test, sizeof(struct batch_stack));
}

#define BATCH_STACK_PAINT	0xa5c35a3cU

/* Where the stack ends for whoever calls this. */
static noinline unsigned long batch_stack_end(void)
{
	return (unsigned long)__builtin_frame_address(0);
}

/*
 * The words below the stack's end are painted, and read after the call; nothing
 * else is called meanwhile, and no interrupt comes to write there. All of it is
 * with volatile accesses, out of which no call of memset() or memcpy() is made.
 */
noinline void __no_sanitize_address
batch_stack_after(struct batch_stack *st, void (*call)(void *arg), void *arg)
{
	unsigned long flags;
	u32 *area;

	local_irq_save(flags);
	area = (u32 *)(round_down(batch_stack_end(), 64) - sizeof(st->word));
	for (int i = 0; i < BATCH_STACK_WORDS; i++)
		WRITE_ONCE(area[i], BATCH_STACK_PAINT);
	call(arg);
	for (int i = 0; i < BATCH_STACK_WORDS; i++)
		WRITE_ONCE(st->word[i], READ_ONCE(area[i]));
	local_irq_restore(flags);
}

size_t batch_stack_find(const struct batch_stack *st, const void *secret,
			size_t len)
{
	size_t found = 0;

	for (size_t at = 0; at + 4 <= len; at += 4) {
		u32 word;

		memcpy(&word, secret + at, sizeof(word));
		for (int i = 0; i < BATCH_STACK_WORDS; i++)
			if (st->word[i] == word) {
				found++;
				break;
			}
	}
	return found;
}

size_t batch_stack_used(const struct batch_stack *st)
{
	size_t used = 0;

	for (int i = 0; i < BATCH_STACK_WORDS; i++)
		used += st->word[i] != BATCH_STACK_PAINT;
	return used;
}

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests for the batch crypto interfaces");
MODULE_LICENSE("GPL");
