// SPDX-License-Identifier: GPL-2.0
/*
 * Has the kernel keep a pageblock for atomic allocations: it does when one of several
 * pages succeeds although the zone is at its watermark. The pages are free again when
 * the module is loaded; the pageblock stays what it is. Tests only.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>

#define ORDER	3

static unsigned long block;
module_param(block, ulong, 0444);
MODULE_PARM_DESC(block, "its first page frame");

static bool take(struct list_head *pages, gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	if (!page)
		return false;
	set_page_private(page, order);
	list_add(&page->lru, pages);
	return true;
}

/* What is left above the minimum watermark, in large blocks first. */
static void take_all(struct list_head *pages)
{
	int order;

	for (order = ilog2(MAX_ORDER_NR_PAGES); order >= ORDER; order--)
		while (take(pages, (GFP_NOWAIT & ~__GFP_KSWAPD_RECLAIM) |
				   __GFP_NOWARN, order))
			cond_resched();
}

static void give_back(struct list_head *pages)
{
	struct page *page, *next;
	unsigned int order;

	list_for_each_entry_safe(page, next, pages, lru) {
		order = page_private(page);
		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, order);
	}
}

static int __init atomic_init(void)
{
	LIST_HEAD(pages);
	int err = -ENOMEM;

	take_all(&pages);
	if (take(&pages, GFP_ATOMIC | __GFP_NOWARN, ORDER)) {
		block = page_to_pfn(list_first_entry(&pages, struct page, lru));
		block = ALIGN_DOWN(block, pageblock_nr_pages);
		err = 0;
	}
	give_back(&pages);
	return err;
}

static void __exit atomic_exit(void)
{
}

module_init(atomic_init);
module_exit(atomic_exit);

MODULE_DESCRIPTION("a pageblock for atomic allocations for the tests of lazy_contig");
MODULE_LICENSE("GPL");
