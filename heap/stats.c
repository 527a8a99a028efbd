// SPDX-License-Identifier: GPL-2.0
/* Counters, one set for each CPU, and the last failure. */

#include <linux/spinlock.h>

#include "stats.h"
#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_PER_CPU(unsigned long [LC_NR_COUNTERS], lc_stats_counters);

static const char * const lc_names[LC_NR_COUNTERS] = {
	[LC_REQUESTS] = "requests",
	[LC_SUCCESS] = "success",
	[LC_FAIL_LIMIT] = "fail_limit",
	[LC_FAIL_MEMORY] = "fail_memory",
	[LC_FAIL_PLACE] = "fail_place",
	[LC_FAIL_TIME] = "fail_time",
	[LC_FAIL_KILLED] = "fail_killed",
	[LC_FAIL_OTHER] = "fail_other",
	[LC_FROM_POOL] = "from_pool",
	[LC_FROM_BUDDY] = "from_buddy",
	[LC_FROM_RESERVE] = "from_reserve",
	[LC_FROM_MIGRATION] = "from_migration",
	[LC_ATTEMPTS] = "attempts",
	[LC_ATTEMPTS_BUSY] = "attempts_busy",
	[LC_ATTEMPTS_NOMEM] = "attempts_nomem",
	[LC_ATTEMPTS_LATE] = "attempts_late",
	[LC_MOVED_PAGES] = "moved_pages",
	[LC_SEARCH_US] = "search_us",
	[LC_MIGRATE_US] = "migrate_us",
	[LC_RELEASED] = "released",
};

/* Guards lc_last_failure. */
static DEFINE_SPINLOCK(lc_failure_lock);
static struct lc_failure lc_last_failure;

/**
 * lc_stats_sum - read a counter
 * @counter: the counter
 *
 * Context: any. Return: its sum over all CPUs.
 */
unsigned long lc_stats_sum(enum lc_counter counter)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(lc_stats_counters, cpu)[counter];
	return sum;
}

/**
 * lc_stats_name - the name of a counter
 * @counter: the counter
 *
 * Context: any. Return: its file name in sysfs.
 */
const char *lc_stats_name(enum lc_counter counter)
{
	return lc_names[counter];
}

/**
 * lc_stats_failure - count, trace and remember a request that failed
 * @failure: the failure
 *
 * Context: process context.
 */
void lc_stats_failure(const struct lc_failure *failure)
{
	lc_stats_count(failure->reason, 1);
	trace_lazy_contig_failure(failure->c.nr_pages,
				  lc_stats_name(failure->reason),
				  failure->attempts);
	spin_lock(&lc_failure_lock);
	lc_last_failure = *failure;
	spin_unlock(&lc_failure_lock);
}

/**
 * lc_stats_last_failure - the failure last remembered
 * @failure: out; without one all of it is 0, and @reason no LC_FAIL_*
 *
 * Context: process context.
 */
void lc_stats_last_failure(struct lc_failure *failure)
{
	spin_lock(&lc_failure_lock);
	*failure = lc_last_failure;
	spin_unlock(&lc_failure_lock);
}
