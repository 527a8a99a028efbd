// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: VFIO and iommufd map a pinnable buffer for a device, contiguous in the
 *   device's addresses; they refuse other buffers
 * Promise: memory: a page that is still pinned when its buffer ends is in no other buffer,
 *   holds its bytes, and is free some time after the last pin
 *
 * All buffers are above what the device can reach without the IOMMU.
 */
#include "pin.h"
#include "vfio.h"

#define LEN		MIB(8)
#define IOVA		MIB(64)
#define IOVA_OTHER	(MIB(128) + 5 * PAGE)

static int control, importer;

/* A pinnable buffer that the device does not reach but through the IOMMU. */
static int high_new(void)
{
	return pin_new_above(control, LEN, EDU_REACH);
}

/* What drivers see of the buffer. */
static bool dmabuf_has(int buf, const void *bytes)
{
	static unsigned char got[LEN];
	struct lci_map map;
	uint32_t id;
	bool has;

	if (importer_attach(importer, buf, 64, &id) ||
	    importer_map(importer, id, 0, &map) || call(importer, LCI_VMAP, &id))
		bail("a driver does not import the buffer");
	has = !importer_read(importer, LCI_DEVICE_COPY, map.map, 0, got, LEN) &&
	      !memcmp(got, bytes, LEN);
	memset(got, 0, LEN);
	has = !importer_read(importer, LCI_VMAP_COPY, id, 0, got, LEN) &&
	      !memcmp(got, bytes, LEN) && has;
	call(importer, LCI_UNMAP, &map.map);
	call(importer, LCI_DETACH, &id);
	return has;
}

/* Copies within the buffer by the device: over borders of pages, and at both ends. */
static void test_copies(const struct mapper *m, int buf, unsigned char *mem)
{
	static const size_t from[] = {
		0, PAGE - 1024, HUGE_PAGE - 8, LEN - PAGE, LEN - EDU_CHUNK,
	};
	static const size_t to[] = {
		LEN - EDU_CHUNK, LEN / 2 - 24, PAGE - 1, 3 * HUGE_PAGE - 1024, 0,
	};
	static unsigned char want[LEN];
	size_t i;

	pattern_fill(mem, LEN, 31);
	memcpy(want, mem, LEN);
	for (i = 0; i < ARRAY_SIZE(from); i++) {
		edu_reads(IOVA + from[i]);
		edu_writes(IOVA + to[i]);
		memcpy(want + to[i], want + from[i], EDU_CHUNK);
	}
	buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	ok(!memcmp(mem, want, LEN), "%s: the mapping has what the device copied", m->name);
	buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	ok(dmabuf_has(buf, want), "%s: drivers see it", m->name);
}

static void test_dma(const struct mapper *m)
{
	int buf = high_new(), other = high_new();
	unsigned char *mem = buf_map(buf, LEN), *next = buf_map(other, LEN);
	unsigned char bytes[EDU_CHUNK];

	ok(buf_phys(buf) >= EDU_REACH && buf_phys(other) >= EDU_REACH,
	   "%s: two buffers that the device does not reach", m->name);
	is(m->map(IOVA, mem, LEN), 0, "%s: one is mapped for it", m->name);
	test_copies(m, buf, mem);
	is(m->map(IOVA + LEN, next, LEN), 0, "%s: the other behind it", m->name);
	pattern_fill(next, LEN, 32);
	memcpy(bytes, mem + LEN - EDU_CHUNK / 2, EDU_CHUNK / 2);
	memcpy(bytes + EDU_CHUNK / 2, next, EDU_CHUNK / 2);
	edu_reads(IOVA + LEN - EDU_CHUNK / 2);
	edu_writes(IOVA + LEN + PAGE - 8);
	ok(!memcmp(next + PAGE - 8, bytes, EDU_CHUNK), "%s: a copy reaches over the border",
	   m->name);
	is(m->unmap(IOVA, 2 * LEN), 0, "%s: both are unmapped", m->name);
	munmap(mem, LEN);
	munmap(next, LEN);
	close(buf);
	close(other);
	ok(pin_live_soon(0), "%s: all of it is given back", m->name);
}

