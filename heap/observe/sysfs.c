// SPDX-License-Identifier: GPL-2.0
/* The files of the control device in sysfs: /sys/class/misc/lazy_contig/. */

#include <linux/sysfs.h>

#include "stats.h"

const struct attribute_group *lc_control_groups[] = {
	&lc_stats_group,
	NULL
};
