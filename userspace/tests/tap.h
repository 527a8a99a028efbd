/* SPDX-License-Identifier: GPL-2.0 */
/* Output in the Test Anything Protocol: a line for each check, then the plan. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>

#include "../lazy-contig/cli.h"

static int tap_count, tap_failed;

/* Reports a check. If it fails, the line and the condition are printed too. */
#define ok(condition, ...) tap_report(!!(condition), #condition, __LINE__, __VA_ARGS__)

__printf(4, 5)
static void tap_report(int passed, const char *condition, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (passed)
		return;
	tap_failed++;
	printf("# line %d: %s\n", line, condition);
}

static int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif /* TAP_H */
