/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of page ranges, found by place, by length and by age. */
#ifndef LAZY_CONTIG_PIECES_H
#define LAZY_CONTIG_PIECES_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct lc_piece - a range in a set
 * @by_pfn: in lc_pieces.by_pfn
 * @by_len: in lc_pieces.by_len
 * @by_age: in lc_pieces.by_age
 * @pfn: first page frame
 * @nr_pages: length
 */
struct lc_piece {
	struct rb_node by_pfn;
	struct rb_node by_len;
	struct list_head by_age;
	unsigned long pfn;
	unsigned long nr_pages;
};

/**
 * struct lc_pieces - ranges that neither overlap nor touch
 * @by_pfn: all, by place
 * @by_len: all, by length and then by place
 * @by_age: all, the one that was added to longest ago first
 * @nr_pieces: how many there are
 * @nr_pages: in all of them
 */
struct lc_pieces {
	struct rb_root by_pfn;
	struct rb_root by_len;
	struct list_head by_age;
	unsigned long nr_pieces;
	unsigned long nr_pages;
};

void lc_pieces_init(struct lc_pieces *set);
void lc_pieces_add(struct lc_pieces *set, struct lc_piece *piece,
		   unsigned long pfn, unsigned long nr_pages);
struct lc_piece *lc_pieces_at(const struct lc_pieces *set, unsigned long pfn);
bool lc_pieces_span(const struct lc_pieces *set, unsigned long *pfn,
		    unsigned long *nr_pages);
bool lc_pieces_fit(const struct lc_pieces *set, const struct lc_pieces *avoid,
		   unsigned long nr_pages, unsigned long align,
		   unsigned long end_pfn, unsigned long *pfn);
void lc_pieces_cut(struct lc_pieces *set, unsigned long pfn,
		   unsigned long nr_pages, struct lc_piece **rest);

#endif
