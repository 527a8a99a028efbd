// SPDX-License-Identifier: GPL-2.0
/*
 * lazy_contig: physically contiguous dma-bufs, made at run time.
 *
 * Theory of operation
 *
 * Linux can empty a range of ordinary memory at any time by moving what lies
 * there (alloc_contig_range), but it leaves open which range, and trying one
 * that cannot be emptied is slow. This module chooses ranges, empties them and
 * hands them out as dma-bufs.
 *
 * How a request travels. Data goes one way, each stage in its own file, and
 * the only way back is the release of a buffer:
 *
 *	heap_core.c heap_node.c		/dev/dma_heap/lazy_contig and _dma32, as
 *	  heap.c			heaps of the kernel's class or with
 *					nodes of our own
 *	control.c			/dev/lazy_contig
 *	lazy_cma.c			/dev/lazy_cma, for another driver's
 *					programs
 *	export.c			calls from other modules
 *	alloc.c places.c		order of nodes, zones and sources, the
 *					time limit, when to give up
 *	limit.c spare.c			what all and what one user may have,
 *					and what the machine can do without
 *	pool.c pool_limits.c pieces.c	ranges freed lately, how much of them
 *					and how long
 *	buddy.c				small pieces from the page allocator
 *	reserve.c reserve_size.c	what was set aside for requests like this
 *	scan.c map.c policy.c		which range: reading struct pages,
 *					remembering what was read, choosing
 *	attempt.c migrate.c		trying one after the other, emptying it,
 *	  zero.c parallel.c		clearing it
 *	range.c offline.c		the owner of the pages from then on
 *	buffer.c mmap.c			the dma-buf
 *	regions.c resize.c		buffers that are kept without one
 *	background.c			clears idle memory, lets it go by age
 *	observe/			what others may see of all this
 *
 * Who owns pages. Until lc_migrate() or lc_buddy_take() returns they belong to
 * the kernel. Then the request owns them, for the few lines until a struct
 * lc_range does: whoever fails in between gives them back. A range is
 * refcounted; each dma-buf holds one reference, and whatever keeps a dma-buf
 * alive (an fd, a mapping, an importer) keeps the range. Keeping a buffer
 * until it is freed by address is one more reference. The last reference
 * takes the line out of /proc/iomem, returns the pages, and then the charge:
 * in this order, so that a limit never promises what is not there yet. Every
 * page has one owner at any time; none is freed on any other path.
 *
 * What can fail, and what happens then. Nothing is begun that the limits or
 * the machine could not carry: a request is charged first, and refused if
 * what would remain is less than the page allocator's own reserves, because
 * alloc_contig_range heeds no watermark and the OOM killer must never have
 * to pay for a buffer. A range that cannot be emptied (-EBUSY) is remembered
 * and the next best one tried, until no candidate or no time is left; the
 * user sees -ENOMEM. A fatal signal ends a request between any two steps,
 * with -EINTR for nobody to see. All stages undo what they did when they fail,
 * so an error means that nothing has changed. Releasing cannot fail.
 *
 * What runs at the same time. Requests run in parallel in their callers'
 * contexts and share no lock while they read struct pages, move or clear.
 * A window is claimed before it is emptied, so that two requests never work on
 * the same free block, which would make both fail. Large ranges are emptied in
 * parts by several threads, which run only where the caller may run. Locks are
 * held for short stretches of bookkeeping. The order, where two are held: what
 * the mm and the dma-buf core hold, lc_live_lock, a buffer's lock. The lock of
 * kept buffers is taken under what the mm holds, and nothing under it.
 *
 * What the memory is while it is ours: allocated kernel pages, one reference
 * each, unmovable for everyone else. Hibernating the machine treats them like
 * any other kernel memory; taking a block offline that holds some fails.
 */
#include <linux/module.h>

#include "compat.h"
#include "lazy_contig.h"
#include "observe/stats.h"
#include "regions.h"
#include "scan.h"

static int __init lc_init(void)
{
	int ret;

	lc_stats_init();
	ret = lc_scan_init();
	if (ret)
		return ret;
	ret = lc_pool_init();
	if (ret)
		goto exit_scan;
	ret = lc_background_init();
	if (ret)
		goto exit_pool;
	ret = lc_offline_init();
	if (ret)
		goto exit_background;
	ret = lc_control_init();
	if (ret)
		goto exit_offline;
	ret = lc_cma_init();
	if (ret)
		goto exit_control;
	lc_debugfs_init();
	ret = lc_heaps_init();
	if (ret)
		goto exit_debugfs;
	return 0;

exit_debugfs:
	lc_debugfs_exit();
	lc_cma_exit();
exit_control:
	lc_control_exit();
exit_offline:
	lc_offline_exit();
exit_background:
	lc_background_exit();
	lc_reserve_exit();
exit_pool:
	lc_pool_exit();
exit_scan:
	lc_scan_exit();
	return ret;
}

static void __exit lc_exit(void)
{
	lc_heaps_exit();
	lc_debugfs_exit();
	lc_cma_exit();
	lc_control_exit();
	lc_regions_exit();
	lc_offline_exit();
	lc_background_exit();
	lc_reserve_exit();
	lc_pool_exit();
	lc_limit_exit();
	lc_scan_exit();
}

module_init(lc_init);
module_exit(lc_exit);

MODULE_DESCRIPTION("dma-buf heap of physically contiguous memory, found at run time");
MODULE_LICENSE("GPL");
LC_IMPORT_NS(DMA_BUF);
