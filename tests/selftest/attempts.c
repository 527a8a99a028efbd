// SPDX-License-Identifier: GPL-2.0
#include "attempts.h"

#define TRACE	"/sys/kernel/tracing/trace"
#define EVENT	"/sys/kernel/tracing/events/lazy_contig/lazy_contig_attempt/enable"

void attempts_record(void)
{
	if (system("echo >" TRACE " && echo 1 >" EVENT))
		bail(EVENT);
}

unsigned int attempts_each(void (*fn)(const struct attempt *attempt, void *arg),
			   void *arg)
{
	FILE *f = text_open(TRACE);
	unsigned long pfn, nr_pages;
	struct attempt attempt;
	char line[512], *at;
	unsigned int n = 0;

	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, " pfn=");
		if (!at || sscanf(at, " pfn=%lx nr_pages=%lu error=%d", &pfn,
				  &nr_pages, &attempt.error) != 3)
			continue;
		attempt.phys = pfn * PAGE;
		attempt.len = nr_pages * PAGE;
		fn(&attempt, arg);
		n++;
	}
	fclose(f);
	return n;
}
