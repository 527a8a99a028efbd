// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: every invalid call of SYNC has its errno
 * Promise: control: structs of other sizes, unknown flags and reserved fields
 * Promise: control: SYNC needs no capability
 */
#include "helpers.h"

#define SYNC	LAZY_CONTIG_IOCTL_SYNC
#define LEN	(4 * PAGE)
#define START	DMA_BUF_SYNC_START
#define END	DMA_BUF_SYNC_END
#define READ	DMA_BUF_SYNC_READ
#define WRITE	DMA_BUF_SYNC_WRITE
#define RW	DMA_BUF_SYNC_RW
#define NOBODY	65534

static int control, buf;

/* The struct as a newer header might have it. */
struct long_sync {
	struct lazy_contig_sync known;
	unsigned char tail[40];
};

static struct lazy_contig_sync good(void)
{
	return (struct lazy_contig_sync){
		.size = sizeof(struct lazy_contig_sync),
		.fd = buf,
		.flags = START | RW,
		.len = LEN,
	};
}

static int sync_part(uint64_t flags, uint64_t offset, uint64_t len)
{
	struct lazy_contig_sync sync = good();

	sync.flags = flags;
	sync.offset = offset;
	sync.len = len;
	return call(control, SYNC, &sync);
}

static void test_flags(void)
{
	uint32_t flags;
	int bit;

	for (flags = 0; flags < 8; flags++)
		is(sync_part(flags, 0, LEN), flags & RW ? 0 : -EINVAL,
		   "flags %#x", flags);
	for (bit = 3; bit < 64; bit++)
		if (sync_part(RW | 1ull << bit, 0, LEN) != -EINVAL)
			break;
	is(bit, 64, "unknown flags");
}

static void test_parts(void)
{
	static const struct {
		uint64_t offset, len;
		int err;
	} parts[] = {
		{ 0, 1, 0 },
		{ 0, LEN, 0 },
		{ LEN - 1, 1, 0 },
		{ PAGE - 1, PAGE + 2, 0 },
		{ 0, 0, -EINVAL },
		{ 1, 0, -EINVAL },
		{ LEN, 0, -EINVAL },
		{ 0, LEN + 1, -EINVAL },
		{ 1, LEN, -EINVAL },
		{ LEN - 1, 2, -EINVAL },
		{ LEN, 1, -EINVAL },
		{ LEN + 1, 1, -EINVAL },
		{ 0, -1, -EINVAL },
		{ 1, -1, -EINVAL },
		{ LEN - 1, -1, -EINVAL },
		{ LEN - 1, -(LEN - 1), -EINVAL },
		{ LEN - 1, -(LEN - 2), -EINVAL },
		{ -1, 1, -EINVAL },
		{ -1, 2, -EINVAL },
		{ -1, -1, -EINVAL },
		{ 1ull << 63, 1ull << 63, -EINVAL },
		{ 1ull << 32, 1, -EINVAL },
		{ 0, 1ull << 32 | 1, -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		is(sync_part(START | RW, parts[i].offset, parts[i].len),
		   parts[i].err, "START of %#jx bytes at %#jx",
		   (uintmax_t)parts[i].len, (uintmax_t)parts[i].offset);
		is(sync_part(END | WRITE, parts[i].offset, parts[i].len),
		   parts[i].err, "END");
	}
}

static void test_descriptors(void)
{
	struct lazy_contig_sync sync = good();
	int heap;

	sync.fd = -1;
	is(call(control, SYNC, &sync), -EBADF, "fd -1");
	sync.fd = 1000;
	is(call(control, SYNC, &sync), -EBADF, "an fd that is not open");
	sync.fd = control;
	is(call(control, SYNC, &sync), -EINVAL, "the control device itself");
	sync.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	is(call(control, SYNC, &sync), -EINVAL, "a file");
	close(sync.fd);
	if (access("/dev/dma_heap/system", F_OK)) {
		skip("this kernel has no system heap");
		return;
	}
	heap = heap_open("system");
	sync.fd = buf_new(heap, LEN);
	is(call(control, SYNC, &sync), -EINVAL, "a buffer of the system heap");
	close(sync.fd);
	close(heap);
}

static void test_sizes(void)
{
	struct long_sync sync = { .known = good() };
	__u32 *size = &sync.known.size;

	*size = 0;
	is(call(control, SYNC, &sync), -EINVAL, "size 0");
	*size = sizeof(sync.known) - 1;
	is(call(control, SYNC, &sync), -EINVAL, "a byte less than the struct");
	*size = sizeof(sync);
	is(call(control, SYNC, &sync), 0, "a longer struct with zeros");
	sync.tail[sizeof(sync.tail) - 1] = 1;
	is(call(control, SYNC, &sync), -E2BIG, "a field that the module does not know");
	*size = PAGE + 1;
	is(call(control, SYNC, &sync), -E2BIG, "more than a page");
	is(call(control, SYNC, NULL), -EFAULT, "no address");
}

/* The struct is not written to: it may be a constant. */
static void test_read_only(void)
{
	struct lazy_contig_sync *sync = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*sync = good();
	mprotect(sync, PAGE, PROT_READ);
	is(call(control, SYNC, sync), 0, "a struct in read-only memory");
	munmap(sync, PAGE);
}

static int nobody_syncs(void *arg)
{
	(void)arg;
	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (sync_part(START | RW, 0, LEN) || sync_part(END | RW, 1, 1))
		return 2;
	return sync_part(END | RW, 0, LEN + 1) == -EINVAL ? 0 : 3;
}

int main(void)
{
	int heap = heap_open(HEAP);
	struct mark mark;

	control = control_open();
	buf = buf_new(heap, LEN);
	mark_set(&mark);
	test_flags();
	test_parts();
	test_descriptors();
	test_sizes();
	test_read_only();
	is(in_child(nobody_syncs, NULL), 0, "a user without capabilities");
	mark_check(&mark, "all calls");
	close(buf);
	close(control);
	close(heap);
	return tap_done();
}
