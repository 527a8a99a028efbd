/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading modules. All return -errno. */
#ifndef _SELFTEST_MODULE_CALLS_H
#define _SELFTEST_MODULE_CALLS_H

#include "helpers.h"

int module_load(const char *params);
int module_unload(void);
/* One of the tests' modules; file: below the top of the source. */
int ko_load(const char *file, const char *params);
int ko_unload(const char *name);
/* How many files there are that only the loaded module makes. */
int module_traces(void);

#endif /* _SELFTEST_MODULE_CALLS_H */
