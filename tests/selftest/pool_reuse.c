// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a freed extent serves the next request, whole, cut or merged; best fit,
 *   aligned; small buffers stay together
 * Promise: control: ALLOC: node, alignment, address limit, name
 */
#include "settings.h"

/* Whole pageblocks, and a range of which at least one is left when it is cut. */
#define UNIT		(HUGE_PAGE > MIB(8) ? HUGE_PAGE : MIB(8))
#define SMALL		(3 * UNIT)
#define CUT		(2 * UNIT)
/* Does not exceed the pool's limit on a machine of 2 GiB. */
#define POOLED		MIB(448)

static int heap;

/* A buffer whose every byte was written, freed again; where it was. */
static uint64_t free_dirty(size_t len)
{
	int buf = buf_new(heap, len);
	uint64_t phys = buf_phys(buf);
	unsigned char *mem = buf_map(buf, len);

	memset(mem, 0xa5, len);
	munmap(mem, len);
	close(buf);
	return phys;
}

static bool zero(int buf, size_t len)
{
	unsigned char *mem = buf_map(buf, len);
	bool zero = all_zero(mem, len);

	munmap(mem, len);
	return zero;
}

/*
 * What the pool has when a buffer of this length ends: with pageblocks of more than
 * 4 MiB, the rest of its last pageblock too.
 */
static size_t idle_len(size_t len)
{
	if (HUGE_PAGE <= MIB(4) || len <= MIB(1))
		return len;
	return (len + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

static void test_same(void)
{
	static const size_t lens[] = { KIB(64), MIB(1), MIB(2) + PAGE, MIB(64),
				       MIB(128) };
	uint64_t phys;
	size_t i;
	int buf;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		long served = counter("from_pool");
		size_t idle = idle_len(lens[i]);

		pool_drop();
		phys = free_dirty(lens[i]);
		is(iomem_count(), 0, "an idle range is not in /proc/iomem");
		is(counter("pool_pages"), idle / PAGE, "it is in the pool");
		buf = buf_new(heap, lens[i]);
		ok(buf_phys(buf) == phys, "%zu KiB come back", lens[i] >> 10);
		ok(zero(buf, lens[i]), "they are zero");
		is(counter("from_pool"), served + 1, "and counted");
		is(counter("pool_pages"), (idle - lens[i]) / PAGE,
		   "no more is in the pool than was besides");
		close(buf);
	}
}

static void test_small(void)
{
	pool_drop();
	free_dirty(PAGE);
	free_dirty(KIB(64) - PAGE);
	is(counter("pool_pages"), 0, "short ranges go to the page allocator");
}

static bool share_a_block(size_t len, int bufs)
{
	int buf[8], i, together = 0;
	long buddy;

	pool_drop();
	free_dirty(KIB(64));
	buddy = counter("from_buddy");
	for (i = 0; i < bufs; i++) {
		buf[i] = buf_new(heap, len);
		together += buf_phys(buf[i]) / HUGE_PAGE ==
			    buf_phys(buf[0]) / HUGE_PAGE;
	}
	while (i)
		close(buf[--i]);
	return together == bufs && counter("from_buddy") == buddy;
}

/* The one attempt to have a pageblock may fail; not again and again. */
static void test_small_together(void)
{
	int tries;

	for (tries = 0; tries < 10; tries++)
		if (share_a_block(KIB(256), 7))
			break;
	ok(tries < 10, "small buffers share a pageblock while the pool is used");
}

static void test_cut_and_merge(void)
{
	uint64_t phys, part[4];
	int buf[4], i, inside = 0;

	pool_drop();
	phys = free_dirty(MIB(64));
	for (i = 0; i < 4; i++) {
		buf[i] = buf_new(heap, MIB(16));
		part[i] = buf_phys(buf[i]);
		inside += part[i] >= phys && part[i] <= phys + MIB(48);
		ok(zero(buf[i], MIB(16)), "a quarter is zero");
	}
	is(inside, 4, "a large range is cut for four small requests");
	close(buf[2]);
	close(buf[0]);
	close(buf[3]);
	close(buf[1]);
	buf[0] = buf_new(heap, MIB(64));
	ok(buf_phys(buf[0]) == phys, "four neighbours are merged for a large one");
	ok(zero(buf[0], MIB(64)), "it is zero");
	close(buf[0]);
}

/*
 * A small idle range and one of more, with memory between them that stays: where the
 * small one begins, or 0 if they lie otherwise. Asking where one lies would
 * make it unclean, and clean ones are preferred.
 */
static uint64_t two_ranges(size_t more, int *between)
{
	uint64_t at, middle;
	int large, small;

	pool_drop();
	at = free_dirty(more + UNIT + SMALL);
	large = buf_new(heap, more);
	*between = buf_new(heap, UNIT);
	small = buf_new(heap, SMALL);
	middle = buf_phys(*between);
	close(large);
	close(small);
	if (middle == at + SMALL)
		return at;
	return middle == at + more ? middle + UNIT : 0;
}

/* A buffer from the two ranges; -1 if they lie otherwise, or others are chosen. */
static int cut_of_two(size_t more, int *between, uint64_t *at)
{
	long served;
	int buf;

	*at = two_ranges(more, between);
	served = counter("from_pool");
	if (*at) {
		buf = buf_new(heap, CUT);
		if (counter("from_pool") > served)
			return buf;
		close(buf);
	}
	close(*between);
	return -1;
}

static void test_best_fit(void)
{
	int between, buf = -1, tries;
	uint64_t at = 0;

	/* a range is cut where it spoils less, and that depends on what is around */
	for (tries = 0; buf < 0 && tries < 40; tries++)
		buf = cut_of_two(2 * SMALL + tries * UNIT %
				 (POOLED - 3 * SMALL - UNIT), &between, &at);
	if (buf < 0)
		bail("of two ranges none is cut");
	ok(buf_phys(buf) >= at && buf_phys(buf) <= at + SMALL - CUT,
	   "the shortest range that fits is cut");
	close(buf);
	close(between);
}

/* 64 MiB that are idle, with as much free memory on either side. */
static bool idle_amid_free(void)
{
	int bufs[3], middle = -1, i;
	uint64_t at;

	pool_drop();
	at = free_dirty(MIB(192));
	for (i = 0; i < 3; i++) {
		bufs[i] = buf_new(heap, MIB(64));
		if (buf_phys(bufs[i]) == at + MIB(64))
			middle = i;
	}
	for (i = 0; i < 3; i++)
		if (i != middle)
			close(bufs[i]);
	pool_drop();
	if (middle < 0)
		return false;
	close(bufs[middle]);
	return true;
}

static bool left_whole(void)
{
	bool whole = false;

	if (idle_amid_free()) {
		int buf = buf_new(heap, MIB(4));

		/* it may have the rest of the pageblock that the buffer is in, too */
		whole = counter("pool_pages") >= (long)(MIB(64) / PAGE);
		close(buf);
	}
	return whole;
}

/* The kernel may have put something next to it, and then it can be cut there. */
static void test_not_cut(void)
{
	int tries;

	for (tries = 0; tries < 10; tries++)
		if (left_whole())
			break;
	ok(tries < 10, "a range amid free memory is not cut for a small request");
}

static void test_alignment(void)
{
	int control = control_open(), err;
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc), .len = MIB(96), .align = MIB(16),
		.node = -1, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	long served;

	pool_drop();
	err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);
	if (err)
		bail("96 MiB: %s", strerror(-err));
	close(alloc.fd);
	served = counter("from_pool");
	alloc.len = MIB(28);
	err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);
	is(err, 0, "a request with an alignment");
	ok(!(alloc.phys_addr % MIB(16)), "is aligned");
	is(counter("from_pool"), served + 1, "and cut out of an idle range");
	is(counter("pool_pages"), MIB(68) / PAGE, "of which the rest is left");
	close(alloc.fd);
	close(control);
}

