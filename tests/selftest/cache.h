/* SPDX-License-Identifier: GPL-2.0 */
/* Page cache of a file that takes no disk. */
#ifndef _SELFTEST_CACHE_H
#define _SELFTEST_CACHE_H

#include "helpers.h"

/*
 * Opens a file without blocks, of 2 GiB, on a small file system: reading it costs no
 * disk, but page cache as any other.
 */
int cache_file_new(void);
void cache_file_remove(int fd);
/* Reads the file, until so much page cache is there. */
void cache_fill(int fd, long kib);

#endif /* _SELFTEST_CACHE_H */
