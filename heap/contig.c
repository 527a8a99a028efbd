// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying a range: the only caller of alloc_contig_range().
 *
 * alloc_contig_range() waits for page locks, writeback and work on every CPU,
 * uninterruptibly and without a bound. An attempt therefore runs in helper
 * threads, apart from its request, which waits for it as long as it makes sense
 * and leaves it behind then. An attempt left behind ends by itself: it returns
 * the pages that it has to the page allocator at once, others as soon as it gets
 * them, and its claim lasts until then. What it still works on is charged to the
 * user meanwhile, and it holds a reference to the module.
 */

#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "contig.h"
#include "limit.h"
#include "pages.h"
#include "parallel.h"
#include "search/search.h"
#include "stats.h"
#include "trace.h"

/*
 * An attempt is left behind when it was found waiting for I/O so many times in a
 * row. Time alone says nothing where the CPU is slow or shared.
 */
#define LC_POLL_TIME	max(HZ / 50, 1)
#define LC_MAX_STALLS	5

/*
 * What an attempt may take beyond the deadline of its request, for each
 * LC_GRACE_PAGES: emptying and zeroing a large window takes time on an idle
 * machine as well.
 */
#define LC_GRACE_TIME		(HZ / 10)
#define LC_GRACE_PAGES		((unsigned long)SZ_32M >> PAGE_SHIFT)

/* How long an attempt may still take when its request is being killed. */
#define LC_KILLED_TIME	max(HZ / 20, 1)

/**
 * struct lc_attempt - an attempt to empty a window
 * @job: the work
 * @claim: the claim on the window
 * @lock: guards the fields below
 * @busy: pages of the parts that are worked on
 * @left_behind: the request does not wait for it any more; the last thread that
 *	leaves the job ends the claim and frees it
 * @stalled: because it took too long
 * @user: the user who is charged for @busy since, or NULL
 */
struct lc_attempt {
	struct lc_job job;
	struct lc_claim claim;
	spinlock_t lock;	/* see above */
	unsigned long busy;
	bool left_behind;
	bool stalled;
	struct lc_user *user;
};

/*
 * The kernel implies __GFP_RETRY_MAYFAIL: reclaim may make room for the pages
 * that have to move, but must never end in an OOM kill.
 */
static int lc_empty_extent(const struct lc_extent *ext)
{
	int ret;

	ret = lc_alloc_contig_range(ext->pfn, lc_extent_end(ext),
				    GFP_KERNEL | __GFP_NOWARN);
	if (ret)
		return ret;
	ret = lc_pages_init(ext);
	if (ret)
		lc_pages_free(ext);
	return ret;
}

static int lc_empty_part(struct lc_job *job, const struct lc_extent *part)
{
	struct lc_attempt *attempt = container_of(job, struct lc_attempt, job);
	bool left_behind;
	int ret;

	scoped_guard(spinlock, &attempt->lock) {
		if (attempt->left_behind)
			return -ETIME;
		attempt->busy += part->nr_pages;
	}
	ret = lc_empty_extent(part);
	scoped_guard(spinlock, &attempt->lock) {
		attempt->busy -= part->nr_pages;
		left_behind = attempt->left_behind;
	}
	if (!left_behind)
		return ret;
	if (!ret)
		lc_pages_free(part);
	lc_limit_uncharge_late(attempt->user, part->nr_pages);
	return -ETIME;
}

static void lc_attempt_free(struct lc_attempt *attempt)
{
	lc_parallel_destroy(&attempt->job);
	kfree(attempt);
}

/* The request does not wait for it any more. */
static void lc_attempt_abandon(struct lc_attempt *attempt)
{
	lc_search_late(&attempt->claim, -1, attempt->stalled);
	lc_search_unclaim(&attempt->claim, attempt->job.stop);
	lc_attempt_free(attempt);
	module_put(THIS_MODULE);
}

static void lc_attempt_end(struct lc_job *job)
{
	struct lc_attempt *attempt = container_of(job, struct lc_attempt, job);

	/* it was set by one of the threads, which have left */
	if (attempt->left_behind)
		lc_attempt_abandon(attempt);
	else
		complete(&job->idle);
}

static struct lc_attempt *lc_attempt_new(const struct lc_claim *claim,
					 const struct lc_extent *window)
{
	struct lc_attempt *attempt = kzalloc_obj(*attempt);

	if (!attempt)
		return NULL;
	if (lc_parallel_init(&attempt->job, window, lc_empty_part)) {
		kfree(attempt);
		return NULL;
	}
	attempt->job.undo = lc_pages_free;
	attempt->job.end = lc_attempt_end;
	attempt->claim = *claim;
	spin_lock_init(&attempt->lock);
	return attempt;
}

/*
 * What it has begun is isolated, and not among the free pages any more: it is not
 * under way besides, and other requests do not wait for it.
 *
 * Return: false if the attempt has ended after all.
 */
