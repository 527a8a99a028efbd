/* SPDX-License-Identifier: GPL-2.0 */
/* Kept buffers: ranges that are found by address and outlive their dma-bufs. */
#ifndef LAZY_CONTIG_KEPT_H
#define LAZY_CONTIG_KEPT_H

#include <linux/types.h>

struct lc_kept;
struct lc_range;
struct lc_request;

/**
 * struct lc_kept_resize - a resize between begin and commit or abort
 * @kept: the buffer, locked
 * @nr_pages: new length
 * @old_nr_pages: length before lc_kept_resize_begin()
 * @moved: new range, NULL if the buffer stays in place
 *
 * All fields are private to kept.c.
 */
struct lc_kept_resize {
	struct lc_kept *kept;
	unsigned long nr_pages;
	unsigned long old_nr_pages;
	struct lc_range *moved;
};

int lc_kept_add(struct lc_range *range, const struct lc_request *req);
struct lc_range *lc_kept_get(u64 addr);
struct lc_range *lc_kept_try_get(u64 addr);
bool lc_kept_contains(const struct lc_range *range);
int lc_kept_free(u64 addr);
int lc_kept_resize_begin(struct lc_kept_resize *resize, u64 addr, u64 len);
u64 lc_kept_resize_addr(const struct lc_kept_resize *resize);
void lc_kept_resize_commit(struct lc_kept_resize *resize);
void lc_kept_resize_abort(struct lc_kept_resize *resize);
void lc_kept_exit(void);

#endif
