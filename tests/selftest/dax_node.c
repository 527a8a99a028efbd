// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: memory of an NVDIMM or a CXL device that daxctl makes system RAM, a node
 *   without processors, has buffers, kept ones and the reserve like any other; it stays
 *   while there is one, and goes back to the device afterwards
 */
#include <stdio.h>

#include "blocks.h"
#include "kept_calls.h"
#include "settings.h"

#define NAME	"dax_node"
#define NODE	1
#define CPUS	"/sys/devices/system/node/node1/cpulist"
#define DEVICE	"dax0.0"
#define DRIVER	"/sys/bus/dax/devices/" DEVICE "/driver"
#define DEBUGFS	"/sys/kernel/debug/lazy_contig/"
#define RAM	"exec daxctl reconfigure-device --mode=system-ram " DEVICE
#define DEVDAX	"exec daxctl reconfigure-device --mode=devdax --force " DEVICE
#define OFFLINE	"exec daxctl offline-memory " DEVICE

static int control;
/* Sizes are divided by this: an emulator may take long for each access to a device. */
static unsigned int share = 1;

static size_t mib(unsigned int n)
{
	return MIB(n) / share;
}

static int shell(void *arg)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	/* what goes to stderr is for the reader of the results */
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		return 126;
	execl("/bin/sh", "sh", "-c", arg, NULL);
	return 127;
}

/* In a child that can be killed: the kernel may try for ever to offline memory. */
static int run(const char *command)
{
	return in_child(shell, (void *)command);
}

static bool driver_is(const char *name)
{
	char path[256] = "";
	char *last;

	if (readlink(DRIVER, path, sizeof(path) - 1) < 0)
		return false;
	last = strrchr(path, '/');
	return last && !strcmp(last + 1, name);
}

/* Lines about the node, of a file whose third column that is. The fourth may be the zone. */
static int debugfs_lines(const char *path, const char *zone)
{
	FILE *f = text_open(path);
	char line[1024], fourth[64];
	int n = 0, node;

	while (fgets(line, sizeof(line), f))
		n += sscanf(line, "%*s %*s %d %63s", &node, fourth) == 2 &&
		     node == NODE && (!zone || !strcmp(fourth, zone));
	fclose(f);
	return n;
}

static bool node_has_cpus(void)
{
	FILE *f = text_open(CPUS);
	bool found = fgetc(f) != '\n';

	fclose(f);
	return found;
}

static struct lazy_contig_allocation node_request(size_t len)
{
	struct lazy_contig_allocation a = kept_request(len, "");

	a.flags = 0;
	a.node = NODE;
	return a;
}

static int node_alloc(size_t len)
{
	struct lazy_contig_allocation a = node_request(len);

	return call(control, LAZY_CONTIG_IOCTL_ALLOC, &a) ?: a.fd;
}

static bool on_node(int buf)
{
	struct lazy_contig_query q;

	return !buf_query(buf, &q) && q.node == NODE;
}

static void kept_check_node(uint64_t phys)
{
	int buf = kept_open(control, phys, NULL);

	ok(buf >= 0 && on_node(buf), "it is on node %d", NODE);
	close(buf);
}

/* How the machine's memory device becomes a DAX device of the node, by its ACPI object. */
static const struct source {
	const char *acpi, *name, *make;
	unsigned int share;
} sources[] = {
	{
		.acpi = "ACPI0012:00",
		.name = "an NVDIMM",
		.make = "modprobe -aq nfit nd_pmem dax_pmem device_dax kmem && "
			"exec ndctl create-namespace -f -e namespace0.0 -m devdax",
		.share = 1,
	}, {
		/* its memory is meant to be system RAM: kmem takes the device at once */
		.acpi = "ACPI0017:00",
		.name = "CXL memory",
		.make = "modprobe -aq cxl_acpi cxl_pci cxl_mem dax_cxl device_dax kmem && "
			"echo 1 >/sys/bus/cxl/flush && "
			"cxl create-region -m -t ram -d decoder0.0 -w 1 mem0 && " DEVDAX,
		.share = 8,
	},
};

static const struct source *source_find(void)
{
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		snprintf(path, sizeof(path), "/sys/bus/acpi/devices/%s", sources[i].acpi);
		if (!access(path, F_OK))
			return &sources[i];
	}
	return NULL;
}

static void device_make(const struct source *source)
{
	/* daxctl is to choose the zone */
	text_set("/sys/devices/system/memory/auto_online_blocks", "offline");
	if (run(source->make))
		bail("%s: no device " DEVICE, source->name);
	ok(driver_is("device_dax"), DEVICE ", %s, is a device, not memory", source->name);
}

