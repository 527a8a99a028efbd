// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The ioctls of the control device. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lazy_contig.h"

int lazy_contig_device_open(void)
{
	int dev = open(LAZY_CONTIG_DEVICE, O_RDONLY | O_CLOEXEC);

	return dev < 0 ? -errno : dev;
}

int lazy_contig_query(int dev, int fd, struct lazy_contig_query *info, size_t size)
{
	if (size < offsetof(struct lazy_contig_query, flags) + sizeof(info->flags))
		return -EINVAL;

	memset(info, 0, size);
	info->size = size;
	info->fd = fd;
	return ioctl(dev, LAZY_CONTIG_IOCTL_QUERY, info) ? -errno : 0;
}

void lazy_contig_request_init(struct lazy_contig_allocation *request, size_t size)
{
	memset(request, 0, size);
	request->size = size;
	request->node = -1;
	request->fd_flags = O_RDWR | O_CLOEXEC;
}

int lazy_contig_request(int dev, struct lazy_contig_allocation *request)
{
	return ioctl(dev, LAZY_CONTIG_IOCTL_ALLOC, request) ? -errno : request->fd;
}

static int kept_open(int dev, uint64_t phys_addr, unsigned int fd_flags, uint32_t flags)
{
	struct lazy_contig_open arg = {
		.size = sizeof(arg),
		.fd_flags = fd_flags,
		.phys_addr = phys_addr,
		.flags = flags,
	};

	return ioctl(dev, LAZY_CONTIG_IOCTL_OPEN, &arg) ? -errno : arg.fd;
}

int lazy_contig_kept_open(int dev, uint64_t phys_addr, unsigned int fd_flags)
{
	return kept_open(dev, phys_addr, fd_flags, 0);
}

int lazy_contig_kept_hold(int dev, uint64_t phys_addr, unsigned int fd_flags)
{
	return kept_open(dev, phys_addr, fd_flags, LAZY_CONTIG_HOLD);
}

int lazy_contig_kept_resize(int dev, uint64_t *phys_addr, uint64_t len)
{
	struct lazy_contig_resize arg = {
		.size = sizeof(arg),
		.phys_addr = *phys_addr,
		.len = len,
	};

	if (ioctl(dev, LAZY_CONTIG_IOCTL_RESIZE, &arg))
		return -errno;
	*phys_addr = arg.phys_addr;
	return 0;
}

int lazy_contig_kept_free(int dev, uint64_t phys_addr)
{
	struct lazy_contig_free arg = {
		.size = sizeof(arg),
		.phys_addr = phys_addr,
	};

	return ioctl(dev, LAZY_CONTIG_IOCTL_FREE, &arg) ? -errno : 0;
}
