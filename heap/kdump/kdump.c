// SPDX-License-Identifier: GPL-2.0
/*
 * lazy_contig_kdump: a crash kernel without crashkernel= on the command line.
 *
 * kexec loads a crash kernel into the range in crashk_res, which is set from the
 * command line at boot only. This module sets it to a kept buffer of lazy_contig,
 * and resets it on request. It is separate from lazy_contig because it accesses
 * variables that the kernel does not export, and writes to one of them. It does
 * so only if they have the expected contents, which it restores.
 *
 *	echo ADDRESS >/sys/module/lazy_contig_kdump/parameters/phys_addr
 *	kexec -c -p ...
 *	...
 *	kexec -c -p -u
 *	echo 0 >/sys/module/lazy_contig_kdump/parameters/phys_addr
 *
 * The command "lazy-contig kdump" does all that. While crashk_res is set, the
 * module holds a reference to the buffer and one to itself.
 *
 * The kernel treats the range as memory that was reserved at boot: as long as no
 * crash kernel is loaded, a write to /sys/kernel/kexec_crash_size frees it,
 * although its pages belong to lazy_contig. Remove the write permission of that
 * file first.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lazy_contig_kernel.h"

/* Alignment of the range that kernels expect. */
#define LC_KDUMP_ALIGN	SZ_16M

/* Guards all variables below. */
static DEFINE_MUTEX(lc_kdump_lock);
static struct lc_range *lc_kdump_range;
static u64 lc_kdump_addr;
static u64 lc_kdump_len;
static struct resource *lc_crashk_res;
static atomic_t *lc_kexec_lock;

typedef unsigned long (*lc_lookup_fn)(const char *name);

/*
 * kallsyms_lookup_name(), which finds variables, is not exported; a kprobe finds
 * its address. With indirect branch tracking the probe is placed behind the
 * ENDBR instruction at which a function has to be entered.
 */
static lc_lookup_fn lc_find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long addr;

	if (register_kprobe(&probe))
		return NULL;
	addr = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
#ifdef CONFIG_X86_KERNEL_IBT
	if (!IS_ALIGNED(addr, 16))
		addr -= ENDBR_INSN_SIZE;
#endif
	return (lc_lookup_fn)addr;
}

static int lc_kdump_resolve(void)
{
	lc_lookup_fn lookup = lc_find_lookup();

	if (!lookup)
		return -EOPNOTSUPP;
	lc_crashk_res = (struct resource *)lookup("crashk_res");
	lc_kexec_lock = (atomic_t *)lookup("__kexec_lock");
	return lc_crashk_res && lc_kexec_lock ? 0 : -EOPNOTSUPP;
}

/* Does crashk_res have the expected contents, and is nothing reserved? */
static int lc_kdump_check(void)
{
	static const char expected[] = "Crash kernel";
	char name[sizeof(expected)];
	struct resource res;

	if (copy_from_kernel_nofault(&res, lc_crashk_res, sizeof(res)) ||
	    copy_from_kernel_nofault(name, res.name, sizeof(name)) ||
	    memcmp(name, expected, sizeof(name)) ||
	    res.flags != (IORESOURCE_BUSY | IORESOURCE_SYSTEM_RAM) ||
	    res.desc != IORES_DESC_CRASH_KERNEL)
		return -EOPNOTSUPP;
	if (res.start || res.end || res.parent || res.child || res.sibling)
		return -EBUSY;
	return 0;
}

/* The lock of kexec_load() and of all that read crashk_res. */
static int lc_kdump_lock_kexec(void)
{
	return atomic_cmpxchg_acquire(lc_kexec_lock, 0, 1) ? -EBUSY : 0;
}

static void lc_kdump_unlock_kexec(void)
{
	atomic_set_release(lc_kexec_lock, 0);
}

static int lc_kdump_reserve(u64 addr, u64 len)
{
	int ret = lc_kdump_lock_kexec();

	if (ret)
		return ret;
	ret = kexec_crash_loaded() ? -EBUSY : lc_kdump_check();
	if (!ret) {
		lc_crashk_res->start = addr;
		lc_crashk_res->end = addr + len - 1;
	}
	lc_kdump_unlock_kexec();
	return ret;
}

