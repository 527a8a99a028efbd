// SPDX-License-Identifier: GPL-2.0
/* Calls of the fuzzer and their arguments. */
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "fuzz.h"

#define NR_FDS		48
#define NR_ADDRS	16

static const char * const nodes[] = {
	"/dev/dma_heap/" HEAP, "/dev/dma_heap/" HEAP_DMA32, CONTROL,
};

/*
 * The fds of the process. Any thread replaces any of them at any time, so that
 * stale ones are used too. The first ones are the nodes.
 */
static atomic_int fds[NR_FDS];
static atomic_ulong addrs[NR_ADDRS];
static int cma = -1;
static unsigned char *pages;	/* writable, read-only, not mapped */

static bool one_in(struct fuzz *f, unsigned int n)
{
	return !fuzz_below(f, n);
}

/* Near powers of two, small, or anything. */
static uint64_t number(struct fuzz *f)
{
	uint64_t bit = 1ULL << fuzz_below(f, 64);

	switch (fuzz_below(f, 6)) {
	case 0:
		return bit;
	case 1:
		return bit - 1;
	case 2:
		return -bit;
	case 3:
		return fuzz_u64(f);
	default:
		return fuzz_below(f, 4);
	}
}

/* Mostly small enough to succeed. */
static uint64_t length(struct fuzz *f)
{
	if (one_in(f, 8))
		return number(f);
	return 1 + fuzz_u64(f) % (one_in(f, 16) ? MIB(24) : KIB(256));
}

static uint32_t fd_flags(struct fuzz *f)
{
	return one_in(f, 8) ? number(f) : O_RDWR | (one_in(f, 2) ? O_CLOEXEC : 0);
}

static int any_fd(struct fuzz *f)
{
	return one_in(f, 32) ? (int)number(f) : fds[fuzz_below(f, NR_FDS)];
}

static int node_fd(struct fuzz *f, unsigned int first, unsigned int nr)
{
	return one_in(f, 32) ? any_fd(f) : fds[first + fuzz_below(f, nr)];
}

/* Replaces a random fd, which is closed even if other threads are using it. */
static int put_fd(struct fuzz *f, int fd)
{
	unsigned int i = ARRAY_SIZE(nodes) +
			 fuzz_below(f, NR_FDS - ARRAY_SIZE(nodes));

	close(atomic_exchange(&fds[i], fd));
	return fd;
}

/*
 * Where an argument lies: mostly in good memory; or it crosses into a page
 * that cannot be written or read.
 */
static void *place(struct fuzz *f, void *arg, size_t size)
{
	unsigned char *edge = pages + PAGE * (1 + fuzz_below(f, 2));
	void *at = edge - fuzz_below(f, size + 1);

	if (!one_in(f, 12))
		return arg;
	if (at < (void *)(pages + PAGE))
		memcpy(at, arg, (pages + PAGE) - (unsigned char *)at < (long)size ?
		       (size_t)((pages + PAGE) - (unsigned char *)at) : size);
	return at;
}

