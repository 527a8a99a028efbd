// SPDX-License-Identifier: GPL-2.0
/*
 * Maintenance of CPU caches for hardware that has no driver: a process drives it
 * by physical address, and the kernel knows nothing of it. A device of this module
 * stands in for it. That device is not coherent, so the DMA API, which is the only
 * access of a module to the caches, maintains them for it.
 *
 * Where every device is coherent (LC_DMA_COHERENT) there is nothing to maintain
 * and no such device.
 *
 * All functions may sleep.
 */

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "compat.h"
#include "cpucache.h"
#include "types.h"

/* Maintained between two looks at signals and the scheduler. */
#define LC_CPUCACHE_CHUNK	((u64)SZ_16M)

static struct device *lc_cpucache_dev;

typedef void (lc_cpucache_func)(dma_addr_t addr, size_t len,
				enum dma_data_direction dir);

/*
 * A START could discard lines that nothing has written back yet, such as those
 * of the zeros that the buffer was handed over with, and uncover what the memory
 * had before. So lines are written back before they are invalidated.
 */
static void lc_cpucache_begin_part(dma_addr_t addr, size_t len,
				   enum dma_data_direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return;
	dma_sync_single_for_device(lc_cpucache_dev, addr, len, DMA_BIDIRECTIONAL);
	dma_sync_single_for_cpu(lc_cpucache_dev, addr, len, dir);
}

static void lc_cpucache_end_part(dma_addr_t addr, size_t len,
				 enum dma_data_direction dir)
{
	dma_sync_single_for_device(lc_cpucache_dev, addr, len, dir);
}

/*
 * The DMA API maintains only what is mapped. Pages are mapped as a whole, since a
 * few bytes of one would need a bounce buffer; the part alone is maintained.
 */
static int lc_cpucache_sync(const struct lc_extent *ext, u64 offset, u64 len,
			    enum dma_data_direction dir, lc_cpucache_func *sync,
			    bool killable)
{
	while (len) {
		struct page *page = pfn_to_page(ext->pfn + (offset >> PAGE_SHIFT));
		size_t skip = offset_in_page(offset);
		size_t part = min(len, LC_CPUCACHE_CHUNK - skip);
		size_t mapped = PAGE_ALIGN(skip + part);
		dma_addr_t addr;

		addr = dma_map_page_attrs(lc_cpucache_dev, page, 0, mapped,
					  DMA_BIDIRECTIONAL,
					  DMA_ATTR_SKIP_CPU_SYNC);
		if (dma_mapping_error(lc_cpucache_dev, addr))
			return -ENOMEM;
		sync(addr + skip, part, dir);
		dma_unmap_page_attrs(lc_cpucache_dev, addr, mapped,
				     DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
		offset += part;
		len -= part;
		cond_resched();
		if (len && killable && fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/**
 * lc_cpucache_begin - make what hardware wrote visible to the CPU
 * @ext: pages that the caller owns
 * @offset: first byte of the part to maintain
 * @len: length of the part, which lies inside @ext
 * @dir: DMA_FROM_DEVICE: the CPU will read; DMA_TO_DEVICE: it will write;
 *	DMA_BIDIRECTIONAL: both
 *
 * What the CPU wrote before is written back.
 *
 * Context: process.
 * Return: 0; -ENOMEM if the pages cannot be mapped for DMA; or -EINTR if the
 * current task is being killed.
 */
int lc_cpucache_begin(const struct lc_extent *ext, u64 offset, u64 len,
		      enum dma_data_direction dir)
{
	return LC_DMA_COHERENT ? 0 : lc_cpucache_sync(ext, offset, len, dir,
						      lc_cpucache_begin_part,
						      true);
}

/**
 * lc_cpucache_flush - write back and invalidate, also while being killed
 * @ext: as in lc_cpucache_begin()
 * @offset: likewise
 * @len: likewise
 *
 * For memory that others go on using when the current task is gone.
 *
 * Context: process.
 */
void lc_cpucache_flush(const struct lc_extent *ext, u64 offset, u64 len)
{
	if (!LC_DMA_COHERENT)
		lc_cpucache_sync(ext, offset, len, DMA_BIDIRECTIONAL,
				 lc_cpucache_begin_part, false);
}

/**
 * lc_cpucache_end - make what the CPU wrote visible to hardware
 * @ext: as in lc_cpucache_begin()
 * @offset: likewise
 * @len: likewise
 * @dir: what the CPU has done
 *
 * Context: process.
 * Return: as lc_cpucache_begin().
 */
int lc_cpucache_end(const struct lc_extent *ext, u64 offset, u64 len,
		    enum dma_data_direction dir)
{
	return LC_DMA_COHERENT ? 0 : lc_cpucache_sync(ext, offset, len, dir,
						      lc_cpucache_end_part,
						      true);
}

/**
 * lc_cpucache_init - create the device
 *
 * Context: module init.
 * Return: 0, or an error of root_device_register() or dma_set_mask().
 */
int lc_cpucache_init(void)
{
	struct device *dev;
	int ret;

	if (LC_DMA_COHERENT)
		return 0;
	dev = root_device_register(LC_NAME);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	/* before the mask, with which the kernel decides what to skip */
	lc_device_set_noncoherent(dev);
	ret = dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (ret) {
		root_device_unregister(dev);
		return ret;
	}
	lc_cpucache_dev = dev;
	return 0;
}

/**
 * lc_cpucache_exit - remove the device
 *
 * Context: module exit, or module init with an error.
 */
void lc_cpucache_exit(void)
{
	if (!LC_DMA_COHERENT)
		root_device_unregister(lc_cpucache_dev);
}
