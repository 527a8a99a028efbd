// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: mmap of any part, nothing beyond, shared only, no more access than the
 *   descriptor has; mappings outlive it, fork, mremap and partial munmap
 */
#include <stdio.h>
#include <sys/uio.h>

#include "helpers.h"

#define LEN	MIB(4)
#define RW	(PROT_READ | PROT_WRITE)

/* Maps and returns 0 or -errno; the mapping goes away at once. */
static int try_map(int buf, size_t len, int prot, int flags, size_t offset)
{
	void *mem = mmap(NULL, len, prot, flags, buf, offset);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, len);
	return 0;
}

static int buf_with_flags(int heap, unsigned int fd_flags)
{
	struct dma_heap_allocation_data data = {
		.len = LEN,
		.fd_flags = fd_flags,
	};
	int err = heap_alloc_raw(heap, &data);

	if (err)
		bail("allocate: %s", strerror(-err));
	return data.fd;
}

#define REFUSED	99

static void refused(int sig)
{
	(void)sig;
	_exit(REFUSED);
}

/* Children; a signal that has a handler is not worth a line in the log. */
static int reads(void *at)
{
	signal(SIGSEGV, refused);
	*(volatile unsigned char *)at;
	return 0;
}

static int writes(void *at)
{
	signal(SIGSEGV, refused);
	*(volatile unsigned char *)at = 1;
	return 0;
}

static void test_range(int heap)
{
	int buf = buf_new(heap, LEN);

	is(try_map(buf, LEN, RW, MAP_SHARED, 0), 0, "the whole buffer");
	is(try_map(buf, PAGE, RW, MAP_SHARED, 0), 0, "the first page");
	is(try_map(buf, PAGE, RW, MAP_SHARED, LEN - PAGE), 0, "the last page");
	is(try_map(buf, 1, RW, MAP_SHARED, 0), 0, "a byte");
	is(try_map(buf, LEN + PAGE, RW, MAP_SHARED, 0), -EINVAL,
	   "a page more than the buffer is refused");
	is(try_map(buf, LEN, RW, MAP_SHARED, PAGE), -EINVAL,
	   "the whole length one page in is refused");
	is(try_map(buf, PAGE, RW, MAP_SHARED, LEN), -EINVAL,
	   "a page at the end is refused");
	is(try_map(buf, PAGE, RW, MAP_SHARED, (size_t)1 << 62), -EINVAL,
	   "a page far behind the end is refused");
	is(try_map(buf, PAGE, RW, MAP_SHARED, -PAGE), -EOVERFLOW,
	   "a page at the end of all offsets is refused");
	is(try_map(buf, LEN, RW, MAP_PRIVATE, 0), -EINVAL,
	   "a private mapping is refused");
	is(try_map(buf, LEN, PROT_READ, MAP_PRIVATE, 0), -EINVAL,
	   "a private mapping to read is refused");
	close(buf);
}

static void test_modes(int heap)
{
	int buf = buf_with_flags(heap, O_RDONLY | O_CLOEXEC);
	void *mem;

	is(try_map(buf, LEN, RW, MAP_SHARED, 0), -EACCES,
	   "a read-only fd gives no writable mapping");
	mem = mmap(NULL, LEN, PROT_READ, MAP_SHARED, buf, 0);
	if (!ok(mem != MAP_FAILED, "a read-only fd gives a mapping to read"))
		bail("no mapping");
	ok(all_zero(mem, LEN), "it can be read");
	is(mprotect(mem, LEN, RW) ? -errno : 0, -EACCES,
	   "it cannot be made writable");
	is(in_child(writes, mem), REFUSED, "it cannot be written");
	munmap(mem, LEN);
	close(buf);

	buf = buf_with_flags(heap, O_WRONLY | O_CLOEXEC);
	is(try_map(buf, LEN, RW, MAP_SHARED, 0), -EACCES,
	   "a write-only fd gives no mapping to read and write");
	close(buf);
}

