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
		"..........#", "..12345#", "1234567899h", "..##", "...s?c#h15",
		"..........................................................#",
	};
	const char *set = letters[rnd(6)];
	static char text[LC_CHUNK_BLOCKS * GRID_SLOTS];
	unsigned long i;

	for (i = 0; i < n; i++)
		text[i] = set[rnd(strlen(set))];
	text[n] = 0;
	grid_draw(g, first, text, 0);
}

/* The score of a window, from its definition; ~0 if it is none. */
static unsigned long plain_score(const struct lc_map *map,
				 const struct lc_want *want, unsigned long at)
{
	unsigned long start = at, end = at, cost = 0;

	while (end < want->end && lc_available(lc_map_get(map, end))) {
		if (end < at + want->blocks)
			cost += lc_cost(lc_map_get(map, end));
		end++;
	}
	if (end < at + want->blocks)
		return ~0UL;
	while (start > want->start && lc_available(lc_map_get(map, start - 1)))
		start--;
	return lc_window_score(want, start, end, at, cost);
}

static bool plain_best(const struct lc_map *map, const struct lc_want *want,
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
		want.end = lc_map_end(&g.map) - rnd(300);
		any = plain_best(&g.map, &want, &best);
		found += any;
		if (lc_best_window(&g.map, &want, &win) != any ||
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

static bool window_exists(const struct machine *m, unsigned long nr_pages,
			  unsigned long align, unsigned long end_pfn)
{
	unsigned long blocks = DIV_ROUND_UP(nr_pages, pageblock_nr_pages);
	unsigned long step = max(1UL, align >> pageblock_order), b, i;
	unsigned long end = min(end_pfn >> pageblock_order,
				m->first + m->blocks);

	for (b = ALIGN(m->first, step); b + blocks <= end; b += step) {
		for (i = 0; i < blocks; i++) {
			const struct truth *t = &m->truth[b + i - m->first];

			if (t->hole || t->blocked || t->ours || t->pinned)
				break;
		}
		if (i == blocks)
			return true;
	}
	return false;
}

/* Holes stay where they are; the rest changes. */
static void scramble(struct machine *m, unsigned int holes)
{
	unsigned int blocked = rnd(40), pinned = rnd(20);
	unsigned long b;

	for (b = 0; b < m->blocks; b++) {
		struct truth *t = &m->truth[b];

		t->hole |= rnd(100) < holes;
		t->blocked = rnd(100) < blocked;
		t->pinned = rnd(100) < pinned;
		t->used = rnd(2) ? 0 : rnd(pageblock_nr_pages);
		t->ours = false;
	}
}

/*
 * A whole search, with a memory of the machine that may be right, old or
 * empty: it finds a window if and only if there is one.
 */
static void check_search(void)
{
	unsigned int i, n, wrong = 0, found = 0, total = 0;

	rnd_seed(2);
	for (i = 0; i < ROUNDS / 10; i++) {
		struct machine m;

		machine_new(&m, rnd(1000), 1 + rnd(1500));
		for (n = 0; n < 10; n++) {
			unsigned long nr = 1 + rnd(rnd(2) ? 8192 : 65536);
			unsigned long align = 1UL << rnd(13), pfn;
			unsigned long end = m.zone.zone_start_pfn +
					    rnd(m.zone.spanned_pages + 5000);
			struct lc_search s;
			bool any;
			int err;

			scramble(&m, n || rnd(2) ? 0 : 5);
			/* what is suspect is only believed for a moment */
			jiffies += HZ + rnd(5 * HZ);
			any = window_exists(&m, nr, align, end);
			lc_search_begin(&s, &m.zone, nr, align, end);
			s.suspects_tried = 2;
			err = lc_search_next(&s, &pfn);
			total++;
			found += any;
			if (err != (any ? 0 : -ENOSPC)) {
				wrong++;
				diag("round %u.%u: %d", i, n, err);
			}
			if (err)
				continue;
			if (pfn % align || pfn + nr > end ||
			    machine_take(&m, pfn, nr)) {
				wrong++;
				diag("round %u.%u: no window at %lu", i, n, pfn);
			}
			lc_search_done(&s, pfn, -EINTR);
		}
		machine_free(&m);
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
