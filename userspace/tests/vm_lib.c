// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: the library does what its man pages say
 *
 * With the module: for root, in a virtual machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lazy-contig/cli.h"
#include "lazy_contig.h"
#include "../../tests/importer/lc_importer.h"
#include "tap.h"

#define MIB	((size_t)1 << 20)
#define PAGE	((size_t)sysconf(_SC_PAGESIZE))
#define SIZE	(64 * MIB)	/* more than a huge page */
#define HEAP	LAZY_CONTIG_HEAP
#define PATH	"/dev/dma_heap/" HEAP

static int alloc(size_t len)
{
	return lazy_contig_alloc(HEAP, len, O_RDWR | O_CLOEXEC);
}

static void test_alloc(void)
{
	int fd, heap;

	fd = lazy_contig_alloc(PATH, PAGE + 1, O_RDWR);
	ok(fd >= 0 && lseek(fd, 0, SEEK_END) == (off_t)(2 * PAGE), "by path, rounded up to pages");
	ok(fcntl(fd, F_GETFD) == 0, "without O_CLOEXEC");
	close(fd);
	fd = alloc(PAGE);
	ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, "by name, with O_CLOEXEC");
	close(fd);

	heap = lazy_contig_heap_open(LAZY_CONTIG_HEAP_DMA32);
	fd = lazy_contig_heap_alloc(heap, MIB, O_RDWR | O_CLOEXEC);
	ok(fd >= 0, "from an open heap");
	close(fd);
	ok(lazy_contig_heap_alloc(heap, 0, O_RDWR) == -EINVAL, "length 0");
	ok(lazy_contig_heap_alloc(heap, UINT64_MAX, O_RDWR) == -EINVAL, "a length that wraps");
	ok(lazy_contig_heap_alloc(heap, 1ULL << 50, O_RDWR) == -ENOMEM, "more than the memory");
	ok(lazy_contig_heap_alloc(heap, PAGE, O_RDWR | O_NONBLOCK) == -EINVAL, "unknown flags");
	close(heap);
}

static unsigned long huge_page(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
	char text[32] = "";

	if (!file || !fgets(text, sizeof(text), file))
		bail("no size of huge pages");
	fclose(file);
	return strtoul(text, NULL, 10);
}

static void test_map(void)
{
	int fd = alloc(SIZE), small = alloc(PAGE);
	struct pattern offset = { .kind = PATTERN_OFFSET };
	void *addr, *other;

	ok(!lazy_contig_map(fd, SIZE, PROT_READ | PROT_WRITE, &addr), "map");
	ok(!((uintptr_t)addr % huge_page()), "where a huge page can be");
	ok(pattern_mismatch(&pattern_zero, addr, SIZE) == SIZE, "every byte is zero");
	ok(!lazy_contig_sync_begin(fd, DMA_BUF_SYNC_RW), "sync begin");
	pattern_fill(&offset, addr, SIZE);
	ok(!lazy_contig_sync_end(fd, DMA_BUF_SYNC_RW), "sync end");

	ok(!lazy_contig_map(fd, 3 * MIB, PROT_READ, &other), "map a part");
	ok(pattern_mismatch(&offset, other, 3 * MIB) == 3 * MIB, "it has the same bytes");
	ok(!lazy_contig_unmap(other, 3 * MIB), "unmap the part");
	ok(lazy_contig_map(fd, SIZE + 1, PROT_READ, &other) == -EINVAL, "map beyond the end");
	close(fd);
	ok(pattern_mismatch(&offset, addr, SIZE) == SIZE, "the mapping outlives the descriptor");
	ok(!lazy_contig_unmap(addr, SIZE), "unmap");

	ok(!lazy_contig_map(small, PAGE, PROT_READ, &addr), "map a page");
	lazy_contig_unmap(addr, PAGE);
	close(small);
}

