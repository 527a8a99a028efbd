// SPDX-License-Identifier: GPL-2.0
/*
 * The warm pool: ranges freed lately, kept for the next request.
 *
 * A range that comes back is idle memory from then on: no buffer, no line in
 * /proc/iomem, nobody's charge; the kernel counts it as reclaimable. A thread
 * of the lowest priority clears it. A request takes the best fit, unless that
 * cuts memory into pieces; what is not clean by then it clears itself.
 *
 * To the search for windows idle memory is as good as free (lc_pool_idle()): a
 * request that takes another place has the idle ranges there given back first.
 *
 * Idle memory leaves the pool as pool_limits.c says: what has been idle longest
 * first, and from the zone that has most for its size.
 */

#include <linux/cleanup.h>
#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/rculist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "lazy_contig.h"
#include "observe/trace.h"
#include "pool.h"
#include "scan.h"

/* Cleared in one go; see lc_pool_clear_lock. */
#define LC_POOL_CLEAR_PAGES	((unsigned long)SZ_256K >> PAGE_SHIFT)

struct lc_pool lc_pool = {
	.lock = __SPIN_LOCK_UNLOCKED(lc_pool.lock),
	.zones = LIST_HEAD_INIT(lc_pool.zones),
};

/*
 * Held while the thread clears a few idle pages, and taken before lc_pool.lock.
 * Whoever took unclean pages out of the pool passes through it once, and the
 * thread's hands are off them. A spinlock, because a request must not wait for
 * a thread that nobody lets run: a few pages are all it can wait for.
 */
static DEFINE_SPINLOCK(lc_pool_clear_lock);

static struct lc_pool_zone *lc_pool_zone_find(struct zone *zone)
{
	struct lc_pool_zone *pz;

	lockdep_assert_held(&lc_pool.lock);
	list_for_each_entry(pz, &lc_pool.zones, list)
		if (pz->zone == zone)
			return pz;
	return NULL;
}

/* Pages came to or went from a zone's share; they are reclaimable meanwhile. */
static void lc_pool_account(struct lc_pool_zone *pz, long nr_pages)
{
	lockdep_assert_held(&lc_pool.lock);
	lc_pool.nr_pages += nr_pages;
	pz->unused[0] = min(pz->unused[0], pz->idle.nr_pages);
	mod_node_page_state(pz->zone->zone_pgdat, NR_KERNEL_MISC_RECLAIMABLE,
			    nr_pages);
}

/**
 * lc_pool_cut - take idle pages out
 * @pz: their zone
 * @pfn: the first one; out: of those that are to be cleared
 * @nr_pages: how many; out: how many of them are to be cleared
 * @rest: two spare pieces, NULL if the pages reach to an end of the idle range
 *	they are in
 *
 * Context: the pool's lock held. If any are to be cleared, lc_pool_settle()
 * must follow before the pages are used.
 * Return: true if any are to be cleared.
 */
bool lc_pool_cut(struct lc_pool_zone *pz, unsigned long *pfn,
		 unsigned long *nr_pages, struct lc_piece **rest)
{
	unsigned long first = *pfn, nr = *nr_pages;

	lockdep_assert_held(&lc_pool.lock);
	lc_pieces_cut(&pz->idle, first, nr, rest);
	lc_pool_account(pz, -nr);
	if (!lc_pieces_span(&pz->dirty, pfn, nr_pages))
		return false;
	lc_pieces_cut(&pz->dirty, first, nr, rest ? rest + 1 : NULL);
	return true;
}

/**
 * lc_pool_settle - make sure that nobody clears pages that are out of the pool
 *
 * Context: any but atomic.
 */
void lc_pool_settle(void)
{
	guard(spinlock)(&lc_pool_clear_lock);
}

static struct lc_pool_zone *lc_pool_zone_get(struct zone *zone)
{
	struct lc_pool_zone *pz, *new;

	scoped_guard(spinlock, &lc_pool.lock)
		pz = lc_pool_zone_find(zone);
	if (pz)
		return pz;
	new = kzalloc_obj(*new);
	if (!new)
		return NULL;
	new->zone = zone;
	lc_pieces_init(&new->idle);
	lc_pieces_init(&new->dirty);
	scoped_guard(spinlock, &lc_pool.lock) {
		pz = lc_pool_zone_find(zone);
		if (!pz)
			list_add_tail_rcu(&new->list, &lc_pool.zones);
	}
	if (!pz)
		return new;
	kfree(new);
	return pz;
}

