// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a memory block goes offline also if its pages change hands meanwhile: to
 *   a buffer, the pool, the reserve, a kept buffer that grows
 *
 * After the memory notifier was called. ../pauser widens the race window.
 */
#include <pthread.h>
#include <stdio.h>

#include "blocks.h"
#include "kept_calls.h"
#include "module_calls.h"
#include "pauser.h"
#include "settings.h"

#define MAX_HELD	16

/* What other zones had to offer that was cheaper. */
static int held[MAX_HELD];
static unsigned int nr_held;

struct job {
	void (*work)(struct job *job);
	int control;
	int buf;
	uint64_t phys;
	int err;
};

static void *run(void *arg)
{
	struct job *job = arg;

	job->work(job);
	return NULL;
}

static void thread_start(pthread_t *thread, struct job *job)
{
	errno = pthread_create(thread, NULL, run, job);
	if (errno)
		bail("pthread_create: %m");
}

/*
 * Only of ZONE_MOVABLE a block goes offline for certain. It is preferred unless
 * another zone is much cheaper: what lies there is held until two blocks in a
 * row are cheapest in ZONE_MOVABLE. Left: room for them.
 */
static void prefer_movable(int control)
{
	struct lazy_contig_allocation a = block_request(0);
	struct span movable = movable_zone();
	unsigned long limit = patience();
	int err;

	for (a.len *= 2;; held[nr_held++] = a.fd) {
		pool_drop();
		err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &a);
		if (err || nr_held == MAX_HELD)
			bail("no two blocks in ZONE_MOVABLE, %u elsewhere: %s",
			     nr_held, strerror(-err));
		if (a.phys_addr >= movable.start &&
		    a.phys_addr + a.len <= movable.end)
			break;
	}
	close(a.fd);
	pool_drop();
	param_set("time_limit_ms", limit);
}

/*
 * Takes a block offline while the job stands at the beginning of the function.
 * where() tells from its arguments which one; the first may be a pointer to a
 * struct lc_extent, and is its first page frame then.
 */
static uint64_t offline_at(struct job *job, const char *function, bool pointer,
			   uint64_t (*where)(const struct job *job,
					     const unsigned long *args))
{
	unsigned long args[6];
	pthread_t thread;
	uint64_t phys;

	pause_at(function, pointer);
	thread_start(&thread, job);
	pause_wait(args);
	phys = where(job, args);
	if (!is(block_offline(phys), 0, "the block goes offline meanwhile"))
		pause_end();
	pthread_join(thread, NULL);
	pause_done();
	return phys;
}

static bool apart(uint64_t block, uint64_t phys, size_t len)
{
	return phys >= block + block_size() || phys + len <= block;
}

static uint64_t at_extent(const struct job *job, const unsigned long *args)
{
	(void)job;
	return args[0] * PAGE;
}

static void allocate(struct job *job)
{
	struct lazy_contig_allocation a = block_request(0);

	job->err = call(job->control, LAZY_CONTIG_IOCTL_ALLOC, &a);
	job->phys = a.phys_addr;
	job->buf = a.fd;
}

static void check_alloc(int control)
{
	struct job job = { .work = allocate, .control = control };
	unsigned long limit = patience();
	uint64_t block;

	prefer_movable(control);
	block = offline_at(&job, "lc_range_create", true, at_extent);
	if (job.err)
		is(job.err, -ENOMEM, "the request has failed");
	else
		ok(apart(block, job.phys, block_size()),
		   "the request was given other memory");
	if (!job.err)
		close(job.buf);
	is(block_online(block), 0, "the block comes back");
	param_set("time_limit_ms", limit);
}

static void leave(struct job *job)
{
	close(job->buf);
}

static void check_free(int control)
{
	struct job job = { .work = leave };
	uint64_t block;

	prefer_movable(control);
	job.buf = block_new(control, 0, &job.phys);
	block = offline_at(&job, "lc_pool_release", true, at_extent);
	is(block, job.phys, "it was the buffer's");
	is(counter("pool_pages"), 0, "the pool has not kept it");
	is(block_online(block), 0, "the block comes back");
}

static void set_aside(struct job *job)
{
	job->err = reserve_set(2 * block_size() >> 20);
}

/* What has room for two has a whole one. */
static uint64_t whole_block(const struct job *job, const unsigned long *args)
{
	(void)job;
	return (args[0] * PAGE + block_size() - 1) / block_size() * block_size();
}

/* One that there is would be replaced by one extent of the whole new size. */
static void check_reserve(int control, long had)
{
	struct job job = { .work = set_aside };
	unsigned long limit = patience();
	uint64_t block;

	is(reserve_set(had), 0, "%ld MiB are set aside", had);
	prefer_movable(control);
	block = offline_at(&job, "lc_reserve_add", true, whole_block);
	if (job.err)
		is(job.err, -ENOMEM, "nothing is set aside");
	else
		is(reserve_mib(), 2 * block_size() >> 20,
		   "other memory is set aside, all that was asked for");
	is(reserve_set(0), 0, "it is given back");
	is(block_online(block), 0, "the block comes back");
	param_set("time_limit_ms", limit);
}

static void grow(struct job *job)
{
	job->err = kept_resize(job->control, &job->phys, 2 * block_size());
}

static uint64_t behind(const struct job *job, const unsigned long *args)
{
	(void)args;
	return job->phys + block_size();
}

static void check_grow(int control)
{
	struct job job = { .work = grow, .control = control };
	struct lazy_contig_allocation alloc = kept_request(2 * block_size(), "late");
	unsigned long limit = patience();
	uint64_t block;
	int buf;

	prefer_movable(control);
	alloc.align = block_size();
	buf = kept_alloc(control, &alloc);
	if (buf < 0)
		bail("two blocks: %s", strerror(-buf));
	close(buf);
	job.phys = alloc.phys_addr;
	is(kept_resize(control, &job.phys, block_size()), 0,
	   "a kept buffer gives its second block back");
	pool_drop();
	kept_fill(control, job.phys, block_size(), 7);
	block = offline_at(&job, "lc_range_extend", false, behind);
	if (job.err)
		is(job.err, -ENOMEM, "it cannot grow");
	else
		ok(apart(block, job.phys, 2 * block_size()),
		   "it has grown elsewhere");
	ok(kept_holds(control, job.phys, block_size(), 7), "no byte is lost");
	is(kept_free(control, job.phys), 0, "it is freed");
	is(block_online(block), 0, "the block comes back");
	param_set("time_limit_ms", limit);
}

int main(void)
{
	unsigned long age = param_get("pool_age_ms");
	int control = control_open();
	int fds = fds_open();

	/* what the pool has does not go by itself */
	param_set("pool_age_ms", 3600 * 1000);
	check_alloc(control);
	check_free(control);
	check_reserve(control, 0);
	check_reserve(control, 16);
	check_grow(control);
	while (nr_held)
		close(held[--nr_held]);
	is(fds_open(), fds, "no file descriptor is left");
	is(dmabufs_live(), 0, "no dma-buf is left");
	param_set("pool_age_ms", age);
	close(control);
	return tap_done();
}
