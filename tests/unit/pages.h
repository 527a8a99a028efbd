/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Struct pages for pbscan.c: what the kernel keeps in bits and unions, one field
 * each. Reading one that does not exist ends the program.
 */
#ifndef _UNIT_PAGES_H
#define _UNIT_PAGES_H

#define HOST_PAGES
#include "host.h"

#define GUP_PIN_COUNTING_BIAS		1024
#define PAGE_MAPPING_ANON		1UL
#define CONFIG_ARCH_ENABLE_HUGEPAGE_MIGRATION	1
#define IS_ENABLED(option)		option

enum {
	PG_locked,
	PG_referenced,
	PG_active,
	PG_lru,
	PG_dirty,
	PG_writeback,
	PG_reserved,
	PG_private,
	PG_swapbacked,
	PG_swapcache,
};

struct page {
	unsigned long flags;
	void *mapping;
	unsigned long private;
	int _refcount;
	int _mapcount;
	struct page *head;	/* NULL unless compound */
	unsigned int order;	/* of a head */
	bool buddy;
	bool type;		/* a page table, say */
	bool slab;
	bool huge;
	bool movable_ops;
	bool pinned;		/* a large folio */
	bool special;		/* of a pageblock's first page: CMA's, isolated */
	struct zone *zone;
};

struct folio {
	struct page page;
};

extern struct page *pages;	/* of frame 0; those that exist lie behind it */

struct page *pfn_to_online_page(unsigned long pfn);

#define pfn_to_page(pfn)	(pages + (pfn))
#define page_to_pfn(page)	((unsigned long)((page) - pages))
#define page_zone(page)		((page)->zone)
#define page_ref_count(page)	((page)->_refcount)
#define page_private(page)	((page)->private)
#define page_has_type(page)	((page)->type)
#define atomic_read(p)		(*(p))
#define PageBuddy(page)		((page)->buddy)
#define PageCompound(page)	(!!(page)->head)
#define PageSlab(page)		((page)->slab)
#define PageHuge(page)		((page)->huge)
#define compound_head(page)	((page)->head ?: (page))
#define compound_order(page)	((page)->order)
#define lc_has_movable_ops(page)	((page)->movable_ops)
#define lc_large_mapped(page)	((page)->_mapcount >= 0)
#define lc_pageblock_ordinary(pfn)	(!pfn_to_page(pfn)->special)
#define folio_maybe_dma_pinned(f)	((f)->page.pinned)

#endif /* _UNIT_PAGES_H */
