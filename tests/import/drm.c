// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <sys/stat.h>

#include "drm.h"

#define MAX_CARDS	16

const char *const drm_drivers[DRM_DRIVERS] = { "vgem", "cirrus", "bochs", "virtio_gpu" };

static bool drives(int drm, const char *driver)
{
	drmVersionPtr version = drmGetVersion(drm);
	bool same;

	if (!version)
		bail("drmGetVersion: %m");
	same = !strncmp(version->name, driver, strlen(driver));
	drmFreeVersion(version);
	return same;
}

int drm_open(const char *driver)
{
	char path[32];
	int i, drm;

	for (i = 0; i < MAX_CARDS; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		drm = open(path, O_RDWR | O_CLOEXEC);
		if (drm < 0)
			continue;
		if (drives(drm, driver))
			return drm;
		close(drm);
	}
	return -ENODEV;
}

int drm_import(int drm, int buf, uint32_t *handle)
{
	return drmPrimeFDToHandle(drm, buf, handle) ? -errno : 0;
}

int drm_export(int drm, uint32_t handle)
{
	int buf;

	return drmPrimeHandleToFD(drm, handle, DRM_CLOEXEC | DRM_RDWR, &buf) ? -errno : buf;
}

int drm_close_handle(int drm, uint32_t handle)
{
	return drmCloseBufferHandle(drm, handle) ? -errno : 0;
}

int drm_dumb_buffer(int drm, uint32_t width, uint32_t height)
{
	uint32_t handle, pitch;
	uint64_t size;
	int buf;

	if (drmModeCreateDumbBuffer(drm, width, height, 32, 0, &handle, &pitch, &size))
		return -errno;
	buf = drm_export(drm, handle);
	drm_close_handle(drm, handle);
	return buf;
}

/* What becomes of a buffer of another driver of the kernel: 0 or -errno. */
static int import_stranger(int drm, const char *driver)
{
	const char *other = strcmp(driver, "vgem") ? "vgem" : "cirrus";
	int from = drm_open(other), buf, err;
	uint32_t handle;

	if (from < 0)
		bail("no device of %s to compare with", other);
	buf = drm_dumb_buffer(from, 64, 64);
	if (buf < 0)
		bail("%s gives no buffer to compare with: %s", other, strerror(-buf));
	err = drm_import(drm, buf, &handle);
	if (!err)
		drm_close_handle(drm, handle);
	close(buf);
	close(from);
	return err;
}

int drm_open_importer(const char *driver, const char *what)
{
	int drm = drm_open(driver), err;

	if (drm < 0) {
		skip("%s: there is no device of %s", what, driver);
		return -1;
	}
	err = import_stranger(drm, driver);
	if (!err)
		return drm;
	skip("%s: %s of this kernel refuses the buffers of other drivers too (%s)", what,
	     driver, strerror(-err));
	close(drm);
	return -1;
}

ino_t dmabuf_inode(int buf)
{
	struct stat st;

	if (fstat(buf, &st))
		bail("fstat: %m");
	return st.st_ino;
}
