// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: direct I/O between a file or a disk and a pinnable buffer, at any offset
 *   and beside buffered I/O, many in flight, through registered buffers of io_uring
 *
 * On two disks: of virtio, which wants memory in whole sectors, and of NVMe, which takes
 * it at any multiple of 4 bytes.
 */
#include "pin.h"
#include "slow.h"

#define LEN	MIB(4)		/* of the buffer and of the file */
#define SECTOR	512UL
#define NVME	"/dev/nvme0n1"
#define DEPTH	32
#define BLOCK	(LEN / DEPTH)

/* What should be in the file and in the buffer. */
static unsigned char file[LEN], memory[LEN], got[LEN];
static unsigned char *mem;
static size_t align;		/* of memory, that the disk asks for */
static uint64_t state = 1;

static uint64_t random_below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

struct part {
	size_t at;
	size_t len;
};

static struct part random_part(size_t unit)
{
	struct part p;

	p.at = random_below(LEN / unit) * unit;
	p.len = (1 + random_below((LEN - p.at) / unit)) * unit;
	if (random_below(2) && p.len > 64 * unit)
		p.len = (1 + random_below(64)) * unit;
	return p;
}

/* Sectors of the file, and a place in the buffer for as many bytes. */
static struct part two_parts(size_t *in_mem)
{
	struct part p = random_part(SECTOR);

	*in_mem = random_below((LEN - p.len) / align + 1) * align;
	return p;
}

static bool direct_write(int fd)
{
	size_t from;
	struct part p = two_parts(&from);

	memcpy(file + p.at, memory + from, p.len);
	return pwrite(fd, mem + from, p.len, p.at) == (ssize_t)p.len;
}

static bool direct_read(int fd)
{
	size_t to;
	struct part p = two_parts(&to);

	memcpy(memory + to, file + p.at, p.len);
	return pread(fd, mem + to, p.len, p.at) == (ssize_t)p.len;
}

/* Three places in the buffer, at most a quarter of it each, in any order. */
static bool direct_readv(int fd)
{
	struct iovec iov[3];
	size_t at = 0, len;
	int i;

	for (i = 0; i < 3; i++) {
		size_t to = random_below((LEN / 4 - SECTOR) / align + 1) * align;

		len = (1 + random_below((LEN / 4 - to) / SECTOR)) * SECTOR;
		to += i * (LEN / 4);
		iov[2 - i] = (struct iovec){ mem + to, len };
	}
	for (i = 0; i < 3; i++) {
		memcpy(memory + ((unsigned char *)iov[i].iov_base - mem), file + at,
		       iov[i].iov_len);
		at += iov[i].iov_len;
	}
	return preadv(fd, iov, 3, 0) == (ssize_t)at;
}

static bool buffered_write(int fd)
{
	struct part p = random_part(1);
	size_t i;

	for (i = 0; i < p.len; i++)
		file[p.at + i] = random_below(256);
	return pwrite(fd, file + p.at, p.len, p.at) == (ssize_t)p.len;
}

static bool buffered_read(int fd)
{
	struct part p = random_part(1);

	return pread(fd, got, p.len, p.at) == (ssize_t)p.len &&
	       !memcmp(got, file + p.at, p.len);
}

static void cpu_writes(void)
{
	struct part p = random_part(8);

	pattern_fill(memory + p.at, p.len, random_below(1 << 30));
	memcpy(mem + p.at, memory + p.at, p.len);
}

static void test_rounds(int direct, int buffered, const char *where)
{
	unsigned long i, failed = 0, wrong = 0;

	if (pwrite(buffered, file, LEN, 0) != LEN)
		bail("write: %m");
	for (i = 0; i < rounds(250); i++) {
		switch (random_below(6)) {
		case 0:
			failed += !direct_write(direct);
			break;
		case 1:
			failed += !direct_read(direct);
			break;
		case 2:
			failed += !direct_readv(direct);
			break;
		case 3:
			failed += !buffered_write(buffered);
			break;
		case 4:
			failed += !buffered_read(buffered);
			break;
		case 5:
			cpu_writes();
			break;
		}
		if (i % 16 == 0)
			wrong += memcmp(mem, memory, LEN) != 0;
	}
	is(failed, 0, "%s: reads and writes", where);
	is(wrong, 0, "%s: the buffer has the bytes it should", where);
	ok(pread(direct, mem, LEN, 0) == LEN && !memcmp(mem, file, LEN),
	   "%s: so has the file", where);
	memcpy(memory, file, LEN);
}

