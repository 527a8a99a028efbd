// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Synchronization of parts of a buffer. */
#include <errno.h>
#include <sys/ioctl.h>

#include "lazy_contig.h"

static int sync_range(int dev, int fd, uint64_t flags, uint64_t offset, uint64_t len)
{
	struct lazy_contig_sync sync = {
		.size = sizeof(sync),
		.fd = fd,
		.flags = flags,
		.offset = offset,
		.len = len,
	};
	int ret;

	do {
		ret = ioctl(dev, LAZY_CONTIG_IOCTL_SYNC, &sync);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret ? -errno : 0;
}

int lazy_contig_sync_range_begin(int dev, int fd, unsigned int access, uint64_t offset,
				 uint64_t len)
{
	if (access & ~DMA_BUF_SYNC_RW)
		return -EINVAL;
	return sync_range(dev, fd, DMA_BUF_SYNC_START | access, offset, len);
}

int lazy_contig_sync_range_end(int dev, int fd, unsigned int access, uint64_t offset,
			       uint64_t len)
{
	if (access & ~DMA_BUF_SYNC_RW)
		return -EINVAL;
	return sync_range(dev, fd, DMA_BUF_SYNC_END | access, offset, len);
}
