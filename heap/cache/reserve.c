// SPDX-License-Identifier: GPL-2.0
/*
 * The reserve: contiguous memory set aside at run time, so that a request it has
 * room for always succeeds. CMA gives the same for a boot parameter.
 *
 * What a reserve owns is idle or in buffers. Lowering it frees idle pages at
 * once, and pages in buffers when these are released.
 */

#include <linux/cleanup.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "../compat.h"
#include "../pages.h"
#include "../search/zone.h"
#include "extent.h"
#include "reserve.h"
#include "worker.h"

/**
 * struct lc_reserve - the reserve in one zone
 * @zone: the zone
 * @idle: what is idle
 * @owned: what is idle or in buffers, under lc_reserve_lock
 */
struct lc_reserve {
	struct zone *zone;
	struct lc_idle idle;
	struct lc_extent_set owned;
};

/* Guards additions to lc_reserves. */
static DEFINE_MUTEX(lc_reserves_lock);
static DEFINE_XARRAY(lc_reserves);	/* by number; entries stay until unload */
static unsigned long lc_nr_reserves;

/* Guards what reserves own. Taken before the lock of a struct lc_idle. */
static DEFINE_SPINLOCK(lc_reserve_lock);
/* The size wanted of each node's, in pages; a smaller one has buffers in it. */
static unsigned long lc_reserve_target[MAX_NUMNODES];

static struct lc_reserve *lc_reserve_find(struct zone *zone)
{
	struct lc_reserve *reserve;
	unsigned long i;

	xa_for_each(&lc_reserves, i, reserve)
		if (reserve->zone == zone)
			return reserve;
	return NULL;
}

static struct lc_reserve *lc_reserve_get(struct zone *zone)
{
	struct lc_reserve *reserve;

	guard(mutex)(&lc_reserves_lock);
	reserve = lc_reserve_find(zone);
	if (reserve)
		return reserve;
	reserve = kzalloc_obj(*reserve);
	if (!reserve)
		return NULL;
	reserve->zone = zone;
	lc_extent_init(&reserve->idle);
	lc_extent_set_init(&reserve->owned);
	if (xa_err(xa_store(&lc_reserves, lc_nr_reserves, reserve, GFP_KERNEL))) {
		kfree(reserve);
		return NULL;
	}
	WRITE_ONCE(lc_nr_reserves, lc_nr_reserves + 1);
	lc_worker_add(&reserve->idle);
	return reserve;
}

/* @part is cut to the pages from the first on for which the answer is the same. */
static bool lc_reserve_has(struct lc_reserve *reserve, struct lc_extent *part)
{
	struct lc_extent owned;
	unsigned long end;

	lockdep_assert_held(&lc_reserve_lock);
	if (!lc_extent_set_next(&reserve->owned, part->pfn, &owned))
		return false;
	end = owned.pfn <= part->pfn ? lc_extent_end(&owned) : owned.pfn;
	part->nr_pages = min(part->nr_pages, end - part->pfn);
	return owned.pfn <= part->pfn;
}

/**
 * lc_reserve_owns - does memory belong to a reserve?
 * @part: pages of one zone; cut to those from the first on for which the answer
 *	is the same
 *
 * Context: any but atomic. Return: true if it does.
 */
bool lc_reserve_owns(struct lc_extent *part)
{
	struct lc_reserve *reserve;

	if (!READ_ONCE(lc_nr_reserves))
		return false;
	reserve = lc_reserve_find(page_zone(pfn_to_page(part->pfn)));
	if (!reserve)
		return false;
	guard(spinlock)(&lc_reserve_lock);
	return lc_reserve_has(reserve, part);
}

/**
 * lc_reserve_pages - how large a node's reserve is
 * @node: the node
 *
 * Context: any but atomic. Return: pages, idle and in buffers.
 */
unsigned long lc_reserve_pages(int node)
{
	struct lc_reserve *reserve;
	unsigned long nr = 0, i;

	xa_for_each(&lc_reserves, i, reserve)
		if (zone_to_nid(reserve->zone) == node)
			nr += READ_ONCE(reserve->owned.nr_pages);
	return nr;
}

