// SPDX-License-Identifier: GPL-2.0
/*
 * The dma-buf of a range, and its mappings. Any number of dma-bufs can share one
 * range; each holds a reference to it and owns nothing else of the memory.
 *
 * The memory is ordinary RAM, cached by the CPU. SYNC maintains the caches for
 * each device that has the buffer mapped. A buffer of an uncached heap has
 * write-combined mappings instead, where devices are not coherent, and needs none
 * of that: nothing of it is in a cache but what the kernel reached through its
 * direct map, which is written back there and then.
 *
 * Mappings of processes are by page frame number (VM_PFNMAP), with huge entries
 * where possible: the file of the mapping keeps the dma-buf and so the range alive,
 * and get_user_pages() does not take such pages. Those of a pinnable buffer, which
 * is never uncached, are of pages (VM_MIXEDMAP), each mapping and each pin with a
 * reference to each page: what is pinned still when the range ends is deferred
 * (cache/deferred.c).
 *
 * All functions may sleep, unless noted otherwise.
 */

#include <linux/align.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "buffer.h"
#include "compat.h"
#include "cpucache.h"
#include "importers.h"
#include "range.h"

/**
 * struct lc_buffer - private data of a dma-buf
 * @list: entry in the range's list of buffers, owned by range.c
 * @range: the memory; the buffer holds a reference
 * @ino: inode number of the dma-buf, its identity in /proc
 * @holds: it is one of the range's holds
 * @importers: the devices attached to it
 */
struct lc_buffer {
	struct list_head list;
	struct lc_range *range;
	unsigned long ino;
	bool holds;
	struct lc_importers importers;
};

static int lc_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct lc_buffer *buffer = dmabuf->priv;

	return lc_importers_attach(&buffer->importers, attach);
}

static void lc_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct lc_buffer *buffer = dmabuf->priv;

	lc_importers_detach(&buffer->importers, attach);
}

static struct sg_table *lc_map(struct dma_buf_attachment *attach,
			       enum dma_data_direction dir)
{
	struct lc_buffer *buffer = attach->dmabuf->priv;

	lc_range_touch(buffer->range);
	return lc_importers_map(&buffer->importers, attach, dir);
}

static void lc_unmap(struct dma_buf_attachment *attach, struct sg_table *table,
		     enum dma_data_direction dir)
{
	struct lc_buffer *buffer = attach->dmabuf->priv;

	lc_importers_unmap(&buffer->importers, attach, table, dir);
}

/*
 * The dma-buf core waits for the devices after this, which is too late: caches
 * would be filled, and bounce buffers copied, while a device still writes.
 */
static int lc_begin_part(struct dma_buf *dmabuf, u64 offset, u64 len,
			 enum dma_data_direction dir)
{
	bool write = dir == DMA_BIDIRECTIONAL || dir == DMA_TO_DEVICE;
	struct lc_buffer *buffer = dmabuf->priv;
	long ret;

	ret = dma_resv_wait_timeout(dmabuf->resv, dma_resv_usage_rw(write), true,
				    MAX_SCHEDULE_TIMEOUT);
	if (ret < 0)
		return ret;
	lc_importers_begin(&buffer->importers, offset, len, dir);
	return 0;
}

static int lc_begin_cpu_access(struct dma_buf *dmabuf,
			       enum dma_data_direction dir)
{
	return lc_begin_part(dmabuf, 0, dmabuf->size, dir);
}

static int lc_end_cpu_access(struct dma_buf *dmabuf,
			     enum dma_data_direction dir)
{
	struct lc_buffer *buffer = dmabuf->priv;

	lc_importers_end(&buffer->importers, 0, dmabuf->size, dir);
	return 0;
}

/**
 * lc_buffer_begin - begin CPU access to a part of a buffer
 * @dmabuf: a dma-buf of this exporter
 * @offset: first byte
 * @len: length; the part lies inside the buffer
 * @dir: DMA_FROM_DEVICE: the CPU will read; DMA_TO_DEVICE: it will write;
 *	DMA_BIDIRECTIONAL: both
 *
 * As dma_buf_begin_cpu_access(), and also for hardware that has no driver.
 *
 * Context: process.
 * Return: 0; -ERESTARTSYS if a signal came while devices were at work; or an error of
 * lc_cpucache_begin().
 */
int lc_buffer_begin(struct dma_buf *dmabuf, u64 offset, u64 len,
		    enum dma_data_direction dir)
{
	struct lc_buffer *buffer = dmabuf->priv;
	int ret;

	ret = lc_begin_part(dmabuf, offset, len, dir);
	if (ret || lc_range_uncached(buffer->range))
		return ret;
	return lc_cpucache_begin(&buffer->range->ext, offset, len, dir);
}

