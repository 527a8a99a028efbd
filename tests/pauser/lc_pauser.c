// SPDX-License-Identifier: GPL-2.0
/*
 * Widens a race window: the first caller of a function after this module was loaded
 * waits at its beginning until the memory notifiers were called for memory that goes
 * offline.
 *
 * read() of /dev/lc_pauser waits for that caller and returns the
 * first six arguments of the function; write() ends the pause without memory
 * going offline. Tests only, x86 only.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/memory.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/uaccess.h>

#define NR_ARGS		6

typedef unsigned long (*any_function)(unsigned long, unsigned long,
				      unsigned long, unsigned long,
				      unsigned long, unsigned long);

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "where to pause");

static bool pointer;
module_param(pointer, bool, 0444);
MODULE_PARM_DESC(pointer, "the first argument is a pointer: read what it points to");

static unsigned long args[NR_ARGS];
static atomic_t reached = ATOMIC_INIT(0);
static DECLARE_COMPLETION(arrived);
static DECLARE_COMPLETION(announced);

static struct kprobe probe;

/* Called in place of the function, in the context of its caller. */
static unsigned long pause_first(unsigned long a, unsigned long b,
				 unsigned long c, unsigned long d,
				 unsigned long e, unsigned long f)
{
	const unsigned long now[NR_ARGS] = { a, b, c, d, e, f };

	memcpy(args, now, sizeof(args));
	if (pointer)
		args[0] = *(unsigned long *)a;
	complete_all(&arrived);
	wait_for_completion_killable(&announced);
	return ((any_function)probe.addr)(a, b, c, d, e, f);
}

static int redirect(struct kprobe *p, struct pt_regs *regs)
{
	if (atomic_xchg(&reached, 1))
		return 0;
	instruction_pointer_set(regs, (unsigned long)pause_first);
	return 1;
}

/* That there is one says that the instruction pointer may change. */
static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.pre_handler = redirect,
	.post_handler = after,
};

static int memory_changes(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	if (action == MEM_GOING_OFFLINE)
		complete_all(&announced);
	return NOTIFY_OK;
}

static struct notifier_block last_to_know = {
	.notifier_call = memory_changes,
	.priority = INT_MIN,
};

static ssize_t pauser_read(struct file *file, char __user *to, size_t len,
			   loff_t *pos)
{
	if (len < sizeof(args))
		return -EINVAL;
	if (wait_for_completion_interruptible(&arrived))
		return -EINTR;
	return copy_to_user(to, args, sizeof(args)) ? -EFAULT : sizeof(args);
}

static ssize_t pauser_write(struct file *file, const char __user *from,
			    size_t len, loff_t *pos)
{
	complete_all(&announced);
	return len;
}

static const struct file_operations pauser_fops = {
	.owner = THIS_MODULE,
	.read = pauser_read,
	.write = pauser_write,
};

static struct miscdevice pauser = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lc_pauser",
	.fops = &pauser_fops,
	.mode = 0600,
};

static int __init pauser_init(void)
{
	int err;

	err = register_memory_notifier(&last_to_know);
	if (err)
		return err;
	err = misc_register(&pauser);
	if (err)
		goto unregister_notifier;
	probe.symbol_name = function;
	err = register_kprobe(&probe);
	if (!err)
		return 0;
	misc_deregister(&pauser);
unregister_notifier:
	unregister_memory_notifier(&last_to_know);
	return err;
}

static void __exit pauser_exit(void)
{
	unregister_kprobe(&probe);
	misc_deregister(&pauser);
	unregister_memory_notifier(&last_to_know);
}

module_init(pauser_init);
module_exit(pauser_exit);

MODULE_DESCRIPTION("pause for the tests of lazy_contig");
MODULE_LICENSE("GPL");
