// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: CMA areas are left to their users: no buffer lies there, no window is
 *   chosen there, and what is free there does not count
 *
 * Kernels for arm64 have one; others with cma= on their command line.
 */
#include <sys/resource.h>

#include "blocks.h"
#include "settings.h"
#include "tracing.h"

#define EVENT		"events/lazy_contig/lazy_contig_window/enable"
#define MOST		2000
/* no block of the page allocator */
#define LEN		MIB(7)
/* What the kernel takes from below its watermarks while the test runs. */
#define SLACK_KIB	(16l << 10)

static int windows(const struct span *area, int *all)
{
	FILE *f = text_open(TRACING "trace");
	unsigned long pfn;
	char line[512], *at;
	int inside = 0;

	*all = 0;
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, " pfn=");
		if (!at || sscanf(at, " pfn=%lx", &pfn) != 1)
			continue;
		++*all;
		inside += pfn * PAGE < area->end && pfn * PAGE + LEN > area->start;
	}
	fclose(f);
	return inside;
}

static void test_fill(const struct span *area)
{
	long marks = watermarks_kib(), left;
	int heap = heap_open(HEAP), n = 0, inside = 0, err, all;
	static int buf[MOST];
	uint64_t phys;

	while (n < MOST && (err = heap_alloc(heap, LEN)) >= 0)
		buf[n++] = err;
	is(err, -ENOMEM, "%d buffers of %zu MiB", n, LEN >> 20);
	left = meminfo_kib("MemFree") - meminfo_kib("CmaFree");
	ok(left + SLACK_KIB >= marks,
	   "%ld MiB are left besides the area, of %ld that the kernel keeps",
	   left >> 10, marks >> 10);
	while (n) {
		phys = buf_phys(buf[--n]);
		inside += phys < area->end && phys + LEN > area->start;
		close(buf[n]);
	}
	is(inside, 0, "none lies in the area");
	is(windows(area, &all), 0, "nor does a window");
	ok(all, "%d windows were chosen", all);
	close(heap);
}

int main(void)
{
	const struct rlimit files = { MOST + 64, MOST + 64 };
	const struct span area = cma_area();
	unsigned long limit, max;

	if (!area.end) {
		skip("this machine has no CMA area");
		return tap_done();
	}
	if (setrlimit(RLIMIT_NOFILE, &files))
		bail("setrlimit: %m");
	limit = param_get("limit_mb");
	max = param_get("pool_max_mb");
	param_set("limit_mb", 1 << 20);
	/* each buffer has a window of its own */
	param_set("pool_max_mb", 0);
	tracing_write(EVENT, "1");
	test_fill(&area);
	tracing_write(EVENT, "0");
	tracing_clear();
	param_set("pool_max_mb", max);
	param_set("limit_mb", limit);
	return tap_done();
}