#ifdef __x86_64__
/* 32-bit entry: below 4 GiB everything means the same there. */
static int call32(int fd, unsigned long cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(54L), "b"((long)fd), "c"(cmd), "d"(arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}
#else
#define call32	call
#endif

static int do_ioctl(struct fuzz *f, int fd, unsigned long cmd, void *arg)
{
	if (one_in(f, 4) && (uintptr_t)arg < UINT_MAX)
		return call32(fd, cmd, arg);
	return call(fd, cmd, arg);
}

/* The same with the argument anywhere. Return: 1 for success with the answer elsewhere. */
static int placed_ioctl(struct fuzz *f, int fd, unsigned long cmd, void *arg, size_t size)
{
	void *at = place(f, arg, size);
	int ret = do_ioctl(f, fd, cmd, at);

	return ret ?: at != arg;
}

static int heap_call(struct fuzz *f)
{
	struct {
		struct dma_heap_allocation_data data;
		unsigned char more[64];
	} arg = { .data = { .len = length(f), .fd_flags = fd_flags(f) } };
	unsigned long cmd = DMA_HEAP_IOCTL_ALLOC;
	int ret;

	if (one_in(f, 16))
		arg.data.heap_flags = number(f);
	if (one_in(f, 16))
		arg.data.fd = number(f);
	if (one_in(f, 8))
		cmd = _IOC(fuzz_below(f, 4), 'H', one_in(f, 4),
			   fuzz_below(f, sizeof(arg)));
	ret = placed_ioctl(f, node_fd(f, 0, 2), cmd, &arg, sizeof(arg.data));
	return ret ?: put_fd(f, arg.data.fd);
}

static uint32_t size_of(struct fuzz *f, uint32_t size)
{
	return one_in(f, 8) ? number(f) : size;
}

static int control_call(struct fuzz *f, unsigned long cmd, void *arg,
			size_t size)
{
	return placed_ioctl(f, node_fd(f, 2, 1), cmd, arg, size);
}

static int query_call(struct fuzz *f)
{
	struct lazy_contig_query arg = {
		.size = size_of(f, sizeof(arg)),
		.fd = any_fd(f),
		.flags = one_in(f, 16) ? number(f) : 0,
	};

	return control_call(f, LAZY_CONTIG_IOCTL_QUERY, &arg, sizeof(arg));
}

static int alloc_call(struct fuzz *f)
{
	struct lazy_contig_allocation arg = {
		.size = size_of(f, sizeof(arg)),
		.flags = one_in(f, 16) ? number(f) : fuzz_below(f, 4),
		.len = length(f),
		.align = one_in(f, 4) ? number(f) : 0,
		.min_addr = one_in(f, 4) ? number(f) : 0,
		.max_addr = one_in(f, 4) ? number(f) : 0,
		.node = one_in(f, 8) ? (int)number(f) : -(int)fuzz_below(f, 2),
		.fd_flags = fd_flags(f),
	};
	int ret;

	if (one_in(f, 4))
		snprintf(arg.name, sizeof(arg.name), "fuzz %x", fuzz_below(f, 99));
	if (one_in(f, 16))
		memset(arg.name, number(f), sizeof(arg.name));
	ret = control_call(f, LAZY_CONTIG_IOCTL_ALLOC, &arg, sizeof(arg));
	if (ret)
		return ret;
	if (arg.flags & LAZY_CONTIG_KEEP)
		addrs[fuzz_below(f, NR_ADDRS)] = arg.phys_addr;
	return put_fd(f, arg.fd);
}

static uint64_t address(struct fuzz *f)
{
	return one_in(f, 16) ? number(f) : addrs[fuzz_below(f, NR_ADDRS)];
}

static int open_call(struct fuzz *f)
{
	struct lazy_contig_open arg = {
		.size = size_of(f, sizeof(arg)),
		.fd_flags = fd_flags(f),
		.phys_addr = address(f),
		.flags = one_in(f, 4) ? number(f) : one_in(f, 4) ? LAZY_CONTIG_HOLD : 0,
	};
	int ret;

	ret = control_call(f, LAZY_CONTIG_IOCTL_OPEN, &arg, sizeof(arg));
	return ret ?: put_fd(f, arg.fd);
}

static int resize_call(struct fuzz *f)
{
	struct lazy_contig_resize arg = {
		.size = size_of(f, sizeof(arg)),
		.phys_addr = address(f),
		.len = length(f),
	};
	int ret;

	ret = control_call(f, LAZY_CONTIG_IOCTL_RESIZE, &arg, sizeof(arg));
	if (!ret)
		addrs[fuzz_below(f, NR_ADDRS)] = arg.phys_addr;
	return ret;
}

static int free_call(struct fuzz *f)
{
	struct lazy_contig_free arg = {
		.size = size_of(f, sizeof(arg)),
		.flags = one_in(f, 16),
		.phys_addr = address(f),
	};

	return control_call(f, LAZY_CONTIG_IOCTL_FREE, &arg, sizeof(arg));
}

static int part_sync_call(struct fuzz *f)
{
	struct lazy_contig_sync arg = {
		.size = size_of(f, sizeof(arg)),
		.fd = any_fd(f),
		.flags = one_in(f, 8) ? number(f) : fuzz_below(f, 8),
		.offset = one_in(f, 2) ? 0 : length(f),
		.len = length(f),
	};

	return control_call(f, LAZY_CONTIG_IOCTL_SYNC, &arg, sizeof(arg));
}

/* The other driver's node, if there is one; see kept_cma.c. */
static int cma_call(struct fuzz *f)
{
	struct {
		uint64_t len, phys_addr;
		int32_t node;
		uint32_t pad;
		char name[64];
	} alloc = { .len = length(f), .phys_addr = address(f), .node = -1 };
	struct {
		uint64_t phys_addr, len;
	} resize = { .phys_addr = address(f), .len = length(f) };
	void *mem;
	int ret;

	switch (fuzz_below(f, 4)) {
	case 0:
		ret = do_ioctl(f, cma, one_in(f, 4) ?
			       _IOC(3, 'H', 0, fuzz_below(f, 256)) :
			       _IOWR('H', 0, alloc), place(f, &alloc, sizeof(alloc)));
		if (!ret)
			addrs[fuzz_below(f, NR_ADDRS)] = alloc.phys_addr;
		return ret;
	case 1:
		return do_ioctl(f, cma, _IOWR('H', 1, resize),
				place(f, &resize, sizeof(resize)));
	case 2:
		return do_ioctl(f, cma, _IOW('H', 2, uint64_t),
				place(f, &resize, sizeof(resize.phys_addr)));
	}
	mem = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, cma,
		   resize.phys_addr & -PAGE);
	return mem == MAP_FAILED ? -errno : munmap(mem, PAGE);
}

