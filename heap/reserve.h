/* SPDX-License-Identifier: GPL-2.0 */
/* The reserve: between reserve.c and reserve_size.c. */
#ifndef LAZY_CONTIG_RESERVE_H
#define LAZY_CONTIG_RESERVE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct gen_pool;
struct zone;

/**
 * struct lc_area - one contiguous range of a reserve
 * @list: in lc_areas
 * @zone: where
 * @pfn: first page frame
 * @nr_pages: length
 * @leaving: a larger area has taken its place, or its memory was going offline
 *	when it was made: all of it goes back
 * @nr_retired: how many bits are set in @retired
 * @retired: a bit for each page that was given back
 * @dirty: a bit for each page that is idle and not clean
 * @pool: what is idle in it; addresses are physical
 */
struct lc_area {
	struct list_head list;
	struct zone *zone;
	unsigned long pfn;
	unsigned long nr_pages;
	bool leaving;
	unsigned long nr_retired;
	unsigned long *retired;
	unsigned long *dirty;
	struct gen_pool *pool;
};

/*
 * Guards lc_areas, what is on it, and the sizes wanted. Never held while
 * anything is cleared or freed.
 */
extern spinlock_t lc_reserve_lock;
extern struct list_head lc_areas;

void lc_reserve_settle(void);

/* reserve_size.c */
void lc_reserve_trim(int node);

#endif
