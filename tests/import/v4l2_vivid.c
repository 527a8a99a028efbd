// SPDX-License-Identifier: GPL-2.0
/*
 * Pictures of a camera, and for a display, in buffers of lazy_contig: vivid without and
 * with the demands of a device that has no IOMMU.
 */
#include <stdio.h>
#include <sys/syscall.h>

#include <linux/mempolicy.h>
#include <linux/v4l2-dv-timings.h>

#include "v4l2.h"

#define WIDTH	1280
#define HEIGHT	720
#define FRAMES	4

#define CAPTURE	V4L2_BUF_TYPE_VIDEO_CAPTURE
#define OUTPUT	V4L2_BUF_TYPE_VIDEO_OUTPUT

static const int test_pictures[] = { 0, 10 };	/* bars and checkers */

static int open_node(int instance, const char *which)
{
	char name[32];

	snprintf(name, sizeof(name), "vivid-%03d-vid-%s", instance, which);
	return vivid_open(name);
}

/* One frame of the current picture by a path that has no dma-buf in it. */
static void capture_reference(int dev, unsigned char *frame, size_t len)
{
	struct stream s = stream_mmap(dev, CAPTURE, len);

	if (stream_queue(&s, 0))
		bail("the device does not take its own buffer");
	stream_on(&s);
	memcpy(frame, s.mem[stream_wait(&s)], len);
	stream_end(&s);
}

/* A picture from which nothing follows about any other. */
static bool picture_is_plain(const unsigned char *frame, size_t len)
{
	return !memcmp(frame, frame + 4, len - 4);
}

