/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of the machine, as lazy-contig map shows it. */
#ifndef MAP_H
#define MAP_H

#include "cli.h"

#define MAP_BLOCKS	DEBUGFS "/lazy_contig/blocks"
#define MAP_4G		((__u64)1 << 32)
#define MAP_MAX_NODE	1023

/* States of pageblocks; map_read.c has their names. */
enum map_state {
	MAP_FREE,
	MAP_MOVABLE,
	MAP_POOL,		/* a new buffer can use these and those before */
	MAP_BUFFER,
	MAP_RESERVE,
	MAP_UNMOVABLE,
	MAP_PINNED,
	MAP_BUSY,
	MAP_CMA,
	MAP_ISOLATED,
	MAP_HIGHATOMIC,
	MAP_OFFLINE,
	MAP_OTHER,		/* of a later module */
	MAP_STATES,		/* also: no memory */
};

struct map_state_info {
	const char *name;
	char letter;
	unsigned char colour;	/* foreground, of SGR */
	const char *fill;	/* in SVG */
};

extern const struct map_state_info map_states[MAP_STATES];

/* Neighbouring pageblocks in the same state. */
struct map_run {
	__u64 addr, end;
	__u64 cost;		/* of moving all pages away */
	__u64 idle;		/* bytes in the pool */
	enum map_state state;
	__u64 cost_before, blocking_before;	/* sums of the runs before */
};

struct map_zone {
	int node;
	char name[16];
	bool used;		/* by the module */
	size_t first, last;	/* its runs: from first to before last, by address */
};

struct map {
	struct map_run *runs;
	size_t count;
	struct map_zone *zones;	/* by node and, in it, from the lowest to the highest */
	size_t nr_zones;
	__u64 block;		/* bytes of a pageblock */
	__u64 totals[MAP_STATES];
};

/* map_read.c */
int map_read(FILE *file, bool zone_movable, struct map *map);
int map_load(struct map *map);
void map_select(struct map *map, int node, const char *name, __u64 min_addr, __u64 max_addr);
void map_free(struct map *map);

/*
 * A range of pageblocks. @blocking: bytes of it that a new buffer cannot use.
 * Without a range, @zone is NULL and all else 0.
 */
struct map_place {
	const struct map_zone *zone;
	__u64 addr, size;
	__u64 cost, blocking;
};

/* map_find.c */
bool map_usable(enum map_state state);
size_t map_run_at(const struct map *map, const struct map_zone *zone, __u64 addr);
struct map_place map_largest(const struct map *map, const struct map_zone *zone, __u64 limit,
			     __u64 align);
struct map_place map_largest_of_node(const struct map *map, int node, __u64 limit);
struct map_place map_find(const struct map *map, __u64 size, __u64 align);

#define MAP_MAX_BLOCKING	8

size_t map_blocking(const struct map *map, const struct map_place *place, struct map_run *runs);

/* Placement constraints of a request, or of a heap. 0: none. */
struct map_limits {
	__u64 above, below;
	__u64 align;
	int node;		/* -1: any */
	bool pinnable;
};

/* map_heap.c */
struct map_limits map_limits_of_heap(const struct heap *heap);
void map_limit(struct map *map, const struct map_limits *limits);
struct map_place map_largest_of_heap(const struct map *map, const struct heap *heap);

/* Memory as rows of cells. */
struct map_grid {
	__u64 cell;		/* bytes, a power of two */
	int columns;		/* cells of a row, a power of two */
};

#define MAP_MAX_COLUMNS	256

/* map_grid.c */
struct map_grid map_grid_fit(const struct map *map, int columns, int rows);
bool map_grid_row(const struct map *map, const struct map_zone *zone,
		  const struct map_grid *grid, __u64 *addr, enum map_state *cells);

/* What to print. @size: that of --for, or 0. */
struct map_view {
	const struct map *map;
	struct heaps heaps;
	__u64 size;
	struct map_place place;
};

/* map_find.c */
void map_request(struct map_view *view, __u64 size, __u64 align);

/* map_print.c */
void map_print_request(const struct map_view *view, const char *mark);
bool map_marked(const struct map_view *view, const struct map_zone *zone, __u64 addr, __u64 size);
void map_print(const struct map_view *view);

/* map_json.c */
json_object *map_request_object(const struct map_view *view);
void map_print_json(const struct map_view *view);

/* map_svg.c */
int map_print_svg(const struct map_view *view, FILE *file);

#endif /* MAP_H */
