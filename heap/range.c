// SPDX-License-Identifier: GPL-2.0
/* The owner of pages: every page of ours that is in use belongs to one range. */

#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "lazy_contig.h"
#include "observe/stats.h"
#include "observe/trace.h"
#include "scan.h"

/* Guards lc_live, and the buffers list and the length of each range on it. */
static DEFINE_MUTEX(lc_live_lock);
static LIST_HEAD(lc_live);

/**
 * lc_name_valid - may a range have this name?
 * @name: LAZY_CONTIG_NAME_MAX bytes
 *
 * Return: true if it ends inside and is printable ASCII, or empty.
 */
bool lc_name_valid(const char *name)
{
	size_t i;

	for (i = 0; i < LAZY_CONTIG_NAME_MAX; i++) {
		if (!name[i])
			return true;
		if (!isascii(name[i]) || !isprint(name[i]))
			return false;
	}
	return false;
}

static void lc_range_forget(struct lc_range *range)
{
	mutex_lock(&lc_live_lock);
	list_del(&range->live);
	mutex_unlock(&lc_live_lock);
	lc_iomem_remove(range);
}

/**
 * lc_range_create - give pages an owner
 * @pfn: first page frame, of @req->nr_pages pages with one reference each
 * @req: the request they answer
 * @user: whom they are charged to
 *
 * On success the range owns the pages and the charge, on failure the caller
 * still does.
 *
 * Context: process context, may sleep.
 * Return: the range with one reference, or -ENOMEM, which includes that its
 * memory is just going offline, or -EBUSY if the physical address space is not
 * what the kernel's own tables say, as ERR_PTR.
 */
struct lc_range *lc_range_create(unsigned long pfn, const struct lc_request *req,
				 struct lc_user *user)
{
	struct lc_range *range;
	int ret;

	range = kzalloc_obj(*range);
	if (!range)
		return ERR_PTR(-ENOMEM);
	kref_init(&range->ref);
	range->pfn = pfn;
	range->nr_pages = req->nr_pages;
	range->user = user;
	strscpy(range->name, req->name, sizeof(range->name));
	INIT_LIST_HEAD(&range->buffers);
	range->born_ns = ktime_get_coarse_boottime_ns();
	range->uid = current_uid();
	range->pid = task_tgid_nr(current);
	get_task_comm(range->comm, current);

	ret = lc_iomem_add(range);
	if (ret) {
		kfree(range);
		return ERR_PTR(ret);
	}
	mutex_lock(&lc_live_lock);
	list_add_tail(&range->live, &lc_live);
	mutex_unlock(&lc_live_lock);
	if (lc_scan_leaving(pfn, range->nr_pages)) {
		lc_range_forget(range);
		kfree(range);
		return ERR_PTR(-ENOMEM);
	}
	return range;
}

static void lc_range_release(struct kref *ref)
{
	struct lc_range *range = container_of(ref, struct lc_range, ref);

	trace_lazy_contig_release(range->pfn, range->nr_pages);
	lc_count(LC_RELEASED, 1);
	lc_range_forget(range);
	lc_free(range->pfn, range->nr_pages, range->pristine);
	lc_uncharge(range->user, range->nr_pages);
	kfree(range);
}

static void lc_range_set_length(struct lc_range *range, unsigned long nr_pages)
{
	mutex_lock(&lc_live_lock);
	range->nr_pages = nr_pages;
	mutex_unlock(&lc_live_lock);
}

/**
 * lc_range_extend - give a range the pages behind it too
 * @range: a range that nobody else has a reference to
 * @nr_pages: the length to be
 *
 * On success the range owns those pages and their charge, on failure the
 * caller still does.
 *
 * Context: process context, may sleep.
 * Return: 0, or -EBUSY if they are not part of the same RAM in /proc/iomem or
 * just going offline.
 */
int lc_range_extend(struct lc_range *range, unsigned long nr_pages)
{
	unsigned long had = range->nr_pages;
	int ret = lc_iomem_resize(range, nr_pages);

	if (ret)
		return ret;
	lc_range_set_length(range, nr_pages);
	if (!lc_scan_leaving(range->pfn, nr_pages))
		return 0;
	WARN_ON_ONCE(lc_iomem_resize(range, had));
	lc_range_set_length(range, had);
	return -EBUSY;
}

/**
 * lc_range_shrink - return the tail of a range
 * @range: a range that nobody else has a reference to
 * @nr_pages: the length to be, at least 1 and not more than it has
 *
 * Context: process context, may sleep. Cannot fail.
 */
void lc_range_shrink(struct lc_range *range, unsigned long nr_pages)
{
	unsigned long tail = range->nr_pages - nr_pages;

	if (!tail)
		return;
	WARN_ON_ONCE(lc_iomem_resize(range, nr_pages));
	lc_range_set_length(range, nr_pages);
	lc_give_back(range->pfn + nr_pages, tail);
	lc_uncharge(range->user, tail);
}

/**
 * lc_range_get - take a reference
 * @range: a range of which the caller holds one
 */
void lc_range_get(struct lc_range *range)
{
	kref_get(&range->ref);
}

/**
 * lc_range_put - drop a reference; the last one returns the memory
 * @range: the range
 *
 * Context: process context, may sleep.
 */
void lc_range_put(struct lc_range *range)
{
	kref_put(&range->ref, lc_range_release);
}

/**
 * lc_range_add_buffer - a dma-buf of a range has been made
 * @range: the range
 * @buffer: list entry of the struct lc_buffer
 */
void lc_range_add_buffer(struct lc_range *range, struct list_head *buffer)
{
	mutex_lock(&lc_live_lock);
	list_add_tail(buffer, &range->buffers);
	mutex_unlock(&lc_live_lock);
}

/**
 * lc_range_remove_buffer - a dma-buf of a range is going away
 * @buffer: list entry of the struct lc_buffer
 */
void lc_range_remove_buffer(struct list_head *buffer)
{
	mutex_lock(&lc_live_lock);
	list_del(buffer);
	mutex_unlock(&lc_live_lock);
}

/**
 * lc_range_for_each - look at all live ranges, oldest first
 * @func: called for each; neither range nor its list of buffers changes
 *	meanwhile
 * @data: passed on
 *
 * Context: process context, may sleep.
 */
void lc_range_for_each(void (*func)(const struct lc_range *range, void *data),
		       void *data)
{
	struct lc_range *range;

	mutex_lock(&lc_live_lock);
	list_for_each_entry(range, &lc_live, live)
		func(range, data);
	mutex_unlock(&lc_live_lock);
}
