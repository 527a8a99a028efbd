// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: memory returns exactly when the last reference goes
 *
 * 10,000 allocations and releases, or LC_ROUNDS.
 */
#include "settings.h"

/*
 * A page lost in every cycle would be 40,000 KiB, the smallest object with a
 * list in it 640 KiB. Less than that is noise of the kernel's other activity.
 */
#define FREE_SLACK_KIB	8192
#define SLAB_SLACK_KIB	512

static size_t length_of(unsigned long cycle)
{
	if (cycle % 1000 == 999)
		return MIB(64);
	if (cycle % 100 == 99)
		return MIB(4) + PAGE;
	return PAGE * (1 + cycle * 7 % 61);
}

/* The heaps take turns. */
static void run(const int heap[2], unsigned long cycles)
{
	unsigned long cycle;
	unsigned char *mem;
	int buf;
	size_t len;

	for (cycle = 0; cycle < cycles; cycle++) {
		len = length_of(cycle / 2);
		buf = buf_new(heap[cycle % 2], len);
		mem = buf_map(buf, len);
		if (mem[0] || mem[len - 1])
			bail("cycle %lu: a byte is not zero", cycle);
		mem[0] = 0xff;
		mem[len - 1] = 0xff;
		close(buf);
		munmap(mem, len);
	}
}

/* The 4 keeps the kernel from logging the 3. */
static void settle(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || pwrite(fd, "4", 1, 0) != 1 || pwrite(fd, "3", 1, 0) != 1)
		bail("drop_caches: %m");
	close(fd);
}

static bool free_is_back(void *arg)
{
	settle();
	return free_kib() + FREE_SLACK_KIB >= *(long *)arg;
}

static bool slab_is_back(void *arg)
{
	settle();
	return meminfo_kib("SUnreclaim") <= *(long *)arg + SLAB_SLACK_KIB;
}

int main(void)
{
	const int heap[2] = { heap_open(HEAP), heap_open(HEAP_DMA32) };
	unsigned long cycles = rounds(10000);
	long had_kib, slab_kib;
	struct mark mark;

	run(heap, 1000);
	settle();
	mark_set(&mark);
	had_kib = free_kib();
	slab_kib = meminfo_kib("SUnreclaim");
	run(heap, cycles);
	ok(becomes_true(free_is_back, &had_kib),
	   "%ld KiB free after %lu cycles, %ld before", free_kib(),
	   cycles, had_kib);
	ok(becomes_true(slab_is_back, &slab_kib),
	   "%ld KiB in slabs, %ld before", meminfo_kib("SUnreclaim"), slab_kib);
	is(counter("live_bytes"), 0, "no byte is charged");
	is(iomem_count(), 0, "no line is left in /proc/iomem");
	mark_check(&mark, "all cycles");
	close(heap[0]);
	close(heap[1]);
	return tap_done();
}
