// SPDX-License-Identifier: GPL-2.0
/* lazy-contig status: what is guaranteed, what is likely, and what is in use. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "live.h"
#include "map.h"

/* Adds what a new buffer can use of ZONE_MOVABLE; null if that is not visible. */
static void add_movable(json_object *entry, const struct map *map, int node)
{
	struct map_place largest = map_largest_of_node(map, node, ~(__u64)0);
	const struct map_zone *zone;
	__u64 usable = 0;
	size_t i;

	for (zone = map->zones; zone < map->zones + map->nr_zones; zone++)
		for (i = zone->first; i < zone->last; i++)
			if (zone->node == node && zone->used && !strcmp(zone->name, "Movable") &&
			    map_usable(map->runs[i].state))
				usable += map->runs[i].end - map->runs[i].addr;
	json_object_object_add(entry, "usable_bytes",
			       map->count ? json_object_new_uint64(usable) : NULL);
	json_object_object_add(entry, "largest_bytes",
			       map->count ? json_object_new_uint64(largest.size) : NULL);
}

static int add_nodes(json_object *out, const struct map *map)
{
	json_object *nodes = json_object_new_array(), *entry;
	int err = reserve_read(nodes);
	size_t i;

	json_object_object_add(out, "nodes", nodes);
	for (i = 0; i < json_object_array_length(nodes); i++) {
		entry = json_object_array_get_idx(nodes, i);
		add_movable(entry, map, get_u64(entry, "node"));
	}
	return err;
}

/* Counts a buffer for an entry with "count" and "bytes". */
static void count_buffer(json_object *entry, json_object *buffer)
{
	add_u64(entry, "count", get_u64(entry, "count") + 1);
	add_u64(entry, "bytes", get_u64(entry, "bytes") + get_u64(buffer, "size"));
}

/* Return: the entry of a process, which is added if need be. */
static json_object *user_entry(json_object *users, json_object *process)
{
	json_object *entry;
	size_t i;

	for (i = 0; i < json_object_array_length(users); i++) {
		entry = json_object_array_get_idx(users, i);
		if (get_u64(entry, "pid") == get_u64(process, "pid"))
			return entry;
	}
	entry = json_object_new_object();
	json_object_object_foreach(process, key, value)
		json_object_object_add(entry, key, json_object_get(value));
	json_object_array_add(users, entry);
	return entry;
}

/* By size, the largest first. */
static int compare_users(const void *a, const void *b)
{
	__u64 x = get_u64(*(json_object * const *)a, "bytes");
	__u64 y = get_u64(*(json_object * const *)b, "bytes");

	return (x < y) - (x > y);
}

/* A buffer of several processes counts for each of them. */
static void add_users(json_object *out, const struct live *live)
{
	json_object *users = json_object_new_array(), *others = json_object_new_object();
	json_object *buffer, *processes;
	size_t i, j, count;

	add_u64(others, "count", 0);
	add_u64(others, "bytes", 0);
	for (i = 0; i < json_object_array_length(live->all); i++) {
		buffer = json_object_array_get_idx(live->all, i);
		processes = json_object_object_get(buffer, "users");
		count = json_object_array_length(processes);
		for (j = 0; j < count; j++)
			count_buffer(user_entry(users, json_object_array_get_idx(processes, j)),
				     buffer);
		if (!count)
			count_buffer(others, buffer);
	}
	json_object_array_sort(users, compare_users);
	json_object_object_add(out, "users", users);
	json_object_object_add(out, "no_process", others);
}

static int collect(json_object *out)
{
	char text[32];
	struct live live;
	__u64 pages = 0;
	struct map map;
	int err;

	map_load(&map);
	err = add_nodes(out, &map);
	map_free(&map);
	if (err)
		return err;
	err = sysfs_read("pool_pages", text, sizeof(text));
	if (!err)
		err = parse_number(text, UINT64_MAX, &pages);
	add_u64(out, "pool_bytes", pages * sysconf(_SC_PAGESIZE));
	live_collect(&live);
	add_u64(out, "count", json_object_array_length(live.all));
	add_u64(out, "bytes", live_total(&live));
	add_bool(out, "complete", live.complete);
	add_users(out, &live);
	live_free(&live);
	return err;
}

static const char *size_text(json_object *entry, const char *key, char *text, size_t len)
{
	json_object *value = json_object_object_get(entry, key);

	if (value)
		format_size(json_object_get_uint64(value), text, len);
	else
		snprintf(text, len, "-");
	return text;
}

static void print_user(json_object *entry, const char *pid, const char *command)
{
	char size[32];

	printf("%-12s  %-7s  %s%s%s\n", size_text(entry, "bytes", size, sizeof(size)),
	       json_object_get_string(json_object_object_get(entry, "count")), pid,
	       *command ? " " : "", command);
}

static void print_text(json_object *out)
{
	json_object *nodes = json_object_object_get(out, "nodes"), *entry;
	json_object *users = json_object_object_get(out, "users");
	char a[32], b[32], c[32];
	size_t i;

	printf("%-4s  %-12s  %-14s  %s\n", "NODE", "RESERVE", "MOVABLE, FREE", "LARGEST BUFFER");
	for (i = 0; i < json_object_array_length(nodes); i++) {
		entry = json_object_array_get_idx(nodes, i);
		printf("%-4llu  %-12s  %-14s  %s\n", get_u64(entry, "node"),
		       size_text(entry, "reserve_bytes", a, sizeof(a)),
		       size_text(entry, "usable_bytes", b, sizeof(b)),
		       size_text(entry, "largest_bytes", c, sizeof(c)));
	}
	printf("\n%-12s  %-7s  USER\n", "SIZE", "BUFFERS");
	for (i = 0; i < json_object_array_length(users); i++) {
		entry = json_object_array_get_idx(users, i);
		print_user(entry, json_object_get_string(json_object_object_get(entry, "pid")),
			   json_object_get_string(json_object_object_get(entry, "command")));
	}
	entry = json_object_object_get(out, "no_process");
	if (get_u64(entry, "count"))
		print_user(entry, "-", "(kept, or imported by devices)");
	print_user(out, "all", json_object_get_boolean(json_object_object_get(out, "complete")) ?
		   "" : "(that are visible)");
	printf("%-12s  -        pool\n", size_text(out, "pool_bytes", a, sizeof(a)));
	fflush(stdout);
}

static int run(const struct args *args)
{
	json_object *out = json_object_new_object();
	int err = collect(out);

	if (!err && args->json)
		print_object(out, true);
	else if (!err)
		print_text(out);
	json_object_put(out);
	return err ? fail_file(err, SYSFS_DIR) : CODE_OK;
}

const struct command cmd_status = {
	.name = "status",
	.usage = { "[OPTION]..." },
	.summary = "print what buffers can have, and what is in use by whom",
	.help =
"Print what is guaranteed to buffers, the reserve of each NUMA node; what is likely to\n"
"be had, memory in ZONE_MOVABLE without anything in the way, and the largest buffer;\n"
"and what is in use: by which processes, and by the pool.",
	.notes =
"A buffer of several processes counts for each of them. Without root privileges, only\n"
"reserve, pool and the buffers of the user's own processes are shown.",
	.options = { OPT_JSON },
	.run = run,
};
