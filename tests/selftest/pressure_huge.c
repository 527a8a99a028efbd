// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: pages in use are migrated with their contents to make a range, huge ones
 *   too
 * Promise: memory: the kernel's pool of huge pages is as large as before
 *
 * Most of the memory is in huge pages, transparent ones and those of hugetlbfs, of which
 * every other one is in use by a process that keeps checking them.
 */
#include <stdio.h>
#include <sys/prctl.h>

#include "settings.h"

#define NR_HUGE		"/proc/sys/vm/nr_hugepages"
#define LEN		MIB(32)
#define MAX_BUFFERS	128
#define LEFT_KIB	(160l << 10)

static volatile bool *end;

static unsigned char *huge_memory(bool hugetlb, size_t len)
{
	unsigned char *mem;

	if (!hugetlb) {
		mem = room_new(len);
		if (mprotect(mem, len, PROT_READ | PROT_WRITE) ||
		    madvise(mem, len, MADV_HUGEPAGE))
			bail("transparent huge pages: %m");
		return mem;
	}
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (mem == MAP_FAILED)
		bail("%zu MiB of huge pages: %m", len >> 20);
	return mem;
}

/* Return: 0, or 1 for a wrong byte. */
static int neighbour(bool hugetlb, size_t len, int ready)
{
	unsigned char *mem = huge_memory(hugetlb, len);
	uint64_t round = 0;
	size_t at;

	/* all of it, so that what is left of it lies in between */
	for (at = 0; at < len; at += HUGE_PAGE)
		mem[at] = 1;
	for (at = HUGE_PAGE; at < len; at += 2 * HUGE_PAGE)
		munmap(mem + at, HUGE_PAGE);
	for (at = 0; at < len; at += 2 * HUGE_PAGE)
		pattern_fill(mem + at, HUGE_PAGE, at);
	if (write(ready, "", 1) != 1)
		return 2;
	for (; !*end; round++)
		for (at = 0; at < len; at += 2 * HUGE_PAGE) {
			if (!pattern_holds(mem + at, HUGE_PAGE, at + round))
				return 1;
			pattern_fill(mem + at, HUGE_PAGE, at + round + 1);
		}
	for (at = 0; at < len; at += 2 * HUGE_PAGE)
		if (!pattern_holds(mem + at, HUGE_PAGE, at + round))
			return 1;
	return 0;
}

static pid_t neighbour_start(bool hugetlb, size_t len)
{
	int ready[2];
	char byte;
	pid_t pid;

	*end = false;
	if (pipe2(ready, O_CLOEXEC))
		bail("pipe: %m");
	pid = fork();
	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(neighbour(hugetlb, len, ready[1]));
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		bail("the process with huge pages did not come up");
	close(ready[0]);
	return pid;
}

static void nr_huge_set(long nr)
{
	FILE *f = fopen(NR_HUGE, "we");

	if (!f || fprintf(f, "%ld", nr) < 0 || fclose(f))
		bail(NR_HUGE ": %m");
}

static void check_requests(int heap, const char *kind)
{
	long available = meminfo_kib("MemAvailable"),
	     moved = counter("moved_pages");
	int bufs[MAX_BUFFERS], n = 0;

	while (n < MAX_BUFFERS && (bufs[n] = heap_alloc(heap, LEN)) >= 0)
		n++;
	diag("%s: %ld MiB available, %d buffers of %zu MiB, %ld pages moved",
	     kind, available >> 10, n, LEN >> 20, counter("moved_pages") - moved);
	ok(n * (long)(LEN >> 10) >= (available - LEFT_KIB) / 2,
	   "%s: half of the memory between them is given", kind);
	ok(counter("moved_pages") - moved > (long)(HUGE_PAGE / PAGE) * n,
	   "%s: what was in the way was moved", kind);
	while (n)
		close(bufs[--n]);
	pool_drop();
}

static void neighbour_end(pid_t pid, const char *kind)
{
	*end = true;
	is(child_status(pid), 0, "%s: no byte is lost", kind);
}

static void check_transparent(int heap)
{
	size_t len = (meminfo_kib("MemAvailable") - LEFT_KIB) / 2048 * HUGE_PAGE;
	pid_t pid = neighbour_start(false, len);

	ok(meminfo_kib("AnonHugePages") > (long)(len >> 10) / 3,
	   "%ld of %zu MiB are in transparent huge pages",
	   meminfo_kib("AnonHugePages") >> 10, len >> 20);
	check_requests(heap, "transparent");
	neighbour_end(pid, "transparent");
}

static void check_hugetlb(int heap)
{
	long nr = (meminfo_kib("MemAvailable") - LEFT_KIB) / 2048, had, idle;
	pid_t pid;

	nr_huge_set(nr);
	nr = meminfo_kib("HugePages_Total") / 2 * 2;
	pid = neighbour_start(true, nr * HUGE_PAGE);
	/*
	 * The kernel has half of the rest again, the pool keeps the other half. Before
	 * 6.15 it has all: there a huge page moves to an idle one of the same window
	 * if there is one, over and over.
	 */
	nr_huge_set(kernel_since(6, 15) ? nr / 4 * 3 : nr / 2);
	had = meminfo_kib("HugePages_Total");
	idle = meminfo_kib("HugePages_Free");
	diag("hugetlbfs: %ld pages, %ld of them idle", had, idle);
	check_requests(heap, "hugetlbfs");
	is(meminfo_kib("HugePages_Total"), had, "as many huge pages as before");
	is(meminfo_kib("HugePages_Free"), idle, "as many are idle");
	is(meminfo_kib("HugePages_Surp"), 0, "none is in excess");
	neighbour_end(pid, "hugetlbfs");
	is(meminfo_kib("HugePages_Free"), had, "all are idle in the end");
	nr_huge_set(0);
	is(meminfo_kib("HugePages_Total"), 0, "and can be given back");
}

static bool free_is_back(void *arg)
{
	return free_kib() + (32l << 10) >= *(long *)arg;
}

int main(void)
{
	int heap = heap_open(HEAP);
	unsigned long limit = patience();
	long before = free_kib();
	struct mark mark;

	mark_set(&mark);
	end = shared_new(PAGE);
	check_transparent(heap);
	ok(becomes_true(free_is_back, &before), "all memory is free again");
	check_hugetlb(heap);
	ok(becomes_true(free_is_back, &before), "all memory is free again");
	mark_check(&mark, "all buffers");
	param_set("time_limit_ms", limit);
	close(heap);
	return tap_done();
}
