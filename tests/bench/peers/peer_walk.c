// SPDX-License-Identifier: GPL-2.0
/*
 * The simplest contiguous allocator: from the top of each zone down, pageblock by
 * pageblock, until alloc_contig_range() succeeds.
 */
#include <linux/mmzone.h>
#include <linux/sched/signal.h>

#include "peer.h"

MODULE_DESCRIPTION("allocator to compare with: a blind walk");

/*
 * An exhaustive search: every place is tried, in one request only. The next
 * request continues below it, so that the search ends. Writing the parameter
 * starts over.
 */
static bool once;
static unsigned long tried[MAX_NUMNODES][MAX_NR_ZONES];

static int once_set(const char *value, const struct kernel_param *param)
{
	memset(tried, 0, sizeof(tried));
	return param_set_bool(value, param);
}

static const struct kernel_param_ops once_ops = {
	.set = once_set,
	.get = param_get_bool,
};
module_param_cb(once, &once_ops, &once, 0644);
MODULE_PARM_DESC(once, "go on where the last request ended");

/* Zones span holes; a struct page in a hole does not exist. */
static bool in_zone(const struct zone *zone, unsigned long pfn,
		    unsigned long end)
{
	for (; pfn < end; pfn += pageblock_nr_pages) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || page_zone(page) != zone)
			return false;
	}
	return true;
}

static int attempt(unsigned long pfn, unsigned long nr_pages)
{
	unsigned int tries = once ? 5 : 1;
	int ret;

	do {
		ret = alloc_contig_range(pfn, pfn + nr_pages, ACR_FLAGS_NONE,
					 GFP_KERNEL | __GFP_NOWARN);
	} while (ret == -EBUSY && --tries);
	return ret;
}

static int walk_zone(const struct zone *zone, unsigned long *below,
		     unsigned long nr_pages, unsigned long *pfn)
{
	unsigned long end = zone_end_pfn(zone), at;

	if (once && *below)
		end = *below;
	if (end < nr_pages)
		return -ENOMEM;
	for (at = pageblock_start_pfn(end - nr_pages);
	     at >= zone->zone_start_pfn; at -= pageblock_nr_pages) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		*below = max(at, 1UL);
		if (in_zone(zone, at, at + nr_pages) &&
		    !attempt(at, nr_pages)) {
			*pfn = at;
			return 0;
		}
		*below = at + nr_pages - pageblock_nr_pages;
		if (at < pageblock_nr_pages)
			break;
	}
	return -ENOMEM;
}

static int peer_take(unsigned long nr_pages, unsigned long *pfn)
{
	static const enum zone_type order[] = { ZONE_MOVABLE, ZONE_NORMAL,
						ZONE_DMA32 };
	int node, ret;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		for_each_online_node(node) {
			const struct zone *zone =
				&NODE_DATA(node)->node_zones[order[i]];

			if (!managed_zone(zone))
				continue;
			ret = walk_zone(zone, &tried[node][order[i]], nr_pages,
					pfn);
			if (ret != -ENOMEM)
				return ret;
		}
	}
	return -ENOMEM;
}
