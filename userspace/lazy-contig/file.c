// SPDX-License-Identifier: GPL-2.0
/* Files of procfs and sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Reads the first line without its newline. */
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

/* Reads the first line of an attribute of the control device. */
int sysfs_read(const char *name, char *text, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", SYSFS_DIR, name);
	return file_read_line(path, text, size);
}

/* A value of /proc/meminfo in bytes, 0 if it is missing. @key ends with a colon. */
__u64 meminfo_bytes(const char *key)
{
	char line[128];
	__u64 size = 0;
	FILE *file;

	file = fopen("/proc/meminfo", "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			size = strtoull(line + strlen(key), NULL, 10) << 10;
	fclose(file);
	return size;
}
