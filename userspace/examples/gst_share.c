// SPDX-License-Identifier: GPL-2.0 OR MIT
/* cc gst_share.c $(pkg-config --cflags --libs lazy_contig gstreamer-{allocators,video}-1.0) */
/*
 * GStreamer with contiguous buffers: a source writes into them, and a second process
 * reads the same buffers.
 *
 * gst_share send SOCKET [SOURCE]	SOURCE as for gst-launch-1.0; default: test frames
 * gst_share receive SOCKET [SINK]	default: fakesink
 *
 * At the end, each process prints a summary of the frames. If both are equal, no frame
 * was lost, changed or copied.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <gst/allocators/gstdmabuf.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <lazy_contig.h>

#define SOURCE	"videotestsrc num-buffers=300 ! video/x-raw,format=YUY2,width=640,height=480"
#define SENDER	"unixfdsink name=sink wait-for-connection=true socket-path="
#define BUFFERS_MIN	4
#define BUFFERS_MAX	16

/* A GstAllocator for dma-bufs of the heap. */
G_DECLARE_FINAL_TYPE(HeapAllocator, heap_allocator, HEAP, ALLOCATOR, GstDmaBufAllocator)
struct _HeapAllocator {
	GstDmaBufAllocator parent;
};

G_DEFINE_TYPE(HeapAllocator, heap_allocator, GST_TYPE_DMABUF_ALLOCATOR)

static GstMemory *heap_alloc(struct _GstAllocator *allocator, gsize size,
			     struct _GstAllocationParams *params)
{
	/* below 4 GiB, for cameras without an IOMMU */
	int fd = lazy_contig_alloc(LAZY_CONTIG_HEAP_DMA32, size + params->prefix + params->padding,
				   O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		g_printerr("allocate: %s (run 'lazy-contig doctor')\n", strerror(-fd));
		return NULL;
	}
	return gst_dmabuf_allocator_alloc(allocator, fd, size);
}

static void heap_allocator_class_init(HeapAllocatorClass *class)
{
	GST_ALLOCATOR_CLASS(class)->alloc = heap_alloc;
}

