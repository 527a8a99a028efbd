// SPDX-License-Identifier: GPL-2.0
/*
 * A dma-buf importer driven from user space; lc_importer.h is its interface.
 *
 * Every attachment has a platform device of its own, so that each can have a
 * DMA mask and a segment limit of its own. What the device would see is read
 * through the DMA addresses: a bounce buffer counts as such, and kernels that
 * hide the pages from importers (CONFIG_DMABUF_DEBUG) make no difference.
 *
 * One mutex per open file serialises its calls and guards what belongs to it.
 */
#include <linux/dma-buf.h>
#include <linux/dma-direct.h>
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/iosys-map.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "lc_importer.h"

/* 7.0 */
#ifndef kzalloc_obj
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#endif

struct importer {
	struct mutex lock;		/* everything below, and the calls */
	struct xarray attachments;	/* id -> struct attachment */
	struct xarray mappings;		/* id -> struct mapping */
	struct list_head lines;		/* struct line */
	struct lci_lines last;		/* what they were made for */
	struct xarray held;		/* page frame -> struct page, with a reference */
	struct delayed_work work;
	struct mapping *at_work;	/* valid while the work is pending */
	struct dma_fence *fence;	/* signalled by the work */
	int byte;			/* written by the work, or -1 */
};

static DEFINE_SPINLOCK(fence_lock);

struct line {
	struct list_head list;
	struct resource res;
};

struct attachment {
	struct platform_device *pdev;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct iosys_map vmap;
	unsigned int vmaps;		/* how often vmap is mapped */
};

struct mapping {
	struct attachment *owner;
	struct sg_table *sgt;
	enum dma_data_direction direction;
};

static struct platform_device *device_new(const struct lci_attach *arg)
{
	const struct platform_device_info info = {
		.name = "lc_importer",
		.id = PLATFORM_DEVID_AUTO,
		.dma_mask = DMA_BIT_MASK(arg->dma_bits),
	};
	struct platform_device *pdev;

	if (!arg->dma_bits || arg->dma_bits > 64)
		return ERR_PTR(-EINVAL);
	pdev = platform_device_register_full(&info);
	if (!IS_ERR(pdev))
		dma_set_max_seg_size(&pdev->dev, arg->max_segment ?: UINT_MAX);
	return pdev;
}

static long importer_attach(struct importer *imp, struct lci_attach *arg)
{
	struct attachment *a;
	long err;

	a = kzalloc_obj(*a);
	if (!a)
		return -ENOMEM;
	a->pdev = device_new(arg);
	if (IS_ERR(a->pdev)) {
		err = PTR_ERR(a->pdev);
		goto free;
	}
	a->dmabuf = dma_buf_get(arg->fd);
	if (IS_ERR(a->dmabuf)) {
		err = PTR_ERR(a->dmabuf);
		goto unregister;
	}
	a->attach = dma_buf_attach(a->dmabuf, &a->pdev->dev);
	if (IS_ERR(a->attach)) {
		err = PTR_ERR(a->attach);
		goto put;
	}
	err = xa_alloc(&imp->attachments, &arg->id, a, xa_limit_31b, GFP_KERNEL);
	if (err)
		goto detach;
	return 0;

detach:
	dma_buf_detach(a->dmabuf, a->attach);
put:
	dma_buf_put(a->dmabuf);
unregister:
	platform_device_unregister(a->pdev);
free:
	kfree(a);
	return err;
}

static void mapping_drop(struct mapping *m)
{
	dma_buf_unmap_attachment_unlocked(m->owner->attach, m->sgt, m->direction);
	kfree(m);
}

static long importer_map(struct importer *imp, struct lci_map *arg)
{
	struct attachment *a = xa_load(&imp->attachments, arg->id);
	struct mapping *m;
	long err;

	if (!a)
		return -ENOENT;
	if (arg->direction > DMA_FROM_DEVICE)
		return -EINVAL;
	m = kzalloc_obj(*m);
	if (!m)
		return -ENOMEM;
	m->owner = a;
	m->direction = arg->direction;
	m->sgt = dma_buf_map_attachment_unlocked(a->attach, m->direction);
	if (IS_ERR(m->sgt)) {
		err = PTR_ERR(m->sgt);
		kfree(m);
		return err;
	}
	arg->nents = m->sgt->nents;
	err = xa_alloc(&imp->mappings, &arg->map, m, xa_limit_31b, GFP_KERNEL);
	if (err)
		mapping_drop(m);
	return err;
}

