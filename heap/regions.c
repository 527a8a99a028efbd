// SPDX-License-Identifier: GPL-2.0
/*
 * Kept buffers: ranges that stay when no dma-buf of them is left, found by
 * their address.
 *
 * Keeping is a reference to the range, like that of a dma-buf, and nothing
 * more: FREE drops it, and the memory goes with whatever reference is the last.
 * Only OPEN makes the first dma-buf of a kept range, so a range whose sole
 * reference is the keeping belongs to whoever holds the lock below, or has
 * marked the entry as being resized.
 */

#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "compat.h"
#include "lazy_contig.h"
#include "regions.h"

static bool force_free;
module_param(force_free, bool, 0444);
MODULE_PARM_DESC(force_free,
		 "let unloading free the kept buffers; otherwise each of them pins the module");

/* The entry is being resized: its range belongs to the task that does it. */
#define LC_RESIZING	XA_MARK_0

/*
 * Guards lc_regions and the marks in it, and with them the right to make a
 * dma-buf of a kept range that has none. Held for look-ups only; the locks of
 * other stages are not taken under it.
 */
static DEFINE_MUTEX(lc_regions_lock);
/* All struct lc_region, by first page frame. */
static DEFINE_XARRAY(lc_regions);
/* Woken when a mark is cleared. */
static DECLARE_WAIT_QUEUE_HEAD(lc_resized);

/*
 * The kernel refuses to unload a module that is in use without asking it, so
 * what stands in the way of unloading is said once, when it begins to. Only a
 * program that keeps buffers in a loop reaches the rate limit.
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
			range->name, range->nr_pages << (PAGE_SHIFT - 10));
}

static void lc_unpin_module(void)
{
	if (!force_free)
		module_put(THIS_MODULE);
}

/* Waits for a resize to end; drops the lock meanwhile. */
static struct lc_region *lc_region_find(u64 addr)
{
	unsigned long pfn = PHYS_PFN(addr);
	struct lc_region *region;
	int ret;

	lockdep_assert_held(&lc_regions_lock);
	if (!PAGE_ALIGNED(addr))
		return ERR_PTR(-ENOENT);
	while (xa_get_mark(&lc_regions, pfn, LC_RESIZING)) {
		mutex_unlock(&lc_regions_lock);
		ret = wait_event_killable(lc_resized,
					  !xa_get_mark(&lc_regions, pfn,
						       LC_RESIZING));
		mutex_lock(&lc_regions_lock);
		if (ret)
			return ERR_PTR(-EINTR);
	}
	region = xa_load(&lc_regions, pfn);
	return region ?: ERR_PTR(-ENOENT);
}

/* A reference to the range of what lc_region_find() found, or its error. */
static struct lc_range *lc_region_use(struct lc_region *region)
{
	lockdep_assert_held(&lc_regions_lock);
	if (IS_ERR(region))
		return ERR_CAST(region);
	lc_range_get(region->range);
	return region->range;
}

/**
 * lc_region_keep - keep a range
 * @range: the range, not kept; the keeping takes a reference of its own
 * @req: the wishes it was allocated for, which hold wherever it moves
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int lc_region_keep(struct lc_range *range, const struct lc_request *req)
{
	struct lc_region *region;
	int ret;

	region = kzalloc_obj(*region);
	if (!region)
		return -ENOMEM;
	region->range = range;
	region->align = req->align;
	region->end_pfn = req->end_pfn;
	region->node = req->node;

	mutex_lock(&lc_regions_lock);
	ret = xa_insert(&lc_regions, range->pfn, region, GFP_KERNEL);
	if (!ret) {
		lc_range_get(range);
		WRITE_ONCE(range->kept, true);
		lc_pin_module(range);
	}
	mutex_unlock(&lc_regions_lock);
	if (ret)
		kfree(region);
	return ret;
}

/**
 * lc_region_get - the range of a kept buffer
 * @addr: its first byte
 *
 * Context: process context, may sleep until a resize of it has ended.
 * Return: the range with a reference of the caller's, or an ERR_PTR: -ENOENT
 * if no kept buffer begins there, -EINTR if killed while waiting.
 */
struct lc_range *lc_region_get(u64 addr)
{
	struct lc_range *range;

	mutex_lock(&lc_regions_lock);
	range = lc_region_use(lc_region_find(addr));
	mutex_unlock(&lc_regions_lock);
	return range;
}

