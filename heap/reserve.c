// SPDX-License-Identifier: GPL-2.0
/*
 * The reserve: contiguous memory set aside at run time, so that a request it
 * has room for needs no luck. What CMA gives for a boot parameter.
 *
 * A node's reserve is made of areas, each one contiguous range under a gen_pool
 * of its own; reserve_size.c makes and ends them. Pages of a buffer that come
 * back are idle at once, and dirty; the background thread clears them. A
 * request that is given dirty ones clears them itself.
 */

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/genalloc.h>
#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "lazy_contig.h"
#include "reserve.h"

/* Cleared in one go; see lc_reserve_clear_lock. */
#define LC_RESERVE_CLEAR_PAGES	((unsigned long)SZ_256K >> PAGE_SHIFT)

DEFINE_SPINLOCK(lc_reserve_lock);
LIST_HEAD(lc_areas);

/*
 * Held while the thread clears a few idle pages, and taken before
 * lc_reserve_lock: as lc_pool_clear_lock.
 */
static DEFINE_SPINLOCK(lc_reserve_clear_lock);

/* What a search in the bitmap of an area wants. */
struct lc_fit {
	unsigned long align;
	unsigned long end_pfn;
};

/* Best fit, except for what must be aligned: there genalloc has first fit only. */
static unsigned long lc_area_fit(unsigned long *map, unsigned long size,
				 unsigned long start, unsigned int nr,
				 void *data, struct gen_pool *pool,
				 unsigned long start_addr)
{
	unsigned long first = PHYS_PFN(start_addr), room = 0, bit;
	const struct lc_fit *fit = data;

	if (first < fit->end_pfn)
		room = min(size, fit->end_pfn - first);
	if (fit->align == 1)
		bit = gen_pool_best_fit(map, room, start, nr, NULL, pool,
					start_addr);
	else
		bit = bitmap_find_next_zero_area_off(map, room, start, nr,
						     fit->align - 1,
						     first & (fit->align - 1));
	return bit < room ? bit : size;
}

/**
 * lc_reserve_settle - make sure that nobody clears pages out of the reserve
 *
 * Context: any but atomic.
 */
void lc_reserve_settle(void)
{
	guard(spinlock)(&lc_reserve_clear_lock);
}

/* Find room; what of it is dirty lies between *@dirty and *@end. */
static bool lc_reserve_find(const struct lc_request *req, struct zone *zone,
			    unsigned long align, unsigned long *pfn,
			    unsigned long *dirty, unsigned long *end)
{
	struct lc_fit fit = { .align = align, .end_pfn = req->end_pfn };
	unsigned long addr, offset;
	struct lc_area *area;

	guard(spinlock)(&lc_reserve_lock);
	list_for_each_entry(area, &lc_areas, list) {
		if (area->zone != zone)
			continue;
		addr = gen_pool_alloc_algo(area->pool,
					   req->nr_pages << PAGE_SHIFT,
					   lc_area_fit, &fit);
		if (!addr)
			continue;
		*pfn = PHYS_PFN(addr);
		offset = *pfn - area->pfn;
		*end = offset + req->nr_pages;
		*dirty = find_next_bit(area->dirty, *end, offset);
		if (*dirty < *end)
			*end = find_last_bit(area->dirty, *end) + 1;
		bitmap_clear(area->dirty, *dirty, *end - *dirty);
		*dirty += area->pfn;
		*end += area->pfn;
		return true;
	}
	return false;
}

/**
 * lc_reserve_take - ask the reserve
 * @req: what is wanted
 * @zone: where
 * @effort: not changed
 * @pfn: out: first page frame of the cleared pages
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOSPC if the reserve has no room, -ENOMEM, or -EINTR if the
 * caller is being killed.
 */
int lc_reserve_take(const struct lc_request *req, struct zone *zone,
		    struct lc_effort *effort, unsigned long *pfn)
{
	unsigned long dirty, end;
	int ret;

