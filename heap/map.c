// SPDX-License-Identifier: GPL-2.0
/*
 * Summaries of pageblocks: how they age and fail, where they are kept.
 *
 * A summary is a memory, not the truth: pages come and go while nobody looks.
 * It decides which window is worth a closer look, no more, so it may be wrong
 * in either direction without harm. What cannot be seen in struct pages at all
 * (a pageblock of CMA or being isolated by someone else, a pin taken in the
 * last moment) is learnt from failed attempts: such a block counts as SUSPECT
 * for half a second, and twice as long after each further failure.
 */
#include "map.h"

/* How many ticks a block is left alone after failing. */
static u32 hold_ticks(u32 v)
{
	return 1U << lc_fails(v);
}

static u32 with_fails(u32 v, u32 fails)
{
	v &= ~(0xfU << LC_FAILS_SHIFT);
	return v | min(fails, LC_FAILS_MAX) << LC_FAILS_SHIFT;
}

/**
 * lc_summary - a fresh summary
 * @state: what was seen
 * @cost: pages to move, weighted; more than fits is cut
 * @now: the time in ticks
 *
 * Context: any. Return: the summary, not claimed and without failures.
 */
u32 lc_summary(enum lc_state state, u32 cost, u32 now)
{
	return state | min(cost, LC_COST_MAX) << LC_COST_SHIFT |
	       (now & LC_STAMP_MASK) << LC_STAMP_SHIFT;
}

/**
 * lc_held - does a failure still count?
 * @v: a summary
 * @now: the time in ticks
 *
 * Context: any. Return: true if looking at the block again is pointless yet.
 */
bool lc_held(u32 v, u32 now)
{
	return lc_state(v) == LC_SUSPECT && lc_fails(v) &&
	       lc_age(v, now) < hold_ticks(v);
}

/**
 * lc_after_scan - what to remember after a new look
 * @old: what was remembered so far
 * @seen: lc_summary() of what was seen now
 * @now: the time in ticks
 *
 * A block that failed stays held although it looks clean, because it did so
 * before it failed as well. Afterwards it is tried last among its like, until
 * it has behaved for four times as long as it was held.
 *
 * A suspect that is still one counts as a failure too: so a pin is noticed to
 * be gone after at most as long again as it was there, and pins that never go
 * cost next to nothing.
 *
 * Context: any. Return: the new summary; claims stay.
 */
u32 lc_after_scan(u32 old, u32 seen, u32 now)
{
	u32 fails = lc_fails(old);

	if (lc_state(seen) == LC_SUSPECT && lc_state(old) == LC_SUSPECT) {
		if (lc_held(old, now) || !lc_age(old, now))
			return old;
		if (fails < LC_LOOKS_MAX)
			fails++;
	}
	if (lc_state(seen) == LC_CLEAN && fails) {
		if (lc_held(old, now))
			return old;
		if (lc_age(old, now) >= 4 * hold_ticks(old))
			fails /= 2;
		seen = lc_summary(LC_CLEAN, lc_cost(seen) + (32U << fails),
				  now);
	}
	return with_fails(seen, fails) | (old & LC_CLAIMED);
}

/**
 * lc_after_failure - what to remember of a block that could not be emptied
 * @old: what was remembered so far
 * @now: the time in ticks
 *
 * Context: any. Return: the new summary; claims stay.
 */
u32 lc_after_failure(u32 old, u32 now)
{
	u32 v = lc_summary(LC_SUSPECT, lc_cost(old), now);

	return with_fails(v, lc_fails(old) + 1) | (old & LC_CLAIMED);
}

/**
 * lc_map_set - remember a summary
 * @map: the map
 * @block: a block inside the map
 * @v: its summary
 *
 * Forgotten at once if the block's slot has no memory yet: unknown it stays.
 *
 * Context: the map's lock held.
 */
void lc_map_set(struct lc_map *map, unsigned long block, u32 v)
{
	struct lc_slot *slot = lc_slot(map, block);
	u32 *p;

	if (!slot->block)
		return;
	p = &slot->block[block & (LC_CHUNK_BLOCKS - 1)];
	if (lc_available(*p) != lc_available(v))
		slot->dirty = 1;
	slot->shut += lc_shut(v) - lc_shut(*p);
	*p = v;
}

/**
 * lc_map_claim - keep others off some blocks
 * @map: the map
 * @start: first block
 * @end: the block behind the last; all slots between have memory
 *
 * The kernel isolates whole units: two requests in one unit would make each
 * other fail. So whole units are claimed.
 *
 * Context: the map's lock held; none of the units is claimed.
 */
void lc_map_claim(struct lc_map *map, unsigned long start, unsigned long end)
{
	unsigned long b, last = min(ALIGN(end, map->unit), lc_map_end(map));

	for (b = ALIGN_DOWN(start, map->unit); b < last; b++)
		lc_map_set(map, b, lc_map_get(map, b) | LC_CLAIMED);
}

/**
 * lc_map_unclaim - undo lc_map_claim()
 * @map: the map
 * @start: as in the claim
 * @end: as in the claim
 *
 * Context: the map's lock held.
 */
void lc_map_unclaim(struct lc_map *map, unsigned long start, unsigned long end)
{
	unsigned long b, last = min(ALIGN(end, map->unit), lc_map_end(map));

	for (b = ALIGN_DOWN(start, map->unit); b < last; b++)
		lc_map_set(map, b, lc_map_get(map, b) & ~LC_CLAIMED);
}

/**
 * lc_map_claimed - is any block claimed?
 * @map: the map
 * @start: first block
 * @end: the block behind the last; blocks outside the map do not count
 *
 * Context: the map's lock held. Return: true if at least one is.
 */
bool lc_map_claimed(const struct lc_map *map, unsigned long start,
		    unsigned long end)
{
	unsigned long b;

	end = min(end, lc_map_end(map));
	for (b = max(start, lc_map_start(map)); b < end; b++)
		if (lc_map_get(map, b) & LC_CLAIMED)
			return true;
	return false;
}

/**
 * lc_map_slot - a slot with the figures of its runs up to date
 * @map: the map
 * @block: a block of the slot
 *
 * Context: the map's lock held. Return: the slot, never NULL.
 */
const struct lc_slot *lc_map_slot(struct lc_map *map, unsigned long block)
{
	struct lc_slot *slot = lc_slot(map, block);
	unsigned int i, run = 0;

	if (!slot->dirty || !slot->block)
		return slot;
	slot->head = 0;
	slot->longest = 0;
	for (i = 0; i < LC_CHUNK_BLOCKS; i++) {
		if (!lc_available(slot->block[i])) {
			run = 0;
			continue;
		}
		run++;
		if (run == i + 1)
			slot->head = run;
		slot->longest = max_t(u16, slot->longest, run);
	}
	slot->tail = run;
	slot->dirty = 0;
	return slot;
}

/**
 * lc_map_replace - let the map cover another range
 * @map: the map
 * @slots: @nr zeroed slots
 * @first: index of the first slot; not above the present one
 * @nr: number of slots; no present slot may be left out
 *
 * Context: the map's lock held. Return: the old slots, for the caller to free.
 */
struct lc_slot *lc_map_replace(struct lc_map *map, struct lc_slot *slots,
			       unsigned long first, unsigned long nr)
{
	struct lc_slot *old = map->slots;
	unsigned long i;

	for (i = 0; i < map->nr; i++)
		slots[map->first + i - first] = old[i];
	map->slots = slots;
	map->first = first;
	map->nr = nr;
	map->cursor = lc_map_end(map);
	return old;
}
