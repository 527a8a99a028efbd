// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A GstAllocator of physically contiguous dma-bufs. */
#include <fcntl.h>
#include <unistd.h>

#include <lazy_contig.h>

#include "lazy_contig_gst.h"

GST_DEBUG_CATEGORY_STATIC(lazy_contig_debug);
#define GST_CAT_DEFAULT lazy_contig_debug

struct _GstLazyContigAllocator {
	GstDmaBufAllocator parent;
	gchar *heap;
	guint fd_flags;
	int heap_fd;		/* -errno if the heap cannot be opened */
};

G_DEFINE_TYPE(GstLazyContigAllocator, gst_lazy_contig_allocator, GST_TYPE_DMABUF_ALLOCATOR)

enum { PROP_HEAP = 1, PROP_FD_FLAGS };

static GstMemory *alloc_memory(GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
	GstLazyContigAllocator *self = GST_LAZY_CONTIG_ALLOCATOR(allocator);
	gsize total = size + params->prefix + params->padding;
	GstMemory *memory;
	int fd;

	fd = lazy_contig_heap_alloc(self->heap_fd, total, self->fd_flags);
	if (fd < 0) {
		GST_ERROR_OBJECT(self, "cannot allocate %" G_GSIZE_FORMAT " bytes from %s: %s",
				 total, self->heap, g_strerror(-fd));
		return NULL;
	}
	memory = gst_dmabuf_allocator_alloc(allocator, fd, total);
	gst_memory_resize(memory, params->prefix, size);
	return memory;
}

static void constructed(GObject *object)
{
	GstLazyContigAllocator *self = GST_LAZY_CONTIG_ALLOCATOR(object);

	G_OBJECT_CLASS(gst_lazy_contig_allocator_parent_class)->constructed(object);
	self->heap_fd = lazy_contig_heap_open(self->heap);
	if (self->heap_fd < 0)
		GST_ERROR_OBJECT(self, "cannot open heap %s: %s", self->heap,
				 g_strerror(-self->heap_fd));
}

static void finalize(GObject *object)
{
	GstLazyContigAllocator *self = GST_LAZY_CONTIG_ALLOCATOR(object);

	if (self->heap_fd >= 0)
		close(self->heap_fd);
	g_free(self->heap);
	G_OBJECT_CLASS(gst_lazy_contig_allocator_parent_class)->finalize(object);
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
	GstLazyContigAllocator *self = GST_LAZY_CONTIG_ALLOCATOR(object);

	if (id == PROP_HEAP)
		self->heap = g_strdup(g_value_get_string(value) ?: LAZY_CONTIG_HEAP);
	else if (id == PROP_FD_FLAGS)
		self->fd_flags = g_value_get_uint(value);
	else
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	GstLazyContigAllocator *self = GST_LAZY_CONTIG_ALLOCATOR(object);

	if (id == PROP_HEAP)
		g_value_set_string(value, self->heap);
	else if (id == PROP_FD_FLAGS)
		g_value_set_uint(value, self->fd_flags);
	else
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_lazy_contig_allocator_class_init(GstLazyContigAllocatorClass *class)
{
	const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
				  G_PARAM_STATIC_STRINGS;
	GObjectClass *object_class = G_OBJECT_CLASS(class);

	GST_DEBUG_CATEGORY_INIT(lazy_contig_debug, "lazy_contig", 0, "lazy_contig allocator");
	GST_ALLOCATOR_CLASS(class)->alloc = alloc_memory;
	object_class->constructed = constructed;
	object_class->finalize = finalize;
	object_class->set_property = set_property;
	object_class->get_property = get_property;
	g_object_class_install_property(object_class, PROP_HEAP,
					g_param_spec_string("heap", "Heap", "Name or path",
							    LAZY_CONTIG_HEAP, flags));
	g_object_class_install_property(object_class, PROP_FD_FLAGS,
					g_param_spec_uint("fd-flags", "Descriptor flags",
							  "Flags of the descriptors", 0, G_MAXUINT,
							  O_RDWR | O_CLOEXEC, flags));
}

static void gst_lazy_contig_allocator_init(GstLazyContigAllocator *self)
{
	/* the parent sets it, because it only wraps descriptors */
	GST_OBJECT_FLAG_UNSET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

GstAllocator *gst_lazy_contig_allocator_new(const gchar *heap, GError **error)
{
	GstLazyContigAllocator *self;

	self = g_object_new(GST_TYPE_LAZY_CONTIG_ALLOCATOR, "heap", heap, NULL);
	gst_object_ref_sink(self);
	if (self->heap_fd >= 0)
		return GST_ALLOCATOR(self);
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(-self->heap_fd),
		    "cannot open heap %s: %s", self->heap, g_strerror(-self->heap_fd));
	gst_object_unref(self);
	return NULL;
}
