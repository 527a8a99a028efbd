// SPDX-License-Identifier: GPL-2.0
/*
 * The warm pool: memory released lately, kept for the next request; and where
 * released memory goes.
 *
 * Pages in the pool are idle: in no buffer, charged to no user, counted by the
 * kernel as reclaimable, zeroed in the background. A request takes the best fit,
 * unless that fragments memory; what is not zeroed by then it zeroes itself. To
 * the search for windows idle memory is as good as free.
 *
 * Idle memory goes back when the pool grows over its limit, when reclaim asks,
 * when the memory block it is in goes offline, and by age. Age is not that of an
 * extent: in a pool in use, old extents are cut and merged with young ones all
 * the time. What goes is as much as was idle for the whole of the last two
 * periods, each half as long as pool_age_ms.
 */

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "../compat.h"
#include "../limit.h"
#include "../pages.h"
#include "../search/search.h"
#include "../search/zone.h"
#include "../trace.h"
#include "deferred.h"
#include "extent.h"
#include "pool.h"
#include "reserve.h"
#include "worker.h"

#define LC_POOL_DEFAULT_MB	ULONG_MAX /* until the size of RAM is known */
#define LC_POOL_LARGEST_MB	1024UL

static unsigned long pool_max_mb = LC_POOL_DEFAULT_MB;
static unsigned int pool_age_ms = 10000;

/**
 * struct lc_pool - the pool's part in one zone
 * @zone: the zone
 * @idle: what is idle
 * @unused: pages that were idle all through the last period; the aging work's
 */
struct lc_pool {
	struct zone *zone;
	struct lc_idle idle;
	unsigned long unused;
};

/* Guards additions to lc_pools. */
static DEFINE_MUTEX(lc_pools_lock);
static DEFINE_XARRAY(lc_pools);	/* by lc_zone_key(); entries stay until unload */
static atomic_long_t lc_pool_nr_pages;
static struct shrinker *lc_pool_shrinker;

static void lc_pool_age(struct work_struct *work);
static DECLARE_DELAYED_WORK(lc_pool_aging, lc_pool_age);
/* Freeing much memory takes long: not on the queues of one CPU. */
static struct workqueue_struct *lc_pool_wq;
/* Parameters have an effect. Guarded by the lock of parameters. */
static bool lc_pool_begun;

static struct lc_pool *lc_pool_find(struct zone *zone)
{
	return xa_load(&lc_pools, lc_zone_key(zone));
}

static struct lc_pool *lc_pool_get(struct zone *zone)
{
	struct lc_pool *pool = lc_pool_find(zone);

	if (pool)
		return pool;
	guard(mutex)(&lc_pools_lock);
	pool = lc_pool_find(zone);
	if (pool)
		return pool;
	pool = kzalloc_obj(*pool);
	if (!pool)
		return NULL;
	pool->zone = zone;
	lc_extent_init(&pool->idle);
	if (xa_err(xa_store(&lc_pools, lc_zone_key(zone), pool, GFP_KERNEL))) {
		kfree(pool);
		return NULL;
	}
	lc_worker_add(&pool->idle);
	return pool;
}

/* Pages became idle, or are idle no more; they are reclaimable meanwhile. */
static void lc_pool_account(struct lc_pool *pool, long nr_pages)
{
	atomic_long_add(nr_pages, &lc_pool_nr_pages);
	mod_node_page_state(pool->zone->zone_pgdat, NR_KERNEL_MISC_RECLAIMABLE,
			    nr_pages);
}

/** lc_pool_pages - how many pages are idle now. Context: any. */
unsigned long lc_pool_pages(void)
{
	return max(atomic_long_read(&lc_pool_nr_pages), 0L);
}

/* The most that the pool may keep, in pages. */
static unsigned long lc_pool_max(void)
{
	return READ_ONCE(pool_age_ms) ? lc_mb_to_pages(READ_ONCE(pool_max_mb)) : 0;
}

/* What was taken out of the pool goes to the page allocator. */
static void lc_pool_free(struct lc_pool *pool, const struct lc_extent *ext)
{
	lc_pool_account(pool, -ext->nr_pages);
	lc_zone_taken(pool->zone, ext);
	lc_pages_return(ext);
}

/*
 * Free what has been idle longest, in whole pageblocks, so that it may be a
 * little more. Return: how many pages.
 */
