// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: pinned pages come back to the reserve that they belong to
 *
 * A buffer that takes up all of the reserve ends while pages of it are in a pipe.
 */
#include <sys/uio.h>

#include "pin.h"

#define MIB_SET	64
#define LEN	MIB(MIB_SET)

static int heap;

/* Puts a page of the buffer into the pipe. */
static void pin(int pipe, unsigned char *page)
{
	const struct iovec iov = { page, PAGE };

	if (vmsplice(pipe, &iov, 1, 0) != (ssize_t)PAGE)
		bail("vmsplice: %m");
}

static bool from_reserve(void *arg)
{
	long served = counter("from_reserve");
	int buf;

	(void)arg;
	pool_drop();
	buf = heap_alloc(heap, LEN);
	if (buf >= 0)
		close(buf);
	return counter("from_reserve") == served + 1;
}

static void test_pins(int control, const size_t *at, size_t nr)
{
	int fds[2], buf;
	unsigned char *mem, got[PAGE];
	size_t i, right = 0;
	uint64_t phys;

	if (pipe2(fds, O_CLOEXEC))
		bail("pipe: %m");
	buf = pin_new(control, LEN);
	phys = buf_phys(buf);
	mem = buf_map(buf, LEN);
	for (i = 0; i < nr; i++) {
		memset(mem + at[i], i + 1, PAGE);
		pin(fds[1], mem + at[i]);
	}
	munmap(mem, LEN);
	close(buf);
	is(reserve_mib(), MIB_SET, "%zu pages of a buffer that ended are pinned", nr);
	ok(pin_live(nr * PAGE), "they count");
	buf = heap_alloc(heap, LEN);
	ok(buf < 0 || buf_phys(buf) + LEN <= phys || buf_phys(buf) >= phys + LEN,
	   "no buffer has their place");
	if (buf >= 0)
		close(buf);
	for (i = 0; i < nr; i++) {
		if (read(fds[0], got, PAGE) != (ssize_t)PAGE)
			bail("read: %m");
		right += got[0] == i + 1 && got[PAGE - 1] == i + 1;
	}
	is(right, nr, "their bytes are right");
	close(fds[0]);
	close(fds[1]);
	ok(pin_live_soon(0), "the last pin ends");
	ok(becomes_true(from_reserve, NULL), "all of the reserve is one buffer again");
	is(reserve_mib(), MIB_SET, "and no more");
}

int main(void)
{
	static const size_t first[] = { 0 };
	static const size_t many[] = { PAGE, MIB(20), MIB(20) + PAGE, LEN - PAGE };
	int control = control_open();
	struct mark mark;

	heap = heap_open(HEAP);
	mark_set(&mark);
	is(reserve_set(MIB_SET), 0, "a reserve");
	ok(from_reserve(NULL), "which serves a request");
	test_pins(control, first, ARRAY_SIZE(first));
	test_pins(control, many, ARRAY_SIZE(many));
	is(reserve_set(0), 0, "it is given back");
	is(reserve_mib(), 0, "all of it");
	mark_check(&mark, "all of it");
	close(control);
	close(heap);
	return tap_done();
}
