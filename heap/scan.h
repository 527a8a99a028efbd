/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a contiguous range could be made: reads struct pages, keeps summaries
 * of pageblocks, and lets policy.c choose among them.
 */
#ifndef _LAZY_CONTIG_SCAN_H
#define _LAZY_CONTIG_SCAN_H

#include <linux/list.h>
#include <linux/types.h>

struct zone;

/*
 * One request's search in one zone. On the caller's stack; every field is
 * private to scan.c.
 */
struct lc_search {
	struct zone *zone;
	unsigned long nr_pages;
	unsigned long align;
	unsigned long end_pfn;

	/* while a window is claimed: its isolation units, on the claim list */
	struct list_head claim;
	unsigned long claim_start;
	unsigned long claim_end;

	unsigned long last_pfn;
	unsigned int tries;
	bool refreshed;
};

int lc_scan_init(void);
void lc_scan_exit(void);

void lc_search_begin(struct lc_search *s, struct zone *zone,
		     unsigned long nr_pages, unsigned long align,
		     unsigned long end_pfn);
int lc_search_next(struct lc_search *s, unsigned long *pfn);
void lc_search_done(struct lc_search *s, unsigned long pfn, int err);

void lc_scan_freed(unsigned long pfn, unsigned long nr_pages);

#endif /* _LAZY_CONTIG_SCAN_H */
