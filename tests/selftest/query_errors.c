// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: QUERY of what is no buffer of this driver: the errno says which
 * Promise: control: structs of other sizes, unknown flags and reserved fields
 */
#include <stdio.h>

#include <drm/drm.h>
#include <drm/drm_mode.h>

#include "helpers.h"

#define QUERY	LAZY_CONTIG_IOCTL_QUERY

/* The struct as a newer header might have it. */
struct long_query {
	struct lazy_contig_query known;
	unsigned char tail[40];
};

static void test_descriptors(int control, int buf)
{
	struct lazy_contig_query q = { .size = sizeof(q) };
	int fds[2];

	q.fd = -1;
	is(call(control, QUERY, &q), -EBADF, "fd -1");
	q.fd = 1000;
	is(call(control, QUERY, &q), -EBADF, "an fd that is not open");
	q.fd = dup(buf);
	close(q.fd);
	is(call(control, QUERY, &q), -EBADF, "an fd that was closed");
	q.fd = control;
	is(call(control, QUERY, &q), -EINVAL, "the control device itself");
	q.fd = heap_open(HEAP);
	is(call(control, QUERY, &q), -EINVAL, "a heap");
	close(q.fd);
	if (pipe2(fds, O_CLOEXEC))
		bail("pipe: %m");
	q.fd = fds[0];
	is(call(control, QUERY, &q), -EINVAL, "a pipe");
	close(fds[0]);
	close(fds[1]);
	q.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	is(call(control, QUERY, &q), -EINVAL, "a file");
	close(q.fd);
	q.fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	is(call(control, QUERY, &q), -EBADF, "a path");
	close(q.fd);
}