static void heap_allocator_init(HeapAllocator *allocator)
{
	GST_OBJECT_FLAG_UNSET(allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

/* Summary of the frames. */
struct seen {
	guint frames;
	guint foreign;		/* frames that were not in one buffer of lazy_contig */
	guint64 checksum;
	int dev;		/* the control device */
	GHashTable *buffers;	/* set of their physical addresses */
	char *caps;
};

static void see_frame(struct seen *seen, GstBuffer *frame)
{
	GstMemory *memory = gst_buffer_peek_memory(frame, 0);
	struct lazy_contig_query where;
	GstMapInfo map;
	gsize i;

	seen->frames++;
	if (gst_buffer_n_memory(frame) != 1 || !gst_is_dmabuf_memory(memory) ||
	    lazy_contig_query(seen->dev, gst_dmabuf_memory_get_fd(memory), &where,
			      sizeof(where))) {
		seen->foreign++;
		return;
	}
	g_hash_table_add(seen->buffers, GSIZE_TO_POINTER(where.phys_addr));
	if (!gst_memory_map(memory, &map, GST_MAP_READ))
		return;
	for (i = 0; i + sizeof(guint64) <= map.size; i += sizeof(guint64))
		seen->checksum = seen->checksum * 31 + *(guint64 *)(map.data + i);
	gst_memory_unmap(memory, &map);
}

static gsize frame_size(GstCaps *caps)
{
	GstVideoInfoDmaDrm drm;
	GstVideoInfo info;

	if (!caps)
		return 0;
	if (gst_video_info_dma_drm_from_caps(&drm, caps))
		return gst_video_info_dma_drm_to_video_info(&drm, &info) ? info.size : 0;
	return gst_video_info_from_caps(&info, caps) ? info.size : 0;
}

/* Answers the allocation query of the source with a pool of buffers of the heap. */
static GstPadProbeReturn offer_buffers(GstQuery *query)
{
	GstAllocator *allocator;
	GstStructure *config;
	GstBufferPool *pool;
	GstCaps *caps;
	gsize size;

	gst_query_parse_allocation(query, &caps, NULL);
	size = frame_size(caps);
	if (!size)
		return GST_PAD_PROBE_OK;
	allocator = g_object_new(heap_allocator_get_type(), NULL);
	pool = gst_buffer_pool_new();
	config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_set_params(config, caps, size, BUFFERS_MIN, BUFFERS_MAX);
	gst_buffer_pool_config_set_allocator(config, allocator, NULL);
	gst_buffer_pool_set_config(pool, config);
	gst_query_add_allocation_param(query, allocator, NULL);
	gst_query_add_allocation_pool(query, pool, size, BUFFERS_MIN, BUFFERS_MAX);
	gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
	gst_object_unref(pool);
	gst_object_unref(allocator);
	return GST_PAD_PROBE_HANDLED;
}

/* Adds the DMABuf feature to the caps of a source that does not announce it. */
static GstEvent *as_dmabuf(GstEvent *event)
{
	GstVideoInfo info;
	GstEvent *dmabuf;
	GstCaps *caps;
	char *format;
	guint32 fourcc;

	gst_event_parse_caps(event, &caps);
	if (gst_video_is_dma_drm_caps(caps) || !gst_video_info_from_caps(&info, caps))
		return event;
	fourcc = gst_video_dma_drm_fourcc_from_format(GST_VIDEO_INFO_FORMAT(&info));
	format = gst_video_dma_drm_fourcc_to_string(fourcc, 0);
	caps = gst_caps_copy(caps);
	gst_caps_set_features_simple(caps, gst_caps_features_new_single("memory:DMABuf"));
	gst_caps_set_simple(caps, "format", G_TYPE_STRING, "DMA_DRM", "drm-format",
			    G_TYPE_STRING, format, NULL);
	dmabuf = gst_event_new_caps(caps);
	gst_caps_unref(caps);
	gst_event_unref(event);
	g_free(format);
	return dmabuf;
}

/* Probe of the pad of the sink, for queries, events and buffers. */
static GstPadProbeReturn sink_probe(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	struct seen *seen = data;
	GstCaps *caps;

	if (info->type & GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM) {
		if (GST_QUERY_TYPE(info->data) == GST_QUERY_ALLOCATION)
			return offer_buffers(info->data);
		return GST_PAD_PROBE_OK;
	}
	if (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
		if (GST_EVENT_TYPE(info->data) == GST_EVENT_CAPS)
			info->data = as_dmabuf(info->data);
		return GST_PAD_PROBE_OK;
	}
	if (!seen->caps) {
		caps = gst_pad_get_current_caps(pad);
		seen->caps = gst_caps_to_string(caps);
		gst_caps_unref(caps);
	}
	see_frame(seen, info->data);
	return GST_PAD_PROBE_OK;
}

/* Runs a pipeline to its end. The name of its last element is sink. */
static gboolean run(const char *description, struct seen *seen)
{
	GError *error = NULL;
	GstElement *pipeline = gst_parse_launch(description, &error), *sink;
	GstMessage *message;
	GstPad *pad;

	if (error) {
		g_printerr("%s\n", error->message);
		return FALSE;
	}
	sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
	pad = gst_element_get_static_pad(sink, "sink");
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
			  GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, sink_probe, seen, NULL);
	gst_element_set_state(pipeline, GST_STATE_PLAYING);
	message = gst_bus_timed_pop_filtered(GST_ELEMENT_BUS(pipeline), GST_CLOCK_TIME_NONE,
					     GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
	if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
		gst_message_parse_error(message, &error, NULL);
	gst_message_unref(message);
	gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_object_unref(pad);
	gst_object_unref(sink);
	gst_object_unref(pipeline);
	if (error)
		g_printerr("%s\n", error->message);
	return !error;
}

int main(int argc, char **argv)
{
	struct seen seen = {
		.dev = lazy_contig_device_open(),
		.buffers = g_hash_table_new(NULL, NULL),
	};
	gboolean send = argc > 2 && !strcmp(argv[1], "send");
	char *description;

	gst_init(&argc, &argv);
	if (argc < 3 || argc > 4 || (!send && strcmp(argv[1], "receive"))) {
		g_printerr("usage: gst_share send SOCKET [SOURCE] | receive SOCKET [SINK]\n");
		return 2;
	}
	if (send)
		description = g_strdup_printf("%s ! " SENDER "%s", argc > 3 ? argv[3] : SOURCE,
					      argv[2]);
	else
		description = g_strdup_printf("unixfdsrc socket-path=%s ! %s name=sink", argv[2],
					      argc > 3 ? argv[3] : "fakesink");
	if (!run(description, &seen))
		return 1;
	printf("%u frames in %u buffers, %u elsewhere, checksum %016" G_GINT64_MODIFIER "x, %s\n",
	       seen.frames, g_hash_table_size(seen.buffers), seen.foreign, seen.checksum,
	       seen.caps ? seen.caps : "nothing");
	return 0;
}
