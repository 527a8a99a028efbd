// SPDX-License-Identifier: GPL-2.0
/*
 * Which window of pageblocks to try next.
 *
 * The kernel isolates whole pageblocks, so a window is a run of pageblocks and
 * a zone is a row of runs between blockers. A window costs
 *
 * - what must be moved out of it: the sum of its blocks' costs;
 *
 * - its fragmentation cost. A run of L blocks is worth L * log2(L): a request
 *   for many blocks in a row cannot use many short runs instead. Cutting k
 *   blocks out of a run and leaving l and r of them costs the difference:
 *   nothing where the window fits exactly, little at the edge of a run (the
 *   less the shorter the run), much in the middle of a long one. Small requests
 *   go where large ones no longer fit, without rules for sizes.
 *
 * Both are added up, in the weights of pbscan.c. Of equals the highest address
 * wins, because restricted devices need the lowest memory.
 *
 * lc_placement_best() chooses among summaries and never scans memory.
 * lc_placement_walk_step() is for when that yields nothing: it asks for fresh
 * scans, from the top down and from the low end of each window up, so that a
 * blocker rules out every window that contains it at once.
 */
#include "placement.h"

/*
 * Cost of one halving of the run around one block: that of moving a block full
 * of pages. Smaller values do not answer faster, but after churn leave less
 * room for 64 to 256 MiB: a sixteenth of it three quarters for 64 MiB, half for
 * 128 MiB and a fifth for 256 MiB ("bench churn").
 */
#define LC_FRAGMENTATION_WEIGHT 1024UL

/* Summaries read per search at most, once there is a candidate. */
#define LC_SEARCH_BLOCKS 16384UL

/* In a longer run only this much from either edge is considered. */
#define LC_RUN_EDGE 2048UL

/* log2(x) in sixteenths, linear between powers of two; 0 for 0. */
static unsigned long lc_log2_16(unsigned long x)
{
	unsigned int e;

	if (!x)
		return 0;
	e = ilog2(x);
	return e * 16 + (e >= 4 ? x >> (e - 4) : x << (4 - e)) - 16;
}

static unsigned long lc_run_worth(unsigned long blocks)
{
	return blocks * lc_log2_16(blocks);
}

/**
 * lc_placement_score - what it costs to use a window
 * @want: the window wanted
 * @start: first block of the run around the window
 * @end: the block behind that run
 * @at: first block of the window
 * @cost: weighted pages to move out of it
 *
 * Context: any. Return: the cost; the smallest is the best.
 */
unsigned long lc_placement_score(const struct lc_want *want,
				 unsigned long start, unsigned long end,
				 unsigned long at, unsigned long cost)
{
	unsigned long lost = lc_run_worth(end - start) -
			     lc_run_worth(at - start) -
			     lc_run_worth(end - at - want->blocks) -
			     lc_run_worth(want->blocks);

	return cost + LC_FRAGMENTATION_WEIGHT * lost / 16;
}

static unsigned long lc_cost_of(const struct lc_pbmap *map, unsigned long start,
				unsigned long end)
{
	unsigned long b, sum = 0;

	for (b = start; b < end; b++)
		sum += lc_pbmap_get(map, b).cost;
	return sum;
}

/* The lowest block of the run that ends below @end, which is available. */
static unsigned long lc_run_start(struct lc_pbmap *map, unsigned long end,
				  unsigned long floor)
{
	unsigned long b = end;

	while (b > floor) {
		if (!(b & (LC_SLOT_BLOCKS - 1)) &&
		    b - floor >= LC_SLOT_BLOCKS) {
			unsigned int tail = lc_pbmap_runs(map, b - 1)->tail;

			b -= tail;
			if (tail < LC_SLOT_BLOCKS)
				break;
		} else if (lc_pb_available(lc_pbmap_get(map, b - 1))) {
			b--;
		} else {
			break;
		}
	}
	return b;
}

/* The block behind the run that begins at @start, which is available. */
static unsigned long lc_run_end(struct lc_pbmap *map, unsigned long start)
{
	unsigned long b = start, ceiling = lc_pbmap_end(map);

	while (b < ceiling) {
		if (!(b & (LC_SLOT_BLOCKS - 1))) {
			unsigned int head = lc_pbmap_runs(map, b)->head;

			b += head;
			if (head < LC_SLOT_BLOCKS)
				break;
		} else if (lc_pb_available(lc_pbmap_get(map, b))) {
			b++;
		} else {
			break;
		}
	}
	return b;
}

