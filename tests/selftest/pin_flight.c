// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a page that is still pinned when its buffer ends is in no other buffer,
 *   holds its bytes, and is free some time after the last pin
 * Promise: limits: pinned pages count after their buffer has ended, until they are free; a
 *   request that would fail for them finds out at once
 * Promise: heaps: the module unloads whenever no buffer is left, and leaves no trace
 *
 * Buffers that end while a slow disk reads into them, or out of them.
 */
#include "module_calls.h"
#include "pin.h"
#include "slow.h"

#define LEN	MIB(8)
#define PIECE	KIB(128)	/* one request of the disk */
#define STRIDE	(2 * PIECE)	/* or QEMU would make one request of them all */
#define DEPTH	16
#define FLIGHT	(DEPTH * PIECE)
#define RATE	(4 << 10)	/* none ends by itself, however busy the host is */

static int control, disk;
static unsigned char *bounce;	/* FLIGHT bytes for direct I/O */

struct flight {
	struct io_uring ring;
	uint64_t phys;
};

static void disk_fill(uint64_t seed)
{
	int i;

	pattern_fill(bounce, FLIGHT, seed);
	for (i = 0; i < DEPTH; i++)
		if (pwrite(disk, bounce + i * PIECE, PIECE, i * STRIDE) !=
		    (ssize_t)PIECE)
			bail("write: %m");
}

static bool disk_holds(uint64_t seed)
{
	int i;

	for (i = 0; i < DEPTH; i++)
		if (pread(disk, bounce + i * PIECE, PIECE, i * STRIDE) !=
		    (ssize_t)PIECE)
			bail("read: %m");
	return pattern_holds(bounce, FLIGHT, seed);
}

/* A buffer, and requests for its first bytes, which the disk takes its time for. */
static unsigned char *take_off(struct flight *f, int opcode, int *buf)
{
	unsigned char *mem;
	int i;

	*buf = pin_new(control, LEN);
	mem = buf_map(*buf, LEN);
	f->phys = buf_phys(*buf);
	pattern_fill(mem, LEN, 21);
	slow_disk_rate(RATE);
	uring_new(&f->ring, DEPTH);
	for (i = 0; i < DEPTH; i++)
		uring_queue(&f->ring, opcode, disk, mem + i * PIECE, PIECE,
			    i * STRIDE);
	return mem;
}

static int land(struct flight *f)
{
	int i, failed = 0;

	slow_disk_rate(0);
	for (i = 0; i < DEPTH; i++)
		failed += uring_wait(&f->ring) != (int)PIECE;
	io_uring_queue_exit(&f->ring);
	return failed;
}

static bool in_flight(void)
{
	long live = counter("live_bytes");

	return live > 0 && live <= (long)FLIGHT;
}

static void check_flight(int opcode, const char *what)
{
	struct pin_others others;
	struct flight f;
	unsigned char *mem;
	int buf;

	disk_fill(22);
	pool_drop();
	mem = take_off(&f, opcode, &buf);
	munmap(mem, LEN);
	close(buf);
	ok(in_flight(), "%s: the buffer has ended, what is in flight counts", what);
	pin_others_new(&others, 32, LEN);
	ok(!pin_others_reach(&others, f.phys, FLIGHT),
	   "%s: others have other memory", what);
	is(land(&f), 0, "%s: all requests succeed", what);
	ok(pin_others_hold(&others), "%s: no other buffer has changed", what);
	pin_others_end(&others);
	ok(pin_live_soon(0), "%s: all of it is given back", what);
}

static int die_in_flight(void *arg)
{
	struct flight *f = arg;
	int buf;

	take_off(f, IORING_OP_READ, &buf);
	kill(getpid(), SIGKILL);
	return 1;
}

static void test_killed(void)
{
	struct flight *f = shared_new(sizeof(*f));
	struct pin_others others;

	pool_drop();
	is(in_child(die_in_flight, f), -SIGKILL, "a process dies with reads in flight");
	pin_others_new(&others, 32, LEN);
	ok(!pin_others_reach(&others, f->phys, FLIGHT), "others have other memory");
	slow_disk_rate(0);
	ok(pin_live_soon(32 * LEN), "the memory is given back when they have ended");
	ok(pin_others_hold(&others), "no other buffer has changed");
	pin_others_end(&others);
	munmap(f, sizeof(*f));
}

static int try_alloc(int heap)
{
	int buf = heap_alloc(heap, LEN);

	if (buf >= 0)
		close(buf);
	return buf < 0 ? buf : 0;
}

/* The room that a limit leaves is found as soon as it is there. */
static void test_limit(void)
{
	int heap = heap_open(HEAP), buf;
	unsigned char *mem;
	struct flight f;

	param_set("limit_mb", LEN >> 20);
	mem = take_off(&f, IORING_OP_READ, &buf);
	munmap(mem, LEN);
	close(buf);
	is(try_alloc(heap), -ENOMEM, "reads in flight count against limit_mb");
	is(land(&f), 0, "they end");
	is(try_alloc(heap), 0, "there is room at once");
	param_set("limit_mb", 0);
	close(heap);
}

static void test_unload(void)
{
	unsigned char *mem;
	struct flight f;
	int buf;

	mem = take_off(&f, IORING_OP_READ, &buf);
	munmap(mem, LEN);
	close(buf);
	close(control);
	is(module_unload(), 0, "the module unloads with reads in flight");
	is(module_traces(), 0, "without a trace");
	is(land(&f), 0, "they end");
	is(module_load(getenv("LC_MODULE_PARAMS") ?: ""), 0, "it loads again");
	ok(pin_live(0), "and counts nothing");
	control = control_open();
}

int main(void)
{
	struct mark mark;

	slow_disk_rate(0);
	mark_set(&mark);
	control = control_open();
	disk = open(SLOW_DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	bounce = mmap(NULL, FLIGHT, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (disk < 0 || bounce == MAP_FAILED)
		bail(SLOW_DISK ": %m");
	check_flight(IORING_OP_READ, "read");
	check_flight(IORING_OP_WRITE, "write");
	ok(disk_holds(21), "the disk has what the buffer had");
	test_killed();
	test_limit();
	test_unload();
	close(disk);
	close(control);
	mark_check(&mark, "all of it");
	return tap_done();
}
