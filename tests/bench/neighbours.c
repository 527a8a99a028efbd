// SPDX-License-Identifier: GPL-2.0
/*
 * What buffers cost other processes: pages of a file in use that must be read again,
 * pages that are moved, the latency of a thread on the other processor, and what a
 * hundred thousand buffers slow down. The files have no blocks: reading them costs no
 * disk, but page cache as any other.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "../selftest/cache.h"
#include "bench.h"
#include "load.h"

#define MODULE		"lazy_contig"
#define HOT_LEN		MIB(300)
#define WINDOW		MIB(64)
#define HELD		6
#define FRAME		MIB(24)
#define FRAMES		4
#define BIG		MIB(256)
#define MANY		100000
#define PART		1000

/* The first pages of the file, mapped, over and over. */
static void hot_reader(struct load *load, int fd)
{
	volatile char *mem = mmap(NULL, HOT_LEN, PROT_READ, MAP_SHARED, fd, 0);
	size_t at;

	if (mem == MAP_FAILED)
		bail("mmap: %m");
	for (; !load->end; load->rounds++)
		for (at = 0; at < HOT_LEN; at += PAGE)
			(void)mem[at];
}

/* Requests with a few buffers in flight; returns how many were given. */
static int take_windows(const struct heap *heap, struct load *load, int requests)
{
	int buf[HELD], given = 0, i;

	memset(buf, -1, sizeof(buf));
	for (i = 0; i < requests; i++) {
		int *slot = &buf[i % HELD];

		if (*slot >= 0)
			close(*slot);
		*slot = heap_take(heap, WINDOW);
		given += *slot >= 0;
		load_wait(load, 1);
	}
	for (i = 0; i < HELD; i++)
		if (buf[i] >= 0)
			close(buf[i]);
	return given;
}

/* A file that is read in a loop, and the rest of memory full of cold page cache. */
static void bench_hot_file(struct row *r, struct heap *heap, int fd, int requests)
{
	struct load *load = load_new();
	long refaults, had, pages = HOT_LEN / PAGE;
	pid_t pid;

	file_write("/proc/sys/vm/drop_caches", "3");
	read_file(fd, HOT_LEN, GIB(2));
	pid = load_start(load, hot_reader, fd);
	load_wait(load, 4);
	refaults = vmstat("workingset_refault_file");
	had = vmstat("pgmajfault");
	r->config = "hot file";
	r->heap = heap->name;
	r->len = WINDOW;
	row(r, "given", take_windows(heap, load, requests));
	row(r, "requests", requests);
	row(r, "refaults_of_pages",
	    (double)(vmstat("workingset_refault_file") - refaults) / pages);
	row(r, "major_faults_of_pages", (double)(vmstat("pgmajfault") - had) / pages);
	load_end(load, pid);
	munmap(load, sizeof(*load));
}

/* Three quarters of each stretch of memory are in use, by anonymous pages. */
static void *fill_memory(size_t *len)
{
	unsigned char *mem;
	size_t at;

	*len = (size_t)(meminfo_kib("MemAvailable") - (200l << 10)) * 1024 / MIB(1) *
	       MIB(1);
	mem = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	if (mem == MAP_FAILED || madvise(mem, *len, MADV_NOHUGEPAGE))
		bail("mmap: %m");
	memset(mem, 1, *len);
	for (at = 0; at < *len; at += KIB(64))
		madvise(mem + at, KIB(16), MADV_DONTNEED);
	return mem;
}

static void bench_moved(struct row *r, struct heap *heap)
{
	int buf[HELD], given = 0;
	size_t len;
	void *mem;
	long moved;

	file_write("/proc/sys/vm/drop_caches", "3");
	mem = fill_memory(&len);
	moved = vmstat("pgmigrate_success");
	while (given < HELD && (buf[given] = heap_take(heap, WINDOW)) >= 0)
		given++;
	moved = vmstat("pgmigrate_success") - moved;
	r->config = "full memory";
	r->heap = heap->name;
	r->len = WINDOW;
	row(r, "given", given);
	row(r, "requests", HELD);
	if (given)
		row(r, "moved_of_pages", (double)moved / (given * (WINDOW / PAGE)));
	while (given)
		close(buf[--given]);
	munmap(mem, len);
}

/* Frames for a while beside a set of files that fits only if nothing is idle. */
static void bench_working_set(struct row *r, int fd, const char *pool, int rounds)
{
	int buf[FRAMES], idle[2], i, n = 0;
	size_t len;
	long refaults;

	param_set(MODULE, "pool_max_mb", pool);
	pool_drop();
	file_write("/proc/sys/vm/drop_caches", "3");
	len = (size_t)(meminfo_kib("MemAvailable") - (128l << 10)) * 1024 / MIB(1) *
	      MIB(1) - FRAMES * FRAME;
	for (i = 0; i < FRAMES; i++)
		buf[i] = heap_take(&ours, FRAME);
	/* what the pool keeps from now on */
	for (i = 0; i < 2; i++)
		idle[i] = heap_take(&ours, BIG);
	while (i--)
		if (idle[i] >= 0)
			close(idle[i]);
	read_file(fd, 0, len);
	refaults = vmstat("workingset_refault_file");
	for (i = 0; i < rounds; i++) {
		size_t at;

		for (at = 0; at < len; at += MIB(64)) {
			int *slot = &buf[n++ % FRAMES];

			read_file(fd, at, at + MIB(64) < len ? at + MIB(64) : len);
			if (*slot >= 0)
				close(*slot);
			*slot = heap_take(&ours, FRAME);
		}
	}
	r->config = "working set";
	r->heap = strcmp(pool, "0") ? "warm" : "cold";
	r->len = FRAME;
	row(r, "refaults_of_reads",
	    (double)(vmstat("workingset_refault_file") - refaults) /
		    ((double)rounds * (len / PAGE)));
	for (i = 0; i < FRAMES; i++)
		if (buf[i] >= 0)
			close(buf[i]);
}

