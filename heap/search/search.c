// SPDX-License-Identifier: GPL-2.0
/*
 * Finds windows: the best one over the zones of a node is claimed, scanned once
 * more, and handed out.
 *
 * A search has these stages, and most end in the first:
 *
 * 1. the best window among what is remembered, with a few of the oldest
 *    summaries renewed before, so that the memory follows the machine;
 * 2. a walk from the top of each zone down that scans everything not seen
 *    lately;
 * 3. windows with pinned blocks: a reference of an LRU batch goes away when the
 *    attempt drains them. Few, because a page that is really pinned makes the
 *    rest move for nothing;
 * 4. windows with busy blocks, of which migration may wait for the I/O, unless
 *    attempts that were left behind wait in that zone already.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "pbscan.h"
#include "search.h"
#include "zone.h"

/* Remembered windows that may turn out wrong before the walk begins. */
#define LC_MAX_WRONG		16U
#define LC_MAX_PINNED_WALKS	2U
/* The longest time that a walk may scan memory. */
#define LC_WALK_TIME		(HZ / 4)
/* Attempts left behind in a zone while which no busy window is begun there. */
#define LC_MAX_LATE		4U
/* Stalled ones while which none is: it would stall as well. */
#define LC_MAX_STALLED		16U
/*
 * No room to move pages to is hardly better elsewhere in the same zone, but the
 * next window may have less to move.
 */
#define LC_NOMEM_PER_ZONE	2U

/*
 * Below the highest zone, this share of a zone's memory is left free as long as
 * a higher one has a window: some devices can use nothing else.
 */
#define LC_SPARED_SHARE		16
#define LC_SPARED_PAGES		(SZ_64M >> PAGE_SHIFT)

static bool lc_spared(struct zone *zone, unsigned long nr_pages)
{
	unsigned long spare = max_t(unsigned long, LC_SPARED_PAGES,
				    zone_managed_pages(zone) / LC_SPARED_SHARE);

	return lc_zone_free_pages(zone) < spare + nr_pages;
}

/* A pageblock that is not wholly in the zone cannot be part of a window. */
static struct lc_want lc_want_of(const struct zone *zone,
				 const struct lc_constraint *c)
{
	unsigned long start = max(c->start_pfn, zone->zone_start_pfn);

	return (struct lc_want){
		.blocks = DIV_ROUND_UP(c->nr_pages, pageblock_nr_pages),
		.align = max(1UL, c->align >> pageblock_order),
		.start = DIV_ROUND_UP(start, pageblock_nr_pages),
		.end = min(c->end_pfn, zone_end_pfn(zone)) >> pageblock_order,
	};
}

/**
 * lc_search_fits - is a zone large enough?
 * @zone: the zone
 * @c: placement constraints
 *
 * Context: any. Return: false if it has no window, whatever is in it.
 */
bool lc_search_fits(struct zone *zone, const struct lc_constraint *c)
{
	const struct lc_want want = lc_want_of(zone, c);

	return c->nr_pages <= zone_managed_pages(zone) &&
	       ALIGN(want.start, want.align) + want.blocks <= want.end;
}

static void lc_search_want(struct lc_search_zone *sz,
			   const struct lc_constraint *c)
{
	sz->want = lc_want_of(sz->zone, c);
	if (lc_search_fits(sz->zone, c))
		sz->known = lc_zone_get(sz->zone, sz->want.start, sz->want.end);
}

/**
 * lc_search_begin - start looking for a window
 * @s: the search; nothing needs undoing unless a window is claimed
 * @c: placement constraints
 * @deadline: jiffies at which to give up
 *
 * Context: any.
 */
void lc_search_begin(struct lc_search *s, const struct lc_constraint *c,
		     unsigned long deadline)
{
	s->nr_zones = 0;
	s->nr_pages = c->nr_pages;
	s->quick = false;
	s->cheap = false;
	s->deadline = deadline;
}

