// SPDX-License-Identifier: GPL-2.0
/*
 * The order in which a request tries the sources of memory: a window that begins where
 * it should, if that is nearly free; the pool, the page allocator, the reserve, and
 * emptying a window of memory that is in use.
 */

#include <linux/cpuset.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>

#include "alloc.h"
#include "cache/deferred.h"
#include "cache/extent.h"
#include "cache/pool.h"
#include "cache/reserve.h"
#include "compat.h"
#include "limit.h"
#include "pages.h"
#include "range.h"
#include "search/search.h"
#include "stats.h"
#include "trace.h"
#include "window.h"

static unsigned int time_limit_ms = 2000;
module_param(time_limit_ms, uint, 0644);
MODULE_PARM_DESC(time_limit_ms,
		 "milliseconds after which a request fails that has found no place");

static bool zone_movable = true;
module_param(zone_movable, bool, 0644);
MODULE_PARM_DESC(zone_movable,
		 "take memory from ZONE_MOVABLE too; such memory cannot be unplugged while a buffer is in it");

/* The smallest part of a reserve that is tried for. */
#define LC_RESERVE_MIN_PAGES	((unsigned long)SZ_4M >> PAGE_SHIFT)

/* One change of a reserve at a time. Nothing is held when it is taken. */
static DEFINE_MUTEX(lc_reserve_change_lock);

/**
 * struct lc_alloc_control - a request under way
 * @req: what the caller asks for
 * @c: the placement constraints, with an alignment that suits the length
 * @zonelist: the zones by distance; of each node the highest first. NULL until a
 *	source needs it
 * @nodes: the nodes that may be used; valid with @zonelist
 * @deadline: jiffies at which to give up
 * @ext: the pages, once taken
 * @unzeroed: the part of them that is to be zeroed
 * @outcome: the source, or why it failed
 * @failure: attempts to empty a window so far, and how they failed
 * @scarce: watermark checks have left out a zone
 * @fits: a zone is large enough, so that it may succeed when others have ended
 * @hope: and may have the memory, so that it may without the pool
 * @late: the deadline came before all windows had been tried
 * @passing: what cannot be migrated is in ZONE_MOVABLE, where it soon can
 */
struct lc_alloc_control {
	const struct lc_request *req;
	struct lc_constraint c;
	struct zonelist *zonelist;
	nodemask_t nodes;
	unsigned long deadline;
	struct lc_extent ext;
	struct lc_extent unzeroed;
	enum lc_counter outcome;
	struct lc_failure failure;
	bool scarce;
	bool fits;
	bool hope;
	bool late;
	bool passing;
};

/* The nodes that a request may use, and the one to begin with. */
static int lc_alloc_nodes(const struct lc_request *req, nodemask_t *nodes)
{
	int first = numa_mem_id();
	bool allowed;

	/* Policy and cpuset are changed by others under the task lock. */
	task_lock(current);
	nodes_and(*nodes, cpuset_current_mems_allowed, node_states[N_MEMORY]);
	first = lc_mempolicy_apply(nodes, first);
	task_unlock(current);
	if (req->node == NUMA_NO_NODE)
		return first;
	allowed = node_isset(req->node, *nodes);
	nodes_clear(*nodes);
	if (allowed)
		node_set(req->node, *nodes);
	return req->node;
}

static unsigned long lc_alloc_deadline(void)
{
	return jiffies + 1 + msecs_to_jiffies(READ_ONCE(time_limit_ms));
}

static struct lc_alloc_control lc_alloc_begin(const struct lc_request *req)
{
	const unsigned long nr = req->nr_pages, huge = PMD_SIZE >> PAGE_SHIFT;
	/*
	 * Large ranges begin where a huge page could: they can be mapped with
	 * huge entries, and share no pageblock with others needlessly. Not
	 * where huge pages are so large that much memory would lie between.
	 */
	bool aligned = nr >= huge &&
		       (!LC_POOL_PACKS || ALIGN(nr, huge) - nr <= nr / 8);

