// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: a line in /proc/iomem below its System RAM while the buffer lives
 */
#include "helpers.h"

/* The whole file; it has no size to ask for. */
static char *iomem_text(void)
{
	int fd = open("/proc/iomem", O_RDONLY | O_CLOEXEC);
	char *text = malloc(KIB(64));
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, text + len, KIB(64) - 1 - len)) > 0)
		len += got;
	text[len] = 0;
	close(fd);
	return text;
}

static void test_one(const char *name, size_t len)
{
	int heap = heap_open(name), buf = buf_new(heap, len), count;
	uint64_t phys = buf_phys(buf);
	unsigned char *mem;

	count = iomem_count();
	ok(iomem_has(phys, len),
	   "%s: %zu bytes at %#jx have a line below System RAM", name, len,
	   (uintmax_t)phys);
	mem = buf_map(buf, len);
	close(buf);
	ok(iomem_has(phys, len), "with only a mapping left too");
	munmap(mem, len);
	ok(!iomem_has(phys, len), "it is gone with the buffer");
	is(iomem_count(), count - 1, "and no other line with it");
	close(heap);
}

/* Neighbours must not be merged, hidden or moved below one another. */
static void test_many(int heap)
{
	int buf[64], i, there = 0, gone = 0, left = 0;
	const size_t len = 3 * PAGE;
	uint64_t phys[64];

	for (i = 0; i < 64; i++) {
		buf[i] = buf_new(heap, len);
		phys[i] = buf_phys(buf[i]);
	}
	for (i = 0; i < 64; i++)
		there += iomem_has(phys[i], len);
	is(there, 64, "64 buffers have 64 lines");
	is(iomem_count(), 64, "and no more");
	for (i = 0; i < 64; i += 2)
		close(buf[i]);
	for (i = 0; i < 64; i += 2) {
		gone += !iomem_has(phys[i], len);
		left += iomem_has(phys[i + 1], len);
	}
	is(gone, 32, "every second one goes");
	is(left, 32, "the others stay");
	for (i = 1; i < 64; i += 2)
		close(buf[i]);
	is(iomem_count(), 0, "none is left in the end");
}

int main(void)
{
	static const size_t lengths[] = { PAGE, 3 * PAGE, MIB(2) + PAGE,
		MIB(64) };
	int heap = heap_open(HEAP);
	char *before, *after;
	struct mark mark;
	size_t i;

	mark_set(&mark);
	is(iomem_count(), 0, "no buffer, no line");
	before = iomem_text();
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		test_one(HEAP, lengths[i]);
		test_one(HEAP_DMA32, lengths[i]);
	}
	test_many(heap);
	after = iomem_text();
	ok(!strcmp(before, after), "/proc/iomem is as it was");
	free(before);
	free(after);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
