// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: security: all operations at once, with SIGKILL, settings, offlining and
 *   unloading: no foreign byte, no hang, nothing left
 * Promise: heaps: the module unloads whenever no buffer is left, and leaves no trace
 * Promise: limits: SIGKILL ends a request at every stage
 *
 * LC_ROUNDS is the least number of processes to kill.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "module_calls.h"
#include "race.h"
#include "settings.h"

#define WORKERS		4
#define MEMORY		"/sys/devices/system/memory"
#define SLACK_KIB	(24 << 10)

/* Rounds after which all workers die at once, so that the module can go. */
#define PAUSE		10

/* So many times the rounds if by then something has never succeeded. */
#define MORE		20

struct race *race;

void surprise(const char *what, long result)
{
	diag("%s: %ld", what, result);
	atomic_fetch_add(&race->surprises, 1);
}

static void worker(unsigned int seed)
{
	for (;;) {
		race_op(&seed);
		atomic_fetch_add(&race->ops, 1);
	}
}

/* The file may be gone together with the module, and the reserve be refused. */
static void setting_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0 && errno != ENOMEM &&
	    errno != ENODEV)
		surprise(path, -errno);
	close(fd);
}

static void settings(unsigned int seed)
{
	static const struct {
		const char *path, *text[3];
	} all[] = {
#define PARAM(name)	"/sys/module/lazy_contig/parameters/" name
#define FILE_OF(name)	"/sys/class/misc/lazy_contig/" name
		{ PARAM("limit_mb"), { "0", "24", "512" } },
		{ PARAM("user_limit_mb"), { "0", "1", "64" } },
		{ PARAM("pool_max_mb"), { "0", "8", "256" } },
		{ PARAM("pool_age_ms"), { "0", "3", "10000" } },
		{ PARAM("zone_movable"), { "1", "0", "1" } },
		{ PARAM("time_limit_ms"), { "2000", "0", "5" } },
		{ FILE_OF("reserve"), { "0 0", "0 16", "0 48" } },
		{ FILE_OF("pool_drop"), { "1", "1", "1" } },
	};

	for (;;) {
		unsigned int i = rand_r(&seed) % ARRAY_SIZE(all);

		setting_write(all[i].path, all[i].text[rand_r(&seed) % 3]);
		atomic_fetch_add(&race->settings, 1);
		/* let the others get somewhere with it */
		usleep(rand_r(&seed) % 20000);
	}
}

