// SPDX-License-Identifier: GPL-2.0
/* lazy-contig probe: DRM devices. */
#include <errno.h>
#include <string.h>
#include <drm.h>

#include "probe.h"

static int identify(struct importer *importer)
{
	struct drm_version version = {
		.name = importer->driver,
		.name_len = sizeof(importer->driver) - 1,
	};

	importer->size = PROBE_SIZE;
	return probe_ioctl(importer->fd, DRM_IOCTL_VERSION, &version);
}

static int try(const struct importer *importer, int buf, const char **step)
{
	struct drm_prime_handle prime = { .fd = buf };
	struct drm_gem_close gem = { };
	int err;

	*step = "DRM_IOCTL_PRIME_FD_TO_HANDLE";
	err = probe_ioctl(importer->fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	if (err)
		return err;
	gem.handle = prime.handle;
	*step = "DRM_IOCTL_GEM_CLOSE";
	return probe_ioctl(importer->fd, DRM_IOCTL_GEM_CLOSE, &gem);
}

static const char *advice(int err)
{
	switch (-err) {
	case EACCES:
	case EPERM:
		return "The node needs more privileges: use the render node, /dev/dri/renderD*,\n"
		       "or become DRM master.";
	case ENOMEM:
	case EIO:
		return "The driver could not map the buffer: see the kernel log, 'dmesg'.";
	default:
		return "The driver, in this kernel version, does not import dma-bufs of other\n"
		       "exporters, or none of system memory. Allocate with the driver (such as a\n"
		       "dumb buffer), export with DRM_IOCTL_PRIME_HANDLE_TO_FD, and import that\n"
		       "buffer elsewhere; or try a newer kernel.";
	}
}

const struct importer_kind probe_drm = {
	.name = "DRM",
	.identify = identify,
	.try = try,
	.advice = advice,
};
