// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: mappings of large buffers, cut, moved, protected, inherited: each page
 *   shows its own bytes
 *
 * They consist of huge entries where the kernel has them.
 */
#include "helpers.h"

#define RW	(PROT_READ | PROT_WRITE)
#define HUGE	HUGE_PAGE
#define LEN	(8 * HUGE + 5 * PAGE)

static int heap;
static int buf;
static unsigned char *reference;

/* Each page begins with its number. */
static size_t wrong(const unsigned char *mem, size_t offset, size_t len)
{
	size_t at, bad = 0;

	for (at = 0; at < len; at += PAGE)
		bad += *(const volatile uint64_t *)(mem + at) !=
		       (offset + at) / PAGE + 1;
	return bad;
}

/* Maps at an address that is @skew bytes off a huge page's boundary. */
static unsigned char *map_at(size_t skew, size_t offset, size_t len)
{
	unsigned char *mem = room_new(len + HUGE) + skew;

	if (mmap(mem, len, RW, MAP_SHARED | MAP_FIXED, buf, offset) != mem)
		bail("mmap: %m");
	return mem;
}

static void test_places(void)
{
	static const size_t skews[] = { 0, PAGE, HUGE - PAGE };
	static const size_t offsets[] = { 0, PAGE, HUGE, HUGE + PAGE,
					  HUGE * 15 / 2, 8 * HUGE };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(skews); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			size_t len = LEN - offsets[j];
			unsigned char *mem = map_at(skews[i], offsets[j], len);

			is(wrong(mem, offsets[j], len), 0,
			   "offset %zu KiB at an address %zu KiB off",
			   offsets[j] >> 10, skews[i] >> 10);
			munmap(mem, len);
		}
	}
}

static void test_partial_munmap(void)
{
	unsigned char *mem = map_at(0, 0, LEN);

	is(wrong(mem, 0, LEN), 0, "touched everywhere");
	munmap(mem + HUGE + PAGE, 3 * PAGE);
	is(wrong(mem, 0, HUGE + PAGE), 0, "what lies before a hole stays");
	is(wrong(mem + HUGE + 4 * PAGE, HUGE + 4 * PAGE, LEN - HUGE - 4 * PAGE),
	   0, "and what lies behind it");
	munmap(mem + 2 * HUGE, HUGE);
	is(wrong(mem + 3 * HUGE, 3 * HUGE, LEN - 3 * HUGE), 0,
	   "a huge page less");
	munmap(mem, LEN);
}

static void test_mremap(void)
{
	static const size_t skews[] = { 0, PAGE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(skews); i++) {
		unsigned char *mem = map_at(0, 0, LEN), *to, *at, *part;

		is(wrong(mem, 0, LEN), 0, "touched everywhere");
		to = room_new(LEN + HUGE) + skews[i];
		at = mremap(mem, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		ok(at == to, "moved to an address %zu KiB off", skews[i] >> 10);
		is(wrong(at, 0, LEN), 0, "with its contents");
		to = room_new(LEN + HUGE);
		part = mremap(at + HUGE, 2 * HUGE, 2 * HUGE,
			      MREMAP_MAYMOVE | MREMAP_FIXED, to);
		ok(part == to, "a part moved elsewhere");
		is(wrong(part, HUGE, 2 * HUGE), 0, "with its contents");
		ok(mremap(part, 2 * HUGE, 4 * HUGE, MREMAP_MAYMOVE) ==
		   MAP_FAILED, "it cannot grow");
		munmap(part, 2 * HUGE);
		munmap(at, LEN);
	}
}

static int child(void *mem)
{
	size_t bad = wrong(mem, 0, LEN);

	((uint64_t *)((unsigned char *)mem + 3 * HUGE))[1] = 4711;
	return bad != 0;
}

static void test_fork(void)
{
	unsigned char *mem = map_at(0, 0, LEN);

	is(in_child(child, mem), 0, "a child sees an untouched mapping");
	is(((uint64_t *)(mem + 3 * HUGE))[1], 4711, "and writes to the buffer");
	is(wrong(mem, 0, LEN), 0, "touched everywhere");
	((uint64_t *)(mem + 3 * HUGE))[1] = 0;
	is(in_child(child, mem), 0, "a child sees a touched mapping");
	is(((uint64_t *)(mem + 3 * HUGE))[1], 4711, "and writes to the buffer");
	munmap(mem, LEN);
}

#define REFUSED	99

static void refused(int sig)
{
	(void)sig;
	_exit(REFUSED);
}

static int writes(void *at)
{
	signal(SIGSEGV, refused);
	*(volatile unsigned char *)at = 1;
	return 0;
}

static void test_mprotect(void)
{
	unsigned char *mem = map_at(0, 0, LEN);

	is(wrong(mem, 0, LEN), 0, "touched everywhere");
	is(mprotect(mem + HUGE + PAGE, PAGE, PROT_READ), 0,
	   "protect a page in the middle of a huge one");
	is(in_child(writes, mem + HUGE + PAGE + 8), REFUSED,
	   "it cannot be written");
	is(in_child(writes, mem + HUGE + 8), 0, "the page before can");
	is(in_child(writes, mem + HUGE + 2 * PAGE + 8), 0, "the one behind can");
	is(mprotect(mem + 2 * HUGE, HUGE, PROT_READ), 0, "protect a huge page");
	is(in_child(writes, mem + 2 * HUGE + 8), REFUSED, "it cannot be written");
	is(wrong(mem, 0, LEN), 0, "all of it can be read");
	is(mprotect(mem, LEN, RW), 0, "unprotect everything");
	is(in_child(writes, mem + 2 * HUGE + 8), 0, "it can be written again");
	munmap(mem, LEN);
}

/* Dropping entries must not drop contents: they come back with a touch. */
static void test_dontneed(void)
{
	unsigned char *mem = map_at(0, 0, LEN);

	is(wrong(mem, 0, LEN), 0, "touched everywhere");
	madvise(mem, LEN, MADV_DONTNEED);
	is(wrong(mem, 0, LEN), 0, "the same after MADV_DONTNEED");
	munmap(mem, LEN);
}

static void test_end(void)
{
	size_t end = LEN - PAGE;
	unsigned char *mem = map_at(0, end, PAGE);

	is(wrong(mem, end, PAGE), 0, "the last page alone");
	munmap(mem, PAGE);
	mem = map_at(0, 0, LEN);
	is(wrong(mem + end, end, PAGE), 0, "the last page first");
	is(wrong(mem, 0, LEN), 0, "and then all");
	munmap(mem, LEN);
}

int main(void)
{
	struct mark mark;
	size_t at;

	heap = heap_open(HEAP);
	mark_set(&mark);
	pool_drop(); /* what is cut out of it begins anywhere */
	buf = buf_new(heap, LEN);
	is(buf_phys(buf) % HUGE, 0, "the buffer begins where a huge page does");
	reference = buf_map(buf, LEN);
	for (at = 0; at < LEN; at += PAGE)
		*(uint64_t *)(reference + at) = at / PAGE + 1;
	test_places();
	test_partial_munmap();
	test_mremap();
	test_fork();
	test_mprotect();
	test_dontneed();
	test_end();
	munmap(reference, LEN);
	close(buf);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
