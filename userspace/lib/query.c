// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The supplemental ioctls of the lazy_contig module. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lazy_contig.h"

static int control_ioctl(unsigned long request, void *arg)
{
	int dev, ret;

	dev = open(LAZY_CONTIG_DEVICE, O_RDONLY | O_CLOEXEC);
	if (dev < 0)
		return -errno;

	ret = ioctl(dev, request, arg) ? -errno : 0;
	close(dev);
	return ret;
}

int lazy_contig_query(int fd, struct lazy_contig_query *info, size_t size)
{
	if (size < offsetof(struct lazy_contig_query, flags) + sizeof(info->flags))
		return -EINVAL;

	memset(info, 0, size);
	info->size = size;
	info->fd = fd;
	return control_ioctl(LAZY_CONTIG_IOCTL_QUERY, info);
}
