// SPDX-License-Identifier: GPL-2.0
/*
 * The owner of pages: every page in use belongs to one range.
 *
 * A range of a pageblock or more, and each kept one, has a line in /proc/iomem:
 * one below each line of System RAM that it reaches into, nearly always a
 * single one. Lines are for information only. One that cannot be placed is left
 * out, and no request depends on it: it may cut a line that the kernel keeps of
 * memory that was reserved while booting and freed later, or there may be no
 * memory for it.
 *
 * All functions may sleep.
 */

#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/ktime.h>
#include <linux/lazy_contig.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cache/pool.h"
#include "compat.h"
#include "limit.h"
#include "range.h"
#include "search/zone.h"
#include "stats.h"
#include "trace.h"

/*
 * Guards lc_live, and of each range on it the list of buffers and the length.
 * The lock of a struct lc_importers may be taken under it.
 */
static DEFINE_MUTEX(lc_live_lock);
static LIST_HEAD(lc_live);

/* Of ranges whose request has no name; such a name costs no copy. */
static const char lc_default_name[] = LC_NAME;

/**
 * struct lc_line - a line in /proc/iomem
 * @next: the next one of the same range
 * @res: the line
 */
struct lc_line {
	struct lc_line *next;
	struct resource res;
};

/*
 * Return: true if it was inserted right below System RAM, or below the line of
 * what was reserved there while booting.
 */
static bool lc_line_insert(struct resource *res)
{
	const struct resource *parent;

	if (insert_resource(&iomem_resource, res))
		return false;
	/* the parent stays, because the pages are in use */
	parent = res->parent;
	if (parent->name && !strcmp(parent->name, "reserved"))
		parent = parent->parent;
	if ((parent->flags & IORESOURCE_SYSTEM_RAM) ==
	    IORESOURCE_SYSTEM_RAM)
		return true;
	remove_resource(res);
	return false;
}

static bool lc_line_place(struct resource *res, const struct resource *ram)
{
	/*
	 * A line as long as that of the RAM would become its parent and hide
	 * it. So it is inserted with a length of one byte.
	 */
	res->start = ram->start;
	res->end = ram->start;
	if (lc_line_insert(res)) {
		if (!adjust_resource(res, ram->start, resource_size(ram)))
			return true;
		remove_resource(res);
	}
	/* The lines in its way become its children if they lie inside. */
	res->end = ram->end;
	return lc_line_insert(res);
}

/*
 * @ram is what one line of System RAM and the range have in common. Lines of
 * memory that is plugged in and out in parts are merged and split by the
 * kernel, which cannot do so when they have children.
 */
static int lc_line_add(struct resource *ram, void *arg)
{
	struct lc_range *range = arg;
	struct lc_line *line;

	if (ram->flags & IORESOURCE_SYSRAM_MERGEABLE)
		return 0;
	line = kzalloc_obj(*line);
	if (!line)
		return 0;
	line->res.name = range->name;
	line->res.flags = IORESOURCE_MEM | IORESOURCE_BUSY;
	if (!lc_line_place(&line->res, ram)) {
		kfree(line);
		return 0;
	}
	line->next = range->lines;
	range->lines = line;
	return 0;
}

static void lc_lines_remove(struct lc_range *range)
{
	struct lc_line *line;

	while ((line = range->lines)) {
		range->lines = line->next;
		remove_resource(&line->res);
		kfree(line);
	}
}

static bool lc_wants_lines(const struct lc_range *range)
{
	return range->ext.nr_pages >= pageblock_nr_pages || range->kept;
}

/* Make good what is missing or too much; lines that are there are right. */
static void lc_lines_update(struct lc_range *range)
{
	if (!lc_wants_lines(range))
		lc_lines_remove(range);
	else if (!range->lines)
		walk_iomem_res_desc(IORES_DESC_NONE,
				    IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				    PFN_PHYS(range->ext.pfn),
				    PFN_PHYS(lc_extent_end(&range->ext)) - 1,
				    range, lc_line_add);
}

/**
 * lc_range_name_valid - may a range have this name?
 * @name: LAZY_CONTIG_NAME_MAX bytes
 *
 * Return: true if it ends inside and is printable ASCII, or empty.
 */
bool lc_range_name_valid(const char *name)
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

static int lc_range_set_name(struct lc_range *range, const char *name)
{
	range->name = lc_default_name;
	if (name && name != lc_default_name)
		range->name = kstrdup(name, GFP_KERNEL);
	return range->name ? 0 : -ENOMEM;
}

static void lc_range_destroy(struct lc_range *range)
{
	if (range->name != lc_default_name)
		kfree(range->name);
	kfree(range);
}

static void lc_range_unlink(struct lc_range *range)
{
	mutex_lock(&lc_live_lock);
	list_del(&range->live);
	mutex_unlock(&lc_live_lock);
}

