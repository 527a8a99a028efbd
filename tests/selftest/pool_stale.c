// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: every byte is zero at hand-over
 *
 * Reuse with random sizes and patterns by several processes at once, while every
 * setting that affects the pool changes. LC_ROUNDS is the number of reuses.
 */
#include <stdio.h>

#include "settings.h"

#define CHILDREN	3

struct job {
	unsigned long rounds;
	unsigned int seed;
};

/* Any size up to 8 MiB, small ones as likely as large ones. */
static size_t random_len(unsigned int *seed)
{
	size_t len = (size_t)1 << (12 + rand_r(seed) % 12);

	return (len + rand_r(seed) % len + PAGE - 1) & ~(PAGE - 1);
}

/* Writes to some of it: the rest stays as the kernel cleared it. */
static void scribble(unsigned char *mem, size_t len, unsigned int *seed)
{
	size_t from = rand_r(seed) % len, some = rand_r(seed) % (len - from) + 1;

	memset(mem + from, rand_r(seed) | 1, some);
}

static int reuse(void *arg)
{
	struct job *job = arg;
	unsigned int seed = job->seed;
	int heap = heap_open(HEAP), stale = 0;
	unsigned long i;

	for (i = 0; i < job->rounds; i++) {
		size_t len = random_len(&seed);
		int buf = heap_alloc(heap, len);
		unsigned char *mem;

		if (buf == -ENOMEM)
			continue;
		mem = buf_map(buf, len);
		if (!all_zero(mem, len) && !stale++)
			diag("stale after %lu reuses, %zu bytes", i, len);
		scribble(mem, len, &seed);
		munmap(mem, len);
		close(buf);
	}
	close(heap);
	return stale != 0;
}

static void start(pid_t *pid, unsigned long nr, unsigned int seed)
{
	int i;

	for (i = 0; i < CHILDREN; i++) {
		struct job job = { .rounds = nr / CHILDREN, .seed = seed + i };

		pid[i] = fork();
		if (pid[i] < 0)
			bail("fork: %m");
		if (!pid[i])
			_exit(reuse(&job));
	}
}

static int finish(const pid_t *pid)
{
	int i, status, bad = 0;

	for (i = 0; i < CHILDREN; i++)
		bad += waitpid(pid[i], &status, 0) != pid[i] || status;
	return bad;
}

static bool running(const pid_t *pid)
{
	siginfo_t info;
	int i;

	for (i = 0; i < CHILDREN; i++) {
		info.si_pid = 0;
		waitid(P_PID, pid[i], &info, WEXITED | WNOHANG | WNOWAIT);
		if (!info.si_pid)
			return true;
	}
	return false;
}

static void test_steady(unsigned long nr)
{
	pid_t pid[CHILDREN];

	start(pid, nr, 1);
	is(finish(pid), 0, "%lu reuses, no stale byte", nr);
}

/* Every change resizes the pool or the reserve while it is used. */
static void test_changing(unsigned long nr)
{
	unsigned long max = param_get("pool_max_mb"),
		      age = param_get("pool_age_ms");
	unsigned int seed = 3;
	pid_t pid[CHILDREN];

	start(pid, nr, 1000);
	while (running(pid)) {
		param_set("pool_max_mb", rand_r(&seed) % 16);
		param_set("pool_age_ms", rand_r(&seed) % 50);
		reserve_set(rand_r(&seed) % 16);
		if (rand_r(&seed) % 2)
			pool_drop();
		usleep(rand_r(&seed) % 2000);
	}
	is(finish(pid), 0, "%lu reuses while settings change, no stale byte", nr);
	is(reserve_set(0), 0, "the reserve is given back");
	is(reserve_mib(), 0, "all of it");
	param_set("pool_max_mb", max);
	param_set("pool_age_ms", age);
}

int main(void)
{
	unsigned long nr = rounds(1500);
	struct mark mark;

	mark_set(&mark);
	test_steady(nr);
	test_changing(nr);
	mark_check(&mark, "all of it");
	return tap_done();
}
