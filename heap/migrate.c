// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying a chosen range and giving pages back: the only file that calls
 * alloc_contig_range() and free_contig_range().
 */

#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>

#include "compat.h"
#include "lazy_contig.h"

/*
 * A range is emptied in parts, by several CPUs if there are several parts.
 * Each part costs the kernel about a millisecond whatever its size, so they
 * must be large; between two parts a signal is noticed, so not too large.
 * Parts meet on multiples of the largest free block, or two CPUs would fight
 * for the block that both need a piece of.
 */
#define LC_PART_PAGES	((unsigned long)SZ_32M >> PAGE_SHIFT)
#define LC_MAX_HELPERS	7

/* Freed between two looks at the scheduler. */
#define LC_FREE_PAGES	((unsigned long)SZ_4M >> PAGE_SHIFT)

/**
 * struct lc_job - one range being emptied
 * @start: first page frame
 * @end: one past the last
 * @first_part: page frame up to which the first part reaches
 * @nr_parts: number of parts
 * @next_part: the next one that nobody has begun
 * @stop: 0, or the error that ended the job; no part is begun after it
 * @done: one bit for each part that was taken
 */
struct lc_job {
	unsigned long start;
	unsigned long end;
	unsigned long first_part;
	unsigned long nr_parts;
	atomic_long_t next_part;
	int stop;
	unsigned long *done;
};

static void lc_part(const struct lc_job *job, unsigned long part,
		    unsigned long *pfn, unsigned long *end)
{
	*pfn = part ? job->first_part + (part - 1) * LC_PART_PAGES : job->start;
	*end = min(job->first_part + part * LC_PART_PAGES, job->end);
}

/*
 * The kernel implies __GFP_RETRY_MAYFAIL: reclaim may make room for the pages
 * that have to move, but nobody is killed for it.
 */
static int lc_take(unsigned long pfn, unsigned long end)
{
	int ret;

	ret = lc_alloc_contig_range(pfn, end, GFP_KERNEL | __GFP_NOWARN);
	if (ret)
		return ret;
	ret = lc_zero(pfn, end - pfn);
	if (ret)
		lc_pages_free(pfn, end - pfn);
	return ret;
}

static int lc_work(void *data)
{
	unsigned long part, pfn, end;
	struct lc_job *job = data;
	int ret;

	while (!READ_ONCE(job->stop)) {
		part = atomic_long_fetch_inc(&job->next_part);
		if (part >= job->nr_parts)
			break;
		lc_part(job, part, &pfn, &end);
		ret = fatal_signal_pending(current) ? -EINTR : lc_take(pfn, end);
		if (ret)
			cmpxchg(&job->stop, 0, ret);
		else
			set_bit(part, job->done);
	}
	return 0;
}

/*
 * Helpers run where the caller may run, and nowhere else. Fewer than wished,
 * or none, only makes the work take longer.
 */
static unsigned int lc_start_helpers(struct lc_job *job,
				     struct task_struct **helpers)
{
	unsigned int cpus = min(num_online_cpus(),
				cpumask_weight(current->cpus_ptr));
	unsigned int wanted = min3(cpus - 1UL, job->nr_parts - 1,
				   (unsigned long)LC_MAX_HELPERS);
	unsigned int nr;

	for (nr = 0; nr < wanted; nr++) {
		struct task_struct *task;

		task = kthread_create(lc_work, job, LC_NAME);
		if (IS_ERR(task))
			break;
		set_cpus_allowed_ptr(task, current->cpus_ptr);
		helpers[nr] = get_task_struct(task);
		wake_up_process(task);
	}
	return nr;
}

static void lc_join_helpers(struct task_struct **helpers, unsigned int nr)
{
	while (nr--) {
		kthread_stop(helpers[nr]);
		put_task_struct(helpers[nr]);
	}
}

static void lc_job_undo(const struct lc_job *job)
{
	unsigned long part, pfn, end;

	for_each_set_bit(part, job->done, job->nr_parts) {
		lc_part(job, part, &pfn, &end);
		lc_pages_free(pfn, end - pfn);
	}
}

/**
 * lc_migrate - empty a range and take its pages
 * @pfn: first page frame; the whole range is online and in one zone
 * @nr_pages: length, at least 1
 *
 * All or nothing.
 *
 * Context: process context, may sleep; no locks, other requests go on.
 * Return: 0 with all pages cleared and with one reference each; -EBUSY if
 * something there cannot move now, -ENOMEM if there is no room to move it to
 * or not even for the bookkeeping, -EINTR if the caller is being killed.
 */
int lc_migrate(unsigned long pfn, unsigned long nr_pages)
{
	struct lc_job job = {
		.start = pfn,
		.end = pfn + nr_pages,
		.first_part = ALIGN_DOWN(pfn, MAX_ORDER_NR_PAGES) + LC_PART_PAGES,
		.next_part = ATOMIC_LONG_INIT(0),
	};
	struct task_struct *helpers[LC_MAX_HELPERS];
	unsigned int nr_helpers;

	if (job.end <= job.first_part)
		return lc_take(job.start, job.end);

	job.nr_parts = 1 + DIV_ROUND_UP(job.end - job.first_part, LC_PART_PAGES);
	job.done = bitmap_zalloc(job.nr_parts, GFP_KERNEL);
	if (!job.done)
		return -ENOMEM;
	nr_helpers = lc_start_helpers(&job, helpers);
	lc_work(&job);
	lc_join_helpers(helpers, nr_helpers);
	if (job.stop)
		lc_job_undo(&job);
	bitmap_free(job.done);
	return job.stop;
}

/**
 * lc_pages_free - give pages back to the page allocator
 * @pfn: first page frame
 * @nr_pages: how many; may be 0
 *
 * Context: process context, may sleep.
 */
void lc_pages_free(unsigned long pfn, unsigned long nr_pages)
{
	while (nr_pages) {
		unsigned long nr = min(nr_pages, LC_FREE_PAGES);

		free_contig_range(pfn, nr);
		cond_resched();
		pfn += nr;
		nr_pages -= nr;
	}
}
