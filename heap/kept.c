// SPDX-License-Identifier: GPL-2.0
/*
 * Kept buffers: ranges that stay when their last dma-buf is released, found by
 * physical address.
 *
 * Keeping is a reference to the range, like that of a dma-buf, and nothing
 * more: FREE drops it, and the memory is returned with the last reference. The
 * first dma-buf of a kept range can only be made by a caller that has looked the
 * range up here. So if keeping is the only reference, the range belongs to the
 * holder of lc_kept_lock or, while the entry is marked LC_RESIZING, to the task
 * that resizes it.
 *
 * A resize has two halves. begin does all that can fail, before the caller
 * reports the new address; commit finishes it, and abort undoes it if the report
 * failed. Lookups of the buffer wait in between.
 *
 * A buffer can grow in place if its end is aligned to a pageblock (2 MiB on most
 * machines): alloc_contig_range isolates whole pageblocks, and the buffer's own
 * pages, which cannot be migrated, make that fail for one they share.
 *
 * All functions may sleep.
 */

#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "alloc.h"
#include "compat.h"
#include "cpucache.h"
#include "kept.h"
#include "pages.h"
#include "range.h"

static bool force_free;
module_param(force_free, bool, 0444);
MODULE_PARM_DESC(force_free,
		 "let unloading free the kept buffers; otherwise each of them pins the module");

/**
 * struct lc_kept - one kept buffer
 * @range: the memory, with the reference that is the keeping
 * @req: the request that it was allocated for; its length and name are the range's
 *
 * Placement constraints and flags hold for whatever range the buffer moves to.
 */
struct lc_kept {
	struct lc_range *range;
	struct lc_request req;
};

/* The entry is being resized: its range belongs to the task that does it. */
#define LC_RESIZING	XA_MARK_0

/*
 * Guards lc_kept_buffers and the marks in it, and thereby the right to make a
 * dma-buf of a kept range that has none. Held for lookups only; innermost: no
 * other lock of the module is taken under it.
 */
static DEFINE_MUTEX(lc_kept_lock);
/* All struct lc_kept, by first page frame. */
static DEFINE_XARRAY(lc_kept_buffers);
/* Woken when a mark is cleared. */
static DECLARE_WAIT_QUEUE_HEAD(lc_kept_resized);

/*
 * The kernel refuses to unload a module that is in use without calling it, so
 * the reason is logged when the use begins. Rate limited for programs that keep
 * buffers in a loop.
 */
static void lc_pin_module(const struct lc_range *range)
{
	static struct ratelimit_state limit =
		RATELIMIT_STATE_INIT_FLAGS(limit, DEFAULT_RATELIMIT_INTERVAL,
					   100, RATELIMIT_MSG_ON_RELEASE);

	if (force_free)
		return;
	__module_get(THIS_MODULE);
	if (__ratelimit(&limit))
		pr_info("in use until kept buffer \"%s\" of %lu KiB is freed\n",
			range->name, range->ext.nr_pages << (PAGE_SHIFT - 10));
}

static void lc_unpin_module(void)
{
	if (!force_free)
		module_put(THIS_MODULE);
}

/* Drops the lock while it waits for a resize to end. */
static struct lc_kept *lc_kept_find(u64 addr)
{
	unsigned long pfn = PHYS_PFN(addr);
	struct lc_kept *kept;
	int ret;

	lockdep_assert_held(&lc_kept_lock);
	if (!PAGE_ALIGNED(addr))
		return ERR_PTR(-ENOENT);
	while (xa_get_mark(&lc_kept_buffers, pfn, LC_RESIZING)) {
		mutex_unlock(&lc_kept_lock);
		ret = wait_event_killable(lc_kept_resized,
					  !xa_get_mark(&lc_kept_buffers, pfn,
						       LC_RESIZING));
		mutex_lock(&lc_kept_lock);
		if (ret)
			return ERR_PTR(-EINTR);
	}
	kept = xa_load(&lc_kept_buffers, pfn);
	return kept ?: ERR_PTR(-ENOENT);
}