	return (struct lc_alloc_control){
		.req = req,
		.c = {
			.nr_pages = nr,
			.align = aligned ? max(req->align, huge) : req->align,
			.start_pfn = req->start_pfn,
			.end_pfn = req->end_pfn,
		},
		.deadline = lc_alloc_deadline(),
		.outcome = LC_FAIL_LIMIT,
		.failure = {
			.c = { nr, req->align, req->start_pfn, req->end_pfn },
			.node = req->node,
			.flags = req->flags,
		},
	};
}

/*
 * The first zone of the request. The page allocator serves small requests without
 * asking for it.
 */
static struct zoneref *lc_alloc_zones(struct lc_alloc_control *ac)
{
	gfp_t gfp = GFP_KERNEL;
	int node;

	if (!ac->zonelist) {
		node = lc_alloc_nodes(ac->req, &ac->nodes);
		if (ac->req->node != NUMA_NO_NODE)
			gfp |= __GFP_THISNODE;
		ac->zonelist = node_zonelist(node, gfp);
	}
	return ac->zonelist->_zonerefs;
}

/* get_user_pages() refuses long-term pins in ZONE_MOVABLE. */
static bool lc_movable_permitted(unsigned int flags)
{
	return !(flags & LC_PINNABLE) && READ_ONCE(zone_movable);
}

/* May memory of this zone be taken at all? */
static bool lc_zone_permitted(struct zone *zone, unsigned int flags)
{
	return zone_idx(zone) != ZONE_MOVABLE || lc_movable_permitted(flags);
}

/* The next zone that a request may use, from @z on; NULL if there is none. */
static struct zone *lc_alloc_zone(const struct lc_alloc_control *ac,
				  struct zoneref **z)
{
	struct zone *zone;

	for (; (zone = zonelist_zone(*z)); ++*z)
		if (node_isset(zone_to_nid(zone), ac->nodes) &&
		    zone->zone_start_pfn < ac->c.end_pfn &&
		    zone_end_pfn(zone) > ac->c.start_pfn &&
		    lc_zone_permitted(zone, ac->req->flags))
			break;
	return zone;
}

/*
 * Of the nearest node only: pages of another one are not worth it. Where memory is
 * short the pool has to make way instead.
 */
static int lc_alloc_from_pool(struct lc_alloc_control *ac)
{
	int node = NUMA_NO_NODE;
	struct zoneref *z;
	struct zone *zone;

	if (ac->c.nr_pages < LC_POOL_MIN_PAGES ||
	    ac->c.nr_pages > lc_pool_pages())
		return -ENOSPC;
	for (z = lc_alloc_zones(ac); (zone = lc_alloc_zone(ac, &z)); z++) {
		if (node != NUMA_NO_NODE && node != zone_to_nid(zone))
			break;
		node = zone_to_nid(zone);
		if (!lc_limit_strained(zone, &ac->c) &&
		    !lc_pool_take(&ac->c, zone, &ac->ext, &ac->unzeroed))
			return 0;
	}
	return -ENOSPC;
}

static int lc_alloc_from_reserve(struct lc_alloc_control *ac)
{
	struct lc_constraint unaligned = ac->c;
	struct zoneref *z;
	struct zone *zone;

	unaligned.align = ac->req->align;
	for (z = lc_alloc_zones(ac); (zone = lc_alloc_zone(ac, &z)); z++)
		if (!lc_reserve_take(&ac->c, zone, &ac->ext, &ac->unzeroed) ||
		    !lc_reserve_take(&unaligned, zone, &ac->ext, &ac->unzeroed))
			return 0;
	return -ENOSPC;
}

static int lc_alloc_choose(struct lc_search *s, struct lc_extent *window)
{
	u64 start = ktime_get_ns(), us;
	int ret;

	ret = lc_search_next(s, window);
	us = div_u64(ktime_get_ns() - start, NSEC_PER_USEC);
	lc_stats_count(LC_SEARCH_US, us);
	if (!ret) {
		struct zone *zone = page_zone(pfn_to_page(window->pfn));

		trace_lazy_contig_window(zone_to_nid(zone), zone_idx(zone),
					 window->pfn, lc_search_to_move(s), us);
	}
	return ret;
}

