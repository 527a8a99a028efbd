// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: no byte of a buffer lies below min_addr, whatever its source; a caller
 *   built before that field existed has no such limit
 */
#include "settings.h"

static int control;
/* Two addresses with much memory below, between and above. */
static uint64_t low, high;

static int alloc(size_t len, uint64_t min_addr, uint64_t max_addr, uint64_t *phys)
{
	struct lazy_contig_allocation arg = {
		.size = sizeof(arg),
		.len = len,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.min_addr = min_addr,
		.max_addr = max_addr,
	};
	int err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &arg);

	*phys = arg.phys_addr;
	return err ?: arg.fd;
}

static void check_above(size_t len, uint64_t min_addr)
{
	uint64_t phys;
	int buf = alloc(len, min_addr, 0, &phys);

	if (buf < 0)
		bail("%zu KiB not below %#llx: %s", len >> 10, (unsigned long long)min_addr,
		     strerror(-buf));
	ok(phys >= min_addr, "%zu KiB at %#llx, not below %#llx",
	   len >> 10, (unsigned long long)phys, (unsigned long long)min_addr);
	close(buf);
}

/* The page allocator gives many of them below, so each is taken out of a pageblock. */
static int pages_below(void)
{
	int bufs[PAGE_KIB == 4 ? 64 : 16], i, below = 0;
	uint64_t phys;

	for (i = 0; i < (int)ARRAY_SIZE(bufs); i++) {
		bufs[i] = alloc(PAGE, high, 0, &phys);
		if (bufs[i] < 0)
			bail("a page above %#jx: %s", (uintmax_t)high, strerror(-bufs[i]));
		below += phys < high;
	}
	while (i)
		close(bufs[--i]);
	return below;
}

static void test_small(void)
{
	int i, below = 0;

	/* more pages than there are pageblocks */
	for (i = 0; i < 16; i++)
		below += pages_below();
	is(below, 0, "no page lies below, and each is free again");
}

static void test_pool(void)
{
	unsigned long max = param_get("pool_max_mb");
	uint64_t phys;
	int buf;

	param_set("pool_max_mb", 128);
	pool_drop();
	buf = alloc(MIB(64), 0, low - 1, &phys);
	if (buf < 0)
		bail("64 MiB below %#jx: %s", (uintmax_t)low, strerror(-buf));
	close(buf);
	is(pool_mib(), 64, "a range in the pool");
	check_above(MIB(16), phys + MIB(32) + 1);
	check_above(MIB(64), high);
	param_set("pool_max_mb", max);
}

static void test_reserve(void)
{
	int heap = heap_open(HEAP), buf;
	uint64_t phys;

	pool_drop();
	is(reserve_set(64), 0, "a reserve");
	buf = buf_new(heap, MIB(64));
	phys = buf_phys(buf);
	close(buf);
	check_above(MIB(32), phys + MIB(16) + PAGE);
	is(reserve_set(0), 0, "and none");
	close(heap);
}

static void test_both(void)
{
	uint64_t phys;
	int buf = alloc(MIB(32), low, high - 1, &phys);

	ok(buf >= 0 && phys >= low && phys + MIB(32) <= high,
	   "between two addresses");
	close(buf);
	is(alloc(PAGE, high, low, &phys), -ENOMEM, "nothing lies between");
	is(alloc(PAGE, high, high, &phys), -ENOMEM, "no page fits into a byte");
	is(alloc(PAGE, 1ull << 50, 0, &phys), -ENOMEM, "no memory is so high");
	is(alloc(PAGE, -1, 0, &phys), -ENOMEM, "nor at the last address");
}

static void test_old_caller(void)
{
	struct lazy_contig_allocation arg = {
		.size = offsetof(struct lazy_contig_allocation, min_addr),
		.len = PAGE,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.min_addr = -1,
	};

	is(call(control, LAZY_CONTIG_IOCTL_ALLOC, &arg), 0,
	   "what lies behind the struct of an old caller is not read");
	is(arg.min_addr, -1, "nor written");
	close(arg.fd);
}

int main(void)
{
	unsigned long limit = patience();
	struct mark mark;

	low = ram_start() + MIB(768);
	high = ram_start() + MIB(1280);
	control = control_open();
	mark_set(&mark);
	test_small();
	check_above(KIB(64), high);
	check_above(MIB(2), high + 1);
	check_above(MIB(40), high);
	test_pool();
	test_reserve();
	test_both();
	test_old_caller();
	mark_check(&mark, "all buffers");
	close(control);
	param_set("time_limit_ms", limit);
	return tap_done();
}
