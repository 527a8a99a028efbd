// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: idle memory is merged, cut and fitted exactly, and what is not zeroed yet
 *   is known to the page
 * Promise: security: no idle page counts as zeroed before every byte of it is zero
 *
 * By hand, and random changes against a model. Seeds are fixed, so a failure repeats.
 */
#include "idle_model.h"
#include "tap.h"

#define AT		MODEL_START
#define ROUNDS		200
#define STEPS		200

static struct lc_extent range(unsigned long first, unsigned long nr_pages)
{
	return (struct lc_extent){ AT + first, nr_pages };
}

/* The set as text, like "3+2 9+1": first page and length of each extent. */
static const char *text_of(const struct lc_extent_set *set)
{
	static char text[200];
	struct lc_extent ext;
	unsigned long pfn = 0;
	int n = 0;

	text[0] = 0;
	for (; lc_extent_set_next(set, pfn, &ext); pfn = lc_extent_end(&ext))
		n += sprintf(text + n, "%s%lu+%lu", n ? " " : "", ext.pfn - AT,
			     ext.nr_pages);
	return text;
}

static void is_set(const struct lc_extent_set *set, const char *want,
		   const char *what)
{
	if (!ok(!strcmp(text_of(set), want), "%s", what))
		diag("%s, not %s", text_of(set), want);
}

static struct lc_extent_set set;

static bool add(unsigned long first, unsigned long nr_pages, bool node)
{
	struct lc_extent ext = range(first, nr_pages);
	struct lc_extent_spare spare = { 0 };
	bool done;

	if (node && lc_extent_spare_alloc(&spare, false, GFP_KERNEL))
		bail("no memory");
	done = lc_extent_set_add(&set, &ext, &spare.node[0]);
	if (done && spare.node[0])
		bail("a node is left over");
	lc_extent_spare_free(&spare);
	return done;
}

static bool cut(unsigned long first, unsigned long nr_pages, bool node)
{
	struct lc_extent ext = range(first, nr_pages);
	struct lc_extent_spare spare = { 0 };
	bool done;

	if (node && lc_extent_spare_alloc(&spare, false, GFP_KERNEL))
		bail("no memory");
	done = lc_extent_set_cut(&set, &ext, &spare.node[0]);
	lc_extent_spare_free(&spare);
	return done;
}

static void check_set(void)
{
	struct lc_extent ext;

	lc_extent_set_init(&set);
	ok(!lc_extent_set_next(&set, 0, &ext), "a new set is empty");
	ok(!add(10, 5, false), "it takes a node to add to it");
	is_set(&set, "", "without one nothing changes");
	ok(add(10, 5, true) && add(20, 5, true), "two extents");
	is_set(&set, "10+5 20+5", "apart");
	ok(add(15, 2, false), "none where a neighbour below can be extended");
	is_set(&set, "10+7 20+5", "which is");
	ok(add(19, 1, false), "or one above");
	is_set(&set, "10+7 19+6", "as well");
	ok(add(17, 2, false), "a gap is filled");
	is_set(&set, "10+15", "and two become one");
	is(set.nr_extents, 1, "extent");
	is(set.nr_pages, 15, "of all pages");
	ok(add(25, 5, true), "a node that is not needed is not left over");
	is_set(&set, "10+20", "where neighbours merge");

	ok(lc_extent_set_next(&set, AT + 10, &ext) && ext.pfn == AT + 10 &&
	   lc_extent_set_next(&set, AT + 29, &ext) && ext.pfn == AT + 10,
	   "an extent is found at its first and last page");
	ok(lc_extent_set_next(&set, 0, &ext) && ext.pfn == AT + 10,
	   "and from below");
	ok(!lc_extent_set_next(&set, AT + 30, &ext), "not from above");

	ok(!cut(15, 5, false), "the middle cannot be cut without a node");
	is_set(&set, "10+20", "nothing changes");
	ok(cut(15, 0, true), "no pages at all are cut");
	is_set(&set, "10+20", "and split nothing");
	ok(cut(15, 5, true), "with one it can");
	is_set(&set, "10+5 20+10", "both rests stay");
	ok(cut(0, 12, false) && cut(28, 10, false), "ends need no node");
	is_set(&set, "12+3 20+8", "even beyond the extent");
	ok(cut(14, 7, false), "nor does a cut across two");
	is_set(&set, "12+2 21+7", "which shortens both");
	ok(cut(14, 7, false) && cut(0, 12, false) && cut(28, 50, false),
	   "pages that are not in the set");
	is_set(&set, "12+2 21+7", "do not matter");
	ok(cut(0, 100, false), "all can be cut at once");
	is_set(&set, "", "and nothing is left");
	is(set.nr_pages + set.nr_extents, 0, "at all");
}