/**
 * lc_search_add_zone - let a search use a zone
 * @s: the search
 * @c: placement constraints
 * @zone: a zone of the same node, less wanted than those added before
 *
 * Context: process, may sleep.
 */
void lc_search_add_zone(struct lc_search *s, const struct lc_constraint *c,
			struct zone *zone)
{
	struct lc_search_zone *sz = &s->zones[s->nr_zones];
	bool below = s->nr_zones && sz[-1].turn != LC_TURN_MOVABLE;

	*sz = (struct lc_search_zone){ .zone = zone };
	lc_search_want(sz, c);
	if (!sz->known)
		return;
	if (zone_idx(zone) == ZONE_MOVABLE)
		sz->turn = LC_TURN_MOVABLE;
	else
		sz->turn = below && lc_spared(zone, c->nr_pages) ?
				   LC_TURN_SPARED : LC_TURN_ORDINARY;
	s->nr_zones++;
}

static bool lc_usable(const struct lc_search_zone *sz, enum lc_turn turn)
{
	return sz->turn == turn && sz->nomem < LC_NOMEM_PER_ZONE &&
	       lc_zone_late(sz->known, 0, 0).stalled < LC_MAX_STALLED;
}

/*
 * Scan every block of the claimed window. Return: 0, or -EAGAIN if one of them
 * is not what it was taken for, -EINTR, or -ENOMEM. The cost is what is seen now.
 */
static int lc_verify(struct lc_search *s, enum lc_pb_state accept)
{
	unsigned long b = lc_pb_first(&s->claim.ext);
	unsigned long end = lc_pb_end(&s->claim.ext);
	unsigned int touched = 0;
	struct lc_pb pb;
	int err;

	s->cost = 0;
	for (; b < end; b++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = lc_zone_look(s->claim.zone, b, &touched, &pb);
		if (err)
			return err;
		if ((pb.state != LC_PB_MOVABLE && pb.state != accept) ||
		    lc_pb_held(pb, lc_pbscan_ticks()))
			return -EAGAIN;
		s->cost += pb.cost;
		cond_resched();
	}
	return 0;
}

static void lc_set_claim(struct lc_search *s, struct lc_search_zone *sz,
			 unsigned long start)
{
	s->current_zone = sz;
	s->claim = (struct lc_claim){
		.zone = sz->known,
		.ext = { start << pageblock_order, s->nr_pages },
	};
}

/* The zones of a turn, with some of what is known of them renewed. */
static unsigned int lc_zones_of(struct lc_search *s, enum lc_turn turn,
				struct lc_search_zone **zones)
{
	struct lc_search_zone *sz;
	unsigned int nr = 0;

	for (sz = s->zones; sz < s->zones + s->nr_zones; sz++)
		if (lc_usable(sz, turn) && !lc_zone_refresh(sz->known, &sz->want))
			zones[nr++] = sz;
	return nr;
}

/*
 * The zone with the best window. The order of zones stands unless it costs much
 * more: pages moved out of a zone go to the same zone as long as it has room, so
 * that emptying one zone after the other moves the same pages again and again.
 * Each step down must save an eighth of the pages.
 */
static struct lc_search_zone *lc_best_zone(const struct lc_search *s,
					   struct lc_search_zone **zones,
					   unsigned int nr_zones,
					   struct lc_window *best)
{
	unsigned long step = LC_COST_MOVE * s->nr_pages / LC_COST_SCALE / 8;
	unsigned long cost, least = ULONG_MAX;
	struct lc_search_zone *found = NULL;
	struct lc_window window;
	unsigned int i;

	for (i = 0; i < nr_zones; i++) {
		struct lc_search_zone *sz = zones[i];

		if (!lc_zone_best(sz->known, &sz->want, &window))
			continue;
		cost = window.cost + (sz - s->zones) * step;
		if (cost < least) {
			least = cost;
			found = sz;
			*best = window;
		}
	}
	return found;
}

