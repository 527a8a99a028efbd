// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: movable: the memory blocks that are taken, and how large ZONE_MOVABLE can
 *   become
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../lazy-contig/memory.h"
#include "tap.h"

#define HEADER	"address\tbytes\tnode\tzone\tstate\tcost\tidle\n"

static char dir[32];

__printf(2, 3)
static void write_file(const char *text, const char *fmt, ...)
{
	char name[64], path[PATH_MAX];
	va_list ap;
	FILE *file;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		bail("%s: %m", path);
}

static void new_dir(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, 0700) && errno != EEXIST)
		bail("%s: %m", path);
}

static void new_block(int number, int node, const char *state, const char *zones)
{
	char name[32];

	snprintf(name, sizeof(name), "memory%d", number);
	new_dir(name);
	write_file(state, "memory%d/state", number);
	write_file(zones, "memory%d/valid_zones", number);
	snprintf(name, sizeof(name), "memory%d/node%d", number, node);
	new_dir(name);
}

/* Blocks of 128 MiB: 32 is that of 4 GiB. */
static void new_machine(void)
{
	int i;

	snprintf(dir, sizeof(dir), "/tmp/lazy-contig-XXXXXX");
	if (!mkdtemp(dir))
		bail("mkdtemp: %m");
	write_file("8000000\n", "block_size_bytes");
	new_dir("power");
	new_block(0, 0, "online\n", "none\n");
	for (i = 8; i < 16; i++)
		new_block(i, 0, "online\n", "DMA32\n");
	for (i = 32; i < 40; i++)
		new_block(i, 0, "online\n", "Normal\n");
	new_block(40, 0, "offline\n", "Normal Movable\n");
	new_block(64, 1, "online\n", "Normal\n");
	new_block(65, 1, "online\n", "Movable\n");
}

/* Costs and states of the blocks, which begin at 0x8000000 * number. */
static const char costs[] =
	HEADER
	"0x40000000\t1073741824\t0\tDMA32\tfree\t0\t0\n"
	"0x100000000\t134217728\t0\tNormal\tmovable\t90000\t0\n"	/* 32 */
	"0x108000000\t67108864\t0\tNormal\tfree\t0\t0\n"		/* 33 */
	"0x10c000000\t2097152\t0\tNormal\tbuffer\t0\t0\n"
	"0x10c200000\t65011712\t0\tNormal\tfree\t0\t0\n"
	"0x110000000\t402653184\t0\tNormal\tmovable\t300000\t0\n"	/* 34 to 36 */
	"0x128000000\t134217728\t0\tNormal\tbusy\t50000\t0\n"		/* 37 */
	"0x130000000\t134217728\t0\tNormal\tmovable\t70000\t0\n"	/* 38 */
	"0x138000000\t134217728\t0\tNormal\tunmovable\t0\t0\n"		/* 39 */
	"0x200000000\t134217728\t1\tNormal\tmovable\t99999\t0\n"	/* 64 */
	"0x208000000\t134217728\t1\tMovable\tfree\t0\t0\n";

static void weigh(struct memory *memory)
{
	FILE *file = fmemopen((void *)costs, strlen(costs), "r");
	struct map map;

	if (!file || map_read(file, true, &map))
		bail("the map cannot be read");
	memory_weigh(memory, &map);
	map_free(&map);
	fclose(file);
}

/* Passes if blocks become movable in this order; -1 ends it. */
static void chooses(struct memory *memory, int node, const int *numbers, const char *what)
{
	struct memory_block *block;
	bool same = true;

	do {
		block = memory_choose(memory, node);
		if ((block ? (int)block->number : -1) != *numbers) {
			diag("is %d, not %d", block ? (int)block->number : -1, *numbers);
			same = false;
		}
		if (block)
			snprintf(block->zone, sizeof(block->zone), "Movable");
	} while (same && *numbers++ >= 0);
	ok(same, "%s", what);
}

