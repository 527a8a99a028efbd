// SPDX-License-Identifier: GPL-2.0
/* The kernel's own search: alloc_contig_pages(). */
#include <linux/topology.h>

#include "peer.h"

MODULE_DESCRIPTION("allocator to compare with: alloc_contig_pages()");

static int peer_take(unsigned long nr_pages, unsigned long *pfn)
{
	struct page *page;

	page = alloc_contig_pages(nr_pages, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN,
				  numa_mem_id(), NULL);
	if (!page)
		return -ENOMEM;
	*pfn = page_to_pfn(page);
	return 0;
}
