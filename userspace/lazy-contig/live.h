/* SPDX-License-Identifier: GPL-2.0 */
/* Live buffers that are visible to the caller. */
#ifndef LIVE_H
#define LIVE_H

#include "cli.h"

/*
 * @all is an array with an object for each buffer; @by_inode maps the inode
 * numbers of its dma-bufs to the same objects; @heaps are those of the module.
 */
struct live {
	struct heaps heaps;
	json_object *all;
	json_object *by_inode;
};

int live_collect(struct live *live);
void live_free(struct live *live);

#endif /* LIVE_H */
