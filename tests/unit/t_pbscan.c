// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a scan reads the state and cost of a pageblock off its struct pages, and
 *   invalid ones do no harm
 */
#include "pages.h"
#include "pbscan.h"
#include "tap.h"

/*
 * The block under test; its neighbours exist too. It is the upper half of what
 * the largest free piece can be.
 */
#define FIRST	11UL
#define START	(FIRST << pageblock_order)
#define EXIST	((FIRST - 3) << pageblock_order)
#define NB	((long)pageblock_nr_pages)
#define NR	(5UL << pageblock_order)

/* Pages that count as one in the cost of a block. */
#define SCALE	(NB / 512)

/* Free pieces larger than the block that the scan looks for. */
#define BEFORE	(MAX_PAGE_ORDER - pageblock_order)

struct page *pages;

static struct page *memory;
static struct zone zone, other_zone;
static unsigned int touched;

struct page *pfn_to_online_page(unsigned long pfn)
{
	assert(host_rcu);
	return pfn >= EXIST && pfn < EXIST + NR ? pfn_to_page(pfn) : NULL;
}

/* Free pages, but none that the buddy allocator has put together. */
static void reset(void)
{
	unsigned long i;

	free(memory);
	memory = calloc(NR, sizeof(*memory));
	pages = memory - EXIST;
	for (i = 0; i < NR; i++) {
		memory[i]._mapcount = -1;
		memory[i].zone = &zone;
	}
}

static struct page *page(long offset)
{
	return pfn_to_page(START + offset);
}

static void buddy(long offset, unsigned int order)
{
	page(offset)->buddy = true;
	page(offset)->private = order;
}

static struct page *anon(unsigned long offset)
{
	struct page *p = page(offset);

	p->flags = BIT(PG_lru) | BIT(PG_swapbacked) | BIT(PG_dirty);
	p->mapping = (void *)(0x1000 | PAGE_MAPPING_ANON);
	p->_refcount = 1;
	p->_mapcount = 0;
	return p;
}

static struct page *cache(unsigned long offset)
{
	struct page *p = page(offset);

	p->flags = BIT(PG_lru);
	p->mapping = (void *)0x1000;
	p->_refcount = 1;
	return p;
}

static struct page *large(long offset, unsigned int order)
{
	struct page *head = page(offset);
	unsigned long i;

	anon(offset);
	head->order = order;
	for (i = 0; i < 1UL << order; i++)
		head[i].head = head;
	return head;
}

static void own(unsigned long from, unsigned long to)
{
	for (; from < to; from++)
		page(from)->_refcount = 1;
}

/* What is in the first 512 pages of the block is in all others too. */
static void repeat(void)
{
	long i;

	for (i = 512; i < NB; i++)
		*page(i) = *page(i % 512);
}

static struct lc_pb scan_idle(unsigned long idle)
{
	struct lc_pb pb;

	touched = 0;
	pb = lc_pbscan_block(&zone, FIRST, idle, &touched);
	assert(!host_rcu);
	return pb;
}

static struct lc_pb scan(void)
{
	return scan_idle(0);
}

/* One line for what the block looks like, then memory is free again. */
static void expect_idle(unsigned long idle, enum lc_pb_state state, u32 cost,
			const char *what)
{
	struct lc_pb pb = scan_idle(idle);

	is(pb.state, state, "%s", what);
	if (state >= LC_PB_BUSY)
		is(pb.cost, cost, "at its cost");
	reset();
}

static void expect(enum lc_pb_state state, u32 cost, const char *what)
{
	expect_idle(0, state, cost, what);
}

