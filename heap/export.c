// SPDX-License-Identifier: GPL-2.0
/* Functions for other modules, documented in include/lazy_contig_kernel.h. */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/xarray.h>

#include "alloc.h"
#include "compat.h"
#include "include/lazy_contig_kernel.h"
#include "kept.h"
#include "range.h"

/* Ranges in use by other modules, by first page frame; has its own lock. */
static DEFINE_XARRAY(lc_exported);

struct page *lazy_contig_alloc(size_t len, int node, u64 max_addr)
{
	struct lc_request req = {
		.nr_pages = PAGE_ALIGN(len) >> PAGE_SHIFT,
		.align = 1,
		.end_pfn = lc_alloc_end_pfn(max_addr),
		.node = node,
	};
	struct lc_range *range;
	int ret;

	if (!req.nr_pages)
		return ERR_PTR(-EINVAL);
	range = lc_alloc(&req);
	if (IS_ERR(range))
		return ERR_CAST(range);
	ret = xa_insert(&lc_exported, range->ext.pfn, range, GFP_KERNEL);
	if (ret) {
		lc_range_put(range);
		return ERR_PTR(ret);
	}
	return pfn_to_page(range->ext.pfn);
}
EXPORT_SYMBOL_GPL(lazy_contig_alloc);

void lazy_contig_free(struct page *page)
{
	struct lc_range *range;

	if (!page)
		return;
	range = xa_erase(&lc_exported, page_to_pfn(page));
	if (!WARN_ON_ONCE(!range))
		lc_range_put(range);
}
EXPORT_SYMBOL_GPL(lazy_contig_free);

struct lc_range *lazy_contig_hold(u64 phys_addr, u64 *len)
{
	struct lc_range *range = lc_kept_get(phys_addr);

	if (!IS_ERR(range))
		*len = (u64)range->ext.nr_pages << PAGE_SHIFT;
	return range;
}
EXPORT_SYMBOL_GPL(lazy_contig_hold);

void lazy_contig_release(struct lc_range *range)
{
	lc_range_put(range);
}
EXPORT_SYMBOL_GPL(lazy_contig_release);
