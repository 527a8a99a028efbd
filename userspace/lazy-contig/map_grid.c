// SPDX-License-Identifier: GPL-2.0
/* Memory as rows of cells. Rows of a zone without any memory of it are left out. */
#include "map.h"

static __u64 row_bytes(const struct map_grid *grid)
{
	return grid->cell * grid->columns;
}

/*
 * The first row of the zone at *@addr or above; *@addr becomes its address.
 * Return: false if there is none.
 */
static bool next_row(const struct map *map, const struct map_zone *zone,
		     const struct map_grid *grid, __u64 *addr)
{
	size_t i = map_run_at(map, zone, *addr);

	if (i == zone->last)
		return false;
	if (map->runs[i].addr > *addr)
		*addr = map->runs[i].addr;
	*addr &= ~(row_bytes(grid) - 1);
	return true;
}

static int count_rows(const struct map *map, const struct map_grid *grid)
{
	int rows = 0;
	__u64 addr;
	size_t i;

	for (i = 0; i < map->nr_zones; i++)
		for (addr = 0; next_row(map, &map->zones[i], grid, &addr);
		     addr += row_bytes(grid))
			rows++;
	return rows;
}

/* The smallest cells, from a pageblock on, with which all zones fit, each in one row at least. */
struct map_grid map_grid_fit(const struct map *map, int columns, int rows)
{
	struct map_grid grid = { .cell = map->block, .columns = MAP_MAX_COLUMNS };

	if (rows < (int)map->nr_zones)
		rows = map->nr_zones;
	while (grid.columns > columns && grid.columns > 1)
		grid.columns /= 2;
	while (count_rows(map, &grid) > rows)
		grid.cell *= 2;
	return grid;
}

/* The state that most of the zone's memory in a cell is in, MAP_STATES if it has none. */
static enum map_state cell_state(const struct map *map, const struct map_zone *zone,
				 __u64 addr, __u64 end)
{
	enum map_state state, most = MAP_STATES;
	__u64 bytes[MAP_STATES + 1] = { };
	const struct map_run *run;
	size_t i;

	for (i = map_run_at(map, zone, addr); i < zone->last; i++) {
		run = &map->runs[i];
		if (run->addr >= end)
			break;
		bytes[run->state] += (run->end < end ? run->end : end) -
			(run->addr > addr ? run->addr : addr);
	}
	for (state = 0; state < MAP_STATES; state++)
		if (bytes[state] > bytes[most])
			most = state;
	return most;
}

/*
 * Sets the cells of the first row of the zone at *@addr or above; *@addr becomes its
 * address. Return: false if there is none.
 */
bool map_grid_row(const struct map *map, const struct map_zone *zone,
		  const struct map_grid *grid, __u64 *addr, enum map_state *cells)
{
	__u64 at;
	int i;

	if (!next_row(map, zone, grid, addr))
		return false;
	for (i = 0; i < grid->columns; i++) {
		at = *addr + i * grid->cell;
		cells[i] = cell_state(map, zone, at, at + grid->cell);
	}
	return true;
}
