// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: one physically contiguous range, one sg entry, at every length
 * Promise: buffer: more than 4 GiB are as few sg entries as can be, each as aligned as the
 *   buffer (plan high with LONG=1)
 * Promise: control: QUERY reports length, address and node of a buffer
 *
 * Proved by the sg table of an importer, and by bytes written from both sides.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "settings.h"

static const size_t lengths[] = {
	1, PAGE, PAGE + 1, 3 * PAGE, 5 * PAGE, KIB(64), KIB(100), 127 * PAGE,
	KIB(512), 255 * PAGE, 257 * PAGE, MIB(2), MIB(2) + PAGE,
	MIB(4) - PAGE, MIB(4), 1023 * PAGE, MIB(7), MIB(16), MIB(33) + PAGE,
	MIB(64), MIB(100), MIB(128) - PAGE, MIB(256),
};

static size_t page_align(size_t len)
{
	return (len + PAGE - 1) & ~(PAGE - 1);
}

/* The node of the memory block that holds an address, as sysfs has it. */
static bool lies_on_node(uint64_t phys, int node)
{
	unsigned long long block;
	char path[128];
	FILE *f;

	f = fopen("/sys/devices/system/memory/block_size_bytes", "re");
	if (!f || fscanf(f, "%llx", &block) != 1)
		bail("no memory block size in sysfs");
	fclose(f);
	snprintf(path, sizeof(path),
		 "/sys/devices/system/memory/memory%llu/node%d",
		 (unsigned long long)phys / block, node);
	return access(path, F_OK) == 0;
}

static void check_query(int buf, size_t len, struct lazy_contig_query *q)
{
	struct stat st;

	is(buf_query(buf, q), 0, "QUERY %zu bytes", len);
	is(q->len, page_align(len), "QUERY tells the length in whole pages");
	is(fstat(buf, &st) ? -errno : st.st_size, q->len,
	   "the dma-buf is as long");
	ok(q->flags == LAZY_CONTIG_PHYS_VALID && q->phys_addr &&
	   !(q->phys_addr % PAGE), "QUERY tells a physical address");
	ok(lies_on_node(q->phys_addr, q->node) &&
	   lies_on_node(q->phys_addr + q->len - 1, q->node),
	   "both ends of the buffer lie on node %d", q->node);
}

static void import_whole(int imp, int buf, uint32_t *id, struct lci_map *map)
{
	int err = importer_attach(imp, buf, 64, id);

	err = err ?: importer_map(imp, *id, 0, map);
	if (err)
		bail("cannot import: %s", strerror(-err));
}

static void import_end(int imp, uint32_t id, uint32_t map)
{
	int err = call(imp, LCI_UNMAP, &map);

	err = err ?: call(imp, LCI_DETACH, &id);
	if (err)
		bail("cannot end an import: %s", strerror(-err));
}

static void check_importer(int imp, int buf, const struct lazy_contig_query *q)
{
	struct lci_entry entry;
	struct lci_map map;
	uint32_t id;

	import_whole(imp, buf, &id, &map);
	is(map.nents, 1, "a device gets one entry");
	is(importer_entry(imp, map.map, 0, &entry), 0, "which can be read");
	is(entry.phys_addr, q->phys_addr, "begins where QUERY says");
	is(entry.dma_addr, q->phys_addr, "at the same DMA address");
	is(entry.length, q->len, "and is as long as the buffer");
	import_end(imp, id, map.map);
}

/* Data that the CPU writes at the edges of each page is visible to the device. */
static void check_bytes(int imp, int buf, size_t len)
{
	unsigned char *mem = buf_map(buf, len);
	size_t page, wrong = 0;
	struct lci_map map;
	uint64_t seen[2];
	uint32_t id;

	for (page = 0; page < len; page += PAGE) {
		*(uint64_t *)(mem + page) = page + 1;
		*(uint64_t *)(mem + page + PAGE - 8) = ~page;
	}
	import_whole(imp, buf, &id, &map);
	for (page = 0; page < len; page += PAGE) {
		if (importer_read(imp, LCI_DEVICE_COPY, map.map, page,
				  &seen[0], 8) ||
		    importer_read(imp, LCI_DEVICE_COPY, map.map,
				  page + PAGE - 8, &seen[1], 8))
			bail("cannot read as a device");
		wrong += seen[0] != page + 1 || seen[1] != ~page;
	}
	is(wrong, 0, "the device sees every page of %zu bytes in order", len);
	import_end(imp, id, map.map);
	munmap(mem, len);
}

static void check_heap(const char *name)
{
	int heap = heap_open(name), imp = importer_open();
	struct lazy_contig_query q;
	struct mark mark;
	size_t i;
	int buf;

	mark_set(&mark);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		diag("%s: %zu bytes", name, lengths[i]);
		buf = buf_new(heap, lengths[i]);
		check_query(buf, lengths[i], &q);
		check_importer(imp, buf, &q);
		if (q.len <= MIB(16))
			check_bytes(imp, buf, q.len);
		close(buf);
	}
	mark_check(&mark, "allocating every length");
	close(imp);
	close(heap);
}

#define LARGE	(MIB(4096) + PAGE)

static void check_entries(int imp, const struct lci_map *map, uint64_t phys)
{
	uint64_t align = phys & -phys, at = phys;
	struct lci_entry entry;
	uint32_t i;

	for (i = 0; i < map->nents; i++) {
		is(importer_entry(imp, map->map, i, &entry), 0, "entry %u", i);
		is(entry.phys_addr, at, "begins where the last one ends");
		is(at % align, 0, "as aligned as the buffer");
		at += entry.length;
	}
	is(at, phys + LARGE, "and the last one ends with the buffer");
}

/* However aligned it is. */
static void check_almost_large(int imp)
{
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc), .len = MIB(3072), .align = MIB(2048),
		.node = -1, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int control = control_open();
	struct lci_map map;
	uint32_t id;

	is(call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc), 0, "3 GiB, aligned to 2 GiB");
	import_whole(imp, alloc.fd, &id, &map);
	is(map.nents, 1, "are one entry");
	import_end(imp, id, map.map);
	close(alloc.fd);
	close(control);
}

/* An entry cannot describe 4 GiB. */
static void check_large(void)
{
	int heap = heap_open(HEAP), imp = importer_open(), buf;
	struct lci_map map;
	uint32_t id;

	if (meminfo_kib("MemAvailable") < (long)(LARGE >> 10) * 5 / 4) {
		skip("too little memory for 4 GiB");
	} else {
		param_set("time_limit_ms", 200000);
		buf = buf_new(heap, LARGE);
		import_whole(imp, buf, &id, &map);
		is(map.nents, 2, "they are two entries");
		check_entries(imp, &map, buf_phys(buf));
		import_end(imp, id, map.map);
		close(buf);
		check_almost_large(imp);
	}
	close(imp);
	close(heap);
}

int main(void)
{
	unsigned long limit = patience();

	check_heap(HEAP);
	check_heap(HEAP_DMA32);
	check_large();
	param_set("time_limit_ms", limit);
	return tap_done();
}
