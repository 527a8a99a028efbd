/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of a zone: between zones.c, which owns it, and search.c. */
#ifndef _LAZY_CONTIG_ZONES_H
#define _LAZY_CONTIG_ZONES_H

#include <linux/mutex.h>

#include "map.h"

struct zone;

/**
 * struct lc_zone - what is known of one zone
 * @zone: the zone
 * @lock: guards @map with everything in it and what follows.
 *	Never held while memory is looked at, allocated or moved. Reclaim takes
 *	it (a shrinker gives ranges back), so nothing that may wait for reclaim
 *	happens under it.
 * @map: the summaries
 * @refreshed: jiffies when summaries were last renewed on suspicion
 * @offline_start: first block of a range that is going offline
 * @offline_end: the block behind it; the range is empty if none goes
 */
struct lc_zone {
	struct zone *zone;
	struct mutex lock;		/* all below; see above */
	struct lc_map map;
	unsigned long refreshed;
	unsigned long offline_start;
	unsigned long offline_end;
};

struct lc_zone *lc_zone_get(struct zone *zone, unsigned long start,
			    unsigned long end);
int lc_zone_look(struct lc_zone *lz, unsigned long block, unsigned int *touched,
		 u32 *v);

#endif /* _LAZY_CONTIG_ZONES_H */
