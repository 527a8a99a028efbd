// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: GStreamer allocates contiguous buffers
 *
 * With the module: for root, in a virtual machine.
 */
#include <fcntl.h>
#include <unistd.h>

#include <lazy_contig.h>

#include "lazy_contig_gst.h"
#include "tap.h"

#define SIZE	(640 * 480 * 2)

/* Is the memory a buffer of lazy_contig of at least this size? */
static gboolean contiguous(GstMemory *memory, guint64 size, guint64 *phys)
{
	struct lazy_contig_query info;
	int dev = lazy_contig_device_open(), err = -1;

	if (gst_is_dmabuf_memory(memory))
		err = lazy_contig_query(dev, gst_dmabuf_memory_get_fd(memory), &info,
					sizeof(info));
	close(dev);
	*phys = err ? 0 : info.phys_addr;
	return !err && info.len >= size;
}

static void test_alloc(GstAllocator *allocator)
{
	GstAllocationParams params;
	GstMemory *memory;
	GstMapInfo map;
	guint64 phys;

	memory = gst_allocator_alloc(allocator, SIZE, NULL);
	ok(memory && contiguous(memory, SIZE, &phys), "allocate");
	ok(phys && phys + SIZE <= 1ULL << 32, "from the heap of the property");
	ok(gst_memory_get_sizes(memory, NULL, NULL) == SIZE, "of the size");
	ok(gst_memory_map(memory, &map, GST_MAP_READWRITE) && map.size == SIZE && !map.data[0] &&
	   !map.data[SIZE - 1], "map");
	map.data[SIZE - 1] = 1;
	gst_memory_unmap(memory, &map);
	gst_memory_unref(memory);

	gst_allocation_params_init(&params);
	params.prefix = 100;
	params.padding = 8000;
	memory = gst_allocator_alloc(allocator, 4096, &params);
	ok(memory && contiguous(memory, 100 + 4096 + 8000, &phys), "with prefix and padding");
	ok(memory->offset == 100 && memory->size == 4096 && memory->maxsize == 12196,
	   "which are where they should be");
	gst_memory_unref(memory);

	memory = gst_allocator_alloc(allocator, (gsize)1 << 50, NULL);
	ok(!memory, "more than the memory");
}

static void test_pool(GstAllocator *allocator)
{
	GstBufferPool *pool = gst_buffer_pool_new();
	GstStructure *config = gst_buffer_pool_get_config(pool);
	GstBuffer *buffer = NULL;
	guint64 phys;

	gst_buffer_pool_config_set_params(config, NULL, SIZE, 2, 4);
	gst_buffer_pool_config_set_allocator(config, allocator, NULL);
	ok(gst_buffer_pool_set_config(pool, config) && gst_buffer_pool_set_active(pool, TRUE),
	   "a pool takes the allocator");
	ok(gst_buffer_pool_acquire_buffer(pool, &buffer, NULL) == GST_FLOW_OK &&
	   contiguous(gst_buffer_peek_memory(buffer, 0), SIZE, &phys), "and has its buffers");
	gst_buffer_unref(buffer);
	gst_buffer_pool_set_active(pool, FALSE);
	gst_object_unref(pool);
}

static void test_properties(GstAllocator *allocator)
{
	GstAllocator *other;
	GstMemory *memory;
	GstMapInfo map;
	guint flags;
	gchar *heap;

	g_object_get(allocator, "heap", &heap, "fd-flags", &flags, NULL);
	ok(!g_strcmp0(heap, LAZY_CONTIG_HEAP_DMA32) && flags == (O_RDWR | O_CLOEXEC),
	   "properties");
	g_free(heap);

	other = g_object_new(GST_TYPE_LAZY_CONTIG_ALLOCATOR, "fd-flags", O_RDONLY, NULL);
	gst_object_ref_sink(other);
	g_object_get(other, "heap", &heap, NULL);
	ok(!g_strcmp0(heap, LAZY_CONTIG_HEAP), "the default heap");
	g_free(heap);
	memory = gst_allocator_alloc(other, 4096, NULL);
	ok(memory && fcntl(gst_dmabuf_memory_get_fd(memory), F_GETFD) == 0 &&
	   !gst_memory_map(memory, &map, GST_MAP_WRITE), "a descriptor that is read-only");
	gst_memory_unref(memory);
	gst_object_unref(other);
}

static void test_errors(void)
{
	GError *error = NULL;

	ok(!gst_lazy_contig_allocator_new("no_such_heap", &error) &&
	   g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT), "an unknown heap");
	g_clear_error(&error);
}

int main(int argc, char **argv)
{
	GstAllocator *allocator;

	gst_init(&argc, &argv);
	allocator = gst_lazy_contig_allocator_new(LAZY_CONTIG_HEAP_DMA32, NULL);
	ok(!!allocator, "make an allocator");
	test_alloc(allocator);
	test_pool(allocator);
	test_properties(allocator);
	gst_object_unref(allocator);
	test_errors();
	return tap_done();
}
