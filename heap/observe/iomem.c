// SPDX-License-Identifier: GPL-2.0
/*
 * Lines in /proc/iomem. A range lies under one System RAM line nearly always,
 * and is put there without looking first; where memory was plugged in later it
 * can reach over several, and has a line under each.
 */

#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "lazy_contig.h"

static int lc_iomem_count(struct resource *ram, void *arg)
{
	unsigned int *nr = arg;

	(*nr)++;
	return 0;
}

static int lc_iomem_insert(struct lc_range *range, resource_size_t start,
			   resource_size_t end)
{
	struct resource *res = &range->res[range->nr_res];
	int ret;

	*res = (struct resource) {
		.start = start,
		.end = end,
		.name = range->name,
		.flags = IORESOURCE_MEM | IORESOURCE_BUSY,
	};
	ret = insert_resource(&iomem_resource, res);
	if (!ret)
		range->nr_res++;
	return ret;
}

/* @ram is what one System RAM line and the range have in common. */
static int lc_iomem_insert_below(struct resource *ram, void *arg)
{
	resource_size_t start = ram->start, end = ram->end, middle;
	struct lc_range *range = arg;
	int ret;

	ret = lc_iomem_insert(range, start, end);
	if (ret || !range->res[range->nr_res - 1].child)
		return ret;

	/*
	 * The range takes the whole of the RAM line and has become its parent,
	 * which would hide the RAM from everyone. Two halves lie below it.
	 */
	remove_resource(&range->res[--range->nr_res]);
	middle = start + ((end - start) >> 1 | ~PAGE_MASK);
	ret = lc_iomem_insert(range, start, min(middle, end));
	if (!ret && middle < end)
		ret = lc_iomem_insert(range, middle + 1, end);
	return ret;
}

static int lc_iomem_walk(struct lc_range *range, void *arg,
			 int (*func)(struct resource *ram, void *arg))
{
	u64 start = PFN_PHYS(range->pfn);
	u64 end = PFN_PHYS(range->pfn + range->nr_pages) - 1;

	return walk_iomem_res_desc(IORES_DESC_NONE,
				   IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				   start, end, arg, func);
}

/* Return: true if the range has its one line, and that lies below RAM. */
static bool lc_iomem_add_one(struct lc_range *range)
{
	struct resource *res = &range->line;

	range->res = res;
	if (lc_iomem_insert(range, PFN_PHYS(range->pfn),
			    PFN_PHYS(range->pfn + range->nr_pages) - 1))
		return false;
	/* the RAM cannot go away, for its pages are ours */
	if ((res->parent->flags & IORESOURCE_SYSTEM_RAM) ==
	    IORESOURCE_SYSTEM_RAM && !res->child)
		return true;
	lc_iomem_remove(range);
	return false;
}

/**
 * lc_iomem_add - show a range
 * @range: the range, not shown yet
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM, or -EBUSY if something else claims the addresses.
 */
int lc_iomem_add(struct lc_range *range)
{
	unsigned int nr = 0;
	int ret;

	if (lc_iomem_add_one(range))
		return 0;
	lc_iomem_walk(range, &nr, lc_iomem_count);
	range->res = kcalloc(2 * nr, sizeof(*range->res), GFP_KERNEL);
	if (!range->res)
		return -ENOMEM;
	ret = lc_iomem_walk(range, range, lc_iomem_insert_below);
	if (ret)
		lc_iomem_remove(range);
	return ret;
}

/**
 * lc_iomem_resize - let the lines of a range end elsewhere
 * @range: a range that lc_iomem_add() has shown
 * @nr_pages: the length to show, at least 1
 *
 * Context: process context.
 * Return: 0, or -EBUSY if the last line cannot become longer; shorter it can
 * become always.
 */
int lc_iomem_resize(struct lc_range *range, unsigned long nr_pages)
{
	resource_size_t end = PFN_PHYS(range->pfn + nr_pages) - 1;
	struct resource *last = range->res + range->nr_res - 1;

	for (; last->start > end; last--, range->nr_res--)
		remove_resource(last);
	return adjust_resource(last, last->start, end - last->start + 1);
}

/**
 * lc_iomem_remove - hide a range
 * @range: a range that lc_iomem_add() has shown
 */
void lc_iomem_remove(struct lc_range *range)
{
	while (range->nr_res)
		remove_resource(&range->res[--range->nr_res]);
	if (range->res != &range->line)
		kfree(range->res);
	range->res = NULL;
}
