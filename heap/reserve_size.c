// SPDX-License-Identifier: GPL-2.0
/*
 * How large the reserve of each node is.
 *
 * Raising takes one area of the whole new size if there is one, and else what
 * is missing in as few areas as possible. Lowering gives back idle pages at
 * once, and pages of buffers when these are released: parts given back
 * ("retired") stay allocated in the gen_pool until all of the area is.
 */

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/genalloc.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "lazy_contig.h"
#include "reserve.h"
#include "scan.h"

/* The smallest area worth having. */
#define LC_AREA_MIN_PAGES	((unsigned long)SZ_4M >> PAGE_SHIFT)

/* The sizes wanted, in pages; under lc_reserve_lock. */
static unsigned long lc_reserve_target[MAX_NUMNODES];

/* One change of a reserve at a time. Taken before everything else here. */
static DEFINE_MUTEX(lc_reserve_change_lock);

static void lc_area_free(struct lc_area *area)
{
	if (area->pool)
		gen_pool_destroy(area->pool);
	kvfree(area->retired);
	kvfree(area->dirty);
	kfree(area);
}

/* An area of pages that are not there yet. */
static struct lc_area *lc_area_alloc(int node, unsigned long nr_pages)
{
	struct lc_area *area = kzalloc_obj(*area);

	if (!area)
		return NULL;
	area->nr_pages = nr_pages;
	area->retired = kvcalloc(BITS_TO_LONGS(nr_pages), sizeof(long),
				 GFP_KERNEL);
	area->dirty = kvcalloc(BITS_TO_LONGS(nr_pages), sizeof(long),
			       GFP_KERNEL);
	area->pool = gen_pool_create(PAGE_SHIFT, node);
	if (!area->retired || !area->dirty || !area->pool) {
		lc_area_free(area);
		return NULL;
	}
	gen_pool_set_algo(area->pool, gen_pool_best_fit, NULL);
	return area;
}

static bool lc_area_on(const struct lc_area *area, int node)
{
	return zone_to_nid(area->zone) == node;
}

/* Let one area of a node go, or all others. */
static void lc_areas_leave(int node, const struct lc_area *one, bool itself)
{
	struct lc_area *area;

	guard(spinlock)(&lc_reserve_lock);
	list_for_each_entry(area, &lc_areas, list) {
		bool is_one = area == one;

		if (is_one == itself && lc_area_on(area, node))
			area->leaving = true;
	}
}

/*
 * Take memory; if it is to be all of the reserve, what there is must go. The
 * caller trims, and until then has the size wanted raised: nobody else trims
 * what is new.
 */
static int lc_area_add(int node, unsigned long nr_pages, bool replace)
{
	const struct lc_request req = {
		.nr_pages = nr_pages,
		.align = 1,
		.end_pfn = LC_NO_LIMIT,
		.node = node,
	};
	struct lc_area *area;
	bool going;
	int ret;

	area = lc_area_alloc(node, nr_pages);
	if (!area)
		return -ENOMEM;
	ret = lc_take_clean(&req, &area->pfn);
	if (ret)
		goto free_area;
	ret = gen_pool_add(area->pool, PFN_PHYS(area->pfn),
			   nr_pages << PAGE_SHIFT, node);
	if (ret)
		goto free_pages;
	area->zone = page_zone(pfn_to_page(area->pfn));
	scoped_guard(spinlock, &lc_reserve_lock)
		list_add(&area->list, &lc_areas);
	/* whoever takes memory offline has seen it by now, or is seen here */
	going = lc_scan_leaving(area->pfn, nr_pages);
	if (going || replace)
		lc_areas_leave(node, area, going);
	return going ? -ENOMEM : 0;

free_pages:
	lc_free(area->pfn, nr_pages, true);
free_area:
	lc_area_free(area);
	return ret;
}

/* Take idle pages out of a node for good; as many as there are in one piece. */
static unsigned long lc_area_retire(struct lc_area *area, unsigned long nr_pages,
				    unsigned long *pfn)
{
	unsigned long idle = gen_pool_avail(area->pool) >> PAGE_SHIFT;
	unsigned long addr = 0, offset;

	lockdep_assert_held(&lc_reserve_lock);
	for (nr_pages = min(nr_pages, idle); nr_pages; nr_pages /= 2) {
		addr = gen_pool_alloc(area->pool, nr_pages << PAGE_SHIFT);
		if (addr)
			break;
	}
	if (!addr)
		return 0;
	*pfn = PHYS_PFN(addr);
	offset = *pfn - area->pfn;
	bitmap_clear(area->dirty, offset, nr_pages);
	bitmap_set(area->retired, offset, nr_pages);
	area->nr_retired += nr_pages;
	return nr_pages;
}

