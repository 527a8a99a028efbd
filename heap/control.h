/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/lazy_contig. */
#ifndef LAZY_CONTIG_CONTROL_H
#define LAZY_CONTIG_CONTROL_H

struct device;

struct device *lc_control_device(void);
int lc_control_init(void);
void lc_control_publish(void);
void lc_control_exit(void);

#endif
