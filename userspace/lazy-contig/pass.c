// SPDX-License-Identifier: GPL-2.0
/* lazy-contig send and receive */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define RETRY_MS	20

static int socket_address(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(addr->sun_path, path, strlen(path));
	return 0;
}

/* Connects to a path. Return: a socket or -errno. */
static int socket_connect(int type, const struct sockaddr_un *addr)
{
	int sock, err;

	sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (!connect(sock, (const struct sockaddr *)addr, sizeof(*addr)))
		return sock;
	err = -errno;
	close(sock);
	return err;
}

/*
 * Removes a socket without a listener. The check uses another socket type, which
 * a listener refuses with another error: a connection would be taken for a
 * receiver. Return: true if the socket was removed.
 */
static bool remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int sock;

	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	sock = socket_connect(SOCK_DGRAM, addr);
	if (sock >= 0)
		close(sock);
	return sock == -ECONNREFUSED && !unlink(addr->sun_path);
}

static int socket_listen(const struct sockaddr_un *addr)
{
	const struct sockaddr *name = (const struct sockaddr *)addr;
	int sock, ret, err;

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	ret = bind(sock, name, sizeof(*addr));
	if (ret && errno == EADDRINUSE && remove_stale(addr))
		ret = bind(sock, name, sizeof(*addr));
	if (!ret && !listen(sock, 1))
		return sock;
	err = -errno;
	close(sock);
	return err;
}

/* Waits for a connection. Return: a socket, -ETIMEDOUT, or another -errno. */
static int socket_accept(int sock, int seconds)
{
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	int n, conn;

	n = poll(&pfd, 1, seconds * 1000);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	return conn < 0 ? -errno : conn;
}

/*
 * Waits for a listener at the path and connects to it. Sets the same timeout for
 * receiving. Return: a socket or -errno.
 */
static int socket_wait(const struct sockaddr_un *addr, int seconds)
{
	struct timeval timeout = { .tv_sec = seconds };
	struct timespec start, now;
	int sock;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		sock = socket_connect(SOCK_STREAM, addr);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (sock != -ENOENT && sock != -ECONNREFUSED)
			break;
		if (now.tv_sec - start.tv_sec >= seconds)
			break;
		poll(NULL, 0, RETRY_MS);
	}
	if (sock >= 0)
		setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	return sock;
}

/* Sends the buffer to the first receiver that connects. Return: an exit code. */
static int send_buffer(const struct args *args, int fd)
{
	const char *path = args->operands[0];
	struct sockaddr_un addr;
	int sock, conn, err;

	err = socket_address(path, &addr);
	sock = err ? err : socket_listen(&addr);
	if (sock < 0)
		return fail(sock, "cannot listen on %s", path);

	conn = socket_accept(sock, args->timeout);
	unlink(path);
	close(sock);
	if (conn < 0)
		return fail(conn, "no receiver at %s", path);

	err = lazy_contig_send_fd(conn, fd);
	close(conn);
	return err ? fail(err, "cannot send the buffer") : CODE_OK;
}

static int run_send(const struct args *args)
{
	json_object *out;
	__u64 size;
	int fd, code;

	code = args_size(args, 1, &size);
	if (!code)
		code = buffer_alloc(args->heap, size, &fd);
	if (code)
		return code;

	out = json_object_new_object();
	code = buffer_name(fd, args->name);
	describe(fd, out);
	if (!code)
		code = contents(args, fd, out);
	if (!code)
		code = send_buffer(args, fd);
	if (!code)
		print_object(out, args->json);
	json_object_put(out);
	close(fd);
	return code;
}

static int receive_buffer(const struct args *args)
{
	const char *path = args->operands[0];
	struct sockaddr_un addr;
	int sock, fd;

	fd = socket_address(path, &addr);
	sock = fd ? fd : socket_wait(&addr, args->timeout);
	if (sock < 0)
		return sock;
	fd = lazy_contig_recv_fd(sock);
	close(sock);
	return fd;
}

static int run_receive(const struct args *args)
{
	json_object *out;
	int fd, code;

	fd = receive_buffer(args);
	if (fd < 0)
		return fail(fd, "no buffer from %s", args->operands[0]);

	out = json_object_new_object();
	if (describe(fd, out) == -ENOTTY) {
		fprintf(stderr, "lazy-contig: the descriptor received from %s is not a dma-buf\n",
			args->operands[0]);
		code = CODE_FAILED;
	} else {
		code = show(args, fd, out);
	}
	json_object_put(out);
	close(fd);
	return code;
}

const struct command cmd_send = {
	.name = "send",
	.summary = "allocate a buffer and send it to another process",
	.usage = { "SOCKET SIZE [OPTION]..." },
	.help =
"Allocate a buffer and send it to the first process that connects to the UNIX\n"
"socket SOCKET, a path. The buffer then belongs to the receiver.",
	.complete = "files",
	.options = { OPT_HEAP, OPT_NAME, OPT_CHECK, OPT_FILL, OPT_TIMEOUT, OPT_JSON },
	.min_operands = 2,
	.max_operands = 2,
	.run = run_send,
};

const struct command cmd_receive = {
	.name = "receive",
	.summary = "receive a buffer from another process",
	.usage = { "SOCKET [OPTION]..." },
	.help = "Receive a buffer from 'lazy-contig send SOCKET' and print its location.",
	.complete = "files",
	.options = { OPT_CHECK, OPT_FILL, OPT_HOLD, OPT_TIMEOUT, OPT_JSON },
	.min_operands = 1,
	.max_operands = 1,
	.run = run_receive,
};
