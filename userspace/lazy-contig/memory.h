/* SPDX-License-Identifier: GPL-2.0 */
/* Memory blocks: what the kernel can take offline, see memory-hotplug in its documentation. */
#ifndef MEMORY_H
#define MEMORY_H

#include "map.h"

#define MEMORY_DIR	"/sys/devices/system/memory"

struct memory_block {
	unsigned int number;
	__u64 addr;
	int node;
	char zone[16];		/* "none" with pages of several, "" while offline */
	bool stuck;		/* has pages that cannot be moved, as the module knows */
	__u64 cost;		/* of moving all pages away, as the module knows */
	int err;		/* of the attempt to change it; 0: there was none */
	size_t run;		/* neighbours, this one included, that are or can be movable */
};

struct memory {
	__u64 block_size;
	struct memory_block *blocks;	/* by address */
	size_t count;
	size_t wanted;		/* neighbours that are to be movable; 0: all the same */
};

/* memory.c */
int memory_read(const char *dir, struct memory *memory);
void memory_weigh(struct memory *memory, const struct map *map);
bool memory_is_movable(const struct memory_block *block);
__u64 memory_bytes(const struct memory *memory, int node, bool movable);
__u64 memory_limit(const struct memory *memory);
struct memory_block *memory_choose(const struct memory *memory, int node);
void memory_free(struct memory *memory);

#endif /* MEMORY_H */