/**
 * lc_region_try_get - the range of a kept buffer, for callers that cannot wait
 * @addr: its first byte
 *
 * Whoever resizes a buffer may need the mmap lock of the caller's process to
 * be told the result, so that nobody who holds one may wait for a resize.
 *
 * Context: process context, may sleep, but not for a resize.
 * Return: the range with a reference of the caller's, or an ERR_PTR: -ENOENT
 * if no kept buffer begins there, -EBUSY if it is being resized.
 */
struct lc_range *lc_region_try_get(u64 addr)
{
	struct lc_range *range;

	mutex_lock(&lc_regions_lock);
	if (xa_get_mark(&lc_regions, PHYS_PFN(addr), LC_RESIZING))
		range = ERR_PTR(-EBUSY);
	else
		range = lc_region_use(lc_region_find(addr));
	mutex_unlock(&lc_regions_lock);
	return range;
}

/**
 * lc_region_free - end the keeping of a buffer
 * @addr: its first byte
 *
 * Context: process context, may sleep until a resize of it has ended.
 * Return: 0, -ENOENT if no kept buffer begins there, -EINTR if killed while
 * waiting.
 */
int lc_region_free(u64 addr)
{
	struct lc_region *region;

	mutex_lock(&lc_regions_lock);
	region = lc_region_find(addr);
	if (!IS_ERR(region))
		xa_erase(&lc_regions, PHYS_PFN(addr));
	mutex_unlock(&lc_regions_lock);
	if (IS_ERR(region))
		return PTR_ERR(region);

	WRITE_ONCE(region->range->kept, false);
	lc_range_put(region->range);
	kfree(region);
	lc_unpin_module();
	return 0;
}

/**
 * lc_region_lock - begin to resize a kept buffer
 * @addr: its first byte
 *
 * Context: process context, may sleep until another resize of it has ended.
 * Return: the region, whose range nobody else reaches until
 * lc_region_unlock(), or an ERR_PTR: -ENOENT if no kept buffer begins there,
 * -EBUSY if a dma-buf of it lives, -EINTR if killed while waiting.
 */
struct lc_region *lc_region_lock(u64 addr)
{
	struct lc_region *region;

	mutex_lock(&lc_regions_lock);
	region = lc_region_find(addr);
	if (!IS_ERR(region)) {
		if (kref_read(&region->range->ref) > 1)
			region = ERR_PTR(-EBUSY);
		else
			xa_set_mark(&lc_regions, PHYS_PFN(addr), LC_RESIZING);
	}
	mutex_unlock(&lc_regions_lock);
	return region;
}

/**
 * lc_region_unlock - end lc_region_lock()
 * @region: what it returned
 */
void lc_region_unlock(struct lc_region *region)
{
	mutex_lock(&lc_regions_lock);
	xa_clear_mark(&lc_regions, region->range->pfn, LC_RESIZING);
	mutex_unlock(&lc_regions_lock);
	wake_up_all(&lc_resized);
}

/**
 * lc_region_reserve - prepare for a region to be found at another address
 * @range: the range that it may move to
 *
 * Context: process context, may sleep.
 * Return: 0 or -ENOMEM; lc_region_move() or lc_region_unreserve() must follow.
 */
int lc_region_reserve(const struct lc_range *range)
{
	return xa_reserve(&lc_regions, range->pfn, GFP_KERNEL);
}

/**
 * lc_region_unreserve - undo lc_region_reserve()
 * @range: as there
 */
void lc_region_unreserve(const struct lc_range *range)
{
	xa_release(&lc_regions, range->pfn);
}

/**
 * lc_region_move - give a region another range, and end lc_region_lock()
 * @region: the region
 * @range: its place was reserved; the caller's reference passes to the keeping
 *
 * Context: process context, may sleep. Cannot fail.
 */
void lc_region_move(struct lc_region *region, struct lc_range *range)
{
	struct lc_range *old = region->range;

	mutex_lock(&lc_regions_lock);
	xa_erase(&lc_regions, old->pfn);
	region->range = range;
	WRITE_ONCE(range->kept, true);
	xa_store(&lc_regions, range->pfn, region, GFP_KERNEL);
	mutex_unlock(&lc_regions_lock);
	wake_up_all(&lc_resized);
	lc_range_put(old);
}

/** lc_regions_exit - free what is kept; there is something with force_free only */
void lc_regions_exit(void)
{
	struct lc_region *region;
	unsigned long pfn;

	xa_for_each(&lc_regions, pfn, region) {
		xa_erase(&lc_regions, pfn);
		lc_range_put(region->range);
		kfree(region);
	}
}
