// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers are allocated without a limit until ENOMEM: no process is killed, the machine
 * keeps working, and all memory is returned.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "settings.h"

#define MAX_BUFFERS	8192
#define SLACK_KIB	(32l << 10)

/* What a user who logs in now would do: start a program that needs memory. */
static int work(void *arg)
{
	size_t len = *(size_t *)arg;
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return 1;
	memset(mem, 1, len);
	return system("ls -lR /sys/module >/dev/null") ? 2 : 0;
}

static bool free_is_back(void *arg)
{
	return free_kib() + SLACK_KIB >= *(long *)arg;
}

static void fill(const char *name, size_t len)
{
	long available = meminfo_kib("MemAvailable"), before = free_kib();
	static int bufs[MAX_BUFFERS];
	int heap = heap_open(name), n = 0, more, err;
	size_t needed = MIB(8);

	while (n < MAX_BUFFERS && (err = heap_alloc(heap, len)) >= 0)
		bufs[n++] = err;
	is(err, -ENOMEM, "%s ends after %d buffers of %zu MiB, %ld MiB left",
	   name, n, len >> 20, meminfo_kib("MemAvailable") >> 10);
	ok(n * (len >> 10) > (size_t)available / 2,
	   "they are more than half of what was available");
	/* but the kernel may just have gathered some, as it was asked to */
	more = 4 + n / 8;
	while (n < MAX_BUFFERS && more-- && (err = heap_alloc(heap, len)) >= 0)
		bufs[n++] = err;
	is(err, -ENOMEM, "it does not change its mind");
	is(in_child(work, &needed), 0, "programs still start and get memory");
	while (n)
		close(bufs[--n]);
	ok(becomes_true(free_is_back, &before), "all memory is free again");
	close(heap);
}

int main(void)
{
	static const size_t lengths[] = { MIB(64), MIB(8), MIB(1) };
	const struct rlimit files = { MAX_BUFFERS + 64, MAX_BUFFERS + 64 };
	unsigned long limit = param_get("limit_mb");
	struct mark mark;
	size_t i;

	if (setrlimit(RLIMIT_NOFILE, &files))
		bail("setrlimit: %m");
	mark_set(&mark);
	param_set("limit_mb", 1 << 20);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill(HEAP, lengths[i]);
		fill(HEAP_DMA32, lengths[i]);
	}
	param_set("limit_mb", limit);
	mark_check(&mark, "all buffers");
	return tap_done();
}
