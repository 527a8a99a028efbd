/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers of the test programs for heaps, buffers and the importer. */
#ifndef _SELFTEST_HELPERS_H
#define _SELFTEST_HELPERS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/lazy_contig.h>

#include "../importer/lc_importer.h"
#include "../tap/tap.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KIB(n)		((size_t)(n) << 10)
#define MIB(n)		((size_t)(n) << 20)

/* Of the kernel that this is built for; its huge pages are as large as its pageblocks. */
#ifndef PAGE_KIB
#define PAGE_KIB	4
#endif
#define PAGE		KIB(PAGE_KIB)
#define HUGE_PAGE	(PAGE * (PAGE / 8))

#define HEAP		"lazy_contig"
#define HEAP_DMA32	"lazy_contig_dma32"
#define CONTROL		"/dev/lazy_contig"

/* ioctl() that returns -errno; every call below does the same. */
int call(int fd, unsigned long request, void *arg);

/*
 * Heaps. heap_open() ends the test if the node cannot be opened. The variable LC_HEAP is
 * the heap that takes the place of HEAP, for one whose buffers are pinnable.
 */
int heap_open(const char *name);
bool heap_pins(void);
int heap_alloc(int heap, size_t len);
int heap_alloc_raw(int heap, struct dma_heap_allocation_data *data);
/* Allocates or ends the test. */
int buf_new(int heap, size_t len);

/* The control device. */
int control_open(void);
int buf_query(int buf, struct lazy_contig_query *q);
/* The physical address; ends the test if there is none. */
uint64_t buf_phys(int buf);

/* Buffers. */
unsigned char *buf_map(int buf, size_t len);
int buf_sync(int buf, uint64_t flags);
/* Has no device that is at work anything against it? POLLIN: to read, POLLOUT: to write. */
bool buf_ready(int buf, short events);
/* Every 64-bit word of a pattern depends on the seed and its place. */
void pattern_fill(void *mem, size_t len, uint64_t seed);
bool pattern_holds(const void *mem, size_t len, uint64_t seed);
bool all_zero(const void *mem, size_t len);
/* Fills free memory with data that is not zero. */
void dirty_free_memory(void);

/* The importer module; importer_open() loads it if need be. */
int importer_open(void);
int importer_unload(void);
/*
 * Whether CONFIG_DMA_API_DEBUG is on. It warns of a mapping that a driver leaks, and of
 * an entry longer than the maximum segment size of a device, which a buffer of the
 * module, always one entry, can be.
 */
bool kernel_checks_drivers(void);
int importer_attach(int imp, int buf, uint32_t dma_bits, uint32_t *id);
int importer_map(int imp, uint32_t id, uint32_t direction,
		 struct lci_map *map);
int importer_entry(int imp, uint32_t map, uint32_t index,
		   struct lci_entry *entry);
/* request: LCI_DEVICE_COPY with a mapping, LCI_VMAP_COPY with an attachment */
int importer_read(int imp, unsigned long request, uint32_t id, uint64_t offset,
		  void *mem, size_t len);
int importer_write(int imp, unsigned long request, uint32_t id,
		   uint64_t offset, const void *mem, size_t len);
/* Pages of a buffer that a device keeps when it has detached, until LCI_DROP. */
int importer_hold(int imp, int buf, size_t offset, size_t len);

/* A device that has a buffer mapped. */
struct device {
	uint32_t id;
	struct lci_map map;
};

/* Tests each step. Returns whether the device works on a bounce buffer. */
bool device_new(int imp, int buf, struct device *dev);

/* State of the system. */
bool kernel_since(int major, int minor);
FILE *text_open(const char *path); /* to read, or ends the test */
void text_set(const char *path, const char *text); /* all at once, or ends the test */
int fds_open(void);
int dmabufs_live(void);
/* A counter of /proc/vmstat; ends the test if the kernel lacks it. */
long vmstat(const char *name);
long meminfo_kib(const char *field);
/* Returns the memory of the pool to the kernel. */
void pool_drop(void);
/*
 * Free memory, with the pages that CPUs keep at hand, unlike MemFree, and after
 * pool_drop().
 */
long free_kib(void);
/* What the kernel keeps free in all zones together. */
long watermarks_kib(void);
bool iomem_has(uint64_t phys, size_t len);
int iomem_count(void);
/* The address of the first System RAM. */
uint64_t ram_start(void);
/* There is free memory up to here, however little: in a PC's 16 MiB of ZONE_DMA, say. */
uint64_t low_end(void);
/* Is there a buffer here, however small? */
bool debugfs_has(uint64_t phys, size_t len);

/*
 * A snapshot, and whether the state is the same again: file descriptors, dma-bufs, and
 * no new line of the module in the kernel log.
 */
struct mark {
	int fds;
	int dmabufs;
	int log;
};
void mark_set(struct mark *m);
void mark_check(struct mark *m, const char *after);

/*
 * Runs fn in a child and returns its exit status, or -signal. A child that
 * takes over four minutes is killed.
 */
int in_child(int (*fn)(void *arg), void *arg);
int child_status(pid_t pid);

/* Addresses to map @len bytes at, from a multiple of HUGE_PAGE on. */
unsigned char *room_new(size_t len);

/* Memory that children share with their parent; all zero. */
void *shared_new(size_t len);

/* Polls a condition that has no event; false after four minutes. */
bool becomes_true(bool (*fn)(void *arg), void *arg);

#endif /* _SELFTEST_HELPERS_H */
