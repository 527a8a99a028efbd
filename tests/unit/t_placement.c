// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: the cheapest window is chosen, and long free runs are not cut
 *
 * Exact expectations on drawn machines.
 */
#include "grid.h"
#include "tap.h"

#define NONE	(-1L)
#define FIRST	100UL	/* where drawings begin: even, so units match */

static struct grid g;

static struct lc_want want_of(unsigned long blocks, unsigned long align)
{
	return (struct lc_want){
		.blocks = blocks,
		.align = align,
		.start = 0,
		.end = lc_pbmap_end(&g.map),
	};
}

/* Where a window of @blocks is put, counted from FIRST. */
static long best(const char *text, unsigned long blocks)
{
	struct lc_window win;
	struct lc_want want;

	grid_draw(&g, FIRST, text, 0);
	want = want_of(blocks, 1);
	return lc_placement_best(&g.map, &want, &win) ? win.start - FIRST : NONE;
}

static void check_fit(void)
{
	is(best("", 1), NONE, "nothing in holes");
	is(best("#####", 1), NONE, "nothing among blockers");
	is(best("s?cb?", 1), NONE, "nothing pinned, busy, unknown or claimed");
	is(best("..#..", 3), NONE, "nothing across a blocker");
	is(best("..h..", 3), NONE, "nothing across a hole");
	is(best("..c..", 3), NONE, "nothing across a claim");
	is(best(".....", 5), 0, "all there is");
	is(best(".....", 6), NONE, "one too many");
	is(best("........", 2), 6, "of a free run the high end");
	is(best("....#......", 4), 0, "an exact fit before a longer run");
	is(best("......#....", 4), 7, "on either side");
	is(best("...#.....#..", 2), 10, "a shorter run before a longer one");
	is(best("...#..#.....", 2), 4, "wherever it is");
	is(best("..#..", 2), 3, "of equals the highest");
}

static void check_cost(void)
{
	is(best("5553#4555", 1), 3, "the cheapest block");
	is(best("9999.9999", 1), 8, "not in the middle: a run is not cut");
	is(best("99#....", 1), 1, "nor a longer one to save a block's pages");
	is(best("99#...", 1), 5, "unless it is hardly longer");
	is(best("3333#2222", 4), 5, "the cheapest sum");
	is(best("3333#4222", 4), 5, "of the window");
	is(best("1234321", 3), 4, "the end with less to move");
}

static void check_limits(void)
{
	struct lc_window win;
	struct lc_want want;

	grid_draw(&g, FIRST, "..........", 0);
	want = want_of(3, 4);
	ok(lc_placement_best(&g.map, &want, &win), "an aligned window");
	is(win.start % 4, 0, "is aligned");
	want = want_of(3, 256);
	ok(!lc_placement_best(&g.map, &want, &win), "none at a rarer multiple");
	want = want_of(3, 1);
	want.end = FIRST + 5;
	ok(lc_placement_best(&g.map, &want, &win), "a window below a limit");
	is(win.start, FIRST + 2, "ends at it");
	want.end = FIRST + 2;
	ok(!lc_placement_best(&g.map, &want, &win), "none if the limit is low");
	want = want_of(3, 1);
	want.start = FIRST + 8;
	ok(!lc_placement_best(&g.map, &want, &win), "none below the zone");
}

/* Runs that cross the slots' edges, and whole slots of them. */
static void check_edges(void)
{
	unsigned long n = LC_SLOT_BLOCKS, i;
	static char text[3 * LC_SLOT_BLOCKS];
	struct lc_window win;
	struct lc_want want;

	grid_draw(&g, n - 3, "......", 0);
	want = want_of(6, 1);
	ok(lc_placement_best(&g.map, &want, &win), "a run across two slots");
	is(win.start, n - 3, "begins in the lower");
	want = want_of(7, 1);
	ok(!lc_placement_best(&g.map, &want, &win), "and is no longer than it is");

	for (i = 0; i < sizeof(text) - 1; i++)
		text[i] = '.';
	grid_draw(&g, 10, text, 0);
	want = want_of(sizeof(text) - 1, 1);
	ok(lc_placement_best(&g.map, &want, &win), "a run across four slots");
	is(win.start, 10, "at its start");
	want = want_of(sizeof(text), 1);
	ok(!lc_placement_best(&g.map, &want, &win), "one too many");
	want = want_of(5, 1);
	want.end = n;
	ok(lc_placement_best(&g.map, &want, &win), "a limit on a slot's edge");
	is(win.start, n - 5, "is kept");
}

