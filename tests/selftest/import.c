// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: any number of devices attach and map, in any order and concurrently,
 *   whatever their DMA limits; errors of the DMA API reach the driver; a faulty
 *   driver harms no other
 * Promise: buffer: vmap by a driver shows the same bytes
 */
#include "helpers.h"

#define LEN	(MIB(1) + PAGE)
#define DEVICES	6	/* the DMA API's own checks take seven */
#define DRIVERS	4
#define ROUNDS	50

/* The mapping of a device must not depend on other devices. */
static void test_many(int heap, int imp)
{
	int buf = buf_new(heap, LEN), i, right = 0, err = 0;
	uint64_t phys = buf_phys(buf);
	struct lci_map map[DEVICES];
	struct lci_entry entry;
	uint32_t id[DEVICES];

	for (i = 0; i < DEVICES; i++) {
		err |= importer_attach(imp, buf, 64, &id[i]);
		err |= importer_map(imp, id[i], i % 3, &map[i]);
	}
	is(err, 0, "%d devices map the buffer", DEVICES);
	close(buf);
	/* detach every second one, in another order than they were attached */
	for (i = DEVICES - 2; i >= 0; i -= 2) {
		err |= call(imp, LCI_UNMAP, &map[i].map);
		err |= call(imp, LCI_DETACH, &id[i]);
	}
	is(err, 0, "half of them go");
	for (i = 1; i < DEVICES; i += 2)
		right += !importer_entry(imp, map[i].map, 0, &entry) &&
			 map[i].nents == 1 && entry.dma_addr == phys &&
			 entry.length == LEN;
	is(right, DEVICES / 2, "the others have what they had");
	for (i = 1; i < DEVICES; i += 2) {
		err |= call(imp, LCI_UNMAP, &map[i].map);
		err |= call(imp, LCI_DETACH, &id[i]);
	}
	is(err, 0, "and go as well");
}

static void test_keeps(int heap, int imp, int others)
{
	uint64_t word = 0x1122334455667788, seen = 0;
	int buf = buf_new(heap, LEN);
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, 64, &id), 0, "a device attaches");
	close(buf);
	is(dmabufs_live(), others + 1, "it keeps the buffer without any fd");
	is(importer_map(imp, id, 0, &map), 0, "it maps");
	is(importer_write(imp, LCI_DEVICE_COPY, map.map, PAGE, &word, 8), 0,
	   "writes");
	is(call(imp, LCI_UNMAP, &map.map), 0, "unmaps");
	is(importer_map(imp, id, 1, &map), 0, "maps to read");
	is(importer_read(imp, LCI_DEVICE_COPY, map.map, PAGE, &seen, 8), 0,
	   "reads");
	ok(seen == word, "what it wrote");
	is(call(imp, LCI_DETACH, &id), -EBUSY, "it is still mapped");
	is(call(imp, LCI_UNMAP, &map.map), 0, "it unmaps");
	is(call(imp, LCI_DETACH, &id), 0, "it detaches");
	is(dmabufs_live(), others, "that was the last of the buffer");
}

static void test_vmap(int heap, int imp)
{
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN), *copy = malloc(LEN);
	struct lci_map map;
	uint32_t a, b;

	pattern_fill(mem, LEN, 31);
	is(importer_attach(imp, buf, 64, &a), 0, "a driver attaches");
	is(importer_attach(imp, buf, 64, &b), 0, "another one");
	is(call(imp, LCI_VMAP, &a), 0, "vmap");
	is(call(imp, LCI_VMAP, &b), 0, "vmap by the other");
	is(call(imp, LCI_VMAP, &b), 0, "and once more");
	is(importer_map(imp, a, 0, &map), 0, "mapped for the device as well");
	is(importer_read(imp, LCI_VMAP_COPY, a, 0, copy, LEN), 0, "read all");
	ok(pattern_holds(copy, LEN, 31), "the kernel sees the user's bytes");
	pattern_fill(copy, LEN, 32);
	is(importer_write(imp, LCI_VMAP_COPY, b, 0, copy, LEN), 0, "write all");
	ok(pattern_holds(mem, LEN, 32), "the user sees the kernel's");
	is(call(imp, LCI_VUNMAP, &a), 0, "vunmap");
	is(call(imp, LCI_VUNMAP, &b), 0, "vunmap");
	memset(copy, 0, LEN);
	is(importer_read(imp, LCI_VMAP_COPY, b, 0, copy, LEN), 0,
	   "the last vmap still reads");
	ok(pattern_holds(copy, LEN, 32), "everything");
	is(buf_sync(buf, DMA_BUF_SYNC_RW), 0, "SYNC while it lasts");
	is(call(imp, LCI_VUNMAP, &b), 0, "vunmap");
	is(call(imp, LCI_UNMAP, &map.map), 0, "unmap");
	is(call(imp, LCI_VMAP, &a), 0, "vmap anew");
	is(call(imp, LCI_DETACH, &a), 0, "detach ends it");
	is(call(imp, LCI_DETACH, &b), 0, "detach");
	free(copy);
	munmap(mem, LEN);
	close(buf);
}

