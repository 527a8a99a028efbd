// SPDX-License-Identifier: GPL-2.0
/*
 * In fragmented memory, the pages of other processes are migrated: a large buffer can
 * be allocated, and the pages keep their contents.
 */
#include "settings.h"

#define LEN	MIB(32)
#define PIECE	KIB(64)

/*
 * Takes most of the free memory in small pages and gives back two pieces of
 * three, so that hardly any free range is longer than two.
 */
static unsigned char *fragment(size_t len)
{
	unsigned char *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at;

	if (mem == MAP_FAILED)
		bail("mmap: %m");
	madvise(mem, len, MADV_NOHUGEPAGE);
	for (at = 0; at < len; at += PAGE)
		mem[at] = 1;
	for (at = 0; at < len; at += PIECE) {
		if (at / PIECE % 3)
			madvise(mem + at, PIECE, MADV_DONTNEED);
		else
			pattern_fill(mem + at, PIECE, at);
	}
	return mem;
}

static bool fragments_hold(const unsigned char *mem, size_t len)
{
	size_t at;

	for (at = 0; at < len; at += 3 * PIECE)
		if (!pattern_holds(mem + at, PIECE, at))
			return false;
	return true;
}

int main(void)
{
	size_t len = (size_t)free_kib() * 1024 / 8 * 7;
	int heap = heap_open(HEAP), buf[8];
	unsigned char *others, *mem;
	unsigned long limit;
	struct mark mark;
	size_t i;

	limit = patience();
	mark_set(&mark);
	len -= len % (3 * PIECE);
	others = fragment(len);
	for (i = 0; i < ARRAY_SIZE(buf); i++) {
		buf[i] = heap_alloc(heap, LEN);
		if (!ok(buf[i] >= 0, "buffer %zu of 32 MiB", i))
			continue;
		mem = buf_map(buf[i], LEN);
		ok(all_zero(mem, LEN), "all zero");
		pattern_fill(mem, LEN, i);
		munmap(mem, LEN);
	}
	ok(fragments_hold(others, len), "other memory is as it was");
	for (i = 0; i < ARRAY_SIZE(buf); i++) {
		if (buf[i] < 0)
			continue;
		mem = buf_map(buf[i], LEN);
		ok(pattern_holds(mem, LEN, i), "so is buffer %zu", i);
		munmap(mem, LEN);
		close(buf[i]);
	}
	munmap(others, len);
	mark_check(&mark, "all of it");
	param_set("time_limit_ms", limit);
	close(heap);
	return tap_done();
}
