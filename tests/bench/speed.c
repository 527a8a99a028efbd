// SPDX-License-Identifier: GPL-2.0
/*
 * The time of each step of a buffer's life (allocate, map, touch, sync, free),
 * for each allocator in turn in one boot. lazy_contig is measured twice, with
 * its pool of freed buffers off ("cold") and on ("warm").
 */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "bench.h"

#define HUGE		MIB(2)
#define MODULE		"lazy_contig"
#define NR_SUBJECTS	4

enum step {
	ALLOC, MAP_AND_TOUCH, MAP_ONLY, TOUCH_2M, SYNC, FREE, NR_STEPS
};

static const char *const step_names[NR_STEPS] = {
	[ALLOC] = "alloc_ms",
	[MAP_AND_TOUCH] = "map_touch_ms",
	[MAP_ONLY] = "map_ms",
	[TOUCH_2M] = "map_touch_2m_ms",
	[SYNC] = "sync_ms",
	[FREE] = "free_ms",
};

/* An allocator in one state of its pool. */
struct subject {
	const char *name;
	struct heap *heap;
	const char *pool_max_mb;	/* NULL: has none */
};

static const size_t lengths[] = {
	KIB(4), KIB(64), MIB(1), MIB(8), MIB(64), MIB(256), GIB(1),
};

static unsigned char *map(int buf, size_t len)
{
	void *mem;
	int err;

	err = lazy_contig_map(buf, len, PROT_READ | PROT_WRITE, &mem);
	if (err)
		bail("map %zu bytes: %s", len, strerror(-err));
	return mem;
}

static void touch(unsigned char *mem, size_t len, size_t stride)
{
	volatile unsigned char *p = mem;
	size_t i;

	for (i = 0; i < len; i += stride)
		p[i] = 1;
}

static int allocate(const struct heap *heap, size_t len)
{
	int buf = lazy_contig_heap_alloc(heap->fd, len, O_RDWR | O_CLOEXEC);

	if (buf < 0)
		bail("%s: %zu bytes: %s", heap->name, len, strerror(-buf));
	return buf;
}

/* One cycle; the time of each step is added to @ms, which may be NULL. */
static void live(const struct heap *heap, size_t len, struct series *ms)
{
	double took[NR_STEPS], t = now_ms();
	unsigned char *mem;
	int buf, i;

	buf = allocate(heap, len);
	took[ALLOC] = lap(&t);
	mem = map(buf, len);
	touch(mem, len, PAGE);
	took[MAP_AND_TOUCH] = lap(&t);
	munmap(mem, len);
	lap(&t);
	mem = map(buf, len);
	took[MAP_ONLY] = lap(&t);
	touch(mem, len, HUGE);
	took[TOUCH_2M] = took[MAP_ONLY] + lap(&t);
	lazy_contig_sync_begin(buf, DMA_BUF_SYNC_RW);
	lazy_contig_sync_end(buf, DMA_BUF_SYNC_RW);
	took[SYNC] = lap(&t);
	munmap(mem, len);
	lap(&t);
	close(buf);
	took[FREE] = lap(&t);
	for (i = 0; ms && i < NR_STEPS; i++)
		series_add(&ms[i], took[i]);
}

static void pool_use(const struct subject *s)
{
	if (s->pool_max_mb)
		param_set(MODULE, "pool_max_mb", s->pool_max_mb);
}

/*
 * An unmeasured cycle, so that all measured ones start alike. The pool clears
 * what it leaves in the background, and an allocation before that is done would
 * include the clearing; so wait for about as long as it takes. Spin, because a
 * processor that has slept is slow at first.
 */
static void rehearse(const struct subject *s, size_t len)
{
	double end;

	pool_use(s);
	live(s->heap, len, NULL);
	end = now_ms() + 1 + (len >> 21);
	while (now_ms() < end)
		sched_yield();
}

/* In turn, so that a disturbance of the host affects all allocators. */
static void one_thread(struct row *r, const struct subject *subjects, size_t nr,
		       int rounds)
{
	struct series ms[NR_SUBJECTS][NR_STEPS] = { 0 };
	size_t s;
	int i;

	r->threads = 1;
	for (i = 0; i < rounds; i++) {
		for (s = 0; s < nr; s++) {
			rehearse(&subjects[s], r->len);
			live(subjects[s].heap, r->len, ms[s]);
		}
	}
	for (s = 0; s < nr; s++) {
		r->heap = subjects[s].name;
		for (i = 0; i < NR_STEPS; i++) {
			row(r, step_names[i], series_at(&ms[s][i], 0.5));
			series_free(&ms[s][i]);
		}
	}
}

struct worker {
	const struct heap *heap;
	size_t len;
	int rounds;
	pthread_barrier_t *start;
	struct series ms;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	int i;