/* Claim the best window. Return: its zone, or NULL if there is none. */
static struct lc_search_zone *lc_claim_best(struct lc_search *s, enum lc_turn turn,
					    struct lc_window *best)
{
	struct lc_search_zone *zones[MAX_NR_ZONES], *sz;
	unsigned int nr = lc_zones_of(s, turn, zones);

	while (nr) {
		/* of a single zone the best is chosen while it is claimed */
		best->score = LC_NO_SCORE;
		sz = nr > 1 ? lc_best_zone(s, zones, nr, best) : zones[0];
		if (sz && lc_zone_claim_best(sz->known, &sz->want, best))
			return sz;
		if (!sz || nr == 1)
			break;
	}
	return NULL;
}

/* So much costlier than remembered that another one is probably better. */
static bool lc_much_costlier(unsigned long cost, unsigned long remembered)
{
	return cost > remembered + remembered / 4 + 128;
}

static bool lc_costs_little(const struct lc_search *s)
{
	return s->cost <= s->nr_pages / 8;
}

static int lc_pick_remembered(struct lc_search *s, enum lc_turn turn)
{
	struct lc_search_zone *sz;
	struct lc_window window;
	unsigned int wrong;
	int err;

	for (wrong = 0; wrong < LC_MAX_WRONG; wrong++) {
		sz = lc_claim_best(s, turn, &window);
		if (!sz)
			return -ENOSPC;
		lc_set_claim(s, sz, window.start);
		err = lc_verify(s, LC_PB_MOVABLE);
		if (!err && s->cheap && !lc_costs_little(s))
			err = -ENOSPC;
		if (!err && (!lc_much_costlier(s->cost, window.cost) ||
			     wrong > LC_MAX_WRONG / 2))
			return 0;
		lc_zone_unclaim(s->claim.zone, &s->claim.ext, false);
		if (err && err != -EAGAIN)
			return err;
	}
	return -ENOSPC;
}

/* Return: 0, -ENOSPC, -EINTR, -ENOMEM, or -ETIME with the place remembered. */
static int lc_walk_part(struct lc_search *s, struct lc_search_zone *sz,
			const struct lc_want *want, enum lc_pb_state accept,
			unsigned long until)
{
	unsigned int touched = 0;
	struct lc_walk walk;
	enum lc_step step;
	struct lc_pb pb;
	int err;

	lc_placement_walk_begin(&walk, want, accept);
	while (time_before(jiffies, until)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		step = lc_zone_walk_step(sz->known, &walk, want);
		if (step == LC_STEP_NONE)
			return -ENOSPC;
		if (step == LC_STEP_SCAN) {
			err = lc_zone_look(sz->known, walk.block, &touched, &pb);
			if (err)
				return err;
			cond_resched();
			continue;
		}
		lc_set_claim(s, sz, walk.start);
		err = lc_verify(s, accept);
		if (!err)
			return 0;
		lc_zone_unclaim(s->claim.zone, &s->claim.ext, false);
		if (err != -EAGAIN)
			return err;
		walk.block = walk.start;
	}
	lc_zone_resume(sz->known, walk.start + want->blocks);
	return -ETIME;
}

/*
 * Where a walk had to stop the next one goes on, and only then scans what lies
 * above: on a machine too large for one walk all memory has its turn.
 */
static int lc_walk_zone(struct lc_search *s, struct lc_search_zone *sz,
			enum lc_pb_state accept)
{
	unsigned long until = jiffies + LC_WALK_TIME, resume;
	struct lc_want want = sz->want;
	int err;

	if (time_after(until, s->deadline))
		until = s->deadline;
	resume = lc_zone_resume(sz->known, 0);
	if (resume > want.start && resume < want.end) {
		want.end = resume;
		err = lc_walk_part(s, sz, &want, accept, until);
		if (err != -ENOSPC)
			return err == -ETIME ? -ENOSPC : err;
		want = sz->want;
		want.start = max(want.start + want.blocks, resume) - want.blocks;
	}
	err = lc_walk_part(s, sz, &want, accept, until);
	return err == -ETIME ? -ENOSPC : err;
}

