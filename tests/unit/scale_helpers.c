// SPDX-License-Identifier: GPL-2.0
/*
 * Work in parts on 1 to 64 simulated CPUs: as many requests at once as there are CPUs,
 * each of which lets helpers empty a window and looks every 20 ms whether they stall,
 * as contig.c does.
 *
 *	scale_helpers [CSV]
 *
 * A part of 32 MiB takes 10 ms, longer if more helpers work than there are CPUs.
 * "blocks" are basic blocks executed under the lock of the list of helpers.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "parallel.h"
#include "scale.h"

#define ROUNDS		8
#define PART_NS		10000000UL
#define POLL_NS		20000000UL
#define THREADS		900

unsigned int sim_cpus;

static struct task_struct threads[THREADS];
static unsigned int nr_threads, requesters, ended;
static unsigned long want_pages, parts, handovers, polls, working;

static int empty_part(struct lc_job *job, const struct lc_extent *part)
{
	u64 ns = PART_NS * part->nr_pages / (SZ_32M >> PAGE_SHIFT);

	(void)job;
	parts++;
	working++;
	sim_spend(ns * max(1UL, DIV_ROUND_UP(working, sim_cpus)));
	working--;
	current->se.sum_exec_runtime += ns;
	return 0;
}

static bool is_awake(void *arg)
{
	return ((struct task_struct *)arg)->awake;
}

static void thread_main(unsigned long arg)
{
	struct task_struct *t = (struct task_struct *)arg;

	sim_wait(is_awake, t, 0);
	sim_spend(WAKE_NS);
	t->run(t->data);
	ended++;
}

struct task_struct *sim_thread(int (*run)(void *data), void *data)
{
	struct task_struct *t = &threads[nr_threads++];

	assert(nr_threads < THREADS);
	*t = (struct task_struct){ .run = run, .data = data };
	sim_task(thread_main, (unsigned long)t);
	return t;
}

void sim_schedule(void)
{
	struct task_struct *t = current;

	t->awake = false;
	sim_wait(is_awake, t, 0);
	sim_spend(WAKE_NS);
}

void sim_wake(struct task_struct *thread)
{
	handovers++;
	thread->awake = true;
}

static void requester(unsigned long arg)
{
	struct lc_extent ext = { .nr_pages = want_pages };
	struct lc_job job;
	unsigned int i;
	u64 runtime;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		if (lc_parallel_init(&job, &ext, empty_part))
			abort();
		lc_parallel_start(&job, false);
		for (runtime = 0; !job.idle.done; polls++) {
			sim_wait(sim_completed, &job.idle, POLL_NS);
			if (!job.idle.done)
				lc_parallel_stalls(&job, &runtime);
		}
		lc_parallel_destroy(&job);
	}
}

static const struct column columns[] = {
	{ "MiB", "mib", 5, 0, 0 },
	{ "CPUs", "cpus", 5, 0, 0 },
	{ "parts", "parts", 6, 1, 1 },
	{ "handover", "handovers", 8, 2, 2 },
	{ "helpers", "helpers", 8, 0, 0 },
	{ "locks", "locks", 8, 1, 1 },
	{ "contended", "contended", 9, 2, 2 },
	{ "blocks", "blocks_held", 10, 0, 0 },
	{ "most", "longest", 8, 0, 0 },
	{ "held %", "busy_percent", 8, 2, 3 },
	{ "waited us", "waited_us", 9, 1, 1 },
	{ "ms/job", "ms", 8, 1, 1 },
};

static void run(const struct table *table, unsigned int cpus, unsigned long mib)
{
	double jobs = cpus * ROUNDS;
	const struct sim_lock *lock;
	unsigned int i;
	u64 ns;

	sim_cpus = cpus;
	want_pages = mib << (20 - PAGE_SHIFT);
	for (i = 0; i < cpus; i++) {
		struct task_struct *t = &threads[THREADS - 1 - requesters++];

		sim_task(requester, (unsigned long)t);
	}
	ns = sim_run();
	lock = sim_locks;	/* the only one */
	table_row(table, (double[ARRAY_SIZE(columns)]){
		mib, cpus, parts / jobs, handovers / jobs, nr_threads - ended, lock->taken / jobs,
		lock->contended / jobs, lock->held_ns / SIM_BLOCK_NS / jobs,
		lock->longest_ns / SIM_BLOCK_NS, 100.0 * lock->held_ns / ns,
		lock->waited_ns / jobs / 1e3, ns / 1e6 / ROUNDS });
}

/* Some helpers stay until the module goes: a process for each number of CPUs. */
static void run_apart(const struct table *table, unsigned int cpus, unsigned long mib)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert(pid >= 0);
	if (!pid) {
		run(table, cpus, mib);
		fflush(NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	static const unsigned long mibs[] = { 32, 256, 1024 };
	struct table table = { .column = columns, .nr = ARRAY_SIZE(columns) };
	unsigned int cpus, i;

	table_begin(&table, argc > 1 ? argv[1] : NULL, "a");
	for (i = 0; i < ARRAY_SIZE(mibs); i++)
		for (cpus = 1; cpus <= 64; cpus *= 2)
			run_apart(&table, cpus, mibs[i]);
	return fclose(table.csv) != 0;
}