	pthread_barrier_wait(w->start);
	for (i = 0; i < w->rounds; i++) {
		double t = now_ms();
		int buf = allocate(w->heap, w->len);

		series_add(&w->ms, lap(&t));
		close(buf);
	}
	return NULL;
}

/* Several threads that allocate and free in a loop. */
static void many_threads(struct row *r, const struct subject *s, int rounds)
{
	struct series all = { 0 };
	struct worker workers[4];
	pthread_barrier_t start;
	pthread_t threads[4];
	double t;
	size_t n;
	int i;

	r->heap = s->name;
	pool_use(s);
	pthread_barrier_init(&start, NULL, r->threads + 1);
	for (i = 0; i < r->threads; i++) {
		workers[i] = (struct worker){ s->heap, r->len, rounds, &start, { 0 } };
		if (pthread_create(&threads[i], NULL, work, &workers[i]))
			bail("no thread");
	}
	pthread_barrier_wait(&start);
	t = now_ms();
	for (i = 0; i < r->threads; i++) {
		pthread_join(threads[i], NULL);
		for (n = 0; n < workers[i].ms.nr; n++)
			series_add(&all, workers[i].ms.value[n]);
		series_free(&workers[i].ms);
	}
	row(r, "busy_alloc_ms", series_at(&all, 0.5));
	row(r, "cycle_ms", lap(&t) / r->threads / rounds);
	series_free(&all);
	pthread_barrier_destroy(&start);
}

struct piece {
	unsigned char *mem;
	size_t len;
};

static void *clear(void *arg)
{
	struct piece *piece = arg;

	memset(piece->mem, 0, piece->len);
	return NULL;
}

/*
 * The gain from a second processor on a host with other load, as a reference:
 * clear the same memory with one thread, and in halves with two.
 */
static void clear_twice(unsigned char *mem, size_t len, struct series *one,
			struct series *all)
{
	struct piece whole = { mem, len }, low = { mem, len / 2 },
		     high = { mem + len / 2, len / 2 };
	pthread_t thread;
	double t = now_ms();

	clear(&whole);
	series_add(one, lap(&t));
	if (pthread_create(&thread, NULL, clear, &low))
		bail("no thread");
	clear(&high);
	pthread_join(thread, NULL);
	series_add(all, lap(&t));
}

static void allocate_twice(const struct subject *s, size_t len,
			   struct series *one, struct series *all)
{
	cpu_set_t cpus, first;
	double t = now_ms();
	int buf;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	lap(&t);
	buf = allocate(s->heap, len);
	series_add(one, lap(&t));
	close(buf);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	lap(&t);
	buf = allocate(s->heap, len);
	series_add(all, lap(&t));
	close(buf);
}

static void row_twice(struct row *r, const char *name, struct series *one,
		      struct series *all)
{
	r->heap = name;
	row(r, "one_cpu_ms", series_at(one, 0.5));
	row(r, "all_cpus_ms", series_at(all, 0.5));
	row(r, "all_cpus_worst_ms", series_at(all, 1));
	series_free(one);
	series_free(all);
}

/* With the caller bound to one CPU, and with all. */
static void parallel(struct row *r, const struct subject *s, int rounds)
{
	struct series one = { 0 }, all = { 0 }, plain_one = { 0 },
		      plain_all = { 0 };
	void *mem;
	int i;

	r->threads = 1;
	pool_use(s);
	mem = mmap(NULL, r->len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (mem == MAP_FAILED)
		bail("mmap: %m");
	for (i = 0; i < rounds; i++) {
		allocate_twice(s, r->len, &one, &all);
		clear_twice(mem, r->len, &plain_one, &plain_all);
	}
	munmap(mem, r->len);
	row_twice(r, s->name, &one, &all);
	row_twice(r, "plain", &plain_one, &plain_all);
}

static void *close_it(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

/* Wake-up latency of a real-time thread while 1 GiB is freed on its CPU. */
static void stall(struct row *r, const struct subject *s)
{
	const struct sched_param param = { .sched_priority = 50 };
	const struct timespec nap = { .tv_nsec = 500000 };
	double t, worst = 0, quiet = 0;
	pthread_t thread;
	cpu_set_t all, first;
	int buf, i;

	r->heap = s->name;
	r->len = GIB(1);
	r->threads = 1;
	pool_use(s);
	buf = allocate(s->heap, r->len);
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	sched_setscheduler(0, SCHED_FIFO, &param);
	t = now_ms();
	for (i = 0; i < 200; i++) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
		quiet = fmax(quiet, lap(&t));
	}
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	if (pthread_create(&thread, NULL, close_it, &buf))
		bail("no thread");
	sched_setscheduler(0, SCHED_FIFO, &param);
	lap(&t);
	while (pthread_tryjoin_np(thread, NULL)) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
		worst = fmax(worst, lap(&t));
	}
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	sched_setaffinity(0, sizeof(all), &all);
	row(r, "quiet_stall_ms", quiet);
	row(r, "free_stall_ms", worst);
}

