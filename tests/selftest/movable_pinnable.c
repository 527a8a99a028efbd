// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: pinnable buffers are never in ZONE_MOVABLE, and pins for long are made
 * Promise: memory: a block with a page that is still in use when its buffer ends stays
 *   online, and goes offline when the page does not
 */
#include "blocks.h"
#include "pin.h"

#define MAX_BUFFERS	400

static struct span movable;
static int control, heap;

static bool in_zone(int buf, size_t len)
{
	uint64_t phys = buf_phys(buf);

	return phys < movable.end && phys + len > movable.start;
}

static int pinnable(size_t len)
{
	struct lazy_contig_allocation a = {
		.size = sizeof(a),
		.flags = LAZY_CONTIG_PINNABLE,
		.len = len,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &a);

	return err ?: a.fd;
}

static bool can_be_pinned(int buf, size_t len)
{
	unsigned char *mem = buf_map(buf, len);
	struct io_uring u;
	int err;

	uring_new(&u, 1);
	err = uring_register(&u, mem, len);
	io_uring_queue_exit(&u);
	munmap(mem, len);
	return !err || err == -EOPNOTSUPP; /* of an older kernel */
}

/* Until nothing is left, small ones and large ones. */
static void check_zone(void)
{
	static const size_t lengths[] = { MIB(64), MIB(8), MIB(2), MIB(1), PAGE };
	int bufs[MAX_BUFFERS], n = 0, inside = 0, unpinned = 0, buf = 0, end;
	size_t i;

	buf = buf_new(heap, MIB(64));
	ok(in_zone(buf, MIB(64)), "other buffers are in ZONE_MOVABLE");
	close(buf); /* the pool has it */
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (end = n + 50; n < end; n++) {
			buf = pinnable(lengths[i]);
			if (buf < 0)
				break;
			inside += in_zone(buf, lengths[i]);
			unpinned += !can_be_pinned(buf, lengths[i]);
			bufs[n] = buf;
		}
		if (!i)
			is(buf, -ENOMEM, "the other zones end after %d", n);
	}
	ok(n > 10, "%d buffers were given", n);
	is(inside, 0, "none of them lies in ZONE_MOVABLE");
	is(unpinned, 0, "all of them can be pinned for long");
	while (n)
		close(bufs[--n]);
	ok(pin_live_soon(0), "all are given back");
}


/*
 * Return: whether the block went; elsewhere than in ZONE_MOVABLE the kernel may put
 * a page of its own there first.
 */
static bool block_with_pin(void)
{
	struct lazy_contig_allocation a = block_request(movable.start);
	unsigned char *mem;
	int fds[2], tries;
	struct iovec iov;
	bool gone;

	a.flags = LAZY_CONTIG_PINNABLE;
	if (call(control, LAZY_CONTIG_IOCTL_ALLOC, &a) || pipe(fds))
		bail("no block");
	mem = buf_map(a.fd, a.len);
	iov = (struct iovec){ mem + a.len / 2, PAGE };
	if (vmsplice(fds[1], &iov, 1, 0) != (ssize_t)PAGE)
		bail("vmsplice: %m");
	munmap(mem, a.len);
	close(a.fd);
	is(block_offline(a.phys_addr), -EBUSY, "the block of a pinned page stays");
	close(fds[0]);
	close(fds[1]);
	if (!pin_live_soon(0))
		bail("the page is not given back");
	for (gone = false, tries = 0; !gone && tries < 3; tries++)
		gone = !block_offline(a.phys_addr);
	if (gone)
		is(block_online(a.phys_addr), 0, "it comes back");
	return gone;
}

/* A driver has a page: the kernel would try forever to move it. */
static void check_held(void)
{
	int imp = importer_open(), buf, err;
	uint32_t nothing = -1;
	uint64_t phys;

	buf = block_new(control, 0, &phys);
	ok(in_zone(buf, block_size()), "a block of ZONE_MOVABLE");
	err = importer_hold(imp, buf, PAGE, PAGE);
	if (err)
		bail("cannot hold a page: %s", strerror(-err));
	close(buf);
	is(block_offline(phys), -EBUSY, "it stays while a driver has a page of it");
	call(imp, LCI_DROP, &nothing);
	is(block_offline(phys), 0, "and goes at once when it has not");
	is(block_online(phys), 0, "it comes back");
	close(imp);
}

int main(void)
{
	unsigned long max = param_get("pool_max_mb"), limit;
	struct mark mark;
	int tries = 0;

	heap = heap_open(HEAP);
	control = control_open();
	movable = movable_zone();
	check_held();
	mark_set(&mark);
	check_zone();
	param_set("pool_max_mb", 0);
	limit = patience();
	while (tries < 5 && !block_with_pin())
		tries++;
	ok(tries < 5, "without the pin it goes, in try %d", tries + 1);
	param_set("time_limit_ms", limit);
	param_set("pool_max_mb", max);
	mark_check(&mark, "all of it");
	close(control);
	close(heap);
	return tap_done();
}
