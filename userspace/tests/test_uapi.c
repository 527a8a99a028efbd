// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: the structs, numbers and flags of version 1.0 stay as they are
 *
 * A row that fails to hold is a program that breaks: rows are only added.
 */
#include <stddef.h>
#include <string.h>

#include "../lazy-contig/cli.h"
#include "tap.h"

struct row {
	const char *what;
	unsigned long long now, published;
};

/* The fields have no holes, so that offsets and the size of the whole are those of each. */
#define FIELD(type, field, offset)							\
	{ #type "." #field, offsetof(struct lazy_contig_##type, field), offset }
#define SIZE(type, size)								\
	{ "sizeof " #type, sizeof(struct lazy_contig_##type), size }
#define VALUE(name, value)								\
	{ #name, LAZY_CONTIG_##name, value }

static const struct row rows[] = {
	VALUE(IOC_MAGIC, 0xd9),
	VALUE(IOCTL_QUERY, 0xd900),
	VALUE(IOCTL_ALLOC, 0xd901),
	VALUE(IOCTL_OPEN, 0xd902),
	VALUE(IOCTL_RESIZE, 0xd903),
	VALUE(IOCTL_FREE, 0xd904),
	VALUE(IOCTL_SYNC, 0xd905),
	VALUE(PHYS_VALID, 0x1),
	VALUE(KEEP, 0x1),
	VALUE(PINNABLE, 0x2),
	VALUE(HOLD, 0x4),
	VALUE(NAME_MAX, 64),

	SIZE(query, 32),
	FIELD(query, size, 0),
	FIELD(query, fd, 4),
	FIELD(query, len, 8),
	FIELD(query, phys_addr, 16),
	FIELD(query, node, 24),
	FIELD(query, flags, 28),

	SIZE(allocation, 128),
	FIELD(allocation, size, 0),
	FIELD(allocation, flags, 4),
	FIELD(allocation, len, 8),
	FIELD(allocation, align, 16),
	FIELD(allocation, max_addr, 24),
	FIELD(allocation, node, 32),
	FIELD(allocation, fd_flags, 36),
	FIELD(allocation, name, 40),
	FIELD(allocation, fd, 104),
	FIELD(allocation, __reserved, 108),
	FIELD(allocation, phys_addr, 112),
	FIELD(allocation, min_addr, 120),

	SIZE(open, 32),
	FIELD(open, size, 0),
	FIELD(open, fd_flags, 4),
	FIELD(open, phys_addr, 8),
	FIELD(open, len, 16),
	FIELD(open, fd, 24),
	FIELD(open, flags, 28),
	FIELD(open, __reserved, 28),

	SIZE(resize, 24),
	FIELD(resize, size, 0),
	FIELD(resize, flags, 4),
	FIELD(resize, phys_addr, 8),
	FIELD(resize, len, 16),

	SIZE(free, 16),
	FIELD(free, size, 0),
	FIELD(free, flags, 4),
	FIELD(free, phys_addr, 8),

	SIZE(sync, 32),
	FIELD(sync, size, 0),
	FIELD(sync, fd, 4),
	FIELD(sync, flags, 8),
	FIELD(sync, offset, 16),
	FIELD(sync, len, 24),
};

int main(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		ok(rows[i].now == rows[i].published, "%s: %#llx, published as %#llx",
		   rows[i].what, rows[i].now, rows[i].published);
	ok(!(LAZY_CONTIG_KEEP & LAZY_CONTIG_PINNABLE) &&
	   !(LAZY_CONTIG_HOLD & (LAZY_CONTIG_KEEP | LAZY_CONTIG_PINNABLE)),
	   "flags that are passed in are distinct bits");
	ok(!strcmp(LAZY_CONTIG_DEVICE, "/dev/lazy_contig") &&
	   !strcmp(LAZY_CONTIG_HEAP, "lazy_contig") &&
	   !strcmp(LAZY_CONTIG_HEAP_DMA32, "lazy_contig_dma32"), "the names of the nodes");
	return tap_done();
}
