// SPDX-License-Identifier: GPL-2.0 OR MIT
/* cc camera_display.c $(pkg-config --cflags --libs lazy_contig libdrm) */
/*
 * Displays the frames of a camera until a line is entered. Camera and display use
 * the same three buffers, without a copy. The size of the frames is the one that
 * the camera is set to:
 *
 * v4l2-ctl --set-fmt-video width=640,height=480
 * camera_display [/dev/video0 [/dev/dri/card0]]
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/videodev2.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include <lazy_contig.h>

#define BUFFERS	3
/* 32 bits per pixel, blue first. V4L2 and DRM share this fourcc code. */
#define FORMAT	V4L2_PIX_FMT_XBGR32

struct display {
	int drm;
	__u32 connector, crtc;
	drmModeModeInfo mode;
};

/* Sets the pixel format of the camera. Return: the format of its frames. */
static struct v4l2_pix_format camera_format(int camera)
{
	struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };

	if (ioctl(camera, VIDIOC_G_FMT, &format))
		err(1, "VIDIOC_G_FMT");
	format.fmt.pix.pixelformat = FORMAT;
	if (ioctl(camera, VIDIOC_S_FMT, &format))
		err(1, "VIDIOC_S_FMT");
	if (format.fmt.pix.pixelformat != FORMAT)
		errx(1, "the camera does not support 32 bits per pixel");
	return format.fmt.pix;
}

/* The first display with a mode of this size. */
static void find_display(struct display *display, __u32 width, __u32 height)
{
	drmModeRes *res = drmModeGetResources(display->drm);
	drmModeConnector *connector;
	int i, m;

	for (i = 0; res && res->count_crtcs && i < res->count_connectors; i++) {
		connector = drmModeGetConnector(display->drm, res->connectors[i]);
		for (m = 0; connector && m < connector->count_modes; m++) {
			display->mode = connector->modes[m];
			display->connector = connector->connector_id;
			display->crtc = res->crtcs[0];
			if (display->mode.hdisplay == width && display->mode.vdisplay == height)
				goto found;
		}
		drmModeFreeConnector(connector);
	}
	errx(1, "no display has a mode of %ux%u (set the camera to another size)", width, height);
found:
	drmModeFreeConnector(connector);
	drmModeFreeResources(res);
}

/* Imports a buffer into the display driver as a framebuffer. */
static __u32 framebuffer(const struct display *display, int buffer,
			 const struct v4l2_pix_format *pix)
{
	__u32 handles[4] = { }, pitches[4] = { pix->bytesperline }, offsets[4] = { }, fb;

	if (drmPrimeFDToHandle(display->drm, buffer, &handles[0]))
		err(1, "DRM_IOCTL_PRIME_FD_TO_HANDLE");
	if (drmModeAddFB2(display->drm, pix->width, pix->height, FORMAT, handles, pitches,
			  offsets, &fb, 0))
		err(1, "framebuffer");
	return fb;
}

/* Queues a buffer for the camera to fill. */
static void queue(int camera, unsigned int index, int buffer)
{
	struct v4l2_buffer b = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
		.index = index,
		.m.fd = buffer,
	};

	if (ioctl(camera, VIDIOC_QBUF, &b))
		err(1, "VIDIOC_QBUF");
}

/* Displays each frame, and queues the buffer of the previous one again. */
static void show(const struct display *display, int camera, const int *buffers,
		 const __u32 *fbs)
{
	struct pollfd ready[] = { { .fd = camera, .events = POLLIN }, { .events = POLLIN } };
	struct v4l2_buffer b = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};
	__u32 connector = display->connector;
	drmModeModeInfo mode = display->mode;
	int shown = -1;

	while (poll(ready, 2, -1) > 0 && !ready[1].revents) {
		if (ioctl(camera, VIDIOC_DQBUF, &b))
			err(1, "VIDIOC_DQBUF");
		if (drmModeSetCrtc(display->drm, display->crtc, fbs[b.index], 0, 0, &connector,
				   1, &mode))
			err(1, "display");
		if (shown < 0) {
			printf("%ux%u\n", mode.hdisplay, mode.vdisplay);
			fflush(stdout);
		} else {
			queue(camera, shown, buffers[shown]);
		}
		shown = b.index;
	}
}

int main(int argc, char **argv)
{
	enum v4l2_buf_type type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	struct v4l2_requestbuffers request = {
		.count = BUFFERS,
		.type = type,
		.memory = V4L2_MEMORY_DMABUF,
	};
	const char *camera_node = argc > 1 ? argv[1] : "/dev/video0";
	const char *display_node = argc > 2 ? argv[2] : "/dev/dri/card0";
	int camera = open(camera_node, O_RDWR | O_CLOEXEC), buffers[BUFFERS], i;
	struct display display = { .drm = open(display_node, O_RDWR | O_CLOEXEC) };
	struct v4l2_pix_format pix;
	__u32 fbs[BUFFERS];

	if (camera < 0)
		err(1, "%s", camera_node);
	if (display.drm < 0)
		err(1, "%s", display_node);
	pix = camera_format(camera);
	find_display(&display, pix.width, pix.height);
	if (ioctl(camera, VIDIOC_REQBUFS, &request) || request.count < BUFFERS)
		err(1, "%s does not import buffers", camera_node);
	for (i = 0; i < BUFFERS; i++) {
		/* below 4 GiB; 'lazy-contig probe' shows whether the devices need that */
		buffers[i] = lazy_contig_alloc(LAZY_CONTIG_HEAP_DMA32, pix.sizeimage,
					       O_RDWR | O_CLOEXEC);
		if (buffers[i] < 0)
			errx(1, "allocate: %s (run 'lazy-contig doctor')", strerror(-buffers[i]));
		fbs[i] = framebuffer(&display, buffers[i], &pix);
		queue(camera, i, buffers[i]);
	}
	if (ioctl(camera, VIDIOC_STREAMON, &type))
		err(1, "%s", camera_node);
	show(&display, camera, buffers, fbs);
	return 0;
}
