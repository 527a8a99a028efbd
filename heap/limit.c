// SPDX-License-Identifier: GPL-2.0
/*
 * How much all buffers together and those of one user may take, and watermark
 * checks.
 *
 * Charging and uncharging take no lock: two counters are compared with their
 * limits and changed in one atomic step each, first the user's, then that of
 * all. So no request passes a limit, and one that fits succeeds, unless another
 * one of the same user that limit_mb refuses is charged to the user's counter at
 * that moment. An attempt that was left behind is charged without a check, since
 * its pages are not free: later requests are refused.
 */

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>
#include <linux/vmstat.h>
#include <linux/wait.h>

#include "compat.h"
#include "limit.h"
#include "search/zone.h"
#include "types.h"

static unsigned long limit_mb;
module_param(limit_mb, ulong, 0644);
MODULE_PARM_DESC(limit_mb,
		 "MiB that all buffers together may take; 0: nine tenths of the RAM");

static unsigned long user_limit_mb;
module_param(user_limit_mb, ulong, 0644);
MODULE_PARM_DESC(user_limit_mb,
		 "MiB that the buffers of one user may take, root excepted; 0: no limit of its own");

/* Fits into no limit: the user is about to be freed. */
#define LC_USER_DEAD	ULONG_MAX

/**
 * struct lc_user - a user who has buffers, or had until lately
 * @node: in lc_users
 * @uid: the user
 * @nr_pages: in this user's live buffers, unfinished requests, attempts left
 *	behind, and deferred pages. A user without any may be freed as soon as
 *	another user comes.
 * @rcu: frees it
 */
struct lc_user {
	struct hlist_node node;
	kuid_t uid;
	atomic_long_t nr_pages;
	struct rcu_head rcu;
};

/* Guards additions to lc_users and removals, which RCU readers may see late. */
static DEFINE_MUTEX(lc_users_lock);
static DEFINE_HASHTABLE(lc_users, 6);

/* In all live buffers, unfinished requests, attempts left behind, and deferred pages. */
static atomic_long_t lc_total;
/* In what attempts left behind still work on. */
static atomic_long_t lc_late;

/**
 * lc_limit_pages - the most that all buffers together may take
 *
 * Context: any. Return: a number of pages.
 */
unsigned long lc_limit_pages(void)
{
	unsigned long ram = totalram_pages();
	unsigned long mb = READ_ONCE(limit_mb);

	return min(mb ? lc_mb_to_pages(mb) : ram / 10 * 9, ram);
}

/**
 * lc_limit_charged - what buffers, unfinished requests and late attempts take
 *
 * Context: any. Return: a number of pages.
 */
unsigned long lc_limit_charged(void)
{
	return atomic_long_read(&lc_total);
}

static unsigned long lc_user_limit_pages(kuid_t uid)
{
	unsigned long mb = READ_ONCE(user_limit_mb);

	if (!mb || uid_eq(uid, GLOBAL_ROOT_UID))
		return ULONG_MAX;
	return lc_mb_to_pages(mb);
}

/*
 * In a user namespace a user has further ids, which count as the user who owns
 * the namespace. One that belongs to root adds none: its ids stay what they are.
 */
static kuid_t lc_current_user(void)
{
	const struct user_namespace *ns;
	kuid_t uid = current_uid();

	for (ns = current_user_ns(); ns != &init_user_ns; ns = ns->parent)
		if (!uid_eq(ns->owner, GLOBAL_ROOT_UID))
			uid = ns->owner;
	return uid;
}

/* Under lc_users_lock or RCU's. */
static struct lc_user *lc_user_find(kuid_t uid)
{
	struct lc_user *user;

	hash_for_each_possible_rcu(lc_users, user, node, __kuid_val(uid),
				   lockdep_is_held(&lc_users_lock))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

static void lc_users_sweep(void)
{
	struct hlist_node *next;
	struct lc_user *user;
	unsigned int bucket;

	lockdep_assert_held(&lc_users_lock);
	hash_for_each_safe(lc_users, bucket, next, user, node) {
		if (atomic_long_cmpxchg(&user->nr_pages, 0, LC_USER_DEAD))
			continue;
		hash_del_rcu(&user->node);
		kfree_rcu(user, rcu);
	}
}

static struct lc_user *lc_user_add(kuid_t uid)
{
	struct lc_user *user;

