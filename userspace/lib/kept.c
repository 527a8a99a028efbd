// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Allocation with placement constraints, and kept buffers. */
#include <errno.h>

#include "control.h"
#include "lazy_contig.h"

int lazy_contig_request(struct lazy_contig_allocation *request, size_t size)
{
	int err;

	if (size < offsetof(struct lazy_contig_allocation, phys_addr) + sizeof(request->phys_addr))
		return -EINVAL;

	request->size = size;
	err = control_ioctl(LAZY_CONTIG_IOCTL_ALLOC, request);
	return err ? err : request->fd;
}

int lazy_contig_open(__u64 phys_addr, unsigned int fd_flags)
{
	struct lazy_contig_open arg = {
		.size = sizeof(arg),
		.fd_flags = fd_flags,
		.phys_addr = phys_addr,
	};
	int err;

	err = control_ioctl(LAZY_CONTIG_IOCTL_OPEN, &arg);
	return err ? err : arg.fd;
}

int lazy_contig_resize(__u64 *phys_addr, __u64 len)
{
	struct lazy_contig_resize arg = {
		.size = sizeof(arg),
		.phys_addr = *phys_addr,
		.len = len,
	};
	int err;

	err = control_ioctl(LAZY_CONTIG_IOCTL_RESIZE, &arg);
	if (!err)
		*phys_addr = arg.phys_addr;
	return err;
}

int lazy_contig_free(__u64 phys_addr)
{
	struct lazy_contig_free arg = {
		.size = sizeof(arg),
		.phys_addr = phys_addr,
	};

	return control_ioctl(LAZY_CONTIG_IOCTL_FREE, &arg);
}
