// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: bounded work; failed windows are remembered; concurrent requests get
 *   separate windows
 * Promise: limits: no place: ENOMEM after a bounded time
 *
 * Whole searches on synthetic machines: claims, failures, what is given back, memory that
 * comes and goes, signals.
 */
#include "machine.h"
#include "tap.h"

#define MIB(n)		((n) * 256UL)
#define NO_LIMIT	(~0UL)

static struct machine m;

/* A machine drawn as in grid.h; p is pinned, ! cannot be isolated. */
static void draw(const char *text)
{
	unsigned long b;

	machine_new(&m, 100, strlen(text));
	for (b = 0; b < m.blocks; b++) {
		struct truth *t = &m.truth[b];

		t->hole = text[b] == 'h';
		t->blocked = text[b] == '#';
		t->pinned = text[b] == 'p';
		t->secret = text[b] == '!';
		if (text[b] >= '1' && text[b] <= '9')
			t->used = (text[b] - '0') * 50;
	}
}

static long block_of(unsigned long pfn)
{
	return (pfn >> pageblock_order) - m.first;
}

static int search(struct lc_search *s, unsigned long nr, unsigned long *pfn)
{
	lc_search_begin(s, &m.zone, nr, 1, NO_LIMIT);
	return lc_search_next(s, pfn);
}

static void check_claims(void)
{
	struct lc_search a, b, c;
	unsigned long pa, pb, pc;

	draw("........");
	is(search(&a, MIB(6), &pa), 0, "a window of 6 MiB");
	is(search(&b, MIB(2), &pb), 0, "and one of 2 MiB at the same time");
	ok(ALIGN_DOWN(pa, MAX_ORDER_NR_PAGES) >= ALIGN(pb + MIB(2),
						       MAX_ORDER_NR_PAGES),
	   "share no unit of isolation");
	is(search(&c, MIB(6), &pc), -ENOSPC, "a third finds too little");
	lc_search_done(&a, pa, -EINTR);
	is(search(&c, MIB(6), &pc), 0, "but something when one gave up");
	is(pc, pa, "the same");
	lc_search_done(&c, pc, 0);
	lc_search_done(&b, pb, 0);
	is(search(&c, MIB(4), &pc), 0, "the rest is left");
	is(block_of(pc), 1, "below the two");
	lc_search_done(&c, pc, -EINTR);
	machine_free(&m);
}

static void check_small(void)
{
	struct lc_search s;
	unsigned long pfn;

	draw("#.#....");
	is(search(&s, 5, &pfn), 0, "five pages");
	is(block_of(pfn), 1, "in the block that is worth least");
	lc_search_done(&s, pfn, -EINTR);
	is(search(&s, MIB(3), &pfn), 0, "a block and a half");
	is(pfn % pageblock_nr_pages, 0, "from the start of a block");
	lc_search_done(&s, pfn, -EINTR);
	machine_free(&m);

	draw("#81#");
	is(search(&s, MIB(3), &pfn), 0, "also where that is the end to move more from");
	is(pfn % pageblock_nr_pages, 0, "or huge pages could not map it");
	lc_search_done(&s, pfn, -EINTR);
	machine_free(&m);
}

static void check_refusal(void)
{
	struct lc_search s;
	unsigned long pfn;

	draw("...#...");
	is(search(&s, MIB(8), &pfn), -ENOSPC, "nothing of 8 MiB");
	m.touched = 0;
	is(search(&s, MIB(8), &pfn), -ENOSPC, "nor a moment later");
	is(m.touched, 0, "which takes no look at memory");
	is(search(&s, MIB(1000), &pfn), -ENOSPC, "more than the zone has");
	is(m.touched, 0, "takes none either");
	m.truth[3].blocked = false;
	jiffies += 2 * HZ;
	is(search(&s, MIB(8), &pfn), 0, "when the blocker has gone it is found");
	lc_search_done(&s, pfn, -EINTR);
	machine_free(&m);
}

static void check_failures(void)
{
	unsigned int tries;
	unsigned long pfn;

	/* the kernel refuses, nobody knows why */
	draw("....#...!");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), 0,
	   "a place beside a block that cannot be isolated");
	is(block_of(pfn), 0, "is found");
	is(tries, 1, "after that one failed");
	machine_give(&m, pfn, MIB(8));
	is(machine_alloc(&m, MIB(6), 1, NO_LIMIT, &pfn, &tries), 0,
	   "6 MiB there");
	machine_free(&m);

	draw("2222#222!");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), 0,
	   "pages to move make no difference");
	is(tries, 1, "the failure is seen once");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), -ENOSPC,
	   "the next request");
	is(tries, 0, "does not repeat it");
	machine_free(&m);
}

