// SPDX-License-Identifier: GPL-2.0
/*
 * Work on large extents in parts, by several CPUs.
 *
 * Helper threads are created when there are too few, wait for the next job
 * afterwards, and end with the module. During a job a helper has the priority of
 * the task that began it, and runs only where that task may run.
 */

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait_bit.h>

#include "compat.h"
#include "parallel.h"

#define LC_MAX_THREADS	8
/* From that many helpers on a CPU, a job gets no new one that it can do without. */
#define LC_MAX_HELPERS	4

/**
 * struct lc_helper - a helper thread
 * @list: in lc_helpers
 * @place: in lc_idle_helpers, or in the list of its job while it works for that
 * @task: the thread
 * @job: what it works on; NULL while it is idle
 */
struct lc_helper {
	struct list_head list;
	struct list_head place;
	struct task_struct *task;
	struct lc_job *job;
};

/*
 * Guards the lists of helpers, those of jobs too, and who gives an idle helper a job.
 * A leaf. What happens under it does not depend on how many helpers there are.
 */
static DEFINE_SPINLOCK(lc_helpers_lock);
static LIST_HEAD(lc_helpers);	/* all; entries stay until unload */
static LIST_HEAD(lc_idle_helpers);	/* the one that worked last is the first */
static unsigned int lc_nr_helpers;

/*
 * Beginning a part costs the kernel about a millisecond whatever its size where
 * pages are moved, so parts must be large; between two of them a signal is
 * noticed, so not too large. Parts meet on multiples of what the kernel isolates
 * at once, or two CPUs would fight for the block that both need a part of.
 */
static unsigned long lc_part_pages(void)
{
	return max3((unsigned long)SZ_32M >> PAGE_SHIFT, pageblock_nr_pages,
		    (unsigned long)MAX_ORDER_NR_PAGES);
}

static struct lc_extent lc_part(const struct lc_job *job, unsigned long part)
{
	unsigned long end = job->first_part + part * lc_part_pages();
	unsigned long pfn = part ? end - lc_part_pages() : job->ext.pfn;

	end = min(end, lc_extent_end(&job->ext));
	return (struct lc_extent){ pfn, end - pfn };
}

static void lc_job_run(struct lc_job *job)
{
	struct lc_extent part;
	unsigned long i;
	int ret;

	while (!READ_ONCE(job->stop)) {
		i = atomic_long_fetch_inc(&job->next_part);
		if (i >= job->nr_parts)
			break;
		part = lc_part(job, i);
		ret = job->work(job, &part);
		if (ret)
			cmpxchg(&job->stop, 0, ret);
		else
			set_bit(i, job->done);
	}
}

static void lc_job_leave(struct lc_job *job)
{
	if (!atomic_dec_and_test(&job->threads))
		return;
	if (job->end)
		job->end(job);
	else
		complete(&job->idle);
}

static void lc_helper_work(struct lc_helper *helper, struct lc_job *job)
{
	/* a new thread sets its own on its way here */
	set_cpus_allowed_ptr(current, job->cpus);
	lc_job_run(job);
	/* who leaves last may free the job */
	scoped_guard(spinlock, &lc_helpers_lock)
		list_del(&helper->place);
	lc_job_leave(job);
	scoped_guard(spinlock, &lc_helpers_lock) {
		helper->job = NULL;
		list_add(&helper->place, &lc_idle_helpers);
	}
	/* wake_up_var() looks for a waiter without a lock */
	smp_mb();
	wake_up_var(&helper->job);
}

static int lc_helper_run(void *data)
{
	struct lc_helper *helper = data;
	struct lc_job *job;

	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		job = READ_ONCE(helper->job);
		if (!job && !kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
		if (job)
			lc_helper_work(helper, job);
	}
	return 0;
}

/*
 * @only: the job has no other thread.
 * Return: a helper that has @job, for the caller to wake; NULL if none can be had.
 */
static struct lc_helper *lc_helper_get(struct lc_job *job, bool only)
{
	struct lc_helper *helper;

	scoped_guard(spinlock, &lc_helpers_lock) {
		helper = list_first_entry_or_null(&lc_idle_helpers, struct lc_helper,
						  place);
		if (helper) {
			helper->job = job;
			list_move(&helper->place, &job->helpers);
			return helper;
		}
		if (!only && lc_nr_helpers >= LC_MAX_HELPERS * num_online_cpus())
			return NULL;
	}
	helper = kzalloc_obj(*helper);
	if (!helper)
		return NULL;
	helper->task = kthread_create(lc_helper_run, helper, KBUILD_MODNAME);
	if (IS_ERR(helper->task)) {
		kfree(helper);
		return NULL;
	}
	helper->job = job;
	scoped_guard(spinlock, &lc_helpers_lock) {
		list_add(&helper->list, &lc_helpers);
		list_add(&helper->place, &job->helpers);
		lc_nr_helpers++;
	}
	return helper;
}

/**
 * lc_parallel_init - prepare a job
 * @job: the job
 * @ext: what to work on
 * @work: does a part; runs in several threads at once, on disjoint parts
 *
 * Context: process, may sleep. Return: 0, or -ENOMEM without anything to undo.
 */
