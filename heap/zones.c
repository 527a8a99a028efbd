// SPDX-License-Identifier: GPL-2.0
/*
 * The zones that were searched, each with the summaries of its pageblocks:
 * memory that comes online, goes offline, or is given back.
 */
#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "compat.h"
#include "scan.h"
#include "zones.h"

/*
 * Guards additions to zones, and the range that is going offline: a zone that
 * is added meanwhile must know of it too.
 */
static DEFINE_MUTEX(zones_lock);
static DEFINE_XARRAY(zones);	/* by zone_key(); entries stay until unload */
static unsigned long offline_start;
static unsigned long offline_end;

static unsigned long zone_key(struct zone *zone)
{
	return zone_to_nid(zone) * MAX_NR_ZONES + zone_idx(zone);
}

static struct lc_zone *add(struct zone *zone)
{
	struct lc_zone *lz;

	guard(mutex)(&zones_lock);
	lz = xa_load(&zones, zone_key(zone));
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
	lz->offline_start = offline_start;
	lz->offline_end = offline_end;
	if (!xa_err(xa_store(&zones, zone_key(zone), lz, GFP_KERNEL)))
		return lz;
	kfree(lz);
	return NULL;
}

/* Let the map cover at least the blocks from @start to @end. */
static int cover(struct lc_zone *lz, unsigned long start, unsigned long end)
{
	unsigned long first = start >> LC_CHUNK_SHIFT, had;
	struct lc_slot *slots;

	end = ((end - 1) >> LC_CHUNK_SHIFT) + 1;
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
		/* It only grows: the same size means that nobody was faster. */
		scoped_guard(mutex, &lz->lock)
			if (lz->map.nr == had)
				slots = lc_map_replace(&lz->map, slots, first,
						       end - first);
		kvfree(slots);
	}
}