static int foreign_from_vgem(void)
{
	struct drm_mode_create_dumb dumb = { .width = 64, .height = 64,
					     .bpp = 32 };
	struct drm_prime_handle prime = { .flags = O_RDWR | O_CLOEXEC };
	char name[8] = "", path[32];
	struct drm_version version = { .name_len = 4, .name = name };
	int i, drm, err;

	for (i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		drm = open(path, O_RDWR | O_CLOEXEC);
		if (drm < 0)
			continue;
		err = call(drm, DRM_IOCTL_VERSION, &version);
		if (!err && !strcmp(name, "vgem"))
			err = call(drm, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
		prime.handle = dumb.handle;
		if (!err && dumb.handle)
			err = call(drm, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
		close(drm);
		if (!err && dumb.handle)
			return prime.fd;
	}
	return -ENOENT;
}

static void test_foreign(int control)
{
	struct lazy_contig_query q = { .size = sizeof(q) };
	int heap;

	if (access("/dev/dma_heap/system", F_OK)) {
		skip("this kernel has no system heap");
	} else {
		heap = heap_open("system");
		q.fd = buf_new(heap, PAGE);
		is(call(control, QUERY, &q), -EINVAL,
		   "a buffer of the system heap");
		close(q.fd);
		close(heap);
	}
	q.fd = foreign_from_vgem();
	if (q.fd < 0) {
		skip("vgem is not loaded");
		return;
	}
	is(call(control, QUERY, &q), -EINVAL, "a buffer of vgem");
	close(q.fd);
}

static void test_sizes(int control, int buf)
{
	struct long_query q = { .known = { .fd = buf } };
	__u32 *size = &q.known.size;

	*size = 0;
	is(call(control, QUERY, &q), -EINVAL, "size 0");
	*size = sizeof(q.known) - 1;
	is(call(control, QUERY, &q), -EINVAL, "a byte less than the struct");
	*size = sizeof(q.known);
	is(call(control, QUERY, &q), 0, "the struct");
	q = (struct long_query){ .known = { sizeof(q), buf, 0, 0, 0, 0 } };
	is(call(control, QUERY, &q), 0, "a longer struct with zeros");
	is(q.known.len, PAGE, "is answered");
	is(*size, sizeof(q), "and its size is as it was");
	q = (struct long_query){ .known = { sizeof(q), buf, 0, 0, 0, 0 } };
	q.tail[0] = 1;
	is(call(control, QUERY, &q), -E2BIG, "a field that the module does not know");
	q.tail[0] = 0;
	q.tail[sizeof(q.tail) - 1] = 1;
	is(call(control, QUERY, &q), -E2BIG, "the last byte of it");
}

/* Memory behind the largest struct must not even be read. */
static void test_largest(int control, int buf)
{
	const struct lazy_contig_query q = { .fd = buf };
	unsigned char *zeros = mmap(NULL, MIB(1), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u32 *size = (__u32 *)zeros;

	memcpy(zeros, &q, sizeof(q));
	*size = PAGE;
	is(call(control, QUERY, zeros), 0, "a page");
	memcpy(zeros, &q, sizeof(q));
	*size = PAGE + 1;
	is(call(control, QUERY, zeros), -E2BIG, "more than a page");
	*size = -1;
	is(call(control, QUERY, zeros), -E2BIG, "size 2^32 - 1");
	munmap(zeros, MIB(1));
}

static void test_flags(int control, int buf)
{
	struct lazy_contig_query q = { .size = sizeof(q), .fd = buf };
	int bit;

	for (bit = 0; bit < 32; bit++) {
		q.flags = 1u << bit;
		if (call(control, QUERY, &q) !=
		    (q.flags & LAZY_CONTIG_PHYS_VALID ? 0 : -EINVAL))
			break;
	}
	is(bit, 32, "flags that no query returns are refused on input");
	q.flags = 0;
	q.len = -1;
	q.phys_addr = -1;
	q.node = -1;
	is(call(control, QUERY, &q), 0, "what was in the other fields");
	is(q.len, PAGE, "does not matter");
}

/* The result must not be written behind what the caller said it has. */
static void test_addresses(int control, int buf)
{
	struct lazy_contig_query q = { .size = sizeof(q), .fd = buf };
	unsigned char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *end = page + PAGE;

	munmap(end, PAGE);
	is(call(control, QUERY, NULL), -EFAULT, "no address");
	is(call(control, QUERY, (void *)-1), -EFAULT, "the last address");
	is(call(control, QUERY, end), -EFAULT, "unmapped memory");
	memcpy(end - sizeof(q), &q, sizeof(q));
	is(call(control, QUERY, end - sizeof(q)), 0,
	   "a struct that ends with the memory");
	memcpy(end - 8, &q, 8);
	is(call(control, QUERY, end - 8), -EFAULT,
	   "a struct that runs into unmapped memory");
	memcpy(page, &q, sizeof(q));
	mprotect(page, PAGE, PROT_READ);
	is(call(control, QUERY, page), -EFAULT, "a struct in read-only memory");
	munmap(page, PAGE);
}

static void test_requests(int control, int buf)
{
	struct lazy_contig_query q = { .size = sizeof(q), .fd = buf };

	is(call(control, _IO(LAZY_CONTIG_IOC_MAGIC, 100), &q), -ENOTTY,
	   "a number that is not in use");
	is(call(control, _IO(LAZY_CONTIG_IOC_MAGIC, 255), &q), -ENOTTY,
	   "the last number");
	is(call(control, _IO('X', 0), &q), -ENOTTY, "another magic");
	is(call(control, _IOWR(LAZY_CONTIG_IOC_MAGIC, 0, q), &q), -ENOTTY,
	   "a request with a size in its number");
	is(call(control, DMA_HEAP_IOCTL_ALLOC, &q), -ENOTTY,
	   "an allocation from the control device");
}

int main(void)
{
	int heap = heap_open(HEAP), control = control_open();
	int buf = buf_new(heap, PAGE);
	struct mark mark;

	mark_set(&mark);
	test_descriptors(control, buf);
	test_foreign(control);
	test_sizes(control, buf);
	test_largest(control, buf);
	test_flags(control, buf);
	test_addresses(control, buf);
	test_requests(control, buf);
	mark_check(&mark, "bad calls");
	close(buf);
	close(control);
	close(heap);
	return tap_done();
}
