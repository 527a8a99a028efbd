// SPDX-License-Identifier: GPL-2.0
/*
 * The order in which a request tries the sources of memory, and the order in
 * which memory goes back: the only file that knows them.
 */

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "lazy_contig.h"
#include "observe/stats.h"
#include "observe/trace.h"

static unsigned int time_limit_ms = 2000;
module_param(time_limit_ms, uint, 0644);
MODULE_PARM_DESC(time_limit_ms,
		 "how long a request goes on trying further places, in milliseconds");

static const struct lc_source lc_pool = { .take = lc_pool_take, .nearest = true };
static const struct lc_source lc_reserve = { .take = lc_reserve_take };
static const struct lc_source lc_migration = {
	.take = lc_migrate_in_zone,
	.by_price = true,
};

static const struct lc_source lc_quick_migration = {
	.take = lc_migrate_quickly,
	.by_price = true,
	.nearest = true,
};

/*
 * The page allocator puts small requests wherever it has room, and while buffers
 * come and go that is soon everywhere. So when the pool is in use a small request
 * is cut out of a pageblock that is chosen like any other; the pool keeps the
 * rest for the next ones.
 */
static int lc_take_part(const struct lc_request *req, struct lc_effort *effort,
			unsigned long *pfn)
{
	struct lc_request block = *req;
	int ret;

	if (!lc_pool_pages() || req->nr_pages < LC_POOL_MIN_PAGES ||
	    req->nr_pages > MAX_ORDER_NR_PAGES)
		return -ENOSPC;
	block.nr_pages = max(req->nr_pages, pageblock_nr_pages);
	ret = lc_try_places(&block, &lc_quick_migration, effort, pfn);
	if (!ret)
		lc_free(*pfn + req->nr_pages, block.nr_pages - req->nr_pages,
			true);
	return ret;
}

/*
 * What the pool keeps counts as used when it is asked whether the machine can
 * spare so much, and it lies in pageblocks of others: so it goes before the
 * request fails.
 */
static int lc_take_by_migration(const struct lc_request *req,
				struct lc_effort *effort, unsigned long *pfn)
{
	int ret;

	effort->deadline = jiffies + 1 +
			   msecs_to_jiffies(READ_ONCE(time_limit_ms));
	ret = lc_try_places(req, &lc_migration, effort, pfn);
	if (ret == -ENOSPC && !effort->late && lc_pool_drop()) {
		effort->scarce = false;
		ret = lc_try_places(req, &lc_migration, effort, pfn);
	}
	return ret;
}

/*
 * Return: 0 or an error for the user; *outcome says which counter of sources
 * or of failures it belongs to.
 */
static int lc_take(const struct lc_request *req, bool from_reserve,
		   struct lc_effort *effort, unsigned long *pfn,
		   enum lc_counter *outcome)
{
	int ret = -ENOSPC;

	*outcome = LC_FROM_POOL;
	if (lc_pool_may_have(req->nr_pages))
		ret = lc_try_places(req, &lc_pool, effort, pfn);
	if (ret == -ENOSPC) {
		*outcome = LC_FROM_MIGRATION;
		ret = lc_take_part(req, effort, pfn);
	}
	if (ret == -ENOSPC) {
		*outcome = LC_FROM_BUDDY;
		ret = lc_buddy_take(req, pfn);
	}
	if (ret == -ENOSPC && from_reserve) {
		*outcome = LC_FROM_RESERVE;
		ret = lc_try_places(req, &lc_reserve, effort, pfn);
	}
	if (ret == -ENOSPC) {
		*outcome = LC_FROM_MIGRATION;
		ret = lc_take_by_migration(req, effort, pfn);
	}
	if (ret == -EINTR)
		*outcome = LC_FAIL_KILLED;
	else if (ret && effort->scarce)
		*outcome = LC_FAIL_MEMORY;
	else if (ret)
		*outcome = effort->late ? LC_FAIL_TIME : LC_FAIL_PLACE;
	return ret == -ENOSPC ? -ENOMEM : ret;
}

/**
 * lc_alloc_behind - let a range grow where it lies
 * @range: a range that nobody else has a reference to
 * @nr_pages: the length to be, more than it has
 * @end_pfn: every page must lie below this page frame
 *
 * One attempt, all or nothing. The new pages are cleared.
 *
 * Context: process context, may sleep.
 * Return: 0; -EINTR if killed; another error if it must grow elsewhere.
 */
