/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that comes online and goes offline. */
#ifndef LAZY_CONTIG_HOTPLUG_H
#define LAZY_CONTIG_HOTPLUG_H

int lc_hotplug_init(void);
void lc_hotplug_exit(void);

#endif
