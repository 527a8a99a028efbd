// SPDX-License-Identifier: GPL-2.0
/* Clearing, for kernels that do not clear what the page allocator gives. */

#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "lazy_contig.h"
#include "observe/trace.h"

/* Between two looks at signals and the scheduler: a millisecond or less. */
#define LC_ZERO_CHUNK	1024UL

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
	unsigned long i;

	if (want_init_on_alloc(0) || want_init_on_free())
		return 0;
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
