// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "settings.h"

#define PARAMS	"/sys/module/lazy_contig/parameters/"
#define FILES	"/sys/class/misc/lazy_contig/"

static int text_write(const char *dir, const char *name, const char *text)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %m", path);
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void text_read(const char *dir, const char *name, char *text, size_t len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	f = fopen(path, "re");
	if (!f || !fgets(text, len, f))
		bail("%s: %m", path);
	fclose(f);
}

unsigned long param_get(const char *name)
{
	char text[32];

	text_read(PARAMS, name, text, sizeof(text));
	return strtoul(text, NULL, 10);
}

void param_set(const char *name, unsigned long value)
{
	char text[32];
	int err;

	snprintf(text, sizeof(text), "%lu", value);
	err = text_write(PARAMS, name, text);
	if (err)
		bail("%s = %lu: %s", name, value, strerror(-err));
}

unsigned long patience(void)
{
	unsigned long before = param_get("time_limit_ms");

	param_set("time_limit_ms", 30000);
	return before;
}

long counter(const char *name)
{
	char text[32];

	text_read(FILES, name, text, sizeof(text));
	return strtol(text, NULL, 10);
}

long pool_mib(void)
{
	return counter("pool_pages") * (long)PAGE >> 20;
}

int reserve_write(const char *text)
{
	return text_write(FILES, "reserve", text);
}

int reserve_set(unsigned long mib)
{
	char text[32];

	snprintf(text, sizeof(text), "0 %lu\n", mib);
	return reserve_write(text);
}

long reserve_mib(void)
{
	char text[64];
	int node;
	long mib;

	text_read(FILES, "reserve", text, sizeof(text));
	if (sscanf(text, "%d %ld", &node, &mib) != 2 || node)
		bail("strange reserve: %s", text);
	return mib;
}

int heaps_write(const char *text)
{
	return text_write(FILES, "heaps", text);
}

unsigned long rounds(unsigned long usual)
{
	const char *wanted = getenv("LC_ROUNDS");

	return wanted ? strtoul(wanted, NULL, 10) : usual;
}
