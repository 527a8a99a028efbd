// SPDX-License-Identifier: GPL-2.0
#include "cache.h"

int cache_file_new(void)
{
	int fd;

	if (system("set -e; modprobe -a loop ext4; cd /tmp; mkdir lc-disk;"
		   "truncate -s 16M lc-image; mkfs.ext4 -q lc-image;"
		   "mount -o loop lc-image lc-disk; truncate -s 2G lc-disk/file"))
		bail("cannot make a file system");
	fd = open("/tmp/lc-disk/file", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		bail("/tmp/lc-disk/file: %m");
	return fd;
}

void cache_file_remove(int fd)
{
	close(fd);
	if (system("umount /tmp/lc-disk; rm -r /tmp/lc-disk /tmp/lc-image"))
		bail("cannot clean up");
}

void cache_fill(int fd, long kib)
{
	static char data[MIB(1)];
	off_t at = 0;

	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (meminfo_kib("Cached") < kib + meminfo_kib("Shmem")) {
		if (pread(fd, data, sizeof(data), at) != sizeof(data))
			bail("read: %m");
		at += sizeof(data);
	}
}
