// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that comes online and goes offline.
 *
 * Memory that holds a buffer or is set aside does not go offline. The kernel
 * finds out by itself in most zones; in ZONE_MOVABLE it expects everything to
 * move some day and would try until it is killed.
 */

#include <linux/memory.h>
#include <linux/notifier.h>

#include "cache/deferred.h"
#include "cache/pool.h"
#include "cache/reserve.h"
#include "hotplug.h"
#include "range.h"
#include "search/zone.h"

struct lc_going {
	struct lc_extent ext;
	bool busy;
};

static void lc_check_range(const struct lc_range *range, void *data)
{
	struct lc_going *going = data;

	going->busy |= lc_extent_overlaps(&range->ext, &going->ext);
}

/*
 * In this order: what is set aside stays, and requests that take of it must not find
 * it leaving. From the second step on the memory is not chosen any more, and
 * whatever becomes its owner later finds it leaving; the third finds the owners
 * so far; then only idle memory is left.
 *
 * Pages that a driver still has when their buffer ends just now are found by
 * none: the kernel tries until the driver drops them, or a signal ends it.
 */
static int lc_going_offline(const struct lc_extent *ext)
{
	struct lc_going going = { .ext = *ext };
	int ret;

	if (lc_reserve_overlaps(ext))
		return -EBUSY;
	ret = lc_zone_offline_begin(ext);
	if (ret)
		return ret;
	lc_range_for_each(lc_check_range, &going);
	lc_deferred_check();
	if (going.busy || lc_deferred_overlaps(ext) || lc_reserve_overlaps(ext))
		return -EBUSY;
	lc_pool_evict(ext);
	return 0;
}

static int lc_memory_changes(struct notifier_block *nb, unsigned long action,
			     void *data)
{
	const struct memory_notify *arg = data;
	const struct lc_extent ext = { arg->start_pfn, arg->nr_pages };

	switch (action) {
	case MEM_GOING_OFFLINE:
		return notifier_from_errno(lc_going_offline(&ext));
	case MEM_OFFLINE:
		lc_zone_offline_end(&ext, true);
		break;
	case MEM_ONLINE:
	case MEM_CANCEL_OFFLINE:
		lc_zone_offline_end(&ext, false);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block lc_hotplug_notifier = {
	.notifier_call = lc_memory_changes,
};

/** lc_hotplug_init - follow memory that comes and goes. Return: 0 or -errno */
int lc_hotplug_init(void)
{
	return register_memory_notifier(&lc_hotplug_notifier);
}

/** lc_hotplug_exit - undo lc_hotplug_init() */
void lc_hotplug_exit(void)
{
	unregister_memory_notifier(&lc_hotplug_notifier);
}
