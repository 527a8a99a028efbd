// SPDX-License-Identifier: GPL-2.0
/*
 * Deferred pages: those that have references besides their owner's when a buffer
 * ends. Direct I/O is in flight, or a device, a pipe or a socket has them.
 *
 * No other buffer gets them, and they stay charged to their user until they are
 * free. The kernel does not report that a reference is dropped. So the owner's
 * stays, and the pages are checked: soon at first, then at growing intervals of up
 * to a second; soon again when memory is short, and at once for a request that fails
 * for want of it, or of room below a limit. Those without further references go to
 * their reserve, or to the page allocator.
 *
 * All functions may sleep, except the shrinker's.
 */

#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "../limit.h"
#include "../pages.h"
#include "deferred.h"
#include "reserve.h"

#define LC_DEFERRED_MIN		(HZ / 100 + 1)
#define LC_DEFERRED_MAX		HZ
/* Pages looked at before others get at the list. */
#define LC_DEFERRED_BATCH	1024UL

/*
 * One check at a time: after it, what was found before is free, and charged no more.
 * Only a check removes pages from the list.
 */
static DEFINE_MUTEX(lc_deferred_check_lock);
/* Checks that have begun, and pages freed by them. */
static unsigned long lc_deferred_checks;
static unsigned long lc_deferred_freed;
/* Guards what follows. Nothing is allocated or freed under it. */
static DEFINE_MUTEX(lc_deferred_lock);
/* By page->lru; page->private is the struct lc_user, or NULL. */
static LIST_HEAD(lc_deferred_pages);
/* After how many jiffies the next check comes at the latest; see lc_deferred_soon(). */
static unsigned long lc_deferred_delay;

static void lc_deferred_recheck(struct work_struct *work);
static DECLARE_DELAYED_WORK(lc_deferred_work, lc_deferred_recheck);
/* Freeing much memory takes long: not on the queues of one CPU. */
static struct workqueue_struct *lc_deferred_wq;
static struct shrinker *lc_deferred_shrinker;

/**
 * struct lc_run - pages without further references, to be returned together
 * @ext: the pages, of one zone
 * @user: the user they are charged to, or NULL
 * @done: how many pages there were in earlier runs
 */
struct lc_run {
	struct lc_extent ext;
	struct lc_user *user;
	unsigned long done;
};

/* First the pages, then the charge. */
static void lc_run_end(struct lc_run *run)
{
	unsigned long nr_pages = run->ext.nr_pages;

	if (!nr_pages)
		return;
	lc_reserve_return(&run->ext, true);
	if (run->user)
		lc_limit_uncharge(run->user, nr_pages);
	run->ext.nr_pages = 0;
	run->done += nr_pages;
}

static void lc_run_add(struct lc_run *run, struct page *page)
{
	struct lc_user *user = (struct lc_user *)page_private(page);
	unsigned long pfn = page_to_pfn(page);

	list_del(&page->lru);
	set_page_private(page, 0);
	if (pfn != lc_extent_end(&run->ext) || user != run->user ||
	    page_zone(page) != page_zone(pfn_to_page(run->ext.pfn)))
		lc_run_end(run);
	if (!run->ext.nr_pages) {
		run->ext.pfn = pfn;
		run->user = user;
	}
	run->ext.nr_pages++;
}

static void lc_deferred_free(bool all)
{
	struct page *page, *next;
	unsigned long seen = 0;
	struct lc_run run = {};
	LIST_HEAD(free);

	lockdep_assert_held(&lc_deferred_check_lock);
	WRITE_ONCE(lc_deferred_checks, lc_deferred_checks + 1);
	/* before a page is looked at: pairs with the barrier in lc_deferred_check() */
	smp_mb();
	mutex_lock(&lc_deferred_lock);
	list_for_each_entry_safe(page, next, &lc_deferred_pages, lru) {
		/* a broken one is noted, and found when it is taken again */
		if (all || lc_page_broken(page) || !lc_page_shared(page))
			list_move_tail(&page->lru, &free);
		if (++seen % LC_DEFERRED_BATCH)
			continue;
		/* they only add to the end */
		mutex_unlock(&lc_deferred_lock);
		cond_resched();
		mutex_lock(&lc_deferred_lock);
	}
	mutex_unlock(&lc_deferred_lock);
	list_for_each_entry_safe(page, next, &free, lru) {
		lc_run_add(&run, page);
		cond_resched();
	}
	lc_run_end(&run);
	WRITE_ONCE(lc_deferred_freed, lc_deferred_freed + run.done);
}

static void lc_deferred_recheck(struct work_struct *work)
{
	unsigned long delay = READ_ONCE(lc_deferred_delay);

	delay = lc_deferred_check() ? LC_DEFERRED_MIN :
				      min(delay * 2, LC_DEFERRED_MAX);
	mutex_lock(&lc_deferred_lock);
	/* it is pending already if pages were added, or memory is short */
	if (!list_empty(&lc_deferred_pages) &&
	    queue_delayed_work(lc_deferred_wq, &lc_deferred_work, delay))
		WRITE_ONCE(lc_deferred_delay, delay);
	mutex_unlock(&lc_deferred_lock);
}

/*
 * The next check comes after the shortest delay. One that is due as soon stays: put off
 * by each of many calls it would never come. The shrinker holds no lock: a call of its
 * may be lost when a check ends, but not the next one.
 */
