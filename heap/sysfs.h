/* SPDX-License-Identifier: GPL-2.0 */
/* Attributes of the control device. */
#ifndef LAZY_CONTIG_SYSFS_H
#define LAZY_CONTIG_SYSFS_H

struct attribute_group;

extern const struct attribute_group *lc_sysfs_groups[];

int lc_sysfs_prepare(void);
void lc_sysfs_init(void);
int lc_sysfs_set_reserves(void);

#endif
