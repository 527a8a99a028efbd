/* SPDX-License-Identifier: GPL-2.0 */
/* Streaming with V4L2 devices, vivid's above all. */
#ifndef _IMPORT_V4L2_H
#define _IMPORT_V4L2_H

#include <linux/videodev2.h>

#include "helpers.h"

#define STREAM_BUFFERS	3

/* A queue of a device, and a mapping of each of its buffers. */
struct stream {
	int dev;
	enum v4l2_buf_type type;
	enum v4l2_memory memory;
	size_t len;		/* of a frame */
	int buf[STREAM_BUFFERS];	/* dma-bufs, with V4L2_MEMORY_DMABUF */
	unsigned char *mem[STREAM_BUFFERS];
};

/* ioctl() that ends the test if it fails. */
void must(int fd, unsigned long request, void *arg, const char *what);

/* Opens vivid's node of this name, such as "vivid-000-vid-cap". */
int vivid_open(const char *name);
/* Sets a control; returns false if the device has none of this name, or refuses. */
bool control_set(int dev, const char *name, int value);
/* Sets a menu to the first item that contains a text; false: there is none. */
bool control_choose(int dev, const char *name, const char *text);
/* YUYV of this size; returns the bytes of a frame. */
size_t format_set(int dev, enum v4l2_buf_type type, unsigned int width, unsigned int height);

/* Buffers of the device's own. */
struct stream stream_mmap(int dev, enum v4l2_buf_type type, size_t len);
/* Buffers of a heap. */
struct stream stream_dmabuf(int dev, enum v4l2_buf_type type, size_t len, int heap);
/* Gives the device a buffer: 0 or -errno. */
int stream_queue(struct stream *s, unsigned int index);
void stream_on(struct stream *s);
/* Waits for a buffer that the device is done with, and returns its number. */
unsigned int stream_wait(struct stream *s);
/* Stops, and gives everything back. */
void stream_end(struct stream *s);

/* What the queue says to a foreign buffer: 0, or -errno. */
int queue_try(int dev, enum v4l2_buf_type type, int buf);

#endif /* _IMPORT_V4L2_H */