static void check_spare(void)
{
	struct lc_extent_spare spare;

	is(lc_extent_spare_alloc(&spare, false, GFP_KERNEL), 0, "spare nodes");
	ok(spare.node[0] && spare.node[1] && !spare.owner, "are two");
	lc_extent_spare_free(&spare);
	ok(!spare.node[0] && !spare.node[1], "or none");
	lc_extent_spare_free(&spare);
	is(lc_extent_spare_alloc(&spare, true, GFP_KERNEL), 0, "the owner's");
	ok(spare.node[0] && spare.node[1] && spare.owner, "is a third");
	lc_extent_spare_free(&spare);
	ok(!spare.owner, "freed with them");
	host_allocations_left = 2;
	is(lc_extent_spare_alloc(&spare, true, GFP_KERNEL), -ENOMEM,
	   "without memory for it");
	ok(!spare.node[0] && !spare.node[1] && !spare.owner, "there are none");
	host_allocations_left = 1;
	is(lc_extent_spare_alloc(&spare, false, GFP_KERNEL), -ENOMEM,
	   "without memory for the second");
	ok(!spare.node[0] && !spare.node[1], "there are none");
	host_allocations_left = 0;
	is(lc_extent_spare_alloc(&spare, false, GFP_KERNEL | __GFP_NOFAIL), 0,
	   "__GFP_NOFAIL does not fail");
	host_allocations_left = ULONG_MAX;
	lc_extent_spare_free(&spare);
}

static struct idle_model m;

static bool put(unsigned long first, unsigned long nr_pages, bool zeroed)
{
	struct lc_extent ext = range(first, nr_pages);

	return model_put(&m, &ext, zeroed, SPARE_BOTH);
}

static bool take(unsigned long first, unsigned long nr_pages)
{
	struct lc_extent ext = range(first, nr_pages);

	return model_take(&m, &ext, SPARE_BOTH);
}

static void check_put_take(void)
{
	struct lc_extent ext = range(100, 50), unzeroed;
	struct lc_extent_spare none = { 0 };

	model_begin(&m);
	ok(!model_put(&m, &ext, true, SPARE_NONE), "memory is not put without a node");
	ok(!model_put(&m, &ext, false, SPARE_ALL) &&
	   !model_put(&m, &ext, false, SPARE_UNZEROED),
	   "nor, if not zeroed, with one");
	is_set(&m.idle.unzeroed, "", "nothing is left of the attempt");
	ok(model_put(&m, &ext, false, SPARE_BOTH), "two are enough");
	ok(put(150, 50, true) && put(200, 50, false),
	   "zeroed and other memory merges");
	is_set(&m.idle.all, "100+150", "to one extent");
	is_set(&m.idle.unzeroed, "100+50 200+50", "but what to zero stays known");
	ext = range(140, 70);
	ok(!lc_extent_take(&m.idle, &ext, &none, &unzeroed),
	   "the middle is not taken without nodes");
	model_check(&m);
	ext = range(90, 20);
	ok(!model_take(&m, &ext, SPARE_BOTH), "nor what is idle in part");
	ext = range(240, 20);
	ok(!model_take(&m, &ext, SPARE_BOTH), "at either end");
	ext = range(155, 10);
	ok(model_take(&m, &ext, SPARE_BOTH), "zeroed memory");
	ext = range(145, 10);
	ok(model_take(&m, &ext, SPARE_NONE), "a part that is not zeroed");
	ext = range(195, 30);
	ok(model_take(&m, &ext, SPARE_BOTH), "and some of both");
	is_set(&m.idle.all, "100+45 165+30 225+25", "leave the rest");
	is_set(&m.idle.unzeroed, "100+45 225+25", "and what is to zero of it");
	model_end(&m);
	is(m.idle.all.nr_extents, 0, "until all is taken");
}

