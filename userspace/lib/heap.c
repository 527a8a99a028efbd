// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Allocation through the dma-heap UAPI, from any heap. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/dma-heap.h>

#include "lazy_contig.h"

#define HEAP_DIR	"/dev/dma_heap/"

int lazy_contig_heap_open(const char *heap)
{
	char path[PATH_MAX];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s%s", strchr(heap, '/') ? "" : HEAP_DIR, heap);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int lazy_contig_heap_alloc(int heap_fd, uint64_t len, unsigned int fd_flags)
{
	struct dma_heap_allocation_data data = {
		.len = len,
		.fd_flags = fd_flags,
	};

	if (ioctl(heap_fd, DMA_HEAP_IOCTL_ALLOC, &data))
		return -errno;
	return data.fd;
}

int lazy_contig_alloc(const char *heap, uint64_t len, unsigned int fd_flags)
{
	int heap_fd, fd;

	heap_fd = lazy_contig_heap_open(heap);
	if (heap_fd < 0)
		return heap_fd;

	fd = lazy_contig_heap_alloc(heap_fd, len, fd_flags);
	close(heap_fd);
	return fd;
}
