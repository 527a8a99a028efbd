// SPDX-License-Identifier: GPL-2.0
/* Allocating, filling, checking, describing and holding a buffer. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli.h"

/*
 * The control device, opened once. Return: a descriptor that stays open, or -errno.
 */
int control(void)
{
	static int dev = -EAGAIN;

	if (dev == -EAGAIN)
		dev = lazy_contig_device_open();
	return dev;
}

static int alloc_failed(const char *from, __u64 size, int err)
{
	char text[32];

	format_size(size, text, sizeof(text));
	return fail(err, "cannot allocate %s from %s", text, from);
}

/* Allocates a buffer from a heap, by default from lazy_contig. Return: an exit code. */
int buffer_alloc(const char *heap, __u64 size, int *fd)
{
	int heap_fd, err;

	heap = heap ?: LAZY_CONTIG_HEAP;
	heap_fd = lazy_contig_heap_open(heap);
	if (heap_fd < 0) {
		err = fail(heap_fd, "cannot open heap '%s'", heap);
		fputs("Run 'lazy-contig doctor' to find out what is missing.\n", stderr);
		return err;
	}
	*fd = lazy_contig_heap_alloc(heap_fd, size, O_RDWR | O_CLOEXEC);
	close(heap_fd);
	return *fd < 0 ? alloc_failed(heap, size, *fd) : CODE_OK;
}

/*
 * Allocates a buffer with the placement constraints in @args, pinnable or not and, if it
 * is to be kept, with the name. Return: an exit code.
 */
int buffer_request(const struct args *args, __u64 size, __u32 flags, int *fd)
{
	struct lazy_contig_allocation request;
	int dev = control();

	if (dev < 0)
		return fail_file(dev, LAZY_CONTIG_DEVICE);
	lazy_contig_request_init(&request, sizeof(request));
	request.flags = flags | (args->pinnable ? LAZY_CONTIG_PINNABLE : 0);
	request.len = size;
	request.align = args->align;
	request.min_addr = args->min_addr;
	request.max_addr = args->max_addr;
	request.node = args->node;
	if (flags & LAZY_CONTIG_KEEP && args->name)
		snprintf(request.name, sizeof(request.name), "%s", args->name);
	*fd = lazy_contig_request(dev, &request);
	return *fd < 0 ? alloc_failed(LAZY_CONTIG_DEVICE, size, *fd) : CODE_OK;
}

/* Sets the debug name, if there is one. Return: an exit code. */
int buffer_name(int fd, const char *name)
{
	int err = name ? lazy_contig_set_name(fd, name) : 0;

	return err ? fail(err, "cannot set the name '%s'", name) : CODE_OK;
}

/* Maps a whole buffer and begins CPU access. Return: an exit code. */
static int contents_begin(int fd, int prot, __u64 access, void **addr, size_t *len)
{
	uint64_t size;
	int err;

	err = lazy_contig_size(fd, &size);
	if (err)
		return fail(err, "cannot get the size of the buffer");
	if (size > SIZE_MAX)
		return fail(-EOVERFLOW, "cannot map the buffer");
	*len = size;
	err = lazy_contig_map(fd, *len, prot, addr);
	if (err)
		return fail(err, "cannot map the buffer");
	err = lazy_contig_sync_begin(fd, access);
	if (err) {
		lazy_contig_unmap(*addr, *len);
		return fail(err, "cannot begin CPU access");
	}
	return CODE_OK;
}

static int contents_end(int fd, __u64 access, void *addr, size_t len)
{
	int err;

	err = lazy_contig_sync_end(fd, access);
	lazy_contig_unmap(addr, len);
	return err ? fail(err, "cannot end CPU access") : CODE_OK;
}

static int contents_fill(int fd, const struct pattern *pattern)
{
	void *addr;
	size_t len;
	int code;

	code = contents_begin(fd, PROT_READ | PROT_WRITE, DMA_BUF_SYNC_WRITE, &addr, &len);
	if (code)
		return code;
	pattern_fill(pattern, addr, len);
	return contents_end(fd, DMA_BUF_SYNC_WRITE, addr, len);
}

static int contents_check(int fd, const struct pattern *pattern, json_object *out)
{
	size_t len, offset;
	void *addr;
	int code;

	code = contents_begin(fd, PROT_READ, DMA_BUF_SYNC_READ, &addr, &len);
	if (code)
		return code;
	offset = pattern_mismatch(pattern, addr, len);
	code = contents_end(fd, DMA_BUF_SYNC_READ, addr, len);
	if (code)
		return code;

	add_bool(out, "contents_ok", offset == len);
	if (offset == len)
		return CODE_OK;
	add_u64(out, "wrong_at", offset);
	return fail(-EBADMSG, "unexpected contents at offset %#zx", offset);
}

/* Obeys --check, --fill, --load and --save, in this order. Return: an exit code. */
int contents(const struct args *args, int fd, json_object *out)
{
	int code = CODE_OK;

	if (args->check)
		code = contents_check(fd, &args->expect, out);
	if (!code && args->has_fill)
		code = contents_fill(fd, &args->fill);
	if (!code && args->has_fill)
		code = contents_check(fd, &args->fill, out);
	if (!code && args->load)
		code = load(args, fd, out);
	if (!code && args->save)
		code = save(args, fd, out);
	return code;
}

/*
 * Adds the properties of a dma-buf to @out. phys_addr and node are added for
 * buffers of lazy_contig only. Return: 0 or -errno of the first step that failed.
 */
int describe(int fd, json_object *out)
{
	struct lazy_contig_query info;
	struct dmabuf buf;
	int dev, err;

	err = dmabuf_read(0, fd, &buf);
	if (err)
		return err;
	add_u64(out, "size", buf.size);
	add_string(out, "heap", buf.exporter);
	if (buf.name[0])
		add_string(out, "name", buf.name);
	add_u64(out, "inode", buf.ino);

	dev = control();
	err = dev < 0 ? dev : lazy_contig_query(dev, fd, &info, sizeof(info));
	if (err)
		return err;
	if (info.flags & LAZY_CONTIG_PHYS_VALID)
		add_u64(out, "phys_addr", info.phys_addr);
	else
		json_object_object_add(out, "phys_addr", NULL);
	json_object_object_add(out, "node", json_object_new_int(info.node));
	return 0;
}

/*
 * Prints the object and waits for a signal. The signals are blocked before
 * printing, because a process that reads the output may send one immediately.
 */
static void hold(json_object *out, bool json)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	print_object(out, json);
	sigwait(&set, &sig);
}

/* Obeys the options for contents, prints the object, and obeys --hold. Return: an exit code. */
int show(const struct args *args, int fd, json_object *out)
{
	int code = contents(args, fd, out);

	if (!code && args->hold)
		hold(out, args->json);
	else
		print_object(out, args->json);
	return code;
}
