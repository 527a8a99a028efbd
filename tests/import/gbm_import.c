// SPDX-License-Identifier: GPL-2.0
/* libgbm imports a buffer of lazy_contig and reports its properties. */
#include <drm_fourcc.h>
#include <gbm.h>
#include <stdio.h>

#include "drm.h"
#include "picture.h"

#define WIDTH	320
#define HEIGHT	200
#define PAD	256	/* what Mesa's drivers align lines to */

static struct gbm_bo *import_fd(struct gbm_device *gbm, const struct picture *picture)
{
	struct gbm_import_fd_data data = {
		.fd = picture->buf,
		.width = picture->width,
		.height = picture->height,
		.stride = picture->pitch,
		.format = GBM_FORMAT_XRGB8888,
	};

	return gbm_bo_import(gbm, GBM_BO_IMPORT_FD, &data, GBM_BO_USE_SCANOUT);
}

static struct gbm_bo *import_linear(struct gbm_device *gbm, const struct picture *picture)
{
	struct gbm_import_fd_modifier_data data = {
		.width = picture->width,
		.height = picture->height,
		.format = GBM_FORMAT_XRGB8888,
		.num_fds = 1,
		.fds = { picture->buf },
		.strides = { picture->pitch },
		.offsets = { picture->offset },
		.modifier = DRM_FORMAT_MOD_LINEAR,
	};

	return gbm_bo_import(gbm, GBM_BO_IMPORT_FD_MODIFIER, &data, GBM_BO_USE_SCANOUT);
}

/* The descriptor that libgbm gives out is that of the buffer. */
static void check_fd(int fd, struct picture *picture, const char *what)
{
	unsigned char *mem;

	ok(fd >= 0, "%s: a descriptor of the plane", what);
	if (fd < 0)
		return;
	is(dmabuf_inode(fd), dmabuf_inode(picture->buf), "%s: is that of the buffer", what);
	mem = buf_map(fd, picture->len);
	ok(picture_in(picture, mem, 1), "%s: has the pixels", what);
	picture_paint(picture, 2);
	ok(picture_in(picture, mem, 2), "%s: and those written later", what);
	munmap(mem, picture->len);
	close(fd);
}

static void check_bo(struct gbm_bo *bo, struct picture *picture, const char *what)
{
	ok(bo, "%s", what);
	if (!bo)
		return;
	is(gbm_bo_get_width(bo), picture->width, "%s: width", what);
	is(gbm_bo_get_height(bo), picture->height, "%s: height", what);
	is(gbm_bo_get_format(bo), GBM_FORMAT_XRGB8888, "%s: format", what);
	is(gbm_bo_get_plane_count(bo), 1, "%s: planes", what);
	is(gbm_bo_get_stride(bo), picture->pitch, "%s: stride", what);
	is(gbm_bo_get_stride_for_plane(bo, 0), picture->pitch, "%s: stride of the plane", what);
	is(gbm_bo_get_offset(bo, 0), picture->offset, "%s: offset", what);
	picture_paint(picture, 1);
	check_fd(gbm_bo_get_fd(bo), picture, what);
	picture_paint(picture, 1);
	check_fd(gbm_bo_get_fd_for_plane(bo, 0), picture, what);
	gbm_bo_destroy(bo);
}

static void test_driver(const char *driver)
{
	struct gbm_device *gbm;
	struct picture picture;
	char what[64];
	struct mark mark;
	int drm = drm_open_importer(driver, "libgbm"), heap = heap_open(HEAP_DMA32);

	if (drm < 0)
		return;
	mark_set(&mark);
	gbm = gbm_create_device(drm);
	if (!gbm)
		bail("gbm_create_device for %s: %m", driver);

	picture_init(&picture, heap, WIDTH, HEIGHT, 0, PAD);
	snprintf(what, sizeof(what), "FD into %s", driver);
	check_bo(import_fd(gbm, &picture), &picture, what);
	snprintf(what, sizeof(what), "FD_MODIFIER LINEAR into %s", driver);
	check_bo(import_linear(gbm, &picture), &picture, what);
	picture_exit(&picture);

	gbm_device_destroy(gbm);
	mark_check(&mark, driver);
	close(heap);
	close(drm);
}

int main(void)
{
	int i;

	for (i = 0; i < DRM_DRIVERS; i++)
		test_driver(drm_drivers[i]);
	return tap_done();
}
