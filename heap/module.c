// SPDX-License-Identifier: GPL-2.0
/*
 * lazy_contig: physically contiguous dma-bufs, allocated at run time.
 *
 * Theory of operation
 *
 * alloc_contig_range empties a range of memory by migrating the pages in it.
 * It does not say which range, is slow and disruptive on one that cannot be
 * emptied, and waits without a bound for pages under I/O. This module chooses
 * ranges, empties them, owns their pages and exports them as dma-bufs.
 *
 * Terms: an extent is a range of page frames (types.h); a pageblock is what the
 * kernel isolates as a whole; a window is the extent, and the run of pageblocks
 * around it, that one attempt tries to empty; a range (range.h) owns the pages
 * of a buffer; idle memory is allocated, but in no buffer.
 *
 * Layers, from the top down. A file calls only files of layers below its own,
 * or below it in the list here; each lock is private to one file, with all that
 * it guards. tests/vm/lint checks the includes.
 *
 * faces
 *	heap.c control.c lazy_cma_compat.c export.c: check what user space or
 *	another module passes, make a struct lc_request of it, and hand out a
 *	dma-buf or pages. lc_heaps_lock: the heaps there are. sysfs.c debugfs.c:
 *	what can be read and set. Called by the VFS, the driver core and other
 *	modules; by files here only to create and remove them.
 *
 * kept.c
 *	Buffers found by physical address; called by faces. lc_kept_lock: their
 *	index, its marks of resizes in progress, and the right to make the first
 *	dma-buf of a kept range. Held for lookups only.
 *
 * alloc.c window.c hotplug.c buffer.c importers.c cpucache.c
 *	alloc.c: the zonelist, the order of sources, the deadline, and who frees
 *	on failure; the only file that knows all sources. Called by faces and
 *	kept.c. lc_reserve_change_lock: one change of a reserve at a time.
 *	window.c: takes the pages of a window, for one buffer or for
 *	several that share its pageblocks; called by alloc.c. hotplug.c: the
 *	memory notifier, which asks the layers below in a fixed order. buffer.c:
 *	the dma-buf of a range and its mappings; called by faces and the dma-buf
 *	core. importers.c: the devices attached to a buffer; the lock of a
 *	struct lc_importers guards which they are and how each is mapped.
 *	cpucache.c: maintains CPU caches for hardware that has no driver.
 *
 * range.c contig.c
 *	range.c: the owner of pages in use, called by all layers above.
 *	lc_live_lock: the list of ranges, the length of each, and its list of
 *	dma-bufs. contig.c: empties one claimed window, by helper threads, apart
 *	from the request that waits for it; an attempt's lock guards whether it
 *	is still waited for, and how much it works on. Knows no cache; called by window.c.
 *
 * cache/
 *	Idle memory. pool.c: what was released lately, and where released memory
 *	goes. reserve.c: what was set aside; lc_reserve_lock guards what
 *	reserves own. worker.c: a thread that zeroes idle memory. lc_pools_lock,
 *	lc_reserves_lock and lc_worker_lock guard additions for another zone,
 *	which stay until unload and are found without a lock. extent.c: sets of
 *	extents; the lock of a struct lc_idle guards its sets, and
 *	lc_zeroing_lock is held while a few pages are zeroed: taking it once
 *	waits for that. deferred.c: pages that are pinned still although their
 *	range has ended; lc_deferred_lock guards their list, and one task at a
 *	time, with lc_deferred_check_lock, looks which of them are free. Called by
 *	alloc.c, window.c, range.c on release, hotplug.c, sysfs.c and debugfs.c,
 *	and reclaim (the pool's shrinker).
 *
 * pages.c parallel.c limit.c
 *	pages.c: takes pages from the page allocator, zeroes and frees them; the
 *	only file that frees. parallel.c: work on the parts of an extent by
 *	helper threads; lc_helpers_lock guards which of them has a job. limit.c:
 *	charges of users, without a lock but for new users (lc_users_lock), and
 *	watermark checks; lc_begin_lock keeps a check and the begin of what it
 *	permits together. Called by cache/, range.c, contig.c, window.c, alloc.c,
 *	kept.c and sysfs.c.
 *
 * search/
 *	Where a window can be made, and at what cost. search.c: the best window
 *	over the zones of a node. zone.c: what is known of each zone; a zone's
 *	lock guards its summaries, its claims, and what is going offline, and is
 *	never held while memory is scanned, allocated or migrated, because
 *	reclaim takes it; lc_zones_lock guards additions of zones, and what is
 *	going offline for those to come. placement.c: arithmetic on summaries.
 *	pbscan.c: reads struct pages, without locks or references. pbmap.c: a
 *	summary for each pageblock. Called by alloc.c, window.c, hotplug.c,
 *	range.c, contig.c, cache/, pages.c and debugfs.c.
 *
 *	A claim is on pages, but excludes the pageblocks, and what the kernel
 *	isolates with them, as a whole. Idle memory of the pool is laid over what
 *	is scanned. A pageblock that is wholly taken, or not memory, is not
 *	scanned again: the layers above report the release of all that they had
 *	claimed or taken from the pool, and hotplug.c what comes online.
 *
 * types.h stats.c trace.h compat.h
 *	The ground: used by all, and use nothing here. lc_failure_lock (stats.c):
 *	the last failure that was reported.
 *
 * Life of a request. A face checks its arguments. alloc.c charges the pages to
 * the user and picks the kernel's zonelist for the caller's memory policy and
 * cpuset. The sources follow: for a buffer to keep, a memory block that is nearly
 * free; the pool; where pageblocks are large, idle memory
 * and pageblocks below it; for a small request while the pool is in use, part
 * of a pageblock that is emptied; the page allocator, without reclaim; the
 * reserve; and emptying windows. The search gives the cheapest window, claimed
 * and scanned once more; the pool's idle memory there is evicted; contig.c
 * empties it. After -EBUSY or -ENOMEM the pageblocks in the way are remembered, and the
 * next best window is tried, until there is none or the deadline has passed.
 * The pages get a range, and the range a dma-buf.
 *
 * Who owns pages when. The page allocator, the pool or the reserve, until they
 * are taken; then the request, until lc_range_create(); then the range, until
 * its last reference; then the reserve, the pool or the page allocator, a page
 * that is pinned after some time as a deferred one. During an attempt its job owns
 * the parts that are empty. Each dma-buf holds a reference to its range, and so
 * does keeping; descriptors, mappings and importers hold the dma-buf. A page has
 * one owner at any time, and is zero when it leaves alloc.c. The last reference
 * removes the line in /proc/iomem, then returns the pages, then the charge: a
 * limit never promises memory that is still in use.
 *
 * Caches. Zeros, and what a moved buffer is copied to, may be in a CPU cache only
 * when the buffer is handed over. A driver that imports has them written back by the
 * DMA API when it maps, unless its device is coherent. Hardware without a driver is
 * unknown to the kernel: SYNC of the control device maintains caches for it,
 * and lets START discard nothing that is not in memory yet, or a process could
 * read what the memory had before. The buffers of an uncached heap leave the
 * caches before they are handed over; from then on the only cached mapping is the
 * kernel's direct map, whose use is confined to lc_access(). Both are code for
 * architectures with devices that are not coherent; elsewhere there is nothing to do.
 *
 * Failure. Limits and watermarks are checked before any work starts:
 * alloc_contig_range ignores watermarks, and a request must never cause an OOM
 * kill. Of requests that check at the same time only those begin that the machine
 * can spare together; and since the rest of the system takes pages too, the
 * watermarks are checked again once the pages are taken. Each stage undoes what it
 * did: an error leaves nothing allocated. A fatal signal ends a request between two
 * steps and while it waits for an attempt. An attempt that takes too long is left
 * behind: the pages that it has are freed, it ends by itself and drops its claim, and
 * what it works on until then is charged to the user, while the request goes on
 * elsewhere or ends. Nothing waits for a helper thread that has not begun. Release allocates
 * nothing and cannot fail: what it takes to make pages idle is allocated when they
 * are taken; only pinned and broken pages of a reserve take more. Broken pages are
 * freed one by one.
 *
 * Pins. A mapping of a pinnable buffer, and whatever get_user_pages() gave its
 * pages to, has a reference to each page. When the range ends there is no
 * mapping left, and so no new reference can be made; pages that have one still
 * are deferred: the module keeps its own reference and the charge, and frees
 * the page, or returns it to its reserve, once that is the last one. Leaving
 * them to the last put_page() would return them sooner, but the module would
 * not know when: a page with references may as well have been freed and
 * allocated again. So a charge never ends early, and ends a second late at
 * most. The same goes for pages of other buffers that a driver has.
 *
 * Concurrency. Requests run in the context of their callers and hold no lock
 * while they scan, migrate or zero, but for lc_reserve_change_lock. Claims keep
 * two attempts out of one block that the kernel isolates, where each would make
 * the other fail. The complete lock order, outermost first; what is not listed
 * is a leaf:
 *
 *	lc_reserve_change_lock -> all that a request takes below alloc.c
 *	mmap_lock -> lc_kept_lock, lc_live_lock
 *	dma_resv -> the lock of a struct lc_importers
 *	lc_live_lock -> the lock of a struct lc_importers
 *	memory hotplug -> lc_zones_lock -> a zone's lock
 *	memory hotplug -> lc_live_lock, lc_deferred_check_lock, lc_reserve_lock
 *	memory hotplug -> lc_zeroing_lock (the pool's idle memory is evicted)
 *	lc_pools_lock, lc_reserves_lock -> lc_worker_lock
 *	lc_deferred_check_lock -> lc_deferred_lock, lc_reserve_lock, a zone's lock
 *	lc_reserve_lock -> lc_zeroing_lock, the lock of a struct lc_idle
 *	lc_zeroing_lock -> the lock of a struct lc_idle
 *
 * Reclaim takes lc_zeroing_lock, the lock of a struct lc_idle and a zone's
 * lock: nothing is allocated with GFP_KERNEL under them. Allocations happen
 * under lc_reserve_change_lock, lc_heaps_lock, lc_kept_lock, lc_zones_lock,
 * lc_pools_lock, lc_reserves_lock, lc_deferred_check_lock, lc_users_lock and, by
 * the DMA API, the lock of a struct lc_importers, none of which reclaim takes.
 *
 * Going offline and becoming an owner race: the notifier publishes the range
 * first and looks for owners then; an owner makes itself known first and then
 * asks whether its pages are leaving. One of the two sees the other. Deferred pages
 * do not ask: see lc_going_offline().
 *
 * To the rest of the kernel, pages of a range or a reserve are allocated, with
 * one reference each, on no LRU, unmovable, in System RAM: they keep their
 * memory block online, and hibernation and kexec treat them as any kernel
 * memory. Idle pages of the pool are the same, but counted as reclaimable.
 * Mappings are of page frames (VM_PFNMAP), which get_user_pages() does not take,
 * but for those of pinnable buffers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sizes.h>

#include "cache/deferred.h"
#include "cache/pool.h"
#include "cache/reserve.h"
#include "cache/worker.h"
#include "compat.h"
#include "control.h"
#include "cpucache.h"
#include "debugfs.h"
#include "heap.h"
#include "hotplug.h"
#include "kept.h"
#include "lazy_cma_compat.h"
#include "limit.h"
#include "parallel.h"
#include "search/zone.h"
#include "sysfs.h"

static int __init lc_faces_init(void)
{
	int ret;

	ret = lc_control_init();
	if (ret)
		return ret;
	ret = lc_lazy_cma_compat_init();
	if (ret)
		goto exit_control;
	lc_debugfs_init();
	ret = lc_heap_init();
	if (ret)
		goto exit_debugfs;
	/*
	 * The kernel frees a module whose init fails even if files of it are open:
	 * until here the nodes exist, but opening them fails with -ENODEV.
	 */
	lc_control_publish();
	lc_lazy_cma_compat_publish();
	lc_heap_publish();
	return 0;

