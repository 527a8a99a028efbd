/* SPDX-License-Identifier: GPL-2.0 */
/* A map of pageblock summaries. Compiles on the host too, like all of search/. */
#ifndef LAZY_CONTIG_PBMAP_H
#define LAZY_CONTIG_PBMAP_H

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/types.h>

#include "../types.h"

#define LC_SLOT_SHIFT		9
#define LC_SLOT_BLOCKS		BIT(LC_SLOT_SHIFT)

/* What the last scan of a pageblock found; the worst page decides. */
enum lc_pb_state {
	LC_PB_UNKNOWN,		/* never scanned */
	LC_PB_HOLE,		/* not, or not wholly, memory of this zone */
	LC_PB_OWNED,		/* wholly taken, until it is released */
	LC_PB_UNMOVABLE,	/* holds a page that cannot be migrated, or is CMA's */
	LC_PB_PINNED,		/* holds a page with unexplained references */
	LC_PB_BUSY,		/* holds a page that is locked or under writeback */
	LC_PB_MOVABLE,		/* every page is free or can be migrated */
};

/* Cost of a page that has to be copied; see pbscan.c for the others. */
#define LC_COST_MOVE		2U

/* Costs count 512 pages of a block; in larger blocks, as many more as one. */
#define LC_COST_SCALE \
	(pageblock_nr_pages > 512 ? pageblock_nr_pages / 512 : 1)

#define LC_PB_FAILS_MAX		10U	/* holds for four minutes */
#define LC_PB_LOOKS_MAX		5U	/* for eight seconds */
#define LC_PB_COST_MAX		0xffffU
#define LC_PB_STAMP_MASK	0x1fffU

/*
 * Time is counted in ticks of a quarter of a second and wraps, after half an hour. A
 * summary as old as that looks new again, for no longer than one that is: two seconds
 * until it is stale, four minutes at most while a failure counts. It is a hint all the
 * same, and a wrap is longer than any time that is compared with.
 */
#define LC_TICKS_PER_SEC	4U
#define LC_STALE_TICKS		(2 * LC_TICKS_PER_SEC)

/**
 * struct lc_pb - summary of a pageblock
 * @state: enum lc_pb_state
 * @claimed: an attempt to empty it is in progress
 * @fails: attempts that failed because of it, in a row
 * @cost: weighted pages to move, see pbscan.c
 * @stamp: when it was scanned, in ticks
 * @idle: pages of it that are idle in the pool
 */
struct lc_pb {
	u64 state : 3;
	u64 claimed : 1;
	u64 fails : 4;
	u64 cost : 16;
	u64 stamp : 13;
	u64 idle : 16;
};

/**
 * struct lc_slot - 512 neighbouring summaries
 * @block: the summaries; NULL while all are unknown
 * @head: available blocks from the low edge on
 * @tail: available blocks from the high edge down
 * @longest: most available blocks in a row
 * @shut: holes and owned blocks, which no scan changes
 * @dirty: @head, @tail and @longest are out of date
 */
struct lc_slot {
	struct lc_pb *block;
	u16 head;
	u16 tail;
	u16 longest;
	u16 shut : 15;
	u16 dirty : 1;
};

/**
 * struct lc_pbmap - the summaries of one zone
 * @first: index of the first slot
 * @nr: number of slots
 * @slots: the slots
 * @cursor: the block below which the next refresh begins
 * @resume: the block below which the last walk ran out of time, or 0
 * @unit: pageblocks that are isolated together, a power of two
 *
 * Blocks are numbered from physical address 0: block = pfn / pageblock.
 */
struct lc_pbmap {
	unsigned long first;
	unsigned long nr;
	struct lc_slot *slots;
	unsigned long cursor;
	unsigned long resume;
	unsigned long unit;
};

/* The first pageblock of an extent, and the one behind its last. */
static inline unsigned long lc_pb_first(const struct lc_extent *ext)
{
	return ext->pfn >> pageblock_order;
}

static inline unsigned long lc_pb_end(const struct lc_extent *ext)
{
	return DIV_ROUND_UP(lc_extent_end(ext), pageblock_nr_pages);
}

static inline u32 lc_pb_age(struct lc_pb pb, u32 now)
{
	return (now - pb.stamp) & LC_PB_STAMP_MASK;
}

/* Scanning it is pointless until it comes online or is released. */
static inline bool lc_pb_shut(struct lc_pb pb)
{
	return pb.state == LC_PB_HOLE || pb.state == LC_PB_OWNED;
}

/* A window may include it. */
static inline bool lc_pb_available(struct lc_pb pb)
{
	return pb.state == LC_PB_MOVABLE && !pb.claimed;
}

static inline unsigned long lc_pbmap_start(const struct lc_pbmap *map)
{
	return map->first << LC_SLOT_SHIFT;
}

static inline unsigned long lc_pbmap_end(const struct lc_pbmap *map)
{
	return (map->first + map->nr) << LC_SLOT_SHIFT;
}

/* @block lies between lc_pbmap_start() and lc_pbmap_end(). */
static inline struct lc_slot *lc_pbmap_slot(const struct lc_pbmap *map,
					    unsigned long block)
{
	return &map->slots[(block >> LC_SLOT_SHIFT) - map->first];
}

static inline struct lc_pb lc_pbmap_get(const struct lc_pbmap *map,
					unsigned long block)
{
	const struct lc_pb *b = lc_pbmap_slot(map, block)->block;

	return b ? b[block & (LC_SLOT_BLOCKS - 1)] : (struct lc_pb){};
}

struct lc_pb lc_pb_summary(enum lc_pb_state state, unsigned long cost, u32 now);
bool lc_pb_held(struct lc_pb pb, u32 now);
struct lc_pb lc_pb_after_scan(struct lc_pb old, struct lc_pb seen, u32 now);
struct lc_pb lc_pb_after_failure(struct lc_pb old, u32 now);
struct lc_pb lc_pb_after_take(struct lc_pb old, unsigned long nr_pages, u32 now);
struct lc_pb lc_pb_after_free(struct lc_pb old, u32 now);

void lc_pbmap_set(struct lc_pbmap *map, unsigned long block, struct lc_pb pb);
void lc_pbmap_claim(struct lc_pbmap *map, unsigned long start,
		    unsigned long end, bool claim);
bool lc_pbmap_claimed(const struct lc_pbmap *map, unsigned long start,
		      unsigned long end);
bool lc_pbmap_available(const struct lc_pbmap *map, unsigned long start,
			unsigned long end);
const struct lc_slot *lc_pbmap_runs(struct lc_pbmap *map, unsigned long block);
struct lc_slot *lc_pbmap_replace(struct lc_pbmap *map, struct lc_slot *slots,
				 unsigned long first, unsigned long nr);

#endif
