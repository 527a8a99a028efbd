/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device of an allocator to compare with, /dev/NAME: it answers
 * DMA_HEAP_IOCTL_ALLOC as a heap does, with a file whose last close frees the
 * memory and that supports nothing else.
 */
#ifndef _BENCH_PEER_H
#define _BENCH_PEER_H

#include <linux/anon_inodes.h>
#include <uapi/linux/dma-heap.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

struct peer_range {
	unsigned long pfn;
	unsigned long nr_pages;
};

/* Implemented by each peer: take pages, cleared by init_on_alloc; 0 or -errno. */
static int peer_take(unsigned long nr_pages, unsigned long *pfn);

static int peer_range_release(struct inode *inode, struct file *file)
{
	struct peer_range *range = file->private_data;

	free_contig_range(range->pfn, range->nr_pages);
	kfree(range);
	return 0;
}

static const struct file_operations peer_range_ops = {
	.owner = THIS_MODULE,
	.release = peer_range_release,
};

static int peer_new_range(unsigned long nr_pages)
{
	struct peer_range *range = kzalloc_obj(*range);
	int ret;

	if (!range)
		return -ENOMEM;
	range->nr_pages = nr_pages;
	ret = peer_take(nr_pages, &range->pfn);
	if (ret)
		goto free_range;
	ret = anon_inode_getfd(KBUILD_MODNAME, &peer_range_ops, range,
			       O_RDWR | O_CLOEXEC);
	if (ret >= 0)
		return ret;
	free_contig_range(range->pfn, nr_pages);
free_range:
	kfree(range);
	return ret;
}

static long peer_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct dma_heap_allocation_data data;
	void __user *to = (void __user *)arg;
	int fd;

	if (cmd != DMA_HEAP_IOCTL_ALLOC)
		return -ENOTTY;
	if (copy_from_user(&data, to, sizeof(data)))
		return -EFAULT;
	if (!PAGE_ALIGN(data.len))
		return -EINVAL;
	fd = peer_new_range(PAGE_ALIGN(data.len) >> PAGE_SHIFT);
	if (fd < 0)
		return fd;
	data.fd = fd;
	return copy_to_user(to, &data, sizeof(data)) ? -EFAULT : 0;
}

static const struct file_operations peer_ops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = peer_ioctl,
};

static struct miscdevice peer_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &peer_ops,
};
module_misc_device(peer_device);

MODULE_LICENSE("GPL");

#endif /* _BENCH_PEER_H */
