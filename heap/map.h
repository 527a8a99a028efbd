/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Summaries of pageblocks, four bytes each, and what is true of 512 of them at
 * once. Plain C, like all but scan.c: tests/unit compiles it for the host.
 */
#ifndef _LAZY_CONTIG_MAP_H
#define _LAZY_CONTIG_MAP_H

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define LC_CHUNK_SHIFT		9
#define LC_CHUNK_BLOCKS		BIT(LC_CHUNK_SHIFT)

/* What a look at a pageblock said. */
enum lc_state {
	LC_UNKNOWN,	/* never looked at */
	LC_HOLE,	/* no memory of this zone, or not all of it */
	LC_TAKEN,	/* in one of our ranges */
	LC_BLOCKED,	/* something that does not move */
	LC_SUSPECT,	/* movable to all appearance, but held by someone */
	LC_CLEAN,	/* everything in it is free or moves */
};

/*
 * A summary: state, claim, failures in a row, pages to move (weighted, see
 * scan.c), and when it was made.
 */
#define LC_STATE_MASK		0x7U
#define LC_CLAIMED		0x8U
#define LC_FAILS_SHIFT		4
#define LC_FAILS_MAX		10U	/* holds for four minutes */
#define LC_LOOKS_MAX		5U	/* for eight seconds */
#define LC_COST_SHIFT		8
#define LC_COST_MAX		0x7ffU
#define LC_STAMP_SHIFT		19
#define LC_STAMP_MASK		0x1fffU

/* Time is counted in ticks of a quarter of a second and wraps. */
#define LC_TICKS_PER_SEC	4U
#define LC_STALE_TICKS		(2 * LC_TICKS_PER_SEC)

/**
 * struct lc_slot - 512 neighbouring summaries
 * @block: the summaries; NULL while all are unknown
 * @head: available blocks from the low edge on
 * @tail: available blocks from the high edge down
 * @longest: most available blocks in a row
 * @shut: how many stay as they are until someone says otherwise: holes, ours
 * @dirty: @head, @tail and @longest are out of date
 */
struct lc_slot {
	u32 *block;
	u16 head;
	u16 tail;
	u16 longest;
	u16 shut : 15;
	u16 dirty : 1;
};

/**
 * struct lc_map - the summaries of one zone
 * @first: index of the first slot
 * @nr: number of slots
 * @slots: the slots
 * @cursor: the block below which the next refresh begins
 * @resume: the block below which the last walk ran out of time, or 0
 * @unit: pageblocks that are isolated together, a power of two
 *
 * Blocks are numbered from physical address 0: block = pfn / pageblock.
 */
struct lc_map {
	unsigned long first;
	unsigned long nr;
	struct lc_slot *slots;
	unsigned long cursor;
	unsigned long resume;
	unsigned long unit;
};

static inline enum lc_state lc_state(u32 v)
{
	return v & LC_STATE_MASK;
}

static inline u32 lc_cost(u32 v)
{
	return (v >> LC_COST_SHIFT) & LC_COST_MAX;
}

static inline u32 lc_fails(u32 v)
{
	return (v >> LC_FAILS_SHIFT) & 0xf;
}

static inline u32 lc_age(u32 v, u32 now)
{
	return (now - (v >> LC_STAMP_SHIFT)) & LC_STAMP_MASK;
}

/* Looking at it again is pointless until it comes online or is given back. */
static inline bool lc_shut(u32 v)
{
	return lc_state(v) == LC_HOLE || lc_state(v) == LC_TAKEN;
}

/* A window may include it. */
static inline bool lc_available(u32 v)
{
	return (v & (LC_STATE_MASK | LC_CLAIMED)) == LC_CLEAN;
}

static inline unsigned long lc_map_start(const struct lc_map *map)
{
	return map->first << LC_CHUNK_SHIFT;
}

static inline unsigned long lc_map_end(const struct lc_map *map)
{
	return (map->first + map->nr) << LC_CHUNK_SHIFT;
}

/* @block must lie between lc_map_start() and lc_map_end(). */
static inline struct lc_slot *lc_slot(const struct lc_map *map,
				      unsigned long block)
{
	return &map->slots[(block >> LC_CHUNK_SHIFT) - map->first];
}

static inline u32 lc_map_get(const struct lc_map *map, unsigned long block)
{
	const u32 *b = lc_slot(map, block)->block;

	return b ? b[block & (LC_CHUNK_BLOCKS - 1)] : LC_UNKNOWN;
}

u32 lc_summary(enum lc_state state, u32 cost, u32 now);
bool lc_held(u32 v, u32 now);
u32 lc_after_scan(u32 old, u32 seen, u32 now);
u32 lc_after_failure(u32 old, u32 now);

void lc_map_set(struct lc_map *map, unsigned long block, u32 v);
void lc_map_claim(struct lc_map *map, unsigned long start, unsigned long end);
void lc_map_unclaim(struct lc_map *map, unsigned long start, unsigned long end);
bool lc_map_claimed(const struct lc_map *map, unsigned long start,
		    unsigned long end);
const struct lc_slot *lc_map_slot(struct lc_map *map, unsigned long block);
struct lc_slot *lc_map_replace(struct lc_map *map, struct lc_slot *slots,
			       unsigned long first, unsigned long nr);

#endif /* _LAZY_CONTIG_MAP_H */
