// SPDX-License-Identifier: GPL-2.0
/* Which nodes and zones a request may use, and in which order. */

#include <linux/cpuset.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "lazy_contig.h"
#include "scan.h"

static bool zone_movable = true;
module_param(zone_movable, bool, 0644);
MODULE_PARM_DESC(zone_movable,
		 "take memory from ZONE_MOVABLE too; such memory cannot be unplugged while a buffer is in it");

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

/** lc_zone_allowed - may memory of this zone be taken at all? */
bool lc_zone_allowed(struct zone *zone)
{
	return zone_idx(zone) != ZONE_MOVABLE || READ_ONCE(zone_movable);
}

/*
 * High zones first: the low ones are small and there are devices that can
 * use nothing else.
 */
static unsigned int lc_zones(const struct lc_request *req, int node,
			     struct zone **zones)
{
	unsigned int nr = 0;
	int idx;

	for (idx = MAX_NR_ZONES - 1; idx >= 0; idx--) {
		struct zone *zone = &NODE_DATA(node)->node_zones[idx];

		if (managed_zone(zone) && !zone_is_zone_device(zone) &&
		    zone->zone_start_pfn < req->end_pfn &&
		    lc_zone_allowed(zone))
			zones[nr++] = zone;
	}
	return nr;
}

static int lc_try_zones(const struct lc_request *req, int node,
			const struct lc_source *source,
			struct lc_effort *effort, unsigned long *pfn)
{
	struct zone *zones[MAX_NR_ZONES];
	unsigned int nr = lc_zones(req, node, zones), i;
	/* Whatever its price: the kernel itself can use all others. */
	bool movable = nr && zone_idx(zones[0]) == ZONE_MOVABLE;
	int ret;

	if (source->by_price)
		lc_search_order(zones + movable, nr - movable, req->nr_pages,
				lc_align(req), req->end_pfn);
	for (i = 0; i < nr; i++) {
		ret = source->take(req, zones[i], effort, pfn);
		if (ret != -ENOSPC)
			return ret;
	}
	return -ENOSPC;
}

/**
 * lc_try_places - ask a source for memory of one zone after the other
 * @req: what is wanted
 * @source: whom to ask
 * @effort: handed to @source
 * @pfn: out: first page frame
 *
 * Context: process context, may sleep.
 * Return: what @source returned last: 0, or an error.
 */
int lc_try_places(const struct lc_request *req, const struct lc_source *source,
		  struct lc_effort *effort, unsigned long *pfn)
{
	nodemask_t nodes;
	int node, first, ret;

	first = lc_nodes(req, &nodes);
	while (!nodes_empty(nodes)) {
		node = lc_nearest_node(first, &nodes);
		node_clear(node, nodes);
		ret = lc_try_zones(req, node, source, effort, pfn);
		if (ret != -ENOSPC || source->nearest)
			return ret;
	}
	return -ENOSPC;
}
