// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: map: cells, totals, the largest buffer, also of each heap, the place of a
 *   request and what is in its way
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lazy-contig/map.h"
#include "tap.h"

#define M	((__u64)1 << 20)
#define G	((__u64)1 << 30)
#define HEADER	"address\tbytes\tnode\tzone\tstate\tcost\tidle\n"

/* A pageblock is 2 MiB. Normal has a gap from 5 GiB + 8 MiB to 5 GiB + 16 MiB. */
static const char machine[] =
	HEADER
	"0x0\t16777216\t0\tDMA\tunmovable\t0\t0\n"
	"0x1000000\t16777216\t0\tDMA32\tfree\t0\t0\n"
	"0x2000000\t2097152\t0\tDMA32\tpinned\t10\t0\n"
	"0x2200000\t4194304\t0\tDMA32\tmovable\t800\t4096\n"
	"0x100000000\t4194304\t0\tNormal\tpool\t0\t4194304\n"
	"0x100400000\t4194304\t0\tNormal\tunmovable\t0\t0\n"
	"0x100800000\t8388608\t0\tNormal\tmovable\t4000\t0\n"
	"0x101000000\t2097152\t0\tNormal\tcma\t0\t0\n"
	"0x101200000\t6291456\t0\tNormal\tfree\t0\t0\n"
	"0x140000000\t8388608\t0\tNormal\tbuffer\t0\t0\n"
	"0x141000000\t16777216\t0\tNormal\tlater\t0\t0\n"
	"0x200000000\t4194304\t0\tMovable\tfree\t0\t0\n"
	"0x300000000\t33554432\t1\tNormal\toffline\t0\t0\n"
	"0x302000000\t2097152\t1\tNormal\tmovable\t7\t0\n";

static int read_text(const char *text, bool zone_movable, struct map *map)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int err;

	if (!file)
		bail("fmemopen");
	err = map_read(file, zone_movable, map);
	fclose(file);
	return err;
}

static void read_machine(struct map *map, bool zone_movable, int node, __u64 min, __u64 max)
{
	if (read_text(machine, zone_movable, map))
		bail("the machine cannot be read");
	map_select(map, node, NULL, min, max);
}

static void test_read(void)
{
	struct map map;

	read_machine(&map, true, -1, 0, 0);
	ok(map.count == 14 && map.nr_zones == 5 && map.block == 2 * M,
	   "all lines and zones, and the size of a pageblock");
	ok(map.totals[MAP_FREE] == 26 * M && map.totals[MAP_POOL] == 4 * M &&
	   map.totals[MAP_OTHER] == 16 * M && map.totals[MAP_OFFLINE] == 32 * M &&
	   !map.totals[MAP_BUSY], "totals, also of a state that is not known");
	map_free(&map);

	ok(read_text("", true, &map) == -EINVAL, "an empty file");
	map_free(&map);
	ok(read_text(HEADER "0x0\t2097152\t0\tDMA\tfree\t0\t0\n0x0\t2097152\t0\tDMA\tpool\t0\t0\n",
		     true, &map) == -EPERM, "hidden addresses");
	map_free(&map);
	ok(read_text(HEADER "0x800000\t4194304\t0\tDMA\tfree\t0\t0\n"
		     "0x400000\t2097152\t0\tDMA\tpool\t0\t0\n", true, &map) == -EINVAL,
	   "lines that are not in order");
	map_free(&map);
	ok(!read_text("state\tzone\tnew\tbytes\taddress\tnode\n"
		      "free\tDMA\t1\t2097152\t0x200000\t3\nbroken\n", true, &map) &&
	   map.count == 1 && map.runs[0].addr == 2 * M && map.zones[0].node == 3,
	   "columns are found by name, a broken line is skipped");
	map_free(&map);
}

