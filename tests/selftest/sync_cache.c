// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: SYNC maintains the CPU caches of the part, also while no driver has the
 *   buffer mapped, and never discards what is not in memory yet
 * Promise: buffer: a driver that maps a new buffer has its zeros in memory
 * Promise: heaps: an uncached heap's buffers leave the caches before they are handed over,
 *   are mapped write-combined, and need no maintenance but for devices that reach them
 *   through caches or bounce buffers (plan high)
 *
 * The calls of the architecture's functions are traced: which bytes, and in which
 * direction. Where all devices are coherent there are no such functions.
 */
#include "helpers.h"
#include "tracing.h"

#define LEN		(5 * PAGE)
#define LARGE		(MIB(40) + PAGE)
#define START		DMA_BUF_SYNC_START
#define END		DMA_BUF_SYNC_END
#define READ		DMA_BUF_SYNC_READ
#define WRITE		DMA_BUF_SYNC_WRITE
#define RW		DMA_BUF_SYNC_RW
#define UNCACHED	"uncached"	/* a heap with that property, if the plan has one */
#define MAX_CALLS	16

/* enum dma_data_direction */
enum { BOTH, TO_DEVICE, FROM_DEVICE };

enum { FOR_DEVICE, FOR_CPU };

static const char * const functions[] = { "device", "cpu" };

struct maintenance {
	int function;
	uint64_t offset;	/* in the buffer */
	uint64_t len;
	int dir;
};

static int control;
static uint64_t phys;		/* of the buffer under test */

static void probes_set(void)
{
	char text[128], file[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		snprintf(text, sizeof(text),
			 "p:lc_%s arch_sync_dma_for_%s addr=$arg1:x64 len=$arg2:x64 dir=$arg3:u32\n",
			 functions[i], functions[i]);
		tracing_write("kprobe_events", text);
		snprintf(file, sizeof(file), "events/kprobes/lc_%s/filter", functions[i]);
		snprintf(text, sizeof(text), "common_pid == %d", getpid());
		tracing_write(file, text);
		snprintf(file, sizeof(file), "events/kprobes/lc_%s/enable", functions[i]);
		tracing_write(file, "1");
	}
}

static void probes_remove(void)
{
	char text[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		snprintf(text, sizeof(text), "events/kprobes/lc_%s/enable", functions[i]);
		tracing_write(text, "0");
		snprintf(text, sizeof(text), "-:lc_%s\n", functions[i]);
		tracing_write("kprobe_events", text);
	}
}

/* Reads what was traced since the last time; returns the number of calls. */
static int calls_read(struct maintenance *calls)
{
	FILE *f = text_open(TRACING "trace");
	unsigned long long addr, len;
	char line[512], *at;
	int n = 0, dir;

	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "addr=");
		if (!at || sscanf(at, "addr=%llx len=%llx dir=%d", &addr, &len, &dir) != 3)
			continue;
		/* a bounce buffer */
		if (addr < phys || addr - phys >= LARGE)
			continue;
		if (n == MAX_CALLS)
			bail("more calls than expected");
		calls[n++] = (struct maintenance){
			.function = !!strstr(line, "lc_cpu:"),
			.offset = addr - phys,
			.len = len,
			.dir = dir,
		};
	}
	fclose(f);
	tracing_clear();
	return n;
}

static void check_calls(const struct maintenance *want, int nr, const char *what)
{
	struct maintenance calls[MAX_CALLS];
	int n = calls_read(calls), i;

	for (i = 0; i < n && i < nr; i++)
		if (calls[i].function != want[i].function ||
		    calls[i].offset != want[i].offset ||
		    calls[i].len != want[i].len || calls[i].dir != want[i].dir)
			break;
	if (ok(i == nr && n == nr, "%s", what))
		return;
	for (i = 0; i < n; i++)
		diag("for the %s: %#jx bytes at %#jx, direction %d",
		     functions[calls[i].function], (uintmax_t)calls[i].len,
		     (uintmax_t)calls[i].offset, calls[i].dir);
}

#define expect(what, ...)						\
	do {								\
		const struct maintenance want_[] = { __VA_ARGS__ };	\
		check_calls(want_, ARRAY_SIZE(want_), what);		\
	} while (0)

static void expect_none(const char *what)
{
	check_calls(NULL, 0, what);
}

static void part_sync(int buf, uint32_t flags, uint64_t offset, uint64_t len)
{
	struct lazy_contig_sync sync = {
		.size = sizeof(sync),
		.fd = buf,
		.flags = flags,
		.offset = offset,
		.len = len,
	};

	is(call(control, LAZY_CONTIG_IOCTL_SYNC, &sync), 0, "SYNC, flags %#x", flags);
}

static int buf_traced(int heap, size_t len)
{
	int buf = buf_new(heap, len);

	phys = buf_phys(buf);
	return buf;
}

