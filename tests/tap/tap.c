// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static int count, failed;

__attribute__((constructor)) static void line_buffered(void)
{
	/* a forked child must not print its parent's lines again */
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static void print_line(const char *head, const char *fmt, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	printf("%s%s\n", head, text);
}

static void result_line(bool good, const char *fmt, va_list args)
{
	char head[32];

	snprintf(head, sizeof(head), "%s %d - ", good ? "ok" : "not ok",
		 ++count);
	failed += !good;
	print_line(head, fmt, args);
}

bool tap_result(bool cond, const char *file, int line, const char *text,
		const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	result_line(cond, fmt, args);
	va_end(args);
	if (!cond)
		diag("%s:%d: %s", file, line, text);
	return cond;
}

static const char *value_name(long long value)
{
	if (value >= 0 || value < -4095)
		return "";
	return strerror(-value);
}

bool tap_is(long long got, long long want, const char *file, int line,
	    const char *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	result_line(got == want, fmt, args);
	va_end(args);
	if (got != want)
		diag("%s:%d: %s is %lld %s, not %lld %s", file, line, text,
		     got, value_name(got), want, value_name(want));
	return got == want;
}

void skip(const char *fmt, ...)
{
	char head[32];
	va_list args;

	snprintf(head, sizeof(head), "ok %d # SKIP ", ++count);
	va_start(args, fmt);
	print_line(head, fmt, args);
	va_end(args);
}

void diag(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line("# ", fmt, args);
	va_end(args);
}

void bail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line("Bail out! ", fmt, args);
	va_end(args);
	exit(1);
}

void tap_continue(int made)
{
	count = made;
}

int tap_done(void)
{
	printf("1..%d\n", count);
	return failed != 0;
}
