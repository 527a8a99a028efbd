// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: direct I/O between a file or a disk and a pinnable buffer, at any offset
 *   and beside buffered I/O, many in flight, through registered buffers of io_uring
 * Promise: memory: a page that is still pinned when its buffer ends is in no other buffer,
 *   holds its bytes, and is free some time after the last pin
 *
 * A thousand requests at once, in buffers that stay registered when they have ended.
 */
#include "pin.h"
#include "slow.h"

#define BUFS	4
#define NR	1024
#define BLOCK	KIB(4)
#define LEN	(NR / BUFS * BLOCK)	/* of each buffer */
#define STRIDE	(2 * BLOCK)		/* or the kernel would make fewer requests of them */
#define FILE_LEN (NR * STRIDE)
#define RATE	(4 << 10)		/* few end by themselves, however busy the host is */

static struct io_uring ring;
static int control, bufs[BUFS];
static unsigned char *mem[BUFS];
static unsigned char file[FILE_LEN];

/* Where block @i of the buffers is in the file. */
static size_t place(int i)
{
	return (size_t)i * 7 % NR * STRIDE;
}

static unsigned char *block(int i)
{
	return mem[i % BUFS] + i / BUFS * BLOCK;
}

static void bufs_new(uint64_t seed)
{
	struct iovec iov[BUFS];
	int i;

	for (i = 0; i < BUFS; i++) {
		bufs[i] = pin_new(control, LEN);
		mem[i] = buf_map(bufs[i], LEN);
		pattern_fill(mem[i], LEN, seed + i);
		iov[i] = (struct iovec){ mem[i], LEN };
	}
	uring_new(&ring, NR);
	is(io_uring_register_buffers(&ring, iov, BUFS), 0, "%d buffers are registered",
	   BUFS);
}

static bool bufs_hold(uint64_t seed)
{
	int i;

	for (i = 0; i < BUFS; i++)
		if (!pattern_holds(mem[i], LEN, seed + i))
			return false;
	return true;
}

static void bufs_close(void)
{
	int i;

	for (i = 0; i < BUFS; i++) {
		munmap(mem[i], LEN);
		close(bufs[i]);
	}
}

/*
 * All blocks, all of them submitted before the first is waited for, and in flight at once
 * if the disk holds them up: not below a file system, whose journal would wait as well.
 */
static int transfer(int opcode, int fd, const char *what)
{
	bool slow = !strcmp(what, SLOW_DISK);
	struct io_uring_sqe *sqe;
	int i, failed = 0;

	if (slow)
		slow_disk_rate(RATE);
	for (i = 0; i < NR; i++) {
		sqe = io_uring_get_sqe(&ring);
		io_uring_prep_rw(opcode, sqe, fd, block(i), BLOCK, place(i));
		sqe->buf_index = i % BUFS;
	}
	is(io_uring_submit(&ring), NR, "%s: requests", what);
	if (slow) {
		ok(io_uring_cq_ready(&ring) < NR / 2, "most are in flight at once");
		slow_disk_rate(0);
	}
	for (i = 0; i < NR; i++)
		failed += uring_wait(&ring) != (int)BLOCK;
	return failed;
}

/* What bufs_new() fills the buffers with, as the file has it. */
static void pattern_file(unsigned char *to, uint64_t seed)
{
	static unsigned char pattern[BUFS][LEN];
	int i;

	for (i = 0; i < BUFS; i++)
		pattern_fill(pattern[i], LEN, seed + i);
	for (i = 0; i < NR; i++)
		memcpy(to + place(i), pattern[i % BUFS] + i / BUFS * BLOCK, BLOCK);
}

static void file_write(int fd)
{
	if (pwrite(fd, file, FILE_LEN, 0) != (ssize_t)FILE_LEN || fsync(fd))
		bail("write: %m");
}

static void file_read(int fd)
{
	if (pread(fd, file, FILE_LEN, 0) != (ssize_t)FILE_LEN)
		bail("read: %m");
}

static void test(const char *path)
{
	static unsigned char want[FILE_LEN];
	int direct = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	int buffered = open(path, O_RDWR | O_CLOEXEC), i;

	memset(file, 0, FILE_LEN);
	if (direct < 0 || buffered < 0)
		bail("%s: %m", path);
	file_write(buffered);
	bufs_new(60);
	is(transfer(IORING_OP_WRITE_FIXED, direct, path), 0, "write_fixed");
	file_read(buffered);
	pattern_file(want, 60);
	ok(!memcmp(file, want, FILE_LEN), "all blocks are in the file");
	for (i = 0; i < BUFS; i++)
		memset(mem[i], 0, LEN);
	is(transfer(IORING_OP_READ_FIXED, direct, path), 0, "read_fixed");
	ok(bufs_hold(60), "all blocks are in the buffers");

	bufs_close();
	ok(pin_live(BUFS * LEN), "the buffers have ended, their pages count");
	pattern_file(want, 70);
	memcpy(file, want, FILE_LEN);
	file_write(buffered);
	is(transfer(IORING_OP_READ_FIXED, direct, path), 0, "read_fixed into the pages");
	memset(file, 0, FILE_LEN);
	file_write(buffered);
	is(transfer(IORING_OP_WRITE_FIXED, direct, path), 0, "write_fixed out of them");
	file_read(buffered);
	ok(!memcmp(file, want, FILE_LEN), "all blocks are right");
	io_uring_queue_exit(&ring);
	ok(pin_live_soon(0), "then all of it is given back");
	close(direct);
	close(buffered);
}

int main(void)
{
	struct mark mark;

	slow_disk_rate(0);
	control = control_open();
	pool_drop();
	mark_set(&mark);
	if (uring_registers()) {
		test(SLOW_DISK);
		slow_disk_mount();
		test(SLOW_DIR "/file");
		slow_disk_umount();
	}
	mark_check(&mark, "all of it");
	close(control);
	return tap_done();
}
