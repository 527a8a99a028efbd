// SPDX-License-Identifier: GPL-2.0
#include "ops.h"

#define SMALL		KIB(64)
#define LARGE		(MIB(8) + PAGE)
/* more than one part, so that several processors work on it */
#define PARTS		(MIB(40) + PAGE)

static int heap, control, imp;
/* what the operations work on; -1, 0 or NULL if there is none */
static int buf = -1;
static size_t buf_len;
static unsigned char *mem;
static uint64_t phys;
static uint32_t attachment;
static struct lci_map map;
static bool mapped, vmapped;

static int alloc_len(size_t len)
{
	buf_len = len;
	buf = heap_alloc(heap, len);
	return buf < 0 ? buf : 0;
}

static int alloc_small(void)
{
	return alloc_len(SMALL);
}

static int alloc_large(void)
{
	return alloc_len(LARGE);
}

static int alloc_parts(void)
{
	return alloc_len(PARTS);
}

static void buf_drop(void)
{
	if (buf >= 0)
		close(buf);
	buf = -1;
}

/* A buffer handed over in spite of a failure is as good as any. */
static void alloc_undo(void)
{
	if (buf >= 0) {
		mem = buf_map(buf, buf_len);
		if (!all_zero(mem, buf_len))
			bail("a buffer that is not zero");
		munmap(mem, buf_len);
	}
	buf_drop();
}

static void buf_prepare(void)
{
	int err = alloc_len(LARGE);

	if (err)
		bail("allocate: %s", strerror(-err));
}

static int control_alloc(unsigned int flags)
{
	struct lazy_contig_allocation alloc = kept_request(LARGE, OPS_NAME);

	alloc.flags = flags;
	buf_len = LARGE;
	buf = kept_alloc(control, &alloc);
	phys = alloc.phys_addr;
	return buf < 0 ? buf : 0;
}

static int alloc_named(void)
{
	return control_alloc(0);
}

static int alloc_pinnable(void)
{
	return control_alloc(LAZY_CONTIG_PINNABLE);
}

static int alloc_kept(void)
{
	return control_alloc(LAZY_CONTIG_KEEP);
}

static void kept_undo(void)
{
	if (buf >= 0 && kept_free(control, phys))
		bail("a kept buffer is gone");
	alloc_undo();
}

static void kept_prepare(void)
{
	phys = kept_new(control, SMALL, OPS_NAME);
	kept_fill(control, phys, SMALL, 1);
}

static int open_kept(void)
{
	buf = kept_open(control, phys, NULL);
	return buf < 0 ? buf : 0;
}

static void open_undo(void)
{
	buf_drop();
	if (kept_free(control, phys))
		bail("the kept buffer is gone");
}

static int grow_kept(void)
{
	return kept_resize(control, &phys, LARGE);
}

static int shrink_kept(void)
{
	return kept_resize(control, &phys, PAGE);
}

static void resize_undo(void)
{
	if (!kept_holds(control, phys, PAGE, 1) || kept_free(control, phys))
		bail("the resized buffer is not what it was");
}

static int free_kept(void)
{
	int err = kept_free(control, phys);

	if (!err)
		phys = 0;
	return err;
}

static void free_undo(void)
{
	if (phys && kept_free(control, phys))
		bail("the kept buffer is gone");
}

static int query(void)
{
	struct lazy_contig_query q = { .size = sizeof(q), .fd = buf };

	return call(control, LAZY_CONTIG_IOCTL_QUERY, &q);
}

static int sync_start(void)
{
	return buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
}

static int sync_part(void)
{
	struct lazy_contig_sync sync = {
		.size = sizeof(sync),
		.fd = buf,
		.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW,
		.offset = 1,
		.len = PAGE,
	};

	return call(control, LAZY_CONTIG_IOCTL_SYNC, &sync);
}

static int set_name(void)
{
	return call(buf, DMA_BUF_SET_NAME_B, "a name");
}

static int map_buf(void)
{
	mem = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED, buf, 0);
	if (mem == MAP_FAILED)
		mem = NULL;
	return mem ? 0 : -errno;
}

static void map_undo(void)
{
	if (mem)
		munmap(mem, LARGE);
	mem = NULL;
	buf_drop();
}

static void map_prepare(void)
{
	pool_drop();
	buf_prepare();
	/* where huge entries fit, or there would be nothing left to do */
	mem = mmap(room_new(LARGE), LARGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, buf, 0);
	if (mem == MAP_FAILED)
		bail("mmap: %m");
}

/*
 * The kernel repeats a fault that found no memory, and newer ones have the page
 * table before they ask us: there need not be anything that can fail.
 */
