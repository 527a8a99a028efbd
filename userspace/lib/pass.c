// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Passing file descriptors between processes over a UNIX domain socket. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lazy_contig.h"

#ifndef SCM_PIDFD
#define SCM_PIDFD	0x04
#endif

/*
 * Space for one descriptor and for the control messages that socket options such
 * as SO_PASSCRED add. The kernel installs no descriptor that does not fit, and
 * sets MSG_CTRUNC.
 */
union control {
	struct cmsghdr align;
	char buf[256];
};

int lazy_contig_send_fd(int sock, int fd)
{
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = sizeof(byte) };
	union control control = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = CMSG_SPACE(sizeof(fd)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));

	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int cmsg_fd(const struct cmsghdr *cmsg, size_t i)
{
	int fd;

	memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
	return fd;
}

/*
 * Extracts the descriptors of a message: the first of SCM_RIGHTS is stored in
 * *@fd, all others are closed. Return: the number of SCM_RIGHTS descriptors.
 */
static size_t take_fds(struct msghdr *msg, int *fd)
{
	size_t count = 0, i, n;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		if (cmsg->cmsg_type == SCM_PIDFD)
			close(cmsg_fd(cmsg, 0));
		if (cmsg->cmsg_type != SCM_RIGHTS)
			continue;

		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(*fd);
		for (i = 0; i < n; i++) {
			if (count++)
				close(cmsg_fd(cmsg, i));
			else
				*fd = cmsg_fd(cmsg, i);
		}
	}
	return count;
}

int lazy_contig_recv_fd(int sock)
{
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = sizeof(byte) };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	size_t count;
	ssize_t n;
	int fd = -1;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	count = take_fds(&msg, &fd);
	if (n == 1 && count == 1 && !(msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC)))
		return fd;

	if (count)
		close(fd);
	if (!n && !count)
		return -ECONNRESET;
	return msg.msg_flags & MSG_CTRUNC && !count ? -EMFILE : -EPROTO;
}
