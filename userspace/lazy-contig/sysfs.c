// SPDX-License-Identifier: GPL-2.0
/* The files of the control device. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* Reads a whole small file, without the newline at its end. */
int sysfs_read(const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	struct stat st;
	ssize_t len;
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", SYSFS_DIR, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	len = read(fd, text, size - 1);
	if (len < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	text[len] = 0;
	text[strcspn(text, "\n")] = 0;
	return 0;
}

int sysfs_failed(int err)
{
	return fail(err, "%s, run 'lazy-contig doctor'", SYSFS_DIR);
}