static void lc_deferred_soon(void)
{
	if (READ_ONCE(lc_deferred_delay) == LC_DEFERRED_MIN) {
		queue_delayed_work(lc_deferred_wq, &lc_deferred_work, LC_DEFERRED_MIN);
		return;
	}
	WRITE_ONCE(lc_deferred_delay, LC_DEFERRED_MIN);
	mod_delayed_work(lc_deferred_wq, &lc_deferred_work, LC_DEFERRED_MIN);
}

/* Reclaim asks: what others let go by now would help, but nothing is freed here. */
static unsigned long lc_deferred_count(struct shrinker *shrinker,
				       struct shrink_control *sc)
{
	if (!list_empty(&lc_deferred_pages))
		lc_deferred_soon();
	return SHRINK_EMPTY;
}

static unsigned long lc_deferred_scan(struct shrinker *shrinker,
				      struct shrink_control *sc)
{
	return SHRINK_STOP;
}

static void lc_deferred_add(struct list_head *pages)
{
	mutex_lock(&lc_deferred_lock);
	list_splice_tail(pages, &lc_deferred_pages);
	lc_deferred_soon();
	mutex_unlock(&lc_deferred_lock);
}

/**
 * lc_deferred_return - free pages that may have other references
 * @ext: pages of one zone, with one reference that is the caller's; may be empty
 * @user: the user they are charged to, or NULL
 *
 * What belongs to a reserve returns there, each page once it has no other references;
 * memory for that is allocated without fail. Cannot fail.
 *
 * Context: process.
 * Return: how many stay charged to @user for now, because they are deferred.
 */
unsigned long lc_deferred_return(const struct lc_extent *ext,
				 struct lc_user *user)
{
	struct lc_extent free = { .pfn = ext->pfn };
	unsigned long pfn, deferred = 0;
	LIST_HEAD(pages);

	for (pfn = ext->pfn; pfn < lc_extent_end(ext); pfn++) {
		const struct lc_extent broken = { pfn, 1 };
		struct page *page = pfn_to_page(pfn);

		cond_resched();
		if (!lc_page_shared(page) && !lc_page_broken(page)) {
			free.nr_pages++;
			continue;
		}
		lc_reserve_return(&free, true);
		free = (struct lc_extent){ .pfn = pfn + 1 };
		if (lc_page_broken(page)) {
			lc_reserve_return(&broken, false);
			continue;
		}
		set_page_private(page, (unsigned long)user);
		list_add_tail(&page->lru, &pages);
		deferred++;
	}
	lc_reserve_return(&free, true);
	if (deferred)
		lc_deferred_add(&pages);
	return deferred;
}

/**
 * lc_deferred_check - free the deferred pages that have no other references left
 *
 * However many call it at a time, not each goes through the pages: a check that began
 * after the call will do.
 *
 * Context: process. Return: how many were freed meanwhile.
 */
unsigned long lc_deferred_check(void)
{
	unsigned long freed = READ_ONCE(lc_deferred_freed), checks;

	/* after a reference is dropped: pairs with the barrier in lc_deferred_free() */
	smp_mb();
	checks = READ_ONCE(lc_deferred_checks);
	mutex_lock(&lc_deferred_check_lock);
	if (checks == lc_deferred_checks)
		lc_deferred_free(false);
	freed = lc_deferred_freed - freed;
	mutex_unlock(&lc_deferred_check_lock);
	return freed;
}

/**
 * lc_deferred_overlaps - are pages of this memory deferred?
 * @ext: the pages
 *
 * Context: process. Return: true if one is.
 */
bool lc_deferred_overlaps(const struct lc_extent *ext)
{
	struct page *page;
	bool found = false;

	mutex_lock(&lc_deferred_lock);
	list_for_each_entry(page, &lc_deferred_pages, lru) {
		found = page_to_pfn(page) - ext->pfn < ext->nr_pages;
		if (found)
			break;
		cond_resched();
	}
	mutex_unlock(&lc_deferred_lock);
	return found;
}

/** lc_deferred_init - prepare the checks. Return: 0 or -errno */
int lc_deferred_init(void)
{
	lc_deferred_wq = alloc_workqueue(KBUILD_MODNAME "_deferred",
					 WQ_UNBOUND, 1);
	if (!lc_deferred_wq)
		return -ENOMEM;
	lc_deferred_shrinker = lc_shrinker_register(KBUILD_MODNAME "_deferred",
						    lc_deferred_count,
						    lc_deferred_scan, 0);
	if (!IS_ERR(lc_deferred_shrinker))
		return 0;
	destroy_workqueue(lc_deferred_wq);
	return PTR_ERR(lc_deferred_shrinker);
}

/**
 * lc_deferred_exit - leave all pages to those who have references
 *
 * Context: module exit, after the last release and the worker's end; or module init
 * with an error.
 */
void lc_deferred_exit(void)
{
	lc_shrinker_unregister(lc_deferred_shrinker);
	mutex_lock(&lc_deferred_check_lock);
	lc_deferred_free(true);
	mutex_unlock(&lc_deferred_check_lock);
	cancel_delayed_work_sync(&lc_deferred_work);
	destroy_workqueue(lc_deferred_wq);
}
