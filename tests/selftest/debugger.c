// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: a debugger and /proc/PID/mem read and write a mapping, with no more
 *   access than it has
 */
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "helpers.h"

#define LEN	MIB(4)
#define SOME	(3 * PAGE + 100)

static unsigned char copy[SOME];

static int mem_open(void)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("/proc/self/mem: %m");
	return fd;
}

/* Unaligned, and over several pages. */
static void test_proc_mem(int heap)
{
	int buf = buf_new(heap, LEN), fd = mem_open();
	unsigned char *mem = buf_map(buf, LEN);
	off_t at = (uintptr_t)mem + PAGE - 50;

	pattern_fill(mem, LEN, 41);
	is(pread(fd, copy, SOME, at), SOME, "reading four pages");
	ok(!memcmp(copy, mem + PAGE - 50, SOME), "gives what is there");
	memset(copy, 0x5a, SOME);
	is(pwrite(fd, copy, SOME, at), SOME, "writing to them");
	ok(!memcmp(copy, mem + PAGE - 50, SOME), "is seen");
	is(pread(fd, copy, 100, (uintptr_t)mem + LEN - 60), 60,
	   "reading ends with the mapping");
	close(fd);
	munmap(mem, LEN);
	close(buf);
}

static void test_read_only(int heap)
{
	int buf = buf_new(heap, LEN), fd = mem_open();
	unsigned char *mem = mmap(NULL, LEN, PROT_READ, MAP_SHARED, buf, 0);
	off_t at = (uintptr_t)mem;

	is(pread(fd, copy, PAGE, at), PAGE, "a mapping to read can be read");
	memset(copy, 0x5a, PAGE);
	is(pwrite(fd, copy, PAGE, at) < 0 ? -errno : 0, -EIO,
	   "and not be written to");
	ok(all_zero(mem, LEN), "nothing has changed");
	mprotect(mem, LEN, PROT_NONE);
	/* older kernels let debuggers read all that can be pinned */
	if (!heap_pins())
		is(pread(fd, copy, PAGE, at) < 0 ? -errno : 0, -EIO,
		   "one without access cannot be read");
	close(fd);
	munmap(mem, LEN);
	close(buf);
}

static void test_ptrace(int heap)
{
	int buf = buf_new(heap, LEN), status;
	uint64_t *mem = (uint64_t *)buf_map(buf, LEN);
	struct iovec to = { copy, 8 }, from = { mem, 8 };
	pid_t pid;

	mem[1] = 0x1122334455667788;
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(mem[2] == 42 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	is(ptrace(PTRACE_PEEKDATA, pid, mem + 1, NULL), 0x1122334455667788,
	   "PEEK");
	is(ptrace(PTRACE_POKEDATA, pid, mem + 2, 42), 0, "POKE");
	is(process_vm_readv(pid, &to, 1, &from, 1, 0) < 0 ? -errno : 0,
	   heap_pins() ? 0 : -EFAULT,
	   "process_vm_readv() takes pages, if they can be pinned");
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	is(child_status(pid), 0, "the process sees what was poked");
	munmap(mem, LEN);
	close(buf);
}

int main(void)
{
	int heap = heap_open(HEAP);
	struct mark mark;

	mark_set(&mark);
	test_proc_mem(heap);
	test_read_only(heap);
	test_ptrace(heap);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