static void check_free(void)
{
	long i;

	expect(LC_PB_MOVABLE, 0,
	       "pages on their way to the buddy allocator are free");
	buddy(0, pageblock_order);
	expect(LC_PB_MOVABLE, 0, "so is a block in one piece");
	is(touched, 2, "which takes two struct pages");
	if (BEFORE) {
		buddy(-NB, pageblock_order + 1);
		expect(LC_PB_MOVABLE, 0, "a piece may be larger than the block");
		is(touched, 2, "and is found by its first page");
	} else {
		skip("no free piece is larger than a pageblock");
	}
	buddy(-NB, pageblock_order);
	for (i = 1; i <= SCALE; i++)
		anon(NB - i);
	expect(LC_PB_MOVABLE, 2, "if it reaches that far");
	buddy(-NB, 50);
	for (i = 1; i <= SCALE; i++)
		anon(NB - i);
	expect(LC_PB_MOVABLE, 2, "and its order is possible");
	buddy(0, pageblock_order - 1);
	buddy(NB / 2, pageblock_order - 2);
	buddy(NB / 4 * 3, pageblock_order - 2);
	expect(LC_PB_MOVABLE, 0, "or smaller");
	is(touched, 4, "one struct page a piece");
	buddy(0, 63);
	expect(LC_PB_MOVABLE, 0, "an impossible order is not believed");
	is(touched, NB + 1, "every page is read instead");
	buddy(1, pageblock_order);
	expect(LC_PB_MOVABLE, 0, "nor one that does not fit the place");
	is(touched, NB + 1 + BEFORE, "either");
}

static void check_small(void)
{
	anon(5);
	anon(7);
	repeat();
	expect(LC_PB_MOVABLE, 4, "two anonymous pages");
	cache(5);
	repeat();
	expect(LC_PB_MOVABLE, 1, "clean page cache is cheaper");
	cache(5)->flags |= BIT(PG_dirty);
	repeat();
	expect(LC_PB_MOVABLE, 2, "dirty page cache is not");
	cache(5)->_mapcount = 2;
	page(5)->_refcount = 4;
	repeat();
	expect(LC_PB_MOVABLE, 24, "mapped page cache is a fault for each user");
	cache(5)->flags |= BIT(PG_active);
	repeat();
	expect(LC_PB_MOVABLE, 8, "active page cache must be read again");
	cache(5)->flags |= BIT(PG_referenced);
	repeat();
	expect(LC_PB_MOVABLE, 8, "and so must what was referenced lately");
	cache(5)->flags |= BIT(PG_active) | BIT(PG_dirty);
	repeat();
	expect(LC_PB_MOVABLE, 2, "but what is dirty is copied");
	cache(5)->flags |= BIT(PG_private);
	page(5)->_refcount = 2;
	repeat();
	expect(LC_PB_MOVABLE, 1, "buffers are a reference that is known");
	anon(5)->flags |= BIT(PG_swapcache);
	page(5)->_refcount = 2;
	repeat();
	expect(LC_PB_MOVABLE, 2, "and so is the swap cache");
	page(5)->movable_ops = true;
	page(5)->type = true;
	page(5)->_refcount = 1;
	repeat();
	expect(LC_PB_MOVABLE, 2, "a balloon's page");
}

static void check_unmovable(void)
{
	page(3)->flags = BIT(PG_reserved);
	expect(LC_PB_UNMOVABLE, 0, "a reserved page");
	is(touched, 5 + BEFORE, "ends the scan");
	page(3)->_refcount = 1;
	expect(LC_PB_UNMOVABLE, 0, "a page of the kernel, or of ours");
	page(0)->special = true;
	expect(LC_PB_UNMOVABLE, 0, "a pageblock of a CMA area, or isolated");
	is(touched, 1, "of which no page is read but the first");
	page(NB - 1)->type = true;
	expect(LC_PB_UNMOVABLE, 0, "a page table, or a frozen page of slab");
	page(NB - 1)->slab = true;
	page(NB - 1)->_refcount = 1;
	page(NB - 1)->mapping = (void *)0x1000;
	expect(LC_PB_UNMOVABLE, 0, "a page of slab as older kernels mark it");
	large(8, 3)->flags = 0;
	page(8)->mapping = NULL;
	expect(LC_PB_UNMOVABLE, 0, "a large page of the kernel");
	anon(100);
	page(200)->_refcount = 1;
	expect(LC_PB_UNMOVABLE, 0, "a blocker behind movable pages");
	anon(1)->_refcount = 2;
	page(200)->_refcount = 1;
	expect(LC_PB_UNMOVABLE, 0, "a blocker behind a pinned page");
	anon(1)->flags |= BIT(PG_locked);
	page(200)->_refcount = 1;
	expect(LC_PB_UNMOVABLE, 0, "a blocker behind a busy page");
}

