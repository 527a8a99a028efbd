/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All differences between kernels, each behind a feature that Kbuild probed.
 * Every shim names the kernel from which on it is not needed.
 */
#ifndef LAZY_CONTIG_COMPAT_H
#define LAZY_CONTIG_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/gfp.h>
#include <linux/huge_mm.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#ifdef HAVE_PMD_INSERT_PFN_T
#include <linux/pfn_t.h>
#endif

#ifdef CONFIG_HIGHMEM
#error "lazy_contig reaches buffers through the kernel's direct map: 64-bit kernels only"
#endif
#ifndef CONFIG_CONTIG_ALLOC
#error "lazy_contig needs a kernel with CONFIG_CONTIG_ALLOC"
#endif

/* 6.13: the namespace is a string */
#ifdef HAVE_STRING_IMPORT_NS
#define LC_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define LC_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* 7.0 */
#ifndef kzalloc_obj
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* 6.8: MAX_ORDER, which was exclusive, became MAX_PAGE_ORDER */
#ifndef MAX_PAGE_ORDER
#define MAX_PAGE_ORDER		(MAX_ORDER - 1)
#endif

/* 6.3 */
#ifndef HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

/* 6.18: renamed to what it is a flag of */
#ifndef PAGE_MAPPING_ANON
#define PAGE_MAPPING_ANON	FOLIO_MAPPING_ANON
#endif

/*
 * Not on the LRU, but its driver can move it: zsmalloc, balloon.
 * 6.17: such pages have a flag, and bits in page->mapping no more.
 */
static inline bool lc_has_movable_ops(struct page *page)
{
#ifdef PAGE_MAPPING_MOVABLE
	return __PageMovable(page);
#else
	return page_has_movable_ops(page);
#endif
}

/* 6.14: the third argument was a migratetype */
static inline int lc_alloc_contig_range(unsigned long start, unsigned long end,
					gfp_t gfp)
{
#ifdef HAVE_ACR_FLAGS
	return alloc_contig_range(start, end, ACR_FLAGS_NONE, gfp);
#else
	return alloc_contig_range(start, end, MIGRATE_MOVABLE, gfp);
#endif
}

/* 6.7: the kernel allocates shrinkers */
static inline struct shrinker *
lc_shrinker_register(const char *name,
		     unsigned long (*count)(struct shrinker *,
					    struct shrink_control *),
		     unsigned long (*scan)(struct shrinker *,
					   struct shrink_control *),
		     long batch)
{
	struct shrinker *shrinker;
#ifdef HAVE_SHRINKER_ALLOC
	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "%s", name);
#else
	int ret;

	shrinker = kzalloc_obj(*shrinker);
#endif
	if (!shrinker)
		return ERR_PTR(-ENOMEM);
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
	shrinker->batch = batch;
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_register(shrinker);
#else
	shrinker->flags = SHRINKER_NUMA_AWARE;
	ret = register_shrinker(shrinker, "%s", name);
	if (ret) {
		kfree(shrinker);
		return ERR_PTR(ret);
	}
#endif
	return shrinker;
}

static inline void lc_shrinker_unregister(struct shrinker *shrinker)
{
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_free(shrinker);
#else
	unregister_shrinker(shrinker);
	kfree(shrinker);
#endif
}

/* 6.18, and stable kernels that took it back; it adds a trace event */
static inline void lc_dma_buf_fd_install(struct dma_buf *dmabuf, int fd)
{
#ifdef HAVE_DMA_BUF_FD_INSTALL
	dma_buf_fd_install(dmabuf, fd);
#else
	fd_install(fd, dmabuf->file);
#endif
}

/*
 * 6.12: PMD entries of raw page frames are marked special, so that GUP-fast
 * leaves them alone. Older kernels must not map them.
 * 6.16: vmf_insert_pfn_pmd() takes a plain page frame number.
 */
#if defined(HAVE_HUGE_FAULT_ORDER) && defined(CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP)
#define LC_HUGE_PFNMAP
static inline vm_fault_t lc_insert_pmd(struct vm_fault *vmf, unsigned long pfn)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;

#ifdef HAVE_PMD_INSERT_PFN_T
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write);
#else
	return vmf_insert_pfn_pmd(vmf, pfn, write);
#endif
}
#endif

#endif