static bool lc_may_accept(struct lc_search_zone *sz, enum lc_pb_state accept)
{
	switch (accept) {
	case LC_PB_PINNED:
		return sz->pinned_walks++ < LC_MAX_PINNED_WALKS;
	case LC_PB_BUSY:
		return lc_zone_late(sz->known, 0, 0).all < LC_MAX_LATE;
	default:
		return true;
	}
}

static int lc_pick_walking(struct lc_search *s, enum lc_turn turn,
			   enum lc_pb_state accept)
{
	unsigned int i;
	int err;

	for (i = 0; i < s->nr_zones; i++) {
		struct lc_search_zone *sz = &s->zones[i];

		if (!lc_usable(sz, turn) || !lc_may_accept(sz, accept))
			continue;
		err = lc_walk_zone(s, sz, accept);
		if (err != -ENOSPC)
			return err;
	}
	return -ENOSPC;
}

static int lc_pick_in_turn(struct lc_search *s, enum lc_turn turn)
{
	int err;

	if (fatal_signal_pending(current))
		return -EINTR;
	err = lc_pick_remembered(s, turn);
	if (err == -ENOSPC && !s->quick)
		err = lc_pick_walking(s, turn, LC_PB_MOVABLE);
	if (err == -ENOSPC && !s->quick)
		err = lc_pick_walking(s, turn, LC_PB_PINNED);
	return err;
}

/**
 * lc_search_next - the next best window
 * @s: the search; no window of it is claimed
 * @window: the result; it begins at a pageblock
 *
 * On success the window is claimed: no other search is given a window that the
 * kernel could not isolate at the same time, and its memory does not go
 * offline. lc_search_done() must follow, or lc_search_unclaim() of a copy of
 * the claim.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: 0; -ENOSPC no window left to try; -EINTR a fatal signal is pending.
 */
int lc_search_next(struct lc_search *s, struct lc_extent *window)
{
	const int turns = s->cheap ? LC_TURN_SPARED : LC_NR_TURNS;
	int turn, err = -ENOSPC;

	for (turn = 0; err == -ENOSPC && turn < turns; turn++)
		err = lc_pick_in_turn(s, turn);
	for (turn = 0; err == -ENOSPC && !s->quick && turn < LC_NR_TURNS; turn++)
		err = lc_pick_walking(s, turn, LC_PB_BUSY);
	if (err)	/* without memory for summaries there is no search */
		return err == -ENOMEM ? -ENOSPC : err;
	*window = s->claim.ext;
	return 0;
}

/**
 * lc_search_done - what became of the window last handed out
 * @s: the search
 * @err: as in lc_search_unclaim()
 *
 * Context: process, may sleep.
 */
void lc_search_done(struct lc_search *s, int err)
{
	s->current_zone->nomem += err == -ENOMEM;
	if (err == -EAGAIN)
		s->current_zone->nomem = LC_NOMEM_PER_ZONE;
	lc_search_unclaim(&s->claim, err);
}

/* Return: 0, -ENOSPC if the window cannot be emptied, or -ENOMEM. */
static int lc_check_movable(const struct lc_claim *claim)
{
	unsigned long b = lc_pb_first(&claim->ext);
	unsigned long end = lc_pb_end(&claim->ext);
	unsigned int touched = 0;
	struct lc_pb pb;
	int err;

	for (; b < end; b++) {
		err = lc_zone_look(claim->zone, b, &touched, &pb);
		if (err)
			return err;
		if (pb.state == LC_PB_HOLE || pb.state == LC_PB_UNMOVABLE ||
		    pb.state == LC_PB_BUSY)
			return -ENOSPC;
		cond_resched();
	}
	return 0;
}

