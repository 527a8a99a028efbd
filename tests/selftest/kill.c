// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: SIGKILL ends a request at every stage
 * Promise: buffer: memory returns exactly when the last reference goes
 */
#include "helpers.h"

#define LEN		MIB(128)
#define ROUNDS		24
#define SLACK_KIB	(16 << 10)

struct job {
	int heap;
	int told;	/* a byte for each allocation, before it begins */
	long had_kib;	/* free memory that must come back */
};

static int allocates(void *arg)
{
	struct job *job = arg;

	for (;;) {
		if (write(job->told, "", 1) != 1)
			return 1;
		close(buf_new(job->heap, LEN));
	}
}

static int maps(void *arg)
{
	struct job *job = arg;

	memset(buf_map(buf_new(job->heap, LEN), LEN), 1, LEN);
	if (write(job->told, "", 1) != 1)
		return 1;
	pause();
	return 2;
}

/* Starts fn, waits for its nth byte, works a little, and kills it. */
static int kill_after(int (*fn)(void *arg), struct job *job, int nth,
		      unsigned long work)
{
	volatile unsigned long spin;
	int fds[2];
	pid_t pid;
	char byte;

	if (pipe2(fds, O_CLOEXEC))
		bail("pipe: %m");
	pid = fork();
	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		job->told = fds[1];
		_exit(fn(job));
	}
	close(fds[1]);
	while (nth-- > 0)
		if (read(fds[0], &byte, 1) != 1)
			bail("the child ended early");
	for (spin = 0; spin < work; spin++)
		;
	kill(pid, SIGKILL);
	close(fds[0]);
	return child_status(pid);
}

static bool memory_is_back(void *arg)
{
	struct job *job = arg;

	return free_kib() + SLACK_KIB >= job->had_kib;
}

static void check_back(struct job *job, int others, const char *after)
{
	is(dmabufs_live(), others, "no buffer is left after %s", after);
	is(iomem_count(), 0, "nor a line in /proc/iomem");
	ok(becomes_true(memory_is_back, job),
	   "memory is back: %ld of %ld KiB free", free_kib(),
	   job->had_kib);
}

static void test_allocating(struct job *job, int others)
{
	int round, killed = 0;

	for (round = 0; round < ROUNDS; round++)
		killed += kill_after(allocates, job, 1 + round % 3,
				     round * 500000ul) == -SIGKILL;
	is(killed, ROUNDS, "%d processes die while they allocate", ROUNDS);
	check_back(job, others, "that");
}

/* Several at once get in each other's way when one of them is undone. */
static int allocates_with_others(void *arg)
{
	int i;

	for (i = 0; i < 3; i++)
		if (!fork())
			allocates(arg);
	return allocates(arg);
}

static void test_group(struct job *job, int others)
{
	int round, killed = 0, fds[2];
	char byte;
	pid_t pid;

	for (round = 0; round < ROUNDS / 4; round++) {
		if (pipe2(fds, O_CLOEXEC))
			bail("pipe: %m");
		pid = fork();
		if (pid < 0)
			bail("fork: %m");
		if (!pid) {
			setpgid(0, 0);
			job->told = fds[1];
			_exit(allocates_with_others(job));
		}
		close(fds[1]);
		if (read(fds[0], &byte, 1) != 1)
			bail("the children ended early");
		kill(-pid, SIGKILL);
		killed += child_status(pid) == -SIGKILL;
		/* the pipe ends when the last of them is gone */
		while (read(fds[0], &byte, 1) > 0)
			;
		close(fds[0]);
	}
	is(killed, ROUNDS / 4, "%d groups die while they allocate", ROUNDS / 4);
	check_back(job, others, "that");
}

int main(void)
{
	struct job job = { .heap = heap_open(HEAP) };
	struct mark mark;
	int buf;

	/* the first use may take memory for good */
	close(buf_new(job.heap, LEN));
	mark_set(&mark);
	job.had_kib = free_kib();
	test_allocating(&job, mark.dmabufs);
	test_group(&job, mark.dmabufs);
	is(kill_after(maps, &job, 1, 0), -SIGKILL, "a process dies with a buffer");
	check_back(&job, mark.dmabufs, "that");
	buf = heap_alloc(job.heap, LEN);
	ok(buf >= 0, "the next allocation works");
	close(buf);
	mark_check(&mark, "all of it");
	close(job.heap);
	return tap_done();
}
