// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: work in parts covers an extent once and nothing else, and no two parts
 *   meet inside what the kernel isolates at once
 * Promise: memory: work in parts ends once, when the last thread has left it
 * Promise: memory: work for a request is done with its task's priority, on that task's CPUs,
 *   and by the threads that there are
 * Promise: memory: no work waits for a thread that does not get to run
 * Promise: memory: what was done of work that is given up is undone at once, and once
 */
#include "parallel.h"
#include "tap.h"

#define ROUNDS		20000

struct task_struct host_task;

/* The threads there are, as many as a test permits. Awake ones run at any unlock. */
static struct task_struct threads[32];
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
		job.undo = see;
		lc_parallel_undo(&job);
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

int host_thread_ends(struct completion *c)
{
	running->ended = true;
	complete(c);
	return 0;
}

bool host_ordered;

/* Which thread runs if it is awake: others wait for a CPU. */
enum { ALL = -1, NONE = -2 };
static int only = ALL;
static unsigned int ends;
static void (*after_work)(void);	/* done when a thread has done a part, and waits */

void host_unlocked(void)
{
	void (*then)(void) = after_work;
	int i;

	host_ordered = false;

	if (running || host_spinlocks)
		return;
	for (i = 0; i < nr_threads; i++) {
		if (!threads[i].awake || threads[i].ended ||
		    (only != ALL && only != i))
			continue;
		running = &threads[i];
		passed = false;
		running->run(running->data);
	}
	running = NULL;
	if (!then || !calls)
		return;
	after_work = NULL;
	then();
}

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

	max_threads = 8;
	fine = true;
	for (i = 0; i < 1000 && fine; i++)
		job_of(i % 20, 1 + i);
	ok(fine, "threads have the priority and the CPUs of the task");
	ok(nr_threads <= num_online_cpus(), "%u of them do all jobs", nr_threads);
}

static void job_new(struct lc_job *job, unsigned int nr_parts,
		    int (*do_part)(struct lc_job *job, const struct lc_extent *part))
{
	unsigned long part = max3(SZ_32M >> PAGE_SHIFT, pageblock_nr_pages,
				  MAX_ORDER_NR_PAGES);

	whole = (struct lc_extent){ 64 * MAX_ORDER_NR_PAGES, nr_parts * part };
	whole.pfn = ALIGN_DOWN(whole.pfn, part);
	reached = whole.pfn;
	calls = 0;
	ends = 0;
	if (lc_parallel_init(job, &whole, do_part))
		bail("no job");
	job->end = count_end;
}

/* Threads that are awake run from now on. */
static void let_run(int which)
{
	only = which;
	host_unlocked();
}

/* No idle thread is awake. */
static void sleep_all(void)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++)
		threads[i].awake = false;
}

static bool job_done(struct lc_job *job)
{
	bool done = covered() && ends == 1 && !job->stop;

	lc_parallel_destroy(job);
	return done;
}

static void test_kept_zero(void)
{
	struct lc_job job;

	job_new(&job, 4, work);
	lc_parallel_destroy(&job);
	fine = true;
	only = NONE;
	is(lc_parallel(&whole, work), 0, "a job ends without threads that do not run");
	ok(covered() && calls == 4, "the caller has done it");
	let_run(ALL);
	is(calls, 4, "they find nothing to do");
	job_new(&job, 4, work);
	fine &= lc_parallel_start(&job, false);
	host_unlocked();
	ok(job_done(&job), "and do the next job");
}

/* The thread that does it is the only one that runs. */
static int work_alone(struct lc_job *job, const struct lc_extent *part)
{
	only = running - threads;
	return work(job, part);
}

static void test_kept_some(void)
{
	unsigned int before, i;
	struct lc_job job;

	fine = true;
	sleep_all();
	only = NONE;
	job_new(&job, 4, work_alone);
	fine &= lc_parallel_start(&job, false);
	let_run(ALL);
	ok(job_done(&job), "one thread ends the job of several");

	before = nr_threads;
	job_new(&job, 2, work);
	only = NONE;
	fine &= lc_parallel_start(&job, false);
	is(nr_threads, before + 1, "the others are not the first choice then");
	let_run(ALL);
	ok(job_done(&job), "the next job ends");

	before = nr_threads;
	sleep_all();
	for (i = 0; i < 100; i++) {
		/* before it has all its threads */
		job_new(&job, 4, work_alone);
		only = ALL;
		fine &= lc_parallel_start(&job, false);
		fine &= job_done(&job);
	}
	ok(fine, "so do those that one thread ends before others are woken");
	let_run(ALL);
	is(nr_threads, before, "without new threads");
}

