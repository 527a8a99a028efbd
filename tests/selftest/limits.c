// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: limits: limit_mb bounds all buffers, user_limit_mb those of one user in any
 *   process and namespace
 * Promise: limits: more than a limit or the machine: ENOMEM at once, nothing is tried
 * Promise: tools: counters by reason and source
 */
#include <sched.h>

#include "settings.h"

#define USER	65534

static int heap;

/* 0 or the positive errno, for an exit status. */
static int try_alloc(size_t len)
{
	int buf = heap_alloc(heap, len);

	if (buf >= 0)
		close(buf);
	return buf < 0 ? -buf : 0;
}

static void test_refused_at_once(size_t len, const char *what)
{
	long tried = counter("attempts"), failed = counter("fail_limit");

	is(try_alloc(len), ENOMEM, "%s is too much", what);
	is(counter("fail_limit"), failed + 1, "for a limit");
	is(counter("attempts"), tried, "and nothing is tried");
}

static void test_all(void)
{
	int a, b;

	test_refused_at_once((size_t)1 << 40, "1 TiB");
	test_refused_at_once((size_t)meminfo_kib("MemTotal") * 1014,
			     "nearly all of the memory");
	param_set("limit_mb", 16);
	a = buf_new(heap, MIB(8));
	b = buf_new(heap, MIB(8));
	test_refused_at_once(1, "a page over limit_mb");
	is(counter("live_bytes"), MIB(16), "what is counted are the buffers");
	close(a);
	is(try_alloc(MIB(8)), 0, "there is room when one is freed");
	is(try_alloc(MIB(8) + 1), ENOMEM, "for no more than that");
	param_set("limit_mb", 4);
	is(try_alloc(1), ENOMEM, "lowered below what is in use");
	param_set("limit_mb", 0);
	is(try_alloc(MIB(32)), 0, "and lifted");
	close(b);
	is(counter("live_bytes"), 0, "nothing is counted in the end");
}

static int become_user(void)
{
	return setresgid(USER, USER, USER) || setresuid(USER, USER, USER);
}

/* The user's first, second and third try; each exits with what differs. */
static int another_process(void *arg)
{
	return try_alloc(*(size_t *)arg);
}

static int own_namespace(void *arg)
{
	return unshare(CLONE_NEWUSER) ? 255 : try_alloc(*(size_t *)arg);
}

static int user(void *arg)
{
	size_t page = 1;
	int buf;

	(void)arg;
	if (become_user())
		return 1;
	if (try_alloc(MIB(8) + 1) != ENOMEM)
		return 2;
	buf = heap_alloc(heap, MIB(8));
	if (buf < 0)
		return 3;
	if (try_alloc(page) != ENOMEM)
		return 4;
	if (in_child(another_process, &page) != ENOMEM)
		return 5;
	if (in_child(own_namespace, &page) != ENOMEM)
		return 6;
	close(buf);
	return try_alloc(MIB(8)) ? 7 : 0;
}

/* Holds a mapping of a buffer until the parent closes the pipe. */
static int user_with_mapping(void *arg)
{
	int *fds = arg;
	char byte;

	close(fds[1]);
	if (become_user())
		return 1;
	buf_map(buf_new(heap, MIB(8)), MIB(8));
	return read(fds[0], &byte, 1) != 0;
}

static int user_page(void *arg)
{
	(void)arg;
	return become_user() ? 255 : try_alloc(1);
}

struct ids {
	uid_t owner;		/* of the namespace */
	const char *map;	/* for its uid_map */
	int (*fn)(void);	/* as user 1 of it */
	int ready[2];
	int mapped[2];
};

/* Runs ids->fn in a user namespace of which the parent fills in the ids. */
static int with_ids(void *arg)
{
	struct ids *ids = arg;
	char byte = 0;

	if (ids->owner && become_user())
		return 101;
	if (unshare(CLONE_NEWUSER))
		return 102;
	if (write(ids->ready[1], &byte, 1) != 1 ||
	    read(ids->mapped[0], &byte, 1) != 1)
		return 103;
	return setresuid(1, 1, 1) ? 104 : ids->fn();
}

