// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: a kept buffer pins the module, and the log names it once; with
 *   force_free=1 unloading frees it, but nothing in use
 */
#include <stdio.h>
#include <time.h>

#include "kept_calls.h"
#include "module_calls.h"

#define LEN	MIB(4)

static void load(const char *more)
{
	const char *params = getenv("LC_MODULE_PARAMS");
	char all[512];
	int err;

	snprintf(all, sizeof(all), "%s %s", params ?: "", more);
	err = module_load(all);
	if (err)
		bail("load the module with '%s': %s", all, strerror(-err));
}

static uint64_t keep(const char *name)
{
	int control = control_open();
	uint64_t phys = kept_new(control, LEN, name);

	kept_fill(control, phys, LEN, 1);
	close(control);
	return phys;
}

static int release(uint64_t phys)
{
	int control = control_open(), err = kept_free(control, phys);

	close(control);
	return err;
}

/* In the lines that have come since the last time. */
static int times_logged(int log, const char *text)
{
	char line[8192];
	ssize_t len;
	int n = 0;

	while ((len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		n += strstr(line, text) != NULL;
	}
	return n;
}

static bool probe_is_logged(int control, int log)
{
	kept_free(control, kept_new(control, PAGE, "kept_unload probe"));
	return times_logged(log, "kept_unload probe");
}

/* How long it takes to log a hundred lines, in seconds; -1 if one is not logged. */
static long time_to_log(int control, int log)
{
	struct timespec from, to;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < 100; i++)
		if (!probe_is_logged(control, log))
			return -1;
	clock_gettime(CLOCK_MONOTONIC, &to);
	return to.tv_sec - from.tv_sec;
}

/*
 * The rate limit is a hundred such lines in five seconds. How many are left is
 * unknown: use them up, and wait for the next hundred. A slow machine never uses
 * them up.
 */
static void await_log(int log)
{
	int control = control_open(), tries = 0;
	long time;

	do {
		time = time_to_log(control, log);
		if (tries++ == 100)
			bail("the log takes all there is to say");
	} while (time >= 0 && time <= 6);
	for (tries = 0; time < 0 && !probe_is_logged(control, log); tries++) {
		if (tries == 1000)
			bail("nothing that is kept comes into the log");
		usleep(100000);
	}
	close(control);
}

static void test_refused(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int first, second;
	uint64_t one, two;

	if (log < 0 || lseek(log, 0, SEEK_END) < 0)
		bail("/dev/kmsg: %m");
	await_log(log);
	one = keep("kept_unload one");
	first = times_logged(log, "kept_unload one");
	two = keep("kept_unload two");
	second = times_logged(log, "kept_unload two");
	is(first, 1, "the log has the first");
	is(second, 1, "and the second");
	is(module_unload(), -EWOULDBLOCK, "refused with two kept buffers");
	is(release(one), 0, "one is freed");
	is(module_unload(), -EWOULDBLOCK, "refused with one");
	is(times_logged(log, "kept_unload"), 0, "which is said no second time");
	is(release(two), 0, "the other is freed");
	close(log);
}

static void test_force_free(void)
{
	uint64_t phys;
	int control, buf;

	is(module_unload(), 0, "unloaded with nothing kept");
	load("force_free=1");
	keep("kept_unload one");
	phys = keep("kept_unload two");
	control = control_open();
	buf = kept_open(control, phys, NULL);
	close(control);
	is(module_unload(), -EWOULDBLOCK, "force_free does not free what is in use");
	ok(iomem_named("kept_unload two", phys, LEN), "it is still there");
	close(buf);
	is(module_unload(), 0, "nor does it stop the unloading of what is not");
	is(iomem_names("kept_unload one") + iomem_names("kept_unload two"), 0,
	   "their memory is gone");

	load("");
	phys = keep("kept_unload one");
	is(module_unload(), -EWOULDBLOCK, "without it kept buffers pin again");
	is(release(phys), 0, "until they are freed");
}

int main(void)
{
	test_refused();
	if (access("/sys/class/dma_heap/lazy_contig", F_OK))
		test_force_free();
	else
		skip("a heap of the kernel's class cannot be unloaded");
	is(dmabufs_live(), 0, "no dma-buf is left");
	return tap_done();
}
