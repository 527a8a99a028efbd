// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Mapping dma-bufs into the address space of the process. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lazy_contig.h"

/* Alignment that lets the kernel use huge page table entries. */
#define HUGE	((size_t)2 << 20)

/* Reserves @len bytes of address space, a multiple of the page size, aligned to HUGE. */
static void *reserve_aligned(size_t len)
{
	size_t total = len + HUGE, head, tail;
	char *area;

	if (total < len) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	area = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return MAP_FAILED;

	head = -(uintptr_t)area & (HUGE - 1);
	tail = HUGE - head;
	if (head)
		munmap(area, head);
	munmap(area + head + len, tail);
	return area + head;
}

int lazy_contig_map(int fd, size_t len, int prot, void **addr)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (len + page - 1) & ~(page - 1);
	void *area = NULL, *map;
	int fixed = 0, err;

	if (!len)
		return -EINVAL;
	if (!size)
		return -ENOMEM;

	if (size >= HUGE) {
		area = reserve_aligned(size);
		if (area == MAP_FAILED)
			return -errno;
		fixed = MAP_FIXED;
	}

	map = mmap(area, size, prot, MAP_SHARED | fixed, fd, 0);
	if (map == MAP_FAILED) {
		err = -errno;
		if (area)
			munmap(area, size);
		return err;
	}
	*addr = map;
	return 0;
}

int lazy_contig_unmap(void *addr, size_t len)
{
	return munmap(addr, len) ? -errno : 0;
}