/* Empty the window that was chosen, and tell the search what became of it. */
static int lc_alloc_attempt(struct lc_alloc_control *ac, struct lc_search *s)
{
	const struct lc_extent window = lc_window_whole(&ac->ext, &ac->c);
	int ret;

	ret = lc_window_empty(&s->claim, &window, &ac->c, ac->deadline);
	ac->failure.attempts += ret != -EAGAIN;
	ac->failure.busy += ret == -EBUSY;
	ac->failure.nomem += ret == -ENOMEM;
	ac->passing |= ret == -EBUSY &&
		       is_zone_movable_page(pfn_to_page(window.pfn));
	if (!ret)
		lc_stats_count(LC_MOVED_PAGES, lc_search_to_move(s));
	if (s->claim.zone)
		lc_search_done(s, ret);
	if (!ret && window.nr_pages > ac->ext.nr_pages)
		ac->ext = lc_window_cut(&window, &ac->c, &ac->unzeroed);
	return ret;
}

static int lc_alloc_windows(struct lc_alloc_control *ac, struct lc_search *s)
{
	struct zone *zone;
	int ret;

	do {
		ret = lc_alloc_choose(s, &ac->ext);
		if (ret)
			return ret;
		/* an attempt that is left behind claims it no longer */
		zone = page_zone(pfn_to_page(ac->ext.pfn));
		ret = lc_alloc_attempt(ac, s);
		if (!ret || ret == -EINTR)
			return ret;
		ac->late = time_after_eq(jiffies, ac->deadline);
		if (ac->late)
			break;
		/* meanwhile others have taken, or begun to take, too much */
		ac->scarce |= ret == -EAGAIN;
		/* what an attempt left behind has isolated is not to be had */
		if (!s->claim.zone && !lc_limit_spare(zone, &ac->c, false)) {
			ac->scarce = true;
			break;
		}
	} while (!s->quick);
	return -ENOSPC;
}

/* Let a search use the zones of the node at @z that can spare the pages. */
static struct zoneref *lc_alloc_search_node(struct lc_alloc_control *ac,
					    const struct lc_constraint *c,
					    struct zoneref *z,
					    struct lc_search *s)
{
	struct zone *zone = zonelist_zone(z);
	struct lc_constraint less = *c;
	int node = zone_to_nid(zone);

	less.nr_pages -= min(c->nr_pages, lc_pool_pages());
	lc_search_begin(s, c, ac->deadline);
	for (; zone && zone_to_nid(zone) == node; zone = lc_alloc_zone(ac, &z)) {
		z++;
		if (!lc_search_fits(zone, c))
			continue;
		ac->fits = true;
		if (lc_limit_spare(zone, c, false)) {
			lc_search_add_zone(s, c, zone);
		} else {
			ac->scarce = true;
			ac->hope |= lc_limit_spare(zone, &less, false);
		}
	}
	ac->hope |= s->nr_zones;
	return z;
}

/*
 * Empty one window after the other until one succeeds, node by node. Quickly:
 * in one attempt, if that takes no thorough search, on the nearest node.
 */
static int lc_alloc_by_migration(struct lc_alloc_control *ac,
				 const struct lc_constraint *c, bool quick)
{
	struct zoneref *z = lc_alloc_zones(ac);
	struct lc_search s;
	int ret = -ENOSPC;

	while (ret == -ENOSPC && lc_alloc_zone(ac, &z)) {
		z = lc_alloc_search_node(ac, c, z, &s);
		s.quick = quick;
		ret = lc_alloc_windows(ac, &s);
		if (quick || ac->late)
			break;
	}
	ac->hope &= !ac->late;
	return ret;
}

/*
 * The page allocator puts small requests wherever it has room, and while buffers
 * come and go that is soon everywhere. While the pool is in use a small request
 * is cut out of a pageblock that is chosen like any other; the pool keeps the
 * rest for the next ones.
 */
static int lc_alloc_from_block(struct lc_alloc_control *ac)
{
	struct lc_constraint c = ac->c;
	struct lc_extent window;
	int ret;

	if (!lc_pool_pages() || c.nr_pages < LC_POOL_MIN_PAGES ||
	    c.nr_pages > MAX_ORDER_NR_PAGES ||
	    pageblock_nr_pages > LC_POOL_MAX_BLOCK)
		return -ENOSPC;
	c.nr_pages = max(c.nr_pages, pageblock_nr_pages);
	ret = lc_alloc_by_migration(ac, &c, true);
	if (ret)
		return ret;
	window = ac->ext;
	ac->ext = lc_window_cut(&window, &ac->c, &ac->unzeroed);
	return 0;
}

