/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the stages of lazy_contig know of each other; module.c tells how they
 * work together.
 */
#ifndef LAZY_CONTIG_INTERNAL_H
#define LAZY_CONTIG_INTERNAL_H

#include <linux/ioport.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/numa.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/lazy_contig.h>

#define LC_NAME		"lazy_contig"

struct dma_buf;
struct lc_effort;
struct lc_user;
struct vm_area_struct;
struct zone;

/* A page frame number that no page reaches: no address limit. */
#define LC_NO_LIMIT	ULONG_MAX

/**
 * struct lc_request - what a caller wants
 * @nr_pages: length, at least 1
 * @align: alignment of the first page frame, in pages, a power of two
 * @end_pfn: every page lies below this page frame; LC_NO_LIMIT for none
 * @node: the only node allowed, or NUMA_NO_NODE to follow the memory policy
 *	and the cpuset of the caller
 * @name: name in /proc/iomem, shorter than LAZY_CONTIG_NAME_MAX
 */
struct lc_request {
	unsigned long nr_pages;
	unsigned long align;
	unsigned long end_pfn;
	int node;
	const char *name;
};

/*
 * Large ranges begin where a huge page could: they can be mapped with huge
 * entries, and share no pageblock with others needlessly.
 */
static inline unsigned long lc_align(const struct lc_request *req)
{
	if (req->nr_pages < PMD_SIZE >> PAGE_SHIFT)
		return req->align;
	return max(req->align, PMD_SIZE >> PAGE_SHIFT);
}

/**
 * struct lc_range - physically contiguous pages and the one who owns them
 * @live: in the list of all ranges
 * @buffers: the struct lc_buffer of each dma-buf
 * @ref: one for each dma-buf of it, one while it is kept
 * @pfn: first page frame
 * @nr_pages: length
 * @user: whom the pages are charged to
 * @pristine: nobody can have written to it yet; only whoever exports a range
 *	right away as a dma-buf may say so, and what lets anybody at it ends it
 * @name: name in /proc/iomem
 * @line: its line in /proc/iomem, nearly always the only one
 * @res: all its lines: @line, or an array instead of it
 * @nr_res: how many
 * @kept: one of the references is the keeping; for show only
 * @born_ns: when it was made, time since boot
 * @uid: who made it
 * @pid: in which process
 * @comm: of which name
 *
 * @live and @buffers are guarded by lc_live_lock; the others do not change.
 */
