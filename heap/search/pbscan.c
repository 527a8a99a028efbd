// SPDX-License-Identifier: GPL-2.0
/*
 * What lies in a pageblock: reads struct pages without locks or references.
 *
 * Everything may change while it is read: a page may be freed, become part of
 * a larger folio or a slab, or be allocated again. Nothing read here is
 * trusted: an order is checked against what it could be before it is used as a
 * distance, nothing is dereferenced but struct pages, and page flags are read
 * once and tested in the copy, since the kernel's own test macros assert what
 * only holds for pages to which the caller has a reference. A wrong answer
 * costs a failed attempt or a missed window, nothing else: alloc_contig_range
 * judges again, with locks.
 *
 * Pageblocks of CMA areas, isolated ones and those kept for atomic allocations
 * are never used. Of pages, the questions are those of has_unmovable_pages() in
 * mm/page_isolation.c, and two more. Does the page have more references than the
 * page tables, the page cache and the page's private data explain? Such a page
 * does not move until they are dropped, in a microsecond or never. Is it locked or
 * under writeback? Migration waits for that, uninterruptibly, for as long as the
 * I/O takes.
 */
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "pbscan.h"

/*
 * Weights of pages to move, by what it costs others. Page cache is dropped
 * instead of copied if it is clean: cheap if it is cold, but a page that is in
 * use must be read again, and a mapped one is a major fault. A huge page needs
 * another one, or is split. An idle page of the pool is free, but may be zeroed
 * already.
 */
#define LC_COST_DROP		1U
#define LC_COST_DROP_ACTIVE	8U
#define LC_COST_DROP_MAPPED	24U
#define LC_COST_HUGE		3U
#define LC_COST_IDLE		1U

/* More than any block without a page that is pinned for certain. */
#define LC_COST_PINNED (LC_PB_COST_MAX * LC_COST_SCALE)

/* Largest order of a page whose size is believed. */
#define LC_BELIEVED_ORDER (PUD_SHIFT - PAGE_SHIFT)

#define LC_FLAGS_BUSY (BIT(PG_locked) | BIT(PG_writeback))

/**
 * struct lc_look - what one struct page says
 * @state: of the page
 * @cost: weighted pages to move
 * @pages: how far to the next struct page to read
 * @idle: idle pages of the block that were not yet met
 */
struct lc_look {
	enum lc_pb_state state;
	unsigned long cost;
	unsigned long pages;
	unsigned long idle;
};

/** lc_pbscan_ticks - the time as summaries count it. Context: any. */
u32 lc_pbscan_ticks(void)
{
	return (u32)(jiffies / (HZ / LC_TICKS_PER_SEC)) & LC_PB_STAMP_MASK;
}

/* The flags word, read once; its type differs between kernels. */
static unsigned long lc_flags_of(const struct page *page)
{
	return READ_ONCE(*(const unsigned long *)&page->flags);
}

/* Pages from @pfn to the end of its block of 2^@order, or 1 if not credible. */
static unsigned long lc_believed(unsigned long head_pfn, unsigned long pfn,
				 unsigned int order)
{
	unsigned long end;

	if (order > LC_BELIEVED_ORDER || !IS_ALIGNED(head_pfn, 1UL << order))
		return 1;
	end = head_pfn + (1UL << order);
	return end > pfn && head_pfn <= pfn ? end - pfn : 1;
}

/*
 * Pages from @pfn on that belong to a free block of the buddy allocator which
 * begins in a pageblock before: only its first page says so. The head lies in
 * the same section, for such a block is never larger than one.
 */
static unsigned long lc_free_from_before(unsigned long pfn,
					 unsigned int *touched)
{
	unsigned int order;

	for (order = pageblock_order + 1; order <= MAX_PAGE_ORDER; order++) {
		unsigned long head_pfn = ALIGN_DOWN(pfn, 1UL << order);
		struct page *head = pfn_to_page(head_pfn);

		if (head_pfn == pfn)
			break;
		++*touched;
		if (PageBuddy(head) && READ_ONCE(page_private(head)) >= order)
			return lc_believed(head_pfn, pfn,
					   READ_ONCE(page_private(head)));
	}
	return 0;
}