/**
 * lc_pool_put - keep pages for later
 * @pfn: first page frame, of a range in one zone
 * @nr_pages: length
 * @clean: all bytes are zero
 *
 * Context: process context, may sleep.
 * Return: true if the pool owns the pages now, false if the caller still does.
 */
bool lc_pool_put(unsigned long pfn, unsigned long nr_pages, bool clean)
{
	struct zone *zone = page_zone(pfn_to_page(pfn));
	struct lc_piece *idle, *dirty = NULL;
	struct lc_pool_zone *pz;

	if (nr_pages < LC_POOL_MIN_PAGES || !lc_pool_max())
		return false;
	pz = lc_pool_zone_get(zone);
	if (!pz)
		return false;
	idle = kmalloc(sizeof(*idle), GFP_KERNEL);
	if (!clean)
		dirty = kmalloc(sizeof(*dirty), GFP_KERNEL);
	if (!idle || (!clean && !dirty)) {
		kfree(idle);
		kfree(dirty);
		return false;
	}
	scoped_guard(spinlock, &lc_pool.lock) {
		lc_pieces_add(&pz->idle, idle, pfn, nr_pages);
		if (!clean)
			lc_pieces_add(&pz->dirty, dirty, pfn, nr_pages);
		lc_pool_account(pz, nr_pages);
	}
	lc_scan_idle(zone, pfn, nr_pages);
	/* whoever takes memory offline may have asked for it already */
	if (lc_scan_leaving(pfn, nr_pages))
		lc_pool_vacate(pfn, pfn + nr_pages);
	lc_pool_trim();
	lc_background_kick();
	return true;
}

/** lc_pool_pages - how much is idle now, in pages */
unsigned long lc_pool_pages(void)
{
	return READ_ONCE(lc_pool.nr_pages);
}

/**
 * lc_pool_idle - how many pages are idle from this one on?
 * @pfn: the page
 *
 * Context: any. Return: their number, 0 if this one is not.
 */
unsigned long lc_pool_idle(unsigned long pfn)
{
	const struct lc_piece *piece = NULL;
	const struct lc_pool_zone *pz;

	guard(spinlock)(&lc_pool.lock);
	pz = lc_pool_zone_find(page_zone(pfn_to_page(pfn)));
	if (pz)
		piece = lc_pieces_at(&pz->idle, pfn);
	if (!piece || piece->pfn > pfn)
		return 0;
	return piece->pfn + piece->nr_pages - pfn;
}

/**
 * lc_pool_may_have - is it worth asking?
 * @nr_pages: how many pages in a row
 *
 * Context: any. Return: false if the pool certainly has not so many.
 */
bool lc_pool_may_have(unsigned long nr_pages)
{
	return nr_pages >= LC_POOL_MIN_PAGES &&
	       nr_pages <= lc_pool_pages();
}

/*
 * How much dearer it may be to cut an idle range than to move as many pages out of
 * the best place known, which spoils something too. For a pool that has just one
 * range: the more pieces it is in, the more buffers come and go, and the sooner
 * they would take all of memory to pieces.
 */
#define LC_POOL_WORTH	16UL

/*
 * Choose pages for a request, at the end of an idle range where they spoil less:
 * what they cut off from the memory around them others cannot use for longer
 * runs. If that outweighs what it saves they stay, unless less than a pageblock
 * of the range would be left: what is freed serves the next request of its size.
 */
static bool lc_pool_choose(const struct lc_request *req, struct zone *zone,
			   unsigned long *pfn)
{
	unsigned long high, price, high_price, worth;
	const struct lc_piece *piece;
	struct lc_pool_zone *pz;

	scoped_guard(spinlock, &lc_pool.lock) {
		pz = lc_pool_zone_find(zone);
		if (!pz || !lc_pieces_fit(&pz->idle, &pz->dirty, req->nr_pages,
					  lc_align(req), req->end_pfn, pfn))
			return false;
		piece = lc_pieces_at(&pz->idle, *pfn);
		if (piece->nr_pages - req->nr_pages < pageblock_nr_pages)
			return true;
		high = min(piece->pfn + piece->nr_pages, req->end_pfn);
		worth = max(LC_POOL_WORTH / pz->idle.nr_pieces, 1UL) *
			LC_COST_MOVE * req->nr_pages;
	}
	high = ALIGN_DOWN(high - req->nr_pages, lc_align(req));
	price = lc_search_spoiled(zone, *pfn, req->nr_pages);
	high_price = lc_search_spoiled(zone, high, req->nr_pages);
	if (high_price < price) {
		*pfn = high;
		price = high_price;
	}
	return price <= worth ||
	       price - worth <= lc_search_price(zone, req->nr_pages,
						lc_align(req), req->end_pfn);
}

