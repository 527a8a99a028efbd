// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "attempts.h"
#include "blocks.h"
#include "module_calls.h"
#include "settings.h"
#include "stuck.h"

#define MAX_BUFFERS	256
#define SLACK_KIB	(48 << 10)
/* An emulated machine on a shared host stands still at times. */
#define PATIENCE	(8 * slowness())
#define CGROUP		"/sys/fs/cgroup/stuck"

static struct {
	unsigned int idle_gives;
	long free_kib;
	unsigned long time_limit;
	struct mark mark;
} before;

/* What a child that asks tells its parent. */
struct asker {
	size_t len;
	unsigned int in_flight;
	unsigned int requests;
	unsigned int begun;
	unsigned int seen;	/* of these, by the parent */
	bool done;
	struct stuck_answers answers;
};

/* How much slower than others the kernel is. */
static unsigned int slowness(void)
{
	return strcmp(getenv("LC_KERNEL") ?: "", "debug") ? 1 : 6;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int ask(int heap, size_t len, struct stuck_answers *answers)
{
	double t = now_ms();
	int buf = heap_alloc(heap, len);

	t = now_ms() - t;
	if (t > answers->worst_ms)
		answers->worst_ms = t;
	answers->given += buf >= 0;
	answers->refused += buf < 0;
	return buf;
}

/* Holds the last buffers; gives up after three refusals in a row. */
static void asks(struct asker *a)
{
	unsigned int refused = 0, i;
	int buf[MAX_BUFFERS], heap = heap_open(HEAP);

	memset(buf, -1, sizeof(buf));
	for (i = 0; i < a->requests && refused < 3; i++) {
		int *slot = &buf[i % a->in_flight];

		if (*slot >= 0)
			close(*slot);
		a->begun++;
		*slot = ask(heap, a->len, &a->answers);
		refused = *slot < 0 ? refused + 1 : 0;
	}
	for (i = 0; i < a->in_flight; i++)
		if (buf[i] >= 0)
			close(buf[i]);
	close(heap);
}

/* As child_start(), with the same files. */
static pid_t child_start_with_files(void)
{
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	if (pid < 0)
		bail("clone: %m");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void asker_run(struct asker *a, bool forever)
{
	do
		asks(a);
	while (forever);
	a->done = true;
	_exit(0);
}

static pid_t asker_start(struct asker *a, bool forever)
{
	pid_t pid = child_start();

	if (!pid)
		asker_run(a, forever);
	return pid;
}

/* Has another request begun, or the last one ended? */
static bool has_gone_on(void *arg)
{
	const volatile struct asker *a = arg;

	return a->done || a->begun != a->seen;
}

void stuck_loop(size_t len, unsigned int in_flight, unsigned int requests,
		struct stuck_answers *answers)
{
	struct asker *a = shared_new(sizeof(*a));
	pid_t pid;

	a->len = len;
	a->in_flight = in_flight;
	a->requests = requests;
	pid = asker_start(a, false);
	while (!((volatile struct asker *)a)->done) {
		a->seen = a->begun;
		if (!becomes_true(has_gone_on, a))
			bail("request %u does not end", a->begun);
	}
	child_status(pid);
	*answers = a->answers;
	munmap(a, sizeof(*a));
}

void stuck_in_time(const struct stuck_answers *answers, const char *load)
{
	diag("%s: %u given, %u refused, the slowest %.0f ms", load, answers->given,
	     answers->refused, answers->worst_ms);
	ok(answers->worst_ms < PATIENCE * (STUCK_LIMIT_MS + 100),
	   "%s: every answer in time", load);
}

static long late_mib(void)
{
	return counter("late_bytes") >> 20;
}

void stuck_begin(void)
{
	struct stuck_answers answers;

	param_set("pool_max_mb", 0);
	before.time_limit = param_get("time_limit_ms");
	param_set("time_limit_ms", STUCK_LIMIT_MS * slowness());
	/* the first use may take memory for good */
	stuck_loop(STUCK_LEN, MAX_BUFFERS, MAX_BUFFERS, &answers);
	mark_set(&before.mark);
	before.free_kib = free_kib();
	stuck_loop(STUCK_LEN, MAX_BUFFERS, MAX_BUFFERS, &answers);
	before.idle_gives = answers.given;
	diag("an idle machine gives %u buffers", before.idle_gives);
	attempts_record();
}

/* Busy windows that are begun in a zone: those of attempts left behind wait too. */
#define MAX_LATE	4

/* Buffers for which the pages that wait leave no room: they are few, or lie apart. */
static long waiting_buffers(void)
{
	long waits = slow_kib() / (long)(STUCK_LEN >> 10) + 1;
	long spoiled = slow_windows(STUCK_LEN);

	return waits > spoiled ? waits : spoiled;
}

void stuck_check_fill(const char *load)
{
	long waits = waiting_buffers(), after;
	struct stuck_answers answers;
	long possible;

	stuck_loop(STUCK_LEN, MAX_BUFFERS, MAX_BUFFERS, &answers);
	after = waiting_buffers();
	if (after > waits)
		waits = after;
	possible = before.idle_gives - waits - MAX_LATE;
	diag("%s: the pages that wait leave room for %ld buffers", load, possible);
	stuck_in_time(&answers, load);
	ok((long)answers.given >= possible * 8 / 10,
	   "%s: eight tenths of what does not wait", load);
}

/*
 * What is measured is how soon a request lets its task die, not how long it
 * takes to free what the task holds: its buffers are the parent's as well.
 */
void stuck_check_kill(const char *load, unsigned int rounds)
{
	struct asker *a = shared_new(sizeof(*a));
	unsigned int i, killed = 0;
	double worst = 0, t;
	pid_t pid;

	a->len = STUCK_LEN;
	a->in_flight = MAX_BUFFERS;
	a->requests = MAX_BUFFERS;
	for (i = 0; i < rounds; i++) {
		int first = dup(STDERR_FILENO);

		pid = child_start_with_files();
		if (!pid)
			asker_run(a, true);
		usleep(100000 + i % 8 * 270000);
		t = now_ms();
		kill(pid, SIGKILL);
		killed += child_status(pid) == -SIGKILL;
		t = now_ms() - t;
		if (t > worst)
			worst = t;
		close_range(first, ~0U, 0);
	}
	is(killed, rounds, "%s: %u processes die", load, rounds);
	diag("%s: the slowest death %.0f ms", load, worst);
	ok(worst < PATIENCE * 100 * 2, "%s: soon", load);
	munmap(a, sizeof(*a));
}

static void cgroup_set(const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), CGROUP "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail("%s: %m", path);
	close(fd);
}

static bool is_frozen(void *arg)
{
	FILE *f = text_open(CGROUP "/cgroup.events");
	char line[64];

	*(bool *)arg = false;
	while (fgets(line, sizeof(line), f))
		*(bool *)arg |= !strcmp(line, "frozen 1\n");
	fclose(f);
	return *(bool *)arg;
}

void stuck_check_frozen(const char *load)
{
	struct asker *a = shared_new(sizeof(*a));
	struct stuck_answers answers;
	bool frozen;
	char text[16];
	pid_t pid;

	if (mkdir(CGROUP, 0700))
		bail(CGROUP ": %m");
	a->len = STUCK_LEN;
	a->in_flight = 2;
	a->requests = MAX_BUFFERS;
	pid = asker_start(a, true);
	snprintf(text, sizeof(text), "%d", pid);
	cgroup_set("cgroup.procs", text);
	usleep(200000);
	cgroup_set("cgroup.freeze", "1");
	ok(becomes_true(is_frozen, &frozen), "%s: a caller can be frozen", load);
	stuck_loop(STUCK_LEN, 4, 16, &answers);
	stuck_in_time(&answers, load);
	is(answers.refused, 0, "%s: it is in no other's way", load);
	kill(pid, SIGKILL);
	is(child_status(pid), -SIGKILL, "%s: it dies as it is", load);
	rmdir(CGROUP);
	munmap(a, sizeof(*a));
}

struct late {
	uint64_t from;
	uint64_t phys;
};

static void note_late(const struct attempt *attempt, void *arg)
{
	struct late *late = arg;

	if (attempt->error == -ETIME && attempt->phys >= late->from)
		late->phys = attempt->phys;
}

/* The window of the attempt that was left behind last, or 0; none below @from. */
static uint64_t late_window(uint64_t from)
{
	struct late late = { .from = from };

	attempts_each(note_late, &late);
	return late.phys;
}

uint64_t stuck_check_offline(const char *load, uint64_t from)
{
	uint64_t phys = late_window(from);
	double t = now_ms();

	if (!ok(phys, "%s: there is the window of one", load))
		return 0;
	is(block_offline(phys), -EBUSY, "%s: it does not go offline", load);
	t = now_ms() - t;
	diag("%s: refused in %.0f ms", load, t);
	ok(t < PATIENCE * 1000, "%s: which is said soon", load);
	return phys;
}

#define USER	1000

static int user_takes_all(void *arg)
{
	int heap = heap_open(HEAP), refused = 0, i;

	(void)arg;
	if (setuid(USER))
		return 1;
	for (i = 0; i < MAX_BUFFERS && refused < 3; i++)
		refused += heap_alloc(heap, STUCK_LEN) < 0;
	return 0;
}

/* Return: the errno. */
static int user_page(void *arg)
{
	int heap = heap_open(HEAP), buf;

	(void)arg;
	if (setuid(USER))
		return 1;
	buf = heap_alloc(heap, PAGE);
	return buf < 0 ? -buf : 0;
}

void stuck_check_charged(const char *load)
{
	int heap = heap_open(HEAP);

	is(in_child(user_takes_all, NULL), 0, "%s: a user takes all", load);
	ok(late_mib() > 0, "%s: and leaves attempts behind", load);
	is(counter("live_bytes"), counter("late_bytes"),
	   "%s: which are charged", load);
	param_set("user_limit_mb", 1);
	is(in_child(user_page, NULL), ENOMEM, "%s: to that user", load);
	close(buf_new(heap, PAGE));
	param_set("user_limit_mb", 0);
	is(in_child(user_page, NULL), 0, "%s: who has room without the limit",
	   load);
	close(heap);
}

#define PART		MIB(32)		/* that a thread works on */
#define PARTS		8

/* Root takes all, in large windows. */
static int takes_all(void *arg)
{
	int heap = heap_open(HEAP), refused = 0, i;

	(void)arg;
	for (i = 0; i < MAX_BUFFERS && refused < 3; i++)
		refused += heap_alloc(heap, PARTS * PART) < 0;
	return 0;
}

void stuck_check_parts(const char *load)
{
	long late = counter("attempts_late"), mib = late_mib(), have;

	is(in_child(takes_all, NULL), 0, "%s: a process takes all", load);
	late = counter("attempts_late") - late;
	mib = late_mib() - mib;
	diag("%s: %ld attempts on %d MiB each go on with %ld MiB", load, late,
	     (int)(PARTS * PART >> 20), mib);
	if (!late && slowness() > 1) {
		skip("%s: requests on this slow kernel saw too little of memory to try what waits",
		     load);
		return;
	}
	ok(late > 0 && mib > 0, "%s: attempts go on without their request", load);
	ok(mib <= late * sysconf(_SC_NPROCESSORS_ONLN) * (long)(PART >> 20),
	   "%s: each thread with a part", load);
	is(counter("live_bytes"), counter("late_bytes"), "%s: which alone is charged",
	   load);
	have = free_kib() + (late_mib() << 10) + slow_kib();
	ok(have + SLACK_KIB >= before.free_kib, "%s: the rest is free", load);
	diag("%ld of %ld KiB", have, before.free_kib);
}

void stuck_check_late(const char *load, bool some)
{
	long mib = late_mib();

	diag("%s: attempts on %ld MiB go on without their request", load, mib);
	if (some)
		ok(mib > 0, "%s: attempts go on without their request", load);
	if (!mib)
		return;
	is(module_unload(), -EWOULDBLOCK, "%s: the module stays while they do",
	   load);
	/* not in the first memory block, which has more than one zone */
	stuck_check_offline(load, block_size());
}

static bool none_late(void *arg)
{
	(void)arg;
	return !late_mib();
}

static bool memory_is_back(void *arg)
{
	*(long *)arg = free_kib();
	if (*(long *)arg + SLACK_KIB >= before.free_kib)
		return true;
	/* what the load has read or written */
	sync();
	return system("echo 3 >/proc/sys/vm/drop_caches") < 0;
}

void stuck_check_released(void)
{
	struct stuck_answers answers;
	long kib;

	ok(becomes_true(none_late, NULL), "all attempts end");
	is(counter("live_bytes"), 0, "and none is charged any longer");
	ok(becomes_true(memory_is_back, &kib), "memory is back");
	diag("%ld of %ld KiB are free", kib, before.free_kib);
	stuck_loop(STUCK_LEN, MAX_BUFFERS, MAX_BUFFERS, &answers);
	/* the load leaves pages of the kernel here and there: 3 MiB were seen in 13 windows */
	ok(answers.given * 10 >= before.idle_gives * 7,
	   "nearly as many buffers as before: %u of %u", answers.given,
	   before.idle_gives);
	mark_check(&before.mark, "all of it");
	param_set("time_limit_ms", before.time_limit);
	is(module_unload(), 0, "the module can be unloaded");
	is(module_load(getenv("LC_MODULE_PARAMS") ?: ""), 0, "and loaded again");
}

pid_t stuck_readahead_begin(void)
{
	const size_t len = MIB(256);

	slow_disk_mount();
	slow_file(len);
	stuck_begin();
	slow_disk_rate(64 << 10);
	return slow_readahead(len);
}

void stuck_readahead_end(pid_t load)
{
	slow_disk_rate(0);
	slow_end(load);
	slow_disk_umount();
	stuck_check_released();
}