static unsigned long lc_pool_shrink(struct lc_pool *pool, unsigned long nr_pages)
{
	unsigned long done = 0;
	struct lc_extent ext;

	while (done < nr_pages &&
	       lc_extent_take_oldest(&pool->idle, ALIGN(nr_pages - done,
							pageblock_nr_pages),
				     &ext)) {
		lc_pool_free(pool, &ext);
		done += ext.nr_pages;
	}
	return done;
}

/* Without nodes all up to the end of an extent goes. */
static void lc_pool_free_within(const struct lc_extent *range, bool nodes)
{
	struct lc_extent_spare spare = {};
	struct lc_extent ext;
	struct lc_pool *pool;
	unsigned long i;
	bool more;

	/* of a range that is going offline: pairs with the barrier in lc_pool_put() */
	smp_mb();
	if (!lc_pool_pages())
		return;
	xa_for_each(&lc_pools, i, pool) {
		do {
			if (nodes)
				lc_extent_spare_alloc(&spare, false, GFP_KERNEL);
			more = lc_extent_take_within(&pool->idle, range, &spare,
						     &ext);
			lc_extent_spare_free(&spare);
			if (more)
				lc_pool_free(pool, &ext);
		} while (more);
	}
}

/**
 * lc_pool_evict - free idle memory of a range
 * @range: the pages
 *
 * Context: process, may sleep.
 */
void lc_pool_evict(const struct lc_extent *range)
{
	lc_pool_free_within(range, true);
}

/* The zone that has most for its size; NULL if nothing is idle. */
static struct lc_pool *lc_pool_fullest(void)
{
	struct lc_pool *pool, *fullest = NULL;
	unsigned long share, most = 0, nr, i;

	xa_for_each(&lc_pools, i, pool) {
		nr = lc_extent_pages(&pool->idle);
		share = mult_frac(nr, 1024UL,
				  zone_managed_pages(pool->zone) + 1) + 1;
		if (nr && share > most) {
			most = share;
			fullest = pool;
		}
	}
	return fullest;
}

static void lc_pool_shrink_to(unsigned long max)
{
	struct lc_pool *pool;
	unsigned long nr;

	while ((nr = lc_pool_pages()) > max && (pool = lc_pool_fullest()))
		lc_pool_shrink(pool, min(nr - max, pageblock_nr_pages));
}

/**
 * lc_pool_drop - free all idle memory, deferred pages too that are idle by now
 *
 * Context: process, may sleep. Return: true if there was any.
 */
bool lc_pool_drop(void)
{
	unsigned long nr_pages = lc_pool_pages() + lc_deferred_check();

	lc_pool_shrink_to(0);
	/* what has just become too old may be on its way to the page allocator */
	return flush_work(&lc_pool_aging.work) || nr_pages;
}

/* How long a period is, in jiffies. */
static unsigned long lc_pool_period(void)
{
	return msecs_to_jiffies(READ_ONCE(pool_age_ms)) / 2 + 1;
}

static void lc_pool_age(struct work_struct *work)
{
	struct lc_pool *pool;
	unsigned long i, least, nr;

	xa_for_each(&lc_pools, i, pool) {
		least = lc_extent_period(&pool->idle);
		nr = min(least, pool->unused);
		lc_pool_shrink(pool, nr);
		pool->unused = least - nr;
	}
	if (lc_pool_pages())
		queue_delayed_work(lc_pool_wq, &lc_pool_aging, lc_pool_period());
}

/* Return: true if the pool owns the pages now. */
static bool lc_pool_put(const struct lc_extent *ext, bool zeroed,
			struct lc_extent_spare *spare)
{
	struct zone *zone = page_zone(pfn_to_page(ext->pfn));
	struct lc_pool *pool = lc_pool_find(zone);

	if (ext->nr_pages < LC_POOL_MIN_PAGES || !lc_pool_max() || !pool ||
	    lc_zone_free_pages(zone) < high_wmark_pages(zone))
		return false;
	/* before others can take it, so that lc_zone_taken() comes after */
	lc_zone_idle(zone, ext);
	lc_pool_account(pool, ext->nr_pages);
	if (!lc_extent_put(&pool->idle, ext, zeroed, spare)) {
		lc_pool_account(pool, -ext->nr_pages);
		lc_zone_taken(zone, ext);
		return false;
	}
	/*
	 * The memory notifier may have evicted the range already. Pairs with the barrier
	 * in lc_pool_free_within(): one of the two sees the other.
	 */
	smp_mb();
	if (lc_zone_leaving(ext))
		lc_pool_free_within(ext, false);
	lc_pool_shrink_to(lc_pool_max());
	if (!zeroed)
		lc_worker_kick();
	queue_delayed_work(lc_pool_wq, &lc_pool_aging, lc_pool_period());
	return true;
}

