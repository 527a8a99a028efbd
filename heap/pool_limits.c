// SPDX-License-Identifier: GPL-2.0
/*
 * How much the warm pool keeps, and for how long.
 *
 * Idle memory goes back when the pool grows over its limit, when reclaim asks
 * for it, when the memory block it is in goes offline, and by age. Age is not
 * that of a range: in a pool that is in use, old ranges are cut and merged with
 * young ones all the time. What goes is as much as nobody needed for the whole
 * of the last two periods, each half as long as the parameter says.
 */

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>

#include "compat.h"
#include "lazy_contig.h"
#include "pool.h"
#include "scan.h"

#define LC_POOL_DEFAULT_MB	ULONG_MAX /* until the size of RAM is known */
#define LC_POOL_LARGEST_MB	1024UL

static unsigned long pool_max_mb = LC_POOL_DEFAULT_MB;
static unsigned int pool_age_ms = 10000;

static unsigned long lc_pool_period; /* when it began, in jiffies */
static struct shrinker *lc_pool_shrinker;

/** lc_pool_max - the most that the pool may keep, in pages */
unsigned long lc_pool_max(void)
{
	unsigned long mb = READ_ONCE(pool_max_mb);

	if (!READ_ONCE(pool_age_ms))
		return 0;
	return min(mb, ULONG_MAX >> 20) << (20 - PAGE_SHIFT);
}

static void lc_pool_give_back(unsigned long pfn, unsigned long nr_pages,
			      bool dirty)
{
	if (dirty)
		lc_pool_settle();
	lc_pages_return(pfn, nr_pages);
}

/* The last @nr_pages of an idle range, or all of it. Return: true if dirty. */
static bool lc_pool_cut_end(struct lc_pool_zone *pz, const struct lc_piece *piece,
			    unsigned long *pfn, unsigned long *nr_pages)
{
	unsigned long first, nr;

	*nr_pages = min(*nr_pages, piece->nr_pages);
	*pfn = piece->pfn + piece->nr_pages - *nr_pages;
	first = *pfn;
	nr = *nr_pages;
	return lc_pool_cut(pz, &first, &nr, NULL);
}

/* Give back what has been idle longest, up to @nr_pages of one range. */
static unsigned long lc_pool_evict_one(struct lc_pool_zone *pz,
				       unsigned long nr_pages)
{
	struct lc_piece *piece;
	unsigned long pfn;
	bool dirty;

	nr_pages = ALIGN(nr_pages, pageblock_nr_pages);
	scoped_guard(spinlock, &lc_pool.lock) {
		piece = list_first_entry_or_null(&pz->idle.by_age,
						 struct lc_piece, by_age);
		if (!piece)
			return 0;
		dirty = lc_pool_cut_end(pz, piece, &pfn, &nr_pages);
	}
	lc_pool_give_back(pfn, nr_pages, dirty);
	return nr_pages;
}

/* The same of one zone; whole pageblocks go, so it may be a little more. */
static unsigned long lc_pool_evict(struct lc_pool_zone *pz,
				   unsigned long nr_pages)
{
	unsigned long done = 0, nr;

	while (done < nr_pages) {
		nr = lc_pool_evict_one(pz, nr_pages - done);
		if (!nr)
			break;
		done += nr;
	}
	return done;
}

/* Return: false if nothing of the range is idle any more. */
static bool lc_pool_vacate_once(struct lc_pool_zone *pz, unsigned long pfn,
				unsigned long end, struct lc_piece **rest)
{
	unsigned long dirty, nr_dirty, nr_pages;
	const struct lc_piece *piece;
	bool unclean;

	scoped_guard(spinlock, &lc_pool.lock) {
		piece = lc_pieces_at(&pz->idle, pfn);
		if (!piece || piece->pfn >= end)
			return false;
		pfn = max(pfn, piece->pfn);
		nr_pages = piece->pfn + piece->nr_pages - pfn;
		/* without spare pieces all up to its end goes */
		if (rest[0] && rest[1])
			nr_pages = min(nr_pages, end - pfn);
		dirty = pfn;
		nr_dirty = nr_pages;
		unclean = lc_pool_cut(pz, &dirty, &nr_dirty, rest);
	}
	lc_pool_give_back(pfn, nr_pages, unclean);
	return true;
}