static struct lc_extent fit(unsigned long nr_pages, unsigned long align,
			    unsigned long start, unsigned long end)
{
	struct lc_constraint c = {
		.nr_pages = nr_pages,
		.align = align,
		.start_pfn = start,
		.end_pfn = end,
	};
	struct lc_extent_found found;

	return model_fit(&m, &c, &found) ? found.ext : (struct lc_extent){ 0 };
}

static void check_fit(void)
{
	const struct lc_constraint above = {
		.nr_pages = 2, .align = 1, .start_pfn = AT + 1000,
		.end_pfn = LC_NO_LIMIT,
	};
	struct lc_extent_found found;
	unsigned long i;

	model_begin(&m);
	is(fit(1, 1, 0, LC_NO_LIMIT).pfn, 0, "nothing fits nowhere");
	put(100, 64, true);
	put(200, 16, true);
	put(300, 32, false);
	put(400, 32, true);
	is(fit(16, 1, 0, LC_NO_LIMIT).pfn, AT + 200, "an exact fit");
	is(fit(10, 1, 0, LC_NO_LIMIT).pfn, AT + 200, "the shortest extent");
	is(fit(20, 1, 0, LC_NO_LIMIT).pfn, AT + 400, "of equals one that is zeroed");
	take(400, 32);
	is(fit(20, 1, 0, LC_NO_LIMIT).pfn, AT + 100,
	   "even a longer one: zeroing takes time");
	take(100, 64);
	is(fit(20, 1, 0, LC_NO_LIMIT).pfn, AT + 300, "else one that is not");
	is(fit(33, 1, 0, LC_NO_LIMIT).pfn, 0, "none that is too short");
	is(fit(8, 1, AT + 305, LC_NO_LIMIT).pfn, AT + 305, "above a limit");
	is(fit(8, 1, AT + 325, LC_NO_LIMIT).pfn, 0, "where there is room");
	is(fit(8, 1, 0, AT + 208).pfn, AT + 200, "below one");
	is(fit(8, 1, 0, AT + 207).pfn, 0, "too");
	is(fit(8, 8, 0, LC_NO_LIMIT).pfn, AT + 200, "aligned");
	is(fit(8, 16, 0, LC_NO_LIMIT).pfn % 16, 0, "more than that");
	is(fit(16, 1024, 0, LC_NO_LIMIT).pfn, 0, "if possible");
	model_end(&m);

	/* many that are long enough but unfit otherwise */
	model_begin(&m);
	for (i = 0; i < 100; i++)
		put(10 * i, 2, true);
	put(1100, 3, true);
	is(fit(2, 1, AT + 1000, LC_NO_LIMIT).pfn, 0,
	   "after 64 that do not fit no more are looked at");
	is(fit(3, 1, AT + 1000, LC_NO_LIMIT).pfn, AT + 1100,
	   "none that is too short is");
	ok(lc_extent_fit(&m.idle, &above, UINT_MAX, &found) &&
	   found.ext.pfn == AT + 1100, "all are where that must not decide");
	model_end(&m);
}

