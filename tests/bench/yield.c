// SPDX-License-Identifier: GPL-2.0
/*
 * How many buffers an allocator finds, and the time of each: all are held until
 * 80 % of the free memory is taken. Memory is aged anew, with the same seed, for
 * each allocator.
 */
#include <stdio.h>

#include "bench.h"

#define STOP_PERCENT	80
#define MAX_SECONDS	100
#define MAX_BUFFERS	1024

struct haul {
	int buf[MAX_BUFFERS];
	int nr;
	int err;		/* what ended it before all were there */
	double refusal_ms;
	struct series ms;
};

static void take(struct haul *haul, const struct heap *heap, size_t len,
		 int wanted, double seconds)
{
	double start = now_ms();

	while (haul->nr < wanted && now_ms() - start < seconds * 1e3) {
		double t = now_ms();
		int buf = lazy_contig_heap_alloc(heap->fd, len,
						 O_RDWR | O_CLOEXEC);

		t = now_ms() - t;
		if (buf < 0) {
			haul->err = buf;
			haul->refusal_ms = t;
			return;
		}
		series_add(&haul->ms, t);
		haul->buf[haul->nr++] = buf;
	}
}

static void give_back(struct haul *haul)
{
	while (haul->nr)
		close(haul->buf[--haul->nr]);
	series_free(&haul->ms);
	haul->err = 0;
}

/* The time of a request that cannot succeed, once the memory is taken. */
static double refusal(const struct heap *heap)
{
	double t = now_ms();
	int buf = lazy_contig_heap_alloc(heap->fd, GIB(1), O_RDWR | O_CLOEXEC);

	t = now_ms() - t;
	if (buf != -ENOMEM)
		bail("1 GiB of what is left: %d, not ENOMEM", buf);
	return t;
}

static void report(const struct row *r, struct haul *haul, int wanted,
		   long free_kib, double seconds)
{
	row(r, "free_mib", free_kib / 1024.0);
	row(r, "wanted", wanted);
	row(r, "count", haul->nr);
	row(r, "refused", haul->err != 0);
	row(r, "out_of_time", !haul->err && haul->nr < wanted);
	row(r, "median_ms", series_at(&haul->ms, 0.5));
	row(r, "p99_ms", series_at(&haul->ms, 0.99));
	row(r, "worst_ms", series_at(&haul->ms, 1));
	row(r, "total_s", seconds);
	if (haul->err)
		row(r, "refusal_ms", haul->refusal_ms);
}

static void take_from(struct haul *haul, const struct heap *heap, size_t len,
		      int wanted)
{
	if (heap == &exhaustive)
		param_set("peer_walk", "once", "1");
	take(haul, heap, len, wanted, MAX_SECONDS);
	if (heap == &exhaustive)
		param_set("peer_walk", "once", "0");
}

/*
 * What the other allocators find in the same memory, after lazy_contig has failed
 * there: each time that memory is aged, unmovable pages lie elsewhere.
 */
static void report_others(const struct row *r, int wanted)
{
	static const struct {
		const struct heap *heap;
		const char *metric;
	} others[] = {
		{ &walk, "walk_finds" },
		{ &exhaustive, "possible" },
	};
	static struct haul haul;
	size_t i;

	pool_drop();
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		if (!others[i].heap->fd)
			continue;
		take_from(&haul, others[i].heap, r->len, wanted);
		row(r, others[i].metric, haul.nr);
		give_back(&haul);
	}
}

static void measure(struct row *r, const struct heap *heap, long free_kib)
{
	static struct haul haul;
	int wanted = (size_t)free_kib * STOP_PERCENT / 100 / (r->len >> 10);
	double start = now_ms();
	bool refused;

	if (wanted > MAX_BUFFERS)
		bail("more than %d buffers", MAX_BUFFERS);
	take_from(&haul, heap, r->len, wanted);
	report(r, &haul, wanted, free_kib, (now_ms() - start) / 1e3);
	if (heap == &ours && haul.nr == wanted && r->len < GIB(1))
		row(r, "refusal_full_ms", refusal(heap));
	refused = haul.err;
	give_back(&haul);
	if (heap == &ours && refused)
		report_others(r, wanted);
}

static void measure_aged(struct row *r, const struct heap *heap,
			 unsigned int seed, unsigned int pins)
{
	struct age age;

	age_start(&age, seed, pins);
	measure(r, heap, age.free_kib);
	age_stop(&age);
}

/* lazy_contig only, until it fails: the others would exhaust the machine. */
static void measure_all(struct row *r, unsigned int seed)
{
	static struct haul haul;
	struct age age;
	double start;

	age_start(&age, seed, 60);
	start = now_ms();
	take(&haul, &ours, r->len, MAX_BUFFERS, MAX_SECONDS);
	report(r, &haul, haul.nr, age.free_kib, (now_ms() - start) / 1e3);
	row(r, "left_mib", meminfo_kib("MemAvailable") / 1024.0);
	give_back(&haul);
	age_stop(&age);
}

static void all_sizes(const struct options *opt, const char *config, int run,
		      struct heap *heap, int pins)
{
	static const unsigned int sizes[] = { 8, 64, 256, 1024 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct row r = {
			.suite = "yield", .config = config, .run = run,
			.heap = heap->name, .len = MIB(sizes[i]), .threads = 1,
		};

		if (heap == &exhaustive && pins < 0)
			continue;
		if (!number_listed(opt->sizes, sizes[i]))
			continue;
		if (pins < 0) {
			pool_drop();
			measure(&r, heap, meminfo_kib("MemFree"));
		} else {
			measure_aged(&r, heap, opt->seed + run, pins);
		}
	}
}

int bench_yield(const struct options *opt)
{
	static const int pins[] = { -1, 60, 2000 };
	struct heap *heaps[] = { &walk, &pages, &exhaustive, &ours };
	size_t i, h, nr = 0;
	int run;

	for (h = 0; h < ARRAY_SIZE(heaps); h++)
		if (heap_use(heaps[h], opt))
			heaps[nr++] = heaps[h];
	for (i = 0; i < ARRAY_SIZE(pins); i++) {
		char config[32] = "fresh";

		if (pins[i] >= 0)
			snprintf(config, sizeof(config), "%d pins", pins[i]);
		if (!number_listed(opt->pins, pins[i] < 0 ? 0 : pins[i]))
			continue;
		/* the first one finds most: rotate the order */
		for (run = 0; run < opt->runs; run++)
			for (h = 0; h < nr; h++)
				all_sizes(opt, config, run, heaps[(run + h) % nr],
					  pins[i]);
	}
	if (!opt->only || listed(opt->only, "everything")) {
		struct row r = {
			.suite = "yield", .config = "everything",
			.heap = ours.name, .len = MIB(8), .threads = 1,
		};

		measure_all(&r, opt->seed);
	}
	return 0;
}
