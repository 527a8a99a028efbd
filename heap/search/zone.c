// SPDX-License-Identifier: GPL-2.0
/*
 * The zones that were searched, each with the summaries of its pageblocks: what
 * scans find, what claims and attempts say, and memory that the caller takes,
 * idles, frees, or that goes offline. Idle memory of the pool is laid over what
 * is scanned: a search may choose a window with idle pages in it, for its caller
 * evicts them first.
 */
#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "../compat.h"
#include "pbscan.h"
#include "zone.h"

/*
 * Struct pages that one refresh may read; a scan costs as much as LC_LOOK_PAGES
 * of them whatever it finds.
 */
#define LC_REFRESH_PAGES	8192U
#define LC_LOOK_PAGES		32U
/* Summaries that it may pass over meanwhile. */
#define LC_REFRESH_VISITS	1024U

/**
 * struct lc_zone - what is known of one zone
 * @zone: the zone
 * @lock: guards all below. Never held while memory is scanned, allocated or
 *	moved. Reclaim takes it (a shrinker frees idle memory): nothing that may
 *	wait for reclaim happens under it.
 * @map: the summaries
 * @refreshed: jiffies when summaries were last renewed on suspicion
 * @late: attempts here that were left behind and have not ended
 * @offline_start: first block of a range that is going offline, or LC_OFFLINE_NONE
 * @offline_end: the block behind it, or 0
 * @hotplugs: how often memory came or went: a scan that began before is void
 */
struct lc_zone {
	struct zone *zone;
	struct mutex lock;		/* all below; see above */
	struct lc_pbmap map;
	unsigned long refreshed;
	struct lc_late late;
	unsigned long offline_start;
	unsigned long offline_end;
	unsigned int hotplugs;
};

/*
 * Guards additions to lc_zones, and the range that is going offline: a zone
 * added meanwhile must know of it too. Taken before the lock of a zone.
 */
static DEFINE_MUTEX(lc_zones_lock);
static DEFINE_XARRAY(lc_zones);	/* by lc_zone_key(); entries stay until unload */
static unsigned long lc_offline_start = LC_OFFLINE_NONE;
static unsigned long lc_offline_end;

/** lc_zone_key - a number for each zone, to index by. Context: any. */
unsigned long lc_zone_key(struct zone *zone)
{
	return zone_to_nid(zone) * MAX_NR_ZONES + zone_idx(zone);
}

/**
 * lc_zone_free_pages - free pages of a zone, except those of CMA areas
 * @zone: the zone
 *
 * Context: any. Return: a number of pages.
 */
unsigned long lc_zone_free_pages(struct zone *zone)
{
	unsigned long all = zone_page_state(zone, NR_FREE_PAGES);

	return all - min(all, zone_page_state(zone, NR_FREE_CMA_PAGES));
}

static struct lc_zone *lc_zone_add(struct zone *zone)
{
	struct lc_zone *lz;

	guard(mutex)(&lc_zones_lock);
	lz = xa_load(&lc_zones, lc_zone_key(zone));
	if (lz)
		return lz;
	lz = kzalloc_obj(*lz);
	if (!lz)
		return NULL;
	lz->zone = zone;
	lz->refreshed = jiffies - 1;
	mutex_init(&lz->lock);
	lz->map.unit = max_t(unsigned long, 1,
			     MAX_ORDER_NR_PAGES / pageblock_nr_pages);
	lz->offline_start = lc_offline_start;
	lz->offline_end = lc_offline_end;
	if (!xa_err(xa_store(&lc_zones, lc_zone_key(zone), lz, GFP_KERNEL)))
		return lz;
	kfree(lz);
	return NULL;
}

