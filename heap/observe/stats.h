/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has happened since the module was loaded. Counters only go up; each is
 * a file of its name below the control device in sysfs, readable by everyone,
 * so none may say where memory lies.
 */
#ifndef LAZY_CONTIG_STATS_H
#define LAZY_CONTIG_STATS_H

#include <linux/types.h>

struct attribute_group;
struct lc_request;

/**
 * enum lc_counter - what is counted
 * @LC_REQUESTS: every request ends in success or in one of the failures
 * @LC_SUCCESS: requests that got their memory
 * @LC_FAIL_LIMIT: a limit would have been passed
 * @LC_FAIL_MEMORY: the machine could not have spared it
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
	LC_MOVED_PAGES,
	LC_SEARCH_US,
	LC_MIGRATE_US,
	LC_RELEASED,
	LC_NR_COUNTERS
};

/**
 * struct lc_effort - what one request has spent on moving memory
 * @deadline: in jiffies; no attempt is begun after it
 * @attempts: windows tried
 * @busy: of these, how many held something that would not move
 * @nomem: and how many had no room to move things to
 * @scarce: a zone was left out because the machine needs what is left
 * @late: the deadline came before the candidates were exhausted
 */
struct lc_effort {
	unsigned long deadline;
	unsigned int attempts;
	unsigned int busy;
	unsigned int nomem;
	bool scarce;
	bool late;
};

void lc_stats_init(void);
void lc_count(enum lc_counter counter, unsigned long n);
void lc_report_failure(const struct lc_request *req,
		       const struct lc_effort *effort, enum lc_counter reason);

extern const struct attribute_group lc_stats_group;

/* sysfs.c */
extern const struct attribute_group *lc_control_groups[];

#endif