/**
 * lc_pool_prepare - allocate what it takes to release memory later
 * @ext: pages in one zone that the caller has just taken
 * @known: the search knows that they are taken, and must be told of their release
 * @spare: the result, for lc_pool_release(); empty if nothing is needed
 *
 * Context: process, may sleep.
 */
void lc_pool_prepare(const struct lc_extent *ext, bool known,
		     struct lc_extent_spare *spare)
{
	struct lc_extent part = *ext;
	bool reserved = lc_reserve_owns(&part);

	*spare = (struct lc_extent_spare){};
	if (ext->nr_pages < LC_POOL_MIN_PAGES && !known && !reserved)
		return;
	lc_extent_spare_alloc(spare, reserved, GFP_KERNEL | __GFP_NOFAIL);
	/* without these the memory is not pooled */
	if (lc_pool_get(page_zone(pfn_to_page(ext->pfn))))
		lc_zone_prepare(ext);
}

/**
 * lc_pool_release - memory goes to its next owner
 * @ext: pages of one zone, at least one
 * @zeroed: every byte is zero
 * @keep: the pool may have it
 * @spare: from lc_pool_prepare(); none are left afterwards
 * @user: the user they are charged to; NULL if the caller undoes the charge
 *
 * What belongs to the reserve returns there, the pool keeps the rest, and the
 * page allocator gets what they do not take: from the first page on that must not
 * be in a buffer, since each part that is kept takes a node. Pages that still have
 * other references are deferred. Allocates nothing, but for a reserve of which such
 * or broken pages are a part. Cannot fail.
 *
 * Context: process, may sleep.
 * Return: how many pages stay charged to @user, because they are deferred.
 */
unsigned long lc_pool_release(const struct lc_extent *ext, bool zeroed,
			      bool keep, struct lc_extent_spare *spare,
			      struct lc_user *user)
{
	struct lc_extent rest = *ext, part = *ext;
	unsigned long deferred = 0;
	bool reserved, usable;

	/* nothing was prepared: only the page allocator has to do with them */
	if (!spare->node[0] && ext->nr_pages < LC_POOL_MIN_PAGES &&
	    (zeroed || (lc_pages_usable(&part) &&
			part.nr_pages == ext->nr_pages))) {
		lc_pages_free(ext);
		return 0;
	}
	while (rest.nr_pages) {
		part = rest;
		reserved = lc_reserve_owns(&part);
		/* nothing had access to pages that are zero still */
		usable = zeroed || lc_pages_usable(&part);
		rest.pfn += part.nr_pages;
		rest.nr_pages -= part.nr_pages;
		if (reserved && usable)
			lc_reserve_put(&part, true, zeroed, spare);
		if (!usable)
			deferred += lc_deferred_return(&part, user);
		else if (reserved || !keep || !lc_pool_put(&part, zeroed, spare))
			lc_pages_return(&part);
	}
	lc_extent_spare_free(spare);
	return deferred;
}

/*
 * How much costlier it may be to cut an idle extent than to move as many pages
 * out of the best window known, which fragments memory too. For a pool of one
 * extent: the more extents it is in, the more buffers come and go, and the sooner
 * they would fragment all of memory.
 */
#define LC_POOL_WORTH	16UL

/* Extents long enough but unfit otherwise that one request looks at. */
#define LC_POOL_TRIES	64

/*
 * Choose pages for a request, at the end of an idle extent that has the smaller
 * fragmentation cost. If that outweighs what it saves they stay, unless less than
 * a pageblock of the extent would be left: released memory serves the next
 * request of its size.
 */
static bool lc_pool_choose(struct lc_pool *pool, const struct lc_constraint *c,
			   struct lc_extent *ext)
{
	unsigned long cost, high_cost, worth;
	struct lc_extent_found found;
	struct lc_extent high;