/* References that page tables, page cache and private data account for. */
static int lc_expected_refs(unsigned long flags, unsigned long mapping,
			    int mapcount)
{
	const unsigned long swapcache = BIT(PG_swapbacked) | BIT(PG_swapcache);
	int refs = mapcount + ((flags & swapcache) == swapcache);

	if (mapping & PAGE_MAPPING_ANON)
		return refs;
	return refs + !!mapping + !!(flags & BIT(PG_private));
}

/* What it costs to get a page of the LRU out of the way. */
static unsigned int lc_page_cost(unsigned long flags, bool mapped)
{
	if (flags & (BIT(PG_dirty) | BIT(PG_swapbacked)))
		return LC_COST_MOVE;
	if (mapped)
		return LC_COST_DROP_MAPPED;
	return flags & (BIT(PG_active) | BIT(PG_referenced)) ?
	       LC_COST_DROP_ACTIVE : LC_COST_DROP;
}

/* Pinned for good or for an I/O: what else the block holds does not matter. */
static void lc_look_is_pinned(struct lc_look *look)
{
	look->state = LC_PB_PINNED;
	look->cost = LC_COST_PINNED;
	look->pages = pageblock_nr_pages;
}

/* An allocated page: the kernel's, or one of the block's idle pages. */
static void lc_look_at_allocated(struct lc_look *look)
{
	if (!look->idle) {
		look->state = LC_PB_UNMOVABLE;
		return;
	}
	look->idle--;
	look->cost = LC_COST_IDLE;
}

static void lc_look_at_lru(struct lc_look *look, unsigned long flags,
			   unsigned long mapping, int mapcount, int refs)
{
	refs -= lc_expected_refs(flags, mapping, mapcount);
	look->cost = lc_page_cost(flags, mapcount);
	if (refs >= GUP_PIN_COUNTING_BIAS)
		lc_look_is_pinned(look);
	else if (refs > 0)
		look->state = LC_PB_PINNED;
	else if (flags & LC_FLAGS_BUSY)
		look->state = LC_PB_BUSY;
}

static void lc_look_at_small(struct lc_look *look, struct page *page,
			     unsigned long flags)
{
	int refs = page_ref_count(page);
	unsigned long mapping;

	if (page_has_type(page) || PageSlab(page)) {
		/* page table and others; a balloon's or zsmalloc's may move */
		look->state = LC_PB_UNMOVABLE;
		if (lc_has_movable_ops(page)) {
			look->state = LC_PB_MOVABLE;
			look->cost = LC_COST_MOVE;
		}
		return;
	}
	if (!refs) /* free, on its way from or to the buddy allocator */
		return;
	mapping = (unsigned long)READ_ONCE(page->mapping);
	look->cost = LC_COST_MOVE;
	if (flags & BIT(PG_lru))
		lc_look_at_lru(look, flags, mapping,
			       atomic_read(&page->_mapcount) + 1, refs);
	else if (lc_has_movable_ops(page))
		return;
	else if (mapping) /* not on a list yet, or off it for a moment */
		look->state = flags & LC_FLAGS_BUSY ? LC_PB_BUSY : LC_PB_PINNED;
	else
		lc_look_at_allocated(look);
}

