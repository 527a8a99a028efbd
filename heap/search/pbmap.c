// SPDX-License-Identifier: GPL-2.0
/*
 * Summaries of pageblocks: how they age and fail, and where they are kept.
 *
 * A summary is a hint: pages are allocated and freed without notice. It decides
 * which window is worth a closer look, no more, so it may be wrong in either
 * direction without harm. What struct pages do not show (a pageblock isolated
 * by another caller, a pin taken in the last moment) is learnt from failed
 * attempts: such a block counts as pinned for half a second, and for twice as
 * long after each further failure.
 */
#include "pbmap.h"

/* How many ticks a block is left alone after a failure. */
static u32 lc_hold_ticks(struct lc_pb pb)
{
	return 1U << pb.fails;
}

/**
 * lc_pb_summary - a fresh summary
 * @state: what was seen
 * @cost: weighted pages to move; cut to what the field holds
 * @now: the time in ticks
 *
 * Context: any. Return: the summary, unclaimed, without failures or idle pages.
 */
struct lc_pb lc_pb_summary(enum lc_pb_state state, unsigned long cost, u32 now)
{
	return (struct lc_pb){
		.state = state,
		.cost = min(cost, 0UL + LC_PB_COST_MAX),
		.stamp = now & LC_PB_STAMP_MASK,
	};
}

/**
 * lc_pb_held - does a failure still count?
 * @pb: a summary
 * @now: the time in ticks
 *
 * Context: any. Return: true if scanning the block again is pointless yet.
 */
bool lc_pb_held(struct lc_pb pb, u32 now)
{
	return pb.state == LC_PB_PINNED && pb.fails &&
	       lc_pb_age(pb, now) < lc_hold_ticks(pb);
}

/**
 * lc_pb_after_scan - the summary after another scan
 * @old: the summary so far
 * @seen: lc_pb_summary() of what the scan found
 * @now: the time in ticks
 *
 * A block that failed stays held although it looks movable, because it did so
 * before it failed as well. Afterwards it is tried last among its like, until
 * no attempt has failed on it for four times as long as it was held. One in which
 * nothing is left of what it had then is as good as any.
 *
 * A block that is still pinned counts as another failure: the end of a pin is
 * noticed after at most as long again as the pin lasted, and pins that never
 * end cost next to nothing.
 *
 * Context: any. Return: the new summary; claim and idle pages stay.
 */
struct lc_pb lc_pb_after_scan(struct lc_pb old, struct lc_pb seen, u32 now)
{
	bool gone = seen.state == LC_PB_MOVABLE && !seen.cost && old.cost;
	u32 fails = gone ? 0 : old.fails;

	if (seen.state == LC_PB_PINNED && old.state == LC_PB_PINNED) {
		if (lc_pb_held(old, now) || !lc_pb_age(old, now))
			return old;
		if (fails < LC_PB_LOOKS_MAX)
			fails++;
	}
	if (seen.state >= LC_PB_BUSY && fails) {
		if (lc_pb_held(old, now))
			return old;
		if (lc_pb_age(old, now) >= 4 * lc_hold_ticks(old))
			fails /= 2;
		seen = lc_pb_summary(seen.state, seen.cost + (32U << fails),
				     now);
	}
	seen.fails = min(fails, LC_PB_FAILS_MAX);
	seen.claimed = old.claimed;
	seen.idle = old.idle;
	return seen;
}

/**
 * lc_pb_after_failure - the summary of a block that could not be emptied
 * @old: the summary so far
 * @now: the time in ticks
 *
 * Context: any. Return: the new summary; claim and idle pages stay.
 */
struct lc_pb lc_pb_after_failure(struct lc_pb old, u32 now)
{
	old.state = LC_PB_PINNED;
	old.fails = min(old.fails + 1U, LC_PB_FAILS_MAX);
	old.stamp = now & LC_PB_STAMP_MASK;
	return old;
}

/**
 * lc_pb_after_take - the summary when idle pages of a block get into use
 * @old: the summary so far
 * @nr_pages: how many
 * @now: the time in ticks
 *
 * Context: any. Return: the new summary; the claim stays.
 */
struct lc_pb lc_pb_after_take(struct lc_pb old, unsigned long nr_pages, u32 now)
{
	old.idle -= min(nr_pages, 0UL + old.idle);
	old.state = nr_pages == pageblock_nr_pages ? LC_PB_OWNED :
						     LC_PB_UNMOVABLE;
	old.cost = 0;
	old.stamp = now & LC_PB_STAMP_MASK;
	return old;
}

