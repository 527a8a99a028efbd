/* SPDX-License-Identifier: GPL-2.0 */
/* Value types that all layers share. */
#ifndef LAZY_CONTIG_TYPES_H
#define LAZY_CONTIG_TYPES_H

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/types.h>

#define LC_NAME		"lazy_contig"

/* A page frame number above all memory: no address limit. */
#define LC_NO_LIMIT	ULONG_MAX

/* Properties of a buffer, in the flags of its request and of its range. */
#define LC_PINNABLE	BIT(0)	/* its mappings can be pinned */
#define LC_UNCACHED	BIT(1)	/* its mappings are write-combined */

/**
 * struct lc_extent - a range of page frames
 * @pfn: first page frame
 * @nr_pages: length
 */
struct lc_extent {
	unsigned long pfn;
	unsigned long nr_pages;
};

static inline unsigned long lc_extent_end(const struct lc_extent *ext)
{
	return ext->pfn + ext->nr_pages;
}

static inline bool lc_extent_overlaps(const struct lc_extent *a,
				      const struct lc_extent *b)
{
	return a->pfn < lc_extent_end(b) && b->pfn < lc_extent_end(a);
}

/* Are all pages of @part, if it has any, in @ext? */
static inline bool lc_extent_contains(const struct lc_extent *ext,
				      const struct lc_extent *part)
{
	return !part->nr_pages || (part->pfn >= ext->pfn &&
				   lc_extent_end(part) <= lc_extent_end(ext));
}

/**
 * struct lc_constraint - placement constraints
 * @nr_pages: length in pages, at least 1
 * @align: alignment of the first page frame, in pages, a power of two
 * @start_pfn: no page lies below this page frame
 * @end_pfn: every page lies below this page frame; LC_NO_LIMIT for none
 */
struct lc_constraint {
	unsigned long nr_pages;
	unsigned long align;
	unsigned long start_pfn;
	unsigned long end_pfn;
};

#endif
