// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: a display shows the pixels of a buffer, after page flips and updates too
 */
#include <poll.h>

#include "screen.h"

#define FLIP_MS	60000
#define PAD	256

static bool flip_done;

static void on_flip(int fd, unsigned int frame, unsigned int sec, unsigned int usec,
		    void *data)
{
	(void)fd, (void)frame, (void)sec, (void)usec, (void)data;
	flip_done = true;
}

static bool await_flip(int drm)
{
	drmEventContext context = { .version = 2, .page_flip_handler = on_flip };
	struct pollfd pfd = { .fd = drm, .events = POLLIN };

	flip_done = false;
	return poll(&pfd, 1, FLIP_MS) == 1 && !drmHandleEvent(drm, &context) && flip_done;
}

static bool shows(const struct screen *screen, unsigned int seed)
{
	return screen_shows(screen->name, SCREEN_WIDTH, SCREEN_HEIGHT, picture_pixel, seed);
}

/* The old interface. */
static void test_legacy(struct screen *screen, struct frame frames[2])
{
	const char *name = screen->name;
	int drm = screen->drm, i;

	picture_paint(&frames[0].picture, 1);
	is(drmModeSetCrtc(drm, screen->crtc, frames[0].fb, 0, 0, &screen->connector, 1,
			  &screen->mode), 0, "%s: SetCrtc with a buffer", name);
	ok(shows(screen, 1), "%s: the display shows it", name);
	picture_paint(&frames[0].picture, 2);
	is(drmModeDirtyFB(drm, frames[0].fb, NULL, 0), 0, "%s: DirtyFB after writing", name);
	ok(shows(screen, 2), "%s: the display shows what was written", name);
	for (i = 1; i <= 2; i++) {
		picture_paint(&frames[i % 2].picture, 10 + i);
		is(drmModePageFlip(drm, screen->crtc, frames[i % 2].fb, DRM_MODE_PAGE_FLIP_EVENT,
				   NULL), 0, "%s: flip %d", name, i);
		ok(await_flip(drm), "%s: its event comes", name);
		ok(shows(screen, 10 + i), "%s: the display shows the other buffer", name);
	}
	is(drmModeSetCrtc(drm, screen->crtc, 0, 0, 0, NULL, 0, NULL), 0, "%s: off", name);
}

static void add(drmModeAtomicReq *req, int drm, uint32_t object, uint32_t type,
		const char *name, uint64_t value)
{
	drmModeObjectProperties *props = drmModeObjectGetProperties(drm, object, type);
	drmModePropertyRes *prop;
	bool added = false;
	uint32_t i;

	for (i = 0; props && i < props->count_props; i++) {
		prop = drmModeGetProperty(drm, props->props[i]);
		if (!strcmp(prop->name, name))
			added = drmModeAtomicAddProperty(req, object, prop->prop_id, value) > 0;
		drmModeFreeProperty(prop);
	}
	drmModeFreeObjectProperties(props);
	if (!added)
		bail("object %u has no property %s", object, name);
}

static drmModeAtomicReq *whole_screen(struct screen *screen, uint32_t fb, uint32_t mode)
{
	drmModeAtomicReq *req = drmModeAtomicAlloc();
	const struct {
		const char *name;
		uint64_t value;
	} plane[] = {
		{ "FB_ID", fb }, { "CRTC_ID", screen->crtc },
		{ "SRC_X", 0 }, { "SRC_Y", 0 },
		{ "SRC_W", SCREEN_WIDTH << 16 }, { "SRC_H", SCREEN_HEIGHT << 16 },
		{ "CRTC_X", 0 }, { "CRTC_Y", 0 },
		{ "CRTC_W", SCREEN_WIDTH }, { "CRTC_H", SCREEN_HEIGHT },
	};
	int drm = screen->drm;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plane); i++)
		add(req, drm, screen->plane, DRM_MODE_OBJECT_PLANE, plane[i].name, plane[i].value);
	add(req, drm, screen->crtc, DRM_MODE_OBJECT_CRTC, "MODE_ID", mode);
	add(req, drm, screen->crtc, DRM_MODE_OBJECT_CRTC, "ACTIVE", 1);
	add(req, drm, screen->connector, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID", screen->crtc);
	return req;
}

