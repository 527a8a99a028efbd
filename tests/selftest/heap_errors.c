// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: heaps: every invalid call has the errno of the kernel's own heap code
 * Promise: heaps: a bad address leaks no descriptor
 * Promise: limits: length 0 or one that wraps: EINVAL
 *
 * Compared with the system heap where there is one.
 */
#include <stdio.h>

#include "helpers.h"

#define REQUEST(dir, nr, size)	_IOC(dir, DMA_HEAP_IOC_MAGIC, nr, size)
#define ALLOC(size)		REQUEST(_IOC_READ | _IOC_WRITE, 0, size)
#define FLAGS			(O_RDWR | O_CLOEXEC)

struct bad_call {
	const char *what;
	unsigned long request;
	struct dma_heap_allocation_data data;
	int want;
};

/* Those that do what an allocation of a page does have want 0. */
static const struct bad_call calls[] = {
	{ "a page", ALLOC(24), { PAGE, 0, FLAGS, 0 }, 0 },
	{ "one byte", ALLOC(24), { 1, 0, FLAGS, 0 }, 0 },
	{ "no fd flags", ALLOC(24), { PAGE, 0, 0, 0 }, 0 },
	{ "O_WRONLY", ALLOC(24), { PAGE, 0, O_WRONLY, 0 }, 0 },
	{ "both access modes", ALLOC(24), { PAGE, 0, O_ACCMODE, 0 }, 0 },
	{ "length 0", ALLOC(24), { 0, 0, FLAGS, 0 }, -EINVAL },
	{ "length 2^64 - 1", ALLOC(24), { -1, 0, FLAGS, 0 }, -EINVAL },
	{ "the smallest length that wraps", ALLOC(24),
	  { -(__u64)PAGE + 1, 0, FLAGS, 0 }, -EINVAL },
	{ "fd 1", ALLOC(24), { PAGE, 1, FLAGS, 0 }, -EINVAL },
	{ "fd -1", ALLOC(24), { PAGE, -1, FLAGS, 0 }, -EINVAL },
	{ "fd flag O_NONBLOCK", ALLOC(24),
	  { PAGE, 0, FLAGS | O_NONBLOCK, 0 }, -EINVAL },
	{ "fd flag O_TRUNC", ALLOC(24),
	  { PAGE, 0, FLAGS | O_TRUNC, 0 }, -EINVAL },
	{ "all fd flags", ALLOC(24), { PAGE, 0, -1, 0 }, -EINVAL },
	{ "heap flag 1", ALLOC(24), { PAGE, 0, FLAGS, 1 }, -EINVAL },
	{ "heap flag 2^63", ALLOC(24), { PAGE, 0, FLAGS, 1ull << 63 },
	  -EINVAL },
	{ "no struct", ALLOC(0), { PAGE, 0, FLAGS, 0 }, -EINVAL },
	{ "half a length", ALLOC(4), { PAGE, 0, FLAGS, 0 }, 0 },
	{ "a struct of only the length", ALLOC(8), { PAGE, 0, FLAGS, 0 }, 0 },
	{ "a struct that ends after a bad fd", ALLOC(12),
	  { PAGE, 1, FLAGS, 0 }, -EINVAL },
	{ "a struct that ends before bad fd flags", ALLOC(12),
	  { PAGE, 0, -1, 0 }, 0 },
	{ "a struct without heap flags", ALLOC(16), { PAGE, 0, FLAGS, 1 }, 0 },
	{ "a struct that ends in bad heap flags", ALLOC(17),
	  { PAGE, 0, FLAGS, 1 }, -EINVAL },
	{ "a long struct", ALLOC(32), { PAGE, 0, FLAGS, 0 }, 0 },
	{ "a struct longer than the kernel's stack copy", ALLOC(129),
	  { PAGE, 0, FLAGS, 0 }, 0 },
	{ "the longest struct", ALLOC(16383), { PAGE, 0, FLAGS, 0 }, 0 },
	{ "a long struct of length 0", ALLOC(16383), { 0, 0, FLAGS, 0 },
	  -EINVAL },
	{ "a request without direction", REQUEST(_IOC_NONE, 0, 24),
	  { PAGE, 0, FLAGS, 0 }, -EINVAL },
	{ "a request that only reads", REQUEST(_IOC_READ, 0, 24),
	  { PAGE, 0, FLAGS, 0 }, -EINVAL },
	{ "a request that only writes", REQUEST(_IOC_WRITE, 0, 24),
	  { PAGE, 0, FLAGS, 0 }, 0 },
	{ "number 1", REQUEST(_IOC_READ | _IOC_WRITE, 1, 24),
	  { PAGE, 0, FLAGS, 0 }, -EINVAL },
	{ "number 255", REQUEST(_IOC_READ | _IOC_WRITE, 255, 24),
	  { PAGE, 0, FLAGS, 0 }, -EINVAL },
	{ "another magic", _IOC(_IOC_READ | _IOC_WRITE, 'X', 0, 24),
	  { PAGE, 0, FLAGS, 0 }, 0 },
};