/* Let the map cover at least the blocks from @start to @end. */
static int lc_zone_cover(struct lc_zone *lz, unsigned long start, unsigned long end)
{
	unsigned long first = start >> LC_SLOT_SHIFT, had;
	struct lc_slot *slots;

	end = ((end - 1) >> LC_SLOT_SHIFT) + 1;
	for (;;) {
		scoped_guard(mutex, &lz->lock) {
			had = lz->map.nr;
			if (had) {
				first = min(first, lz->map.first);
				end = max(end, lz->map.first + had);
			}
		}
		if (had == end - first)
			return 0;
		slots = kvcalloc(end - first, sizeof(*slots), GFP_KERNEL);
		if (!slots)
			return -ENOMEM;
		/* It only grows: the same size means the same map. */
		scoped_guard(mutex, &lz->lock)
			if (lz->map.nr == had)
				slots = lc_pbmap_replace(&lz->map, slots, first,
							 end - first);
		kvfree(slots);
	}
}

/* Give the slot of @block memory for summaries. @idle: how much of it is idle. */
static int lc_zone_populate(struct lc_zone *lz, unsigned long block, unsigned long *idle)
{
	struct lc_pb *summaries;

	scoped_guard(mutex, &lz->lock) {
		*idle = lc_pbmap_get(&lz->map, block).idle;
		if (lc_pbmap_slot(&lz->map, block)->block)
			return 0;
	}
	summaries = kcalloc(LC_SLOT_BLOCKS, sizeof(*summaries), GFP_KERNEL);
	if (!summaries)
		return -ENOMEM;
	scoped_guard(mutex, &lz->lock) {
		struct lc_slot *slot = lc_pbmap_slot(&lz->map, block);

		if (!slot->block)
			swap(slot->block, summaries);
	}
	kfree(summaries);
	return 0;
}

/**
 * lc_zone_get - what is known of a zone
 * @zone: the zone
 * @start: the map must cover the blocks from here
 * @end: to here
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: the zone's entry, which stays until unload; NULL without memory.
 */
struct lc_zone *lc_zone_get(struct zone *zone, unsigned long start,
			    unsigned long end)
{
	struct lc_zone *lz = xa_load(&lc_zones, lc_zone_key(zone)) ?:
			     lc_zone_add(zone);

	return lz && !lc_zone_cover(lz, start, end) ? lz : NULL;
}

/* A block that is going offline counts as gone, but may stay with its idle pages. */
static struct lc_pb lc_zone_set(struct lc_zone *lz, unsigned long block,
				struct lc_pb pb)
{
	lockdep_assert_held(&lz->lock);
	if (block >= lz->offline_start && block < lz->offline_end)
		pb.state = LC_PB_HOLE;
	lc_pbmap_set(&lz->map, block, pb);
	return pb;
}

/**
 * lc_zone_look - scan a block and remember the result
 * @lz: the zone
 * @block: a block inside its map
 * @touched: struct pages read, added to what is there
 * @pb: the new summary
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int lc_zone_look(struct lc_zone *lz, unsigned long block, unsigned int *touched,
		 struct lc_pb *pb)
{
	for (;;) {
		unsigned int hotplugs = READ_ONCE(lz->hotplugs);
		unsigned long idle;
		struct lc_pb seen;

		if (lc_zone_populate(lz, block, &idle))
			return -ENOMEM;
		seen = lc_pbscan_block(lz->zone, block, idle, touched);
		guard(mutex)(&lz->lock);
		/* a hole that was memory a moment later would stay one */
		if (lz->hotplugs != hotplugs)
			continue;
		seen = lc_pb_after_scan(lc_pbmap_get(&lz->map, block), seen,
					lc_pbscan_ticks());
		*pb = lc_zone_set(lz, block, seen);
		return 0;
	}
}

/**
 * lc_zone_fresh - the summary of a block, at most a second old
 * @zone: the zone it should belong to
 * @block: the block
 *
 * Context: process, may sleep. Return: the summary; LC_PB_HOLE for a block of which
 * not all is online memory of @zone.
 */
struct lc_pb lc_zone_fresh(struct zone *zone, unsigned long block)
{
	struct lc_zone *lz = xa_load(&lc_zones, lc_zone_key(zone));
	unsigned int touched = 0;
	struct lc_pb pb = {};

