// SPDX-License-Identifier: GPL-2.0
/* Memory blocks: reading them from sysfs, and choosing the next one for ZONE_MOVABLE. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* What the kernel zones keep at least, besides as much as ZONE_MOVABLE has. */
#define KERNEL_MIN	((__u64)512 << 20)

/* The number at the end of a name such as memory12. Return: false if it has another form. */
static bool name_number(const char *name, const char *prefix, unsigned int *number)
{
	__u64 value;

	if (strncmp(name, prefix, strlen(prefix)) ||
	    parse_number(name + strlen(prefix), UINT_MAX, &value))
		return false;
	*number = value;
	return true;
}

/* Return: the node of a block, -1 if it has several; 0 on a kernel without NUMA. */
static int read_node(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int number;
	int node = 0, count = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (name_number(entry->d_name, "node", &number)) {
			node = number;
			count++;
		}
	}
	closedir(dir);
	return count > 1 ? -1 : node;
}

/* Return: 0; -ENOENT if the block is gone or the kernel cannot take memory offline. */
static int read_block(const char *dir, const char *name, struct memory_block *block)
{
	char path[PATH_MAX], text[64];
	int err;

	snprintf(path, sizeof(path), "%s/%s/state", dir, name);
	err = file_read_line(path, text, sizeof(text));
	if (err)
		return err;
	block->zone[0] = '\0';
	if (!strcmp(text, "online")) {
		snprintf(path, sizeof(path), "%s/%s/valid_zones", dir, name);
		err = file_read_line(path, text, sizeof(text));
		if (err)
			return err;
		snprintf(block->zone, sizeof(block->zone), "%.15s", text);
	}
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	block->node = read_node(path);
	return 0;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct memory_block *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* The size in a file has neither prefix nor suffix, and is hexadecimal. */
static int read_block_size(const char *dir, __u64 *size)
{
	char path[PATH_MAX], text[32];
	int err;

	snprintf(path, sizeof(path), "%s/block_size_bytes", dir);
	err = file_read_line(path, text, sizeof(text));
	if (err)
		return err;
	*size = strtoull(text, NULL, 16);
	return *size ? 0 : -EINVAL;
}

static int add_block(const char *dir, const char *name, struct memory *memory)
{
	struct memory_block block = { }, *blocks;
	int err;

	if (!name_number(name, "memory", &block.number))
		return 0;
	err = read_block(dir, name, &block);
	if (err)
		return err;
	block.addr = block.number * memory->block_size;
	blocks = reallocarray(memory->blocks, memory->count + 1, sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	memory->blocks = blocks;
	blocks[memory->count++] = block;
	return 0;
}

/*
 * Reads all blocks; memory_free() is needed in any case. Return: 0; -ENOENT if the kernel
 * cannot take memory offline; another -errno.
 */
int memory_read(const char *dir, struct memory *memory)
{
	struct dirent *entry;
	DIR *files;
	int err;

	*memory = (struct memory){ };
	err = read_block_size(dir, &memory->block_size);
	if (err)
		return err;
	files = opendir(dir);
	if (!files)
		return -errno;
	while (!err && (entry = readdir(files)))
		err = add_block(dir, entry->d_name, memory);
	closedir(files);
	qsort(memory->blocks, memory->count, sizeof(*memory->blocks), compare_blocks);
	return err ? err : memory->count ? 0 : -ENOENT;
}

void memory_free(struct memory *memory)
{
	free(memory->blocks);
}

/* Busy pages are locked or under writeback: the kernel waits for them. */
static bool can_move(enum map_state state)
{
	return map_usable(state) || state == MAP_BUSY || state == MAP_HIGHATOMIC;
}

static void weigh(struct memory_block *block, __u64 size, const struct map *map,
		  const struct map_zone *zone)
{
	__u64 end = block->addr + size, from, to;
	const struct map_run *run;
	size_t i;

	for (i = map_run_at(map, zone, block->addr); i < zone->last; i++) {
		run = &map->runs[i];
		if (run->addr >= end)
			break;
		from = run->addr > block->addr ? run->addr : block->addr;
		to = run->end < end ? run->end : end;
		block->stuck |= !can_move(run->state);
		block->cost += run->cost / ((run->end - run->addr) / map->block) *
			((to - from) / map->block);
	}
}

/* Adds what the module knows of each block. */
void memory_weigh(struct memory *memory, const struct map *map)
{
	const struct map_zone *zone;
	struct memory_block *block;

	for (block = memory->blocks; block < memory->blocks + memory->count; block++)
		for (zone = map->zones; zone < map->zones + map->nr_zones; zone++)
			if (zone->node == block->node && !strcmp(zone->name, block->zone))
				weigh(block, memory->block_size, map, zone);
}

bool memory_is_movable(const struct memory_block *block)
{
	return !strcmp(block->zone, "Movable");
}

static bool on_node(const struct memory_block *block, int node)
{
	return node < 0 || block->node == node;
}

/* What is online on a node, or on all if @node is -1: in ZONE_MOVABLE or in kernel zones. */
__u64 memory_bytes(const struct memory *memory, int node, bool movable)
{
	const struct memory_block *block;
	__u64 bytes = 0;

	for (block = memory->blocks; block < memory->blocks + memory->count; block++)
		if (block->zone[0] && on_node(block, node) && memory_is_movable(block) == movable)
			bytes += memory->block_size;
	return bytes;
}

/*
 * How large ZONE_MOVABLE of all nodes can become: page tables, slabs and pages that are
 * pinned for long must find room elsewhere, whatever the node.
 */
__u64 memory_limit(const struct memory *memory)
{
	__u64 all = memory_bytes(memory, -1, true) + memory_bytes(memory, -1, false);
	__u64 limit = all / 2;

	if (all - limit < KERNEL_MIN)
		limit = all > KERNEL_MIN ? all - KERNEL_MIN : 0;
	return limit / memory->block_size * memory->block_size;
}

static bool is_candidate(const struct memory_block *block, int node)
{
	return block->zone[0] && strcmp(block->zone, "none") && !memory_is_movable(block) &&
		!block->stuck && !block->err && on_node(block, node);
}

/* Is ZONE_MOVABLE of the same node next to the block? */
static bool adjoins(const struct memory *memory, const struct memory_block *block)
{
	const struct memory_block *end = memory->blocks + memory->count;
	__u64 size = memory->block_size;

	return (block > memory->blocks && block[-1].addr + size == block->addr &&
		block[-1].node == block->node && memory_is_movable(block - 1)) ||
		(block + 1 < end && block->addr + size == block[1].addr &&
		 block[1].node == block->node && memory_is_movable(block + 1));
}

/* What is below is left to devices with 32-bit DMA if possible. */
static bool is_high(const struct memory_block *block)
{
	return block->addr >= MAP_4G;
}

/* Of each block, how many neighbours could be in ZONE_MOVABLE; no more than are wanted. */
static void count_runs(const struct memory *memory, int node)
{
	struct memory_block *block = memory->blocks, *end = block + memory->count, *last;
	size_t run;

	for (; block < end; block = last) {
		last = block + 1;
		block->run = 0;
		if (!memory_is_movable(block) && !is_candidate(block, node))
			continue;
		while (last < end && last[-1].addr + memory->block_size == last->addr &&
		       last->node == block->node &&
		       (memory_is_movable(last) || is_candidate(last, node)))
			last++;
		run = last - block;
		if (run > memory->wanted)
			run = memory->wanted;
		while (block < last)
			block++->run = run;
	}
}

static bool better(const struct memory *memory, const struct memory_block *a,
		   const struct memory_block *b)
{
	bool high = is_high(a), near = adjoins(memory, a);

	if (high != is_high(b))
		return high;
	if (a->run != b->run)
		return a->run > b->run;
	if (near != adjoins(memory, b))
		return near;
	if (a->cost != b->cost)
		return a->cost < b->cost;
	return a->addr > b->addr;
}

/*
 * Return: the block of a node, or of any if @node is -1, that should become movable next:
 * one above 4 GiB; then one with enough neighbours for all that is wanted, and one next to
 * ZONE_MOVABLE, for a buffer does not go across zones; then the one that is cheapest to empty.
 * NULL if there is none.
 */
struct memory_block *memory_choose(const struct memory *memory, int node)
{
	struct memory_block *block, *best = NULL;

	count_runs(memory, node);
	for (block = memory->blocks; block < memory->blocks + memory->count; block++)
		if (is_candidate(block, node) && (!best || better(memory, block, best)))
			best = block;
	return best;
}
