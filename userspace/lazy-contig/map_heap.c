// SPDX-License-Identifier: GPL-2.0
/* What a heap can give, which is subject to its properties. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

/* Return: the value of "KEY=VALUE", NULL if it has another key. */
static const char *value_of(const char *property, const char *key)
{
	size_t len = strlen(key);

	return strncmp(property, key, len) || property[len] != '=' ? NULL : property + len + 1;
}

static void take_property(struct map_limits *limits, const char *property)
{
	const char *value;
	__u64 node;

	value = value_of(property, "below");
	if (value)
		parse_size(value, &limits->below);
	value = value_of(property, "above");
	if (value)
		parse_size(value, &limits->above);
	value = value_of(property, "align");
	if (value)
		parse_size(value, &limits->align);
	value = value_of(property, "node");
	if (value && !parse_number(value, MAP_MAX_NODE, &node))
		limits->node = node;
	limits->pinnable |= !strcmp(property, "pinnable");
}

struct map_limits map_limits_of_heap(const struct heap *heap)
{
	struct map_limits limits = { .node = -1 };
	char text[sizeof(heap->properties)];
	char *property, *rest = text;

	memcpy(text, heap->properties, sizeof(text));
	while ((property = strsep(&rest, ":")))
		take_property(&limits, property);
	return limits;
}

/*
 * Leaves out what such a buffer cannot use. get_user_pages() does not take pages of
 * ZONE_MOVABLE for long.
 */
void map_limit(struct map *map, const struct map_limits *limits)
{
	size_t i;

	map_select(map, limits->node, NULL, limits->above, limits->below ? limits->below - 1 : 0);
	for (i = 0; limits->pinnable && i < map->nr_zones; i++)
		if (!strcmp(map->zones[i].name, "Movable"))
			map->zones[i].used = false;
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

/* Return: the place, without its zone; of equals, that of the highest zone. */
struct map_place map_largest_of_heap(const struct map *map, const struct heap *heap)
{
	struct map_limits limits = map_limits_of_heap(heap);
	struct map_place best = { }, place;
	struct map copy;
	size_t i;

	if (copy_map(map, &copy))
		goto free;
	map_limit(&copy, &limits);
	for (i = 0; i < copy.nr_zones; i++) {
		place = map_largest(&copy, &copy.zones[i], ~(__u64)0, limits.align);
		if (place.size && place.size >= best.size)
			best = place;
	}
free:
	map_free(&copy);
	best.zone = NULL;
	return best;
}