/**
 * lc_buffer_end - end CPU access to a part of a buffer
 * @dmabuf: as in lc_buffer_begin()
 * @offset: likewise
 * @len: likewise
 * @dir: what the CPU has done
 *
 * Context: process.
 * Return: 0 or an error of lc_cpucache_end().
 */
int lc_buffer_end(struct dma_buf *dmabuf, u64 offset, u64 len,
		  enum dma_data_direction dir)
{
	struct lc_buffer *buffer = dmabuf->priv;

	lc_importers_end(&buffer->importers, offset, len, dir);
	if (lc_range_uncached(buffer->range))
		return 0;
	return lc_cpucache_end(&buffer->range->ext, offset, len, dir);
}

/*
 * Page frame of @addr, if @nr_pages pages from there on lie inside the buffer.
 * mmap() has checked offset and length, and VM_DONTEXPAND prevents growing: a
 * mapping past the end is an error of the process, which gets a SIGBUS.
 */
static bool lc_addr_to_pfn(struct vm_area_struct *vma, unsigned long addr,
			   unsigned long nr_pages, unsigned long *pfn)
{
	const struct lc_range *range = vma->vm_private_data;
	unsigned long pgoff = linear_page_index(vma, addr);

	if (pgoff >= range->ext.nr_pages || nr_pages > range->ext.nr_pages - pgoff)
		return false;
	*pfn = range->ext.pfn + pgoff;
	return true;
}

static vm_fault_t lc_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	unsigned long start = max(addr & PMD_MASK, vma->vm_start);
	unsigned long end = min((addr & PMD_MASK) + PMD_SIZE, vma->vm_end);
	unsigned long pfn;
	vm_fault_t ret;

	if (!lc_addr_to_pfn(vma, addr, 1, &pfn))
		return VM_FAULT_SIGBUS;
	ret = vmf_insert_pfn(vma, addr, pfn);
	if (ret != VM_FAULT_NOPAGE)
		return ret;

	/* Fault-around: errors are ignored, the faulting page is mapped. */
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		if (!lc_addr_to_pfn(vma, addr, 1, &pfn) ||
		    vmf_insert_pfn(vma, addr, pfn) != VM_FAULT_NOPAGE)
			break;
	}
	return VM_FAULT_NOPAGE;
}

static vm_fault_t lc_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PMD_MASK;
	unsigned long pfn;

	if (order != PMD_ORDER ||
	    addr < vma->vm_start || addr + PMD_SIZE > vma->vm_end ||
	    !lc_addr_to_pfn(vma, addr, PMD_SIZE >> PAGE_SHIFT, &pfn) ||
	    !IS_ALIGNED(pfn, PMD_SIZE >> PAGE_SHIFT))
		return VM_FAULT_FALLBACK;
	return lc_insert_pmd(vmf, pfn);
}

/*
 * A debugger, or a read or write of /proc/PID/mem, which cannot take the pages of
 * such a mapping. One page at most: the caller comes again for the rest.
 *
 * Of an uncached buffer, the direct map may have old lines in the cache, which
 * must neither be read nor, around what is written, be written back.
 */
static int lc_access(struct vm_area_struct *vma, unsigned long addr, void *buf,
		     int len, int write)
{
	bool uncached = lc_range_uncached(vma->vm_private_data);
	unsigned int offset = offset_in_page(addr);
	unsigned long pfn;
	struct lc_extent page;
	void *mem;

	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)) ||
	    !lc_addr_to_pfn(vma, addr, 1, &pfn) ||
	    PageHWPoison(pfn_to_page(pfn)))
		return -EFAULT;
	mem = page_address(pfn_to_page(pfn)) + offset;
	len = min_t(int, len, PAGE_SIZE - offset);
	page = (struct lc_extent){ pfn, 1 };
	if (uncached &&
	    lc_cpucache_begin(&page, offset, len, DMA_BIDIRECTIONAL))
		return -EFAULT;
	if (write)
		memcpy(mem, buf, len);
	else
		memcpy(buf, mem, len);
	if (uncached)
		lc_cpucache_end(&page, offset, len, DMA_BIDIRECTIONAL);
	return len;
}

static const struct vm_operations_struct lc_vm_ops = {
	.access = lc_access,
	.fault = lc_fault,
	.huge_fault = LC_HAS_HUGE_PFNMAP ? lc_huge_fault : NULL,
};

/* Pages inserted at a time. */
#define LC_INSERT_BATCH		32UL

