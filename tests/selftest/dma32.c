// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: heaps: every byte of lazy_contig_dma32 lies below 4 GiB, whatever its source;
 *   a 32-bit device needs no bounce buffer (plan high)
 */
#include "settings.h"

#define LIMIT	(1ull << 32)

static void check_below(int heap, size_t len)
{
	struct lazy_contig_query q;
	int buf = buf_new(heap, len);

	is(buf_query(buf, &q), 0, "QUERY %zu bytes", len);
	ok(q.phys_addr && q.phys_addr + q.len <= LIMIT,
	   "%zu bytes at %#llx lie below 4 GiB", len, q.phys_addr);
	close(buf);
}

/* A 32-bit device maps the buffer without a bounce buffer. */
static void check_device(int heap, int imp)
{
	int buf = buf_new(heap, MIB(8));
	struct lci_entry entry;
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, 32, &id), 0, "a 32-bit device attaches");
	is(importer_map(imp, id, 0, &map), 0, "and maps 8 MiB");
	is(importer_entry(imp, map.map, 0, &entry), 0, "in one entry");
	is(entry.dma_addr, buf_phys(buf), "without a bounce buffer");
	call(imp, LCI_UNMAP, &map.map);
	call(imp, LCI_DETACH, &id);
	close(buf);
}

/* Small buffers until a good part of the memory below 4 GiB is taken. */
static void check_many(int heap)
{
	int bufs[64], i, n, outside = 0;
	struct lazy_contig_query q;

	for (n = 0; n < (int)ARRAY_SIZE(bufs); n++) {
		bufs[n] = heap_alloc(heap, MIB(4));
		if (bufs[n] < 0)
			break;
		if (buf_query(bufs[n], &q))
			bail("QUERY failed");
		outside += q.phys_addr + q.len > LIMIT;
	}
	is(n, ARRAY_SIZE(bufs), "64 buffers of 4 MiB at once");
	is(outside, 0, "all below 4 GiB");
	for (i = 0; i < n; i++)
		close(bufs[i]);
}

/* Idle memory is nearly always above 4 GiB, if there is any. */
static void check_idle(int heap)
{
	unsigned long max = param_get("pool_max_mb");
	int any = heap_open(HEAP);

	pool_drop();
	param_set("pool_max_mb", 128);
	close(buf_new(any, MIB(64)));
	is(pool_mib(), 64, "a range in the pool");
	check_below(heap, MIB(64));
	param_set("pool_max_mb", 0);

	is(reserve_set(64), 0, "a reserve");
	check_below(heap, MIB(64));
	is(reserve_set(0), 0, "and none");
	param_set("pool_max_mb", max);
	close(any);
}

int main(void)
{
	static const size_t lengths[] = { PAGE, 3 * PAGE, KIB(100), MIB(1),
		MIB(2) + PAGE, MIB(16), MIB(65) };
	int heap = heap_open(HEAP_DMA32), imp = importer_open();
	struct mark mark;
	size_t i;

	mark_set(&mark);
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		check_below(heap, lengths[i]);
	check_device(heap, imp);
	check_many(heap);
	check_idle(heap);
	mark_check(&mark, "all buffers");
	close(imp);
	close(heap);
	return tap_done();
}
