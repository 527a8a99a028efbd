// SPDX-License-Identifier: GPL-2.0
/* Small files of the kernel's: one line, or one figure. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Reads the first line, without the newline at its end. */
int file_read_line(const char *path, char *buf, size_t len)
{
	FILE *file = fopen(path, "re");
	bool ok;

	if (!file)
		return -errno;
	ok = fgets(buf, len, file);
	fclose(file);
	if (!ok)
		return -EIO;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* A file of the control device. */
int sysfs_read(const char *name, char *text, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", SYSFS_DIR, name);
	return file_read_line(path, text, size);
}

int sysfs_failed(int err)
{
	return fail(err, "%s, run 'lazy-contig doctor'", SYSFS_DIR);
}
