/* SPDX-License-Identifier: GPL-2.0 */
/* Memory blocks, the unit of memory offlining. All functions return -errno. */
#ifndef _SELFTEST_BLOCKS_H
#define _SELFTEST_BLOCKS_H

#include "helpers.h"

/* In bytes. */
size_t block_size(void);
/*
 * A request for a whole block, below max_addr unless that is 0. To be called with
 * LAZY_CONTIG_IOCTL_ALLOC.
 */
struct lazy_contig_allocation block_request(uint64_t max_addr);
/* Allocates a buffer that is a whole block; ends the test on failure. */
int block_new(int control, uint64_t max_addr, uint64_t *phys);

/*
 * The block at an address. Offline in a child: the kernel would try forever to
 * empty a block of ZONE_MOVABLE.
 */
int block_offline(uint64_t phys);
/* Notes its zone, as block_offline() does, for block_online(). */
void block_zone(uint64_t phys);
/* The block that went offline last, to the zone it was in. */
int block_online(uint64_t phys);

struct span {
	uint64_t start;
	uint64_t end;
};

/* The range of the blocks in ZONE_MOVABLE; ends the test if there is none. */
struct span movable_zone(void);
/* The CMA area that the kernel's log names; empty if there is none that the kernel could use. */
struct span cma_area(void);

#endif /* _SELFTEST_BLOCKS_H */
