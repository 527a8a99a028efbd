// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying a chosen range and giving pages back: the only file that calls
 * alloc_contig_range() and free_contig_range().
 */

#include <linux/mm.h>
#include <linux/sizes.h>

#include "compat.h"
#include "lazy_contig.h"
#include "scan.h"

/* Freed between two looks at the scheduler. */
#define LC_FREE_PAGES	((unsigned long)SZ_4M >> PAGE_SHIFT)

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
		unsigned long nr = min(nr_pages, LC_FREE_PAGES);

		free_contig_range(pfn, nr);
		cond_resched();
		pfn += nr;
		nr_pages -= nr;
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
	lc_pages_free(pfn, nr_pages);
	lc_scan_freed(pfn, nr_pages);
}
