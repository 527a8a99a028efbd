// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#include "load.h"

int heap_take(const struct heap *heap, size_t len)
{
	return lazy_contig_heap_alloc(heap->fd, len, O_RDWR | O_CLOEXEC);
}

struct load *load_new(void)
{
	return shared_new(sizeof(struct load));
}

void pin_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bail("sched_setaffinity: %m");
}

pid_t load_start(struct load *load, void (*fn)(struct load *load, int fd),
			int fd)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(load, fd);
		_exit(0);
	}
	return pid;
}

void load_wait(const struct load *load, unsigned long rounds)
{
	unsigned long until = load->rounds + rounds;

	while (load->rounds < until)
		usleep(1000);
}

void load_end(struct load *load, pid_t pid)
{
	load->end = true;
	if (child_status(pid))
		bail("a process beside failed");
}

void read_file(int fd, size_t from, size_t to)
{
	static char chunk[MIB(1)];

	for (; from < to; from += sizeof(chunk))
		if (pread(fd, chunk, sizeof(chunk), from) != sizeof(chunk))
			bail("read: %m");
}

static unsigned long long waited_ns(void)
{
	FILE *f = text_open("/proc/self/schedstat");
	unsigned long long ns = 0;

	if (fscanf(f, "%*u %llu", &ns) != 1)
		bail("/proc/self/schedstat");
	fclose(f);
	return ns;
}

/* On the other processor; from here on the time counts. */
static void beside_begin(struct load *load)
{
	pin_cpu(1);
	load->waited_share = waited_ns();
	load->start_ms = now_ms();
}

static void beside_end(struct load *load)
{
	load->waited_share = (waited_ns() - load->waited_share) /
			     ((now_ms() - load->start_ms) * 1e6);
}

static void load_note(struct load *load, double us)
{
	if (load->nr_laps < ARRAY_SIZE(load->lap_us))
		load->lap_us[load->nr_laps++] = us;
	load->rounds++;
}

static void note_lap(struct load *load, double *t)
{
	load_note(load, lap(t) * 1000);
}

/*
 * Pages in memory, and some that come new. Small ones: whether there were huge pages when
 * it began would decide how fast it is.
 */
void load_toucher(struct load *load, int fd)
{
	const size_t len = MIB(32), fresh = KIB(64);
	volatile unsigned char *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rng rng;
	double t;
	size_t i;

	(void)fd;
	if (mem == MAP_FAILED || madvise((void *)mem, len, MADV_NOHUGEPAGE))
		bail("mmap: %m");
	for (i = 0; i < len; i += PAGE)
		mem[i] = 1;
	beside_begin(load);
	rng_seed(&rng, 1);
	for (t = now_ms(); !load->end; note_lap(load, &t)) {
		unsigned char *new = mmap(NULL, fresh, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (i = 0; i < 256; i++)
			mem[rng_below(&rng, len)]++;
		for (i = 0; i < fresh; i += PAGE)
			new[i] = 1;
		munmap(new, fresh);
	}
	beside_end(load);
}

void load_file_user(struct load *load, int fd)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	char page[PAGE];
	struct rng rng;
	double t;
	int i;

	beside_begin(load);
	rng_seed(&rng, 1);
	read_file(fd, 0, MIB(64));
	for (t = now_ms(); !load->end; note_lap(load, &t))
		for (i = 0; i < 16; i++) {
			off_t at = rng_below(&rng, MIB(64) / PAGE) * PAGE;

			if (pread(fd, page, PAGE, at) != PAGE ||
			    pwrite(out, page, PAGE, at % MIB(8)) != PAGE)
				_exit(1);
		}
	beside_end(load);
}

/* How late a sleep of a millisecond ends. */
void load_timer(struct load *load, int fd)
{
	struct timespec next;
	double late;

	(void)fd;
	beside_begin(load);
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (!load->end) {
		next.tv_nsec += 1000000;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		late = now_ms() - (next.tv_sec * 1e3 + next.tv_nsec / 1e6);
		load_note(load, late * 1000);
		if (late > 1)
			clock_gettime(CLOCK_MONOTONIC, &next);
	}
	beside_end(load);
}