static unsigned long lc_reserve_pages_locked(int node)
{
	struct lc_area *area;
	unsigned long nr = 0;

	lockdep_assert_held(&lc_reserve_lock);
	list_for_each_entry(area, &lc_areas, list)
		if (lc_area_on(area, node) && !area->leaving)
			nr += area->nr_pages - area->nr_retired;
	return nr;
}

/**
 * lc_reserve_pages - how large a node's reserve is
 * @node: the node
 *
 * Context: any. Return: pages, idle and in buffers.
 */
unsigned long lc_reserve_pages(int node)
{
	guard(spinlock)(&lc_reserve_lock);
	return lc_reserve_pages_locked(node);
}

/*
 * Give back one stretch of what a node has too much; the areas made first go
 * first. Return: false if there is nothing to give back.
 */
static bool lc_reserve_trim_once(int node)
{
	unsigned long pfn, nr_pages = 0, have, over;
	struct lc_area *area, *empty = NULL;

	scoped_guard(spinlock, &lc_reserve_lock) {
		have = lc_reserve_pages_locked(node);
		over = have - min(have, lc_reserve_target[node]);
		list_for_each_entry_reverse(area, &lc_areas, list) {
			if (!lc_area_on(area, node))
				continue;
			nr_pages = lc_area_retire(area, area->leaving ?
						  ULONG_MAX : over, &pfn);
			if (nr_pages)
				break;
		}
		if (!nr_pages)
			return false;
		if (area->nr_retired == area->nr_pages) {
			list_del(&area->list);
			empty = area;
		}
	}
	lc_reserve_settle();
	lc_pages_return(pfn, nr_pages);
	if (empty) {
		gen_pool_free(empty->pool, PFN_PHYS(empty->pfn),
			      empty->nr_pages << PAGE_SHIFT);
		lc_area_free(empty);
	}
	return true;
}

/**
 * lc_reserve_trim - give back what a node's reserve has too much
 * @node: the node
 *
 * Context: process context, may sleep.
 */
void lc_reserve_trim(int node)
{
	while (lc_reserve_trim_once(node))
		cond_resched();
}

/* Return: 0 if there is more now than before. */
static int lc_reserve_grow(int node, unsigned long missing)
{
	unsigned long size = missing;
	bool got = false;
	int ret = 0;

	while (missing) {
		size = min(size, missing);
		ret = lc_area_add(node, size, false);
		if (!ret) {
			got = true;
			missing -= size;
			continue;
		}
		if (ret != -ENOMEM || size <= LC_AREA_MIN_PAGES)
			break;
		size = ALIGN(size / 2, pageblock_nr_pages);
	}
	return got ? 0 : ret;
}

/**
 * lc_reserve_set - change a node's reserve
 * @node: an online node
 * @nr_pages: its new size
 *
 * Context: process context, may sleep; killable.
 * Return: 0 if the size is now @nr_pages, or as near as memory and the buffers
 * in the reserve allow; -ENOMEM if it should have grown and did not; -EINTR.
 */
int lc_reserve_set(int node, unsigned long nr_pages)
{
	unsigned long have;
	int ret = -ENOMEM;

	if (nr_pages > lc_limit_pages())
		return -ENOMEM;
	if (mutex_lock_killable(&lc_reserve_change_lock))
		return -EINTR;
	have = lc_reserve_pages(node);
	if (nr_pages > have) {
		scoped_guard(spinlock, &lc_reserve_lock)
			lc_reserve_target[node] = nr_pages;
		/* one area is worth more than two */
		if (have)
			ret = lc_area_add(node, nr_pages, true);
		if (ret == -ENOMEM)
			ret = lc_reserve_grow(node, nr_pages - have);
		nr_pages = min(nr_pages, lc_reserve_pages(node));
	} else {
		ret = 0;
	}
	scoped_guard(spinlock, &lc_reserve_lock)
		lc_reserve_target[node] = nr_pages;
	lc_reserve_trim(node);
	mutex_unlock(&lc_reserve_change_lock);
	return ret;
}

/** lc_reserve_exit - give back everything; after the last release of a range */
void lc_reserve_exit(void)
{
	int node;

	for_each_online_node(node) {
		lc_reserve_target[node] = 0;
		lc_reserve_trim(node);
	}
}