static void test_cpu_access(int heap, int imp)
{
	struct lci_access access = {};
	int buf = buf_new(heap, LEN), i, err = 0;
	struct lci_map map[4];
	uint32_t id[4];

	for (i = 0; i < 4; i++) {
		err |= importer_attach(imp, buf, 64, &id[i]);
		if (i < 3)
			err |= importer_map(imp, id[i], i, &map[i]);
	}
	is(err, 0, "four devices, three of which map");
	for (i = 0; i < 24; i++) {
		access.id = id[i % 4];
		access.direction = i / 4 % 3;
		access.end = i / 12;
		err |= call(imp, LCI_ACCESS, &access);
	}
	is(err, 0, "CPU access in each direction on behalf of each");
	for (i = 0; i < 3; i++)
		err |= call(imp, LCI_UNMAP, &map[i].map);
	for (i = 0; i < 4; i++)
		err |= call(imp, LCI_DETACH, &id[i]);
	is(err, 0, "unmap and detach");
	close(buf);
}

/* A driver that detaches without unmapping must not harm anyone else. */
static void test_abandon(int heap, int imp, int others)
{
	int buf = buf_new(heap, LEN);
	struct lci_map map, other;
	uint32_t id, id2;

	is(importer_attach(imp, buf, 64, &id), 0, "a faulty driver attaches");
	is(importer_attach(imp, buf, 64, &id2), 0, "another attaches too");
	is(importer_map(imp, id, 0, &map), 0, "the faulty one maps");
	is(importer_map(imp, id2, 0, &other), 0, "the other too");
	is(call(imp, LCI_ABANDON, &id), 0, "it detaches without unmapping");
	is(buf_sync(buf, DMA_BUF_SYNC_RW), 0, "SYNC works");
	is(call(imp, LCI_UNMAP, &other.map), 0, "the other unmaps");
	is(call(imp, LCI_DETACH, &id2), 0, "and detaches");
	close(buf);
	is(dmabufs_live(), others, "the buffer is given back");
}

struct driver {
	int buf;
	int nr;
};

/* All that a driver can do to a buffer, over and over, in a page of its own. */
static int driver_rounds(void *arg)
{
	const struct driver *d = arg;
	uint64_t offset = d->nr * PAGE, word = d->nr, seen;
	struct lci_access access = { .direction = d->nr % 3 };
	int imp = importer_open(), err = 0, i;
	struct lci_map map;

	for (i = 0; i < ROUNDS && !err; i++, word += DRIVERS) {
		err |= importer_attach(imp, d->buf, 64, &access.id);
		err |= call(imp, LCI_VMAP, &access.id);
		err |= importer_map(imp, access.id, access.direction, &map);
		access.end = 0;
		err |= call(imp, LCI_ACCESS, &access);
		err |= importer_write(imp, LCI_VMAP_COPY, access.id, offset, &word, 8);
		access.end = 1;
		err |= call(imp, LCI_ACCESS, &access);
		err |= importer_read(imp, LCI_DEVICE_COPY, map.map, offset, &seen, 8);
		err |= seen != word;
		err |= call(imp, LCI_UNMAP, &map.map);
		err |= call(imp, LCI_VUNMAP, &access.id);
		err |= call(imp, LCI_DETACH, &access.id);
	}
	return !!err;
}

static void test_at_once(int heap)
{
	struct driver d = { .buf = buf_new(heap, LEN) };
	pid_t pid[DRIVERS];
	int err = 0;

	for (d.nr = 0; d.nr < DRIVERS; d.nr++) {
		pid[d.nr] = fork();
		if (!pid[d.nr])
			_exit(driver_rounds(&d));
	}
	while (d.nr--)
		err |= child_status(pid[d.nr]);
	is(err, 0, "%d drivers at once, each %d times", DRIVERS, ROUNDS);
	close(d.buf);
}

/*
 * A limit on segments changes nothing: the buffer is one entry, and a driver that
 * needs smaller ones divides it.
 */
