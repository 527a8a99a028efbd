/* SPDX-License-Identifier: GPL-2.0 */
/* The warm pool: between pool.c, which owns it, and pool_limits.c. */
#ifndef LAZY_CONTIG_POOL_H
#define LAZY_CONTIG_POOL_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "pieces.h"

struct zone;

/**
 * struct lc_pool_zone - idle ranges of one zone
 * @list: in lc_pool.zones
 * @zone: which
 * @idle: the ranges
 * @dirty: what of them is to be cleared
 * @unused: pages that were in the pool all the time since this period began,
 *	and the same for the period before
 */
struct lc_pool_zone {
	struct list_head list;
	struct zone *zone;
	struct lc_pieces idle;
	struct lc_pieces dirty;
	unsigned long unused[2];
};

/**
 * struct lc_pool - the pool
 * @lock: guards what follows and all that hangs on it. Taken in reclaim; a leaf:
 *	nothing is cleared, freed or waited for under it
 * @zones: those that ever had an idle range; none goes before the module does
 * @nr_pages: in all of them
 */
struct lc_pool {
	spinlock_t lock; /* see above */
	struct list_head zones;
	unsigned long nr_pages;
};

extern struct lc_pool lc_pool;

/* For those who do not hold the lock: entries are only ever added. */
#define lc_pool_for_each_zone(pz) \
	list_for_each_entry_rcu(pz, &lc_pool.zones, list, true)

bool lc_pool_cut(struct lc_pool_zone *pz, unsigned long *pfn,
		 unsigned long *nr_pages, struct lc_piece **rest);
void lc_pool_settle(void);

/* pool_limits.c */
unsigned long lc_pool_max(void);
void lc_pool_trim(void);

#endif
