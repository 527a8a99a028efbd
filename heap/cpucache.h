/* SPDX-License-Identifier: GPL-2.0 */
/* CPU caches, for hardware that has no driver. */
#ifndef LAZY_CONTIG_CPUCACHE_H
#define LAZY_CONTIG_CPUCACHE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct lc_extent;

int lc_cpucache_begin(const struct lc_extent *ext, u64 offset, u64 len,
		      enum dma_data_direction dir);
void lc_cpucache_flush(const struct lc_extent *ext, u64 offset, u64 len);
int lc_cpucache_end(const struct lc_extent *ext, u64 offset, u64 len,
		    enum dma_data_direction dir);
int lc_cpucache_init(void);
void lc_cpucache_exit(void);

#endif
