// SPDX-License-Identifier: GPL-2.0
/*
 * The dma-buf of a range. Any number of dma-bufs can share one range; each
 * holds a reference to it and nothing else of the memory.
 */

#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/math.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "compat.h"
#include "lazy_contig.h"

/* sg->length has 32 bits: the longest run of whole pages in one entry. */
#define LC_SG_PAGES	((unsigned long)UINT_MAX >> PAGE_SHIFT)

/**
 * struct lc_buffer - what a dma-buf of ours stands for
 * @list: in the range's list
 * @range: the memory, with a reference of this buffer's
 * @ino: inode number of the dma-buf, by which /proc knows it
 * @lock: guards @attachments and how each is mapped
 * @attachments: all struct lc_attachment
 */
struct lc_buffer {
	struct list_head list;
	struct lc_range *range;
	unsigned long ino;
	struct mutex lock; /* guards attachments and their dir */
	struct list_head attachments;
};

/**
 * struct lc_attachment - a device that a buffer is attached to
 * @dev: the device
 * @table: the buffer, as the device sees it while it is mapped
 * @list: in the buffer's list
 * @dir: how it is mapped, DMA_NONE while it is not
 */
struct lc_attachment {
	struct device *dev;
	struct sg_table table;
	struct list_head list;
	enum dma_data_direction dir;
};

static int lc_sg_fill(struct sg_table *table, const struct lc_range *range)
{
	unsigned long pfn = range->pfn, left = range->nr_pages;
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	ret = sg_alloc_table(table, DIV_ROUND_UP(left, LC_SG_PAGES), GFP_KERNEL);
	if (ret)
		return ret;
	for_each_sgtable_sg(table, sg, i) {
		unsigned long nr = min(left, LC_SG_PAGES);

		sg_set_page(sg, pfn_to_page(pfn), nr << PAGE_SHIFT, 0);
		pfn += nr;
		left -= nr;
	}
	return 0;
}

static int lc_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct lc_buffer *buffer = dmabuf->priv;
	struct lc_attachment *a;
	int ret;

	a = kzalloc_obj(*a);
	if (!a)
		return -ENOMEM;
	ret = lc_sg_fill(&a->table, buffer->range);
	if (ret) {
		kfree(a);
		return ret;
	}
	a->dev = attach->dev;
	a->dir = DMA_NONE;
	attach->priv = a;

	mutex_lock(&buffer->lock);
	list_add(&a->list, &buffer->attachments);
	mutex_unlock(&buffer->lock);
	return 0;
}

static void lc_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct lc_buffer *buffer = dmabuf->priv;
	struct lc_attachment *a = attach->priv;

	mutex_lock(&buffer->lock);
	list_del(&a->list);
	mutex_unlock(&buffer->lock);

	sg_free_table(&a->table);
	kfree(a);
}

static struct sg_table *lc_map(struct dma_buf_attachment *attach,
			       enum dma_data_direction dir)
{
	struct lc_buffer *buffer = attach->dmabuf->priv;
	struct lc_attachment *a = attach->priv;
	int ret;

	lc_range_touch(buffer->range);
	mutex_lock(&buffer->lock);
	ret = dma_map_sgtable(a->dev, &a->table, dir, 0);
	if (!ret)
		a->dir = dir;
	mutex_unlock(&buffer->lock);
	return ret ? ERR_PTR(ret) : &a->table;
}

static void lc_unmap(struct dma_buf_attachment *attach, struct sg_table *table,
		     enum dma_data_direction dir)
{
	struct lc_buffer *buffer = attach->dmabuf->priv;
	struct lc_attachment *a = attach->priv;

	mutex_lock(&buffer->lock);
	a->dir = DMA_NONE;
	dma_unmap_sgtable(a->dev, table, dir, 0);
	mutex_unlock(&buffer->lock);
}

typedef void (lc_sync_func)(struct device *dev, struct sg_table *table,
			    enum dma_data_direction dir);

static int lc_sync(struct dma_buf *dmabuf, enum dma_data_direction dir,
		   lc_sync_func *sync)
{
	struct lc_buffer *buffer = dmabuf->priv;
	struct lc_attachment *a;

	mutex_lock(&buffer->lock);
	list_for_each_entry(a, &buffer->attachments, list) {
		/* the DMA API wants the direction that it mapped for */
		if (a->dir == DMA_BIDIRECTIONAL)
			sync(a->dev, &a->table, dir);
		else if (a->dir != DMA_NONE)
			sync(a->dev, &a->table, a->dir);
	}
	mutex_unlock(&buffer->lock);
	return 0;
}

