// SPDX-License-Identifier: GPL-2.0 OR MIT
/* cc share.c $(pkg-config --cflags --libs lazy_contig) */
/* Sends a contiguous buffer to a second process, which reads its contents. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lazy_contig.h>

static const size_t len = 4 << 20;

static char *map_buffer(int fd)
{
	void *mem;
	int ret = lazy_contig_map(fd, len, PROT_READ | PROT_WRITE, &mem);

	if (ret)
		errx(1, "map: %s", strerror(-ret));
	return mem;
}

/* The second process; it could also be another program. */
static int reader(int sock)
{
	int fd = lazy_contig_recv_fd(sock);

	if (fd < 0)
		errx(1, "receive: %s", strerror(-fd));
	lazy_contig_sync_begin(fd, DMA_BUF_SYNC_READ);
	printf("the second process reads: %s\n", map_buffer(fd));
	lazy_contig_sync_end(fd, DMA_BUF_SYNC_READ);
	return 0;
}

int main(void)
{
	int socks[2], fd, ret, status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		err(1, "socketpair");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		/* or the end of the first process would not be seen */
		close(socks[0]);
		return reader(socks[1]);
	}
	close(socks[1]);

	fd = lazy_contig_alloc(LAZY_CONTIG_HEAP, len, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		errx(1, "allocate: %s (run 'lazy-contig doctor')", strerror(-fd));
	lazy_contig_sync_begin(fd, DMA_BUF_SYNC_WRITE);
	snprintf(map_buffer(fd), len, "hello from the first");
	lazy_contig_sync_end(fd, DMA_BUF_SYNC_WRITE);
	ret = lazy_contig_send_fd(socks[0], fd);
	if (ret)
		errx(1, "send: %s", strerror(-ret));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