	if (!lc_extent_fit(&pool->idle, c, LC_POOL_TRIES, &found))
		return false;
	*ext = found.ext;
	high = found.ext;
	high.pfn = ALIGN_DOWN(min(lc_extent_end(&found.around), c->end_pfn) -
			      c->nr_pages, c->align);
	if (found.around.nr_pages - c->nr_pages < pageblock_nr_pages) {
		/* the rest can be completed by pageblocks below */
		if (LC_POOL_PACKS)
			*ext = high;
		return true;
	}
	worth = max(LC_POOL_WORTH / found.nr_extents, 1UL) * LC_COST_MOVE *
		c->nr_pages / LC_COST_SCALE;
	cost = lc_search_fragmentation(pool->zone, ext);
	high_cost = lc_search_fragmentation(pool->zone, &high);
	if (high_cost < cost) {
		*ext = high;
		cost = high_cost;
	}
	return cost <= worth ||
	       cost - worth <= lc_search_best_score(pool->zone, c);
}

/* Return: false if the pool has nothing that fits. */
static bool lc_pool_cut(struct lc_pool *pool, const struct lc_constraint *c,
			struct lc_extent *ext, struct lc_extent *unzeroed)
{
	struct lc_extent_spare spare;
	bool taken = false;

	if (lc_extent_pages(&pool->idle) < c->nr_pages ||
	    lc_extent_spare_alloc(&spare, false, GFP_KERNEL))
		return false;
	/* another request may take the place first */
	while (!taken && lc_pool_choose(pool, c, ext))
		taken = lc_extent_take(&pool->idle, ext, &spare, unzeroed);
	lc_extent_spare_free(&spare);
	return taken;
}

/**
 * lc_pool_take - take memory out of the pool
 * @c: placement constraints
 * @zone: the zone
 * @ext: the pages, which the caller owns on success
 * @unzeroed: the part of them that the caller must zero; may be empty; set on
 *	success only
 *
 * A page can break while it is idle: then what was chosen goes to the page
 * allocator, and other memory is.
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOSPC if the pool has nothing that fits.
 */
int lc_pool_take(const struct lc_constraint *c, struct zone *zone,
		 struct lc_extent *ext, struct lc_extent *unzeroed)
{
	struct lc_pool *pool = lc_pool_find(zone);
	struct lc_extent usable, dirty;

	while (pool && lc_pool_cut(pool, c, ext, &dirty)) {
		usable = *ext;
		if (!lc_pages_still_usable(&usable) ||
		    usable.nr_pages < ext->nr_pages) {
			lc_pool_free(pool, ext);
			continue;
		}
		*unzeroed = dirty;
		lc_pool_account(pool, -c->nr_pages);
		lc_zone_taken(zone, ext);
		trace_lazy_contig_pool_hit(ext->pfn, ext->nr_pages);
		return 0;
	}
	return -ENOSPC;
}

/*
 * What of the pageblocks below an idle extent a request needs to end with it.
 * Return: false if it is not so little, or they are not known to be movable.
 */
static bool lc_pool_below(const struct lc_constraint *c, struct zone *zone,
			  const struct lc_extent *ext, struct lc_extent *below)
{
	unsigned long lowest = max(c->start_pfn, zone->zone_start_pfn);
	unsigned long end = lc_extent_end(ext), pfn;

	if (!IS_ALIGNED(ext->pfn, pageblock_nr_pages) || end > c->end_pfn ||
	    end < lowest + c->nr_pages)
		return false;
	pfn = ALIGN_DOWN(end - c->nr_pages, c->align);
	if (pfn < lowest || pfn >= ext->pfn)
		return false;
	below->pfn = ALIGN_DOWN(pfn, pageblock_nr_pages);
	below->nr_pages = ext->pfn - below->pfn;
	return below->pfn >= lowest && lc_search_available(zone, below);
}

/**
 * lc_pool_take_edge - take idle memory that the pageblocks below can complete
 * @c: placement constraints
 * @zone: the zone
 * @ext: the idle pages, which the caller owns on success
 * @below: the pages below them that it takes besides, whole pageblocks
 * @unzeroed: the part of @ext that the caller must zero; may be empty; set on
 *	success only
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: false if there are none.
 */
bool lc_pool_take_edge(const struct lc_constraint *c, struct zone *zone,
		       struct lc_extent *ext, struct lc_extent *below,
		       struct lc_extent *unzeroed)
{
	struct lc_pool *pool = lc_pool_find(zone);
	struct lc_extent_spare none = {};
	unsigned long pfn = 0;

