// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: nothing is begun that others, at the same time, leave no room for
 *
 * One has passed its first watermark check and waits, by ../pauser, before its attempt,
 * while the memory is used up.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "pauser.h"
#include "settings.h"

#define LEN		MIB(256)
/* Less than that. */
#define LEFT		MIB(128)

struct job {
	int heap;
	int buf;
};

static void *run(void *arg)
{
	struct job *job = arg;

	job->buf = heap_alloc(job->heap, LEN);
	return NULL;
}

static void test_begun(int heap)
{
	struct job job = { .heap = heap };
	unsigned long args[6];
	pthread_t thread;
	size_t used;
	long tried;
	void *mem;

	pause_at("lc_window_empty", false);
	errno = pthread_create(&thread, NULL, run, &job);
	if (errno)
		bail("pthread_create: %m");
	pause_wait(args);
	used = (size_t)meminfo_kib("MemAvailable") * 1024 - LEFT;
	mem = mmap(NULL, used, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ok(mem != MAP_FAILED, "%zu MiB are used meanwhile", used >> 20);
	tried = counter("attempts");
	pause_end();
	pthread_join(thread, NULL);
	is(job.buf, -ENOMEM, "the request fails");
	is(counter("attempts"), tried, "and has emptied nothing");
	pause_done();
	munmap(mem, used);
}

int main(void)
{
	unsigned long pool = param_get("pool_max_mb"), limit = patience();
	int heap = heap_open(HEAP);
	struct mark mark;

	mark_set(&mark);
	param_set("pool_max_mb", 0);
	test_begun(heap);
	param_set("pool_max_mb", pool);
	param_set("time_limit_ms", limit);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
