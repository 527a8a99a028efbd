/* SPDX-License-Identifier: GPL-2.0 */
/* ../pauser, which makes a kernel function wait. */
#ifndef _SELFTEST_PAUSER_H
#define _SELFTEST_PAUSER_H

#include "helpers.h"

/*
 * From now on the first caller of the function waits at its beginning, until memory goes
 * offline. The first argument may be a pointer to a struct lc_extent: it counts as the
 * extent's first page frame then.
 */
void pause_at(const char *function, bool pointer);
/* Waits for that caller; returns its arguments. */
void pause_wait(unsigned long args[6]);
/* Resumes the caller although no memory goes offline. */
void pause_end(void);
/* After the caller has gone on: no pause any more. */
void pause_done(void);

#endif /* _SELFTEST_PAUSER_H */