/*
 * Map the pages from @addr to @end of a pinnable buffer. Return: 0, -EBUSY at the
 * first that is mapped already, or another error.
 */
static int lc_insert_pages(struct vm_area_struct *vma, unsigned long addr,
			   unsigned long end)
{
	struct page *pages[LC_INSERT_BATCH];
	unsigned long pfn, nr, left, i;
	int ret = 0;

	for (; !ret && addr < end; addr += nr << PAGE_SHIFT) {
		nr = min((end - addr) >> PAGE_SHIFT, LC_INSERT_BATCH);
		if (!lc_addr_to_pfn(vma, addr, nr, &pfn))
			return -EFAULT;
		for (i = 0; i < nr; i++)
			pages[i] = pfn_to_page(pfn + i);
		left = nr;
		ret = vm_insert_pages(vma, addr, pages, &left);
	}
	return ret;
}

/* The entries of a page table at once; another thread may have been faster. */
static vm_fault_t lc_pinnable_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	unsigned long start = max(addr & PMD_MASK, vma->vm_start);
	unsigned long end = min((addr & PMD_MASK) + PMD_SIZE, vma->vm_end);
	int ret;

	ret = lc_insert_pages(vma, addr, end);
	if (ret && ret != -EBUSY)
		return ret == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	lc_insert_pages(vma, start, addr);
	return VM_FAULT_NOPAGE;
}

/* No access(): get_user_pages() serves debuggers. */
static const struct vm_operations_struct lc_pinnable_vm_ops = {
	.fault = lc_pinnable_fault,
};

/* Can a huge entry map part of @vma? */
static bool lc_maps_huge(const struct vm_area_struct *vma, unsigned long pfn)
{
	unsigned long first = ALIGN(vma->vm_start, PMD_SIZE);
	unsigned long shift = pfn - (vma->vm_start >> PAGE_SHIFT);

	return LC_HAS_HUGE_PFNMAP &&
	       first < vma->vm_end && PMD_SIZE <= vma->vm_end - first &&
	       IS_ALIGNED(shift, PMD_SIZE >> PAGE_SHIFT);
}

/**
 * struct lc_fill - argument of lc_fill_one()
 * @vma: the mapping to fill
 * @pfn: page frame of the next page
 */
struct lc_fill {
	struct vm_area_struct *vma;
	unsigned long pfn;
};

static int lc_fill_one(pte_t *pte, unsigned long addr, void *data)
{
	struct lc_fill *fill = data;
	struct vm_area_struct *vma = fill->vma;

	set_pte_at(vma->vm_mm, addr, pte,
		   pte_mkspecial(pfn_pte(fill->pfn++, vma->vm_page_prot)));
	return 0;
}

/*
 * Map all pages. Errors are ignored: lc_fault() maps what is missing.
 *
 * Not remap_pfn_range(): on x86 it looks up the memory type of each page, at ten
 * times the cost, or tracks the range as a whole, which fork and partial unmap
 * do not support. This is RAM, cached as all RAM is.
 */
static void lc_fill(struct vm_area_struct *vma, unsigned long pfn)
{
	struct lc_fill fill = { .vma = vma, .pfn = pfn };

	apply_to_page_range(vma->vm_mm, vma->vm_start,
			    vma->vm_end - vma->vm_start, lc_fill_one, &fill);
}

/*
 * The dma-buf core has checked that offset and length lie inside the buffer.
 * Where huge entries are possible each is inserted at its first fault, which
 * costs less than mapping all pages now; otherwise all pages are mapped now,
 * which costs less than a fault for each. Pinnable buffers are mapped by faults,
 * each of which fills a page table.
 *
 * A private mapping would need copies of pages on write, which VM_PFNMAP does
 * not provide, and growth by mremap() would reach past the buffer: both are
 * refused.
 */
static int lc_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct lc_buffer *buffer = dmabuf->priv;
	unsigned long pfn = buffer->range->ext.pfn + vma->vm_pgoff;

	/* VM_SHARED is not set if the file is not open for writing */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	lc_range_touch(buffer->range);
	vma->vm_private_data = buffer->range;
	if (buffer->range->flags & LC_PINNABLE) {
		vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
		vma->vm_ops = &lc_pinnable_vm_ops;
		return 0;
	}
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	if (lc_range_uncached(buffer->range))
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	vma->vm_ops = &lc_vm_ops;
	if (!lc_maps_huge(vma, pfn))
		lc_fill(vma, pfn);
	return 0;
}

static void *lc_vmap_uncached(const struct lc_range *range)
{
	unsigned long i, nr = range->ext.nr_pages;
	struct page **pages;
	void *addr;

	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++)
		pages[i] = pfn_to_page(range->ext.pfn + i);
	addr = vmap(pages, nr, VM_MAP, pgprot_writecombine(PAGE_KERNEL));
	kvfree(pages);
	return addr;
}

