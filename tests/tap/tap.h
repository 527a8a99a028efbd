/* SPDX-License-Identifier: GPL-2.0 */
/* Test Anything Protocol, as much of it as these programs need. */
#ifndef _TESTS_TAP_H
#define _TESTS_TAP_H

#include <stdbool.h>

/*
 * One line of result: what must be true, then what that means to a reader.
 * Returns the condition.
 */
#define ok(cond, ...) \
	tap_result(!!(cond), __FILE__, __LINE__, #cond, __VA_ARGS__)

/* The same for an int result that has one right value, printed if wrong. */
#define is(got, want, ...) \
	tap_is(got, want, __FILE__, __LINE__, #got, __VA_ARGS__)

bool tap_result(bool cond, const char *file, int line, const char *text,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));
bool tap_is(long long got, long long want, const char *file, int line,
	    const char *text, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* A result that this machine cannot give, and why. */
void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line for the reader of the log. */
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program: the test itself cannot go on. */
void bail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The first checks, MADE of them, were done by another program. */
void tap_continue(int made);

/* The last line of main(): prints the plan, returns the exit status. */
int tap_done(void);

#endif /* _TESTS_TAP_H */
