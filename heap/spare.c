// SPDX-License-Identifier: GPL-2.0
/* How much the machine can do without. */

#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/vmstat.h>

#include "compat.h"
#include "lazy_contig.h"

/* What could be had from a zone without swapping. */
static unsigned long lc_zone_available(struct zone *zone)
{
	return zone_page_state(zone, NR_FREE_PAGES) +
	       zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
	       zone_page_state(zone, NR_ZONE_ACTIVE_FILE);
}

/* What the page allocator would leave in a node, for the kernel's own use. */
static unsigned long lc_node_kept(int node, bool movable)
{
	unsigned long kept = 0;
	int idx;

	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = &NODE_DATA(node)->node_zones[idx];

		kept += high_wmark_pages(zone);
		if (idx == ZONE_MOVABLE && !movable)
			kept += lc_zone_available(zone);
	}
	return kept;
}

static unsigned long lc_node_available(int node)
{
	unsigned long available = 0;
	int idx;

	for (idx = 0; idx < MAX_NR_ZONES; idx++)
		available += lc_zone_available(&NODE_DATA(node)->node_zones[idx]);
	return available;
}

/**
 * lc_can_spare - may so many pages be taken?
 * @zone: from this zone
 * @nr_pages: how many; 0 to ask whether what was taken was too much
 *
 * alloc_contig_range heeds no watermark. What the kernel says can be had
 * without swapping must cover the request and leave what the page allocator
 * itself would leave, or somebody else's allocation would end in the OOM
 * killer's hands; in the zone's node too, because a process may be bound to
 * it. The kernel's own allocations cannot use ZONE_MOVABLE: if @zone is another
 * one, what is free there does not count.
 *
 * Requests that run at the same time do not see each other: ask again when the
 * pages are taken.
 *
 * Context: any.
 * Return: true if the machine goes on as before.
 */
bool lc_can_spare(struct zone *zone, unsigned long nr_pages)
{
	bool movable = zone_idx(zone) == ZONE_MOVABLE;
	int node = zone_to_nid(zone);
	unsigned long kept = nr_pages;

	if (lc_node_available(node) < nr_pages + lc_node_kept(node, movable))
		return false;
	for_each_node_state(node, N_MEMORY)
		kept += lc_node_kept(node, movable);
	return si_mem_available() >= kept;
}
