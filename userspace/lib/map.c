// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Mapping dma-bufs into the address space of the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lazy_contig.h"

#define HUGE_SIZE	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

static size_t read_huge_size(void)
{
	int fd = open(HUGE_SIZE, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t len;
	size_t size;

	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	size = strtoull(text, NULL, 10);
	return size & (size - 1) ? 0 : size;
}

/*
 * The size of a huge page table entry, SIZE_MAX if the kernel has none. Read once:
 * a program may later lose access to the file.
 */
static size_t huge_size(void)
{
	static _Atomic size_t cached;
	size_t size = atomic_load_explicit(&cached, memory_order_relaxed);

	if (!size) {
		size = read_huge_size() ?: SIZE_MAX;
		atomic_store_explicit(&cached, size, memory_order_relaxed);
	}
	return size;
}

/*
 * An unused range of @len bytes of address space that begins at a multiple of @align, or
 * NULL. It is a hint: MAP_FIXED on a range that is held could, if mmap() fails, leave a
 * hole in which another thread maps something.
 */
static void *aligned_hint(size_t len, size_t align)
{
	size_t total = len + align;
	char *area;

	if (total < len)
		return NULL;
	area = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return NULL;
	munmap(area, total);
	return area + (-(uintptr_t)area & (align - 1));
}

int lazy_contig_map(int fd, size_t len, int prot, void **addr)
{
	size_t page = sysconf(_SC_PAGESIZE), huge = huge_size();
	size_t size = (len + page - 1) & ~(page - 1);
	void *map;

	if (!len)
		return -EINVAL;
	if (!size)
		return -ENOMEM;

	map = mmap(size < huge ? NULL : aligned_hint(size, huge), size, prot, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*addr = map;
	return 0;
}

int lazy_contig_unmap(void *addr, size_t len)
{
	return munmap(addr, len) ? -errno : 0;
}
