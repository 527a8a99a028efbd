/* SPDX-License-Identifier: GPL-2.0 */
/* The owner of pages. */
#ifndef LAZY_CONTIG_RANGE_H
#define LAZY_CONTIG_RANGE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "cache/extent.h"
#include "compat.h"
#include "types.h"

struct lc_line;
struct lc_user;

/**
 * struct lc_range - physically contiguous pages in use
 * @live: entry in the list of all ranges
 * @buffers: the struct lc_buffer of each dma-buf
 * @ref: one for each dma-buf of it, one while it is kept
 * @ext: the pages
 * @user: the user that the pages are charged to
 * @lines: its lines in /proc/iomem
 * @spare: what its release needs
 * @flags: LC_PINNABLE and LC_UNCACHED, as in its request
 * @kept: one of the references is the keeping
 * @holds: dma-bufs of it that forbid to end the keeping
 * @pristine: nothing can have written to it yet; set only by a caller that
 *	exports the range right away as a dma-buf, cleared by what gives access
 * @name: name in /proc/iomem
 * @born_ns: when it was made, time since boot
 * @uid: user of the process that made it
 * @pid: that process
 * @comm: name of that process
 *
 * @live, @buffers and @ext are guarded by lc_live_lock. @lines and @kept,
 * and again @ext, change only by lc_range_set_kept(), lc_range_extend()
 * and lc_range_shrink(), whose callers exclude each other. The others do not
 * change.
 */
struct lc_range {
	struct list_head live;
	struct list_head buffers;
	struct kref ref;
	struct lc_extent ext;
	struct lc_user *user;
	struct lc_line *lines;
	struct lc_extent_spare spare;
	unsigned int flags;
	bool kept;
	bool pristine;
	atomic_t holds;
	const char *name;
	u64 born_ns;
	kuid_t uid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* From now on its contents may be other than zero. */
static inline void lc_range_touch(struct lc_range *range)
{
	WRITE_ONCE(range->pristine, false);
}

/* Are its mappings write-combined? Where devices are coherent the flag has no effect. */
static inline bool lc_range_uncached(const struct lc_range *range)
{
	return !LC_DMA_COHERENT && range->flags & LC_UNCACHED;
}

bool lc_range_name_valid(const char *name);
struct lc_range *lc_range_create(const struct lc_extent *ext, const char *name,
				 unsigned int flags, struct lc_user *user,
				 const struct lc_extent_spare *spare);
int lc_range_extend(struct lc_range *range, unsigned long nr_pages);
void lc_range_shrink(struct lc_range *range, unsigned long nr_pages);
void lc_range_set_kept(struct lc_range *range, bool kept);
void lc_range_get(struct lc_range *range);
void lc_range_put(struct lc_range *range);
void lc_range_add_buffer(struct lc_range *range, struct list_head *buffer);
void lc_range_remove_buffer(struct list_head *buffer);
void lc_range_for_each(void (*func)(const struct lc_range *range, void *data),
		       void *data);

#endif
