// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of page ranges. Neighbours are merged, any part can be cut out, and the
 * best fit be found. The caller's lock protects a set.
 */

#include <linux/minmax.h>
#include <linux/slab.h>

#include "compat.h"
#include "pieces.h"

/* Pieces long enough but unfit otherwise that one request looks at. */
#define LC_FIT_TRIES	64

#define lc_piece_by_pfn(node)	rb_entry_safe(node, struct lc_piece, by_pfn)
#define lc_piece_by_len(node)	rb_entry_safe(node, struct lc_piece, by_len)

static unsigned long lc_piece_end(const struct lc_piece *piece)
{
	return piece->pfn + piece->nr_pages;
}

/**
 * lc_pieces_init - make a set
 * @set: an empty one from then on
 */
void lc_pieces_init(struct lc_pieces *set)
{
	*set = (struct lc_pieces){
		.by_pfn = RB_ROOT,
		.by_len = RB_ROOT,
		.by_age = LIST_HEAD_INIT(set->by_age),
	};
}

static bool lc_less_pfn(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct lc_piece, by_pfn)->pfn <
	       rb_entry(b, struct lc_piece, by_pfn)->pfn;
}

static bool lc_less_len(struct rb_node *a, const struct rb_node *b)
{
	const struct lc_piece *x = rb_entry(a, struct lc_piece, by_len);
	const struct lc_piece *y = rb_entry(b, struct lc_piece, by_len);

	return x->nr_pages != y->nr_pages ? x->nr_pages < y->nr_pages :
					    x->pfn < y->pfn;
}

/* @age: the piece that was added to before this one. */
static void lc_link(struct lc_pieces *set, struct lc_piece *piece,
		    unsigned long pfn, unsigned long end, struct list_head *age)
{
	piece->pfn = pfn;
	piece->nr_pages = end - pfn;
	rb_add(&piece->by_pfn, &set->by_pfn, lc_less_pfn);
	rb_add(&piece->by_len, &set->by_len, lc_less_len);
	list_add(&piece->by_age, age);
	set->nr_pieces++;
	set->nr_pages += piece->nr_pages;
}

static void lc_unlink(struct lc_pieces *set, struct lc_piece *piece)
{
	rb_erase(&piece->by_pfn, &set->by_pfn);
	rb_erase(&piece->by_len, &set->by_len);
	list_del(&piece->by_age);
	set->nr_pieces--;
	set->nr_pages -= piece->nr_pages;
}

/**
 * lc_pieces_add - add a range
 * @set: the set
 * @piece: from kmalloc(); the set owns it
 * @pfn: first page frame; no page of the range is in the set
 * @nr_pages: length
 */
void lc_pieces_add(struct lc_pieces *set, struct lc_piece *piece,
		   unsigned long pfn, unsigned long nr_pages)
{
	struct lc_piece *right = lc_pieces_at(set, pfn), *left;
	unsigned long end = pfn + nr_pages;

	left = right ? lc_piece_by_pfn(rb_prev(&right->by_pfn)) :
		       lc_piece_by_pfn(rb_last(&set->by_pfn));
	if (left && lc_piece_end(left) == pfn) {
		pfn = left->pfn;
		lc_unlink(set, left);
		kfree(left);
	}
	if (right && right->pfn == end) {
		end = lc_piece_end(right);
		lc_unlink(set, right);
		kfree(right);
	}
	lc_link(set, piece, pfn, end, set->by_age.prev);
}

/**
 * lc_pieces_at - the piece that a page is in
 * @set: the set
 * @pfn: the page frame
 *
 * Return: the piece, or else the next one above, or NULL.
 */
struct lc_piece *lc_pieces_at(const struct lc_pieces *set, unsigned long pfn)
{
	struct rb_node *node = set->by_pfn.rb_node;
	struct lc_piece *found = NULL;

