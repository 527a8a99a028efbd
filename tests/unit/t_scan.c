// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a scan reads the state and cost of a pageblock off its struct pages, and
 *   invalid ones do no harm
 */
#include "pages.h"
#include "scan.h"
#include "tap.h"

/*
 * The block under test; its neighbours exist too. It is the upper half of what
 * the largest free piece can be.
 */
#define FIRST	11UL
#define START	(FIRST << pageblock_order)
#define EXIST	((FIRST - 3) << pageblock_order)
#define NR	(5UL << pageblock_order)

struct page *pages;
unsigned long jiffies;
bool host_killed;

static struct page *memory;
static struct zone zone, other_zone;
static unsigned int touched;
static unsigned long idle_start, idle_end;	/* counted from START */

unsigned long lc_pool_idle(unsigned long pfn)
{
	bool idle = pfn >= START + idle_start && pfn < START + idle_end;

	return idle ? START + idle_end - pfn : 0;
}

void host_resched(void)
{
}

struct page *pfn_to_online_page(unsigned long pfn)
{
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

static u32 scan(void)
{
	touched = 0;
	return lc_scan_block(&zone, FIRST, &touched);
}

/* One line for what the block looks like, then memory is free again. */
static void expect(enum lc_state state, u32 cost, const char *what)
{
	u32 v = scan();

	is(lc_state(v), state, "%s", what);
	if (state == LC_CLEAN)
		is(lc_cost(v), cost, "at its price");
	reset();
}

static void check_free(void)
{
	expect(LC_CLEAN, 0, "pages on their way to the buddy allocator are free");
	buddy(0, 9);
	expect(LC_CLEAN, 0, "so is a block in one piece");
	is(touched, 2, "which takes a look at the zone and one page");
	buddy(-512, 10);
	expect(LC_CLEAN, 0, "a piece may be larger than the block");
	is(touched, 2, "and is found by its first page");
	buddy(-512, 9);
	anon(511);
	expect(LC_CLEAN, 2, "if it reaches that far");
	buddy(-512, 50);
	anon(511);
	expect(LC_CLEAN, 2, "and is no nonsense");
	buddy(0, 8);
	buddy(256, 7);
	buddy(384, 7);
	expect(LC_CLEAN, 0, "or smaller");
	is(touched, 4, "one look a piece");
	buddy(0, 63);
	expect(LC_CLEAN, 0, "an impossible order is not believed");
	is(touched, 513, "every page is looked at instead");
	buddy(1, 9);
	expect(LC_CLEAN, 0, "nor one that does not fit the place");
	is(touched, 514, "either");
}

static void check_small(void)
{
	anon(5);
	anon(7);
	expect(LC_CLEAN, 4, "two anonymous pages");
	cache(5);
	expect(LC_CLEAN, 1, "clean page cache is cheaper");
	cache(5)->flags |= BIT(PG_dirty);
	expect(LC_CLEAN, 2, "dirty page cache is not");
	cache(5)->flags |= BIT(PG_writeback);
	expect(LC_CLEAN, 4, "writeback is dearer");
	cache(5)->_mapcount = 2;
	page(5)->_refcount = 4;
	expect(LC_CLEAN, 2, "mapped page cache moves");
	cache(5)->flags |= BIT(PG_private);
	page(5)->_refcount = 2;
	expect(LC_CLEAN, 1, "buffers are a reference that is known");
	anon(5)->flags |= BIT(PG_swapcache);
	page(5)->_refcount = 2;
	expect(LC_CLEAN, 2, "and so is the swap cache");
	page(5)->movable_ops = true;
	page(5)->type = true;
	page(5)->_refcount = 1;
	expect(LC_CLEAN, 2, "a balloon's page");
}

static void check_blocked(void)
{
	page(3)->flags = BIT(PG_reserved);
	expect(LC_BLOCKED, 0, "a reserved page");
	is(touched, 6, "ends the look");
	page(3)->_refcount = 1;
	expect(LC_BLOCKED, 0, "a page of the kernel, or of ours");
	page(511)->type = true;
	expect(LC_BLOCKED, 0, "a page table, or a frozen page of slab");
	page(511)->slab = true;
	page(511)->_refcount = 1;
	page(511)->mapping = (void *)0x1000;
	expect(LC_BLOCKED, 0, "a page of slab as older kernels mark it");
	large(8, 3)->flags = 0;
	page(8)->mapping = NULL;
	expect(LC_BLOCKED, 0, "a large page of the kernel");
	anon(100);
	page(200)->_refcount = 1;
	expect(LC_BLOCKED, 0, "a blocker behind movable pages");
	anon(1)->_refcount = 2;
	page(200)->_refcount = 1;
	expect(LC_BLOCKED, 0, "a blocker behind a suspect");
}

static void own(unsigned long from, unsigned long to)
{
	for (; from < to; from++)
		page(from)->_refcount = 1;
}

/* What the pool has looks like what a buffer has. */
static void check_idle(void)
{
	idle_end = 700;
	own(0, 700);
	expect(LC_CLEAN, 512, "pages of the pool can be had, at a price");
	is(touched, 2, "with one look at all of them");
	idle_end = 300;
	own(0, 300);
	anon(400);
	expect(LC_CLEAN, 302, "beside others too");
	own(0, 301);
	expect(LC_BLOCKED, 0, "but not beside a page of a buffer");
	idle_end = 0;
	own(0, 512);
	expect(LC_BLOCKED, 0, "nor when a buffer has them again");
}

static void check_suspects(void)
{
	anon(5)->_refcount = 2;
	expect(LC_SUSPECT, 0, "one reference too many");
	cache(5)->_refcount = 2;
	expect(LC_SUSPECT, 0, "to page cache too");
	anon(5)->flags &= ~BIT(PG_lru);
	expect(LC_SUSPECT, 0, "a page not on the LRU yet");
	anon(5)->_refcount += GUP_PIN_COUNTING_BIAS;
	is(lc_cost(scan()), LC_COST_MAX, "a pinned page is not worth a try");
	expect(LC_SUSPECT, 0, "nor a further look");
	is(touched, 8, "behind it");
	large(64, 6)->pinned = true;
	is(lc_cost(scan()), LC_COST_MAX, "a pinned large folio as well");
	expect(LC_SUSPECT, 0, "of course");
}

static void check_large(void)
{
	large(64, 6);
	expect(LC_CLEAN, 128, "a folio of 64 pages");
	is(touched, 514 - 63, "is looked at once");
	large(-512, 10);
	expect(LC_CLEAN, 1024, "one that began in the block before");
	is(touched, 3, "as well");
	large(0, 9)->huge = true;
	expect(LC_CLEAN, 1536, "a huge page");
	large(0, 9)->huge = true;
	page(0)->order = 18;
	expect(LC_BLOCKED, 0, "a gigantic one");
	large(64, 6)->order = 40;
	expect(LC_CLEAN, 2 * 64, "an impossible order is not believed");
	is(touched, 514, "every page is looked at instead");
}

static void check_zone(void)
{
	page(0)->zone = &other_zone;
	expect(LC_HOLE, 0, "memory of another zone");
	page(511)->zone = &other_zone;
	expect(LC_HOLE, 0, "even if it is only the end");
	is(lc_state(lc_scan_block(&zone, FIRST - 4, &touched)), LC_HOLE,
	   "below all memory");
	is(lc_state(lc_scan_block(&zone, FIRST + 2, &touched)), LC_HOLE,
	   "and above");
}

/* Struct pages as a racing reader could see them at worst. */
static void check_nonsense(void)
{
	u32 seed = 1, states = 0, i, n;

	for (n = 0; n < 2000; n++) {
		for (i = 0; i < NR; i++) {
			struct page *p = &memory[i];

			seed = seed * 1664525 + 1013904223;
			if (seed >> 16 & 7)
				continue;
			p->flags = (seed >> 8 & 1) | (seed >> 9 & 63) << 1;
			p->flags &= ~BIT(PG_reserved);
			p->buddy = seed >> 20 & 1;
			p->private = seed >> 24 & 1 ? seed : seed >> 28;
			p->head = seed >> 21 & 1 ?
				  &memory[seed / 7 % NR] : NULL;
			p->order = seed >> 25 & 1 ? seed : seed >> 27;
			p->_refcount = seed >> 22 & 3;
			p->mapping = (void *)(unsigned long)(seed & 0x1001);
		}
		states |= 1 << lc_state(scan());
	}
	ok(states & 1 << LC_BLOCKED || states & 1 << LC_SUSPECT,
	   "nonsense in struct pages is survived");
	reset();
}

int main(void)
{
	reset();
	check_free();
	check_small();
	check_blocked();
	check_idle();
	check_suspects();
	check_large();
	check_zone();
	check_nonsense();
	free(memory);
	return tap_done();
}