static void test_sync_and_name(void)
{
	static const unsigned int access[] = {
		DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW
	};
	char name32[] = "12345678901234567890123456789012", *name31 = name32 + 1;
	struct dmabuf buf;
	int fd = alloc(PAGE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(access); i++)
		ok(!lazy_contig_sync_begin(fd, access[i]) && !lazy_contig_sync_end(fd, access[i]),
		   "sync for access %u", access[i]);
	ok(lazy_contig_sync_begin(fd, 0) == -EINVAL, "sync for no access");

	ok(!lazy_contig_set_name(fd, name31), "the longest name");
	ok(!dmabuf_read(0, fd, &buf) && !strcmp(buf.name, name31), "the name can be read");
	ok(!strcmp(buf.exporter, HEAP) && buf.size == PAGE && buf.ino, "and so can heap and size");
	ok(lazy_contig_set_name(fd, name32) == -EINVAL, "name too long");
	close(fd);
}

static void test_sync_range(void)
{
	int dev = lazy_contig_device_open(), fd = alloc(2 * PAGE);

	ok(!lazy_contig_sync_range_begin(dev, fd, DMA_BUF_SYNC_READ, 0, 2 * PAGE),
	   "sync range begin");
	ok(!lazy_contig_sync_range_end(dev, fd, DMA_BUF_SYNC_READ, 2 * PAGE - 1, 1),
	   "sync range end");
	ok(lazy_contig_sync_range_begin(dev, fd, DMA_BUF_SYNC_RW, 1, 2 * PAGE) == -EINVAL,
	   "a range beyond the end");
	ok(lazy_contig_sync_range_end(dev, fd, DMA_BUF_SYNC_WRITE, 0, 0) == -EINVAL,
	   "an empty range");
	ok(lazy_contig_sync_range_end(dev, fd, 0, 0, 1) == -EINVAL, "a range for no access");
	ok(lazy_contig_sync_range_end(dev, dev, DMA_BUF_SYNC_RW, 0, 1) == -EINVAL,
	   "a range of no dma-buf");
	close(fd);
	close(dev);
}

static void test_query(void)
{
	struct {
		struct lazy_contig_query info;
		__u64 later;
	} large;
	struct lazy_contig_query info;
	int fd = alloc(SIZE), null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int dev = lazy_contig_device_open();
	uint64_t size;

	ok(dev >= 0 && fcntl(dev, F_GETFD) == FD_CLOEXEC, "the control device");
	ok(!lazy_contig_size(fd, &size) && size == SIZE, "size");
	ok(!lazy_contig_query(dev, fd, &info, sizeof(info)), "query");
	ok(info.len == SIZE && info.node == 0, "length and node");
	ok(info.flags == LAZY_CONTIG_PHYS_VALID && info.phys_addr &&
	   !(info.phys_addr % PAGE), "physical address");
	memset(&large, 0xff, sizeof(large));
	ok(!lazy_contig_query(dev, fd, &large.info, sizeof(large)) && !large.later &&
	   large.info.phys_addr == info.phys_addr, "query into a later, larger struct");
	ok(lazy_contig_query(dev, null, &info, sizeof(info)) == -EINVAL, "query another file");
	close(null);
	close(fd);
	ok(lazy_contig_query(dev, fd, &info, sizeof(info)) == -EBADF, "query a closed descriptor");
	close(dev);
}

/* The highest address of the first GiB of memory. */
static __u64 first_gib(void)
{
	FILE *file = fopen("/proc/iomem", "re");
	unsigned long long start = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, " : System RAM")) {
			start = strtoull(line, NULL, 16);
			break;
		}
	if (file)
		fclose(file);
	return start + (1 << 30) - 1;
}