static void test_segments(int heap, int imp)
{
	int buf = buf_new(heap, LEN);
	struct lci_attach attach = {
		.fd = buf,
		.dma_bits = 64,
		.max_segment = KIB(64),
	};
	unsigned char *mem = buf_map(buf, LEN), *copy = malloc(LEN);
	struct lci_entry entry;
	struct lci_map map;

	pattern_fill(mem, LEN, 33);
	is(call(imp, LCI_ATTACH, &attach), 0, "a device with segments of 64 KiB attaches");
	is(importer_map(imp, attach.id, 0, &map), 0, "it maps");
	is(map.nents, 1, "one entry");
	is(importer_entry(imp, map.map, 0, &entry), 0, "which");
	is(entry.length, LEN, "is the whole buffer");
	is(importer_read(imp, LCI_DEVICE_COPY, map.map, 0, copy, LEN), 0, "it reads all");
	ok(pattern_holds(copy, LEN, 33), "and sees the user's bytes");
	is(call(imp, LCI_UNMAP, &map.map), 0, "it unmaps");
	is(call(imp, LCI_DETACH, &attach.id), 0, "it detaches");
	free(copy);
	munmap(mem, LEN);
	close(buf);
}

/* A driver releases everything and imports again; the buffer is unchanged. */
static void test_driver_unload(int heap)
{
	int buf = buf_new(heap, LEN), imp = importer_open();
	unsigned char *mem = buf_map(buf, LEN), *copy = malloc(LEN);
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, 64, &id), 0, "a driver attaches");
	is(importer_map(imp, id, 0, &map), 0, "it maps");
	is(call(imp, LCI_VMAP, &id), 0, "vmap");
	pattern_fill(copy, LEN, 34);
	is(importer_write(imp, LCI_DEVICE_COPY, map.map, 0, copy, LEN), 0, "it writes");
	close(imp);
	is(importer_unload(), 0, "the driver is unloaded");
	is(buf_sync(buf, DMA_BUF_SYNC_RW), 0, "SYNC needs no driver");
	ok(pattern_holds(mem, LEN, 34), "the buffer holds what was written");
	imp = importer_open();
	is(importer_attach(imp, buf, 64, &id), 0, "the driver is back and attaches");
	is(importer_map(imp, id, 0, &map), 0, "it maps");
	memset(copy, 0, LEN);
	is(importer_read(imp, LCI_DEVICE_COPY, map.map, 0, copy, LEN), 0, "it reads");
	ok(pattern_holds(copy, LEN, 34), "what it wrote before");
	close(imp);
	free(copy);
	munmap(mem, LEN);
	close(buf);
}

static int attach_and_die(void *arg)
{
	int heap = *(int *)arg, imp = importer_open(), i;
	struct lci_map map;
	uint32_t id;

	for (i = 0; i < 4; i++) {
		if (importer_attach(imp, buf_new(heap, LEN), 64, &id) ||
		    importer_map(imp, id, 0, &map) || call(imp, LCI_VMAP, &id))
			return 1;
	}
	raise(SIGKILL);
	return 2;
}

/* The errno of the DMA API reaches the importer. */
static void test_narrow(int heap, int imp)
{
	int buf = buf_new(heap, MIB(8)), err;
	struct lci_entry entry = {};
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, 32, &id), 0, "a 32-bit device attaches");
	err = importer_map(imp, id, 0, &map);
	if (buf_phys(buf) + MIB(8) <= 1ull << 32) {
		is(err, 0, "it maps what lies below 4 GiB");
		importer_entry(imp, map.map, 0, &entry);
		is(entry.dma_addr, buf_phys(buf), "where it lies");
		call(imp, LCI_UNMAP, &map.map);
	} else {
		ok(err == -EIO || err == -ENOMEM || err == -EINVAL,
		   "8 MiB above 4 GiB are refused (%d)", err);
		is(buf_sync(buf, DMA_BUF_SYNC_RW), 0,
		   "SYNC leaves out who has not mapped");
	}
	is(call(imp, LCI_DETACH, &id), 0, "it detaches");
	close(buf);
}

int main(void)
{
	int heap = heap_open(HEAP), imp, others;
	struct mark mark;

	test_driver_unload(heap);
	imp = importer_open();
	mark_set(&mark);
	others = mark.dmabufs;
	test_many(heap, imp);
	test_keeps(heap, imp, others);
	test_vmap(heap, imp);
	test_cpu_access(heap, imp);
	test_at_once(heap);
	if (kernel_checks_drivers()) {
		skip("this kernel warns of entries that are longer than a device claims to take");
		skip("this kernel counts what a faulty driver leaves behind");
	} else {
		test_segments(heap, imp);
		test_abandon(heap, imp, others);
	}
	is(in_child(attach_and_die, &heap), -SIGKILL, "an importer is killed");
	mark_check(&mark, "all imports");
	/* the DMA API may log what it cannot do */
	test_narrow(heap, imp);
	is(dmabufs_live(), others, "no dma-buf is left");
	close(imp);
	close(heap);
	return tap_done();
}
