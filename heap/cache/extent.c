// SPDX-License-Identifier: GPL-2.0
/*
 * Idle memory: sets of extents, and with them which pages are not zeroed yet.
 * Neighbours are merged, any part can be taken, and the best fit be found. The
 * pool and the reserve are made of this.
 */

#include <linux/cleanup.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../compat.h"
#include "../pages.h"
#include "extent.h"

/* Zeroed in one go; see lc_zeroing_lock. */
#define LC_ZERO_PAGES	((unsigned long)SZ_256K >> PAGE_SHIFT)

/*
 * Held while a few idle pages are zeroed, and taken before the lock of a struct
 * lc_idle. Taking it once waits for a zeroing in progress: what was taken out
 * before is not written to afterwards. A spinlock, because a request must not
 * wait for a thread of low priority that does not run.
 */
static DEFINE_SPINLOCK(lc_zeroing_lock);

/**
 * struct lc_extent_node - an extent in a set
 * @by_pfn: in lc_extent_set.by_pfn
 * @by_len: in lc_extent_set.by_len
 * @by_age: in lc_extent_set.by_age
 * @ext: the pages
 */
struct lc_extent_node {
	struct rb_node by_pfn;
	struct rb_node by_len;
	struct list_head by_age;
	struct lc_extent ext;
};

#define lc_node_by_pfn(rb)	rb_entry_safe(rb, struct lc_extent_node, by_pfn)
#define lc_node_by_len(rb)	rb_entry_safe(rb, struct lc_extent_node, by_len)

/**
 * lc_extent_spare_free - free the nodes that are left
 * @spare: the nodes; none are left afterwards
 *
 * Context: any.
 */
void lc_extent_spare_free(struct lc_extent_spare *spare)
{
	kfree(spare->node[0]);
	kfree(spare->node[1]);
	kfree(spare->owner);
	*spare = (struct lc_extent_spare){};
}

/**
 * lc_extent_spare_alloc - allocate nodes for one change
 * @spare: the result
 * @owner: one for a set of the owner too
 * @gfp: GFP_KERNEL or GFP_KERNEL | __GFP_NOFAIL
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM, then without any.
 */
int lc_extent_spare_alloc(struct lc_extent_spare *spare, bool owner, gfp_t gfp)
{
	spare->node[0] = kmalloc(sizeof(*spare->node[0]), gfp);
	spare->node[1] = kmalloc(sizeof(*spare->node[1]), gfp);
	spare->owner = owner ? kmalloc(sizeof(*spare->owner), gfp) : NULL;
	if (spare->node[0] && spare->node[1] && (spare->owner || !owner))
		return 0;
	lc_extent_spare_free(spare);
	return -ENOMEM;
}

static bool lc_less_pfn(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct lc_extent_node, by_pfn)->ext.pfn <
	       rb_entry(b, struct lc_extent_node, by_pfn)->ext.pfn;
}

static bool lc_less_len(struct rb_node *a, const struct rb_node *b)
{
	const struct lc_extent_node *x, *y;

	x = rb_entry(a, struct lc_extent_node, by_len);
	y = rb_entry(b, struct lc_extent_node, by_len);
	return x->ext.nr_pages != y->ext.nr_pages ?
	       x->ext.nr_pages < y->ext.nr_pages : x->ext.pfn < y->ext.pfn;
}

/* @age: the node that was added to before this one. */
static void lc_link(struct lc_extent_set *set, struct lc_extent_node *node,
		    unsigned long pfn, unsigned long end, struct list_head *age)
{
	node->ext = (struct lc_extent){ pfn, end - pfn };
	rb_add(&node->by_pfn, &set->by_pfn, lc_less_pfn);
	rb_add(&node->by_len, &set->by_len, lc_less_len);
	list_add(&node->by_age, age);
	set->nr_extents++;
	set->nr_pages += end - pfn;
}

static void lc_unlink(struct lc_extent_set *set, struct lc_extent_node *node)
{
	rb_erase(&node->by_pfn, &set->by_pfn);
	rb_erase(&node->by_len, &set->by_len);
	list_del(&node->by_age);
	set->nr_extents--;
	set->nr_pages -= node->ext.nr_pages;
}

