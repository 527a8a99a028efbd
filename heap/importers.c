// SPDX-License-Identifier: GPL-2.0
/*
 * The devices that are attached to a buffer, and how each has it mapped.
 *
 * All functions may sleep.
 */

#include <linux/bitops.h>
#include <linux/dma-buf.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "compat.h"
#include "cpucache.h"
#include "importers.h"
#include "range.h"

/**
 * struct lc_attachment - a device attached to a buffer
 * @dev: the device
 * @table: the pages of the buffer, with DMA addresses while mapped
 * @list: entry in the buffer's list
 * @dir: direction of the mapping, DMA_NONE if not mapped
 * @direct: the device accesses memory neither through CPU caches nor by bounce buffers;
 *	valid while mapped
 */
struct lc_attachment {
	struct device *dev;
	struct sg_table table;
	struct list_head list;
	enum dma_data_direction dir;
	bool direct;
};

/*
 * sg->length has 32 bits, so an entry is less than 4 GiB long. If that takes several,
 * the next one must begin as aligned as the first: what a device needs of the address
 * of a buffer it may need of each entry.
 */
static unsigned long lc_sg_pages(const struct lc_range *range)
{
	unsigned long align;

	if (range->ext.nr_pages < (unsigned long)SZ_4G >> PAGE_SHIFT)
		return range->ext.nr_pages;
	align = min(1UL << __ffs(range->ext.pfn),
		    (unsigned long)SZ_2G >> PAGE_SHIFT);
	return ((unsigned long)SZ_4G >> PAGE_SHIFT) - align;
}

static int lc_sg_fill(struct sg_table *table, const struct lc_range *range)
{
	unsigned long pfn = range->ext.pfn, left = range->ext.nr_pages;
	const unsigned long max = lc_sg_pages(range);
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	ret = sg_alloc_table(table, DIV_ROUND_UP(left, max), GFP_KERNEL);
	if (ret)
		return ret;
	for_each_sgtable_sg(table, sg, i) {
		unsigned long nr = min(left, max);

		sg_set_page(sg, pfn_to_page(pfn), nr << PAGE_SHIFT, 0);
		pfn += nr;
		left -= nr;
	}
	return 0;
}

/**
 * lc_importers_init - initialize an empty set
 * @imps: the set
 * @range: the memory of the buffer; it outlives the set
 *
 * Context: any.
 */
void lc_importers_init(struct lc_importers *imps, const struct lc_range *range)
{
	imps->range = range;
	mutex_init(&imps->lock);
	INIT_LIST_HEAD(&imps->list);
}

/**
 * lc_importers_destroy - end of an empty set
 * @imps: the set
 *
 * Context: any.
 */
void lc_importers_destroy(struct lc_importers *imps)
{
	mutex_destroy(&imps->lock);
}

/**
 * lc_importers_attach - add a device
 * @imps: the set
 * @attach: what the dma-buf core knows of it
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int lc_importers_attach(struct lc_importers *imps,
			struct dma_buf_attachment *attach)
{
	struct lc_attachment *a;
	int ret;

	a = kzalloc_obj(*a);
	if (!a)
		return -ENOMEM;
	ret = lc_sg_fill(&a->table, imps->range);
	if (ret) {
		kfree(a);
		return ret;
	}
	a->dev = attach->dev;
	a->dir = DMA_NONE;
	attach->priv = a;

	mutex_lock(&imps->lock);
	list_add(&a->list, &imps->list);
	mutex_unlock(&imps->lock);
	return 0;
}

/**
 * lc_importers_detach - remove a device
 * @imps: the set
 * @attach: the device
 *
 * Context: process.
 */
void lc_importers_detach(struct lc_importers *imps,
			 struct dma_buf_attachment *attach)
{
	struct lc_attachment *a = attach->priv;

	mutex_lock(&imps->lock);
	list_del(&a->list);
	mutex_unlock(&imps->lock);

	sg_free_table(&a->table);
	kfree(a);
}

static bool lc_is_direct(struct device *dev)
{
	return !dev_is_dma_coherent(dev) && dma_max_mapping_size(dev) == SIZE_MAX;
}

/* An uncached buffer and a device that accesses memory as its mappings do. */
static bool lc_skips(const struct lc_importers *imps,
		     const struct lc_attachment *a)
{
	return a->direct && lc_range_uncached(imps->range);
}

static unsigned long lc_dma_attrs(const struct lc_importers *imps,
				  const struct lc_attachment *a)
{
	return lc_skips(imps, a) ? DMA_ATTR_SKIP_CPU_SYNC : 0;
}

/*
 * Devices that are coherent, and the copy to or from a bounce buffer, access an
 * uncached buffer through CPU caches, which may have old lines of the kernel's
 * direct map: they leave the caches before and after.
 */
static void lc_flush(const struct lc_importers *imps, u64 offset, u64 len)
{
	if (lc_range_uncached(imps->range))
		lc_cpucache_flush(&imps->range->ext, offset, len);
}