	lc_users_sweep();
	user = kzalloc_obj(*user);
	if (user) {
		user->uid = uid;
		hash_add_rcu(lc_users, &user->node, __kuid_val(uid));
	}
	return user;
}

static bool lc_counter_add(atomic_long_t *counter, unsigned long nr_pages,
			   unsigned long limit)
{
	long old = atomic_long_read(counter);

	do {
		if ((unsigned long)old > limit || nr_pages > limit - old)
			return false;
	} while (!atomic_long_try_cmpxchg(counter, &old, old + nr_pages));
	return true;
}

/* Return: 0, or -ENOMEM if a limit would be passed, or for a dead user. */
static inline int lc_user_charge(struct lc_user *user, unsigned long nr_pages)
{
	if (!lc_counter_add(&user->nr_pages, nr_pages,
			    lc_user_limit_pages(user->uid)))
		return -ENOMEM;
	if (!lc_counter_add(&lc_total, nr_pages, lc_limit_pages())) {
		atomic_long_sub(nr_pages, &user->nr_pages);
		return -ENOMEM;
	}
	return 0;
}

/* For users who are new, and again for those who seem to have no room. */
static struct lc_user *lc_charge_slowly(kuid_t uid, unsigned long nr_pages)
{
	struct lc_user *user;
	int ret = -ENOMEM;

	mutex_lock(&lc_users_lock);
	user = lc_user_find(uid) ?: lc_user_add(uid);
	if (user)
		ret = lc_user_charge(user, nr_pages);
	mutex_unlock(&lc_users_lock);
	return ret ? ERR_PTR(ret) : user;
}

/**
 * lc_limit_charge - count pages against the limits before they are looked for
 * @nr_pages: how many, at least 1
 *
 * Context: process context, may sleep.
 * Return: the user who is charged, for lc_limit_uncharge(), or -ENOMEM as
 * ERR_PTR if a limit would be passed.
 */
struct lc_user *lc_limit_charge(unsigned long nr_pages)
{
	kuid_t uid = lc_current_user();
	struct lc_user *user;
	int ret = -ENOMEM;

	rcu_read_lock();
	user = lc_user_find(uid);
	if (user)
		ret = lc_user_charge(user, nr_pages);
	rcu_read_unlock();
	return ret ? lc_charge_slowly(uid, nr_pages) : user;
}

/**
 * lc_limit_charge_more - count further pages of a user who has some
 * @user: returned by lc_limit_charge(), and not all of it undone
 * @nr_pages: how many, at least 1
 *
 * Context: any.
 * Return: 0, or -ENOMEM if a limit would be passed.
 */
int lc_limit_charge_more(struct lc_user *user, unsigned long nr_pages)
{
	return lc_user_charge(user, nr_pages);
}

/**
 * lc_limit_uncharge - undo lc_limit_charge()
 * @user: what it returned
 * @nr_pages: how many of the pages are gone
 *
 * Context: any.
 */
void lc_limit_uncharge(struct lc_user *user, unsigned long nr_pages)
{
	atomic_long_sub(nr_pages, &lc_total);
	/* from here on it may be freed */
	atomic_long_sub(nr_pages, &user->nr_pages);
}

/**
 * lc_limit_late - pages that attempts work on which go on without their requests
 *
 * Context: any. Return: a number of pages.
 */
unsigned long lc_limit_late(void)
{
	return atomic_long_read(&lc_late);
}

/**
 * lc_limit_charge_late - count what an attempt that is left behind still works on
 * @nr_pages: how many
 *
 * Besides those of the request itself, which goes on elsewhere.
 *
 * Context: any. Return: the user who is charged, for
 * lc_limit_uncharge_late(); NULL if the request is charged to none.
 */
struct lc_user *lc_limit_charge_late(unsigned long nr_pages)
{
	struct lc_user *user;

