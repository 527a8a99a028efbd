// SPDX-License-Identifier: GPL-2.0
/* Ranges small enough that the page allocator may have one in one piece. */

#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#include "compat.h"
#include "lazy_contig.h"

/*
 * The page allocator gives until next to nothing is left, and leaves it to the
 * next who asks to wake the OOM killer. While the zone is above its watermarks
 * there is no need to count all of them.
 */
static bool lc_too_much(const struct page *page)
{
	struct zone *zone = page_zone(page);

	return zone_page_state(zone, NR_FREE_PAGES) < high_wmark_pages(zone) &&
	       !lc_can_spare(zone, 0);
}

/**
 * lc_buddy_take - ask the page allocator
 * @req: what is wanted
 * @pfn: out: first page frame of the cleared pages, each with one reference
 *
 * Asks politely: neither reclaim nor compaction on behalf of what migration
 * can do as well, and no warning. The pages are split, so that they are freed
 * like all others.
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOSPC if there is no such piece, or the machine cannot spare it.
 */
int lc_buddy_take(const struct lc_request *req, unsigned long *pfn)
{
	gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY;
	unsigned int order = get_order(req->nr_pages << PAGE_SHIFT);
	struct page *page;

	order = max_t(unsigned int, order, ilog2(req->align));
	if (order > MAX_PAGE_ORDER)
		return -ENOSPC;
	if (order)
		gfp &= ~__GFP_DIRECT_RECLAIM;
	if (req->end_pfn <= SZ_4G >> PAGE_SHIFT)
		gfp = (gfp & ~__GFP_HIGHMEM) | __GFP_DMA32;

	if (req->node == NUMA_NO_NODE)
		page = alloc_pages(gfp, order);
	else
		page = alloc_pages_node(req->node, gfp | __GFP_THISNODE, order);
	if (!page)
		return -ENOSPC;

	split_page(page, order);
	*pfn = page_to_pfn(page);
	if (*pfn + req->nr_pages > req->end_pfn || lc_too_much(page)) {
		lc_pages_free(*pfn, 1UL << order);
		return -ENOSPC;
	}
	lc_pages_free(*pfn + req->nr_pages, (1UL << order) - req->nr_pages);
	return 0;
}
