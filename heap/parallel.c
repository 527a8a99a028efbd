// SPDX-License-Identifier: GPL-2.0
/* Work on a large range in parts, by several CPUs. */

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
 * Beginning a part costs the kernel about a millisecond whatever its size
 * where pages are moved, so parts must be large; between two of them a signal
 * is noticed, so not too large. Parts meet on multiples of the largest free
 * block, or two CPUs would fight for the block that both need a piece of.
 */
#define LC_PART_PAGES	((unsigned long)SZ_32M >> PAGE_SHIFT)
#define LC_MAX_HELPERS	7

/**
 * struct lc_job - one range being worked on
 * @start: first page frame
 * @end: one past the last
 * @first_part: page frame up to which the first part reaches
 * @nr_parts: number of parts
 * @next_part: the next one that nobody has begun
 * @stop: 0, or the error that ended the job; no part is begun after it
 * @done: one bit for each part that was done
 * @work: does one part
 */
struct lc_job {
	unsigned long start;
	unsigned long end;
	unsigned long first_part;
	unsigned long nr_parts;
	atomic_long_t next_part;
	int stop;
	unsigned long *done;
	lc_part_work *work;
};

static void lc_part(const struct lc_job *job, unsigned long part,
		    unsigned long *pfn, unsigned long *nr_pages)
{
	unsigned long end = job->first_part + part * LC_PART_PAGES;

	*pfn = part ? end - LC_PART_PAGES : job->start;
	*nr_pages = min(end, job->end) - *pfn;
}

static int lc_job_work(void *data)
{
	unsigned long part, pfn, nr_pages;
	struct lc_job *job = data;
	int ret;

	while (!READ_ONCE(job->stop)) {
		part = atomic_long_fetch_inc(&job->next_part);
		if (part >= job->nr_parts)
			break;
		lc_part(job, part, &pfn, &nr_pages);
		ret = fatal_signal_pending(current) ? -EINTR :
						      job->work(pfn, nr_pages);
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

		task = kthread_create(lc_job_work, job, LC_NAME);
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

static void lc_job_undo(const struct lc_job *job, lc_part_undo *undo)
{
	unsigned long part, pfn, nr_pages;

	for_each_set_bit(part, job->done, job->nr_parts) {
		lc_part(job, part, &pfn, &nr_pages);
		undo(pfn, nr_pages);
	}
}

/**
 * lc_parallel - work on a range by as many CPUs as it is worth
 * @pfn: first page frame
 * @nr_pages: length, at least 1
 * @work: does a part; returns 0, or an error that ends everything
 * @undo: undoes a part that was done, after an error in another; may be NULL
 *
 * Context: process context, may sleep. @work runs in the caller and in kernel
 * threads at once, on disjoint parts.
 * Return: 0, the first error of @work, -ENOMEM, or -EINTR if the caller is
 * being killed.
 */
int lc_parallel(unsigned long pfn, unsigned long nr_pages, lc_part_work *work,
		lc_part_undo *undo)
{
	struct lc_job job = {
		.start = pfn,
		.end = pfn + nr_pages,
		.first_part = ALIGN_DOWN(pfn, MAX_ORDER_NR_PAGES) + LC_PART_PAGES,
		.next_part = ATOMIC_LONG_INIT(0),
		.work = work,
	};
	struct task_struct *helpers[LC_MAX_HELPERS];
	unsigned int nr_helpers;

	if (job.end <= job.first_part)
		return work(pfn, nr_pages);

	job.nr_parts = 1 + DIV_ROUND_UP(job.end - job.first_part, LC_PART_PAGES);
	job.done = bitmap_zalloc(job.nr_parts, GFP_KERNEL);
	if (!job.done)
		return -ENOMEM;
	nr_helpers = lc_start_helpers(&job, helpers);
	lc_job_work(&job);
	lc_join_helpers(helpers, nr_helpers);
	if (job.stop && undo)
		lc_job_undo(&job, undo);
	bitmap_free(job.done);
	return job.stop;
}