static void check_absent(void)
{
	is(node_alloc(PAGE), -EINVAL, "node %d is not there", NODE);
	is(debugfs_lines(DEBUGFS "blocks", NULL), 0, "nor in the module's tables");
	is(debugfs_lines(DEBUGFS "buffers", NULL), 0, "nor a buffer of it");
}

static void check_present(const char *zone)
{
	int lines = debugfs_lines(DEBUGFS "blocks", NULL);

	ok(driver_is("kmem"), DEVICE " is memory");
	ok(!node_has_cpus(), "its node has no processor");
	ok(lines > 0, "the module sees it");
	is(debugfs_lines(DEBUGFS "blocks", zone), lines, "all of it is zone %s", zone);
}

static void check_lengths(void)
{
	const size_t lengths[] = { PAGE, MIB(1), MIB(4) + PAGE, mib(200) };
	char command[96];
	unsigned char *mem;
	size_t i;
	int buf;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		buf = node_alloc(lengths[i]);
		if (!ok(buf >= 0, "%zu KiB on node %d", lengths[i] >> 10, NODE))
			continue;
		ok(on_node(buf), "they lie there");
		mem = buf_map(buf, lengths[i]);
		ok(all_zero(mem, lengths[i]), "and are zero");
		pattern_fill(mem, lengths[i], i);
		ok(pattern_holds(mem, lengths[i], i), "and hold what is written");
		munmap(mem, lengths[i]);
		close(buf);
	}
	snprintf(command, sizeof(command),
		 "exec lazy-contig alloc %zuM --node 1 --check zero --fill offset",
		 mib(64) >> 20);
	is(run(command), 0, "the command allocates there");
}

/* An importer alone keeps the memory too. */
static void check_import(int imp)
{
	const size_t len = mib(32);
	unsigned char *mem, *copy = shared_new(len);
	int buf = node_alloc(len);
	struct lci_entry entry;
	struct lci_map map;
	uint64_t phys;
	uint32_t id;

	if (!ok(buf >= 0, "%zu MiB for a device", len >> 20))
		return;
	phys = buf_phys(buf);
	mem = buf_map(buf, len);
	is(importer_attach(imp, buf, 64, &id), 0, "it attaches");
	is(importer_map(imp, id, 0, &map), 0, "and maps");
	is(importer_entry(imp, map.map, 0, &entry), 0, "one entry");
	ok(entry.phys_addr == phys && entry.length == len, "that is the buffer");
	buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	pattern_fill(mem, len, 3);
	buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	is(importer_read(imp, LCI_DEVICE_COPY, map.map, 0, copy, len), 0,
	   "the device reads");
	ok(pattern_holds(copy, len, 3), "what was written");
	pattern_fill(copy, len, 4);
	is(importer_write(imp, LCI_DEVICE_COPY, map.map, 0, copy, len), 0,
	   "the device writes");
	buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	ok(pattern_holds(mem, len, 4), "what is read then");
	buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	munmap(mem, len);
	munmap(copy, len);
	close(buf);
	is(block_offline(phys), -EBUSY, "its block stays for the device");
	is(call(imp, LCI_UNMAP, &map.map), 0, "it unmaps");
	is(call(imp, LCI_DETACH, &id), 0, "and detaches");
}

/* Return: the address of a kept buffer of mib(160) that has been resized. */
static uint64_t check_kept(void)
{
	struct lazy_contig_allocation a = kept_request(mib(128), NAME), next;
	uint64_t phys, before;
	int buf;

	a.node = NODE;
	buf = kept_alloc(control, &a);
	if (buf < 0)
		bail("keep %zu MiB: %s", mib(128) >> 20, strerror(-buf));
	close(buf);
	phys = before = a.phys_addr;
	kept_fill(control, phys, mib(128), 7);
	is(kept_resize(control, &phys, mib(64)), 0, "shrink a kept buffer");
	is(kept_resize(control, &phys, mib(96)), 0, "grow it");
	ok(phys == before, "in place");
	ok(iomem_named(NAME, phys, mib(96)), "its line grows");
	ok(kept_holds(control, phys, mib(64), 7), "contents stay");
	ok(kept_zero(control, phys, mib(64), mib(96)), "what is new is zero");

	next = node_request(mib(32));
	next.min_addr = phys + mib(96);
	next.max_addr = phys + mib(128) - 1;
	is(call(control, LAZY_CONTIG_IOCTL_ALLOC, &next), 0, "a buffer behind it");
	is(kept_resize(control, &phys, mib(160)), 0, "grow past that");
	close(next.fd);
	ok(phys != before, "to another place");
	ok(iomem_named(NAME, phys, mib(160)), "where its line is");
	ok(kept_holds(control, phys, mib(64), 7), "contents came along");
	ok(kept_zero(control, phys, mib(64), mib(160)), "what is new is zero");
	kept_check_node(phys);
	return phys;
}