static void test_atomic(struct screen *screen, struct frame frames[2])
{
	const char *name = screen->name;
	int drm = screen->drm;
	drmModeAtomicReq *req;
	uint32_t mode;

	if (drmSetClientCap(drm, DRM_CLIENT_CAP_ATOMIC, 1)) {
		skip("%s: no atomic modesetting in this kernel", name);
		return;
	}
	if (drmModeCreatePropertyBlob(drm, &screen->mode, sizeof(screen->mode), &mode))
		bail("mode blob: %m");
	picture_paint(&frames[0].picture, 21);
	req = whole_screen(screen, frames[0].fb, mode);
	is(drmModeAtomicCommit(drm, req, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL), 0,
	   "%s: an atomic commit with a buffer", name);
	drmModeAtomicFree(req);
	ok(shows(screen, 21), "%s: the display shows it", name);

	picture_paint(&frames[1].picture, 22);
	req = drmModeAtomicAlloc();
	add(req, drm, screen->plane, DRM_MODE_OBJECT_PLANE, "FB_ID", frames[1].fb);
	is(drmModeAtomicCommit(drm, req, DRM_MODE_PAGE_FLIP_EVENT | DRM_MODE_ATOMIC_NONBLOCK,
			       NULL), 0, "%s: an atomic flip", name);
	drmModeAtomicFree(req);
	ok(await_flip(drm), "%s: its event comes", name);
	ok(shows(screen, 22), "%s: the display shows the other buffer", name);
	drmModeDestroyPropertyBlob(drm, mode);
}

struct place {
	uint64_t phys;
	size_t len;
};

static bool is_gone(void *arg)
{
	struct place *place = arg;

	return !debugfs_has(place->phys, place->len);
}

/* The display alone keeps what it shows. Ends with the display off. */
static void test_held(struct screen *screen, struct frame *shown)
{
	struct place place = { buf_phys(shown->picture.buf), shown->picture.len };
	const char *name = screen->name;

	picture_paint(&shown->picture, 31);
	is(drmModeSetCrtc(screen->drm, screen->crtc, shown->fb, 0, 0, &screen->connector, 1,
			  &screen->mode), 0, "%s: SetCrtc once more", name);
	frame_let_go(shown);
	ok(!is_gone(&place), "%s: the display alone keeps the buffer", name);
	ok(shows(screen, 31), "%s: and goes on showing it", name);
	frame_exit(shown);
	/* the last reference was a kernel thread's, which gives it back later */
	ok(becomes_true(is_gone, &place), "%s: without the framebuffer it goes", name);
}

static void test_driver(const char *driver)
{
	int drm = drm_open_importer(driver, "scanout"), heap;
	struct frame frames[2];
	struct screen screen;
	struct mark mark;

	if (drm < 0)
		return;
	mark_set(&mark);
	screen_init(&screen, drm, driver);
	/* what the adapters map has to be below 4 GiB */
	heap = heap_open(HEAP_DMA32);
	/* lines of the same length: old drivers do not look at it when they flip */
	frame_init(&frames[0], drm, heap, 0, PAD);
	frame_init(&frames[1], drm, heap, PAGE + 64, PAD);
	close(heap);
	test_legacy(&screen, frames);
	test_atomic(&screen, frames);
	frame_exit(&frames[0]);
	test_held(&screen, &frames[1]);
	mark_check(&mark, driver);
	close(drm);
}

int main(void)
{
	int i;

	for (i = DRM_DISPLAY; i < DRM_DRIVERS; i++)
		test_driver(drm_drivers[i]);
	return tap_done();
}