/* Where 32 MiB lie that must end below an address. */
static uint64_t place_below(uint64_t end)
{
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc), .len = MIB(32), .max_addr = end - 1,
		.node = -1, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int control = control_open(), err;

	err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);
	if (err)
		bail("below %#jx: %s", (uintmax_t)end, strerror(-err));
	close(alloc.fd);
	close(control);
	return alloc.phys_addr;
}

static void test_max_addr(void)
{
	int a = buf_new(heap, MIB(32)), b = buf_new(heap, MIB(32));
	bool a_higher = buf_phys(a) > buf_phys(b);
	int low = a_higher ? b : a, high = a_higher ? a : b;
	uint64_t phys = buf_phys(high);

	pool_drop();
	close(high);
	ok(place_below(phys + MIB(32)) == phys, "a request with an address limit");
	close(low);
	ok(place_below(phys + MIB(16)) <= phys - MIB(16),
	   "is not given what reaches beyond it");
}

static void test_limit_not_charged(void)
{
	unsigned long before = param_get("limit_mb");
	int buf;

	param_set("limit_mb", 64);
	free_dirty(MIB(64));
	buf = buf_new(heap, MIB(64));
	close(buf);
	ok(true, "idle memory is not charged to a user");
	param_set("limit_mb", before);
}

int main(void)
{
	struct mark mark;

	heap = heap_open(HEAP);
	mark_set(&mark);
	test_same();
	test_small();
	test_small_together();
	test_cut_and_merge();
	test_best_fit();
	test_not_cut();
	test_alignment();
	test_max_addr();
	test_limit_not_charged();
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
