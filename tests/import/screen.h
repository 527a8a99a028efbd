/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers as pictures on a display of this machine, and what QEMU says that the
 * display shows: what comes back has been through the device.
 */
#ifndef _IMPORT_SCREEN_H
#define _IMPORT_SCREEN_H

#include "drm.h"
#include "picture.h"

#define SCREEN_WIDTH	640
#define SCREEN_HEIGHT	480

/* The display of a DRM device. QEMU knows it by the name of the driver. */
struct screen {
	int drm;
	const char *name;
	uint32_t connector, crtc, plane;
	unsigned int pipe;		/* the CRTC's place among all */
	drmModeModeInfo mode;
};

/* A framebuffer in a buffer of lazy_contig. */
struct frame {
	struct picture picture;
	int drm;
	uint32_t handle, fb;
	bool let_go;
};

void screen_init(struct screen *screen, int drm, const char *name);

/* Allocates, imports and makes a framebuffer of it, or ends the test. */
void frame_init(struct frame *frame, int drm, int heap, uint32_t offset, uint32_t pad);
/* Releases all references to the buffer but the framebuffer. */
void frame_let_go(struct frame *frame);
void frame_exit(struct frame *frame);

/* What a picture has at a place, as 0xRRGGBB; picture_pixel() is one. */
typedef uint32_t (*pixel_func)(unsigned int seed, unsigned int x, unsigned int y);

/* Does the display of that name have that size and show that picture, every pixel? */
bool screen_shows(const char *name, unsigned int width, unsigned int height, pixel_func pixel,
		  unsigned int seed);

#endif /* _IMPORT_SCREEN_H */