int lc_alloc_behind(struct lc_range *range, unsigned long nr_pages,
		    unsigned long end_pfn)
{
	struct zone *zone = page_zone(pfn_to_page(range->pfn));
	unsigned long pfn = range->pfn + range->nr_pages;
	unsigned long more = nr_pages - range->nr_pages;
	int ret;

	if (nr_pages > end_pfn - range->pfn)
		return -ENOSPC;
	ret = lc_charge_more(range->user, more);
	if (ret)
		return ret;
	ret = lc_migrate_at(zone, pfn, more);
	if (ret)
		goto uncharge;
	ret = lc_range_extend(range, nr_pages);
	if (ret)
		goto free_pages;
	return 0;

free_pages:
	lc_free(pfn, more, true);
uncharge:
	lc_uncharge(range->user, more);
	return ret;
}

/**
 * lc_take_clean - take pages that are nobody's buffer
 * @req: what is wanted; its name is not used
 * @pfn: out: first page frame of the cleared pages, for lc_free()
 *
 * The reserve is made of such pages, and so they do not come from it.
 *
 * Context: process context, may sleep; bounded as lc_alloc() is.
 * Return: 0, -ENOMEM, or -EINTR if the caller is being killed.
 */
int lc_take_clean(const struct lc_request *req, unsigned long *pfn)
{
	struct lc_effort effort = {};
	enum lc_counter outcome;

	return lc_take(req, false, &effort, pfn, &outcome);
}

/**
 * lc_alloc - find and take a range
 * @req: what is wanted
 *
 * Context: process context, may sleep; bounded by the parameter time_limit_ms
 * plus one attempt, and ended early by a fatal signal.
 * Return: a range that the caller owns, cleared, or an ERR_PTR: -EINVAL for a
 * node that is not online; -ENOMEM, at once for what can never be had, or if
 * no place was found; -EINTR if killed.
 */
struct lc_range *lc_alloc(const struct lc_request *req)
{
	enum lc_counter outcome = LC_FAIL_LIMIT;
	struct lc_effort effort = {};
	struct lc_range *range;
	struct lc_user *user;
	unsigned long pfn;
	int ret;

	if (req->node != NUMA_NO_NODE &&
	    (req->node < 0 || req->node >= MAX_NUMNODES ||
	     !node_online(req->node)))
		return ERR_PTR(-EINVAL);
	trace_lazy_contig_request(req->nr_pages, req->align, req->end_pfn,
				  req->node);
	lc_count(LC_REQUESTS, 1);

	user = lc_charge(req->nr_pages);
	if (IS_ERR(user)) {
		ret = PTR_ERR(user);
		goto report;
	}
	ret = lc_take(req, true, &effort, &pfn, &outcome);
	if (ret)
		goto uncharge;
	range = lc_range_create(pfn, req, user);
	if (IS_ERR(range)) {
		ret = PTR_ERR(range);
		outcome = LC_FAIL_OTHER;
		goto free_pages;
	}
	lc_count(LC_SUCCESS, 1);
	lc_count(outcome, 1);
	trace_lazy_contig_success(pfn, req->nr_pages);
	return range;

free_pages:
	lc_free(pfn, req->nr_pages, true);
uncharge:
	lc_uncharge(user, req->nr_pages);
report:
	lc_report_failure(req, &effort, outcome);
	return ERR_PTR(ret);
}

/* What belongs to the reserve returns there; the pool may have the rest. */
static void lc_put_pages(unsigned long pfn, unsigned long nr_pages, bool clean,
			 bool to_pool)
{
	while (nr_pages) {
		unsigned long nr = nr_pages;

		if (!lc_reserve_put(pfn, &nr, clean) &&
		    !(to_pool && lc_pool_put(pfn, nr, clean)))
			lc_pages_return(pfn, nr);
		pfn += nr;
		nr_pages -= nr;
	}
}

/**
 * lc_give_back - return pages for others to use
 * @pfn: first page frame
 * @nr_pages: how many; may be 0
 *
 * What belongs to the reserve returns there, dirty; the rest is free at once.
 *
 * Context: process context, may sleep.
 */
void lc_give_back(unsigned long pfn, unsigned long nr_pages)
{
	lc_put_pages(pfn, nr_pages, false, false);
}

/**
 * lc_free - return pages for the next request
 * @pfn: first page frame
 * @nr_pages: how many; may be 0
 * @clean: all bytes are zero
 *
 * Context: process context, may sleep.
 */
void lc_free(unsigned long pfn, unsigned long nr_pages, bool clean)
{
	lc_put_pages(pfn, nr_pages, clean, true);
}