exit_debugfs:
	lc_debugfs_exit();
	lc_lazy_cma_compat_exit();
exit_control:
	lc_control_exit();
	return ret;
}

static int __init lc_start(void)
{
	int ret;

	lc_sysfs_init();
	ret = lc_deferred_init();
	if (ret)
		return ret;
	ret = lc_worker_init();
	if (ret)
		goto exit_deferred;
	ret = lc_pool_init();
	if (ret)
		goto exit_worker;
	ret = lc_hotplug_init();
	if (ret)
		goto exit_pool;
	ret = lc_cpucache_init();
	if (ret)
		goto exit_hotplug;
	/* before others can ask for memory */
	ret = lc_sysfs_set_reserves();
	if (ret)
		goto exit_cpucache;
	ret = lc_faces_init();
	if (ret)
		goto exit_cpucache;
	return 0;

exit_cpucache:
	lc_cpucache_exit();
exit_hotplug:
	lc_hotplug_exit();
exit_pool:
	lc_worker_exit();
	lc_deferred_exit();
	lc_reserve_exit();
	lc_pool_exit();
	lc_parallel_exit();
	lc_zone_exit();
	return ret;
exit_worker:
	lc_worker_exit();
exit_deferred:
	lc_deferred_exit();
	return ret;
}

static int __init lc_init(void)
{
	int ret;

	/* the arithmetic has tests for them, but the module has not run there */
	if (PAGE_SIZE > SZ_16K) {
		pr_err("pages of %lu KiB are not supported\n", PAGE_SIZE >> 10);
		return -EOPNOTSUPP;
	}
	/* a parameter that is refused leaves no trace */
	ret = lc_heap_prepare() ?: lc_sysfs_prepare();
	if (!ret)
		ret = lc_start();
	if (ret)
		lc_heap_destroy_all();
	return ret;
}

static void __exit lc_exit(void)
{
	lc_heap_exit();
	lc_debugfs_exit();
	lc_lazy_cma_compat_exit();
	lc_control_exit();
	lc_kept_exit();
	lc_cpucache_exit();
	lc_hotplug_exit();
	/* zeroes what is idle: not what others still have, which becomes idle next */
	lc_worker_exit();
	/* its pages return to the reserve */
	lc_deferred_exit();
	lc_reserve_exit();
	lc_pool_exit();
	/* attempts that were left behind uncharge their users */
	lc_parallel_exit();
	lc_limit_exit();
	lc_zone_exit();
	lc_heap_destroy_all();
}

module_init(lc_init);
module_exit(lc_exit);

MODULE_DESCRIPTION("dma-buf heap of physically contiguous memory, found at run time");
MODULE_VERSION("1.0.0");
MODULE_AUTHOR("the lazy_contig authors");
MODULE_LICENSE("GPL");
LC_IMPORT_NS(DMA_BUF);
