/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading the module. All return -errno. */
#ifndef _SELFTEST_MODULE_CALLS_H
#define _SELFTEST_MODULE_CALLS_H

#include "helpers.h"

int module_load(const char *params);
int module_unload(void);
/* How many files there are that only the loaded module makes. */
int module_traces(void);

#endif /* _SELFTEST_MODULE_CALLS_H */