static void check_score(void)
{
	struct lc_want want = want_of(4, 1);

	is(lc_placement_score(&want, 0, 4, 0, 123), 123,
	   "an exact fit costs what is moved");
	ok(lc_placement_score(&want, 0, 8, 4, 0) > 0, "cutting a run costs");
	is(lc_placement_score(&want, 0, 64, 0, 0),
	   lc_placement_score(&want, 0, 64, 60, 0), "the same at either end");
	ok(lc_placement_score(&want, 0, 64, 30, 0) >
	   lc_placement_score(&want, 0, 64, 60, 0), "more in the middle");
	ok(lc_placement_score(&want, 0, 64, 60, 0) >
	   lc_placement_score(&want, 0, 32, 28, 0), "more the longer the run");
	ok(lc_placement_score(&want, 0, 1UL << 33, 1UL << 32, LC_PB_COST_MAX) >
	   lc_placement_score(&want, 0, 1UL << 33, 0, LC_PB_COST_MAX),
	   "without overflow for 16 PiB");
}

/* Answers every scan that a walk asks for as in @truth, and counts them. */
static long walk(const char *text, const char *truth, unsigned long blocks,
		 enum lc_pb_state accept, u32 now, unsigned int *asked)
{
	struct lc_want want;
	struct lc_walk w;

	grid_draw(&g, FIRST, text, 0);
	want = want_of(blocks, 1);
	want.start = FIRST;
	want.end = FIRST + strlen(text);
	lc_placement_walk_begin(&w, &want, accept);
	for (*asked = 0;; ++*asked) {
		enum lc_step step = lc_placement_walk_step(&g.map, &w, &want,
							   now);
		enum lc_pb_state seen = LC_PB_UNMOVABLE;

		if (step == LC_STEP_NONE)
			return NONE;
		if (step == LC_STEP_FOUND)
			return w.start - FIRST;
		if (truth[w.block - FIRST] == '.')
			seen = LC_PB_MOVABLE;
		else if (truth[w.block - FIRST] == 'b')
			seen = LC_PB_BUSY;
		lc_pbmap_set(&g.map, w.block, lc_pb_summary(seen, 0, now));
	}
}

static unsigned long fragmentation(const char *text, unsigned long at,
				   unsigned long end)
{
	grid_draw(&g, FIRST, text, 0);
	return lc_placement_fragmentation(&g.map, FIRST + at, FIRST + end);
}

static void check_fragmentation(void)
{
	static char all[LC_SLOT_BLOCKS * GRID_SLOTS + 1];
	unsigned long edge, middle;

	is(fragmentation("..#...#..", 3, 6), 0,
	   "all of a run fragments nothing");
	is(fragmentation("#.#", 0, 3), 0, "nor with its neighbours");
	is(fragmentation("..##..", 2, 4), 0, "nor does what is in use");
	edge = fragmentation("..#........#..", 3, 5);
	ok(edge > 0, "the edge of a run does");
	is(fragmentation("..#........#..", 9, 11), edge, "at either side");
	is(fragmentation("..#........#..", 2, 5), edge,
	   "beside what is in use too");
	is(fragmentation("........", 0, 2), edge, "at the end of memory too");
	middle = fragmentation("..#........#..", 6, 8);
	ok(middle > edge, "the middle does more");

	memset(all, '.', sizeof(all) - 1);
	grid_draw(&g, 0, all, 0);
	ok(lc_placement_fragmentation(&g.map, 700, 702) > middle,
	   "and the more the longer the run");
}

static void check_walk(void)
{
	unsigned int asked;

	is(walk("????????", "........", 3, LC_PB_MOVABLE, 0, &asked), 5,
	   "a walk begins at the top");
	is(asked, 3, "and asks for what it needs only");
	is(walk("????????", ".....#..", 3, LC_PB_MOVABLE, 0, &asked), 2,
	   "a blocker is jumped over");
	is(asked, 4, "with every window that contains it");
	is(walk("????????", "........", 9, LC_PB_MOVABLE, 0, &asked), NONE,
	   "no window larger than the zone");
	is(asked, 0, "without a scan");
	is(walk("????????", "..#..#..", 3, LC_PB_MOVABLE, 0, &asked), NONE,
	   "nothing where nothing is");
	is(asked, 2, "two scans rule everything out");
	is(walk("....####", "........", 5, LC_PB_MOVABLE, 0, &asked), NONE,
	   "what was seen just now is believed");
	is(asked, 0, "without a scan");
	is(walk("....####", "........", 5, LC_PB_MOVABLE, LC_TICKS_PER_SEC,
		&asked), 3, "what was seen a second ago is not");
	is(asked, 4, "but only blockers are scanned again");
	is(walk("..c..", ".....", 3, LC_PB_PINNED, 100, &asked), NONE,
	   "a claimed block is never accepted");
	is(walk("..h..", ".....", 3, LC_PB_BUSY, 100, &asked), NONE,
	   "nor a hole");
	is(walk("..t..", ".....", 3, LC_PB_BUSY, 100, &asked), NONE,
	   "nor an owned block");
	is(asked, 0, "without a scan");
}

