// SPDX-License-Identifier: GPL-2.0
/* How much all buffers together, and those of one user, may take. */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "compat.h"
#include "lazy_contig.h"

#define LC_PAGES_PER_MB	(SZ_1M >> PAGE_SHIFT)

static unsigned long limit_mb;
module_param(limit_mb, ulong, 0644);
MODULE_PARM_DESC(limit_mb,
		 "MiB that all buffers together may take; 0: nine tenths of the RAM");

static unsigned long user_limit_mb;
module_param(user_limit_mb, ulong, 0644);
MODULE_PARM_DESC(user_limit_mb,
		 "MiB that the buffers of one user may take, root excepted; 0: no limit of its own");

/**
 * struct lc_user - somebody who has buffers, or had until lately
 * @list: in lc_users
 * @uid: who
 * @nr_pages: in this user's live buffers and unfinished requests; once it is 0
 *	the entry goes when somebody new comes
 */
struct lc_user {
	struct list_head list;
	kuid_t uid;
	unsigned long nr_pages;
};

/* Guards lc_users, what is on it, and lc_total. */
static DEFINE_MUTEX(lc_limit_lock);
static LIST_HEAD(lc_users);
static unsigned long lc_total;

static unsigned long lc_mb_to_pages(unsigned long mb)
{
	return mb > ULONG_MAX / LC_PAGES_PER_MB ? ULONG_MAX :
						  mb * LC_PAGES_PER_MB;
}

/** lc_limit_pages - the most that all buffers together may take, in pages */
unsigned long lc_limit_pages(void)
{
	unsigned long ram = totalram_pages();
	unsigned long mb = READ_ONCE(limit_mb);

	return min(mb ? lc_mb_to_pages(mb) : ram / 10 * 9, ram);
}

/** lc_charged_pages - how many pages are charged now */
unsigned long lc_charged_pages(void)
{
	return READ_ONCE(lc_total);
}

static unsigned long lc_user_limit_pages(kuid_t uid)
{
	unsigned long mb = READ_ONCE(user_limit_mb);

	if (!mb || uid_eq(uid, GLOBAL_ROOT_UID))
		return ULONG_MAX;
	return lc_mb_to_pages(mb);
}

static void lc_users_sweep(void)
{
	struct lc_user *user, *next;

	list_for_each_entry_safe(user, next, &lc_users, list) {
		if (user->nr_pages)
			continue;
		list_del(&user->list);
		kfree(user);
	}
}

static struct lc_user *lc_user_find(kuid_t uid)
{
	struct lc_user *user;

	lockdep_assert_held(&lc_limit_lock);
	list_for_each_entry(user, &lc_users, list)
		if (uid_eq(user->uid, uid))
			return user;

	lc_users_sweep();
	user = kzalloc_obj(*user);
	if (user) {
		user->uid = uid;
		list_add(&user->list, &lc_users);
	}
	return user;
}

static bool lc_try_charge(struct lc_user *user, unsigned long nr_pages,
			  unsigned long limit, unsigned long user_limit)
{
	lockdep_assert_held(&lc_limit_lock);
	if (lc_total > limit || nr_pages > limit - lc_total ||
	    user->nr_pages > user_limit ||
	    nr_pages > user_limit - user->nr_pages)
		return false;
	user->nr_pages += nr_pages;
	lc_total += nr_pages;
	return true;
}

/**
 * lc_charge - count pages against the limits before they are looked for
 * @nr_pages: how many, at least 1
 *
 * Context: process context, may sleep.
 * Return: the current user, to be given to lc_uncharge(), or -ENOMEM as
 * ERR_PTR if a limit would be passed.
 */
struct lc_user *lc_charge(unsigned long nr_pages)
{
	kuid_t uid = current_uid();
	unsigned long limit = lc_limit_pages();
	unsigned long user_limit = lc_user_limit_pages(uid);
	struct lc_user *user;

	mutex_lock(&lc_limit_lock);
	user = lc_user_find(uid);
	if (!user || !lc_try_charge(user, nr_pages, limit, user_limit))
		user = ERR_PTR(-ENOMEM);
	mutex_unlock(&lc_limit_lock);
	return user;
}

/**
 * lc_charge_more - count further pages of somebody who has some
 * @user: returned by lc_charge(), and not all of it undone
 * @nr_pages: how many, at least 1
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM if a limit would be passed.
 */
int lc_charge_more(struct lc_user *user, unsigned long nr_pages)
{
	unsigned long limit = lc_limit_pages();
	unsigned long user_limit = lc_user_limit_pages(user->uid);
	bool charged;

	mutex_lock(&lc_limit_lock);
	charged = lc_try_charge(user, nr_pages, limit, user_limit);
	mutex_unlock(&lc_limit_lock);
	return charged ? 0 : -ENOMEM;
}

/**
 * lc_uncharge - undo lc_charge()
 * @user: what it returned
 * @nr_pages: how many of the pages are gone
 *
 * Context: process context, may sleep.
 */
void lc_uncharge(struct lc_user *user, unsigned long nr_pages)
{
	mutex_lock(&lc_limit_lock);
	lc_total -= nr_pages;
	user->nr_pages -= nr_pages;
	mutex_unlock(&lc_limit_lock);
}

/** lc_limit_exit - forget all users; after the last release of a range */
void lc_limit_exit(void)
{
	lc_users_sweep();
}
