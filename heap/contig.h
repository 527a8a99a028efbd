/* SPDX-License-Identifier: GPL-2.0 */
/* Emptying a range of memory. */
#ifndef LAZY_CONTIG_CONTIG_H
#define LAZY_CONTIG_CONTIG_H

#include "types.h"

struct lc_claim;

int lc_contig_take(struct lc_claim *claim, const struct lc_extent *window,
		   const struct lc_constraint *c, unsigned long deadline);

#endif