static void begin(struct memory *memory)
{
	if (memory_read(dir, memory))
		bail("%s cannot be read", dir);
}

static void test_read(void)
{
	struct memory memory;

	ok(memory_read("/nonexistent", &memory) == -ENOENT, "a kernel without memory hotplug");
	memory_free(&memory);
	begin(&memory);
	ok(memory.count == 20 && memory.block_size == 128 << 20 && !memory.blocks[0].number &&
	   memory.blocks[19].number == 65 && memory.blocks[19].node == 1, "all blocks, in order");
	ok(memory_bytes(&memory, -1, true) == 128 << 20 &&
	   memory_bytes(&memory, -1, false) == 18ULL * (128 << 20) &&
	   memory_bytes(&memory, 1, false) == 128 << 20 && !memory_bytes(&memory, 2, true),
	   "the sums, without what is offline");
	ok(memory_limit(&memory) == 9ULL * (128 << 20), "half of it can be movable");
	memory.count = 6;
	ok(memory_limit(&memory) == 2ULL * (128 << 20), "512 MiB are left to the kernel");
	memory.count = 3;
	ok(!memory_limit(&memory), "with less, nothing can be movable");
	memory_free(&memory);
}

static void test_choose(void)
{
	struct memory memory;

	begin(&memory);
	chooses(&memory, 0, (const int[]){ 39, 38, 37, 36, 35, 34, 33, 32, 15, 14, 13, 12, 11, 10,
		9, 8, -1 }, "without the module, from the highest address down");
	memory_free(&memory);

	begin(&memory);
	weigh(&memory);
	chooses(&memory, 0, (const int[]){ 37, 38, 36, 35, 34, 32, 15, 14, 13, 12, 11, 10, 9, 8,
		-1 }, "the cheapest, then its neighbours, below 4 GiB last, none with a buffer");
	memory_free(&memory);

	begin(&memory);
	weigh(&memory);
	chooses(&memory, 1, (const int[]){ 64, -1 }, "those of a node");
	memory_free(&memory);

	begin(&memory);
	weigh(&memory);
	memory_choose(&memory, 0)->err = -EBUSY;
	chooses(&memory, 0, (const int[]){ 38, 32, 36, 35, 34, 15, 14, 13, 12, 11, 10, 9, 8, -1 },
		"not again one that did not go offline");
	memory_free(&memory);
}

/* 37 and what is next to it are the cheapest ones, but not where most fits. */
static void test_run(void)
{
	struct memory memory;

	begin(&memory);
	weigh(&memory);
	memory_choose(&memory, 0)->err = -EBUSY;
	memory.wanted = 3;
	chooses(&memory, 0, (const int[]){ 36, 35, 34, 38, 32, 15, 14, 13, 12, 11, 10, 9, 8, -1 },
		"first where all that is wanted fits in one piece");
	memory_free(&memory);

	begin(&memory);
	weigh(&memory);
	memory.wanted = 1;
	chooses(&memory, 0, (const int[]){ 37, 38, 36, 35, 34, 32, 15, 14, 13, 12, 11, 10, 9, 8,
		-1 }, "the cheapest, if it is large enough");
	memory_free(&memory);

	begin(&memory);
	weigh(&memory);
	memory.blocks[10].stuck = false; /* 33 */
	memory.blocks[11].stuck = true; /* 34 */
	snprintf(memory.blocks[9].zone, sizeof(memory.blocks[9].zone), "Movable"); /* 32 */
	memory.wanted = 4;
	chooses(&memory, 0, (const int[]){ 37, 38, 36, 35, 33, 15, 14, 13, 12, 11, 10, 9, 8, -1 },
		"not next to what is movable, where that cannot become as large");
	memory_free(&memory);
}

int main(void)
{
	char command[64];

	new_machine();
	test_read();
	test_choose();
	test_run();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		diag("%s is left", dir);
	return tap_done();
}