	if (!lz)
		return lc_pbscan_block(zone, block, 0, &touched);
	scoped_guard(mutex, &lz->lock)
		if (block >= lc_pbmap_start(&lz->map) &&
		    block < lc_pbmap_end(&lz->map))
			pb = lc_pbmap_get(&lz->map, block);
	if (pb.state != LC_PB_UNKNOWN &&
	    (lc_pb_shut(pb) || lc_pb_age(pb, lc_pbscan_ticks()) < LC_TICKS_PER_SEC))
		return pb;
	return lc_pb_after_scan(pb, lc_pbscan_block(zone, block, pb.idle, &touched),
				lc_pbscan_ticks());
}

/**
 * lc_zone_refresh - renew a few of the oldest summaries
 * @lz: the zone
 * @want: only blocks between its start and end
 *
 * At most once a jiffy: requests in quick succession see the same memory.
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int lc_zone_refresh(struct lc_zone *lz, const struct lc_want *want)
{
	unsigned int visits = LC_REFRESH_VISITS, touched = 0;
	unsigned long block;
	struct lc_pb pb;
	int err;

	scoped_guard(mutex, &lz->lock) {
		if (!time_after(jiffies, lz->refreshed))
			return 0;
		lz->refreshed = jiffies;
	}
	while (touched < LC_REFRESH_PAGES) {
		scoped_guard(mutex, &lz->lock)
			if (!lc_placement_refresh_next(&lz->map, want,
						       lc_pbscan_ticks(),
						       &visits, &block))
				return 0;
		err = lc_zone_look(lz, block, &touched, &pb);
		if (err)
			return err;
		touched += LC_LOOK_PAGES;
		cond_resched();
	}
	return 0;
}

/**
 * lc_zone_best - the best window as far as is known
 * @lz: the zone
 * @want: the window wanted
 * @best: the result
 *
 * Context: process, may sleep; does not scan. Return: false if there is none.
 */
bool lc_zone_best(struct lc_zone *lz, const struct lc_want *want,
		  struct lc_window *best)
{
	guard(mutex)(&lz->lock);
	return lc_placement_best(&lz->map, want, best);
}

/**
 * lc_zone_walk_step - go on with a thorough search
 * @lz: the zone
 * @walk: the search
 * @want: the window wanted
 *
 * Context: process, may sleep. Return: what to do, see lc_placement_walk_step();
 * a window that is found is claimed.
 */
enum lc_step lc_zone_walk_step(struct lc_zone *lz, struct lc_walk *walk,
			       const struct lc_want *want)
{
	enum lc_step step;

	guard(mutex)(&lz->lock);
	step = lc_placement_walk_step(&lz->map, walk, want, lc_pbscan_ticks());
	if (step == LC_STEP_FOUND)
		lc_pbmap_claim(&lz->map, walk->start,
			       walk->start + want->blocks, true);
	return step;
}

/**
 * lc_zone_resume - where the next walk goes on
 * @lz: the zone
 * @resume: the block below which this walk ran out of time, or 0
 *
 * Context: process, may sleep. Return: the same of the walk before.
 */
unsigned long lc_zone_resume(struct lc_zone *lz, unsigned long resume)
{
	guard(mutex)(&lz->lock);
	swap(lz->map.resume, resume);
	return resume;
}

/**
 * lc_zone_available - may a window include these blocks?
 * @lz: the zone
 * @start: first block
 * @end: the block behind the last
 *
 * Context: process, may sleep. Return: true if it may, as far as is known.
 */
bool lc_zone_available(struct lc_zone *lz, unsigned long start, unsigned long end)
{
	guard(mutex)(&lz->lock);
	return lc_pbmap_available(&lz->map, start, end);
}

/**
 * lc_zone_fragmentation - fragmentation cost of using some blocks
 * @lz: the zone
 * @start: first block
 * @end: the block behind the last
 *
 * Context: process, may sleep. Return: the cost as far as is known.
 */
unsigned long lc_zone_fragmentation(struct lc_zone *lz, unsigned long start, unsigned long end)
{
	guard(mutex)(&lz->lock);
	return lc_placement_fragmentation(&lz->map, start, end);
}

