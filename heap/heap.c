// SPDX-License-Identifier: GPL-2.0
/*
 * The dma-heaps. Each is a heap of the kernel's class where the kernel lets
 * modules add one, or else a character device of its own at the same path, with
 * the same UAPI. The kernel has no call to remove a heap of its class: a module
 * that has added one can never be unloaded.
 *
 * A heap is a name and placement constraints. All functions may sleep.
 */

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/numa.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <uapi/linux/dma-heap.h>

#include "alloc.h"
#include "buffer.h"
#include "compat.h"
#include "heap.h"
#include "range.h"

static bool core_heap = true;
module_param(core_heap, bool, 0444);
MODULE_PARM_DESC(core_heap,
		 "be a heap of the kernel's dma_heap class where the kernel allows it; such a module cannot be unloaded");

#define LC_MAX_ALIASES	8

/**
 * struct lc_heap - a dma-heap
 * @name: file name below /dev/dma_heap, and exp_name of its buffers
 * @placement: template of its requests: all but nr_pages
 * @nodename: path of its own node below /dev; NULL if it is in the kernel's class
 * @misc: its own node; unused if it is in the kernel's class
 */
struct lc_heap {
	const char *name;
	struct lc_request placement;
	char *nodename;
	struct miscdevice misc;
};

/* Two heaps that always exist, then the aliases. */
static struct lc_heap lc_heaps[2 + LC_MAX_ALIASES] = {
	{
		.name = LC_NAME,
		.placement = {
			.align = 1,
			.end_pfn = LC_NO_LIMIT,
			.node = NUMA_NO_NODE,
		},
	},
	{
		.name = LC_NAME "_dma32",
		.placement = {
			.align = 1,
			.end_pfn = SZ_4G >> PAGE_SHIFT,
			.node = NUMA_NO_NODE,
		},
	},
};

static unsigned int lc_nr_heaps = 2;

static char *alias;
/* The same, cut into the names of heaps. */
static char *lc_alias_names;

/* Can it be a file? The driver core makes a slash of an exclamation mark. */
static bool lc_heap_name_valid(const char *name)
{
	return *name && *name != '.' && strlen(name) <= NAME_MAX &&
	       !strpbrk(name, "/!");
}

static bool lc_heap_exists(const char *name)
{
	unsigned int i;

	for (i = 0; i < lc_nr_heaps; i++)
		if (!strcmp(name, lc_heaps[i].name))
			return true;
	return false;
}

/* Called before module init: if a name is refused nothing becomes visible. */
static int lc_alias_set(const char *val, const struct kernel_param *kp)
{
	char *names, *name;

	kfree(lc_alias_names);
	lc_nr_heaps = 2;
	lc_alias_names = kstrdup(val, GFP_KERNEL);
	if (!lc_alias_names)
		return -ENOMEM;
	names = lc_alias_names;
	while ((name = strsep(&names, ":"))) {
		if (!lc_heap_name_valid(name) || lc_heap_exists(name) ||
		    lc_nr_heaps == ARRAY_SIZE(lc_heaps))
			return -EINVAL;
		lc_heaps[lc_nr_heaps++] = (struct lc_heap) {
			.name = name,
			.placement = lc_heaps[0].placement,
		};
	}
	return param_set_charp(val, kp);
}

/* Called when the module is freed, also after a load that failed. */
static void lc_alias_free(void *arg)
{
	kfree(lc_alias_names);
	param_free_charp(arg);
}

static const struct kernel_param_ops lc_alias_ops = {
	.set = lc_alias_set,
	.get = param_get_charp,
	.free = lc_alias_free,
};
module_param_cb(alias, &lc_alias_ops, &alias, 0444);
MODULE_PARM_DESC(alias,
		 "further names for the heap, separated by colons, for programs that know no other, such as linux,cma:reserved");

/*
 * Allocate a buffer of @len bytes, rounded up to whole pages. Returns a dma-buf
 * with one reference, owned by the caller, or an ERR_PTR: -EINVAL for a length
 * that is 0 or wraps, or an error of lc_alloc() or lc_buffer_export().
 */
static struct dma_buf *lc_heap_alloc(const struct lc_heap *heap, u64 len,
				     u32 fd_flags)
{
	struct lc_request req = heap->placement;
	struct dma_buf *dmabuf;
	struct lc_range *range;

	req.nr_pages = PAGE_ALIGN(len) >> PAGE_SHIFT;
	if (!req.nr_pages)
		return ERR_PTR(-EINVAL);
	range = lc_alloc(&req);
	if (IS_ERR(range))
		return ERR_CAST(range);
	range->pristine = true;
	dmabuf = lc_buffer_export(range, heap->name, fd_flags);
	lc_range_put(range);
	return dmabuf;
}

/* A heap of the kernel's class. */

static struct dma_buf *lc_core_allocate(struct dma_heap *heap,
					unsigned long len, u32 fd_flags,
					u64 heap_flags)
{
	return lc_heap_alloc(lc_dma_heap_get_drvdata(heap), len, fd_flags);
}

static const struct lc_dma_heap_ops lc_core_ops = {
	.allocate = lc_core_allocate,
};

