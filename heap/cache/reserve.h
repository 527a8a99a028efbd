/* SPDX-License-Identifier: GPL-2.0 */
/* The reserve: memory set aside until it is given back. */
#ifndef LAZY_CONTIG_RESERVE_H
#define LAZY_CONTIG_RESERVE_H

#include "../types.h"

struct lc_extent_spare;
struct zone;

int lc_reserve_take(const struct lc_constraint *c, struct zone *zone,
		    struct lc_extent *ext, struct lc_extent *unzeroed);
bool lc_reserve_owns(struct lc_extent *part);
void lc_reserve_put(struct lc_extent *part, bool usable, bool zeroed,
		    struct lc_extent_spare *spare);
void lc_reserve_return(const struct lc_extent *ext, bool usable);
bool lc_reserve_overlaps(const struct lc_extent *ext);

unsigned long lc_reserve_pages(int node);
int lc_reserve_add(const struct lc_extent *ext, bool replace);
void lc_reserve_set_target(int node, unsigned long nr_pages);
void lc_reserve_exit(void);

#endif
