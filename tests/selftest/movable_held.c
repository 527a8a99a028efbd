// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a request waits within its time for a page of ZONE_MOVABLE that is in use,
 *   if each place has it
 */
#include <pthread.h>

#include "blocks.h"
#include "settings.h"

#define USED	MIB(768)

struct job {
	int control;
	struct lazy_contig_allocation alloc;
	long busy;
	int err;
};

static bool has_failed(void *arg)
{
	return counter("attempts_busy") > ((struct job *)arg)->busy;
}

/* A request that has not seen all of the zone, on a slow machine, tries nothing. */
static void *run(void *arg)
{
	struct job *job = arg;

	do
		job->err = call(job->control, LAZY_CONTIG_IOCTL_ALLOC, &job->alloc);
	while (job->err == -ENOMEM && !has_failed(job));
	return NULL;
}

static uint64_t phys_of(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, 8, (uintptr_t)page / PAGE * 8) != 8)
		bail("pagemap: %m");
	close(fd);
	return (entry & ((1ull << 55) - 1)) * PAGE;
}

/* A pipe has a page in the middle of the zone. */
static void hold_middle(const struct span *zone, int fds[2])
{
	uint64_t len = zone->end - zone->start, phys;
	unsigned char *mem = mmap(NULL, USED, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct iovec iov = { .iov_len = PAGE };
	size_t at;

	if (mem == MAP_FAILED || pipe(fds))
		bail("no memory: %m");
	for (at = 0; at < USED; at += PAGE) {
		phys = phys_of(mem + at);
		if (phys >= zone->start + len / 16 * 7 &&
		    phys < zone->start + len / 16 * 9)
			break;
	}
	if (at == USED)
		bail("no page in the middle of ZONE_MOVABLE");
	iov.iov_base = mem + at;
	if (vmsplice(fds[1], &iov, 1, 0) != (ssize_t)PAGE)
		bail("vmsplice: %m");
	munmap(mem, USED);
}

int main(void)
{
	unsigned long pool = param_get("pool_max_mb"), limit = patience();
	struct job job = { .control = control_open() };
	struct span zone = movable_zone();
	struct mark mark;
	pthread_t thread;
	int fds[2];

	mark_set(&mark);
	param_set("pool_max_mb", 0);
	job.alloc = (struct lazy_contig_allocation){
		.size = sizeof(job.alloc),
		.len = (zone.end - zone.start) / 8 * 5,
		.min_addr = zone.start,
		.max_addr = zone.end - 1,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	hold_middle(&zone, fds);
	job.busy = counter("attempts_busy");
	errno = pthread_create(&thread, NULL, run, &job);
	if (errno)
		bail("pthread_create: %m");
	ok(becomes_true(has_failed, &job), "an attempt fails because of a page in use");
	close(fds[0]);
	close(fds[1]);
	pthread_join(thread, NULL);
	is(job.err, 0, "the request has succeeded when the page is not");
	if (!job.err)
		close(job.alloc.fd);
	param_set("pool_max_mb", pool);
	param_set("time_limit_ms", limit);
	mark_check(&mark, "all of it");
	close(job.control);
	return tap_done();
}
