// SPDX-License-Identifier: GPL-2.0
/*
 * Finds windows for alloc.c: what the policy chooses from memory is claimed,
 * looked at once more, and handed out. claim.c goes on from there.
 *
 * A search has three stages, and most end in the first:
 *
 * 1. the best window among what is remembered (with a few of the oldest
 *    summaries renewed before, so that the memory follows the machine);
 * 2. a walk from the top down that looks at everything not seen lately;
 * 3. windows in which someone seems to hold a page: a reference from an LRU
 *    batch goes away when the attempt drains them. Few, because a page that
 *    is really pinned makes the whole move for nothing.
 */
#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "scan.h"
#include "zones.h"

/*
 * Struct pages that a request may read to renew summaries it may not need; a
 * look costs as much as so many of them whatever it finds.
 */
#define REFRESH_PAGES		8192U
#define LOOK_PAGES		32U
/* Summaries that it may pass over meanwhile. */
#define REFRESH_VISITS		1024U
/* Windows from memory that may turn out wrong before the walk begins. */
#define MAX_WRONG		16U
#define MAX_SUSPECT_WINDOWS	2U
/* The longest time a walk may look at memory. */
#define WALK_TIME		(HZ / 4)

/* At most once a jiffy: requests in quick succession see the same memory. */
static int refresh(struct lc_search *s)
{
	unsigned int visits = REFRESH_VISITS, touched = 0;
	unsigned long block;
	u32 v;
	int err;

	scoped_guard(mutex, &s->zone->lock) {
		if (!time_after(jiffies, s->zone->refreshed))
			return 0;
		s->zone->refreshed = jiffies;
	}
	while (touched < REFRESH_PAGES) {
		scoped_guard(mutex, &s->zone->lock)
			if (!lc_refresh_next(&s->zone->map, &s->want,
					     lc_scan_ticks(), &visits, &block))
				return 0;
		err = lc_zone_look(s->zone, block, &touched, &v);
		if (err)
			return err;
		touched += LOOK_PAGES;
		cond_resched();
	}
	return 0;
}

/*
 * Look at every block of the claimed window. Return: 0, or -EAGAIN if one of
 * them is not what it was taken for, or -EINTR. The cost is what is seen now.
 */
static int verify(struct lc_search *s, enum lc_state accepted)
{
	unsigned long b = s->window.start, end = b + s->want.blocks;
	unsigned int touched = 0;
	int err;
	u32 v;

	s->window.cost = 0;
	for (; b < end; b++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = lc_zone_look(s->zone, b, &touched, &v);
		if (err)
			return err;
		if (lc_state(v) < accepted || lc_held(v, lc_scan_ticks()))
			return -EAGAIN;
		s->window.cost += lc_cost(v);
		cond_resched();
	}
	return 0;
}

/* So much dearer than remembered that another one is probably better. */
static bool much_dearer(unsigned long cost, unsigned long remembered)
{
	return cost > remembered + remembered / 4 + 128;
}

static int pick_remembered(struct lc_search *s)
{
	unsigned int wrong;
	unsigned long cost;
	bool found;
	int err;

	for (wrong = 0; wrong < MAX_WRONG; wrong++) {
		scoped_guard(mutex, &s->zone->lock) {
			found = lc_best_window(&s->zone->map, &s->want,
					       &s->window);
			if (found)
				lc_claim(s, s->window.start);
		}
		if (!found)
			return -ENOSPC;
		cost = s->window.cost;
		err = verify(s, LC_CLEAN);
		if (!err && (!much_dearer(s->window.cost, cost) ||
			     wrong > MAX_WRONG / 2))
			return 0;
		scoped_guard(mutex, &s->zone->lock)
			lc_unclaim(s);
		if (err && err != -EAGAIN)
			return err;
	}
	return -ENOSPC;
}

/* One step of the walk; a window that is found is claimed. */
static enum lc_step walk_step(struct lc_search *s, struct lc_walk *walk,
			      const struct lc_want *want)
{
	enum lc_step step;

	guard(mutex)(&s->zone->lock);
	step = lc_walk_step(&s->zone->map, walk, want, lc_scan_ticks());
	if (step == LC_STEP_FOUND)
		lc_claim(s, walk->start);
	return step;
}

