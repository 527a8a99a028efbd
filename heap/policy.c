// SPDX-License-Identifier: GPL-2.0
/*
 * Which window of pageblocks to try next.
 *
 * The kernel judges pageblocks whole, so a window is a run of pageblocks and a
 * machine is a row of runs between blockers. Two things make a window dear:
 *
 * - what must be moved out of it: the sum of its blocks' costs;
 *
 * - what it spoils. A run of L blocks is worth L * log2(L): whoever needs many
 *   blocks in a row cannot use many short runs instead. Cutting k blocks out
 *   of a run and leaving l and r of them costs the difference. It is nothing
 *   where the window fits exactly, little at the edge of a run (and the less
 *   the shorter the run), and much in the middle of a long one. So small
 *   requests go where large ones no longer fit, without rules for sizes.
 *
 * Both are added up, in the weights of scan.c. Of equals the highest address
 * wins, because the lowest memory is what restricted devices need.
 *
 * lc_best_window() chooses among what is remembered and never looks at memory.
 * lc_walk_step() is for when that yields nothing: it asks for fresh looks, from
 * the top down and from the low end of each window up, so that a blocker rules
 * out every window that contains it at once.
 */
#include "policy.h"

/*
 * What may be moved to save one block one halving of its run: a block full of
 * pages. Smaller values do not answer faster, but after a while of churn leave
 * less room for 64 to 256 MiB: a sixteenth of it three quarters for 64 MiB, half
 * for 128 and a fifth for 256 ("bench churn").
 */
#define LC_SPOIL_WEIGHT		1024UL

/* Summaries read per search at most once there is something to offer. */
#define LC_SEARCH_BLOCKS	16384UL

/* In a longer run only this much is looked at from either edge. */
#define LC_RUN_EDGE		2048UL

/* log2(x) in sixteenths, linear between powers of two; 0 for 0. */
static unsigned long log2_16(unsigned long x)
{
	unsigned int e;

	if (!x)
		return 0;
	e = ilog2(x);
	return e * 16 + (e >= 4 ? x >> (e - 4) : x << (4 - e)) - 16;
}

static unsigned long run_worth(unsigned long blocks)
{
	return blocks * log2_16(blocks);
}

/**
 * lc_window_score - what it costs to use a window
 * @want: what is looked for
 * @start: first block of the run around the window
 * @end: the block behind that run
 * @at: first block of the window
 * @cost: weighted pages to move out of it
 *
 * Context: any. Return: the price; the smallest is the best.
 */
unsigned long lc_window_score(const struct lc_want *want, unsigned long start,
			      unsigned long end, unsigned long at,
			      unsigned long cost)
{
	unsigned long spoiled = run_worth(end - start) - run_worth(at - start) -
				run_worth(end - at - want->blocks) -
				run_worth(want->blocks);

	return cost + LC_SPOIL_WEIGHT * spoiled / 16;
}

static unsigned long cost_of(const struct lc_map *map, unsigned long start,
			     unsigned long end)
{
	unsigned long b, sum = 0;

	for (b = start; b < end; b++)
		sum += lc_cost(lc_map_get(map, b));
	return sum;
}

/* The lowest block of the run that ends below @end, which is available. */
static unsigned long run_start(struct lc_map *map, unsigned long end,
			       unsigned long floor)
{
	unsigned long b = end;

	while (b > floor) {
		if (!(b & (LC_CHUNK_BLOCKS - 1)) &&
		    b - floor >= LC_CHUNK_BLOCKS) {
			unsigned int tail = lc_map_slot(map, b - 1)->tail;

			b -= tail;
			if (tail < LC_CHUNK_BLOCKS)
				break;
		} else if (lc_available(lc_map_get(map, b - 1))) {
			b--;
		} else {
			break;
		}
	}
	return b;
}

/* The block behind the run that begins at @start, which is available. */
static unsigned long run_end(struct lc_map *map, unsigned long start)
{
	unsigned long b = start, ceiling = lc_map_end(map);

	while (b < ceiling) {
		if (!(b & (LC_CHUNK_BLOCKS - 1))) {
			unsigned int head = lc_map_slot(map, b)->head;

			b += head;
			if (head < LC_CHUNK_BLOCKS)
				break;
		} else if (lc_available(lc_map_get(map, b))) {
			b++;
		} else {
			break;
		}
	}
	return b;
}