/* Pages move from the low end up: the first that stayed is the culprit. */
static void check_blame(void)
{
	struct lc_search s;
	unsigned long pfn;

	draw("3333");
	is(search(&s, MIB(8), &pfn), 0, "a window");
	m.truth[0].used = 0;
	m.truth[1].used = 0;
	lc_search_done(&s, pfn, -EBUSY);
	is(search(&s, MIB(4), &pfn), 0, "after a failure in its third block");
	is(block_of(pfn), 0, "the two below are used");
	lc_search_done(&s, pfn, 0);
	m.truth[0].ours = true;
	m.truth[1].ours = true;
	is(search(&s, MIB(2), &pfn), 0, "and the one above");
	is(block_of(pfn), 3, "as well");
	lc_search_done(&s, pfn, 0);
	m.truth[3].ours = true;
	is(search(&s, MIB(2), &pfn), -ENOSPC, "the third is left alone");
	jiffies += HZ;
	is(search(&s, MIB(2), &pfn), 0, "for a second");
	is(block_of(pfn), 2, "not longer");
	lc_search_done(&s, pfn, -EINTR);
	machine_free(&m);
}

static void check_pins(void)
{
	unsigned int tries, i, total = 0;
	unsigned long pfn;

	draw("..p.#....");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), 0,
	   "a window without a pinned page");
	is(block_of(pfn), 5, "is preferred");
	is(tries, 0, "without trying the other");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), -ENOSPC,
	   "a pin is in the way of a second");
	is(tries, 1, "which is tried, once");
	for (i = 0; i < 100; i++) {
		machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries);
		total += tries;
		jiffies += HZ / 10;
	}
	ok(total <= 4, "a lasting pin is tried %u times in ten seconds", total);
	m.truth[2].pinned = false;
	jiffies += 200 * HZ;
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), 0,
	   "when it is gone the window is had");
	machine_free(&m);

	draw("..p.");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), -ENOSPC,
	   "a short pin");
	m.truth[2].pinned = false;
	jiffies += HZ / 2;
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), 0,
	   "costs half a second");
	machine_free(&m);
}

static void check_given_back(void)
{
	unsigned int tries;
	unsigned long pfn, again;

	draw("####....##");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), 0, "8 MiB");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &again, &tries), -ENOSPC,
	   "are all there is");
	machine_give(&m, pfn, MIB(8));
	m.touched = 0;
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &again, &tries), 0,
	   "given back they can be had at once");
	is(again, pfn, "again");
	is(m.touched, 4, "with one look at each block");
	machine_free(&m);

	draw("####....##");
	is(machine_alloc(&m, MIB(7), 1, NO_LIMIT, &pfn, &tries), 0, "7 MiB");
	machine_give(&m, pfn, MIB(7));
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &again, &tries), 0,
	   "a block of which part was given back counts too");
	machine_free(&m);
	lc_scan_init();
	lc_scan_freed(&m.zone, 12345, 100);
	lc_scan_exit();
	ok(true, "giving back what no search has seen is harmless");
}

/* What lies in the pool may be had, but what costs nothing is taken first. */
static void check_pool(void)
{
	unsigned long pfn, other, again;
	unsigned int tries;

	draw("#....#....#");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &pfn, &tries), 0, "8 MiB");
	machine_pool(&m, pfn, MIB(8), true);
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &other, &tries), 0,
	   "8 MiB more while they are in the pool");
	ok(other != pfn, "lie elsewhere");
	is(machine_alloc(&m, MIB(8), 1, NO_LIMIT, &again, &tries), 0,
	   "and 8 MiB more");
	is(again, pfn, "are taken from it");
	machine_pool(&m, pfn, MIB(8), true);
	machine_pool(&m, pfn, MIB(7), false);
	m.touched = 0;
	is(machine_alloc(&m, MIB(2), 1, NO_LIMIT, &again, &tries), -ENOSPC,
	   "what a buffer has again cannot be had");
	is(m.touched, 0, "of which there is no doubt");
	machine_free(&m);
}

static int notify(unsigned long action, unsigned long first, unsigned long nr)
{
	struct memory_notify arg = {
		.start_pfn = (m.first + first) << pageblock_order,
		.nr_pages = nr << pageblock_order,
	};

	return host_notifier->notifier_call(host_notifier, action, &arg);
}