/* Return: 0, -ENOSPC, -EINTR, -ENOMEM, or -ETIME with the place remembered. */
static int walk(struct lc_search *s, const struct lc_want *want, bool suspects,
		unsigned long until)
{
	unsigned int touched = 0;
	struct lc_walk walk;
	enum lc_step step;
	int err;
	u32 v;

	lc_walk_begin(&walk, want, suspects);
	while (time_before(jiffies, until)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		step = walk_step(s, &walk, want);
		if (step == LC_STEP_NONE)
			return -ENOSPC;
		if (step == LC_STEP_SCAN) {
			err = lc_zone_look(s->zone, walk.block, &touched, &v);
			if (err)
				return err;
			cond_resched();
			continue;
		}
		err = verify(s, suspects ? LC_SUSPECT : LC_CLEAN);
		if (!err)
			return 0;
		scoped_guard(mutex, &s->zone->lock)
			lc_unclaim(s);
		if (err != -EAGAIN)
			return err;
		walk.block = walk.start;
	}
	guard(mutex)(&s->zone->lock);
	s->zone->map.resume = walk.start + want->blocks;
	return -ETIME;
}

/*
 * Where a walk had to stop the next one goes on, and only then looks at what
 * lies above: on a machine too large for one walk all memory has its turn.
 */
static int pick_walking(struct lc_search *s, bool suspects)
{
	unsigned long until = jiffies + WALK_TIME, resume;
	struct lc_want want = s->want;
	int err;

	scoped_guard(mutex, &s->zone->lock) {
		resume = s->zone->map.resume;
		s->zone->map.resume = 0;
	}
	if (resume > want.start && resume < want.end) {
		want.end = resume;
		err = walk(s, &want, suspects, until);
		if (err != -ENOSPC)
			return err == -ETIME ? -ENOSPC : err;
		want = s->want;
		want.start = max(want.start + want.blocks, resume) -
			     want.blocks;
	}
	err = walk(s, &want, suspects, until);
	return err == -ETIME ? -ENOSPC : err;
}

static int pick_thoroughly(struct lc_search *s)
{
	int err = pick_walking(s, false);

	if (err != -ENOSPC || s->suspects_tried == MAX_SUSPECT_WINDOWS)
		return err;
	s->suspects_tried++;
	return pick_walking(s, true);
}

/**
 * lc_search_begin - start looking for a window in one zone
 * @s: the search; nothing needs undoing unless a window is claimed
 * @zone: the zone
 * @nr_pages: length of the window, at least 1
 * @align: alignment of its first page in pages, a power of two
 * @end_pfn: all of it must lie below
 *
 * Context: process, may sleep.
 */
void lc_search_begin(struct lc_search *s, struct zone *zone,
		     unsigned long nr_pages, unsigned long align,
		     unsigned long end_pfn)
{
	unsigned long zone_end = zone_end_pfn(zone);

	*s = (struct lc_search){
		.want.blocks = DIV_ROUND_UP(nr_pages, pageblock_nr_pages),
		.want.align = max(1UL, align >> pageblock_order),
		.want.start = zone->zone_start_pfn >> pageblock_order,
		.want.end = min(end_pfn >> pageblock_order,
				DIV_ROUND_UP(zone_end, pageblock_nr_pages)),
	};
	if (nr_pages > zone_managed_pages(zone) ||
	    s->want.end < s->want.start + s->want.blocks)
		return;
	s->zone = lc_zone_get(zone, s->want.start, s->want.end);
}

/**
 * lc_search_next - the next best window
 * @s: the search; must not have a window claimed
 * @pfn: its first page, which begins a pageblock: so that huge pages can map it
 *
 * On success the window is claimed: no other search is given a window that the
 * kernel could not isolate at the same time, and its memory does not go
 * offline. lc_search_done() must follow.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: 0; -ENOSPC no window left to try; -EINTR a fatal signal is pending.
 */
int lc_search_next(struct lc_search *s, unsigned long *pfn)
{
	int err;

	if (!s->zone)
		return -ENOSPC;
	if (fatal_signal_pending(current))
		return -EINTR;
	err = refresh(s);
	if (!err)
		err = pick_remembered(s);
	if (err == -ENOSPC && !s->quick)
		err = pick_thoroughly(s);
	if (err)	/* without memory for summaries there is no search */
		return err == -ENOMEM ? -ENOSPC : err;
	*pfn = s->window.start << pageblock_order;
	return 0;
}