	atomic_long_add(nr_pages, &lc_late);
	rcu_read_lock();
	user = lc_user_find(lc_current_user());
	if (user && !lc_counter_add(&user->nr_pages, nr_pages, LC_USER_DEAD - 1))
		user = NULL;
	rcu_read_unlock();
	if (user)
		atomic_long_add(nr_pages, &lc_total);
	return user;
}

/**
 * lc_limit_uncharge_late - undo lc_limit_charge_late()
 * @user: what it returned
 * @nr_pages: how many of the pages it works on no more
 *
 * Context: any.
 */
void lc_limit_uncharge_late(struct lc_user *user, unsigned long nr_pages)
{
	atomic_long_sub(nr_pages, &lc_late);
	if (user)
		lc_limit_uncharge(user, nr_pages);
}

/* Between a watermark check and the begin of what it permits. */
static DEFINE_SPINLOCK(lc_begin_lock);
/* In attempts in progress; by node. */
static atomic_long_t lc_under_way[MAX_NUMNODES];
static atomic_long_t lc_all_under_way;
/* Attempts that have ended, and those who wait for one. */
static atomic_t lc_ended;
static DECLARE_WAIT_QUEUE_HEAD(lc_ended_wait);

/**
 * lc_limit_end - pages were taken from a zone, or were not
 * @zone: as for lc_limit_begin()
 * @nr_pages: likewise
 *
 * Context: any.
 */
void lc_limit_end(struct zone *zone, unsigned long nr_pages)
{
	atomic_long_sub(nr_pages, &lc_under_way[zone_to_nid(zone)]);
	atomic_long_sub(nr_pages, &lc_all_under_way);
	atomic_inc(&lc_ended);
	wake_up_all(&lc_ended_wait);
}

/** lc_limit_ended - for lc_limit_wait(): how many attempts have ended so far */
unsigned int lc_limit_ended(void)
{
	return atomic_read(&lc_ended);
}

/**
 * lc_limit_wait - wait for an attempt in progress to end
 * @ended: lc_limit_ended() before the watermarks were checked
 * @deadline: jiffies at which to give up
 *
 * Context: process, may sleep; killable.
 * Return: true if the watermark checks may have another result now.
 */
bool lc_limit_wait(unsigned int ended, unsigned long deadline)
{
	long left = deadline - jiffies;

	if (!atomic_long_read(&lc_all_under_way) || left <= 0)
		return ended != lc_limit_ended();
	return wait_event_killable_timeout(lc_ended_wait,
					   ended != lc_limit_ended(), left) > 0;
}

static unsigned long lc_zone_file(struct zone *zone)
{
	return zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
	       zone_page_state(zone, NR_ZONE_ACTIVE_FILE);
}

/* Pages of CMA areas that are free or may hold page cache. */
static unsigned long lc_zone_cma(struct zone *zone)
{
	unsigned long free = zone_page_state(zone, NR_FREE_CMA_PAGES);
	unsigned long all = zone_cma_pages(zone);

	return free + min(lc_zone_file(zone), all - min(all, free));
}

/* What could be had from a zone without swapping, but not what only CMA can. */
static unsigned long lc_limit_available(struct zone *zone)
{
	unsigned long all = zone_page_state(zone, NR_FREE_PAGES) +
			    lc_zone_file(zone);

	return all - min(all, lc_zone_cma(zone));
}

/* What must be left in a node, CMA areas included: for the kernel's own use. */
static unsigned long lc_node_kept(int node, bool movable)
{
	unsigned long kept = 0;
	int idx;

	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = &NODE_DATA(node)->node_zones[idx];

		kept += high_wmark_pages(zone) + lc_zone_cma(zone);
		if (idx == ZONE_MOVABLE && !movable)
			kept += lc_limit_available(zone);
	}
	return kept;
}

static unsigned long lc_node_available(int node)
{
	unsigned long available = 0;
	int idx;

	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = &NODE_DATA(node)->node_zones[idx];

		available += lc_limit_available(zone) + lc_zone_cma(zone);
	}
	return available;
}

/* What the page allocator leaves in a zone for those who can use no higher one. */
static unsigned long lc_zone_kept(struct zone *zone, unsigned long end_pfn)
{
	int class = end_pfn <= SZ_4G >> PAGE_SHIFT ? zone_idx(zone) :
						     MAX_NR_ZONES - 1;

	return high_wmark_pages(zone) + zone->lowmem_reserve[class];
}

