// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: no OOM kill for an allocation that should have failed
 * Promise: memory: memory of a CMA area is neither taken nor tried, nor does it count as
 *   memory that the machine can spare
 *
 * All memory outside the area is requested, while processes keep allocating what cannot
 * lie in it: pipes, sockets, page tables.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "attempts.h"
#include "blocks.h"
#include "cache.h"
#include "settings.h"

#define MAX_BUFFERS	16384
#define CACHE_KIB	(320l << 10)
#define NR_PIPES	64
#define NR_SOCKETS	16
#define TABLES_LEN	MIB(2048)
#define ROUNDS		3

static struct span area;
/* How often each process has allocated and freed its memory. */
static volatile unsigned int *done;

static bool in_area(uint64_t phys, size_t len)
{
	return phys < area.end && phys + len > area.start;
}

static bool use_pipes(void)
{
	static char page[PAGE];
	int fds[NR_PIPES][2], i, n;
	bool good = true;

	for (i = 0; i < NR_PIPES && good; i++) {
		good = !pipe2(fds[i], O_NONBLOCK | O_CLOEXEC);
		for (n = 0; good && n < 16; n++)
			good = write(fds[i][1], page, PAGE) == PAGE;
	}
	while (i--) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	return good;
}

static bool use_sockets(void)
{
	static char data[KIB(16)];
	int fds[NR_SOCKETS][2], i;
	bool good = true;

	for (i = 0; i < NR_SOCKETS && good; i++) {
		good = !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
					    SOCK_CLOEXEC, 0, fds[i]);
		while (good && write(fds[i][0], data, sizeof(data)) > 0)
			;
		good = good && errno == EAGAIN;
	}
	while (i--) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	return good;
}

/* Reading maps the zero page: all that it takes is page tables. */
static bool use_page_tables(void)
{
	volatile char *mem = mmap(NULL, TABLES_LEN, PROT_READ,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				  -1, 0);
	size_t at;

	if (mem == MAP_FAILED ||
	    madvise((void *)mem, TABLES_LEN, MADV_NOHUGEPAGE))
		return false;
	for (at = 0; at < TABLES_LEN; at += HUGE_PAGE)
		(void)mem[at];
	return !munmap((void *)mem, TABLES_LEN);
}

static bool (* const uses[])(void) = { use_pipes, use_sockets, use_page_tables };

static pid_t bystander_start(size_t i)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %m");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (uses[i]())
		done[i]++;
	_exit(1);
}

static bool all_have_done(void *arg)
{
	const unsigned int *want = arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++)
		if (done[i] < want[i])
			return false;
	return true;
}

static bool all_go_on(void)
{
	unsigned int want[ARRAY_SIZE(uses)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++)
		want[i] = done[i] + ROUNDS;
	return becomes_true(all_have_done, want);
}

static void note_attempt(const struct attempt *attempt, void *arg)
{
	*(unsigned int *)arg += in_area(attempt->phys, attempt->len);
}

static void take_all(int heap)
{
	static const size_t lengths[] = { MIB(32), MIB(4), KIB(64), PAGE };
	static int bufs[MAX_BUFFERS];
	const size_t half = KIB(meminfo_kib("MemTotal") - meminfo_kib("CmaTotal")) / 2;
	int n = 0, inside = 0, had;
	size_t i, bytes = 0;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (had = n; n < MAX_BUFFERS; n++) {
			bufs[n] = heap_alloc(heap, lengths[i]);
			if (bufs[n] < 0)
				break;
			inside += in_area(buf_phys(bufs[n]), lengths[i]);
			bytes += lengths[i];
		}
		is(bufs[n], -ENOMEM, "%d buffers of %zu KiB, then no more",
		   n - had, lengths[i] >> 10);
		ok(all_go_on(), "other processes are given memory");
	}
	ok(bytes > half, "%zu MiB were given, half of the other memory is %zu MiB",
	   bytes >> 20, half >> 20);
	is(inside, 0, "none of it lies in the area");
	diag("%ld KiB free, of these %ld in the area", meminfo_kib("MemFree"),
	     meminfo_kib("CmaFree"));
	while (n)
		close(bufs[--n]);
}

int main(void)
{
	const struct rlimit files = { MAX_BUFFERS + 512, MAX_BUFFERS + 512 };
	unsigned int inside = 0, tried;
	pid_t pids[ARRAY_SIZE(uses)];
	int heap = heap_open(HEAP), fd = cache_file_new();
	long kills = vmstat("oom_kill");
	struct mark mark;
	size_t i;

	if (setrlimit(RLIMIT_NOFILE, &files))
		bail("setrlimit: %m");
	area = cma_area();
	if (!area.end)
		bail("the machine has no CMA area");
	mark_set(&mark);
	done = shared_new(PAGE);
	/* page cache goes into the area too */
	cache_fill(fd, CACHE_KIB);
	for (i = 0; i < ARRAY_SIZE(uses); i++)
		pids[i] = bystander_start(i);
	ok(all_go_on(), "processes allocate what cannot lie in the area");
	attempts_record();
	take_all(heap);
	tried = attempts_each(note_attempt, &inside);
	ok(tried > 0, "%u attempts were made", tried);
	is(inside, 0, "none of them in the area");
	is(vmstat("oom_kill"), kills, "no process was killed for memory");
	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		kill(pids[i], SIGKILL);
		is(child_status(pids[i]), -SIGKILL, "process %zu went on", i);
	}
	mark_check(&mark, "all buffers");
	close(heap);
	cache_file_remove(fd);
	return tap_done();
}
