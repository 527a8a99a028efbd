// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control.h"
#include "lazy_contig.h"

int control_ioctl(unsigned long request, void *arg)
{
	int dev, ret;

	dev = open(LAZY_CONTIG_DEVICE, O_RDONLY | O_CLOEXEC);
	if (dev < 0)
		return -errno;

	ret = ioctl(dev, request, arg) ? -errno : 0;
	close(dev);
	return ret;
}
