// SPDX-License-Identifier: GPL-2.0
/*
 * What lies in a pageblock: reads struct pages without locks or references.
 *
 * Everything may change while it is read: a page may be freed, become part of
 * a larger folio or a slab, or be given to someone else. So nothing read here
 * is trusted: an order is checked against what it could be before it is used
 * as a distance, nothing is dereferenced but struct pages, and page flags are
 * read once and tested in the copy, since the kernel's own test macros assert
 * things that only hold for pages one has a reference to. A wrong answer costs
 * a failed attempt or a missed window, nothing else: alloc_contig_range
 * judges again, with locks.
 *
 * The questions are those of has_unmovable_pages() in mm/page_isolation.c, and
 * one more that it does not ask: does someone hold more references than the
 * page tables, the page cache and the page's private data explain? Such a page
 * does not move until they are dropped, which may be in a microsecond or never.
 */
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "scan.h"

/*
 * Weights of pages to move. Clean page cache that nobody maps is dropped
 * instead of copied. Writeback is waited for. A huge page of hugetlbfs needs
 * another huge page first.
 */
#define COST_DROP	1U
#define COST_WAIT	4U
#define COST_HUGETLB	3U

/* A page of the warm pool is free, but somebody may want it clean. */
#define COST_IDLE	1U

/* Summaries have room for the cost of 512 pages; larger blocks are cut to it. */
#define COST_SCALE	(pageblock_nr_pages > 512 ? pageblock_nr_pages / 512 : 1)

/* More than any block without a pinned page. */
#define LC_COST_PINNED	(LC_COST_MAX * COST_SCALE)

/* Largest order that a page may have for its size to be believed. */
#define MAX_BELIEVED_ORDER	(PUD_SHIFT - PAGE_SHIFT)

struct look {
	enum lc_state state;
	unsigned int cost;
	unsigned long pages;	/* how far to the next struct page to read */
};

/* Time as the summaries count it. Context: any. */
u32 lc_scan_ticks(void)
{
	return (u32)(jiffies / (HZ / LC_TICKS_PER_SEC)) & LC_STAMP_MASK;
}

/* The flags word, read once; its type differs between kernels. */
static unsigned long flags_of(const struct page *page)
{
	return READ_ONCE(*(const unsigned long *)&page->flags);
}

/* Pages from @pfn to the end of its block of 2^@order, or 1 if not credible. */
static unsigned long believed(unsigned long head_pfn, unsigned long pfn,
			      unsigned int order)
{
	unsigned long end;

	if (order > MAX_BELIEVED_ORDER || !IS_ALIGNED(head_pfn, 1UL << order))
		return 1;
	end = head_pfn + (1UL << order);
	return end > pfn && head_pfn <= pfn ? end - pfn : 1;
}

/*
 * Pages from @pfn on that belong to a free piece which began in a block before:
 * only its first page says so. Heads lie in the same section, for a piece is
 * never larger than one.
 */
static unsigned long free_from_before(unsigned long pfn, unsigned int *touched)
{
	unsigned int order;

	for (order = pageblock_order + 1; order <= MAX_PAGE_ORDER; order++) {
		unsigned long head_pfn = ALIGN_DOWN(pfn, 1UL << order);
		struct page *head = pfn_to_page(head_pfn);

		if (head_pfn == pfn)
			break;
		++*touched;
		if (PageBuddy(head) && READ_ONCE(page_private(head)) >= order)
			return believed(head_pfn, pfn,
					READ_ONCE(page_private(head)));
	}
	return 0;
}

/* References that page tables, page cache and private data account for. */
static int expected_refs(unsigned long flags, unsigned long mapping,
			 int mapcount)
{
	const unsigned long swapcache = BIT(PG_swapbacked) | BIT(PG_swapcache);
	int refs = mapcount + ((flags & swapcache) == swapcache);

	if (mapping & PAGE_MAPPING_ANON)
		return refs;
	return refs + !!mapping + !!(flags & BIT(PG_private));
}

/* What it costs to get rid of a page of the LRU. */
static unsigned int cost_of(unsigned long flags, bool mapped)
{
	if (flags & BIT(PG_writeback))
		return COST_WAIT;
	return mapped || flags & (BIT(PG_dirty) | BIT(PG_swapbacked)) ?
	       LC_COST_MOVE : COST_DROP;
}

/* Pinned for good or for an I/O: whatever else is there does not matter. */
static void look_is_pinned(struct look *look)
{
	look->state = LC_SUSPECT;
	look->cost = LC_COST_PINNED;
	look->pages = pageblock_nr_pages;
}

