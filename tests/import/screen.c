// SPDX-License-Identifier: GPL-2.0
#include <drm_fourcc.h>
#include <stdio.h>

#include "screen.h"

static bool take_mode(struct screen *screen, const drmModeConnector *connector)
{
	int i;

	for (i = 0; i < connector->count_modes; i++) {
		screen->mode = connector->modes[i];
		if (screen->mode.hdisplay == SCREEN_WIDTH &&
		    screen->mode.vdisplay == SCREEN_HEIGHT)
			return true;
	}
	return false;
}

static uint32_t find_plane(const struct screen *screen)
{
	drmModePlaneRes *planes = drmModeGetPlaneResources(screen->drm);
	uint32_t id = 0;
	drmModePlane *plane;
	uint32_t i;

	for (i = 0; planes && !id && i < planes->count_planes; i++) {
		plane = drmModeGetPlane(screen->drm, planes->planes[i]);
		if (plane->possible_crtcs & 1 << screen->pipe)
			id = plane->plane_id;
		drmModeFreePlane(plane);
	}
	drmModeFreePlaneResources(planes);
	return id;
}

void screen_init(struct screen *screen, int drm, const char *name)
{
	drmModeRes *res = drmModeGetResources(drm);
	drmModeConnector *connector;

	if (!res || !res->count_connectors || !res->count_crtcs)
		bail("%s has no display: %m", name);
	drmSetClientCap(drm, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1);
	*screen = (struct screen){ .drm = drm, .name = name };
	screen->connector = res->connectors[0];
	screen->crtc = res->crtcs[screen->pipe];
	screen->plane = find_plane(screen);
	connector = drmModeGetConnector(drm, screen->connector);
	if (!connector || !take_mode(screen, connector))
		bail("%s has no mode of %d x %d", name, SCREEN_WIDTH, SCREEN_HEIGHT);
	drmModeFreeConnector(connector);
	drmModeFreeResources(res);
}

void frame_init(struct frame *frame, int drm, int heap, uint32_t offset, uint32_t pad)
{
	struct picture *picture = &frame->picture;
	uint32_t pitches[4] = {}, offsets[4] = {}, handles[4] = {};
	int err;

	picture_init(picture, heap, SCREEN_WIDTH, SCREEN_HEIGHT, offset, pad);
	frame->drm = drm;
	frame->let_go = false;
	err = drm_import(drm, picture->buf, &frame->handle);
	if (err)
		bail("import: %s", strerror(-err));
	handles[0] = frame->handle;
	pitches[0] = picture->pitch;
	offsets[0] = picture->offset;
	if (drmModeAddFB2(drm, SCREEN_WIDTH, SCREEN_HEIGHT, DRM_FORMAT_XRGB8888, handles,
			  pitches, offsets, &frame->fb, 0))
		bail("AddFB2: %m");
}

void frame_let_go(struct frame *frame)
{
	picture_exit(&frame->picture);
	drm_close_handle(frame->drm, frame->handle);
	frame->let_go = true;
}

void frame_exit(struct frame *frame)
{
	if (!frame->let_go)
		frame_let_go(frame);
	drmModeRmFB(frame->drm, frame->fb);
}

/* Gives the QEMU of this machine a command, and waits for its answer. */
static void qmp(const char *command)
{
	const char *path = getenv("LC_QMP");
	FILE *port = path ? fopen(path, "r+e") : NULL;
	char answer[4096];

	if (!port || fprintf(port, "%s\n", command) < 0 || fflush(port))
		bail("QEMU's monitor %s: %m", path);
	do {
		if (!fgets(answer, sizeof(answer), port))
			bail("QEMU's monitor: %m");
		if (strstr(answer, "\"error\""))
			bail("%s: %s", command, answer);
	} while (strncmp(answer, "{\"return\"", strlen("{\"return\"")));
	fclose(port);
}

/*
 * QEMU writes what the display shows into a file. Its name is new, or the guest
 * would go on seeing what it has read of the last file of that name.
 */
static FILE *screen_dump(const char *display)
{
	static unsigned int count;
	char name[64], command[256], path[128];
	FILE *file;

	snprintf(name, sizeof(name), "%s-%d-%u.ppm", display, getpid(), count++);
	snprintf(command, sizeof(command),
		 "{ \"execute\": \"screendump\", \"arguments\": "
		 "{ \"filename\": \"job/%s\", \"device\": \"%s\" } }", name, display);
	qmp(command);
	snprintf(path, sizeof(path), "/lc.job/%s", name);
	file = fopen(path, "re");
	if (!file)
		bail("%s: %m", path);
	return file;
}

static void read_header(FILE *file, unsigned int *width, unsigned int *height)
{
	unsigned int depth;

	if (fscanf(file, "P6 %u %u %u", width, height, &depth) != 3 || depth != 255)
		bail("the screen dump is no PPM with 8 bits a color");
	fgetc(file);
}

static bool line_is(FILE *file, unsigned int width, pixel_func pixel, unsigned int seed,
		    unsigned int y)
{
	unsigned char rgb[3];
	uint32_t got, want;
	unsigned int x;

	for (x = 0; x < width; x++) {
		if (fread(rgb, sizeof(rgb), 1, file) != 1)
			bail("the screen dump ends at %u, %u", x, y);
		got = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
		want = pixel(seed, x, y);
		if (got == want)
			continue;
		diag("pixel %u, %u is %#x, not %#x", x, y, got, want);
		return false;
	}
	return true;
}

bool screen_shows(const char *name, unsigned int width, unsigned int height, pixel_func pixel,
		  unsigned int seed)
{
	FILE *file = screen_dump(name);
	unsigned int has_width, has_height, y = 0;

	read_header(file, &has_width, &has_height);
	if (has_width == width && has_height == height)
		while (y < height && line_is(file, width, pixel, seed, y))
			y++;
	else
		diag("the display has %u x %u pixels", has_width, has_height);
	fclose(file);
	return y == height;
}
