// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: security: random calls on all nodes do no harm: documented errno only,
 *   nothing left behind
 *
 * By several threads of several processes that share, copy and close each other's
 * descriptors and are killed now and then. Values are chosen near what the module
 * checks. Each kind of call must also succeed.
 *
 *	fuzz [CALLS [SEED]]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/time.h>

#include "fuzz.h"

#define PROCESSES	3
#define THREADS		3
#define BATCH		500	/* calls of a thread */
#define STACK		KIB(256)
#define LIMIT		"/sys/module/lazy_contig/parameters/limit_mb"
#define BUFFERS		"/sys/kernel/debug/lazy_contig/buffers"

static const struct fuzz_op *ops;
static unsigned int nr_ops;

/* Shared by all processes. */
static struct {
	atomic_ulong calls;
	atomic_ulong good[FUZZ_MAX_OPS];
	atomic_ulong bad[FUZZ_MAX_OPS];
	atomic_int bad_errno[FUZZ_MAX_OPS];
} *seen;

uint64_t fuzz_u64(struct fuzz *f)
{
	/* splitmix64, by Sebastiano Vigna, in the public domain */
	uint64_t z = f->rng += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned int fuzz_below(struct fuzz *f, unsigned int n)
{
	return fuzz_u64(f) % n;
}

/* The documented errors. */
static bool errno_named(int err)
{
	switch (-err) {
	case EACCES:	/* writable mapping of a read-only fd */
	case EINVAL:
	case ENOMEM:
	case EINTR:
	case EBADF:
	case EFAULT:
	case ENOTTY:
	case E2BIG:
	case ENOENT:
	case EBUSY:
	case EMFILE:
	case ENODEV:	/* mmap of something else */
	case EPERM:	/* of a sealed or other special file */
	case EOVERFLOW:	/* mmap of an address that is no offset */
		return true;
	}
	return false;
}

static void *thread(void *arg)
{
	struct fuzz f = { .rng = (uintptr_t)arg };
	unsigned int i, op;
	int ret;

	for (i = 0; i < BATCH; i++) {
		op = fuzz_below(&f, nr_ops);
		ret = ops[op].call(&f);
		atomic_fetch_add(&seen->calls, 1);
		if (ret >= 0) {
			atomic_fetch_add(&seen->good[op], 1);
		} else if (!errno_named(ret)) {
			atomic_fetch_add(&seen->bad[op], 1);
			atomic_store(&seen->bad_errno[op], -ret);
		}
	}
	return NULL;
}

/* Stacks below 4 GiB, so that 32-bit calls can have arguments there. */
static void low_stack(pthread_attr_t *attr)
{
	void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (stack == MAP_FAILED || pthread_attr_init(attr) ||
	    pthread_attr_setstack(attr, stack, STACK))
		_exit(1);
}

/*
 * One batch; the fds of the process are shared by its threads. It dies after
 * some microseconds of its life, if there are any.
 */
static void process(uint64_t seed, unsigned int life)
{
	struct itimerval end = { .it_value.tv_usec = life };
	pthread_t id[THREADS];
	pthread_attr_t attr;
	unsigned int i;

	/* a thread writes to a pipe of which another has closed the reader */
	signal(SIGPIPE, SIG_IGN);
	fuzz_fds_init();
	setitimer(ITIMER_REAL, &end, NULL);
	for (i = 0; i < THREADS; i++) {
		low_stack(&attr);
		if (pthread_create(&id[i], &attr, thread,
				   (void *)(uintptr_t)(seed * THREADS + i + 1)))
			_exit(1);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	_exit(0);
}

/* A round of processes, the first of which may be killed before the end. */
static bool round_of_processes(struct fuzz *f)
{
	unsigned int i, life = fuzz_below(f, 400000);
	pid_t pid[PROCESSES];
	bool fine = true;
	int status;

	for (i = 0; i < PROCESSES; i++) {
		uint64_t seed = fuzz_u64(f) >> 8;

		pid[i] = fork();
		if (pid[i] < 0)
			bail("fork: %m");
		if (!pid[i])
			process(seed, i ? 0 : life);
	}
	for (i = 0; i < PROCESSES; i++) {
		waitpid(pid[i], &status, 0);
		if (WIFEXITED(status) ? !WEXITSTATUS(status) :
					!i && WTERMSIG(status) == SIGALRM)
			continue;
		diag("process %u: status %#x", i, status);
		fine = false;
	}
	return fine;
}

static long limit(long mb)
{
	FILE *file = fopen(LIMIT, "r+");
	long old = -1;

	if (!file || fscanf(file, "%ld", &old) != 1)
		bail("%s: %m", LIMIT);
	rewind(file);
	fprintf(file, "%ld\n", mb);
	if (fclose(file))
		bail("%s: %m", LIMIT);
	return old;
}

/* Frees all kept buffers. Return: the number of buffers left. */
static int buffers_left(void)
{
	struct lazy_contig_free arg = { .size = sizeof(arg) };
	int control = control_open(), left = 0;
	FILE *file;
	char line[512];

	file = text_open(BUFFERS);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lli", (long long *)&arg.phys_addr) == 1)
			call(control, LAZY_CONTIG_IOCTL_FREE, &arg);
	}
	rewind(file);
	while (fgets(line, sizeof(line), file))
		left += !strncmp(line, "0x", 2);
	fclose(file);
	close(control);
	return left;
}

int main(int argc, char **argv)
{
	unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 0) : 30000;
	struct fuzz f = { .rng = argc > 2 ? strtoull(argv[2], NULL, 0) : 1 };
	bool fine = true;
	unsigned int i;
	long old;

	seen = shared_new(sizeof(*seen));
	ops = fuzz_ops(&nr_ops);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	old = limit(256);

	while (fine && atomic_load(&seen->calls) < calls)
		fine = round_of_processes(&f);
	ok(fine, "processes that were not killed exit by themselves");
	diag("%lu calls", atomic_load(&seen->calls));

	for (i = 0; i < nr_ops; i++) {
		ok(atomic_load(&seen->good[i]), "%s succeeds at times (%lu)",
		   ops[i].name, atomic_load(&seen->good[i]));
		if (!ok(!atomic_load(&seen->bad[i]),
			"%s fails in ways that are named only", ops[i].name))
			diag("%s", strerror(atomic_load(&seen->bad_errno[i])));
	}
	is(buffers_left(), 0, "no buffer is left");
	limit(old);
	return tap_done();
}
