/* SPDX-License-Identifier: GPL-2.0 */
/* Where a contiguous range could be made. */
#ifndef LAZY_CONTIG_SEARCH_H
#define LAZY_CONTIG_SEARCH_H

#include <linux/mmzone.h>

#include "../types.h"
#include "placement.h"

struct lc_zone;

/**
 * struct lc_claim - a window that no other search is given
 * @zone: its zone
 * @ext: its pages; the first and the last pageblock are claimed as a whole
 */
struct lc_claim {
	struct lc_zone *zone;
	struct lc_extent ext;
};

/* Zones whose turn is later are used only if those before have no window. */
enum lc_turn {
	LC_TURN_MOVABLE,	/* ZONE_MOVABLE: the kernel can use all others */
	LC_TURN_ORDINARY,
	LC_TURN_SPARED,		/* low, and hardly more than others may need */
	LC_NR_TURNS
};

/**
 * struct lc_search_zone - one of the zones that a search may use
 * @zone: the zone
 * @known: what is known of it; NULL if no window fits
 * @want: the window wanted, in its pageblocks
 * @pinned_walks: walks that accepted pinned blocks
 * @nomem: attempts here for which there was no room to move pages to
 * @turn: when it is used
 */
struct lc_search_zone {
	struct zone *zone;
	struct lc_zone *known;
	struct lc_want want;
	unsigned int pinned_walks;
	unsigned int nomem;
	enum lc_turn turn;
};

/**
 * struct lc_search - a request's search in the zones of one node
 * @zones: the zones, the most wanted first
 * @nr_zones: how many
 * @nr_pages: length of the window
 * @quick: only among what is remembered
 * @cheap: and only where little has to move, and memory is not spared for others
 * @deadline: jiffies at which walks end
 * @current_zone: the zone of @claim
 * @claim: the window last handed out, until lc_search_done()
 * @cost: weighted pages to move out of it
 *
 * On the caller's stack. Callers use only @claim, @quick and @cheap.
 */
struct lc_search {
	struct lc_search_zone zones[MAX_NR_ZONES];
	unsigned int nr_zones;
	unsigned long nr_pages;
	bool quick;
	bool cheap;
	unsigned long deadline;
	struct lc_search_zone *current_zone;
	struct lc_claim claim;
	unsigned long cost;
};

bool lc_search_fits(struct zone *zone, const struct lc_constraint *c);
void lc_search_begin(struct lc_search *s, const struct lc_constraint *c,
		     unsigned long deadline);
void lc_search_add_zone(struct lc_search *s, const struct lc_constraint *c,
			struct zone *zone);
int lc_search_next(struct lc_search *s, struct lc_extent *window);
void lc_search_done(struct lc_search *s, int err);

int lc_search_claim(struct lc_claim *claim, struct zone *zone,
		    const struct lc_extent *ext);
void lc_search_unclaim(const struct lc_claim *claim, int err);
void lc_search_late(const struct lc_claim *claim, int change, bool stalled);

bool lc_search_available(struct zone *zone, const struct lc_extent *ext);
unsigned long lc_search_fragmentation(struct zone *zone,
				      const struct lc_extent *ext);
unsigned long lc_search_best_score(struct zone *zone,
				   const struct lc_constraint *c);

/* Pages to move out of the window last handed out, as an estimate. */
static inline unsigned long lc_search_to_move(const struct lc_search *s)
{
	return s->cost * LC_COST_SCALE / LC_COST_MOVE;
}

#endif
