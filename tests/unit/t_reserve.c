// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: no page of a reserve is lost or has two owners, whatever is taken and
 *   released while it is changed
 *
 * Random changes of one reserve. Other tasks take and release buffers whenever a lock
 * becomes free. Seeds are fixed, so a failure repeats.
 */
#include "host.h"
#include "extent.h"
#include "../../heap/pages.h"
#include "reserve.h"
#include "search/zone.h"
#include "tap.h"
#include "worker.h"

#define START		64UL	/* first page */
#define NR_PAGES	512UL
#define BUFFERS		8
#define ROUNDS		20000

enum owner { FREE, RESERVE, BUFFER };

struct buffer {
	struct lc_extent ext;
	struct lc_extent_spare spare;
};

static struct zone zone = { .spanned_pages = START + NR_PAGES };
static enum owner owner[NR_PAGES];
static struct buffer buffers[BUFFERS];
static bool others_run;	/* or they would run at their own unlocks too */

static void give(const struct lc_extent *ext, enum owner from, enum owner to)
{
	unsigned long i = ext->pfn - START, end = i + ext->nr_pages;

	if (!ext->nr_pages)
		return;
	assert(ext->pfn >= START && end <= NR_PAGES);
	for (; i < end; i++) {
		assert(owner[i] == from);
		owner[i] = to;
	}
}

struct zone *page_zone(const struct page *page)
{
	(void)page;
	return &zone;
}

bool lc_page_broken(struct page *page)
{
	(void)page;
	return false;
}

bool lc_pages_still_usable(struct lc_extent *part)
{
	return part->nr_pages;
}

bool lc_zone_leaving(const struct lc_extent *ext)
{
	(void)ext;
	return false;
}

void clear_highpage(struct page *page)
{
	(void)page;
}

void lc_worker_add(struct lc_idle *idle)
{
	(void)idle;
}

void lc_worker_kick(void)
{
}

/* They may have been taken out of a buffer that was given back. */
void lc_pages_return(const struct lc_extent *ext)
{
	give(ext, RESERVE, FREE);
}

static void take(struct buffer *b)
{
	struct lc_constraint c = {
		.nr_pages = rnd(NR_PAGES / 4) + 1,
		.align = 1,
		.end_pfn = LC_NO_LIMIT,
	};
	struct lc_extent ext, unzeroed, part;

	if (lc_reserve_take(&c, &zone, &ext, &unzeroed))
		return;
	b->ext = ext;
	part = ext;
	lc_extent_spare_alloc(&b->spare, lc_reserve_owns(&part),
			      GFP_KERNEL | __GFP_NOFAIL);
	give(&b->ext, RESERVE, BUFFER);
}

/* As lc_pool_release() does, with a pool that takes what it may. */
static void release(struct buffer *b)
{
	struct lc_extent rest = b->ext, part;
	bool reserved;

	give(&b->ext, BUFFER, RESERVE);
	while (rest.nr_pages) {
		part = rest;
		reserved = lc_reserve_owns(&part);
		rest.pfn += part.nr_pages;
		rest.nr_pages -= part.nr_pages;
		if (reserved) {
			lc_reserve_put(&part, true, rnd(2), &b->spare);
		} else {
			kfree(b->spare.node[0]);
			b->spare.node[0] = NULL;
		}
		lc_pages_return(&part);
	}
	lc_extent_spare_free(&b->spare);
	b->ext.nr_pages = 0;
}

void host_unlocked(void)
{
	struct buffer *b = &buffers[rnd(BUFFERS)];

	if (others_run || host_spinlocks || host_mutexes || rnd(3))
		return;
	others_run = true;
	if (b->ext.nr_pages)
		release(b);
	else
		take(b);
	others_run = false;
}

/* The first free pages from a random one on. Return: false if there are too few. */
static bool find_free(unsigned long nr_pages, struct lc_extent *ext)
{
	unsigned long i, run = 0;

	for (i = rnd(NR_PAGES); i < NR_PAGES && run < nr_pages; i++)
		run = owner[i] == FREE ? run + 1 : 0;
	*ext = (struct lc_extent){ START + i - run, nr_pages };
	return run == nr_pages;
}

static void change(void)
{
	unsigned long have = lc_reserve_pages(0);
	struct lc_extent ext;
	int err;

	if (rnd(2)) {
		lc_reserve_set_target(0, rnd(have + 1));
	} else if (find_free(rnd(NR_PAGES / 2) + 1, &ext)) {
		give(&ext, FREE, RESERVE);
		err = lc_reserve_add(&ext, have && ext.nr_pages > have);
		assert(!err);
	}
}

/* Only the last of many extents is where a request may be. */
static void check_many(void)
{
	const struct lc_constraint c = {
		.nr_pages = 2,
		.align = 1,
		.start_pfn = START + NR_PAGES - 2,
		.end_pfn = LC_NO_LIMIT,
	};
	struct lc_extent ext, unzeroed;
	unsigned long i;

	for (i = 0; i < NR_PAGES; i += 5) {
		ext = (struct lc_extent){ START + i, 2 };
		give(&ext, FREE, RESERVE);
		assert(!lc_reserve_add(&ext, false));
	}
	is(lc_reserve_take(&c, &zone, &ext, &unzeroed), 0,
	   "%lu extents set aside serve what fits into the last", i / 5);
	is(ext.pfn, c.start_pfn, "there");
	lc_reserve_return(&ext, true);
	lc_reserve_set_target(0, 0);
	ok(!lc_reserve_pages(0), "and all go");
}

int main(void)
{
	unsigned long i, taken = 0, lost = 0;

	others_run = true;
	check_many();
	others_run = false;
	for (i = 0; i < ROUNDS; i++) {
		change();
		taken += buffers[0].ext.nr_pages != 0;
	}
	others_run = true;
	for (i = 0; i < BUFFERS; i++)
		release(&buffers[i]);
	lc_reserve_set_target(0, 0);
	ok(!lc_reserve_pages(0), "after %u changes nothing is set aside", ROUNDS);
	for (i = 0; i < NR_PAGES; i++)
		lost += owner[i] != FREE;
	is(lost, 0, "no page is lost");
	ok(taken > ROUNDS / 10, "%lu times a buffer was there", taken);
	lc_reserve_exit();
	return tap_done();
}
