/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A synthetic machine: what really lies in every pageblock, what
 * lc_scan_block() sees of it, and what happens when a window is emptied.
 */
#ifndef _UNIT_MACHINE_H
#define _UNIT_MACHINE_H

#include "host.h"
#include "scan.h"

/**
 * struct truth - one pageblock
 * @used: movable pages in it
 * @hole: not memory of this zone
 * @blocked: holds something unmovable that can be seen
 * @pinned: holds a page that does not move and looks as if it were held
 * @secret: cannot be isolated, and nothing shows it
 * @ours: taken by the allocator
 * @idle: ours, and in the pool
 */
struct truth {
	u16 used;
	bool hole : 1;
	bool blocked : 1;
	bool pinned : 1;
	bool secret : 1;
	bool ours : 1;
	bool idle : 1;
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
 */
struct machine {
	struct zone zone;
	unsigned long blocks;
	unsigned long first;
	struct truth *truth;
	unsigned long free;
	unsigned long touched;
	unsigned long moved;
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

void machine_new(struct machine *m, unsigned long first, unsigned long blocks);
void machine_age(struct machine *m, enum ageing how);
void machine_free(struct machine *m);
int machine_take(struct machine *m, unsigned long pfn, unsigned long nr_pages);
void machine_give(struct machine *m, unsigned long pfn, unsigned long nr_pages);
/* What was taken goes to the pool, or out of it to the next buffer. */
void machine_pool(struct machine *m, unsigned long pfn, unsigned long nr_pages,
		  bool idle);
int machine_alloc(struct machine *m, unsigned long nr_pages,
		  unsigned long align, unsigned long end_pfn,
		  unsigned long *pfn, unsigned int *tries);
u32 rnd(u32 below);
void rnd_seed(u32 seed);

#endif /* _UNIT_MACHINE_H */
