// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD: VIDIOC_EXPBUF gives buffers of lazy_contig_dma32. The V4L2 tools
 * can stream to dma-bufs, but only to those of another V4L2 device; so the other
 * device's are replaced by buffers of lazy_contig.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <linux/videodev2.h>

#define HEAP	"/dev/dma_heap/lazy_contig_dma32"

typedef int ioctl_fn(int fd, unsigned long request, void *arg);

static int heap_buffer(ioctl_fn *next, size_t len)
{
	struct dma_heap_allocation_data data = {
		.len = len,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap = open(HEAP, O_RDWR | O_CLOEXEC), err;

	if (heap < 0)
		return -1;
	err = next(heap, DMA_HEAP_IOCTL_ALLOC, &data);
	close(heap);
	return err ? -1 : (int)data.fd;
}

int ioctl(int fd, unsigned long request, ...)
{
	ioctl_fn *next = (ioctl_fn *)dlsym(RTLD_NEXT, "ioctl");
	struct v4l2_exportbuffer *exported;
	struct v4l2_buffer buffer = {};
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if ((unsigned int)request != VIDIOC_EXPBUF)
		return next(fd, request, arg);
	exported = arg;
	buffer.index = exported->index;
	buffer.type = exported->type;
	if (next(fd, VIDIOC_QUERYBUF, &buffer))
		return -1;
	exported->fd = heap_buffer(next, buffer.length);
	return exported->fd < 0 ? -1 : 0;
}
