// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: bounded work; failed windows are remembered; concurrent requests get
 *   separate windows
 * Promise: limits: no place: ENOMEM after a bounded time
 *
 * Whole searches on synthetic machines: claims, failures, idle memory, several zones,
 * memory that comes and goes, signals. Lengths are counted in pageblocks.
 */
#include "machine.h"
#include "tap.h"

#define BLOCKS(n)	((unsigned long)((n) * pageblock_nr_pages))
#define UNIT		(MAX_ORDER_NR_PAGES / pageblock_nr_pages)

static struct machine m;

/*
 * A zone drawn as in grid.h, of which digits are fiftieths of 500 pages to move;
 * p is pinned, b busy, ! cannot be isolated.
 */
static void draw_zone(struct machine *z, int idx, unsigned long first,
		      const char *text)
{
	unsigned long b;

	machine_new(z, idx, first, strlen(text));
	for (b = 0; b < z->blocks; b++) {
		struct truth *t = &z->truth[b];

		t->hole = text[b] == 'h';
		t->blocked = text[b] == '#';
		t->pinned = text[b] == 'p';
		t->busy = text[b] == 'b';
		t->secret = text[b] == '!';
		if (text[b] >= '1' && text[b] <= '9')
			t->used = (text[b] - '0') * 50 *
				  (pageblock_nr_pages / 512);
	}
}

static void draw(const char *text)
{
	draw_zone(&m, ZONE_NORMAL, 100, text);
}

static long block_of(const struct lc_extent *ext)
{
	return (ext->pfn >> pageblock_order) - m.first;
}

static struct lc_constraint pages(unsigned long nr_pages)
{
	return (struct lc_constraint){
		.nr_pages = nr_pages,
		.align = 1,
		.end_pfn = LC_NO_LIMIT,
	};
}

static int search(struct lc_search *s, unsigned long nr, struct lc_extent *ext)
{
	struct lc_constraint c = pages(nr);

	lc_search_begin(s, &c, jiffies + 10 * HZ);
	lc_search_add_zone(s, &c, &m.zone);
	return lc_search_next(s, ext);
}

static int alloc(unsigned long nr, struct lc_extent *ext, unsigned int *tries)
{
	struct lc_constraint c = pages(nr);

	return machine_alloc(&m, &c, ext, tries);
}

static void check_claims(void)
{
	struct lc_extent ea, eb, ec;
	struct lc_search a, b, c;

	draw("........");
	is(search(&a, BLOCKS(3), &ea), 0, "a window of three blocks");
	is(search(&b, BLOCKS(1), &eb), 0, "and one of one at the same time");
	ok(ALIGN_DOWN(ea.pfn, MAX_ORDER_NR_PAGES) >=
	   ALIGN(lc_extent_end(&eb), MAX_ORDER_NR_PAGES),
	   "share no unit of isolation");
	is(search(&c, BLOCKS(UNIT == 2 ? 3 : 5), &ec), -ENOSPC,
	   "a third finds too little");
	lc_search_done(&a, -EINTR);
	is(search(&c, BLOCKS(3), &ec), 0, "but something when one gave up");
	is(ec.pfn, ea.pfn, "the same");
	lc_search_done(&c, 0);
	lc_search_done(&b, 0);
	is(search(&c, BLOCKS(2), &ec), 0, "the rest is left");
	is(block_of(&ec), UNIT == 2 ? 1 : 2, "below the two");
	lc_search_done(&c, -EINTR);
	machine_free(&m);
}

/* Requests that choose the same window before one of them has claimed it. */
static void check_chosen_at_once(void)
{
	const struct lc_want want = {
		.blocks = 2, .align = 2, .start = 100, .end = 108,
	};
	struct lc_window same, windows[4];
	unsigned int i, j, apart = 0;
	struct lc_extent ext;
	struct lc_search s;
	struct lc_zone *lz;

	draw("........");
	is(search(&s, BLOCKS(8), &ext), 0, "all of a zone is known");
	lc_search_done(&s, -EINTR);
	lz = lc_zone_get(&m.zone, want.start, want.end);
	ok(lc_zone_best(lz, &want, &same), "a window is chosen");
	for (i = 0; i < 4; i++) {
		windows[i] = same;
		ok(lc_zone_claim_best(lz, &want, &windows[i]), "request %u gets one", i);
		for (j = 0; j < i; j++)
			apart += windows[i].start >= windows[j].start + 2 ||
				 windows[j].start >= windows[i].start + 2;
	}
	is(windows[0].start, same.start, "the first of them that window");
	is(apart, 6, "each its own");
	ok(!lc_zone_claim_best(lz, &want, &same), "until none is left");
	ext = (struct lc_extent){ BLOCKS(100), BLOCKS(8) };
	lc_zone_unclaim(lz, &ext, false);
	machine_free(&m);
}

