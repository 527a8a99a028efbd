/* SPDX-License-Identifier: GPL-2.0 */
/* Which window of pageblocks to try next: arithmetic on summaries. */
#ifndef LAZY_CONTIG_PLACEMENT_H
#define LAZY_CONTIG_PLACEMENT_H

#include "pbmap.h"

/**
 * struct lc_want - the window wanted, in pageblocks
 * @blocks: pageblocks in a row, at least 1
 * @align: alignment of the first, a power of two
 * @start: lowest block that may be used
 * @end: the block behind the highest that may be used
 *
 * @start and @end lie inside the map.
 */
struct lc_want {
	unsigned long blocks;
	unsigned long align;
	unsigned long start;
	unsigned long end;
};

/* Of no window at all. */
#define LC_NO_SCORE	(~0UL)

/**
 * struct lc_window - a window found
 * @start: first block
 * @cost: weighted pages to move, as last seen
 * @score: @cost plus the fragmentation cost; the smallest is the best
 */
struct lc_window {
	unsigned long start;
	unsigned long cost;
	unsigned long score;
};

/**
 * struct lc_walk - a thorough search that scans blocks on demand
 * @start: first block of the window under examination
 * @block: the next block of it to check; everything below is good
 * @accept: a state that is good besides LC_PB_MOVABLE
 */
struct lc_walk {
	unsigned long start;
	unsigned long block;
	enum lc_pb_state accept;
};

enum lc_step {
	LC_STEP_SCAN,	/* scan walk->block, lc_pbmap_set(), go on */
	LC_STEP_FOUND,	/* a window begins at walk->start */
	LC_STEP_NONE,	/* there is none */
};

bool lc_placement_best(struct lc_pbmap *map, const struct lc_want *want,
		       struct lc_window *best);
unsigned long lc_placement_score(const struct lc_want *want,
				 unsigned long start, unsigned long end,
				 unsigned long at, unsigned long cost);
unsigned long lc_placement_fragmentation(struct lc_pbmap *map,
					 unsigned long at, unsigned long end);
void lc_placement_walk_begin(struct lc_walk *walk, const struct lc_want *want,
			     enum lc_pb_state accept);
enum lc_step lc_placement_walk_step(struct lc_pbmap *map, struct lc_walk *walk,
				    const struct lc_want *want, u32 now);
bool lc_placement_refresh_next(struct lc_pbmap *map, const struct lc_want *want,
			       u32 now, unsigned int *visits,
			       unsigned long *block);

#endif