	while (node) {
		struct lc_piece *piece = rb_entry(node, struct lc_piece, by_pfn);

		if (pfn < lc_piece_end(piece)) {
			found = piece;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * lc_pieces_span - how far into a range does the set reach?
 * @set: the set
 * @pfn: first page frame of the range; out: of the pages in the set
 * @nr_pages: length of the range; out: up to the last page that is in the set,
 *	0 if none is
 *
 * Return: true if any is.
 */
bool lc_pieces_span(const struct lc_pieces *set, unsigned long *pfn,
		    unsigned long *nr_pages)
{
	const struct lc_piece *piece = lc_pieces_at(set, *pfn);
	unsigned long end = *pfn + *nr_pages, last = *pfn;

	if (piece)
		*pfn = max(*pfn, piece->pfn);
	for (; piece && piece->pfn < end;
	     piece = lc_piece_by_pfn(rb_next(&piece->by_pfn)))
		last = min(lc_piece_end(piece), end);
	*nr_pages = last > *pfn ? last - *pfn : 0;
	return *nr_pages;
}

static bool lc_touches(const struct lc_pieces *set, unsigned long pfn,
		       unsigned long nr_pages)
{
	const struct lc_piece *piece = lc_pieces_at(set, pfn);

	return piece && piece->pfn < pfn + nr_pages;
}

static struct lc_piece *lc_first_of_len(const struct lc_pieces *set,
					unsigned long nr_pages)
{
	struct rb_node *node = set->by_len.rb_node;
	struct lc_piece *found = NULL;

	while (node) {
		struct lc_piece *piece = rb_entry(node, struct lc_piece, by_len);

		if (piece->nr_pages >= nr_pages) {
			found = piece;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * lc_pieces_fit - the best place for a request
 * @set: the set
 * @avoid: ranges better left alone
 * @nr_pages: pages wanted
 * @align: alignment of the first in pages, a power of two
 * @end_pfn: all of them lie below
 * @pfn: out: where they begin
 *
 * In the shortest piece that keeps clear of @avoid, else in the shortest one.
 *
 * Return: false if there is none.
 */
bool lc_pieces_fit(const struct lc_pieces *set, const struct lc_pieces *avoid,
		   unsigned long nr_pages, unsigned long align,
		   unsigned long end_pfn, unsigned long *pfn)
{
	struct lc_piece *piece = lc_first_of_len(set, nr_pages);
	unsigned int tries;
	bool found = false;

	for (tries = 0; piece && tries < LC_FIT_TRIES; tries++) {
		unsigned long start = ALIGN(piece->pfn, align);
		unsigned long end = min(lc_piece_end(piece), end_pfn);
		bool fits = start < end && nr_pages <= end - start;
		bool good = fits && !lc_touches(avoid, start, nr_pages);

		if (good || (fits && !found)) {
			*pfn = start;
			found = true;
		}
		if (good)
			break;
		piece = lc_piece_by_len(rb_next(&piece->by_len));
	}
	return found;
}

/**
 * lc_pieces_cut - take a range out
 * @set: the set
 * @pfn: first page frame
 * @nr_pages: length; not all of the pages need be in the set
 * @rest: a spare piece from kmalloc(), NULL afterwards if it was needed: for
 *	the second rest of a piece that the range is in the middle of
 *
 * What is left keeps its age.
 */
void lc_pieces_cut(struct lc_pieces *set, unsigned long pfn,
		   unsigned long nr_pages, struct lc_piece **rest)
{
	unsigned long end = pfn + nr_pages, first, last;
	struct lc_piece *piece;
	struct list_head *age;

	for (;;) {
		piece = lc_pieces_at(set, pfn);
		if (!piece || piece->pfn >= end)
			return;
		first = piece->pfn;
		last = lc_piece_end(piece);
		age = piece->by_age.prev;
		lc_unlink(set, piece);
		if (first < pfn && end < last) {
			lc_link(set, *rest, end, last, age);
			*rest = NULL;
		}
		if (first < pfn)
			lc_link(set, piece, first, pfn, age);
		else if (end < last)
			lc_link(set, piece, end, last, age);
		else
			kfree(piece);
	}
}