/* One call; a descriptor that it makes, told of or not, is counted and closed. */
static int call_and_close(int heap, unsigned long request, void *arg, int *made)
{
	int fds = fds_open(), next = dup(0), err;

	close(next);
	err = call(heap, request, arg);
	*made = fds_open() - fds;
	if (*made)
		close(next);
	return err;
}

static void check_calls(int heap, const char *name)
{
	/* a tail that an old kernel does not know: ignored, not judged */
	static unsigned char arg[16384];
	const struct bad_call *c;
	struct mark mark;
	int made;

	mark_set(&mark);
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++) {
		memset(arg, 0xff, sizeof(arg));
		memcpy(arg, &c->data, sizeof(c->data));
		is(call_and_close(heap, c->request, arg, &made), c->want,
		   "%s: %s", name, c->what);
		is(made, !c->want, "%s: %s makes %s", name, c->what,
		   c->want ? "no fd" : "one fd");
	}
	mark_check(&mark, "bad calls");
}

/* Impossible lengths; not requested from the system heap, which would try. */
static void check_too_much(int heap, const char *name)
{
	const size_t ram = (size_t)meminfo_kib("MemTotal") * 1024;
	const size_t lengths[] = {
		ram + 1, 2 * ram, (size_t)1 << 40, (size_t)1 << 44,
		(size_t)1 << 52, (size_t)1 << 63, -(size_t)MIB(2), -PAGE,
	};
	struct mark mark;
	size_t i;

	mark_set(&mark);
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		is(heap_alloc(heap, lengths[i]), -ENOMEM, "%s: %#zx bytes",
		   name, lengths[i]);
	mark_check(&mark, "asking for too much");
}

static int expect_fault(int heap, void *arg)
{
	return call(heap, DMA_HEAP_IOCTL_ALLOC, arg);
}

/* The kernel before 7 leaks the fd here, so only ours is asked to write. */
static void check_faults(int heap, const char *name)
{
	struct dma_heap_allocation_data *data;
	unsigned char *pages, *end;
	struct mark mark;

	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		bail("mmap: %m");
	end = pages + PAGE;
	munmap(end, PAGE);
	data = (void *)pages;
	*data = (struct dma_heap_allocation_data){ PAGE, 0, FLAGS, 0 };

	mark_set(&mark);
	is(expect_fault(heap, NULL), -EFAULT, "%s: no address", name);
	is(expect_fault(heap, (void *)-1), -EFAULT, "%s: the last address",
	   name);
	is(expect_fault(heap, (void *)(1ul << 63)), -EFAULT,
	   "%s: a kernel address", name);
	is(expect_fault(heap, end), -EFAULT, "%s: unmapped memory", name);
	is(expect_fault(heap, end - sizeof(*data) + 1), -EFAULT,
	   "%s: a struct that runs into unmapped memory", name);
	if (strcmp(name, "system")) {
		mprotect(pages, PAGE, PROT_READ);
		is(expect_fault(heap, data), -EFAULT,
		   "%s: a struct in read-only memory", name);
	}
	mark_check(&mark, "bad addresses");
	munmap(pages, PAGE);
}

int main(void)
{
	static const char * const ours[] = { HEAP, HEAP_DMA32 };
	size_t i;
	int heap;

	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		heap = heap_open(ours[i]);
		check_calls(heap, ours[i]);
		check_too_much(heap, ours[i]);
		check_faults(heap, ours[i]);
		close(heap);
	}
	if (access("/dev/dma_heap/system", F_OK)) {
		skip("this kernel has no system heap to compare with");
		return tap_done();
	}
	heap = heap_open("system");
	check_calls(heap, "system");
	check_faults(heap, "system");
	close(heap);
	return tap_done();
}
