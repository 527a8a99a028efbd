/* SPDX-License-Identifier: GPL-2.0 */
/* DRM devices as importers. Calls return -errno, as those of helpers.h do. */
#ifndef _IMPORT_DRM_H
#define _IMPORT_DRM_H

#include <xf86drm.h>
#include <xf86drmMode.h>

#include "helpers.h"

/* The drivers that this machine may have a device for; their names begin so. */
extern const char *const drm_drivers[];
#define DRM_DRIVERS	4

/* vgem has no display, nor has a VGA adapter on other machines than a PC. */
#ifdef __x86_64__
#define DRM_DISPLAY	1
#else
#define DRM_DISPLAY	2
#endif

/* The primary node of the driver's device, or -ENODEV. */
int drm_open(const char *driver);
/* The same, or skips what there is to test, with the reason, and returns -1. */
int drm_open_importer(const char *driver, const char *what);

int drm_import(int drm, int buf, uint32_t *handle);
int drm_export(int drm, uint32_t handle);
int drm_close_handle(int drm, uint32_t handle);

/* A buffer of that driver's own memory, or -errno. */
int drm_dumb_buffer(int drm, uint32_t width, uint32_t height);

/* Are two descriptors, or the inode of one, the same dma-buf? */
ino_t dmabuf_inode(int buf);

#endif /* _IMPORT_DRM_H */