static long importer_unmap(struct importer *imp, u32 id)
{
	struct mapping *m = xa_erase(&imp->mappings, id);

	if (!m)
		return -ENOENT;
	mapping_drop(m);
	return 0;
}

static long importer_vmap(struct importer *imp, u32 id)
{
	struct attachment *a = xa_load(&imp->attachments, id);
	long err;

	if (!a)
		return -ENOENT;
	/* before 6.2 the reservation lock is not required, but allowed */
	dma_resv_lock(a->dmabuf->resv, NULL);
	err = dma_buf_vmap(a->dmabuf, &a->vmap);
	dma_resv_unlock(a->dmabuf->resv);
	if (!err)
		a->vmaps++;
	return err;
}

static long importer_vunmap(struct importer *imp, u32 id)
{
	struct attachment *a = xa_load(&imp->attachments, id);
	struct iosys_map map;

	if (!a || !a->vmaps)
		return -ENOENT;
	/* dma_buf_vunmap() clears the map that it is given */
	map = a->vmap;
	a->vmaps--;
	dma_resv_lock(a->dmabuf->resv, NULL);
	dma_buf_vunmap(a->dmabuf, &map);
	dma_resv_unlock(a->dmabuf->resv);
	return 0;
}

static long importer_detach(struct importer *imp, u32 id, bool abandon)
{
	struct attachment *a = xa_load(&imp->attachments, id);
	struct mapping *m;
	unsigned long index;

	if (!a)
		return -ENOENT;
	xa_for_each(&imp->mappings, index, m) {
		if (m->owner != a)
			continue;
		if (!abandon)
			return -EBUSY;
		xa_erase(&imp->mappings, index);
		kfree(m);
	}
	while (a->vmaps)
		importer_vunmap(imp, id);
	xa_erase(&imp->attachments, id);
	dma_buf_detach(a->dmabuf, a->attach);
	dma_buf_put(a->dmabuf);
	platform_device_unregister(a->pdev);
	kfree(a);
	return 0;
}

static long importer_access(struct importer *imp, const struct lci_access *arg)
{
	struct attachment *a = xa_load(&imp->attachments, arg->id);

	if (!a)
		return -ENOENT;
	if (arg->direction > DMA_FROM_DEVICE)
		return -EINVAL;
	if (arg->end)
		return dma_buf_end_cpu_access(a->dmabuf, arg->direction);
	return dma_buf_begin_cpu_access(a->dmabuf, arg->direction);
}

static phys_addr_t entry_phys(struct mapping *m, struct scatterlist *sg)
{
	return dma_to_phys(m->owner->attach->dev, sg_dma_address(sg));
}

static long importer_entry(struct importer *imp, struct lci_entry *arg)
{
	struct mapping *m = xa_load(&imp->mappings, arg->map);
	struct scatterlist *sg;
	unsigned int i;

	if (!m)
		return -ENOENT;
	for_each_sgtable_dma_sg(m->sgt, sg, i) {
		if (i != arg->index)
			continue;
		arg->dma_addr = sg_dma_address(sg);
		arg->phys_addr = entry_phys(m, sg);
		arg->length = sg_dma_len(sg);
		return 0;
	}
	return -ENXIO;
}

static long copy_user(void *kernel, const struct lci_copy *arg, u64 done, u64 len)
{
	void __user *user = u64_to_user_ptr(arg->user + done);

	if (arg->write)
		return copy_from_user(kernel, user, len) ? -EFAULT : 0;
	return copy_to_user(user, kernel, len) ? -EFAULT : 0;
}

static long importer_device_copy(struct importer *imp, const struct lci_copy *arg)
{
	struct mapping *m = xa_load(&imp->mappings, arg->id);
	u64 skip = arg->offset, done = 0;
	struct scatterlist *sg;
	unsigned int i;
	long err;

	if (!m)
		return -ENOENT;
	for_each_sgtable_dma_sg(m->sgt, sg, i) {
		u64 len = sg_dma_len(sg);

		if (skip >= len) {
			skip -= len;
			continue;
		}
		len = min(len - skip, arg->len - done);
		err = copy_user(phys_to_virt(entry_phys(m, sg) + skip), arg, done, len);
		if (err)
			return err;
		skip = 0;
		done += len;
	}
	return done == arg->len ? 0 : -ENXIO;
}

