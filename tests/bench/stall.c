// SPDX-License-Identifier: GPL-2.0
/*
 * How long requests take while pages wait for I/O: locked by the readahead of a slow
 * disk, beside a process that writes to one and waits, and under writeback to a FUSE
 * server that does not answer. Buffers are held, or a few are in flight as a camera
 * has them. What has not ended after a while ends when the I/O does: its time is a
 * lower bound then.
 */
#include <stdio.h>
#include <sys/prctl.h>

#include "../selftest/slow.h"
#include "bench.h"

#define MAX_REQUESTS	64
#define FILE_LEN	MIB(230)
#define CHUNK		MIB(64)
#define PATIENCE_MS	40000

struct answers {
	int nr;
	int given;
	bool done;
	double ms[MAX_REQUESTS];
};

static void ask(const struct heap *heap, size_t len, int in_flight,
		int requests, struct answers *a)
{
	int buf[MAX_REQUESTS], i;

	memset(buf, -1, sizeof(buf));
	for (i = 0; i < requests; i++) {
		int *slot = &buf[i % in_flight];
		double t;

		if (*slot >= 0)
			close(*slot);
		t = now_ms();
		*slot = lazy_contig_heap_alloc(heap->fd, len,
					       O_RDWR | O_CLOEXEC);
		a->ms[i] = now_ms() - t;
		a->given += *slot >= 0;
		a->nr = i + 1;
	}
}

static struct answers *answers_start(const struct heap *heap, size_t len,
				     int in_flight, int requests, pid_t *pid)
{
	struct answers *a = shared_new(sizeof(*a));

	*pid = fork();
	if (*pid < 0)
		bail("fork: %m");
	if (!*pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ask(heap, len, in_flight, requests, a);
		a->done = true;
		_exit(0);
	}
	return a;
}

/* Return: false if it did not end by itself. */
static bool answers_wait(struct answers *a)
{
	volatile struct answers *seen = a;
	double start = now_ms();

	while (!seen->done && now_ms() - start < PATIENCE_MS)
		usleep(10000);
	return seen->done;
}

static void report(const struct row *r, struct answers *a, int requests,
		   bool by_itself)
{
	struct series ms = { 0 };
	int i;

	for (i = 0; i < a->nr; i++)
		series_add(&ms, a->ms[i]);
	row(r, "requests", requests);
	row(r, "given", a->given);
	row(r, "ended", by_itself);
	row(r, "median_ms", series_at(&ms, 0.5));
	row(r, "p99_ms", series_at(&ms, 0.99));
	row(r, "worst_ms", series_at(&ms, 1));
	series_free(&ms);
}

enum load { QUIET, READAHEAD, WRITER, DEAD_SERVER };

static const struct stall {
	const char *config;
	enum load load;
	size_t len;
	int in_flight;
	int requests;
} stalls[] = {
	{ "quiet", QUIET, MIB(32), MAX_REQUESTS, 36 },
	{ "readahead", READAHEAD, MIB(32), MAX_REQUESTS, 36 },
	{ "dead server", DEAD_SERVER, MIB(32), MAX_REQUESTS, 36 },
	{ "quiet camera", QUIET, MIB(24), 4, MAX_REQUESTS },
	{ "writer", WRITER, MIB(24), 4, MAX_REQUESTS },
};

static void measure(const struct stall *stall, struct row *r,
		    const struct heap *heap)
{
	struct dead_server dead;
	struct answers *a;
	pid_t load = 0, pid;
	bool by_itself;

	file_write("/proc/sys/vm/drop_caches", "3");
	if (stall->load == READAHEAD) {
		slow_disk_rate(64 << 10);
		load = slow_readahead(FILE_LEN);
	} else if (stall->load == WRITER) {
		slow_disk_rate(1 << 20);
		load = slow_writer(CHUNK);
	} else if (stall->load == DEAD_SERVER) {
		dead_server_start(&dead, FILE_LEN / MIB(1) * MIB(1));
	}
	a = answers_start(heap, stall->len, stall->in_flight, stall->requests,
			  &pid);
	by_itself = answers_wait(a);
	slow_disk_rate(0);
	if (stall->load == DEAD_SERVER)
		dead_server_abort(&dead);
	child_status(pid);
	if (load)
		slow_end(load);
	if (stall->load == DEAD_SERVER)
		dead_server_end(&dead);
	r->config = stall->config;
	r->heap = heap->name;
	r->len = stall->len;
	report(r, a, stall->requests, by_itself);
	munmap(a, sizeof(*a));
}

int bench_stall(const struct options *opt)
{
	struct heap *heaps[] = { &walk, &cma, &ours };
	struct row r = { .suite = "stall", .threads = 1 };
	bool have[ARRAY_SIZE(heaps)];
	size_t i, s;

	param_set("lazy_contig", "pool_max_mb", "0");
	slow_disk_mount();
	slow_file(FILE_LEN);
	for (i = 0; i < ARRAY_SIZE(heaps); i++)
		have[i] = heap_use(heaps[i], opt);
	for (r.run = 0; r.run < opt->runs; r.run++)
		for (s = 0; s < ARRAY_SIZE(stalls); s++)
			for (i = 0; i < ARRAY_SIZE(heaps); i++)
				if (have[i])
					measure(&stalls[s], &r, heaps[i]);
	slow_disk_umount();
	return 0;
}
