// SPDX-License-Identifier: GPL-2.0
/* The dma-bufs of a process, from /proc. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

/* Copies the value if the line is "key:<white space>value". */
static void take_field(const char *line, const char *key, char *value, size_t len)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n) || line[n] != ':')
		return;
	line += n + 1;
	line += strspn(line, "\t ");
	snprintf(value, len, "%.*s", (int)strcspn(line, "\n"), line);
}

/*
 * Describes descriptor @fd of process @pid, or of the calling process if @pid is
 * 0. Return: 0; -EBADF no such descriptor; -EACCES no permission; -ENOTTY not a
 * dma-buf.
 */
int dmabuf_read(int pid, int fd, struct dmabuf *buf)
{
	char path[64], line[512], ino[32] = "", size[32] = "";
	FILE *file;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	else
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -EBADF : -errno;

	memset(buf, 0, sizeof(*buf));
	while (fgets(line, sizeof(line), file)) {
		take_field(line, "ino", ino, sizeof(ino));
		take_field(line, "size", size, sizeof(size));
		take_field(line, "exp_name", buf->exporter, sizeof(buf->exporter));
		take_field(line, "name", buf->name, sizeof(buf->name));
	}
	fclose(file);

	buf->ino = strtoull(ino, NULL, 10);
	buf->size = strtoull(size, NULL, 10);
	return buf->exporter[0] ? 0 : -ENOTTY;
}

/* Calls @func for every descriptor of a process that refers to a dma-buf. */
int visit_dmabuf_fds(int pid, dmabuf_func func, void *data)
{
	static const char prefix[] = "/dmabuf:";
	char path[64], target[sizeof(prefix)];
	struct dirent *entry;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;

	while ((entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, target, strlen(prefix));
		if (len == (ssize_t)strlen(prefix) && !memcmp(target, prefix, len))
			func(pid, atoi(entry->d_name), data);
	}
	closedir(dir);
	return 0;
}

/*
 * Duplicates a descriptor of another process, which needs permission to trace it.
 * Return: a descriptor that the caller closes, or -errno.
 */
int borrow_fd(int pid, int fd)
{
	int pidfd, copy, err;

	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -errno;
	copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	err = -errno;
	close(pidfd);
	return copy < 0 ? err : copy;
}

/*
 * Queries a descriptor of another process. -EINVAL: not a buffer of lazy_contig;
 * the heap name does not tell, because it may be an alias.
 */
int query_of(int pid, int fd, struct lazy_contig_query *info)
{
	int copy, dev = control(), err;

	if (dev < 0)
		return dev;
	copy = borrow_fd(pid, fd);
	if (copy < 0)
		return copy;
	err = lazy_contig_query(dev, copy, info, sizeof(*info));
	close(copy);
	return err;
}