/**
 * lc_spoiled - what the use of some blocks does to the room left for others
 * @map: the summaries; figures of slots are brought up to date
 * @at: first block
 * @end: the block behind the last
 *
 * Blocks at either edge that are not available count as used already.
 *
 * Context: the map's lock held. Return: the price, as in lc_window_score().
 */
unsigned long lc_spoiled(struct lc_map *map, unsigned long at,
			 unsigned long end)
{
	struct lc_want want;
	unsigned long start;

	while (at < end && !lc_available(lc_map_get(map, at)))
		at++;
	while (at < end && !lc_available(lc_map_get(map, end - 1)))
		end--;
	if (at == end)
		return 0;
	start = run_start(map, end, lc_map_start(map));
	if (start > at)
		return 0;
	want.blocks = end - at;
	return lc_window_score(&want, start, run_end(map, end), at, 0);
}

/*
 * Next run below *end that may be long enough. Entering a slot from above
 * nothing of it is part of a longer run above, so a slot without a long run
 * matters only for what begins at its low edge.
 */
static bool next_run(struct lc_map *map, const struct lc_want *want,
		     unsigned long *start, unsigned long *end)
{
	unsigned long b = *end;

	while (b > want->start) {
		if (!(b & (LC_CHUNK_BLOCKS - 1))) {
			const struct lc_slot *slot = lc_map_slot(map, b - 1);

			if (slot->longest < want->blocks &&
			    slot->head < LC_CHUNK_BLOCKS) {
				b -= LC_CHUNK_BLOCKS - slot->head;
				if (!slot->head)
					continue;
			}
		}
		if (b <= want->start)
			break;
		if (lc_available(lc_map_get(map, b - 1))) {
			*end = b;
			*start = run_start(map, b, want->start);
			return true;
		}
		b--;
	}
	return false;
}

/* Try every window of a stretch [low, high) of the run [start, end). */
static void try_stretch(const struct lc_map *map, const struct lc_want *want,
			unsigned long start, unsigned long end,
			unsigned long low, unsigned long high,
			struct lc_window *best)
{
	unsigned long k = want->blocks, step = want->align;
	unsigned long at = ALIGN_DOWN(high - k, step);
	/* nowhere in a run is it spoiled less than at its edge */
	unsigned long least = lc_window_score(want, start, end, start, 0);
	unsigned long cost, score;

	if (at < low || at + k > high)
		return;
	cost = cost_of(map, at, at + k);
	for (;;) {
		if (cost + least < best->score) {
			score = lc_window_score(want, start, end, at, cost);
			if (score < best->score)
				*best = (struct lc_window){ at, cost, score };
		}
		if (at < low + step)
			return;
		if (step < k)
			cost += cost_of(map, at - step, at) -
				cost_of(map, at + k - step, at + k);
		else
			cost = cost_of(map, at - step, at - step + k);
		at -= step;
	}
}

/**
 * lc_best_window - the best window as far as is known
 * @map: the summaries; figures of slots are brought up to date
 * @want: what is looked for
 * @best: the result
 *
 * Exact while fewer than LC_SEARCH_BLOCKS blocks lie in runs that are long
 * enough; beyond, the best of the highest that many.
 *
 * Context: the map's lock held. Return: false if there is none.
 */
bool lc_best_window(struct lc_map *map, const struct lc_want *want,
		    struct lc_window *best)
{
	unsigned long start, end = want->end, seen = 0;

	best->score = ~0UL;
	while (seen < LC_SEARCH_BLOCKS && next_run(map, want, &start, &end)) {
		unsigned long edge = LC_RUN_EDGE + want->blocks;

		if (end - start >= want->blocks) {
			if (end - start <= 2 * edge) {
				try_stretch(map, want, start, end, start, end,
					    best);
				seen += end - start;
			} else {
				try_stretch(map, want, start, end, end - edge,
					    end, best);
				try_stretch(map, want, start, end, start,
					    start + edge, best);
				seen += 2 * edge;
			}
		}
		if (!best->score)
			break;
		end = start;
	}
	return best->score != ~0UL;
}