static long importer_vmap_copy(struct importer *imp, const struct lci_copy *arg)
{
	struct attachment *a = xa_load(&imp->attachments, arg->id);

	if (!a || !a->vmaps)
		return -ENOENT;
	if (arg->offset > a->dmabuf->size || arg->len > a->dmabuf->size - arg->offset)
		return -ENXIO;
	return copy_user(a->vmap.vaddr + arg->offset, arg, 0, arg->len);
}

static long importer_drop(struct importer *imp, int byte)
{
	struct page *page;
	unsigned long pfn;

	xa_for_each(&imp->held, pfn, page) {
		if (byte >= 0)
			memset(page_address(page), byte, PAGE_SIZE);
		xa_erase(&imp->held, pfn);
		put_page(page);
	}
	return 0;
}

static long importer_hold(struct importer *imp, const struct lci_hold *arg)
{
	struct mapping *m = xa_load(&imp->mappings, arg->map);
	unsigned long pfn, end;
	long err;

	if (!m)
		return -ENOENT;
	pfn = PHYS_PFN(entry_phys(m, m->sgt->sgl) + arg->offset);
	end = pfn + (arg->len >> PAGE_SHIFT);
	for (; pfn < end; pfn++) {
		err = xa_err(xa_store(&imp->held, pfn, pfn_to_page(pfn), GFP_KERNEL));
		if (err)
			return err;
		get_page(pfn_to_page(pfn));
	}
	return 0;
}

static const char *fence_name(struct dma_fence *fence)
{
	return "lc_importer";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
};

static void importer_work_end(struct work_struct *work)
{
	struct importer *imp = container_of(work, struct importer, work.work);
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(imp->at_work->sgt, sg, i)
		if (imp->byte >= 0)
			memset(phys_to_virt(entry_phys(imp->at_work, sg)),
			       imp->byte, sg_dma_len(sg));
	dma_fence_signal(imp->fence);
	dma_fence_put(imp->fence);
}

static long importer_work(struct importer *imp, const struct lci_work *arg)
{
	struct mapping *m = xa_load(&imp->mappings, arg->map);
	struct dma_resv *resv;
	long err;

	if (!m)
		return -ENOENT;
	flush_delayed_work(&imp->work);
	imp->fence = kzalloc_obj(*imp->fence);
	if (!imp->fence)
		return -ENOMEM;
	dma_fence_init(imp->fence, &fence_ops, &fence_lock,
		       dma_fence_context_alloc(1), 1);
	imp->at_work = m;
	imp->byte = arg->reads ? -1 : (int)(arg->byte & 0xff);

	resv = m->owner->dmabuf->resv;
	dma_resv_lock(resv, NULL);
	err = dma_resv_reserve_fences(resv, 1);
	if (!err)
		dma_resv_add_fence(resv, imp->fence,
				   arg->reads ? DMA_RESV_USAGE_READ : DMA_RESV_USAGE_WRITE);
	dma_resv_unlock(resv);
	if (err)
		dma_fence_put(imp->fence);
	else
		schedule_delayed_work(&imp->work, msecs_to_jiffies(arg->delay_ms));
	return err;
}

static void lines_remove(struct importer *imp)
{
	struct line *line, *next;

	list_for_each_entry_safe(line, next, &imp->lines, list) {
		remove_resource(&line->res);
		kfree(line);
	}
	INIT_LIST_HEAD(&imp->lines);
}

static int lines_add(struct resource *ram, void *data)
{
	struct importer *imp = data;
	struct lci_lines *last = &imp->last;
	u64 start = round_down(ram->start, last->step) + last->offset;
	struct line *line;

	for (; start + last->len - 1 <= ram->end; start += last->step) {
		if (start < ram->start)
			continue;
		line = kzalloc_obj(*line);
		if (!line)
			return -ENOMEM;
		line->res.name = "lc_importer";
		line->res.start = start;
		line->res.end = start + last->len - 1;
		line->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
		if (insert_resource(&iomem_resource, &line->res)) {
			kfree(line);
			continue;
		}
		list_add(&line->list, &imp->lines);
		last->placed++;
	}
	return 0;
}

