// SPDX-License-Identifier: GPL-2.0
/*
 * Finds windows for alloc.c: what the policy chooses from memory is looked at
 * once more, claimed, and handed out; what becomes of it is learnt.
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
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

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

static int refresh(struct lc_search *s)
{
	unsigned int visits = REFRESH_VISITS, touched = 0;
	unsigned long block;
	u32 v;
	int err;

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

static void claim(struct lc_search *s, unsigned long start)
{
	lockdep_assert_held(&s->zone->lock);
	s->window.start = start;
	lc_map_claim(&s->zone->map, start, start + s->want.blocks);
}

static void unclaim(struct lc_search *s)
{
	lockdep_assert_held(&s->zone->lock);
	lc_map_unclaim(&s->zone->map, s->window.start,
		       s->window.start + s->want.blocks);
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
				claim(s, s->window.start);
		}
		if (!found)
			return -ENOSPC;
		cost = s->window.cost;
		err = verify(s, LC_CLEAN);
		if (!err && (!much_dearer(s->window.cost, cost) ||
			     wrong > MAX_WRONG / 2))
			return 0;
		scoped_guard(mutex, &s->zone->lock)
			unclaim(s);
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
		claim(s, walk->start);
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
			unclaim(s);
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
		.nr_pages = nr_pages,
		.align = align,
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

/*
 * Where in the window the pages begin: the block that is used in part only
 * should be the one with more to move.
 */
static unsigned long place(struct lc_search *s)
{
	unsigned long first = s->window.start;
	unsigned long last = first + s->want.blocks - 1;
	unsigned long end_pfn = (last + 1) << pageblock_order;

	guard(mutex)(&s->zone->lock);
	if (lc_cost(lc_map_get(&s->zone->map, first)) <=
	    lc_cost(lc_map_get(&s->zone->map, last)))
		return first << pageblock_order;
	return max(ALIGN_DOWN(end_pfn - s->nr_pages, s->align),
		   first << pageblock_order);
}

/**
 * lc_search_next - the next best window
 * @s: the search; must not have a window claimed
 * @pfn: its first page
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
	int err = 0;

	if (!s->zone)
		return -ENOSPC;
	if (fatal_signal_pending(current))
		return -EINTR;
	if (!s->refreshed)
		err = refresh(s);
	s->refreshed = true;
	if (!err)
		err = pick_remembered(s);
	if (err == -ENOSPC)
		err = pick_walking(s, false);
	if (err == -ENOSPC && s->suspects_tried < MAX_SUSPECT_WINDOWS) {
		s->suspects_tried++;
		err = pick_walking(s, true);
	}
	if (err)	/* without memory for summaries there is no search */
		return err == -ENOMEM ? -ENOSPC : err;
	*pfn = place(s);
	return 0;
}

/*
 * Which block made the attempt fail? Pages are moved from the low end up, so
 * the culprit is the first block with something left in it, if anything was
 * moved at all. If not, isolation failed, for a reason that cannot be seen.
 */
static void blame(struct lc_search *s)
{
	unsigned long b, start = s->window.start, end = start + s->want.blocks;
	unsigned long left = end, nr_left = 0;
	bool seen = false, moved = false;
	struct lc_map *map = &s->zone->map;
	unsigned int touched = 0;

	for (b = start; b < end; b++) {
		u32 old, v = lc_scan_block(s->zone->zone, b, &touched);

		guard(mutex)(&s->zone->lock);
		old = lc_map_get(map, b);
		moved |= lc_cost(v) < lc_cost(old);
		v = lc_after_scan(old, v, lc_scan_ticks());
		if (lc_state(v) == LC_SUSPECT)
			v = lc_after_failure(v, lc_scan_ticks());
		lc_map_set(map, b, v);
		seen |= lc_state(v) != LC_CLEAN;
		if (lc_cost(v) && !nr_left++)
			left = b;
	}
	if (seen)
		return;
	guard(mutex)(&s->zone->lock);
	if (nr_left && (moved || nr_left == 1)) {
		start = left;
		end = left + 1;
	}
	for (b = start; b < end; b++)
		lc_map_set(map, b, lc_after_failure(lc_map_get(map, b),
						    lc_scan_ticks()));
}

/*
 * Does the memory of the window exist, and may it move? The first and the last
 * block count as a whole, as they do for the kernel when it isolates them.
 */
static int movable(struct lc_search *s)
{
	unsigned long b = s->window.start, end = b + s->want.blocks;
	unsigned int touched = 0;
	int err;
	u32 v;

	for (; b < end; b++) {
		err = lc_zone_look(s->zone, b, &touched, &v);
		if (err)
			return err;
		if (lc_state(v) == LC_HOLE || lc_state(v) == LC_BLOCKED)
			return -ENOSPC;
		cond_resched();
	}
	return 0;
}

/**
 * lc_search_at - no search: just this window
 * @s: the search; nothing needs undoing unless this succeeds
 * @zone: the zone
 * @pfn: first page of the window
 * @nr_pages: length of the window, at least 1
 *
 * On success the window is claimed and lc_search_done() must follow, as with
 * lc_search_next().
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: 0; -ENOSPC it cannot be had; -EBUSY someone works on it; -ENOMEM.
 */
int lc_search_at(struct lc_search *s, struct zone *zone, unsigned long pfn,
		 unsigned long nr_pages)
{
	unsigned long start = pfn >> pageblock_order, end;
	unsigned long zone_end = zone_end_pfn(zone);
	int err;

	if (pfn >= zone_end || nr_pages > zone_end - pfn)
		return -ENOSPC;
	end = DIV_ROUND_UP(pfn + nr_pages, pageblock_nr_pages);
	*s = (struct lc_search){
		.nr_pages = nr_pages,
		.align = 1,
		.want.blocks = end - start,
		.zone = lc_zone_get(zone, start, end),
	};
	if (!s->zone)
		return -ENOMEM;
	/* A claim needs summaries to be in, and must outlast the second look. */
	s->window.start = start;
	err = movable(s);
	if (err)
		return err;
	scoped_guard(mutex, &s->zone->lock) {
		const struct lc_map *map = &s->zone->map;

		if (lc_map_claimed(map, ALIGN_DOWN(start, map->unit),
				   ALIGN(end, map->unit)))
			return -EBUSY;
		claim(s, start);
	}
	err = movable(s);
	if (!err)
		return 0;
	scoped_guard(mutex, &s->zone->lock)
		unclaim(s);
	return err;
}

/**
 * lc_search_done - what became of a window
 * @s: the search
 * @pfn: as lc_search_next() gave it
 * @err: 0 the pages are ours now; -EBUSY; -ENOMEM; -EINTR
 *
 * Releases the claim. After -EBUSY and -ENOMEM the window is not offered again
 * for a while.
 *
 * Context: process, may sleep.
 */
void lc_search_done(struct lc_search *s, unsigned long pfn, int err)
{
	unsigned long b, start = s->window.start, end = start + s->want.blocks;

	if (err == -EBUSY || err == -ENOMEM)
		blame(s);
	guard(mutex)(&s->zone->lock);
	for (b = start; !err && b < end; b++)
		lc_map_set(&s->zone->map, b,
			   lc_summary(LC_BLOCKED, 0, lc_scan_ticks()) |
			   LC_CLAIMED);
	unclaim(s);
}
