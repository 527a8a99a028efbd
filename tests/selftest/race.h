/* SPDX-License-Identifier: GPL-2.0 */
/* Between the race and those who run in it. */
#ifndef _SELFTEST_RACE_H
#define _SELFTEST_RACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RACE_SLOTS	6
#define RACE_MAX_OPS	16

/* Shared by all processes. Stale addresses in slots are part of the race. */
struct race {
	atomic_ulong ops;
	atomic_ulong done[RACE_MAX_OPS];
	_Atomic uint64_t kept[RACE_SLOTS];
	atomic_ulong settings;
	atomic_ulong offlined;
	atomic_ulong unloaded;
	atomic_int surprises;
};

extern struct race *race;

/* An answer that such a race cannot explain. */
void surprise(const char *what, long result);

/* One call, or a few that belong together, of a process that works. */
void race_op(unsigned int *seed);
/* Has each of them been there? */
bool race_complete(void);
void race_report(void);

#endif /* _SELFTEST_RACE_H */