static void check_age(void)
{
	struct lc_extent ext;

	model_begin(&m);
	put(100, 10, true);
	put(200, 10, true);
	put(300, 10, true);
	put(110, 5, true);
	ok(model_take_oldest(&m, 3, &ext) && ext.pfn == AT + 207 &&
	   ext.nr_pages == 3, "of what is idle longest the end is taken first");
	ok(model_take_oldest(&m, 100, &ext) && ext.pfn == AT + 200 &&
	   ext.nr_pages == 7, "and no more than is there");
	take(304, 2);
	ok(model_take_oldest(&m, 100, &ext) && ext.pfn == AT + 300,
	   "a cut makes nothing younger");
	ok(model_take_oldest(&m, 100, &ext) && ext.pfn == AT + 306,
	   "nor what is behind it");
	ok(model_take_oldest(&m, 100, &ext) && ext.nr_pages == 15,
	   "what was added to is the youngest");
	ok(!model_take_oldest(&m, 100, &ext), "then nothing is idle");

	is(model_period(&m), 0, "nothing was idle all the time");
	put(100, 50, true);
	is(model_period(&m), 0, "what is put does not count at once");
	take(100, 20);
	put(100, 20, true);
	is(model_period(&m), 30, "what was taken meanwhile does not either");
	is(model_period(&m), 50, "else all of it counts");
	model_end(&m);
}

static void check_within(void)
{
	struct lc_extent ext, r;

	model_begin(&m);
	put(100, 50, true);
	put(200, 50, false);
	r = range(0, 100);
	ok(!model_take_within(&m, &r, SPARE_BOTH, &ext), "a range without idle pages");
	r = range(150, 50);
	ok(!model_take_within(&m, &r, SPARE_BOTH, &ext), "between others");
	r = range(120, 10);
	ok(model_take_within(&m, &r, SPARE_BOTH, &ext) && ext.pfn == AT + 120 &&
	   ext.nr_pages == 10, "inside one: just that");
	r = range(110, 100);
	ok(model_take_within(&m, &r, SPARE_BOTH, &ext) && ext.pfn == AT + 110 &&
	   ext.nr_pages == 10, "the first of several");
	r = range(210, 10);
	ok(model_take_within(&m, &r, SPARE_NONE, &ext) && ext.pfn == AT + 210 &&
	   ext.nr_pages == 40, "without nodes all to the end of the extent");
	is_set(&m.idle.all, "100+10 130+20 200+10", "the rest stays");
	is_set(&m.idle.unzeroed, "200+10", "as it was");
	model_end(&m);
}

#define BATCH	(SZ_256K >> PAGE_SHIFT)

static void check_zeroing(void)
{
	unsigned int n = 0;

	model_begin(&m);
	ok(!model_zero_some(&m), "nothing is idle, nothing is zeroed");
	put(100, 10, true);
	ok(!model_zero_some(&m), "nor what is zeroed already");
	put(0, BATCH + 3, false);
	put(1000, 3, false);
	ok(model_zero_some(&m), "what is not");
	is(m.idle.unzeroed.nr_pages, 3 + 3, "is zeroed 256 KiB at a time");
	is_set(&m.idle.unzeroed, BATCH == 64 ? "64+3 1000+3" :
	       BATCH == 16 ? "16+3 1000+3" : "4+3 1000+3", "the oldest first");
	while (model_zero_some(&m))
		n++;
	is(n, 2, "until all is");
	is_set(&m.idle.unzeroed, "", "and nothing is left to do");
	model_end(&m);
}

/* What other tasks do while the first page of a batch is zeroed. */
static void take_batch(struct idle_model *model)
{
	struct lc_extent ext = range(99, 3);

	model->meanwhile = NULL;
	model_take(model, &ext, SPARE_BOTH);
}

static void take_zeroed(struct idle_model *model)
{
	struct lc_extent ext = range(500, 3);

	model->meanwhile = NULL;
	model_take(model, &ext, SPARE_BOTH);
}

static void grow_both(struct idle_model *model)
{
	struct lc_extent low = range(90, 10), high = range(110, 100);

	model->meanwhile = NULL;
	model_put(model, &low, false, SPARE_BOTH);
	model_put(model, &high, false, SPARE_BOTH);
}

