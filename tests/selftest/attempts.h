/* SPDX-License-Identifier: GPL-2.0 */
/* The attempts of the module to empty memory, from its trace event. */
#ifndef _SELFTEST_ATTEMPTS_H
#define _SELFTEST_ATTEMPTS_H

#include "helpers.h"

struct attempt {
	uint64_t phys;
	size_t len;
	int error;
};

/* From now on they are recorded; what was before is forgotten. */
void attempts_record(void);
/* Calls fn for each, oldest first; returns how many there were. */
unsigned int attempts_each(void (*fn)(const struct attempt *attempt, void *arg),
			   void *arg);

#endif /* _SELFTEST_ATTEMPTS_H */
