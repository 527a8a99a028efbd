// SPDX-License-Identifier: GPL-2.0
/*
 * A camera: a still takes four buffers of 24 MiB, holds them for a while and frees them,
 * every few seconds, beside a process that copies files and one that writes to a slow
 * disk and waits. How long a still waits for its buffers, what other processes notice,
 * and what the kernel does for it.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../selftest/slow.h"
#include "bench.h"
#include "load.h"

#define FRAME		MIB(24)
#define FRAMES		4
#define AREA_MIB	"256"
#define INTERVAL_MS	3000
#define HELD_MS		1000
#define CARD_RATE	(1 << 20)
#define CARD_CHUNK	MIB(16)
#define FAST_DISK	"/dev/vdb"
#define FAST_DIR	"/tmp/fast"
#define COPIED_LEN	MIB(8)
#define NR_COPIED	100
#define BESIDE_LEN	MIB(64)

/* In the order of the table; quiet: the loads without a camera. */
static struct area cameras[] = {
	{ NULL },
	{ .heap = &system_heap },
	{ .heap = &walk },
	{ .heap = &cma },
	{ .heap = &ours },
	AREA_RESERVE(AREA_MIB),
	AREA_MOVABLE(AREA_MIB),
};

static const char * const counters[] = {
	"pgmigrate_success", "pgscan_file", "workingset_refault_file",
};

static void path_of(char *path, size_t len, const char *dir, int i)
{
	snprintf(path, len, FAST_DIR "/%s/%d", dir, i);
}

static void copy_file(int i, const char *from, const char *to)
{
	static char chunk[MIB(1)];
	char path[64];
	int in, out;
	ssize_t n;

	path_of(path, sizeof(path), from, i);
	in = open(path, O_RDONLY | O_CLOEXEC);
	path_of(path, sizeof(path), to, i);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (in < 0 || out < 0)
		bail("%s: %m", path);
	while ((n = read(in, chunk, sizeof(chunk))) > 0)
		if (write(out, chunk, n) != n)
			bail("%s: %m", path);
	close(in);
	close(out);
}

/* As a user does who moves pictures to and fro. */
static void copier(struct load *load, int fd)
{
	int i = 0;

	(void)fd;
	for (; !load->end; load->rounds++, i = (i + 1) % NR_COPIED)
		copy_file(i, "from", "to");
}

/* Returns a file for those beside. */
static int disks_mount(void)
{
	char path[64];
	int fd, i;

	slow_disk_mount();
	mkdir(FAST_DIR, 0700);
	shell("mkfs.ext4 -q -E nodiscard " FAST_DISK " && mount " FAST_DISK " " FAST_DIR
	      " && mkdir " FAST_DIR "/from " FAST_DIR "/to");
	for (i = 0; i < NR_COPIED; i++) {
		path_of(path, sizeof(path), "from", i);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, COPIED_LEN))
			bail("%s: %m", path);
		close(fd);
	}
	fd = open(FAST_DIR "/beside", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, BESIDE_LEN))
		bail(FAST_DIR "/beside: %m");
	return fd;
}

static void disks_umount(void)
{
	if (umount(FAST_DIR))
		bail("umount: %m");
	slow_disk_umount();
}

/* The processor time of a kernel thread, in milliseconds. */
static double thread_ms(const char *name)
{
	unsigned long user = 0, system = 0;
	char path[64], line[512] = "";
	FILE *f, *pids;
	int pid;

	snprintf(line, sizeof(line), "pgrep -x %s", name);
	pids = popen(line, "r");
	if (!pids || fscanf(pids, "%d", &pid) != 1)
		bail("no thread %s", name);
	pclose(pids);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = text_open(path);
	if (fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &user, &system) != 2)
		bail("%s", path);
	fclose(f);
	return (user + system) * 1000.0 / sysconf(_SC_CLK_TCK);
}

/* Free blocks of 2 MiB and more, in units of 2 MiB. */
static unsigned long free_huge(void)
{
	FILE *f = text_open("/proc/buddyinfo");
	unsigned long nr, sum = 0;
	int order;

	while (fscanf(f, " Node %*d, zone %*s") != EOF)
		for (order = 0; fscanf(f, "%lu", &nr) == 1; order++)
			if (PAGE << order >= MIB(2))
				sum += nr << order;
	fclose(f);
	return sum * PAGE / MIB(2);
}

/* Pageblocks that the kernel keeps for what cannot move. */
static unsigned long unmovable_blocks(void)
{
	FILE *f = text_open("/proc/pagetypeinfo");
	unsigned long nr, sum = 0;
	char line[512];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Node %*d, zone %*s %lu", &nr) == 1)
			sum += nr;
	fclose(f);
	return sum;
}