static void test_unmapped(int heap)
{
	int buf = buf_traced(heap, LEN);

	tracing_clear();
	part_sync(buf, START | READ, 100, 5000);
	expect("to read: written back, then invalidated",
	       { FOR_DEVICE, 100, 5000, BOTH }, { FOR_CPU, 100, 5000, FROM_DEVICE });
	part_sync(buf, START | RW, LEN - 1, 1);
	expect("the last byte, to read and write",
	       { FOR_DEVICE, LEN - 1, 1, BOTH }, { FOR_CPU, LEN - 1, 1, BOTH });
	part_sync(buf, START | WRITE, 0, LEN);
	expect_none("to write: nothing");
	part_sync(buf, END | WRITE, 0, LEN);
	expect("written", { FOR_DEVICE, 0, LEN, TO_DEVICE });
	part_sync(buf, END | READ, 4095, 2);
	expect("read", { FOR_DEVICE, 4095, 2, FROM_DEVICE });
	part_sync(buf, END | RW, 64, 64);
	expect("read and written", { FOR_DEVICE, 64, 64, BOTH });
	is(buf_sync(buf, START | RW), 0, "DMA_BUF_IOCTL_SYNC");
	is(buf_sync(buf, END | RW), 0, "both ways");
	expect_none("is for importers only");
	close(buf);
}

/* However it is divided, each byte is maintained once. */
static void test_large(int heap)
{
	struct maintenance calls[MAX_CALLS];
	int buf = buf_traced(heap, LARGE), n, i;
	uint64_t at = 3;

	tracing_clear();
	part_sync(buf, END | WRITE, 3, LARGE - 5);
	n = calls_read(calls);
	for (i = 0; i < n && calls[i].offset == at; i++)
		at += calls[i].len;
	ok(n && i == n && at == LARGE - 2, "each byte of a large part once");
	close(buf);
}

static void test_mapped(int heap, int imp)
{
	int buf = buf_traced(heap, LEN);
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, 64, &id), 0, "a device attaches");
	tracing_clear();
	is(importer_map(imp, id, FROM_DEVICE, &map), 0, "and maps, to write only");
	expect("the zeros are written back", { FOR_DEVICE, 0, LEN, FROM_DEVICE });
	part_sync(buf, START | READ, 70, 7);
	expect("a part: for it, and for hardware without a driver",
	       { FOR_CPU, 70, 7, FROM_DEVICE }, { FOR_DEVICE, 70, 7, BOTH },
	       { FOR_CPU, 70, 7, FROM_DEVICE });
	part_sync(buf, END | READ, 70, 7);
	expect("and its end", { FOR_DEVICE, 70, 7, FROM_DEVICE },
	       { FOR_DEVICE, 70, 7, FROM_DEVICE });
	is(buf_sync(buf, START | READ), 0, "DMA_BUF_IOCTL_SYNC");
	expect("for it only", { FOR_CPU, 0, LEN, FROM_DEVICE });
	is(call(imp, LCI_UNMAP, &map.map), 0, "it unmaps");
	expect("which is maintenance too", { FOR_CPU, 0, LEN, FROM_DEVICE });
	is(call(imp, LCI_DETACH, &id), 0, "it detaches");
	close(buf);
}

/* The memory type in a page table entry, of the architectures of which it is known. */
#ifdef __aarch64__
#define KNOWS_TYPE	true
#else
#define KNOWS_TYPE	false
#endif
#define TYPE(entry)	((entry) >> 2 & 7)
#define WRITE_COMBINED	2	/* MT_NORMAL_NC */

/* Return: false if the kernel does not know the fields of such arguments. */
static bool event_set(const char *text)
{
	int fd = open(TRACING "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
	bool set = write(fd, text, strlen(text)) > 0;

	close(fd);
	return set;
}

/* The page protection that the last event has; -1: there is none. */
static long long prot_traced(void)
{
	FILE *f = text_open(TRACING "trace");
	long long prot = -1;
	char line[512], *at;

	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "prot=");
		if (at)
			prot = strtoll(at + 5, NULL, 16);
	}
	fclose(f);
	tracing_clear();
	return prot;
}

static void test_mapping(int buf)
{
	if (!event_set("p:lc_mmap perf_event_mmap prot=vma->vm_page_prot.pgprot:x64\n")) {
		skip("this kernel cannot trace fields of arguments");
		return;
	}
	tracing_write("events/kprobes/lc_mmap/enable", "1");
	tracing_clear();
	munmap(buf_map(buf, LEN), LEN);
	tracing_write("events/kprobes/lc_mmap/enable", "0");
	is(TYPE(prot_traced()), WRITE_COMBINED, "its mapping is write-combined");
	tracing_write("kprobe_events", "-:lc_mmap\n");
}

