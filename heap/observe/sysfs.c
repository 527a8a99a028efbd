// SPDX-License-Identifier: GPL-2.0
/* The files of the control device in sysfs: /sys/class/misc/lazy_contig/. */

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sysfs.h>

#include "../lazy_contig.h"
#include "stats.h"

/* Writing anything gives all idle memory back before it returns. */
static ssize_t pool_drop_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t len)
{
	lc_pool_drop();
	return len;
}
static DEVICE_ATTR_WO(pool_drop);

#define LC_MB_SHIFT	(20 - PAGE_SHIFT)

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

/* "node MiB"; what could be had is what a reader sees afterwards. */
static ssize_t reserve_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	unsigned long mb;
	int node, ret;
	char more;

	if (sscanf(buf, "%d %lu %c", &node, &mb, &more) != 2 || node < 0 ||
	    node >= MAX_NUMNODES || !node_state(node, N_MEMORY))
		return -EINVAL;
	if (mb > ULONG_MAX >> LC_MB_SHIFT)
		return -ENOMEM;
	ret = lc_reserve_set(node, mb << LC_MB_SHIFT);
	return ret ?: len;
}
static DEVICE_ATTR_RW(reserve);

static ssize_t pool_pages_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", lc_pool_pages());
}
static DEVICE_ATTR_RO(pool_pages);

static struct attribute *lc_memory_attrs[] = {
	&dev_attr_pool_drop.attr,
	&dev_attr_pool_pages.attr,
	&dev_attr_reserve.attr,
	NULL
};

static const struct attribute_group lc_memory_group = {
	.attrs = lc_memory_attrs,
};

const struct attribute_group *lc_control_groups[] = {
	&lc_stats_group,
	&lc_memory_group,
	NULL
};
