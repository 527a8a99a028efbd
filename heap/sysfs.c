// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of the control device, /sys/class/misc/lazy_contig/: one file for
 * each counter, the last failure, and what there is of memory; heap.c adds its
 * own. reserve can be written, pool_drop only that. All but pool_drop and
 * last_failure, which is about one user's request, are readable for all users, so
 * none contains a physical address.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sysfs.h>

#include "alloc.h"
#include "cache/pool.h"
#include "cache/reserve.h"
#include "limit.h"
#include "stats.h"
#include "sysfs.h"

static struct device_attribute lc_counter_attrs[LC_NR_COUNTERS];

static ssize_t lc_counter_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", lc_stats_sum(attr - lc_counter_attrs));
}

/* One line of key=value pairs, the input of "lazy-contig explain". */
static ssize_t last_failure_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct lc_failure last;
	const struct lc_constraint *c = &last.c;

	lc_stats_last_failure(&last);
	if (!last.reason)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf,
			  "reason=%s size=%lu node=%d attempts=%u busy=%u nomem=%u align=%lu min_addr=%llu max_addr=%llu pinnable=%d\n",
			  lc_stats_name(last.reason),
			  c->nr_pages << PAGE_SHIFT, last.node, last.attempts,
			  last.busy, last.nomem, c->align << PAGE_SHIFT,
			  PFN_PHYS(c->start_pfn),
			  c->end_pfn == LC_NO_LIMIT ? 0 :
				PFN_PHYS(max(c->end_pfn, 1UL)) - 1,
			  !!(last.flags & LC_PINNABLE));
}
static DEVICE_ATTR_ADMIN_RO(last_failure);

/* Memory of attempts that were left behind and have not ended. */
static ssize_t late_bytes_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", lc_limit_late() << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(late_bytes);

/* Memory of buffers, of requests in progress, and of attempts left behind. */
static ssize_t live_bytes_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", lc_limit_charged() << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(live_bytes);

/* A write of any content frees the warm pool before it returns. */
static ssize_t pool_drop_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t len)
{
	lc_pool_drop();
	return len;
}
static DEVICE_ATTR_WO(pool_drop);

static ssize_t pool_pages_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", lc_pool_pages());
}
static DEVICE_ATTR_RO(pool_pages);

static ssize_t reserve_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	ssize_t len = 0;
	int node;

	for_each_node_state(node, N_MEMORY)
		len += sysfs_emit_at(buf, len, "%d %lu\n", node,
				     lc_reserve_pages(node) >> LC_MB_SHIFT);
	return len;
}

static bool lc_node_has_memory(int node)
{
	return node >= 0 && node < MAX_NUMNODES && node_state(node, N_MEMORY);
}

/*
 * "NODE MIB" resizes the reserve of a node. A reserve that could only partly be
 * allocated is not an error: reading the file gives the size that it has.
 */
static ssize_t reserve_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	unsigned long mb;
	int node;
	char more;

	if (sscanf(buf, "%d %lu %c", &node, &mb, &more) != 2 ||
	    !lc_node_has_memory(node))
		return -EINVAL;
	return lc_alloc_set_reserve(node, lc_mb_to_pages(mb)) ?: len;
}
static DEVICE_ATTR_RW(reserve);

static char *reserve = "";
module_param(reserve, charp, 0444);
MODULE_PARM_DESC(reserve,
		 "memory set aside while loading, NODE:MIB[,NODE:MIB]...");

/* Call @func for each reserve of the parameter, until it returns an error. */
static int lc_reserve_each(int (*func)(int node, unsigned long mb))
{
	const char *at = reserve;
	int node, end, ret = 0;
	unsigned long mb;

	while (*at && !ret) {
		end = 0;
		if (sscanf(at, "%d:%lu%n", &node, &mb, &end) != 2 || !end ||
		    (at[end] && at[end] != ','))
			return -EINVAL;
		at += end + !!at[end];
		ret = func(node, mb);
	}
	return ret;
}

static int lc_reserve_check(int node, unsigned long mb)
{
	return lc_node_has_memory(node) ? 0 : -EINVAL;
}

static int lc_reserve_load(int node, unsigned long mb)
{
	unsigned long have;
	int ret;

	ret = lc_alloc_set_reserve(node, lc_mb_to_pages(mb));
	have = lc_reserve_pages(node) >> LC_MB_SHIFT;
	if (ret != -EINTR && have < mb) {
		pr_warn("reserve of node %d: %lu of %lu MiB\n", node, have, mb);
		ret = 0;
	}
	return ret;
}

/**
 * lc_sysfs_prepare - check the parameter reserve
 *
 * Context: module init, before anything becomes visible.
 * Return: 0, or -EINVAL after saying so in the log.
 */
int lc_sysfs_prepare(void)
{
	int ret = lc_reserve_each(lc_reserve_check);

	if (ret)
		pr_err("reserve \"%s\": not NODE:MIB[,NODE:MIB]... of nodes with memory\n",
		       reserve);
	return ret;
}

/**
 * lc_sysfs_set_reserves - set aside what the parameter reserve says
 *
 * Less than that is logged, and no error, as in the file reserve.
 *
 * Context: module init, when memory can be allocated; killable.
 * Return: 0 or -EINTR.
 */
int lc_sysfs_set_reserves(void)
{
	return lc_reserve_each(lc_reserve_load);
}

static struct attribute *lc_memory_attrs[] = {
	&dev_attr_last_failure.attr,
	&dev_attr_late_bytes.attr,
	&dev_attr_live_bytes.attr,
	&dev_attr_pool_drop.attr,
	&dev_attr_pool_pages.attr,
	&dev_attr_reserve.attr,
	NULL
};

static const struct attribute_group lc_memory_group = {
	.attrs = lc_memory_attrs,
};

/* Filled in by lc_sysfs_init(), NULL-terminated. */
static struct attribute *lc_stats_attrs[LC_NR_COUNTERS + 1];

static const struct attribute_group lc_stats_group = {
	.attrs = lc_stats_attrs,
};

/* The groups of the control device; complete after lc_sysfs_init(). */
const struct attribute_group *lc_sysfs_groups[] = {
	&lc_stats_group,
	&lc_memory_group,
	NULL
};

/**
 * lc_sysfs_init - create the attributes of the counters
 *
 * Context: module init, before the control device is registered.
 */
void lc_sysfs_init(void)
{
	enum lc_counter i;

	for (i = 0; i < LC_NR_COUNTERS; i++) {
		lc_counter_attrs[i] = (struct device_attribute) {
			.attr = { .name = lc_stats_name(i), .mode = 0444 },
			.show = lc_counter_show,
		};
		lc_stats_attrs[i] = &lc_counter_attrs[i].attr;
	}
}
