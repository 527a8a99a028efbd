/* SPDX-License-Identifier: GPL-2.0 */
/* Taking pages from the page allocator, zeroing them, and freeing pages. */
#ifndef LAZY_CONTIG_PAGES_H
#define LAZY_CONTIG_PAGES_H

#include "types.h"

int lc_pages_alloc(const struct lc_constraint *c, int node, bool movable,
		   struct lc_extent *ext);
int lc_pages_init(const struct lc_extent *ext);
bool lc_pages_usable(struct lc_extent *part);
bool lc_pages_still_usable(struct lc_extent *part);
int lc_pages_zero(const struct lc_extent *ext);
void lc_pages_free(const struct lc_extent *ext);
void lc_pages_return(const struct lc_extent *ext);

#endif
