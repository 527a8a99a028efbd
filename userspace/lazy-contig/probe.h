/* SPDX-License-Identifier: GPL-2.0 */
/* Interface of lazy-contig probe to the kinds of devices. */
#ifndef PROBE_H
#define PROBE_H

#include "cli.h"

/*
 * Minimum size of the buffer: a smaller one may fit into a bounce buffer, which
 * hides that the device cannot address it.
 */
#define PROBE_SIZE	((__u64)4 << 20)

#define PROBE_PLANES	8

/* A device to import into. */
struct importer {
	int fd;
	char driver[32];
	__u64 size;		/* of the buffer to import */
	const struct importer_kind *kind;
	__u32 queue;		/* V4L2: type of the queue */
	__u32 planes;		/* V4L2: number of planes of a frame */
	__u32 plane_size[PROBE_PLANES];	/* in bytes */
};

struct importer_kind {
	const char *name;
	/* Sets all fields but fd and kind. -ENOTTY: the device is of another kind. */
	int (*identify)(struct importer *importer);
	/* Imports and releases the dma-buf. *step becomes the ioctl that failed. */
	int (*try)(const struct importer *importer, int buf, const char **step);
	/* What to do if buffers of all heaps are refused. */
	const char *(*advice)(int err);
};

extern const struct importer_kind probe_drm, probe_v4l2;

/* ioctl() that is restarted when interrupted. Return: 0 or -errno. */
int probe_ioctl(int fd, unsigned long request, void *arg);

#endif /* PROBE_H */