static void check_hotplug(void)
{
	unsigned long pfn, b;
	struct lc_search s;

	draw("....hhhh");
	is(search(&s, MIB(16), &pfn), -ENOSPC, "half of the zone is a hole");
	for (b = 4; b < 8; b++)
		m.truth[b].hole = false;
	is(notify(MEM_ONLINE, 4, 4), NOTIFY_OK, "memory comes online there");
	is(search(&s, MIB(16), &pfn), 0, "and counts");
	ok(notify(MEM_GOING_OFFLINE, 4, 4) != NOTIFY_OK,
	   "what is worked on does not go offline");
	lc_search_done(&s, pfn, -EINTR);
	is(notify(MEM_CANCEL_OFFLINE, 4, 4), NOTIFY_OK, "it is not worked on");
	is(notify(MEM_GOING_OFFLINE, 4, 4), NOTIFY_OK, "it may go");
	is(search(&s, MIB(8), &pfn), 0, "meanwhile");
	ok(block_of(pfn) < 4, "it is not offered");
	lc_search_done(&s, pfn, -EINTR);
	is(search(&s, MIB(10), &pfn), -ENOSPC, "not even in part");
	for (b = 4; b < 8; b++)
		m.truth[b].hole = true;
	is(notify(MEM_OFFLINE, 4, 4), NOTIFY_OK, "when it is gone");
	is(search(&s, MIB(10), &pfn), -ENOSPC, "it is a hole");
	is(search(&s, MIB(8), &pfn), 0, "and the rest is as before");
	lc_search_done(&s, pfn, -EINTR);

	machine_free(&m);

	/* nobody searched before */
	draw("........");
	is(notify(MEM_GOING_OFFLINE, 4, 4), NOTIFY_OK, "unseen memory goes");
	is(search(&s, MIB(16), &pfn), -ENOSPC, "and is not offered either");
	is(notify(MEM_CANCEL_OFFLINE, 4, 4), NOTIFY_OK, "before it is back");
	is(search(&s, MIB(16), &pfn), 0, "to stay");
	lc_search_done(&s, pfn, -EINTR);

	/* the zone grows at both ends */
	free(m.truth);
	m.first = 0;
	m.blocks = 3000;
	m.truth = calloc(m.blocks, sizeof(*m.truth));
	m.zone.zone_start_pfn = 0;
	m.zone.spanned_pages = 3000UL << pageblock_order;
	m.zone.managed_pages = m.zone.spanned_pages;
	is(notify(MEM_ONLINE, 0, 3000), NOTIFY_OK, "much memory is added");
	is(search(&s, MIB(6000), &pfn), 0, "all of it can be had");
	is(pfn, 0, "whole");
	lc_search_done(&s, pfn, -EINTR);
	machine_free(&m);
}

static void check_signal(void)
{
	struct lc_search s;
	unsigned long pfn;

	draw("....");
	lc_search_begin(&s, &m.zone, MIB(2), 1, NO_LIMIT);
	host_killed = true;
	is(lc_search_next(&s, &pfn), -EINTR, "who is killed does not search");
	host_killed = false;
	is(lc_search_next(&s, &pfn), 0, "nothing stays claimed");
	lc_search_done(&s, pfn, 0);
	machine_free(&m);
}

/* What is remembered may be wrong by any amount. */
static void check_stale(void)
{
	struct lc_search s;
	unsigned long pfn, b;

	draw("........#........");
	is(search(&s, MIB(16), &pfn), 0, "a free machine");
	lc_search_done(&s, pfn, -EINTR);
	for (b = 9; b < 17; b++)
		m.truth[b].used = 500;
	is(search(&s, MIB(16), &pfn), 0, "whose upper half fills up");
	is(block_of(pfn), 0, "offers the lower");
	lc_search_done(&s, pfn, -EINTR);
	for (b = 0; b < 8; b++)
		m.truth[b].blocked = true;
	is(search(&s, MIB(16), &pfn), 0, "when that is blocked");
	is(block_of(pfn), 9, "the upper again");
	lc_search_done(&s, pfn, -EINTR);
	machine_free(&m);
}

/* Two zones, the upper one wanted more. */
static void check_order(void)
{
	struct truth below[16] = { 0 };
	struct machine low;
	struct zone *order[2];
	unsigned long b;

	draw("################");
	low = m;
	low.truth = below;
	low.zone.machine = &low;
	low.zone.idx = 1;
	low.zone.free_pages = MIB(1000);
	for (b = 0; b < 16; b++)
		m.truth[b].blocked = false;

#define first_zone(what) ({						\
	jiffies += 3 * HZ;						\
	order[0] = &m.zone;						\
	order[1] = &low.zone;						\
	lc_search_order(order, 2, what, 1, NO_LIMIT);			\
	ok(order[0] != order[1], "both zones are there");		\
	order[0];							\
})

	ok(first_zone(MIB(8)) == &m.zone, "of equals the upper zone");
	for (b = 0; b < 16; b++)
		m.truth[b].used = 30;
	ok(first_zone(MIB(8)) == &m.zone, "even if a little must be moved");
	for (b = 0; b < 16; b++)
		m.truth[b].used = 100;
	ok(first_zone(MIB(8)) == &low.zone, "but not if it is much");
	low.zone.free_pages = MIB(60);
	ok(first_zone(MIB(8)) == &m.zone, "nor if the lower one is short");
	low.zone.free_pages = MIB(1000);
	for (b = 0; b < 16; b++)
		m.truth[b].blocked = true;
	ok(first_zone(MIB(8)) == &low.zone, "the lower if the upper has none");
	for (b = 0; b < 16; b++)
		below[b].blocked = true;
	ok(first_zone(MIB(8)) == &m.zone, "the upper if nobody has any");
	order[0] = &low.zone;
	lc_search_order(order, 1, 1, 1, NO_LIMIT);
	ok(order[0] == &low.zone, "one zone is in order");
	machine_free(&m);
}

int main(void)
{
	check_claims();
	check_small();
	check_refusal();
	check_failures();
	check_blame();
	check_pins();
	check_given_back();
	check_pool();
	check_hotplug();
	check_signal();
	check_stale();
	check_order();
	return tap_done();
}