/**
 * lc_range_create - give pages an owner
 * @ext: the pages, of one zone, with one reference each
 * @name: its name in /proc/iomem
 * @flags: LC_PINNABLE and LC_UNCACHED
 * @user: the user they are charged to
 * @spare: from lc_pool_prepare(), for their release
 *
 * On success the range owns the pages, the charge and @spare, on failure the
 * caller still does.
 *
 * Return: the range with one reference, or -ENOMEM as ERR_PTR, which includes
 * that its memory is going offline.
 */
struct lc_range *lc_range_create(const struct lc_extent *ext, const char *name,
				 unsigned int flags, struct lc_user *user,
				 const struct lc_extent_spare *spare)
{
	struct lc_range *range;

	range = kzalloc_obj(*range);
	if (!range)
		return ERR_PTR(-ENOMEM);
	if (lc_range_set_name(range, name))
		goto destroy;
	kref_init(&range->ref);
	range->ext = *ext;
	range->flags = flags;
	range->user = user;
	range->spare = *spare;
	INIT_LIST_HEAD(&range->buffers);
	range->born_ns = ktime_get_coarse_boottime_ns();
	range->uid = current_uid();
	range->pid = task_tgid_nr(current);
	/* zero-terminated at any time, also while it is being changed */
	memcpy(range->comm, current->comm, sizeof(range->comm));

	mutex_lock(&lc_live_lock);
	list_add_tail(&range->live, &lc_live);
	mutex_unlock(&lc_live_lock);
	if (lc_zone_leaving(ext)) {
		lc_range_unlink(range);
		goto destroy;
	}
	if (lc_wants_lines(range))
		lc_lines_update(range);
	return range;

destroy:
	lc_range_destroy(range);
	return ERR_PTR(-ENOMEM);
}

/* The charge of deferred pages goes with them. */
static void lc_range_return(struct lc_range *range, const struct lc_extent *ext,
			    bool zeroed, bool keep, struct lc_extent_spare *spare)
{
	unsigned long deferred;

	deferred = lc_pool_release(ext, zeroed, keep, spare, range->user);
	/* without a charge the user may be gone */
	if (ext->nr_pages > deferred)
		lc_limit_uncharge(range->user, ext->nr_pages - deferred);
}

static void lc_range_release(struct kref *ref)
{
	struct lc_range *range = container_of(ref, struct lc_range, ref);

	trace_lazy_contig_release(range->ext.pfn, range->ext.nr_pages);
	lc_stats_count(LC_RELEASED, 1);
	lc_lines_remove(range);
	lc_range_unlink(range);
	lc_range_return(range, &range->ext, range->pristine, true, &range->spare);
	lc_range_destroy(range);
}

static void lc_range_set_length(struct lc_range *range, unsigned long nr_pages)
{
	mutex_lock(&lc_live_lock);
	range->ext.nr_pages = nr_pages;
	mutex_unlock(&lc_live_lock);
}

/**
 * lc_range_extend - give a range the pages behind it too
 * @range: a range whose only reference is the caller's
 * @nr_pages: the length to be
 *
 * On success the range owns those pages and their charge, on failure the
 * caller still does.
 *
 * Return: 0, or -EBUSY if they are going offline.
 */
int lc_range_extend(struct lc_range *range, unsigned long nr_pages)
{
	unsigned long had = range->ext.nr_pages;

	lc_range_set_length(range, nr_pages);
	if (lc_zone_leaving(&range->ext)) {
		lc_range_set_length(range, had);
		return -EBUSY;
	}
	lc_lines_remove(range);
	lc_lines_update(range);
	return 0;
}

/**
 * lc_range_shrink - return the tail of a range
 * @range: a range whose only reference is the caller's
 * @nr_pages: the length to be, at least 1 and not more than it has
 */
void lc_range_shrink(struct lc_range *range, unsigned long nr_pages)
{
	const struct lc_extent tail = {
		range->ext.pfn + nr_pages, range->ext.nr_pages - nr_pages,
	};
	struct lc_extent_spare spare;

	if (!tail.nr_pages)
		return;
	lc_lines_remove(range);
	lc_range_set_length(range, nr_pages);
	lc_lines_update(range);
	lc_pool_prepare(&tail, true, &spare);
	lc_range_return(range, &tail, false, false, &spare);
}

/**
 * lc_range_set_kept - a range is kept from now on, or no longer
 * @range: a range of which the caller holds a reference
 * @kept: true if it is kept
 *
 * The caller makes sure that the keeping of a range begins and ends one after
 * the other, and not during a change of its length.
 */
void lc_range_set_kept(struct lc_range *range, bool kept)
{
	WRITE_ONCE(range->kept, kept);
	/* release allocates nothing: a line that is missing stays so */
	if (kept)
		lc_lines_update(range);
	else if (!lc_wants_lines(range))
		lc_lines_remove(range);
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
 * @func: called for each, under the lock that guards its length and its list
 *	of buffers
 * @data: passed on
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
