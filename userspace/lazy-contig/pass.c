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

static const char send_help[] =
"Usage: lazy-contig send SOCKET SIZE [OPTION]...\n"
"Allocate a buffer and send it to the first process that connects to the UNIX\n"
"socket SOCKET, a path. The buffer then belongs to the receiver.\n"
"\n"
"  --heap HEAP      heap to allocate from (default: lazy_contig)\n"
"  --name NAME      debug name of the buffer, at most 31 bytes\n"
"  --fill PATTERN   fill the buffer: 'zero', 'offset', or a byte from 0 to 255\n"
"  --timeout N      wait at most N seconds for a receiver (default: 10)\n"
"  --json           print one JSON object\n"
"  --help           show this text\n";

static const struct option send_options[] = {
	{ "fill", required_argument, NULL, OPT_FILL },
	{ "heap", required_argument, NULL, OPT_HEAP },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ }
};

static const char receive_help[] =
"Usage: lazy-contig receive SOCKET [OPTION]...\n"
"Receive a buffer from 'lazy-contig send SOCKET' and print its location.\n"
"\n"
"  --check PATTERN  check the contents: 'zero', 'offset', or a byte from 0 to 255\n"
"  --hold           hold the buffer until SIGINT, SIGTERM or SIGHUP\n"
"  --timeout N      wait at most N seconds for a sender (default: 10)\n"
"  --json           print one JSON object\n"
"  --help           show this text\n";

static const struct option receive_options[] = {
	{ "check", required_argument, NULL, OPT_CHECK },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ }
};

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
	double ms;
	int fd, code;

	code = args_size(args, 1, &size);
	if (code)
		return code;
	code = buffer_alloc(args, size, &fd, &ms);
	if (code)
		return code;

	if (args->has_fill)
		code = contents_fill(fd, &args->fill);
	if (!code)
		code = send_buffer(args, fd);
	if (!code) {
		out = json_object_new_object();
		describe(fd, out);
		print_object(out, args->json);
		json_object_put(out);
	}
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
	int fd, code = CODE_OK;

	fd = receive_buffer(args);
	if (fd < 0)
		return fail(fd, "no buffer from %s", args->operands[0]);

	out = json_object_new_object();
	if (describe(fd, out) == -ENOTTY) {
		fprintf(stderr, "lazy-contig: the descriptor received from %s is not a dma-buf\n",
			args->operands[0]);
		code = CODE_FAILED;
	}
	if (!code && args->check)
		code = contents_check(fd, &args->expect, out);
	if (!code && args->hold)
		code = hold(out, args->json);
	else
		print_object(out, args->json);
	json_object_put(out);
	close(fd);
	return code;
}

const struct command cmd_send = {
	.name = "send",
	.summary = "allocate a buffer and send it to another process",
	.help = send_help,
	.options = send_options,
	.min_operands = 2,
	.max_operands = 2,
	.run = run_send,
};

const struct command cmd_receive = {
	.name = "receive",
	.summary = "receive a buffer from another process",
	.help = receive_help,
	.options = receive_options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run_receive,
};
