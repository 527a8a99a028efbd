// SPDX-License-Identifier: GPL-2.0
/*
 * Work on large extents in parts, by several CPUs.
 *
 * Helper threads are created when there are too few, and wait for the next job
 * afterwards; what a burst of requests needed besides ends with it, the others with
 * the module. During a job a helper has the priority of the task that began it, and
 * runs only where that task may run.
 *
 * A helper that was woken may not get to run for as long as a real-time task keeps
 * its CPU. So nothing waits for one that has not begun: it is taken back when
 * no part is left for it.
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
/*
 * From that many helpers on a CPU, a job gets no new one that it can do without, and
 * those beyond end when they have done a job.
 */
#define LC_MAX_HELPERS	4

/**
 * struct lc_helper - a helper thread
 * @list: in lc_helpers
 * @place: in lc_idle_helpers, or in the list of its job while it works for that
 * @task: the thread
 * @job: what it works on; NULL while it is idle
 * @woken: for a job, and has not run since: it has not begun, or it was taken back
 *
 * In no list but the first: it is being prepared for a job.
 */
struct lc_helper {
	struct list_head list;
	struct list_head place;
	struct task_struct *task;
	struct lc_job *job;
	bool woken;
};

/*
 * Guards the lists of helpers, those of jobs too, and what is in a helper. Only locks
 * of the scheduler are taken under it. What happens under it does not depend on how
 * many helpers there are.
 */
static DEFINE_SPINLOCK(lc_helpers_lock);
static LIST_HEAD(lc_helpers);	/* all */
/* the one that worked last is the first, those that were taken back are the last */
static LIST_HEAD(lc_idle_helpers);
static unsigned int lc_nr_helpers;
/* Helpers that have ended by themselves, each of which completes once. */
static unsigned int lc_nr_ended;
static DECLARE_COMPLETION(lc_helpers_ended);

static unsigned int lc_helpers_enough(void)
{
	return LC_MAX_HELPERS * num_online_cpus();
}

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

/* Each part that is done is undone once, by the thread that comes first. */
static void lc_part_undo(struct lc_job *job, unsigned long i)
{
	struct lc_extent part = lc_part(job, i);

	if (test_and_clear_bit(i, job->done))
		job->undo(&part);
}

/* No part of the job will be begun any more. */
static bool lc_job_exhausted(struct lc_job *job)
{
	return READ_ONCE(job->stop) ||
	       atomic_long_read(&job->next_part) >= job->nr_parts;
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
		if (ret) {
			cmpxchg(&job->stop, 0, ret);
			break;
		}
		set_bit(i, job->done);
		/* either it is seen here that the job ends, or there that this is done */
		smp_mb__after_atomic();
		if (READ_ONCE(job->stop) && job->undo)
			lc_part_undo(job, i);
	}
}

/*
 * Take back the helpers that have not begun the job, in which no part is left for
 * them. The caller is one of its threads.
 */