/**
 * lc_placement_fragmentation - fragmentation cost of using some blocks
 * @map: the summaries; lengths of runs are brought up to date
 * @at: first block
 * @end: the block behind the last
 *
 * Blocks at either edge that are not available count as used already.
 *
 * Context: the map's lock held. Return: the cost, as in lc_placement_score().
 */
unsigned long lc_placement_fragmentation(struct lc_pbmap *map, unsigned long at,
					 unsigned long end)
{
	struct lc_want want;
	unsigned long start;

	while (at < end && !lc_pb_available(lc_pbmap_get(map, at)))
		at++;
	while (at < end && !lc_pb_available(lc_pbmap_get(map, end - 1)))
		end--;
	if (at == end)
		return 0;
	start = lc_run_start(map, end, lc_pbmap_start(map));
	if (start > at)
		return 0;
	want.blocks = end - at;
	return lc_placement_score(&want, start, lc_run_end(map, end), at, 0);
}

/*
 * Next run below *end that may be long enough. Entering a slot from
 * above, nothing of it is part of a longer run above: a slot without a long run
 * matters only for the run that begins at its low edge.
 */
static bool lc_next_run(struct lc_pbmap *map, const struct lc_want *want,
			unsigned long *start, unsigned long *end)
{
	unsigned long b = *end;

	while (b > want->start) {
		if (!(b & (LC_SLOT_BLOCKS - 1))) {
			const struct lc_slot *slot = lc_pbmap_runs(map, b - 1);

			if (slot->longest < want->blocks &&
			    slot->head < LC_SLOT_BLOCKS) {
				b -= LC_SLOT_BLOCKS - slot->head;
				if (!slot->head)
					continue;
			}
		}
		if (b <= want->start)
			break;
		if (lc_pb_available(lc_pbmap_get(map, b - 1))) {
			*end = b;
			*start = lc_run_start(map, b, want->start);
			return true;
		}
		b--;
	}
	return false;
}

/* Try every window of a stretch [low, high) of the run [start, end). */
static void lc_try_stretch(const struct lc_pbmap *map,
			   const struct lc_want *want, unsigned long start,
			   unsigned long end, unsigned long low,
			   unsigned long high, struct lc_window *best)
{
	unsigned long k = want->blocks, step = want->align;
	unsigned long at = ALIGN_DOWN(high - k, step);
	/* the fragmentation cost is the least at the edge of a run */
	unsigned long least = lc_placement_score(want, start, end, start, 0);
	unsigned long cost, score;

	if (at < low || at + k > high || least >= best->score)
		return;
	cost = lc_cost_of(map, at, at + k);
	for (;;) {
		if (cost + least < best->score) {
			score = lc_placement_score(want, start, end, at, cost);
			if (score < best->score)
				*best = (struct lc_window){ at, cost, score };
		}
		if (at < low + step)
			return;
		if (step < k)
			cost += lc_cost_of(map, at - step, at) -
				lc_cost_of(map, at + k - step, at + k);
		else
			cost = lc_cost_of(map, at - step, at - step + k);
		at -= step;
	}
}

/**
 * lc_placement_best - the best window as far as is known
 * @map: the summaries; lengths of runs are brought up to date
 * @want: the window wanted
 * @best: the result
 *
 * Exact while fewer than LC_SEARCH_BLOCKS blocks lie in runs that are long
 * enough; beyond, the best of the highest that many.
 *
 * Context: the map's lock held. Return: false if there is none.
 */
bool lc_placement_best(struct lc_pbmap *map, const struct lc_want *want,
		       struct lc_window *best)
{
	unsigned long start, end = want->end, seen = 0;

	best->score = LC_NO_SCORE;
	while (seen < LC_SEARCH_BLOCKS &&
	       lc_next_run(map, want, &start, &end)) {
		unsigned long edge = LC_RUN_EDGE + want->blocks;

		if (end - start >= want->blocks) {
			if (end - start <= 2 * edge) {
				lc_try_stretch(map, want, start, end, start,
					       end, best);
				seen += end - start;
			} else {
				lc_try_stretch(map, want, start, end,
					       end - edge, end, best);
				lc_try_stretch(map, want, start, end, start,
					       start + edge, best);
				seen += 2 * edge;
			}
		}
		if (!best->score)
			break;
		end = start;
	}
	return best->score != LC_NO_SCORE;
}

/**
 * lc_placement_walk_begin - begin a thorough search
 * @walk: the search
 * @want: the window wanted
 * @accept: LC_PB_MOVABLE; LC_PB_PINNED to accept blocks that were not yet tried
 *	and are not pinned for certain too; LC_PB_BUSY to accept busy blocks too
 *
 * Context: any.
 */
