// SPDX-License-Identifier: GPL-2.0
/* Allocating, filling, checking, describing and holding a buffer. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int alloc_failed(const char *heap, __u64 size, int err)
{
	char text[32];

	format_size(size, text, sizeof(text));
	return fail(err, "cannot allocate %s from heap '%s'", text, heap);
}

/*
 * Allocates a buffer from args->heap and names it. *@ms is the duration of the
 * allocation alone. Return: an exit code.
 */
int buffer_alloc(const struct args *args, __u64 size, int *fd, double *ms)
{
	double start;
	int heap, err;

	heap = lazy_contig_heap_open(args->heap);
	if (heap < 0) {
		err = fail(heap, "cannot open heap '%s'", args->heap);
		fputs("Run 'lazy-contig doctor' to find out what is missing.\n", stderr);
		return err;
	}

	start = milliseconds();
	*fd = lazy_contig_heap_alloc(heap, size, O_RDWR | O_CLOEXEC);
	*ms = milliseconds() - start;
	close(heap);
	if (*fd < 0)
		return alloc_failed(args->heap, size, *fd);

	err = args->name ? lazy_contig_set_name(*fd, args->name) : 0;
	return err ? fail(err, "cannot set the name '%s'", args->name) : CODE_OK;
}

/* Maps a whole buffer and begins CPU access. Return: an exit code. */
static int contents_begin(int fd, int prot, __u64 access, void **addr, size_t *len)
{
	off_t size = lseek(fd, 0, SEEK_END);
	int err;

	if (size < 0)
		return fail(-errno, "cannot get the size of the buffer");
	if ((uintmax_t)size > SIZE_MAX)
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

int contents_fill(int fd, const struct pattern *pattern)
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

int contents_check(int fd, const struct pattern *pattern, json_object *out)
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

	add_string(out, "contents", offset == len ? "as expected" : "wrong");
	if (offset == len)
		return CODE_OK;
	add_u64(out, "wrong_at", offset);
	return fail(-EBADMSG, "unexpected contents at offset %#zx", offset);
}

/*
 * Adds the properties of a dma-buf to @out. phys_addr and node are added for
 * buffers of lazy_contig only. Return: 0 or -errno of the first step that failed.
 */
int describe(int fd, json_object *out)
{
	struct lazy_contig_query info;
	struct dmabuf buf;
	int err;

	err = dmabuf_read(0, fd, &buf);
	if (err)
		return err;
	add_u64(out, "size", buf.size);
	add_string(out, "heap", buf.exporter);
	if (buf.name[0])
		add_string(out, "name", buf.name);
	add_u64(out, "inode", buf.ino);

	err = lazy_contig_query(fd, &info, sizeof(info));
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
int hold(json_object *out, bool json)
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
	return CODE_OK;
}
