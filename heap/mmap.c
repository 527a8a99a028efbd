// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping a buffer into a process: by page frame, a huge entry at the first
 * touch where the kernel can and addresses line up, else all pages at once.
 */

#include <linux/dma-buf.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "compat.h"
#include "lazy_contig.h"

/*
 * The page frame behind @addr. A mapping can reach past the buffer only if
 * something moved it in ways that mmap() would have refused; such a touch is
 * the process's error, not ours.
 */
static bool lc_addr_to_pfn(struct vm_area_struct *vma, unsigned long addr,
			   unsigned long nr_pages, unsigned long *pfn)
{
	const struct lc_range *range = vma->vm_private_data;
	unsigned long pgoff = linear_page_index(vma, addr);

	if (pgoff >= range->nr_pages || nr_pages > range->nr_pages - pgoff)
		return false;
	*pfn = range->pfn + pgoff;
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

	/* The rest is a favour: whatever stops it, the touched page is there. */
	for (addr = start; addr < end; addr += PAGE_SIZE) {
		if (!lc_addr_to_pfn(vma, addr, 1, &pfn) ||
		    vmf_insert_pfn(vma, addr, pfn) != VM_FAULT_NOPAGE)
			break;
	}
	return VM_FAULT_NOPAGE;
}

#ifdef LC_HUGE_PFNMAP
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
#endif

static const struct vm_operations_struct lc_vm_ops = {
	.fault = lc_fault,
#ifdef LC_HUGE_PFNMAP
	.huge_fault = lc_huge_fault,
#endif
};

static bool lc_maps_huge(const struct vm_area_struct *vma, unsigned long pfn)
{
#ifdef LC_HUGE_PFNMAP
	unsigned long first = ALIGN(vma->vm_start, PMD_SIZE);
	unsigned long shift = pfn - (vma->vm_start >> PAGE_SHIFT);

	return first < vma->vm_end && PMD_SIZE <= vma->vm_end - first &&
	       IS_ALIGNED(shift, PMD_SIZE >> PAGE_SHIFT);
#else
	return false;
#endif
}

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
 * Pages that could not be mapped now will be when they are touched. With
 * remap_pfn_range() x86 would look up the caching of each page, at ten times the
 * cost, or keep a record of the whole that forks and unmaps trip over; this is
 * RAM, cached like all other.
 */
static void lc_fill(struct vm_area_struct *vma, unsigned long pfn)
{
	struct lc_fill fill = { .vma = vma, .pfn = pfn };

	apply_to_page_range(vma->vm_mm, vma->vm_start,
			    vma->vm_end - vma->vm_start, lc_fill_one, &fill);
}

/**
 * lc_mmap - map a buffer
 * @dmabuf: a dma-buf of ours; the caller has checked that offset and length
 *	lie inside
 * @vma: the mapping; its file keeps the dma-buf, and so the range, alive
 *
 * A private mapping would need copies of pages that have no reference count
 * of their own here, and growing one by mremap() would reach past the buffer:
 * neither is possible.
 *
 * Context: mmap lock of the caller's mm held for writing.
 * Return: 0, or -EINVAL for a private mapping.
 */
int lc_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct lc_range *range = lc_buffer_range(dmabuf);
	unsigned long pfn = range->pfn + vma->vm_pgoff;

	/* VM_SHARED is not set where the fd allows no writing */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	lc_range_touch(range);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = range;
	vma->vm_ops = &lc_vm_ops;
	if (!lc_maps_huge(vma, pfn))
		lc_fill(vma, pfn);
	return 0;
}
