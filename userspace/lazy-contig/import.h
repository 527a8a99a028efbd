/* SPDX-License-Identifier: GPL-2.0 */
/* Between lazy-contig import and the kinds of devices that it tries. */
#ifndef IMPORT_H
#define IMPORT_H

#include "cli.h"

/*
 * At least what is tried: less than this can be scattered and yet in one piece by
 * luck, or so small that the kernel copies it to where the device reaches.
 */
#define IMPORT_SIZE	((__u64)4 << 20)

#define IMPORT_PLANES	8

/* A device that may take buffers. */
struct importer {
	int fd;
	char driver[32];
	__u64 size;		/* of the buffer to try with */
	const struct importer_kind *kind;
	__u32 queue;		/* V4L2: the type of the queue that is tried */
	__u32 planes;		/* V4L2: of a frame, and the bytes of each */
	__u32 plane_size[IMPORT_PLANES];
};

struct importer_kind {
	const char *name;
	/* Fills in the rest of the importer. -ENOTTY: the device is of another kind. */
	int (*probe)(struct importer *importer);
	/* Imports the dma-buf and lets go of it; *step becomes the last step tried. */
	int (*try)(const struct importer *importer, int buf, const char **step);
	/* What to do about a refusal by both heaps. */
	const char *(*advice)(int err);
};

extern const struct importer_kind import_drm, import_v4l2;

/* ioctl() again if interrupted; returns -errno. */
int import_ioctl(int fd, unsigned long request, void *arg);

#endif /* IMPORT_H */
