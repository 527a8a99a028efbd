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
#include <stdbool.h>
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
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define ilog2(x)		(63 - __builtin_clzll(x))
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define fallthrough		__attribute__((fallthrough))

/* pages: the sizes of x86 with 4 KiB pages */
#define SZ_64M			(64UL << 20)
#ifndef PAGE_SHIFT
#define PAGE_SHIFT		12
#endif
#define pageblock_order		9
#define pageblock_nr_pages	(1UL << pageblock_order)
#define MAX_ORDER_NR_PAGES	1024UL

/* zones: a page is its frame number, a zone what the test says it is */
#define MAX_NR_ZONES		5

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

#define pfn_to_page(pfn)	((struct page *)(pfn))
#endif
#define zone_end_pfn(z)		((z)->zone_start_pfn + (z)->spanned_pages)
#define zone_managed_pages(z)	((z)->managed_pages)
#define zone_page_state(z, what)	((z)->free_pages)
#define zone_to_nid(z)		((z)->node)
#define zone_idx(z)		((z)->idx)

/* memory */
#define GFP_KERNEL		0
#define kzalloc_obj(obj)	calloc(1, sizeof(obj))
#define kcalloc(n, size, gfp)	calloc(n, size)
#define kvcalloc(n, size, gfp)	calloc(n, size)
#define kfree(p)		free(p)
#define kvfree(p)		free(p)

/* locks */
struct mutex {
	bool held;
};

#define DEFINE_MUTEX(name)	struct mutex name

static inline void mutex_init(struct mutex *m)
{
	m->held = false;
}

static inline struct mutex *host_lock(struct mutex *m)
{
	assert(!m->held);
	m->held = true;
	return m;
}

static inline void host_unlock(struct mutex **m)
{
	if (!*m)
		return;
	assert((*m)->held);
	(*m)->held = false;
}

#define HOST_PASTE_(a, b)	a##b
#define HOST_PASTE(a, b)	HOST_PASTE_(a, b)
#define HOST_GUARD(m) \
	struct mutex *HOST_PASTE(guard_, __COUNTER__) \
	__attribute__((cleanup(host_unlock), unused)) = host_lock(m)
#define guard(class)		HOST_GUARD
#define scoped_guard(class, m) \
	for (struct mutex *scope __attribute__((cleanup(host_unlock))) = \
	     host_lock(m), *once = scope; once; once = NULL)
#define lockdep_assert_held(m)	assert((m)->held)
#define rcu_read_lock()		do { } while (0)
#define rcu_read_unlock()	do { } while (0)
#define synchronize_rcu()	do { } while (0)

/* time and signals */
#define HZ			1000
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define time_after(a, b)	time_before(b, a)
#define current			NULL
#define fatal_signal_pending(t)	(host_killed)
#define cond_resched()		host_resched()

extern unsigned long jiffies;
extern bool host_killed;
void host_resched(void);

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
			     int gfp)
{
	(void)gfp;
	xa->entry[key] = entry;
	return NULL;
}

/* memory hotplug: the test calls what the module registers */
enum {
	MEM_ONLINE,
	MEM_GOING_OFFLINE,
	MEM_CANCEL_OFFLINE,
	MEM_OFFLINE,
};
#define NOTIFY_OK		1
#define notifier_from_errno(e)	((e) ? (e) : NOTIFY_OK)

struct memory_notify {
	unsigned long start_pfn;
	unsigned long nr_pages;
};

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long action,
			     void *data);
};

extern struct notifier_block *host_notifier;

static inline int register_memory_notifier(struct notifier_block *nb)
{
	host_notifier = nb;
	return 0;
}

static inline void unregister_memory_notifier(struct notifier_block *nb)
{
	assert(host_notifier == nb);
	host_notifier = NULL;
}

#endif /* _UNIT_HOST_H */
