// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: summaries of pageblocks keep state, cost and failures, age, and exclude
 *   claimed windows
 */
#include "grid.h"
#include "tap.h"

static struct grid g;

/* All of a summary as one number. */
static u64 pb_bits(struct lc_pb pb)
{
	u64 bits;

	memcpy(&bits, &pb, sizeof(bits));
	return bits;
}

static void check_fields(void)
{
	struct lc_pb pb = lc_pb_summary(LC_PB_MOVABLE, 777, 1234);

	is(pb.state, LC_PB_MOVABLE, "a summary keeps its state");
	is(pb.cost, 777, "its cost");
	is(pb.fails, 0, "begins without failures");
	is(pb.idle, 0, "and without idle pages");
	is(lc_pb_age(pb, 1234), 0, "and is new");
	is(lc_pb_age(pb, 1240), 6, "and grows old");
	is(lc_pb_age(lc_pb_summary(LC_PB_MOVABLE, 0, LC_PB_STAMP_MASK), 1), 2,
	   "across the wrap of time");
	pb = lc_pb_summary(LC_PB_MOVABLE, 1UL << 40, 1234);
	is(pb.cost, LC_PB_COST_MAX, "a cost that does not fit is cut");
	is(pb.state, LC_PB_MOVABLE, "without touching the state");
	is(lc_pb_age(pb, 1234), 0, "or the time");
	pb.idle = pageblock_nr_pages;
	is(pb.idle, pageblock_nr_pages, "all of a block can be idle");
	ok(sizeof(pb) == 8, "eight bytes are enough");
	ok(lc_pb_available(pb), "movable is available");
	pb.claimed = true;
	ok(!lc_pb_available(pb), "claimed is not");
	ok(!lc_pb_available(lc_pb_summary(LC_PB_PINNED, 0, 0)), "pinned is not");
	ok(!lc_pb_available(lc_pb_summary(LC_PB_BUSY, 0, 0)), "busy is not");
	ok(!lc_pb_available((struct lc_pb){ 0 }), "unknown is not");
	ok(lc_pb_shut(lc_pb_summary(LC_PB_HOLE, 0, 0)) &&
	   lc_pb_shut(lc_pb_summary(LC_PB_OWNED, 0, 0)) &&
	   !lc_pb_shut(lc_pb_summary(LC_PB_UNMOVABLE, 0, 0)) &&
	   !lc_pb_shut(lc_pb_summary(LC_PB_BUSY, 0, 0)) &&
	   !lc_pb_shut((struct lc_pb){ 0 }),
	   "only holes and owned blocks need not be scanned");
}

static struct lc_pb scanned(struct lc_pb old, enum lc_pb_state state,
			    unsigned long cost, u32 now)
{
	return lc_pb_after_scan(old, lc_pb_summary(state, cost, now), now);
}

