/* SPDX-License-Identifier: GPL-2.0 */
/* Live buffers that are visible to the caller. */
#ifndef LIVE_H
#define LIVE_H

#include "cli.h"

#define LIVE_BUFFERS	DEBUGFS "/lazy_contig/buffers"

/*
 * @all is an array with an object for each buffer, the largest first; @by_inode maps the
 * inode numbers of dma-bufs to the same objects; @heaps are those of the module.
 */
struct live {
	struct heaps heaps;
	json_object *all;
	json_object *by_inode;
	bool complete;
};

/* live.c */
int live_collect(struct live *live);
void live_only_kept(struct live *live, const __u64 *addr);
void live_free(struct live *live);

/* live_print.c */
__u64 live_total(const struct live *live);
void live_print_table(const struct live *live);
void live_print(const struct live *live, bool json);

#endif /* LIVE_H */
