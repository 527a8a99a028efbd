/* SPDX-License-Identifier: GPL-2.0 */
/* What the ager prints: tables, or lines of CSV. */
#ifndef _AGE_REPORT_H
#define _AGE_REPORT_H

#include <stdbool.h>

extern bool as_csv;

/* One figure: "section,name,value", or "  name  value" below the heading. */
void heading(const char *title);
void figure(const char *section, const char *name, double value, int decimals);
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The machine as it is now. */
void report_machine(void);

#endif /* _AGE_REPORT_H */
