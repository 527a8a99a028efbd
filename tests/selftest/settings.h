/* SPDX-License-Identifier: GPL-2.0 */
/* Parameters of the module and files of the control device. */
#ifndef _SELFTEST_SETTINGS_H
#define _SELFTEST_SETTINGS_H

#include "helpers.h"

/* Parameters; a test that changes one sets it back. */
unsigned long param_get(const char *name);
void param_set(const char *name, unsigned long value);

/*
 * For requests that must find room: on a machine that is slow for a moment one
 * attempt can use up all the time there is, and it may be unlucky. Returns what
 * param_set() is to set time_limit_ms back to.
 */
unsigned long patience(void);

/* Numbers in /sys/class/misc/lazy_contig. */
long counter(const char *name);

/* The warm pool. */
long pool_mib(void);

/* The reserve of node 0; returns -errno if the write fails. */
int reserve_set(unsigned long mib);
int reserve_write(const char *text);
long reserve_mib(void);

/* The file heaps; returns -errno if the write fails. */
int heaps_write(const char *text);

/* How many rounds a test should do: LC_ROUNDS, or what is given. */
unsigned long rounds(unsigned long usual);

#endif /* _SELFTEST_SETTINGS_H */
