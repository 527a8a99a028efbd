// SPDX-License-Identifier: GPL-2.0
/*
 * Taking the pages of a window: one that was chosen, one at a certain place, or one
 * that adjoins idle memory.
 *
 * Migration judges the first and the last pageblock as a whole: what a
 * buffer leaves of its last one cannot be had while the buffer lives. Pageblocks of
 * 2 MiB are left like that, and the kernel uses the rest. Where they are larger than
 * many a buffer (LC_POOL_PACKS), windows are emptied up to the pageblock's end, a
 * buffer lies at the upper end of its window, and the pool has the rest, for smaller
 * buffers, or for one that continues in the pageblocks below.
 */

#include <linux/align.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "cache/extent.h"
#include "cache/pool.h"
#include "contig.h"
#include "limit.h"
#include "pages.h"
#include "search/search.h"
#include "window.h"

/**
 * lc_window_empty - empty a claimed window and take its pages
 * @claim: the claim
 * @window: the pages
 * @c: placement constraints of the request
 * @deadline: jiffies at which to give up
 *
 * Others may have taken pages meanwhile, so that it would be too much: then it is
 * as if there was no room to move its pages to.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: as lc_contig_take().
 */
int lc_window_empty(struct lc_claim *claim, const struct lc_extent *window,
		    const struct lc_constraint *c, unsigned long deadline)
{
	/* the kernel isolates whole pageblocks */
	const struct lc_extent blocks = {
		window->pfn,
		ALIGN(lc_extent_end(window), pageblock_nr_pages) - window->pfn,
	};
	int ret;

	lc_pool_evict(&blocks);
	ret = lc_contig_take(claim, window, c, deadline);
	if (ret || lc_limit_spare(page_zone(pfn_to_page(window->pfn)), c, true))
		return ret;
	lc_pages_free(window);
	return -ENOMEM;
}

/**
 * lc_window_at - empty just these pages, in one attempt
 * @ext: the pages
 * @zone: their zone
 * @c: placement constraints, with the length of @ext
 * @deadline: jiffies at which to give up
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: as lc_contig_take(), and -ENOSPC.
 */
int lc_window_at(const struct lc_extent *ext, struct zone *zone,
		 const struct lc_constraint *c, unsigned long deadline)
{
	struct lc_claim claim;
	int ret;

	if (!lc_limit_spare(zone, c, false))
		return -ENOMEM;
	lc_pool_evict(ext);
	ret = lc_search_claim(&claim, zone, ext);
	if (ret)
		return ret;
	ret = lc_window_empty(&claim, ext, c, deadline);
	if (claim.zone)
		lc_search_unclaim(&claim, ret);
	return ret;
}

/**
 * lc_window_below_idle - complete idle memory by the pageblocks below it
 * @c: placement constraints
 * @zone: the zone
 * @deadline: jiffies at which to give up
 * @window: the pages, idle ones at the end, all of which the caller owns on success
 * @unzeroed: the part of them that is to be zeroed; may be empty
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: 0; -ENOSPC if nothing idle can be completed; -EINTR.
 */
int lc_window_below_idle(const struct lc_constraint *c, struct zone *zone,
			 unsigned long deadline, struct lc_extent *window,
			 struct lc_extent *unzeroed)
{
	struct lc_constraint rest = *c;
	struct lc_extent idle, below;
	struct lc_extent_spare spare;
	int ret;

	if (!lc_pool_take_edge(c, zone, &idle, &below, unzeroed))
		return -ENOSPC;
	rest.nr_pages = below.nr_pages;
	ret = lc_window_at(&below, zone, &rest, deadline);
	if (!ret) {
		window->pfn = below.pfn;
		window->nr_pages = below.nr_pages + idle.nr_pages;
		return 0;
	}
	lc_pool_prepare(&idle, true, &spare);
	lc_pool_release(&idle, !unzeroed->nr_pages, true, &spare, NULL);
	*unzeroed = (struct lc_extent){};
	return ret == -EINTR ? ret : -ENOSPC;
}

/**
 * lc_window_packs - shall a buffer share pageblocks with others?
 * @c: placement constraints
 *
 * Not if a block of the page allocator is hardly larger.
 *
 * Context: any. Return: true if it shall.
 */
bool lc_window_packs(const struct lc_constraint *c)
{
	unsigned long block = max(roundup_pow_of_two(c->nr_pages), c->align);

	if (!LC_POOL_PACKS || c->nr_pages <= SZ_1M >> PAGE_SHIFT)
		return false;
	if (block > MAX_ORDER_NR_PAGES)
		return !IS_ALIGNED(c->nr_pages, pageblock_nr_pages);
	return block - c->nr_pages > c->nr_pages / 16;
}

/**
 * lc_window_whole - what to take of a window's pageblocks
 * @window: the pages that a request needs, from a pageblock on
 * @c: its placement constraints
 *
 * Up to the end of the last pageblock, if the rest is of use and can be spared.
 *
 * Context: any. Return: the pages.
 */
struct lc_extent lc_window_whole(const struct lc_extent *window,
				 const struct lc_constraint *c)
{
	struct lc_constraint whole = *c;

	whole.nr_pages = ALIGN(window->nr_pages, pageblock_nr_pages);
	if (!LC_POOL_PACKS ||
	    !lc_limit_spare(page_zone(pfn_to_page(window->pfn)), &whole, false))
		return *window;
	return (struct lc_extent){ window->pfn, whole.nr_pages };
}

static void lc_window_keep(const struct lc_extent *rest, bool zeroed)
{
	struct lc_extent_spare spare;

	if (!rest->nr_pages)
		return;
	lc_pool_prepare(rest, true, &spare);
	lc_pool_release(rest, zeroed, true, &spare, NULL);
}

/**
 * lc_window_cut - cut a buffer out of a window, of which the pool keeps the rest
 * @window: the pages, which the caller owns; the buffer fits at either end
 * @c: placement constraints
 * @unzeroed: the part of them that is to be zeroed; out: of the buffer
 *
 * Context: process, may sleep. Return: the buffer's pages.
 */
struct lc_extent lc_window_cut(const struct lc_extent *window,
			       const struct lc_constraint *c,
			       struct lc_extent *unzeroed)
{
	unsigned long end = lc_extent_end(window), ext_end;
	struct lc_extent ext = { window->pfn, c->nr_pages }, rest;

	if (LC_POOL_PACKS)
		ext.pfn = ALIGN_DOWN(end - c->nr_pages, c->align);
	ext_end = lc_extent_end(&ext);
	rest = (struct lc_extent){ window->pfn, ext.pfn - window->pfn };
	lc_window_keep(&rest, true);
	rest = (struct lc_extent){ ext_end, end - ext_end };
	lc_window_keep(&rest, !unzeroed->nr_pages);
	/* only what was idle can be unzeroed: the end of the window */
	if (unzeroed->nr_pages && unzeroed->pfn < ext_end)
		unzeroed->nr_pages = min(lc_extent_end(unzeroed), ext_end) -
				     unzeroed->pfn;
	else
		unzeroed->nr_pages = 0;
	return ext;
}
