// SPDX-License-Identifier: GPL-2.0
/*
 * The order in which a request tries the sources of memory: the only file that
 * knows it.
 */

#include <linux/cpuset.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "lazy_contig.h"
#include "observe/stats.h"
#include "observe/trace.h"
#include "scan.h"

static bool zone_movable = true;
module_param(zone_movable, bool, 0644);
MODULE_PARM_DESC(zone_movable,
		 "take memory from ZONE_MOVABLE too; such memory cannot be unplugged while a buffer is in it");

static unsigned int time_limit_ms = 2000;
module_param(time_limit_ms, uint, 0644);
MODULE_PARM_DESC(time_limit_ms,
		 "how long a request goes on trying further places, in milliseconds");

/*
 * No room to move pages to is hardly better elsewhere in the same zone, but
 * the next window may have less to move.
 */
#define LC_NOMEM_PER_ZONE	2

/* Nodes the request may use, and the one to begin with. */
static int lc_nodes(const struct lc_request *req, nodemask_t *nodes)
{
	int first = numa_mem_id();

	if (req->node != NUMA_NO_NODE) {
		*nodes = nodemask_of_node(req->node);
		return req->node;
	}

	/* Policy and cpuset are changed by others under the task lock. */
	task_lock(current);
	nodes_and(*nodes, cpuset_current_mems_allowed, node_states[N_MEMORY]);
#ifdef CONFIG_NUMA
	if (current->mempolicy) {
		const struct mempolicy *policy = current->mempolicy;

		if (policy->mode == MPOL_BIND)
			nodes_and(*nodes, *nodes, policy->nodes);
		else if (policy->mode == MPOL_PREFERRED ||
			 policy->mode == MPOL_PREFERRED_MANY)
			first = first_node(policy->nodes);
	}
#endif
	task_unlock(current);
	return first;
}

static int lc_nearest_node(int from, const nodemask_t *nodes)
{
	int node, nearest = NUMA_NO_NODE;

	for_each_node_mask(node, *nodes) {
		if (nearest == NUMA_NO_NODE ||
		    node_distance(from, node) < node_distance(from, nearest))
			nearest = node;
	}
	return nearest;
}

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

static int lc_take_from_zone(const struct lc_request *req, struct zone *zone,
			     struct lc_effort *effort, unsigned long *pfn)
{
	unsigned int nomem_before = effort->nomem;
	struct lc_search search;
	int ret;

	if (!lc_can_spare(zone, req->nr_pages)) {
		effort->scarce = true;
		return -ENOSPC;
	}
	lc_search_begin(&search, zone, req->nr_pages, req->align, req->end_pfn);
	while (time_before(jiffies, effort->deadline)) {
		ret = lc_choose(&search, zone, pfn);
		if (ret)
			return ret;
		ret = lc_attempt(req, zone, *pfn, effort);
		if (!ret)
			lc_count(LC_MOVED_PAGES,
				 lc_search_to_move(&search));
		lc_search_done(&search, *pfn, ret);
		if (!ret || ret == -EINTR)
			return ret;
		if (effort->nomem - nomem_before == LC_NOMEM_PER_ZONE)
			return -ENOSPC;
	}
	effort->late = true;
	return -ENOSPC;
}

/*
 * High zones first: the low ones are small and there are devices that can
 * use nothing else.
 */
static int lc_take_from_node(const struct lc_request *req, int node,
			     struct lc_effort *effort, unsigned long *pfn)
{
	int idx, ret;

	for (idx = MAX_NR_ZONES - 1; idx >= 0; idx--) {
		struct zone *zone = &NODE_DATA(node)->node_zones[idx];

		if (!managed_zone(zone) || zone_is_zone_device(zone) ||
		    zone->zone_start_pfn >= req->end_pfn)
			continue;
		if (idx == ZONE_MOVABLE && !READ_ONCE(zone_movable))
			continue;
		ret = lc_take_from_zone(req, zone, effort, pfn);
		if (ret != -ENOSPC)
			return ret;
	}
	return -ENOSPC;
}

static int lc_take_by_migration(const struct lc_request *req,
				struct lc_effort *effort, unsigned long *pfn)
{
	nodemask_t nodes;
	int node, first, ret;

	effort->deadline = jiffies + 1 +
			   msecs_to_jiffies(READ_ONCE(time_limit_ms));
	first = lc_nodes(req, &nodes);
	while (!nodes_empty(nodes)) {
		node = lc_nearest_node(first, &nodes);
		node_clear(node, nodes);
		ret = lc_take_from_node(req, node, effort, pfn);
		if (ret != -ENOSPC)
			return ret;
	}
	return -ENOSPC;
}

/*
 * Return: 0 or an error for the user; if it is an error, *reason says which
 * counter of failures it belongs to.
 */
static int lc_take(const struct lc_request *req, struct lc_effort *effort,
		   unsigned long *pfn, enum lc_counter *reason)
{
	int ret;

	ret = lc_buddy_take(req, pfn);
	if (!ret) {
		lc_count(LC_FROM_BUDDY, 1);
		return 0;
	}
	ret = lc_take_by_migration(req, effort, pfn);
	if (!ret) {
		lc_count(LC_FROM_MIGRATION, 1);
		return 0;
	}
	if (ret == -EINTR)
		*reason = LC_FAIL_KILLED;
	else if (effort->scarce)
		*reason = LC_FAIL_MEMORY;
	else
		*reason = effort->late ? LC_FAIL_TIME :
					 LC_FAIL_PLACE;
	return ret == -ENOSPC ? -ENOMEM : ret;
}

static int lc_take_behind(struct zone *zone, unsigned long pfn,
			  unsigned long nr_pages)
{
	struct lc_search search;
	int ret;

	if (zone_idx(zone) == ZONE_MOVABLE && !READ_ONCE(zone_movable))
		return -ENOSPC;
	if (!lc_can_spare(zone, nr_pages))
		return -ENOMEM;
	ret = lc_search_at(&search, zone, pfn, nr_pages);
	if (ret)
		return ret;
	ret = lc_take_pages(zone, pfn, nr_pages);
	lc_search_done(&search, pfn, ret);
	return ret;
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
	ret = lc_take_behind(zone, pfn, more);
	if (ret)
		goto uncharge;
	ret = lc_range_extend(range, nr_pages);
	if (ret)
		goto free_pages;
	return 0;

free_pages:
	lc_pages_free(pfn, more);
	lc_scan_freed(pfn, more);
uncharge:
	lc_uncharge(range->user, more);
	return ret;
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
	enum lc_counter reason = LC_FAIL_LIMIT;
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
	ret = lc_take(req, &effort, &pfn, &reason);
	if (ret)
		goto uncharge;
	range = lc_range_create(pfn, req, user);
	if (IS_ERR(range)) {
		ret = PTR_ERR(range);
		reason = LC_FAIL_OTHER;
		goto free_pages;
	}
	lc_count(LC_SUCCESS, 1);
	trace_lazy_contig_success(pfn, req->nr_pages);
	return range;

free_pages:
	lc_pages_free(pfn, req->nr_pages);
	lc_scan_freed(pfn, req->nr_pages);
uncharge:
	lc_uncharge(user, req->nr_pages);
report:
	lc_report_failure(req, &effort, reason);
	return ERR_PTR(ret);
}