/* The range of @kept, with a reference, or the error that @kept is. */
static struct lc_range *lc_kept_range(struct lc_kept *kept)
{
	lockdep_assert_held(&lc_kept_lock);
	if (IS_ERR(kept))
		return ERR_CAST(kept);
	lc_range_get(kept->range);
	return kept->range;
}

/*
 * Hardware and programs use an uncached buffer past the CPU caches as soon as they know
 * its address: what the caches have of it goes to memory before, and what they have read
 * of it goes before the kernel reads.
 */
static int lc_kept_flush(const struct lc_range *range, unsigned long from)
{
	return lc_range_uncached(range) ?
		       lc_cpucache_begin(&range->ext, (u64)from << PAGE_SHIFT,
					 (u64)(range->ext.nr_pages - from) << PAGE_SHIFT,
					 DMA_BIDIRECTIONAL) : 0;
}

/**
 * lc_kept_add - keep a range
 * @range: the range, not kept yet; keeping takes a reference of its own
 * @req: the request that it was allocated for, whose placement constraints hold
 *	wherever the buffer moves
 *
 * Context: process context.
 * Return: 0; -ENOMEM; or -EINTR if the current task is being killed.
 */
int lc_kept_add(struct lc_range *range, const struct lc_request *req)
{
	struct lc_kept *kept;
	int ret;

	ret = lc_kept_flush(range, 0);
	if (ret)
		return ret;
	kept = kzalloc_obj(*kept);
	if (!kept)
		return -ENOMEM;
	kept->range = range;
	kept->req = *req;
	kept->req.name = NULL;

	/* before its address is known to others */
	lc_range_set_kept(range, true);
	mutex_lock(&lc_kept_lock);
	ret = xa_insert(&lc_kept_buffers, range->ext.pfn, kept, GFP_KERNEL);
	if (!ret) {
		lc_range_get(range);
		lc_pin_module(range);
	}
	mutex_unlock(&lc_kept_lock);
	if (ret) {
		lc_range_set_kept(range, false);
		kfree(kept);
	}
	return ret;
}

/**
 * lc_kept_get - look up a kept buffer
 * @addr: physical address of its first byte
 *
 * Context: process context, without mmap lock; waits for a resize to end.
 * Return: its range with a reference for the caller, or an ERR_PTR: -ENOENT no
 * kept buffer begins at @addr; -EINTR killed while waiting.
 */
struct lc_range *lc_kept_get(u64 addr)
{
	struct lc_range *range;

	mutex_lock(&lc_kept_lock);
	range = lc_kept_range(lc_kept_find(addr));
	mutex_unlock(&lc_kept_lock);
	return range;
}

/**
 * lc_kept_try_get - look up a kept buffer without waiting for a resize
 * @addr: physical address of its first byte
 *
 * For callers that hold an mmap lock: the task that resizes the buffer may need
 * that lock to report the result.
 *
 * Context: process context.
 * Return: its range with a reference for the caller, or an ERR_PTR: -ENOENT no
 * kept buffer begins at @addr; -EBUSY it is being resized.
 */
struct lc_range *lc_kept_try_get(u64 addr)
{
	struct lc_range *range;

	mutex_lock(&lc_kept_lock);
	if (xa_get_mark(&lc_kept_buffers, PHYS_PFN(addr), LC_RESIZING))
		range = ERR_PTR(-EBUSY);
	else
		range = lc_kept_range(lc_kept_find(addr));
	mutex_unlock(&lc_kept_lock);
	return range;
}

/**
 * lc_kept_contains - is a range kept?
 * @range: a range of which the caller has a dma-buf
 *
 * Context: process context.
 * Return: false if it was not kept, or is not any more.
 */
bool lc_kept_contains(const struct lc_range *range)
{
	struct lc_kept *kept;
	bool ret;

	mutex_lock(&lc_kept_lock);
	kept = xa_load(&lc_kept_buffers, range->ext.pfn);
	ret = kept && kept->range == range;
	mutex_unlock(&lc_kept_lock);
	return ret;
}

