// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "kept_calls.h"

struct lazy_contig_allocation kept_request(size_t len, const char *name)
{
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc),
		.flags = LAZY_CONTIG_KEEP,
		.len = len,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	memcpy(alloc.name, name, strnlen(name, sizeof(alloc.name)));
	return alloc;
}

int kept_alloc(int control, struct lazy_contig_allocation *alloc)
{
	return call(control, LAZY_CONTIG_IOCTL_ALLOC, alloc) ?: alloc->fd;
}

uint64_t kept_new(int control, size_t len, const char *name)
{
	struct lazy_contig_allocation alloc = kept_request(len, name);
	int buf = kept_alloc(control, &alloc);

	if (buf < 0)
		bail("keep %zu bytes: %s", len, strerror(-buf));
	close(buf);
	return alloc.phys_addr;
}

int kept_open(int control, uint64_t phys, uint64_t *len)
{
	struct lazy_contig_open open = {
		.size = sizeof(open),
		.fd_flags = O_RDWR | O_CLOEXEC,
		.phys_addr = phys,
	};
	int err = call(control, LAZY_CONTIG_IOCTL_OPEN, &open);

	if (len)
		*len = open.len;
	return err ?: open.fd;
}

int kept_resize(int control, uint64_t *phys, uint64_t len)
{
	struct lazy_contig_resize resize = {
		.size = sizeof(resize),
		.phys_addr = *phys,
		.len = len,
	};
	int err = call(control, LAZY_CONTIG_IOCTL_RESIZE, &resize);

	*phys = resize.phys_addr;
	return err;
}

int kept_free(int control, uint64_t phys)
{
	struct lazy_contig_free free = {
		.size = sizeof(free),
		.phys_addr = phys,
	};

	return call(control, LAZY_CONTIG_IOCTL_FREE, &free);
}

static unsigned char *map_kept(int control, uint64_t phys, size_t len)
{
	int buf = kept_open(control, phys, NULL);
	unsigned char *mem;

	if (buf < 0)
		bail("open %#jx: %s", (uintmax_t)phys, strerror(-buf));
	mem = buf_map(buf, len);
	close(buf);
	return mem;
}

void kept_fill(int control, uint64_t phys, size_t len, uint64_t seed)
{
	unsigned char *mem = map_kept(control, phys, len);

	pattern_fill(mem, len, seed);
	munmap(mem, len);
}

bool kept_holds(int control, uint64_t phys, size_t len, uint64_t seed)
{
	unsigned char *mem = map_kept(control, phys, len);
	bool holds = pattern_holds(mem, len, seed);

	munmap(mem, len);
	return holds;
}

bool kept_zero(int control, uint64_t phys, size_t from, size_t to)
{
	unsigned char *mem = map_kept(control, phys, to);
	bool zero = all_zero(mem + from, to - from);

	munmap(mem, to);
	return zero;
}

/* Lines below System RAM with this name; of a range, unless len is 0. */
static int iomem_count_named(const char *name, uint64_t phys, size_t len)
{
	FILE *f = text_open("/proc/iomem");
	unsigned long long from, to;
	bool in_ram = false;
	char line[256];
	int n = 0, at;

	while (fgets(line, sizeof(line), f)) {
		/* that of a device lies below the device's own line */
		if (strstr(line, " : System RAM"))
			in_ram = true;
		else if (line[0] != ' ')
			in_ram = false;
		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, " %llx-%llx : %n", &from, &to, &at) != 2)
			bail("strange line in /proc/iomem: %s", line);
		if (in_ram && !strcmp(line + at, name))
			n += !len || (from == phys && to == phys + len - 1);
	}
	fclose(f);
	return n;
}

bool iomem_named(const char *name, uint64_t phys, size_t len)
{
	return iomem_count_named(name, phys, len) == 1;
}

int iomem_names(const char *name)
{
	return iomem_count_named(name, 0, 0);
}
