/* SPDX-License-Identifier: GPL-2.0 */
/* What lies in a pageblock. */
#ifndef LAZY_CONTIG_PBSCAN_H
#define LAZY_CONTIG_PBSCAN_H

#include "pbmap.h"

struct zone;

u32 lc_pbscan_ticks(void);
struct lc_pb lc_pbscan_idle_block(u32 now);
struct lc_pb lc_pbscan_block(struct zone *zone, unsigned long block,
			     unsigned long idle, unsigned int *touched);

#endif
