// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: buffers are filled from files and written to them, by direct I/O if they
 *   are pinnable
 *
 * With the module: for root, in a virtual machine. Plan pin has a disk, for a file system
 * with direct I/O.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lazy_contig.h"
#include "tap.h"

#define LEN	((size_t)4 << 20)	/* of the buffer */
#define ODD	((size_t)777 + (3 << 20))
#define DISK	"/dev/vda"
#define DIR	"/tmp/file"
#define STALE	0x5a

static unsigned char bytes[LEN], other[LEN], got[2 * LEN];
static unsigned char *mem;
static bool disk, pinnable;
static int dev, buf, begins, ends;

/* Instead of libc's: counts how often CPU access begins and ends. */
int ioctl(int fd, unsigned long request, ...)
{
	struct dma_buf_sync *sync;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == DMA_BUF_IOCTL_SYNC) {
		sync = arg;
		*(sync->flags & DMA_BUF_SYNC_END ? &ends : &begins) += 1;
	}
	return syscall(SYS_ioctl, fd, request, arg);
}

static int new_buffer(size_t len)
{
	struct lazy_contig_allocation request;

	lazy_contig_request_init(&request, sizeof(request));
	request.len = len;
	request.flags = pinnable ? LAZY_CONTIG_PINNABLE : 0;
	return lazy_contig_request(dev, &request);
}

/* A file with these bytes, none of them in the page cache; its offset is 0. */
static int new_file(const void *from, size_t len)
{
	int file = open(DIR "/file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (file < 0 || write(file, from, len) != (ssize_t)len || fsync(file) ||
	    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) || lseek(file, 0, SEEK_SET))
		bail("a file: %m");
	return file;
}

/* Pages of a file in the page cache. */
static size_t cached(int file, size_t len)
{
	size_t page = sysconf(_SC_PAGESIZE), pages = (len + page - 1) / page, i, count = 0;
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, file, 0);

	if (map == MAP_FAILED || mincore(map, len, got))
		bail("mincore: %m");
	for (i = 0; i < pages; i++)
		count += got[i] & 1;
	munmap(map, len);
	return count;
}

static bool all(const unsigned char *addr, size_t len, unsigned char byte)
{
	size_t i = 0;

	while (i < len && addr[i] == byte)
		i++;
	return i == len;
}

static off_t at(int file)
{
	return lseek(file, 0, SEEK_CUR);
}

static void test_read(void)
{
	int file = new_file(bytes, ODD);
	uint64_t len = LEN;

	memset(mem, STALE, LEN);
	begins = 0;
	ends = 0;
	is(lazy_contig_read_file(buf, 0, &len, file), 0, "read a file of an odd length");
	is(len, ODD, "all of it");
	is(at(file), ODD, "as the file offset says");
	ok(!memcmp(mem, bytes, ODD), "its bytes are in the buffer");
	ok(all(mem + ODD, LEN - ODD, STALE), "the rest of the buffer is as it was");
	ok(begins == 1 && ends == 1, "CPU access began and ended");
	ok(!(fcntl(file, F_GETFL) & O_DIRECT), "the descriptor is without O_DIRECT");
	len = LEN;
	ok(!lazy_contig_read_file(buf, 0, &len, file) && !len, "nothing is read at the end");

	memset(mem, STALE, LEN);
	lseek(file, 100, SEEK_SET);
	len = 70000;
	ok(!lazy_contig_read_file(buf, 4097, &len, file) && len == 70000,
	   "read a part, at odd offsets");
	is(at(file), 70100, "of a file that is longer");
	ok(!memcmp(mem + 4097, bytes + 100, 70000), "its bytes are there");
	ok(all(mem, 4097, STALE) && all(mem + 74097, LEN - 74097, STALE), "and none beside it");
	close(file);
}

