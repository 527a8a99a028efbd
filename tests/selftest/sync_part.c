// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: SYNC of a part reaches that part for every device that has the buffer
 *   mapped, in both directions, and no other byte (plan high)
 * Promise: control: SYNC START waits for the devices at work, END does not, and a signal
 *   ends the wait
 *
 * Where memory reaches beyond 4 GiB (plan high) a 32-bit device works on a bounce buffer:
 * what SYNC copies is seen.
 */
#include <sys/time.h>

#include "helpers.h"

#define LEN	KIB(64)
#define START	DMA_BUF_SYNC_START
#define END	DMA_BUF_SYNC_END
#define READ	DMA_BUF_SYNC_READ
#define WRITE	DMA_BUF_SYNC_WRITE
#define RW	DMA_BUF_SYNC_RW
#define OLD	0x11
#define NEW	0x22
#define DEVICES	2

static int control;

static int part_sync(int buf, uint32_t flags, uint64_t offset, uint64_t len)
{
	struct lazy_contig_sync sync = {
		.size = sizeof(sync),
		.fd = buf,
		.flags = flags,
		.offset = offset,
		.len = len,
	};

	return call(control, LAZY_CONTIG_IOCTL_SYNC, &sync);
}

static void device_drop(int imp, struct device *dev)
{
	is(call(imp, LCI_UNMAP, &dev->map.map), 0, "it unmaps");
	is(call(imp, LCI_DETACH, &dev->id), 0, "it detaches");
}

static void device_fill(int imp, struct device *dev, unsigned char byte)
{
	static unsigned char copy[LEN];

	memset(copy, byte, LEN);
	if (importer_write(imp, LCI_DEVICE_COPY, dev->map.map, 0, copy, LEN))
		bail("cannot write as a device");
}

static const unsigned char *device_bytes(int imp, struct device *dev)
{
	static unsigned char copy[LEN];

	if (importer_read(imp, LCI_DEVICE_COPY, dev->map.map, 0, copy, LEN))
		bail("cannot read as a device");
	return copy;
}

/* Are the bytes of the part NEW, and all others OLD? */
static bool only_part(const unsigned char *mem, size_t offset, size_t len)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		if (mem[i] != (i >= offset && i - offset < len ? NEW : OLD))
			return false;
	return true;
}

static void test_part(int imp, int buf, unsigned char *mem, struct device *dev,
		      size_t offset, size_t len)
{
	int i;

	for (i = 0; i < DEVICES; i++)
		device_fill(imp, &dev[i], OLD);
	memset(mem, NEW, LEN);
	is(part_sync(buf, END | WRITE, offset, len), 0,
	   "END of %zu bytes at %zu", len, offset);
	for (i = 0; i < DEVICES; i++)
		ok(only_part(device_bytes(imp, &dev[i]), offset, len),
		   "device %d sees them and no other", i);

	memset(mem, OLD, LEN);
	for (i = 0; i < DEVICES; i++)
		device_fill(imp, &dev[i], NEW);
	is(part_sync(buf, START | READ, offset, len), 0, "START of them");
	ok(only_part(mem, offset, len), "the CPU sees them and no other");
}

static void test_parts(int heap, int imp)
{
	static const size_t parts[][2] = {
		{ 0, 1 }, { 0, LEN }, { 1, LEN - 2 }, { LEN - 1, 1 },
		{ PAGE - 1, 2 }, { 2047, 2 }, { KIB(2), KIB(2) },
		{ 12345, 23456 }, { KIB(32), KIB(32) },
	};
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	struct device dev[DEVICES];
	bool bounced = true;
	size_t i;

	for (i = 0; i < DEVICES; i++)
		bounced &= device_new(imp, buf, &dev[i]);
	for (i = 0; i < ARRAY_SIZE(parts) && bounced; i++)
		test_part(imp, buf, mem, dev, parts[i][0], parts[i][1]);
	if (!bounced)
		skip("memory ends below 4 GiB: the devices see the buffer directly");
	for (i = 0; i < DEVICES; i++)
		device_drop(imp, &dev[i]);
	munmap(mem, LEN);
	close(buf);
}

/* The DMA API minds a direction that is not that of the mapping (kernel debug). */
static void test_directions(int heap, int imp)
{
	int buf = buf_new(heap, LEN), direction;
	struct device dev;

	for (direction = 0; direction <= 2; direction++) {
		is(importer_attach(imp, buf, 32, &dev.id), 0, "a device attaches");
		is(importer_map(imp, dev.id, direction, &dev.map), 0,
		   "and maps, direction %d", direction);
		is(part_sync(buf, START | RW, 8, 8), 0, "START");
		is(part_sync(buf, END | RW, 8, 8), 0, "END");
		device_drop(imp, &dev);
	}
	close(buf);
}

static void test_late(int heap, int imp)
{
	struct lci_work work = { .delay_ms = 300, .byte = 0x66 };
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	struct device dev;

	device_new(imp, buf, &dev);
	work.map = dev.map.map;
	is(call(imp, LCI_WORK, &work), 0, "a device begins to write");
	is(part_sync(buf, START | READ, 100, 1), 0, "the CPU begins to read a byte");
	is(mem[100], 0x66, "and sees what the device wrote at last");
	device_drop(imp, &dev);
	munmap(mem, LEN);
	close(buf);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Signals that come again and again, so that one comes during the wait. */
static void alarm_every_ms(int ms)
{
	const struct itimerval timer = {
		.it_interval.tv_usec = ms * 1000,
		.it_value.tv_usec = ms * 1000,
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * A device that is at work until the importer's file is closed. SYNC is interrupted
 * where it waits.
 */
static void test_signal(int heap, bool reads)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	struct lci_work work = { .delay_ms = 100000, .byte = 0x67, .reads = reads };
	int buf = buf_new(heap, LEN), imp = importer_open();
	unsigned char *mem = buf_map(buf, LEN);
	struct device dev;

	diag("a device that %s for long", reads ? "reads" : "writes");
	device_new(imp, buf, &dev);
	work.map = dev.map.map;
	is(call(imp, LCI_WORK, &work), 0, "it begins");
	sigaction(SIGALRM, &action, NULL);
	alarm_every_ms(20);
	is(buf_sync(buf, START | RW), -EINTR, "a signal ends DMA_BUF_IOCTL_SYNC");
	is(part_sync(buf, START | RW, 0, LEN), -EINTR, "and SYNC of all of it");
	is(part_sync(buf, START | WRITE, 5, 5), -EINTR, "and of a part");
	is(part_sync(buf, START | READ, 5, 5), reads ? 0 : -EINTR,
	   "the CPU %s read", reads ? "may" : "must not");
	is(part_sync(buf, END | RW, 5, 5), 0, "END does not wait");
	alarm_every_ms(0);
	close(imp);
	is(part_sync(buf, START | RW, 5, 5), 0, "when it has ended START succeeds");
	is(mem[5], reads ? 0 : 0x67, "and the byte is there");
	munmap(mem, LEN);
	close(buf);
}

int main(void)
{
	int heap = heap_open(HEAP), imp = importer_open();
	struct mark mark;

	control = control_open();
	mark_set(&mark);
	test_parts(heap, imp);
	test_directions(heap, imp);
	test_late(heap, imp);
	test_signal(heap, false);
	test_signal(heap, true);
	mark_check(&mark, "all of it");
	close(control);
	close(imp);
	close(heap);
	return tap_done();
}