/* Bytes in the kmalloc caches; a dma-buf's file and inode have caches of their own. */
static double kmalloc_bytes(void)
{
	unsigned long active, size;
	char line[512], name[64];
	double sum = 0;
	FILE *f;

	f = fopen("/proc/slabinfo", "re");
	if (!f)
		bail("/proc/slabinfo: %m");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lu %*u %lu", name, &active, &size) == 3 &&
		    !strncmp(name, "kmalloc", 7))
			sum += (double)active * size;
	fclose(f);
	return sum;
}

static void bookkeeping(struct row *r, const struct subject *s, size_t len,
			int nr)
{
	int *bufs = calloc(nr, sizeof(*bufs)), i;
	double before;

	r->heap = s->name;
	r->len = len;
	r->threads = 1;
	pool_use(s);
	close(allocate(s->heap, len));
	before = kmalloc_bytes();
	for (i = 0; i < nr; i++)
		bufs[i] = allocate(s->heap, len);
	row(r, "kmalloc_bytes", (kmalloc_bytes() - before) / nr);
	while (nr--)
		close(bufs[nr]);
	free(bufs);
}

static int rounds_for(const struct options *opt, size_t len)
{
	int rounds = len <= MIB(1) ? 200 : len <= MIB(64) ? 30 : 9;

	return opt->quick ? rounds / 3 : rounds;
}

static void all_lengths(const struct options *opt, int run,
			const struct subject *subjects, size_t nr)
{
	struct row r = { .suite = "speed", .config = "boot", .run = run };
	size_t i, s;
	int threads;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		r.len = lengths[i];
		if (!number_listed(opt->sizes, r.len >> 20))
			continue;
		one_thread(&r, subjects, nr, rounds_for(opt, r.len));
		for (threads = 1; threads <= 4; threads *= 2) {
			r.threads = threads;
			for (s = 0; r.len < MIB(256) && s < nr; s++)
				many_threads(&r, &subjects[s],
					     rounds_for(opt, r.len));
		}
	}
}

/* With the pool off and, if there is one, on. Return: how many there are. */
static size_t find_subjects(const struct options *opt, struct subject *subjects)
{
	static char pool[32] = "0";
	const struct subject all[NR_SUBJECTS] = {
		{ "system", &system_heap, NULL },
		{ "cma", &cma, NULL },
		{ "cold", &ours, "0" },
		{ "warm", &ours, pool },
	};
	size_t i, nr = 0;

	if (!param_get(MODULE, "pool_max_mb", pool, sizeof(pool)))
		printf("note: no pool, warm is left out\n");
	for (i = 0; i < ARRAY_SIZE(all); i++)
		if ((all[i].pool_max_mb != pool || strcmp(pool, "0")) &&
		    heap_use(all[i].heap, opt))
			subjects[nr++] = all[i];
	return nr;
}

/*
 * For a machine whose clock counts instructions: the result is the same in every
 * run, where times of a few microseconds are dominated by noise.
 */
int bench_counted(const struct options *opt)
{
	struct row r = { .suite = "counted", .config = "boot" };
	struct subject subjects[NR_SUBJECTS];
	size_t i, nr = find_subjects(opt, subjects);

	for (i = 0; i < ARRAY_SIZE(lengths) && lengths[i] <= MIB(1); i++) {
		r.len = lengths[i];
		one_thread(&r, subjects, nr, 10);
	}
	return 0;
}

int bench_speed(const struct options *opt)
{
	struct row r = { .suite = "speed", .config = "boot" };
	struct subject subjects[NR_SUBJECTS];
	size_t i, nr = find_subjects(opt, subjects);

	for (r.run = 0; r.run < opt->runs; r.run++) {
		all_lengths(opt, r.run, subjects, nr);
		for (i = 0; i < nr; i++) {
			r.len = MIB(64);
			parallel(&r, &subjects[i], opt->quick ? 30 : 90);
			r.len = MIB(256);
			parallel(&r, &subjects[i], opt->quick ? 5 : 9);
			stall(&r, &subjects[i]);
		}
	}
	r.run = 0;
	for (i = 0; i < nr; i++) {
		bookkeeping(&r, &subjects[i], KIB(4), 1000);
		bookkeeping(&r, &subjects[i], MIB(1), 1000);
	}
	if (nr)
		pool_use(&subjects[nr - 1]);
	return 0;
}
