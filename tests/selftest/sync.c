// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: SYNC reaches every device that has the buffer mapped, and no other;
 *   invalid flags are refused
 * Promise: buffer: SYNC START waits for a device that is at work before it looks at what
 *   the device has written (plan high)
 *
 * Where memory reaches beyond 4 GiB (plan high) a 32-bit device works on a bounce buffer,
 * so that a SYNC without effect is seen.
 */
#include "helpers.h"

#define LEN	KIB(64)
#define START	DMA_BUF_SYNC_START
#define END	DMA_BUF_SYNC_END
#define READ	DMA_BUF_SYNC_READ
#define WRITE	DMA_BUF_SYNC_WRITE
#define RW	DMA_BUF_SYNC_RW

static void test_flags(int heap)
{
	static const uint64_t good[] = { START | READ, START | WRITE,
		START | RW, END | READ, END | WRITE, END | RW };
	static const uint64_t bad[] = { START, END, START | RW | 8,
		END | RW | 1ull << 32, 1ull << 63, -1 };
	int buf = buf_new(heap, LEN);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		is(buf_sync(buf, good[i]), 0, "flags %#jx",
		   (uintmax_t)good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(buf_sync(buf, bad[i]), -EINVAL, "flags %#jx",
		   (uintmax_t)bad[i]);
	is(call(buf, DMA_BUF_IOCTL_SYNC, NULL), -EFAULT, "no address");
	is(call(buf, _IO(DMA_BUF_BASE, 99), NULL), -ENOTTY,
	   "a number that is not in use");
	close(buf);
}

static bool device_sees(int imp, struct device *dev, uint64_t seed)
{
	static uint64_t copy[LEN / sizeof(uint64_t)];

	if (importer_read(imp, LCI_DEVICE_COPY, dev->map.map, 0, copy, LEN))
		bail("cannot read as a device");
	return pattern_holds(copy, LEN, seed);
}

static void device_writes(int imp, struct device *dev, uint64_t seed)
{
	static uint64_t copy[LEN / sizeof(uint64_t)];

	pattern_fill(copy, LEN, seed);
	if (importer_write(imp, LCI_DEVICE_COPY, dev->map.map, 0, copy, LEN))
		bail("cannot write as a device");
}

static void test_devices(int heap, int imp)
{
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	struct device dev[3];
	bool bounced = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dev); i++)
		bounced |= device_new(imp, buf, &dev[i]);
	if (!bounced)
		diag("memory ends below 4 GiB: the device sees it directly");

	is(buf_sync(buf, START | WRITE), 0, "the CPU begins to write");
	pattern_fill(mem, LEN, 21);
	is(buf_sync(buf, END | WRITE), 0, "and ends");
	for (i = 0; i < ARRAY_SIZE(dev); i++)
		ok(device_sees(imp, &dev[i], 21), "device %zu sees it", i);

	/* those that do not map the buffer any more must not be asked */
	is(call(imp, LCI_UNMAP, &dev[1].map.map), 0, "device 1 unmaps");
	is(call(imp, LCI_UNMAP, &dev[2].map.map), 0, "device 2 unmaps");
	device_writes(imp, &dev[0], 22);
	is(buf_sync(buf, START | READ), 0, "the CPU begins to read");
	ok(pattern_holds(mem, LEN, 22), "it sees what device 0 wrote");
	is(buf_sync(buf, END | READ), 0, "and ends");

	is(importer_map(imp, dev[2].id, 0, &dev[2].map), 0,
	   "device 2 maps again");
	ok(device_sees(imp, &dev[2], 22), "and sees that too");
	is(call(imp, LCI_UNMAP, &dev[0].map.map), 0, "device 0 unmaps");
	device_writes(imp, &dev[2], 23);
	is(call(imp, LCI_UNMAP, &dev[2].map.map), 0, "device 2 unmaps");
	ok(pattern_holds(mem, LEN, 23), "what it wrote last is there");
	for (i = 0; i < ARRAY_SIZE(dev); i++)
		is(call(imp, LCI_DETACH, &dev[i].id), 0, "detached");
	munmap(mem, LEN);
	close(buf);
}

