/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * liblazy_contig_gst: a GstAllocator of physically contiguous dma-bufs, for GStreamer 1.x.
 *
 * GstLazyContigAllocator is a GstDmaBufAllocator: its memories are dma-bufs, which
 * elements import, and whose mappings GStreamer synchronizes with devices. Unlike its
 * parent, it allocates: give it to a buffer pool with
 * gst_buffer_pool_config_set_allocator(), or to an element in the answer to its
 * allocation query.
 *
 * Compile and link with "pkg-config --cflags --libs lazy_contig_gst".
 */
#ifndef LAZY_CONTIG_GST_H
#define LAZY_CONTIG_GST_H

#include <gst/allocators/gstdmabuf.h>
#include <gst/gst.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * gst_lazy_contig_allocator_new:
 * @heap: (nullable): as the property "heap"
 * @error: a #GFileError if the heap cannot be opened
 *
 * All threads can allocate from it at the same time.
 *
 * Returns: (transfer full) (nullable): a new allocator, or %NULL with @error set
 */
GstAllocator *gst_lazy_contig_allocator_new(const gchar *heap, GError **error);

/*
 * The type, for g_object_new(). It has properties, to be set when the object is made:
 *
 * "heap" (string, default "lazy_contig"): the name of a heap in /dev/dma_heap, such as
 *	"lazy_contig_dma32", or the path of a heap's node
 * "fd-flags" (unsigned int, default O_RDWR | O_CLOEXEC): flags of the descriptors, see
 *	lazy_contig_heap_alloc(3)
 *
 * The heap is opened once, when the object is made. An object whose heap could not be
 * opened allocates nothing.
 */
#define GST_TYPE_LAZY_CONTIG_ALLOCATOR	(gst_lazy_contig_allocator_get_type())
G_DECLARE_FINAL_TYPE(GstLazyContigAllocator, gst_lazy_contig_allocator, GST,
		     LAZY_CONTIG_ALLOCATOR, GstDmaBufAllocator)

#ifdef __cplusplus
}
#endif

#endif /* LAZY_CONTIG_GST_H */
