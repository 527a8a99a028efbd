// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: pages in use are migrated with their contents to make a range
 * Promise: limits: no OOM kill for an allocation that should have failed
 *
 * Sixteen processes allocate at random in a machine whose memory is short, beside
 * others that keep checking every page of theirs. LC_LONG=1: for minutes.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#include "helpers.h"

#define ALLOCATORS	16
#define NEIGHBOURS	4
#define HELD		6		/* buffers of an allocator at a time */
#define MAX_LEN		MIB(32)
#define WORDS		(PAGE / sizeof(uint64_t))
#define SLACK_KIB	(64l << 10)

/* When all processes stop; set once the neighbours are running. */
static time_t *end;

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static bool time_is_up(void)
{
	return *end && time(NULL) >= *end;
}

/* A process that checks what it wrote, and keeps writing anew. */
struct neighbour {
	uint64_t *mem;
	uint32_t *written;	/* how often each page was */
	size_t pages;
};

static uint64_t word(size_t page, uint32_t written, size_t i)
{
	return ((uint64_t)written << 40 | page << 10 | i) *
	       0x9e3779b97f4a7c15ull;
}

static void write_page(struct neighbour *n, size_t page)
{
	uint32_t written = ++n->written[page];
	size_t i;

	for (i = 0; i < WORDS; i++)
		n->mem[page * WORDS + i] = word(page, written, i);
}

static bool check_page(const struct neighbour *n, size_t page)
{
	size_t i;

	for (i = 0; i < WORDS; i++) {
		if (n->mem[page * WORDS + i] == word(page, n->written[page], i))
			continue;
		diag("page %zu, word %zu: %#jx", page, i,
		     (uintmax_t)n->mem[page * WORDS + i]);
		return false;
	}
	return true;
}

/* Every other neighbour has its memory in a file. */
static void *neighbour_memory(int id, size_t len)
{
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *mem;

	if (id % 2) {
		fd = memfd_create("neighbour", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, len))
			bail("memfd: %m");
		flags = MAP_SHARED;
	}
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (mem == MAP_FAILED)
		bail("mmap: %m");
	return mem;
}

static int neighbour(int id, size_t len, int ready)
{
	struct neighbour n = {
		.mem = neighbour_memory(id, len),
		.written = calloc(len / PAGE, sizeof(*n.written)),
		.pages = len / PAGE,
	};
	uint64_t state = id + 1;
	size_t page;

	if (!n.written)
		bail("no memory");
	for (page = 0; page < n.pages; page++)
		write_page(&n, page);
	if (write(ready, "", 1) != 1)
		return 1;
	while (!time_is_up()) {
		page = next_random(&state) % n.pages;
		if (!check_page(&n, page))
			return 1;
		write_page(&n, page);
	}
	for (page = 0; page < n.pages; page++)
		if (!check_page(&n, page))
			return 1;
	return 0;
}

struct held {
	int buf;
	size_t len;
	uint64_t seed;
	unsigned char *mem;
};

static bool let_go(struct held *h)
{
	bool good = !h->mem || pattern_holds(h->mem, h->len, h->seed);

	if (h->mem) {
		munmap(h->mem, h->len);
		close(h->buf);
	}
	h->mem = NULL;
	return good;
}

/* Lengths from a page up, small ones as often as large ones. */
static size_t random_length(uint64_t *state)
{
	size_t max = MAX_LEN >> next_random(state) % 14;

	return PAGE + next_random(state) % max / PAGE * PAGE;
}

/* Returns 0, 1 for a wrong byte, 2 for a wrong error, 3 if the reader is gone. */
static int allocator(int id, int ready)
{
	struct held held[HELD] = { 0 };
	uint64_t state = id + 1000;
	int heap = heap_open(HEAP), given = 0, i;

	while (!time_is_up()) {
		struct held *h = &held[next_random(&state) % HELD];

		if (!let_go(h))
			return 1;
		h->len = random_length(&state);
		h->buf = heap_alloc(heap, h->len);
		if (h->buf == -ENOMEM)
			continue;
		if (h->buf < 0)
			return 2;
		if (!given++ && write(ready, "", 1) != 1)
			return 3;
		h->mem = buf_map(h->buf, h->len);
		if (!all_zero(h->mem, h->len))
			return 1;
		h->seed = next_random(&state);
		pattern_fill(h->mem, h->len, h->seed);
	}
	for (i = 0; i < HELD; i++)
		if (!let_go(&held[i]))
			return 1;
	return 0;
}

static pid_t start(int (*fn)(int id, size_t len, int ready), int id,
		   size_t len, int ready)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(id, len, ready));
	}
	return pid;
}

static int run_allocator(int id, size_t len, int ready)
{
	(void)len;
	return allocator(id, ready);
}

static int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		bail("wait: %m");
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool free_is_back(void *arg)
{
	return free_kib() + meminfo_kib("Cached") + SLACK_KIB >= *(long *)arg;
}

int main(void)
{
	/* what the neighbours leave is less than the allocators want */
	size_t share = (size_t)meminfo_kib("MemAvailable") * 1024 / 10 * 7 /
		       NEIGHBOURS / PAGE * PAGE;
	const char *is_long = getenv("LC_LONG");
	int seconds = is_long && *is_long == '1' ? 300 : 8, ready[2], i;
	pid_t neighbours[NEIGHBOURS], allocators[ALLOCATORS];
	long before = free_kib() + meminfo_kib("Cached");
	struct mark mark;
	char byte;

	mark_set(&mark);
	end = shared_new(PAGE);
	if (pipe2(ready, O_CLOEXEC))
		bail("pipe: %m");
	for (i = 0; i < NEIGHBOURS; i++)
		neighbours[i] = start(neighbour, i, share, ready[1]);
	for (i = 0; i < NEIGHBOURS; i++)
		if (read(ready[0], &byte, 1) != 1)
			bail("a neighbour did not come up");
	diag("%zu MiB in use by neighbours, %ld MiB available",
	     share * NEIGHBOURS >> 20, meminfo_kib("MemAvailable") >> 10);
	for (i = 0; i < ALLOCATORS; i++)
		allocators[i] = start(run_allocator, i, 0, ready[1]);
	for (i = 0; i < ALLOCATORS; i++)
		if (read(ready[0], &byte, 1) != 1)
			bail("an allocator is gone");
	ok(true, "all %d allocators were given memory", ALLOCATORS);
	*end = time(NULL) + seconds;

	for (i = 0; i < ALLOCATORS; i++)
		is(status_of(allocators[i]), 0,
		   "allocator %d found no wrong byte", i);
	for (i = 0; i < NEIGHBOURS; i++)
		is(status_of(neighbours[i]), 0,
		   "neighbour %d lost nothing", i);
	close(ready[0]);
	close(ready[1]);
	ok(becomes_true(free_is_back, &before), "all memory is free again");
	mark_check(&mark, "the pressure");
	return tap_done();
}
