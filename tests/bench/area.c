// SPDX-License-Identifier: GPL-2.0
/*
 * Areas for one large buffer: memory for movable pages only, the CMA area, and a reserve. How
 * often and how fast the buffer is given, on a machine that ages from one request to the
 * next; and whether the area is of use meanwhile, to files that fit only with its memory.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "../selftest/slow.h"
#include "age/part.h"
#include "load.h"

#define AREA_MIB	"512"
#define AREA_LEN	MIB(512)
#define BUFFER		MIB(460)	/* nine tenths */
#define ROUNDS		1000
#define QUICK_ROUNDS	50
#define DISK		"/dev/vda"
#define DIR		SLOW_DIR "/set"
#define FILE_LEN	MIB(64)
#define MAX_FILES	64
#define SPARE_KIB	(160l << 10)	/* available, beside the set of files */
#define GRAIN		KIB(16)		/* that is freed at once */
#define FIRST_PINS	100
#define ROUND_PINS	2

/*
 * Quiet is the machine without an area, but for the CMA area; at both ends, for the host's
 * speed is not the same throughout.
 */
static struct area areas[] = {
	{ NULL },
	AREA_MOVABLE(AREA_MIB),
	{ .heap = &cma },
	AREA_RESERVE(AREA_MIB),
	{ NULL },
};

/* What ages, in percent of the memory that is available beside an area. */
static const struct {
	int percent;
	int keep;		/* of it, from one round to the next */
} mix[NR_PARTS] = {
	[PART_ANON] = { 30, 96 },
	[PART_THP] = { 4, 96 },
	[PART_DIRTY] = { 4, 70 },
	[PART_SLAB] = { 2, 97 },
};

static struct {
	const struct options *opt;
	const struct heap *heap;
	size_t bytes;		/* to age */
	int rounds;
	int file[MAX_FILES];
	int files;
	double *moved;		/* pages, of each request */
} setup;

static const char * const counters[] = {
	"attempts", "attempts_busy", "attempts_nomem", "attempts_late", "from_migration",
	"from_reserve", "search_us", "migrate_us",
};

static size_t counter(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/misc/lazy_contig/%s", name);
	return file_number(path);
}

