// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying a chosen range and giving pages back: the only file that calls
 * alloc_contig_range() and free_contig_range().
 */

#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page_ref.h>

#include "compat.h"
#include "lazy_contig.h"
#include "scan.h"

/*
 * The kernel implies __GFP_RETRY_MAYFAIL: reclaim may make room for the pages
 * that have to move, but nobody is killed for it.
 */
static int lc_empty(unsigned long pfn, unsigned long nr_pages)
{
	int ret;

	ret = lc_alloc_contig_range(pfn, pfn + nr_pages,
				    GFP_KERNEL | __GFP_NOWARN);
	if (ret)
		return ret;
	ret = lc_zero(pfn, nr_pages);
	if (ret)
		lc_pages_free(pfn, nr_pages);
	return ret;
}

/**
 * lc_migrate - empty a range and take its pages
 * @pfn: first page frame; the whole range is online and in one zone
 * @nr_pages: length, at least 1
 *
 * All or nothing.
 *
 * Context: process context, may sleep; no locks, other requests go on.
 * Return: 0 with all pages cleared and with one reference each; -EBUSY if
 * something there cannot move now, -ENOMEM if there is no room to move it to
 * or not even for the bookkeeping, -EINTR if the caller is being killed.
 */
int lc_migrate(unsigned long pfn, unsigned long nr_pages)
{
	return lc_parallel(pfn, nr_pages, lc_empty, lc_pages_free);
}

/*
 * Such kernels note of each page who took it. Neighbours need not have been
 * taken together, and what is freed as one piece is crossed off the first's.
 */
#define LC_PAGES_ARE_BOOKED	(IS_ENABLED(CONFIG_PAGE_OWNER) || \
				 IS_ENABLED(CONFIG_MEM_ALLOC_PROFILING))

/*
 * Free a naturally aligned block as one piece of the page allocator, whose
 * pages have no reference but the first. That costs half as much as page by
 * page, and fills no list that the next lc_migrate() has to drain.
 */
static void lc_free_block(unsigned long pfn, unsigned int order)
{
	struct page *page = pfn_to_page(pfn);
	unsigned long i;

	if (LC_PAGES_ARE_BOOKED) {
		free_contig_range(pfn, 1UL << order);
		return;
	}
	for (i = 1; i < 1UL << order; i++)
		if (!page_ref_freeze(page + i, 1))
			goto somebody_looks;
	__free_pages(page, order);
	return;

somebody_looks:
	while (--i)
		page_ref_unfreeze(page + i, 1);
	free_contig_range(pfn, 1UL << order);
}

/**
 * lc_pages_free - give pages back to the page allocator
 * @pfn: first page frame
 * @nr_pages: how many; may be 0
 *
 * Context: process context, may sleep.
 */
void lc_pages_free(unsigned long pfn, unsigned long nr_pages)
{
	while (nr_pages) {
		unsigned int order = min3(ilog2(nr_pages), (int)__ffs(pfn),
					  MAX_PAGE_ORDER);

		lc_free_block(pfn, order);
		cond_resched();
		pfn += 1UL << order;
		nr_pages -= 1UL << order;
	}
}

/**
 * lc_pages_return - give pages back that were ours for a while
 * @pfn: first page frame
 * @nr_pages: how many
 *
 * The search learns that it may choose them again.
 *
 * Context: process context, may sleep; may be called from reclaim.
 */
void lc_pages_return(unsigned long pfn, unsigned long nr_pages)
{
	/* once free they may go offline at any time */
	struct zone *zone = page_zone(pfn_to_page(pfn));

	lc_pages_free(pfn, nr_pages);
	lc_scan_freed(zone, pfn, nr_pages);
}
