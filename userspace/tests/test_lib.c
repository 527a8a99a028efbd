// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: the library returns -errno, and leaks neither descriptor nor memory
 *
 * As far as it can be tested with a memfd in place of a buffer.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lazy-contig/cli.h"
#include "lazy_contig.h"
#include "tap.h"

#define MIB	((size_t)1 << 20)

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int memfd(size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	return ftruncate(fd, size) ? -1 : fd;
}

static int same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_ino == sb.st_ino &&
	       sa.st_dev == sb.st_dev;
}

/* Sends a message of @bytes bytes of data and @count duplicates of @fd. */
static void send_raw(int sock, size_t bytes, int fd, size_t count)
{
	char data[4] = "";
	struct iovec iov = { .iov_base = data, .iov_len = bytes };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(100 * sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	size_t i;

	if (count) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(fd));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(count * sizeof(fd));
		for (i = 0; i < count; i++)
			memcpy(CMSG_DATA(cmsg) + i * sizeof(fd), &fd, sizeof(fd));
	}
	ok(sendmsg(sock, &msg, 0) == (ssize_t)bytes, "a message with %zu descriptors is sent",
	   count);
}

static void test_pass(int type, const char *name)
{
	int fd = memfd(4096), sv[2], got, one = 1;

	socketpair(AF_UNIX, type, 0, sv);
	ok(!lazy_contig_send_fd(sv[0], fd), "%s: sent", name);
	got = lazy_contig_recv_fd(sv[1]);
	ok(got >= 0 && same_file(got, fd), "%s: received", name);
	ok(fcntl(got, F_GETFD) == FD_CLOEXEC, "%s: close-on-exec", name);
	close(got);

	ok(!lazy_contig_send_fd(sv[0], fd) && !lazy_contig_send_fd(sv[0], sv[0]), "%s: two sent",
	   name);
	got = lazy_contig_recv_fd(sv[1]);
	ok(same_file(got, fd), "%s: the first comes first", name);
	close(got);
	got = lazy_contig_recv_fd(sv[1]);
	ok(same_file(got, sv[0]), "%s: the second comes second", name);
	close(got);

	setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	ok(!lazy_contig_send_fd(sv[0], fd), "%s: sent to a socket with SO_PASSCRED", name);
	got = lazy_contig_recv_fd(sv[1]);
	ok(got >= 0 && same_file(got, fd), "%s: received with credentials", name);
	close(got);

	close(sv[0]);
	close(sv[1]);
	close(fd);
}

static void test_pass_refused(void)
{
	static const size_t counts[] = { 0, 2, 3, 100 };
	int fd = memfd(4096), sv[2], before;
	size_t i;

	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv);
	before = open_fds();
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		send_raw(sv[0], 1, fd, counts[i]);
		ok(lazy_contig_recv_fd(sv[1]) == -EPROTO, "%zu descriptors: refused", counts[i]);
		ok(open_fds() == before, "%zu descriptors: none left open", counts[i]);
	}
	send_raw(sv[0], 4, fd, 1);
	ok(lazy_contig_recv_fd(sv[1]) == -EPROTO, "a message with more data: refused");
	ok(open_fds() == before, "a message with more data: none left open");

	close(sv[0]);
	close(sv[1]);
	close(fd);
}

/* Receives while the limit of descriptors allows no new one. */
static void test_pass_limit(void)
{
	int fd = memfd(4096), sv[2], got;
	struct rlimit old, none;

	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 3;
	ok(!lazy_contig_send_fd(sv[0], fd), "sent to a process at the limit");
	setrlimit(RLIMIT_NOFILE, &none);
	got = lazy_contig_recv_fd(sv[1]);
	setrlimit(RLIMIT_NOFILE, &old);
	ok(got == -EMFILE, "no descriptor left: %d", got);

	close(sv[0]);
	close(sv[1]);
	close(fd);
}

static void test_pass_errors(void)
{
	int fd = memfd(4096), sv[2], lone;

	ok(lazy_contig_send_fd(-1, fd) == -EBADF, "send over a closed socket");
	ok(lazy_contig_recv_fd(-1) == -EBADF, "receive from a closed socket");
	ok(lazy_contig_recv_fd(fd) == -ENOTSOCK, "receive from a file");

	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	ok(lazy_contig_send_fd(sv[0], -1) == -EBADF, "send a closed descriptor");
	fcntl(sv[1], F_SETFL, O_NONBLOCK);
	ok(lazy_contig_recv_fd(sv[1]) == -EAGAIN, "no message is pending");
	close(sv[0]);
	ok(lazy_contig_recv_fd(sv[1]) == -ECONNRESET, "the peer closed the socket");
	ok(lazy_contig_send_fd(sv[1], fd) == -EPIPE, "send to a closed peer, without SIGPIPE");
	close(sv[1]);

	lone = socket(AF_UNIX, SOCK_STREAM, 0);
	ok(lazy_contig_send_fd(lone, fd) == -ENOTCONN, "send over an unconnected socket");
	close(lone);
	close(fd);
}

