// SPDX-License-Identifier: GPL-2.0
/*
 * A module that has memory of lazy_contig while it is loaded. Loading fails
 * with the error of the allocation, or with -EILSEQ if the memory is not zeroed
 * or -ERANGE if it does not lie where it should.
 */

#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "lazy_contig_kernel.h"

static unsigned long len = PAGE_SIZE;
module_param(len, ulong, 0444);

static int node = NUMA_NO_NODE;
module_param(node, int, 0444);

static unsigned long max_addr;
module_param(max_addr, ulong, 0444);

static struct page *memory;

static int lc_client_check(void)
{
	unsigned long size = PAGE_ALIGN(len);

	if (memchr_inv(page_address(memory), 0, size))
		return -EILSEQ;
	if (node != NUMA_NO_NODE && page_to_nid(memory) != node)
		return -ERANGE;
	if (max_addr && page_to_phys(memory) + size - 1 > max_addr)
		return -ERANGE;
	memset(page_address(memory), 0xa5, size);
	return 0;
}

static int __init lc_client_init(void)
{
	int ret;

	memory = lazy_contig_alloc(len, node, max_addr);
	if (IS_ERR(memory))
		return PTR_ERR(memory);
	ret = lc_client_check();
	if (ret)
		lazy_contig_free(memory);
	return ret;
}

static void __exit lc_client_exit(void)
{
	lazy_contig_free(memory);
	lazy_contig_free(NULL);
}

module_init(lc_client_init);
module_exit(lc_client_exit);

MODULE_DESCRIPTION("test client of lazy_contig's functions for other modules");
MODULE_LICENSE("GPL");
