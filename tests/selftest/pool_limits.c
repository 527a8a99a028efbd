// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: the pool keeps no more than pool_max_mb, no longer than pool_age_ms, and
 *   drains on pool_drop
 * Promise: memory: a request that no memory can satisfy leaves the pool as it is
 */
#include "settings.h"

static int heap;

static void fill(size_t len)
{
	close(buf_new(heap, len));
}

static void test_drop(void)
{
	long free_before, back;

	free_before = free_kib();
	fill(MIB(128));
	is(pool_mib(), 128, "128 MiB are kept");
	ok(meminfo_kib("KReclaimable") > 128 << 10,
	   "the kernel counts them as reclaimable");
	pool_drop();
	is(counter("pool_pages"), 0, "dropping leaves nothing");
	back = free_kib() - free_before;
	ok(back > -(8 << 10), "memory is back where it was (%+ld KiB)", back);
	pool_drop();
	ok(true, "dropping nothing is fine");
}

static void test_max(void)
{
	unsigned long before = param_get("pool_max_mb");
	long served;
	int buf;

	ok(before > 0, "there is a pool by default: %lu MiB", before);
	fill(MIB(128));
	param_set("pool_max_mb", 32);
	ok(pool_mib() <= 32, "lowering the limit gives back the rest at once");
	ok(pool_mib() > 24, "and no more than that");
	fill(MIB(128));
	ok(pool_mib() <= 32, "a range over the limit is kept in part");
	param_set("pool_max_mb", 0);
	is(counter("pool_pages"), 0, "0 gives back everything");
	served = counter("from_pool");
	fill(MIB(16));
	is(counter("pool_pages"), 0, "and keeps nothing");
	buf = buf_new(heap, MIB(16));
	is(counter("from_pool"), served, "nothing comes from the pool");
	close(buf);
	param_set("pool_max_mb", before);
}

static int try_alloc(int control, struct lazy_contig_allocation alloc)
{
	int err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);

	if (!err)
		close(alloc.fd);
	return err;
}

static void test_hopeless(void)
{
	struct lazy_contig_allocation usual = {
		.size = sizeof(usual),
		.len = MIB(1),
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
	}, alloc;
	unsigned long age = param_get("pool_age_ms");
	int control = control_open();

	param_set("pool_age_ms", 3600 * 1000);
	fill(MIB(64));
	alloc = usual;
	alloc.align = 1ull << 40;
	is(try_alloc(control, alloc), -ENOMEM, "an alignment of 1 TiB");
	alloc = usual;
	alloc.max_addr = KIB(64) - 1;
	is(try_alloc(control, alloc), -ENOMEM, "1 MiB below 64 KiB");
	alloc = usual;
	alloc.max_addr = ram_start() + MIB(512) - 1;
	alloc.len = MIB(768);
	is(try_alloc(control, alloc), -ENOMEM, "768 MiB in the first 512 MiB");
	is(pool_mib(), 64, "the pool keeps what it has");
	param_set("pool_age_ms", age);
	pool_drop();
	close(control);
}

static bool pool_is_empty(void *arg)
{
	(void)arg;
	return !counter("pool_pages");
}

static void test_age(void)
{
	unsigned long before = param_get("pool_age_ms");

	param_set("pool_age_ms", 3600 * 1000);
	fill(MIB(64));
	is(pool_mib(), 64, "a range is kept for an hour");
	param_set("pool_age_ms", 100);
	ok(becomes_true(pool_is_empty, NULL),
	   "it goes when the age is lowered to a moment");
	fill(MIB(64));
	ok(becomes_true(pool_is_empty, NULL), "and so does the next one");
	param_set("pool_age_ms", 0);
	fill(MIB(64));
	is(counter("pool_pages"), 0, "age 0 keeps nothing");
	param_set("pool_age_ms", before);
}

int main(void)
{
	struct mark mark;

	heap = heap_open(HEAP);
	mark_set(&mark);
	test_drop();
	test_max();
	test_age();
	test_hopeless();
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
