// SPDX-License-Identifier: GPL-2.0
/* Reading what the module knows of each pageblock, see lazy_contig(4). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "table.h"

const struct map_state_info map_states[MAP_STATES] = {
	[MAP_FREE] = { "free", '.', 32, "#c8e6c9" },
	[MAP_MOVABLE] = { "movable", 'm', 36, "#64b5f6" },
	[MAP_POOL] = { "pool", 'o', 92, "#66bb6a" },
	[MAP_BUFFER] = { "buffer", 'B', 34, "#3949ab" },
	[MAP_RESERVE] = { "reserve", 'R', 94, "#9575cd" },
	[MAP_UNMOVABLE] = { "unmovable", '#', 31, "#c62828" },
	[MAP_PINNED] = { "pinned", 'p', 91, "#ff7043" },
	[MAP_BUSY] = { "busy", 'b', 33, "#ffd54f" },
	[MAP_CMA] = { "cma", 'c', 35, "#f06292" },
	[MAP_ISOLATED] = { "isolated", 'i', 95, "#8d6e63" },
	[MAP_HIGHATOMIC] = { "highatomic", 'h', 93, "#afb42b" },
	[MAP_OFFLINE] = { "offline", 'x', 90, "#9e9e9e" },
	[MAP_OTHER] = { "other", '?', 37, "#424242" },
};

static enum map_state state_of(const char *name)
{
	enum map_state state = MAP_FREE;

	while (state < MAP_OTHER && strcmp(name, map_states[state].name))
		state++;
	return state;
}

/* Makes room for one more element. Return: the array, or NULL; @array is still valid then. */
static void *grow(void *array, size_t count, size_t size)
{
	/* powers of two, so that the array is seldom copied */
	return count & (count - 1) ? array : reallocarray(array, count ? 2 * count : 1, size);
}

static int add_zone(struct map *map, int node, const char *name, bool zone_movable)
{
	struct map_zone *zones = grow(map->zones, map->nr_zones, sizeof(*zones));
	struct map_zone *zone;

	if (!zones)
		return -ENOMEM;
	map->zones = zones;
	zone = &zones[map->nr_zones++];
	*zone = (struct map_zone){ .node = node, .first = map->count, .last = map->count };
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	zone->used = zone_movable || strcmp(name, "Movable");
	return 0;
}

/* Return: as map_read() */
static int add_run(struct map *map, const struct table *line, bool zone_movable)
{
	const char *name = table_text(line, "zone");
	int node = table_number(line, "node"), err;
	struct map_zone *zone = map->zones + map->nr_zones - 1;
	struct map_run *runs, *run;

	if (!map->nr_zones || zone->node != node || strcmp(zone->name, name)) {
		err = add_zone(map, node, name, zone_movable);
		if (err)
			return err;
		zone = map->zones + map->nr_zones - 1;
	}
	runs = grow(map->runs, map->count, sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	map->runs = runs;
	run = &runs[map->count++];
	*run = (struct map_run){
		.addr = table_number(line, "address"),
		.cost = table_number(line, "cost"),
		.idle = table_number(line, "idle"),
		.state = state_of(table_text(line, "state")),
	};
	run->end = run->addr + table_number(line, "bytes");
	if (!run->addr && map->count > 1)
		return -EPERM;
	if (run->end <= run->addr || (zone->last != zone->first && run->addr < run[-1].end))
		return -EINVAL;
	zone->last = map->count;
	return 0;
}

/* The sums that depend on all runs. */
static void add_up(struct map *map)
{
	__u64 cost = 0, blocking = 0, size;
	struct map_run *run;

	memset(map->totals, 0, sizeof(map->totals));
	for (run = map->runs; run < map->runs + map->count; run++) {
		size = run->end - run->addr;
		run->cost_before = cost;
		run->blocking_before = blocking;
		cost += run->cost;
		if (!map_usable(run->state))
			blocking += size;
		map->totals[run->state] += size;
	}
}

/* Every line is a number of whole pageblocks: the lowest bit that is set in any. */
static __u64 block_size(const struct map *map)
{
	__u64 bits = 0;
	size_t i;

	for (i = 0; i < map->count; i++)
		bits |= map->runs[i].addr | map->runs[i].end;
	return bits & -bits;
}

/*
 * Reads all lines; map_free() is needed in any case.
 * @zone_movable: whether the module uses ZONE_MOVABLE
 * Return: 0; -ENOMEM; -EPERM if addresses are hidden; -EINVAL if @file has another format.
 */
int map_read(FILE *file, bool zone_movable, struct map *map)
{
	struct table table;
	int err = 0;

	*map = (struct map){ };
	table_begin(&table, file);
	while (!err && table_next(&table))
		err = add_run(map, &table, zone_movable);
	if (err)
		return err;
	map->block = block_size(map);
	if (!map->block)
		return -EINVAL;
	add_up(map);
	return 0;
}

/* Does the module use ZONE_MOVABLE? */
static bool uses_movable(void)
{
	char text[16];

	return file_read_line(MODULE_SYSFS "/parameters/zone_movable", text, sizeof(text)) ||
		strcmp(text, "N");
}

/* Reads what the module knows now. Return: as map_read(), or -errno of opening the file. */
int map_load(struct map *map)
{
	FILE *file = fopen(MAP_BLOCKS, "re");
	int err;

	*map = (struct map){ };
	if (!file)
		return -errno;
	err = map_read(file, uses_movable(), map);
	fclose(file);
	return err;
}

/* Leaves the part of a run from @start to before @end. Return: false if that is nothing. */
static bool clip(struct map_run *run, __u64 start, __u64 end, __u64 block)
{
	__u64 all = (run->end - run->addr) / block, rest;

	if (run->addr < start)
		run->addr = start;
	if (run->end > end)
		run->end = end;
	if (run->addr >= run->end)
		return false;
	rest = (run->end - run->addr) / block;
	if (rest != all) {
		run->cost = run->cost / all * rest;
		run->idle = run->idle / all * rest;
	}
	return true;
}

/*
 * Leaves the pageblocks of a node, unless it is -1, and of a zone, unless it is NULL, that
 * lie wholly between two addresses.
 * @max_addr: of the last byte; 0: no limit
 */
void map_select(struct map *map, int node, const char *name, __u64 min_addr, __u64 max_addr)
{
	__u64 mask = ~(map->block - 1);
	__u64 start = min_addr & ~mask ? (min_addr & mask) + map->block : min_addr;
	__u64 end = max_addr && max_addr + 1 ? (max_addr + 1) & mask : ~(__u64)0;
	size_t i, j, first, runs = 0, zones = 0;
	struct map_zone zone;

	for (i = 0; i < map->nr_zones; i++) {
		zone = map->zones[i];
		first = runs;
		if ((node >= 0 && zone.node != node) || (name && strcmp(zone.name, name)))
			continue;
		for (j = zone.first; j < zone.last; j++) {
			map->runs[runs] = map->runs[j];
			runs += clip(&map->runs[runs], start, end, map->block);
		}
		if (runs == first)
			continue;
		zone.first = first;
		zone.last = runs;
		map->zones[zones++] = zone;
	}
	map->count = runs;
	map->nr_zones = zones;
	add_up(map);
}

void map_free(struct map *map)
{
	free(map->runs);
	free(map->zones);
}
