/* SPDX-License-Identifier: GPL-2.0 */
/* The dma-buf of a range. */
#ifndef LAZY_CONTIG_BUFFER_H
#define LAZY_CONTIG_BUFFER_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct dma_buf;
struct lc_range;

/**
 * struct lc_buffer_users - users of a range
 * @dmabufs: number of its dma-bufs
 * @importers: number of devices attached to them
 */
struct lc_buffer_users {
	unsigned int dmabufs;
	unsigned int importers;
};

struct dma_buf *lc_buffer_export(struct lc_range *range, const char *exp_name,
				 u32 fd_flags);
int lc_buffer_begin(struct dma_buf *dmabuf, u64 offset, u64 len,
		    enum dma_data_direction dir);
int lc_buffer_end(struct dma_buf *dmabuf, u64 offset, u64 len,
		  enum dma_data_direction dir);
void lc_buffer_hold(struct dma_buf *dmabuf);
struct lc_range *lc_buffer_range(struct dma_buf *dmabuf);
void lc_buffer_count_users(const struct lc_range *range,
			   struct lc_buffer_users *users);
void lc_buffer_visit_inodes(const struct lc_range *range,
			    void (*func)(unsigned long ino, void *data),
			    void *data);

#endif
