// SPDX-License-Identifier: GPL-2.0
/* /dev/lazy_contig: what the heap interface has no words for. */

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "lazy_contig.h"
#include "observe/stats.h"

static int lc_ioctl_query(void *data)
{
	struct lazy_contig_query *query = data;
	const struct lc_range *range;
	struct dma_buf *dmabuf;
	int ret = 0;

	if (query->flags)
		return -EINVAL;
	dmabuf = dma_buf_get(query->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	range = lc_buffer_range(dmabuf);
	if (!range) {
		ret = -EINVAL;
		goto put_dmabuf;
	}

	query->len = (u64)range->nr_pages << PAGE_SHIFT;
	query->node = page_to_nid(pfn_to_page(range->pfn));
	query->phys_addr = 0;
	if (capable(CAP_SYS_ADMIN)) {
		query->phys_addr = PFN_PHYS(range->pfn);
		query->flags = LAZY_CONTIG_PHYS_VALID;
	}
put_dmabuf:
	dma_buf_put(dmabuf);
	return ret;
}

/**
 * struct lc_ioctl - one ioctl
 * @size: of its struct in this version
 * @min_size: of its struct as first published
 * @func: handles a copy of the struct, filled up with zeros; what it leaves
 *	there goes back to the user if it returns 0
 */
struct lc_ioctl {
	u32 size;
	u32 min_size;
	int (*func)(void *data);
};

/* Every struct begins with its size. */
union lc_ioctl_data {
	u32 size;
	struct lazy_contig_query query;
};

static_assert(offsetof(struct lazy_contig_query, size) == 0);

static const struct lc_ioctl lc_ioctls[] = {
	[_IOC_NR(LAZY_CONTIG_IOCTL_QUERY)] = {
		.size = sizeof(struct lazy_contig_query),
		.min_size = offsetofend(struct lazy_contig_query, flags),
		.func = lc_ioctl_query,
	},
};

static long lc_control_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	union lc_ioctl_data data = {};
	const struct lc_ioctl *ioctl;
	unsigned int nr = _IOC_NR(cmd);
	u32 size;
	int ret;

	if (cmd != _IO(LAZY_CONTIG_IOC_MAGIC, nr) || nr >= ARRAY_SIZE(lc_ioctls))
		return -ENOTTY;
	ioctl = &lc_ioctls[array_index_nospec(nr, ARRAY_SIZE(lc_ioctls))];

	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (size < ioctl->min_size)
		return -EINVAL;
	ret = copy_struct_from_user(&data, ioctl->size, uarg, size);
	if (ret)
		return ret;
	data.size = size;
	ret = ioctl->func(&data);
	if (!ret && copy_to_user(uarg, &data, min(size, ioctl->size)))
		ret = -EFAULT;
	return ret;
}

static const struct file_operations lc_control_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = lc_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice lc_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = LC_NAME,
	.fops = &lc_control_fops,
	.groups = lc_control_groups,
};

/** lc_control_init - create the node. Return: 0 or that of misc_register() */
int lc_control_init(void)
{
	return misc_register(&lc_control);
}

/** lc_control_exit - remove the node */
void lc_control_exit(void)
{
	misc_deregister(&lc_control);
}