/*
 * Below the highest zone that may serve, this share of a zone's memory is left
 * free as long as there is something above: there are devices that can use
 * nothing else.
 */
#define SPARED_SHARE	16
#define SPARED_PAGES	(SZ_64M >> PAGE_SHIFT)

static bool spared(struct zone *zone, unsigned long nr_pages)
{
	unsigned long spare = max_t(unsigned long, SPARED_PAGES,
				    zone_managed_pages(zone) / SPARED_SHARE);

	return zone_page_state(zone, NR_FREE_PAGES) < spare + nr_pages;
}

static bool best_known(struct lc_search *s)
{
	guard(mutex)(&s->zone->lock);
	return lc_best_window(&s->zone->map, &s->want, &s->window);
}

/* What the best window of a zone costs, as far as is known; ~0 if unknown. */
static unsigned long price_in(struct zone *zone, unsigned long nr_pages,
			      unsigned long align, unsigned long end_pfn)
{
	struct lc_search s;

	lc_search_begin(&s, zone, nr_pages, align, end_pfn);
	if (!s.zone || refresh(&s) || !best_known(&s))
		return ~0UL;
	return s.window.cost;
}

/**
 * lc_search_order - which zone to search first
 * @zones: zones that may serve, the most wanted first; put into the order in
 *	which to search them
 * @nr: how many, at most MAX_NR_ZONES
 * @nr_pages: length of the window, at least 1
 * @align: alignment of its first page in pages, a power of two
 * @end_pfn: all of it must lie below
 *
 * The order given stands unless it would be much dearer: pages moved out of a
 * zone go to the same zone as long as it has room, so that emptying one zone
 * after the other moves the same pages again and again. Each step down must
 * save an eighth of the pages, and ends where a zone is spared for those who
 * need it.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 */
void lc_search_order(struct zone **zones, unsigned int nr,
		     unsigned long nr_pages, unsigned long align,
		     unsigned long end_pfn)
{
	unsigned long step = LC_COST_MOVE * nr_pages / 8;
	unsigned long price[MAX_NR_ZONES];
	unsigned int i, j;

	for (i = 0; nr > 1 && i < nr; i++) {
		struct zone *zone = zones[i];
		unsigned long p = ~0UL;

		if (!i || !spared(zone, nr_pages))
			p = price_in(zone, nr_pages, align, end_pfn);
		if (p != ~0UL)
			p += i * step;
		for (j = i; j && price[j - 1] > p; j--) {
			price[j] = price[j - 1];
			zones[j] = zones[j - 1];
		}
		price[j] = p;
		zones[j] = zone;
	}
}

/**
 * lc_search_spoiled - what the use of idle memory does to the room left
 * @zone: its zone
 * @pfn: its first page
 * @nr_pages: its length
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: the price, as far as is known.
 */
unsigned long lc_search_spoiled(struct zone *zone, unsigned long pfn,
				unsigned long nr_pages)
{
	unsigned long start = pfn >> pageblock_order;
	unsigned long end = DIV_ROUND_UP(pfn + nr_pages, pageblock_nr_pages);
	struct lc_zone *lz = lc_zone_get(zone, start, end);

	if (!lz)
		return 0;
	guard(mutex)(&lz->lock);
	return lc_spoiled(&lz->map, start, end);
}

/**
 * lc_search_price - what the best window of a zone costs, and what it spoils
 * @zone: the zone
 * @nr_pages: length of the window, at least 1
 * @align: alignment of its first page in pages, a power of two
 * @end_pfn: all of it must lie below
 *
 * Does not look at memory.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: the price, as far as is known; 0 if no window is.
 */
unsigned long lc_search_price(struct zone *zone, unsigned long nr_pages,
			      unsigned long align, unsigned long end_pfn)
{
	struct lc_search s;

	lc_search_begin(&s, zone, nr_pages, align, end_pfn);
	return s.zone && best_known(&s) ? s.window.score : 0;
}