static void lc_pool_vacate_zone(struct lc_pool_zone *pz, unsigned long pfn,
				unsigned long end)
{
	struct lc_piece *rest[2];
	bool more;

	do {
		rest[0] = kmalloc(sizeof(*rest[0]), GFP_KERNEL);
		rest[1] = kmalloc(sizeof(*rest[1]), GFP_KERNEL);
		more = lc_pool_vacate_once(pz, pfn, end, rest);
		kfree(rest[0]);
		kfree(rest[1]);
	} while (more);
}

/**
 * lc_pool_vacate - give back what overlaps a range
 * @pfn: first page frame of the range
 * @end: one past the last
 *
 * Context: process context, may sleep.
 */
void lc_pool_vacate(unsigned long pfn, unsigned long end)
{
	struct lc_pool_zone *pz;

	lc_pool_for_each_zone(pz)
		lc_pool_vacate_zone(pz, pfn, end);
}

/* The zone that has most for its size. */
static struct lc_pool_zone *lc_pool_fullest(void)
{
	struct lc_pool_zone *pz, *fullest = NULL;
	unsigned long share, most = 0;

	lockdep_assert_held(&lc_pool.lock);
	list_for_each_entry(pz, &lc_pool.zones, list) {
		share = mult_frac(pz->idle.nr_pages, 1024UL,
				  zone_managed_pages(pz->zone) + 1) + 1;
		if (pz->idle.nr_pages && share > most) {
			most = share;
			fullest = pz;
		}
	}
	return fullest;
}

static void lc_pool_shrink_to(unsigned long max)
{
	struct lc_pool_zone *pz;
	unsigned long over;

	for (;;) {
		scoped_guard(spinlock, &lc_pool.lock) {
			if (lc_pool.nr_pages <= max)
				return;
			over = lc_pool.nr_pages - max;
			pz = lc_pool_fullest();
		}
		lc_pool_evict_one(pz, over);
	}
}

/**
 * lc_pool_trim - give back what is too much by now
 *
 * Context: process context, may sleep.
 */
void lc_pool_trim(void)
{
	lc_pool_shrink_to(lc_pool_max());
}

/**
 * lc_pool_drop - give back everything
 *
 * Context: process context, may sleep.
 * Return: how many pages there were.
 */
unsigned long lc_pool_drop(void)
{
	unsigned long nr_pages = lc_pool_pages();

	lc_pool_shrink_to(0);
	return nr_pages;
}

/* Give back what the last two periods did not need. */
static void lc_pool_end_period(struct lc_pool_zone *pz)
{
	unsigned long unused;

	scoped_guard(spinlock, &lc_pool.lock)
		unused = min(pz->unused[0], pz->unused[1]);
	lc_pool_evict(pz, unused);
	scoped_guard(spinlock, &lc_pool.lock) {
		pz->unused[1] = pz->unused[0];
		pz->unused[0] = pz->idle.nr_pages;
	}
}

/**
 * lc_pool_age - let memory go that nobody needs any more
 *
 * Context: the background thread.
 * Return: for how long there is nothing to do, in jiffies.
 */
long lc_pool_age(void)
{
	unsigned long period = msecs_to_jiffies(READ_ONCE(pool_age_ms)) / 2 + 1;
	struct lc_pool_zone *pz;

	if (time_after_eq(jiffies, lc_pool_period + period)) {
		lc_pool_period = jiffies;
		lc_pool_for_each_zone(pz)
			lc_pool_end_period(pz);
	}
	if (!lc_pool_pages())
		return MAX_SCHEDULE_TIMEOUT;
	return max((long)(lc_pool_period + period - jiffies), 0L);
}