/* A name for a dma-buf, or a rarely used call. */
static int any_ioctl(struct fuzz *f)
{
	unsigned char arg[256] = "fuzz";
	unsigned long cmd = _IOC(fuzz_below(f, 4),
				 one_in(f, 2) ? LAZY_CONTIG_IOC_MAGIC : 'b',
				 fuzz_below(f, 8), fuzz_below(f, sizeof(arg)));

	if (one_in(f, 2))
		return cma_call(f);
	if (one_in(f, 4))
		return do_ioctl(f, any_fd(f), DMA_BUF_SET_NAME_B,
				place(f, arg, sizeof(arg)));
	memset(arg, one_in(f, 2) ? 0 : number(f), sizeof(arg));
	return do_ioctl(f, any_fd(f), cmd, place(f, arg, sizeof(arg)));
}

static int sync_call(struct fuzz *f)
{
	struct dma_buf_sync arg = {
		.flags = one_in(f, 8) ? number(f) : fuzz_below(f, 8),
	};

	return do_ioctl(f, any_fd(f), DMA_BUF_IOCTL_SYNC,
			place(f, &arg, sizeof(arg)));
}

/* A reader has the pages until its fd is replaced, perhaps after the buffer's end. */
static void pin(struct fuzz *f, const volatile unsigned char *mem, size_t len)
{
	struct iovec iov = { (void *)mem, len };
	int ends[2];

	if (pipe(ends))
		return;
	(void)!vmsplice(ends[1], &iov, 1, SPLICE_F_NONBLOCK);
	close(ends[1]);
	put_fd(f, ends[0]);
}

/* Maps, touches what may be touched, and unmaps, perhaps in two pieces. */
static int map_call(struct fuzz *f)
{
	size_t len = PAGE * (1 + fuzz_below(f, one_in(f, 8) ? 8192 : 16));
	off_t offset = one_in(f, 2) ? 0 : PAGE * fuzz_below(f, 64);
	int prot = PROT_READ | (one_in(f, 2) ? PROT_WRITE : 0), fd = any_fd(f);
	volatile unsigned char *mem;

	if (lseek(fd, 0, SEEK_END) < offset + (off_t)len)
		return -EINVAL;
	mem = mmap(NULL, len, prot, one_in(f, 8) ? MAP_PRIVATE : MAP_SHARED, fd,
		   offset);
	if (mem == MAP_FAILED)
		return -errno;
	if (prot & PROT_WRITE)
		mem[fuzz_below(f, len)] = 1;
	else
		(void)mem[fuzz_below(f, len)];
	if (one_in(f, 4))
		pin(f, mem, len);
	if (one_in(f, 4))
		mprotect((void *)mem, PAGE, PROT_READ);
	/* in two pieces: what is unmapped is another thread's to map at once */
	if (one_in(f, 4) && len > PAGE) {
		munmap((void *)mem, PAGE);
		mem += PAGE;
		len -= PAGE;
	}
	return munmap((void *)mem, len) ? -errno : 0;
}

static int dup_call(struct fuzz *f)
{
	int fd = dup(any_fd(f));

	return fd < 0 ? -errno : put_fd(f, fd);
}

/* Exhausts the fds for a moment: calls of other threads fail with EMFILE. */
static int fd_limit_call(struct fuzz *f)
{
	struct rlimit now, few = { .rlim_cur = fuzz_below(f, NR_FDS) };

	if (getrlimit(RLIMIT_NOFILE, &now))
		return -errno;
	now.rlim_cur = now.rlim_max;
	few.rlim_max = now.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &few))
		return -errno;
	heap_call(f);
	alloc_call(f);
	return setrlimit(RLIMIT_NOFILE, &now) ? -errno : 0;
}

static const struct fuzz_op table[] = {
	{ "heap allocation", heap_call },
	{ "QUERY", query_call },
	{ "ALLOC", alloc_call },
	{ "OPEN", open_call },
	{ "RESIZE", resize_call },
	{ "FREE", free_call },
	{ "SYNC", part_sync_call },
	{ "DMA_BUF_IOCTL_SYNC", sync_call },
	{ "mmap", map_call },
	{ "dup", dup_call },
	{ "fd limit", fd_limit_call },
	{ "any ioctl", any_ioctl },
};

const struct fuzz_op *fuzz_ops(unsigned int *nr)
{
	*nr = ARRAY_SIZE(table);
	return table;
}

void fuzz_fds_init(void)
{
	unsigned int i;
	int pair[2];

	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (pages == MAP_FAILED ||
	    mprotect(pages + PAGE, PAGE, PROT_READ) ||
	    munmap(pages + 2 * PAGE, PAGE))
		_exit(2);
	for (i = 0; i < NR_FDS; i++)
		fds[i] = -1;
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		fds[i] = open(nodes[i], i ? O_RDWR : O_RDONLY);
	cma = open("/dev/lazy_cma", O_RDWR);
	/* large enough that no mapping ends behind it */
	fds[i] = memfd_create("fuzz", 0);
	if (ftruncate(fds[i++], MIB(64)))
		_exit(2);
	fds[i++] = epoll_create1(0);
	if (!socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
		fds[i++] = pair[0];
		fds[i++] = pair[1];
	}
}
