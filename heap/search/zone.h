/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of the pageblocks of each zone. */
#ifndef LAZY_CONTIG_ZONE_H
#define LAZY_CONTIG_ZONE_H

#include "../types.h"
#include "placement.h"

/* Where a range of blocks begins that is empty: none ends above it. */
#define LC_OFFLINE_NONE		ULONG_MAX

struct lc_zone;
struct zone;

/**
 * struct lc_late - attempts in a zone that were left behind and have not ended
 * @all: of them
 * @stalled: because they took too long; else their requests were killed
 */
struct lc_late {
	unsigned int all;
	unsigned int stalled;
};

unsigned long lc_zone_key(struct zone *zone);
unsigned long lc_zone_free_pages(struct zone *zone);
struct lc_zone *lc_zone_get(struct zone *zone, unsigned long start,
			    unsigned long end);
void lc_zone_exit(void);

int lc_zone_look(struct lc_zone *lz, unsigned long block, unsigned int *touched,
		 struct lc_pb *pb);
struct lc_pb lc_zone_fresh(struct zone *zone, unsigned long block);
int lc_zone_refresh(struct lc_zone *lz, const struct lc_want *want);
bool lc_zone_best(struct lc_zone *lz, const struct lc_want *want,
		  struct lc_window *best);
enum lc_step lc_zone_walk_step(struct lc_zone *lz, struct lc_walk *walk,
			       const struct lc_want *want);
unsigned long lc_zone_resume(struct lc_zone *lz, unsigned long resume);
bool lc_zone_available(struct lc_zone *lz, unsigned long start,
		       unsigned long end);
unsigned long lc_zone_fragmentation(struct lc_zone *lz, unsigned long start,
				    unsigned long end);

struct lc_late lc_zone_late(struct lc_zone *lz, int all, int stalled);
int lc_zone_claim(struct lc_zone *lz, const struct lc_extent *ext);
bool lc_zone_claim_best(struct lc_zone *lz, const struct lc_want *want,
			struct lc_window *window);
void lc_zone_unclaim(struct lc_zone *lz, const struct lc_extent *ext, bool owned);
void lc_zone_blame(struct lc_zone *lz, const struct lc_extent *ext);

void lc_zone_prepare(const struct lc_extent *ext);
void lc_zone_idle(struct zone *zone, const struct lc_extent *ext);
void lc_zone_taken(struct zone *zone, const struct lc_extent *ext);
void lc_zone_freed(struct zone *zone, const struct lc_extent *ext);

bool lc_zone_leaving(const struct lc_extent *ext);
int lc_zone_offline_begin(const struct lc_extent *ext);
void lc_zone_offline_end(const struct lc_extent *ext, bool gone);

#endif
