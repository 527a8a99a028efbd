// SPDX-License-Identifier: GPL-2.0
/*
 * What many requests at once wait for: 16 processes allocate and free buffers of one
 * size in a loop, and the kernel counts, by stack, how often a lock was not free
 * (the tracepoint contention_begin). With emulated processors that share those of the
 * host a task that has a lock may lose its processor: the counts are too high, for all
 * allocators alike.
 */
#include <stdio.h>
#include <sys/mount.h>

#include "bench.h"

#define PROCESSES	16
#define CALLERS		64
#define SHOWN		5

#define TRACING		"/sys/kernel/tracing"
#define EVENT		TRACING "/events/lock/contention_begin"
#define HIST		"hist:keys=common_stacktrace:size=8192"

/* Who asked for a lock: the first function that is not part of locking. */
struct caller {
	char name[80];
	unsigned long count;
};

struct contention {
	struct caller caller[CALLERS];
	unsigned int nr;
	unsigned long all;	/* also of callers that there is no room for */
	unsigned long own;	/* the caller is the module */
};

static const struct {
	size_t len;
	unsigned int rounds;
} sizes[] = {
	{ KIB(4), 400 }, { KIB(64), 400 }, { MIB(2), 80 }, { MIB(32), 12 },
};

static bool is_locking(const char *name)
{
	static const char *const parts[] = {
		"lock", "mutex", "rwsem", "down_", "contention", "trace", "hist",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(name, parts[i]) && !strstr(name, "lc_"))
			return true;
	return false;
}

static void count(struct contention *c, const char *name, unsigned long hits)
{
	unsigned int i;

	c->all += hits;
	if (strstr(name, "[lazy_contig]"))
		c->own += hits;
	for (i = 0; i < c->nr; i++)
		if (!strcmp(c->caller[i].name, name))
			break;
	if (i == CALLERS)
		return;
	if (i == c->nr)
		snprintf(c->caller[c->nr++].name, sizeof(c->caller[i].name), "%s", name);
	c->caller[i].count += hits;
}

/* Lines of frames, innermost first, each stack ended by its count. */
static void read_counts(struct contention *c)
{
	char line[512], caller[80] = "", *text, *offset, *module;
	FILE *f = fopen(EVENT "/hist", "re");
	unsigned long hits;

	if (!f)
		bail("%s/hist: %m", EVENT);
	*c = (struct contention){ 0 };
	while (fgets(line, sizeof(line), f)) {
		text = line + strspn(line, " \t");
		if (strstr(text, "Dropped: ") && !strstr(text, "Dropped: 0\n"))
			printf("note: stacks that there was no room for: %s", text);
		if (sscanf(text, "} hitcount: %lu", &hits) == 1) {
			count(c, caller, hits);
			*caller = 0;
			continue;
		}
		offset = strstr(text, "+0x");
		if (!offset || *caller)
			continue;
		module = strchr(offset, '[');
		if (module)
			module[strcspn(module, "]") + 1] = 0;
		*offset = 0;
		if (!is_locking(text))
			snprintf(caller, sizeof(caller), "%s%s%s", text,
				 module ? " " : "", module ?: "");
	}
	fclose(f);
}

static int by_count(const void *a, const void *b)
{
	const struct caller *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

/* Return: how many requests were refused. */
static unsigned int loop(const struct heap *heap, size_t len, unsigned int rounds)
{
	unsigned int refused = 0, i;
	int buf;

	for (i = 0; i < rounds; i++) {
		buf = lazy_contig_heap_alloc(heap->fd, len, O_RDWR | O_CLOEXEC);
		if (buf < 0)
			refused++;
		else
			close(buf);
	}
	return refused;
}

/* All begin at once: when the pipe's other end is closed. */
static unsigned int run(const struct heap *heap, size_t len, unsigned int rounds)
{
	unsigned int refused = 0, i;
	pid_t pid[PROCESSES];
	int go[2], status;
	char none;

	if (pipe(go))
		bail("pipe: %m");
	fflush(stdout);
	for (i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			bail("fork: %m");
		if (pid[i])
			continue;
		close(go[1]);
		if (read(go[0], &none, 1))
			_exit(255);
		refused = loop(heap, len, rounds);
		_exit(refused < 254 ? refused : 254);
	}
	/* patching code while processors run is what the emulator gets wrong: once only */
	file_write(EVENT "/trigger", HIST ":clear");
	close(go[1]);
	for (i = 0; i < PROCESSES; i++) {
		if (waitpid(pid[i], &status, 0) != pid[i] || !WIFEXITED(status) ||
		    WEXITSTATUS(status) == 255)
			bail("a process that allocates has died");
		refused += WEXITSTATUS(status);
	}
	close(go[0]);
	return refused;
}

static void measure(const struct heap *heap, const char *name, size_t len,
		    unsigned int rounds)
{
	struct row r = { "locks", "16 processors", 1, name, len, PROCESSES };
	static struct contention c;
	unsigned int refused, i;

	pool_drop();
	refused = run(heap, len, rounds);
	read_counts(&c);
	row(&r, "requests", PROCESSES * rounds);
	row(&r, "refused", refused);
	row(&r, "contended", c.all);
	row(&r, "own", c.own);
	qsort(c.caller, c.nr, sizeof(c.caller[0]), by_count);
	for (i = 0; i < c.nr && i < SHOWN; i++)
		printf("  %-6s %6zu KiB %8lu  %s\n", name, len >> 10,
		       c.caller[i].count, c.caller[i].name);
}

int bench_locks(const struct options *opt)
{
	unsigned int part = opt->quick ? 4 : 1;
	char pool[32];
	size_t i;

	if (mount("none", TRACING, "tracefs", 0, NULL) && errno != EBUSY)
		bail("tracefs: %m");
	if (access(EVENT "/trigger", F_OK))
		bail("no %s", EVENT);
	if (!param_get("lazy_contig", "pool_max_mb", pool, sizeof(pool)))
		bail("no pool_max_mb");
	/* the names of processes, for which it watches the scheduler */
	file_write(TRACING "/options/record-cmd", "0");
	file_write(EVENT "/trigger", HIST);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (heap_use(&system_heap, opt))
			measure(&system_heap, "system", sizes[i].len, sizes[i].rounds / part);
		if (!heap_use(&ours, opt))
			continue;
		measure(&ours, "warm", sizes[i].len, sizes[i].rounds / part);
		param_set("lazy_contig", "pool_max_mb", "0");
		measure(&ours, "cold", sizes[i].len, sizes[i].rounds / part);
		param_set("lazy_contig", "pool_max_mb", pool);
	}
	file_write(EVENT "/trigger", "!" HIST);
	return 0;
}
