/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel as far as the files under test need it. Every header that they
 * include is this one (see the Makefile). Locks check that they are used as
 * locks, memory is libc's, time and signals are variables of the test.
 */
#ifndef _UNIT_HOST_H
#define _UNIT_HOST_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define BIT(n)			(1UL << (n))
#define ALIGN_DOWN(x, a)	((x) & ~((a) - 1))
#define ALIGN(x, a)		ALIGN_DOWN((x) + (a) - 1, a)
#define IS_ALIGNED(x, a)	(!((x) & ((a) - 1)))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define ilog2(x)		(63 - __builtin_clzll(x))
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define swap(a, b) \
	do { __typeof__(a) tmp_ = (a); (a) = (b); (b) = tmp_; } while (0)
#define WARN_ON_ONCE(cond)	assert(!(cond))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

/* pages: those of x86, and of arm64 with pages of 16 and 64 KiB */
#ifndef HOST_PAGE_KIB
#define HOST_PAGE_KIB		4
#endif
#if HOST_PAGE_KIB == 4
#define PAGE_SHIFT		12
#define pageblock_order		9
#define MAX_PAGE_ORDER		10
#define PUD_SHIFT		30
#elif HOST_PAGE_KIB == 16
#define PAGE_SHIFT		14
#define pageblock_order		11
#define MAX_PAGE_ORDER		11
#define PUD_SHIFT		36
#elif HOST_PAGE_KIB == 64
#define PAGE_SHIFT		16
#define pageblock_order		13
#define MAX_PAGE_ORDER		13
#define PUD_SHIFT		42
#endif
#define SZ_256K			(256UL << 10)
#define SZ_64M			(64UL << 20)
#define pageblock_nr_pages	(1UL << pageblock_order)
#define MAX_ORDER_NR_PAGES	(1UL << MAX_PAGE_ORDER)

/* zones: a page is its frame number, a zone what the test says it is */
enum {
	ZONE_DMA,
	ZONE_DMA32,
	ZONE_NORMAL,
	ZONE_MOVABLE,
	ZONE_DEVICE,
	MAX_NR_ZONES,
};

struct zone {
	unsigned long zone_start_pfn;
	unsigned long spanned_pages;
	unsigned long managed_pages;
	unsigned long free_pages;
	int node;
	int idx;
	void *machine;
};

#ifndef HOST_PAGES
struct page;
struct zone *page_zone(const struct page *page);
#define PageHWPoison(page)	((void)(page), false)
#define page_ref_count(page)	((void)(page), 1)
void clear_highpage(struct page *page);

#define pfn_to_page(pfn)	((struct page *)(pfn))
#define page_to_pfn(page)	((unsigned long)(page))
#endif
#define MAX_NUMNODES		4
#define zone_end_pfn(z)		((z)->zone_start_pfn + (z)->spanned_pages)
#define zone_managed_pages(z)	((z)->managed_pages)
enum { NR_FREE_PAGES, NR_FREE_CMA_PAGES };

#define zone_page_state(z, what)	((what) == NR_FREE_PAGES ? (z)->free_pages : 0)
#define zone_to_nid(z)		((z)->node)
#define zone_idx(z)		((z)->idx)

/* locks: those of simulated CPUs, or of one that counts what it holds */
extern unsigned int host_spinlocks, host_mutexes, host_rcu;	/* held */

#ifdef HOST_SIM
#include "sim.h"
#else
#include "locks.h"
#endif

typedef struct mutex host_mutex_t;
typedef spinlock_t host_spinlock_t;

#define HOST_PASTE_(a, b)	a##b
#define HOST_PASTE(a, b)	HOST_PASTE_(a, b)
#define HOST_GUARD(class, lock) \
	host_##class##_t *HOST_PASTE(guard_, __COUNTER__) \
	__attribute__((cleanup(host_unlock_##class), unused)) = \
	host_lock_##class(lock)
#define HOST_GUARD_mutex(lock)		HOST_GUARD(mutex, lock)
#define HOST_GUARD_spinlock(lock)	HOST_GUARD(spinlock, lock)
#define guard(class)		HOST_GUARD_##class
#define scoped_guard(class, lock) \
	for (host_##class##_t *scope \
	     __attribute__((cleanup(host_unlock_##class))) = \
	     host_lock_##class(lock), *once = scope; once; once = NULL)

static inline void rcu_read_lock(void)
{
	host_rcu++;
}

static inline void rcu_read_unlock(void)
{
	assert(host_rcu);
	host_rcu--;
}

extern unsigned int host_grace_periods;

static inline void synchronize_rcu(void)
{
	might_sleep();
	host_grace_periods++;
}

/*
 * memory: each allocation may reclaim, which is up to the test. It counts how
 * many there were, and may say how many more succeed.
 */
#define GFP_KERNEL		1
#define __GFP_NOFAIL		2

typedef unsigned int gfp_t;

extern unsigned long host_allocations, host_allocations_left;
void host_reclaim(void);

static inline void *host_alloc(size_t n, size_t size, gfp_t gfp)
{
	void *p;

	might_sleep();
	host_reclaim();
	if (!(gfp & __GFP_NOFAIL)) {
		if (!host_allocations_left)
			return NULL;
		host_allocations_left--;
	}
	host_allocations++;
	p = calloc(n, size);
	assert(p);
	return p;
}

static inline void *kmalloc(size_t size, gfp_t gfp)
{
	void *p = host_alloc(1, size, gfp);

	return p ? memset(p, 0xa5, size) : NULL;
}

#define kzalloc_obj(obj)	host_alloc(1, sizeof(obj), GFP_KERNEL)
#define kcalloc(n, size, gfp)	host_alloc(n, size, gfp)
#define kvcalloc(n, size, gfp)	host_alloc(n, size, gfp)
#define kfree(p)		free(p)
#define kvfree(p)		free(p)

/* random numbers: a failure repeats */
void rnd_seed(u32 seed);
u32 rnd(u32 below);

/* time and signals */
#define HZ			1000
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define time_after(a, b)	time_before(b, a)
#define current			NULL
#define fatal_signal_pending(t)	(host_killed)

extern unsigned long jiffies;
extern bool host_killed;
void host_resched(void);

static inline void cond_resched(void)
{
	might_sleep();
	assert(!host_mutexes);
	host_resched();
}

/* xarray: a few entries are enough */
#define XA_ENTRIES		16

struct xarray {
	void *entry[XA_ENTRIES];
};

#define DEFINE_XARRAY(name)	struct xarray name
#define xa_load(xa, key)	((xa)->entry[key])
#define xa_err(entry)		((entry) ? -ENOMEM : 0)
#define xa_destroy(xa)		memset(xa, 0, sizeof(*(xa)))
#define xa_for_each(xa, key, p) \
	for ((key) = 0; (key) < XA_ENTRIES; (key)++) \
		for ((p) = (xa)->entry[key]; p; (p) = NULL)

static inline void *xa_store(struct xarray *xa, unsigned long key, void *entry,
			     gfp_t gfp)
{
	(void)gfp;
	assert(key < XA_ENTRIES);
	if (!host_allocations_left)
		return entry;	/* for xa_err() */
	xa->entry[key] = entry;
	return NULL;
}

#include "containers.h"

#endif /* _UNIT_HOST_H */
