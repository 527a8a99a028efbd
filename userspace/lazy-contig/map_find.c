// SPDX-License-Identifier: GPL-2.0
/*
 * Where a buffer could lie: arithmetic as in the module's heap/search/placement.c. A
 * buffer is a row of pageblocks of one zone. What its place costs is the cost of its
 * pageblocks, and of cutting a long stretch into short ones; equals are taken from the
 * top.
 *
 * The pageblocks of a run cost the same here, so that both costs are the least where
 * the place begins or ends with a run, or at the aligned addresses next to that: no
 * other place is tried.
 */
#include <unistd.h>

#include "map.h"

/* Of cutting a stretch: that of moving a full pageblock, for each halving. */
#define FRAGMENTATION_WEIGHT	1024

/* The module counts costs for so many pages; those of larger pageblocks are scaled. */
#define COST_PAGES		512

bool map_usable(enum map_state state)
{
	return state <= MAP_POOL;
}

/* A pageblock of the zone that exists. */
static bool is_memory(enum map_state state)
{
	return state != MAP_OFFLINE;
}

/* Return: the first run of the zone that ends behind @addr, zone->last if there is none. */
size_t map_run_at(const struct map *map, const struct map_zone *zone, __u64 addr)
{
	size_t low = zone->first, high = zone->last, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (map->runs[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* A stretch: adjacent runs, from first to before last, all of states that fit. */
struct stretch {
	const struct map_zone *zone;
	size_t first, last;
	__u64 addr, end;
};

/* Goes on with the next stretch. Return: false if there is none. */
static bool next_stretch(const struct map *map, struct stretch *s, bool (*fits)(enum map_state))
{
	const struct map_run *runs = map->runs;
	size_t i = s->last, end = s->zone->last;

	while (i < end && !fits(runs[i].state))
		i++;
	if (i == end)
		return false;
	s->first = i;
	for (i++; i < end && fits(runs[i].state) && runs[i].addr == runs[i - 1].end; i++)
		;
	s->last = i;
	s->addr = runs[s->first].addr;
	s->end = runs[i - 1].end;
	return true;
}

static __u64 align_up(__u64 addr, __u64 align)
{
	return (addr + align - 1) & -align;
}

/* The largest buffer of a zone that ends at @limit or below. @align: a power of two or 0 */
struct map_place map_largest(const struct map *map, const struct map_zone *zone, __u64 limit,
			     __u64 align)
{
	struct stretch s = { .zone = zone, .last = zone->first };
	struct map_place best = { };

	while (zone->used && next_stretch(map, &s, map_usable) && s.addr < limit) {
		__u64 end = s.end < limit ? s.end : limit, addr = align_up(s.addr, align ?: 1);

		if (addr < end && end - addr >= best.size)
			best = (struct map_place){ .zone = zone, .addr = addr,
						   .size = end - addr };
	}
	return best;
}

/* Of equals, that of the highest zone. */
struct map_place map_largest_of_node(const struct map *map, int node, __u64 limit)
{
	struct map_place best = { }, place;
	size_t i;

	for (i = 0; i < map->nr_zones; i++) {
		if (map->zones[i].node != node)
			continue;
		place = map_largest(map, &map->zones[i], limit, 0);
		if (place.size && place.size >= best.size)
			best = place;
	}
	return best;
}

/* The cost of all pageblocks of a zone below @addr, plus a constant. */
static __u64 cost_below(const struct map *map, const struct map_zone *zone, __u64 addr)
{
	size_t i = map_run_at(map, zone, addr);
	const struct map_run *run;

	if (i == zone->last)
		return map->runs[i - 1].cost_before + map->runs[i - 1].cost;
	run = &map->runs[i];
	if (addr <= run->addr)
		return run->cost_before;
	return run->cost_before + run->cost / ((run->end - run->addr) / map->block) *
		((addr - run->addr) / map->block);
}

/* n * log2(n), in sixteenths, linear between powers of two */
static __u64 worth(__u64 n)
{
	int e = n ? 63 - __builtin_clzll(n) : 0;

	return n * (e * 16 + (e >= 4 ? n >> (e - 4) : n << (4 - e)) - 16);
}

static __u64 fragmentation(const struct map *map, const struct stretch *s, __u64 addr, __u64 size)
{
	__u64 block = map->block, scale = block / sysconf(_SC_PAGESIZE) / COST_PAGES ?: 1;
	__u64 lost = worth((s->end - s->addr) / block) - worth((addr - s->addr) / block) -
		worth((s->end - addr - size) / block) - worth(size / block);

	return FRAGMENTATION_WEIGHT * scale * lost / 16;
}

/* The same of the bytes in the way. */
static __u64 blocking_below(const struct map *map, const struct map_zone *zone, __u64 addr)
{
	size_t i = map_run_at(map, zone, addr);
	const struct map_run *run = &map->runs[i == zone->last ? i - 1 : i];

	if (addr <= run->addr || map_usable(run->state))
		return run->blocking_before;
	return run->blocking_before + (addr < run->end ? addr : run->end) - run->addr;
}

/* The best place found so far, and what decides between two. */
struct search {
	const struct map *map;
	__u64 size, align;
	struct map_place best;
	__u64 score;
};

static bool better(const struct search *search, const struct map_place *place, __u64 score)
{
	const struct map_place *best = &search->best;

	if (!best->zone || place->blocking != best->blocking)
		return !best->zone || place->blocking < best->blocking;
	if (score != search->score)
		return score < search->score;
	return place->zone == best->zone && place->addr > best->addr;
}

static void try_place(struct search *search, const struct stretch *s, __u64 addr)
{
	const struct map *map = search->map;
	__u64 size = search->size, end = addr + size, score;
	struct map_place place = { .zone = s->zone, .addr = addr, .size = size };

	if (addr < s->addr || addr > s->end - size)
		return;
	place.blocking = blocking_below(map, s->zone, end) - blocking_below(map, s->zone, addr);
	place.cost = cost_below(map, s->zone, end) - cost_below(map, s->zone, addr);
	score = place.cost + fragmentation(map, s, addr, size);
	if (better(search, &place, score)) {
		search->best = place;
		search->score = score;
	}
}

static void try_aligned(struct search *search, const struct stretch *s, __u64 addr)
{
	__u64 up = align_up(addr, search->align), down = addr & -search->align;

	try_place(search, s, up);
	if (down != up)
		try_place(search, s, down);
}

static void search_zone(struct search *search, const struct map_zone *zone,
			bool (*fits)(enum map_state))
{
	struct stretch s = { .zone = zone, .last = zone->first };
	size_t i;

	while (next_stretch(search->map, &s, fits)) {
		if (s.end - s.addr < search->size)
			continue;
		for (i = s.first; i < s.last; i++) {
			const struct map_run *run = &search->map->runs[i];

			try_aligned(search, &s, run->addr);
			if (run->end >= search->size)
				try_aligned(search, &s, run->end - search->size);
		}
	}
}

/*
 * Searches the zones of a node, the highest first. Return: whether one has a place with
 * nothing in the way.
 */
static bool search_node(struct search *search, int node, bool (*fits)(enum map_state))
{
	const struct map *map = search->map;
	size_t i;

	for (i = map->nr_zones; i--; ) {
		if (map->zones[i].node != node || !map->zones[i].used)
			continue;
		search_zone(search, &map->zones[i], fits);
		if (search->best.zone && !search->best.blocking)
			return true;
	}
	return false;
}

/*
 * Where a buffer of @size bytes, whole pageblocks, would lie: on the lowest node that has a
 * place or, if none has, where the fewest bytes are in the way. @align: a power of two or 0
 */
struct map_place map_find(const struct map *map, __u64 size, __u64 align)
{
	bool (*const stages[])(enum map_state) = { map_usable, is_memory };
	struct search search = { .map = map, .size = size, .align = align ?: 1 };
	size_t stage, i;

	for (stage = 0; stage < ARRAY_SIZE(stages); stage++)
		for (i = 0; i < map->nr_zones; i++)
			if ((!i || map->zones[i].node != map->zones[i - 1].node) &&
			    search_node(&search, map->zones[i].node, stages[stage]))
				return search.best;
	return search.best;
}

/* Where a buffer of any size, which is not 0, would lie. */
void map_request(struct map_view *view, __u64 size, __u64 align)
{
	__u64 block = view->map->block;

	/* rounded up, but not to 0 */
	view->size = ((size - 1) & -block) + block ?: -block;
	view->place = map_find(view->map, view->size, align);
}

/*
 * The first runs that are in the way at a place, at most MAP_MAX_BLOCKING; of each, what
 * lies in the place. Return: how many.
 */
size_t map_blocking(const struct map *map, const struct map_place *place, struct map_run *runs)
{
	__u64 end = place->addr + place->size;
	struct map_run run;
	size_t i, n = 0;

	if (!place->zone)
		return 0;
	for (i = map_run_at(map, place->zone, place->addr);
	     i < place->zone->last && n < MAP_MAX_BLOCKING; i++) {
		run = map->runs[i];
		if (run.addr >= end)
			break;
		if (map_usable(run.state))
			continue;
		if (run.addr < place->addr)
			run.addr = place->addr;
		if (run.end > end)
			run.end = end;
		runs[n++] = run;
	}
	return n;
}