static uint64_t device_address(int imp, const struct device *dev)
{
	struct lci_entry entry;

	if (importer_entry(imp, dev->map.map, 0, &entry))
		bail("no entry");
	return entry.dma_addr;
}

/* Maps again and again until the bounce buffer is the one at this address. */
static bool device_moves_to(int imp, struct device *dev, uint64_t addr)
{
	int tries;

	for (tries = 0; tries < 10000; tries++) {
		if (device_address(imp, dev) == addr)
			return true;
		if (call(imp, LCI_UNMAP, &dev->map.map) ||
		    importer_map(imp, dev->id, 0, &dev->map))
			bail("cannot map again");
	}
	return false;
}

/*
 * The bounce buffer of a device that has unmapped belongs to the next one:
 * SYNC of the first buffer must leave it alone.
 */
static void test_unmapped(int heap, int imp)
{
	int first = buf_new(heap, LEN), second = buf_new(heap, LEN);
	unsigned char *mem = buf_map(second, LEN);
	struct device old, new;
	uint64_t addr;
	bool bounced;

	bounced = device_new(imp, first, &old);
	device_new(imp, second, &new);
	addr = device_address(imp, &old);
	is(call(imp, LCI_UNMAP, &old.map.map), 0, "the first device unmaps");
	if (bounced && device_moves_to(imp, &new, addr)) {
		pattern_fill(mem, LEN, 24);
		device_writes(imp, &new, 25);
		is(buf_sync(first, START | READ), 0, "SYNC of its buffer");
		ok(pattern_holds(mem, LEN, 24),
		   "does not touch what came to its place");
		is(buf_sync(second, START | READ), 0, "SYNC of the other");
		ok(pattern_holds(mem, LEN, 25), "does");
	} else if (bounced) {
		skip("no bounce buffer was used again");
	}
	is(call(imp, LCI_UNMAP, &new.map.map), 0, "the second unmaps");
	is(call(imp, LCI_DETACH, &old.id), 0, "the first detaches");
	is(call(imp, LCI_DETACH, &new.id), 0, "the second detaches");
	munmap(mem, LEN);
	close(first);
	close(second);
}

static bool filled(const unsigned char *mem, unsigned char byte)
{
	return mem[0] == byte && !memcmp(mem, mem + 1, LEN - 1);
}

/* A device that writes late, and one that reads for long. */
static void test_fences(int heap, int imp)
{
	struct lci_work work = { .delay_ms = 300, .byte = 0x66 };
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	struct device dev;

	device_new(imp, buf, &dev);
	work.map = dev.map.map;
	is(call(imp, LCI_WORK, &work), 0, "a device begins to write");
	is(buf_sync(buf, START | READ), 0, "the CPU begins to read");
	ok(filled(mem, 0x66), "and sees what it wrote at last");
	buf_sync(buf, END | READ);

	work.byte = 0x67;
	is(call(imp, LCI_WORK, &work), 0, "it writes again");
	is(buf_sync(buf, START | RW), 0, "the CPU begins to read and write");
	ok(filled(mem, 0x67), "and sees it");
	buf_sync(buf, END | RW);

	work.reads = 1;
	is(call(imp, LCI_WORK, &work), 0, "it begins to read");
	is(buf_sync(buf, START | WRITE), 0, "the CPU begins to write");
	ok(buf_ready(buf, POLLOUT), "after it has read");
	buf_sync(buf, END | WRITE);
	is(call(imp, LCI_UNMAP, &dev.map.map), 0, "it unmaps");
	is(call(imp, LCI_DETACH, &dev.id), 0, "it detaches");
	munmap(mem, LEN);
	close(buf);
}

int main(void)
{
	int heap = heap_open(HEAP), imp = importer_open();
	struct mark mark;

	mark_set(&mark);
	test_flags(heap);
	test_devices(heap, imp);
	test_unmapped(heap, imp);
	test_fences(heap, imp);
	mark_check(&mark, "all of it");
	close(imp);
	close(heap);
	return tap_done();
}
