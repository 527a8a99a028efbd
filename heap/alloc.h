/* SPDX-License-Identifier: GPL-2.0 */
/* Allocation of ranges. */
#ifndef LAZY_CONTIG_ALLOC_H
#define LAZY_CONTIG_ALLOC_H

#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/numa.h>

#include "types.h"

struct lc_range;

/**
 * struct lc_request - what a caller asks for
 * @nr_pages: length in pages, at least 1
 * @align: alignment of the first page frame, in pages, a power of two
 * @prefer: alignment that is preferred if the length is as much, likewise, or 0
 * @start_pfn: no page lies below this page frame
 * @end_pfn: every page lies below this page frame; LC_NO_LIMIT for none
 * @node: the only node allowed, or NUMA_NO_NODE for any that the memory policy
 *	and the cpuset of the caller allow
 * @flags: LC_PINNABLE and LC_UNCACHED, passed on to the range
 * @name: name in /proc/iomem, shorter than LAZY_CONTIG_NAME_MAX; NULL for the
 *	name of the module
 */
struct lc_request {
	unsigned long nr_pages;
	unsigned long align;
	unsigned long prefer;
	unsigned long start_pfn;
	unsigned long end_pfn;
	int node;
	unsigned int flags;
	const char *name;
};

/* Page frames up to the highest address that a caller allows; 0: any address. */
static inline unsigned long lc_alloc_end_pfn(u64 max_addr)
{
	return max_addr && max_addr != U64_MAX ? (max_addr + 1) >> PAGE_SHIFT :
						 LC_NO_LIMIT;
}

/* The first page frame of which no byte is below an address. */
static inline unsigned long lc_alloc_start_pfn(u64 min_addr)
{
	return (min_addr >> PAGE_SHIFT) + !!(min_addr & ~PAGE_MASK);
}

/* A node from user space; lc_alloc() refuses the impossible ones. */
static inline int lc_alloc_node_nospec(s32 node)
{
	return node >= 0 && node < MAX_NUMNODES ?
		       array_index_nospec(node, MAX_NUMNODES) : node;
}

struct lc_range *lc_alloc(const struct lc_request *req);
int lc_alloc_grow(struct lc_range *range, unsigned long nr_pages,
		  unsigned long end_pfn);
int lc_alloc_set_reserve(int node, unsigned long nr_pages);

#endif
