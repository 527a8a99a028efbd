// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: deferred pages are free soon after their last reference, however many
 *   are added or asked for meanwhile
 *
 * When deferred pages are checked, in simulated time, and for how long.
 */
#include "works.h"

#include "deferred.h"
#include "../../heap/limit.h"
#include "reserve.h"
#include "tap.h"

#define NR_PAGES	8192UL
#define SOON		(HZ / 50)	/* jiffies until pages are free, in general */
#define BATCH		1024UL		/* pages looked at under the lock */

struct page *host_pages;
unsigned long looks;
struct delayed_work *host_work;
shrinker_fn *host_shrinker;

static struct page all_pages[NR_PAGES];
static unsigned long nr_free, nr_charged, checks;
static unsigned long next_pfn;

void lc_reserve_return(const struct lc_extent *ext, bool usable)
{
	(void)usable;
	nr_free += ext->nr_pages;
}

void lc_limit_uncharge(struct lc_user *user, unsigned long n)
{
	(void)user;
	nr_charged -= n;
}

bool lc_page_broken(struct page *page)
{
	(void)page;
	return false;
}

static void (*before_lock)(void);
static unsigned long looks_unlocked, most_looks;
static bool watched;

void host_before_lock(struct mutex *m)
{
	void (*others)(void) = before_lock;

	(void)m;
	before_lock = NULL;
	if (others)
		others();
}

void host_after_unlock(struct mutex *m)
{
	(void)m;
	if (watched)
		most_looks = max(most_looks, looks - looks_unlocked);
	looks_unlocked = looks;
}

void host_unlocked(void)
{
}

/* A buffer of pages that are pinned ends. Return: the first page. */
static unsigned long add(unsigned long n)
{
	struct lc_extent ext = { next_pfn, n };
	unsigned long i;

	next_pfn += n;
	assert(next_pfn <= NR_PAGES);
	for (i = 0; i < n; i++)
		all_pages[ext.pfn + i].refs = 2;
	nr_charged += lc_deferred_return(&ext, (struct lc_user *)&nr_charged);
	return ext.pfn;
}

static void unpin(unsigned long pfn, unsigned long n)
{
	while (n--)
		all_pages[pfn++].refs = 1;
}

static void tick(void)
{
	jiffies++;
	if (!host_work || !host_work->pending || time_before(jiffies, host_work->expires))
		return;
	host_work->pending = false;
	checks++;
	host_work->work.fn(&host_work->work);
}

static void ticks(unsigned long n)
{
	while (n--)
		tick();
}

static void reclaim(void)
{
	host_shrinker(NULL, NULL);
}

static void begin(void)
{
	host_pages = all_pages;
	next_pfn = nr_free = nr_charged = looks = checks = 0;
	host_work = NULL;
	assert(!lc_deferred_init());
}

static void end(void)
{
	lc_deferred_exit();
	is(nr_free, next_pfn, "in the end no page is kept");
	is(nr_charged, 0, "or charged");
}

static void check_intervals(void)
{
	unsigned long pfn;

	begin();
	reclaim();
	ok(!host_work, "without pages nothing is checked");
	pfn = add(2);
	ticks(SOON);
	is(checks, 1, "pages are checked soon");
	ticks(60 * HZ);
	ok(checks < 75, "then rarely: %lu times in a minute", checks);
	is(nr_charged, 2, "and stay charged");
	unpin(pfn, 1);
	ticks(HZ + 1);
	is(nr_charged, 1, "one that is let go is free after a second");
	end();
}

static void check_additions(void)
{
	unsigned long pfn, i;

	begin();
	pfn = add(1);
	ticks(30 * HZ);
	unpin(pfn, 1);
	for (i = 0; i < SOON; i++) {
		add(1);
		tick();
	}
	is(nr_charged, SOON, "a page is free soon while others are added");
	end();
}

static void check_pressure(void)
{
	unsigned long pfn, i;

	begin();
	pfn = add(2);
	ticks(30 * HZ);
	unpin(pfn, 1);
	looks = 0;
	reclaim();
	ok(!looks && nr_charged == 2, "reclaim does not wait for a check");
	ticks(SOON);
	is(nr_charged, 1, "but there is one soon");
	ticks(30 * HZ);
	unpin(pfn + 1, 1);
	add(1);
	checks = 0;
	for (i = 0; i < HZ; i++) {
		reclaim();
		tick();
		if (i == SOON)
			is(nr_charged, 1, "and if reclaim goes on");
	}
	ok(checks > 10 && checks <= HZ / (HZ / 100), "%lu in a second of that", checks);
	end();
}

static void add_one(void)
{
	add(1);
}

static void check_batches(void)
{
	begin();
	add(5 * BATCH);
	looks = looks_unlocked = most_looks = 0;
	watched = true;
	is(lc_deferred_check(), 0, "many are looked at");
	watched = false;
	ok(looks >= 5 * BATCH && most_looks <= BATCH, "at most %lu under the lock",
	   most_looks);
	before_lock = add_one;
	lc_deferred_check();
	is(nr_charged, 5 * BATCH + 1, "others may be added meanwhile");
	end();
}

static unsigned int waiters;

/* Others come, and have their turn before. */
static void check_too(void)
{
	if (--waiters)
		before_lock = check_too;
	lc_deferred_check();
}

static void check_many(void)
{
	unsigned long pfn;

	begin();
	pfn = add(100);
	unpin(pfn, 10);
	looks = 0;
	waiters = 50;
	before_lock = check_too;
	is(lc_deferred_check(), 10, "many ask at a time, all learn what is free");
	is(looks, 100, "each page is looked at once");
	unpin(pfn + 10, 10);
	is(lc_deferred_check(), 10, "the next one looks again");
	is(looks, 190, "at each");
	end();
}

int main(void)
{
	check_intervals();
	check_additions();
	check_pressure();
	check_batches();
	check_many();
	return tap_done();
}
