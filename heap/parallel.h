/* SPDX-License-Identifier: GPL-2.0 */
/* Work on large extents in parts, by several CPUs. */
#ifndef LAZY_CONTIG_PARALLEL_H
#define LAZY_CONTIG_PARALLEL_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/list.h>

#include "types.h"

/**
 * struct lc_job - an extent that is worked on in parts
 * @ext: the extent
 * @first_part: page frame up to which the first part reaches
 * @nr_parts: number of parts
 * @next_part: the next part to begin
 * @threads: threads that have not left the job
 * @stop: 0, or the error that ended the job; no part is begun after it
 * @done: one bit for each part that is done, and not undone
 * @idle: completed when the last thread has left
 * @work: does a part; returns 0, or an error that ends the job
 * @undo: undoes a part when the job fails; may be NULL
 * @end: called by the last thread that leaves, after which it does not touch
 *	the job; may be NULL
 * @cpus: the CPUs where it may be worked on
 * @nice: and with which priority
 * @helpers: the helpers that work on it; guarded by a lock of parallel.c
 */
struct lc_job {
	struct lc_extent ext;
	unsigned long first_part;
	unsigned long nr_parts;
	atomic_long_t next_part;
	atomic_t threads;
	int stop;
	unsigned long *done;
	struct completion idle;
	int (*work)(struct lc_job *job, const struct lc_extent *part);
	void (*undo)(const struct lc_extent *part);
	void (*end)(struct lc_job *job);
	cpumask_var_t cpus;
	int nice;
	struct list_head helpers;
};

int lc_parallel_init(struct lc_job *job, const struct lc_extent *ext,
		     int (*work)(struct lc_job *job, const struct lc_extent *part));
void lc_parallel_destroy(struct lc_job *job);
bool lc_parallel_start(struct lc_job *job, bool caller);
void lc_parallel_hurry(struct lc_job *job);
bool lc_parallel_stalls(struct lc_job *job, u64 *runtime);
bool lc_parallel_stop(struct lc_job *job, int error);
void lc_parallel_leave(struct lc_job *job);
void lc_parallel_join(struct lc_job *job);
void lc_parallel_undo(struct lc_job *job);
int lc_parallel(const struct lc_extent *ext,
		int (*work)(struct lc_job *job, const struct lc_extent *part));
void lc_parallel_exit(void);

#endif
