// SPDX-License-Identifier: GPL-2.0
/*
 * A video pipeline: eight buffers of a 4K frame in flight, each allocated,
 * imported by a device, mapped, written and freed, over and over.
 */
#include <stdio.h>

#include "bench.h"

#define FRAME		((size_t)3840 * 2160 * 3 / 2)	/* NV12 */
#define IN_FLIGHT	8

struct frame {
	int buf;
	uint32_t attachment;
	struct lci_map dma;
	void *mem;
};

static void begin(struct frame *f, const struct heap *heap, int importer)
{
	int err;

	f->buf = lazy_contig_heap_alloc(heap->fd, FRAME, O_RDWR | O_CLOEXEC);
	if (f->buf < 0)
		bail("%s: a frame: %s", heap->name, strerror(-f->buf));
	err = importer_attach(importer, f->buf, 64, &f->attachment);
	if (!err)
		err = importer_map(importer, f->attachment, 0, &f->dma);
	if (!err)
		err = lazy_contig_map(f->buf, FRAME, PROT_READ | PROT_WRITE,
				      &f->mem);
	if (err)
		bail("%s: import: %s", heap->name, strerror(-err));
}

static void write_frame(struct frame *f, int n)
{
	lazy_contig_sync_begin(f->buf, DMA_BUF_SYNC_WRITE);
	memset(f->mem, n, FRAME);
	lazy_contig_sync_end(f->buf, DMA_BUF_SYNC_WRITE);
}

static void end(struct frame *f, int importer)
{
	munmap(f->mem, FRAME);
	call(importer, LCI_UNMAP, &f->dma.map);
	call(importer, LCI_DETACH, &f->attachment);
	close(f->buf);
}

static void play(struct row *r, const struct heap *heap, int frames)
{
	struct frame ring[IN_FLIGHT];
	struct series whole = { 0 }, overhead = { 0 };
	int importer = importer_open(), n;

	for (n = 0; n < frames + IN_FLIGHT; n++) {
		struct frame *f = &ring[n % IN_FLIGHT];
		double start = now_ms(), written;

		if (n >= IN_FLIGHT)
			end(f, importer);
		begin(f, heap, importer);
		written = now_ms();
		write_frame(f, n);
		written = now_ms() - written;
		if (n < IN_FLIGHT)
			continue;
		series_add(&whole, now_ms() - start);
		series_add(&overhead, now_ms() - start - written);
	}
	for (n = 0; n < IN_FLIGHT; n++)
		end(&ring[n], importer);
	row(r, "frame_ms", series_at(&whole, 0.5));
	row(r, "frame_p99_ms", series_at(&whole, 0.99));
	row(r, "overhead_ms", series_at(&overhead, 0.5));
	series_free(&whole);
	series_free(&overhead);
	close(importer);
}

int bench_video(const struct options *opt)
{
	struct heap *heaps[] = { &system_heap, &cma, &ours };
	struct row r = {
		.suite = "video", .config = "NV12", .len = FRAME, .threads = 1,
	};
	bool have[ARRAY_SIZE(heaps)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heaps); i++)
		have[i] = heap_use(heaps[i], opt);
	for (r.run = 0; r.run < opt->runs; r.run++) {
		for (i = 0; i < ARRAY_SIZE(heaps); i++) {
			if (!have[i])
				continue;
			r.heap = heaps[i]->name;
			play(&r, heaps[i], opt->quick ? 40 : 240);
		}
	}
	return 0;
}
