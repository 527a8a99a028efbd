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

/**
 * lc_can_spare - may so many pages be taken?
 * @zone: from this zone
 * @nr_pages: how many; 0 to ask whether what was taken was too much
 *
 * alloc_contig_range heeds no watermark. What the kernel says can be had
 * without swapping must cover the request and leave what the page allocator
 * itself would leave, or somebody else's allocation would end in the OOM
 * killer's hands. The kernel's own allocations cannot use ZONE_MOVABLE: if
 * @zone is another one, what is free there does not count.
 *
 * Requests that run at the same time do not see each other: ask again when the
 * pages are taken.
 *
 * Context: any.
 * Return: true if the machine goes on as before.
 */
bool lc_can_spare(const struct zone *zone, unsigned long nr_pages)
{
	bool movable = zone_idx(zone) == ZONE_MOVABLE;
	long available = si_mem_available();
	int node, idx;

	for_each_node_state(node, N_MEMORY) {
		for (idx = 0; idx < MAX_NR_ZONES; idx++) {
			struct zone *other = &NODE_DATA(node)->node_zones[idx];

			available -= high_wmark_pages(other);
			if (idx == ZONE_MOVABLE && !movable)
				available -= lc_zone_available(other);
		}
	}
	return available >= 0 && available >= nr_pages;
}