static long importer_lines(struct importer *imp, struct lci_lines *arg)
{
	long err = 0;

	if (!is_power_of_2(arg->step) || arg->step < SZ_1M ||
	    arg->offset >= arg->step || arg->len >= arg->step)
		return -EINVAL;
	lines_remove(imp);
	imp->last = *arg;
	imp->last.placed = 0;
	if (arg->len)
		err = walk_iomem_res_desc(IORES_DESC_NONE,
					  IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
					  0, U64_MAX, imp, lines_add);
	arg->placed = imp->last.placed;
	return err;
}

union importer_arg {
	struct lci_lines lines;
	struct lci_attach attach;
	struct lci_map map;
	struct lci_entry entry;
	struct lci_copy copy;
	struct lci_access access;
	struct lci_hold hold;
	struct lci_work work;
	u32 id;
};

static long importer_call(struct importer *imp, unsigned int cmd, union importer_arg *arg)
{
	switch (cmd) {
	case LCI_ATTACH:
		return importer_attach(imp, &arg->attach);
	case LCI_DETACH:
	case LCI_ABANDON:
		return importer_detach(imp, arg->id, cmd == LCI_ABANDON);
	case LCI_MAP:
		return importer_map(imp, &arg->map);
	case LCI_UNMAP:
		return importer_unmap(imp, arg->id);
	case LCI_ENTRY:
		return importer_entry(imp, &arg->entry);
	case LCI_DEVICE_COPY:
		return importer_device_copy(imp, &arg->copy);
	case LCI_ACCESS:
		return importer_access(imp, &arg->access);
	case LCI_VMAP:
		return importer_vmap(imp, arg->id);
	case LCI_VUNMAP:
		return importer_vunmap(imp, arg->id);
	case LCI_VMAP_COPY:
		return importer_vmap_copy(imp, &arg->copy);
	case LCI_LINES:
		return importer_lines(imp, &arg->lines);
	case LCI_HOLD:
		return importer_hold(imp, &arg->hold);
	case LCI_DROP:
		return importer_drop(imp, arg->id);
	case LCI_WORK:
		return importer_work(imp, &arg->work);
	}
	return -ENOTTY;
}

static long importer_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	struct importer *imp = file->private_data;
	void __user *uarg = (void __user *)user;
	union importer_arg arg = {};
	long ret;

	if (_IOC_TYPE(cmd) != 'L' || _IOC_SIZE(cmd) > sizeof(arg))
		return -ENOTTY;
	if (copy_from_user(&arg, uarg, _IOC_SIZE(cmd)))
		return -EFAULT;
	mutex_lock(&imp->lock);
	ret = importer_call(imp, cmd, &arg);
	mutex_unlock(&imp->lock);
	if (!ret && (cmd & IOC_OUT) && copy_to_user(uarg, &arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	return ret;
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct importer *imp = kzalloc_obj(*imp);

	if (!imp)
		return -ENOMEM;
	mutex_init(&imp->lock);
	xa_init_flags(&imp->attachments, XA_FLAGS_ALLOC1);
	xa_init_flags(&imp->mappings, XA_FLAGS_ALLOC1);
	xa_init(&imp->held);
	INIT_DELAYED_WORK(&imp->work, importer_work_end);
	INIT_LIST_HEAD(&imp->lines);
	file->private_data = imp;
	return 0;
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct importer *imp = file->private_data;
	struct attachment *a;
	struct mapping *m;
	unsigned long index;

	flush_delayed_work(&imp->work);
	importer_drop(imp, -1);
	xa_for_each(&imp->mappings, index, m)
		importer_unmap(imp, index);
	xa_for_each(&imp->attachments, index, a)
		importer_detach(imp, index, false);
	lines_remove(imp);
	kfree(imp);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.unlocked_ioctl = importer_ioctl,
};

static struct miscdevice importer_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lc_importer",
	.fops = &importer_fops,
};
module_misc_device(importer_misc);

MODULE_DESCRIPTION("dma-buf importer for the tests of lazy_contig");
MODULE_LICENSE("GPL");
/* MODULE_IMPORT_NS() wants a token before 6.13 and a string since */
MODULE_INFO(import_ns, "DMA_BUF");
