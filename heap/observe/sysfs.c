// SPDX-License-Identifier: GPL-2.0
/* The files of the control device in sysfs: /sys/class/misc/lazy_contig/. */

#include <linux/device.h>
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

static ssize_t pool_pages_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", lc_pool_pages());
}
static DEVICE_ATTR_RO(pool_pages);

static struct attribute *lc_memory_attrs[] = {
	&dev_attr_pool_drop.attr,
	&dev_attr_pool_pages.attr,
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
