// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/lazy_cma: the ioctls of the lazy_cma driver, implemented by kept buffers,
 * for programs built for that driver. Differences that a program can see: memory
 * that is mapped is not freed before the mapping ends, a buffer that is mapped
 * cannot be resized and one that is held not freed (-EBUSY), lengths that wrap,
 * names that are not printable and private mappings are refused (-EINVAL).
 *
 * That driver maps its buffers write-combined, whether the file is open with O_SYNC
 * or not: those made here are uncached. A buffer of another face is mapped as there.
 *
 * All functions may sleep.
 */

#include <linux/capability.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/lazy_contig.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "alloc.h"
#include "buffer.h"
#include "compat.h"
#include "kept.h"
#include "lazy_cma_compat.h"
#include "range.h"

static bool lazy_cma_compat;
module_param(lazy_cma_compat, bool, 0444);
MODULE_PARM_DESC(lazy_cma_compat,
		 "provide /dev/lazy_cma too, for programs built for the lazy_cma driver");

/* The structs of the lazy_cma driver's ioctls. */
struct lc_cma_alloc {
	__u64 len;
	__u64 phys_addr;
	__s32 node;
	__u32 pad;
	char name[LAZY_CONTIG_NAME_MAX];
};

struct lc_cma_resize {
	__u64 phys_addr;
	__u64 len;
};

/* Numbers of the ioctls, whose type is 'H'. */
enum {
	LC_CMA_ALLOC,
	LC_CMA_RESIZE,
	LC_CMA_FREE,
};

/* @size: of the caller's struct; what it lacks is zero. */
static int lc_cma_alloc(void __user *uarg, size_t size)
{
	struct lc_cma_alloc alloc = {};
	struct lc_request req;
	struct lc_range *range;
	int ret;

	size = min(size, sizeof(alloc));
	if (copy_from_user(&alloc, uarg, size))
		return -EFAULT;
	/*
	 * The lazy_cma driver truncates names, aligns to pageblocks, and takes
	 * each negative node for NUMA_NO_NODE.
	 */
	alloc.name[sizeof(alloc.name) - 1] = 0;
	req = (struct lc_request) {
		.nr_pages = PAGE_ALIGN(alloc.len) >> PAGE_SHIFT,
		.align = pageblock_nr_pages,
		.prefer = lc_memory_block_pages(),
		.end_pfn = LC_NO_LIMIT,
		.node = alloc.node < 0 ? NUMA_NO_NODE :
					 lc_alloc_node_nospec(alloc.node),
		.flags = LC_UNCACHED,
		.name = alloc.name[0] ? alloc.name : "lazy_cma",
	};
	if (!req.nr_pages || !lc_range_name_valid(alloc.name))
		return -EINVAL;

	range = lc_alloc(&req);
	if (IS_ERR(range))
		return PTR_ERR(range);
	alloc.phys_addr = PFN_PHYS(range->ext.pfn);
	ret = lc_kept_add(range, &req);
	if (!ret && copy_to_user(uarg, &alloc, size)) {
		ret = -EFAULT;
		lc_kept_free(alloc.phys_addr);
	}
	lc_range_put(range);
	return ret;
}

static int lc_cma_resize(void __user *uarg)
{
	struct lc_cma_resize arg;
	struct lc_kept_resize resize;
	int ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	ret = lc_kept_resize_begin(&resize, arg.phys_addr, arg.len);
	if (ret)
		return ret;
	arg.phys_addr = lc_kept_resize_addr(&resize);
	arg.len = PAGE_ALIGN(arg.len);
	if (copy_to_user(uarg, &arg, sizeof(arg))) {
		lc_kept_resize_abort(&resize);
		return -EFAULT;
	}
	lc_kept_resize_commit(&resize);
	return 0;
}

static long lc_cma_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	u64 addr;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* of the others that driver checks the number only */
	switch (_IOC_NR(cmd)) {
	case LC_CMA_ALLOC:
		return _IOC_TYPE(cmd) == 'H' ?
			       lc_cma_alloc(uarg, _IOC_SIZE(cmd)) : -ENOTTY;
	case LC_CMA_RESIZE:
		return lc_cma_resize(uarg);
	case LC_CMA_FREE:
		if (copy_from_user(&addr, uarg, sizeof(addr)))
			return -EFAULT;
		return lc_kept_free(addr);
	default:
		return -ENOTTY;
	}
}

/*
 * The mapping becomes one of a new dma-buf, which then holds the memory as long
 * as the mapping exists.
 */
static int lc_cma_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct dma_buf *dmabuf;
	struct lc_range *range;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	range = lc_kept_try_get(PFN_PHYS(vma->vm_pgoff));
	if (IS_ERR(range))
		return range == ERR_PTR(-ENOENT) ? -EINVAL : PTR_ERR(range);
	dmabuf = lc_buffer_export(range, LC_NAME, O_RDWR);
	lc_range_put(range);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = dma_buf_mmap(dmabuf, vma, 0);
	dma_buf_put(dmabuf);
	return ret;
}

static const struct file_operations lc_cma_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = lc_cma_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = lc_cma_mmap,
};

static struct miscdevice lc_cma = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lazy_cma",
	.mode = 0600,
};

/**
 * lc_lazy_cma_compat_init - create the node if lazy_cma_compat is set
 *
 * Context: module init.
 * Return: 0 or an error of misc_register().
 */
int lc_lazy_cma_compat_init(void)
{
	return lazy_cma_compat ? misc_register(&lc_cma) : 0;
}

/**
 * lc_lazy_cma_compat_publish - let the node be opened
 *
 * Context: module init, when nothing can fail any more.
 */
void lc_lazy_cma_compat_publish(void)
{
	/* an open() sees all that init did */
	smp_store_release(&lc_cma.fops, &lc_cma_fops);
}

/**
 * lc_lazy_cma_compat_exit - remove the node if there is one
 *
 * Context: module exit.
 */
void lc_lazy_cma_compat_exit(void)
{
	if (lazy_cma_compat)
		misc_deregister(&lc_cma);
}
