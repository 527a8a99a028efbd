// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: SYNC and poll() wait for a device that is at work
 *
 * vgem lets programs play that device, with a fence that they signal.
 */
#include <drm/vgem_drm.h>
#include <stdio.h>

#include "drm.h"

#define LEN	MIB(1)

/* Between the processes. */
struct shared {
	bool asking, signalled;
};

struct reader {
	int buf;
	pid_t pid;
	struct shared *shared;
};

static int attach_fence(int vgem, uint32_t handle, uint32_t flags)
{
	struct drm_vgem_fence_attach attach = { .handle = handle, .flags = flags };

	if (drmIoctl(vgem, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach))
		bail("attach a fence: %m");
	return attach.out_fence;
}

static int signal_fence(int vgem, uint32_t fence)
{
	struct drm_vgem_fence_signal signal = { .fence = fence };

	return drmIoctl(vgem, DRM_IOCTL_VGEM_FENCE_SIGNAL, &signal) ? -errno : 0;
}

/* In a child: 0 if SYNC ends after the device does. */
static int read_after_sync(struct reader *reader)
{
	__atomic_store_n(&reader->shared->asking, true, __ATOMIC_SEQ_CST);
	if (buf_sync(reader->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ))
		return 2;
	return !__atomic_load_n(&reader->shared->signalled, __ATOMIC_SEQ_CST);
}

/* The child has asked, and sleeps or has gone on. */
static bool asked(void *arg)
{
	struct reader *reader = arg;
	char path[32], state = 0;
	FILE *file;

	if (!__atomic_load_n(&reader->shared->asking, __ATOMIC_SEQ_CST))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", reader->pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		bail("%s: %m", path);
	fclose(file);
	return state != 'R';
}

static void test_write_fence(int vgem, int buf, uint32_t handle)
{
	struct shared *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct reader reader = { .buf = buf, .shared = shared };
	uint32_t fence = attach_fence(vgem, handle, VGEM_FENCE_WRITE);

	ok(!buf_ready(buf, POLLIN), "while a device writes, a buffer is not readable");
	reader.pid = fork();
	if (!reader.pid)
		_exit(read_after_sync(&reader));
	ok(becomes_true(asked, &reader), "a reader calls SYNC start");
	__atomic_store_n(&shared->signalled, true, __ATOMIC_SEQ_CST);
	is(signal_fence(vgem, fence), 0, "the device is done");
	is(child_status(reader.pid), 0, "SYNC start returns then, and not before");
	ok(buf_ready(buf, POLLIN | POLLOUT), "the buffer is readable and writable");
	munmap(shared, PAGE);
}

static void test_read_fence(int vgem, int buf, uint32_t handle)
{
	uint32_t fence = attach_fence(vgem, handle, 0);

	ok(buf_ready(buf, POLLIN), "while a device reads, a buffer is readable");
	ok(!buf_ready(buf, POLLOUT), "and not writable");
	is(buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ), 0, "SYNC start does not wait");
	is(buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ), 0, "SYNC end");
	is(signal_fence(vgem, fence), 0, "the device is done");
	ok(buf_ready(buf, POLLOUT), "the buffer is writable");
}

int main(void)
{
	int vgem = drm_open("vgem"), heap = heap_open(HEAP), buf;
	struct mark mark;
	uint32_t handle;

	if (vgem < 0)
		bail("no vgem");
	mark_set(&mark);
	buf = buf_new(heap, LEN);
	if (drm_import(vgem, buf, &handle))
		bail("import: %m");
	test_write_fence(vgem, buf, handle);
	test_read_fence(vgem, buf, handle);
	drm_close_handle(vgem, handle);
	close(buf);
	mark_check(&mark, "fences");
	return tap_done();
}
