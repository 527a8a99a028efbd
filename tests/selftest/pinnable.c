// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: the pages of a pinnable buffer's mapping can be pinned, by system calls
 *   that answer EFAULT for other buffers
 * Promise: memory: a page that is still pinned when its buffer ends is in no other buffer,
 *   holds its bytes, and is free some time after the last pin
 * Promise: limits: pinned pages count after their buffer has ended, until they are free; a
 *   request that would fail for them finds out at once
 * Promise: control: RESIZE leaves pinned pages to their holders, and moves none: EBUSY
 */
#include <arpa/inet.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "kept_calls.h"
#include "pin.h"

#define LEN	MIB(8)
#define PIPE	(16 * PAGE)	/* what a pipe holds */
#define USER	65534

static int heap, control;

static int pipe_pages(int fds[2], void *mem)
{
	struct iovec iov = { mem, PIPE };
	ssize_t len;

	if (pipe(fds))
		bail("pipe: %m");
	len = vmsplice(fds[1], &iov, 1, 0);
	if (len >= 0)
		return len;
	close(fds[0]);
	close(fds[1]);
	return -errno;
}

/* What is in the pipe is a pattern that @mem had; closes the pipe. */
static bool pipe_gives(int fds[2], const void *bytes)
{
	static char got[PIPE];
	size_t len = 0;
	ssize_t n;

	close(fds[1]);
	while ((n = read(fds[0], got + len, PIPE - len)) > 0)
		len += n;
	close(fds[0]);
	return len == PIPE && !memcmp(got, bytes, PIPE);
}

static int copy_from(void *mem)
{
	static char got[3 * PAGE];
	struct iovec to = { got, sizeof(got) }, from = { mem + 100, sizeof(got) };
	ssize_t n = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	if (n < 0)
		return -errno;
	return memcmp(got, mem + 100, sizeof(got)) || n != sizeof(got);
}

static int copy_to(void *mem)
{
	static char put[3 * PAGE];
	struct iovec from = { put, sizeof(put) }, to = { mem + 100, sizeof(put) };
	ssize_t n;

	memset(put, 0x5a, sizeof(put));
	n = process_vm_writev(getpid(), &from, 1, &to, 1, 0);
	if (n < 0)
		return -errno;
	return memcmp(put, mem + 100, sizeof(put)) || n != sizeof(put);
}

static int register_buffer(void *mem)
{
	struct io_uring u;
	int err;

	uring_new(&u, 1);
	err = uring_register(&u, mem, LEN);
	io_uring_queue_exit(&u);
	return err;
}

