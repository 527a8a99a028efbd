// SPDX-License-Identifier: GPL-2.0
/* lazy-contig map */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

/* map_free() is needed in any case. Return: an exit code. */
static int read_blocks(const struct args *args, const struct map_limits *limits, struct map *map)
{
	int err = map_load(map);

	if (err == -EPERM)
		return fail(err, "addresses are hidden (needs CAP_SYS_ADMIN, no lockdown)");
	if (err)
		return fail_file(err, MAP_BLOCKS);
	map_select(map, args->node, args->zone, args->min_addr, args->max_addr);
	map_limit(map, limits);
	if (map->count)
		return CODE_OK;
	fputs("lazy-contig: no memory of this node, zone or heap between these addresses\n",
	      stderr);
	return CODE_MISSING;
}

static int write_svg(const struct map_view *view, const char *path)
{
	FILE *file = fopen(path, "we");
	int err;

	if (!file)
		return fail(-errno, "%s", path);
	err = map_print_svg(view, file);
	fclose(file);
	return err ? fail(err, "%s", path) : CODE_OK;
}

/* Those of the options and, if one is given, of the heap. Return: an exit code. */
static int find_limits(const struct args *args, struct map_limits *limits)
{
	const char *slash = args->heap ? strrchr(args->heap, '/') : NULL;
	const char *name = slash ? slash + 1 : args->heap;
	struct heaps heaps;
	size_t i;

	*limits = (struct map_limits){ .node = -1 };
	heaps_find(&heaps);
	for (i = 0; name && i < heaps.count && strcmp(name, heaps.heaps[i].name); i++)
		;
	if (name && i == heaps.count) {
		fprintf(stderr, "lazy-contig: %s: no heap of lazy_contig\n", args->heap);
		return CODE_MISSING;
	}
	if (name)
		*limits = map_limits_of_heap(&heaps.heaps[i]);
	if (args->align > limits->align)
		limits->align = args->align;
	limits->pinnable |= args->pinnable;
	return CODE_OK;
}

static int show_map(const struct args *args, const struct map *map, __u64 align)
{
	struct map_view view = { .map = map };
	int code = CODE_OK;

	heaps_find(&view.heaps);
	if (args->request)
		map_request(&view, args->request, align);
	if (args->svg)
		code = write_svg(&view, args->svg);
	else if (args->json)
		map_print_json(&view);
	else
		map_print(&view);
	if (!code && view.size && (!view.place.zone || view.place.blocking))
		code = CODE_NO_MEMORY;
	return code;
}

static int run(const struct args *args)
{
	struct map_limits limits;
	bool first = true;
	struct map map;
	int code;

	if (args->svg && (args->json || args->watch))
		return usage_error(args->cmd, "--svg excludes --json and --watch");
	code = find_limits(args, &limits);
	if (code)
		return code;
	for (;; first = false) {
		code = read_blocks(args, &limits, &map);
		if (!code) {
			if (!first && !args->json)
				putchar('\n');
			code = show_map(args, &map, limits.align);
		}
		map_free(&map);
		if (!args->watch || ferror(stdout) || (code && code != CODE_NO_MEMORY))
			return code;
		sleep(args->watch);
	}
}

const struct command cmd_map = {
	.name = "map",
	.usage = { "[OPTION]..." },
	.summary = "print the memory of the machine as a map",
	.help =
"Print the memory of the machine as a map of pageblocks and their states, and the\n"
"largest buffer that could be allocated now. Only root can.",
	.notes =
"lazy_contig(4) describes the states. With --heap or --pinnable, only memory is shown or\n"
"used that such buffers can have. With --for, the exit status is 4 if there is no place,\n"
"with --align none at such an address. With --watch and --json, one object is printed on a\n"
"line each time.",
	.options = {
		OPT_NODE, OPT_ZONE, OPT_MIN_ADDR, OPT_MAX_ADDR, OPT_HEAP, OPT_PINNABLE, OPT_FOR,
		OPT_ALIGN, OPT_SVG, OPT_WATCH, OPT_JSON
	},
	.run = run,
};
