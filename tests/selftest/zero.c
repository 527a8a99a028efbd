// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: every byte is zero at hand-over
 *
 * Also where the kernel does not clear pages (plan high), after other programs' use of the
 * memory and after use as a buffer.
 */
#include "helpers.h"

static const size_t lengths[] = {
	PAGE, 3 * PAGE, KIB(64), KIB(100), MIB(1), MIB(2) + PAGE, MIB(4),
	MIB(5) - PAGE, MIB(16), MIB(96) + PAGE,
};

static void check_length(int heap, size_t len, const char *before)
{
	int buf = buf_new(heap, len);
	unsigned char *mem = buf_map(buf, len);

	ok(all_zero(mem, len), "%zu bytes are zero after %s", len, before);
	memset(mem, 0x5a, len);
	munmap(mem, len);
	close(buf);
}

static void check_heap(const char *name)
{
	int heap = heap_open(name);
	size_t i;

	diag("%s", name);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		check_length(heap, lengths[i], "use by a program");
		check_length(heap, lengths[i], "use as a buffer");
	}
	/* a small one inside what was a large one, and the other way round */
	for (i = ARRAY_SIZE(lengths); i-- > 0;)
		check_length(heap, lengths[i], "use as a larger buffer");
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		check_length(heap, lengths[i], "use as a smaller buffer");
	close(heap);
}

int main(void)
{
	struct mark mark;

	mark_set(&mark);
	dirty_free_memory();
	check_heap(HEAP);
	check_heap(HEAP_DMA32);
	mark_check(&mark, "all of it");
	return tap_done();
}
