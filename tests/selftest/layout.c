// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: debugfs blocks: all memory, each pageblock once, in the state it is
 *   in: of a buffer, idle in the pool, free, movable, reserved; no address without
 *   CAP_SYS_ADMIN
 */
#include <sys/stat.h>

#include "settings.h"

#define BLOCKS		"/sys/kernel/debug/lazy_contig/blocks"
#define LEN		MIB(64)

struct line {
	unsigned long long addr, bytes;
	int node;
	char zone[16], state[16];
	unsigned long cost, idle;
};

static bool next_line(FILE *f, struct line *l)
{
	return fscanf(f, "%llx %llu %d %15s %15s %lu %lu\n", &l->addr, &l->bytes,
		      &l->node, l->zone, l->state, &l->cost, &l->idle) == 7;
}

static FILE *blocks_open(void)
{
	FILE *f = text_open(BLOCKS);
	char header[128];

	if (!fgets(header, sizeof(header), f))
		bail("%s: no header", BLOCKS);
	return f;
}

/* Bytes of a range that are in this state. */
static size_t bytes_in(const char *state, uint64_t phys, size_t len)
{
	uint64_t from, to;
	size_t sum = 0;
	struct line l;
	FILE *f = blocks_open();

	while (next_line(f, &l)) {
		from = phys > l.addr ? phys : l.addr;
		to = phys + len < l.addr + l.bytes ? phys + len : l.addr + l.bytes;
		if (from < to && !strcmp(l.state, state))
			sum += to - from;
	}
	fclose(f);
	return sum;
}

static void test_all_memory(void)
{
	unsigned long long all = 0, end = 0;
	bool ordered = true;
	char zone[16] = "";
	struct line l;
	FILE *f = blocks_open();
	int i = 0;

	while (next_line(f, &l)) {
		if (strcmp(zone, l.zone))
			end = 0;
		strcpy(zone, l.zone);
		ordered &= l.addr >= end;
		end = l.addr + l.bytes;
		if (strcmp(l.state, "offline"))
			all += l.bytes;
		i++;
	}
	ok(feof(f), "every line of %d can be read", i);
	fclose(f);
	ok(ordered, "the lines of a zone are in order and do not overlap");
	ok(all >> 10 >= (unsigned long long)meminfo_kib("MemTotal"),
	   "all memory is there: %llu MiB", all >> 20);
}

/* What a look finds: from an empty pool on, through each state. */
static void test_states(int heap)
{
	int buf = buf_new(heap, LEN);
	uint64_t phys = buf_phys(buf);

	is(bytes_in("buffer", phys, LEN), LEN, "a buffer is one");
	close(buf);
	is(bytes_in("pool", phys, LEN), LEN, "idle, it is the pool's");
	pool_drop();
	ok(bytes_in("free", phys, LEN) + bytes_in("movable", phys, LEN) > LEN / 2,
	   "dropped, it can be had again");
	is(bytes_in("pool", phys, LEN), 0, "and is the pool's no more");
}

static void test_reserve(void)
{
	size_t before = bytes_in("reserve", 0, SIZE_MAX);

	is(reserve_set(64), 0, "64 MiB are set aside");
	is(bytes_in("reserve", 0, SIZE_MAX), before + LEN, "and shown");
	is(reserve_set(0), 0, "until they are not");
	is(bytes_in("reserve", 0, SIZE_MAX), before, "and so are the lines");
}

/* Opened without privileges, which needs a file that all may read. */
static int address_seen(void *unused)
{
	unsigned long long any = 0;
	struct line l;
	FILE *f;

	(void)unused;
	if (setresuid(1000, 1000, 1000))
		return 2;
	f = blocks_open();
	while (next_line(f, &l))
		any |= l.addr;
	return any || !feof(f);
}

static void test_unprivileged(void)
{
	if (chmod("/sys/kernel/debug", 0755) || chmod("/sys/kernel/debug/lazy_contig", 0755) ||
	    chmod(BLOCKS, 0444))
		bail("%s: %m", BLOCKS);
	is(in_child(address_seen, NULL), 0, "no address without CAP_SYS_ADMIN");
	chmod(BLOCKS, 0400);
	chmod("/sys/kernel/debug", 0700);
}

int main(void)
{
	int heap = heap_open(HEAP);

	pool_drop();
	test_all_memory();
	test_states(heap);
	test_reserve();
	test_unprivileged();
	close(heap);
	return tap_done();
}