/* How much of @nr_pages a node's reserve has too much. */
static unsigned long lc_reserve_excess(int node, unsigned long nr_pages)
{
	unsigned long have = lc_reserve_pages(node);
	unsigned long target = READ_ONCE(lc_reserve_target[node]);

	return min(have - min(have, target), nr_pages);
}

/**
 * lc_reserve_put - return memory to its reserve
 * @part: pages for which lc_reserve_owns() was true; out: those of them that the
 *	reserve has no use for, which the caller owns still; may be none
 * @usable: they may be in a buffer; else the reserve has no use for any
 * @zeroed: every byte is zero
 * @spare: nodes; those not needed are left
 *
 * Context: any but atomic.
 */
void lc_reserve_put(struct lc_extent *part, bool usable, bool zeroed,
		    struct lc_extent_spare *spare)
{
	struct zone *zone = page_zone(pfn_to_page(part->pfn));
	struct lc_reserve *reserve = lc_reserve_find(zone);
	struct lc_extent stay = { .pfn = part->pfn }, leave = *part;

	scoped_guard(spinlock, &lc_reserve_lock) {
		/* a reserve that was replaced meanwhile does not know all of them */
		if (usable && lc_reserve_has(reserve, part))
			stay.nr_pages = part->nr_pages -
					lc_reserve_excess(zone_to_nid(zone),
							  part->nr_pages);
		leave.pfn += stay.nr_pages;
		leave.nr_pages -= stay.nr_pages;
		WARN_ON_ONCE(!lc_extent_set_cut(&reserve->owned, &leave, &spare->owner));
		WARN_ON_ONCE(stay.nr_pages &&
			     !lc_extent_put(&reserve->idle, &stay, zeroed, spare));
	}
	if (stay.nr_pages && !zeroed)
		lc_worker_kick();
	*part = leave;
}

/**
 * lc_reserve_return - return pages to their reserve, or else to the page allocator
 * @ext: pages of one zone; may be empty
 * @usable: false: all go to the page allocator
 *
 * Allocates what lc_reserve_put() needs of a reserve.
 *
 * Context: process, may sleep.
 */
void lc_reserve_return(const struct lc_extent *ext, bool usable)
{
	struct lc_extent rest = *ext, part;
	struct lc_extent_spare spare;
	bool reserved;

	while (rest.nr_pages) {
		part = rest;
		reserved = lc_reserve_owns(&part);
		rest.pfn += part.nr_pages;
		rest.nr_pages -= part.nr_pages;
		if (reserved) {
			lc_extent_spare_alloc(&spare, true,
					      GFP_KERNEL | __GFP_NOFAIL);
			lc_reserve_put(&part, usable, false, &spare);
			lc_extent_spare_free(&spare);
		}
		lc_pages_return(&part);
	}
}

/* A page must not be in a buffer: the reserve keeps the others. */
static void lc_reserve_drop(const struct lc_extent *ext, unsigned long pfn)
{
	const struct lc_extent below = { ext->pfn, pfn - ext->pfn };
	const struct lc_extent page = { pfn, 1 };
	const struct lc_extent above = { pfn + 1, lc_extent_end(ext) - pfn - 1 };

	lc_reserve_return(&page, false);
	lc_reserve_return(&below, true);
	lc_reserve_return(&above, true);
}

/* Return: false if there is no room; @ext and @unzeroed are set on success only. */
static bool lc_reserve_cut(struct lc_reserve *reserve,
			   const struct lc_constraint *c, struct lc_extent *ext,
			   struct lc_extent *unzeroed)
{
	struct lc_extent_spare spare = {};
	struct lc_extent_found found;
	bool taken = false;

	if (lc_extent_spare_alloc(&spare, false, GFP_KERNEL))
		return false;
	/* another request may take the place first */
	while (!taken && lc_extent_fit(&reserve->idle, c, UINT_MAX, &found))
		taken = lc_extent_take(&reserve->idle, &found.ext, &spare,
				       unzeroed);
	lc_extent_spare_free(&spare);
	if (taken)
		*ext = found.ext;
	return taken;
}

