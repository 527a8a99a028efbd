// SPDX-License-Identifier: GPL-2.0
/* A heap of the kernel's own class, where the kernel lets modules add one. */

#include <linux/dma-heap.h>
#include <linux/err.h>
#include <linux/module.h>

#include "compat.h"
#include "heap.h"

static struct dma_buf *lc_heap_core_allocate(struct dma_heap *heap,
					     unsigned long len, u32 fd_flags,
					     u64 heap_flags)
{
	return lc_heap_alloc(dma_heap_get_drvdata(heap), len, fd_flags);
}

static const struct dma_heap_ops lc_heap_core_ops = {
	.allocate = lc_heap_core_allocate,
};

/**
 * lc_heap_core_add - add a heap to the kernel's class
 * @heap: the heap; must live for ever
 *
 * The kernel has no call to remove a heap, so success pins the module.
 *
 * Return: 0 or the error of dma_heap_add().
 */
int lc_heap_core_add(struct lc_heap *heap)
{
	const struct dma_heap_export_info info = {
		.name = heap->name,
		.ops = &lc_heap_core_ops,
		.priv = heap,
	};
	struct dma_heap *core;

	__module_get(THIS_MODULE);
	core = dma_heap_add(&info);
	if (IS_ERR(core)) {
		module_put(THIS_MODULE);
		return PTR_ERR(core);
	}
	return 0;
}

LC_IMPORT_NS(DMA_BUF_HEAP);