/* Address space in use, in pages, which includes leaked reservations. */
static unsigned long address_space(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file || fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages;
}

/* SIZE_MAX if the kernel has no huge page table entries. */
static size_t huge_size(void)
{
	char text[32];

	if (file_read_line("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", text,
			   sizeof(text)))
		return SIZE_MAX;
	return strtoull(text, NULL, 10);
}

static void test_map(void)
{
	static const size_t sizes[] = { 1, 4096, 2 * MIB - 4096, 2 * MIB - 1, 2 * MIB, 3 * MIB + 1,
					64 * MIB };
	size_t huge = huge_size();
	int fd = memfd(64 * MIB), i, j;
	unsigned long before = address_space();
	char *addr;

	for (i = 0; i < (int)ARRAY_SIZE(sizes); i++) {
		size_t len = sizes[i], aligned = len + 4095 < huge ? 4096 : huge;
		int good = 1;

		/* Repeated, because a single address can be aligned by chance. */
		for (j = 0; j < 8; j++) {
			addr = NULL;
			good &= !lazy_contig_map(fd, len, PROT_READ | PROT_WRITE, (void **)&addr);
			good &= addr && !((uintptr_t)addr % aligned);
			addr[0] = j;
			addr[len - 1] = j;
			good &= !lazy_contig_unmap(addr, len);
			good &= msync(addr, 4096, MS_ASYNC) && errno == ENOMEM;
		}
		ok(good, "map %zu bytes, write, unmap", len);
	}
	ok(address_space() == before, "no reservation is left after unmapping");
	close(fd);
}

static void test_map_errors(void)
{
	int fd = memfd(4 * MIB), ro, i;
	void *addr = &fd;
	char path[64];
	unsigned long before;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	ok(lazy_contig_map(fd, 0, PROT_READ, &addr) == -EINVAL, "map no bytes");
	ok(lazy_contig_map(fd, SIZE_MAX, PROT_READ, &addr) == -ENOMEM, "map SIZE_MAX bytes");
	ok(lazy_contig_map(fd, SIZE_MAX - MIB, PROT_READ, &addr) == -ENOMEM,
	   "map nearly SIZE_MAX bytes");
	ok(lazy_contig_map(fd, SIZE_MAX / 2, PROT_READ, &addr) == -ENOMEM, "map too many bytes");
	ok(lazy_contig_map(-1, MIB, PROT_READ, &addr) == -EBADF, "map a closed descriptor");
	ok(lazy_contig_map(ro, MIB, PROT_READ | PROT_WRITE, &addr) == -EACCES,
	   "map a read-only descriptor for writing");
	before = address_space();
	for (i = 0; i < 100; i++)
		if (lazy_contig_map(ro, 4 * MIB, PROT_WRITE, &addr) != -EACCES)
			break;
	ok(i == 100 && address_space() < before + 1024, "a failure leaves no reservation");
	ok(addr == &fd, "a failed mapping stores no address");
	ok(lazy_contig_unmap((void *)1, 4096) == -EINVAL, "unmap an odd address");
	close(ro);
	close(fd);
}

static void test_ioctls(void)
{
	int fd = memfd(4096), err;
	char path[2 * PATH_MAX];

	ok(lazy_contig_sync_begin(fd, DMA_BUF_SYNC_READ) == -ENOTTY, "sync begin on a file");
	ok(lazy_contig_sync_end(fd, DMA_BUF_SYNC_READ) == -ENOTTY, "sync end on a file");
	ok(lazy_contig_sync_begin(-1, DMA_BUF_SYNC_RW) == -EBADF, "sync on a closed descriptor");
	ok(lazy_contig_sync_begin(fd, DMA_BUF_SYNC_END) == -EINVAL, "begin with SYNC_END");
	ok(lazy_contig_sync_end(fd, ~DMA_BUF_SYNC_RW) == -EINVAL, "unknown access");
	ok(lazy_contig_sync_range_begin(fd, fd, DMA_BUF_SYNC_RW, 0, 1) == -ENOTTY,
	   "sync range on a file");
	ok(lazy_contig_sync_range_end(-1, fd, DMA_BUF_SYNC_RW, 0, 1) == -EBADF,
	   "sync range on a closed descriptor");
	ok(lazy_contig_sync_range_begin(fd, fd, DMA_BUF_SYNC_END, 0, 1) == -EINVAL,
	   "range begin with SYNC_END");
	ok(lazy_contig_sync_range_end(fd, fd, ~DMA_BUF_SYNC_RW, 0, 1) == -EINVAL,
	   "unknown access to a range");
	ok(lazy_contig_set_name(fd, "test") == -ENOTTY, "name a file");

	ok(lazy_contig_heap_alloc(fd, 4096, O_RDWR) == -ENOTTY, "allocate from a file");
	ok(lazy_contig_heap_alloc(-1, 4096, O_RDWR) == -EBADF, "allocate from a closed descriptor");
	ok(lazy_contig_alloc("no_such_heap", 4096, O_RDWR) == -ENOENT, "an unknown heap");
	ok(lazy_contig_alloc("./no_such_heap", 4096, O_RDWR) == -ENOENT, "an unknown path");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ok(lazy_contig_heap_open(path) == -ENAMETOOLONG, "heap name too long");
	err = lazy_contig_heap_open("/dev/null");
	ok(err >= 0 && fcntl(err, F_GETFD) == FD_CLOEXEC, "a heap by its path, close-on-exec");
	close(err);

	ok(lazy_contig_alloc("", 4096, O_RDWR) < 0 && lazy_contig_alloc("..", 4096, O_RDWR) < 0,
	   "names that are no heap");
	close(fd);
}

