// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the kernel that its machine has been cloned, as the vmgenid device would. What
 * does so is not exported, since vmgenid is built in.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/random.h>

static int __init vmfork_init(void)
{
	struct kprobe where = { .symbol_name = "add_vmfork_randomness" };
	void (*forked)(const void *unique_vm_id, size_t len);
	u8 id[16];
	int err;

	err = register_kprobe(&where);
	if (err)
		return err;
	forked = (void *)where.addr;
	unregister_kprobe(&where);
	get_random_bytes(id, sizeof(id));
	forked(id, sizeof(id));
	return 0;
}

static void __exit vmfork_exit(void)
{
}

module_init(vmfork_init);
module_exit(vmfork_exit);
MODULE_DESCRIPTION("Pretends that the machine was cloned");
MODULE_LICENSE("GPL");