/* The node that a page is in, or else the next one above, or NULL. */
static struct lc_extent_node *lc_node_at(const struct lc_extent_set *set,
					 unsigned long pfn)
{
	struct rb_node *rb = set->by_pfn.rb_node;
	struct lc_extent_node *found = NULL;

	while (rb) {
		struct lc_extent_node *node = lc_node_by_pfn(rb);

		if (pfn < lc_extent_end(&node->ext)) {
			found = node;
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	return found;
}

/**
 * lc_extent_set_init - make an empty set
 * @set: the set
 */
void lc_extent_set_init(struct lc_extent_set *set)
{
	*set = (struct lc_extent_set){
		.by_pfn = RB_ROOT,
		.by_len = RB_ROOT,
		.by_age = LIST_HEAD_INIT(set->by_age),
	};
}

/**
 * lc_extent_set_add - add pages to a set
 * @set: the set
 * @ext: the pages, none of which is in the set
 * @spare: a node; NULL afterwards
 *
 * Context: the lock of the set held. Return: false, with nothing changed, if
 * @spare is NULL and no neighbour could be extended.
 */
bool lc_extent_set_add(struct lc_extent_set *set, const struct lc_extent *ext,
		       struct lc_extent_node **spare)
{
	struct lc_extent_node *right = lc_node_at(set, ext->pfn), *left;
	unsigned long pfn = ext->pfn, end = lc_extent_end(ext);
	struct lc_extent_node *node = *spare;

	left = right ? lc_node_by_pfn(rb_prev(&right->by_pfn)) :
		       lc_node_by_pfn(rb_last(&set->by_pfn));
	if (left && lc_extent_end(&left->ext) != pfn)
		left = NULL;
	if (right && right->ext.pfn != end)
		right = NULL;
	if (!node && !left && !right)
		return false;
	if (left) {
		pfn = left->ext.pfn;
		lc_unlink(set, left);
		swap(node, left);
		kfree(left);
	}
	if (right) {
		end = lc_extent_end(&right->ext);
		lc_unlink(set, right);
		swap(node, right);
		kfree(right);
	}
	*spare = NULL;
	lc_link(set, node, pfn, end, set->by_age.prev);
	return true;
}

/**
 * lc_extent_set_cut - take pages out of a set
 * @set: the set
 * @ext: the pages; not all of them need be in the set; may be empty
 * @spare: a node, NULL afterwards if it was needed: for the second rest of an
 *	extent that @ext is in the middle of
 *
 * What is left keeps its age.
 *
 * Context: the lock of the set held. Return: false, with nothing changed, if a
 * node was needed and @spare has none.
 */
bool lc_extent_set_cut(struct lc_extent_set *set, const struct lc_extent *ext,
		       struct lc_extent_node **spare)
{
	unsigned long pfn = ext->pfn, end = lc_extent_end(ext), first, last;
	struct lc_extent_node *node;
	struct list_head *age;

	/* no pages at all are in no extent */
	while (pfn < end && (node = lc_node_at(set, pfn)) && node->ext.pfn < end) {
		first = node->ext.pfn;
		last = lc_extent_end(&node->ext);
		if (first < pfn && end < last && !*spare)
			return false;
		age = node->by_age.prev;
		lc_unlink(set, node);
		if (first < pfn && end < last) {
			lc_link(set, *spare, end, last, age);
			*spare = NULL;
		}
		if (first < pfn)
			lc_link(set, node, first, pfn, age);
		else if (end < last)
			lc_link(set, node, end, last, age);
		else
			kfree(node);
	}
	return true;
}

/**
 * lc_extent_set_next - the extent that a page is in, or the next one above
 * @set: the set
 * @pfn: the page frame
 * @ext: the result
 *
 * Context: the lock of the set held. Return: false if there is none.
 */
bool lc_extent_set_next(const struct lc_extent_set *set, unsigned long pfn,
			struct lc_extent *ext)
{
	const struct lc_extent_node *node = lc_node_at(set, pfn);

	if (node)
		*ext = node->ext;
	return node;
}

/* From the first to the last page of @ext that is in the set; may be empty. */
static struct lc_extent lc_extent_span(const struct lc_extent_set *set,
				       const struct lc_extent *ext)
{
	const struct lc_extent_node *node = lc_node_at(set, ext->pfn);
	unsigned long first = ext->pfn, last = ext->pfn;

	if (node)
		first = max(ext->pfn, node->ext.pfn);
	for (; node && node->ext.pfn < lc_extent_end(ext);
	     node = lc_node_by_pfn(rb_next(&node->by_pfn)))
		last = min(lc_extent_end(&node->ext), lc_extent_end(ext));
	return (struct lc_extent){ first, last > first ? last - first : 0 };
}

static struct lc_extent_node *lc_first_of_len(const struct lc_extent_set *set,
					      unsigned long nr_pages)
{
	struct rb_node *rb = set->by_len.rb_node;
	struct lc_extent_node *found = NULL;

	while (rb) {
		struct lc_extent_node *node = lc_node_by_len(rb);

		if (node->ext.nr_pages >= nr_pages) {
			found = node;
			rb = rb->rb_left;
		} else {
			rb = rb->rb_right;
		}
	}
	return found;
}

/**
 * lc_extent_init - begin without idle memory
 * @idle: the idle memory
 */
void lc_extent_init(struct lc_idle *idle)
{
	spin_lock_init(&idle->lock);
	lc_extent_set_init(&idle->all);
	lc_extent_set_init(&idle->unzeroed);
	idle->least = 0;
	INIT_LIST_HEAD(&idle->list);
}

/**
 * lc_extent_put - make pages idle
 * @idle: the idle memory, which owns the pages on success
 * @ext: the pages
 * @zeroed: every byte is zero
 * @spare: nodes; those not needed are left
 *
 * Context: any but atomic. Return: false if there are no nodes for it.
 */
bool lc_extent_put(struct lc_idle *idle, const struct lc_extent *ext,
		   bool zeroed, struct lc_extent_spare *spare)
{
	struct lc_extent_node *none = NULL;

	guard(spinlock)(&idle->lock);
	if (!zeroed && !lc_extent_set_add(&idle->unzeroed, ext, &spare->node[1]))
		return false;
	if (lc_extent_set_add(&idle->all, ext, &spare->node[0]))
		return true;
	/* without a neighbour there it has none here either: a node of its own */
	if (!zeroed)
		lc_extent_set_cut(&idle->unzeroed, ext, &none);
	return false;
}

/* Return: false, with nothing changed, for want of a node. */
static bool lc_extent_cut(struct lc_idle *idle, const struct lc_extent *ext,
			  struct lc_extent_spare *spare,
			  struct lc_extent *unzeroed)
{
	struct lc_extent span = lc_extent_span(&idle->unzeroed, ext);

	lockdep_assert_held(&idle->lock);
	if (!lc_extent_set_cut(&idle->all, ext, &spare->node[0]))
		return false;
	/* in the middle of an extent there, it is in the middle of one here too */
	WARN_ON_ONCE(!lc_extent_set_cut(&idle->unzeroed, ext, &spare->node[1]));
	idle->least = min(idle->least, idle->all.nr_pages);
	*unzeroed = span;
	return true;
}

static void lc_extent_settle(void)
{
	guard(spinlock)(&lc_zeroing_lock);
}

/**
 * lc_extent_next - the idle extent that a page is in, or the next one above
 * @idle: the idle memory
 * @pfn: the page frame
 * @ext: the result
 *
 * Context: any but atomic. Return: false if there is none.
 */
bool lc_extent_next(struct lc_idle *idle, unsigned long pfn,
		    struct lc_extent *ext)
{
	guard(spinlock)(&idle->lock);
	return lc_extent_set_next(&idle->all, pfn, ext);
}

/**
 * lc_extent_take - take idle pages
 * @idle: the idle memory
 * @ext: the pages, which the caller owns on success
 * @spare: nodes; those not needed are left
 * @unzeroed: the part of @ext that the caller must zero; may be empty
 *
 * Context: any but atomic.
 * Return: false if some of them are not idle, or there are no nodes for it.
 */
bool lc_extent_take(struct lc_idle *idle, const struct lc_extent *ext,
		    struct lc_extent_spare *spare, struct lc_extent *unzeroed)
{
	const struct lc_extent_node *node;

	scoped_guard(spinlock, &idle->lock) {
		node = lc_node_at(&idle->all, ext->pfn);
		if (!node || !lc_extent_contains(&node->ext, ext) ||
		    !lc_extent_cut(idle, ext, spare, unzeroed))
			return false;
	}
	if (unzeroed->nr_pages)
		lc_extent_settle();
	return true;
}

/**
 * lc_extent_fit - the best place for a request
 * @idle: the idle memory
 * @c: placement constraints
 * @tries: how many extents to look at that are long enough, at least 1
 * @found: the result
 *
 * In the shortest extent where no page needs to be zeroed, else in the shortest.
 *
 * Context: any but atomic. Return: false if there is none.
 */
bool lc_extent_fit(struct lc_idle *idle, const struct lc_constraint *c,
		   unsigned int tries, struct lc_extent_found *found)
{
	struct lc_extent_node *node;
	bool any = false;

	guard(spinlock)(&idle->lock);
	node = lc_first_of_len(&idle->all, c->nr_pages);
	for (; node && tries; tries--) {
		unsigned long pfn = ALIGN(max(node->ext.pfn, c->start_pfn),
					  c->align);
		unsigned long end = min(lc_extent_end(&node->ext), c->end_pfn);
		struct lc_extent ext = { pfn, c->nr_pages };
		bool fits = pfn < end && c->nr_pages <= end - pfn;
		bool zeroed = fits && !lc_extent_span(&idle->unzeroed,
						      &ext).nr_pages;

		if (zeroed || (fits && !any)) {
			found->ext = ext;
			found->around = node->ext;
			any = true;
		}
		if (zeroed)
			break;
		node = lc_node_by_len(rb_next(&node->by_len));
	}
	found->nr_extents = idle->all.nr_extents;
	return any;
}

/**
 * lc_extent_take_oldest - take what has been idle longest
 * @idle: the idle memory
 * @nr_pages: how much at most
 * @ext: the pages, of one extent, which the caller owns on success
 *
 * Context: any but atomic; may be called from reclaim.
 * Return: false if nothing is idle.
 */
bool lc_extent_take_oldest(struct lc_idle *idle, unsigned long nr_pages,
			   struct lc_extent *ext)
{
	struct lc_extent_spare none = {};
	struct lc_extent unzeroed = {};
	struct lc_extent_node *node;

	scoped_guard(spinlock, &idle->lock) {
		node = list_first_entry_or_null(&idle->all.by_age,
						struct lc_extent_node, by_age);
		if (!node)
			return false;
		ext->nr_pages = min(nr_pages, node->ext.nr_pages);
		ext->pfn = lc_extent_end(&node->ext) - ext->nr_pages;
		/* the end of an extent: no node is needed */
		lc_extent_cut(idle, ext, &none, &unzeroed);
	}
	if (unzeroed.nr_pages)
		lc_extent_settle();
	return true;
}

/**
 * lc_extent_take_within - take the first idle pages of a range
 * @idle: the idle memory
 * @range: the range
 * @spare: nodes; without them it may be more than lies within the range
 * @ext: the pages, of one extent, which the caller owns on success
 *
 * Context: any but atomic. Return: false if none of the range is idle.
 */
bool lc_extent_take_within(struct lc_idle *idle, const struct lc_extent *range,
			   struct lc_extent_spare *spare, struct lc_extent *ext)
{
	const struct lc_extent_node *node;
	struct lc_extent unzeroed = {};
	unsigned long end;

	scoped_guard(spinlock, &idle->lock) {
		node = lc_node_at(&idle->all, range->pfn);
		if (!node || node->ext.pfn >= lc_extent_end(range))
			return false;
		ext->pfn = max(range->pfn, node->ext.pfn);
		end = lc_extent_end(&node->ext);
		if (spare->node[0] && spare->node[1])
			end = min(end, lc_extent_end(range));
		ext->nr_pages = end - ext->pfn;
		lc_extent_cut(idle, ext, spare, &unzeroed);
	}
	if (unzeroed.nr_pages)
		lc_extent_settle();
	return true;
}

/**
 * lc_extent_zero_some - zero a few idle pages
 * @idle: the idle memory
 *
 * Context: any but atomic; a fraction of a millisecond without preemption.
 * Return: false if nothing is left to zero.
 */
bool lc_extent_zero_some(struct lc_idle *idle)
{
	struct lc_extent_node *node, *none = NULL;
	struct lc_extent ext;
	unsigned long i;

	guard(spinlock)(&lc_zeroing_lock);
	scoped_guard(spinlock, &idle->lock) {
		node = list_first_entry_or_null(&idle->unzeroed.by_age,
						struct lc_extent_node, by_age);
		if (!node)
			return false;
		ext.pfn = node->ext.pfn;
		ext.nr_pages = min(node->ext.nr_pages, LC_ZERO_PAGES);
	}
	/* a broken page is found when it is taken */
	for (i = 0; i < ext.nr_pages; i++)
		if (!lc_page_broken(pfn_to_page(ext.pfn + i)))
			clear_highpage(pfn_to_page(ext.pfn + i));
	/* what was taken meanwhile is not in the set any more */
	scoped_guard(spinlock, &idle->lock)
		lc_extent_set_cut(&idle->unzeroed, &ext, &none);
	return true;
}

/** lc_extent_pages - how many pages are idle. Context: any. */
unsigned long lc_extent_pages(struct lc_idle *idle)
{
	return READ_ONCE(idle->all.nr_pages);
}

/**
 * lc_extent_period - begin a period
 * @idle: the idle memory
 *
 * Context: any but atomic.
 * Return: how many pages were idle all the time since the last one began.
 */
unsigned long lc_extent_period(struct lc_idle *idle)
{
	unsigned long least;

	guard(spinlock)(&idle->lock);
	least = idle->least;
	idle->least = idle->all.nr_pages;
	return least;
}
