// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: one dma-buf is one GEM handle; it lives until its last holder lets go
 * Promise: buffer: drivers take buffers as they take memory of their own
 */
#include "drm.h"

#define LEN	MIB(2)

/* What can hold a buffer; the order in which they let go is a permutation. */
enum holder { FD, MAPPING, HANDLE, EXPORT, HOLDERS };

struct held {
	int drm, fd, export;
	uint32_t handle;
	unsigned char *mem;
};

static void take(struct held *held, int heap, int drm)
{
	held->drm = drm;
	held->fd = buf_new(heap, LEN);
	held->mem = buf_map(held->fd, LEN);
	if (drm_import(drm, held->fd, &held->handle))
		bail("import: %m");
	held->export = drm_export(drm, held->handle);
	if (held->export < 0)
		bail("export: %s", strerror(-held->export));
}

static void let_go(struct held *held, enum holder holder)
{
	switch (holder) {
	case FD:
		close(held->fd);
		break;
	case MAPPING:
		munmap(held->mem, LEN);
		break;
	case HANDLE:
		drm_close_handle(held->drm, held->handle);
		break;
	default:
		close(held->export);
	}
}

/* The n-th order of the holders, n below HOLDERS! */
static void nth_order(unsigned int n, enum holder order[HOLDERS])
{
	unsigned int left, pick;
	enum holder swap;
	int i;

	for (i = 0; i < HOLDERS; i++)
		order[i] = i;
	for (i = 0; i < HOLDERS - 1; i++) {
		left = HOLDERS - i;
		pick = i + n % left;
		n /= left;
		swap = order[i];
		order[i] = order[pick];
		order[pick] = swap;
	}
}

/* The buffer is released with its last reference, in any order. */
static bool order_holds(int heap, int drm, const enum holder order[HOLDERS])
{
	int others = iomem_count(), i, lines;
	struct held held;
	uint64_t phys;

	take(&held, heap, drm);
	phys = buf_phys(held.fd);
	for (i = 0; i < HOLDERS; i++) {
		if (!iomem_has(phys, LEN)) {
			diag("gone when %d have let go", i);
			return false;
		}
		let_go(&held, order[i]);
	}
	lines = iomem_count();
	if (lines != others)
		diag("there when all have let go");
	return lines == others;
}

static void test_orders(int heap, int drm, const char *driver)
{
	enum holder order[HOLDERS];
	unsigned int n, wrong = 0;

	for (n = 0; n < 24; n++) {
		nth_order(n, order);
		if (order_holds(heap, drm, order))
			continue;
		diag("order %d %d %d %d", order[0], order[1], order[2], order[3]);
		wrong++;
	}
	is(wrong, 0, "%s: a buffer lives until all that hold it let go, in every order", driver);
}

/* One buffer, one handle, one dma-buf, however often it goes in and out. */
static void test_identity(int heap, int drm, const char *driver)
{
	int buf = buf_new(heap, LEN), other = buf_new(heap, LEN), twin = dup(buf), out;
	uint32_t handle = 0, again = 0, third = 0, stranger = 0;

	is(drm_import(drm, buf, &handle), 0, "%s imports a buffer", driver);
	is(drm_import(drm, buf, &again), 0, "%s imports it again", driver);
	is(again, handle, "%s: and gives the same handle", driver);
	is(drm_import(drm, twin, &third), 0, "%s imports a duplicate descriptor", driver);
	is(third, handle, "%s: which is the same handle", driver);
	is(drm_import(drm, other, &stranger), 0, "%s imports another buffer", driver);
	ok(stranger != handle, "%s: which is another handle", driver);

	out = drm_export(drm, handle);
	ok(out >= 0, "%s exports it", driver);
	is(dmabuf_inode(out), dmabuf_inode(buf), "%s: as the same dma-buf", driver);
	is(buf_phys(out), buf_phys(buf), "%s: at the same place", driver);
	ok(dmabuf_inode(out) != dmabuf_inode(other), "%s: and not as another", driver);
	drm_close_handle(drm, stranger);
	drm_close_handle(drm, handle);
	close(out);
	close(twin);
	close(other);
	close(buf);
}

/* Mapped before the import, written on both sides of it. */
static void test_both_sides(int heap, int drm, const char *driver)
{
	int buf = buf_new(heap, LEN), out;
	unsigned char *mem = buf_map(buf, LEN), *far;
	uint32_t handle;

	pattern_fill(mem, LEN, 1);
	if (drm_import(drm, buf, &handle))
		bail("import: %m");
	out = drm_export(drm, handle);
	far = buf_map(out, LEN);
	ok(pattern_holds(far, LEN, 1), "%s: what was written before the import is there", driver);

	is(buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE), 0, "%s: SYNC start", driver);
	pattern_fill(mem, LEN, 2);
	is(buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE), 0, "%s: SYNC end", driver);
	ok(pattern_holds(far, LEN, 2), "%s: what our side writes, the other reads", driver);

	is(buf_sync(out, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW), 0, "%s: SYNC start there", driver);
	pattern_fill(far, LEN, 3);
	is(buf_sync(out, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW), 0, "%s: SYNC end there", driver);
	ok(pattern_holds(mem, LEN, 3), "%s: and the other way", driver);

	munmap(far, LEN);
	munmap(mem, LEN);
	close(out);
	drm_close_handle(drm, handle);
	close(buf);
}

/* A process that dies with handles of all kinds leaves nothing. */
static int child_dies(void *arg)
{
	struct held held;
	int drm = drm_open(arg);

	take(&held, heap_open(HEAP_DMA32), drm);
	raise(SIGKILL);
	return 0;
}

static void test_driver(const char *driver)
{
	/* the adapters have 32 address bits, where their drivers map at all */
	int heap = heap_open(strcmp(driver, "vgem") ? HEAP_DMA32 : HEAP);
	int drm = drm_open_importer(driver, "PRIME import");
	struct mark mark;

	if (drm < 0)
		return;
	mark_set(&mark);
	test_identity(heap, drm, driver);
	test_both_sides(heap, drm, driver);
	test_orders(heap, drm, driver);
	is(in_child(child_dies, (void *)driver), -SIGKILL, "%s: an importer is killed", driver);
	mark_check(&mark, driver);
	close(drm);
	close(heap);
}

/* One buffer in two drivers. */
static void test_two_drivers(void)
{
	int vgem = drm_open("vgem"), cirrus = drm_open("cirrus"), heap = heap_open(HEAP_DMA32);
	int buf = buf_new(heap, LEN), from_vgem, from_cirrus;
	uint32_t handles[2];
	uint64_t phys = buf_phys(buf);

	is(drm_import(vgem, buf, &handles[0]), 0, "vgem and cirrus import");
	is(drm_import(cirrus, buf, &handles[1]), 0, "the same buffer");
	from_vgem = drm_export(vgem, handles[0]);
	from_cirrus = drm_export(cirrus, handles[1]);
	is(dmabuf_inode(from_vgem), dmabuf_inode(from_cirrus), "and export the same dma-buf");
	close(buf);
	close(from_vgem);
	close(from_cirrus);
	drm_close_handle(vgem, handles[0]);
	ok(iomem_has(phys, LEN), "one of them alone keeps it");
	drm_close_handle(cirrus, handles[1]);
	ok(!iomem_has(phys, LEN), "neither does not");
	close(cirrus);
	close(vgem);
	close(heap);
}

int main(void)
{
	int i;

	for (i = 0; i < DRM_DRIVERS; i++)
		test_driver(drm_drivers[i]);
	test_two_drivers();
	return tap_done();
}
