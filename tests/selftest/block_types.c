// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: pageblocks that a buffer takes as a whole stay movable ones
 *
 * The page allocator converts a pageblock when it gives all of it for what cannot be
 * moved, and puts further unmovable pages there once the buffer is gone.
 */
#include "settings.h"

/* A part of the memory where pageblocks are large, too. */
#define BUFFERS		(PAGE_KIB == 4 ? 32 : 8)

/* Pageblocks for unmovable and reclaimable pages in all zones. */
static long other_blocks(void)
{
	FILE *f = text_open("/proc/pagetypeinfo");
	long unmovable, movable, reclaimable, sum = 0;
	bool counts = false;
	char line[512];

	while (fgets(line, sizeof(line), f)) {
		counts |= !strncmp(line, "Number of blocks type", 21);
		if (counts && sscanf(line, "Node %*d, zone %*s %ld %ld %ld",
				     &unmovable, &movable, &reclaimable) == 3)
			sum += unmovable + reclaimable;
	}
	fclose(f);
	return sum;
}

int main(void)
{
	unsigned long max = param_get("pool_max_mb");
	int heap = heap_open(HEAP), bufs[BUFFERS], i;
	long before, after, served = counter("from_buddy");
	struct mark mark;

	mark_set(&mark);
	param_set("pool_max_mb", 0);
	before = other_blocks();
	ok(before > 0, "%ld pageblocks are not movable", before);
	for (i = 0; i < BUFFERS; i++)
		bufs[i] = buf_new(heap, HUGE_PAGE);
	served = counter("from_buddy") - served;
	after = other_blocks();
	/* the kernel may have used a few for itself */
	ok(after - before < BUFFERS / 2,
	   "with %d buffers of a pageblock, %ld from the page allocator, %ld more are not",
	   BUFFERS, served, after - before);
	while (i)
		close(bufs[--i]);
	param_set("pool_max_mb", max);
	mark_check(&mark, "that");
	close(heap);
	return tap_done();
}