/*
 * The kernel's direct map covers the buffer: unless it is uncached nothing is to be
 * mapped, and there is no alias that SYNC would have to flush.
 */
static int lc_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct lc_buffer *buffer = dmabuf->priv;
	struct lc_range *range = buffer->range;
	void *addr;

	addr = lc_range_uncached(range) ? lc_vmap_uncached(range) :
					  page_address(pfn_to_page(range->ext.pfn));
	if (!addr)
		return -ENOMEM;
	lc_range_touch(range);
	iosys_map_set_vaddr(map, addr);
	return 0;
}

static void lc_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct lc_buffer *buffer = dmabuf->priv;

	if (lc_range_uncached(buffer->range))
		vunmap(map->vaddr);
	iosys_map_clear(map);
}

static void lc_release(struct dma_buf *dmabuf)
{
	struct lc_buffer *buffer = dmabuf->priv;

	lc_range_remove_buffer(&buffer->list);
	if (buffer->holds)
		atomic_dec(&buffer->range->holds);
	lc_range_put(buffer->range);
	lc_importers_destroy(&buffer->importers);
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
 * lc_buffer_export - create a dma-buf of a range
 * @range: the memory; the dma-buf takes a reference of its own
 * @exp_name: name of the exporter, not copied: must outlive the dma-buf
 * @fd_flags: access mode and O_CLOEXEC of the file
 *
 * Context: process context.
 * Return: a dma-buf with one reference, owned by the caller, or an ERR_PTR:
 * -ENOMEM; -EINTR if the current task is being killed; or another error of
 * dma_buf_export().
 */
struct dma_buf *lc_buffer_export(struct lc_range *range, const char *exp_name,
				 u32 fd_flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct lc_buffer *buffer;
	struct dma_buf *dmabuf;
	int ret;

	info.size = range->ext.nr_pages << PAGE_SHIFT;
	/* whatever the caches have of it, zeros or older contents, goes to memory */
	if (lc_range_uncached(range)) {
		ret = lc_cpucache_begin(&range->ext, 0, info.size,
					DMA_BIDIRECTIONAL);
		if (ret)
			return ERR_PTR(ret);
	}
	buffer = kzalloc_obj(*buffer);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	buffer->range = range;
	lc_importers_init(&buffer->importers, range);

	info.exp_name = exp_name;
	info.ops = &lc_buffer_ops;
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
 * lc_buffer_hold - forbid to end the keeping of a range while this dma-buf exists
 * @dmabuf: a dma-buf of this exporter that only the caller knows, not held yet
 *
 * Context: any, does not sleep.
 */
void lc_buffer_hold(struct dma_buf *dmabuf)
{
	struct lc_buffer *buffer = dmabuf->priv;

	buffer->holds = true;
	atomic_inc(&buffer->range->holds);
}

/**
 * lc_buffer_range - the range of a dma-buf
 * @dmabuf: a dma-buf of any exporter
 *
 * Context: any, does not sleep.
 * Return: the range, without a reference: valid as long as the caller holds
 * @dmabuf. NULL for a dma-buf of another exporter.
 */
struct lc_range *lc_buffer_range(struct dma_buf *dmabuf)
{
	struct lc_buffer *buffer = dmabuf->priv;

	return dmabuf->ops == &lc_buffer_ops ? buffer->range : NULL;
}

/**
 * lc_buffer_count_users - count the dma-bufs of a range and their importers
 * @range: the range
 * @users: filled in
 *
 * Context: inside lc_range_for_each() only, whose lock guards the list.
 */
void lc_buffer_count_users(const struct lc_range *range,
			   struct lc_buffer_users *users)
{
	struct lc_buffer *buffer;

	*users = (struct lc_buffer_users) {};
	list_for_each_entry(buffer, &range->buffers, list) {
		users->dmabufs++;
		users->importers += lc_importers_count(&buffer->importers);
	}
}

/**
 * lc_buffer_visit_inodes - visit the inode numbers of a range's dma-bufs
 * @range: the range
 * @func: called with each inode number
 * @data: second argument of @func
 *
 * Context: inside lc_range_for_each() only, whose lock guards the list.
 */
void lc_buffer_visit_inodes(const struct lc_range *range,
			    void (*func)(unsigned long ino, void *data),
			    void *data)
{
	struct lc_buffer *buffer;

	list_for_each_entry(buffer, &range->buffers, list)
		func(buffer->ino, data);
}
