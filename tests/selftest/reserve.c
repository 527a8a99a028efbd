// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: the reserve serves requests of its full size; it can be raised and
 *   lowered, also while in use; invalid input is refused
 * Promise: memory: a reserve of more than is free becomes as large as can be, in bounded time
 * Promise: buffer: every byte is zero at hand-over
 */
#include "settings.h"

static int heap;

static void test_input(void)
{
	static const char * const bad[] = {
		"\n", "0", "x", "0 x", "-1 4", "64 4", "100000 4", "0 -4",
		"0 4 4", "0 4x", "0 1.5",
	};
	long before = reserve_mib();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(reserve_write(bad[i]), -EINVAL, "bad input %zu is refused", i);
	is(reserve_write("0 1000000000"), -ENOMEM, "more than there is");
	is(reserve_write("0 18446744073709551615"), -ENOMEM,
	   "more than there can be");
	is(reserve_mib(), before, "nothing has changed");
}

static void test_full_size(void)
{
	long served = counter("from_reserve");
	unsigned char *mem;
	uint64_t phys;
	int buf, i;

	is(reserve_set(128), 0, "set aside 128 MiB");
	is(reserve_mib(), 128, "they are there");
	is(iomem_count(), 0, "not as a buffer");
	for (i = 1; i <= 3; i++) {
		pool_drop();
		buf = buf_new(heap, MIB(128));
		is(counter("from_reserve"), served + i,
		   "a request of all its size comes from it");
		if (i == 1)
			phys = buf_phys(buf);
		ok(buf_phys(buf) == phys, "the same memory each time");
		mem = buf_map(buf, MIB(128));
		ok(all_zero(mem, MIB(128)), "it is zero");
		memset(mem, 0x77, MIB(128));
		munmap(mem, MIB(128));
		close(buf);
		is(reserve_mib(), 128, "the memory is back in the reserve");
		is(counter("pool_pages"), 0, "and not in the pool");
	}
}

/*
 * What of it lies beyond an address limit is not for those who have one. They are
 * given other memory, if there is any below.
 */
static void test_max_addr(void)
{
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc), .len = MIB(32),
		.node = -1, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int control = control_open(), buf = buf_new(heap, MIB(128));
	uint64_t phys = buf_phys(buf);
	int err;

	close(buf);
	alloc.max_addr = phys + MIB(16) - 1;
	err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);
	ok(err == -ENOMEM ||
	   (!err && alloc.phys_addr + MIB(32) - 1 <= alloc.max_addr),
	   "a request that part of the reserve is too high for");
	if (!err)
		close(alloc.fd);
	close(control);
	/* the next requests are the reserve's to serve */
	pool_drop();
}

/* Lowering while a buffer of the reserve lives. */
static void test_lower(void)
{
	/* no block of the page allocator is as large, whatever the size of a page */
	int buf = buf_new(heap, MIB(48)), other;
	uint64_t phys = buf_phys(buf);
	long before = free_kib(), back;

	is(reserve_set(0), 0, "lower it to nothing");
	is(reserve_mib(), 48, "what a buffer holds stays");
	back = free_kib() - before;
	ok(back > 64 << 10, "the rest is free at once (%ld KiB)", back);
	other = buf_new(heap, MIB(64));
	ok(buf_phys(other) + MIB(64) <= phys || buf_phys(other) >= phys + MIB(48),
	   "others get what was given back, and not the buffer's");
	close(buf);
	is(reserve_mib(), 0, "the buffer's memory goes with it");
	close(other);
	back = free_kib() - before;
	ok(back > 96 << 10, "all of it is free (%ld KiB)", back);
}

static void test_raise(void)
{
	long served = counter("from_reserve");
	int buf;

	is(reserve_set(16), 0, "set aside 16 MiB");
	is(reserve_set(96), 0, "raise it to 96 MiB");
	is(reserve_mib(), 96, "they are there");
	pool_drop();
	buf = buf_new(heap, MIB(96));
	is(counter("from_reserve"), served + 1, "in one piece");
	is(reserve_set(160), 0, "raise it while all is in use");
	is(reserve_mib(), 160, "they are there");
	close(buf);
	is(reserve_mib(), 160, "and no more when what was in use is free again");
	pool_drop();
	buf = buf_new(heap, MIB(160));
	is(counter("from_reserve"), served + 2, "again in one piece");
	close(buf);
	is(reserve_set(0), 0, "give all back");
	is(reserve_mib(), 0, "nothing is left");
}

/* It is taken in ever smaller parts, down to less than a pageblock. */
static void test_too_much(void)
{
	long mib = meminfo_kib("MemTotal") / 1024 * 8 / 10;
	int buf[64], n = 0, err;

	while (n < 64 && n * 64 < mib / 2)
		buf[n++] = buf_new(heap, MIB(64));
	err = reserve_set(mib);
	ok(!err || err == -ENOMEM, "more than is free ends: %s", strerror(-err));
	ok(reserve_mib() < mib, "with less: %ld MiB of %ld", reserve_mib(), mib);
	is(reserve_set(0), 0, "which is given back");
	while (n)
		close(buf[--n]);
}

int main(void)
{
	unsigned long limit = patience();
	struct mark mark;

	heap = heap_open(HEAP);
	mark_set(&mark);
	pool_drop();
	test_input();
	test_full_size();
	test_max_addr();
	test_lower();
	test_raise();
	test_too_much();
	param_set("time_limit_ms", limit);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