/* What is in use stays, and the kernel does not even try to empty it. */
static void check_stays(uint64_t phys)
{
	kept_fill(control, phys, mib(160), 8);
	is(block_offline(phys), -EBUSY, "the block of the kept buffer stays");
	ok(run(OFFLINE) > 0, "daxctl cannot take the memory offline");
	ok(run(DEVDAX) > 0, "nor make it a device");
	ok(driver_is("kmem"), "it is memory still");
	ok(kept_holds(control, phys, mib(160), 8), "nothing is lost");
	kept_check_node(phys);
}

static void check_reserve(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%d %zu\n", NODE, mib(128) >> 20);
	is(reserve_write(text), 0, "%zu MiB of it are set aside", mib(128) >> 20);
	ok(run(OFFLINE) > 0, "they keep it online");
	is(reserve_write("1 0\n"), 0, "they are given back");
}

/* All of it goes, also what the pool has of it. */
static void check_goes(void)
{
	ok(counter("pool_pages") > 0, "the pool has some of it");
	is(run(DEVDAX), 0, "it becomes a device again");
	ok(driver_is("device_dax"), "of the driver that it had");
	is(iomem_names(NAME), 0, "no line is left");
	is(counter("pool_pages"), 0, "nor anything in the pool");
	check_absent();
}

/* Elsewhere than in ZONE_MOVABLE the kernel may put a page of its own there first. */
static void check_block(void)
{
	struct lazy_contig_allocation a = node_request(block_size());
	int err = -EBUSY, tries;

	a.align = block_size();
	for (tries = 0; err == -EBUSY && tries < 5; tries++) {
		if (call(control, LAZY_CONTIG_IOCTL_ALLOC, &a))
			bail("no block of memory on node %d", NODE);
		if (block_offline(a.phys_addr) != -EBUSY)
			bail("the block of a buffer does not stay");
		close(a.fd);
		pool_drop();
		err = block_offline(a.phys_addr);
	}
	is(err, 0, "the block of a buffer stays, and goes when that is freed");
	is(block_online(a.phys_addr), 0, "the block comes back");
}

static void check_heap(void)
{
	int heap = heap_open(HEAP), buf = buf_new(heap, MIB(64));
	unsigned char *mem = buf_map(buf, MIB(64));

	ok(all_zero(mem, MIB(64)), "the heap gives what is zero");
	pattern_fill(mem, MIB(64), 9);
	ok(pattern_holds(mem, MIB(64), 9), "that holds what is written");
	ok(!on_node(buf), "elsewhere");
	munmap(mem, MIB(64));
	close(buf);
	close(heap);
}

static void check_movable(int imp)
{
	uint64_t phys;

	is(run(RAM), 0, "daxctl makes it memory, of ZONE_MOVABLE");
	check_present("Movable");
	check_lengths();
	check_import(imp);
	phys = check_kept();
	check_stays(phys);
	is(kept_free(control, phys), 0, "the kept buffer is freed");
	check_reserve();
	close(node_alloc(mib(64)));
	check_goes();
	check_heap();
}

static void check_kernel(int imp)
{
	is(run(RAM " --no-movable"), 0, "daxctl makes it memory, of ZONE_NORMAL");
	check_present("Normal");
	check_lengths();
	check_import(imp);
	check_block();
}

static void check_source(const struct source *source)
{
	unsigned long age = param_get("pool_age_ms"), limit = patience();
	int imp = importer_open(), fds;

	share = source->share;
	control = control_open();
	/* what the pool has does not go by itself */
	param_set("pool_age_ms", 3600 * 1000);
	fds = fds_open();
	check_absent();
	device_make(source);
	check_movable(imp);
	/* last, since the kernel may put pages there that stay for good */
	check_kernel(imp);
	param_set("pool_age_ms", age);
	param_set("time_limit_ms", limit);
	is(fds_open(), fds, "no file descriptor is left");
	is(dmabufs_live(), 0, "no dma-buf is left");
	is(debugfs_lines(DEBUGFS "buffers", NULL), 0, "no buffer is left");
	close(imp);
	close(control);
}

int main(void)
{
	const struct source *source = source_find();

	if (source)
		check_source(source);
	else
		skip("no NVDIMM, nor CXL memory, which QEMU has from 8.1 on");
	return tap_done();
}