static void check_small(void)
{
	struct lc_extent ext;
	struct lc_search s;

	draw("#.#....");
	is(search(&s, 5, &ext), 0, "five pages");
	is(block_of(&ext), 1, "in the block that is worth least");
	is(ext.nr_pages, 5, "no more");
	lc_search_done(&s, -EINTR);
	is(search(&s, BLOCKS(1) * 3 / 2, &ext), 0, "a block and a half");
	is(ext.pfn % pageblock_nr_pages, 0, "from the start of a block");
	lc_search_done(&s, -EINTR);
	machine_free(&m);

	draw("#81#");
	is(search(&s, BLOCKS(1) * 3 / 2, &ext), 0,
	   "also where that is the end to move more from");
	is(ext.pfn % pageblock_nr_pages, 0, "or huge pages could not map it");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

static void check_constraints(void)
{
	struct lc_constraint c = pages(BLOCKS(2));
	struct lc_extent ext;
	unsigned int tries;

	draw("................");
	c.end_pfn = BLOCKS(105) + 3;
	is(machine_alloc(&m, &c, &ext, &tries), 0, "an upper limit");
	is(block_of(&ext), 3, "counts in whole blocks");
	machine_give(&ext);
	c.end_pfn = LC_NO_LIMIT;
	c.start_pfn = BLOCKS(113) + 1;
	is(machine_alloc(&m, &c, &ext, &tries), 0, "a lower limit");
	is(block_of(&ext), 14, "as well");
	machine_give(&ext);
	c.start_pfn = BLOCKS(114) + 1;
	is(machine_alloc(&m, &c, &ext, &tries), -ENOSPC, "or rules all out");
	c.start_pfn = BLOCKS(50);
	c.align = BLOCKS(8);
	is(machine_alloc(&m, &c, &ext, &tries), 0, "below the zone it does not matter");
	is(ext.pfn % c.align, 0, "an alignment is kept");
	machine_give(&ext);
	c.start_pfn = BLOCKS(500);
	is(machine_alloc(&m, &c, &ext, &tries), -ENOSPC, "a limit above the zone");
	c.start_pfn = LC_NO_LIMIT >> PAGE_SHIFT;
	is(machine_alloc(&m, &c, &ext, &tries), -ENOSPC, "or above all memory");
	c.start_pfn = 0;
	c.end_pfn = 5;
	is(machine_alloc(&m, &c, &ext, &tries), -ENOSPC, "or below all memory");
	machine_free(&m);
}

static void check_refusal(void)
{
	struct lc_extent ext;
	struct lc_search s;

	draw("...#...");
	is(search(&s, BLOCKS(4), &ext), -ENOSPC, "nothing of four blocks");
	m.touched = 0;
	is(search(&s, BLOCKS(4), &ext), -ENOSPC, "nor a moment later");
	is(m.touched, 0, "which takes no look at memory");
	is(search(&s, BLOCKS(500), &ext), -ENOSPC, "more than the zone has");
	is(m.touched, 0, "takes none either");
	m.truth[3].blocked = false;
	jiffies += 2 * HZ;
	is(search(&s, BLOCKS(4), &ext), 0, "when the blocker has gone it is found");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

static void check_quick(void)
{
	struct lc_constraint c = pages(BLOCKS(4));
	struct lc_extent ext;
	struct lc_search s;

	draw("pppp");
	lc_search_begin(&s, &c, jiffies + HZ);
	lc_search_add_zone(&s, &c, &m.zone);
	s.quick = true;
	is(lc_search_next(&s, &ext), -ENOSPC, "a quick search does not walk");
	s.quick = false;
	is(lc_search_next(&s, &ext), 0, "as another one does");
	lc_search_done(&s, -EINTR);
	is(search(&s, BLOCKS(4), &ext), 0, "which may be repeated");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

static void check_failures(void)
{
	struct lc_extent ext;
	unsigned int tries;

	/* the kernel refuses, and struct pages do not say why */
	draw("....#...!");
	is(alloc(BLOCKS(4), &ext, &tries), 0,
	   "a place beside a block that cannot be isolated");
	is(block_of(&ext), 0, "is found");
	is(tries, 1, "after that one failed");
	machine_give(&ext);
	is(alloc(BLOCKS(3), &ext, &tries), 0, "three blocks there");
	machine_free(&m);

	draw("2222#222!");
	is(alloc(BLOCKS(4), &ext, &tries), 0,
	   "pages to move make no difference");
	is(tries, 1, "the failure is seen once");
	is(alloc(BLOCKS(4), &ext, &tries), -ENOSPC, "the next request");
	is(tries, 0, "does not repeat it");
	machine_free(&m);
}

/* Pages move from the low end up: the first that stayed is to blame. */
static void check_blame(void)
{
	struct lc_extent ext;
	struct lc_search s;

	draw("3333");
	is(search(&s, BLOCKS(4), &ext), 0, "a window");
	m.truth[0].used = 0;
	m.truth[1].used = 0;
	lc_search_done(&s, -EBUSY);
	is(search(&s, BLOCKS(2), &ext), 0, "after a failure in its third block");
	is(block_of(&ext), 0, "the two below are used");
	lc_search_done(&s, 0);
	m.truth[0].owned = pageblock_nr_pages;
	m.truth[1].owned = pageblock_nr_pages;
	is(search(&s, BLOCKS(1), &ext), 0, "and the one above");
	is(block_of(&ext), 3, "as well");
	lc_search_done(&s, 0);
	m.truth[3].owned = pageblock_nr_pages;
	is(search(&s, BLOCKS(1), &ext), -ENOSPC, "the third is left alone");
	jiffies += HZ;
	is(search(&s, BLOCKS(1), &ext), 0, "for a second");
	is(block_of(&ext), 2, "not longer");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

/* No room to move pages to: twice in a zone is enough. */
static void check_nomem(void)
{
	struct lc_extent ext;
	struct lc_search s;

	draw("3333#3333#3333#3333");
	is(search(&s, BLOCKS(4), &ext), 0, "a window");
	is(lc_search_to_move(&s), 4 * 150 * (pageblock_nr_pages / 512),
	   "with pages to move");
	lc_search_done(&s, -ENOMEM);
	is(lc_search_next(&s, &ext), 0, "without room for them another");
	lc_search_done(&s, -ENOMEM);
	is(lc_search_next(&s, &ext), -ENOSPC, "but not a third");
	is(search(&s, BLOCKS(4), &ext), 0, "which the next request gets");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

static void check_pins(void)
{
	unsigned int tries, i, total = 0;
	struct lc_extent ext;

	draw("..p.#....");
	is(alloc(BLOCKS(4), &ext, &tries), 0, "a window without a pinned page");
	is(block_of(&ext), 5, "is preferred");
	is(tries, 0, "without trying the other");
	is(alloc(BLOCKS(4), &ext, &tries), -ENOSPC,
	   "a pin is in the way of a second");
	is(tries, 1, "which is tried, once");
	for (i = 0; i < 100; i++) {
		alloc(BLOCKS(4), &ext, &tries);
		total += tries;
		jiffies += HZ / 10;
	}
	ok(total <= 4, "a lasting pin is tried %u times in ten seconds", total);
	m.truth[2].pinned = false;
	jiffies += 200 * HZ;
	is(alloc(BLOCKS(4), &ext, &tries), 0, "when it is gone the window is found");
	machine_free(&m);

	draw("..p.");
	is(alloc(BLOCKS(4), &ext, &tries), -ENOSPC, "a short pin");
	m.truth[2].pinned = false;
	jiffies += HZ / 2;
	is(alloc(BLOCKS(4), &ext, &tries), 0, "costs half a second");
	machine_free(&m);
}

/* Pages that are locked or under writeback make a window the last choice. */
static void check_busy(void)
{
	struct lc_extent ext, late_ext;
	struct lc_claim late[5];
	struct lc_search s;
	unsigned int i;

	draw("..p.#9999#..b.");
	is(search(&s, BLOCKS(4), &ext), 0, "a window that is full");
	is(block_of(&ext), 5, "comes before one with a busy page");
	lc_search_done(&s, 0);
	m.truth[5].owned = pageblock_nr_pages;
	m.truth[6].owned = pageblock_nr_pages;
	m.truth[7].owned = pageblock_nr_pages;
	m.truth[8].owned = pageblock_nr_pages;
	is(search(&s, BLOCKS(4), &ext), 0, "and a pinned one");
	is(block_of(&ext), 0, "does too");
	lc_search_done(&s, -EBUSY);
	is(lc_search_next(&s, &ext), 0, "in the end");
	is(block_of(&ext), 10, "the busy one is tried");
	lc_search_done(&s, -EBUSY);
	is(lc_search_next(&s, &ext), -ENOSPC, "once");
	machine_free(&m);

	draw(".b");
	is(search(&s, BLOCKS(1), &ext), 0, "one of two blocks");
	is(block_of(&ext), 0, "that is not busy");
	lc_search_done(&s, -EINTR);
	m.truth[1].busy = false;
	jiffies += HZ;
	is(search(&s, BLOCKS(2), &ext), 0, "both when the I/O is done");
	lc_search_done(&s, -EINTR);
	machine_free(&m);

	/* attempts that are left behind, each in a window of its own */
	draw("..........bb");
	for (i = 0; i < 4; i++) {
		if (search(&s, BLOCKS(2), &late_ext))
			bail("no window to leave behind");
		late[i] = s.claim;
		lc_search_late(&late[i], 1, false);
		is(lc_zone_late(late[i].zone, 0, 0).all, i + 1,
		   "attempt %u is left behind", i + 1);
	}
	is(search(&s, BLOCKS(2), &ext), 0, "another window is found");
	late[4] = s.claim;
	is(search(&s, BLOCKS(2), &ext), -ENOSPC,
	   "but a busy one is not while four attempts wait");
	lc_search_late(&late[0], -1, false);
	is(lc_zone_late(late[0].zone, 0, 0).all, 3, "when one has ended");
	lc_search_unclaim(&late[0], 0);
	for (i = 0; i < 2; i++)
		m.truth[block_of(&late[0].ext) + i].owned =
			pageblock_nr_pages;
	is(search(&s, BLOCKS(2), &ext), 0, "it is");
	is(block_of(&ext), 10, "at last");
	lc_search_done(&s, -EINTR);
	for (i = 1; i < 5; i++) {
		if (i < 4)
			lc_search_late(&late[i], -1, false);
		lc_search_unclaim(&late[i], -ETIME);
	}
	is(search(&s, BLOCKS(4), &ext), 0, "the others' windows are free again");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

static void check_given_back(void)
{
	struct lc_extent ext, again;
	unsigned int tries;

	draw("####....##");
	is(alloc(BLOCKS(4), &ext, &tries), 0, "four blocks");
	is(alloc(BLOCKS(4), &again, &tries), -ENOSPC, "are all there is");
	machine_give(&ext);
	m.touched = 0;
	is(alloc(BLOCKS(4), &again, &tries), 0,
	   "given back they can be had at once");
	is(again.pfn, ext.pfn, "again");
	is(m.touched, 4, "with one look at each block");
	machine_free(&m);

	draw("####....##");
	is(alloc(BLOCKS(3) + 1, &ext, &tries), 0, "three blocks and a page");
	machine_give(&ext);
	is(alloc(BLOCKS(4), &again, &tries), 0,
	   "a block of which part was given back counts too");
	machine_free(&m);
	draw("####");
	lc_zone_freed(&m.zone, &(struct lc_extent){ 12345, 100 });
	machine_free(&m);
	ok(true, "giving back what no search has seen is harmless");
}

/* Idle memory can be had, but what costs nothing is taken first. */
static void check_idle(void)
{
	struct lc_constraint c = pages(BLOCKS(4));
	struct lc_extent ext, other, again, part;
	unsigned int tries;

	draw("#....#....#");
	is(alloc(BLOCKS(4), &ext, &tries), 0, "four blocks");
	machine_idle(&ext);
	m.touched = 0;
	is(alloc(BLOCKS(4), &other, &tries), 0, "four more while they are idle");
	ok(other.pfn != ext.pfn, "lie elsewhere");
	is(m.touched, 4, "and no idle block is read");
	is(alloc(BLOCKS(4), &again, &tries), 0, "and four more");
	is(again.pfn, ext.pfn, "are those");
	machine_idle(&again);
	part = (struct lc_extent){ ext.pfn, BLOCKS(3) + 1 };
	machine_reuse(&part);
	m.touched = 0;
	is(alloc(BLOCKS(1), &again, &tries), -ENOSPC,
	   "what a buffer has again cannot be had");
	is(m.touched, 0, "of which there is no doubt");
	machine_idle(&part);
	is(alloc(BLOCKS(4), &again, &tries), 0, "when it is idle again it can");
	is(again.pfn, ext.pfn, "whole");
	machine_free(&m);

	draw("#....#");
	is(alloc(BLOCKS(4), &ext, &tries), 0, "all there is");
	is(lc_search_best_score(&m.zone, &c), 0, "while in use is no window");
	ok(!lc_search_available(&m.zone, &ext), "nor could one be there");
	machine_idle(&ext);
	is(lc_search_best_score(&m.zone, &c), 512 * 4,
	   "but idle at once, without a scan");
	ok(lc_search_available(&m.zone, &ext), "and there one could be");
	machine_free(&m);
}

/* Blocks only a part of which is idle: how much is known exactly. */
static void check_idle_parts(void)
{
	struct lc_extent ext, part, again;
	unsigned int tries;

	draw("#..#");
	is(alloc(BLOCKS(2), &ext, &tries), 0, "two blocks");
	part = (struct lc_extent){ ext.pfn + 10, BLOCKS(1) };
	machine_idle(&part);
	jiffies += 2 * HZ;
	is(alloc(BLOCKS(1), &again, &tries), -ENOSPC,
	   "half of each is idle, and none can be had");
	part = (struct lc_extent){ ext.pfn, 10 };
	machine_idle(&part);
	is(alloc(BLOCKS(1), &again, &tries), 0, "the first when all of it is");
	is(again.pfn, ext.pfn, "idle");
	machine_give(&again);
	part = (struct lc_extent){ lc_extent_end(&ext) - BLOCKS(1) + 10,
				   BLOCKS(1) - 10 };
	machine_give(&part);
	is(alloc(BLOCKS(2), &again, &tries), 0,
	   "both when the rest of the second is free");
	machine_free(&m);

	/* a small buffer in a block, the rest of which the pool keeps */
	draw("#..#");
	is(alloc(BLOCKS(1), &ext, &tries), 0, "one block");
	part = (struct lc_extent){ ext.pfn + 16, BLOCKS(1) - 16 };
	machine_idle(&part);
	part = (struct lc_extent){ ext.pfn, 16 };
	machine_give(&part);
	m.touched = 0;
	is(alloc(BLOCKS(2), &again, &tries), 0, "idle pages beside free ones");
	ok(m.touched > 2, "are read one by one");
	machine_free(&m);

	/* idle pages before there is room to count them */
	draw("#....#");
	is(alloc(BLOCKS(4), &ext, &tries), 0, "four blocks");
	machine_free(&m);
	draw("#....#");
	ext = (struct lc_extent){ BLOCKS(101), BLOCKS(4) };
	if (machine_take(&ext))
		bail("memory cannot be taken");
	machine_idle(&ext);
	is(alloc(BLOCKS(4), &again, &tries), -ENOSPC,
	   "idle memory without lc_zone_prepare() is not known");
	machine_reuse(&ext);
	machine_give(&ext);
	is(alloc(BLOCKS(4), &again, &tries), 0, "until it is freed");
	machine_free(&m);
}

/* Idle pages of a window's last block that are not in the window stay known. */
static void check_idle_behind(void)
{
	struct lc_extent ext, part = { BLOCKS(101) + 100, 50 };
	struct lc_search s;
	unsigned int tries;

	draw("..");
	is(search(&s, BLOCKS(1) + 100, &ext), 0, "a block and 100 pages");
	m.truth[1].owned = 50;
	machine_idle(&part);
	m.truth[0].owned = pageblock_nr_pages;
	m.truth[1].owned += 100;
	lc_search_done(&s, 0);
	machine_idle(&ext);
	is(alloc(BLOCKS(2), &ext, &tries), 0,
	   "memory that became idle behind a window meanwhile is not forgotten");
	machine_free(&m);
}

/* Of a block that is taken in part, the rest and what is freed are seen by a scan. */
static void check_part(void)
{
	struct lc_extent ext, page;
	unsigned int tries;
	struct lc_search s;

	draw("##.##");
	is(search(&s, 1, &page), 0, "a page");
	m.truth[block_of(&page)].owned = 1;
	lc_search_done(&s, 0);
	is(alloc(BLOCKS(1), &ext, &tries), -ENOSPC, "its block cannot be had");
	m.truth[block_of(&page)].owned = 0;
	jiffies += 3 * HZ;
	is(alloc(BLOCKS(1), &ext, &tries), 0,
	   "until the page is freed, of which the search is not told");
	machine_free(&m);
}

/*
 * Reclaim frees idle memory whenever memory is allocated, as it is for summaries of
 * ever more blocks: under no lock that this takes.
 */
static void check_reclaim(void)
{
	struct lc_constraint c = pages(BLOCKS(20));
	struct lc_extent ext[4];
	unsigned int tries, i, found = 0, left = 0;

	machine_new(&m, ZONE_NORMAL, 0, 4 * LC_SLOT_BLOCKS);
	machine_reclaims = true;
	for (i = 0; i < 4; i++) {
		c.start_pfn = BLOCKS((3 - i) * LC_SLOT_BLOCKS);
		c.end_pfn = BLOCKS((4 - i) * LC_SLOT_BLOCKS);
		if (machine_alloc(&m, &c, &ext[i], &tries))
			continue;
		found++;
		machine_idle(&ext[i]);
	}
	machine_reclaims = false;
	is(found, 4, "windows are found while idle memory is reclaimed");
	for (i = 0; i < m.blocks; i++)
		left += !!m.truth[i].idle;
	ok(left < 80 - 3, "%u of 80 blocks were", 80 - left);
	machine_free(&m);
}

static struct lc_extent some_blocks(unsigned long first, unsigned long nr)
{
	return (struct lc_extent){
		(m.first + first) << pageblock_order, BLOCKS(nr),
	};
}

static int going(unsigned long first, unsigned long nr)
{
	struct lc_extent ext = some_blocks(first, nr);

	return lc_zone_offline_begin(&ext);
}

static void stays(unsigned long first, unsigned long nr)
{
	struct lc_extent ext = some_blocks(first, nr);

	lc_zone_offline_end(&ext, false);
}

static void gone(unsigned long first, unsigned long nr)
{
	struct lc_extent ext = some_blocks(first, nr);

	lc_zone_offline_end(&ext, true);
}

/* pthread.h needs kernel headers, which are stubs here. */
typedef unsigned long pthread_t;
int pthread_create(pthread_t *thread, const void *attr, void *(*run)(void *), void *arg);
int pthread_join(pthread_t thread, void **result);

static bool hotplugs_end;

static void *hotplug_often(void *arg)
{
	int i, refused = 0;

	for (i = 0; i < 1000000; i++) {
		refused += going(4, 4) != 0;
		stays(4, 4);
	}
	*(int *)arg = refused;
	__atomic_store_n(&hotplugs_end, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Memory comes and goes while a thread looks at its neighbour, without a lock. */
static void check_hotplug_race(void)
{
	struct lc_extent below, above;
	unsigned long seen = 0;
	pthread_t thread;
	int refused = -1;

	draw("............");
	below = some_blocks(0, 4);
	above = some_blocks(8, 4);
	if (pthread_create(&thread, NULL, hotplug_often, &refused))
		bail("pthread_create");
	while (!__atomic_load_n(&hotplugs_end, __ATOMIC_ACQUIRE))
		seen += lc_zone_leaving(&below) + lc_zone_leaving(&above);
	pthread_join(thread, NULL);
	is(refused, 0, "memory goes and comes back");
	is(seen, 0, "what is beside it never seems to leave");
	machine_free(&m);
}

static void check_hotplug(void)
{
	struct lc_extent ext, half;
	struct lc_search s;
	unsigned long b;

	draw("....hhhh");
	is(search(&s, BLOCKS(8), &ext), -ENOSPC, "half of the zone is a hole");
	for (b = 4; b < 8; b++)
		m.truth[b].hole = false;
	stays(4, 4);
	is(search(&s, BLOCKS(8), &ext), 0, "memory that comes online counts");
	is(going(4, 4), -EBUSY, "what is claimed does not go offline");
	lc_search_done(&s, -EINTR);
	stays(4, 4);
	is(going(4, 4), 0, "when it is not it may go");
	half = some_blocks(4, 4);
	ok(lc_zone_leaving(&half), "it is leaving");
	half = (struct lc_extent){ half.pfn - 10, 10 };
	ok(!lc_zone_leaving(&half), "its neighbour is not");
	half.nr_pages = 11;
	ok(lc_zone_leaving(&half), "unless they share a page");
	is(search(&s, BLOCKS(4), &ext), 0, "meanwhile");
	ok(block_of(&ext) < 4, "it is not offered");
	lc_search_done(&s, -EINTR);
	is(search(&s, BLOCKS(5), &ext), -ENOSPC, "not even in part");
	for (b = 4; b < 8; b++)
		m.truth[b].hole = true;
	host_grace_periods = 0;
	gone(4, 4);
	is(host_grace_periods, 1, "a scan in progress is waited for");
	ok(!lc_zone_leaving(&half), "when it is gone it is not leaving");
	is(search(&s, BLOCKS(5), &ext), -ENOSPC, "but a hole");
	is(search(&s, BLOCKS(4), &ext), 0, "and the rest is as before");
	lc_search_done(&s, -EINTR);
	machine_free(&m);

	/* no search before */
	draw("........");
	is(going(4, 4), 0, "unseen memory goes");
	is(search(&s, BLOCKS(8), &ext), -ENOSPC, "and is not offered either");
	stays(4, 4);
	is(search(&s, BLOCKS(8), &ext), 0, "before it is back to stay");
	lc_search_done(&s, -EINTR);

	/* the zone grows at both ends */
	free(m.truth);
	m.first = 0;
	m.blocks = 3000;
	m.truth = calloc(m.blocks, sizeof(*m.truth));
	m.zone.zone_start_pfn = 0;
	m.zone.spanned_pages = 3000UL << pageblock_order;
	m.zone.managed_pages = m.zone.spanned_pages;
	stays(0, 3000);
	is(search(&s, BLOCKS(3000), &ext), 0, "all of added memory can be had");
	is(ext.pfn, 0, "whole");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

static void second_half_comes(void)
{
	unsigned long b;

	machine_scanned = NULL;
	for (b = 4; b < 8; b++)
		m.truth[b].hole = false;
	stays(4, 4);
}

/* No scan looks at a hole again: one that is out of date must not be remembered. */
static void check_hotplug_scan(void)
{
	struct lc_extent ext;
	struct lc_search s;

	draw("....hhhh");
	machine_scanned = second_half_comes;
	is(search(&s, BLOCKS(8), &ext), 0,
	   "memory that comes online during a scan counts");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

/* What is idle stays so when memory does not go offline after all. */
static void check_hotplug_idle(void)
{
	struct lc_extent ext, again;
	unsigned int tries;

	draw("#....#");
	is(alloc(BLOCKS(4), &ext, &tries), 0, "four blocks");
	machine_idle(&ext);
	is(going(1, 4), 0, "idle memory may go offline");
	is(alloc(BLOCKS(1), &again, &tries), -ENOSPC, "and is not offered then");
	machine_evict(&ext);
	stays(1, 4);
	is(alloc(BLOCKS(4), &again, &tries), 0,
	   "evicted meanwhile, it is free when it stays");
	machine_idle(&again);
	stays(0, 6);
	is(alloc(BLOCKS(4), &ext, &tries), 0,
	   "idle memory is still idle when other memory comes online");
	machine_idle(&ext);
	is(going(1, 4), 0, "it may go offline again");
	stays(1, 4);
	is(alloc(BLOCKS(4), &again, &tries), 0,
	   "idle memory that may not go, and so was not evicted, is still idle");
	is(again.pfn, ext.pfn, "all of it");
	machine_free(&m);

	draw("#....#");
	is(alloc(BLOCKS(4), &ext, &tries), 0, "four blocks again");
	is(going(1, 4), 0, "are to go offline");
	machine_idle(&ext);
	stays(1, 4);
	is(alloc(BLOCKS(4), &again, &tries), 0,
	   "what became idle meanwhile is idle when it stays");
	machine_free(&m);
}

static bool fits(unsigned long nr, unsigned long align, unsigned long start,
		 unsigned long end)
{
	const struct lc_constraint c = {
		.nr_pages = nr,
		.align = align,
		.start_pfn = start,
		.end_pfn = end,
	};

	return lc_search_fits(&m.zone, &c);
}

/* What a zone cannot have, whatever is in it. */
static void check_fits(void)
{
	const unsigned long large = BLOCKS(1) << 20;

	draw_zone(&m, ZONE_NORMAL, 0, "........");
	ok(fits(BLOCKS(8), 1, 0, LC_NO_LIMIT), "a zone fits its own length");
	ok(!fits(BLOCKS(8) + 1, 1, 0, LC_NO_LIMIT), "not more");
	ok(!fits(BLOCKS(5), 1, 0, BLOCKS(4)), "nor more than is below a limit");
	ok(!fits(BLOCKS(5), 1, BLOCKS(3) + 1, LC_NO_LIMIT), "or above one");
	ok(!fits(1, 1, 0, 16), "no window is in a part of a pageblock");
	ok(fits(1, large, 0, LC_NO_LIMIT), "address 0 has any alignment");
	ok(!fits(1, large, 1, LC_NO_LIMIT), "no other one has");
	/* as on a PC */
	m.zone.zone_start_pfn = 1;
	ok(!fits(1, large, 0, LC_NO_LIMIT), "and it must be in the zone");
	m.zone.zone_start_pfn = 0;
	m.zone.managed_pages = BLOCKS(4);
	ok(!fits(BLOCKS(5), 1, 0, LC_NO_LIMIT), "more than it has without holes");
	machine_free(&m);
}

static void check_signal(void)
{
	struct lc_extent ext;
	struct lc_search s;

	draw("....");
	host_killed = true;
	is(search(&s, BLOCKS(1), &ext), -EINTR, "a killed task does not search");
	host_killed = false;
	is(lc_search_next(&s, &ext), 0, "nothing stays claimed");
	lc_search_done(&s, 0);
	machine_free(&m);
}

/* Called between steps of a search: it may be killed, or take time. */
static unsigned int steps_left, jiffies_per_step;

void host_resched(void)
{
	jiffies += jiffies_per_step;
	if (steps_left && !--steps_left)
		host_killed = true;
}

/* Killed, or out of memory, after each number of steps. */
static void check_interrupted(void)
{
	struct lc_extent ext;
	struct lc_search s;
	unsigned int i, killed = 0, starved = 0;
	int err;

	for (i = 1; i < 40; i++) {
		draw("pp..#..pb#");
		steps_left = i;
		err = search(&s, BLOCKS(2) + BLOCKS(i % 2), &ext);
		killed += err == -EINTR;
		if (!err)
			lc_search_done(&s, -EINTR);
		steps_left = 0;
		host_killed = false;
		err = search(&s, BLOCKS(4), &ext);
		if (err || block_of(&ext))
			break;
		lc_search_done(&s, -EINTR);
		machine_free(&m);
	}
	is(i, 40, "a search that was killed anywhere leaves nothing claimed");
	ok(killed > 3, "%u were", killed);

	for (i = 0; i < 10; i++) {
		draw("pp..#..pb#");
		host_allocations_left = i;
		err = search(&s, BLOCKS(2), &ext);
		starved += err == -ENOSPC;
		if (!err)
			lc_search_done(&s, -EINTR);
		host_allocations_left = ULONG_MAX;
		if (search(&s, BLOCKS(4), &ext) || block_of(&ext))
			break;
		lc_search_done(&s, -EINTR);
		machine_free(&m);
	}
	is(i, 10, "nor does one without memory for summaries");
	is(starved, 3, "which needs three allocations");
}

/* What is remembered may be wrong by any amount. */
static void check_stale(void)
{
	struct lc_extent ext;
	struct lc_search s;
	unsigned long b;

	draw("........#........");
	is(search(&s, BLOCKS(8), &ext), 0, "a free machine");
	lc_search_done(&s, -EINTR);
	for (b = 9; b < 17; b++)
		m.truth[b].used = pageblock_nr_pages - 12;
	is(search(&s, BLOCKS(8), &ext), 0, "whose upper half fills up");
	is(block_of(&ext), 0, "offers the lower");
	lc_search_done(&s, -EINTR);
	for (b = 0; b < 8; b++)
		m.truth[b].blocked = true;
	is(search(&s, BLOCKS(8), &ext), 0, "when that is blocked");
	is(block_of(&ext), 9, "the upper again");
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

/* A walk that runs out of time goes on where it stopped. */
static void check_resume(void)
{
	unsigned int calls;
	struct lc_extent ext;
	struct lc_search s;
	unsigned long b;
	int err;

	machine_new(&m, ZONE_NORMAL, 0, 20000);
	for (b = 1; b < m.blocks; b++) {
		m.truth[b].blocked = b & 1;
	}
	m.truth[1].blocked = false;
	jiffies_per_step = 1;
	for (calls = 0; calls < 1000; calls++) {
		err = search(&s, BLOCKS(3), &ext);
		if (!err)
			break;
	}
	is(block_of(&ext), 0, "a place at the far end is found");
	ok(calls > 10 && calls < 60, "after %u searches that ran out of time", calls);
	jiffies_per_step = 0;
	lc_search_done(&s, -EINTR);
	machine_free(&m);
}

/* Two or three zones of a node: which one is used. */
static struct machine low, movable;

static int zone_of_search(unsigned long nr, bool with_movable)
{
	struct lc_constraint c = pages(nr);
	struct lc_extent ext;
	struct lc_search s;
	int err;

	lc_search_begin(&s, &c, jiffies + HZ);
	if (with_movable)
		lc_search_add_zone(&s, &c, &movable.zone);
	lc_search_add_zone(&s, &c, &m.zone);
	lc_search_add_zone(&s, &c, &low.zone);
	err = lc_search_next(&s, &ext);
	if (err)
		return err;
	lc_search_done(&s, -EINTR);
	return machine_at(ext.pfn)->zone.idx;
}

/* When all is known: a search renews as little as the summary of one block. */
static int first_zone(unsigned long nr, bool with_movable)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		jiffies += 3 * HZ;
		zone_of_search(nr, with_movable);
	}
	return zone_of_search(nr, with_movable);
}

static void fill(struct machine *z, unsigned long used, bool blocked)
{
	unsigned long b;

	for (b = 0; b < z->blocks; b++) {
		z->truth[b].used = used;
		z->truth[b].blocked = blocked;
	}
}

static void check_zones(void)
{
	unsigned long eighth = pageblock_nr_pages / 8;

	draw("................");
	draw_zone(&low, ZONE_DMA32, 0, "................");
	low.zone.free_pages = BLOCKS(500) + (SZ_64M >> PAGE_SHIFT);

	is(first_zone(BLOCKS(4), false), ZONE_NORMAL, "of equals the upper zone");
	fill(&m, eighth, false);
	is(first_zone(BLOCKS(4), false), ZONE_NORMAL,
	   "even if an eighth of it must be moved");
	fill(&m, eighth + pageblock_nr_pages / 64, false);
	is(first_zone(BLOCKS(4), false), ZONE_DMA32, "but not if it is more");
	fill(&low, pageblock_nr_pages / 64, false);
	is(first_zone(BLOCKS(4), false), ZONE_NORMAL, "than in the lower one");
	fill(&low, 0, false);
	low.zone.free_pages = (SZ_64M >> PAGE_SHIFT) + BLOCKS(4) - 1;
	is(first_zone(BLOCKS(4), false), ZONE_NORMAL,
	   "nor if the lower one is short");
	fill(&m, 0, true);
	is(first_zone(BLOCKS(4), false), ZONE_DMA32,
	   "even that if the upper one has no window");
	low.zone.free_pages = BLOCKS(500) + (SZ_64M >> PAGE_SHIFT);
	is(first_zone(BLOCKS(4), false), ZONE_DMA32, "or if it is not short");
	fill(&low, 0, true);
	is(first_zone(BLOCKS(4), false), -ENOSPC, "if no zone has any");

	/* the share of a large zone that is left free grows with it */
	fill(&low, 0, false);
	fill(&m, pageblock_nr_pages / 2, false);
	low.zone.managed_pages = 1UL << 30;
	low.zone.free_pages = (1UL << 26) + BLOCKS(4) - 1;
	is(first_zone(BLOCKS(4), false), ZONE_NORMAL,
	   "a large zone is spared below a sixteenth");
	low.zone.free_pages++;
	is(first_zone(BLOCKS(4), false), ZONE_DMA32, "not above");
	low.zone.managed_pages = low.zone.spanned_pages;

	/* busy windows are the last resort */
	low.zone.free_pages = 0;
	fill(&m, 0, false);
	m.truth[3].busy = true;
	m.truth[7].busy = true;
	m.truth[11].busy = true;
	m.truth[15].busy = true;
	is(first_zone(BLOCKS(4), false), ZONE_DMA32,
	   "a spared zone is used before a busy window of another one");
	machine_free(&low);
	machine_free(&m);
}

static void check_zone_movable(void)
{
	draw("................");
	draw_zone(&low, ZONE_DMA32, 0, "................");
	draw_zone(&movable, ZONE_MOVABLE, 200, "................");
	low.zone.free_pages = BLOCKS(500) + (SZ_64M >> PAGE_SHIFT);

	fill(&movable, pageblock_nr_pages - 1, false);
	is(first_zone(BLOCKS(4), true), ZONE_MOVABLE,
	   "ZONE_MOVABLE comes first whatever it costs");
	fill(&movable, 0, true);
	is(first_zone(BLOCKS(4), true), ZONE_NORMAL, "if it has a window");
	m.zone.free_pages = 0;
	is(first_zone(BLOCKS(4), true), ZONE_NORMAL,
	   "the next zone is not spared for it");
	fill(&m, 0, true);
	low.zone.free_pages = 0;
	is(first_zone(BLOCKS(4), true), ZONE_DMA32, "the last is the last");
	machine_free(&movable);
	machine_free(&low);
	machine_free(&m);
}

/* Without room in a zone for the pages the others go on. */
static void check_zones_nomem(void)
{
	struct lc_constraint c = pages(BLOCKS(4));
	struct lc_extent ext;
	struct lc_search s;
	unsigned int i, upper = 0, lower = 0;

	draw("3333#3333#3333#3333");
	draw_zone(&low, ZONE_DMA32, 0, "4444#4444#4444#4444");
	low.zone.free_pages = BLOCKS(500) + (SZ_64M >> PAGE_SHIFT);
	lc_search_begin(&s, &c, jiffies + HZ);
	lc_search_add_zone(&s, &c, &m.zone);
	lc_search_add_zone(&s, &c, &low.zone);
	for (i = 0; !lc_search_next(&s, &ext); i++) {
		if (machine_at(ext.pfn) == &m)
			upper++;
		else
			lower++;
		lc_search_done(&s, -ENOMEM);
	}
	is(upper, 2, "without room for pages two windows of each zone are tried");
	is(lower, 2, "each");
	machine_free(&low);
	machine_free(&m);
}

/* Just one window, without a search. */
static void check_given_window(void)
{
	struct lc_extent ext = { BLOCKS(102) + 3, BLOCKS(2) }, other;
	struct lc_claim a, b;
	struct lc_search s;

	draw("#....hpb.");
	is(lc_search_claim(&a, &m.zone, &ext), 0, "a given window");
	is(lc_search_claim(&b, &m.zone, &ext), -EBUSY, "is claimed once");
	other = some_blocks(4, 1);
	other.pfn++;
	other.nr_pages--;
	is(lc_search_claim(&b, &m.zone, &other), -EBUSY, "with all of its last block");
	is(search(&s, BLOCKS(3), &other), -ENOSPC, "is not found by a search");
	lc_search_unclaim(&a, -EINTR);
	is(search(&s, BLOCKS(3), &other), 0, "when it is not claimed it is");
	is(lc_search_claim(&a, &m.zone, &other), -EBUSY,
	   "and cannot be claimed again");
	lc_search_done(&s, -EINTR);
	ext = some_blocks(0, 2);
	is(lc_search_claim(&a, &m.zone, &ext), -ENOSPC, "with something unmovable");
	ext = some_blocks(4, 2);
	is(lc_search_claim(&a, &m.zone, &ext), -ENOSPC, "across a hole");
	ext = some_blocks(7, 1);
	is(lc_search_claim(&a, &m.zone, &ext), -ENOSPC, "with a busy page");
	ext = some_blocks(8, 2);
	is(lc_search_claim(&a, &m.zone, &ext), -ENOSPC, "behind the zone");
	ext = (struct lc_extent){ BLOCKS(101), ULONG_MAX };
	is(lc_search_claim(&a, &m.zone, &ext), -ENOSPC, "or behind all memory");
	ext = some_blocks(6, 1);
	is(lc_search_claim(&a, &m.zone, &ext), 0, "a pinned page may be let go");
	lc_search_unclaim(&a, -EBUSY);
	ext = some_blocks(1, 1);
	is(lc_search_claim(&a, &m.zone, &ext), 0, "a block");
	lc_search_unclaim(&a, 0);
	m.truth[1].owned = pageblock_nr_pages;
	jiffies += HZ;
	is(search(&s, BLOCKS(4), &other), -ENOSPC, "that was taken is not found");
	machine_free(&m);

	draw("....");
	ext = some_blocks(0, 4);
	host_allocations_left = 2;
	is(lc_search_claim(&a, &m.zone, &ext), -ENOMEM, "without memory");
	host_allocations_left = ULONG_MAX;
	is(lc_search_claim(&a, &m.zone, &ext), 0, "nothing is claimed");
	lc_search_unclaim(&a, -EINTR);
	machine_free(&m);
}

/* What the pool asks before it cuts an idle extent. */
static void check_scores(void)
{
	struct lc_constraint c = pages(BLOCKS(2));
	struct lc_extent ext, edge, middle;
	struct lc_search s;
	unsigned long score;

	draw("........");
	is(lc_search_best_score(&m.zone, &c), 0, "of an unknown zone no score");
	if (search(&s, BLOCKS(8), &ext))
		bail("no window");
	lc_search_done(&s, -EINTR);
	edge = some_blocks(6, 2);
	middle = some_blocks(3, 2);
	ok(lc_search_fragmentation(&m.zone, &edge) > 0 &&
	   lc_search_fragmentation(&m.zone, &middle) >
	   lc_search_fragmentation(&m.zone, &edge),
	   "the middle of a run is worth more than its edge");
	score = lc_search_best_score(&m.zone, &c);
	is(score, lc_search_fragmentation(&m.zone, &edge),
	   "the best window is at the edge");
	fill(&m, 64, false);
	jiffies += 3 * HZ;
	if (search(&s, BLOCKS(8), &ext))
		bail("no window");
	lc_search_done(&s, -EINTR);
	is(lc_search_best_score(&m.zone, &c),
	   score + 2 * LC_COST_MOVE * 64 / (pageblock_nr_pages / 512),
	   "pages to move are added");
	c.nr_pages = BLOCKS(9);
	is(lc_search_best_score(&m.zone, &c), 0, "no score of what does not fit");
	machine_free(&m);
}

int main(void)
{
	check_claims();
	check_chosen_at_once();
	check_small();
	check_constraints();
	check_refusal();
	check_quick();
	check_failures();
	check_blame();
	check_nomem();
	check_pins();
	check_busy();
	check_given_back();
	check_idle();
	check_idle_parts();
	check_idle_behind();
	check_part();
	check_reclaim();
	check_hotplug();
	check_hotplug_race();
	check_hotplug_scan();
	check_hotplug_idle();
	check_fits();
	check_signal();
	check_interrupted();
	check_stale();
	check_resume();
	check_zones();
	check_zone_movable();
	check_zones_nomem();
	check_given_window();
	check_scores();
	return tap_done();
}
