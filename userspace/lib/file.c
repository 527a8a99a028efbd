// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copying between files and dma-bufs, of any exporter. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lazy_contig.h"

/* Direct I/O begins and ends at multiples of this: a multiple of most block sizes. */
#define DIRECT_UNIT	4096

struct transfer {
	int file;
	int direct;	/* @file, opened again with O_DIRECT; -1: not, or no longer */
	bool writes;	/* to the file */
	char *addr;
	size_t left;
};

/*
 * O_DIRECT is a flag of the open file, which @file can share with other descriptors and
 * processes; hence another one. With O_APPEND, the file offset does not say where a write
 * begins. Return: a descriptor, or -1.
 */
static int open_direct(int file)
{
	int flags = fcntl(file, F_GETFL);
	char path[32];
	struct stat st;

	if (flags < 0 || flags & O_APPEND || fstat(file, &st) ||
	    (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return open(path, (flags & (O_ACCMODE | O_SYNC)) | O_DIRECT | O_CLOEXEC);
}

/* Return: the number of bytes copied, or not positive if direct I/O is not possible. */
static ssize_t copy_direct(const struct transfer *t)
{
	off_t at = lseek(t->file, 0, SEEK_CUR), end = lseek(t->direct, 0, SEEK_END);
	size_t len = t->left;
	ssize_t n;

	if (at < 0 || at % DIRECT_UNIT || (uintptr_t)t->addr % DIRECT_UNIT)
		return 0;
	/* a direct read clears memory from the end of the file on */
	if (!t->writes && at >= end)
		return 0;
	if (!t->writes && len > (uint64_t)(end - at))
		len = end - at;
	len -= len % DIRECT_UNIT;
	if (!len)
		return 0;
	do {
		n = t->writes ? pwrite(t->direct, t->addr, len, at)
			      : pread(t->direct, t->addr, len, at);
	} while (n < 0 && errno == EINTR);
	if (n > 0 && lseek(t->file, at + n, SEEK_SET) < 0)
		return -1;
	return n;
}

/* Return: as read(2) and write(2). */
static ssize_t copy_buffered(const struct transfer *t)
{
	ssize_t n;

	do {
		n = t->writes ? write(t->file, t->addr, t->left) : read(t->file, t->addr, t->left);
	} while (n < 0 && errno == EINTR);
	return n;
}

/*
 * Whatever ends direct I/O (a buffer that cannot be pinned, a file system without it,
 * the tail of the file, an error) leaves the rest, and the error, to buffered I/O.
 */
static int copy_all(struct transfer *t)
{
	ssize_t n;

	while (t->left) {
		n = t->direct < 0 ? 0 : copy_direct(t);
		if (n <= 0 && t->direct >= 0) {
			close(t->direct);
			t->direct = -1;
		}
		if (n <= 0)
			n = copy_buffered(t);
		if (n < 0)
			return -errno;
		if (!n)
			return t->writes ? -EIO : 0;
		t->addr += n;
		t->left -= n;
	}
	return 0;
}

/* *@len becomes the number of bytes copied. */
static int copy(int fd, uint64_t offset, uint64_t *len, int file, bool writes)
{
	unsigned int access = writes ? DMA_BUF_SYNC_READ : DMA_BUF_SYNC_WRITE;
	struct transfer t = { .file = file, .writes = writes, .left = *len };
	size_t skip = offset % sysconf(_SC_PAGESIZE);
	uint64_t size, want = *len;
	int err, end_err;
	char *map;

	*len = 0;
	err = lazy_contig_size(fd, &size);
	if (err)
		return err;
	if (offset > size || want > size - offset)
		return -EINVAL;
	if (want > SIZE_MAX - skip)
		return -ENOMEM;
	if (!want)
		return 0;
	map = mmap(NULL, skip + want, writes ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   offset - skip);
	if (map == MAP_FAILED)
		return -errno;

	err = lazy_contig_sync_begin(fd, access);
	if (!err) {
		t.addr = map + skip;
		t.direct = open_direct(file);
		err = copy_all(&t);
		if (t.direct >= 0)
			close(t.direct);
		end_err = lazy_contig_sync_end(fd, access);
		err = err ?: end_err;
		*len = want - t.left;
	}
	munmap(map, skip + want);
	return err;
}

int lazy_contig_read_file(int fd, uint64_t offset, uint64_t *len, int file)
{
	return copy(fd, offset, len, file, false);
}

int lazy_contig_write_file(int fd, uint64_t offset, uint64_t len, int file)
{
	return copy(fd, offset, &len, file, true);
}