static void capture_frames(int dev, const unsigned char *want, size_t len, int heap)
{
	struct stream s = stream_dmabuf(dev, CAPTURE, len, heap);
	unsigned int i, n, err = 0, equal = 0;

	for (i = 0; i < STREAM_BUFFERS; i++)
		err |= stream_queue(&s, i);
	is(err, 0, "%d buffers of ours are queued", STREAM_BUFFERS);
	stream_on(&s);
	for (n = 0; n < FRAMES; n++) {
		i = stream_wait(&s);
		buf_sync(s.buf[i], DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
		equal += !memcmp(s.mem[i], want, len);
		memset(s.mem[i], 0xa5, len);
		buf_sync(s.buf[i], DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
		stream_queue(&s, i);
	}
	is(equal, FRAMES, "each of %d frames in them is the picture", FRAMES);
	stream_end(&s);
}

static void test_capture(int instance, int heap)
{
	int dev = open_node(instance, "cap"), input = 0;
	unsigned char *want;
	size_t len, i;

	must(dev, VIDIOC_S_INPUT, &input, "webcam");
	len = format_set(dev, CAPTURE, WIDTH, HEIGHT);
	want = malloc(len);
	/* no clock in the picture: each frame is like the last */
	control_set(dev, "OSD Text Mode", 2);
	for (i = 0; i < ARRAY_SIZE(test_pictures); i++) {
		control_set(dev, "Test Pattern", test_pictures[i]);
		capture_reference(dev, want, len);
		ok(!picture_is_plain(want, len), "picture %d shows something",
		   test_pictures[i]);
		capture_frames(dev, want, len, heap);
	}
	free(want);
	close(dev);
}

/* Both ends of a cable have to agree on what goes over it. */
static size_t hdmi_set(int dev, enum v4l2_buf_type type)
{
	struct v4l2_dv_timings timings = V4L2_DV_BT_CEA_1280X720P24;
	int input = 1, output = 0;

	if (type == CAPTURE)
		must(dev, VIDIOC_S_INPUT, &input, "HDMI input");
	else
		must(dev, VIDIOC_S_OUTPUT, &output, "HDMI output");
	must(dev, VIDIOC_S_DV_TIMINGS, &timings, "VIDIOC_S_DV_TIMINGS");
	return format_set(dev, type, WIDTH, HEIGHT);
}

static bool hdmi_connect(int instance, int cap)
{
	char control[32], output[16];

	snprintf(control, sizeof(control), "HDMI %03d-0 Is Connected To", instance);
	snprintf(output, sizeof(output), "Output HDMI %03d", instance);
	return control_choose(cap, control, output) ||
	       control_set(cap, "Loop Video", 1);	/* older kernels */
}

/*
 * Frames until one is as wanted; it takes a few for a new one to come through. Some
 * versions of vivid, told of a connection, can fall back to none a moment later.
 */
static bool arrives(int instance, struct stream *in, const unsigned char *want)
{
	bool equal = false;
	unsigned int i, n;

	for (n = 0; n < 30 && !equal; n++) {
		hdmi_connect(instance, in->dev);
		i = stream_wait(in);
		equal = !memcmp(in->mem[i], want, in->len);
		stream_queue(in, i);
	}
	return equal;
}

static void test_output(int instance, int heap)
{
	int out = open_node(instance, "out"), cap = open_node(instance, "cap");
	size_t len = hdmi_set(out, OUTPUT);
	struct stream to, from;
	unsigned int i, err = 0;

	is(hdmi_set(cap, CAPTURE), len, "the input takes what the output sends");
	ok(hdmi_connect(instance, cap), "a cable from output to input");
	to = stream_dmabuf(out, OUTPUT, len, heap);
	from = stream_dmabuf(cap, CAPTURE, len, heap);
	for (i = 0; i < STREAM_BUFFERS; i++) {
		pattern_fill(to.mem[i], len, i + 1);
		err |= stream_queue(&from, i);
	}
	err |= stream_queue(&to, 0);
	is(err, 0, "buffers of ours are queued at both ends");
	stream_on(&to);
	stream_on(&from);
	for (i = 0; i < STREAM_BUFFERS; i++) {
		if (i)
			is(stream_queue(&to, i), 0, "the next one");
		ok(arrives(instance, &from, to.mem[i]), "frame %u arrives as it was sent", i);
	}
	stream_end(&from);
	stream_end(&to);
	close(cap);
	close(out);
}

/* Whether a device would see more than one piece. */
static bool is_scattered(int imp, int buf)
{
	struct lci_entry entry;
	struct lci_map map;
	uint64_t next = 0;
	bool scattered = false;
	uint32_t id, i;

	if (importer_attach(imp, buf, 64, &id) || importer_map(imp, id, 0, &map))
		bail("the importer does not take a buffer");
	for (i = 0; i < map.nents && !scattered; i++) {
		importer_entry(imp, map.map, i, &entry);
		scattered = next && entry.dma_addr != next;
		next = entry.dma_addr + entry.length;
	}
	call(imp, LCI_UNMAP, &map.map);
	call(imp, LCI_DETACH, &id);
	return scattered;
}

/* The same device, the same length: the other heap's buffer, then ours. */
static void test_demands(int ours)
{
	int dev = open_node(1, "cap"), imp = importer_open();
	size_t len = format_set(dev, CAPTURE, WIDTH, HEIGHT);
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC), buf[64], i, n = 0;
	bool found = false;

	if (heap < 0) {
		skip("this kernel has no system heap to compare with");
	} else {
		/* it can be lucky: go on until it is not */
		while (!found && n < (int)ARRAY_SIZE(buf)) {
			buf[n] = buf_new(heap, len);
			found = is_scattered(imp, buf[n++]);
		}
		if (!found)
			skip("no scattered buffer among %d of the system heap", n);
		else
			is(queue_try(dev, CAPTURE, buf[n - 1]), -EFAULT,
			   "a scattered buffer is refused");
		for (i = 0; i < n; i++)
			close(buf[i]);
		close(heap);
	}
	buf[0] = buf_new(ours, len);
	is(queue_try(dev, CAPTURE, buf[0]), 0, "one of ours is taken");
	close(buf[0]);
	close(imp);
	close(dev);
}

/* Where memory above 4 GiB is the nearest, a 32-bit device needs the other heap. */
static void test_high(int any, int dma32)
{
	int dev = open_node(1, "cap"), buf;
	unsigned long upper = 1 << 1;
	size_t len = format_set(dev, CAPTURE, WIDTH, HEIGHT);

	if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &upper, 8 * sizeof(upper)))
		bail("set_mempolicy: %m");
	buf = buf_new(any, len);
	ok(buf_phys(buf) >= 1ull << 32, "a buffer above 4 GiB");
	ok(queue_try(dev, CAPTURE, buf), "is not for a device of 32 bits");
	close(buf);
	buf = buf_new(dma32, len);
	is(queue_try(dev, CAPTURE, buf), 0, "lazy_contig_dma32 has one that is");
	close(buf);
	close(dev);
}

/* A driver that has the kernel map the buffer for its device. */
static void test_device(int any, int dma32)
{
	struct mark mark;

	mark_set(&mark);
	diag("vb2-dma-contig");
	test_capture(1, dma32);
	test_output(1, dma32);
	test_demands(dma32);
	mark_check(&mark, "all streams");
	/* the DMA API may log what it cannot do */
	test_high(any, dma32);
}

int main(void)
{
	int any = heap_open(HEAP), dma32 = heap_open(HEAP_DMA32);
	struct mark mark;

	close(open_node(0, "cap"));
	mark_set(&mark);
	diag("vb2-vmalloc");
	test_capture(0, any);
	test_output(0, any);
	mark_check(&mark, "streams that no device sees");
	if (kernel_checks_drivers())
		skip("this kernel warns that vivid claims to take 64 KiB in one entry");
	else
		test_device(any, dma32);
	close(any);
	close(dma32);
	return tap_done();
}
