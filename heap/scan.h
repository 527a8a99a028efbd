/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a contiguous range could be made: search.c finds windows, scan.c looks
 * at struct pages for it, claim.c has the windows that are being worked on.
 */
#ifndef _LAZY_CONTIG_SCAN_H
#define _LAZY_CONTIG_SCAN_H

#include <linux/types.h>

#include "policy.h"

/* Weight of a page that has to be copied; see scan.c. */
#define LC_COST_MOVE	2U

struct zone;
struct lc_zone;

/*
 * One request's search in one zone. On the caller's stack; every field but quick
 * is private to search.c and claim.c.
 */
struct lc_search {
	struct lc_zone *zone;
	struct lc_want want;
	struct lc_window window;	/* the one that is claimed */
	unsigned int suspects_tried;
	bool quick;			/* only among what is remembered */
};

int lc_scan_init(void);
void lc_scan_exit(void);

void lc_search_begin(struct lc_search *s, struct zone *zone,
		     unsigned long nr_pages, unsigned long align,
		     unsigned long end_pfn);
int lc_search_next(struct lc_search *s, unsigned long *pfn);
int lc_search_at(struct lc_search *s, struct zone *zone, unsigned long pfn,
		 unsigned long nr_pages);
void lc_search_done(struct lc_search *s, unsigned long pfn, int err);

void lc_search_order(struct zone **zones, unsigned int nr,
		     unsigned long nr_pages, unsigned long align,
		     unsigned long end_pfn);

unsigned long lc_search_spoiled(struct zone *zone, unsigned long pfn,
				unsigned long nr_pages);
unsigned long lc_search_price(struct zone *zone, unsigned long nr_pages,
			      unsigned long align, unsigned long end_pfn);

/* Pages in the way in the window last handed out, as an estimate. */
static inline unsigned long lc_search_to_move(const struct lc_search *s)
{
	return s->window.cost / LC_COST_MOVE;
}

void lc_scan_freed(struct zone *zone, unsigned long pfn,
		   unsigned long nr_pages);
void lc_scan_idle(struct zone *zone, unsigned long pfn,
		  unsigned long nr_pages);
void lc_scan_taken(struct zone *zone, unsigned long pfn,
		   unsigned long nr_pages);
bool lc_scan_leaving(unsigned long pfn, unsigned long nr_pages);

/* between search.c, claim.c and scan.c */
void lc_claim(struct lc_search *s, unsigned long start);
void lc_unclaim(struct lc_search *s);
u32 lc_scan_ticks(void);
/* of the pool: how many pages are idle from this one on */
unsigned long lc_pool_idle(unsigned long pfn);
u32 lc_scan_block(struct zone *zone, unsigned long block,
		  unsigned int *touched);

#endif /* _LAZY_CONTIG_SCAN_H */
