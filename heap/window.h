/* SPDX-License-Identifier: GPL-2.0 */
/* Taking the pages of a window. */
#ifndef LAZY_CONTIG_WINDOW_H
#define LAZY_CONTIG_WINDOW_H

#include "types.h"

struct lc_claim;
struct zone;

int lc_window_empty(struct lc_claim *claim, const struct lc_extent *window,
		    const struct lc_constraint *c, unsigned long deadline);
int lc_window_at(const struct lc_extent *ext, struct zone *zone,
		 const struct lc_constraint *c, unsigned long deadline);
int lc_window_below_idle(const struct lc_constraint *c, struct zone *zone,
			 unsigned long deadline, struct lc_extent *window,
			 struct lc_extent *unzeroed);

bool lc_window_packs(const struct lc_constraint *c);
struct lc_extent lc_window_whole(const struct lc_extent *window,
				 const struct lc_constraint *c);
struct lc_extent lc_window_cut(const struct lc_extent *window,
			       const struct lc_constraint *c,
			       struct lc_extent *unzeroed);

#endif
