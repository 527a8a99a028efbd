/* SPDX-License-Identifier: GPL-2.0 */
/* The ioctls of kept buffers. All return -errno. */
#ifndef _SELFTEST_KEPT_CALLS_H
#define _SELFTEST_KEPT_CALLS_H

#include "helpers.h"

/* A request for LEN bytes anywhere, kept, under a name; change it as needed. */
struct lazy_contig_allocation kept_request(size_t len, const char *name);

/* The dma-buf or -errno; *phys may be NULL. */
int kept_alloc(int control, struct lazy_contig_allocation *alloc);
/* Keeps without holding a dma-buf; returns the address or ends the test. */
uint64_t kept_new(int control, size_t len, const char *name);
/* The dma-buf or -errno; len may be NULL. */
int kept_open(int control, uint64_t phys, uint64_t *len);
/* *phys becomes the new address. */
int kept_resize(int control, uint64_t *phys, uint64_t len);
int kept_free(int control, uint64_t phys);

/* Fill a kept buffer that has no dma-buf, or check its first bytes. */
void kept_fill(int control, uint64_t phys, size_t len, uint64_t seed);
bool kept_holds(int control, uint64_t phys, size_t len, uint64_t seed);
bool kept_zero(int control, uint64_t phys, size_t from, size_t to);

/* Is there one line below System RAM with this name and just this range? */
bool iomem_named(const char *name, uint64_t phys, size_t len);
/* How many lines have this name? */
int iomem_names(const char *name);

#endif /* _SELFTEST_KEPT_CALLS_H */