/* Each function of the control device, with a descriptor of another file. */
static void test_device(void)
{
	struct lazy_contig_allocation request;
	struct lazy_contig_query info;
	uint64_t addr = 4096, size = 1;
	int fd = memfd(8192);

	memset(&request, 0xff, sizeof(request));
	lazy_contig_request_init(&request, sizeof(request));
	ok(request.size == sizeof(request) && request.node == -1 &&
	   request.fd_flags == (O_RDWR | O_CLOEXEC), "a request for any node");
	ok(!request.flags && !request.len && !request.align && !request.max_addr &&
	   !request.name[0] && !request.phys_addr, "without constraints");
	ok(lazy_contig_request(fd, &request) == -ENOTTY, "request from another file");
	ok(lazy_contig_request(-1, &request) == -EBADF, "request from a closed descriptor");

	ok(lazy_contig_query(fd, fd, &info, 4) == -EINVAL, "query into a struct too small");
	ok(lazy_contig_query(-ENOENT, fd, &info, sizeof(info)) == -EBADF,
	   "query with the error of opening the device");
	ok(lazy_contig_kept_open(fd, addr, O_RDWR) == -ENOTTY, "open with another file");
	ok(lazy_contig_kept_resize(fd, &addr, 4096) == -ENOTTY && addr == 4096,
	   "resize with another file");
	ok(lazy_contig_kept_free(fd, addr) == -ENOTTY, "free with another file");

	size = 8192;
	ok(lazy_contig_read_file(fd, 0, &size, fd) == -ENOTTY && !size,
	   "read a file into another file");
	ok(lazy_contig_write_file(fd, 0, 8192, fd) == -ENOTTY, "write another file to a file");
	size = 8192;
	ok(lazy_contig_read_file(-1, 0, &size, fd) == -EBADF && !size,
	   "read a file into a closed descriptor");
	ok(lazy_contig_write_file(-1, 0, 8192, fd) == -EBADF,
	   "write a closed descriptor to a file");

	ok(!lazy_contig_size(fd, &size) && size == 8192, "size");
	ok(lazy_contig_size(-1, &size) == -EBADF && size == 8192,
	   "size of a closed descriptor");
	close(fd);
}

#define THREADS	8

/* Maps and unmaps its own file; counts mappings without what it has written. */
static void *map_often(void *data)
{
	int fd = memfd(4 * MIB), i, *wrong = data;
	char *addr;

	for (i = 0; i < 500; i++) {
		if (lazy_contig_map(fd, 4 * MIB, PROT_READ | PROT_WRITE, (void **)&addr)) {
			(*wrong)++;
			continue;
		}
		memcpy(addr + 2 * MIB, &fd, sizeof(fd));
		*wrong += memcmp(addr + 2 * MIB, &fd, sizeof(fd)) != 0;
		*wrong += lazy_contig_unmap(addr, 4 * MIB) != 0;
	}
	close(fd);
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];
	int wrong[THREADS] = { 0 }, sum = 0, i;

	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, map_often, &wrong[i]);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += wrong[i];
	}
	ok(!sum, "threads map and unmap at the same time");
}

int main(void)
{
	int before = open_fds();

	test_pass(SOCK_STREAM, "stream");
	test_pass(SOCK_SEQPACKET, "seqpacket");
	test_pass(SOCK_DGRAM, "datagram");
	test_pass_refused();
	test_pass_limit();
	test_pass_errors();
	test_map();
	test_map_errors();
	test_ioctls();
	test_device();
	test_threads();
	ok(open_fds() == before, "no descriptor was leaked");
	return tap_done();
}
