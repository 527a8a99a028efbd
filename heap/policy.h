/* SPDX-License-Identifier: GPL-2.0 */
/* Which window of pageblocks to try next: arithmetic on summaries. */
#ifndef _LAZY_CONTIG_POLICY_H
#define _LAZY_CONTIG_POLICY_H

#include "map.h"

/**
 * struct lc_want - what is looked for
 * @blocks: pageblocks in a row, at least 1
 * @align: alignment of the first, in pageblocks, a power of two
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

/**
 * struct lc_window - what was found
 * @start: first block
 * @cost: pages to move, weighted, as remembered
 * @score: @cost and what the choice does to the room left for others
 */
struct lc_window {
	unsigned long start;
	unsigned long cost;
	unsigned long score;
};

/**
 * struct lc_walk - a thorough search that looks at blocks on demand
 * @start: first block of the window under examination
 * @block: the next block of it to check; everything below is good
 * @suspects: take suspects for clean
 */
struct lc_walk {
	unsigned long start;
	unsigned long block;
	bool suspects;
};

enum lc_step {
	LC_STEP_SCAN,	/* look at walk->block, lc_map_set(), go on */
	LC_STEP_FOUND,	/* a window begins at walk->start */
	LC_STEP_NONE,	/* there is none */
};

bool lc_best_window(struct lc_map *map, const struct lc_want *want,
		    struct lc_window *best);
unsigned long lc_window_score(const struct lc_want *want, unsigned long start,
			      unsigned long end, unsigned long at,
			      unsigned long cost);
unsigned long lc_spoiled(struct lc_map *map, unsigned long at,
			 unsigned long end);
void lc_walk_begin(struct lc_walk *walk, const struct lc_want *want,
		   bool suspects);
enum lc_step lc_walk_step(struct lc_map *map, struct lc_walk *walk,
			  const struct lc_want *want, u32 now);
bool lc_refresh_next(struct lc_map *map, const struct lc_want *want, u32 now,
		     unsigned int *visits, unsigned long *block);

#endif /* _LAZY_CONTIG_POLICY_H */
