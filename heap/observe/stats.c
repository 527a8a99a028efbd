// SPDX-License-Identifier: GPL-2.0
/* Counters and the last failure, and their files in sysfs. */

#include <linux/device.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "../lazy_contig.h"
#include "stats.h"
#define CREATE_TRACE_POINTS
#include "trace.h"

static DEFINE_PER_CPU(unsigned long [LC_NR_COUNTERS], lc_counters);

static ssize_t lc_counter_show(struct device *dev,
			       struct device_attribute *attr, char *buf);

#define LC_COUNTER(_name)	__ATTR(_name, 0444, lc_counter_show, NULL)

static struct device_attribute lc_counter_attrs[LC_NR_COUNTERS] = {
	[LC_REQUESTS] = LC_COUNTER(requests),
	[LC_SUCCESS] = LC_COUNTER(success),
	[LC_FAIL_LIMIT] = LC_COUNTER(fail_limit),
	[LC_FAIL_MEMORY] = LC_COUNTER(fail_memory),
	[LC_FAIL_PLACE] = LC_COUNTER(fail_place),
	[LC_FAIL_TIME] = LC_COUNTER(fail_time),
	[LC_FAIL_KILLED] = LC_COUNTER(fail_killed),
	[LC_FAIL_OTHER] = LC_COUNTER(fail_other),
	[LC_FROM_POOL] = LC_COUNTER(from_pool),
	[LC_FROM_BUDDY] = LC_COUNTER(from_buddy),
	[LC_FROM_RESERVE] = LC_COUNTER(from_reserve),
	[LC_FROM_MIGRATION] = LC_COUNTER(from_migration),
	[LC_ATTEMPTS] = LC_COUNTER(attempts),
	[LC_ATTEMPTS_BUSY] = LC_COUNTER(attempts_busy),
	[LC_ATTEMPTS_NOMEM] = LC_COUNTER(attempts_nomem),
	[LC_MOVED_PAGES] = LC_COUNTER(moved_pages),
	[LC_SEARCH_US] = LC_COUNTER(search_us),
	[LC_MIGRATE_US] = LC_COUNTER(migrate_us),
	[LC_RELEASED] = LC_COUNTER(released),
};

static ssize_t lc_counter_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(lc_counters, cpu)[attr - lc_counter_attrs];
	return sysfs_emit(buf, "%lu\n", sum);
}

static const char *lc_counter_name(enum lc_counter counter)
{
	return lc_counter_attrs[counter].attr.name;
}

/**
 * struct lc_failure - why a request failed
 * @reason: one of LC_FAIL_*
 * @req: what was asked for; its name is not kept
 * @effort: what was tried
 */
struct lc_failure {
	enum lc_counter reason;
	struct lc_request req;
	struct lc_effort effort;
};

/* Guards lc_last_failure, whose reason is 0 as long as there was none. */
static DEFINE_SPINLOCK(lc_failure_lock);
static struct lc_failure lc_last_failure;

/**
 * lc_count - count something
 * @counter: what
 * @n: how many
 *
 * Context: any.
 */
void lc_count(enum lc_counter counter, unsigned long n)
{
	this_cpu_add(lc_counters[counter], n);
}

/**
 * lc_report_failure - a request has failed
 * @req: what was asked for
 * @effort: what was tried
 * @reason: one of LC_FAIL_*
 *
 * Context: process context.
 */
void lc_report_failure(const struct lc_request *req,
		       const struct lc_effort *effort, enum lc_counter reason)
{
	lc_count(reason, 1);
	trace_lazy_contig_failure(req->nr_pages, lc_counter_name(reason),
				  effort->attempts);

	spin_lock(&lc_failure_lock);
	lc_last_failure = (struct lc_failure) {
		.reason = reason,
		.req = *req,
		.effort = *effort,
	};
	lc_last_failure.req.name = NULL;
	spin_unlock(&lc_failure_lock);
}

/* One line of key=value: what "lazy-contig explain" explains. */
static ssize_t last_failure_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct lc_failure last;

	spin_lock(&lc_failure_lock);
	last = lc_last_failure;
	spin_unlock(&lc_failure_lock);

	if (!last.reason)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf,
			  "reason=%s size=%lu node=%d attempts=%u busy=%u nomem=%u\n",
			  lc_counter_name(last.reason),
			  last.req.nr_pages << PAGE_SHIFT, last.req.node,
			  last.effort.attempts, last.effort.busy,
			  last.effort.nomem);
}
static DEVICE_ATTR_RO(last_failure);

/* In buffers and in requests under way. */
static ssize_t live_bytes_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", lc_charged_pages() << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(live_bytes);

static struct attribute *lc_stats_attrs[LC_NR_COUNTERS + 3];

const struct attribute_group lc_stats_group = {
	.attrs = lc_stats_attrs,
};

/**
 * lc_stats_init - fill in the group of files
 *
 * Must come before the control device.
 */
void lc_stats_init(void)
{
	unsigned int i;

	for (i = 0; i < LC_NR_COUNTERS; i++)
		lc_stats_attrs[i] = &lc_counter_attrs[i].attr;
	lc_stats_attrs[i++] = &dev_attr_last_failure.attr;
	lc_stats_attrs[i] = &dev_attr_live_bytes.attr;
}
