// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a page that a driver still holds when its buffer ends is in no other
 *   buffer, and is free when the driver drops it
 */
#include "settings.h"

#define LEN	MIB(64)

static int heap, imp;

/* A buffer ends, of which a device holds a part. Returns where the part is. */
static uint64_t end_held(size_t offset, size_t len)
{
	int buf = buf_new(heap, LEN), err;
	uint64_t phys = buf_phys(buf);

	err = importer_hold(imp, buf, offset, len);
	if (err)
		bail("cannot hold pages: %s", strerror(-err));
	close(buf);
	return phys + offset;
}

static void drop(int byte)
{
	uint32_t arg = byte;

	call(imp, LCI_DROP, &arg);
}

/* Buffers of all of the memory that the last one had, if it can be had. */
static void check_others(uint64_t held)
{
	int bufs[12], i, inside = 0, dirty = 0;
	unsigned char *mem;

	for (i = 0; i < 12; i++) {
		bufs[i] = buf_new(heap, LEN);
		inside += held - buf_phys(bufs[i]) < LEN;
	}
	is(inside, 0, "no other buffer has the page");
	drop(0x5a);
	for (i = 0; i < 12; i++) {
		mem = buf_map(bufs[i], LEN);
		dirty += !all_zero(mem, LEN);
		munmap(mem, LEN);
		close(bufs[i]);
	}
	is(dirty, 0, "and none what the device wrote late");
}

static void test_pool(void)
{
	uint64_t held;

	pool_drop();
	held = end_held(MIB(20) + PAGE, PAGE);
	is(counter("pool_pages"), (MIB(20) + PAGE) / PAGE,
	   "the pool keeps what lies before the page");
	check_others(held);
	pool_drop();
	held = end_held(0, PAGE);
	is(counter("pool_pages"), 0, "the first page: nothing");
	check_others(held);
}

static void test_reserve(void)
{
	uint64_t held;

	is(reserve_set(64), 0, "a reserve");
	pool_drop();
	held = end_held(MIB(32), PAGE);
	is(reserve_mib(), 64, "it keeps all of its memory");
	check_others(held);
	is(reserve_set(0), 0, "no reserve");
}

/* Pages that are free already must not come back a second time. */
static void test_no_pool(void)
{
	unsigned long before = param_get("pool_max_mb");
	uint64_t held;

	param_set("pool_max_mb", 0);
	held = end_held(MIB(20) + PAGE, PAGE);
	check_others(held);
	param_set("pool_max_mb", before);
}

static void test_returns(void)
{
	long before = free_kib(), slack = 8 << 10, used;

	end_held(0, LEN);
	used = before - free_kib();
	ok(used > (long)(LEN >> 10) - slack,
	   "what a device holds is not free (%ld KiB)", used);
	drop(-1);
	used = before - free_kib();
	ok(used < slack, "until it drops it (%ld KiB)", used);
}

int main(void)
{
	unsigned long limit = patience();
	struct mark mark;

	heap = heap_open(HEAP);
	imp = importer_open();
	mark_set(&mark);
	test_pool();
	test_reserve();
	test_no_pool();
	test_returns();
	mark_check(&mark, "all of it");
	param_set("time_limit_ms", limit);
	close(imp);
	close(heap);
	return tap_done();
}
