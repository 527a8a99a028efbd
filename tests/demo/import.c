// SPDX-License-Identifier: GPL-2.0
/*
 * Receives a buffer from 'lazy-contig send SOCKET', imports it into the DRM driver
 * vgem, has the driver export it again, and shows that it is the same memory.
 */

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xf86drm.h>

#include "lazy_contig.h"

static int receive(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "%s is too long", path);
	strcpy(address.sun_path, path);
	if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	fd = lazy_contig_recv_fd(sock);
	if (fd < 0)
		errx(1, "receive: %s", strerror(-fd));
	close(sock);
	return fd;
}

static uint64_t where(int fd)
{
	struct lazy_contig_query info;
	int dev = lazy_contig_device_open();
	int ret = lazy_contig_query(dev, fd, &info, sizeof(info));

	close(dev);
	if (ret)
		errx(1, "query: %s", strerror(-ret));
	return info.phys_addr;
}

int main(int argc, char **argv)
{
	int fd, drm, again;
	uint32_t handle;

	if (argc != 2)
		errx(2, "usage: import SOCKET");
	fd = receive(argv[1]);
	printf("received a dma-buf, which lies at %#" PRIx64 "\n", where(fd));

	drm = drmOpen("vgem", NULL);
	if (drm < 0)
		errx(1, "no DRM device vgem: is the module loaded?");
	if (drmPrimeFDToHandle(drm, fd, &handle))
		err(1, "import into vgem");
	close(fd);
	printf("imported: GEM handle %" PRIu32 " of vgem; the descriptor is closed, the driver\n"
	       "holds the buffer now\n", handle);

	if (drmPrimeHandleToFD(drm, handle, DRM_CLOEXEC | DRM_RDWR, &again))
		err(1, "export from vgem");
	printf("exported by vgem again: a dma-buf, which lies at %#" PRIx64 "\n", where(again));
	close(again);
	close(drm);
	return 0;
}