/**
 * lc_pb_after_free - the summary when all pages of a block are freed
 * @old: the summary so far
 * @now: the time in ticks
 *
 * Context: any. Return: the new summary; the claim stays.
 */
struct lc_pb lc_pb_after_free(struct lc_pb old, u32 now)
{
	struct lc_pb pb = lc_pb_summary(LC_PB_MOVABLE, 0, now);

	pb.claimed = old.claimed;
	return pb;
}

/**
 * lc_pbmap_set - store a summary
 * @map: the map
 * @block: a block inside the map
 * @pb: its summary
 *
 * Without effect while the block's slot has no memory: it stays unknown.
 *
 * Context: the map's lock held.
 */
void lc_pbmap_set(struct lc_pbmap *map, unsigned long block, struct lc_pb pb)
{
	struct lc_slot *slot = lc_pbmap_slot(map, block);
	struct lc_pb *p;

	if (!slot->block)
		return;
	p = &slot->block[block & (LC_SLOT_BLOCKS - 1)];
	if (lc_pb_available(*p) != lc_pb_available(pb))
		slot->dirty = 1;
	slot->shut += lc_pb_shut(pb) - lc_pb_shut(*p);
	*p = pb;
}

/**
 * lc_pbmap_claim - exclude blocks from other searches, or end that
 * @map: the map
 * @start: first block
 * @end: the block behind the last; all slots between have memory
 * @claim: true to claim, with none of the units claimed; false to end it
 *
 * The kernel isolates whole units, and two attempts within one would make each
 * other fail: whole units are claimed.
 *
 * Context: the map's lock held.
 */
void lc_pbmap_claim(struct lc_pbmap *map, unsigned long start,
		    unsigned long end, bool claim)
{
	unsigned long b, last = min(ALIGN(end, map->unit), lc_pbmap_end(map));

	for (b = ALIGN_DOWN(start, map->unit); b < last; b++) {
		struct lc_pb pb = lc_pbmap_get(map, b);

		pb.claimed = claim;
		lc_pbmap_set(map, b, pb);
	}
}

/**
 * lc_pbmap_claimed - is any block claimed?
 * @map: the map
 * @start: first block
 * @end: the block behind the last; blocks outside the map do not count
 *
 * Context: the map's lock held. Return: true if at least one is.
 */
bool lc_pbmap_claimed(const struct lc_pbmap *map, unsigned long start,
		      unsigned long end)
{
	unsigned long b;

	end = min(end, lc_pbmap_end(map));
	for (b = max(start, lc_pbmap_start(map)); b < end; b++)
		if (lc_pbmap_get(map, b).claimed)
			return true;
	return false;
}

/**
 * lc_pbmap_available - may a window include all of these blocks?
 * @map: the map
 * @start: first block
 * @end: the block behind the last; none lies outside the map
 *
 * Context: the map's lock held. Return: true if it may.
 */
bool lc_pbmap_available(const struct lc_pbmap *map, unsigned long start,
			unsigned long end)
{
	unsigned long b;

	for (b = start; b < end; b++)
		if (!lc_pb_available(lc_pbmap_get(map, b)))
			return false;
	return true;
}

/**
 * lc_pbmap_runs - a slot with the lengths of its runs up to date
 * @map: the map
 * @block: a block of the slot
 *
 * Context: the map's lock held. Return: the slot, never NULL.
 */
const struct lc_slot *lc_pbmap_runs(struct lc_pbmap *map, unsigned long block)
{
	struct lc_slot *slot = lc_pbmap_slot(map, block);
	unsigned int i, run = 0;

	if (!slot->dirty || !slot->block)
		return slot;
	slot->head = 0;
	slot->longest = 0;
	for (i = 0; i < LC_SLOT_BLOCKS; i++) {
		if (!lc_pb_available(slot->block[i])) {
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
 * lc_pbmap_replace - let the map cover another range
 * @map: the map
 * @slots: @nr zeroed slots
 * @first: index of the first slot; not above the present one
 * @nr: number of slots; no present slot may be left out
 *
 * Context: the map's lock held. Return: the old slots, for the caller to free.
 */
struct lc_slot *lc_pbmap_replace(struct lc_pbmap *map, struct lc_slot *slots,
				 unsigned long first, unsigned long nr)
{
	struct lc_slot *old = map->slots;
	unsigned long i;

	for (i = 0; i < map->nr; i++)
		slots[map->first + i - first] = old[i];
	map->slots = slots;
	map->first = first;
	map->nr = nr;
	map->cursor = lc_pbmap_end(map);
	return old;
}