/* Of a quiet machine or beside a camera, what a minute costs. */
struct costs {
	double start_ms;
	long counted[ARRAY_SIZE(counters)];
	double kswapd_ms;
	double kcompactd_ms;
};

static void costs_begin(struct costs *c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		c->counted[i] = vmstat(counters[i]);
	c->kswapd_ms = thread_ms("kswapd0");
	c->kcompactd_ms = thread_ms("kcompactd0");
	c->start_ms = now_ms();
}

static void costs_end(const struct row *r, const struct costs *c)
{
	double minutes = (now_ms() - c->start_ms) / 60000;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		row(r, counters[i], (vmstat(counters[i]) - c->counted[i]) / minutes);
	row(r, "kswapd_ms", (thread_ms("kswapd0") - c->kswapd_ms) / minutes);
	row(r, "kcompactd_ms", (thread_ms("kcompactd0") - c->kcompactd_ms) / minutes);
	row(r, "free_2m", free_huge());
	row(r, "unmovable_2m", unmovable_blocks());
}

static void wait_until(double ms)
{
	double left = ms - now_ms();

	if (left > 0)
		usleep(left * 1000);
}

/* How many buffers were given. */
static int still(const struct heap *heap, struct series *ms)
{
	int buf[FRAMES], given = 0, i;
	double t = now_ms();

	for (i = 0; i < FRAMES; i++) {
		buf[i] = heap_take(heap, FRAME);
		given += buf[i] >= 0;
	}
	series_add(ms, lap(&t));
	wait_until(t + HELD_MS);
	for (i = 0; i < FRAMES; i++)
		if (buf[i] >= 0)
			close(buf[i]);
	return given;
}

static void run_stills(const struct row *r, const struct heap *heap, int stills)
{
	struct series ms = { 0 };
	double next = now_ms();
	int given = 0, i;

	for (i = 0; i < stills; i++) {
		if (heap)
			given += still(heap, &ms);
		next += INTERVAL_MS;
		wait_until(next);
	}
	if (!heap)
		return;
	row(r, "refused", FRAMES * stills - given);
	row_quantiles(r, "still_ms", &ms);
}

/* What other processes notice meanwhile. */
static const struct beside {
	const char *what;
	void (*fn)(struct load *load, int fd);
} besides[] = {
	{ "touch_us", load_toucher },
	{ "file_us", load_file_user },
	{ "timer_us", load_timer },
};

static void measure(struct row *r, const struct area *camera, int fd, int stills)
{
	struct load *load[ARRAY_SIZE(besides)];
	pid_t pid[ARRAY_SIZE(besides)];
	struct costs costs;
	size_t i, n;

	r->heap = camera->heap ? camera->heap->name : "quiet";
	if (camera->begin)
		shell(camera->begin);
	for (i = 0; i < ARRAY_SIZE(besides); i++) {
		load[i] = load_new();
		pid[i] = load_start(load[i], besides[i].fn, fd);
		load_wait(load[i], 10);
		load[i]->nr_laps = 0;
	}
	costs_begin(&costs);
	run_stills(r, camera->heap, stills);
	costs_end(r, &costs);
	for (i = 0; i < ARRAY_SIZE(besides); i++) {
		struct series us = { 0 };

		load_end(load[i], pid[i]);
		for (n = 0; n < load[i]->nr_laps; n++)
			series_add(&us, load[i]->lap_us[n]);
		row_quantiles(r, besides[i].what, &us);
		munmap(load[i], sizeof(*load[i]));
	}
	if (camera->end)
		shell(camera->end);
	pool_drop();
}

int bench_camera(const struct options *opt)
{
	int stills = opt->quick ? 10 : 100, fd = disks_mount();
	struct row r = { .suite = "camera", .config = "stills", .len = FRAME,
			 .threads = 1 };
	struct load *load = load_new();
	pid_t copying, writing;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cameras); i++)
		cameras[i].have = !cameras[i].heap || heap_use(cameras[i].heap, opt);
	copying = load_start(load, copier, -1);
	slow_disk_rate(CARD_RATE);
	writing = slow_writer(CARD_CHUNK);
	load_wait(load, 2 * NR_COPIED);
	for (r.run = 0; r.run < opt->runs; r.run++)
		for (i = 0; i < ARRAY_SIZE(cameras); i++) {
			/* each has each place in the order, and the memory left there */
			const struct area *camera =
				&cameras[(i + r.run) % ARRAY_SIZE(cameras)];

			if (camera->have)
				measure(&r, camera, fd, stills);
		}
	load_end(load, copying);
	slow_disk_rate(0);
	slow_end(writing);
	close(fd);
	disks_umount();
	return 0;
}
