/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LAZY_CONTIG_HEAP_H
#define LAZY_CONTIG_HEAP_H

#include <linux/miscdevice.h>
#include <linux/types.h>

struct dma_buf;

/**
 * struct lc_heap - a dma-heap of ours
 * @name: its name below /dev/dma_heap and the exporter's name of its buffers
 * @end_pfn: every page of its buffers lies below this page frame
 * @nodename: path of its own node below /dev; NULL without one
 * @misc: its own node, unused for a heap of the kernel's class
 */
struct lc_heap {
	const char *name;
	unsigned long end_pfn;
	char *nodename;
	struct miscdevice misc;
};

/* heap.c: what both kinds of heap share */
struct dma_buf *lc_heap_alloc(const struct lc_heap *heap, u64 len, u32 fd_flags);

/* heap_node.c: a node of our own */
int lc_heap_node_add(struct lc_heap *heap);
void lc_heap_node_remove(struct lc_heap *heap);

/* heap_core.c: a heap of the kernel's class, for good */
int lc_heap_core_add(struct lc_heap *heap);

#endif
