/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lazy_contig for other kernel modules: physically contiguous memory without a
 * dma-buf. Build with this folder among the include paths and with
 * lazy_contig's Module.symvers in KBUILD_EXTRA_SYMBOLS. Who calls these
 * functions keeps lazy_contig loaded.
 */
#ifndef LAZY_CONTIG_KERNEL_H
#define LAZY_CONTIG_KERNEL_H

#include <linux/types.h>

struct lc_range;
struct page;

/**
 * lazy_contig_alloc - allocate physically contiguous memory
 * @len: length in bytes, rounded up to whole pages; not 0
 * @node: the NUMA node that all of it must come from, or NUMA_NO_NODE to
 *	follow the memory policy and the cpuset of the current process
 * @max_addr: highest physical address that any byte may have, for example
 *	DMA_BIT_MASK(32); 0 means no limit
 *
 * Every byte is zero. The memory is accounted to the user of the current
 * process and shown in /proc/iomem. Each page has one reference, which
 * lazy_contig_free() drops; whoever took further ones must have dropped them
 * before. Of struct page the caller may use what the user of allocated pages
 * may use.
 *
 * Context: process context, may sleep for as long as the parameter
 * time_limit_ms lets a request search; a fatal signal ends it early.
 * Return: the first page, or an ERR_PTR: -EINVAL @len is 0 or wraps, or @node
 * is not online; -ENOMEM more than the machine or the limits could give, or no
 * place found; -EINTR the current process is being killed.
 */
struct page *lazy_contig_alloc(size_t len, int node, u64 max_addr);

/**
 * lazy_contig_free - return memory
 * @page: what lazy_contig_alloc() returned, once; NULL is ignored
 *
 * Context: process context, may sleep.
 */
void lazy_contig_free(struct page *page);

/**
 * lazy_contig_hold - use a kept buffer of user space
 * @phys_addr: physical address of its first byte
 * @len: out: its length in bytes
 *
 * The buffer can be freed by its address meanwhile, but its memory stays until
 * lazy_contig_release(). It cannot be resized.
 *
 * Context: process context, may sleep.
 * Return: a handle, or an ERR_PTR: -ENOENT no kept buffer begins there; -EINTR
 * the current process is being killed.
 */
struct lc_range *lazy_contig_hold(u64 phys_addr, u64 *len);

/**
 * lazy_contig_release - end lazy_contig_hold()
 * @range: what it returned
 *
 * Context: process context, may sleep.
 */
void lazy_contig_release(struct lc_range *range);

#endif
