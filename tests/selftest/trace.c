// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: a tracepoint for each step of a request, with its outcome
 */
#include <stdio.h>

#include "settings.h"
#include "tracing.h"

#define LEN	MIB(64) /* more than a block of the page allocator */

static int heap;

/* How many events so far have this name, and this text in them? */
static int events(const char *name, const char *text)
{
	FILE *f = fopen(TRACING "trace", "re");
	char line[512], *at;
	int n = 0;

	if (!f)
		bail("%strace: %m", TRACING);
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, name);
		n += at && at[strlen(name)] == ':' && strstr(at, text);
	}
	fclose(f);
	return n;
}

static const char *range_text(uint64_t phys, size_t len)
{
	static char text[64];

	snprintf(text, sizeof(text), "pfn=%#llx nr_pages=%zu\n",
		 (unsigned long long)phys / PAGE, len / PAGE);
	return text;
}

static void test_success(void)
{
	int buf = buf_new(heap, LEN);
	uint64_t phys = buf_phys(buf);
	char nr_pages[32];

	snprintf(nr_pages, sizeof(nr_pages), "nr_pages=%zu ", LEN / PAGE);
	is(events("lazy_contig_request", nr_pages), 1, "the request");
	ok(events("lazy_contig_window", "pfn="), "the windows chosen");
	is(events("lazy_contig_attempt", "error=0"), 1, "the attempt that works");
	is(events("lazy_contig_success", range_text(phys, LEN)), 1, "the success");
	is(events("lazy_contig_release", ""), 0, "no release yet");
	close(buf);
	is(events("lazy_contig_release", range_text(phys, LEN)), 1, "the release");
	is(events("lazy_contig_failure", ""), 0, "no failure");
}

static void test_pool(void)
{
	uint64_t phys;
	int buf;

	param_set("pool_max_mb", 64);
	close(buf_new(heap, LEN));
	is(events("lazy_contig_pool_hit", ""), 0, "nothing from the pool yet");
	buf = buf_new(heap, LEN);
	phys = buf_phys(buf);
	is(events("lazy_contig_pool_hit", range_text(phys, LEN)), 1,
	   "a range from the pool");
	close(buf);
	param_set("pool_max_mb", 0);
}

static void test_failure(void)
{
	is(heap_alloc(heap, (size_t)1 << 40), -ENOMEM, "1 TiB cannot be had");
	is(events("lazy_contig_failure", "reason=fail_limit attempts=0"), 1,
	   "the failure and its reason");
}

int main(void)
{
	unsigned long pool = param_get("pool_max_mb");
	struct mark mark;

	heap = heap_open(HEAP);
	mark_set(&mark);
	param_set("pool_max_mb", 0);
	tracing_clear();
	tracing_write("events/lazy_contig/enable", "1");
	test_success();
	test_pool();
	test_failure();
	tracing_write("events/lazy_contig/enable", "0");
	tracing_clear();
	param_set("pool_max_mb", pool);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