static int block_set(unsigned int block, const char *state)
{
	char path[96];
	int fd, err = 0;

	snprintf(path, sizeof(path), MEMORY "/memory%u/state", block);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, state, strlen(state)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* In a child process: the kernel retries until a signal is pending. */
static int offline_for_a_moment(unsigned int block)
{
	pid_t parent = getpid(), pid = fork();
	int status;

	if (!pid) {
		/* not to outlive the round, which begins by ending us */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		alarm(5);
		_exit(block_set(block, "offline") != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static unsigned int nr_blocks(void)
{
	char path[96];
	unsigned int n = 0;

	do
		snprintf(path, sizeof(path), MEMORY "/memory%u", n);
	while (!access(path, F_OK) && ++n);
	return n;
}

/* Most of what can go lies above; the first blocks are full of the kernel. */
static void hotplug(unsigned int seed)
{
	unsigned int n = nr_blocks(), block;

	if (n < 2)
		bail("no memory blocks");
	for (;;) {
		block = n / 2 + rand_r(&seed) % (n - n / 2);
		if (offline_for_a_moment(block) > 0)
			atomic_fetch_add(&race->offlined, 1);
		block_set(block, "online");
	}
}

static int load(void)
{
	return module_load("core_heap=0 force_free=1");
}

static void unloader(unsigned int seed)
{
	int err;

	(void)seed;
	for (;;) {
		err = module_unload();
		if (!err) {
			err = load();
			if (err)
				surprise("load", err);
			atomic_fetch_add(&race->unloaded, 1);
		} else if (err != -EWOULDBLOCK) {
			surprise("unload", err);
		}
		usleep(2000);
	}
}

static pid_t start(void (*fn)(unsigned int seed), unsigned int seed)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %m");
	if (!pid)
		fn(seed);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	is(child_status(pid), -SIGKILL, "one that never ends by itself is killed");
}

static int kill_worker(pid_t pid)
{
	kill(pid, SIGKILL);
	return child_status(pid) == -SIGKILL;
}

static bool has_come_to(void *arg)
{
	return atomic_load(&race->ops) >= *(unsigned long *)arg;
}

static bool has_unloaded(void *arg)
{
	return atomic_load(&race->unloaded) > *(unsigned long *)arg;
}

/* While no process uses the module it can be unloaded, even with kept buffers. */
static int pause_workers(pid_t *pid, unsigned int *seed)
{
	unsigned long unloaded;
	int i, killed = 0;

	for (i = 0; i < WORKERS; i++)
		killed += kill_worker(pid[i]);
	unloaded = atomic_load(&race->unloaded);
	if (!becomes_true(has_unloaded, &unloaded))
		bail("the module is not used and cannot be unloaded");
	for (i = 0; i < WORKERS; i++)
		pid[i] = start(worker, rand_r(seed));
	return killed;
}

static bool everything_done(void)
{
	return race_complete() && atomic_load(&race->offlined) &&
	       atomic_load(&race->unloaded);
}

static void run(unsigned long nr)
{
	unsigned long i, wanted, victims = 0, killed = 0;
	pid_t pid[WORKERS], setter, plug, un;
	unsigned int seed = 5;

	for (i = 0; i < WORKERS; i++)
		pid[i] = start(worker, i + 1);
	setter = start(settings, 1);
	plug = start(hotplug, 1);
	un = start(unloader, 1);
	for (i = 1; i <= nr || (i <= nr * MORE && !everything_done()); i++) {
		unsigned int who = rand_r(&seed) % WORKERS;

		wanted = atomic_load(&race->ops) + rand_r(&seed) % 20;
		if (!becomes_true(has_come_to, &wanted))
			bail("nothing happens any more");
		victims += i % PAUSE ? 1 : WORKERS;
		if (i % PAUSE) {
			killed += kill_worker(pid[who]);
			pid[who] = start(worker, rand_r(&seed));
		} else {
			killed += pause_workers(pid, &seed);
		}
	}
	for (i = 0; i < WORKERS; i++)
		kill_worker(pid[i]);
	is(killed, victims, "%lu processes are killed while they work", victims);
	/* the one that unloads comes last but in between */
	stop(setter);
	stop(plug);
	wanted = atomic_load(&race->unloaded);
	ok(becomes_true(has_unloaded, &wanted),
	   "when no process uses the module any more it can be unloaded");
	stop(un);
}

/*
 * What is free, and what the kernel keeps for its own objects: with its checkers on
 * that grows for as long as anything happens.
 */
static long left_kib(void)
{
	return free_kib() + meminfo_kib("Slab");
}

static bool is_back(void *arg)
{
	return left_kib() + SLACK_KIB >= *(long *)arg;
}

/* The module as it was, after having been away. */
static void reload(void)
{
	int err = module_unload();

	/* the one that unloads may have been killed between the two */
	if (err && err != -ENOENT)
		bail("unload: %s", strerror(-err));
	is(module_traces(), 0, "no file of it is left");
	is(iomem_count(), 0, "nor a line in /proc/iomem");
	err = module_load(getenv("LC_MODULE_PARAMS") ?: "");
	if (err)
		bail("load: %s", strerror(-err));
}

static void all_online(void)
{
	unsigned int i, n = nr_blocks();

	for (i = n / 2; i < n; i++)
		block_set(i, "online");
}

int main(void)
{
	struct mark mark;
	long had_kib;

	race = shared_new(sizeof(*race));
	close(importer_open());
	mark_set(&mark);
	reload();
	had_kib = left_kib();
	is(module_unload(), 0, "the module can be unloaded");
	is(load(), 0, "and loaded");
	run(rounds(25));
	all_online();
	reload();
	race_report();
	ok(atomic_load(&race->settings), "%lu settings changed",
	   atomic_load(&race->settings));
	ok(atomic_load(&race->offlined), "%lu memory blocks taken offline",
	   atomic_load(&race->offlined));
	ok(atomic_load(&race->unloaded), "the module unloaded %lu times",
	   atomic_load(&race->unloaded));
	is(atomic_load(&race->surprises), 0, "no surprises");
	ok(becomes_true(is_back, &had_kib), "memory is back: %ld of %ld KiB",
	   left_kib(), had_kib);
	mark_check(&mark, "all of it");
	return tap_done();
}
