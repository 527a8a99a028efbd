// SPDX-License-Identifier: GPL-2.0
/* Printing the map as an SVG image that needs no other file. */
#include <errno.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include "map.h"

#define COLUMNS		64
#define ROWS		48
#define CELL		12	/* pixels, of a cell and of a line of text */
#define LINE		18
#define LEFT		130	/* pixels before the cells, for addresses */
#define WIDTH		(LEFT + COLUMNS * CELL + 20)

static void print_text(FILE *file, int x, int y, const char *text)
{
	fprintf(file, "<text x=\"%d\" y=\"%d\">%s</text>\n", x, y, text);
}

/* All but the fill and the end of the element. */
static void begin_rect(FILE *file, int x, int y, int width, int height)
{
	fprintf(file, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" ", x, y, width, height);
}

/* Neighbouring cells in the same state are one rectangle. */
static void print_cells(const struct map_view *view, const struct map_zone *zone,
			const struct map_grid *grid, __u64 addr, const enum map_state *cells,
			int y, FILE *file)
{
	int from, to;

	for (from = 0; from < grid->columns; from = to) {
		for (to = from + 1; to < grid->columns && cells[to] == cells[from]; to++)
			;
		if (cells[from] == MAP_STATES)
			continue;
		begin_rect(file, LEFT + from * CELL, y, (to - from) * CELL, CELL);
		fprintf(file, "fill=\"%s\"><title>0x%llx %s</title></rect>\n",
			map_states[cells[from]].fill, addr + from * grid->cell,
			map_states[cells[from]].name);
	}
	for (from = 0; from < grid->columns; from++) {
		if (cells[from] == MAP_STATES ||
		    !map_marked(view, zone, addr + from * grid->cell, grid->cell))
			continue;
		begin_rect(file, LEFT + from * CELL + 1, y + 1, CELL - 2, CELL - 2);
		fputs("fill=\"none\" stroke=\"#000\" stroke-width=\"2\"/>\n", file);
	}
}

static int print_zone(const struct map_view *view, const struct map_zone *zone,
		      const struct map_grid *grid, int y, FILE *file)
{
	const struct map_run *runs = view->map->runs;
	enum map_state cells[MAP_MAX_COLUMNS];
	char text[128], cell[32];
	__u64 addr;

	format_size(grid->cell, cell, sizeof(cell));
	snprintf(text, sizeof(text), "Node %d %s: 0x%llx-0x%llx, %s a cell", zone->node, zone->name,
		 runs[zone->first].addr, runs[zone->last - 1].end - 1, cell);
	y += LINE;
	print_text(file, 10, y, text);
	y += LINE - CELL;
	for (addr = 0; map_grid_row(view->map, zone, grid, &addr, cells);
	     addr += grid->cell * grid->columns, y += CELL) {
		snprintf(text, sizeof(text), "0x%llx", addr);
		print_text(file, 10, y + CELL - 2, text);
		print_cells(view, zone, grid, addr, cells, y, file);
	}
	return y;
}

/* With totals. Return: where it ends. */
static int print_legend(const struct map_view *view, int y, FILE *file)
{
	char text[128], size[32];
	int state;

	y += LINE;
	for (state = 0; state < MAP_STATES; state++) {
		if (!view->map->totals[state])
			continue;
		begin_rect(file, 10, y, CELL, CELL);
		fprintf(file, "fill=\"%s\"/>\n", map_states[state].fill);
		format_size(view->map->totals[state], size, sizeof(size));
		snprintf(text, sizeof(text), "%s %s", map_states[state].name, size);
		print_text(file, 20 + CELL, y + CELL - 2, text);
		y += LINE;
	}
	return y;
}

static void print_title(const struct map_view *view, FILE *file)
{
	char text[256], size[32], day[32];
	time_t now = time(NULL);
	struct utsname host;

	uname(&host);
	strftime(day, sizeof(day), "%F %T", localtime(&now));
	snprintf(text, sizeof(text), "Memory of %s, Linux %s, %s", host.nodename, host.release,
		 day);
	fprintf(file, "<title>%s</title>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", text);
	print_text(file, 10, LINE, text);
	if (!view->size)
		return;
	format_size(view->size, size, sizeof(size));
	if (view->place.zone && !view->place.blocking)
		snprintf(text, sizeof(text), "%s would be taken at 0x%llx (framed)", size,
			 view->place.addr);
	else
		snprintf(text, sizeof(text), "No place for %s", size);
	print_text(file, 10, 2 * LINE, text);
}

static void print_body(const struct map_view *view, FILE *file, int *height)
{
	struct map_grid grid = map_grid_fit(view->map, COLUMNS, ROWS);
	int y = view->size ? 2 * LINE : LINE;
	size_t i;

	print_title(view, file);
	for (i = 0; i < view->map->nr_zones; i++)
		y = print_zone(view, &view->map->zones[i], &grid, y, file);
	*height = print_legend(view, y, file);
}

/* Return: 0, -ENOMEM, or another error of @file. */
int map_print_svg(const struct map_view *view, FILE *file)
{
	char *body = NULL;
	size_t len;
	FILE *memory = open_memstream(&body, &len);
	int height, done, err = 0;

	if (!memory)
		return -ENOMEM;
	print_body(view, memory, &height);
	if (fclose(memory)) {
		free(body);
		return -ENOMEM;
	}
	done = fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		       "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"\n"
		       "font-family=\"monospace\" font-size=\"%d\">\n%s</svg>\n",
		       WIDTH, height, CELL, body);
	if (done < 0 || fflush(file))
		err = -errno;
	free(body);
	return err;
}
