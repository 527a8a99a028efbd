// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: a line in /proc/iomem below its System RAM, for a buffer of a
 *   pageblock or more while it lives, for a smaller one while it is kept
 * Promise: buffer: a line that cannot be placed is left out and fails no request
 */
#include "kept_calls.h"
#include "settings.h"

#define NAME		"iomem test"
/* Buffers of a pageblock or more: with pages of 16 KiB, not as many have room. */
#define MANY		(HUGE_PAGE > MIB(2) ? 16 : 64)

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

static void test_small(int heap, size_t len)
{
	int buf = buf_new(heap, len);

	is(iomem_count(), 0, "%zu bytes have no line", len);
	ok(debugfs_has(buf_phys(buf), len), "but one in debugfs");
	close(buf);
}

static void test_small_kept(int control, size_t len)
{
	struct lazy_contig_allocation alloc = kept_request(len, NAME);
	int buf = kept_alloc(control, &alloc);
	uint64_t phys = alloc.phys_addr;

	ok(buf >= 0 && iomem_named(NAME, phys, len),
	   "%zu bytes that are kept have a line", len);
	is(kept_free(control, phys), 0, "the keeping ends");
	is(iomem_names(NAME), 0, "and with it the line");
	ok(debugfs_has(phys, len), "but not the buffer");
	close(buf);
	ok(!debugfs_has(phys, len), "which ends with the last reference");
}

/* Neighbours must not be merged, hidden or moved below one another. */
static void test_many(int heap)
{
	int buf[MANY], i, there = 0, gone = 0, left = 0;
	const size_t len = HUGE_PAGE + 3 * PAGE;
	uint64_t phys[MANY];

	for (i = 0; i < MANY; i++) {
		buf[i] = buf_new(heap, len);
		phys[i] = buf_phys(buf[i]);
	}
	for (i = 0; i < MANY; i++)
		there += iomem_has(phys[i], len);
	is(there, MANY, "%d buffers have as many lines", MANY);
	is(iomem_count(), MANY, "and no more");
	for (i = 0; i < MANY; i += 2)
		close(buf[i]);
	for (i = 0; i < MANY; i += 2) {
		gone += !iomem_has(phys[i], len);
		left += iomem_has(phys[i + 1], len);
	}
	is(gone, MANY / 2, "every second one goes");
	is(left, MANY / 2, "the others stay");
	for (i = 1; i < MANY; i += 2)
		close(buf[i]);
	is(iomem_count(), 0, "none is left in the end");
}

/* Lines of another driver in every pageblock, at an offset. */
static void lines_place(int importer, uint64_t offset, uint64_t len)
{
	struct lci_lines lines = {
		.step = HUGE_PAGE,
		.offset = offset,
		.len = len,
	};
	int err = call(importer, LCI_LINES, &lines);

	if (err || (len && lines.placed < 20))
		bail("%llu lines of the importer: %s",
		     (unsigned long long)lines.placed, strerror(-err));
}

/* There is none where a line of firmware begins or ends at the same address. */
static bool has_line_at(uint64_t addr)
{
	return iomem_named("lc_importer", addr - PAGE, 2 * PAGE);
}

/* They cut the beginning of what is aligned to a pageblock. */
static void test_in_the_way(int heap, int control, int importer)
{
	static const size_t lengths[] = {
		HUGE_PAGE, HUGE_PAGE * 7 / 2, 8 * HUGE_PAGE, 6 * HUGE_PAGE,
	};
	uint64_t phys;
	bool cut;
	size_t i;
	int buf;

	lines_place(importer, HUGE_PAGE - PAGE, 2 * PAGE);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		buf = heap_alloc(heap, lengths[i]);
		ok(buf >= 0, "%zu MiB where no line can be",
		   lengths[i] >> 20);
		close(buf);
	}
	is(iomem_count(), 0, "there was none");
	phys = kept_new(control, lengths[0], NAME);
	for (i = 1; i < ARRAY_SIZE(lengths); i++) {
		is(kept_resize(control, &phys, lengths[i]), 0,
		   "resize to %zu MiB there", lengths[i] >> 20);
		cut = has_line_at(phys) || has_line_at(phys + lengths[i]);
		is(iomem_names(NAME), !cut, "it has %s line", cut ? "no" : "a");
		is(iomem_named(NAME, phys, lengths[i]), !cut, "of its range");
	}

	lines_place(importer, 0, 0);
	is(kept_resize(control, &phys, 5 * HUGE_PAGE), 0,
	   "resize when they are gone");
	ok(iomem_named(NAME, phys, 5 * HUGE_PAGE), "now it has one");
	lines_place(importer, HUGE_PAGE - PAGE, 2 * PAGE);
	is(kept_resize(control, &phys, HUGE_PAGE), 0, "shrink when they are back");
	ok(!iomem_named(NAME, phys, 5 * HUGE_PAGE), "no line is too long");
	is(kept_free(control, phys), 0, "and free it");
	lines_place(importer, 0, 0);
	is(iomem_names(NAME), 0, "nothing is left");
}

/* Those that lie inside of a buffer do not keep it from having one. */
static void test_inside(int heap, int control, int importer)
{
	const size_t len = 8 * HUGE_PAGE, less = HUGE_PAGE * 5 / 2;
	uint64_t phys;
	int buf;

	lines_place(importer, HUGE_PAGE / 2, PAGE);
	buf = buf_new(heap, len);
	ok(iomem_has(buf_phys(buf), len), "a line around those of others");
	phys = kept_new(control, len, NAME);
	ok(iomem_named(NAME, phys, len), "and of a kept buffer");
	is(kept_resize(control, &phys, less), 0, "which shrinks");
	ok(iomem_named(NAME, phys, less), "as its line does");
	lines_place(importer, 0, 0);
	ok(iomem_has(buf_phys(buf), len) &&
	   iomem_named(NAME, phys, less), "they stay when the others go");
	kept_free(control, phys);
	close(buf);
}

int main(void)
{
	static const size_t lengths[] = {
		HUGE_PAGE, HUGE_PAGE + PAGE,
		/* of 2 GiB, a machine has no more in one piece for sure */
		HUGE_PAGE > MIB(2) ? 4 * HUGE_PAGE : 16 * HUGE_PAGE,
	};
	static const size_t small[] = { PAGE, 3 * PAGE, HUGE_PAGE - PAGE };
	int heap = heap_open(HEAP), control = control_open();
	int importer = importer_open();
	unsigned long limit = patience();
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
	for (i = 0; i < ARRAY_SIZE(small); i++)
		test_small(heap, small[i]);
	test_many(heap);
	mark_check(&mark, "all of it");

	/* the log tells of buffers that are kept */
	for (i = 0; i < ARRAY_SIZE(small); i++)
		test_small_kept(control, small[i]);
	test_in_the_way(heap, control, importer);
	test_inside(heap, control, importer);
	after = iomem_text();
	ok(!strcmp(before, after), "/proc/iomem is as it was");
	free(before);
	free(after);
	param_set("time_limit_ms", limit);
	close(importer);
	close(control);
	close(heap);
	return tap_done();
}
