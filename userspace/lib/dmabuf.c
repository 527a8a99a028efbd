// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Length, synchronization and name of dma-bufs, of any exporter. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lazy_contig.h"

int lazy_contig_size(int fd, uint64_t *size)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < 0)
		return -errno;
	*size = end;
	return 0;
}

static int sync_ioctl(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };
	int ret;

	do {
		ret = ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret ? -errno : 0;
}

int lazy_contig_sync_begin(int fd, unsigned int access)
{
	if (access & ~DMA_BUF_SYNC_RW)
		return -EINVAL;
	return sync_ioctl(fd, DMA_BUF_SYNC_START | access);
}

int lazy_contig_sync_end(int fd, unsigned int access)
{
	if (access & ~DMA_BUF_SYNC_RW)
		return -EINVAL;
	return sync_ioctl(fd, DMA_BUF_SYNC_END | access);
}

int lazy_contig_set_name(int fd, const char *name)
{
	return ioctl(fd, DMA_BUF_SET_NAME, name) ? -errno : 0;
}
