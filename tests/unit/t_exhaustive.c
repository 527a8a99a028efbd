// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: the search finds a window where trying every window finds one
 *
 * Random small machines; seeds are fixed, so a failure repeats.
 */
#include "grid.h"
#include "machine.h"
#include "tap.h"

#define ROUNDS	3000

static void draw_random(struct grid *g, unsigned long first, unsigned long n)
{
	/* denser and sparser machines in turn */
	static const char *const letters[] = {
		"..........#", "..12345#", "1234567899h", "..##", "...s?cb#h15",
		"..........................................................#",
	};
	const char *set = letters[rnd(6)];
	static char text[LC_SLOT_BLOCKS * GRID_SLOTS];
	unsigned long i;

	for (i = 0; i < n; i++)
		text[i] = set[rnd(strlen(set))];
	text[n] = 0;
	grid_draw(g, first, text, 0);
}

/* The score of a window, from its definition; ~0 if it is none. */
static unsigned long plain_score(const struct lc_pbmap *map,
				 const struct lc_want *want, unsigned long at)
{
	unsigned long start = at, end = at, cost = 0;

	while (end < want->end && lc_pb_available(lc_pbmap_get(map, end))) {
		if (end < at + want->blocks)
			cost += lc_pbmap_get(map, end).cost;
		end++;
	}
	if (end < at + want->blocks)
		return ~0UL;
	while (start > want->start && lc_pb_available(lc_pbmap_get(map, start - 1)))
		start--;
	return lc_placement_score(want, start, end, at, cost);
}

static bool plain_best(const struct lc_pbmap *map, const struct lc_want *want,
		       struct lc_window *best)
{
	unsigned long at, score;

	best->score = ~0UL;
	for (at = want->end; at-- > want->start;) {
		if (at & (want->align - 1))
			continue;
		score = plain_score(map, want, at);
		if (score < best->score) {
			best->score = score;
			best->start = at;
		}
	}
	return best->score != ~0UL;
}

/* The arithmetic finds exactly the best window of what is remembered. */
static void check_best(void)
{
	unsigned int i, wrong = 0, found = 0;
	static struct grid g;

	rnd_seed(1);
	for (i = 0; i < ROUNDS; i++) {
		unsigned long n = 1 + rnd(rnd(2) ? 40 : 1200);
		struct lc_window win, best;
		struct lc_want want;
		bool any;

		draw_random(&g, rnd(700), n);
		want.blocks = 1 + rnd(rnd(2) ? 4 : n);
		want.align = 1UL << rnd(4);
		want.start = rnd(300);
		want.end = lc_pbmap_end(&g.map) - rnd(300);
		any = plain_best(&g.map, &want, &best);
		found += any;
		if (lc_placement_best(&g.map, &want, &win) != any ||
		    (any && (win.score != best.score ||
			     win.start != best.start))) {
			wrong++;
			diag("round %u: %lu blocks: %lu score %lu, not %lu score %lu",
			     i, want.blocks, win.start, win.score, best.start,
			     best.score);
		}
	}
	is(wrong, 0, "the best window of %u machines, which had one in %u cases",
	   ROUNDS, found);
	ok(found > ROUNDS / 4 && found < ROUNDS * 3 / 4,
	   "the machines are neither all full nor all empty");
}

static struct machine zones[3];

static bool window_exists(const struct machine *m, const struct lc_constraint *c,
			  bool busy)
{
	unsigned long blocks = DIV_ROUND_UP(c->nr_pages, pageblock_nr_pages);
	unsigned long step = max(1UL, c->align >> pageblock_order), b, i;
	unsigned long end = min(c->end_pfn >> pageblock_order,
				m->first + m->blocks);
	unsigned long start = max(DIV_ROUND_UP(c->start_pfn, pageblock_nr_pages),
				  m->first);

	for (b = ALIGN(start, step); b + blocks <= end; b += step) {
		for (i = 0; i < blocks; i++) {
			const struct truth *t = &m->truth[b + i - m->first];

			if (t->hole || t->blocked || t->owned > t->idle ||
			    t->pinned || (t->busy && !busy))
				break;
		}
		if (i == blocks)
			return true;
	}
	return false;
}

/* Holes and what is owned stay where they are; the rest changes. */
static void scramble(struct machine *m, unsigned int holes)
{
	unsigned int blocked = rnd(40), pinned = rnd(20), busy = rnd(20);
	unsigned long b;

	for (b = 0; b < m->blocks; b++) {
		struct truth *t = &m->truth[b];
		unsigned int room = pageblock_nr_pages - t->owned;

		t->hole |= rnd(100) < holes && !t->owned;
		t->blocked = rnd(100) < blocked && !t->owned;
		t->pinned = rnd(100) < pinned && room;
		t->busy = rnd(100) < busy && room;
		t->used = rnd(2) ? 0 : rnd(room);
	}
}

/* Some memory becomes a buffer; of others a part goes to the pool, or all. */
static void use_some(struct machine *m, struct lc_extent *buffer)
{
	struct lc_constraint c = {
		.nr_pages = 1 + rnd(8 * pageblock_nr_pages),
		.align = 1,
		.end_pfn = LC_NO_LIMIT,
	};
	unsigned int tries;

	if (machine_alloc(m, &c, buffer, &tries))
		buffer->nr_pages = 0;
}

