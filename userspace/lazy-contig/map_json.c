// SPDX-License-Identifier: GPL-2.0
/* Printing the map as a JSON object. */
#include "map.h"

static json_object *new_block(const struct map_run *run)
{
	json_object *block = json_object_new_object();

	add_u64(block, "phys_addr", run->addr);
	add_u64(block, "size", run->end - run->addr);
	add_string(block, "state", map_states[run->state].name);
	return block;
}

static json_object *new_blocks(const struct map *map)
{
	json_object *blocks = json_object_new_array(), *block;
	const struct map_zone *zone;
	size_t i;

	for (zone = map->zones; zone < map->zones + map->nr_zones; zone++) {
		for (i = zone->first; i < zone->last; i++) {
			block = new_block(&map->runs[i]);
			add_u64(block, "node", zone->node);
			add_string(block, "zone", zone->name);
			add_u64(block, "cost", map->runs[i].cost);
			add_u64(block, "idle", map->runs[i].idle);
			json_object_array_add(blocks, block);
		}
	}
	return blocks;
}

static json_object *new_totals(const struct map *map)
{
	json_object *totals = json_object_new_object();
	int state;

	for (state = 0; state < MAP_STATES; state++)
		add_u64(totals, map_states[state].name, map->totals[state]);
	return totals;
}

/* @zone: NULL for a whole node */
static void add_largest(json_object *array, int node, const char *zone,
			const struct map_place *all, const struct map_place *low)
{
	json_object *entry = json_object_new_object();

	add_u64(entry, "node", node);
	json_object_object_add(entry, "zone", zone ? json_object_new_string(zone) : NULL);
	json_object_object_add(entry, "phys_addr",
			       all->size ? json_object_new_uint64(all->addr) : NULL);
	add_u64(entry, "size", all->size);
	json_object_object_add(entry, "low_addr",
			       low->size ? json_object_new_uint64(low->addr) : NULL);
	add_u64(entry, "low_size", low->size);
	json_object_array_add(array, entry);
}

static json_object *new_largest(const struct map *map)
{
	json_object *array = json_object_new_array();
	const struct map_zone *zone;
	struct map_place all, low;

	for (zone = map->zones; zone < map->zones + map->nr_zones; zone++) {
		if (zone == map->zones || zone->node != zone[-1].node) {
			all = map_largest_of_node(map, zone->node, ~(__u64)0);
			low = map_largest_of_node(map, zone->node, MAP_4G);
			add_largest(array, zone->node, NULL, &all, &low);
		}
		all = map_largest(map, zone, ~(__u64)0, 0);
		low = map_largest(map, zone, MAP_4G, 0);
		add_largest(array, zone->node, zone->name, &all, &low);
	}
	return array;
}

static json_object *new_heaps(const struct map_view *view)
{
	json_object *array = json_object_new_array(), *entry;
	const struct heap *heap;
	struct map_place place;

	for (heap = view->heaps.heaps; heap < view->heaps.heaps + view->heaps.count; heap++) {
		place = map_largest_of_heap(view->map, heap);
		entry = json_object_new_object();
		add_string(entry, "heap", heap->name);
		json_object_object_add(entry, "phys_addr",
				       place.size ? json_object_new_uint64(place.addr) : NULL);
		add_u64(entry, "size", place.size);
		json_object_array_add(array, entry);
	}
	return array;
}

json_object *map_request_object(const struct map_view *view)
{
	json_object *request = json_object_new_object(), *array = json_object_new_array();
	const struct map_place *place = &view->place;
	struct map_run runs[MAP_MAX_BLOCKING];
	size_t i, count = map_blocking(view->map, place, runs);

	add_u64(request, "size", view->size);
	add_bool(request, "fits", place->zone && !place->blocking);
	if (place->zone) {
		add_u64(request, "phys_addr", place->addr);
		add_u64(request, "node", place->zone->node);
		add_string(request, "zone", place->zone->name);
		add_u64(request, "cost", place->cost);
		add_u64(request, "blocking_bytes", place->blocking);
	}
	for (i = 0; i < count; i++)
		json_object_array_add(array, new_block(&runs[i]));
	json_object_object_add(request, "blocking", array);
	return request;
}

void map_print_json(const struct map_view *view)
{
	json_object *out = json_object_new_object();

	add_u64(out, "pageblock_size", view->map->block);
	json_object_object_add(out, "blocks", new_blocks(view->map));
	json_object_object_add(out, "totals", new_totals(view->map));
	json_object_object_add(out, "largest", new_largest(view->map));
	json_object_object_add(out, "heaps", new_heaps(view));
	if (view->size)
		json_object_object_add(out, "request", map_request_object(view));
	print_object(out, true);
	json_object_put(out);
}
