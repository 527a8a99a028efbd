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

#define ZERO(type)	((struct lazy_contig_##type){ 0 })
#define FIELD(type, field, offset)							\
	{ #type "." #field, offsetof(struct lazy_contig_##type, field), offset }
#define WIDTH(type, field, size)							\
	{ "sizeof " #type "." #field, sizeof(ZERO(type).field), size }
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
	WIDTH(query, size, 4),
	FIELD(query, fd, 4),
	WIDTH(query, fd, 4),
	FIELD(query, len, 8),
	WIDTH(query, len, 8),
	FIELD(query, phys_addr, 16),
	WIDTH(query, phys_addr, 8),
	FIELD(query, node, 24),
	WIDTH(query, node, 4),
	FIELD(query, flags, 28),
	WIDTH(query, flags, 4),

	SIZE(allocation, 128),
	FIELD(allocation, size, 0),
	WIDTH(allocation, size, 4),
	FIELD(allocation, flags, 4),
	WIDTH(allocation, flags, 4),
	FIELD(allocation, len, 8),
	WIDTH(allocation, len, 8),
	FIELD(allocation, align, 16),
	WIDTH(allocation, align, 8),
	FIELD(allocation, max_addr, 24),
	WIDTH(allocation, max_addr, 8),
	FIELD(allocation, node, 32),
	WIDTH(allocation, node, 4),
	FIELD(allocation, fd_flags, 36),
	WIDTH(allocation, fd_flags, 4),
	FIELD(allocation, name, 40),
	WIDTH(allocation, name, 64),
	FIELD(allocation, fd, 104),
	WIDTH(allocation, fd, 4),
	FIELD(allocation, __reserved, 108),
	WIDTH(allocation, __reserved, 4),
	FIELD(allocation, phys_addr, 112),
	WIDTH(allocation, phys_addr, 8),
	FIELD(allocation, min_addr, 120),
	WIDTH(allocation, min_addr, 8),

	SIZE(open, 32),
	FIELD(open, size, 0),
	WIDTH(open, size, 4),
	FIELD(open, fd_flags, 4),
	WIDTH(open, fd_flags, 4),
	FIELD(open, phys_addr, 8),
	WIDTH(open, phys_addr, 8),
	FIELD(open, len, 16),
	WIDTH(open, len, 8),
	FIELD(open, fd, 24),
	WIDTH(open, fd, 4),
	FIELD(open, flags, 28),
	WIDTH(open, flags, 4),
	FIELD(open, __reserved, 28),
	WIDTH(open, __reserved, 4),

	SIZE(resize, 24),
	FIELD(resize, size, 0),
	WIDTH(resize, size, 4),
	FIELD(resize, flags, 4),
	WIDTH(resize, flags, 4),
	FIELD(resize, phys_addr, 8),
	WIDTH(resize, phys_addr, 8),
	FIELD(resize, len, 16),
	WIDTH(resize, len, 8),

	SIZE(free, 16),
	FIELD(free, size, 0),
	WIDTH(free, size, 4),
	FIELD(free, flags, 4),
	WIDTH(free, flags, 4),
	FIELD(free, phys_addr, 8),
	WIDTH(free, phys_addr, 8),

	SIZE(sync, 32),
	FIELD(sync, size, 0),
	WIDTH(sync, size, 4),
	FIELD(sync, fd, 4),
	WIDTH(sync, fd, 4),
	FIELD(sync, flags, 8),
	WIDTH(sync, flags, 8),
	FIELD(sync, offset, 16),
	WIDTH(sync, offset, 8),
	FIELD(sync, len, 24),
	WIDTH(sync, len, 8),
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
