// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: buffer: descriptors work in other processes, also after the sender was killed
 */
#include <sys/socket.h>

#include "helpers.h"

#define LEN	(MIB(3) + PAGE)

struct sender {
	int heap;
	int sock;
	bool die;	/* by SIGKILL, right after sending */
};

static int fd_send(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int fd_receive(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

static int child_sends(void *arg)
{
	struct sender *sender = arg;
	int buf = buf_new(sender->heap, LEN);
	unsigned char *mem = buf_map(buf, LEN);

	pattern_fill(mem, LEN, 11);
	if (fd_send(sender->sock, buf))
		return 1;
	if (sender->die)
		raise(SIGKILL);
	return 0;
}

static void check_received(int sock, const char *sender)
{
	struct lazy_contig_query q;
	int buf = fd_receive(sock);
	unsigned char *mem;

	ok(buf >= 0, "a buffer arrives from a process that %s", sender);
	if (buf < 0)
		return;
	is(buf_query(buf, &q), 0, "QUERY knows it");
	is(q.len, LEN, "it has the sender's length");
	mem = buf_map(buf, LEN);
	ok(pattern_holds(mem, LEN, 11), "and the sender's bytes");
	is(buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW), 0, "SYNC start");
	pattern_fill(mem, LEN, 12);
	is(buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW), 0, "SYNC end");
	ok(pattern_holds(mem, LEN, 12), "it can be written");
	munmap(mem, LEN);
	close(buf);
}

static void test_sender_gone(int heap, int others)
{
	struct sender sender = { .heap = heap };
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		bail("socketpair: %m");
	sender.sock = socks[0];
	is(in_child(child_sends, &sender), 0, "the sender exits");
	is(dmabufs_live(), others + 1, "its buffer lives on the way");
	check_received(socks[1], "has exited");
	sender.die = true;
	is(in_child(child_sends, &sender), -SIGKILL, "a sender is killed");
	check_received(socks[1], "was killed");
	is(dmabufs_live(), others, "nothing is left of either");
	close(socks[0]);
	close(socks[1]);
}

static bool none_but(void *arg)
{
	return dmabufs_live() == *(int *)arg;
}

static void test_never_received(int heap, int others)
{
	struct sender sender = { .heap = heap };
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		bail("socketpair: %m");
	sender.sock = socks[0];
	is(in_child(child_sends, &sender), 0, "a sender exits");
	close(socks[0]);
	close(socks[1]);
	/* the garbage collection of sockets in flight has no notification */
	ok(becomes_true(none_but, &others),
	   "a buffer that was not received is returned");
}

static void test_duplicates(int heap, int others)
{
	int socks[2], buf = buf_new(heap, LEN), dup1, dup2;
	struct lazy_contig_query a, b;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		bail("socketpair: %m");
	is(fd_send(socks[0], buf), 0, "send a buffer to ourselves");
	dup1 = fd_receive(socks[1]);
	dup2 = dup(buf);
	ok(dup1 >= 0 && dup2 >= 0, "three descriptors of one buffer");
	is(dmabufs_live(), others + 1, "are one dma-buf");
	close(buf);
	if (buf_query(dup1, &a) || buf_query(dup2, &b))
		bail("QUERY failed");
	is(a.phys_addr, b.phys_addr, "at one place");
	close(dup1);
	is(dmabufs_live(), others + 1, "it lives until the last is closed");
	close(dup2);
	is(dmabufs_live(), others, "and no longer");
	close(socks[0]);
	close(socks[1]);
}

int main(void)
{
	int heap = heap_open(HEAP);
	struct mark mark;

	mark_set(&mark);
	test_sender_gone(heap, mark.dmabufs);
	test_never_received(heap, mark.dmabufs);
	test_duplicates(heap, mark.dmabufs);
	mark_check(&mark, "passing buffers around");
	close(heap);
	return tap_done();
}
