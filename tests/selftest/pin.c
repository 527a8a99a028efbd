// SPDX-License-Identifier: GPL-2.0
#include "pin.h"

int pin_new_above(int control, size_t len, uint64_t min_addr)
{
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc),
		.flags = LAZY_CONTIG_PINNABLE,
		.len = len,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.min_addr = min_addr,
	};
	int err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);

	if (err)
		bail("allocate %zu pinnable bytes: %s", len, strerror(-err));
	return alloc.fd;
}

int pin_new(int control, size_t len)
{
	return pin_new_above(control, len, 0);
}

bool pin_live(long bytes)
{
	return counter("live_bytes") == bytes;
}

static bool live_is(void *arg)
{
	return pin_live(*(long *)arg);
}

bool pin_live_soon(long bytes)
{
	return becomes_true(live_is, &bytes);
}

void pin_others_new(struct pin_others *others, int count, size_t len)
{
	int heap = heap_open(HEAP), i;

	others->count = count;
	others->len = len;
	for (i = 0; i < count; i++) {
		others->bufs[i] = buf_new(heap, len);
		others->mem[i] = buf_map(others->bufs[i], len);
		pattern_fill(others->mem[i], len, 1000 + i);
	}
	close(heap);
}

bool pin_others_reach(const struct pin_others *others, uint64_t phys, size_t len)
{
	uint64_t at;
	int i;

	for (i = 0; i < others->count; i++) {
		at = buf_phys(others->bufs[i]);
		if (at < phys + len && phys < at + others->len)
			return true;
	}
	return false;
}

bool pin_others_hold(const struct pin_others *others)
{
	int i;

	for (i = 0; i < others->count; i++)
		if (!pattern_holds(others->mem[i], others->len, 1000 + i))
			return false;
	return true;
}

void pin_others_end(struct pin_others *others)
{
	int i;

	for (i = 0; i < others->count; i++) {
		munmap(others->mem[i], others->len);
		close(others->bufs[i]);
	}
}

void uring_new(struct io_uring *ring, unsigned int entries)
{
	int err = io_uring_queue_init(entries, ring, 0);

	if (err)
		bail("io_uring_queue_init: %s", strerror(-err));
}

int uring_register(struct io_uring *ring, void *mem, size_t len)
{
	struct iovec iov = { mem, len };

	return io_uring_register_buffers(ring, &iov, 1);
}

bool uring_registers(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err;
	void *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	struct io_uring ring;

	close(fd);
	uring_new(&ring, 1);
	err = uring_register(&ring, mem, PAGE);
	io_uring_queue_exit(&ring);
	munmap(mem, PAGE);
	if (err == -EOPNOTSUPP)
		skip("registered buffers: this kernel has none of files");
	return err != -EOPNOTSUPP;
}

void uring_queue(struct io_uring *ring, int opcode, int fd, void *mem, size_t len, off_t at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	int err;

	if (!sqe)
		bail("a ring is full");
	io_uring_prep_rw(opcode, sqe, fd, mem, len, at);
	err = io_uring_submit(ring);
	if (err != 1)
		bail("io_uring_submit: %s", strerror(-err));
}

int uring_wait(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int err, res;

	do
		err = io_uring_wait_cqe(ring, &cqe);
	while (err == -EINTR);
	if (err)
		bail("io_uring_wait_cqe: %s", strerror(-err));
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}
