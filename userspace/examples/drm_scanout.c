// SPDX-License-Identifier: GPL-2.0 OR MIT
/* cc drm_scanout.c $(pkg-config --cflags --libs lazy_contig libdrm) */
/*
 * Scans out a contiguous buffer on a display, without a copy, until a line is
 * entered: drm_scanout [/dev/dri/card0]
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <drm_fourcc.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include <lazy_contig.h>

struct display {
	int drm;
	__u32 connector, crtc;
	drmModeModeInfo mode;
};

/* The first connected display, in its preferred mode. */
static void find_display(struct display *display)
{
	drmModeRes *res = drmModeGetResources(display->drm);
	drmModeConnector *connector = NULL;
	int i;

	for (i = 0; res && i < res->count_connectors; i++) {
		drmModeFreeConnector(connector);
		connector = drmModeGetConnector(display->drm, res->connectors[i]);
		if (connector && connector->connection == DRM_MODE_CONNECTED)
			break;
	}
	if (!res || i == res->count_connectors || !connector->count_modes || !res->count_crtcs)
		errx(1, "no connected display");
	display->connector = connector->connector_id;
	display->crtc = res->crtcs[0];
	display->mode = connector->modes[0];
	drmModeFreeConnector(connector);
	drmModeFreeResources(res);
}

/* Eight vertical bars: every combination of red, green and blue. */
static void paint(__u32 *pixels, __u32 width, __u32 height)
{
	__u32 x, y, bar;

	for (y = 0; y < height; y++) {
		for (x = 0; x < width; x++) {
			bar = x * 8 / width;
			*pixels++ = (bar & 1 ? 0xff0000 : 0) | (bar & 2 ? 0xff00 : 0) |
				    (bar & 4 ? 0xff : 0);
		}
	}
}

/*
 * Allocates and paints a buffer of the size of the display. Memory below 4 GiB is
 * addressable for every display controller; 'lazy-contig probe' shows whether the
 * other heap works too. Return: the dma-buf.
 */
static int make_picture(__u32 width, __u32 height)
{
	size_t len = (size_t)width * height * 4;
	void *pixels;
	int fd, ret;

	fd = lazy_contig_alloc(LAZY_CONTIG_HEAP_DMA32, len, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		errx(1, "allocate: %s (run 'lazy-contig doctor')", strerror(-fd));
	ret = lazy_contig_map(fd, len, PROT_READ | PROT_WRITE, &pixels);
	if (ret)
		errx(1, "map: %s", strerror(-ret));
	lazy_contig_sync_begin(fd, DMA_BUF_SYNC_WRITE);
	paint(pixels, width, height);
	lazy_contig_sync_end(fd, DMA_BUF_SYNC_WRITE);
	lazy_contig_unmap(pixels, len);
	return fd;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/dri/card0";
	__u32 handles[4] = { }, pitches[4] = { }, offsets[4] = { }, fb, width, height;
	struct display display = { .drm = open(node, O_RDWR | O_CLOEXEC) };
	int picture;

	if (display.drm < 0)
		err(1, "%s", node);
	find_display(&display);
	width = display.mode.hdisplay;
	height = display.mode.vdisplay;

	picture = make_picture(width, height);
	if (drmPrimeFDToHandle(display.drm, picture, &handles[0]))
		err(1, "cannot import the buffer (run 'lazy-contig probe %s')", node);
	pitches[0] = width * 4;
	if (drmModeAddFB2(display.drm, width, height, DRM_FORMAT_XRGB8888, handles, pitches,
			  offsets, &fb, 0))
		err(1, "framebuffer");
	if (drmModeSetCrtc(display.drm, display.crtc, fb, 0, 0, &display.connector, 1,
			   &display.mode))
		err(1, "display");
	printf("%ux%u\n", width, height);
	fflush(stdout);
	getchar();
	return 0;
}