/* A connection to ourselves. */
static void connection_new(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	socklen_t len = sizeof(addr);

	if (system("ip link set lo up"))
		bail("no loopback device");
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server, (void *)&addr, len) || listen(server, 1) ||
	    getsockname(server, (void *)&addr, &len) ||
	    connect(fds[0], (void *)&addr, len))
		bail("connect: %m");
	fds[1] = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	if (fds[1] < 0 ||
	    setsockopt(fds[0], SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		bail("SO_ZEROCOPY: %m");
	close(server);
}

static bool has_tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int send_zerocopy(void *mem)
{
	static char got[PIPE];
	size_t len = 0;
	int fds[2], ret = 0;
	ssize_t n;

	connection_new(fds);
	n = send(fds[0], mem, PIPE, MSG_ZEROCOPY);
	if (n < 0)
		ret = -errno;
	while (!ret && len < PIPE) {
		n = recv(fds[1], got + len, PIPE - len, 0);
		if (n <= 0)
			bail("recv: %m");
		len += n;
	}
	close(fds[0]);
	close(fds[1]);
	return ret ?: memcmp(got, mem, PIPE) != 0;
}

static int futex(uint32_t *word, int op, uint32_t val)
{
	int n = syscall(__NR_futex, word, op, val, NULL, NULL, 0);

	return n < 0 ? -errno : n;
}

static void *futex_waiter(void *word)
{
	return (void *)(intptr_t)futex(word, FUTEX_WAIT_PRIVATE, *(uint32_t *)word);
}

static bool futex_wakes(void *word)
{
	return futex(word, FUTEX_WAKE_PRIVATE, 1) == 1;
}

/* A thread waits until another wakes it. */
static bool futex_works(uint32_t *word)
{
	pthread_t thread;
	void *ret;

	if (pthread_create(&thread, NULL, futex_waiter, word))
		bail("no thread");
	if (!becomes_true(futex_wakes, word))
		bail("a thread cannot be woken");
	pthread_join(thread, &ret);
	return !ret;
}

static void test_calls(bool pinnable)
{
	const char *kind = pinnable ? "a pinnable buffer" : "another buffer";
	int buf = pinnable ? pin_new(control, LEN) : buf_new(heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	int fault = pinnable ? 0 : -EFAULT, fds[2], ret;

	pattern_fill(mem, LEN, 7);
	ret = pipe_pages(fds, mem + PAGE);
	is(ret, fault ?: (int)PIPE, "vmsplice from %s", kind);
	if (ret > 0)
		ok(pipe_gives(fds, mem + PAGE), "the bytes");
	is(copy_from(mem), fault, "process_vm_readv");
	is(copy_to(mem), fault, "process_vm_writev");
	if (uring_registers())
		is(register_buffer(mem), fault, "a registered buffer of io_uring");
	if (has_tcp())
		is(send_zerocopy(mem), fault, "MSG_ZEROCOPY");
	else
		skip("MSG_ZEROCOPY: this kernel has no TCP");
	is(futex((uint32_t *)mem, FUTEX_WAIT_PRIVATE, *(uint32_t *)mem + 1),
	   -EAGAIN, "a futex of the process");
	ok(futex_works((uint32_t *)mem), "it wakes a thread");
	is(futex((uint32_t *)mem, FUTEX_WAKE, 1), -EFAULT,
	   "a futex of several processes is refused");
	munmap(mem, LEN);
	close(buf);
	ok(pin_live_soon(0), "all of it is given back");
}

static void test_mapping(void)
{
	int buf = pin_new(control, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	long from;

	ok(all_zero(mem, LEN), "a new buffer is zero");
	pattern_fill(mem, LEN, 8);
	for (from = LEN / PAGE - 1; from >= 0; from -= 3)
		madvise(mem + from * PAGE, PAGE, MADV_DONTNEED);
	ok(pattern_holds(mem, LEN, 8), "MADV_DONTNEED changes nothing");
	is(mmap(NULL, LEN, PROT_READ, MAP_PRIVATE, buf, 0) == MAP_FAILED ? -errno : 0,
	   -EINVAL, "a private mapping is refused");
	is(mremap(mem, LEN, LEN + PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -errno : 0,
	   -EFAULT, "growing is refused");
	munmap(mem, LEN);
	mem = mmap(NULL, LEN, PROT_READ, MAP_SHARED | MAP_POPULATE, buf, 0);
	ok(pattern_holds(mem, LEN, 8), "MAP_POPULATE, to read");
	if (uring_registers())
		is(register_buffer(mem), -EFAULT, "which a pin to write to is refused for");
	munmap(mem, LEN);
	close(buf);
}

/* Pages in a pipe outlive their buffer, for as long as they are there. */
static void test_pipe(void)
{
	static unsigned char bytes[PIPE];
	struct pin_others others;
	unsigned char *mem;
	int buf, fds[2];
	uint64_t phys;

	pool_drop();
	buf = pin_new(control, LEN);
	mem = buf_map(buf, LEN);
	phys = buf_phys(buf);
	pattern_fill(mem, LEN, 9);
	memcpy(bytes, mem + MIB(4), PIPE);
	is(pipe_pages(fds, mem + MIB(4)), PIPE, "pages in a pipe");
	munmap(mem, LEN);
	close(buf);
	ok(pin_live(PIPE), "they count when the buffer has ended, no others do");
	pin_others_new(&others, 16, LEN);
	ok(!pin_others_reach(&others, phys + MIB(4), PIPE),
	   "no other buffer has them");
	ok(pipe_gives(fds, bytes), "their bytes are right");
	ok(pin_others_hold(&others), "and those of other buffers");
	pin_others_end(&others);
	ok(pin_live_soon(0), "then they are free");
	pool_drop();
}

/* Again and again: with small buffers, which are in no pool. */
static void test_small(void)
{
	unsigned long i, wrong = 0;
	unsigned char *mem;
	int buf, fds[2];

	for (i = 0; i < rounds(300); i++) {
		buf = pin_new(control, PIPE);
		mem = buf_map(buf, PIPE);
		wrong += !all_zero(mem, PIPE);
		memset(mem, 0x5a, PIPE);
		wrong += pipe_pages(fds, mem) != PIPE;
		close(buf);
		if (i % 2)
			munmap(mem, PIPE);
		close(fds[0]);
		close(fds[1]);
		if (!(i % 2))
			munmap(mem, PIPE);
	}
	is(wrong, 0, "small buffers");
	ok(pin_live_soon(0), "are all given back");
}

static int try_alloc(size_t len)
{
	int buf = heap_alloc(heap, len);

	if (buf >= 0)
		close(buf);
	return buf < 0 ? buf : 0;
}

static void test_limit(void)
{
	int buf = pin_new(control, LEN);
	unsigned char *mem = buf_map(buf, LEN);
	struct iovec iov = { mem, LEN };
	int fds[2];

	param_set("limit_mb", LEN >> 20);
	if (pipe(fds) || fcntl(fds[1], F_SETPIPE_SZ, LEN) < 0)
		bail("a pipe of %zu pages: %m", LEN / PAGE);
	is(vmsplice(fds[1], &iov, 1, 0), LEN, "all of limit_mb is pinned");
	munmap(mem, LEN);
	close(buf);
	ok(pin_live(LEN), "it counts when the buffer has ended");
	is(try_alloc(PAGE), -ENOMEM, "there is no room for another");
	close(fds[0]);
	close(fds[1]);
	is(try_alloc(LEN), 0, "there is room at once when it is not any more");
	param_set("limit_mb", 0);
}

static int user(void *arg)
{
	unsigned char *mem;
	int buf, fds[2];

	(void)arg;
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		return 1;
	buf = pin_new(control, MIB(1));
	mem = buf_map(buf, MIB(1));
	if (pipe_pages(fds, mem) != PIPE)
		return 2;
	munmap(mem, MIB(1));
	close(buf);
	if (try_alloc(MIB(1)) != -ENOMEM)
		return 3;
	if (try_alloc(MIB(1) - PIPE))
		return 4;
	close(fds[0]);
	close(fds[1]);
	return try_alloc(MIB(1)) ? 5 : 0;
}

static void test_user(void)
{
	param_set("user_limit_mb", 1);
	is(in_child(user, NULL), 0, "the same for a user, who needs no privilege");
	param_set("user_limit_mb", 0);
	ok(pin_live_soon(0), "nothing is left");
}

/* The pins of a process end with it, a little later. */
static int killed(void *arg)
{
	int buf = pin_new(control, LEN);
	struct io_uring u;

	(void)arg;
	uring_new(&u, 1);
	if (uring_register(&u, buf_map(buf, LEN), LEN))
		return 1;
	kill(getpid(), SIGKILL);
	return 2;
}

static void test_killed(void)
{
	int i, wrong = 0;

	if (!uring_registers())
		return;
	for (i = 0; i < 20; i++)
		wrong += in_child(killed, NULL) != -SIGKILL;
	is(wrong, 0, "processes are killed that have pinned buffers");
	ok(pin_live_soon(0), "the buffers are given back");
}

static uint64_t pinnable_kept(size_t len, int fds[2], size_t at, void *bytes)
{
	struct lazy_contig_allocation req = kept_request(len, "pinnable");
	unsigned char *mem;
	int buf;

	req.flags |= LAZY_CONTIG_PINNABLE;
	buf = kept_alloc(control, &req);
	if (buf < 0)
		bail("keep: %s", strerror(-buf));
	mem = buf_map(buf, len);
	pattern_fill(mem, len, 11);
	memcpy(bytes, mem + at, PIPE);
	if (pipe_pages(fds, mem + at) != PIPE)
		bail("vmsplice: %m");
	munmap(mem, len);
	close(buf);
	return req.phys_addr;
}

static void test_kept(void)
{
	static unsigned char bytes[PIPE];
	struct pin_others others;
	uint64_t phys, at;
	int fds[2];

	at = phys = pinnable_kept(MIB(4) + PAGE, fds, MIB(3), bytes);
	is(kept_resize(control, &at, MIB(6) + PAGE), -EBUSY,
	   "a buffer that must move is not moved while a page is pinned");
	ok(kept_holds(control, phys, MIB(4) + PAGE, 11), "nothing has changed");
	is(kept_resize(control, &at, MIB(2)), 0, "it shrinks");
	ok(at == phys && kept_holds(control, phys, MIB(2), 11), "as others do");
	ok(pin_live(MIB(2) + PIPE), "the pinned pages count");
	pin_others_new(&others, 16, MIB(4));
	ok(!pin_others_reach(&others, phys + MIB(3), PIPE),
	   "and are in no other buffer");
	ok(pipe_gives(fds, bytes), "their bytes are right");
	ok(pin_others_hold(&others), "and those of other buffers");
	pin_others_end(&others);
	is(kept_free(control, phys), 0, "FREE");
	ok(pin_live_soon(0), "nothing is left");

	at = phys = pinnable_kept(MIB(4) + PAGE, fds, MIB(3), bytes);
	close(fds[0]);
	close(fds[1]);
	is(kept_resize(control, &at, MIB(6) + PAGE), 0,
	   "a buffer that is not pinned any more moves");
	ok(at != phys && kept_holds(control, at, MIB(4) + PAGE, 11),
	   "with its bytes");
	is(kept_free(control, at), 0, "FREE");

	phys = pinnable_kept(MIB(4), fds, 0, bytes);
	is(kept_free(control, phys), 0, "FREE of one that is pinned");
	ok(pin_live(PIPE), "the pinned pages count");
	ok(pipe_gives(fds, bytes), "their bytes are right");
	ok(pin_live_soon(0), "nothing is left");
}

int main(void)
{
	struct mark mark;

	heap = heap_open(HEAP);
	control = control_open();
	mark_set(&mark);
	test_calls(true);
	test_calls(false);
	test_mapping();
	test_pipe();
	test_small();
	test_limit();
	test_user();
	test_killed();
	mark_check(&mark, "all of it");
	/* each one is worth a line in the log */
	test_kept();
	close(control);
	close(heap);
	return tap_done();
}