/* A buffer that ends where the pool has something, and begins below. */
static int lc_alloc_below_idle(struct lc_alloc_control *ac)
{
	struct lc_extent window;
	struct zoneref *z;
	struct zone *zone;
	int ret = -ENOSPC;

	if (!lc_pool_pages() || !lc_window_packs(&ac->c))
		return -ENOSPC;
	for (z = lc_alloc_zones(ac);
	     ret == -ENOSPC && (zone = lc_alloc_zone(ac, &z)); z++)
		ret = lc_window_below_idle(&ac->c, zone, ac->deadline, &window,
					   &ac->unzeroed);
	if (!ret)
		ac->ext = lc_window_cut(&window, &ac->c, &ac->unzeroed);
	return ret;
}

/*
 * What the pool keeps counts as used for the watermarks, and lies in pageblocks of
 * others: it goes before the request fails. Then what other requests have under way
 * may turn out not to be needed, or windows of theirs be free again; and nothing is
 * pinned for long in ZONE_MOVABLE.
 */
static int lc_alloc_patiently(struct lc_alloc_control *ac)
{
	unsigned int ended;
	int ret;

	for (;;) {
		ended = lc_limit_ended();
		ac->scarce = false;
		ret = lc_alloc_by_migration(ac, &ac->c, false);
		ac->late |= time_after_eq(jiffies, ac->deadline);
		if (ret != -ENOSPC || ac->late)
			break;
		if (ac->hope && lc_pool_drop())
			continue;
		if (ac->fits && lc_limit_wait(ended, ac->deadline))
			continue;
		if (!ac->passing ||
		    schedule_timeout_killable(clamp_t(long, ac->deadline - jiffies,
						      0, HZ / 4)))
			break;
	}
	return fatal_signal_pending(current) && ret ? -EINTR : ret;
}

/* Such a place is worth one attempt, where nearly all is free; on the nearest node. */
static int lc_alloc_preferred(struct lc_alloc_control *ac)
{
	const unsigned long align = ac->c.align, prefer = ac->req->prefer;
	struct lc_search s;
	struct zoneref *z;
	int ret;

	if (prefer <= align || ac->c.nr_pages < prefer)
		return -ENOSPC;
	z = lc_alloc_zones(ac);
	if (!lc_alloc_zone(ac, &z))
		return -ENOSPC;
	ac->c.align = prefer;
	lc_alloc_search_node(ac, &ac->c, z, &s);
	s.quick = true;
	s.cheap = true;
	ret = lc_alloc_windows(ac, &s);
	ac->c.align = align;
	return ret;
}

static int lc_alloc_from_buddy(struct lc_alloc_control *ac)
{
	ac->outcome = LC_FROM_BUDDY;
	return lc_pages_alloc(&ac->c, ac->req->node,
			      lc_movable_permitted(ac->req->flags), &ac->ext);
}

/* Return: 0, -ENOSPC, -ENOMEM, or -EINTR; ac->outcome says from where. */
static int lc_alloc_pages(struct lc_alloc_control *ac, bool from_reserve)
{
	bool packs = lc_window_packs(&ac->c);
	int ret;

	ac->outcome = LC_FROM_MIGRATION;
	ret = lc_alloc_preferred(ac);
	if (ret != -ENOSPC)
		return ret;
	ac->outcome = LC_FROM_POOL;
	ret = lc_alloc_from_pool(ac);
	if (ret != -ENOSPC)
		return ret;
	ac->outcome = LC_FROM_MIGRATION;
	ret = lc_alloc_below_idle(ac);
	if (ret != -ENOSPC)
		return ret;
	ret = lc_alloc_from_block(ac);
	if (ret != -ENOSPC)
		return ret;
	ac->scarce = false;
	if (!packs) {
		ret = lc_alloc_from_buddy(ac);
		if (ret != -ENOSPC)
			return ret;
	}
	if (from_reserve) {
		ac->outcome = LC_FROM_RESERVE;
		ret = lc_alloc_from_reserve(ac);
		if (ret != -ENOSPC)
			return ret;
	}
	ac->outcome = LC_FROM_MIGRATION;
	ret = lc_alloc_patiently(ac);
	return packs && ret == -ENOSPC ? lc_alloc_from_buddy(ac) : ret;
}