/**
 * lc_search_claim - no search: just this window
 * @claim: the result; lc_search_unclaim() must follow on success
 * @zone: the zone
 * @ext: the window
 *
 * The first and the last pageblock count as a whole, as they do for the kernel
 * when it isolates them.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: 0; -ENOSPC it cannot be emptied; -EBUSY an attempt on it is in
 * progress; -ENOMEM.
 */
int lc_search_claim(struct lc_claim *claim, struct zone *zone,
		    const struct lc_extent *ext)
{
	unsigned long zone_end = zone_end_pfn(zone);
	int err;

	if (ext->pfn >= zone_end || ext->nr_pages > zone_end - ext->pfn)
		return -ENOSPC;
	claim->ext = *ext;
	claim->zone = lc_zone_get(zone, lc_pb_first(ext), lc_pb_end(ext));
	if (!claim->zone)
		return -ENOMEM;
	/* A claim needs summaries to be in, and must outlast the second scan. */
	err = lc_check_movable(claim);
	if (err)
		return err;
	err = lc_zone_claim(claim->zone, ext);
	if (err)
		return err;
	err = lc_check_movable(claim);
	if (err)
		lc_zone_unclaim(claim->zone, ext, false);
	return err;
}

/**
 * lc_search_unclaim - what became of a window
 * @claim: its claim
 * @err: 0 its pages are allocated now; -EBUSY; -ENOMEM; -EINTR;
 *	-EAGAIN the zone cannot spare the pages
 *
 * After -EBUSY and -ENOMEM the window is not offered again for a while.
 *
 * Context: process, may sleep.
 */
void lc_search_unclaim(const struct lc_claim *claim, int err)
{
	if (err == -EBUSY || err == -ENOMEM)
		lc_zone_blame(claim->zone, &claim->ext);
	lc_zone_unclaim(claim->zone, &claim->ext, !err);
}

/**
 * lc_search_late - count an attempt that goes on without its request
 * @claim: its claim, which lasts until the attempt has ended
 * @change: 1 when it is left behind, -1 when it has ended
 * @stalled: it was left behind because it took too long
 *
 * Context: process, may sleep.
 */
void lc_search_late(const struct lc_claim *claim, int change, bool stalled)
{
	lc_zone_late(claim->zone, change, stalled ? change : 0);
}

/**
 * lc_search_available - could a window be here?
 * @zone: the zone
 * @ext: whole pageblocks of it
 *
 * Does not scan memory.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: true if it could, as far as is known.
 */
bool lc_search_available(struct zone *zone, const struct lc_extent *ext)
{
	unsigned long start = lc_pb_first(ext), end = lc_pb_end(ext);
	struct lc_zone *lz = lc_zone_get(zone, start, end);

	return lz && lc_zone_available(lz, start, end);
}

/**
 * lc_search_fragmentation - fragmentation cost of using idle memory
 * @zone: its zone
 * @ext: the pages
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: the cost, as far as is known.
 */
unsigned long lc_search_fragmentation(struct zone *zone,
				      const struct lc_extent *ext)
{
	unsigned long start = lc_pb_first(ext), end = lc_pb_end(ext);
	struct lc_zone *lz = lc_zone_get(zone, start, end);

	return lz ? lc_zone_fragmentation(lz, start, end) : 0;
}

/**
 * lc_search_best_score - cost of the best window of a zone, fragmentation included
 * @zone: the zone
 * @c: placement constraints
 *
 * Does not scan memory.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: the cost, as far as is known; 0 if no window is.
 */
unsigned long lc_search_best_score(struct zone *zone,
				   const struct lc_constraint *c)
{
	struct lc_search_zone sz = { .zone = zone };
	struct lc_window window;

	lc_search_want(&sz, c);
	return sz.known && lc_zone_best(sz.known, &sz.want, &window) ?
		       window.score : 0;
}
