// SPDX-License-Identifier: GPL-2.0
/* Taking pages from the page allocator, zeroing them, and freeing pages. */

#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "compat.h"
#include "limit.h"
#include "pages.h"
#include "parallel.h"
#include "search/zone.h"
#include "trace.h"

/* Pages looked at between two looks at the scheduler. */
#define LC_CHECK_CHUNK	1024UL
/* Zeroed between two looks at signals and the scheduler: a millisecond or less. */
#define LC_ZERO_CHUNK	(SZ_4M >> PAGE_SHIFT)

/*
 * Such kernels note for each page which call allocated it. Neighbours need not
 * come from the same call, and a block that is freed as a whole is booked on the
 * first page's.
 */
#define LC_PAGES_ARE_BOOKED	(IS_ENABLED(CONFIG_PAGE_OWNER) || \
				 IS_ENABLED(CONFIG_MEM_ALLOC_PROFILING))

static int lc_zero_part(struct lc_job *job, const struct lc_extent *part)
{
	unsigned long i;

	for (i = 0; i < part->nr_pages; i++) {
		if (i % LC_ZERO_CHUNK == 0) {
			/* helpers get no signals */
			if (fatal_signal_pending(current) ||
			    (job && READ_ONCE(job->stop)))
				return -EINTR;
			cond_resched();
		}
		clear_highpage(pfn_to_page(part->pfn + i));
	}
	trace_lazy_contig_cleared(part->pfn, part->nr_pages);
	return 0;
}

/**
 * lc_pages_shared - do pages have references besides those of their owner?
 * @ext: the pages
 *
 * Context: process, may sleep. Return: true if one does that is not broken.
 */
bool lc_pages_shared(const struct lc_extent *ext)
{
	unsigned long pfn;

	for (pfn = ext->pfn; pfn < lc_extent_end(ext); pfn++) {
		if (lc_page_shared(pfn_to_page(pfn)))
			return true;
		cond_resched();
	}
	return false;
}

/* The kernel counts a broken page some milliseconds after it was marked. */
static bool lc_broken_seen;

/**
 * lc_page_broken - has the hardware reported the page broken?
 * @page: a page that the caller owns
 *
 * Further requests look at their pages if one has.
 *
 * Context: any. Return: true if so.
 */
bool lc_page_broken(struct page *page)
{
	if (!PageHWPoison(page))
		return false;
	WRITE_ONCE(lc_broken_seen, true);
	return true;
}

static bool lc_pages_can_be_broken(int node)
{
	return READ_ONCE(lc_broken_seen) || lc_memory_failed(node);
}

/**
 * lc_pages_usable - may pages be in a buffer?
 * @part: pages that the caller owns; cut to those from the first on for which the
 *	answer is yes, if it is yes for the first
 *
 * Not if a page is broken, or has references besides that of its owner: a driver,
 * or a virtual machine, that had the buffer before uses it still.
 *
 * Context: process, may sleep.
 * Return: false, with @part as it is, if the first page cannot be used.
 */
bool lc_pages_usable(struct lc_extent *part)
{
	struct page *page = pfn_to_page(part->pfn);
	bool failed = lc_pages_can_be_broken(page_to_nid(page));
	unsigned long i;

	for (i = 0; i < part->nr_pages; i++) {
		if (page_ref_count(page + i) != 1 ||
		    (failed && PageHWPoison(page + i)))
			break;
		if (i % LC_CHECK_CHUNK == 0)
			cond_resched();
	}
	if (i)
		part->nr_pages = i;
	return i;
}

/**
 * lc_pages_still_usable - the same of pages that have been idle since
 * @part: the pages; cut likewise
 *
 * There are no further references to an idle page, but it can break. As long as no
 * page of its node ever did, this costs nothing.
 *
 * Context: process, may sleep.
 * Return: false, with @part as it is, if the first page cannot be used.
 */
bool lc_pages_still_usable(struct lc_extent *part)
{
	return !lc_pages_can_be_broken(page_to_nid(pfn_to_page(part->pfn))) ||
	       lc_pages_usable(part);
}

/*
 * Pages of one extent can come from several allocations, of which each has a
 * KASAN tag of its own: their address must have none.
 */
static void lc_pages_reset_tags(const struct lc_extent *ext)
{
	struct page *page = pfn_to_page(ext->pfn);
	unsigned long i;

	for (i = 0; i < ext->nr_pages; i++)
		page_kasan_tag_reset(page + i);
}

/**
 * lc_pages_init - prepare pages for use: zero them unless the kernel has done so
 * @ext: pages just taken from the page allocator
 *
 * Context: process, may sleep.
 * Return: 0, or -EINTR if the current task is being killed.
 */
int lc_pages_init(const struct lc_extent *ext)
{
	lc_pages_reset_tags(ext);
	if (want_init_on_alloc(0) || want_init_on_free())
		return 0;
	return lc_zero_part(NULL, ext);
}

