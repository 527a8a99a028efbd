// SPDX-License-Identifier: GPL-2.0
/* Printing the map as text. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "map.h"

#define COLUMNS		80
#define LINES		24
#define PER_LINE	3	/* states in a line of the legend */
#define MARK		"*"

struct screen {
	int columns, lines;
	bool colours;
};

static int number_from_env(const char *name, int otherwise)
{
	const char *text = getenv(name);
	__u64 number;

	return text && !parse_number(text, 10000, &number) && number ? (int)number : otherwise;
}

static struct screen screen_of_stdout(void)
{
	struct screen screen = { COLUMNS, LINES, false };
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return screen;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		screen.columns = size.ws_col;
		screen.lines = size.ws_row;
	}
	screen.columns = number_from_env("COLUMNS", screen.columns);
	screen.lines = number_from_env("LINES", screen.lines);
	screen.colours = !(off && *off) && term && strcmp(term, "dumb");
	return screen;
}

/* Is a part of this the place of --for? */
bool map_marked(const struct map_view *view, const struct map_zone *zone, __u64 addr, __u64 size)
{
	const struct map_place *place = &view->place;

	return place->zone == zone && !place->blocking && addr < place->addr + place->size &&
		place->addr < addr + size;
}

/* SGR 0 resets, 7 is reverse video. Only changes are printed. */
static void set_colour(const struct screen *screen, int *colour, int wanted)
{
	if (screen->colours && *colour != wanted)
		printf(wanted ? "\033[0;%dm" : "\033[%dm", wanted);
	*colour = wanted;
}

static void print_row(const struct map_view *view, const struct map_zone *zone,
		      const struct screen *screen, const struct map_grid *grid, __u64 addr,
		      const enum map_state *cells)
{
	int i, colour = 0, count = grid->columns;

	while (cells[count - 1] == MAP_STATES)
		count--;
	for (i = 0; i < count; i++) {
		if (cells[i] == MAP_STATES) {
			set_colour(screen, &colour, 0);
			putchar(' ');
		} else if (map_marked(view, zone, addr + i * grid->cell, grid->cell)) {
			set_colour(screen, &colour, 7);
			fputs(MARK, stdout);
		} else {
			set_colour(screen, &colour, map_states[cells[i]].colour);
			putchar(map_states[cells[i]].letter);
		}
	}
	set_colour(screen, &colour, 0);
	putchar('\n');
}

static void print_zone(const struct map_view *view, const struct map_zone *zone,
		       const struct screen *screen, const struct map_grid *grid, int width)
{
	const struct map_run *runs = view->map->runs;
	struct map_place largest = map_largest(view->map, zone, ~(__u64)0, 0);
	enum map_state cells[MAP_MAX_COLUMNS];
	__u64 addr, size = 0;
	char total[32], cell[32], most[32];
	size_t i;

	for (i = zone->first; i < zone->last; i++)
		size += runs[i].end - runs[i].addr;
	format_size(size, total, sizeof(total));
	format_size(grid->cell, cell, sizeof(cell));
	format_size(largest.size, most, sizeof(most));
	printf("Node %d %s: 0x%llx-0x%llx, %s, %s a cell, ", zone->node, zone->name,
	       runs[zone->first].addr, runs[zone->last - 1].end - 1, total, cell);
	if (zone->used)
		printf("largest %s\n", largest.size ? most : "none");
	else
		puts("not used");
	for (addr = 0; map_grid_row(view->map, zone, grid, &addr, cells);
	     addr += grid->cell * grid->columns) {
		printf("0x%0*llx ", width, addr);
		print_row(view, zone, screen, grid, addr, cells);
	}
}

static int count_states(const struct map *map)
{
	int state, count = 0;

	for (state = 0; state < MAP_STATES; state++)
		count += map->totals[state] > 0;
	return count;
}

static void print_legend(const struct map *map, const struct screen *screen)
{
	int state, colour = 0, count = 0, all = count_states(map);
	char size[32];

	for (state = 0; state < MAP_STATES; state++) {
		if (!map->totals[state])
			continue;
		format_size(map->totals[state], size, sizeof(size));
		set_colour(screen, &colour, map_states[state].colour);
		putchar(map_states[state].letter);
		set_colour(screen, &colour, 0);
		printf(" %-10s ", map_states[state].name);
		if (++count % PER_LINE && count < all)
			printf("%-13s", size);
		else
			puts(size);
	}
}

