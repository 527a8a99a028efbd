// SPDX-License-Identifier: GPL-2.0
/* The largest buffer of a heap, which is subject to the heap's properties. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

struct limits {
	__u64 below, above;	/* 0: none */
	int node;		/* -1: any */
	bool pinnable;
};

/* Return: the value of "KEY=VALUE", NULL if it has another key. */
static const char *value_of(const char *property, const char *key)
{
	size_t len = strlen(key);

	return strncmp(property, key, len) || property[len] != '=' ? NULL : property + len + 1;
}

static void take_property(struct limits *limits, const char *property)
{
	const char *value;
	__u64 node;

	value = value_of(property, "below");
	if (value)
		parse_size(value, &limits->below);
	value = value_of(property, "above");
	if (value)
		parse_size(value, &limits->above);
	value = value_of(property, "node");
	if (value && !parse_number(value, MAP_MAX_NODE, &node))
		limits->node = node;
	limits->pinnable |= !strcmp(property, "pinnable");
}

static struct limits limits_of(const struct heap *heap)
{
	struct limits limits = { .node = -1 };
	char text[sizeof(heap->properties)];
	char *property, *rest = text;

	memcpy(text, heap->properties, sizeof(text));
	while ((property = strsep(&rest, ":")))
		take_property(&limits, property);
	return limits;
}

static int copy_map(const struct map *map, struct map *copy)
{
	*copy = *map;
	copy->runs = malloc((map->count + 1) * sizeof(*copy->runs));
	copy->zones = malloc((map->nr_zones + 1) * sizeof(*copy->zones));
	if (!copy->runs || !copy->zones)
		return -ENOMEM;
	memcpy(copy->runs, map->runs, map->count * sizeof(*copy->runs));
	memcpy(copy->zones, map->zones, map->nr_zones * sizeof(*copy->zones));
	return 0;
}

/*
 * The alignment is not considered. Return: the place, without its zone; of equals, that
 * of the highest zone.
 */
struct map_place map_largest_of_heap(const struct map *map, const struct heap *heap)
{
	struct limits limits = limits_of(heap);
	struct map_place best = { }, place;
	struct map copy;
	size_t i;

	if (copy_map(map, &copy))
		goto free;
	map_select(&copy, limits.node, NULL, limits.above, limits.below ? limits.below - 1 : 0);
	for (i = 0; i < copy.nr_zones; i++) {
		if (limits.pinnable && !strcmp(copy.zones[i].name, "Movable"))
			continue;
		place = map_largest(&copy, &copy.zones[i], ~(__u64)0);
		if (place.size && place.size >= best.size)
			best = place;
	}
free:
	map_free(&copy);
	best.zone = NULL;
	return best;
}
