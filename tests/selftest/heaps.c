// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: heaps: a heap can be added at run time, with each key obeyed, and one with a
 *   node of its own removed: what is open keeps working
 * Promise: heaps: an entry that is refused adds nothing
 */
#include <stdio.h>
#include <sys/stat.h>

#include "kept_calls.h"
#include "settings.h"

#define DIR	"/dev/dma_heap/"

static bool own_node;
/* Memory begins here, in MiB. */
static unsigned long start;

/* Entries with an address so many MiB above the start of memory. */
static const char *entry(const char *format, unsigned long mib)
{
	static char text[128];

	snprintf(text, sizeof(text), format, start + mib);
	return text;
}

static bool is_listed(const char *entry)
{
	FILE *f = text_open("/sys/class/misc/lazy_contig/heaps");
	char line[256];
	bool found = false;

	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		found |= !strcmp(line, entry);
	}
	fclose(f);
	return found;
}

static bool has_node(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), DIR "%s", name);
	return !stat(path, &st) && S_ISCHR(st.st_mode);
}

/* Where a buffer of the heap lies. */
static uint64_t phys_of(const char *name, size_t len)
{
	int heap = heap_open(name), buf = buf_new(heap, len);
	uint64_t phys = buf_phys(buf);

	close(buf);
	close(heap);
	return phys;
}

static void remove_heap(const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "-%s\n", name);
	if (own_node) {
		is(heaps_write(text), 0, "%s is removed", name);
		ok(!has_node(name), "and its node gone");
	} else {
		is(heaps_write(text), -EOPNOTSUPP,
		   "%s is of the kernel's class and stays", name);
		ok(has_node(name), "as its node does");
	}
}

static void test_keys(void)
{
	uint64_t phys;
	int heap, buf;

	ok(is_listed(HEAP) && is_listed(HEAP_DMA32 ":below=4G"), "two heaps are always there");
	is(heaps_write(entry("+t,below:below=0%luM:align=0x400000\n", 768)), 0,
	   "a heap with two keys");
	ok(is_listed(entry("t,below:below=0%luM:align=0x400000", 768)), "is listed");
	phys = phys_of("t,below", MIB(2));
	ok(phys + MIB(2) <= MIB(start + 768) && !(phys % MIB(4)), "and obeys them");
	is(heaps_write(entry("+t_above:above=%luM", 1280)), 0, "a heap with another");
	ok(phys_of("t_above", PAGE) >= MIB(start + 1280), "obeys it");
	is(heaps_write("+t_rest:node=0:iomem=t-video:pinnable"), 0, "the other keys");
	heap = heap_open("t_rest");
	buf = buf_new(heap, HUGE_PAGE);
	ok(iomem_named("t-video", buf_phys(buf), HUGE_PAGE), "name the line in /proc/iomem");
	close(buf);
	close(heap);
	remove_heap("t,below");
	remove_heap("t_above");
	remove_heap("t_rest");
}

static void test_refused(void)
{
	static const char * const bad[] = {
		"x", "+", "+:below=1G", "+a/b", "+a!b", "+.", "+..", "+a b", "+a;b",
		"+a:", "+a::pinnable", "+a:nothing", "+a:Below=1G", "+a:below", "+a:below=",
		"+a:below=0", "+a:below=4095", "+a:below=-1", "+a:below=1X", "+a:below=1GG",
		"+a:below=G", "+a:below=0x", "+a:below=99999999T",
		"+a:above=", "+a:below=1G:above=1G", "+a:align=3M", "+a:align=0",
		"+a:node=", "+a:node=-1", "+a:node=1000000", "+a:node=x",
		"+a:iomem=", "+a:iomem=\xc3\xa4", "+a:pinnable=1", "+a:uncached=",
		"+a:pinnable:uncached",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is(heaps_write(bad[i]), -EINVAL, "\"%s\" is refused", bad[i]);
	ok(!has_node("a"), "and adds nothing");
	is(heaps_write("+" HEAP ":below=1G"), -EEXIST, "a heap of this module");
	if (has_node("system"))
		is(heaps_write("+system"), -EEXIST, "one of another");
	is(heaps_write("-nothing"), -ENOENT, "there is no such heap");
	is(heaps_write("-" HEAP), own_node ? -EPERM : -EOPNOTSUPP, "the first heap stays");
	is(heaps_write("-" HEAP_DMA32), own_node ? -EPERM : -EOPNOTSUPP,
	   "and so does the second");
}

/* Nodes of its own only: what refers to a heap outlives it. */
static void test_in_use(void)
{
	char path[64], line[256];
	bool named = false;
	int heap, buf, late, i;
	FILE *f;

	is(heaps_write(entry("+t_used:below=%luM", 1024)), 0, "a heap");
	heap = heap_open("t_used");
	buf = buf_new(heap, MIB(2));
	remove_heap("t_used");
	late = buf_new(heap, MIB(2));
	ok(buf_phys(late) + MIB(2) <= MIB(start + 1024), "what has it open can still allocate");
	is(heaps_write(entry("+t_used:above=%luM", 1024)), 0, "one of the same name");
	ok(phys_of("t_used", MIB(2)) >= MIB(start + 1024), "is another");
	close(late);
	late = buf_new(heap, MIB(2));
	ok(buf_phys(late) + MIB(2) <= MIB(start + 1024), "and the first is what it was");
	close(late);
	remove_heap("t_used");
	for (i = 0; i < 20; i++)
		if (heaps_write(entry("+t_used:below=%luM", 1024)) || heaps_write("-t_used"))
			break;
	is(i, 20, "it can come and go");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", buf);
	f = text_open(path);
	while (fgets(line, sizeof(line), f))
		named |= !strcmp(line, "exp_name:\tt_used\n");
	fclose(f);
	ok(named, "buffers keep its name");
	close(buf);
	close(heap);
}

int main(void)
{
	unsigned long limit = patience();

	start = ram_start() >> 20;
	own_node = access("/sys/class/dma_heap/" HEAP, F_OK);
	test_keys();
	test_refused();
	if (own_node)
		test_in_use();
	param_set("time_limit_ms", limit);
	return tap_done();
}
