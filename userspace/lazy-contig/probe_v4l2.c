// SPDX-License-Identifier: GPL-2.0
/* lazy-contig probe: V4L2 devices, such as cameras and codecs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/videodev2.h>

#include "probe.h"

static const struct {
	__u32 capability;
	__u32 queue;
} queues[] = {
	{ V4L2_CAP_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE },
	{ V4L2_CAP_VIDEO_CAPTURE_MPLANE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE },
	{ V4L2_CAP_VIDEO_M2M, V4L2_BUF_TYPE_VIDEO_CAPTURE },
	{ V4L2_CAP_VIDEO_M2M_MPLANE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE },
	{ V4L2_CAP_VIDEO_OUTPUT, V4L2_BUF_TYPE_VIDEO_OUTPUT },
	{ V4L2_CAP_VIDEO_OUTPUT_MPLANE, V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE },
};

static int find_queue(struct importer *importer)
{
	struct v4l2_capability cap = { };
	__u32 caps;
	size_t i;
	int err;

	err = probe_ioctl(importer->fd, VIDIOC_QUERYCAP, &cap);
	if (err)
		return err;
	snprintf(importer->driver, sizeof(importer->driver), "%s", (const char *)cap.driver);
	caps = cap.capabilities & V4L2_CAP_DEVICE_CAPS ? cap.device_caps : cap.capabilities;
	if (!(caps & V4L2_CAP_STREAMING))
		return -EOPNOTSUPP;
	for (i = 0; i < ARRAY_SIZE(queues); i++) {
		importer->queue = queues[i].queue;
		if (caps & queues[i].capability)
			return 0;
	}
	return -EOPNOTSUPP;
}

_Static_assert(PROBE_PLANES == VIDEO_MAX_PLANES, "wrong number of planes");

static void add_plane(struct importer *importer, __u32 size)
{
	importer->plane_size[importer->planes++] = size;
	if (importer->size < size)
		importer->size = size;
}

/* The buffer is large enough for a frame of the current format. */
static int identify(struct importer *importer)
{
	struct v4l2_format format = { };
	__u32 i;
	int err;

	err = find_queue(importer);
	if (err)
		return err;
	format.type = importer->queue;
	err = probe_ioctl(importer->fd, VIDIOC_G_FMT, &format);
	if (err)
		return err == -ENOTTY ? -EINVAL : err;
	importer->size = PROBE_SIZE;
	if (!V4L2_TYPE_IS_MULTIPLANAR(importer->queue)) {
		add_plane(importer, format.fmt.pix.sizeimage);
		return 0;
	}
	for (i = 0; i < format.fmt.pix_mp.num_planes && i < PROBE_PLANES; i++)
		add_plane(importer, format.fmt.pix_mp.plane_fmt[i].sizeimage);
	return 0;
}

/* Drivers map a buffer when it is queued, before streaming is started. */
static int queue_buffer(const struct importer *importer, int buf)
{
	struct v4l2_plane planes[VIDEO_MAX_PLANES] = { };
	struct v4l2_buffer buffer = {
		.type = importer->queue,
		.memory = V4L2_MEMORY_DMABUF,
		.field = V4L2_FIELD_NONE,
	};
	__u32 i;

	for (i = 0; i < importer->planes; i++) {
		planes[i].m.fd = buf;
		planes[i].length = importer->size;
		planes[i].bytesused = importer->plane_size[i];
	}
	if (V4L2_TYPE_IS_MULTIPLANAR(importer->queue)) {
		buffer.m.planes = planes;
		buffer.length = importer->planes;
	} else {
		buffer.m.fd = buf;
		buffer.length = importer->size;
		buffer.bytesused = importer->plane_size[0];
	}
	return probe_ioctl(importer->fd, VIDIOC_QBUF, &buffer);
}

static int try(const struct importer *importer, int buf, const char **step)
{
	struct v4l2_requestbuffers request = {
		.count = 1,
		.type = importer->queue,
		.memory = V4L2_MEMORY_DMABUF,
	};
	int err;

	*step = "VIDIOC_REQBUFS";
	err = probe_ioctl(importer->fd, VIDIOC_REQBUFS, &request);
	if (err)
		return err;
	*step = "VIDIOC_QBUF";
	err = queue_buffer(importer, buf);
	request.count = 0;
	probe_ioctl(importer->fd, VIDIOC_REQBUFS, &request);
	return err;
}

static const char *advice(int err)
{
	switch (-err) {
	case EBUSY:
		return "The device is in use by another process: end that process and try again.";
	case EOPNOTSUPP:
		return "The node has no queue of video buffers: try another node of the device.";
	case ENOMEM:
	case EIO:
		return "The driver could not map the buffer: see the kernel log, 'dmesg'.";
	default:
		return "The driver may not support V4L2_MEMORY_DMABUF, or not accept the size of\n"
		       "the current format: see 'v4l2-ctl --all' and the kernel log, 'dmesg'.\n"
		       "Buffers that the driver allocates can be exported with VIDIOC_EXPBUF.";
	}
}

const struct importer_kind probe_v4l2 = {
	.name = "V4L2",
	.identify = identify,
	.try = try,
	.advice = advice,
};