/* Blocks of the file and of the buffer in an order that changes with @odd. */
static void queue_all(struct io_uring *u, int opcode, int fd, unsigned int odd)
{
	unsigned int i;

	for (i = 0; i < DEPTH; i++)
		uring_queue(u, opcode, fd, mem + i * odd % DEPTH * BLOCK, BLOCK,
			    i * BLOCK);
}

static int wait_all(struct io_uring *u)
{
	int i, failed = 0;

	for (i = 0; i < DEPTH; i++)
		failed += uring_wait(u) != (int)BLOCK;
	return failed;
}

static void test_fixed(int direct, const char *where)
{
	static const unsigned int odds[] = { 1, 3, 7, 13, 31 };
	int failed = 0, wrong = 0;
	struct io_uring u;
	size_t i, b;

	uring_new(&u, DEPTH);
	is(uring_register(&u, mem, LEN), 0, "%s: the buffer is registered", where);
	for (i = 0; i < ARRAY_SIZE(odds); i++) {
		pattern_fill(mem, LEN, 50 + i);
		memcpy(memory, mem, LEN);
		queue_all(&u, IORING_OP_WRITE_FIXED, direct, odds[i]);
		failed += wait_all(&u);
		memset(mem, 0, LEN);
		queue_all(&u, IORING_OP_READ_FIXED, direct, 1);
		failed += wait_all(&u);
		for (b = 0; b < DEPTH; b++)
			wrong += memcmp(mem + b * BLOCK,
					memory + b * odds[i] % DEPTH * BLOCK,
					BLOCK) != 0;
	}
	is(failed, 0, "%s: read_fixed and write_fixed, %d in flight", where, DEPTH);
	is(wrong, 0, "%s: all blocks are right", where);
	io_uring_queue_exit(&u);
	memcpy(memory, mem, LEN);
}

static void test_plain(int direct)
{
	int heap = heap_open(HEAP), buf = buf_new(heap, LEN);
	unsigned char *plain = buf_map(buf, LEN);

	is(pread(direct, plain, LEN, 0) < 0 ? -errno : 0, -EFAULT,
	   "other buffers have no direct I/O");
	is(pwrite(direct, plain, LEN, 0) < 0 ? -errno : 0, -EFAULT,
	   "neither to write");
	munmap(plain, LEN);
	close(buf);
	close(heap);
}

static void test_file(const char *path, const char *where)
{
	int buffered = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (buffered < 0 || direct < 0)
		bail("%s: %m", path);
	test_rounds(direct, buffered, where);
	if (uring_registers())
		test_fixed(direct, where);
	test_plain(direct);
	close(direct);
	close(buffered);
}

static bool is_there(void *path)
{
	return !access(path, F_OK);
}

static void test_disk(const char *disk, const char *where, const char *where_ext4)
{
	char path[64];
	FILE *f;

	/* some drivers find their disks after they have been loaded */
	if (!becomes_true(is_there, (void *)disk))
		bail("no %s", disk);
	snprintf(path, sizeof(path), "/sys/block/%s/queue/dma_alignment", disk + 5);
	f = text_open(path);
	if (fscanf(f, "%zu", &align) != 1)
		bail("%s has no number", path);
	fclose(f);
	align++;
	diag("%s takes memory at multiples of %zu bytes", disk, align);
	test_file(disk, where);
	disk_mount(disk);
	test_file(SLOW_DIR "/file", where_ext4);
	slow_disk_umount();
}

int main(void)
{
	int control = control_open(), buf;
	struct mark mark;

	slow_disk_rate(0);
	mark_set(&mark);
	buf = pin_new(control, LEN);
	mem = buf_map(buf, LEN);
	test_disk(SLOW_DISK, "virtio", "ext4 on virtio");
	test_disk(NVME, "NVMe", "ext4 on NVMe");
	munmap(mem, LEN);
	close(buf);
	ok(pin_live_soon(0), "all of it is given back");
	mark_check(&mark, "all of it");
	close(control);
	return tap_done();
}