int lc_parallel_init(struct lc_job *job, const struct lc_extent *ext,
		     int (*work)(struct lc_job *job, const struct lc_extent *part))
{
	unsigned long unit = max_t(unsigned long, pageblock_nr_pages,
				   MAX_ORDER_NR_PAGES);

	*job = (struct lc_job){
		.ext = *ext,
		.first_part = ALIGN_DOWN(ext->pfn, unit) + lc_part_pages(),
		.nr_parts = 1,
		.work = work,
		.nice = task_nice(current),
		.helpers = LIST_HEAD_INIT(job->helpers),
	};
	init_completion(&job->idle);
	if (lc_extent_end(ext) > job->first_part)
		job->nr_parts += DIV_ROUND_UP(lc_extent_end(ext) -
					      job->first_part, lc_part_pages());
	if (!alloc_cpumask_var(&job->cpus, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(job->cpus, current->cpus_ptr);
	job->done = bitmap_zalloc(job->nr_parts, GFP_KERNEL);
	if (job->done)
		return 0;
	free_cpumask_var(job->cpus);
	return -ENOMEM;
}

/** lc_parallel_destroy - undo lc_parallel_init() when all threads have left */
void lc_parallel_destroy(struct lc_job *job)
{
	bitmap_free(job->done);
	free_cpumask_var(job->cpus);
}

/* Threads that a job is worth, that of its caller included. */
static unsigned int lc_job_threads(const struct lc_job *job)
{
	return min3(min(num_online_cpus(), cpumask_weight(job->cpus)),
		    (unsigned int)min(job->nr_parts, UINT_MAX + 0UL),
		    LC_MAX_THREADS + 0U);
}

/**
 * lc_parallel_start - let helpers begin a job
 * @job: the job
 * @caller: the caller takes part, in lc_parallel_join(), which must follow
 *
 * Context: process, may sleep.
 * Return: false if no helper works on it; else it may have ended already, unless
 * @caller.
 */
bool lc_parallel_start(struct lc_job *job, bool caller)
{
	unsigned int wanted = lc_job_threads(job) - caller, nr;
	struct lc_helper *helper;

	/* one more than there are, so that none is the last before all have begun */
	atomic_set(&job->threads, 1);
	for (nr = 0; nr < wanted; nr++) {
		/* a helper that has a job may begin at once, without being woken */
		atomic_inc(&job->threads);
		helper = lc_helper_get(job, !caller && !nr);
		if (!helper) {
			atomic_dec(&job->threads);
			break;
		}
		/* or it might wait for a CPU that another job let it have */
		set_cpus_allowed_ptr(helper->task, job->cpus);
		set_user_nice(helper->task, job->nice);
		wake_up_process(helper->task);
	}
	if (!caller && nr)
		lc_job_leave(job);
	return nr;
}

/**
 * lc_parallel_stalls - does a job wait for I/O, and for nothing else?
 * @job: a job whose threads are helpers
 * @runtime: what its helpers had run when asked before, or 0; updated
 *
 * A helper that sleeps for another reason waits for tasks that run: for work on
 * every CPU, which takes long where CPUs are slow or have much to do.
 *
 * Context: any but atomic.
 * Return: true if no helper has run since, and each is in I/O wait.
 */
bool lc_parallel_stalls(struct lc_job *job, u64 *runtime)
{
	struct lc_helper *helper;
	u64 sum = 0, before = *runtime;
	bool waits;

	guard(spinlock)(&lc_helpers_lock);
	/* one that has just left may have yet to say so */
	waits = !list_empty(&job->helpers);
	list_for_each_entry(helper, &job->helpers, place) {
		sum += READ_ONCE(helper->task->se.sum_exec_runtime);
		waits &= helper->task->in_iowait &&
			 !task_is_running(helper->task);
	}
	*runtime = sum;
	return waits && sum == before;
}

/**
 * lc_parallel_join - take part in a job
 * @job: the job
 *
 * Context: process, may sleep.
 */
void lc_parallel_join(struct lc_job *job)
{
	lc_job_run(job);
	lc_job_leave(job);
}

/**
 * lc_parallel_undo - undo the parts of a job that are done
 * @job: the job, which all threads have left
 * @undo: called for each of them
 *
 * Context: process, may sleep.
 */
void lc_parallel_undo(struct lc_job *job,
		      void (*undo)(const struct lc_extent *part))
{
	struct lc_extent part;
	unsigned long i;

	for_each_set_bit(i, job->done, job->nr_parts) {
		part = lc_part(job, i);
		undo(&part);
	}
}

/**
 * lc_parallel - work on an extent by as many CPUs as it is worth
 * @ext: what to work on
 * @work: does a part; returns 0, or an error that ends the job
 *
 * Context: process, may sleep. @work runs in the caller and in helpers at once,
 * on disjoint parts. Return: 0, the first error of @work, or -ENOMEM.
 */
int lc_parallel(const struct lc_extent *ext,
		int (*work)(struct lc_job *job, const struct lc_extent *part))
{
	struct lc_job job;
	int ret;

	if (ext->nr_pages <= lc_part_pages() / 2)
		return work(NULL, ext);
	ret = lc_parallel_init(&job, ext, work);
	if (ret)
		return ret;
	lc_parallel_start(&job, true);
	lc_parallel_join(&job);
	wait_for_completion(&job.idle);
	lc_parallel_destroy(&job);
	return job.stop;
}

/**
 * lc_parallel_exit - end the helpers
 *
 * When loading failed, some may have the job of an attempt that was left behind.
 */
void lc_parallel_exit(void)
{
	struct lc_helper *helper, *next;

	list_for_each_entry_safe(helper, next, &lc_helpers, list) {
		/* a thread that is stopped before it began would never do it */
		wait_var_event(&helper->job, !READ_ONCE(helper->job));
		kthread_stop(helper->task);
		kfree(helper);
	}
}
