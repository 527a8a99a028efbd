// SPDX-License-Identifier: GPL-2.0 OR MIT
/* cc alloc.c $(pkg-config --cflags --libs lazy_contig) */
/* Allocates a buffer, fills it, and prints its location. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <lazy_contig.h>

int main(void)
{
	const size_t len = 16 << 20;
	struct lazy_contig_query info;
	void *addr;
	int fd, dev;

	fd = lazy_contig_alloc(LAZY_CONTIG_HEAP, len, O_RDWR | O_CLOEXEC);
	if (fd < 0 || lazy_contig_map(fd, len, PROT_READ | PROT_WRITE, &addr)) {
		fprintf(stderr, "cannot allocate a buffer (run 'lazy-contig doctor')\n");
		return 1;
	}
	lazy_contig_sync_begin(fd, DMA_BUF_SYNC_WRITE);
	memset(addr, 0x5a, len);
	lazy_contig_sync_end(fd, DMA_BUF_SYNC_WRITE);

	dev = lazy_contig_device_open();
	if (!lazy_contig_query(dev, fd, &info, sizeof(info)))
		printf("%llu bytes on node %d at %#llx\n", info.len, info.node, info.phys_addr);
	return 0;	/* exiting releases the buffer */
}