static int run_with_ids(struct ids *ids)
{
	char path[64], byte = 0;
	ssize_t len;
	pid_t pid;
	int fd;

	if (pipe(ids->ready) || pipe(ids->mapped))
		bail("pipe: %m");
	pid = fork();
	if (!pid)
		_exit(with_ids(ids));
	close(ids->ready[1]);
	if (read(ids->ready[0], &byte, 1) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		len = strlen(ids->map);
		if (fd < 0 || write(fd, ids->map, len) != len ||
		    write(ids->mapped[1], &byte, 1) != 1)
			bail("%s: %m", path);
		close(fd);
	}
	close(ids->ready[0]);
	close(ids->mapped[0]);
	close(ids->mapped[1]);
	return child_status(pid);
}

static int one_page(void)
{
	return try_alloc(1);
}

static int no_more_than_the_limit(void)
{
	return try_alloc(MIB(8)) || try_alloc(MIB(8) + 1) != ENOMEM;
}

/* While the user has all of the limit. */
static void test_further_ids(void)
{
	struct ids of_user = {
		.owner = USER,
		.map = "0 65534 1\n1 100000 1000\n",
		.fn = one_page,
	};
	struct ids of_root = {
		.map = "0 200000 1000\n",
		.fn = no_more_than_the_limit,
	};

	is(run_with_ids(&of_user), ENOMEM,
	   "further ids of a user count as the user");
	is(run_with_ids(&of_root), 0, "ids of a namespace of root's as themselves");
}

static bool has_buffer(void *arg)
{
	(void)arg;
	return counter("live_bytes") == MIB(8);
}

static void test_user(void)
{
	int fds[2];
	pid_t pid;

	param_set("user_limit_mb", 8);
	is(in_child(user, NULL), 0,
	   "a user gets no more in any process or namespace");
	is(try_alloc(MIB(64)), 0, "the limit is not root's");

	if (pipe(fds))
		bail("pipe: %m");
	pid = fork();
	if (!pid)
		_exit(user_with_mapping(fds));
	close(fds[0]);
	ok(becomes_true(has_buffer, NULL), "a user has a mapping");
	is(in_child(user_page, NULL), ENOMEM, "which counts for the user");
	test_further_ids();
	close(fds[1]);
	is(child_status(pid), 0, "the user ends");
	is(in_child(user_page, NULL), 0, "and has room again");
	param_set("user_limit_mb", 0);
}

#define WORKERS	4

/* Four buffers of 1 MiB at most: there is always room for them. */
static int worker(void *arg)
{
	int bufs[4] = { -1, -1, -1, -1 };
	unsigned long i;

	(void)arg;
	for (i = 0; i < rounds(400); i++) {
		int *buf = &bufs[i % 4];

		if (*buf >= 0)
			close(*buf);
		*buf = heap_alloc(heap, MIB(1));
		if (*buf < 0)
			return 1;
	}
	return 0;
}

/* Requests that fit succeed, whatever others ask for at the same time. */
static void test_many(void)
{
	pid_t pids[WORKERS];
	long most = 0, now;
	int i, failed = 0;
	bool refused = true;

	param_set("limit_mb", WORKERS * 4);
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(worker(NULL));
	}
	for (i = 0; i < 1000; i++) {
		refused = refused && try_alloc(MIB(16) + 1) == ENOMEM;
		now = counter("live_bytes");
		most = now > most ? now : most;
	}
	for (i = 0; i < WORKERS; i++)
		failed += child_status(pids[i]) != 0;
	is(failed, 0, "what fits is given to %d processes at once", WORKERS);
	ok(refused, "what does not is refused");
	ok(most <= (long)MIB(WORKERS * 4), "and nothing passes the limit");
	param_set("limit_mb", 0);
	is(counter("live_bytes"), 0, "nothing is counted in the end");
}

int main(void)
{
	struct mark mark;

	heap = heap_open(HEAP);
	mark_set(&mark);
	test_all();
	test_user();
	test_many();
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
