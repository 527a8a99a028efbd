// SPDX-License-Identifier: GPL-2.0
/* Placeholder until the window search is here: no place is ever found. */

#include <linux/errno.h>

#include "scan.h"

int lc_scan_init(void)
{
	return 0;
}

void lc_scan_exit(void)
{
}

void lc_search_begin(struct lc_search *s, struct zone *zone,
		     unsigned long nr_pages, unsigned long align,
		     unsigned long end_pfn)
{
}

int lc_search_next(struct lc_search *s, unsigned long *pfn)
{
	return -ENOSPC;
}

void lc_search_done(struct lc_search *s, unsigned long pfn, int err)
{
}

void lc_scan_freed(unsigned long pfn, unsigned long nr_pages)
{
}
