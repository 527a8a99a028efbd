/* SPDX-License-Identifier: GPL-2.0 */
/* The live buffers, as far as the caller may see them. */
#ifndef LIVE_H
#define LIVE_H

#include "cli.h"

/*
 * All buffers as an array of objects, and the same objects by the inode numbers
 * of their dma-bufs.
 */
struct live {
	json_object *all;
	json_object *by_inode;
};

int live_collect(struct live *live);
void live_free(struct live *live);

#endif /* LIVE_H */
