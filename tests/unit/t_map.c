// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: summaries of pageblocks keep state, cost and failures, age, and exclude
 *   claimed windows
 */
#include "grid.h"
#include "tap.h"

static struct grid g;

static void check_fields(void)
{
	u32 v = lc_summary(LC_CLEAN, 777, 1234);

	is(lc_state(v), LC_CLEAN, "a summary keeps its state");
	is(lc_cost(v), 777, "its cost");
	is(lc_fails(v), 0, "begins without failures");
	is(lc_age(v, 1234), 0, "and is new");
	is(lc_age(v, 1240), 6, "and grows old");
	is(lc_age(lc_summary(LC_CLEAN, 0, LC_STAMP_MASK), 1), 2,
	   "across the wrap of time");
	is(lc_cost(lc_summary(LC_CLEAN, 1000000, 0)), LC_COST_MAX,
	   "a cost that does not fit is cut");
	is(lc_state(lc_summary(LC_CLEAN, 1000000, 0)), LC_CLEAN,
	   "without touching the state");
	ok(lc_available(v), "clean is available");
	ok(!lc_available(v | LC_CLAIMED), "claimed is not");
	ok(!lc_available(lc_summary(LC_SUSPECT, 0, 0)), "suspect is not");
	ok(!lc_available(LC_UNKNOWN), "unknown is not");
}

static void check_failure(void)
{
	u32 clean = lc_summary(LC_CLEAN, 10, 0), v, hold, i;

	v = lc_after_failure(clean, 0);
	is(lc_state(v), LC_SUSPECT, "after a failure a block is suspect");
	is(lc_fails(v), 1, "with one failure");
	ok(lc_held(v, 0) && lc_held(v, 1), "held for half a second");
	ok(!lc_held(v, 2), "and no longer");
	is(lc_after_scan(v, clean, 1), v, "a look in that time changes nothing");
	is(lc_state(lc_after_scan(v, lc_summary(LC_BLOCKED, 0, 1), 1)),
	   LC_BLOCKED, "unless it explains the failure");

	v = lc_after_scan(v, lc_summary(LC_CLEAN, 10, 2), 2);
	is(lc_state(v), LC_CLEAN, "then it is clean again");
	is(lc_cost(v), 10 + 64, "but dearer than its like");
	v = lc_after_failure(v, 2);
	is(lc_fails(v), 2, "the next failure is the second");
	ok(lc_held(v, 5) && !lc_held(v, 6), "and holds for a second");

	for (i = 0; i < 100; i++)
		v = lc_after_failure(v, 0);
	hold = 1U << LC_FAILS_MAX;
	is(lc_fails(v), LC_FAILS_MAX, "failures are counted up to a limit");
	ok(lc_held(v, hold - 1) && !lc_held(v, hold),
	   "a hundred failures hold for %u seconds", hold / LC_TICKS_PER_SEC);

	v = lc_after_failure(clean, 0);
	v = lc_after_scan(v, lc_summary(LC_CLEAN, 10, 8), 8);
	is(lc_fails(v), 0, "behaving four times as long redeems");
	is(lc_cost(lc_after_scan(v, lc_summary(LC_CLEAN, 10, 9), 9)), 10,
	   "completely");
	v = lc_after_failure(clean | LC_CLAIMED, 0);
	ok(v & LC_CLAIMED, "a claim survives a failure");
	ok(lc_after_scan(v, clean, 5) & LC_CLAIMED, "and a look");
}

static void check_slots(void)
{
	const struct lc_slot *slot;

	grid_draw(&g, 0, "...#.....htt..", 0);
	slot = lc_map_slot(&g.map, 0);
	is(slot->head, 3, "head of a slot");
	is(slot->longest, 5, "longest run of a slot");
	is(slot->tail, 0, "no tail");
	is(slot->shut, LC_CHUNK_BLOCKS - 11, "what is shut of a slot");
	is(lc_map_slot(&g.map, LC_CHUNK_BLOCKS)->shut, LC_CHUNK_BLOCKS,
	   "a slot of holes");

	grid_draw(&g, LC_CHUNK_BLOCKS - 2, "....", 0);
	is(lc_map_slot(&g.map, 0)->tail, 2, "tail of a slot");
	is(lc_map_slot(&g.map, LC_CHUNK_BLOCKS)->head, 2, "head of the next");

	lc_map_set(&g.map, LC_CHUNK_BLOCKS - 1, lc_summary(LC_BLOCKED, 0, 0));
	is(lc_map_slot(&g.map, 0)->tail, 0, "figures follow changes");
	g.slots[1].block = NULL;
	lc_map_set(&g.map, LC_CHUNK_BLOCKS, lc_summary(LC_CLEAN, 0, 0));
	is(lc_map_get(&g.map, LC_CHUNK_BLOCKS), LC_UNKNOWN,
	   "a slot without memory remembers nothing");
}

static void check_claims(void)
{
	grid_draw(&g, 0, "..........", 0);
	lc_map_claim(&g.map, 3, 5);
	ok(lc_map_claimed(&g.map, 2, 3) && lc_map_claimed(&g.map, 5, 6),
	   "a claim of blocks 3 and 4 takes the units 2-3 and 4-5");
	ok(!lc_map_claimed(&g.map, 0, 2) && !lc_map_claimed(&g.map, 6, 10),
	   "and no more");
	is(lc_map_slot(&g.map, 0)->longest, 4, "claimed blocks end runs");
	lc_map_unclaim(&g.map, 3, 5);
	ok(!lc_map_claimed(&g.map, 0, 10), "undone completely");
	is(lc_map_slot(&g.map, 0)->longest, 10, "the run is back");
	ok(!lc_map_claimed(&g.map, 0, 1UL << 40),
	   "blocks outside the map are not claimed");
	g.map.unit = 1;
	lc_map_claim(&g.map, 3, 4);
	ok(lc_map_claimed(&g.map, 3, 4) && !lc_map_claimed(&g.map, 4, 10) &&
	   !lc_map_claimed(&g.map, 0, 3), "units of one block");
}

static void check_replace(void)
{
	static struct lc_slot more[GRID_SLOTS + 3];

	grid_draw(&g, 0, "..#.", 0);
	g.map.first = 5;
	ok(lc_map_replace(&g.map, more, 3, GRID_SLOTS + 3) == g.slots,
	   "a map that grows gives its old slots back");
	is(lc_state(lc_map_get(&g.map, 5 * LC_CHUNK_BLOCKS + 2)), LC_BLOCKED,
	   "what was known stays where it was");
	is(lc_map_get(&g.map, 3 * LC_CHUNK_BLOCKS), LC_UNKNOWN,
	   "below is unknown");
	is(lc_map_get(&g.map, lc_map_end(&g.map) - 1), LC_UNKNOWN,
	   "above as well");
}

int main(void)
{
	check_fields();
	check_failure();
	check_slots();
	check_claims();
	check_replace();
	return tap_done();
}