static void test_select(void)
{
	struct map map;

	read_machine(&map, true, 1, 0, 0);
	ok(map.nr_zones == 1 && map.count == 2 && !map.totals[MAP_FREE], "one node");
	map_free(&map);
	read_machine(&map, true, -1, 4 * G + 8 * M + 1, 4 * G + 16 * M + 1);
	ok(map.count == 1 && map.runs[0].addr == 4 * G + 10 * M &&
	   map.runs[0].end == 4 * G + 16 * M && map.runs[0].cost == 3000,
	   "whole pageblocks between two addresses, with their part of the cost");
	map_free(&map);
	read_machine(&map, true, -1, 0, 4 * G);
	ok(map.nr_zones == 2 && map.count == 4, "4G is the end of what is below 4 GiB");
	map_free(&map);
	read_machine(&map, true, -1, 0, 36 * M - 1);
	ok(map.nr_zones == 2 && map.runs[3].end == 36 * M, "the last address is included");
	map_free(&map);
	if (read_text(machine, true, &map))
		bail("the machine cannot be read");
	map_select(&map, -1, "Normal", 0, 0);
	ok(map.nr_zones == 2 && map.count == 9 && !strcmp(map.zones[0].name, "Normal") &&
	   map.zones[1].node == 1, "one zone, of all nodes");
	map_free(&map);
	read_machine(&map, true, -1, 10 * G, 11 * G);
	ok(!map.count && !map.nr_zones, "addresses without memory");
	map_free(&map);
}

static void test_largest(void)
{
	struct map_place place;
	struct map map;

	read_machine(&map, true, -1, 0, 0);
	place = map_largest(&map, &map.zones[0], ~(__u64)0, 0);
	ok(!place.size && !place.zone, "none in a zone without a place");
	place = map_largest(&map, &map.zones[2], ~(__u64)0, 0);
	ok(place.size == 8 * M && place.addr == 4 * G + 8 * M, "the largest of a zone");
	place = map_largest_of_node(&map, 0, ~(__u64)0);
	ok(place.size == 16 * M && place.addr == 16 * M, "the largest of a node");
	place = map_largest_of_node(&map, 0, 20 * M);
	ok(place.size == 4 * M && place.addr == 16 * M, "the largest below an address");
	place = map_largest_of_node(&map, 1, MAP_4G);
	ok(!place.size, "none of a node that is above");
	map_free(&map);
}

static void test_heaps(void)
{
	static const struct {
		struct heap heap;
		__u64 addr, size;
	} cases[] = {
		{ { "any", "" }, 16 * M, 16 * M },
		{ { "low", "align=1M:below=20M" }, 16 * M, 4 * M },
		{ { "high", "above=4G" }, 4 * G + 8 * M, 8 * M },
		{ { "node", "node=1:iomem=a" }, 12 * G + 32 * M, 2 * M },
		{ { "top", "above=8G:node=0" }, 8 * G, 4 * M },
		{ { "pinned", "above=8G:node=0:pinnable" }, 0, 0 },
		{ { "aligned", "align=1G:above=4G" }, 8 * G, 4 * M },
		{ { "none", "below=1M" }, 0, 0 },
	};
	struct map_place place;
	struct map map;
	size_t i;

	read_machine(&map, true, -1, 0, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		place = map_largest_of_heap(&map, &cases[i].heap);
		if (!ok(place.addr == cases[i].addr && place.size == cases[i].size,
			"the largest of heap %s, %s", cases[i].heap.name,
			cases[i].heap.properties))
			diag("is %llu bytes at %#llx", place.size, place.addr);
	}
	ok(map.count == 14 && map.nr_zones == 5, "the map is as it was");
	map_free(&map);
}

/* The place of @size is in this zone, at @addr. */
static void finds_aligned(const struct map *map, __u64 size, __u64 align, const char *zone,
			  __u64 addr, __u64 cost, const char *what)
{
	struct map_place place = map_find(map, size, align);

	if (!ok(place.zone && !strcmp(place.zone->name, zone) && place.addr == addr &&
		place.cost == cost && !place.blocking, "%s", what))
		diag("is %s at %#llx, cost %llu, blocking %llu",
		     place.zone ? place.zone->name : "nowhere", place.addr, place.cost,
		     place.blocking);
}

