// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a request succeeds where only clean page cache is left to take
 * Promise: limits: no OOM kill for an allocation that should have failed
 */
#include "cache.h"
#include "settings.h"

#define LEFT_FREE_KIB	(96l << 10)
#define CACHE_KIB	(448l << 10)
#define AREA		MIB(4096)	/* more than there is */

/*
 * Takes memory until little is free, a bit at a time: what processors keep at hand
 * is not in MemFree, and used first. The cache is younger and stays.
 */
static void *take_free(void)
{
	unsigned char *mem;
	size_t at;

	mem = mmap(NULL, AREA, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		bail("mmap: %m");
	for (at = 0; meminfo_kib("MemFree") > LEFT_FREE_KIB; at += MIB(4)) {
		if (at == AREA)
			bail("memory does not get less");
		memset(mem + at, 1, MIB(4));
	}
	return mem;
}

int main(void)
{
	static const size_t lengths[] = { MIB(192), MIB(64), MIB(8) };
	int heap = heap_open(HEAP), fd = cache_file_new(), buf, tries;
	unsigned long limit = patience();
	struct mark mark;
	void *mem;
	size_t i;

	mark_set(&mark);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		pool_drop();
		cache_fill(fd, CACHE_KIB);
		mem = take_free();
		ok(meminfo_kib("MemFree") < (long)(lengths[0] >> 10),
		   "%ld MiB are free, %ld MiB cached",
		   meminfo_kib("MemFree") >> 10, meminfo_kib("Cached") >> 10);
		/* each goes on looking where the one before it had to end */
		for (tries = 0, buf = -ENOMEM; tries < 3 && buf < 0; tries++)
			buf = heap_alloc(heap, lengths[i]);
		if (ok(buf >= 0, "%zu MiB are given", lengths[i] >> 20))
			close(buf);
		munmap(mem, AREA);
	}
	mark_check(&mark, "all buffers");
	param_set("time_limit_ms", limit);
	close(heap);
	cache_file_remove(fd);
	return tap_done();
}
