// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: ZONE_MOVABLE first; never with zone_movable=0
 * Promise: memory: process memory that fills ZONE_MOVABLE makes way to other zones
 */
#include "blocks.h"
#include "settings.h"

#define PARAM		"/sys/module/lazy_contig/parameters/zone_movable"
#define MAX_BUFFERS	512

static struct span movable;

static bool in_zone(int buf, size_t len)
{
	uint64_t phys = buf_phys(buf);

	return phys < movable.end && phys + len > movable.start;
}

static void check_first(int heap)
{
	static const size_t lengths[] = { MIB(8), MIB(64), MIB(256) };
	unsigned long limit = patience();
	size_t i;
	int buf;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		pool_drop();
		buf = buf_new(heap, lengths[i]);
		ok(in_zone(buf, lengths[i]), "%zu MiB lie in ZONE_MOVABLE",
		   lengths[i] >> 20);
		close(buf);
	}
	param_set("time_limit_ms", limit);
}

/* Until nothing is left, small ones and large ones. */
static void check_spared(int heap)
{
	static const size_t lengths[] = { MIB(64), MIB(8), MIB(1), PAGE };
	int bufs[MAX_BUFFERS], n = 0, inside = 0, buf = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		int end = n + 50;

		while (n < end && (buf = heap_alloc(heap, lengths[i])) >= 0) {
			inside += in_zone(buf, lengths[i]);
			bufs[n++] = buf;
		}
		if (!i)
			is(buf, -ENOMEM, "the other zones end after %d", n);
	}
	ok(n > 10, "%d buffers were given", n);
	is(inside, 0, "none of them lies in ZONE_MOVABLE");
	while (n)
		close(bufs[--n]);
}

static void check_occupied(int heap)
{
	size_t len = movable.end - movable.start;
	unsigned long limit = patience();
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int buf;

	if (mem == MAP_FAILED)
		bail("mmap: %m");
	pool_drop();
	memset(mem, 1, len);
	buf = buf_new(heap, MIB(256));
	ok(in_zone(buf, MIB(256)), "256 MiB lie where process memory was");
	close(buf);
	munmap(mem, len);
	param_set("time_limit_ms", limit);
}

int main(void)
{
	int heap = heap_open(HEAP);
	struct mark mark;

	movable = movable_zone();
	mark_set(&mark);
	check_first(heap);
	check_occupied(heap);
	text_set(PARAM, "0");
	check_spared(heap);
	text_set(PARAM, "1");
	check_first(heap);
	mark_check(&mark, "all buffers");
	close(heap);
	return tap_done();
}
