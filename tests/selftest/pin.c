// SPDX-License-Identifier: GPL-2.0
#include <sys/syscall.h>

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

void uring_new(struct uring *u, unsigned int entries)
{
	const struct io_sqring_offsets *sq = &u->params.sq_off;
	const struct io_cqring_offsets *cq = &u->params.cq_off;
	size_t sq_len, cq_len;

	memset(u, 0, sizeof(*u));
	u->fd = syscall(__NR_io_uring_setup, entries, &u->params);
	if (u->fd < 0)
		bail("io_uring_setup: %m");
	sq_len = sq->array + u->params.sq_entries * sizeof(unsigned int);
	cq_len = cq->cqes + u->params.cq_entries * sizeof(struct io_uring_cqe);
	u->ring_len = sq_len > cq_len ? sq_len : cq_len;
	u->ring = mmap(NULL, u->ring_len, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		       IORING_OFF_SQ_RING);
	u->sqes = mmap(NULL, u->params.sq_entries * sizeof(*u->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, u->fd, IORING_OFF_SQES);
	if (u->ring == MAP_FAILED || u->sqes == MAP_FAILED)
		bail("mmap of a ring: %m");
}

void uring_end(struct uring *u)
{
	munmap(u->ring, u->ring_len);
	munmap(u->sqes, u->params.sq_entries * sizeof(*u->sqes));
	close(u->fd);
}

int uring_register(struct uring *u, void *mem, size_t len)
{
	struct iovec iov = { mem, len };

	return syscall(__NR_io_uring_register, u->fd, IORING_REGISTER_BUFFERS, &iov,
		       1) < 0 ? -errno : 0;
}

bool uring_registers(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err;
	void *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	struct uring u;

	close(fd);
	uring_new(&u, 1);
	err = uring_register(&u, mem, PAGE);
	uring_end(&u);
	munmap(mem, PAGE);
	if (err == -EOPNOTSUPP)
		skip("registered buffers: this kernel has none of files");
	return err != -EOPNOTSUPP;
}

static unsigned int *ring_word(const struct uring *u, unsigned int offset)
{
	return (unsigned int *)(u->ring + offset);
}

static void uring_enter(struct uring *u, unsigned int submit, unsigned int wait)
{
	while (syscall(__NR_io_uring_enter, u->fd, submit, wait,
		       wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0) < 0)
		if (errno != EINTR)
			bail("io_uring_enter: %m");
}

void uring_queue(struct uring *u, int opcode, int fd, void *mem, size_t len, off_t at)
{
	const struct io_sqring_offsets *sq = &u->params.sq_off;
	unsigned int tail = *ring_word(u, sq->tail);
	unsigned int i = tail & *ring_word(u, sq->ring_mask);

	u->sqes[i] = (struct io_uring_sqe){
		.opcode = opcode,
		.fd = fd,
		.addr = (uintptr_t)mem,
		.len = len,
		.off = at,
	};
	ring_word(u, sq->array)[i] = i;
	__atomic_store_n(ring_word(u, sq->tail), tail + 1, __ATOMIC_RELEASE);
	uring_enter(u, 1, 0);
}

bool uring_ready(const struct uring *u)
{
	const struct io_cqring_offsets *cq = &u->params.cq_off;

	return __atomic_load_n(ring_word(u, cq->tail), __ATOMIC_ACQUIRE) !=
	       *ring_word(u, cq->head);
}

int uring_wait(struct uring *u)
{
	const struct io_cqring_offsets *cq = &u->params.cq_off;
	const struct io_uring_cqe *cqes = (const void *)(u->ring + cq->cqes);
	unsigned int head = *ring_word(u, cq->head);
	int res;

	while (!uring_ready(u))
		uring_enter(u, 0, 1);
	res = cqes[head & *ring_word(u, cq->ring_mask)].res;
	__atomic_store_n(ring_word(u, cq->head), head + 1, __ATOMIC_RELEASE);
	return res;
}