/*
 * What lies in ZONE_MOVABLE can move to the zones below it, as far as they can spare
 * pages: process memory in it would otherwise be counted as what no window can include.
 * Attempts in progress may move as much there as they have pages.
 */
static unsigned long lc_zone_below(struct zone *zone)
{
	struct zone *below = NODE_DATA(zone_to_nid(zone))->node_zones;
	unsigned long pages = 0, available, under_way;

	if (zone_idx(zone) != ZONE_MOVABLE)
		return 0;
	for (; below < zone; below++) {
		available = lc_limit_available(below);
		pages += available -
			 min(available, lc_zone_kept(below, LC_NO_LIMIT));
	}
	under_way = atomic_long_read(&lc_under_way[zone_to_nid(zone)]);
	return pages - min(pages, under_way);
}

/**
 * lc_limit_spare - can the machine spare so many pages?
 * @zone: from this zone
 * @c: placement constraints: the length, and from where on a zone is too high
 * @taken: the pages are taken already: was that too much?
 *
 * alloc_contig_range heeds no watermark. The zone must keep its high watermark
 * and its lowmem reserve, ZONE_MOVABLE with the help of those below; and what
 * the kernel says can be had without swapping must cover the request, those
 * under way, and what the page allocator would leave, or another process's
 * allocation would invoke the OOM killer: in the zone's node too, because a
 * process may be bound to it. CMA areas do not count, which neither requests nor
 * the kernel's own allocations can use, nor, if @zone is another one,
 * ZONE_MOVABLE, which the kernel's own cannot use.
 *
 * Context: any.
 * Return: true if it can.
 */
bool lc_limit_spare(struct zone *zone, const struct lc_constraint *c, bool taken)
{
	bool movable = zone_idx(zone) == ZONE_MOVABLE;
	unsigned long nr_pages = taken ? 0 : c->nr_pages, kept;
	int node = zone_to_nid(zone);

	if (lc_limit_available(zone) + lc_zone_below(zone) <
	    nr_pages + lc_zone_kept(zone, c->end_pfn))
		return false;
	kept = nr_pages + atomic_long_read(&lc_under_way[node]);
	if (lc_node_available(node) < kept + lc_node_kept(node, movable))
		return false;
	kept = nr_pages + atomic_long_read(&lc_all_under_way);
	for_each_node_state(node, N_MEMORY)
		kept += lc_node_kept(node, movable);
	return si_mem_available() >= kept;
}

/**
 * lc_limit_strained - would it be too much to hand out pages that are not free?
 * @zone: their zone
 * @c: placement constraints
 *
 * For pages just taken from the page allocator, which gives until next to nothing is
 * left, and for those of the pool, which could have made way. All zones are counted
 * only if this one is below its watermarks.
 *
 * Context: any.
 * Return: true if the next caller of the page allocator might invoke the OOM killer.
 */
bool lc_limit_strained(struct zone *zone, const struct lc_constraint *c)
{
	return lc_zone_free_pages(zone) < high_wmark_pages(zone) &&
	       !lc_limit_spare(zone, c, true);
}

/**
 * lc_limit_begin - pages are about to be taken from a zone
 * @zone: the zone
 * @c: placement constraints, with the number of pages
 *
 * They count for the watermark checks of others until lc_limit_end(): of requests
 * that check at the same time, those begin that the machine can spare together.
 *
 * Context: any.
 * Return: false if it cannot spare them; nothing is to be undone then.
 */
bool lc_limit_begin(struct zone *zone, const struct lc_constraint *c)
{
	guard(spinlock)(&lc_begin_lock);
	if (!lc_limit_spare(zone, c, false))
		return false;
	atomic_long_add(c->nr_pages, &lc_under_way[zone_to_nid(zone)]);
	atomic_long_add(c->nr_pages, &lc_all_under_way);
	return true;
}

/** lc_limit_exit - forget all users, when nothing is charged any more */
void lc_limit_exit(void)
{
	mutex_lock(&lc_users_lock);
	lc_users_sweep();
	mutex_unlock(&lc_users_lock);
}
