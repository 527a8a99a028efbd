// SPDX-License-Identifier: GPL-2.0
/*
 * A heap's own node, for kernels that let no module add a heap to their class
 * and for a module that is to be unloaded. It answers every call as the
 * kernel's class does, the odd ones included: only the number of an ioctl is
 * looked at, not its type or size, and a struct of another size is cut or
 * filled with zeros.
 */

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/dma-heap.h>

#include "compat.h"
#include "heap.h"

static struct dma_buf *lc_heap_node_alloc(struct file *file,
					  struct dma_heap_allocation_data *data)
{
	const struct lc_heap *heap = container_of(file->private_data,
						  struct lc_heap, misc);
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

static long lc_heap_node_ioctl(struct file *file, unsigned int cmd,
			       unsigned long arg)
{
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

	dmabuf = lc_heap_node_alloc(file, data);
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

static const struct file_operations lc_heap_node_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = lc_heap_node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * lc_heap_node_add - create a heap's node
 * @heap: the heap; must live until lc_heap_node_remove()
 *
 * Return: 0, -ENOMEM, or the error of misc_register().
 */
int lc_heap_node_add(struct lc_heap *heap)
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
		.fops = &lc_heap_node_fops,
	};
	ret = misc_register(&heap->misc);
	if (ret)
		kfree(heap->nodename);
	return ret;
}

/**
 * lc_heap_node_remove - remove a heap's node
 * @heap: the heap, with a node
 */
void lc_heap_node_remove(struct lc_heap *heap)
{
	misc_deregister(&heap->misc);
	kfree(heap->nodename);
}
