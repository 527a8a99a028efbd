/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lazy_contig for other kernel modules: physically contiguous memory without a
 * dma-buf. Build with this folder among the include paths and with
 * lazy_contig's Module.symvers in KBUILD_EXTRA_SYMBOLS. A module that uses these
 * functions pins lazy_contig.
 */
#ifndef LAZY_CONTIG_KERNEL_H
#define LAZY_CONTIG_KERNEL_H

#include <linux/types.h>

struct lc_range;
struct page;

/**
 * lazy_contig_alloc - allocate physically contiguous memory
 * @len: length in bytes, rounded up to whole pages; not 0
 * @node: NUMA node of all memory, or NUMA_NO_NODE to follow the memory policy
 *	and the cpuset of the current process
 * @max_addr: highest physical address of any byte, for example DMA_BIT_MASK(32);
 *	0 means no limit
 *
 * Every byte is zero. The memory is charged to the user of the current process
 * and shown in /proc/iomem. Each page has one reference, which belongs to the
 * caller until lazy_contig_free(); further references must be dropped before.
 * The caller may use struct page as for pages of the page allocator.
 *
 * Context: process context, may sleep; bounded by the parameter time_limit_ms,
 * ended early by a fatal signal.
 * Return: the first page, or an ERR_PTR: -EINVAL @len is 0 or wraps, or @node
 * is not online; -ENOMEM @len exceeds what the machine or a limit could give, or
 * no range was found; -EINTR the current process is being killed.
 */
struct page *lazy_contig_alloc(size_t len, int node, u64 max_addr);

/**
 * lazy_contig_free - free memory of lazy_contig_alloc()
 * @page: the first page, as returned there; NULL is ignored
 *
 * Context: process context, may sleep.
 */
void lazy_contig_free(struct page *page);

/**
 * lazy_contig_hold - take a reference to a kept buffer
 * @phys_addr: physical address of its first byte
 * @len: out: its length in bytes
 *
 * Until lazy_contig_release() the buffer cannot be resized, and its memory stays
 * even if the buffer is freed by its address: unlike LAZY_CONTIG_HOLD of the UAPI,
 * this does not make LAZY_CONTIG_IOCTL_FREE fail.
 *
 * Context: process context, may sleep.
 * Return: a handle, or an ERR_PTR: -ENOENT no kept buffer begins there; -EINTR
 * the current process is being killed.
 */
struct lc_range *lazy_contig_hold(u64 phys_addr, u64 *len);

/**
 * lazy_contig_release - drop a reference of lazy_contig_hold()
 * @range: the handle
 *
 * Context: process context, may sleep.
 */
void lazy_contig_release(struct lc_range *range);

#endif
