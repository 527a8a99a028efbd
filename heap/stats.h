/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has happened since the module was loaded. Counters only go up. All of
 * this is readable by every user: nothing here may say where memory lies.
 */
#ifndef LAZY_CONTIG_STATS_H
#define LAZY_CONTIG_STATS_H

#include <linux/percpu.h>

#include "types.h"

/**
 * enum lc_counter - what is counted
 * @LC_REQUESTS: every request ends in success or in one of the failures
 * @LC_SUCCESS: requests that got their memory
 * @LC_FAIL_LIMIT: a limit would have been passed
 * @LC_FAIL_MEMORY: watermark checks have refused it
 * @LC_FAIL_PLACE: no place was found
 * @LC_FAIL_TIME: no place was found in time
 * @LC_FAIL_KILLED: the caller was being killed
 * @LC_FAIL_OTHER: no memory for the bookkeeping
 * @LC_FROM_POOL: successes that the warm pool served
 * @LC_FROM_BUDDY: successes that the page allocator served
 * @LC_FROM_RESERVE: successes that the reserve served
 * @LC_FROM_MIGRATION: successes for which a range was emptied
 * @LC_ATTEMPTS: ranges tried
 * @LC_ATTEMPTS_BUSY: of these, something there would not move
 * @LC_ATTEMPTS_NOMEM: of these, there was no room to move things to
 * @LC_ATTEMPTS_LATE: of these, it took too long and was left behind
 * @LC_MOVED_PAGES: what lay in the ranges that were emptied, as estimated when
 *	they were chosen
 * @LC_SEARCH_US: microseconds spent choosing, by all requests together
 * @LC_MIGRATE_US: microseconds spent emptying and clearing
 * @LC_RELEASED: ranges given back
 * @LC_NR_COUNTERS: how many counters there are
 */
enum lc_counter {
	LC_REQUESTS,
	LC_SUCCESS,
	LC_FAIL_LIMIT,
	LC_FAIL_MEMORY,
	LC_FAIL_PLACE,
	LC_FAIL_TIME,
	LC_FAIL_KILLED,
	LC_FAIL_OTHER,
	LC_FROM_POOL,
	LC_FROM_BUDDY,
	LC_FROM_RESERVE,
	LC_FROM_MIGRATION,
	LC_ATTEMPTS,
	LC_ATTEMPTS_BUSY,
	LC_ATTEMPTS_NOMEM,
	LC_ATTEMPTS_LATE,
	LC_MOVED_PAGES,
	LC_SEARCH_US,
	LC_MIGRATE_US,
	LC_RELEASED,
	LC_NR_COUNTERS
};

/**
 * struct lc_failure - why a request failed
 * @reason: one of LC_FAIL_*
 * @c: its placement constraints
 * @node: node that was asked for, or NUMA_NO_NODE
 * @flags: LC_PINNABLE and LC_UNCACHED
 * @attempts: ranges tried
 * @busy: of these, how many held something that would not move
 * @nomem: and how many had no room to move things to
 */
struct lc_failure {
	enum lc_counter reason;
	struct lc_constraint c;
	int node;
	unsigned int flags;
	unsigned int attempts;
	unsigned int busy;
	unsigned int nomem;
};

DECLARE_PER_CPU(unsigned long [LC_NR_COUNTERS], lc_stats_counters);

/* Add to a counter. Context: any. */
static inline void lc_stats_count(enum lc_counter counter, unsigned long n)
{
	this_cpu_add(lc_stats_counters[counter], n);
}

unsigned long lc_stats_sum(enum lc_counter counter);
const char *lc_stats_name(enum lc_counter counter);
void lc_stats_failure(const struct lc_failure *failure);
void lc_stats_last_failure(struct lc_failure *failure);

#endif
