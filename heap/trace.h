/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: one for each step of a request, in the order in which they
 * come. They name page frames; tracefs is for those who may know them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM lazy_contig

#if !defined(LAZY_CONTIG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LAZY_CONTIG_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(lazy_contig_request,
	    TP_PROTO(unsigned long nr_pages, unsigned long align,
		     unsigned long start_pfn, unsigned long end_pfn, int node),
	    TP_ARGS(nr_pages, align, start_pfn, end_pfn, node),
	    TP_STRUCT__entry(__field(unsigned long, nr_pages)
			     __field(unsigned long, align)
			     __field(unsigned long, start_pfn)
			     __field(unsigned long, end_pfn)
			     __field(int, node)),
	    TP_fast_assign(__entry->nr_pages = nr_pages;
			   __entry->align = align;
			   __entry->start_pfn = start_pfn;
			   __entry->end_pfn = end_pfn;
			   __entry->node = node;),
	    TP_printk("nr_pages=%lu align=%lu start_pfn=%#lx end_pfn=%#lx node=%d",
		      __entry->nr_pages, __entry->align, __entry->start_pfn,
		      __entry->end_pfn, __entry->node)
);

TRACE_EVENT(lazy_contig_window,
	    TP_PROTO(int node, int zone, unsigned long pfn,
		     unsigned long to_move, u64 us),
	    TP_ARGS(node, zone, pfn, to_move, us),
	    TP_STRUCT__entry(__field(int, node)
			     __field(int, zone)
			     __field(unsigned long, pfn)
			     __field(unsigned long, to_move)
			     __field(u64, us)),
	    TP_fast_assign(__entry->node = node;
			   __entry->zone = zone;
			   __entry->pfn = pfn;
			   __entry->to_move = to_move;
			   __entry->us = us;),
	    TP_printk("node=%d zone=%d pfn=%#lx to_move=%lu us=%llu",
		      __entry->node, __entry->zone, __entry->pfn,
		      __entry->to_move, __entry->us)
);

TRACE_EVENT(lazy_contig_attempt,
	    TP_PROTO(unsigned long pfn, unsigned long nr_pages, int error,
		     u64 us),
	    TP_ARGS(pfn, nr_pages, error, us),
	    TP_STRUCT__entry(__field(unsigned long, pfn)
			     __field(unsigned long, nr_pages)
			     __field(int, error)
			     __field(u64, us)),
	    TP_fast_assign(__entry->pfn = pfn;
			   __entry->nr_pages = nr_pages;
			   __entry->error = error;
			   __entry->us = us;),
	    TP_printk("pfn=%#lx nr_pages=%lu error=%d us=%llu",
		      __entry->pfn, __entry->nr_pages, __entry->error,
		      __entry->us)
);

DECLARE_EVENT_CLASS(lazy_contig_range,
		    TP_PROTO(unsigned long pfn, unsigned long nr_pages),
		    TP_ARGS(pfn, nr_pages),
		    TP_STRUCT__entry(__field(unsigned long, pfn)
				     __field(unsigned long, nr_pages)),
		    TP_fast_assign(__entry->pfn = pfn;
				   __entry->nr_pages = nr_pages;),
		    TP_printk("pfn=%#lx nr_pages=%lu", __entry->pfn,
			      __entry->nr_pages)
);

DEFINE_EVENT(lazy_contig_range, lazy_contig_pool_hit,
	     TP_PROTO(unsigned long pfn, unsigned long nr_pages),
	     TP_ARGS(pfn, nr_pages)
);

DEFINE_EVENT(lazy_contig_range, lazy_contig_success,
	     TP_PROTO(unsigned long pfn, unsigned long nr_pages),
	     TP_ARGS(pfn, nr_pages)
);

DEFINE_EVENT(lazy_contig_range, lazy_contig_cleared,
	     TP_PROTO(unsigned long pfn, unsigned long nr_pages),
	     TP_ARGS(pfn, nr_pages)
);

DEFINE_EVENT(lazy_contig_range, lazy_contig_release,
	     TP_PROTO(unsigned long pfn, unsigned long nr_pages),
	     TP_ARGS(pfn, nr_pages)
);

TRACE_EVENT(lazy_contig_failure,
	    TP_PROTO(unsigned long nr_pages, const char *reason,
		     unsigned int attempts),
	    TP_ARGS(nr_pages, reason, attempts),
	    TP_STRUCT__entry(__field(unsigned long, nr_pages)
			     __array(char, reason, 16)
			     __field(unsigned int, attempts)),
	    TP_fast_assign(__entry->nr_pages = nr_pages;
			   strscpy(__entry->reason, reason, 16);
			   __entry->attempts = attempts;),
	    TP_printk("nr_pages=%lu reason=%s attempts=%u", __entry->nr_pages,
		      __entry->reason, __entry->attempts)
);

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
