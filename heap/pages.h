/* SPDX-License-Identifier: GPL-2.0 */
/* Taking pages from the page allocator, zeroing them, and freeing pages. */
#ifndef LAZY_CONTIG_PAGES_H
#define LAZY_CONTIG_PAGES_H

#include <linux/mm.h>

#include "types.h"

/*
 * Does a page have references besides that of its owner? A broken page is never
 * used again, and does not count.
 */
static inline bool lc_page_shared(struct page *page)
{
	return page_ref_count(page) != 1 && !PageHWPoison(page);
}

bool lc_page_broken(struct page *page);
int lc_pages_alloc(const struct lc_constraint *c, int node, bool movable,
		   struct lc_extent *ext);
int lc_pages_init(const struct lc_extent *ext);
bool lc_pages_shared(const struct lc_extent *ext);
bool lc_pages_usable(struct lc_extent *part);
bool lc_pages_still_usable(struct lc_extent *part);
int lc_pages_zero(const struct lc_extent *ext);
void lc_pages_free(const struct lc_extent *ext);
void lc_pages_return(const struct lc_extent *ext);

#endif