/**
 * lc_zone_late - count attempts that were left behind
 * @lz: the zone
 * @all: 1 for one more, -1 for one that has ended, 0 to ask
 * @stalled: the same of those that took too long
 *
 * Context: process, may sleep. Return: how many there are now.
 */
struct lc_late lc_zone_late(struct lc_zone *lz, int all, int stalled)
{
	guard(mutex)(&lz->lock);
	lz->late.all += all;
	lz->late.stalled += stalled;
	return lz->late;
}

/**
 * lc_zone_claim - exclude a window from other searches
 * @lz: the zone
 * @ext: the window, all of whose pageblocks were scanned
 *
 * Until lc_zone_unclaim() no other search is given a window that the kernel
 * could not isolate at the same time, and its memory does not go offline.
 *
 * Context: process, may sleep. Return: 0, or -EBUSY if another one has it.
 */
int lc_zone_claim(struct lc_zone *lz, const struct lc_extent *ext)
{
	unsigned long start = lc_pb_first(ext), end = lc_pb_end(ext);
	struct lc_pbmap *map = &lz->map;

	guard(mutex)(&lz->lock);
	if (lc_pbmap_claimed(map, ALIGN_DOWN(start, map->unit),
			     ALIGN(end, map->unit)))
		return -EBUSY;
	lc_pbmap_claim(map, start, end, true);
	return 0;
}

/**
 * lc_zone_claim_best - claim the best window as far as is known
 * @lz: the zone
 * @want: the window wanted
 * @window: the one to claim if it is left, or one with LC_NO_SCORE; the one claimed
 *
 * At once, or many requests would choose the same window, all but one in vain.
 *
 * Context: process, may sleep; does not scan. Return: false if there is none.
 */
bool lc_zone_claim_best(struct lc_zone *lz, const struct lc_want *want,
			struct lc_window *window)
{
	guard(mutex)(&lz->lock);
	if (window->score == LC_NO_SCORE ||
	    !lc_pbmap_available(&lz->map, window->start, window->start + want->blocks))
		lc_placement_best(&lz->map, want, window);
	if (window->score == LC_NO_SCORE)
		return false;
	lc_pbmap_claim(&lz->map, window->start, window->start + want->blocks, true);
	return true;
}

/**
 * lc_zone_unclaim - end a claim
 * @lz: the zone
 * @ext: as in the claim
 * @owned: the pages are allocated now
 *
 * Context: process, may sleep.
 */
void lc_zone_unclaim(struct lc_zone *lz, const struct lc_extent *ext, bool owned)
{
	unsigned long b = lc_pb_first(ext), end = lc_pb_end(ext);

	guard(mutex)(&lz->lock);
	lc_pbmap_claim(&lz->map, b, end, false);
	for (; owned && b < end; b++) {
		bool whole = b << pageblock_order >= ext->pfn &&
			     (b + 1) << pageblock_order <= lc_extent_end(ext);
		struct lc_pb pb = lc_pb_summary(whole ? LC_PB_OWNED :
							LC_PB_UNMOVABLE,
						0, lc_pbscan_ticks());

		/* there may be some beside the window */
		pb.idle = lc_pbmap_get(&lz->map, b).idle;
		lc_pbmap_set(&lz->map, b, pb);
	}
}

/**
 * lc_zone_blame - which block made an attempt fail?
 * @lz: the zone
 * @ext: the window, claimed
 *
 * Pages are moved from the low end up, so it is the first block with something
 * left in it, if anything was moved at all. If not, isolation failed, for a
 * reason that struct pages do not show, and all blocks count as failed.
 *
 * Context: process, may sleep.
 */