static void test_write(void)
{
	int file = new_file(bytes, LEN);

	memcpy(mem, other, LEN);
	lseek(file, 3, SEEK_SET);
	begins = 0;
	ends = 0;
	is(lazy_contig_write_file(buf, 1, ODD, file), 0, "write a part, at odd offsets");
	is(at(file), 3 + ODD, "as the file offset says");
	ok(begins == 1 && ends == 1, "CPU access began and ended");
	ok(pread(file, got, sizeof(got), 0) == (ssize_t)LEN, "the file has the length it had");
	ok(!memcmp(got, bytes, 3) && !memcmp(got + 3, other + 1, ODD) &&
	   !memcmp(got + 3 + ODD, bytes + 3 + ODD, LEN - 3 - ODD), "and those bytes");
	close(file);

	file = new_file(bytes, 0);
	is(lazy_contig_write_file(buf, 0, ODD, file), 0, "write an odd length");
	ok(pread(file, got, sizeof(got), 0) == (ssize_t)ODD && !memcmp(got, other, ODD),
	   "to a new file, which has its bytes");
	close(file);

	close(new_file(bytes, 100));
	file = open(DIR "/file", O_RDWR | O_APPEND | O_CLOEXEC);
	is(lazy_contig_write_file(buf, 0, LEN, file), 0, "append");
	ok(pread(file, got, sizeof(got), 0) == 100 + (ssize_t)LEN && !memcmp(got, bytes, 100) &&
	   !memcmp(got + 100, other, LEN), "behind what was in the file");
	close(file);
}

/* Only what goes through the page cache is found there. */
static void test_direct(void)
{
	int file = new_file(bytes, LEN);
	uint64_t len = LEN;

	is(cached(file, LEN), 0, "a file that is not cached");
	ok(!lazy_contig_read_file(buf, 0, &len, file) && len == LEN && !memcmp(mem, bytes, LEN),
	   "is read");
	ok(!cached(file, LEN) == pinnable, "into a pinnable buffer only without the page cache");
	close(file);

	file = new_file(bytes, 0);
	memcpy(mem, other, LEN);
	is(lazy_contig_write_file(buf, 0, LEN, file), 0, "a file is written");
	ok(!cached(file, LEN) == pinnable, "from a pinnable buffer only without the page cache");
	ok(pread(file, got, LEN, 0) == (ssize_t)LEN && !memcmp(got, other, LEN), "byte for byte");
	close(file);
}

static void test_errors(void)
{
	int file = new_file(bytes, LEN), only;
	uint64_t len = LEN;

	memset(mem, STALE, LEN);
	is(lazy_contig_read_file(buf, 1, &len, file), -EINVAL, "read beyond the end");
	is(len, 0, "reads nothing");
	is(lazy_contig_write_file(buf, LEN + 1, 0, file), -EINVAL, "write from beyond the end");
	is(lazy_contig_write_file(buf, 4096, UINT64_MAX - 4095, file), -EINVAL,
	   "write of a length that wraps");
	is(lazy_contig_write_file(buf, LEN, 0, file), 0, "write nothing, from the end");
	only = open(DIR "/file", O_WRONLY | O_CLOEXEC);
	len = LEN;
	is(lazy_contig_read_file(buf, 0, &len, only), -EBADF, "read from a file for writing");
	close(only);
	only = open(DIR "/file", O_RDONLY | O_CLOEXEC);
	is(lazy_contig_write_file(buf, 0, LEN, only), -EBADF, "write to a file for reading");
	close(only);
	len = LEN;
	is(lazy_contig_read_file(buf, 0, &len, -1), -EBADF, "read from a closed descriptor");
	ok(all(mem, LEN, STALE), "the buffer is as it was");
	is(at(file), 0, "and so is the file offset");
	close(file);

	only = lazy_contig_alloc(LAZY_CONTIG_HEAP, 4096, O_RDONLY | O_CLOEXEC);
	file = new_file(bytes, 4096);
	len = 4096;
	is(lazy_contig_read_file(only, 0, &len, file), -EACCES, "read into a read-only buffer");
	is(lazy_contig_write_file(only, 0, 4096, file), 0, "which can be written to a file");
	close(only);
	close(file);
}

