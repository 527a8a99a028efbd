// SPDX-License-Identifier: GPL-2.0
/* Clearing, where the kernel has not done it. */

#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "lazy_contig.h"
#include "observe/trace.h"

/* Between two looks at signals and the scheduler: a millisecond or less. */
#define LC_ZERO_CHUNK	1024UL

static int lc_clear_part(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long i;

	for (i = 0; i < nr_pages; i++) {
		if (i % LC_ZERO_CHUNK == 0) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
		clear_highpage(pfn_to_page(pfn + i));
	}
	trace_lazy_contig_cleared(pfn, nr_pages);
	return 0;
}

/**
 * lc_zero - clear pages unless the kernel has done so already
 * @pfn: first page frame of pages just taken from the page allocator
 * @nr_pages: how many
 *
 * Context: process context, may sleep.
 * Return: 0, or -EINTR if the caller is being killed.
 */
int lc_zero(unsigned long pfn, unsigned long nr_pages)
{
	if (want_init_on_alloc(0) || want_init_on_free())
		return 0;
	return lc_clear_part(pfn, nr_pages);
}

/**
 * lc_clear - clear pages that were in use, by several CPUs if they are many
 * @pfn: first page frame
 * @nr_pages: how many; may be 0
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM, or -EINTR if the caller is being killed.
 */
int lc_clear(unsigned long pfn, unsigned long nr_pages)
{
	return lc_parallel(pfn, nr_pages, lc_clear_part, NULL);
}
