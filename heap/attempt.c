// SPDX-License-Identifier: GPL-2.0
/*
 * Attempts to empty a window: which one the search says, what to do when it
 * fails, and when to give up.
 */

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "lazy_contig.h"
#include "observe/stats.h"
#include "observe/trace.h"
#include "scan.h"

/*
 * No room to move pages to is hardly better elsewhere in the same zone, but
 * the next window may have less to move.
 */
#define LC_NOMEM_PER_ZONE	2

static int lc_choose(struct lc_search *search, struct zone *zone,
		     unsigned long *pfn)
{
	u64 start = ktime_get_ns(), us;
	int ret;

	ret = lc_search_next(search, pfn);
	us = div_u64(ktime_get_ns() - start, NSEC_PER_USEC);
	lc_count(LC_SEARCH_US, us);
	if (!ret)
		trace_lazy_contig_window(zone_to_nid(zone), zone_idx(zone),
					 *pfn, lc_search_to_move(search), us);
	return ret;
}

/* Take the pages, unless others did meanwhile and it would be too much. */
static int lc_take_pages(struct zone *zone, unsigned long pfn,
			 unsigned long nr_pages)
{
	int ret = lc_migrate(pfn, nr_pages);

	if (ret || lc_can_spare(zone, 0))
		return ret;
	lc_pages_free(pfn, nr_pages);
	return -ENOMEM;
}

/* What is idle in the window; the kernel empties whole pageblocks. */
static void lc_pool_make_way(unsigned long pfn, unsigned long nr_pages)
{
	if (lc_pool_pages())
		lc_pool_vacate(pfn, ALIGN(pfn + nr_pages, pageblock_nr_pages));
}

static int lc_attempt(const struct lc_request *req, struct zone *zone,
		      unsigned long pfn, struct lc_effort *effort)
{
	u64 start = ktime_get_ns(), us;
	int ret;

	ret = lc_take_pages(zone, pfn, req->nr_pages);
	us = div_u64(ktime_get_ns() - start, NSEC_PER_USEC);
	trace_lazy_contig_attempt(pfn, req->nr_pages, ret, us);
	effort->attempts++;
	effort->busy += ret == -EBUSY;
	effort->nomem += ret == -ENOMEM;
	lc_count(LC_ATTEMPTS, 1);
	lc_count(LC_ATTEMPTS_BUSY, ret == -EBUSY);
	lc_count(LC_ATTEMPTS_NOMEM, ret == -ENOMEM);
	lc_count(LC_MIGRATE_US, us);
	return ret;
}

/* Empty the window that was chosen, and tell the search what became of it. */
static int lc_try_window(const struct lc_request *req, struct lc_search *search,
			 struct zone *zone, unsigned long pfn,
			 struct lc_effort *effort)
{
	int ret;

	lc_pool_make_way(pfn, req->nr_pages);
	ret = lc_attempt(req, zone, pfn, effort);
	if (!ret)
		lc_count(LC_MOVED_PAGES, lc_search_to_move(search));
	lc_search_done(search, pfn, ret);
	return ret;
}

/**
 * lc_migrate_in_zone - empty one window after the other until one succeeds
 * @req: what is wanted
 * @zone: where
 * @effort: its deadline is heeded, what was tried is added
 * @pfn: out: first page frame of the cleared pages
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOSPC if it is to be tried elsewhere, or -EINTR if the caller is
 * being killed.
 */
int lc_migrate_in_zone(const struct lc_request *req, struct zone *zone,
		       struct lc_effort *effort, unsigned long *pfn)
{
	unsigned int nomem_before = effort->nomem;
	struct lc_search search;
	int ret;

	if (!lc_can_spare(zone, req->nr_pages)) {
		effort->scarce = true;
		return -ENOSPC;
	}
	lc_search_begin(&search, zone, req->nr_pages, lc_align(req),
			req->end_pfn);
	while (!effort->attempts || time_before(jiffies, effort->deadline)) {
		ret = lc_choose(&search, zone, pfn);
		if (ret)
			return ret;
		ret = lc_try_window(req, &search, zone, *pfn, effort);
		if (!ret || ret == -EINTR)
			return ret;
		if (effort->nomem - nomem_before == LC_NOMEM_PER_ZONE)
			return -ENOSPC;
	}
	effort->late = true;
	return -ENOSPC;
}

/**
 * lc_migrate_quickly - the same with one attempt, if that takes no thorough search
 * @req: what is wanted
 * @zone: where
 * @effort: what was tried is added
 * @pfn: out: first page frame of the cleared pages
 *
 * Context: process context, may sleep.
 * Return: as lc_migrate_in_zone().
 */
int lc_migrate_quickly(const struct lc_request *req, struct zone *zone,
		       struct lc_effort *effort, unsigned long *pfn)
{
	struct lc_search search;
	int ret;

	if (!lc_can_spare(zone, req->nr_pages))
		return -ENOSPC;
	lc_search_begin(&search, zone, req->nr_pages, lc_align(req),
			req->end_pfn);
	search.quick = true;
	ret = lc_choose(&search, zone, pfn);
	if (!ret)
		ret = lc_try_window(req, &search, zone, *pfn, effort);
	return ret && ret != -EINTR ? -ENOSPC : ret;
}

/**
 * lc_migrate_at - empty just these pages, in one attempt
 * @zone: their zone
 * @pfn: the first page frame
 * @nr_pages: how many
 *
 * Context: process context, may sleep.
 * Return: 0 with the pages cleared, or -errno if they cannot be had.
 */
int lc_migrate_at(struct zone *zone, unsigned long pfn, unsigned long nr_pages)
{
	struct lc_search search;
	int ret;

	if (!lc_zone_allowed(zone))
		return -ENOSPC;
	if (!lc_can_spare(zone, nr_pages))
		return -ENOMEM;
	lc_pool_make_way(pfn, nr_pages);
	ret = lc_search_at(&search, zone, pfn, nr_pages);
	if (ret)
		return ret;
	ret = lc_take_pages(zone, pfn, nr_pages);
	lc_search_done(&search, pfn, ret);
	return ret;
}
