// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: buffers of one odd size fill what requests may have, to nine tenths of
 *   what whole pageblocks give where these are small, and of all where they are large
 * Promise: memory: what buffers shared pageblocks with returns to a process that needs it
 *
 * On a machine whose memory lies below 4 GiB, of which little is in use.
 */
#include <sys/resource.h>

#include "settings.h"

#define MOST		2000

/* CMA areas are others', and limit_mb is nine tenths of the RAM. */
static long requests_may_have(void)
{
	long limit = meminfo_kib("MemTotal") / 10 * 9, kib;

	pool_drop();
	kib = meminfo_kib("MemAvailable") - meminfo_kib("CmaFree") -
	      watermarks_kib();
	return kib < limit ? kib : limit;
}

/* Percent of it that such buffers take at least. */
static unsigned long wanted(size_t len)
{
	size_t blocks = (len + HUGE_PAGE - 1) / HUGE_PAGE;

	return HUGE_PAGE > MIB(2) ? 93 : 88 * len / (blocks * HUGE_PAGE);
}

static int touch(void *arg)
{
	size_t len = *(size_t *)arg;
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return 1;
	memset(mem, 0x5a, len);
	return 0;
}

static void test_fill(int heap, size_t kib)
{
	unsigned long percent, n = 0;
	long before = requests_may_have(), free = free_kib();
	static int buf[MOST];
	size_t len;
	int err;

	while (n < MOST && (err = heap_alloc(heap, KIB(kib))) >= 0)
		buf[n++] = err;
	percent = 100 * n * kib / before;
	ok(percent >= wanted(KIB(kib)), "%lu buffers of %zu KiB: %lu %% of %ld MiB",
	   n, kib, percent, before >> 10);
	diag("%lu %% of the %ld MiB that were free", 100 * n * kib / free,
	     free >> 10);
	is(err, -ENOMEM, "then there is no place");
	while (n)
		close(buf[--n]);
	len = KIB(before) / 10 * 9;
	is(in_child(touch, &len), 0, "%zu MiB for a process afterwards", len >> 20);
}

int main(void)
{
	const struct rlimit files = { MOST + 64, MOST + 64 };
	unsigned long age = param_get("pool_age_ms");
	int heap = heap_open(HEAP);

	/* an emulated machine takes longer to fill than what is shared is kept */
	param_set("pool_age_ms", 600000);
	if (setrlimit(RLIMIT_NOFILE, &files))
		bail("setrlimit: %m");
	test_fill(heap, 50000);
	test_fill(heap, 20000);
	test_fill(heap, 7000);
	test_fill(heap, 3000);
	param_set("pool_age_ms", age);
	close(heap);
	return tap_done();
}