static void test_offsets(int heap)
{
	int buf = buf_new(heap, LEN);
	unsigned char *whole = buf_map(buf, LEN), *part;
	size_t offset, wrong = 0;

	pattern_fill(whole, LEN, 1);
	for (offset = 0; offset < LEN; offset += 37 * PAGE) {
		part = mmap(NULL, LEN - offset, RW, MAP_SHARED, buf, offset);
		if (part == MAP_FAILED)
			bail("mmap at %zu: %m", offset);
		wrong += memcmp(part, whole + offset, LEN - offset) != 0;
		munmap(part, LEN - offset);
	}
	is(wrong, 0, "mappings from any offset show the same bytes");
	munmap(whole, LEN);
	close(buf);
}

static void test_outlives_fd(int heap, int others)
{
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);

	close(buf);
	pattern_fill(mem, LEN, 2);
	is(dmabufs_live(), others + 1, "a mapping keeps the buffer");
	ok(pattern_holds(mem, LEN, 2), "and its bytes, with the fd closed");
	munmap(mem + PAGE, LEN - 2 * PAGE);
	is(dmabufs_live(), others + 1, "so does what is left of it");
	munmap(mem, PAGE);
	is(dmabufs_live(), others + 1, "down to the last page");
	munmap(mem + LEN - PAGE, PAGE);
	is(dmabufs_live(), others, "the last munmap gives it back");
}

static int child_writes(void *arg)
{
	unsigned char *mem = arg;

	if (!pattern_holds(mem, LEN, 3))
		return 1;
	pattern_fill(mem, LEN, 4);
	return 0;
}

static void test_fork(int heap, int others)
{
	int buf = buf_new(heap, LEN), go[2];
	unsigned char *mem = buf_map(buf, LEN);
	pid_t pid;

	pattern_fill(mem, LEN, 3);
	is(in_child(child_writes, mem), 0, "a child sees the bytes");
	ok(pattern_holds(mem, LEN, 4), "the parent sees what it wrote");

	if (pipe2(go, O_CLOEXEC))
		bail("pipe: %m");
	pid = fork();
	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		char byte;

		close(buf);
		close(go[1]);
		/* ends when the parent has let go of the buffer */
		if (read(go[0], &byte, 1))
			_exit(2);
		_exit(!pattern_holds(mem, LEN, 4));
	}
	close(go[0]);
	close(buf);
	munmap(mem, LEN);
	is(dmabufs_live(), others + 1, "a child's mapping keeps the buffer");
	close(go[1]);
	is(child_status(pid), 0, "with its bytes");
	is(dmabufs_live(), others, "until the child ends");
}

/* An address range of our own to move mappings to. */
static unsigned char *room(size_t len)
{
	void *mem = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (mem == MAP_FAILED)
		bail("mmap: %m");
	return mem;
}

static void test_mremap(int heap, int others)
{
	unsigned char *mem, *to = room(2 * LEN), *moved;
	int buf = buf_new(heap, LEN);

	mem = buf_map(buf, LEN);
	pattern_fill(mem, LEN, 5);
	ok(mremap(mem, LEN, 2 * LEN, MREMAP_MAYMOVE) == MAP_FAILED,
	   "growing a mapping is refused");
	ok(mremap(mem, LEN, LEN + PAGE, 0) == MAP_FAILED,
	   "growing it by a page in place too");
	ok(pattern_holds(mem, LEN, 5), "the mapping is as before");
	moved = mremap(mem, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE);
	ok(moved == to + PAGE, "moving a mapping to another alignment");
	ok(moved != MAP_FAILED && pattern_holds(moved, LEN, 5),
	   "brings all bytes");
	moved = mremap(to + PAGE, LEN, LEN / 2, 0);
	ok(moved == to + PAGE, "shrinking a mapping");
	ok(moved != MAP_FAILED && pattern_holds(moved, LEN / 2, 5),
	   "leaves the rest");
	is(in_child(reads, to + PAGE + LEN / 2), REFUSED,
	   "and nothing behind it");
	ok(mremap(to + PAGE, LEN / 2, LEN, MREMAP_MAYMOVE) == MAP_FAILED,
	   "it cannot grow back");
	close(buf);
	munmap(to, 2 * LEN);
	is(dmabufs_live(), others, "unmapping it gives the buffer back");
}