/**
 * lc_reserve_take - take memory out of the reserve
 * @c: placement constraints
 * @zone: the zone
 * @ext: the pages, which the caller owns on success
 * @unzeroed: the part of them that the caller must zero; may be empty; set on
 *	success only
 *
 * A page can break while it is idle: it leaves the reserve, and other memory is
 * chosen. What is taken belongs to the reserve as a whole, or not at all: for a part
 * of it there would be no node when it is released.
 *
 * Context: process, may sleep. Return: 0, or -ENOSPC if it has no room.
 */
int lc_reserve_take(const struct lc_constraint *c, struct zone *zone,
		    struct lc_extent *ext, struct lc_extent *unzeroed)
{
	struct lc_reserve *reserve = lc_reserve_find(zone);
	struct lc_extent part, dirty;
	unsigned long bad;

	while (reserve && lc_reserve_cut(reserve, c, ext, &dirty)) {
		part = *ext;
		bad = lc_pages_still_usable(&part) ? lc_extent_end(&part) :
						     ext->pfn;
		if (bad != lc_extent_end(ext)) {
			lc_reserve_drop(ext, bad);
			continue;
		}
		/*
		 * It may reach into a neighbour that has just been replaced. Whether the
		 * reserve owns it does not matter, if that is the same for all of it.
		 */
		lc_reserve_owns(&part);
		if (part.nr_pages == ext->nr_pages) {
			*unzeroed = dirty;
			return 0;
		}
		lc_reserve_return(ext, true);
	}
	return -ENOSPC;
}

/**
 * lc_reserve_overlaps - is some of this memory set aside?
 * @ext: the pages
 *
 * Context: any but atomic. Return: true if a page belongs to a reserve, idle or
 * in a buffer.
 */
bool lc_reserve_overlaps(const struct lc_extent *ext)
{
	struct lc_reserve *reserve;
	struct lc_extent owned;
	unsigned long i;

	guard(spinlock)(&lc_reserve_lock);
	xa_for_each(&lc_reserves, i, reserve)
		if (lc_extent_set_next(&reserve->owned, ext->pfn, &owned) &&
		    lc_extent_overlaps(&owned, ext))
			return true;
	return false;
}

/* The reserve owns these pages no longer. */
static void lc_reserve_forget(struct lc_reserve *reserve,
			      const struct lc_extent *ext)
{
	struct lc_extent_spare spare;

	lc_extent_spare_alloc(&spare, true, GFP_KERNEL | __GFP_NOFAIL);
	scoped_guard(spinlock, &lc_reserve_lock)
		WARN_ON_ONCE(!lc_extent_set_cut(&reserve->owned, ext, &spare.owner));
	lc_extent_spare_free(&spare);
}

/* Idle pages that were taken out go back to the page allocator. */
static void lc_reserve_free(struct lc_reserve *reserve,
			    const struct lc_extent *ext)
{
	lc_reserve_forget(reserve, ext);
	lc_pages_return(ext);
}

/* Free what is idle within a range. */
static void lc_reserve_free_within(struct lc_reserve *reserve,
				   const struct lc_extent *range)
{
	struct lc_extent_spare spare;
	struct lc_extent ext;
	bool more;

	do {
		lc_extent_spare_alloc(&spare, false, GFP_KERNEL | __GFP_NOFAIL);
		more = lc_extent_take_within(&reserve->idle, range, &spare, &ext);
		lc_extent_spare_free(&spare);
		if (more)
			lc_reserve_free(reserve, &ext);
	} while (more);
}

/* Let go what has been idle longest. Return: false if there is nothing to let go. */
static bool lc_reserve_shed(struct lc_reserve *reserve)
{
	struct lc_extent_spare spare;
	struct lc_extent ext = {};
	unsigned long excess;
	bool taken;

	lc_extent_spare_alloc(&spare, true, GFP_KERNEL | __GFP_NOFAIL);
	scoped_guard(spinlock, &lc_reserve_lock) {
		/* what a release lets go counts too */
		excess = lc_reserve_excess(zone_to_nid(reserve->zone), ULONG_MAX);
		taken = excess && lc_extent_take_oldest(&reserve->idle, excess, &ext);
		if (taken)
			lc_extent_set_cut(&reserve->owned, &ext, &spare.owner);
	}
	lc_extent_spare_free(&spare);
	lc_pages_return(&ext);
	return taken;
}