/* What is idle in the pool looks like what a buffer has: only counts tell. */
static void check_idle(void)
{
	long i;

	own(0, NB);
	expect_idle(NB, LC_PB_MOVABLE, 512,
		    "a block that is idle as a whole is movable");
	is(touched, 0, "without reading a struct page");
	is(lc_pbscan_idle_block(3).state, LC_PB_MOVABLE, "and is known to be");
	is(lc_pbscan_idle_block(3).cost, 512, "at that cost");
	own(0, 300 * SCALE);
	for (i = 0; i < SCALE; i++)
		anon(400 * SCALE + i);
	expect_idle(300 * SCALE, LC_PB_MOVABLE, 302,
		    "so are idle pages beside movable ones");
	own(0, 300 * SCALE + 1);
	expect_idle(300 * SCALE, LC_PB_UNMOVABLE, 0,
		    "but not beside a page of a buffer");
	own(0, NB);
	expect_idle(0, LC_PB_UNMOVABLE, 0, "nor when a buffer has them again");
	own(0, 10);
	page(20)->type = true;
	expect_idle(11, LC_PB_UNMOVABLE, 0, "a page table is not an idle page");
	large(32, 3)->flags = 0;
	page(32)->mapping = NULL;
	expect_idle(8, LC_PB_UNMOVABLE, 0,
		    "nor is a large page of the kernel");
	own(0, 10);
	anon(20)->_refcount = 2;
	expect_idle(10, LC_PB_PINNED, 0, "a pinned page is seen beside them");
	own(0, 10);
	anon(20)->flags |= BIT(PG_writeback);
	expect_idle(10, LC_PB_BUSY, 12 / SCALE, "and so is a busy one");
}

static void check_pinned(void)
{
	anon(5)->_refcount = 2;
	expect(LC_PB_PINNED, 0, "one reference too many");
	cache(5)->_refcount = 2;
	expect(LC_PB_PINNED, 0, "to page cache too");
	anon(5)->flags &= ~BIT(PG_lru);
	expect(LC_PB_PINNED, 0, "a page not on the LRU yet");
	anon(5)->_refcount = 2;
	anon(9)->flags |= BIT(PG_locked);
	expect(LC_PB_PINNED, 0, "a busy page besides does not matter");
	anon(5)->_refcount += GUP_PIN_COUNTING_BIAS;
	is(scan().cost, LC_PB_COST_MAX, "a pinned page is not worth a try");
	expect(LC_PB_PINNED, 0, "nor a further look");
	is(touched, 7 + BEFORE, "behind it");
	large(64, 6)->pinned = true;
	is(scan().cost, LC_PB_COST_MAX, "a pinned large folio as well");
	expect(LC_PB_PINNED, 0, "of course");
	large(64, 6)->pinned = true;
	page(64)->flags |= BIT(PG_writeback);
	is(scan().cost, LC_PB_COST_MAX, "also while it is written back");
	expect(LC_PB_PINNED, 0, "to a device, say");
}

