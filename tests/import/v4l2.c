// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdio.h>

#include "v4l2.h"

void must(int fd, unsigned long request, void *arg, const char *what)
{
	int err = call(fd, request, arg);

	if (err)
		bail("%s: %s", what, strerror(-err));
}

int vivid_open(const char *name)
{
	const struct sched_param param = {};
	char text[64];
	FILE *f;
	int fd;

	/* the script says why */
	if (sched_setscheduler(0, SCHED_IDLE, &param))
		bail("SCHED_IDLE: %m");
	snprintf(text, sizeof(text), "../vivid %s", name);
	f = popen(text, "re");
	if (!f || !fgets(text, sizeof(text), f) || pclose(f))
		bail("no %s", name);
	text[strcspn(text, "\n")] = 0;
	fd = open(text, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %m", text);
	return fd;
}

static bool control_find(int dev, const char *name, struct v4l2_queryctrl *ctrl)
{
	*ctrl = (struct v4l2_queryctrl){ .id = V4L2_CTRL_FLAG_NEXT_CTRL };
	while (!call(dev, VIDIOC_QUERYCTRL, ctrl)) {
		if (!strcmp((char *)ctrl->name, name))
			return true;
		ctrl->id |= V4L2_CTRL_FLAG_NEXT_CTRL;
	}
	return false;
}

bool control_set(int dev, const char *name, int value)
{
	struct v4l2_queryctrl ctrl;
	struct v4l2_control set;

	if (!control_find(dev, name, &ctrl))
		return false;
	set = (struct v4l2_control){ .id = ctrl.id, .value = value };
	return !call(dev, VIDIOC_S_CTRL, &set);
}

bool control_choose(int dev, const char *name, const char *text)
{
	struct v4l2_queryctrl ctrl;
	struct v4l2_querymenu item;

	if (!control_find(dev, name, &ctrl))
		return false;
	for (item.index = ctrl.minimum; (int)item.index <= ctrl.maximum; item.index++) {
		item.id = ctrl.id;
		if (!call(dev, VIDIOC_QUERYMENU, &item) && strstr((char *)item.name, text))
			return control_set(dev, name, item.index);
	}
	return false;
}

size_t format_set(int dev, enum v4l2_buf_type type, unsigned int width, unsigned int height)
{
	/* far slower than it can: vivid warns when it is late at the wrong moment */
	struct v4l2_streamparm rate = {
		.type = type,
		.parm.capture.timeperframe = { 1, 15 },
	};
	struct v4l2_format format = {
		.type = type,
		.fmt.pix = {
			.width = width,
			.height = height,
			.pixelformat = V4L2_PIX_FMT_YUYV,
			.field = V4L2_FIELD_NONE,
		},
	};

	must(dev, VIDIOC_S_FMT, &format, "VIDIOC_S_FMT");
	call(dev, VIDIOC_S_PARM, &rate);
	if (format.fmt.pix.width != width || format.fmt.pix.height != height ||
	    format.fmt.pix.pixelformat != V4L2_PIX_FMT_YUYV)
		bail("no YUYV of %ux%u", width, height);
	return format.fmt.pix.sizeimage;
}

static struct v4l2_buffer buffer_of(const struct stream *s, unsigned int index)
{
	return (struct v4l2_buffer){
		.type = s->type,
		.memory = s->memory,
		.index = index,
		.bytesused = s->len,
	};
}

static void buffers_request(int dev, enum v4l2_buf_type type, enum v4l2_memory memory,
			    unsigned int count)
{
	struct v4l2_requestbuffers req = {
		.type = type,
		.memory = memory,
		.count = count,
	};

	must(dev, VIDIOC_REQBUFS, &req, "VIDIOC_REQBUFS");
	if (req.count < count)
		bail("%u buffers of %u", req.count, count);
}

struct stream stream_mmap(int dev, enum v4l2_buf_type type, size_t len)
{
	struct stream s = { .dev = dev, .type = type, .memory = V4L2_MEMORY_MMAP, .len = len };
	struct v4l2_buffer b;
	unsigned int i;

	buffers_request(dev, type, s.memory, STREAM_BUFFERS);
	for (i = 0; i < STREAM_BUFFERS; i++) {
		b = buffer_of(&s, i);
		must(dev, VIDIOC_QUERYBUF, &b, "VIDIOC_QUERYBUF");
		s.mem[i] = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, dev, b.m.offset);
		if (s.mem[i] == MAP_FAILED)
			bail("mmap of a frame: %m");
	}
	return s;
}

struct stream stream_dmabuf(int dev, enum v4l2_buf_type type, size_t len, int heap)
{
	struct stream s = { .dev = dev, .type = type, .memory = V4L2_MEMORY_DMABUF, .len = len };
	unsigned int i;

	buffers_request(dev, type, s.memory, STREAM_BUFFERS);
	for (i = 0; i < STREAM_BUFFERS; i++) {
		s.buf[i] = buf_new(heap, len);
		s.mem[i] = buf_map(s.buf[i], len);
	}
	return s;
}

int stream_queue(struct stream *s, unsigned int index)
{
	struct v4l2_buffer b = buffer_of(s, index);

	if (s->memory == V4L2_MEMORY_DMABUF)
		b.m.fd = s->buf[index];
	return call(s->dev, VIDIOC_QBUF, &b);
}

void stream_on(struct stream *s)
{
	must(s->dev, VIDIOC_STREAMON, &s->type, "VIDIOC_STREAMON");
}

unsigned int stream_wait(struct stream *s)
{
	struct v4l2_buffer b = buffer_of(s, 0);

	must(s->dev, VIDIOC_DQBUF, &b, "VIDIOC_DQBUF");
	return b.index;
}

void stream_end(struct stream *s)
{
	unsigned int i;

	must(s->dev, VIDIOC_STREAMOFF, &s->type, "VIDIOC_STREAMOFF");
	for (i = 0; i < STREAM_BUFFERS; i++) {
		munmap(s->mem[i], s->len);
		if (s->memory == V4L2_MEMORY_DMABUF)
			close(s->buf[i]);
	}
	buffers_request(s->dev, s->type, s->memory, 0);
}

int queue_try(int dev, enum v4l2_buf_type type, int buf)
{
	struct stream s = { .dev = dev, .type = type, .memory = V4L2_MEMORY_DMABUF };
	int err;

	buffers_request(dev, type, s.memory, STREAM_BUFFERS);
	s.buf[0] = buf;
	err = stream_queue(&s, 0);
	buffers_request(dev, type, s.memory, 0);
	return err;
}