static void test_vmap(int imp, uint32_t id)
{
	tracing_write("kprobe_events", "p:lc_vmap vmap prot=$arg4:x64\n");
	tracing_write("events/kprobes/lc_vmap/enable", "1");
	tracing_clear();
	is(call(imp, LCI_VMAP, &id), 0, "the kernel maps it");
	tracing_write("events/kprobes/lc_vmap/enable", "0");
	is(TYPE(prot_traced()), WRITE_COMBINED, "write-combined too");
	is(call(imp, LCI_VUNMAP, &id), 0, "and unmaps it");
	tracing_write("kprobe_events", "-:lc_vmap\n");
}

/* Through the direct map, as a debugger's access: only what it touches. */
static void test_debugger(unsigned char *mem)
{
	int self = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	unsigned char byte = 0x77;

	tracing_clear();
	is(pwrite(self, &byte, 1, (uintptr_t)mem + 10), 1, "a debugger writes");
	expect("out of the cache before and after",
	       { FOR_DEVICE, 10, 1, BOTH }, { FOR_CPU, 10, 1, BOTH },
	       { FOR_DEVICE, 10, 1, BOTH });
	is(mem[10], 0x77, "and the byte is there");
	close(self);
}

static void test_uncached(int imp)
{
	int heap = heap_open(UNCACHED), buf;
	struct lci_map map;
	unsigned char *mem;
	uint32_t id;

	tracing_clear();
	buf = buf_traced(heap, LEN);
	expect("out of the caches before it is handed over",
	       { FOR_DEVICE, 0, LEN, BOTH }, { FOR_CPU, 0, LEN, BOTH });
	is(importer_attach(imp, buf, 64, &id), 0, "a device attaches");
	is(importer_map(imp, id, BOTH, &map), 0, "and maps");
	is(buf_sync(buf, START | RW), 0, "DMA_BUF_IOCTL_SYNC");
	is(buf_sync(buf, END | RW), 0, "both ways");
	part_sync(buf, START | RW, 0, LEN);
	part_sync(buf, END | RW, 0, LEN);
	is(call(imp, LCI_UNMAP, &map.map), 0, "it unmaps");
	expect_none("nothing of that is maintenance");
	mem = buf_map(buf, LEN);
	test_debugger(mem);
	munmap(mem, LEN);
	if (KNOWS_TYPE) {
		test_mapping(buf);
		test_vmap(imp, id);
	}
	is(call(imp, LCI_DETACH, &id), 0, "it detaches");
	close(buf);
	close(heap);
}

/* The copy to and from a bounce buffer goes through the kernel's direct map. */
static void test_bounced(int imp)
{
	int heap = heap_open(UNCACHED), buf = buf_traced(heap, LEN);
	struct lci_entry entry;
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, 32, &id), 0, "a 32-bit device attaches");
	tracing_clear();
	is(importer_map(imp, id, BOTH, &map), 0, "and maps");
	is(importer_entry(imp, map.map, 0, &entry), 0, "one entry");
	if (entry.phys_addr == phys) {
		skip("memory ends below 4 GiB: no bounce buffer");
		goto unmap;
	}
	expect("the buffer leaves the caches",
	       { FOR_DEVICE, 0, LEN, BOTH }, { FOR_CPU, 0, LEN, BOTH });
	part_sync(buf, START | READ, 100, 50);
	expect("a part before and after it is copied back",
	       { FOR_DEVICE, 100, 50, BOTH }, { FOR_CPU, 100, 50, BOTH },
	       { FOR_DEVICE, 100, 50, BOTH }, { FOR_CPU, 100, 50, BOTH });
	part_sync(buf, END | WRITE, 100, 50);
	expect("and before and after it is copied there",
	       { FOR_DEVICE, 100, 50, BOTH }, { FOR_CPU, 100, 50, BOTH },
	       { FOR_DEVICE, 100, 50, BOTH }, { FOR_CPU, 100, 50, BOTH });
unmap:
	tracing_clear();
	is(call(imp, LCI_UNMAP, &map.map), 0, "it unmaps");
	if (entry.phys_addr != phys)
		expect("the buffer leaves the caches again",
		       { FOR_DEVICE, 0, LEN, BOTH }, { FOR_CPU, 0, LEN, BOTH });
	is(call(imp, LCI_DETACH, &id), 0, "it detaches");
	close(buf);
	close(heap);
}

static bool devices_are_coherent(void)
{
	FILE *f = text_open("/proc/kallsyms");
	bool found = false;
	char line[256];

	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, " arch_sync_dma_for_device\n");
	fclose(f);
	return !found;
}

int main(void)
{
	int heap, imp;

	if (devices_are_coherent()) {
		skip("all devices are coherent: nothing to maintain");
		return tap_done();
	}
	heap = heap_open(HEAP);
	imp = importer_open();
	control = control_open();
	probes_set();
	test_unmapped(heap);
	test_large(heap);
	test_mapped(heap, imp);
	if (access("/dev/dma_heap/" UNCACHED, F_OK)) {
		skip("no uncached heap");
	} else {
		test_uncached(imp);
		test_bounced(imp);
	}
	probes_remove();
	close(control);
	close(imp);
	close(heap);
	return tap_done();
}