static void test_full(void)
{
	int file = new_file(bytes, 0), err = 0, i;
	struct stat st;

	for (i = 0; !err && i < 17; i++)
		err = lazy_contig_write_file(buf, 0, LEN, file);
	is(err, -ENOSPC, "write to a full file system");
	ok(!fstat(file, &st) && st.st_size == at(file), "the file offset says how much there is");
	close(file);
	unlink(DIR "/file");
}

static _Atomic int *signals;	/* shared with child processes */

static void handler(int sig)
{
	(void)sig;
	(*signals)++;
}

/* Interrupts a process once it sleeps, and waits until it has been: data comes first. */
static void interrupt(int pid)
{
	int before = *signals;
	char path[32], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S') {
		stat = fopen(path, "re");
		if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			_exit(2);
		fclose(stat);
		usleep(1000);
	}
	kill(pid, SIGUSR1);
	while (*signals == before)
		usleep(1000);
}

static void feed(int pipe, int reader)
{
	size_t done;

	for (done = 0; done < 20000; done += 1000) {
		if (write(pipe, bytes + done, 1000) != 1000)
			_exit(1);
		interrupt(reader);
	}
	_exit(0);
}

static void drain(int pipe, int writer)
{
	size_t done = 0;
	ssize_t n;

	do {
		if (done < 8 * 65536)
			interrupt(writer);
		n = read(pipe, got + done, 65536);
		if (n < 0)
			_exit(1);
		done += n;
	} while (n);
	_exit(done == LEN && !memcmp(got, other, LEN) ? 0 : 3);
}

static void test_pipe(void)
{
	struct sigaction action = { .sa_handler = handler };
	uint64_t len = LEN;
	int fds[2], status;

	sigaction(SIGUSR1, &action, NULL);
	if (pipe(fds))
		bail("pipe: %m");
	*signals = 0;
	if (!fork()) {
		close(fds[0]);
		feed(fds[1], getppid());
	}
	close(fds[1]);
	is(lazy_contig_read_file(buf, 0, &len, fds[0]), 0, "read a pipe, interrupted");
	ok(wait(&status) > 0 && !status && *signals == 20, "by signals");
	ok(len == 20000 && !memcmp(mem, bytes, len), "all that was written to it");
	close(fds[0]);

	if (pipe(fds))
		bail("pipe: %m");
	memcpy(mem, other, LEN);
	*signals = 0;
	if (!fork()) {
		close(fds[1]);
		drain(fds[0], getppid());
	}
	close(fds[0]);
	is(lazy_contig_write_file(buf, 0, LEN, fds[1]), 0, "write a pipe, interrupted");
	close(fds[1]);
	ok(wait(&status) > 0 && !status && *signals == 8, "by signals: all bytes arrive");
}

static void test_buffer(bool pin)
{
	void *map;

	pinnable = pin;
	diag(pin ? "a pinnable buffer" : "a buffer that is not pinnable");
	buf = new_buffer(LEN);
	if (buf < 0 || lazy_contig_map(buf, LEN, PROT_READ | PROT_WRITE, &map))
		bail("a buffer: %s", strerror(-buf));
	mem = map;
	test_read();
	test_write();
	if (disk)
		test_direct();
	test_errors();
	test_full();
	test_pipe();
	lazy_contig_unmap(map, LEN);
	close(buf);
}

int main(void)
{
	const char *plan = getenv("LC_PLAN");
	size_t i;

	for (i = 0; i < LEN; i++) {
		bytes[i] = random();
		other[i] = random();
	}
	signals = mmap(NULL, sizeof(*signals), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	dev = lazy_contig_device_open();
	disk = plan && !strcmp(plan, "pin");
	mkdir(DIR, 0700);
	if (disk ? system("mkfs.ext4 -q -b 4096 -E nodiscard " DISK " 64M && mount " DISK " " DIR)
		 : mount("tmpfs", DIR, "tmpfs", 0, "size=64m"))
		bail("no file system");
	test_buffer(false);
	test_buffer(true);
	umount(DIR);
	close(dev);
	return tap_done();
}
