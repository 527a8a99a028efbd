// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: choosing cheap windows leaves room for as many buffers as fit
 *
 * One request after the other until none fits. Seeds are fixed, so a failure repeats.
 */
#include "grid.h"
#include "machine.h"
#include "tap.h"

#define BLOCKS		(LC_SLOT_BLOCKS * GRID_SLOTS)
#define MACHINES	50

static struct grid g;

/* What is in use differs from block to block, and some do not move. */
static void draw_random(unsigned int blocked)
{
	static char text[BLOCKS + 1];
	unsigned long i;

	for (i = 0; i < BLOCKS; i++)
		text[i] = '1' + rnd(4);
	while (blocked--)
		text[rnd(BLOCKS)] = '#';
	grid_draw(&g, 0, text, 0);
}

static unsigned long most_possible(unsigned long blocks)
{
	unsigned long b, run = 0, n = 0;

	for (b = 0; b < BLOCKS; b++) {
		run = lc_pb_available(lc_pbmap_get(&g.map, b)) ? run + 1 : 0;
		if (run && run % blocks == 0)
			n++;
	}
	return n;
}

/* What was in the window makes others fuller, as far as they have room. */
static void take(const struct lc_want *want, const struct lc_window *win)
{
	struct lc_pb owned = lc_pb_summary(LC_PB_OWNED, 0, 0), pb;
	unsigned long b = win->start, end = b + want->blocks, n;

	for (; b < end; b++)
		lc_pbmap_set(&g.map, b, owned);
	for (n = win->cost / 100; n; n--) {
		b = rnd(BLOCKS);
		pb = lc_pbmap_get(&g.map, b);
		if (lc_pb_available(pb))
			lc_pbmap_set(&g.map, b,
				     lc_pb_summary(LC_PB_MOVABLE,
						   pb.cost + 100, 0));
	}
}

static unsigned long take_all(unsigned long blocks)
{
	struct lc_want want = {
		.blocks = blocks,
		.align = 1,
		.end = lc_pbmap_end(&g.map),
	};
	struct lc_window win;
	unsigned long n = 0;

	for (; lc_placement_best(&g.map, &want, &win); n++)
		take(&want, &win);
	return n;
}

static void check_packing(unsigned long blocks, unsigned int blocked,
			  unsigned int percent)
{
	unsigned long possible = 0, found = 0;
	unsigned int i;

	rnd_seed(blocks + blocked);
	for (i = 0; i < MACHINES; i++) {
		draw_random(blocked);
		possible += most_possible(blocks);
		found += take_all(blocks);
	}
	ok(found * 100 >= possible * percent,
	   "%lu blocks, %u in the way: %lu of %lu windows", blocks, blocked,
	   found, possible);
}

int main(void)
{
	check_packing(4, 40, 95);
	check_packing(4, 1300, 99);
	check_packing(32, 40, 99);
	check_packing(32, 80, 99);
	check_packing(128, 15, 99);
	check_packing(128, 40, 99);
	return tap_done();
}
