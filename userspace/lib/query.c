// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Length, NUMA node and physical address of a buffer. */
#include <errno.h>
#include <string.h>

#include "control.h"
#include "lazy_contig.h"

int lazy_contig_query(int fd, struct lazy_contig_query *info, size_t size)
{
	if (size < offsetof(struct lazy_contig_query, flags) + sizeof(info->flags))
		return -EINVAL;

	memset(info, 0, size);
	info->size = size;
	info->fd = fd;
	return control_ioctl(LAZY_CONTIG_IOCTL_QUERY, info);
}
