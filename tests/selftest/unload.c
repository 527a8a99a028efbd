// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: heaps: a heap of the kernel's class where the kernel allows it, and then for good
 * Promise: heaps: with a bad parameter the module does not load, and no node is ever visible
 * Promise: heaps: the module unloads whenever no buffer is left, and leaves no trace
 */
#include <stdio.h>
#include <sys/inotify.h>

#include "module_calls.h"
#include "settings.h"

#define LEN	(HUGE_PAGE + PAGE) /* with a line in /proc/iomem */

static int load(void)
{
	return module_load(getenv("LC_MODULE_PARAMS") ?: "");
}

static void check_gone(void)
{
	is(module_traces(), 0, "no file of it is left");
	is(iomem_count(), 0, "nothing is left in /proc/iomem");
}

static void check_works(void)
{
	int heap = heap_open(HEAP), buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);

	ok(all_zero(mem, LEN) && iomem_has(buf_phys(buf), LEN),
	   "allocations work");
	munmap(mem, LEN);
	close(buf);
	close(heap);
}

/* Whether the heap is one of the kernel's class. */
static bool core_heap(void)
{
	const char *wanted = getenv("LC_CORE_HEAP");
	bool is_one = !access("/sys/class/dma_heap/lazy_contig", F_OK);

	if (wanted && !strcmp(wanted, "0"))
		ok(!is_one, "core_heap=0 keeps out of the kernel's class");
	return is_one;
}

static void test_stays(void)
{
	is(module_unload(), -EWOULDBLOCK, "a heap of the kernel's class stays");
	check_works();
}

static void test_open_nodes(void)
{
	int fd = heap_open(HEAP_DMA32);

	is(module_unload(), -EWOULDBLOCK, "refused with a heap open");
	close(fd);
	fd = control_open();
	is(module_unload(), -EWOULDBLOCK, "refused with the control device open");
	close(fd);
}

static int lone_buffer(void)
{
	int heap = heap_open(HEAP), buf = buf_new(heap, LEN);

	close(heap);
	return buf;
}

static void test_descriptor(void)
{
	int buf = lone_buffer(), copy = dup(buf);

	is(module_unload(), -EWOULDBLOCK, "refused with two descriptors of a buffer");
	close(buf);
	is(module_unload(), -EWOULDBLOCK, "refused with one");
	ok(iomem_has(buf_phys(copy), LEN), "the buffer is in /proc/iomem");
	close(copy);
}

static void test_mapping(void)
{
	int buf = lone_buffer();
	unsigned char *mem = buf_map(buf, LEN);

	close(buf);
	is(module_unload(), -EWOULDBLOCK, "refused with a mapping");
	munmap(mem + PAGE, LEN - PAGE);
	is(module_unload(), -EWOULDBLOCK, "refused with a page of it");
	mem[0] = 1;
	munmap(mem, PAGE);
}

static void test_importer(void)
{
	int buf = lone_buffer(), imp = importer_open();
	struct lci_map map;
	uint32_t id;

	if (importer_attach(imp, buf, 64, &id) ||
	    importer_map(imp, id, 0, &map))
		bail("cannot import");
	close(buf);
	is(module_unload(), -EWOULDBLOCK, "refused with a device that maps a buffer");
	call(imp, LCI_UNMAP, &map.map);
	is(module_unload(), -EWOULDBLOCK, "refused with a device attached to it");
	call(imp, LCI_DETACH, &id);
	close(imp);
}

static void test_cycle(void)
{
	is(module_unload(), 0, "unloaded");
	check_gone();
	is(load(), 0, "loaded again");
	check_works();
}

static int watch_dev(void)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, "/dev", IN_CREATE) < 0)
		bail("inotify: %m");
	inotify_add_watch(fd, "/dev/dma_heap", IN_CREATE);
	return fd;
}

/* Does the log's last line about the module have this text? */
static bool log_has(const char *text)
{
	FILE *f = popen("dmesg | grep 'lazy_contig: ' | tail -n 1", "re");
	char line[512] = "";

	if (!f || !fgets(line, sizeof(line), f))
		diag("no line of the module in the log");
	pclose(f);
	return strstr(line, text);
}