	if (!lc_reserve_find(req, zone, lc_align(req), pfn, &dirty, &end) &&
	    !lc_reserve_find(req, zone, req->align, pfn, &dirty, &end))
		return -ENOSPC;
	if (dirty == end)
		return 0;
	lc_reserve_settle();
	ret = lc_clear(dirty, end - dirty);
	if (ret)
		lc_free(*pfn, req->nr_pages, false);
	return ret;
}

/* The first page from @pfn on that belongs to an area, and which. */
static struct lc_area *lc_area_at(unsigned long *pfn)
{
	struct lc_area *area, *first = NULL;
	unsigned long offset, at = ULONG_MAX;

	lockdep_assert_held(&lc_reserve_lock);
	list_for_each_entry(area, &lc_areas, list) {
		if (*pfn >= area->pfn + area->nr_pages)
			continue;
		offset = max(*pfn, area->pfn) - area->pfn;
		offset = find_next_zero_bit(area->retired, area->nr_pages,
					    offset);
		if (offset < area->nr_pages && area->pfn + offset < at) {
			at = area->pfn + offset;
			first = area;
		}
	}
	*pfn = at;
	return first;
}

/**
 * lc_reserve_reaches - is some of this memory set aside?
 * @pfn: its first page frame
 * @end: one past the last
 *
 * Context: any but atomic. Return: true if a page of it belongs to a reserve,
 * in use or not.
 */
bool lc_reserve_reaches(unsigned long pfn, unsigned long end)
{
	guard(spinlock)(&lc_reserve_lock);
	return lc_area_at(&pfn) && pfn < end;
}

/**
 * lc_reserve_put - give pages back to the reserve they are from
 * @pfn: first page frame
 * @nr_pages: how many; out: how many from @pfn on the answer is about
 * @clean: all bytes are zero
 *
 * Context: process context, may sleep.
 * Return: true if the reserve owns them now, false if they are not its.
 */
bool lc_reserve_put(unsigned long pfn, unsigned long *nr_pages, bool clean)
{
	unsigned long offset, first = pfn;
	struct lc_area *area;
	int node;

	/* the area of pages that are out cannot go */
	if (list_empty(&lc_areas))
		return false;
	scoped_guard(spinlock, &lc_reserve_lock) {
		area = lc_area_at(&first);
		if (first != pfn) {
			*nr_pages = min(*nr_pages, first - pfn);
			return false;
		}
		offset = pfn - area->pfn;
		*nr_pages = min(*nr_pages,
				find_next_bit(area->retired, area->nr_pages,
					      offset) - offset);
		if (!clean)
			bitmap_set(area->dirty, offset, *nr_pages);
		gen_pool_free(area->pool, PFN_PHYS(pfn), *nr_pages << PAGE_SHIFT);
		node = zone_to_nid(area->zone);
	}
	lc_reserve_trim(node);
	lc_background_kick();
	return true;
}

/**
 * lc_reserve_clear_some - clear a few idle pages
 *
 * Context: process context, may sleep.
 * Return: false if nothing is dirty.
 */
bool lc_reserve_clear_some(void)
{
	unsigned long first, last, i;
	struct lc_area *area;

	guard(spinlock)(&lc_reserve_clear_lock);
	scoped_guard(spinlock, &lc_reserve_lock) {
		list_for_each_entry(area, &lc_areas, list) {
			first = find_first_bit(area->dirty, area->nr_pages);
			if (first < area->nr_pages)
				break;
		}
		if (list_entry_is_head(area, &lc_areas, list))
			return false;
		last = min(first + LC_RESERVE_CLEAR_PAGES, area->nr_pages);
		last = find_next_zero_bit(area->dirty, last, first);
	}
	for (i = first; i < last; i++)
		clear_highpage(pfn_to_page(area->pfn + i));
	/* the bits of those that somebody took meanwhile are gone already */
	scoped_guard(spinlock, &lc_reserve_lock)
		bitmap_clear(area->dirty, first, last - first);
	return true;
}