static void test_request(void)
{
	struct lazy_contig_allocation request;
	int dev = lazy_contig_device_open(), fd;
	__u64 max_addr = first_gib();
	struct lazy_contig_query info;

	lazy_contig_request_init(&request, sizeof(request));
	request.len = PAGE + 1;
	request.align = 4 * MIB;
	request.max_addr = max_addr;
	fd = lazy_contig_request(dev, &request);
	ok(fd >= 0 && fd == request.fd && fcntl(fd, F_GETFD) == FD_CLOEXEC, "request");
	ok(!lazy_contig_query(dev, fd, &info, sizeof(info)) && info.len == 2 * PAGE &&
	   info.phys_addr == request.phys_addr && !(info.phys_addr % (4 * MIB)) &&
	   info.phys_addr + info.len - 1 <= max_addr, "its constraints are obeyed");
	close(fd);
	request.node = 63;
	ok(lazy_contig_request(dev, &request) == -EINVAL, "a node that is not online");
	memset(&request, 0, sizeof(request));
	request.len = PAGE;
	ok(lazy_contig_request(dev, &request) == -EINVAL, "a request that was not initialized");
	close(dev);
}

static void test_kept(void)
{
	struct lazy_contig_allocation request;
	int dev = lazy_contig_device_open(), fd;
	uint64_t addr, size;

	lazy_contig_request_init(&request, sizeof(request));
	request.flags = LAZY_CONTIG_KEEP;
	request.len = MIB;
	fd = lazy_contig_request(dev, &request);
	addr = request.phys_addr;
	ok(fd >= 0 && addr, "keep a buffer");
	ok(lazy_contig_kept_resize(dev, &addr, 2 * MIB) == -EBUSY && addr == request.phys_addr,
	   "a buffer in use cannot be resized");
	close(fd);
	ok(!lazy_contig_kept_resize(dev, &addr, 2 * MIB) && addr, "resize");
	fd = lazy_contig_kept_open(dev, addr, O_RDONLY | O_CLOEXEC);
	ok(fd >= 0 && !lazy_contig_size(fd, &size) && size == 2 * MIB, "open");
	close(fd);
	fd = lazy_contig_kept_hold(dev, addr, O_RDONLY | O_CLOEXEC);
	ok(fd >= 0 && lazy_contig_kept_free(dev, addr) == -EBUSY, "hold");
	close(fd);
	ok(!lazy_contig_kept_free(dev, addr), "free");
	ok(lazy_contig_kept_free(dev, addr) == -ENOENT, "which is not found again");
	close(dev);
}

