// SPDX-License-Identifier: GPL-2.0
/*
 * lazy_contig_kdump: a crash kernel without crashkernel= on the command line.
 *
 * kexec loads a crash kernel into the range that crashk_res names, which only
 * the command line can set, at boot. This module lets it name a kept buffer of
 * lazy_contig instead, until told to stop. It is separate from lazy_contig
 * because it does what no module should: it finds variables that the kernel
 * does not export and writes to one of them. It does so only if everything is
 * found as expected, and leaves it as it was.
 *
 *	echo ADDRESS >/sys/module/lazy_contig_kdump/parameters/phys_addr
 *	kexec -c -p ...
 *	...
 *	kexec -c -p -u
 *	echo 0 >/sys/module/lazy_contig_kdump/parameters/phys_addr
 *
 * The command "lazy-contig kdump" does all that. While crashk_res names the
 * buffer, the module holds a reference to the buffer and one to itself, so that
 * neither goes away.
 *
 * The kernel takes the range for memory that was reserved at boot. Writing to
 * /sys/kernel/kexec_crash_size makes it free that, unless a crash kernel is
 * loaded, which would free pages that are lazy_contig's: take the permission to
 * write from that file first.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lazy_contig_kernel.h"

/* Where kernels expect the range to begin at a multiple of. */
#define LC_KDUMP_ALIGN	SZ_16M

/* Guards all below. */
static DEFINE_MUTEX(lc_kdump_lock);
static struct lc_range *lc_kdump_range;
static u64 lc_kdump_addr;
static u64 lc_kdump_len;
static struct resource *lc_crashk_res;
static atomic_t *lc_kexec_lock;

typedef unsigned long (*lc_lookup_fn)(const char *name);

/*
 * Of the kernel's functions, a probe tells the address; the function that tells
 * those of variables is not exported. With indirect branch tracking the probe
 * is put behind the instruction that allows the call.
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

/* Is it what the sources say, and is nothing reserved? */
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

/* What kexec_load() and those who read crashk_res take. */
static int lc_kdump_lock_kexec(void)
{
	return atomic_cmpxchg_acquire(lc_kexec_lock, 0, 1) ? -EBUSY : 0;
}

static void lc_kdump_unlock_kexec(void)
{
	atomic_set_release(lc_kexec_lock, 0);
}

static int lc_kdump_write(u64 addr)
{
	int ret = lc_kdump_lock_kexec();

	if (ret)
		return ret;
	ret = kexec_crash_loaded() ? -EBUSY : lc_kdump_check();
	if (!ret) {
		lc_crashk_res->start = addr;
		lc_crashk_res->end = addr + lc_kdump_len - 1;
	}
	lc_kdump_unlock_kexec();
	return ret;
}

static int lc_kdump_on(u64 addr)
{
	int ret;

	if (!IS_ALIGNED(addr, LC_KDUMP_ALIGN))
		return -EINVAL;
	ret = lc_kdump_resolve();
	if (ret)
		return ret;
	lc_kdump_range = lazy_contig_hold(addr, &lc_kdump_len);
	if (IS_ERR(lc_kdump_range))
		return PTR_ERR(lc_kdump_range);
	ret = lc_kdump_write(addr);
	if (ret) {
		lazy_contig_release(lc_kdump_range);
		return ret;
	}
	lc_kdump_addr = addr;
	__module_get(THIS_MODULE);
	return 0;
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
		/* somebody else has changed it: there is nothing safe to do */
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

/* Only reached with crashk_res as it was: anything else pins the module. */
static void __exit lc_kdump_exit(void)
{
}

module_init(lc_kdump_init);
module_exit(lc_kdump_exit);

MODULE_DESCRIPTION("crash kernel in a kept buffer of lazy_contig");
MODULE_LICENSE("GPL");