/*
 * Take zeroed pages. Return: 0 with the pages in ac->ext and @spare for their
 * release, or the error for the caller; ac->outcome says from where, or why not.
 */
static int lc_alloc_take(struct lc_alloc_control *ac, bool from_reserve,
			 struct lc_extent_spare *spare)
{
	int ret = -ENOSPC;

	/* the page allocator would not ask for the cpuset of an explicit node */
	if (ac->req->node == NUMA_NO_NODE ||
	    (lc_alloc_zones(ac) && !nodes_empty(ac->nodes)))
		ret = lc_alloc_pages(ac, from_reserve);
	if (!ret) {
		WARN_ON_ONCE(!lc_extent_contains(&ac->ext, &ac->unzeroed));
		lc_pool_prepare(&ac->ext, ac->outcome != LC_FROM_BUDDY, spare);
		ret = lc_pages_zero(&ac->unzeroed);
		if (!ret)
			return 0;
		lc_pool_release(&ac->ext, false, true, spare, NULL);
	}
	if (ret == -EINTR)
		ac->outcome = LC_FAIL_KILLED;
	else if (ac->scarce)
		ac->outcome = LC_FAIL_MEMORY;
	else
		ac->outcome = ac->late ? LC_FAIL_TIME : LC_FAIL_PLACE;
	return ret == -ENOSPC ? -ENOMEM : ret;
}

/**
 * lc_alloc - allocate a range
 * @req: what is wanted
 *
 * Context: process, may sleep; bounded by the parameter time_limit_ms, and
 * ended early by a fatal signal.
 * Return: a zeroed range that the caller owns, or an ERR_PTR: -EINVAL for a node
 * that is not online; -ENOMEM, at once for what can never be had, or if no place
 * was found; -EINTR if killed.
 */
struct lc_range *lc_alloc(const struct lc_request *req)
{
	struct lc_alloc_control ac = lc_alloc_begin(req);
	struct lc_extent_spare spare;
	struct lc_range *range;
	struct lc_user *user;
	int ret;

	if (req->node != NUMA_NO_NODE &&
	    (req->node < 0 || req->node >= MAX_NUMNODES ||
	     !node_online(req->node)))
		return ERR_PTR(-EINVAL);
	trace_lazy_contig_request(req->nr_pages, req->align, req->start_pfn,
				  req->end_pfn, req->node);
	lc_stats_count(LC_REQUESTS, 1);
	user = lc_limit_charge(req->nr_pages);
	if (IS_ERR(user)) {
		lc_deferred_check();
		user = lc_limit_charge(req->nr_pages);
	}
	ret = PTR_ERR_OR_ZERO(user);
	if (ret)
		goto report;
	ret = lc_alloc_take(&ac, true, &spare);
	if (ret)
		goto uncharge;
	range = lc_range_create(&ac.ext, req->name, req->flags, user, &spare);
	if (IS_ERR(range)) {
		ac.outcome = LC_FAIL_OTHER;
		ret = PTR_ERR(range);
		goto release_pages;
	}
	lc_stats_count(LC_SUCCESS, 1);
	lc_stats_count(ac.outcome, 1);
	trace_lazy_contig_success(range->ext.pfn, range->ext.nr_pages);
	return range;

release_pages:
	lc_pool_release(&ac.ext, true, true, &spare, NULL);
uncharge:
	lc_limit_uncharge(user, req->nr_pages);
report:
	ac.failure.reason = ac.outcome;
	lc_stats_failure(&ac.failure);
	return ERR_PTR(ret);
}

