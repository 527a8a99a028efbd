/* SPDX-License-Identifier: GPL-2.0 */
/* The devices that are attached to a buffer. */
#ifndef LAZY_CONTIG_IMPORTERS_H
#define LAZY_CONTIG_IMPORTERS_H

#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct dma_buf_attachment;
struct lc_range;
struct sg_table;

/**
 * struct lc_importers - the devices attached to a buffer
 * @range: its memory
 * @lock: guards @list, and how each attachment is mapped
 * @list: all struct lc_attachment
 *
 * All fields are private to importers.c.
 */
struct lc_importers {
	const struct lc_range *range;
	struct mutex lock; /* guards list and how each is mapped */
	struct list_head list;
};

void lc_importers_init(struct lc_importers *imps, const struct lc_range *range);
void lc_importers_destroy(struct lc_importers *imps);
int lc_importers_attach(struct lc_importers *imps,
			struct dma_buf_attachment *attach);
void lc_importers_detach(struct lc_importers *imps,
			 struct dma_buf_attachment *attach);
struct sg_table *lc_importers_map(struct lc_importers *imps,
				  struct dma_buf_attachment *attach,
				  enum dma_data_direction dir);
void lc_importers_unmap(struct lc_importers *imps,
			struct dma_buf_attachment *attach,
			struct sg_table *table, enum dma_data_direction dir);
void lc_importers_begin(struct lc_importers *imps, u64 offset, u64 len,
			enum dma_data_direction dir);
void lc_importers_end(struct lc_importers *imps, u64 offset, u64 len,
		      enum dma_data_direction dir);
unsigned int lc_importers_count(struct lc_importers *imps);

#endif
