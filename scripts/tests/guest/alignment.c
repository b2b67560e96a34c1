// SPDX-License-Identifier: GPL-2.0
/*
 * What a compiler calls that checks the alignment of accesses to memory, for kernels
 * without CONFIG_UBSAN. Each place is reported once, as UBSAN would.
 */
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/string.h>

struct source_location {
	const char	*file;
	u32		line;
	u32		column;
};

struct type_mismatch {
	struct source_location	where;
	void			*type;
	unsigned char		log_alignment;
	unsigned char		kind;
};

static const void *reported[512];
static atomic_t nr_reported;

void __ubsan_handle_type_mismatch_v1(void *what, void *ptr);

void __ubsan_handle_type_mismatch_v1(void *what, void *ptr)
{
	struct type_mismatch *t = what;
	int i, nr = min_t(int, atomic_read(&nr_reported), ARRAY_SIZE(reported));

	/* Its tables of buckets begin where kvmalloc() gives memory, cache line or not. */
	if (strstr(t->where.file, "include/linux/rhashtable.h"))
		return;
	/* The tracing core aligns its records where the machine wants it. */
	if (strstr(t->where.file, "/trace.h"))
		return;
	for (i = 0; i < nr; i++)
		if (reported[i] == what)
			return;
	i = atomic_inc_return(&nr_reported) - 1;
	if (i >= ARRAY_SIZE(reported))
		return;
	reported[i] = what;
	pr_err("UBSAN: misaligned-access in %s:%u:%u, address %px, to be aligned to %lu, in %pS\n",
	       t->where.file, t->where.line, t->where.column, ptr,
	       1UL << t->log_alignment, __builtin_return_address(0));
}
EXPORT_SYMBOL(__ubsan_handle_type_mismatch_v1);

MODULE_DESCRIPTION("Reports accesses that are not aligned");
MODULE_LICENSE("GPL");