static void print_place(const struct map_place *place)
{
	char size[32];

	format_size(place->size, size, sizeof(size));
	fputs(place->size ? size : "none", stdout);
	if (place->size)
		printf(" at 0x%llx", place->addr);
}

static bool first_of_node(const struct map *map, size_t i)
{
	return !i || map->zones[i].node != map->zones[i - 1].node;
}

/* The first two heaps have what their nodes have, and what is below 4 GiB. */
#define SAME_HEAPS	2

static void print_largest(const struct map_view *view)
{
	const struct map *map = view->map;
	struct map_place all, low;
	size_t i;

	for (i = 0; i < map->nr_zones; i++) {
		if (!first_of_node(map, i))
			continue;
		all = map_largest_of_node(map, map->zones[i].node, ~(__u64)0);
		low = map_largest_of_node(map, map->zones[i].node, MAP_4G);
		printf("Largest buffer of node %d: ", map->zones[i].node);
		print_place(&all);
		fputs("; below 4 GiB: ", stdout);
		print_place(&low);
		putchar('\n');
	}
	for (i = SAME_HEAPS; i < view->heaps.count; i++) {
		all = map_largest_of_heap(map, &view->heaps.heaps[i]);
		printf("Largest buffer of heap %s: ", view->heaps.heaps[i].name);
		print_place(&all);
		putchar('\n');
	}
}

/* @mark: what stands behind the address of the place */
void map_print_request(const struct map_view *view, const char *mark)
{
	const struct map_place *place = &view->place;
	struct map_run runs[MAP_MAX_BLOCKING];
	size_t i, count = map_blocking(view->map, place, runs);
	char size[32], part[32];

	format_size(view->size, size, sizeof(size));
	if (!place->zone) {
		printf("No place for %s: no zone has so much in one piece, within the limits.\n",
		       size);
		return;
	}
	if (!place->blocking) {
		printf("%s would be taken at 0x%llx%s, node %d %s, cost %llu\n", size,
		       place->addr, mark, place->zone->node, place->zone->name, place->cost);
		return;
	}
	format_size(place->blocking, part, sizeof(part));
	printf("No place for %s. Least is in the way at 0x%llx, node %d %s: %s\n", size,
	       place->addr, place->zone->node, place->zone->name, part);
	for (i = 0; i < count; i++) {
		format_size(runs[i].end - runs[i].addr, part, sizeof(part));
		printf("  0x%llx %s %s\n", runs[i].addr, part, map_states[runs[i].state].name);
	}
}

/* Lines besides those of cells: headers, legend, largest buffers, --for and the prompt. */
static int other_lines(const struct map_view *view)
{
	struct map_run runs[MAP_MAX_BLOCKING];
	int lines = 1 + view->map->nr_zones;
	size_t i;

	lines += (count_states(view->map) + PER_LINE - 1) / PER_LINE;
	for (i = 0; i < view->map->nr_zones; i++)
		lines += first_of_node(view->map, i);
	if (view->heaps.count > SAME_HEAPS)
		lines += view->heaps.count - SAME_HEAPS;
	if (view->size)
		lines += 1 + map_blocking(view->map, &view->place, runs);
	return lines;
}

void map_print(const struct map_view *view)
{
	const struct map *map = view->map;
	struct screen screen = screen_of_stdout();
	struct map_grid grid;
	__u64 top = 0;
	int width;
	size_t i;

	for (i = 0; i < map->nr_zones; i++)
		if (map->runs[map->zones[i].last - 1].end > top)
			top = map->runs[map->zones[i].last - 1].end;
	width = snprintf(NULL, 0, "%llx", top - 1);
	grid = map_grid_fit(map, screen.columns - width - 3, screen.lines - other_lines(view));
	for (i = 0; i < map->nr_zones; i++)
		print_zone(view, &map->zones[i], &screen, &grid, width);
	print_legend(map, &screen);
	print_largest(view);
	if (view->size)
		map_print_request(view, " (" MARK ")");
	fflush(stdout);
}