static void check_failure(void)
{
	struct lc_pb movable = lc_pb_summary(LC_PB_MOVABLE, 10, 0), pb;
	u32 hold, i;

	pb = lc_pb_after_failure(movable, 0);
	is(pb.state, LC_PB_PINNED, "after a failure a block is pinned");
	is(pb.fails, 1, "with one failure");
	is(pb.cost, 10, "and the cost it had");
	ok(lc_pb_held(pb, 0) && lc_pb_held(pb, 1), "held for half a second");
	ok(!lc_pb_held(pb, 2), "and no longer");
	is(pb_bits(scanned(pb, LC_PB_MOVABLE, 10, 1)), pb_bits(pb),
	   "a scan in that time changes nothing");
	is(pb_bits(scanned(pb, LC_PB_BUSY, 10, 1)), pb_bits(pb),
	   "even if it finds the block busy");
	is(scanned(pb, LC_PB_UNMOVABLE, 0, 1).state, LC_PB_UNMOVABLE,
	   "unless it explains the failure");
	is(scanned(pb, LC_PB_MOVABLE, 0, 1).state, LC_PB_MOVABLE,
	   "or finds nothing that could have been in the way");
	is(scanned(pb, LC_PB_MOVABLE, 0, 1).cost, 0, "which is forgotten then");
	pb.cost = 0;
	is(scanned(pb, LC_PB_MOVABLE, 0, 1).state, LC_PB_PINNED,
	   "unless nothing was in the first place");
	pb.cost = 10;

	is(scanned(pb, LC_PB_BUSY, 10, 2).state, LC_PB_BUSY,
	   "afterwards it may be busy");
	is(scanned(pb, LC_PB_BUSY, 10, 2).cost, 10 + 64,
	   "and costlier than its like");
	pb = scanned(pb, LC_PB_MOVABLE, 10, 2);
	is(pb.state, LC_PB_MOVABLE, "or movable again");
	is(pb.cost, 10 + 64, "but costlier as well");
	pb = lc_pb_after_failure(pb, 2);
	is(pb.fails, 2, "the next failure is the second");
	ok(lc_pb_held(pb, 5) && !lc_pb_held(pb, 6), "and holds for a second");

	for (i = 0; i < 100; i++)
		pb = lc_pb_after_failure(pb, 0);
	hold = 1U << LC_PB_FAILS_MAX;
	is(pb.fails, LC_PB_FAILS_MAX, "failures are counted up to a limit");
	ok(lc_pb_held(pb, hold - 1) && !lc_pb_held(pb, hold),
	   "a hundred failures hold for %u seconds", hold / LC_TICKS_PER_SEC);

	pb = lc_pb_after_failure(movable, 0);
	pb = scanned(pb, LC_PB_MOVABLE, 10, 8);
	is(pb.fails, 0, "no failure for four times as long redeems");
	is(scanned(pb, LC_PB_MOVABLE, 10, 9).cost, 10, "completely");

	movable.claimed = true;
	movable.idle = 7;
	pb = lc_pb_after_failure(movable, 0);
	ok(pb.claimed && pb.idle == 7,
	   "claim and idle pages survive a failure");
	pb = scanned(pb, LC_PB_MOVABLE, 10, 5);
	ok(pb.claimed && pb.idle == 7, "and a scan");
}

static void check_pinned(void)
{
	struct lc_pb pb = lc_pb_summary(LC_PB_PINNED, 10, 0);
	u32 now, looks = 0;

	is(pb_bits(scanned(pb, LC_PB_PINNED, 20, 0)), pb_bits(pb),
	   "pinned in two scans at once is one");
	for (now = 1; now < 60 * LC_TICKS_PER_SEC; now++) {
		looks += !lc_pb_held(pb, now);
		pb = scanned(pb, LC_PB_PINNED, 10, now);
	}
	is(pb.fails, LC_PB_LOOKS_MAX, "scans count as failures up to a limit");
	/* after 1, 3, 7, 15 and 31 ticks, then every 32 */
	is(looks, 5 + (60 * LC_TICKS_PER_SEC - 1 - 31) / 32,
	   "a pin that lasts is scanned ever less often");
}

/*
 * What was not scanned for so long that time has wrapped looks new again: no longer than
 * what is, and the rest of the time it is old.
 */
static void check_wrap(void)
{
	const u32 period = LC_PB_STAMP_MASK + 1, hold = 1U << LC_PB_FAILS_MAX;
	struct lc_pb pb = lc_pb_summary(LC_PB_MOVABLE, 0, 77), fresh;
	u32 now, stale = 0, held = 0, longest = 0, run = 0;
	int i;

	for (now = 77 + period; now < 77 + 3 * period; now++)
		stale += lc_pb_age(pb, now) >= LC_STALE_TICKS;
	is(stale, 2 * (period - LC_STALE_TICKS), "after a wrap a summary is stale as before");
	for (i = 0; i < 20; i++)
		pb = lc_pb_after_failure(pb, 77);
	for (now = 77 + period; now < 77 + 3 * period; now++) {
		run = lc_pb_held(pb, now) ? run + 1 : 0;
		held += run != 0;
		longest = max(longest, run);
	}
	is(longest, hold, "one that failed is held as long as after the failure");
	is(held, 2 * hold, "once a wrap");
	fresh = scanned(pb, LC_PB_MOVABLE, 0, 77 + period + 4 * hold);
	is(fresh.state, LC_PB_MOVABLE, "the scan after that finds it movable");
	ok(fresh.fails < pb.fails, "and forgives: four times as long is less than a wrap");
}