void lc_zone_blame(struct lc_zone *lz, const struct lc_extent *ext)
{
	unsigned long start = lc_pb_first(ext), end = lc_pb_end(ext);
	unsigned long b, left = end, nr_left = 0;
	bool seen = false, moved = false;
	struct lc_pbmap *map = &lz->map;
	unsigned int touched = 0;

	for (b = start; b < end; b++) {
		struct lc_pb old, pb;
		unsigned long idle;

		scoped_guard(mutex, &lz->lock)
			idle = lc_pbmap_get(map, b).idle;
		pb = lc_pbscan_block(lz->zone, b, idle, &touched);
		guard(mutex)(&lz->lock);
		old = lc_pbmap_get(map, b);
		moved |= pb.cost < old.cost;
		pb = lc_pb_after_scan(old, pb, lc_pbscan_ticks());
		if (pb.state == LC_PB_PINNED || pb.state == LC_PB_BUSY)
			pb = lc_pb_after_failure(pb, lc_pbscan_ticks());
		lc_pbmap_set(map, b, pb);
		seen |= pb.state != LC_PB_MOVABLE;
		if (pb.cost && !nr_left++)
			left = b;
	}
	if (seen)
		return;
	guard(mutex)(&lz->lock);
	if (nr_left && (moved || nr_left == 1)) {
		start = left;
		end = left + 1;
	}
	for (b = start; b < end; b++)
		lc_pbmap_set(map, b, lc_pb_after_failure(lc_pbmap_get(map, b),
							 lc_pbscan_ticks()));
}

/**
 * lc_zone_prepare - make room for what happens to allocated memory later
 * @ext: allocated pages in one zone
 *
 * lc_zone_idle() cannot allocate; what it has no room for is not remembered.
 *
 * Context: process, may sleep.
 */
void lc_zone_prepare(const struct lc_extent *ext)
{
	unsigned long b = lc_pb_first(ext), end = lc_pb_end(ext);
	struct lc_zone *lz = lc_zone_get(page_zone(pfn_to_page(ext->pfn)), b, end);
	unsigned long idle;

	for (; lz && b < end; b = ALIGN(b + 1, LC_SLOT_BLOCKS))
		if (lc_zone_populate(lz, b, &idle))
			break;
}

typedef struct lc_pb (lc_mark_fn)(struct lc_pb pb, unsigned long nr_pages, u32 now);

/* A block of which nothing is known any more, unless all of it is idle. */
static struct lc_pb lc_mark_released(struct lc_pb pb, u32 now)
{
	u64 claimed = pb.claimed, idle = pb.idle;

	if (idle == pageblock_nr_pages)
		pb = lc_pbscan_idle_block(now);
	else if (pb.state == LC_PB_UNMOVABLE || pb.state == LC_PB_OWNED)
		pb.state = LC_PB_UNKNOWN;
	pb.claimed = claimed;
	pb.idle = idle;
	return pb;
}

static struct lc_pb lc_mark_idle(struct lc_pb pb, unsigned long nr_pages, u32 now)
{
	pb.idle += nr_pages;
	return lc_mark_released(pb, now);
}

static struct lc_pb lc_mark_freed(struct lc_pb pb, unsigned long nr_pages, u32 now)
{
	return nr_pages < pageblock_nr_pages ? lc_mark_released(pb, now) :
					       lc_pb_after_free(pb, now);
}

static void lc_zone_mark(struct zone *zone, const struct lc_extent *ext,
			 lc_mark_fn *mark)
{
	struct lc_zone *lz = xa_load(&lc_zones, lc_zone_key(zone));
	unsigned long pfn = ext->pfn, end;

	if (!lz)
		return;
	guard(mutex)(&lz->lock);
	for (; pfn < lc_extent_end(ext); pfn = end) {
		unsigned long b = pfn >> pageblock_order;

		end = min((b + 1) << pageblock_order, lc_extent_end(ext));
		if (b >= lc_pbmap_start(&lz->map) && b < lc_pbmap_end(&lz->map))
			lc_zone_set(lz, b, mark(lc_pbmap_get(&lz->map, b), end - pfn,
						lc_pbscan_ticks()));
	}
}

/**
 * lc_zone_idle - allocated memory becomes idle
 * @zone: its zone
 * @ext: the pages, which the pool keeps from then on
 *
 * Context: process, may sleep.
 */
void lc_zone_idle(struct zone *zone, const struct lc_extent *ext)
{
	lc_zone_mark(zone, ext, lc_mark_idle);
}

