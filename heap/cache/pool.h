/* SPDX-License-Identifier: GPL-2.0 */
/* The warm pool, and where released memory goes. */
#ifndef LAZY_CONTIG_POOL_H
#define LAZY_CONTIG_POOL_H

#include <linux/mmzone.h>
#include <linux/sizes.h>

#include "../types.h"

struct lc_extent_spare;
struct lc_user;
struct zone;

/*
 * Shorter extents go to the page allocator, which finds its own faster than the
 * pool would, and can merge them into larger ones.
 */
#define LC_POOL_MIN_PAGES	((unsigned long)SZ_64K >> PAGE_SHIFT)

/* No larger pageblock is emptied for a part of it. */
#define LC_POOL_MAX_BLOCK	((unsigned long)SZ_32M >> PAGE_SHIFT)

/*
 * Pageblocks are larger than many a buffer: what one leaves of its last pageblock
 * is for others.
 */
#define LC_POOL_PACKS \
	(pageblock_nr_pages > (unsigned long)SZ_4M >> PAGE_SHIFT && \
	 pageblock_nr_pages <= LC_POOL_MAX_BLOCK)

int lc_pool_init(void);
void lc_pool_exit(void);

int lc_pool_take(const struct lc_constraint *c, struct zone *zone,
		 struct lc_extent *ext, struct lc_extent *unzeroed);
bool lc_pool_take_edge(const struct lc_constraint *c, struct zone *zone,
		       struct lc_extent *ext, struct lc_extent *below,
		       struct lc_extent *unzeroed);
unsigned long lc_pool_pages(void);
bool lc_pool_drop(void);
void lc_pool_evict(const struct lc_extent *range);

void lc_pool_prepare(const struct lc_extent *ext, bool known,
		     struct lc_extent_spare *spare);
unsigned long lc_pool_release(const struct lc_extent *ext, bool zeroed,
			      bool keep, struct lc_extent_spare *spare,
			      struct lc_user *user);

#endif