static void lc_job_recall(struct lc_job *job)
{
	struct lc_helper *helper, *next;

	lockdep_assert_held(&lc_helpers_lock);
	list_for_each_entry_safe(helper, next, &job->helpers, place) {
		if (!helper->woken)
			continue;
		helper->job = NULL;
		list_move_tail(&helper->place, &lc_idle_helpers);
		atomic_dec(&job->threads);
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

/* Return: the job that the helper has begun herewith, or NULL. */
static struct lc_job *lc_helper_begin(struct lc_helper *helper)
{
	if (!READ_ONCE(helper->woken))
		return NULL;
	guard(spinlock)(&lc_helpers_lock);
	helper->woken = false;
	/* it was taken back, and is as good as any now */
	if (!helper->job && !list_empty(&helper->place))
		list_move(&helper->place, &lc_idle_helpers);
	return helper->job;
}

/* Return: true if the helper is not needed any more, and does not exist now. */
static bool lc_helper_work(struct lc_helper *helper, struct lc_job *job)
{
	bool ends;

	/* a new thread sets its own on its way here */
	set_cpus_allowed_ptr(current, job->cpus);
	lc_job_run(job);
	scoped_guard(spinlock, &lc_helpers_lock) {
		lc_job_recall(job);
		/* who leaves last may free the job */
		list_del(&helper->place);
	}
	lc_job_leave(job);
	scoped_guard(spinlock, &lc_helpers_lock) {
		ends = lc_nr_helpers > lc_helpers_enough();
		if (ends) {
			list_del(&helper->list);
			lc_nr_helpers--;
			lc_nr_ended++;
		} else {
			list_add(&helper->place, &lc_idle_helpers);
			helper->job = NULL;
		}
	}
	if (ends) {
		kfree(helper);
		return true;
	}
	/* wake_up_var() looks for a waiter without a lock */
	smp_mb();
	wake_up_var(&helper->job);
	return false;
}

static int lc_helper_run(void *data)
{
	struct lc_helper *helper = data;
	struct lc_job *job;

	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		job = lc_helper_begin(helper);
		if (!job && !kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
		if (job && lc_helper_work(helper, job))
			kthread_complete_and_exit(&lc_helpers_ended, 0);
	}
	return 0;
}

/*
 * @only: the job has no other thread that runs.
 * Return: a helper that is in no list but that of all; NULL if none can be had.
 */
static struct lc_helper *lc_helper_get(bool only)
{
	struct lc_helper *helper;
	bool enough;

	scoped_guard(spinlock, &lc_helpers_lock) {
		enough = lc_nr_helpers >= lc_helpers_enough();
		helper = list_first_entry_or_null(&lc_idle_helpers, struct lc_helper,
						  place);
		/* one that was taken back may still wait for its CPU */
		if (helper && (enough || !helper->woken)) {
			list_del_init(&helper->place);
			return helper;
		}
		if (enough && !only)
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
	INIT_LIST_HEAD(&helper->place);
	scoped_guard(spinlock, &lc_helpers_lock) {
		list_add(&helper->list, &lc_helpers);
		lc_nr_helpers++;
	}
	return helper;
}

/*
 * @only: as for lc_helper_get().
 * Return: false if there is no further helper, or nothing for it to do.
 */
static bool lc_job_add(struct lc_job *job, bool only)
{
	struct lc_helper *helper = lc_helper_get(only);
	bool needed;

	if (!helper)
		return false;
	/* first: it might wait for a CPU that another job let it have, or be done soon */
	set_cpus_allowed_ptr(helper->task, job->cpus);
	set_user_nice(helper->task, job->nice);

	guard(spinlock)(&lc_helpers_lock);
	needed = !lc_job_exhausted(job);
	if (needed) {
		helper->job = job;
		helper->woken = true;
		list_add(&helper->place, &job->helpers);
		atomic_inc(&job->threads);
	} else {
		list_add(&helper->place, &lc_idle_helpers);
	}
	/* it may end as soon as it has begun */
	wake_up_process(helper->task);
	return needed;
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

	/* one more than there are, so that none is the last before all have begun */
	atomic_set(&job->threads, 1);
	for (nr = 0; nr < wanted; nr++)
		if (!lc_job_add(job, !caller && !nr))
			break;
	if (!caller && nr)
		lc_job_leave(job);
	return nr;
}

/**
 * lc_parallel_hurry - let another helper begin a job that none has begun
 * @job: a job whose threads are helpers
 *
 * For a job that was to be begun long ago.
 *
 * Context: process, may sleep.
 */
void lc_parallel_hurry(struct lc_job *job)
{
	struct lc_helper *helper;
	unsigned int nr = 0;

	scoped_guard(spinlock, &lc_helpers_lock) {
		list_for_each_entry(helper, &job->helpers, place) {
			if (!helper->woken)
				return;
			nr++;
		}
	}
	if (nr && nr < LC_MAX_THREADS)
		lc_job_add(job, true);
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
 * Return: true if no helper has run since, and each that has begun is in I/O wait.
 */
bool lc_parallel_stalls(struct lc_job *job, u64 *runtime)
{
	struct lc_helper *helper;
	u64 sum = 0, before = *runtime;
	bool waits = true, begun = false;

	guard(spinlock)(&lc_helpers_lock);
	list_for_each_entry(helper, &job->helpers, place) {
		if (helper->woken)
			continue;
		begun = true;
		sum += READ_ONCE(helper->task->se.sum_exec_runtime);
		waits &= helper->task->in_iowait &&
			 !task_is_running(helper->task);
	}
	*runtime = sum;
	/* one that has just left may have yet to say so */
	return begun && waits && sum == before;
}

/**
 * lc_parallel_stop - begin no further part of a job
 * @job: a job whose threads are helpers
 * @error: what becomes of it if it has not failed yet
 *
 * Context: any but atomic.
 * Return: true if helpers work on it still: the caller is one of its threads then,
 * until lc_parallel_leave(); false if the last one has left, or is about to.
 */
bool lc_parallel_stop(struct lc_job *job, int error)
{
	if (!atomic_inc_not_zero(&job->threads))
		return false;
	cmpxchg(&job->stop, 0, error);
	scoped_guard(spinlock, &lc_helpers_lock)
		lc_job_recall(job);
	if (atomic_read(&job->threads) > 1)
		return true;
	lc_job_leave(job);
	return false;
}

/** lc_parallel_leave - be no thread of a job any more; it may be the last one */
void lc_parallel_leave(struct lc_job *job)
{
	lc_job_leave(job);
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
	scoped_guard(spinlock, &lc_helpers_lock)
		lc_job_recall(job);
	lc_job_leave(job);
}

/**
 * lc_parallel_undo - undo the parts that are done of a job that has failed
 * @job: the job, which all threads have left, or of which the caller is one
 *
 * What is done later is undone by the thread that does it.
 *
 * Context: process, may sleep.
 */
void lc_parallel_undo(struct lc_job *job)
{
	unsigned long i;

	for_each_set_bit(i, job->done, job->nr_parts)
		lc_part_undo(job, i);
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

	/* none ends by itself from here on */
	scoped_guard(spinlock, &lc_helpers_lock)
		lc_nr_helpers = 0;
	list_for_each_entry_safe(helper, next, &lc_helpers, list) {
		/* a thread that is stopped before it began would never do it */
		wait_var_event(&helper->job, !READ_ONCE(helper->job));
		/* it ends here, whatever keeps the CPU where it was last */
		set_cpus_allowed_ptr(helper->task, cpumask_of(raw_smp_processor_id()));
		kthread_stop(helper->task);
		kfree(helper);
	}
	while (lc_nr_ended--)
		wait_for_completion(&lc_helpers_ended);
}
