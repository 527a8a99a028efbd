/* SPDX-License-Identifier: GPL-2.0 */
/* Kept buffers: regions.c owns them, resize.c changes them. */
#ifndef LAZY_CONTIG_REGIONS_H
#define LAZY_CONTIG_REGIONS_H

#include <linux/types.h>

struct lc_range;
struct lc_request;

/**
 * struct lc_region - one kept buffer
 * @range: the memory, with a reference that is the keeping
 * @align: as asked for in struct lc_request
 * @end_pfn: likewise
 * @node: likewise
 */
struct lc_region {
	struct lc_range *range;
	unsigned long align;
	unsigned long end_pfn;
	int node;
};

/**
 * struct lc_resize - a resize between its two halves
 * @region: locked
 * @nr_pages: the length to be
 * @old_nr_pages: the length it had
 * @moved: where it moves to, NULL if it stays
 */
struct lc_resize {
	struct lc_region *region;
	unsigned long nr_pages;
	unsigned long old_nr_pages;
	struct lc_range *moved;
};

/* regions.c: for everyone */
int lc_region_keep(struct lc_range *range, const struct lc_request *req);
struct lc_range *lc_region_get(u64 addr);
struct lc_range *lc_region_try_get(u64 addr);
int lc_region_free(u64 addr);
void lc_regions_exit(void);

/* regions.c: for resize.c */
struct lc_region *lc_region_lock(u64 addr);
void lc_region_unlock(struct lc_region *region);
int lc_region_reserve(const struct lc_range *range);
void lc_region_unreserve(const struct lc_range *range);
void lc_region_move(struct lc_region *region, struct lc_range *range);

/* resize.c */
int lc_resize_begin(struct lc_resize *resize, u64 addr, u64 len);
u64 lc_resize_addr(const struct lc_resize *resize);
void lc_resize_commit(struct lc_resize *resize);
void lc_resize_abort(struct lc_resize *resize);

#endif