/*
 * Take pages out if all of them are still there; *dirty and *nr_dirty say which
 * of them are to be cleared.
 */
static bool lc_pool_remove(struct zone *zone, unsigned long pfn,
			   unsigned long nr_pages, struct lc_piece **rest,
			   unsigned long *dirty, unsigned long *nr_dirty)
{
	const struct lc_piece *piece;
	struct lc_pool_zone *pz;

	guard(spinlock)(&lc_pool.lock);
	pz = lc_pool_zone_find(zone);
	piece = lc_pieces_at(&pz->idle, pfn);
	if (!piece || piece->pfn > pfn ||
	    piece->pfn + piece->nr_pages < pfn + nr_pages)
		return false;
	*dirty = pfn;
	*nr_dirty = nr_pages;
	lc_pool_cut(pz, dirty, nr_dirty, rest);
	return true;
}

/**
 * lc_pool_take - ask the pool
 * @req: what is wanted
 * @zone: where
 * @effort: not changed
 * @pfn: out: first page frame of the cleared pages
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOSPC if the pool has nothing that fits, -ENOMEM, or -EINTR if
 * the caller is being killed.
 */
int lc_pool_take(const struct lc_request *req, struct zone *zone,
		 struct lc_effort *effort, unsigned long *pfn)
{
	unsigned long dirty, nr_dirty;
	struct lc_piece *rest[2];
	int ret = -ENOSPC;

	rest[0] = kmalloc(sizeof(*rest[0]), GFP_KERNEL);
	rest[1] = kmalloc(sizeof(*rest[1]), GFP_KERNEL);
	/* somebody may be faster */
	while (ret && rest[0] && rest[1] && lc_pool_choose(req, zone, pfn))
		if (lc_pool_remove(zone, *pfn, req->nr_pages, rest, &dirty,
				   &nr_dirty))
			ret = 0;
	kfree(rest[0]);
	kfree(rest[1]);
	if (ret)
		return ret;
	lc_scan_taken(zone, *pfn, req->nr_pages);
	trace_lazy_contig_pool_hit(*pfn, req->nr_pages);
	if (!nr_dirty)
		return 0;
	lc_pool_settle();
	ret = lc_clear(dirty, nr_dirty);
	if (ret)
		lc_free(*pfn, req->nr_pages, false);
	return ret;
}

static struct lc_pool_zone *lc_pool_dirty_zone(void)
{
	struct lc_pool_zone *pz;

	lockdep_assert_held(&lc_pool.lock);
	list_for_each_entry(pz, &lc_pool.zones, list)
		if (pz->dirty.nr_pages)
			return pz;
	return NULL;
}

static bool lc_pool_clear_next(struct lc_piece **rest)
{
	unsigned long pfn, nr_pages, i;
	const struct lc_piece *piece;
	struct lc_pool_zone *pz;

	guard(spinlock)(&lc_pool_clear_lock);
	scoped_guard(spinlock, &lc_pool.lock) {
		pz = lc_pool_dirty_zone();
		if (!pz)
			return false;
		piece = list_first_entry(&pz->dirty.by_age, struct lc_piece,
					 by_age);
		pfn = piece->pfn;
		nr_pages = min(piece->nr_pages, LC_POOL_CLEAR_PAGES);
	}
	for (i = 0; i < nr_pages; i++)
		clear_highpage(pfn_to_page(pfn + i));
	/* what somebody took meanwhile is not in the set any more */
	scoped_guard(spinlock, &lc_pool.lock)
		lc_pieces_cut(&pz->dirty, pfn, nr_pages, rest);
	return true;
}

/**
 * lc_pool_clear_some - clear a few idle pages
 *
 * Context: process context, may sleep.
 * Return: false if nothing is dirty.
 */
bool lc_pool_clear_some(void)
{
	struct lc_piece *rest = kmalloc(sizeof(*rest), GFP_KERNEL);
	bool cleared = rest && lc_pool_clear_next(&rest);

	kfree(rest);
	return cleared;
}
