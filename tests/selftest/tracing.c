// SPDX-License-Identifier: GPL-2.0
#include "helpers.h"
#include "tracing.h"

void tracing_write(const char *file, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail("%s: %m", path);
	close(fd);
}

void tracing_clear(void)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		bail("%strace: %m", TRACING);
	close(fd);
}