/**
 * lc_kept_free - end the keeping of a buffer
 * @addr: physical address of its first byte
 *
 * The memory is returned now or, if there are dma-bufs of it, with the last of
 * them; the address is unknown at once.
 *
 * Context: process context, without mmap lock; waits for a resize to end.
 * Return: 0; -ENOENT no kept buffer begins at @addr; -EBUSY a dma-buf holds it;
 * -EINTR killed while waiting.
 */
int lc_kept_free(u64 addr)
{
	struct lc_kept *kept;

	mutex_lock(&lc_kept_lock);
	kept = lc_kept_find(addr);
	if (!IS_ERR(kept)) {
		if (atomic_read(&kept->range->holds))
			kept = ERR_PTR(-EBUSY);
		else
			xa_erase(&lc_kept_buffers, PHYS_PFN(addr));
	}
	mutex_unlock(&lc_kept_lock);
	if (IS_ERR(kept))
		return PTR_ERR(kept);

	lc_range_set_kept(kept->range, false);
	lc_range_put(kept->range);
	kfree(kept);
	lc_unpin_module();
	return 0;
}

/* Pages copied between two checks for signals and scheduling: at most 1 ms. */
#define LC_COPY_CHUNK	(SZ_4M >> PAGE_SHIFT)

static int lc_copy(struct lc_range *to, const struct lc_range *from)
{
	struct page *page;
	unsigned long i;

	for (i = 0; i < from->ext.nr_pages; i++) {
		if (i % LC_COPY_CHUNK == 0) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
		/* a broken page has no contents that could be preserved */
		page = pfn_to_page(from->ext.pfn + i);
		if (PageHWPoison(page) ||
		    copy_mc_highpage(pfn_to_page(to->ext.pfn + i), page))
			return -ENOMEM;
	}
	return 0;
}

/*
 * Find the buffer and mark it: until lc_kept_unmark() or lc_kept_move() lookups
 * wait, and its range belongs to the caller.
 */
static struct lc_kept *lc_kept_mark(u64 addr)
{
	struct lc_kept *kept;

	mutex_lock(&lc_kept_lock);
	kept = lc_kept_find(addr);
	if (!IS_ERR(kept)) {
		if (kref_read(&kept->range->ref) > 1)
			kept = ERR_PTR(-EBUSY);
		else
			xa_set_mark(&lc_kept_buffers, PHYS_PFN(addr),
				    LC_RESIZING);
	}
	mutex_unlock(&lc_kept_lock);
	return kept;
}

static void lc_kept_unmark(struct lc_kept *kept)
{
	mutex_lock(&lc_kept_lock);
	xa_clear_mark(&lc_kept_buffers, kept->range->ext.pfn, LC_RESIZING);
	mutex_unlock(&lc_kept_lock);
	wake_up_all(&lc_kept_resized);
}

/*
 * Replace the range of a marked buffer and clear the mark. Takes over the
 * caller's reference to @range. Cannot fail: the entry of @range is reserved.
 */
static void lc_kept_move(struct lc_kept *kept, struct lc_range *range)
{
	struct lc_range *old = kept->range;

	lc_range_set_kept(range, true);
	mutex_lock(&lc_kept_lock);
	xa_erase(&lc_kept_buffers, old->ext.pfn);
	kept->range = range;
	xa_store(&lc_kept_buffers, range->ext.pfn, kept, GFP_KERNEL);
	mutex_unlock(&lc_kept_lock);
	wake_up_all(&lc_kept_resized);
	lc_range_put(old);
}

/*
 * Allocate a longer range, copy the contents and reserve its entry. Not while a
 * page is pinned, for I/O that may write to it after it was copied; no new pin is
 * made without a dma-buf.
 */
static int lc_grow_elsewhere(struct lc_kept_resize *resize)
{
	const struct lc_kept *kept = resize->kept;
	struct lc_request req = kept->req;
	struct lc_range *range;
	int ret;

	if (lc_pages_shared(&kept->range->ext))
		return -EBUSY;
	req.nr_pages = resize->nr_pages;
	req.name = kept->range->name;
	range = lc_alloc(&req);
	if (IS_ERR(range))
		return PTR_ERR(range);
	ret = lc_kept_flush(kept->range, 0) ?: lc_copy(range, kept->range) ?:
	      lc_kept_flush(range, 0);
	if (ret)
		goto put_range;
	ret = xa_reserve(&lc_kept_buffers, range->ext.pfn, GFP_KERNEL);
	if (ret)
		goto put_range;
	resize->moved = range;
	return 0;

put_range:
	lc_range_put(range);
	return ret;
}