/* What is accepted in the end, if it is what the walk is for. */
static void check_walk_accepts(void)
{
	unsigned int asked;

	is(walk("..s..", ".....", 3, LC_PB_MOVABLE, 0, &asked), NONE,
	   "a pinned block is passed by");
	is(walk("..s..", ".....", 3, LC_PB_MOVABLE, 1, &asked), 2,
	   "and scanned again soon");
	is(walk("..s..", ".....", 3, LC_PB_PINNED, 0, &asked), 2,
	   "or accepted");
	is(walk("..s..", "..#..", 3, LC_PB_BUSY, 1, &asked), NONE,
	   "but not for busy");
	is(asked, 1, "for which it is scanned");
	is(walk("..b..", ".....", 3, LC_PB_MOVABLE, 0, &asked), NONE,
	   "a busy block is passed by");
	is(walk("..b..", ".....", 3, LC_PB_MOVABLE, 1, &asked), 2,
	   "and scanned again soon");
	is(walk("..b..", "..b..", 3, LC_PB_MOVABLE, 1, &asked), NONE,
	   "once, if it stays busy");
	is(asked, 1, "at a time");
	is(walk("..b..", "..b..", 3, LC_PB_PINNED, 1, &asked), NONE,
	   "not accepted for pinned");
	is(walk("..b..", ".....", 3, LC_PB_BUSY, 0, &asked), 2,
	   "or accepted");
	is(asked, 0, "without a scan");
	is(walk("?????", "..b..", 3, LC_PB_BUSY, 0, &asked), 2,
	   "also when found busy only now");
}

static void check_walk_failed(void)
{
	struct lc_want want;
	struct lc_walk w;

	grid_draw(&g, FIRST, "...", 0);
	lc_pbmap_set(&g.map, FIRST + 1,
		   lc_pb_after_failure(lc_pbmap_get(&g.map, FIRST + 1), 0));
	want = want_of(3, 1);
	want.start = FIRST;
	want.end = FIRST + 3;
	lc_placement_walk_begin(&w, &want, LC_PB_PINNED);
	is(lc_placement_walk_step(&g.map, &w, &want, 1), LC_STEP_NONE,
	   "a block that failed is not accepted while held");
	lc_placement_walk_begin(&w, &want, LC_PB_MOVABLE);
	is(lc_placement_walk_step(&g.map, &w, &want, 2), LC_STEP_SCAN,
	   "afterwards it is scanned");
	is(w.block, FIRST + 1, "itself");

	lc_pbmap_set(&g.map, FIRST + 1,
		     lc_pb_summary(LC_PB_PINNED, LC_PB_COST_MAX - 1, 2));
	lc_placement_walk_begin(&w, &want, LC_PB_PINNED);
	is(lc_placement_walk_step(&g.map, &w, &want, 2), LC_STEP_FOUND,
	   "a block that may be pinned is accepted");
	lc_pbmap_set(&g.map, FIRST + 1,
		     lc_pb_summary(LC_PB_PINNED, LC_PB_COST_MAX, 2));
	lc_placement_walk_begin(&w, &want, LC_PB_PINNED);
	is(lc_placement_walk_step(&g.map, &w, &want, 2), LC_STEP_NONE,
	   "one that is pinned for certain is not");
}

static void check_refresh(void)
{
	unsigned int visits = 100, n = 0;
	unsigned long block;
	struct lc_want want;

	grid_draw(&g, FIRST, "..#?.scb", 0);
	want = want_of(1, 1);
	want.start = FIRST;
	want.end = FIRST + 8;
	ok(lc_placement_refresh_next(&g.map, &want, 0, &visits, &block),
	   "of new summaries only an unknown one is renewed");
	is(block, FIRST + 3, "that one");
	visits = 8;
	while (lc_placement_refresh_next(&g.map, &want, LC_STALE_TICKS, &visits, &block)) {
		n++;
		ok(block != FIRST + 6, "%lu is not claimed", block);
	}
	is(n, 7, "of old ones all but the claimed one, each once");
	is(visits, 0, "within the visits allowed");
}

int main(void)
{
	check_fit();
	check_cost();
	check_limits();
	check_edges();
	check_score();
	check_fragmentation();
	check_walk();
	check_walk_accepts();
	check_walk_failed();
	check_refresh();
	return tap_done();
}
