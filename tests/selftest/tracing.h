/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's tracing files. */
#ifndef _SELFTEST_TRACING_H
#define _SELFTEST_TRACING_H

#define TRACING	"/sys/kernel/tracing/"

/* Appends to a file below TRACING, or ends the test. */
void tracing_write(const char *file, const char *text);
/* Forgets all that was traced. */
void tracing_clear(void);

#endif /* _SELFTEST_TRACING_H */
