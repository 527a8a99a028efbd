// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/lazy_contig: operations that the dma-heap UAPI lacks. An ioctl is a
 * struct in the UAPI header, a member of union lc_ioctl_data, a function and a
 * row of lc_ioctls.
 *
 * All functions may sleep.
 */

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/dma-buf.h>
#include <linux/dma-direction.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/lazy_contig.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <uapi/linux/dma-buf.h>

#include "alloc.h"
#include "buffer.h"
#include "compat.h"
#include "control.h"
#include "kept.h"
#include "range.h"
#include "sysfs.h"

/* Arguments of all ioctls; each struct begins with its size. */
union lc_ioctl_data {
	u32 size;
	struct lazy_contig_query query;
	struct lazy_contig_allocation alloc;
	struct lazy_contig_open open;
	struct lazy_contig_resize resize;
	struct lazy_contig_free free;
	struct lazy_contig_sync sync;
};

static_assert(offsetof(struct lazy_contig_query, size) == 0);
static_assert(offsetof(struct lazy_contig_allocation, size) == 0);
static_assert(offsetof(struct lazy_contig_open, size) == 0);
static_assert(offsetof(struct lazy_contig_resize, size) == 0);
static_assert(offsetof(struct lazy_contig_free, size) == 0);
static_assert(offsetof(struct lazy_contig_sync, size) == 0);

/**
 * struct lc_call - an ioctl in progress
 * @data: argument: copied from user space, extended with zeros, and copied back
 *	if the ioctl answers
 * @dmabuf: ALLOC, OPEN: the new dma-buf, not installed yet
 * @fd: ALLOC, OPEN: file descriptor reserved for @dmabuf
 * @kept: ALLOC: the buffer has been kept
 * @resize: RESIZE: begun
 */
struct lc_call {
	union lc_ioctl_data data;
	struct dma_buf *dmabuf;
	int fd;
	bool kept;
	struct lc_kept_resize resize;
};

/*
 * May the caller know physical addresses? Without a record in the audit log: the
 * answer is optional, and a caller that may not know has not tried to.
 */
