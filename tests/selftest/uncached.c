// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: heaps: an uncached heap's buffers hold what other heaps' do: zeros at hand-over,
 *   and the same bytes for the CPU, for devices, for the kernel and for a debugger
 *
 * Where memory reaches beyond 4 GiB (plan high) a 32-bit device has a bounce buffer.
 */
#include "helpers.h"

#define UNCACHED	"uncached"
#define LEN		KIB(64)

static void test_zero(int heap, int cached)
{
	int buf = buf_new(heap, MIB(4) + PAGE);
	unsigned char *mem = buf_map(buf, MIB(4) + PAGE);

	ok(all_zero(mem, MIB(4) + PAGE), "zero after use by a program");
	memset(mem, 0x5a, MIB(4) + PAGE);
	munmap(mem, MIB(4) + PAGE);
	close(buf);
	buf = buf_new(heap, MIB(4));
	mem = buf_map(buf, MIB(4));
	ok(all_zero(mem, MIB(4)), "and after use as a buffer");
	memset(mem, 0x5b, MIB(4));
	munmap(mem, MIB(4));
	close(buf);
	buf = buf_new(cached, MIB(4));
	mem = buf_map(buf, MIB(4));
	ok(all_zero(mem, MIB(4)), "and that of another heap then");
	memset(mem, 0x5c, MIB(4));
	munmap(mem, MIB(4));
	close(buf);
}

static bool copies(int imp, unsigned long request, uint32_t id, uint64_t seed)
{
	static uint64_t copy[LEN / sizeof(uint64_t)];

	if (importer_read(imp, request, id, 0, copy, LEN))
		bail("cannot read as an importer");
	return pattern_holds(copy, LEN, seed);
}

static void writes(int imp, unsigned long request, uint32_t id, uint64_t seed)
{
	static uint64_t copy[LEN / sizeof(uint64_t)];

	pattern_fill(copy, LEN, seed);
	if (importer_write(imp, request, id, 0, copy, LEN))
		bail("cannot write as an importer");
}

static void test_importer(int heap, int imp, unsigned int dma_bits)
{
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, dma_bits, &id), 0, "a device with %u bits attaches",
	   dma_bits);
	is(importer_map(imp, id, 0, &map), 0, "and maps");
	is(call(imp, LCI_VMAP, &id), 0, "the kernel maps");

	buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	pattern_fill(mem, LEN, 1);
	buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	ok(copies(imp, LCI_DEVICE_COPY, map.map, 1), "the device sees what the CPU wrote");
	ok(copies(imp, LCI_VMAP_COPY, id, 1), "and so does the kernel");

	writes(imp, LCI_DEVICE_COPY, map.map, 2);
	buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	ok(pattern_holds(mem, LEN, 2), "the CPU sees what the device wrote");
	buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	writes(imp, LCI_VMAP_COPY, id, 3);
	buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	ok(pattern_holds(mem, LEN, 3), "and what the kernel wrote");

	is(call(imp, LCI_VUNMAP, &id), 0, "the kernel unmaps");
	writes(imp, LCI_DEVICE_COPY, map.map, 4);
	is(call(imp, LCI_UNMAP, &map.map), 0, "the device too");
	ok(pattern_holds(mem, LEN, 4), "what it wrote last is there");
	is(call(imp, LCI_DETACH, &id), 0, "it detaches");
	munmap(mem, LEN);
	close(buf);
}

static void test_debugger(int heap)
{
	int buf = buf_new(heap, LEN), self = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	unsigned char *mem = buf_map(buf, LEN), copy[7] = "abcdef";

	is(pwrite(self, copy, 7, (uintptr_t)mem + PAGE - 3), 7, "a debugger writes");
	ok(!memcmp(mem + PAGE - 3, "abcdef", 7), "the CPU sees it");
	mem[PAGE] = 'D';
	is(pread(self, copy, 7, (uintptr_t)mem + PAGE - 3), 7, "the debugger reads");
	ok(!memcmp(copy, "abcDef", 7), "and sees what the CPU wrote");
	close(self);
	munmap(mem, LEN);
	close(buf);
}

int main(void)
{
	int heap, cached, imp;
	struct mark mark;

	if (access("/dev/dma_heap/" UNCACHED, F_OK)) {
		skip("the plan has no uncached heap");
		return tap_done();
	}
	heap = heap_open(UNCACHED);
	cached = heap_open(HEAP);
	imp = importer_open();
	mark_set(&mark);
	dirty_free_memory();
	test_zero(heap, cached);
	test_importer(heap, imp, 64);
	test_importer(heap, imp, 32);
	test_debugger(heap);
	mark_check(&mark, "all of it");
	close(imp);
	close(cached);
	close(heap);
	return tap_done();
}