static void lc_flush_all(const struct lc_importers *imps,
			 const struct lc_attachment *a)
{
	if (!lc_skips(imps, a))
		lc_flush(imps, 0, (u64)imps->range->ext.nr_pages << PAGE_SHIFT);
}

/**
 * lc_importers_map - map the buffer for a device
 * @imps: the set
 * @attach: the device
 * @dir: direction of the transfers
 *
 * Context: process.
 * Return: the pages with their DMA addresses, or an ERR_PTR with an error of
 * dma_map_sgtable().
 */
struct sg_table *lc_importers_map(struct lc_importers *imps,
				  struct dma_buf_attachment *attach,
				  enum dma_data_direction dir)
{
	struct lc_attachment *a = attach->priv;
	int ret;

	mutex_lock(&imps->lock);
	a->direct = lc_is_direct(a->dev);
	lc_flush_all(imps, a);
	ret = dma_map_sgtable(a->dev, &a->table, dir, lc_dma_attrs(imps, a));
	if (!ret)
		a->dir = dir;
	mutex_unlock(&imps->lock);
	return ret ? ERR_PTR(ret) : &a->table;
}

/**
 * lc_importers_unmap - end a mapping
 * @imps: the set
 * @attach: the device
 * @table: what lc_importers_map() returned
 * @dir: the direction it was mapped with
 *
 * Context: process.
 */
void lc_importers_unmap(struct lc_importers *imps,
			struct dma_buf_attachment *attach,
			struct sg_table *table, enum dma_data_direction dir)
{
	struct lc_attachment *a = attach->priv;

	mutex_lock(&imps->lock);
	a->dir = DMA_NONE;
	dma_unmap_sgtable(a->dev, table, dir, lc_dma_attrs(imps, a));
	lc_flush_all(imps, a);
	mutex_unlock(&imps->lock);
}

typedef void (lc_sync_func)(struct device *dev, dma_addr_t addr,
			    unsigned long offset, size_t size,
			    enum dma_data_direction dir);

/* @offset and @len are of the buffer, whose entries follow each other in @table. */
static void lc_sync_table(struct device *dev, const struct sg_table *table,
			  u64 offset, u64 len, enum dma_data_direction dir,
			  lc_sync_func *sync)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(table, sg, i) {
		u64 size = sg_dma_len(sg), part;

		if (offset >= size) {
			offset -= size;
			continue;
		}
		part = min(len, size - offset);
		sync(dev, sg_dma_address(sg), offset, part, dir);
		len -= part;
		if (!len)
			break;
		offset = 0;
	}
}

static void lc_sync(struct lc_importers *imps, u64 offset, u64 len,
		    enum dma_data_direction dir, lc_sync_func *sync)
{
	struct lc_attachment *a;

	mutex_lock(&imps->lock);
	list_for_each_entry(a, &imps->list, list) {
		if (a->dir == DMA_NONE || lc_skips(imps, a))
			continue;
		lc_flush(imps, offset, len);
		/* the DMA API requires the direction of the mapping */
		lc_sync_table(a->dev, &a->table, offset, len,
			      a->dir == DMA_BIDIRECTIONAL ? dir : a->dir, sync);
		lc_flush(imps, offset, len);
	}
	mutex_unlock(&imps->lock);
}

/**
 * lc_importers_begin - make what devices wrote visible to the CPU
 * @imps: the devices; those that have the buffer mapped are meant
 * @offset: first byte
 * @len: length, not 0; the part lies inside the buffer
 * @dir: DMA_FROM_DEVICE: the CPU will read; DMA_TO_DEVICE: it will write;
 *	DMA_BIDIRECTIONAL: both
 *
 * Context: process.
 */
void lc_importers_begin(struct lc_importers *imps, u64 offset, u64 len,
			enum dma_data_direction dir)
{
	lc_sync(imps, offset, len, dir, dma_sync_single_range_for_cpu);
}

/**
 * lc_importers_end - make what the CPU wrote visible to devices
 * @imps: as in lc_importers_begin()
 * @offset: likewise
 * @len: likewise
 * @dir: what the CPU has done
 *
 * Context: process.
 */
void lc_importers_end(struct lc_importers *imps, u64 offset, u64 len,
		      enum dma_data_direction dir)
{
	lc_sync(imps, offset, len, dir, dma_sync_single_range_for_device);
}

/**
 * lc_importers_count - count the devices
 * @imps: the set
 *
 * Context: process.
 * Return: the number of attached devices, mapped or not.
 */
unsigned int lc_importers_count(struct lc_importers *imps)
{
	struct lc_attachment *a;
	unsigned int nr = 0;

	mutex_lock(&imps->lock);
	list_for_each_entry(a, &imps->list, list)
		nr++;
	mutex_unlock(&imps->lock);
	return nr;
}
