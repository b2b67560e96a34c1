// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/culvert_bench: one writes a command, which runs in the writer's network
 * namespace, and reads its answer from the same open file.
 */

#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bench.h"

#define COMMAND_MAX	1024
#define ANSWER_MAX	256

/* Is the static key at this address on? Tells which crypto a library took. */
static int bench_key(char *args, char *out, size_t room)
{
	unsigned long address;

	if (kstrtoul(strim(args), 16, &address) || !address)
		return -EINVAL;
	snprintf(out, room, "%d\n",
		 atomic_read(&((struct static_key *)address)->enabled));
	return 0;
}

static const struct {
	const char	*name;
	int		(*run)(char *args, char *out, size_t room);
} commands[] = {
	{ "udp", bench_udp },
	{ "flood", bench_flood },
	{ "handshakes", bench_handshakes },
	{ "oneway", bench_oneway },
	{ "roundtrip", bench_roundtrip },
	{ "lookup", bench_lookup },
	{ "key", bench_key },
};

static int bench_run(char *text, char *out)
{
	char *name = strsep(&text, " ");
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(text ?: "", out, ANSWER_MAX);
	return -EINVAL;
}

static ssize_t bench_write(struct file *file, const char __user *from,
			   size_t len, loff_t *pos)
{
	char *out = file->private_data;
	char *text;
	int err;

	if (len >= COMMAND_MAX)
		return -EINVAL;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	out[0] = 0;
	err = bench_run(strim(text), out);
	kfree(text);
	return err ?: len;
}

static ssize_t bench_read(struct file *file, char __user *to, size_t len,
			  loff_t *pos)
{
	char *out = file->private_data;
	size_t have = strlen(out);
	int err = 0;

	len = min(len, have);
	if (copy_to_user(to, out, len))
		err = -EFAULT;
	out[0] = 0;
	return err ?: len;
}

static int bench_open(struct inode *inode, struct file *file)
{
	file->private_data = kzalloc(ANSWER_MAX, GFP_KERNEL);
	return file->private_data ? 0 : -ENOMEM;
}

static int bench_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct proc_ops bench_ops = {
	.proc_open	= bench_open,
	.proc_read	= bench_read,
	.proc_write	= bench_write,
	.proc_release	= bench_release,
};

static int __init bench_init(void)
{
	return proc_create("culvert_bench", 0600, NULL, &bench_ops) ? 0 : -ENOMEM;
}

static void __exit bench_exit(void)
{
	remove_proc_entry("culvert_bench", NULL);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Sources and sinks inside the kernel, for the bench");
MODULE_LICENSE("GPL");
