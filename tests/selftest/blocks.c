// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "blocks.h"
#include "settings.h"

#define MEMORY	"/sys/devices/system/memory"

size_t block_size(void)
{
	static size_t size;
	FILE *f;

	if (size)
		return size;
	f = text_open(MEMORY "/block_size_bytes");
	if (fscanf(f, "%zx", &size) != 1)
		bail("no block size");
	fclose(f);
	return size;
}

struct lazy_contig_allocation block_request(uint64_t max_addr)
{
	return (struct lazy_contig_allocation) {
		.size = sizeof(struct lazy_contig_allocation),
		.len = block_size(),
		.align = block_size(),
		.max_addr = max_addr,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
}

int block_new(int control, uint64_t max_addr, uint64_t *phys)
{
	struct lazy_contig_allocation a = block_request(max_addr);
	unsigned long limit = patience();
	int err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &a);

	param_set("time_limit_ms", limit);
	if (err)
		bail("a block of %zu MiB: %s", block_size() >> 20,
		     strerror(-err));
	*phys = a.phys_addr;
	return a.fd;
}

static int block_open(uint64_t phys, const char *name, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), MEMORY "/memory%llu/%s",
		 (unsigned long long)phys / block_size(), name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %m", path);
	return fd;
}

static int set_state(uint64_t phys, const char *state)
{
	int fd = block_open(phys, "state", O_WRONLY), err = 0;

	if (write(fd, state, strlen(state)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int try_offline(void *arg)
{
	return -set_state(*(uint64_t *)arg, "offline");
}

/*
 * The zone that block_online() requests: by default the kernel puts the first and
 * the last block of ZONE_MOVABLE into another zone.
 */
static const char *online;

void block_zone(uint64_t phys)
{
	int fd = block_open(phys, "valid_zones", O_RDONLY);
	char zones[64] = "";

	if (read(fd, zones, sizeof(zones) - 1) < 0)
		bail("valid_zones: %m");
	close(fd);
	online = strncmp(zones, "Movable", 7) ? "online_kernel" :
						"online_movable";
}

int block_offline(uint64_t phys)
{
	block_zone(phys);
	return -in_child(try_offline, &phys);
}

int block_online(uint64_t phys)
{
	return set_state(phys, online);
}

struct span movable_zone(void)
{
	unsigned long long start = 0, spanned = 0;
	char line[256], name[32] = "";
	FILE *f = text_open("/proc/zoneinfo");

	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "Node %*d, zone %31s", name);
		if (strcmp(name, "Movable"))
			continue;
		sscanf(line, " spanned %llu", &spanned);
		sscanf(line, " start_pfn: %llu", &start);
	}
	fclose(f);
	if (!spanned)
		bail("the machine has no ZONE_MOVABLE");
	return (struct span){ start * PAGE, (start + spanned) * PAGE };
}

struct span cma_area(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned long long mib, at;
	struct span area = { 0 };
	char line[8192], *text;
	ssize_t len;

	if (log < 0)
		bail("/dev/kmsg: %m");
	while ((len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		text = strstr(line, "cma: Reserved ");
		if (text && sscanf(text, "cma: Reserved %llu MiB at %llx", &mib, &at) == 2)
			area = (struct span){ at, at + MIB(mib) };
		if (strstr(line, "could not be activated"))
			area = (struct span){ 0 };
	}
	close(log);
	return area;
}