static unsigned long lc_pool_count(struct shrinker *shrinker,
				   struct shrink_control *sc)
{
	struct lc_pool_zone *pz;
	unsigned long nr = 0;

	guard(spinlock)(&lc_pool.lock);
	list_for_each_entry(pz, &lc_pool.zones, list)
		if (zone_to_nid(pz->zone) == sc->nid)
			nr += pz->idle.nr_pages;
	return nr ?: SHRINK_EMPTY;
}

static unsigned long lc_pool_scan(struct shrinker *shrinker,
				  struct shrink_control *sc)
{
	struct lc_pool_zone *pz;
	unsigned long nr = 0;

	lc_pool_for_each_zone(pz)
		if (zone_to_nid(pz->zone) == sc->nid && nr < sc->nr_to_scan)
			nr += lc_pool_evict(pz, sc->nr_to_scan - nr);
	return nr ?: SHRINK_STOP;
}

static int lc_pool_memory_changes(struct notifier_block *nb,
				  unsigned long action, void *data)
{
	const struct memory_notify *arg = data;

	if (action == MEM_GOING_OFFLINE)
		lc_pool_vacate(arg->start_pfn, arg->start_pfn + arg->nr_pages);
	return NOTIFY_OK;
}

static struct notifier_block lc_pool_notifier = {
	.notifier_call = lc_pool_memory_changes,
};

static int lc_pool_max_set(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_ulong(val, kp);

	if (!ret)
		lc_pool_trim();
	return ret;
}

static const struct kernel_param_ops lc_pool_max_ops = {
	.set = lc_pool_max_set,
	.get = param_get_ulong,
};
module_param_cb(pool_max_mb, &lc_pool_max_ops, &pool_max_mb, 0644);
MODULE_PARM_DESC(pool_max_mb,
		 "MiB of freed memory kept for the next buffer; 0: none; if not given a quarter of the RAM, at most 1024");

static int lc_pool_age_set(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_uint(val, kp);

	if (ret)
		return ret;
	lc_pool_trim();
	lc_background_kick();
	return 0;
}

static const struct kernel_param_ops lc_pool_age_ops = {
	.set = lc_pool_age_set,
	.get = param_get_uint,
};
module_param_cb(pool_age_ms, &lc_pool_age_ops, &pool_age_ms, 0644);
MODULE_PARM_DESC(pool_age_ms,
		 "how long freed memory is kept while nobody needs it, in milliseconds; 0: not at all");

/**
 * lc_pool_init - begin to keep freed ranges
 *
 * Return: 0 or -errno.
 */
int lc_pool_init(void)
{
	int ret;

	if (pool_max_mb == LC_POOL_DEFAULT_MB)
		pool_max_mb = min(totalram_pages() / 4 >> (20 - PAGE_SHIFT),
				  LC_POOL_LARGEST_MB);
	lc_pool_period = jiffies;
	lc_pool_shrinker = lc_shrinker_register(LC_NAME, lc_pool_count,
						lc_pool_scan,
						2 * pageblock_nr_pages);
	if (IS_ERR(lc_pool_shrinker))
		return PTR_ERR(lc_pool_shrinker);
	ret = register_memory_notifier(&lc_pool_notifier);
	if (ret)
		lc_shrinker_unregister(lc_pool_shrinker);
	return ret;
}

/**
 * lc_pool_exit - give back everything
 *
 * Context: after the last release of a range and the end of the background
 * thread.
 */
void lc_pool_exit(void)
{
	struct lc_pool_zone *pz, *next;

	unregister_memory_notifier(&lc_pool_notifier);
	lc_shrinker_unregister(lc_pool_shrinker);
	lc_pool_drop();
	list_for_each_entry_safe(pz, next, &lc_pool.zones, list)
		kfree(pz);
}
