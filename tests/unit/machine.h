/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Synthetic machines: what really lies in every pageblock of a zone, what
 * lc_pbscan_block() sees of it, and what happens when a window is emptied.
 */
#ifndef _UNIT_MACHINE_H
#define _UNIT_MACHINE_H

#include "host.h"
#include "pbscan.h"
#include "search.h"
#include "zone.h"

/**
 * struct truth - one pageblock
 * @used: movable pages in it
 * @owned: pages that the allocator has taken
 * @idle: those of them that are in the pool
 * @hole: not memory of this zone
 * @blocked: holds something unmovable that can be seen
 * @pinned: holds a page that does not move and has an unexplained reference
 * @busy: holds a page that is locked or under writeback
 * @secret: cannot be isolated, and its struct pages do not show that
 */
struct truth {
	u16 used;
	u16 owned;
	u16 idle;
	bool hole : 1;
	bool blocked : 1;
	bool pinned : 1;
	bool busy : 1;
	bool secret : 1;
};

/**
 * struct machine - one zone of pageblocks
 * @zone: as the kernel describes it
 * @blocks: number of pageblocks
 * @first: number of the first
 * @truth: what lies in them
 * @free: free pages in all of them
 * @touched: struct pages read since the test last set it to 0
 * @moved: pages moved so far
 * @next: another zone of the same node
 */
struct machine {
	struct zone zone;
	unsigned long blocks;
	unsigned long first;
	struct truth *truth;
	unsigned long free;
	unsigned long touched;
	unsigned long moved;
	struct machine *next;
};

/* How a machine has lived. */
enum ageing {
	AGE_FRESH,	/* the kernel's own at the bottom, the rest free */
	AGE_FILES,	/* filled with small pages, 70 % of them freed */
	AGE_PINS,	/* the same, and a pin in every 64th block */
	AGE_MANY_PINS,	/* in two of three blocks */
	AGE_CLUSTERS,	/* unmovable memory in clumps, as the kernel groups it */
	AGE_FULL,	/* hardly anything free, and nothing blocked */
	AGE_STRIPES,	/* every other block blocked */
	NR_AGEINGS,
};

extern const char *const ageing_names[NR_AGEINGS];

/* Let allocations free idle memory, as the pool's shrinker does. */
extern bool machine_reclaims;

/* Called, if set, at the end of each scan, before its result is used. */
extern void (*machine_scanned)(void);

/* Zones lie apart; the summaries go with the last one that is freed. */
void machine_new(struct machine *m, int zone_idx, unsigned long first,
		 unsigned long blocks);
void machine_age(struct machine *m, enum ageing how);
void machine_free(struct machine *m);
struct machine *machine_at(unsigned long pfn);
int machine_take(const struct lc_extent *ext);
void machine_give(const struct lc_extent *ext);
/* What was taken goes to the pool, or out of it to the next buffer. */
void machine_idle(const struct lc_extent *ext);
void machine_reuse(const struct lc_extent *ext);
/* Free the idle pages of all pageblocks of a window. */
void machine_evict(const struct lc_extent *ext);
int machine_alloc(struct machine *m, const struct lc_constraint *c,
		  struct lc_extent *ext, unsigned int *tries);

#endif /* _UNIT_MACHINE_H */
