// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: hibernation brings back what is in buffers, kept ones included, and the
 *   size of the reserve; with more memory in buffers than it can copy it is refused
 *
 * The kernel writes an image to swap, and resumes from it at once.
 */
#include <stdio.h>
#include <sys/swap.h>

#include "kept_calls.h"
#include "module_calls.h"
#include "settings.h"

#define DISK		"/dev/vda"
#define POWER		"/sys/power/"
#define KEPT_LEN	MIB(64)
#define BUFFER_LEN	MIB(24)
#define POOLED_LEN	MIB(256)
#define RESERVE_MIB	64
#define PART_MIB	64

static int power_write(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		bail("%s: %m", file);
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static bool log_says(const char *text)
{
	char command[128];

	snprintf(command, sizeof(command), "dmesg | grep -q '%s'", text);
	return !system(command);
}

static void check_resume(int control, int heap)
{
	uint64_t kept = kept_new(control, KEPT_LEN, "image");
	int buf = buf_new(heap, BUFFER_LEN), pooled;
	unsigned char *mem = buf_map(buf, BUFFER_LEN);

	kept_fill(control, kept, KEPT_LEN, 1);
	pattern_fill(mem, BUFFER_LEN, 2);
	is(reserve_set(RESERVE_MIB), 0, "a reserve is set aside");
	pooled = buf_new(heap, POOLED_LEN);
	close(pooled);
	ok(pool_mib() >= (long)(POOLED_LEN >> 20), "%ld MiB are in the pool",
	   pool_mib());

	is(power_write(POWER "state", "disk"), 0, "the machine hibernates");
	ok(log_says("hibernation: Normal pages needed"), "there was an image");
	diag("%ld MiB are in the pool", pool_mib());
	ok(kept_holds(control, kept, KEPT_LEN, 1),
	   "the kept buffer has its contents");
	ok(pattern_holds(mem, BUFFER_LEN, 2), "the mapped buffer has its own");
	is(reserve_mib(), RESERVE_MIB, "the reserve is there");
	munmap(mem, BUFFER_LEN);
	close(buf);

	buf = buf_new(heap, POOLED_LEN);
	mem = buf_map(buf, POOLED_LEN);
	ok(all_zero(mem, POOLED_LEN), "a new buffer is zero");
	munmap(mem, POOLED_LEN);
	close(buf);
	is(kept_free(control, kept), 0, "the kept buffer is freed");
	is(reserve_set(0), 0, "and the reserve");
}

static void check_refused(int control)
{
	int nr = meminfo_kib("MemTotal") / 1024 * 6 / 10 / PART_MIB, freed = 0, i;
	uint64_t *kept = calloc(nr, sizeof(*kept));

	for (i = 0; i < nr; i++)
		kept[i] = kept_new(control, MIB(PART_MIB), "too much");
	kept_fill(control, kept[0], MIB(PART_MIB), 3);
	is(power_write(POWER "state", "disk"), -ENOMEM,
	   "with %d MiB in buffers hibernation is refused", nr * PART_MIB);
	ok(kept_holds(control, kept[0], MIB(PART_MIB), 3), "nothing is lost");
	for (i = 0; i < nr; i++)
		freed += !kept_free(control, kept[i]);
	is(freed, nr, "all are freed");
	free(kept);
}

int main(void)
{
	int control = control_open(), heap = heap_open(HEAP);
	unsigned long limit;

	/* older ones open the disk for themselves alone, while it is in use as swap */
	if (!kernel_since(6, 4) || access(POWER "disk", F_OK)) {
		skip("this kernel cannot resume for a test");
		return tap_done();
	}
	limit = patience();
	if (system("mkswap -q " DISK) || swapon(DISK, 0))
		bail("swap on " DISK ": %m");
	is(ko_load("tests/pauser/lc_awake.ko", ""), 0,
	   "the shares of the machine can hibernate");
	is(power_write(POWER "disk", "test_resume"), 0, "for the test only");
	check_resume(control, heap);
	check_refused(control);
	is(ko_unload("lc_awake"), 0, "the shares are as before");
	if (swapoff(DISK))
		bail("swapoff: %m");
	param_set("time_limit_ms", limit);
	close(heap);
	close(control);
	return tap_done();
}
