// SPDX-License-Identifier: GPL-2.0
/*
 * A window while somebody works on it, and what is learnt from how that ends.
 *
 * The claim is what keeps requests from making each other fail: the kernel
 * cannot isolate one pageblock twice.
 */
#include <linux/cleanup.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>

#include "scan.h"
#include "zones.h"

/**
 * lc_claim - take a window for a search
 * @s: the search, without a claim
 * @start: first block of the window, of which no unit is claimed
 *
 * Context: the zone's lock held.
 */
void lc_claim(struct lc_search *s, unsigned long start)
{
	lockdep_assert_held(&s->zone->lock);
	s->window.start = start;
	lc_map_claim(&s->zone->map, start, start + s->want.blocks);
}

/**
 * lc_unclaim - give the window up
 * @s: the search, with a claim
 *
 * Context: the zone's lock held.
 */
void lc_unclaim(struct lc_search *s)
{
	lockdep_assert_held(&s->zone->lock);
	lc_map_unclaim(&s->zone->map, s->window.start,
		       s->window.start + s->want.blocks);
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
		lc_claim(s, start);
	}
	err = movable(s);
	if (!err)
		return 0;
	scoped_guard(mutex, &s->zone->lock)
		lc_unclaim(s);
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
			   lc_summary(LC_TAKEN, 0, lc_scan_ticks()) |
			   LC_CLAIMED);
	lc_unclaim(s);
}