/* Give the slot of @block memory for summaries. */
static int populate(struct lc_zone *lz, unsigned long block)
{
	u32 *summaries;

	scoped_guard(mutex, &lz->lock)
		if (lc_slot(&lz->map, block)->block)
			return 0;
	summaries = kcalloc(LC_CHUNK_BLOCKS, sizeof(*summaries), GFP_KERNEL);
	if (!summaries)
		return -ENOMEM;
	scoped_guard(mutex, &lz->lock) {
		struct lc_slot *slot = lc_slot(&lz->map, block);

		if (!slot->block) {
			slot->block = summaries;
			summaries = NULL;
		}
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
	struct lc_zone *lz = xa_load(&zones, zone_key(zone));

	if (!lz)
		lz = add(zone);
	return lz && !cover(lz, start, end) ? lz : NULL;
}

/* What is going offline is as good as gone, whatever it looks like. */
static u32 remember(struct lc_zone *lz, unsigned long block, u32 v)
{
	lockdep_assert_held(&lz->lock);
	if (block >= lz->offline_start && block < lz->offline_end)
		v = lc_summary(LC_HOLE, 0, 0);
	lc_map_set(&lz->map, block, v);
	return v;
}

/**
 * lc_zone_look - look at a block and remember what was seen
 * @lz: the zone
 * @block: a block inside its map
 * @touched: struct pages read, added to what is there
 * @v: what is remembered now
 *
 * Context: process, may sleep; takes the lock. Return: 0 or -ENOMEM.
 */
int lc_zone_look(struct lc_zone *lz, unsigned long block, unsigned int *touched,
		 u32 *v)
{
	u32 seen = lc_scan_block(lz->zone, block, touched);
	int err = populate(lz, block);

	if (err)
		return err;
	guard(mutex)(&lz->lock);
	seen = lc_after_scan(lc_map_get(&lz->map, block), seen,
			     lc_scan_ticks());
	*v = remember(lz, block, seen);
	return 0;
}

/* Return: false if the map does not reach there. */
static bool covered(const struct lc_zone *lz, unsigned long block)
{
	lockdep_assert_held(&lz->lock);
	return block >= lc_map_start(&lz->map) && block < lc_map_end(&lz->map);
}

static void set_block(struct lc_zone *lz, unsigned long block, u32 v)
{
	guard(mutex)(&lz->lock);
	if (covered(lz, block))
		remember(lz, block,
			 v | (lc_map_get(&lz->map, block) & LC_CLAIMED));
}

static void look_at_block(struct lc_zone *lz, unsigned long block)
{
	unsigned int touched = 0;

	set_block(lz, block, lc_scan_block(lz->zone, block, &touched));
}

/*
 * Some of a block was given back. Whether that was all that blocked it is for
 * the next search to find out, unless that has no reason to look: all of the
 * block counted as ours.
 */
static void freed_part(struct lc_zone *lz, unsigned long block)
{
	u32 v = LC_UNKNOWN;

	scoped_guard(mutex, &lz->lock) {
		if (covered(lz, block))
			v = lc_map_get(&lz->map, block);
		if (lc_state(v) == LC_BLOCKED)
			remember(lz, block, v & LC_CLAIMED);
	}
	if (lc_state(v) == LC_TAKEN)
		look_at_block(lz, block);
}

static void freed_whole(struct lc_zone *lz, unsigned long block)
{
	set_block(lz, block, lc_summary(LC_CLEAN, 0, lc_scan_ticks()));
}

static void taken_part(struct lc_zone *lz, unsigned long block)
{
	set_block(lz, block, lc_summary(LC_BLOCKED, 0, lc_scan_ticks()));
}

static void taken_whole(struct lc_zone *lz, unsigned long block)
{
	set_block(lz, block, lc_summary(LC_TAKEN, 0, lc_scan_ticks()));
}

/* One function for blocks that lie inside, one for those of which a part does. */
static void mark_blocks(struct zone *zone, unsigned long pfn,
			unsigned long nr_pages,
			void (*whole)(struct lc_zone *lz, unsigned long block),
			void (*part)(struct lc_zone *lz, unsigned long block))
{
	struct lc_zone *lz = xa_load(&zones, zone_key(zone));
	unsigned long b = pfn >> pageblock_order, end;

	end = DIV_ROUND_UP(pfn + nr_pages, pageblock_nr_pages);
	for (; lz && b < end; b++) {
		unsigned long first = b << pageblock_order;

		if (first < pfn || first + pageblock_nr_pages > pfn + nr_pages)
			part(lz, b);
		else
			whole(lz, b);
	}
}

/**
 * lc_scan_freed - memory was given back
 * @zone: where it was; it may be offline by now
 * @pfn: its first page
 * @nr_pages: how much
 *
 * Context: process, may sleep; may be called from reclaim.
 */
void lc_scan_freed(struct zone *zone, unsigned long pfn, unsigned long nr_pages)
{
	mark_blocks(zone, pfn, nr_pages, freed_whole, freed_part);
}

/**
 * lc_scan_idle - memory went to the pool
 * @zone: where it was; it may be offline by now
 * @pfn: its first page
 * @nr_pages: how much
 *
 * Context: process, may sleep.
 */
void lc_scan_idle(struct zone *zone, unsigned long pfn, unsigned long nr_pages)
{
	mark_blocks(zone, pfn, nr_pages, look_at_block, freed_part);
}

/**
 * lc_scan_taken - memory was taken out of the pool
 * @zone: where
 * @pfn: its first page
 * @nr_pages: how much
 *
 * Context: process, may sleep.
 */
void lc_scan_taken(struct zone *zone, unsigned long pfn, unsigned long nr_pages)
{
	mark_blocks(zone, pfn, nr_pages, taken_whole, taken_part);
}

/* Forget a range of a zone; if it is going offline, unless someone is there. */
static int forget(struct lc_zone *lz, unsigned long start, unsigned long end,
		  bool going)
{
	unsigned long b, last;

	guard(mutex)(&lz->lock);
	last = min(end, lc_map_end(&lz->map));
	b = max(start, lc_map_start(&lz->map));
	if (going && lc_map_claimed(&lz->map, b, last))
		return -EBUSY;
	lz->offline_start = going ? start : 0;
	lz->offline_end = going ? end : 0;
	for (; b < last; b++)
		remember(lz, b, lc_map_get(&lz->map, b) & LC_CLAIMED);
	return 0;
}

static int forget_everywhere(unsigned long start, unsigned long end, bool going)
{
	struct lc_zone *lz;
	unsigned long key;
	int err;

	guard(mutex)(&zones_lock);
	WRITE_ONCE(offline_start, going ? start : 0);
	WRITE_ONCE(offline_end, going ? end : 0);
	xa_for_each(&zones, key, lz) {
		err = forget(lz, start, end, going);
		if (err)	/* MEM_CANCEL_OFFLINE follows */
			return err;
	}
	return 0;
}

/**
 * lc_scan_leaving - is some of this memory going offline right now?
 * @pfn: its first page
 * @nr_pages: how much
 *
 * Takes no lock: whoever asks has just made the memory known, under a lock that
 * those who look for it take after the range was set here.
 *
 * Context: process. Return: true if it is.
 */
bool lc_scan_leaving(unsigned long pfn, unsigned long nr_pages)
{
	return pfn >> pageblock_order < READ_ONCE(offline_end) &&
	       DIV_ROUND_UP(pfn + nr_pages, pageblock_nr_pages) >
	       READ_ONCE(offline_start);
}

static int memory_changes(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	const struct memory_notify *arg = data;
	unsigned long start = arg->start_pfn >> pageblock_order;
	unsigned long end = DIV_ROUND_UP(arg->start_pfn + arg->nr_pages,
					 pageblock_nr_pages);

	switch (action) {
	case MEM_GOING_OFFLINE:
		return notifier_from_errno(forget_everywhere(start, end, true));
	case MEM_OFFLINE:
		/* Struct pages go after this: wait for lc_scan_block(). */
		synchronize_rcu();
		fallthrough;
	case MEM_ONLINE:
	case MEM_CANCEL_OFFLINE:
		forget_everywhere(start, end, false);
	}
	return NOTIFY_OK;
}

static struct notifier_block memory_notifier = {
	.notifier_call = memory_changes,
};

/**
 * lc_scan_init - begin to follow memory that comes and goes
 *
 * Context: module init. Return: 0 or -errno.
 */
int lc_scan_init(void)
{
	return register_memory_notifier(&memory_notifier);
}

/**
 * lc_scan_exit - forget everything
 *
 * Context: module exit, after the last search and the last free.
 */
void lc_scan_exit(void)
{
	unsigned long key, i;
	struct lc_zone *lz;

	unregister_memory_notifier(&memory_notifier);
	xa_for_each(&zones, key, lz) {
		for (i = 0; i < lz->map.nr; i++)
			kfree(lz->map.slots[i].block);
		kvfree(lz->map.slots);
		kfree(lz);
	}
	xa_destroy(&zones);
}