/**
 * lc_alloc_grow - let a range grow in place
 * @range: a range to which no other task has a reference
 * @nr_pages: the length to be, more than it has
 * @end_pfn: every page must lie below this page frame
 *
 * One attempt, all or nothing. The new pages are zeroed.
 *
 * Context: process, may sleep; bounded as lc_alloc() is.
 * Return: 0; -EINTR if killed; another error if it must grow elsewhere.
 */
int lc_alloc_grow(struct lc_range *range, unsigned long nr_pages,
		  unsigned long end_pfn)
{
	struct zone *zone = page_zone(pfn_to_page(range->ext.pfn));
	const struct lc_extent more = {
		lc_extent_end(&range->ext), nr_pages - range->ext.nr_pages,
	};
	const struct lc_constraint c = {
		.nr_pages = more.nr_pages,
		.align = 1,
		.end_pfn = end_pfn,
	};
	int ret;

	if (nr_pages > end_pfn - range->ext.pfn ||
	    !lc_zone_permitted(zone, range->flags))
		return -ENOSPC;
	ret = lc_limit_charge_more(range->user, more.nr_pages);
	if (ret) {
		lc_deferred_check();
		ret = lc_limit_charge_more(range->user, more.nr_pages);
	}
	if (ret)
		return ret;
	ret = lc_window_at(&more, zone, &c, lc_alloc_deadline());
	if (ret)
		goto uncharge;
	ret = lc_range_extend(range, nr_pages);
	if (ret)
		goto release_pages;
	return 0;

release_pages:
	lc_pages_return(&more);
uncharge:
	lc_limit_uncharge(range->user, more.nr_pages);
	return ret;
}

/* Take memory for a reserve, which is all of it if @replace. */
static int lc_reserve_extend(int node, unsigned long nr_pages, bool replace)
{
	const struct lc_request req = {
		.nr_pages = nr_pages,
		.align = 1,
		.end_pfn = LC_NO_LIMIT,
		.node = node,
	};
	struct lc_alloc_control ac = lc_alloc_begin(&req);
	struct lc_extent_spare spare;
	int ret;

	ret = lc_alloc_take(&ac, false, &spare);
	if (ret)
		return ret;
	ret = lc_reserve_add(&ac.ext, replace);
	if (ret == -ENOMEM)
		lc_pool_release(&ac.ext, true, false, &spare, NULL);
	else
		lc_extent_spare_free(&spare);
	return ret ? -ENOMEM : 0;
}

/* Return: 0 if there is more now than before. */
static int lc_reserve_grow(int node, unsigned long missing)
{
	unsigned long size = missing;
	bool got = false;
	int ret = 0;

	while (missing) {
		size = min(size, missing);
		ret = lc_reserve_extend(node, size, false);
		if (!ret) {
			got = true;
			missing -= size;
			continue;
		}
		if (ret != -ENOMEM || size <= LC_RESERVE_MIN_PAGES)
			break;
		size = size / 2;
		if (size > pageblock_nr_pages)
			size = ALIGN(size, pageblock_nr_pages);
	}
	return got ? 0 : ret;
}

/**
 * lc_alloc_set_reserve - change a node's reserve
 * @node: an online node
 * @nr_pages: its new size
 *
 * Raising takes one extent of the whole new size if there is one, and else what
 * is missing in as few extents as possible.
 *
 * Context: process, may sleep; killable.
 * Return: 0 if the size is now @nr_pages, or as near as memory allows; -ENOMEM
 * if it should have grown and did not; -EINTR.
 */
int lc_alloc_set_reserve(int node, unsigned long nr_pages)
{
	unsigned long have;
	int ret = -ENOMEM;

	if (nr_pages > lc_limit_pages())
		return -ENOMEM;
	if (mutex_lock_killable(&lc_reserve_change_lock))
		return -EINTR;
	have = lc_reserve_pages(node);
	lc_reserve_set_target(node, nr_pages);
	if (nr_pages <= have) {
		ret = 0;
	} else if (have) {
		ret = lc_reserve_extend(node, nr_pages, true);
		/* one that goes offline has replaced what there was, and is gone */
		have = lc_reserve_pages(node);
	}
	if (ret == -ENOMEM)
		ret = lc_reserve_grow(node, nr_pages - have);
	mutex_unlock(&lc_reserve_change_lock);
	return ret;
}