/* Untouched pages of a moved or split mapping must come from their place. */
static void test_untouched(int heap)
{
	int buf = buf_new(heap, LEN);
	unsigned char *whole = buf_map(buf, LEN), *mem = buf_map(buf, LEN);
	unsigned char *to = room(LEN), *far;

	pattern_fill(whole, LEN, 6);
	far = mremap(mem + LEN / 2, LEN / 2, LEN / 2,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE);
	ok(far != MAP_FAILED && !memcmp(far, whole + LEN / 2, LEN / 2),
	   "the second half, moved before it was touched, is the second half");
	ok(!memcmp(mem, whole, LEN / 2), "and the first half the first");
	munmap(to, LEN);
	munmap(mem, LEN / 2);
	munmap(whole, LEN);
	close(buf);
}

static void test_protect(int heap)
{
	int buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);

	pattern_fill(mem, LEN, 7);
	is(mprotect(mem + PAGE, PAGE, PROT_READ), 0, "one page read-only");
	is(in_child(writes, mem + PAGE), REFUSED, "it cannot be written");
	is(in_child(writes, mem + 2 * PAGE), 0, "the next one can");
	is(mprotect(mem + PAGE, PAGE, RW), 0, "and writable again");
	is(in_child(writes, mem + PAGE), 0, "it can be written");
	is(mprotect(mem, PAGE, PROT_NONE), 0, "one page without access");
	is(in_child(reads, mem), REFUSED, "it cannot be read");
	munmap(mem, LEN);
	close(buf);
}

/* Whether /proc/self/smaps has this flag for the mapping. */
static bool has_flag(const void *mem, const char *flag)
{
	FILE *f = text_open("/proc/self/smaps");
	unsigned long from, to;
	bool inside = false, found = false;
	char line[512];

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = from == (uintptr_t)mem;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, flag) != NULL;
	}
	fclose(f);
	return found;
}

static void test_vm_flags(int heap)
{
	int buf = buf_new(heap, PAGE);
	unsigned char *mem = buf_map(buf, PAGE);

	ok(has_flag(mem, " sh "), "a mapping is shared");
	ok(has_flag(mem, heap_pins() ? " mm " : " pf "),
	   "of bare page frames, or of pages if they can be pinned");
	ok(has_flag(mem, " de "), "may not be expanded");
	ok(has_flag(mem, " dd "), "and is left out of core dumps");
	munmap(mem, PAGE);
	close(buf);
}

/* The pages belong to the exporter, who must be asked for others. */
static void test_pinning(int heap)
{
	int buf = buf_new(heap, PAGE), fds[2];
	struct iovec iov = { .iov_base = buf_map(buf, PAGE), .iov_len = PAGE };

	if (pipe2(fds, O_CLOEXEC))
		bail("pipe: %m");
	is(vmsplice(fds[1], &iov, 1, 0) < 0 ? -errno : 0,
	   heap_pins() ? 0 : -EFAULT,
	   "pages of a mapping can be pinned if the heap is for that");
	munmap(iov.iov_base, PAGE);
	close(fds[0]);
	close(fds[1]);
	close(buf);
}

int main(void)
{
	int heap = heap_open(HEAP), others;
	struct mark mark;

	mark_set(&mark);
	others = mark.dmabufs;
	test_range(heap);
	test_modes(heap);
	test_offsets(heap);
	test_outlives_fd(heap, others);
	test_fork(heap, others);
	test_mremap(heap, others);
	test_untouched(heap);
	test_protect(heap);
	test_vm_flags(heap);
	test_pinning(heap);
	mark_check(&mark, "all mappings");
	close(heap);
	return tap_done();
}