static int wait_for(int pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* In a child process: gives up all privileges, with both devices open. */
static void drop_privileges(int fd)
{
	int dev = lazy_contig_device_open(), heap = lazy_contig_heap_open(HEAP);
	struct lazy_contig_allocation request;
	struct lazy_contig_query info;

	if (setresuid(65534, 65534, 65534))
		_exit(1);
	if (alloc(PAGE) != -EACCES || lazy_contig_device_open() != -EACCES)
		_exit(2);
	if (lazy_contig_heap_alloc(heap, PAGE, O_RDWR | O_CLOEXEC) < 0)
		_exit(3);
	if (lazy_contig_query(dev, fd, &info, sizeof(info)) || info.phys_addr || info.len != PAGE)
		_exit(4);
	lazy_contig_request_init(&request, sizeof(request));
	request.len = PAGE;
	if (lazy_contig_request(dev, &request) < 0 || request.phys_addr)
		_exit(5);
	request.flags = LAZY_CONTIG_KEEP;
	if (lazy_contig_request(dev, &request) != -EPERM ||
	    lazy_contig_kept_free(dev, PAGE) != -EPERM)
		_exit(6);
	_exit(0);
}

static void test_permission(void)
{
	int fd = alloc(PAGE), pid;

	pid = fork();
	if (!pid)
		drop_privileges(fd);
	ok(wait_for(pid) == 0, "an unprivileged user opens nothing, but goes on with what is open");
	close(fd);
}

/* In a child process: sends a buffer and exits. */
static void send_buffer(int sock)
{
	struct pattern offset = { .kind = PATTERN_OFFSET };
	int fd = alloc(SIZE);
	void *addr;

	if (lazy_contig_map(fd, SIZE, PROT_READ | PROT_WRITE, &addr))
		_exit(1);
	pattern_fill(&offset, addr, SIZE);
	_exit(lazy_contig_send_fd(sock, fd) ? 2 : 0);
}

static void test_pass(void)
{
	struct pattern offset = { .kind = PATTERN_OFFSET };
	int sv[2], pid, fd;
	void *addr;

	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	pid = fork();
	if (!pid)
		send_buffer(sv[0]);
	ok(wait_for(pid) == 0, "a process sends a buffer and exits");
	fd = lazy_contig_recv_fd(sv[1]);
	ok(fd >= 0 && !lazy_contig_map(fd, SIZE, PROT_READ, &addr), "another process receives it");
	ok(pattern_mismatch(&offset, addr, SIZE) == SIZE, "with its contents");
	lazy_contig_unmap(addr, SIZE);
	close(fd);
	close(sv[0]);
	close(sv[1]);
}

static void test_command(void)
{
	int fd = lazy_contig_alloc(HEAP, SIZE, O_RDWR);
	unsigned long long phys = 0;
	struct lazy_contig_query info = { 0 };
	char line[512];
	int dev = lazy_contig_device_open();
	FILE *pipe;

	snprintf(line, sizeof(line), "lazy-contig query %d", fd);
	pipe = popen(line, "r");
	while (fgets(line, sizeof(line), pipe))
		sscanf(line, "phys_addr %llx", &phys);
	ok(pclose(pipe) == 0, "'lazy-contig query' of a descriptor that it inherits");
	lazy_contig_query(dev, fd, &info, sizeof(info));
	close(dev);
	ok(phys && phys == info.phys_addr, "gives the same address");
	close(fd);
}

/* Does "lazy-contig list" have a line with the size and the user? */
static int listed(const char *size, const char *user)
{
	char line[512];
	int found = 0;
	FILE *pipe;

	pipe = popen("lazy-contig list", "r");
	while (fgets(line, sizeof(line), pipe))
		found |= !strncmp(line, size, strlen(size)) && strstr(line, user);
	return !pclose(pipe) && found;
}

static void test_list(void)
{
	int fd = alloc(7 * MIB);
	char self[32];
	void *addr;

	snprintf(self, sizeof(self), "%d vm_lib", getpid());
	ok(listed("7 MiB ", self), "'lazy-contig list' shows a process with a descriptor");
	lazy_contig_map(fd, 7 * MIB, PROT_READ, &addr);
	close(fd);
	ok(listed("7 MiB ", self), "and one with only a mapping");
	lazy_contig_unmap(addr, 7 * MIB);
	ok(!listed("7 MiB ", ""), "and nothing after the buffer was released");
}

/* A buffer that only a device, of the test importer, references. */
static void test_list_device(void)
{
	struct lci_attach attach = { .dma_bits = 64 };
	int dev;

	ok(!system("insmod $LC_IMPORTER"), "load the test importer");
	dev = open("/dev/lc_importer", O_RDWR | O_CLOEXEC);
	attach.fd = alloc(5 * MIB);
	ok(!ioctl(dev, LCI_ATTACH, &attach), "attaches to a buffer");
	close(attach.fd);
	ok(listed("5 MiB ", " 1 device"), "which 'lazy-contig list' shows");
	close(dev);
	ok(!listed("5 MiB ", ""), "until the device detaches");
	ok(!system("rmmod lc_importer"), "unload the test importer");
}

int main(void)
{
	test_alloc();
	test_map();
	test_sync_and_name();
	test_sync_range();
	test_query();
	test_request();
	test_kept();
	test_permission();
	test_pass();
	test_command();
	test_list();
	test_list_device();
	return tap_done();
}
