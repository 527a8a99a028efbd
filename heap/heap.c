// SPDX-License-Identifier: GPL-2.0
/* The heaps and how they become visible; where a heap allocation begins. */

#include <linux/dma-buf.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "heap.h"
#include "lazy_contig.h"

static bool core_heap = true;
module_param(core_heap, bool, 0444);
MODULE_PARM_DESC(core_heap,
		 "be a heap of the kernel's dma_heap class where the kernel allows it; such a module cannot be unloaded");

#define LC_MAX_ALIASES	8

static char *alias;
module_param(alias, charp, 0444);
MODULE_PARM_DESC(alias,
		 "further names for the heap, separated by colons, for programs that know no other, such as linux,cma:reserved");

/* The aliases come behind the two heaps that are always there. */
static struct lc_heap lc_heaps[2 + LC_MAX_ALIASES] = {
	{
		.name = LC_NAME,
		.end_pfn = LC_NO_LIMIT,
	},
	{
		.name = LC_NAME "_dma32",
		.end_pfn = SZ_4G >> PAGE_SHIFT,
	},
};

static unsigned int lc_nr_heaps = 2;
static char *lc_alias_names;

/**
 * lc_heap_alloc - allocate a buffer from a heap
 * @heap: the heap
 * @len: length in bytes, rounded up to whole pages
 * @fd_flags: flags of the dma-buf's file
 *
 * Context: process context, may sleep for as long as a request may search.
 * Return: a dma-buf that the caller owns, or an ERR_PTR: -EINVAL for a length
 * that is 0 or wraps, and the errors of lc_alloc() and lc_buffer_export().
 */
struct dma_buf *lc_heap_alloc(const struct lc_heap *heap, u64 len, u32 fd_flags)
{
	struct lc_request req = {
		.nr_pages = PAGE_ALIGN(len) >> PAGE_SHIFT,
		.align = 1,
		.end_pfn = heap->end_pfn,
		.node = NUMA_NO_NODE,
		.name = LC_NAME,
	};
	struct dma_buf *dmabuf;
	struct lc_range *range;

	if (!req.nr_pages)
		return ERR_PTR(-EINVAL);
	range = lc_alloc(&req);
	if (IS_ERR(range))
		return ERR_CAST(range);
	range->pristine = true;
	dmabuf = lc_buffer_export(range, heap->name, fd_flags);
	lc_range_put(range);
	return dmabuf;
}

#ifdef HAVE_DMA_HEAP_ADD
static bool lc_want_core_heap(void)
{
	return core_heap;
}
#else
static bool lc_want_core_heap(void)
{
	return false;
}

int lc_heap_core_add(struct lc_heap *heap)
{
	return -EOPNOTSUPP;
}
#endif

static int lc_add_aliases(char *names)
{
	char *name;

	while ((name = strsep(&names, ":"))) {
		if (!*name || strchr(name, '/') ||
		    lc_nr_heaps == ARRAY_SIZE(lc_heaps))
			return -EINVAL;
		lc_heaps[lc_nr_heaps++] = (struct lc_heap) {
			.name = name,
			.end_pfn = LC_NO_LIMIT,
		};
	}
	return 0;
}

/**
 * lc_heaps_init - make the heaps visible
 *
 * Must be the last step of loading: a heap of the kernel's class cannot be
 * taken back, and users may allocate before this returns.
 *
 * Return: 0, -ENOMEM, -EINVAL for an alias that is no file name or one too
 * many, or the error of the first heap that could not be added.
 */
int lc_heaps_init(void)
{
	unsigned int i;
	int ret;

	/* The parameter's own copy stays whole, for those who read it. */
	lc_alias_names = kstrdup(alias ?: "", GFP_KERNEL);
	if (!lc_alias_names)
		return -ENOMEM;
	ret = alias ? lc_add_aliases(lc_alias_names) : 0;
	if (ret)
		goto free_names;
	for (i = 0; i < lc_nr_heaps; i++) {
		ret = lc_want_core_heap() ? lc_heap_core_add(&lc_heaps[i]) :
					    lc_heap_node_add(&lc_heaps[i]);
		if (ret)
			goto remove_nodes;
	}
	return 0;

remove_nodes:
	if (lc_want_core_heap() && i) {
		/* those before cannot be taken back, so the module has to stay */
		pr_err("heap %s could not be added: %d\n", lc_heaps[i].name, ret);
		return 0;
	}
	while (i--)
		lc_heap_node_remove(&lc_heaps[i]);
free_names:
	kfree(lc_alias_names);
	return ret;
}

/** lc_heaps_exit - remove the heaps; reached only if they are nodes of our own */
void lc_heaps_exit(void)
{
	while (lc_nr_heaps--)
		lc_heap_node_remove(&lc_heaps[lc_nr_heaps]);
	kfree(lc_alias_names);
}
