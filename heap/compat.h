/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All differences between kernels, each behind a feature that Kbuild probed.
 * Every shim names the kernel from which on it is not needed.
 */
#ifndef LAZY_CONTIG_COMPAT_H
#define LAZY_CONTIG_COMPAT_H

#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/file.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/huge_mm.h>
#include <linux/memory.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>
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

/*
 * 7.2: modules can add heaps to the kernel's class. Before, LC_HAS_DMA_HEAP_ADD
 * is 0 and lc_dma_heap_add() is -EOPNOTSUPP.
 */
#ifdef HAVE_DMA_HEAP_ADD
#define LC_HAS_DMA_HEAP_ADD	1
#define lc_dma_heap_ops		dma_heap_ops
#define lc_dma_heap_get_drvdata	dma_heap_get_drvdata
static inline int lc_dma_heap_add(const char *name,
				  const struct lc_dma_heap_ops *ops, void *priv)
{
	const struct dma_heap_export_info info = {
		.name = name,
		.ops = ops,
		.priv = priv,
	};

	return PTR_ERR_OR_ZERO(dma_heap_add(&info));
}
#else
#define LC_HAS_DMA_HEAP_ADD	0
struct lc_dma_heap_ops {
	struct dma_buf *(*allocate)(struct dma_heap *heap, unsigned long len,
				    u32 fd_flags, u64 heap_flags);
};

static inline void *lc_dma_heap_get_drvdata(struct dma_heap *heap)
{
	return NULL;
}

static inline int lc_dma_heap_add(const char *name,
				  const struct lc_dma_heap_ops *ops, void *priv)
{
	return -EOPNOTSUPP;
}
#endif

/* 7.0 */
#ifndef kzalloc_obj
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* 6.8: MAX_ORDER, which was exclusive, became MAX_PAGE_ORDER */
#ifndef MAX_PAGE_ORDER
#define MAX_PAGE_ORDER		(MAX_ORDER - 1)
#endif

/* 6.4: survives a broken page. Return: 0 if the page was copied */
#ifndef HAVE_COPY_MC_HIGHPAGE
static inline int copy_mc_highpage(struct page *to, struct page *from)
{
	copy_highpage(to, from);
	return 0;
}
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

/*
 * The migratetype of a pageblock. The kernel does not export its accessor of
 * pageblock flags.
 * 6.17: isolation is a flag besides the type.
 *
 * Context: RCU read lock held. @pfn is online.
 */
static inline int lc_pageblock_type(unsigned long pfn)
{
	const unsigned long *bits = section_to_usemap(__pfn_to_section(pfn));
	unsigned long bit = ((pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order) *
			    NR_PAGEBLOCK_BITS;
	unsigned long flags = READ_ONCE(bits[bit / BITS_PER_LONG]) >>
			      bit % BITS_PER_LONG;
#ifdef PAGEBLOCK_ISO_MASK
	if (flags & PAGEBLOCK_ISO_MASK)
		return MIGRATE_ISOLATE;
	return flags & PAGEBLOCK_MIGRATETYPE_MASK;
#else
	return flags & MIGRATETYPE_MASK;
#endif
}

/*
 * May the pages of a pageblock be used for any purpose: is it of none of the
 * types CMA, isolated, and kept for atomic allocations?
 *
 * Context: as lc_pageblock_type().
 */
static inline bool lc_pageblock_ordinary(unsigned long pfn)
{
	return lc_pageblock_type(pfn) < MIGRATE_PCPTYPES;
}

/*
 * Is some page of a large folio mapped? Asserts nothing: the folio may be gone.
 * 6.10: counted in one place. Before, few file systems had large folios; they
 * count as not mapped.
 */
static inline bool lc_large_mapped(const struct page *head)
{
#ifdef HAVE_LARGE_MAPCOUNT
	const struct folio *folio = (const struct folio *)head;

	return atomic_read(&folio->_large_mapcount) >= 0;
#else
	return false;
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
	/* what it gives back costs no I/O to have again */
	shrinker->seeks = 0;
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

/*
 * Without NUMA there is no policy. Context: task lock of the current task held.
 * Return: the node that the policy prefers, or @first.
 */
static inline int lc_mempolicy_apply(nodemask_t *nodes, int first)
{
#ifdef CONFIG_NUMA
	const struct mempolicy *policy = current->mempolicy;

	if (!policy)
		return first;
	if (policy->mode == MPOL_BIND)
		nodes_and(*nodes, *nodes, policy->nodes);
	else if (policy->mode == MPOL_PREFERRED ||
		 policy->mode == MPOL_PREFERRED_MANY)
		first = first_node(policy->nodes);
#endif
	return first;
}

/* What goes offline and online at once; 0 where no memory does. */
static inline unsigned long lc_memory_block_pages(void)
{
#ifdef CONFIG_MEMORY_HOTPLUG
	return memory_block_size_bytes() >> PAGE_SHIFT;
#else
	return 0;
#endif
}

/* 6.3: memory failures are counted. Before, there may be broken pages at any time. */
static inline bool lc_memory_failed(int node)
{
#ifndef CONFIG_MEMORY_FAILURE
	return false;
#elif defined(HAVE_MF_STATS)
	return READ_ONCE(NODE_DATA(node)->mf_stats.total);
#else
	return true;
#endif
}

/* 6.4 */
#ifndef HAVE_ACCOUNT_RECLAIMED
static inline void mm_account_reclaimed_pages(unsigned long pages)
{
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
}
#endif

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
 * LC_DMA_COHERENT: CPU caches are coherent with all devices that the architecture
 * has. Otherwise, lc_device_set_noncoherent() makes a device one for which they are
 * maintained, in place and never by a bounce buffer, in any kernel.
 * 7.3: whether a device is coherent is a flag with accessors.
 */
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
#define LC_DMA_COHERENT		0
static inline void lc_device_set_noncoherent(struct device *dev)
{
#ifdef HAVE_DEV_FLAG_DMA_COHERENT
	dev_clear_dma_coherent(dev);
#else
	dev->dma_coherent = false;
#endif
#ifdef CONFIG_SWIOTLB
	dev->dma_io_tlb_mem = NULL;
#endif
}
#else
#define LC_DMA_COHERENT		1
static inline void lc_device_set_noncoherent(struct device *dev)
{
}
#endif

/*
 * 6.12: PMD entries of raw page frames are marked special, so that GUP-fast
 * leaves them alone. Before, LC_HAS_HUGE_PFNMAP is 0: they must not be mapped.
 * 6.6: the second argument of huge_fault() is an order.
 * 6.16: vmf_insert_pfn_pmd() takes a plain page frame number.
 */
#if defined(HAVE_HUGE_FAULT_ORDER) && defined(CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP)
#define LC_HAS_HUGE_PFNMAP	1
static inline vm_fault_t lc_insert_pmd(struct vm_fault *vmf, unsigned long pfn)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;

#ifdef HAVE_PMD_INSERT_PFN_T
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write);
#else
	return vmf_insert_pfn_pmd(vmf, pfn, write);
#endif
}
#else
#define LC_HAS_HUGE_PFNMAP	0
static inline vm_fault_t lc_insert_pmd(struct vm_fault *vmf, unsigned long pfn)
{
	return VM_FAULT_FALLBACK;
}
#endif

/* 6.6 */
#ifndef PMD_ORDER
#define PMD_ORDER		(PMD_SHIFT - PAGE_SHIFT)
#endif

#endif