/**
 * lc_walk_begin - begin a thorough search
 * @walk: the search
 * @want: what is looked for
 * @suspects: accept blocks that someone seems to hold, if that is news and
 *	they are not plainly pinned (of the highest cost)
 *
 * Context: any.
 */
void lc_walk_begin(struct lc_walk *walk, const struct lc_want *want,
		   bool suspects)
{
	walk->suspects = suspects;
	walk->start = want->end < want->blocks ? 0 :
		      ALIGN_DOWN(want->end - want->blocks, want->align);
	walk->block = walk->start;
}

/* Is @v good, bad, or in need of a look? */
static enum lc_step judge(const struct lc_walk *walk, u32 v, u32 now)
{
	if (v & LC_CLAIMED || lc_held(v, now))
		return LC_STEP_NONE;
	switch (lc_state(v)) {
	case LC_CLEAN:
		return LC_STEP_FOUND;
	case LC_HOLE:
	case LC_TAKEN:
		return LC_STEP_NONE;
	case LC_SUSPECT:
		if (walk->suspects && !lc_fails(v) && lc_cost(v) < LC_COST_MAX)
			return LC_STEP_FOUND;
		return lc_age(v, now) ? LC_STEP_SCAN : LC_STEP_NONE;
	case LC_BLOCKED:
		return lc_age(v, now) >= LC_TICKS_PER_SEC ? LC_STEP_SCAN :
							    LC_STEP_NONE;
	default:
		return LC_STEP_SCAN;
	}
}

/* Go on with the next window that does not contain walk->block. */
static bool skip(struct lc_map *map, struct lc_walk *walk,
		 const struct lc_want *want)
{
	unsigned long b = walk->block;

	if (lc_slot(map, b)->shut == LC_CHUNK_BLOCKS)
		b = ALIGN_DOWN(b, LC_CHUNK_BLOCKS);
	if (b < want->start + want->blocks)
		return false;
	walk->start = ALIGN_DOWN(b - want->blocks, want->align);
	walk->block = walk->start;
	return true;
}

/**
 * lc_walk_step - go on with a thorough search
 * @map: the summaries
 * @walk: the search
 * @want: what is looked for
 * @now: the time in ticks
 *
 * After LC_STEP_SCAN the caller looks at walk->block, stores what it saw (its
 * slot must have memory) and calls again. If a window that was found turns out
 * to be none, the caller stores why, sets walk->block back to walk->start and
 * calls again.
 *
 * Context: the map's lock held; it may be dropped between calls.
 * Return: what to do.
 */
enum lc_step lc_walk_step(struct lc_map *map, struct lc_walk *walk,
			  const struct lc_want *want, u32 now)
{
	if (walk->start < want->start || walk->start + want->blocks > want->end)
		return LC_STEP_NONE;
	while (walk->block < walk->start + want->blocks) {
		switch (judge(walk, lc_map_get(map, walk->block), now)) {
		case LC_STEP_FOUND:
			walk->block++;
			break;
		case LC_STEP_SCAN:
			return LC_STEP_SCAN;
		default:
			if (!skip(map, walk, want) ||
			    walk->start < want->start)
				return LC_STEP_NONE;
		}
	}
	return LC_STEP_FOUND;
}

/**
 * lc_refresh_next - which summary to renew next
 * @map: the summaries; the cursor moves on
 * @want: only blocks between its start and end
 * @now: the time in ticks
 * @visits: how many summaries may still be read to find one; counted down
 * @block: the result
 *
 * Context: the map's lock held. Return: false if nothing is left to do.
 */
bool lc_refresh_next(struct lc_map *map, const struct lc_want *want, u32 now,
		     unsigned int *visits, unsigned long *block)
{
	while (*visits) {
		unsigned long b = map->cursor;
		u32 v;

		--*visits;
		if (b <= want->start || b > want->end)
			b = want->end;
		map->cursor = --b;
		if (lc_slot(map, b)->shut == LC_CHUNK_BLOCKS) {
			map->cursor = ALIGN_DOWN(b, LC_CHUNK_BLOCKS);
			continue;
		}
		v = lc_map_get(map, b);
		if (v & LC_CLAIMED || lc_shut(v) || lc_held(v, now))
			continue;
		if (lc_state(v) != LC_UNKNOWN && lc_age(v, now) < LC_STALE_TICKS)
			continue;
		*block = b;
		return true;
	}
	return false;
}
