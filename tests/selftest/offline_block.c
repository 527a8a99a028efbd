// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a memory block with a buffer or part of the reserve stays online, and
 *   offlining fails at once; one of which the pool holds pages goes offline
 */
#include "blocks.h"
#include "settings.h"

#define MAX_BUFFERS	512

/* Takes all that there is: is any of it where no memory is? */
static int buffers_in(uint64_t phys)
{
	int heap = heap_open(HEAP), bufs[MAX_BUFFERS], n = 0, inside = 0;

	while (n < MAX_BUFFERS && (bufs[n] = heap_alloc(heap, MIB(16))) >= 0) {
		uint64_t at = buf_phys(bufs[n]);

		inside += at < phys + block_size() && at + MIB(16) > phys;
		n++;
	}
	while (n)
		close(bufs[--n]);
	close(heap);
	return inside;
}

/* Asks for a place in the block. Returns 0, or -errno if there is none. */
static int buffer_at(int control, uint64_t phys)
{
	struct lazy_contig_allocation a = block_request(phys + block_size() - 1);
	int err;

	a.len = MIB(16);
	a.align = 0;
	a.min_addr = phys;
	err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &a);
	if (!err)
		close(a.fd);
	return err;
}

/*
 * Of a block that a buffer has left. Elsewhere than in ZONE_MOVABLE the kernel
 * may put a page of its own there first; another block is chosen then.
 */
static int offline_left(int control, uint64_t max_addr, uint64_t *phys,
			bool movable)
{
	int err = block_offline(*phys), tries;

	for (tries = 1; err == -EBUSY && !movable && tries < 5; tries++) {
		close(block_new(control, max_addr, phys));
		err = block_offline(*phys);
	}
	return err;
}

/*
 * Elsewhere than in ZONE_MOVABLE the kernel looks whether all can be moved before
 * it calls the notifiers, and the memory of the pool cannot.
 */
static void check_block(int control, uint64_t max_addr, const char *zone,
			bool pool)
{
	unsigned char *mem;
	uint64_t phys;
	int buf;

	buf = block_new(control, max_addr, &phys);
	mem = buf_map(buf, block_size());
	pattern_fill(mem, block_size(), phys);
	is(block_offline(phys), -EBUSY, "%s: the block of a buffer stays", zone);
	ok(pattern_holds(mem, block_size(), phys), "and nothing in it is lost");
	munmap(mem, block_size());
	param_set("pool_max_mb", pool ? 1024 : 0);
	close(buf);
	is(counter("pool_pages"), pool ? block_size() / PAGE : 0,
	   "the pool keeps %s", pool ? "it" : "nothing");

	if (!is(offline_left(control, max_addr, &phys, pool), 0,
		"%s: the block of a freed buffer goes", zone))
		return;
	is(counter("pool_pages"), 0, "nothing of it is in the pool");
	param_set("pool_max_mb", 0);
	is(buffers_in(phys), 0, "no buffer is put there");
	is(buffer_at(control, phys), -ENOMEM, "nor for a request of that place");
	is(block_online(phys), 0, "the block comes back");
	is(buffer_at(control, phys), 0, "a buffer is put there again");
}

/*
 * Set aside, in use or not, is not to be taken away. What has room for two
 * blocks has a whole one in it, of which nothing is used otherwise.
 */
static void check_reserve(int control)
{
	long mib = 2 * block_size() >> 20;
	uint64_t phys;

	is(reserve_set(mib), 0, "a block is set aside");
	close(block_new(control, 0, &phys));
	is(block_offline(phys), -EBUSY, "it stays");
	is(reserve_mib(), mib, "in the reserve");
	is(reserve_set(0), 0, "it is given back");
	is(block_offline(phys), 0, "and goes");
	is(block_online(phys), 0, "and comes back");
}

int main(void)
{
	unsigned long age = param_get("pool_age_ms"),
		      max = param_get("pool_max_mb"), limit = patience();
	int control = control_open();
	uint64_t phys;
	int fds;

	/* what the pool has does not go by itself */
	param_set("pool_age_ms", 3600 * 1000);

	pool_drop();
	close(block_new(control, 0, &phys));
	fds = fds_open();
	check_block(control, 0, "ZONE_MOVABLE", true);
	check_block(control, phys - 1, "below it", false);
	check_reserve(control);
	param_set("pool_max_mb", max);
	param_set("pool_age_ms", age);
	param_set("time_limit_ms", limit);
	is(fds_open(), fds, "no file descriptor is left");
	is(dmabufs_live(), 0, "no dma-buf is left");
	close(control);
	return tap_done();
}