static void check_race(void)
{
	unsigned int waits;

	model_begin(&m);
	put(98, 6, false);
	put(500, 6, true);
	m.meanwhile = take_batch;
	waits = host_waits;
	while (model_zero_some(&m))
		;
	is(host_waits, waits + 1, "taking pages that are being zeroed waits");
	is_set(&m.idle.all, "98+1 102+2 500+6", "what was taken is not idle");
	is_set(&m.idle.unzeroed, "", "and the others are zeroed");
	put(98 + 1, 1, false);
	m.meanwhile = take_zeroed;
	model_zero_some(&m);
	is(host_waits, waits + 1, "taking zeroed pages does not");
	model_end(&m);

	model_begin(&m);
	put(100, 10, false);
	m.meanwhile = grow_both;
	model_zero_some(&m);
	is_set(&m.idle.unzeroed, "90+120",
	       "what would need a node meanwhile is zeroed once more");
	model_end(&m);
}

/* Pages of a random range that are not idle, the first of them. */
static bool free_part(struct lc_extent *ext)
{
	unsigned long end = lc_extent_end(ext), nr = 0;

	for (; ext->pfn < end; ext->pfn++)
		if (!m.has[ext->pfn - AT])
			break;
	while (ext->pfn + nr < end && !m.has[ext->pfn + nr - AT])
		nr++;
	ext->nr_pages = nr;
	return nr;
}

static void random_change(unsigned int spares)
{
	unsigned int both = spares & 2 ? SPARE_BOTH : SPARE_NONE;
	unsigned long first = rnd(MODEL_PAGES), most = rnd(8) ? 100 : 1000;
	struct lc_extent ext = range(first, 1 + rnd(min(most,
							MODEL_PAGES - first)));
	struct lc_constraint c = {
		.nr_pages = 1 + rnd(100),
		.align = 1UL << rnd(6),
		.start_pfn = rnd(2) ? 0 : AT + rnd(MODEL_PAGES),
		.end_pfn = rnd(2) ? LC_NO_LIMIT : AT + rnd(MODEL_PAGES),
	};
	struct lc_extent_found found;
	struct lc_extent got;

	switch (rnd(8)) {
	case 0:
	case 1:
	case 2:
		if (!lc_extent_overlaps(&ext, &m.batch) && free_part(&ext))
			model_put(&m, &ext, rnd(2), spares);
		break;
	case 3:
		if (model_fit(&m, &c, &found))
			model_take(&m, &found.ext, both);
		break;
	case 4:
		ext.nr_pages = min(ext.nr_pages, 10);
		model_take(&m, &ext, both);
		break;
	case 5:
		model_take_within(&m, &ext, spares, &got);
		break;
	case 6:
		model_take_oldest(&m, 1 + rnd(50), &got);
		break;
	case 7:
		model_period(&m);
		break;
	}
}

static void random_meanwhile(struct idle_model *model)
{
	(void)model;
	if (!rnd(100))
		random_change(rnd(4));
}

static void check_random(void)
{
	unsigned long extents = 0;
	unsigned int i, n;

	rnd_seed(1);
	for (i = 0; i < ROUNDS; i++) {
		model_begin(&m);
		m.meanwhile = rnd(2) ? random_meanwhile : NULL;
		for (n = 0; n < STEPS; n++) {
			if (rnd(4))
				random_change(rnd(4) ? SPARE_BOTH : rnd(4));
			else
				model_zero_some(&m);
		}
		extents += m.idle.all.nr_extents;
		m.meanwhile = NULL;
		model_end(&m);
	}
	ok(extents > ROUNDS * 5, "%u random changes, as in the model",
	   ROUNDS * STEPS);
}

int main(void)
{
	check_set();
	check_spare();
	check_put_take();
	check_fit();
	check_age();
	check_within();
	check_zeroing();
	check_race();
	check_random();
	return tap_done();
}