static int touch(void)
{
	size_t at;

	for (at = 0; at < LARGE; at += PAGE)
		((volatile unsigned char *)mem)[at] = 1;
	return 0;
}

static int pins[2];

static void pin_prepare(void)
{
	int err = alloc_pinnable();

	if (err || pipe(pins))
		bail("no pinnable buffer, or no pipe");
	map_buf();
}

static int pin_some(void)
{
	struct iovec iov = { mem + PAGE, 8 * PAGE };
	ssize_t len = vmsplice(pins[1], &iov, 1, SPLICE_F_NONBLOCK);

	return len < 0 ? -errno : 0;
}

static void pin_undo(void)
{
	close(pins[0]);
	close(pins[1]);
	map_undo();
	/* and what was pinned until now */
	pool_drop();
}

static void pinned_prepare(void)
{
	int err;

	pin_prepare();
	err = pin_some();
	if (err)
		bail("vmsplice: %s", strerror(-err));
}

static int end_pinned(void)
{
	map_undo();
	return 0;
}

static int attach(void)
{
	return importer_attach(imp, buf, 64, &attachment);
}

static void attach_undo(void)
{
	if (vmapped)
		call(imp, LCI_VUNMAP, &attachment);
	if (mapped)
		call(imp, LCI_UNMAP, &map.map);
	if (attachment && call(imp, LCI_DETACH, &attachment))
		bail("cannot detach");
	attachment = 0;
	mapped = false;
	vmapped = false;
	buf_drop();
}

static void attach_prepare(void)
{
	buf_prepare();
	if (attach())
		bail("cannot attach");
}

static int map_attached(void)
{
	int err = importer_map(imp, attachment, 0, &map);

	mapped = !err;
	return err;
}

static int vmap_attached(void)
{
	int err = call(imp, LCI_VMAP, &attachment);

	vmapped = !err;
	return err;
}

static void nothing(void)
{
}

const struct op buffer_ops[] = {
	{ "allocating 64 KiB", nothing, alloc_small, alloc_undo, ALLOC | COPY, NULL },
	{ "allocating 8 MiB", nothing, alloc_large, alloc_undo, ALLOC | COPY, NULL },
	{ "allocating in parts", nothing, alloc_parts, alloc_undo, ALLOC | COPY, NULL },
	{ "ALLOC", nothing, alloc_named, alloc_undo, ALLOC | COPY, NULL },
	{ "ALLOC with KEEP", nothing, alloc_kept, kept_undo, ALLOC | COPY, NULL },
	{ "ALLOC, pinnable", nothing, alloc_pinnable, alloc_undo, ALLOC | COPY, NULL },
	{ "OPEN", kept_prepare, open_kept, open_undo, ALLOC | COPY, NULL },
	{ "RESIZE, growing", kept_prepare, grow_kept, resize_undo, ALLOC | COPY, NULL },
	{ "RESIZE, shrinking", kept_prepare, shrink_kept, resize_undo, COPY, NULL },
	{ "FREE", kept_prepare, free_kept, free_undo, COPY, NULL },
	{ "QUERY", buf_prepare, query, buf_drop, COPY, NULL },
	{ "SYNC", buf_prepare, sync_part, buf_drop, COPY, NULL },
	{ "DMA_BUF_IOCTL_SYNC", buf_prepare, sync_start, buf_drop, COPY, NULL },
	{ "SET_NAME", buf_prepare, set_name, buf_drop, ALLOC | COPY, NULL },
	{ "mmap", buf_prepare, map_buf, map_undo, ALLOC, NULL },
	{ "touching a mapping", map_prepare, touch, map_undo, 0, NULL },
	{ "pinning a mapping", pin_prepare, pin_some, pin_undo, ALLOC, NULL },
	{ "ending a pinned buffer", pinned_prepare, end_pinned, pin_undo, 0, NULL },
	{ "attaching a device", buf_prepare, attach, attach_undo, ALLOC,
	  "dma_buf_dynamic_attach" },
	{ "mapping for it", attach_prepare, map_attached, attach_undo, ALLOC,
	  "dma_buf_map_attachment" },
	{ "vmap", attach_prepare, vmap_attached, attach_undo, 0,
	  "dma_buf_vmap" },
};

const size_t nr_buffer_ops = ARRAY_SIZE(buffer_ops);

void buffer_ops_begin(void)
{
	heap = heap_open(HEAP);
	control = control_open();
	imp = importer_open();
}

void buffer_ops_end(void)
{
	close(imp);
	close(control);
	close(heap);
}