/* heap NULL: quiet. */
static void bench_latency(struct row *r, const char *config, struct heap *heap,
			  void (*fn)(struct load *load, int fd), int fd, int seconds)
{
	struct load *load = load_new();
	struct series us = { 0 };
	int buf, given = 0;
	double end;
	pid_t pid;
	size_t i;

	pid = load_start(load, fn, fd);
	load_wait(load, 10);
	load->nr_laps = 0;
	pin_cpu(0);
	for (end = now_ms() + seconds * 1000; now_ms() < end;) {
		if (!heap) {
			usleep(10000);
			continue;
		}
		buf = heap_take(heap, BIG);
		if (buf >= 0)
			close(buf);
		given += buf >= 0;
	}
	load_end(load, pid);
	for (i = 0; i < load->nr_laps; i++)
		series_add(&us, load->lap_us[i]);
	r->config = config;
	r->len = BIG;
	row(r, "given", given);
	row(r, "median_us", series_at(&us, 0.5));
	row(r, "p99_us", series_at(&us, 0.99));
	row(r, "worst_us", series_at(&us, 1));
	row(r, "waited_share", load->waited_share);
	series_free(&us);
	munmap(load, sizeof(*load));
}

static void bench_latencies(struct row *r, int fd, const struct options *opt, bool have)
{
	static const struct {
		const char *config;
		void (*fn)(struct load *load, int fd);
	} loads[] = {
		{ "touch", load_toucher },
		{ "file I/O", load_file_user },
	};
	int seconds = opt->quick ? 5 : 20;
	size_t i;

	file_write("/proc/sys/vm/drop_caches", "3");
	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		r->heap = "quiet";
		bench_latency(r, loads[i].config, NULL, loads[i].fn, fd, seconds);
		r->heap = "cold";
		param_set(MODULE, "pool_max_mb", "0");
		bench_latency(r, loads[i].config, &ours, loads[i].fn, fd, seconds);
		r->heap = "warm";
		param_set(MODULE, "pool_max_mb", "512");
		bench_latency(r, loads[i].config, &ours, loads[i].fn, fd, seconds);
		r->heap = "system";
		if (have)
			bench_latency(r, loads[i].config, &system_heap, loads[i].fn, fd,
				      seconds);
	}
}

static double read_iomem(void)
{
	static char text[KIB(64)];
	int fd = open("/proc/iomem", O_RDONLY | O_CLOEXEC);
	double t = now_ms();

	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	return now_ms() - t;
}

static void take_many(struct load *load, int heap_fd)
{
	const struct heap heap = { .fd = heap_fd };
	double t;
	int i;

	for (i = 0; i < MANY; i++) {
		t = now_ms();
		if (heap_take(&heap, PAGE) < 0)
			_exit(1);
		load->lap_us[i] = lap(&t) * 1000;
	}
	load->rounds = 1;
	while (!load->end)
		usleep(1000);
}

static double part_median(const double *us)
{
	struct series s = { 0 };
	double median;
	int i;

	for (i = 0; i < PART; i++)
		series_add(&s, us[i]);
	median = series_at(&s, 0.5);
	series_free(&s);
	return median;
}

static void bench_many(struct row *r, struct heap *heap)
{
	const struct rlimit files = { MANY + 64, MANY + 64 };
	struct load *load = load_new();
	double t;
	pid_t pid;

	if (setrlimit(RLIMIT_NOFILE, &files))
		bail("setrlimit: %m");
	file_write("/proc/sys/vm/drop_caches", "3");
	pid = load_start(load, take_many, heap->fd);
	load_wait(load, 1);
	r->config = "many";
	r->heap = heap->name;
	r->len = PAGE;
	row(r, "first_us", part_median(load->lap_us));
	row(r, "last_us", part_median(load->lap_us + MANY - PART));
	row(r, "iomem_ms", read_iomem());
	t = now_ms();
	load_end(load, pid);
	row(r, "exit_ms", lap(&t));
	munmap(load, sizeof(*load));
}

int bench_neighbours(const struct options *opt)
{
	struct row r = { .suite = "neighbours", .threads = 1 };
	bool have_walk = heap_use(&walk, opt), have = heap_use(&system_heap, opt);
	int fd = cache_file_new(), requests = opt->quick ? 12 : 48;

	if (!heap_use(&ours, opt))
		bail("this suite is about lazy_contig");
	for (r.run = 0; r.run < opt->runs; r.run++) {
		param_set(MODULE, "pool_max_mb", "0");
		bench_hot_file(&r, &ours, fd, requests);
		if (have_walk)
			bench_hot_file(&r, &walk, fd, requests);
		bench_moved(&r, &ours);
		if (have_walk)
			bench_moved(&r, &walk);
		bench_working_set(&r, fd, "0", opt->quick ? 2 : 6);
		bench_working_set(&r, fd, "512", opt->quick ? 2 : 6);
		bench_latencies(&r, fd, opt, have);
		bench_many(&r, &ours);
		if (have)
			bench_many(&r, &system_heap);
	}
	cache_file_remove(fd);
	return 0;
}
