// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: work in parts covers an extent once and nothing else, and no two parts
 *   meet inside what the kernel isolates at once
 * Promise: memory: work in parts ends once, when the last thread has left it
 * Promise: memory: work for a request is done with its task's priority, on that task's CPUs,
 *   and by the threads that there are
 */
#include "parallel.h"
#include "tap.h"

#define ROUNDS		20000

struct task_struct host_task;

/* The threads there are, as many as a test permits. Awake ones run at any unlock. */
static struct task_struct threads[8];
static unsigned int nr_threads, max_threads;
static struct task_struct *running;
static bool passed;	/* the running thread was asked once whether it stops */

static struct lc_extent whole;
static unsigned long reached;	/* the page up to which there were parts */
static unsigned long calls;
static bool fine;

/* Parts come in order, since there is one thread. */
static void see(const struct lc_extent *part)
{
	const unsigned long unit = max(pageblock_nr_pages, MAX_ORDER_NR_PAGES);

	fine &= part->pfn == reached && part->nr_pages &&
		lc_extent_end(part) <= lc_extent_end(&whole) &&
		(part->pfn == whole.pfn || part->pfn % unit == 0);
	reached = lc_extent_end(part);
	calls++;
}

static int work(struct lc_job *job, const struct lc_extent *part)
{
	(void)job;
	see(part);
	return 0;
}

/* Some extents are shorter than a part, and lie in one unit or across two. */
static void draw_extent(void)
{
	const unsigned long most = (rnd(2) ? 3 : 20) * MAX_ORDER_NR_PAGES;

	whole = (struct lc_extent){
		.pfn = 50 * MAX_ORDER_NR_PAGES + rnd(2 * MAX_ORDER_NR_PAGES),
		.nr_pages = 1 + rnd(most),
	};
	if (rnd(4) == 0)
		whole.pfn = ALIGN_DOWN(whole.pfn, pageblock_nr_pages);
	reached = whole.pfn;
	calls = 0;
}

static bool covered(void)
{
	return fine && reached == lc_extent_end(&whole);
}

static void test_parts(void)
{
	unsigned long most = 0, i;

	fine = true;
	for (i = 0; i < ROUNDS && fine; i++) {
		draw_extent();
		if (lc_parallel(&whole, work) || !covered())
			fine = false;
		most = max(most, calls);
	}
	ok(fine, "%d extents: every page once, parts meet between units", ROUNDS);
	if (!fine)
		diag("%lu pages at %#lx", whole.nr_pages, whole.pfn);
	ok(most > 1, "up to %lu parts", most);
}

static void test_undo(void)
{
	struct lc_job job;
	unsigned long i;

	fine = true;
	for (i = 0; i < ROUNDS && fine; i++) {
		draw_extent();
		if (lc_parallel_init(&job, &whole, work))
			bail("no job");
		fine &= !lc_parallel_start(&job, false);
		lc_parallel_join(&job);
		fine = covered() && job.idle.done;
		reached = whole.pfn;
		lc_parallel_undo(&job, see);
		fine = covered();
		lc_parallel_destroy(&job);
	}
	ok(fine, "what is undone is what was done");
}

static unsigned long left;

static int fail_later(struct lc_job *job, const struct lc_extent *part)
{
	(void)job;
	see(part);
	return left-- ? 0 : -EBUSY;
}

static void test_error(void)
{
	const struct lc_extent large = {
		64 * MAX_ORDER_NR_PAGES, 64 * MAX_ORDER_NR_PAGES,
	};

	whole = large;
	reached = whole.pfn;
	calls = 0;
	left = 2;
	fine = true;
	is(lc_parallel(&whole, fail_later), -EBUSY, "an error ends a job");
	is(calls, 3, "at the part that has it");
	ok(fine, "after those before");
}

struct task_struct *host_thread(int (*run)(void *data), void *data)
{
	struct task_struct *thread = &threads[nr_threads];

	if (nr_threads >= max_threads)
		return (struct task_struct *)-ENOMEM;
	*thread = (struct task_struct){ .run = run, .data = data };
	nr_threads++;
	return thread;
}

/* A thread passes its loop once. */
bool host_thread_stops(void)
{
	bool stops = passed;

	passed = true;
	return stops;
}

bool host_ordered;

void host_unlocked(void)
{
	unsigned int i;

	host_ordered = false;
	if (running || host_spinlocks)
		return;
	for (i = 0; i < nr_threads; i++) {
		if (!threads[i].awake)
			continue;
		running = &threads[i];
		passed = false;
		running->run(running->data);
	}
	running = NULL;
}

static unsigned int ends;

static void count_end(struct lc_job *job)
{
	(void)job;
	ends++;
}

static int work_as_task(struct lc_job *job, const struct lc_extent *part)
{
	see(part);
	fine &= running->nice == job->nice &&
		running->cpus_ptr[0] == job->cpus[0];
	return 0;
}

/* A job of a task with this priority and these CPUs, for threads that sleep. */
static void job_of(int nice, unsigned long cpus)
{
	struct lc_job job;
	unsigned int i;

	for (i = 0; i < nr_threads; i++)
		threads[i].awake = false;
	draw_extent();
	host_task.nice = nice;
	host_task.cpus_ptr[0] = cpus;
	if (lc_parallel_init(&job, &whole, work_as_task))
		bail("no job");
	fine &= job.nice == nice && job.cpus[0] == cpus;
	job.end = count_end;
	ends = 0;
	fine &= lc_parallel_start(&job, false);
	host_unlocked();
	fine &= covered() && ends == 1;
	lc_parallel_destroy(&job);
}

static void test_inherit(void)
{
	unsigned int i;

	max_threads = ARRAY_SIZE(threads);
	fine = true;
	for (i = 0; i < 1000 && fine; i++)
		job_of(i % 20, 1 + i);
	ok(fine, "threads have the priority and the CPUs of the task");
	ok(nr_threads <= num_online_cpus(), "%u of them do all jobs", nr_threads);
}

static int work_before_end(struct lc_job *job, const struct lc_extent *part)
{
	(void)job;
	see(part);
	fine &= !ends;
	return 0;
}

static void test_threads(void)
{
	struct lc_job job;
	unsigned long i;

	max_threads = 3;
	fine = true;
	for (i = 0; i < ROUNDS && fine; i++) {
		draw_extent();
		if (lc_parallel_init(&job, &whole, work_before_end))
			bail("no job");
		job.end = count_end;
		ends = 0;
		fine &= lc_parallel_start(&job, false);
		/* those that were woken last */
		host_unlocked();
		fine &= covered() && ends == 1 && !atomic_read(&job.threads);
		lc_parallel_destroy(&job);
	}
	ok(fine, "a job that threads begin before they are woken ends once");
	lc_parallel_exit();
	nr_threads = max_threads = 0;
}

int main(void)
{
	test_parts();
	test_undo();
	test_error();
	test_inherit();
	test_threads();
	return tap_done();
}
