/* SPDX-License-Identifier: GPL-2.0 */
/* Idle memory: sets of extents, a part of which is not zeroed yet. */
#ifndef LAZY_CONTIG_EXTENT_H
#define LAZY_CONTIG_EXTENT_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include "../types.h"

struct lc_extent_node;

/**
 * struct lc_extent_set - extents that neither overlap nor touch
 * @by_pfn: all, by place
 * @by_len: all, by length and then by place
 * @by_age: all, the one that was added to longest ago first
 * @nr_extents: how many there are
 * @nr_pages: in all of them
 */
struct lc_extent_set {
	struct rb_root by_pfn;
	struct rb_root by_len;
	struct list_head by_age;
	unsigned long nr_extents;
	unsigned long nr_pages;
};

/**
 * struct lc_extent_spare - nodes for one change of a struct lc_idle
 * @node: one for each of its sets; NULL where there is none
 * @owner: one for a set of its owner, or NULL
 *
 * Allocated before the change, so that releasing memory allocates nothing.
 */
struct lc_extent_spare {
	struct lc_extent_node *node[2];
	struct lc_extent_node *owner;
};

/**
 * struct lc_idle - idle memory
 * @lock: guards what follows. Taken in reclaim; a leaf: nothing is zeroed,
 *	freed or waited for under it
 * @all: the idle pages
 * @unzeroed: those of them that are not zeroed yet
 * @least: the least that @all had since lc_extent_period()
 * @list: in the worker's list
 */
struct lc_idle {
	spinlock_t lock;	/* see above */
	struct lc_extent_set all;
	struct lc_extent_set unzeroed;
	unsigned long least;
	struct list_head list;
};

/**
 * struct lc_extent_found - where idle memory fits a request
 * @ext: the place
 * @around: the idle extent that it is in
 * @nr_extents: how many idle extents there are
 */
struct lc_extent_found {
	struct lc_extent ext;
	struct lc_extent around;
	unsigned long nr_extents;
};

int lc_extent_spare_alloc(struct lc_extent_spare *spare, bool owner, gfp_t gfp);
void lc_extent_spare_free(struct lc_extent_spare *spare);

void lc_extent_set_init(struct lc_extent_set *set);
bool lc_extent_set_add(struct lc_extent_set *set, const struct lc_extent *ext,
		       struct lc_extent_node **spare);
bool lc_extent_set_cut(struct lc_extent_set *set, const struct lc_extent *ext,
		       struct lc_extent_node **spare);
bool lc_extent_set_next(const struct lc_extent_set *set, unsigned long pfn,
			struct lc_extent *ext);

void lc_extent_init(struct lc_idle *idle);
bool lc_extent_put(struct lc_idle *idle, const struct lc_extent *ext,
		   bool zeroed, struct lc_extent_spare *spare);
bool lc_extent_next(struct lc_idle *idle, unsigned long pfn,
		    struct lc_extent *ext);
bool lc_extent_take(struct lc_idle *idle, const struct lc_extent *ext,
		    struct lc_extent_spare *spare, struct lc_extent *unzeroed);
bool lc_extent_fit(struct lc_idle *idle, const struct lc_constraint *c,
		   unsigned int tries, struct lc_extent_found *found);
bool lc_extent_take_oldest(struct lc_idle *idle, unsigned long nr_pages,
			   struct lc_extent *ext);
bool lc_extent_take_within(struct lc_idle *idle, const struct lc_extent *range,
			   struct lc_extent_spare *spare, struct lc_extent *ext);
bool lc_extent_zero_some(struct lc_idle *idle);
unsigned long lc_extent_pages(struct lc_idle *idle);
unsigned long lc_extent_period(struct lc_idle *idle);

#endif