static bool lc_shows_addr(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

static int lc_ioctl_query(struct lc_call *call)
{
	struct lazy_contig_query *query = &call->data.query;
	struct lc_range *range;
	struct dma_buf *dmabuf;
	int ret = 0;

	if (query->flags & ~LAZY_CONTIG_PHYS_VALID)
		return -EINVAL;
	dmabuf = dma_buf_get(query->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	range = lc_buffer_range(dmabuf);
	if (!range) {
		ret = -EINVAL;
		goto put_dmabuf;
	}

	query->len = (u64)range->ext.nr_pages << PAGE_SHIFT;
	query->node = page_to_nid(pfn_to_page(range->ext.pfn));
	query->phys_addr = 0;
	query->flags = 0;
	if (lc_shows_addr()) {
		/* the caller can write to the physical address */
		lc_range_touch(range);
		query->phys_addr = PFN_PHYS(range->ext.pfn);
		query->flags = LAZY_CONTIG_PHYS_VALID;
	}
put_dmabuf:
	dma_buf_put(dmabuf);
	return ret;
}

/* Create a dma-buf and reserve a file descriptor for it. */
static int lc_call_export(struct lc_call *call, struct lc_range *range,
			  u32 fd_flags)
{
	struct dma_buf *dmabuf;
	int fd;

	dmabuf = lc_buffer_export(range, LC_NAME, fd_flags);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = get_unused_fd_flags(fd_flags);
	if (fd < 0) {
		dma_buf_put(dmabuf);
		return fd;
	}
	call->dmabuf = dmabuf;
	call->fd = fd;
	return 0;
}

static void lc_call_drop(struct lc_call *call)
{
	put_unused_fd(call->fd);
	dma_buf_put(call->dmabuf);
}

static bool lc_fd_flags_valid(u32 fd_flags)
{
	return !(fd_flags & ~(O_CLOEXEC | O_ACCMODE)) &&
	       (fd_flags & O_ACCMODE) != O_ACCMODE;
}

static int lc_alloc_to_request(const struct lazy_contig_allocation *alloc,
			       struct lc_request *req)
{
	if (alloc->flags & ~(LAZY_CONTIG_KEEP | LAZY_CONTIG_PINNABLE) ||
	    alloc->__reserved ||
	    !lc_fd_flags_valid(alloc->fd_flags) ||
	    (alloc->align && !is_power_of_2(alloc->align)) ||
	    !lc_range_name_valid(alloc->name))
		return -EINVAL;
	*req = (struct lc_request) {
		.nr_pages = PAGE_ALIGN(alloc->len) >> PAGE_SHIFT,
		.align = max_t(unsigned long, alloc->align >> PAGE_SHIFT, 1),
		/* a second kernel plugs in whole memory blocks */
		.prefer = alloc->flags & LAZY_CONTIG_KEEP ?
				  lc_memory_block_pages() : 0,
		.start_pfn = lc_alloc_start_pfn(alloc->min_addr),
		.end_pfn = lc_alloc_end_pfn(alloc->max_addr),
		.node = lc_alloc_node_nospec(alloc->node),
		.flags = alloc->flags & LAZY_CONTIG_PINNABLE ? LC_PINNABLE : 0,
		.name = alloc->name[0] ? alloc->name : NULL,
	};
	return req->nr_pages ? 0 : -EINVAL;
}

/*
 * Whether a constraint can be met tells where the buffer lies. Who may not see the
 * address can ask for a power of two as a bound, and for no more alignment than a
 * huge page has: narrower bounds are rounded, so that the buffer is within them.
 */
static bool lc_request_blur(struct lc_request *req)
{
	if (req->align > PMD_SIZE >> PAGE_SHIFT)
		return false;
	if (req->start_pfn)
		req->start_pfn = roundup_pow_of_two(req->start_pfn);
	if (req->end_pfn && req->end_pfn != LC_NO_LIMIT)
		req->end_pfn = rounddown_pow_of_two(req->end_pfn);
	return true;
}

static int lc_ioctl_alloc(struct lc_call *call)
{
	struct lazy_contig_allocation *alloc = &call->data.alloc;
	struct lc_request req;
	struct lc_range *range;
	int ret;

	if ((alloc->flags & LAZY_CONTIG_KEEP || alloc->name[0]) &&
	    !capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = lc_alloc_to_request(alloc, &req);
	if (ret)
		return ret;
	if (!lc_shows_addr() && !lc_request_blur(&req))
		return -EPERM;

	range = lc_alloc(&req);
	if (IS_ERR(range))
		return PTR_ERR(range);
	ret = lc_call_export(call, range, alloc->fd_flags);
	if (ret)
		goto put_range;
	if (alloc->flags & LAZY_CONTIG_KEEP) {
		ret = lc_kept_add(range, &req);
		if (ret)
			goto drop_dmabuf;
		call->kept = true;
	}
	alloc->fd = call->fd;
	alloc->phys_addr = lc_shows_addr() ? PFN_PHYS(range->ext.pfn) : 0;
	lc_range_put(range);
	return 0;

drop_dmabuf:
	lc_call_drop(call);
put_range:
	lc_range_put(range);
	return ret;
}

/* Completion of ALLOC and OPEN. */
static void lc_ioctl_new_fd(struct lc_call *call, int err)
{
	if (!err) {
		lc_dma_buf_fd_install(call->dmabuf, call->fd);
		return;
	}
	/*
	 * The dma-buf has the range: no other buffer can be kept there. What
	 * another task holds by now stays kept.
	 */
	if (call->kept)
		lc_kept_free(PFN_PHYS(lc_buffer_range(call->dmabuf)->ext.pfn));
	lc_call_drop(call);
}

static int lc_ioctl_open(struct lc_call *call)
{
	struct lazy_contig_open *open = &call->data.open;
	struct lc_range *range;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (open->flags & ~LAZY_CONTIG_HOLD || !lc_fd_flags_valid(open->fd_flags))
		return -EINVAL;
	range = lc_kept_get(open->phys_addr);
	if (IS_ERR(range))
		return PTR_ERR(range);
	ret = lc_call_export(call, range, open->fd_flags);
	if (ret)
		goto put_range;
	if (open->flags & LAZY_CONTIG_HOLD) {
		lc_buffer_hold(call->dmabuf);
		/* FREE may have come before */
		if (!lc_kept_contains(range)) {
			lc_call_drop(call);
			ret = -ENOENT;
			goto put_range;
		}
	}
	open->fd = call->fd;
	open->len = (u64)range->ext.nr_pages << PAGE_SHIFT;
put_range:
	lc_range_put(range);
	return ret;
}

static int lc_ioctl_resize(struct lc_call *call)
{
	struct lazy_contig_resize *resize = &call->data.resize;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (resize->flags)
		return -EINVAL;
	ret = lc_kept_resize_begin(&call->resize, resize->phys_addr, resize->len);
	if (ret)
		return ret;
	resize->phys_addr = lc_kept_resize_addr(&call->resize);
	resize->len = PAGE_ALIGN(resize->len);
	return 0;
}

/* Completion of RESIZE. */
static void lc_ioctl_resized(struct lc_call *call, int err)
{
	if (err)
		lc_kept_resize_abort(&call->resize);
	else
		lc_kept_resize_commit(&call->resize);
}

static int lc_ioctl_free(struct lc_call *call)
{
	const struct lazy_contig_free *free = &call->data.free;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (free->flags)
		return -EINVAL;
	return lc_kept_free(free->phys_addr);
}

/* The direction that the flags of DMA_BUF_IOCTL_SYNC mean; DMA_NONE: they are invalid. */
static enum dma_data_direction lc_sync_dir(u64 flags)
{
	if (flags & ~DMA_BUF_SYNC_VALID_FLAGS_MASK)
		return DMA_NONE;
	switch (flags & DMA_BUF_SYNC_RW) {
	case DMA_BUF_SYNC_READ:
		return DMA_FROM_DEVICE;
	case DMA_BUF_SYNC_WRITE:
		return DMA_TO_DEVICE;
	case DMA_BUF_SYNC_RW:
		return DMA_BIDIRECTIONAL;
	}
	return DMA_NONE;
}

static int lc_ioctl_sync(struct lc_call *call)
{
	const struct lazy_contig_sync *sync = &call->data.sync;
	enum dma_data_direction dir = lc_sync_dir(sync->flags);
	struct dma_buf *dmabuf;
	int ret = -EINVAL;

	if (dir == DMA_NONE || !sync->len)
		return -EINVAL;
	dmabuf = dma_buf_get(sync->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (!lc_buffer_range(dmabuf) || sync->offset >= dmabuf->size ||
	    sync->len > dmabuf->size - sync->offset)
		goto put_dmabuf;
	/* hardware that knows the address may write */
	lc_range_touch(lc_buffer_range(dmabuf));
	if (sync->flags & DMA_BUF_SYNC_END)
		ret = lc_buffer_end(dmabuf, sync->offset, sync->len, dir);
	else
		ret = lc_buffer_begin(dmabuf, sync->offset, sync->len, dir);
put_dmabuf:
	dma_buf_put(dmabuf);
	return ret;
}

/**
 * struct lc_ioctl - description of an ioctl
 * @size: size of its struct in this version
 * @min_size: size of its struct in version 1.0
 * @func: does all that can fail
 * @end: completion, optional: called if @func succeeded, with 0 after the struct
 *	was copied to user space, or with the error of that copy to undo @func
 * @answers: the struct is copied back to user space
 */
struct lc_ioctl {
	u32 size;
	u32 min_size;
	int (*func)(struct lc_call *call);
	void (*end)(struct lc_call *call, int err);
	bool answers;
};

static const struct lc_ioctl lc_ioctls[] = {
	[_IOC_NR(LAZY_CONTIG_IOCTL_QUERY)] = {
		.size = sizeof(struct lazy_contig_query),
		.min_size = offsetofend(struct lazy_contig_query, flags),
		.func = lc_ioctl_query,
		.answers = true,
	},
	[_IOC_NR(LAZY_CONTIG_IOCTL_ALLOC)] = {
		.size = sizeof(struct lazy_contig_allocation),
		.min_size = offsetofend(struct lazy_contig_allocation, phys_addr),
		.func = lc_ioctl_alloc,
		.end = lc_ioctl_new_fd,
		.answers = true,
	},
	[_IOC_NR(LAZY_CONTIG_IOCTL_OPEN)] = {
		.size = sizeof(struct lazy_contig_open),
		.min_size = offsetofend(struct lazy_contig_open, flags),
		.func = lc_ioctl_open,
		.end = lc_ioctl_new_fd,
		.answers = true,
	},
	[_IOC_NR(LAZY_CONTIG_IOCTL_RESIZE)] = {
		.size = sizeof(struct lazy_contig_resize),
		.min_size = offsetofend(struct lazy_contig_resize, len),
		.func = lc_ioctl_resize,
		.end = lc_ioctl_resized,
		.answers = true,
	},
	[_IOC_NR(LAZY_CONTIG_IOCTL_FREE)] = {
		.size = sizeof(struct lazy_contig_free),
		.min_size = offsetofend(struct lazy_contig_free, phys_addr),
		.func = lc_ioctl_free,
	},
	[_IOC_NR(LAZY_CONTIG_IOCTL_SYNC)] = {
		.size = sizeof(struct lazy_contig_sync),
		.min_size = offsetofend(struct lazy_contig_sync, len),
		.func = lc_ioctl_sync,
	},
};

static long lc_control_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	struct lc_call call = {};
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
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&call.data, ioctl->size, uarg, size);
	if (ret)
		return ret;
	call.data.size = size;
	ret = ioctl->func(&call);
	if (ret)
		return ret;
	if (ioctl->answers &&
	    copy_to_user(uarg, &call.data, min(size, ioctl->size)))
		ret = -EFAULT;
	if (ioctl->end)
		ioctl->end(&call, ret);
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
	.groups = lc_sysfs_groups,
};

/** lc_control_device - the device, after lc_control_init() */
struct device *lc_control_device(void)
{
	return lc_control.this_device;
}

/**
 * lc_control_init - create the node and its attributes
 *
 * Context: module init, after lc_sysfs_init().
 * Return: 0 or an error of misc_register().
 */
int lc_control_init(void)
{
	return misc_register(&lc_control);
}

/**
 * lc_control_publish - let the node be opened
 *
 * Context: module init, when nothing can fail any more.
 */
void lc_control_publish(void)
{
	/* an open() sees all that init did */
	smp_store_release(&lc_control.fops, &lc_control_fops);
}

/**
 * lc_control_exit - remove the node and its attributes
 *
 * Context: module exit, or module init with an error.
 */
void lc_control_exit(void)
{
	misc_deregister(&lc_control);
}