/**
 * lc_kept_resize_begin - do all of a resize that can fail
 * @resize: filled in on success
 * @addr: physical address of the buffer's first byte
 * @len: its new length in bytes, rounded up to whole pages
 *
 * On success the caller must call lc_kept_resize_commit() or
 * lc_kept_resize_abort(); until then lookups of the buffer wait.
 *
 * Context: process context, without mmap lock; waits for another resize to end;
 * bounded as lc_alloc() is.
 * Return: 0; -EINVAL @len is 0 or wraps; -ENOENT no kept buffer begins at @addr;
 * -EBUSY a dma-buf of it exists, or it has to move and is pinned; -EINTR killed;
 * or an error of lc_alloc().
 */
int lc_kept_resize_begin(struct lc_kept_resize *resize, u64 addr, u64 len)
{
	unsigned long nr_pages = PAGE_ALIGN(len) >> PAGE_SHIFT;
	struct lc_kept *kept;
	int ret = 0;

	if (!nr_pages)
		return -EINVAL;
	kept = lc_kept_mark(addr);
	if (IS_ERR(kept))
		return PTR_ERR(kept);
	*resize = (struct lc_kept_resize) {
		.kept = kept,
		.nr_pages = nr_pages,
		.old_nr_pages = kept->range->ext.nr_pages,
	};
	if (nr_pages > resize->old_nr_pages) {
		ret = lc_alloc_grow(kept->range, nr_pages, kept->req.end_pfn);
		if (!ret)
			ret = lc_kept_flush(kept->range, resize->old_nr_pages);
		else if (ret != -EINTR)
			ret = lc_grow_elsewhere(resize);
	}
	if (ret)
		lc_kept_resize_abort(resize);
	return ret;
}

/**
 * lc_kept_resize_addr - physical address of the buffer after the resize
 * @resize: a resize that has begun
 *
 * Context: any.
 * Return: the address of its first byte.
 */
u64 lc_kept_resize_addr(const struct lc_kept_resize *resize)
{
	const struct lc_range *range = resize->moved ?: resize->kept->range;

	return PFN_PHYS(range->ext.pfn);
}

/**
 * lc_kept_resize_commit - finish a resize
 * @resize: a resize that has begun
 *
 * Returns the tail of a buffer that shrinks, and the old range of one that
 * moves.
 *
 * Context: process context. Cannot fail.
 */
void lc_kept_resize_commit(struct lc_kept_resize *resize)
{
	if (resize->moved) {
		lc_kept_move(resize->kept, resize->moved);
		return;
	}
	lc_range_shrink(resize->kept->range, resize->nr_pages);
	lc_kept_unmark(resize->kept);
}

/**
 * lc_kept_resize_abort - undo lc_kept_resize_begin()
 * @resize: a resize that has begun
 *
 * Context: process context. Cannot fail.
 */
void lc_kept_resize_abort(struct lc_kept_resize *resize)
{
	struct lc_range *range = resize->kept->range;

	if (resize->moved) {
		xa_release(&lc_kept_buffers, resize->moved->ext.pfn);
		lc_range_put(resize->moved);
	}
	/* longer only if it has grown in place */
	if (range->ext.nr_pages > resize->old_nr_pages)
		lc_range_shrink(range, resize->old_nr_pages);
	lc_kept_unmark(resize->kept);
}

/**
 * lc_kept_exit - end the keeping of all buffers
 *
 * There are some with force_free only; otherwise they pin the module.
 *
 * Context: module exit, when no caller can look up a buffer any more.
 */
void lc_kept_exit(void)
{
	struct lc_kept *kept;
	unsigned long pfn;

	xa_for_each(&lc_kept_buffers, pfn, kept) {
		xa_erase(&lc_kept_buffers, pfn);
		lc_range_put(kept->range);
		kfree(kept);
	}
}
