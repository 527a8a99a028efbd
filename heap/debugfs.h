/* SPDX-License-Identifier: GPL-2.0 */
/* The directory in debugfs. */
#ifndef LAZY_CONTIG_DEBUGFS_H
#define LAZY_CONTIG_DEBUGFS_H

void lc_debugfs_init(void);
void lc_debugfs_exit(void);

#endif
