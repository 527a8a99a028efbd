// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "../selftest/helpers.h"
#include "faults.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define ALL		"0xffffffffffffffff"

static int fail_nth = -1;

static const struct {
	const char *dir;
	enum fault fault;
} points[] = {
	{ "failslab", FAULT_ALLOC },
	{ "fail_page_alloc", FAULT_ALLOC },
	{ "fail_usercopy", FAULT_COPY },
};

static void set(const char *dir, const char *file, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		bail("%s: %m", path);
	close(fd);
}

/* Where FUNC begins, and the symbol behind it. */
static void find_function(const char *func, unsigned long *start,
			  unsigned long *end)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long addr;
	char name[256];

	*start = 0;
	while (f && fscanf(f, "%lx %*c %255s%*[^\n]", &addr, name) == 2)
		if (!strcmp(name, func))
			*start = addr;
	if (!f || !*start)
		bail("%s is not in /proc/kallsyms", func);
	*end = ~0UL;
	rewind(f);
	while (fscanf(f, "%lx %*c %255s%*[^\n]", &addr, name) == 2)
		if (addr > *start && addr < *end)
			*end = addr;
	fclose(f);
}

/*
 * Never fails: genalloc cannot ask for memory without a warning in the log,
 * which would count as the module's.
 */
static void spare(const char *func)
{
	char start[32], end[32];
	unsigned long from, to;
	size_t i;

	find_function(func, &from, &to);
	snprintf(start, sizeof(start), "%#lx", from);
	snprintf(end, sizeof(end), "%#lx", to);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		set(points[i].dir, "reject-start", start);
		set(points[i].dir, "reject-end", end);
	}
}

void faults_init(void)
{
	size_t i;

	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		bail("/proc/thread-self/fail-nth: %m");
	for (i = 0; i < ARRAY_SIZE(points); i++)
		set(points[i].dir, "verbose", "0");
	/* those that may sleep, and single pages, are spared by default */
	set("failslab", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
	spare("gen_pool_add_owner");
}

/* Points count if a return address in this range is on the stack. */
static void select_range(enum fault fault, const char *start, const char *end)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(points); i++) {
		bool on = points[i].fault == fault;

		set(points[i].dir, "require-start", on ? start : "1");
		set(points[i].dir, "require-end", on ? end : "1");
	}
}

void faults_select(enum fault fault)
{
	select_range(fault, "0", ALL);
}

void faults_select_below(enum fault fault, const char *func)
{
	char start[32], end[32];
	unsigned long from, to;

	find_function(func, &from, &to);
	snprintf(start, sizeof(start), "%#lx", from);
	snprintf(end, sizeof(end), "%#lx", to);
	select_range(fault, start, end);
}

void faults_arm(int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", nth);

	if (pwrite(fail_nth, text, len, 0) != len)
		bail("arm fail-nth: %m");
}

bool faults_disarm(void)
{
	char text[16] = "";
	/* if copies fail, this one may be the one; then it was none before */
	bool injected = pread(fail_nth, text, sizeof(text) - 1, 0) > 0 &&
			atoi(text) == 0;

	while (pwrite(fail_nth, "0", 1, 0) < 0)
		;
	return injected;
}