static void check_busy(void)
{
	anon(5)->flags |= BIT(PG_locked);
	repeat();
	expect(LC_PB_BUSY, 2, "a locked page");
	cache(5)->flags |= BIT(PG_writeback);
	repeat();
	expect(LC_PB_BUSY, 1, "a page under writeback");
	anon(5)->flags |= BIT(PG_locked);
	anon(6);
	repeat();
	expect(LC_PB_BUSY, 4, "beside a movable one");
	anon(5)->flags |= BIT(PG_locked);
	page(5)->_refcount = 2;
	expect(LC_PB_PINNED, 0, "with a reference too many it is pinned");
	cache(5)->flags = BIT(PG_locked);
	repeat();
	expect(LC_PB_BUSY, 2, "a locked page that is not on the LRU yet");
	large(64, 6)->flags |= BIT(PG_writeback);
	expect(LC_PB_BUSY, 128 / SCALE, "a large folio under writeback");
	large(64, 6)->flags |= BIT(PG_locked);
	expect(LC_PB_BUSY, 128 / SCALE, "or locked");
	page(5)->flags = BIT(PG_locked);
	expect(LC_PB_MOVABLE, 0, "a free page is not busy");
}

static struct page *large_cache(long offset, unsigned int order)
{
	struct page *head = large(offset, order);

	cache(offset);
	head->_mapcount = -1;
	return head;
}

static void check_large(void)
{
	unsigned int order = pageblock_order - 3;
	long nr = 1L << order;

	large(nr, order);
	expect(LC_PB_MOVABLE, 128, "a large folio");
	is(touched, NB + 2 + BEFORE - nr, "is read once");
	large_cache(nr, order);
	expect(LC_PB_MOVABLE, 64, "a large folio of clean page cache");
	large_cache(nr, order)->_mapcount = 0;
	expect(LC_PB_MOVABLE, 1536, "a mapped one");
	large(-NB, pageblock_order + 1);
	expect(LC_PB_MOVABLE, 1536,
	       "one that began in the block before, and takes another huge page");
	is(touched, 2 + BEFORE, "as well");
	large(0, pageblock_order)->huge = true;
	expect(LC_PB_MOVABLE, 1536, "a huge page");
	large(0, pageblock_order)->huge = true;
	page(0)->order = 18;
	expect(LC_PB_UNMOVABLE, 0, "a gigantic one");
	large(nr, order)->order = 40;
	expect(LC_PB_MOVABLE, 192, "an impossible order is not believed");
	is(touched, NB + 1 + BEFORE, "every page is read instead");
}

static void check_zone(void)
{
	page(0)->zone = &other_zone;
	expect(LC_PB_HOLE, 0, "memory of another zone");
	page(NB - 1)->zone = &other_zone;
	expect(LC_PB_HOLE, 0, "even if it is only the end");
	is(lc_pbscan_block(&zone, FIRST - 4, 0, &touched).state, LC_PB_HOLE,
	   "below all memory");
	is(lc_pbscan_block(&zone, FIRST + 2, 0, &touched).state, LC_PB_HOLE,
	   "and above");
}

/* Struct pages as a racing reader could see them at worst. */
static void check_invalid(void)
{
	u32 seed = 1, states = 0, i, n;

	for (n = 0; n < 2000 / SCALE; n++) {
		for (i = 0; i < NR; i++) {
			struct page *p = &memory[i];

			seed = seed * 1664525 + 1013904223;
			if (seed >> 16 & 7)
				continue;
			p->flags = seed >> 8 & 1023;
			p->flags &= ~BIT(PG_reserved);
			p->buddy = seed >> 20 & 1;
			p->private = seed >> 24 & 1 ? seed : seed >> 28;
			p->head = seed >> 21 & 1 ?
				  &memory[seed / 7 % NR] : NULL;
			p->order = seed >> 25 & 1 ? seed : seed >> 27;
			p->_refcount = seed >> 22 & 3;
			p->mapping = (void *)(unsigned long)(seed & 0x1001);
		}
		states |= 1 << scan_idle(seed % NB).state;
	}
	ok(states & 1 << LC_PB_UNMOVABLE || states & 1 << LC_PB_PINNED,
	   "invalid struct pages do no harm");
	reset();
}

int main(void)
{
	reset();
	check_free();
	check_small();
	check_unmovable();
	check_idle();
	check_pinned();
	check_busy();
	check_large();
	check_zone();
	check_invalid();
	free(memory);
	return tap_done();
}