/* Success pins the module for good. */
static int lc_core_add(struct lc_heap *heap)
{
	int ret;

	__module_get(THIS_MODULE);
	ret = lc_dma_heap_add(heap->name, &lc_core_ops, heap);
	if (ret)
		module_put(THIS_MODULE);
	return ret;
}

/*
 * A node of our own. It answers each call as the kernel's class does, down to
 * the details: only the number of an ioctl is checked, not its type or size, and
 * a struct of another size is truncated or extended with zeros.
 */

/* Create a dma-buf and reserve the file descriptor @data->fd for it. */
static struct dma_buf *lc_node_alloc(const struct lc_heap *heap,
				     struct dma_heap_allocation_data *data)
{
	struct dma_buf *dmabuf;
	int fd;

	if (data->fd ||
	    data->fd_flags & ~DMA_HEAP_VALID_FD_FLAGS ||
	    data->heap_flags & ~DMA_HEAP_VALID_HEAP_FLAGS)
		return ERR_PTR(-EINVAL);

	dmabuf = lc_heap_alloc(heap, data->len, data->fd_flags);
	if (IS_ERR(dmabuf))
		return dmabuf;

	fd = get_unused_fd_flags(data->fd_flags);
	if (fd < 0) {
		dma_buf_put(dmabuf);
		return ERR_PTR(fd);
	}
	data->fd = fd;
	return dmabuf;
}

static long lc_node_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	const struct lc_heap *heap = container_of(file->private_data,
						  struct lc_heap, misc);
	const unsigned int known = DMA_HEAP_IOCTL_ALLOC;
	struct dma_heap_allocation_data *data;
	void __user *uarg = (void __user *)arg;
	size_t in = cmd & known & IOC_IN ? _IOC_SIZE(cmd) : 0;
	size_t out = cmd & known & IOC_OUT ? _IOC_SIZE(cmd) : 0;
	struct dma_buf *dmabuf;
	int ret = 0;

	if (_IOC_NR(cmd) != _IOC_NR(known))
		return -EINVAL;
	data = kzalloc(max3(in, out, sizeof(*data)), GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	if (copy_from_user(data, uarg, in)) {
		ret = -EFAULT;
		goto free_data;
	}

	dmabuf = lc_node_alloc(heap, data);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto free_data;
	}
	if (copy_to_user(uarg, data, out)) {
		put_unused_fd(data->fd);
		dma_buf_put(dmabuf);
		ret = -EFAULT;
		goto free_data;
	}
	lc_dma_buf_fd_install(dmabuf, data->fd);
free_data:
	kfree(data);
	return ret;
}

static const struct file_operations lc_node_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = lc_node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int lc_node_add(struct lc_heap *heap)
{
	int ret;

	heap->nodename = kasprintf(GFP_KERNEL, "dma_heap/%s", heap->name);
	if (!heap->nodename)
		return -ENOMEM;
	heap->misc = (struct miscdevice) {
		.minor = MISC_DYNAMIC_MINOR,
		/* unique among misc devices: the control device has the bare name */
		.name = heap->nodename,
		.nodename = heap->nodename,
	};
	ret = misc_register(&heap->misc);
	if (ret)
		kfree(heap->nodename);
	return ret;
}

static void lc_node_remove(struct lc_heap *heap)
{
	misc_deregister(&heap->misc);
	kfree(heap->nodename);
}

static bool lc_want_core(void)
{
	return LC_HAS_DMA_HEAP_ADD && core_heap;
}

/**
 * lc_heap_init - add the heaps
 *
 * Context: module init, as its last step that can fail: a heap of the kernel's class
 * cannot be removed, and users can allocate before this returns.
 * Return: 0; -ENOMEM; or an error of dma_heap_add() or misc_register(). Once there
 * is a heap of the kernel's class an error of a further one is logged and 0
 * returned.
 */
int lc_heap_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < lc_nr_heaps; i++) {
		ret = lc_want_core() ? lc_core_add(&lc_heaps[i]) :
				       lc_node_add(&lc_heaps[i]);
		if (ret)
			goto remove_heaps;
	}
	return 0;

remove_heaps:
	if (lc_want_core() && i) {
		pr_err("heap %s could not be added: %d\n", lc_heaps[i].name, ret);
		return 0;
	}
	while (i--)
		lc_node_remove(&lc_heaps[i]);
	return ret;
}

/**
 * lc_heap_publish - let the heaps be opened
 *
 * Context: module init, when nothing can fail any more.
 */
void lc_heap_publish(void)
{
	unsigned int i;

	for (i = 0; i < lc_nr_heaps; i++)
		/* an open() sees all that init did */
		smp_store_release(&lc_heaps[i].misc.fops, &lc_node_fops);
}

/**
 * lc_heap_exit - remove the heaps
 *
 * Context: module exit: none of them is in the kernel's class.
 */
void lc_heap_exit(void)
{
	while (lc_nr_heaps--)
		lc_node_remove(&lc_heaps[lc_nr_heaps]);
}

/* Where no symbol of the namespace is used, importing it has no effect. */
LC_IMPORT_NS(DMA_BUF_HEAP);