static int lc_begin_cpu_access(struct dma_buf *dmabuf,
			       enum dma_data_direction dir)
{
	return lc_sync(dmabuf, dir, dma_sync_sgtable_for_cpu);
}

static int lc_end_cpu_access(struct dma_buf *dmabuf,
			     enum dma_data_direction dir)
{
	return lc_sync(dmabuf, dir, dma_sync_sgtable_for_device);
}

/*
 * The kernel's direct map covers the buffer already: there is nothing to map,
 * and no alias of it that SYNC would have to flush.
 */
static int lc_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct lc_buffer *buffer = dmabuf->priv;

	lc_range_touch(buffer->range);
	iosys_map_set_vaddr(map, page_address(pfn_to_page(buffer->range->pfn)));
	return 0;
}

static void lc_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	iosys_map_clear(map);
}

static void lc_release(struct dma_buf *dmabuf)
{
	struct lc_buffer *buffer = dmabuf->priv;

	lc_range_remove_buffer(&buffer->list);
	lc_range_put(buffer->range);
	mutex_destroy(&buffer->lock);
	kfree(buffer);
}

static const struct dma_buf_ops lc_buffer_ops = {
	.attach = lc_attach,
	.detach = lc_detach,
	.map_dma_buf = lc_map,
	.unmap_dma_buf = lc_unmap,
	.begin_cpu_access = lc_begin_cpu_access,
	.end_cpu_access = lc_end_cpu_access,
	.mmap = lc_mmap,
	.vmap = lc_vmap,
	.vunmap = lc_vunmap,
	.release = lc_release,
};

/**
 * lc_buffer_export - make a dma-buf of a range
 * @range: the memory; the dma-buf takes a reference of its own
 * @exp_name: the exporter's name, which must outlive the module's code
 * @fd_flags: access mode and close-on-exec of the file
 *
 * Context: process context, may sleep.
 * Return: a dma-buf that the caller owns, or -ENOMEM or another error of
 * dma_buf_export() as ERR_PTR.
 */
struct dma_buf *lc_buffer_export(struct lc_range *range, const char *exp_name,
				 u32 fd_flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct lc_buffer *buffer;
	struct dma_buf *dmabuf;

	buffer = kzalloc_obj(*buffer);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	buffer->range = range;
	mutex_init(&buffer->lock);
	INIT_LIST_HEAD(&buffer->attachments);

	info.exp_name = exp_name;
	info.ops = &lc_buffer_ops;
	info.size = range->nr_pages << PAGE_SHIFT;
	info.flags = fd_flags;
	info.priv = buffer;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		kfree(buffer);
		return dmabuf;
	}
	buffer->ino = file_inode(dmabuf->file)->i_ino;
	lc_range_get(range);
	lc_range_add_buffer(range, &buffer->list);
	return dmabuf;
}

/**
 * lc_buffer_range - the range behind a dma-buf
 * @dmabuf: any dma-buf
 *
 * Return: its range, valid as long as the dma-buf, or NULL if another exporter
 * made it.
 */
struct lc_range *lc_buffer_range(struct dma_buf *dmabuf)
{
	struct lc_buffer *buffer = dmabuf->priv;

	return dmabuf->ops == &lc_buffer_ops ? buffer->range : NULL;
}

/**
 * lc_range_count_users - count a range's dma-bufs and their importers
 * @range: a range whose list of buffers cannot change now
 * @users: out
 *
 * Context: process context, may sleep.
 */
void lc_range_count_users(const struct lc_range *range,
			  struct lc_range_users *users)
{
	struct lc_buffer *buffer;
	struct lc_attachment *a;

	*users = (struct lc_range_users) {};
	list_for_each_entry(buffer, &range->buffers, list) {
		users->dmabufs++;
		mutex_lock(&buffer->lock);
		list_for_each_entry(a, &buffer->attachments, list)
			users->importers++;
		mutex_unlock(&buffer->lock);
	}
}

/**
 * lc_range_visit_inodes - visit the inode numbers of a range's dma-bufs
 * @range: a range whose list of buffers cannot change now
 * @func: called for each
 * @data: passed on
 */
void lc_range_visit_inodes(const struct lc_range *range,
			   void (*func)(unsigned long ino, void *data),
			   void *data)
{
	struct lc_buffer *buffer;

	list_for_each_entry(buffer, &range->buffers, list)
		func(buffer->ino, data);
}