static void check_slots(void)
{
	const struct lc_slot *slot;

	grid_draw(&g, 0, "...#.....htt..", 0);
	slot = lc_pbmap_runs(&g.map, 0);
	is(slot->head, 3, "head of a slot");
	is(slot->longest, 5, "longest run of a slot");
	is(slot->tail, 0, "no tail");
	is(slot->shut, LC_SLOT_BLOCKS - 11, "what is shut of a slot");
	is(lc_pbmap_runs(&g.map, LC_SLOT_BLOCKS)->shut, LC_SLOT_BLOCKS,
	   "a slot of holes");

	grid_draw(&g, LC_SLOT_BLOCKS - 2, "....", 0);
	is(lc_pbmap_runs(&g.map, 0)->tail, 2, "tail of a slot");
	is(lc_pbmap_runs(&g.map, LC_SLOT_BLOCKS)->head, 2, "head of the next");

	lc_pbmap_set(&g.map, LC_SLOT_BLOCKS - 1,
		     lc_pb_summary(LC_PB_UNMOVABLE, 0, 0));
	is(lc_pbmap_runs(&g.map, 0)->tail, 0, "lengths of runs follow changes");
	g.slots[1].block = NULL;
	lc_pbmap_set(&g.map, LC_SLOT_BLOCKS,
		     lc_pb_summary(LC_PB_MOVABLE, 0, 0));
	is(lc_pbmap_get(&g.map, LC_SLOT_BLOCKS).state, LC_PB_UNKNOWN,
	   "a slot without memory remembers nothing");
}

static void check_claims(void)
{
	grid_draw(&g, 0, "..........", 0);
	lc_pbmap_claim(&g.map, 3, 5, true);
	ok(lc_pbmap_claimed(&g.map, 2, 3) && lc_pbmap_claimed(&g.map, 5, 6),
	   "a claim of blocks 3 and 4 takes the units 2-3 and 4-5");
	ok(!lc_pbmap_claimed(&g.map, 0, 2) && !lc_pbmap_claimed(&g.map, 6, 10),
	   "and no more");
	is(lc_pbmap_runs(&g.map, 0)->longest, 4, "claimed blocks end runs");
	lc_pbmap_claim(&g.map, 3, 5, false);
	ok(!lc_pbmap_claimed(&g.map, 0, 10), "undone completely");
	is(lc_pbmap_runs(&g.map, 0)->longest, 10, "the run is back");
	ok(!lc_pbmap_claimed(&g.map, 0, 1UL << 40),
	   "blocks outside the map are not claimed");
	g.map.unit = 1;
	lc_pbmap_claim(&g.map, 3, 4, true);
	ok(lc_pbmap_claimed(&g.map, 3, 4) && !lc_pbmap_claimed(&g.map, 4, 10) &&
	   !lc_pbmap_claimed(&g.map, 0, 3), "units of one block");
}

static void check_replace(void)
{
	static struct lc_slot more[GRID_SLOTS + 3];

	grid_draw(&g, 0, "..#.", 0);
	g.map.first = 5;
	ok(lc_pbmap_replace(&g.map, more, 3, GRID_SLOTS + 3) == g.slots,
	   "a map that grows gives its old slots back");
	is(lc_pbmap_get(&g.map, 5 * LC_SLOT_BLOCKS + 2).state, LC_PB_UNMOVABLE,
	   "what was known stays where it was");
	is(lc_pbmap_get(&g.map, 3 * LC_SLOT_BLOCKS).state, LC_PB_UNKNOWN,
	   "below is unknown");
	is(lc_pbmap_get(&g.map, lc_pbmap_end(&g.map) - 1).state, LC_PB_UNKNOWN,
	   "above as well");
}

int main(void)
{
	check_fields();
	check_failure();
	check_pinned();
	check_wrap();
	check_slots();
	check_claims();
	check_replace();
	return tap_done();
}