static void test_kept_all(void)
{
	struct lc_job job;
	int i;

	sleep_all();
	only = NONE;
	job_new(&job, 4, work);
	fine = lc_parallel_start(&job, false);
	ok(fine && !lc_parallel_stop(&job, -ETIME) && ends == 1 && job.stop == -ETIME,
	   "a job that no thread has begun can be given up");
	let_run(ALL);
	is(calls, 0, "and is not begun");
	lc_parallel_destroy(&job);

	/* as one is that has been done before it has all its threads */
	job_new(&job, 4, work);
	job.stop = -EBUSY;
	is(lc_parallel_start(&job, false), false, "one without work gets no thread");
	lc_parallel_destroy(&job);

	sleep_all();
	only = NONE;
	job_new(&job, 1, work);
	fine = lc_parallel_start(&job, false);
	for (i = 0; !threads[i].awake; i++)
		;
	lc_parallel_hurry(&job);
	is(calls, 0, "no thread begins a job");
	threads[i].awake = false;
	let_run(ALL);
	ok(job_done(&job), "another one that is asked as well does it");
	threads[i].awake = true;
	let_run(ALL);
	is(calls, 1, "the first one finds it gone");
}

static struct lc_job other_job;

static void begin_other_job(void)
{
	only = NONE;
	host_task.nice = 2;
	host_task.cpus_ptr[0] = 2;
	job_new(&other_job, 1, work_as_task);
	fine &= lc_parallel_start(&other_job, false);
}

static void test_settings(void)
{
	struct lc_job job;

	fine = true;
	only = ALL;
	host_task.nice = 1;
	host_task.cpus_ptr[0] = 1;
	job_new(&job, 1, work_as_task);
	job.end = NULL;
	after_work = begin_other_job;
	fine &= lc_parallel_start(&job, false) && job.idle.done && !after_work && !calls;
	lc_parallel_destroy(&job);
	let_run(ALL);
	ok(job_done(&other_job), "a thread that goes on to another job has its settings");
}

static unsigned long undone;

static void count_undone(const struct lc_extent *part)
{
	undone += part->nr_pages;
}

/* The second part is done when the job has been given up. */
static int give_up(struct lc_job *job, const struct lc_extent *part)
{
	see(part);
	if (calls == 2) {
		fine &= lc_parallel_stop(job, -ETIME) && !undone;
		lc_parallel_undo(job);
		fine &= undone == part->nr_pages;
	}
	return 0;
}

static void test_give_up(void)
{
	struct lc_job job;

	undone = 0;
	fine = true;
	only = ALL;
	job_new(&job, 8, give_up);
	job.undo = count_undone;
	fine &= lc_parallel_start(&job, false);
	host_unlocked();
	ok(fine && calls == 2, "no part is begun of a job that is given up");
	is(undone, whole.nr_pages / 4, "those that are done are undone before it ends");
	is(ends, 0, "it does not end before it is left");
	lc_parallel_leave(&job);
	is(ends, 1, "but then");
	lc_parallel_undo(&job);
	is(undone, whole.nr_pages / 4, "no part is undone twice");
	lc_parallel_destroy(&job);
}

static int work_alike(struct lc_job *job, const struct lc_extent *part)
{
	(void)job;
	fine &= part->nr_pages == whole.nr_pages;
	calls++;
	return 0;
}

static void test_burst(void)
{
	struct lc_job jobs[24];
	unsigned int stay = 0, i;

	fine = true;
	sleep_all();
	only = NONE;
	max_threads = ARRAY_SIZE(threads);
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		job_new(&jobs[i], 1, work_alike);
		fine &= lc_parallel_start(&jobs[i], false);
	}
	ok(fine && nr_threads >= ARRAY_SIZE(jobs), "%zu jobs at once", ARRAY_SIZE(jobs));
	let_run(ALL);
	ok(fine && calls == ARRAY_SIZE(jobs) && ends == calls, "each of which is done");
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		lc_parallel_destroy(&jobs[i]);
	for (i = 0; i < nr_threads; i++)
		stay += !threads[i].ended;
	is(stay, 4 * num_online_cpus(), "of %u threads some stay", nr_threads);
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
	max_threads = 16;
	test_kept_zero();
	test_kept_some();
	test_kept_all();
	test_settings();
	test_give_up();
	test_burst();
	test_threads();
	return tap_done();
}