static bool lc_attempt_leave(struct lc_attempt *attempt, bool stalled)
{
	struct zone *zone = page_zone(pfn_to_page(attempt->job.ext.pfn));
	unsigned long nr_pages = attempt->job.ext.nr_pages;

	if (!lc_parallel_stop(&attempt->job, -ETIME)) {
		wait_for_completion(&attempt->job.idle);
		return false;
	}
	__module_get(THIS_MODULE);
	lc_search_late(&attempt->claim, 1, stalled);
	scoped_guard(spinlock, &attempt->lock) {
		attempt->stalled = stalled;
		attempt->user = lc_limit_charge_late(attempt->busy);
		attempt->left_behind = true;
	}
	lc_parallel_undo(&attempt->job);
	lc_parallel_leave(&attempt->job);
	lc_limit_end(zone, nr_pages);
	return true;
}

/* Return: 0 if the attempt has ended; -EINTR or -ETIME if it was left behind. */
static int lc_attempt_wait(struct lc_attempt *attempt, unsigned long deadline)
{
	unsigned int stalls = 0, polls = 0;
	u64 runtime = 0;
	long left;

	deadline += LC_GRACE_TIME *
		    DIV_ROUND_UP(attempt->job.ext.nr_pages, LC_GRACE_PAGES);
	do {
		left = clamp_t(long, deadline - jiffies, 1, LC_POLL_TIME);
		left = wait_for_completion_killable_timeout(&attempt->job.idle,
							    left);
		if (left > 0)
			return 0;
		stalls = lc_parallel_stalls(&attempt->job, &runtime) ?
				 stalls + 1 : 0;
		if (++polls % LC_MAX_STALLS == 0 && !left)
			lc_parallel_hurry(&attempt->job);
	} while (!left && stalls < LC_MAX_STALLS &&
		 time_before(jiffies, deadline));
	/* a task that is being killed waits a little for what is nearly done */
	if (left) {
		WRITE_ONCE(attempt->job.stop, -EINTR);
		if (wait_for_completion_timeout(&attempt->job.idle,
						LC_KILLED_TIME))
			return 0;
	}
	if (!lc_attempt_leave(attempt, !left))
		return 0;
	return left ? -EINTR : -ETIME;
}

static int lc_attempt_run(struct lc_attempt *attempt, unsigned long deadline,
			  bool *left_behind)
{
	struct lc_job *job = &attempt->job;
	int ret;

	*left_behind = false;
	if (!lc_parallel_start(job, false)) {
		ret = fatal_signal_pending(current) ? -EINTR : -ENOMEM;
		goto free_attempt;
	}
	ret = lc_attempt_wait(attempt, deadline);
	*left_behind = ret;
	if (ret)
		return ret;
	ret = job->stop;
	if (ret)
		lc_parallel_undo(job);
free_attempt:
	lc_limit_end(page_zone(pfn_to_page(job->ext.pfn)), job->ext.nr_pages);
	lc_attempt_free(attempt);
	return ret;
}

/**
 * lc_contig_take - empty a window and take its pages
 * @claim: the claim on the window
 * @window: the pages; all online and in one zone
 * @c: placement constraints of the request
 * @deadline: jiffies at which to give up, but for the time that the window itself takes
 *
 * All or nothing. Nothing is begun after the deadline, or if the machine cannot
 * spare the pages any more.
 *
 * Context: process, may sleep; no lock held that reclaim takes.
 * Return: 0 with all pages zeroed and with one reference each, which the caller
 * owns; -EAGAIN if nothing was begun; -EBUSY if a page cannot move now; -ENOMEM if
 * there is no room to move it to or no memory for bookkeeping; -ETIME if it takes
 * too long; -EINTR if the current task is being killed. @claim->zone is NULL if the
 * attempt was left behind: the claim is the attempt's from then on.
 */
int lc_contig_take(struct lc_claim *claim, const struct lc_extent *window,
		   const struct lc_constraint *c, unsigned long deadline)
{
	struct zone *zone = page_zone(pfn_to_page(window->pfn));
	struct lc_constraint whole = *c;
	u64 start = ktime_get_ns(), us;
	struct lc_attempt *attempt;
	bool left_behind;
	int ret;

	whole.nr_pages = window->nr_pages;
	if (time_after_eq(jiffies, deadline) || !lc_limit_begin(zone, &whole))
		return -EAGAIN;
	attempt = lc_attempt_new(claim, window);
	if (!attempt) {
		lc_limit_end(zone, window->nr_pages);
		return -ENOMEM;
	}
	ret = lc_attempt_run(attempt, deadline, &left_behind);
	if (left_behind)
		claim->zone = NULL;
	us = div_u64(ktime_get_ns() - start, NSEC_PER_USEC);
	trace_lazy_contig_attempt(window->pfn, window->nr_pages, ret, us);
	lc_stats_count(LC_ATTEMPTS, 1);
	lc_stats_count(LC_ATTEMPTS_LATE, left_behind);
	lc_stats_count(LC_ATTEMPTS_BUSY, ret == -EBUSY);
	lc_stats_count(LC_ATTEMPTS_NOMEM, ret == -ENOMEM);
	lc_stats_count(LC_MIGRATE_US, us);
	return ret;
}