/* Nothing that the kernel could move, but it may be idle in the warm pool. */
static void look_at_taken(struct look *look, unsigned long pfn)
{
	unsigned long rest = pageblock_nr_pages - pfn % pageblock_nr_pages;
	unsigned long idle = min(lc_pool_idle(pfn), rest);

	if (!idle) {
		look->state = LC_BLOCKED;
		return;
	}
	look->pages = idle;
	look->cost = COST_IDLE * idle;
}

static void look_at_small(struct look *look, struct page *page,
			  unsigned long pfn, unsigned long flags)
{
	int refs = page_ref_count(page), mapcount;
	unsigned long mapping;

	if (page_has_type(page) || PageSlab(page)) {
		/* page table and others; a balloon's or zsmalloc's may move */
		look->state = LC_BLOCKED;
		if (lc_has_movable_ops(page)) {
			look->state = LC_CLEAN;
			look->cost = LC_COST_MOVE;
		}
		return;
	}
	if (!refs)	/* free, on its way from or to the buddy allocator */
		return;
	mapping = (unsigned long)READ_ONCE(page->mapping);
	mapcount = atomic_read(&page->_mapcount) + 1;
	look->cost = LC_COST_MOVE;
	if (flags & BIT(PG_lru)) {
		refs -= expected_refs(flags, mapping, mapcount);
		look->cost = cost_of(flags, mapcount);
		if (refs >= GUP_PIN_COUNTING_BIAS)
			look_is_pinned(look);
		else if (refs > 0)
			look->state = LC_SUSPECT;
	} else if (lc_has_movable_ops(page)) {
		return;
	} else if (mapping) {
		/* not on a list yet, or off it for a moment */
		look->state = LC_SUSPECT;
	} else {
		look_at_taken(look, pfn);
	}
}

static void look_at_large(struct look *look, struct page *page,
			  unsigned long pfn)
{
	struct page *head = compound_head(page);
	unsigned int order = compound_order(head);
	unsigned long flags = flags_of(head);

	look->pages = min(believed(page_to_pfn(head), pfn, order),
			  pageblock_nr_pages);
	if (PageHuge(head)) {
		look->cost = COST_HUGETLB * look->pages;
		if (order > MAX_PAGE_ORDER ||
		    !IS_ENABLED(CONFIG_ARCH_ENABLE_HUGEPAGE_MIGRATION))
			look->state = LC_BLOCKED;
	} else if (flags & BIT(PG_lru)) {
		look->cost = cost_of(flags, false) * look->pages;
	} else if (lc_has_movable_ops(head)) {
		look->cost = LC_COST_MOVE * look->pages;
	} else {
		look->state = page_ref_count(head) &&
			      READ_ONCE(head->mapping) && !PageSlab(head) &&
			      !page_has_type(head) ? LC_SUSPECT : LC_BLOCKED;
	}
	if (look->state == LC_CLEAN &&
	    folio_maybe_dma_pinned((struct folio *)head))
		look_is_pinned(look);
}

static struct look look_at(struct page *page, unsigned long pfn)
{
	struct look look = { .state = LC_CLEAN, .pages = 1 };
	unsigned long flags = flags_of(page);

	if (flags & BIT(PG_reserved))
		look.state = LC_BLOCKED;
	else if (PageBuddy(page))
		look.pages = believed(pfn, pfn, READ_ONCE(page_private(page)));
	else if (PageCompound(page))
		look_at_large(&look, page, pfn);
	else
		look_at_small(&look, page, pfn, flags);
	return look;
}

/**
 * lc_scan_block - summarise one pageblock
 * @zone: the zone it should belong to
 * @block: its number
 * @touched: struct pages read, added to what is there
 *
 * Context: any; takes no lock but the pool's. The RCU read lock keeps struct
 * pages in place: the memory notifier in zones.c waits for it before they can go
 * away.
 * Return: a summary with the present time.
 */
u32 lc_scan_block(struct zone *zone, unsigned long block, unsigned int *touched)
{
	unsigned long start = block << pageblock_order, i = 0;
	unsigned long last = start + pageblock_nr_pages - 1;
	enum lc_state state = LC_CLEAN;
	unsigned long cost = 0;
	struct page *first;

	rcu_read_lock();
	first = pfn_to_online_page(start);
	++*touched;
	if (!first || page_zone(first) != zone || !pfn_to_online_page(last) ||
	    page_zone(pfn_to_page(last)) != zone)
		state = LC_HOLE;
	else if (!PageBuddy(first) && !page_ref_count(first))
		i = free_from_before(start, touched);
	while (state >= LC_SUSPECT && i < pageblock_nr_pages) {
		struct look look = look_at(pfn_to_page(start + i), start + i);

		++*touched;
		state = min(state, look.state);
		cost += look.cost;
		i += look.pages;
	}
	rcu_read_unlock();
	return lc_summary(state, min(cost / COST_SCALE, 0UL + LC_COST_MAX),
			  lc_scan_ticks());
}