static void change_use(struct lc_extent *buffer)
{
	struct lc_extent part = *buffer;

	if (!part.nr_pages)
		return;
	part.nr_pages = rnd(2) ? part.nr_pages : rnd(part.nr_pages);
	buffer->pfn += part.nr_pages;
	buffer->nr_pages -= part.nr_pages;
	if (!part.nr_pages)
		return;
	if (rnd(2))
		machine_idle(&part);
	else
		machine_give(&part);
}

static void random_constraint(struct lc_constraint *c)
{
	*c = (struct lc_constraint){
		.nr_pages = 1 + rnd((rnd(2) ? 16 : 128) * pageblock_nr_pages),
		.align = 1UL << rnd(pageblock_order + 4),
		.start_pfn = rnd(3) ? 0 : rnd(1000 * pageblock_nr_pages),
		.end_pfn = LC_NO_LIMIT,
	};
	if (rnd(2))
		c->end_pfn = rnd(2500) * pageblock_nr_pages + rnd(5000);
}

/* Return: what is wrong, or NULL. */
static const char *check_one(unsigned int nr_zones, bool late, bool *any)
{
	bool movable = false, busy = false, wanted = false;
	struct lc_constraint c;
	struct lc_extent ext;
	struct lc_search s;
	unsigned int i;
	int err;

	random_constraint(&c);
	lc_search_begin(&s, &c, jiffies + HZ);
	for (i = 0; i < nr_zones; i++) {
		lc_search_add_zone(&s, &c, &zones[i].zone);
		movable |= window_exists(&zones[i], &c, false);
		busy |= window_exists(&zones[i], &c, true);
		wanted |= s.nr_zones && s.zones[s.nr_zones - 1].turn != LC_TURN_SPARED &&
			  window_exists(&zones[i], &c, false);
	}
	for (i = 0; i < s.nr_zones; i++) {
		s.zones[i].pinned_walks = 2;	/* none is accepted */
		lc_zone_late(s.zones[i].known, late ? 4 : 0, 0);
	}
	*any = late ? movable : busy;
	err = lc_search_next(&s, &ext);
	for (i = 0; i < s.nr_zones; i++)
		lc_zone_late(s.zones[i].known, late ? -4 : 0, 0);
	if (err)
		return err == -ENOSPC && !*any ? NULL : "not found";
	if (!*any)
		return "found";
	if (ext.nr_pages != c.nr_pages || ext.pfn % c.align ||
	    ext.pfn < c.start_pfn || lc_extent_end(&ext) > c.end_pfn)
		return "not what was wanted";
	if (wanted && s.current_zone->turn == LC_TURN_SPARED)
		return "in a spared zone";
	for (i = 0; wanted && i < DIV_ROUND_UP(c.nr_pages, pageblock_nr_pages);
	     i++) {
		struct machine *m = machine_at(ext.pfn);

		if (m->truth[(ext.pfn >> pageblock_order) - m->first + i].busy)
			return "busy";
	}
	machine_evict(&ext);
	err = machine_take(&ext);
	lc_search_done(&s, err);
	if (err)
		return "not taken";
	lc_zone_prepare(&ext);
	machine_give(&ext);
	return NULL;
}

/*
 * A whole search in one to three zones, with a memory of the machine that may be
 * right, old or empty: it finds a window if and only if there is one, and a busy
 * one only if all are.
 */
static void check_search(void)
{
	unsigned int i, n, z, nr_zones, wrong = 0, found = 0, total = 0;
	struct lc_extent buffers[3][4];
	const char *what;
	bool any;

	rnd_seed(2);
	for (i = 0; i < ROUNDS / 10; i++) {
		nr_zones = 1 + rnd(3);
		for (z = 0; z < nr_zones; z++) {
			machine_new(&zones[z], ZONE_MOVABLE - z,
				    2 * LC_SLOT_BLOCKS * (2 - z) + rnd(500),
				    1 + rnd(500));
			for (n = 0; n < 4; n++)
				use_some(&zones[z], &buffers[z][n]);
		}
		for (n = 0; n < 10; n++) {
			for (z = 0; z < nr_zones; z++) {
				scramble(&zones[z], n || rnd(2) ? 0 : 5);
				change_use(&buffers[z][rnd(4)]);
				zones[z].zone.free_pages = rnd(2) ? ~0U : 0;
			}
			/* pinned blocks are only believed for a moment */
			jiffies += HZ + rnd(5 * HZ);
			what = check_one(nr_zones, !rnd(4), &any);
			total++;
			found += any;
			if (what) {
				wrong++;
				diag("round %u.%u: %s", i, n, what);
			}
		}
		for (z = 0; z < nr_zones; z++)
			machine_free(&zones[z]);
	}
	is(wrong, 0, "%u searches, %u of them with a window to find", total,
	   found);
	ok(found > total / 10 && found < total * 9 / 10,
	   "the searches are neither all easy nor all hopeless");
}

int main(void)
{
	check_best();
	check_search();
	return tap_done();
}