static void lc_look_at_large(struct lc_look *look, struct page *page,
			     unsigned long pfn)
{
	struct page *head = compound_head(page);
	unsigned int order = compound_order(head);
	unsigned long flags = lc_flags_of(head);

	look->pages = min(lc_believed(page_to_pfn(head), pfn, order),
			  pageblock_nr_pages);
	if (PageHuge(head)) {
		look->cost = LC_COST_HUGE * look->pages;
		if (order > MAX_PAGE_ORDER ||
		    !IS_ENABLED(CONFIG_ARCH_ENABLE_HUGEPAGE_MIGRATION))
			look->state = LC_PB_UNMOVABLE;
	} else if (flags & BIT(PG_lru)) {
		look->cost = lc_page_cost(flags, lc_large_mapped(head)) * look->pages;
		if (order >= pageblock_order)
			look->cost = max(look->cost, LC_COST_HUGE * look->pages);
		if (flags & LC_FLAGS_BUSY)
			look->state = LC_PB_BUSY;
	} else if (lc_has_movable_ops(head)) {
		look->cost = LC_COST_MOVE * look->pages;
	} else {
		look->state = page_ref_count(head) &&
					      READ_ONCE(head->mapping) &&
					      !PageSlab(head) &&
					      !page_has_type(head) ?
				      LC_PB_PINNED :
				      LC_PB_UNMOVABLE;
	}
	if (look->state >= LC_PB_BUSY &&
	    folio_maybe_dma_pinned((struct folio *)head))
		lc_look_is_pinned(look);
}

static void lc_look_at(struct lc_look *look, struct page *page,
		       unsigned long pfn)
{
	unsigned long flags = lc_flags_of(page);

	look->state = LC_PB_MOVABLE;
	look->cost = 0;
	look->pages = 1;
	if (flags & BIT(PG_reserved))
		look->state = LC_PB_UNMOVABLE;
	else if (PageBuddy(page))
		look->pages =
			lc_believed(pfn, pfn, READ_ONCE(page_private(page)));
	else if (PageCompound(page))
		lc_look_at_large(look, page, pfn);
	else
		lc_look_at_small(look, page, flags);
}

/** lc_pbscan_idle_block - summary of a block all of whose pages are idle */
struct lc_pb lc_pbscan_idle_block(u32 now)
{
	return lc_pb_summary(LC_PB_MOVABLE, LC_COST_IDLE * pageblock_nr_pages /
			     LC_COST_SCALE, now);
}

/**
 * lc_pbscan_block - summarise one pageblock
 * @zone: the zone it should belong to
 * @block: its number
 * @idle: how many of its pages are idle in the pool
 * @touched: struct pages read, added to what is there
 *
 * The RCU read lock keeps struct pages in place: lc_zone_offline_end() waits
 * for it before they can go away.
 *
 * Context: any; takes no lock. Return: a summary with the present time.
 */
struct lc_pb lc_pbscan_block(struct zone *zone, unsigned long block,
			     unsigned long idle, unsigned int *touched)
{
	unsigned long start = block << pageblock_order, i = 0, cost = 0;
	unsigned long last = start + pageblock_nr_pages - 1;
	enum lc_pb_state state = LC_PB_MOVABLE;
	struct lc_look look = { .idle = idle };
	struct page *first;

	if (idle == pageblock_nr_pages)
		return lc_pbscan_idle_block(lc_pbscan_ticks());
	rcu_read_lock();
	first = pfn_to_online_page(start);
	++*touched;
	if (!first || page_zone(first) != zone || !pfn_to_online_page(last) ||
	    page_zone(pfn_to_page(last)) != zone)
		state = LC_PB_HOLE;
	else if (!lc_pageblock_ordinary(start))
		state = LC_PB_UNMOVABLE;
	else if (!PageBuddy(first) && !page_ref_count(first))
		i = lc_free_from_before(start, touched);
	while (state > LC_PB_UNMOVABLE && i < pageblock_nr_pages) {
		lc_look_at(&look, pfn_to_page(start + i), start + i);
		++*touched;
		state = min(state, look.state);
		cost += look.cost;
		i += look.pages;
	}
	rcu_read_unlock();
	return lc_pb_summary(state, cost / LC_COST_SCALE, lc_pbscan_ticks());
}