/**
 * lc_pages_zero - zero pages that were in use, by several CPUs if they are many
 * @ext: the pages; may be empty
 *
 * Context: process, may sleep.
 * Return: 0, -ENOMEM, or -EINTR if the current task is being killed.
 */
int lc_pages_zero(const struct lc_extent *ext)
{
	return ext->nr_pages ? lc_parallel(ext, lc_zero_part) : 0;
}

/*
 * Free a naturally aligned block as one block of the page allocator, in which
 * no page but the first has a reference. That costs half as much as page by
 * page, and fills no list that the next alloc_contig_range() has to drain.
 *
 * Page by page if one of them has other references, whose last owner frees it,
 * or is broken: the page allocator keeps such a page out if it comes alone.
 */
static void lc_free_block(unsigned long pfn, unsigned int order)
{
	struct page *page = pfn_to_page(pfn);
	unsigned long i, nr = 1UL << order;

	for (i = 1; i < nr && !LC_PAGES_ARE_BOOKED; i++)
		if (PageHWPoison(page + i) || !page_ref_freeze(page + i, 1))
			break;
	if (i == nr && !PageHWPoison(page)) {
		__free_pages(page, order);
		return;
	}
	while (--i)
		page_ref_unfreeze(page + i, 1);
	for (i = 0; i < nr; i++)
		__free_page(page + i);
}

/**
 * lc_pages_free - free pages to the page allocator
 * @ext: the pages; may be empty
 *
 * Context: process, may sleep.
 */
void lc_pages_free(const struct lc_extent *ext)
{
	unsigned long pfn = ext->pfn, end = lc_extent_end(ext);

	if (ext->nr_pages == 1) {
		__free_page(pfn_to_page(pfn));
		return;
	}
	while (pfn < end) {
		unsigned int order = min3(ilog2(end - pfn), (int)__ffs(pfn),
					  MAX_PAGE_ORDER);

		lc_free_block(pfn, order);
		cond_resched();
		pfn += 1UL << order;
	}
}

/**
 * lc_pages_return - free pages that the search knows as owned
 * @ext: the pages, of one zone; may be empty
 *
 * The search learns that it may choose them again.
 *
 * Context: process, may sleep; may be called from reclaim.
 */
void lc_pages_return(const struct lc_extent *ext)
{
	struct zone *zone;

	/* there may be no page behind the last one that was kept */
	if (!ext->nr_pages)
		return;
	/* once free they may go offline at any time */
	zone = page_zone(pfn_to_page(ext->pfn));
	lc_pages_free(ext);
	lc_zone_freed(zone, ext);
}

/**
 * lc_pages_alloc - take pages from the page allocator
 * @c: placement constraints
 * @node: the only node allowed, or NUMA_NO_NODE to follow the memory policy
 * @movable: ZONE_MOVABLE may be used
 * @ext: the pages, zeroed, each with one reference, which the caller owns
 *
 * No reclaim or compaction on behalf of what migration can do as well, no
 * warning. The pages are split, so that they are freed like all others.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC if there is no such block, or watermark checks refuse it; -EINTR
 * if the current task is being killed.
 */
int lc_pages_alloc(const struct lc_constraint *c, int node, bool movable,
		   struct lc_extent *ext)
{
	gfp_t gfp = (GFP_HIGHUSER & ~__GFP_RECLAIM) | __GFP_NOWARN;
	int order = max_t(int, ilog2(c->align),
				   get_order(c->nr_pages << PAGE_SHIFT));
	struct lc_extent rest;
	struct page *page;
	int ret;

	if (order > MAX_PAGE_ORDER)
		return -ENOSPC;
	if (order >= pageblock_order) {
		if (!movable)
			return -ENOSPC;
		/* whole pageblocks shall not become unmovable ones for that */
		gfp |= __GFP_MOVABLE;
	}
	if (c->end_pfn <= SZ_4G >> PAGE_SHIFT)
		gfp = (gfp & ~__GFP_HIGHMEM) | __GFP_DMA32;
	if (node == NUMA_NO_NODE)
		page = alloc_pages(gfp, order);
	else
		page = alloc_pages_node(node, gfp | __GFP_THISNODE, order);
	if (!page)
		return -ENOSPC;

	if (order)
		split_page(page, order);
	*ext = (struct lc_extent){ page_to_pfn(page), c->nr_pages };
	rest = (struct lc_extent){ lc_extent_end(ext), (1UL << order) - c->nr_pages };
	if (ext->pfn < c->start_pfn || lc_extent_end(ext) > c->end_pfn ||
	    (order >= pageblock_order && !lc_pageblock_ordinary(ext->pfn)) ||
	    lc_limit_strained(page_zone(page), c)) {
		rest.pfn = ext->pfn;
		rest.nr_pages = 1UL << order;
		lc_pages_free(&rest);
		return -ENOSPC;
	}
	lc_pages_free(&rest);
	/* only now: what is refused, and the rest, need not be zeroed */
	ret = lc_pages_init(ext);
	if (ret)
		lc_pages_free(ext);
	return ret;
}