struct lc_range {
	struct list_head live;
	struct list_head buffers;
	struct kref ref;
	unsigned long pfn;
	unsigned long nr_pages;
	struct lc_user *user;
	struct resource line;
	struct resource *res;
	unsigned int nr_res;
	bool kept;
	bool pristine;
	char name[LAZY_CONTIG_NAME_MAX];
	u64 born_ns;
	kuid_t uid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct lc_range_users - who uses a range now
 * @dmabufs: number of its dma-bufs
 * @importers: number of devices attached to them
 */
struct lc_range_users {
	unsigned int dmabufs;
	unsigned int importers;
};

/* Pages up to the highest address that a caller allows; 0: any address. */
static inline unsigned long lc_end_pfn(u64 max_addr)
{
	return max_addr && max_addr != U64_MAX ? (max_addr + 1) >> PAGE_SHIFT :
						 LC_NO_LIMIT;
}

/* A node from user space; lc_alloc() refuses the impossible ones. */
static inline int lc_node_nospec(s32 node)
{
	return node >= 0 && node < MAX_NUMNODES ?
		       array_index_nospec(node, MAX_NUMNODES) : node;
}

/* alloc.c */
struct lc_range *lc_alloc(const struct lc_request *req);
int lc_alloc_behind(struct lc_range *range, unsigned long nr_pages,
		    unsigned long end_pfn);
int lc_take_clean(const struct lc_request *req, unsigned long *pfn);
void lc_give_back(unsigned long pfn, unsigned long nr_pages);
void lc_free(unsigned long pfn, unsigned long nr_pages, bool clean);

/* places.c */
bool lc_zone_allowed(struct zone *zone);
/**
 * struct lc_source - one of the sources of memory
 * @take: asks for memory of a zone; returns -ENOSPC if another zone may do
 * @by_price: taking has a price, which differs between zones
 * @nearest: ask for memory of the nearest node only; others are not worth it
 */
struct lc_source {
	int (*take)(const struct lc_request *req, struct zone *zone,
		    struct lc_effort *effort, unsigned long *pfn);
	bool by_price;
	bool nearest;
};

int lc_try_places(const struct lc_request *req, const struct lc_source *source,
		  struct lc_effort *effort, unsigned long *pfn);

/* attempt.c */
int lc_migrate_in_zone(const struct lc_request *req, struct zone *zone,
		       struct lc_effort *effort, unsigned long *pfn);
int lc_migrate_quickly(const struct lc_request *req, struct zone *zone,
		       struct lc_effort *effort, unsigned long *pfn);
int lc_migrate_at(struct zone *zone, unsigned long pfn, unsigned long nr_pages);

/* limit.c */
unsigned long lc_limit_pages(void);
unsigned long lc_charged_pages(void);
struct lc_user *lc_charge(unsigned long nr_pages);
int lc_charge_more(struct lc_user *user, unsigned long nr_pages);
void lc_uncharge(struct lc_user *user, unsigned long nr_pages);
void lc_limit_exit(void);

/* spare.c */
bool lc_can_spare(struct zone *zone, unsigned long nr_pages);

/* buddy.c */
int lc_buddy_take(const struct lc_request *req, unsigned long *pfn);

/* pool.c */
/*
 * Shorter ranges go to the page allocator, which finds its own faster than the
 * pool would, and can make larger ones of them.
 */
#define LC_POOL_MIN_PAGES	((unsigned long)SZ_64K >> PAGE_SHIFT)

bool lc_pool_may_have(unsigned long nr_pages);
int lc_pool_take(const struct lc_request *req, struct zone *zone,
		 struct lc_effort *effort, unsigned long *pfn);
void lc_pool_vacate(unsigned long pfn, unsigned long end);
bool lc_pool_put(unsigned long pfn, unsigned long nr_pages, bool clean);
bool lc_pool_clear_some(void);
unsigned long lc_pool_drop(void);
unsigned long lc_pool_pages(void);

/* pool_limits.c */
int lc_pool_init(void);
void lc_pool_exit(void);
long lc_pool_age(void);

/* reserve.c */
int lc_reserve_take(const struct lc_request *req, struct zone *zone,
		    struct lc_effort *effort, unsigned long *pfn);
bool lc_reserve_put(unsigned long pfn, unsigned long *nr_pages, bool clean);
bool lc_reserve_reaches(unsigned long pfn, unsigned long end);
bool lc_reserve_clear_some(void);

/* reserve_size.c */
void lc_reserve_exit(void);
unsigned long lc_reserve_pages(int node);
int lc_reserve_set(int node, unsigned long nr_pages);

/* background.c */
int lc_background_init(void);
void lc_background_exit(void);
void lc_background_kick(void);

/* migrate.c */
int lc_migrate(unsigned long pfn, unsigned long nr_pages);
void lc_pages_free(unsigned long pfn, unsigned long nr_pages);
void lc_pages_return(unsigned long pfn, unsigned long nr_pages);

/* zero.c */
int lc_zero(unsigned long pfn, unsigned long nr_pages);
int lc_clear(unsigned long pfn, unsigned long nr_pages);

/* parallel.c */
typedef int (lc_part_work)(unsigned long pfn, unsigned long nr_pages);
typedef void (lc_part_undo)(unsigned long pfn, unsigned long nr_pages);
int lc_parallel(unsigned long pfn, unsigned long nr_pages, lc_part_work *work,
		lc_part_undo *undo);

/* range.c */
static inline void lc_range_touch(struct lc_range *range)
{
	WRITE_ONCE(range->pristine, false);
}

bool lc_name_valid(const char *name);
struct lc_range *lc_range_create(unsigned long pfn, const struct lc_request *req,
				 struct lc_user *user);
int lc_range_extend(struct lc_range *range, unsigned long nr_pages);
void lc_range_shrink(struct lc_range *range, unsigned long nr_pages);
void lc_range_get(struct lc_range *range);
void lc_range_put(struct lc_range *range);
void lc_range_add_buffer(struct lc_range *range, struct list_head *buffer);
void lc_range_remove_buffer(struct list_head *buffer);
void lc_range_for_each(void (*func)(const struct lc_range *range, void *data),
		       void *data);

/* offline.c */
int lc_offline_init(void);
void lc_offline_exit(void);

/* buffer.c */
struct dma_buf *lc_buffer_export(struct lc_range *range, const char *exp_name,
				 u32 fd_flags);
struct lc_range *lc_buffer_range(struct dma_buf *dmabuf);
void lc_range_count_users(const struct lc_range *range,
			  struct lc_range_users *users);
void lc_range_visit_inodes(const struct lc_range *range,
			   void (*func)(unsigned long ino, void *data),
			   void *data);

/* mmap.c */
int lc_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma);

/* heap.c */
int lc_heaps_init(void);
void lc_heaps_exit(void);

/* control.c */
int lc_control_init(void);
void lc_control_exit(void);

/* observe/debugfs.c */
void lc_debugfs_init(void);
void lc_debugfs_exit(void);

/* lazy_cma.c */
int lc_cma_init(void);
void lc_cma_exit(void);

/* observe/iomem.c */
int lc_iomem_add(struct lc_range *range);
int lc_iomem_resize(struct lc_range *range, unsigned long nr_pages);
void lc_iomem_remove(struct lc_range *range);

#endif