static int lc_kdump_on(u64 addr)
{
	struct lc_range *range;
	u64 len;
	int ret;

	if (!IS_ALIGNED(addr, LC_KDUMP_ALIGN))
		return -EINVAL;
	/*
	 * While the module is being loaded, a bad parameter that follows ends it without
	 * a call of lc_kdump_exit(); while it is being removed, that call may be over.
	 */
	if (THIS_MODULE->state != MODULE_STATE_LIVE || !try_module_get(THIS_MODULE))
		return -EBUSY;
	ret = lc_kdump_resolve();
	if (ret)
		goto put;
	range = lazy_contig_hold(addr, &len);
	if (IS_ERR(range)) {
		ret = PTR_ERR(range);
		goto put;
	}
	ret = lc_kdump_reserve(addr, len);
	if (ret)
		goto release;
	lc_kdump_range = range;
	lc_kdump_addr = addr;
	lc_kdump_len = len;
	return 0;

release:
	lazy_contig_release(range);
put:
	module_put(THIS_MODULE);
	return ret;
}

static int lc_kdump_off(void)
{
	int ret = lc_kdump_lock_kexec();

	if (ret)
		return ret;
	if (kexec_crash_loaded()) {
		ret = -EBUSY;
	} else if (lc_crashk_res->start != lc_kdump_addr ||
		   lc_crashk_res->end != lc_kdump_addr + lc_kdump_len - 1) {
		/* changed by other code: no safe way to restore it */
		ret = -ESTALE;
	} else {
		lc_crashk_res->start = 0;
		lc_crashk_res->end = 0;
	}
	lc_kdump_unlock_kexec();
	if (ret)
		return ret;
	lc_kdump_addr = 0;
	lazy_contig_release(lc_kdump_range);
	module_put(THIS_MODULE);
	return 0;
}

static int lc_kdump_set(const char *val, const struct kernel_param *kp)
{
	u64 addr;
	int ret;

	ret = kstrtou64(val, 0, &addr);
	if (ret)
		return ret;
	mutex_lock(&lc_kdump_lock);
	if (addr == lc_kdump_addr)
		ret = 0;
	else if (addr && lc_kdump_addr)
		ret = -EBUSY;
	else
		ret = addr ? lc_kdump_on(addr) : lc_kdump_off();
	mutex_unlock(&lc_kdump_lock);
	return ret;
}

static int lc_kdump_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%#llx\n", READ_ONCE(lc_kdump_addr));
}

static const struct kernel_param_ops lc_kdump_ops = {
	.set = lc_kdump_set,
	.get = lc_kdump_get,
};
module_param_cb(phys_addr, &lc_kdump_ops, NULL, 0600);
MODULE_PARM_DESC(phys_addr,
		 "address of the kept buffer that crash kernels are loaded into; 0: none");

static int __init lc_kdump_init(void)
{
	return 0;
}

/*
 * The reference of lc_kdump_on() keeps the module while crashk_res is set, unless it is
 * removed by force. The kernel must not be left with a range that no code can reset, and
 * resetting it is impossible while a crash kernel is loaded: wait until it is unloaded.
 */
static void __exit lc_kdump_exit(void)
{
	int ret = -EBUSY;

	if (READ_ONCE(lc_kdump_addr) && kexec_crash_loaded())
		pr_warn("removal waits until the crash kernel is unloaded (kexec -p -u)\n");
	while (ret == -EBUSY) {
		mutex_lock(&lc_kdump_lock);
		ret = lc_kdump_addr ? lc_kdump_off() : 0;
		mutex_unlock(&lc_kdump_lock);
		if (ret == -EBUSY)
			schedule_timeout_idle(HZ / 10);
	}
}

module_init(lc_kdump_init);
module_exit(lc_kdump_exit);

MODULE_DESCRIPTION("crash kernel in a kept buffer of lazy_contig");
MODULE_AUTHOR("the lazy_contig authors");
MODULE_LICENSE("GPL");