static void finds(const struct map *map, __u64 size, const char *zone, __u64 addr, __u64 cost,
		  const char *what)
{
	finds_aligned(map, size, 0, zone, addr, cost, what);
}

static void test_align(void)
{
	struct map_place place;
	struct map map;

	read_machine(&map, true, -1, 0, 4 * G + 32 * M);
	finds_aligned(&map, 2 * M, 8 * M, "Normal", 4 * G, 0, "an aligned place");
	finds_aligned(&map, 6 * M, 8 * M, "Normal", 4 * G + 8 * M, 3000, "of all that cost more");
	finds_aligned(&map, 4 * M, 16 * M, "Normal", 4 * G, 0, "at the start of a run");
	finds_aligned(&map, 12 * M, 16 * M, "DMA32", 16 * M, 0, "in another zone");
	place = map_find(&map, 4 * M, G);
	ok(place.addr == 4 * G && !place.blocking, "on a GiB");
	place = map_find(&map, 8 * M, G);
	ok(place.addr == 4 * G && place.blocking == 4 * M, "what is in the way there");
	place = map_largest(&map, &map.zones[2], ~(__u64)0, 4 * M);
	ok(place.addr == 4 * G + 8 * M && place.size == 8 * M, "the largest that is aligned");
	place = map_largest(&map, &map.zones[2], ~(__u64)0, 16 * M);
	ok(place.addr == 4 * G && place.size == 4 * M, "or begins later");
	map_free(&map);
}

static void test_limit(void)
{
	const struct map_limits limits = { .node = 0, .pinnable = true, .above = 4 * G };
	struct map map;

	read_machine(&map, true, -1, 0, 0);
	map_limit(&map, &limits);
	ok(map.nr_zones == 2 && map.zones[0].used && !map.zones[1].used,
	   "limits: one node, from an address on, ZONE_MOVABLE not used");
	finds(&map, 4 * M, "Normal", 4 * G, 0, "a place within them");
	map_free(&map);
}

static void test_find(void)
{
	struct map map;

	read_machine(&map, true, -1, 0, 0);
	finds(&map, 4 * M, "Movable", 8 * G, 0, "ZONE_MOVABLE first");
	finds(&map, 6 * M, "Normal", 4 * G + 18 * M, 0, "then Normal, at the least cost");
	finds(&map, 8 * M, "Normal", 4 * G + 8 * M, 4000, "however much it costs");
	finds(&map, 10 * M, "DMA32", 22 * M, 0, "then DMA32, from the top");
	map_free(&map);
	read_machine(&map, false, -1, 0, 0);
	finds(&map, 4 * M, "Normal", 4 * G, 0, "ZONE_MOVABLE unused, a place that fits exactly");
	ok(!map_largest(&map, &map.zones[3], ~(__u64)0, 0).size, "and no largest buffer there");
	map_free(&map);
	read_machine(&map, true, 1, 0, 0);
	finds(&map, 2 * M, "Normal", 12 * G + 32 * M, 7, "the node that is asked for");
	map_free(&map);
	read_machine(&map, true, -1, 0, 36 * M);
	finds(&map, 2 * M, "DMA32", 34 * M, 400, "rather an exact fit than a cut");
	map_free(&map);
}