	while (pool && lc_extent_next(&pool->idle, pfn, ext)) {
		struct lc_extent usable = *ext, dirty;

		pfn = lc_extent_end(ext);
		/* all of an extent: no node is needed */
		if (!lc_pool_below(c, zone, ext, below) ||
		    !lc_extent_take(&pool->idle, ext, &none, &dirty))
			continue;
		if (!lc_pages_still_usable(&usable) ||
		    usable.nr_pages < ext->nr_pages) {
			lc_pool_free(pool, ext);
			continue;
		}
		*unzeroed = dirty;
		lc_pool_account(pool, -ext->nr_pages);
		lc_zone_taken(zone, ext);
		return true;
	}
	return false;
}

static unsigned long lc_pool_count(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	unsigned long nr = 0, i;
	struct lc_pool *pool;

	xa_for_each(&lc_pools, i, pool)
		if (zone_to_nid(pool->zone) == sc->nid)
			nr += lc_extent_pages(&pool->idle);
	return nr ?: SHRINK_EMPTY;
}

static unsigned long lc_pool_scan(struct shrinker *shrinker,
				  struct shrink_control *sc)
{
	unsigned long nr = 0, i;
	struct lc_pool *pool;

	xa_for_each(&lc_pools, i, pool)
		if (zone_to_nid(pool->zone) == sc->nid && nr < sc->nr_to_scan)
			nr += lc_pool_shrink(pool, sc->nr_to_scan - nr);
	mm_account_reclaimed_pages(nr);
	return nr ?: SHRINK_STOP;
}

/* Parameters can be written before the module begins, and after it has ended. */
static void lc_pool_set_begun(bool begun)
{
	kernel_param_lock(THIS_MODULE);
	lc_pool_begun = begun;
	kernel_param_unlock(THIS_MODULE);
}

static int lc_pool_max_set(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_ulong(val, kp);

	if (!ret && lc_pool_begun)
		lc_pool_shrink_to(lc_pool_max());
	return ret;
}

static const struct kernel_param_ops lc_pool_max_ops = {
	.set = lc_pool_max_set,
	.get = param_get_ulong,
};
module_param_cb(pool_max_mb, &lc_pool_max_ops, &pool_max_mb, 0644);
MODULE_PARM_DESC(pool_max_mb,
		 "MiB of released memory kept for the next buffer; 0: none; default: a quarter of the RAM, at most 1024");

static int lc_pool_age_set(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_uint(val, kp);

	if (ret || !lc_pool_begun)
		return ret;
	lc_pool_shrink_to(lc_pool_max());
	if (lc_pool_pages())
		mod_delayed_work(lc_pool_wq, &lc_pool_aging, lc_pool_period());
	return 0;
}

static const struct kernel_param_ops lc_pool_age_ops = {
	.set = lc_pool_age_set,
	.get = param_get_uint,
};
module_param_cb(pool_age_ms, &lc_pool_age_ops, &pool_age_ms, 0644);
MODULE_PARM_DESC(pool_age_ms,
		 "milliseconds that released memory is kept while no request needs it; 0: none is kept");

/** lc_pool_init - begin to keep released memory. Return: 0 or -errno */
int lc_pool_init(void)
{
	if (pool_max_mb == LC_POOL_DEFAULT_MB)
		pool_max_mb = min(totalram_pages() / 4 >> (20 - PAGE_SHIFT),
				  LC_POOL_LARGEST_MB);
	lc_pool_wq = alloc_workqueue(KBUILD_MODNAME, WQ_UNBOUND, 1);
	if (!lc_pool_wq)
		return -ENOMEM;
	lc_pool_shrinker = lc_shrinker_register(KBUILD_MODNAME, lc_pool_count,
						lc_pool_scan,
						2 * pageblock_nr_pages);
	if (!IS_ERR(lc_pool_shrinker)) {
		lc_pool_set_begun(true);
		return 0;
	}
	destroy_workqueue(lc_pool_wq);
	return PTR_ERR(lc_pool_shrinker);
}

/** lc_pool_exit - free all of it; after the last release and the worker's end */
void lc_pool_exit(void)
{
	struct lc_pool *pool;
	unsigned long i;

	lc_pool_set_begun(false);
	lc_shrinker_unregister(lc_pool_shrinker);
	lc_pool_drop();
	cancel_delayed_work_sync(&lc_pool_aging);
	destroy_workqueue(lc_pool_wq);
	xa_for_each(&lc_pools, i, pool)
		kfree(pool);
	xa_destroy(&lc_pools);
}
