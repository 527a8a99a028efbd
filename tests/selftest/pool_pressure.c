// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: memory pressure evicts the pool before an OOM kill; the reserve stays
 * Promise: memory: where memory is short the pool makes way, and no buffer is made of it
 */
#include <stdio.h>

#include "settings.h"

#define RESERVE_MIB	128
/* What the machine needs above its watermarks to go on. */
#define SPARE_MIB	96

#define SCALE		"/proc/sys/vm/watermark_scale_factor"

static int heap;

/* Allocates, reports that, and holds the memory until told to stop. */
static pid_t eat(size_t len, int *told, int *stop)
{
	int to[2], from[2];
	pid_t pid;
	char c;

	if (pipe(to) || pipe(from))
		bail("pipe: %m");
	pid = fork();
	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		close(to[1]);
		if (mem == MAP_FAILED)
			_exit(1);
		memset(mem, 1, len);
		if (write(from[1], "x", 1) != 1)
			_exit(2);
		_exit(read(to[0], &c, 1) != 0);
	}
	close(to[0]);
	close(from[1]);
	*told = from[0];
	*stop = to[1];
	return pid;
}

static void test_pressure(void)
{
	long killed = vmstat("oom_kill"), idle, before;
	int told, stop, buf, i;
	size_t len;
	pid_t pid;
	char c;

	is(reserve_set(RESERVE_MIB), 0, "set aside %d MiB", RESERVE_MIB);
	for (i = 0; i < 4; i++)
		close(buf_new(heap, MIB(200)));
	idle = pool_mib();
	ok(idle >= 200, "%ld MiB are idle in the pool", idle);
	len = (size_t)(meminfo_kib("MemFree") - watermarks_kib()) * 1024 + MIB(idle) -
	      MIB(SPARE_MIB);

	pid = eat(len, &told, &stop);
	ok(read(told, &c, 1) == 1, "a process gets %zu MiB", len >> 20);
	before = idle;
	idle = pool_mib();
	ok(idle < before, "the pool gave back memory: %ld MiB are left", idle);
	is(reserve_mib(), RESERVE_MIB, "the reserve is as large as before");
	for (i = 0; i < 20; i++) {
		buf = heap_alloc(heap, MIB(RESERVE_MIB));
		if (buf < 0)
			break;
		close(buf);
	}
	is(i, 20, "it serves requests of its size, one after the other");
	close(stop);
	is(child_status(pid), 0, "the process lives to the end");
	is(vmstat("oom_kill"), killed, "nothing was killed");
	close(told);
	is(reserve_set(0), 0, "the reserve is given back");
}

/*
 * Between its watermarks a zone is left alone by reclaim: the pool is not evicted by
 * what is allocated, and what it has is all that could be.
 */
static void test_strained(void)
{
	long killed = vmstat("oom_kill"), taken = counter("from_pool"), idle;
	FILE *f = text_open(SCALE);
	int told, stop, buf;
	char scale[16], c;
	size_t len;
	long high;
	pid_t pid;

	if (!fgets(scale, sizeof(scale), f))
		bail(SCALE ": %m");
	fclose(f);
	close(buf_new(heap, MIB(200)));
	idle = pool_mib();
	ok(idle >= 200, "%ld MiB are idle in the pool", idle);
	text_set(SCALE, "1000");
	high = watermarks_kib();
	/* what is idle is left, and half of what lies between the watermarks */
	len = (size_t)(meminfo_kib("MemFree") - high + high / 8) * 1024;
	pid = eat(len, &told, &stop);
	ok(read(told, &c, 1) == 1, "a process gets %zu MiB", len >> 20);
	diag("%ld MiB are idle, %ld KiB free, %ld kept", pool_mib(),
	     meminfo_kib("MemFree"), high);
	buf = heap_alloc(heap, MIB(200));
	is(counter("from_pool"), taken, "the pool has not served a request");
	if (buf >= 0)
		close(buf);
	close(stop);
	is(child_status(pid), 0, "the process lives to the end");
	is(vmstat("oom_kill"), killed, "nothing was killed");
	close(told);
	text_set(SCALE, scale);
}

int main(void)
{
	unsigned long age, max, limit = patience();
	struct mark mark;

	heap = heap_open(HEAP);
	age = param_get("pool_age_ms");
	max = param_get("pool_max_mb");
	mark_set(&mark);
	param_set("pool_age_ms", 3600 * 1000);
	param_set("pool_max_mb", 4096);
	test_pressure();
	test_strained();
	param_set("pool_max_mb", max);
	param_set("pool_age_ms", age);
	param_set("time_limit_ms", limit);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