void lc_placement_walk_begin(struct lc_walk *walk, const struct lc_want *want,
			     enum lc_pb_state accept)
{
	walk->accept = accept;
	walk->start = want->end < want->blocks ?
			      0 :
			      ALIGN_DOWN(want->end - want->blocks, want->align);
	walk->block = walk->start;
}

/* Is the block good, bad, or in need of a scan? */
static enum lc_step lc_judge(const struct lc_walk *walk, struct lc_pb pb,
			     u32 now)
{
	u32 age = lc_pb_age(pb, now);

	if (pb.claimed || lc_pb_held(pb, now) || lc_pb_shut(pb))
		return LC_STEP_NONE;
	switch (pb.state) {
	case LC_PB_MOVABLE:
		return LC_STEP_FOUND;
	case LC_PB_BUSY:
		if (walk->accept == LC_PB_BUSY)
			return LC_STEP_FOUND;
		return age ? LC_STEP_SCAN : LC_STEP_NONE;
	case LC_PB_PINNED:
		if (walk->accept == LC_PB_PINNED && !pb.fails &&
		    pb.cost < LC_PB_COST_MAX)
			return LC_STEP_FOUND;
		return age ? LC_STEP_SCAN : LC_STEP_NONE;
	case LC_PB_UNMOVABLE:
		return age >= LC_TICKS_PER_SEC ? LC_STEP_SCAN : LC_STEP_NONE;
	default:
		return LC_STEP_SCAN;
	}
}

/* Go on with the next window that does not contain walk->block. */
static bool lc_skip(struct lc_pbmap *map, struct lc_walk *walk,
		    const struct lc_want *want)
{
	unsigned long b = walk->block;

	if (lc_pbmap_slot(map, b)->shut == LC_SLOT_BLOCKS)
		b = ALIGN_DOWN(b, LC_SLOT_BLOCKS);
	if (b < want->start + want->blocks)
		return false;
	walk->start = ALIGN_DOWN(b - want->blocks, want->align);
	walk->block = walk->start;
	return true;
}

/**
 * lc_placement_walk_step - go on with a thorough search
 * @map: the summaries
 * @walk: the search
 * @want: the window wanted
 * @now: the time in ticks
 *
 * After LC_STEP_SCAN the caller scans walk->block, stores the result (its slot
 * must have memory) and calls again. If a window that was found turns out to be
 * none, the caller stores why, sets walk->block back to walk->start and calls
 * again.
 *
 * Context: the map's lock held; it may be dropped between calls.
 * Return: what to do.
 */
enum lc_step lc_placement_walk_step(struct lc_pbmap *map, struct lc_walk *walk,
				    const struct lc_want *want, u32 now)
{
	if (walk->start < want->start || walk->start + want->blocks > want->end)
		return LC_STEP_NONE;
	while (walk->block < walk->start + want->blocks) {
		switch (lc_judge(walk, lc_pbmap_get(map, walk->block), now)) {
		case LC_STEP_FOUND:
			walk->block++;
			break;
		case LC_STEP_SCAN:
			return LC_STEP_SCAN;
		default:
			if (!lc_skip(map, walk, want) ||
			    walk->start < want->start)
				return LC_STEP_NONE;
		}
	}
	return LC_STEP_FOUND;
}

/**
 * lc_placement_refresh_next - which summary to renew next
 * @map: the summaries; the cursor moves on
 * @want: only blocks between its start and end
 * @now: the time in ticks
 * @visits: how many summaries may still be read to find one; counted down
 * @block: the result
 *
 * Context: the map's lock held. Return: false if nothing is left to do.
 */
bool lc_placement_refresh_next(struct lc_pbmap *map, const struct lc_want *want,
			       u32 now, unsigned int *visits,
			       unsigned long *block)
{
	while (*visits) {
		unsigned long b = map->cursor;
		struct lc_pb pb;

		--*visits;
		if (b <= want->start || b > want->end)
			b = want->end;
		map->cursor = --b;
		if (lc_pbmap_slot(map, b)->shut == LC_SLOT_BLOCKS) {
			map->cursor = ALIGN_DOWN(b, LC_SLOT_BLOCKS);
			continue;
		}
		pb = lc_pbmap_get(map, b);
		if (pb.claimed || lc_pb_shut(pb) || lc_pb_held(pb, now))
			continue;
		if (pb.state != LC_PB_UNKNOWN &&
		    lc_pb_age(pb, now) < LC_STALE_TICKS)
			continue;
		*block = b;
		return true;
	}
	return false;
}
