// SPDX-License-Identifier: GPL-2.0
/*
 * Changing the length of a kept buffer, in two halves: all that can fail is
 * done before the caller is told the new address, and can be undone if the
 * caller cannot be told.
 *
 * A buffer can grow where it lies if it ends with a pageblock (2 MiB on most
 * machines): the kernel empties no part of a pageblock that another part of
 * cannot move, and the buffer's own pages cannot.
 */

#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "lazy_contig.h"
#include "regions.h"

/* Between two looks at signals and the scheduler: a millisecond or less. */
#define LC_COPY_CHUNK	1024UL

static int lc_copy(struct lc_range *to, const struct lc_range *from)
{
	unsigned long i;

	for (i = 0; i < from->nr_pages; i++) {
		if (i % LC_COPY_CHUNK == 0) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
		copy_highpage(pfn_to_page(to->pfn + i),
			      pfn_to_page(from->pfn + i));
	}
	return 0;
}

static int lc_grow_elsewhere(struct lc_resize *resize)
{
	const struct lc_region *region = resize->region;
	struct lc_request req = {
		.nr_pages = resize->nr_pages,
		.align = region->align,
		.end_pfn = region->end_pfn,
		.node = region->node,
		.name = region->range->name,
	};
	struct lc_range *range;
	int ret;

	range = lc_alloc(&req);
	if (IS_ERR(range))
		return PTR_ERR(range);
	ret = lc_copy(range, region->range);
	if (ret)
		goto put_range;
	ret = lc_region_reserve(range);
	if (ret)
		goto put_range;
	resize->moved = range;
	return 0;

put_range:
	lc_range_put(range);
	return ret;
}

/**
 * lc_resize_begin - do everything of a resize that can fail
 * @resize: the resize, filled in
 * @addr: first byte of the kept buffer
 * @len: its new length in bytes, rounded up to whole pages
 *
 * On success lc_resize_commit() or lc_resize_abort() must follow; until then
 * others wait for the buffer.
 *
 * Context: process context, may sleep for as long as a request may search.
 * Return: 0; -EINVAL for a length that is 0 or wraps; or the errors of
 * lc_region_lock() and lc_alloc().
 */
int lc_resize_begin(struct lc_resize *resize, u64 addr, u64 len)
{
	unsigned long nr_pages = PAGE_ALIGN(len) >> PAGE_SHIFT;
	struct lc_region *region;
	int ret = 0;

	if (!nr_pages)
		return -EINVAL;
	region = lc_region_lock(addr);
	if (IS_ERR(region))
		return PTR_ERR(region);
	*resize = (struct lc_resize) {
		.region = region,
		.nr_pages = nr_pages,
		.old_nr_pages = region->range->nr_pages,
	};
	if (nr_pages > resize->old_nr_pages) {
		ret = lc_alloc_behind(region->range, nr_pages, region->end_pfn);
		if (ret && ret != -EINTR)
			ret = lc_grow_elsewhere(resize);
	}
	if (ret)
		lc_region_unlock(region);
	return ret;
}

/** lc_resize_addr - where the buffer will begin */
u64 lc_resize_addr(const struct lc_resize *resize)
{
	const struct lc_range *range = resize->moved ?: resize->region->range;

	return PFN_PHYS(range->pfn);
}

/**
 * lc_resize_commit - finish a resize
 * @resize: begun by lc_resize_begin()
 *
 * Context: process context, may sleep. Cannot fail.
 */
void lc_resize_commit(struct lc_resize *resize)
{
	if (resize->moved) {
		lc_region_move(resize->region, resize->moved);
		return;
	}
	lc_range_shrink(resize->region->range, resize->nr_pages);
	lc_region_unlock(resize->region);
}

/**
 * lc_resize_abort - leave everything as it was before lc_resize_begin()
 * @resize: begun by it
 *
 * Context: process context, may sleep. Cannot fail.
 */
void lc_resize_abort(struct lc_resize *resize)
{
	if (resize->moved) {
		lc_region_unreserve(resize->moved);
		lc_range_put(resize->moved);
	}
	/* it has the new length if it grew in place, else the old one */
	if (resize->region->range->nr_pages > resize->old_nr_pages)
		lc_range_shrink(resize->region->range, resize->old_nr_pages);
	lc_region_unlock(resize->region);
}