static void test_blocking(void)
{
	struct map_run runs[MAP_MAX_BLOCKING];
	struct map_place place;
	struct map map;
	char text[4096] = HEADER;
	size_t len;
	int i;

	read_machine(&map, true, -1, 0, 0);
	place = map_find(&map, 20 * M, 0);
	ok(place.zone && place.addr == 16 * M && place.blocking == 2 * M && place.cost == 410,
	   "the place with the fewest bytes in the way");
	ok(map_blocking(&map, &place, runs) == 1 && runs[0].addr == 32 * M &&
	   runs[0].end == 34 * M && runs[0].state == MAP_PINNED, "and what is in the way");
	place = map_find(&map, 24 * M, 0);
	ok(place.addr == 4 * G && place.blocking == 6 * M && map_blocking(&map, &place, runs) == 2,
	   "a place does not go across a gap or a zone");
	place = map_find(&map, 64 * M, 0);
	ok(!place.zone && !map_blocking(&map, &place, runs), "more than is in one piece");
	map_free(&map);

	for (i = 0; i < 20; i++) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%#llx\t2097152\t0\tNormal\t%s\t0\t0\n",
			 G + i * 2 * M, i % 2 ? "busy" : "free");
	}
	if (read_text(text, true, &map))
		bail("20 pageblocks cannot be read");
	place = map_find(&map, 40 * M, 0);
	ok(place.blocking == 20 * M && map_blocking(&map, &place, runs) == MAP_MAX_BLOCKING &&
	   runs[7].addr == G + 30 * M, "at most eight are listed");
	map_free(&map);
}

static void test_grid(void)
{
	enum map_state cells[MAP_MAX_COLUMNS];
	struct map_grid grid;
	__u64 addr = 0;
	struct map map;

	read_machine(&map, true, -1, 0, 0);
	grid = map_grid_fit(&map, 70, 24);
	ok(grid.columns == 64 && grid.cell == 2 * M, "cells of a pageblock if all rows fit");
	grid = map_grid_fit(&map, 8, 8);
	ok(grid.columns == 8 && grid.cell == 4 * M, "larger ones if not");
	grid = map_grid_fit(&map, 64, 1);
	ok(grid.cell == 32 * M, "a row for each zone at least");

	grid = (struct map_grid){ .cell = 4 * M, .columns = 4 };
	ok(map_grid_row(&map, &map.zones[2], &grid, &addr, cells) && addr == 4 * G &&
	   cells[0] == MAP_POOL && cells[1] == MAP_UNMOVABLE && cells[2] == MAP_MOVABLE &&
	   cells[3] == MAP_MOVABLE, "the first row of a zone");
	addr += 16 * M;
	ok(map_grid_row(&map, &map.zones[2], &grid, &addr, cells) && cells[0] == MAP_FREE &&
	   cells[1] == MAP_FREE && cells[2] == MAP_STATES, "the next, to where memory ends");
	addr += 16 * M;
	ok(map_grid_row(&map, &map.zones[2], &grid, &addr, cells) && addr == 5 * G,
	   "rows without memory are left out");
	addr += 32 * M;
	ok(!map_grid_row(&map, &map.zones[2], &grid, &addr, cells), "the end");

	grid.cell = 16 * M;
	addr = 0;
	map_grid_row(&map, &map.zones[2], &grid, &addr, cells);
	ok(cells[0] == MAP_MOVABLE && cells[1] == MAP_FREE, "a cell is what most of it is");
	map_free(&map);
}

static void test_svg(void)
{
	struct map_view view = { .size = 4 * M };
	char *text = NULL;
	struct map map;
	size_t len;
	FILE *file;

	read_machine(&map, true, -1, 0, 0);
	view.map = &map;
	view.place = map_find(&map, view.size, 0);
	file = open_memstream(&text, &len);
	ok(file && !map_print_svg(&view, file) && !fclose(file), "an SVG image");
	ok(strstr(text, "Node 1 Normal: 0x300000000") && strstr(text, ">pinned 2 MiB<") &&
	   strstr(text, "4 MiB would be taken at 0x200000000"), "with zones, legend and request");
	ok(strstr(text, "stroke=") && !strcmp(text + len - 7, "</svg>\n"), "which is marked");
	free(text);
	map_free(&map);
}

int main(void)
{
	test_read();
	test_select();
	test_largest();
	test_heaps();
	test_find();
	test_align();
	test_limit();
	test_blocking();
	test_grid();
	test_svg();
	return tap_done();
}
