/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the benchmarks: allocators, clocks, series of figures, rows of CSV. */
#ifndef _BENCH_H
#define _BENCH_H

#include <lazy_contig.h>

#include "../selftest/helpers.h"
#include "age/rng.h"

#define GIB(n)		((size_t)(n) << 30)

/* An allocator: a node that answers DMA_HEAP_IOCTL_ALLOC. */
struct heap {
	const char *name;
	const char *node;
	int fd;
};

extern struct heap ours;		/* lazy_contig */
extern struct heap system_heap;
extern struct heap cma;
extern struct heap walk;
extern struct heap pages;
extern struct heap exhaustive;		/* the walk, each place in one request only */
extern struct heap reserve;		/* lazy_contig with a reserve */
extern struct heap movable;		/* and with memory for movable pages only */

/* An allocator, and the commands that set its area up and take it down. */
struct area {
	struct heap *heap;
	const char *begin;
	const char *end;
	bool have;
};

#define AREA_RESERVE(mib) {						\
	.heap = &reserve,						\
	.begin = "echo 0 " mib " >/sys/class/misc/lazy_contig/reserve",	\
	.end = "echo 0 0 >/sys/class/misc/lazy_contig/reserve" }
#define AREA_MOVABLE(mib) {						\
	.heap = &movable,						\
	.begin = "lazy-contig movable " mib "M",			\
	.end = "lazy-contig movable 0 || true" }

/* The options of the command line. */
struct options {
	bool quick;
	int runs;
	int rounds;		/* 0: what the suite does without being told */
	unsigned int seed;
	const char *only;	/* allocators, or NULL for all */
	const char *sizes;	/* in MiB, or NULL for all */
	const char *pins;	/* numbers of pinned pages, or NULL for all */
};

/* Opens the node; false if it does not exist or was not selected. */
bool heap_use(struct heap *heap, const struct options *opt);
/* Is value in the list "a,b,c"? A NULL list has everything. */
bool listed(const char *list, const char *value);
bool number_listed(const char *list, unsigned long value);

double now_ms(void);
/* The milliseconds since *t, which is set to now. */
double lap(double *t);

/* Samples of one figure, for quantiles. */
struct series {
	double *value;
	size_t nr;
	size_t room;
	bool sorted;
};
void series_add(struct series *s, double value);
/* 0 the smallest, 0.5 the median, 1 the largest; 0 if there is no figure. */
double series_at(struct series *s, double quantile);
void series_free(struct series *s);

/* The heading of a group of figures, then one line of CSV for each. */
struct row {
	const char *suite;
	const char *config;
	int run;
	const char *heap;
	size_t len;		/* bytes */
	int threads;
};
void row(const struct row *r, const char *metric, double value);
void row_header(void);
/* Its quantiles, as WHAT_p1 to WHAT_p100; the series is empty then. */
void row_quantiles(const struct row *r, const char *what, struct series *s);

/* A parameter of a module; false if it has none of that name. */
bool param_get(const char *module, const char *name, char *value, size_t len);
bool param_set(const char *module, const char *name, const char *value);
void file_write(const char *path, const char *text);

/* Ages memory and holds it in that state until age_stop(). */
struct age {
	pid_t pid;
	long free_kib;		/* of memory, once aged */
};
void age_start(struct age *age, unsigned int seed, unsigned int pins);
void age_stop(struct age *age);

int bench_yield(const struct options *opt);
int bench_churn(const struct options *opt);
int bench_speed(const struct options *opt);
int bench_counted(const struct options *opt);
int bench_video(const struct options *opt);
int bench_stall(const struct options *opt);
int bench_map(const struct options *opt);
int bench_file(const struct options *opt);
int bench_neighbours(const struct options *opt);
int bench_camera(const struct options *opt);
int bench_area(const struct options *opt);
int bench_locks(const struct options *opt);

#endif /* _BENCH_H */
