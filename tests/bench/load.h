/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that run beside a measurement, and what the kernel counts meanwhile. */
#ifndef _BENCH_LOAD_H
#define _BENCH_LOAD_H

#include "bench.h"

/* What a process beside reports, in memory that both have. */
struct load {
	volatile bool end;
	volatile unsigned long rounds;
	double start_ms;
	double waited_share;	/* of its time, ready, for the processor */
	size_t nr_laps;
	double lap_us[1 << 20];
};

struct load *load_new(void);
pid_t load_start(struct load *load, void (*fn)(struct load *load, int fd), int fd);
/* Until it has done so many rounds more. */
void load_wait(const struct load *load, unsigned long rounds);
void load_end(struct load *load, pid_t pid);

/*
 * For load_start(), on the second processor; each lap is a figure in microseconds.
 * The file user needs a file of 64 MiB.
 */
void load_toucher(struct load *load, int fd);
void load_file_user(struct load *load, int fd);
void load_timer(struct load *load, int fd);

void pin_cpu(int cpu);
/* Bytes from-to of the file, which are whole MiB, into the page cache. */
void read_file(int fd, size_t from, size_t to);
/* A buffer, or -errno. */
int heap_take(const struct heap *heap, size_t len);

#endif /* _BENCH_LOAD_H */