/* A buffer ends while the device has it; then others take all memory there is for them. */
static void test_outlives(const struct mapper *m)
{
	int buf = high_new(), other;
	unsigned char *mem = buf_map(buf, LEN), *copy;
	uint64_t phys = buf_phys(buf);
	struct pin_others others;
	unsigned char bytes[EDU_CHUNK];

	pool_drop();
	pattern_fill(mem, LEN, 33);
	memcpy(bytes, mem + LEN - EDU_CHUNK, EDU_CHUNK);
	is(m->map(IOVA, mem, LEN), 0, "%s: a buffer is mapped", m->name);
	munmap(mem, LEN);
	close(buf);
	ok(pin_live(LEN), "%s: it counts when the buffer has ended", m->name);
	pin_others_new(&others, 16, LEN);
	ok(!pin_others_reach(&others, phys, LEN), "%s: no other buffer has the memory",
	   m->name);
	other = high_new();
	copy = buf_map(other, LEN);
	is(m->map(IOVA_OTHER, copy, LEN), 0, "%s: another one is mapped", m->name);
	edu_reads(IOVA + LEN - EDU_CHUNK);
	edu_writes(IOVA + PAGE - 16);
	edu_reads(IOVA + PAGE - 16);
	edu_writes(IOVA_OTHER);
	ok(!memcmp(copy, bytes, EDU_CHUNK), "%s: the device still has the bytes", m->name);
	ok(pin_others_hold(&others), "%s: other buffers have theirs", m->name);
	is(m->unmap(IOVA_OTHER, LEN), 0, "%s: the other one is unmapped", m->name);
	munmap(copy, LEN);
	close(other);
	pin_others_end(&others);
	ok(pin_live_soon(LEN), "%s: the first one still counts", m->name);
	is(m->unmap(IOVA, LEN), 0, "%s: it is unmapped", m->name);
	ok(pin_live_soon(0), "%s: then it is free", m->name);
}

static void test_plain(const struct mapper *m)
{
	int heap = heap_open(HEAP), buf = buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);

	is(m->map(IOVA, mem, LEN), -EFAULT, "%s: another buffer is refused", m->name);
	munmap(mem, LEN);
	close(buf);
	close(heap);
	ok(pin_live_soon(0), "%s: and given back", m->name);
}

/*
 * The dma-buf itself: iommufd takes those of devices' memory only. If it took others, it
 * would have to get them right.
 */
static void test_map_file(const struct mapper *m, bool pinnable)
{
	const char *kind = pinnable ? "a pinnable dma-buf" : "another dma-buf";
	int heap = heap_open(HEAP), buf = pinnable ? high_new() : buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	int err = m->map_file(IOVA, buf, LEN);

	diag("%s maps %s itself: %s", m->name, kind, err ? strerror(-err) : "yes");
	if (!err) {
		test_copies(m, buf, mem);
		is(m->unmap(IOVA, LEN), 0, "%s: %s is unmapped", m->name, kind);
	} else if (err == -ENOTTY) {
		skip("%s: this kernel maps no files", m->name);
	} else {
		is(err, -EOPNOTSUPP, "%s: %s is refused", m->name, kind);
	}
	munmap(mem, LEN);
	close(buf);
	close(heap);
	ok(pin_live_soon(0), "%s: and given back", m->name);
}

static int die_mapped(void *arg)
{
	const struct mapper *m = arg;

	m->open();
	if (m->map(IOVA, buf_map(high_new(), LEN), LEN))
		return 1;
	kill(getpid(), SIGKILL);
	return 2;
}

static void test_mapper(const struct mapper *m)
{
	if (!m->open()) {
		skip("%s: this kernel has none", m->name);
		return;
	}
	test_dma(m);
	test_outlives(m);
	test_plain(m);
	if (m->map_file) {
		test_map_file(m, true);
		test_map_file(m, false);
	}
	mapper_close();
	is(in_child(die_mapped, (void *)m), -SIGKILL,
	   "%s: a process dies with a buffer mapped", m->name);
	ok(pin_live_soon(0), "%s: the buffer is given back", m->name);
}

int main(void)
{
	struct mark mark;

	control = control_open();
	importer = importer_open();
	edu_bind();
	mark_set(&mark);
	test_mapper(&type1);
	test_mapper(&iommufd);
	mark_check(&mark, "all of it");
	edu_unbind();
	close(importer);
	close(control);
	return tap_done();
}