static void test_bad_params(void)
{
	static const struct {
		const char *params;
		const char *log;
	} bad[] = {
		{ "heaps=:below=1G", "heap \":below=1G\": name" },
		{ "heaps=a;b/c;d", "heap \"b/c\": name" },
		{ "heaps=lazy_contig", "heap \"lazy_contig\": name: taken" },
		{ "heaps=a;lazy_contig_dma32:below=1G",
		  "heap \"lazy_contig_dma32:below=1G\": name: taken" },
		{ "\"heaps=a b a:pinnable\"", "heap \"a:pinnable\": name: taken" },
		{ "heaps=a:above=1G;b:abov=1G", "heap \"b:abov=1G\": abov: unknown key" },
		{ "heaps=linux,cma:below=1Q", "heap \"linux,cma:below=1Q\": below: bad value" },
		{ "heaps=a:pinnable=1", "heap \"a:pinnable=1\": pinnable: takes no value" },
		{ "reserve=0", "reserve \"0\"" },
		{ "reserve=0:16,x", "reserve \"0:16,x\"" },
		{ "reserve=0:16:4", "reserve \"0:16:4\"" },
		{ "reserve=63:16", "reserve \"63:16\"" },
	};
	char params[128], event[512];
	int watch;
	size_t i;

	is(module_unload(), 0, "unloaded");
	watch = watch_dev();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(params, sizeof(params), "core_heap=0 %s", bad[i].params);
		is(module_load(params), -EINVAL, "%s", bad[i].params);
		ok(log_has(bad[i].log), "the log says what is wrong with it");
	}
	ok(read(watch, event, sizeof(event)) < 0, "no node was made");
	check_gone();
	close(watch);
}

static void test_params(void)
{
	is(module_load("core_heap=0 reserve=0:16 \"heaps=linux,cma:below=1G ; a;;b:node=0:align=1M\""),
	   0, "good ones");
	ok(!access("/dev/dma_heap/linux,cma", F_OK) && !access("/dev/dma_heap/a", F_OK) &&
	   !access("/dev/dma_heap/b", F_OK), "the heaps are there");
	is(reserve_mib(), 16, "and the reserve");
	is(module_unload(), 0, "unloaded");
	is(module_load("core_heap=0 reserve=0:1000000"), 0, "more than there is");
	ok(log_has("reserve of node 0: 0 of 1000000 MiB"), "is logged");
	is(module_unload(), 0, "unloaded");
	is(load(), 0, "loaded again");
}

/* What README says for boards. */
static void test_boards(void)
{
	static const char *const names[] = {
		"vidbuf_cached", "default_cma_region", "system-dma32",
		"system-uncached", "system-uncached-dma32", "cma-uncached",
	};
	char path[64];
	size_t i;

	is(module_unload(), 0, "unloaded");
	is(module_load("core_heap=0 \"heaps=vidbuf_cached:below=1G;default_cma_region;system-dma32:below=4G;system-uncached:uncached;system-uncached-dma32:below=4G:uncached;cma-uncached:uncached\""),
	   0, "names of boards");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/dev/dma_heap/%s", names[i]);
		ok(!access(path, F_OK), "%s", path);
	}
	is(module_unload(), 0, "unloaded");
	is(load(), 0, "loaded again");
}

static void test_many_times(void)
{
	int i, err = 0;

	for (i = 0; i < 10 && !err; i++)
		err = module_unload() ?: load();
	is(err, 0, "unloaded and loaded ten times");
}

int main(void)
{
	struct mark mark;

	mark_set(&mark);
	if (core_heap()) {
		test_stays();
	} else {
		test_open_nodes();
		test_cycle();
		test_descriptor();
		test_cycle();
		test_mapping();
		test_cycle();
		test_importer();
		test_cycle();
		test_many_times();
		check_works();
	}
	mark_check(&mark, "all of it");
	/* the kernel logs each parameter that is refused */
	if (!core_heap()) {
		test_bad_params();
		test_params();
		test_boards();
	}
	return tap_done();
}