/**
 * lc_zone_taken - idle memory is idle no more
 * @zone: its zone
 * @ext: the pages, which were taken out of the pool
 *
 * Context: process, may sleep; may be called from reclaim.
 */
void lc_zone_taken(struct zone *zone, const struct lc_extent *ext)
{
	lc_zone_mark(zone, ext, lc_pb_after_take);
}

/**
 * lc_zone_freed - memory was returned to the page allocator
 * @zone: its zone; the pages may be offline by now
 * @ext: the pages
 *
 * Context: process, may sleep; may be called from reclaim.
 */
void lc_zone_freed(struct zone *zone, const struct lc_extent *ext)
{
	lc_zone_mark(zone, ext, lc_mark_freed);
}

/* Forget blocks of a zone; if they go offline, unless one is claimed. */
static int lc_zone_forget(struct lc_zone *lz, unsigned long start,
			  unsigned long end, bool going)
{
	unsigned long b, last;

	guard(mutex)(&lz->lock);
	last = min(end, lc_pbmap_end(&lz->map));
	b = max(start, lc_pbmap_start(&lz->map));
	if (going && lc_pbmap_claimed(&lz->map, b, last))
		return -EBUSY;
	lz->offline_start = going ? start : LC_OFFLINE_NONE;
	lz->offline_end = going ? end : 0;
	WRITE_ONCE(lz->hotplugs, lz->hotplugs + 1);
	for (; b < last; b++) {
		struct lc_pb old = lc_pbmap_get(&lz->map, b);
		struct lc_pb pb = { .claimed = old.claimed, .idle = old.idle };

		lc_zone_set(lz, b, pb);
	}
	return 0;
}

static int lc_zones_forget(const struct lc_extent *ext, bool going)
{
	unsigned long start = lc_pb_first(ext), end = lc_pb_end(ext), key;
	struct lc_zone *lz;
	int err;

	guard(mutex)(&lc_zones_lock);
	WRITE_ONCE(lc_offline_start, going ? start : LC_OFFLINE_NONE);
	WRITE_ONCE(lc_offline_end, going ? end : 0);
	xa_for_each(&lc_zones, key, lz) {
		err = lc_zone_forget(lz, start, end, going);
		if (err)	/* the caller ends it with lc_zone_offline_end() */
			return err;
	}
	return 0;
}

/**
 * lc_zone_leaving - is some of this memory going offline right now?
 * @ext: the pages
 *
 * Takes no lock: the caller has made the memory known under a lock that the memory
 * notifier takes after lc_zone_offline_begin(). A range half written counts as empty.
 *
 * Context: process. Return: true if it is.
 */
bool lc_zone_leaving(const struct lc_extent *ext)
{
	return lc_pb_first(ext) < READ_ONCE(lc_offline_end) &&
	       lc_pb_end(ext) > READ_ONCE(lc_offline_start);
}

/**
 * lc_zone_offline_begin - memory is going offline: choose it no more
 * @ext: the pages
 *
 * Context: memory notifier. Return: 0, or -EBUSY if an attempt is in progress
 * there; lc_zone_offline_end() must follow in either case.
 */
int lc_zone_offline_begin(const struct lc_extent *ext)
{
	return lc_zones_forget(ext, true);
}

/**
 * lc_zone_offline_end - memory came online, went offline, or stays after all
 * @ext: the pages
 * @gone: the struct pages may go away once this returns
 *
 * Context: memory notifier.
 */
void lc_zone_offline_end(const struct lc_extent *ext, bool gone)
{
	if (gone)
		synchronize_rcu();
	lc_zones_forget(ext, false);
}

/**
 * lc_zone_exit - forget everything
 *
 * Context: module exit, after the last search and the last free.
 */
void lc_zone_exit(void)
{
	unsigned long key, i;
	struct lc_zone *lz;

	xa_for_each(&lc_zones, key, lz) {
		for (i = 0; i < lz->map.nr; i++)
			kfree(lz->map.slots[i].block);
		kvfree(lz->map.slots);
		kfree(lz);
	}
	xa_destroy(&lc_zones);
}