/* Written, or reading it would cost no disk; directly, to be quick. */
static int file_new(int i)
{
	void *zeros = mmap(NULL, MIB(1), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64];
	size_t at;
	int fd;

	snprintf(path, sizeof(path), DIR "/%d", i);
	fd = open(path, O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	if (fd < 0 || zeros == MAP_FAILED)
		bail("%s: %m", path);
	for (at = 0; at < FILE_LEN; at += MIB(1))
		if (pwrite(fd, zeros, MIB(1), at) != (ssize_t)MIB(1))
			bail("write %s: %m", path);
	close(fd);
	munmap(zeros, MIB(1));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %m", path);
	return fd;
}

/* A byte of each page: QEMU emulates the copy of a page for longer than all else takes. */
static void read_pages(int fd)
{
	size_t at;
	char byte;

	for (at = 0; at < FILE_LEN; at += PAGE)
		if (pread(fd, &byte, 1, at) != 1)
			bail("read: %m");
}

static void read_set(void)
{
	int i;

	for (i = 0; i < setup.files; i++)
		read_pages(setup.file[i]);
}

/*
 * Of each file the fastest time counts, which the host disturbed least: one file takes less
 * than the host lets other work have its processor for.
 */
static void measure_files(const struct row *r, int passes)
{
	double mib = (double)setup.files * FILE_LEN / MIB(1), ms = 0, t;
	struct series best[MAX_FILES] = { 0 };
	long kib;
	int i, k;

	file_write("/proc/sys/vm/drop_caches", "3");
	for (i = 0; i < 2; i++)
		read_set();
	kib = vmstat("pgpgin");
	for (t = now_ms(), i = 0; i < passes; i++)
		for (k = 0; k < setup.files; k++) {
			read_pages(setup.file[k]);
			series_add(&best[k], lap(&t));
		}
	for (k = 0; k < setup.files; k++) {
		ms += series_at(&best[k], 0);
		series_free(&best[k]);
	}
	row(r, "set_mib", mib);
	row(r, "set_mib_s", mib * 1000 / ms);
	row(r, "set_again", (vmstat("pgpgin") - kib) / 1024.0 / passes / mib);
}

/* It prints why lazy_contig refused the first one. */
static void request(struct load *load, const struct heap *heap)
{
	static bool refused;
	long moved = vmstat("pgmigrate_success");
	double t = now_ms();
	int buf = heap_take(heap, BUFFER);

	load->lap_us[load->nr_laps] = lap(&t) * 1000;
	setup.moved[load->nr_laps++] = vmstat("pgmigrate_success") - moved;
	if (buf >= 0) {
		load->rounds++;
		close(buf);
	} else if (!refused && !strcmp(heap->node, ours.node)) {
		refused = true;
		printf("note: round %zu: %s\n", load->nr_laps, strerror(-buf));
		fflush(stdout);
		shell("lazy-contig explain || true");
	}
}

static void age_rounds(struct load *load, int fd)
{
	struct part parts[NR_PARTS];
	struct rng rng;
	int i, k;

	(void)fd;
	file_write("/proc/self/oom_score_adj", "1000");
	rng_seed(&rng, setup.opt->seed);
	for (k = 0; k < NR_PARTS; k++)
		part_setup(&parts[k], &kinds[k], setup.bytes / 100 * mix[k].percent, SLOW_DIR);
	parts_fill(parts, &rng);
	pin_pages(&parts[PART_ANON], &rng, FIRST_PINS);
	read_set();
	load->start_ms = now_ms();
	for (i = 0; i < setup.rounds; i++) {
		for (k = 0; k < NR_PARTS; k++)
			part_drop(&parts[k], &rng, mix[k].keep, GRAIN / parts[k].unit ?: 1);
		parts_fill(parts, &rng);
		pin_pages(&parts[PART_ANON], &rng, ROUND_PINS);
		read_pages(setup.file[rng_below(&rng, setup.files)]);
		request(load, setup.heap);
	}
}

/* It names the requests that are far from the median. */
static void report_requests(const struct row *r, const struct load *load)
{
	struct series ms = { 0 }, moved = { 0 };
	double slow;
	size_t i;

	for (i = 0; i < load->nr_laps; i++) {
		series_add(&ms, load->lap_us[i] / 1000);
		series_add(&moved, setup.moved[i]);
	}
	slow = 2 * series_at(&ms, 0.5);
	for (i = 0; i < load->nr_laps; i++)
		if (load->lap_us[i] / 1000 > slow)
			printf("note: round %zu: %.0f ms, %.0f pages moved\n", i + 1,
			       load->lap_us[i] / 1000, setup.moved[i]);
	row_quantiles(r, "request_ms", &ms);
	row_quantiles(r, "moved", &moved);
}

static void measure_rounds(const struct row *r, const struct area *area)
{
	size_t counted[ARRAY_SIZE(counters)], i, len = setup.rounds * sizeof(*setup.moved);
	struct load *load = load_new();
	int status;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		counted[i] = counter(counters[i]);
	setup.heap = area->heap;
	setup.moved = shared_new(len);
	/* for longer than child_status() waits */
	if (waitpid(load_start(load, age_rounds, -1), &status, 0) < 0 || status)
		bail("%s: the rounds failed: %#x", area->heap->name, status);
	row(r, "requests", setup.rounds);
	row(r, "given", load->rounds);
	row(r, "round_ms", (now_ms() - load->start_ms) / setup.rounds);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		row(r, counters[i], counter(counters[i]) - counted[i]);
	report_requests(r, load);
	munmap(setup.moved, len);
	munmap(load, sizeof(*load));
}

static void measure(struct row *r, const struct area *area)
{
	r->heap = area->heap ? area->heap->name : "quiet";
	file_write("/proc/sys/vm/drop_caches", "3");
	file_write("/proc/sys/vm/compact_memory", "1");
	if (area->begin)
		shell(area->begin);
	measure_files(r, setup.opt->quick ? 3 : 10);
	if (area->heap)
		measure_rounds(r, area);
	if (area->end)
		shell(area->end);
}

int bench_area(const struct options *opt)
{
	struct row r = { .suite = "area", .config = "rounds", .len = BUFFER, .threads = 1 };
	long kib;
	size_t i;

	disk_mount(DISK);
	mkdir(DIR, 0700);
	param_set("lazy_contig", "pool_max_mb", "0");
	file_write("/proc/sys/vm/drop_caches", "3");
	kib = meminfo_kib("MemAvailable");
	setup.opt = opt;
	setup.rounds = opt->rounds ?: opt->quick ? QUICK_ROUNDS : ROUNDS;
	setup.bytes = ((size_t)kib << 10) - AREA_LEN;
	for (i = 0; i < (size_t)(kib - SPARE_KIB) / (FILE_LEN >> 10) && i < MAX_FILES; i++)
		setup.file[setup.files++] = file_new(i);
	for (i = 0; i < ARRAY_SIZE(areas); i++)
		areas[i].have = !areas[i].heap || heap_use(areas[i].heap, opt);
	for (r.run = 0; r.run < opt->runs; r.run++)
		for (i = 0; i < ARRAY_SIZE(areas); i++)
			if (areas[i].have)
				measure(&r, &areas[i]);
	while (setup.files)
		close(setup.file[--setup.files]);
	slow_disk_umount();
	return 0;
}
