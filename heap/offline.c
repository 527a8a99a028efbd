// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that holds a buffer or is set aside does not go offline. The kernel
 * finds out by itself in most zones; in ZONE_MOVABLE it expects everything to
 * move some day and would try until it is killed.
 */

#include <linux/memory.h>
#include <linux/notifier.h>

#include "lazy_contig.h"
#include "scan.h"

struct lc_going {
	unsigned long start;
	unsigned long end;
	bool busy;
};

static void lc_look_at_range(const struct lc_range *range, void *data)
{
	struct lc_going *going = data;

	if (range->pfn < going->end &&
	    range->pfn + range->nr_pages > going->start)
		going->busy = true;
}

static int lc_going_offline(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	const struct memory_notify *arg = data;
	struct lc_going going = {
		.start = arg->start_pfn,
		.end = arg->start_pfn + arg->nr_pages,
	};

	if (action != MEM_GOING_OFFLINE)
		return NOTIFY_OK;
	lc_range_for_each(lc_look_at_range, &going);
	going.busy |= lc_reserve_reaches(going.start, going.end);
	return notifier_from_errno(going.busy ? -EBUSY : 0);
}

/*
 * After the notifier of zones.c: whoever becomes the owner of pages after this
 * one has looked is told by lc_scan_leaving().
 */
static struct notifier_block lc_offline_notifier = {
	.notifier_call = lc_going_offline,
	.priority = -1,
};

/**
 * lc_offline_init - begin to hold memory that is in use
 *
 * Context: module init, after lc_scan_init(). Return: 0 or -errno.
 */
int lc_offline_init(void)
{
	return register_memory_notifier(&lc_offline_notifier);
}

/** lc_offline_exit - undo lc_offline_init(), when no range is left */
void lc_offline_exit(void)
{
	unregister_memory_notifier(&lc_offline_notifier);
}