/**
 * lc_reserve_set_target - how much a node's reserve may have from now on
 * @node: the node
 * @nr_pages: the pages
 *
 * What it has too much goes: what has been idle longest first, and what is in buffers
 * when these are released.
 *
 * Context: process, may sleep; one caller at a time.
 */
void lc_reserve_set_target(int node, unsigned long nr_pages)
{
	struct lc_reserve *reserve;
	unsigned long i;

	scoped_guard(spinlock, &lc_reserve_lock)
		WRITE_ONCE(lc_reserve_target[node], nr_pages);
	xa_for_each(&lc_reserves, i, reserve)
		while (zone_to_nid(reserve->zone) == node &&
		       lc_reserve_shed(reserve))
			;
}

/* What is in buffers of a node is owned no more; what is idle is freed next. */
static void lc_reserve_disown(int node)
{
	struct lc_extent_node *none = NULL;
	struct lc_reserve *reserve;
	struct lc_extent ext;
	unsigned long i;

	guard(spinlock)(&lc_reserve_lock);
	xa_for_each(&lc_reserves, i, reserve)
		while (zone_to_nid(reserve->zone) == node &&
		       lc_extent_set_next(&reserve->owned, 0, &ext))
			lc_extent_set_cut(&reserve->owned, &ext, &none);
}

static void lc_reserve_free_others(int node, const struct lc_extent *kept)
{
	const struct lc_extent below = { 0, kept->pfn };
	const struct lc_extent above = {
		lc_extent_end(kept), ULONG_MAX - lc_extent_end(kept),
	};
	struct lc_reserve *reserve;
	unsigned long i;

	xa_for_each(&lc_reserves, i, reserve) {
		if (zone_to_nid(reserve->zone) != node)
			continue;
		lc_reserve_free_within(reserve, &below);
		lc_reserve_free_within(reserve, &above);
	}
}

/**
 * lc_reserve_add - set memory aside
 * @ext: zeroed pages in one zone, which the reserve owns on success
 * @replace: it becomes all of its node's reserve
 *
 * Context: process, may sleep; one caller at a time.
 * Return: 0; -ENOMEM, and the caller owns the pages still; -EBUSY if they are
 * just going offline, and they were returned to the page allocator.
 */
int lc_reserve_add(const struct lc_extent *ext, bool replace)
{
	struct lc_reserve *reserve;
	struct lc_extent_spare spare;
	int node;

	reserve = lc_reserve_get(page_zone(pfn_to_page(ext->pfn)));
	if (!reserve || lc_extent_spare_alloc(&spare, true, GFP_KERNEL))
		return -ENOMEM;
	node = zone_to_nid(reserve->zone);
	if (replace)
		lc_reserve_disown(node);
	scoped_guard(spinlock, &lc_reserve_lock) {
		WARN_ON_ONCE(!lc_extent_set_add(&reserve->owned, ext, &spare.owner));
		WARN_ON_ONCE(!lc_extent_put(&reserve->idle, ext, true, &spare));
		WRITE_ONCE(lc_reserve_target[node], lc_reserve_pages(node));
	}
	lc_extent_spare_free(&spare);
	if (replace)
		lc_reserve_free_others(node, ext);
	/* the memory notifier has seen it by now, or is seen here */
	if (!lc_zone_leaving(ext))
		return 0;
	/* a request that has taken of it already does not return it to the reserve */
	lc_reserve_forget(reserve, ext);
	lc_reserve_free_within(reserve, ext);
	return -EBUSY;
}

/** lc_reserve_exit - give back everything; after the last range and deferred page */
void lc_reserve_exit(void)
{
	struct lc_reserve *reserve;
	struct lc_extent ext;
	unsigned long i;

	xa_for_each(&lc_reserves, i, reserve) {
		while (lc_extent_take_oldest(&reserve->idle, ULONG_MAX, &ext))
			lc_reserve_free(reserve, &ext);
		kfree(reserve);
	}
	xa_destroy(&lc_reserves);
}
