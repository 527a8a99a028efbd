// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: concurrent KEEP, OPEN, RESIZE, FREE, mapping and import of the same
 *   buffers: no foreign byte, nothing left
 * Promise: limits: SIGKILL ends a request at every stage
 *
 * By eight threads of a process that is killed at any moment.
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "kept_calls.h"

#define NAME		"kept_race"
#define THREADS		8
#define SLOTS		6
#define KILLED_ROUNDS	8
#define OPS_UNTIL_KILL	60
#define OPS		600

/* Shared by all processes. Wrong addresses in slots are part of the test. */
static struct shared {
	_Atomic uint64_t slot[SLOTS];
	atomic_int ops;
	int enough;
	atomic_int done[6];
	atomic_int surprises;
} *shared;

static int control;

/* An answer that such a race cannot explain. */
static void surprise(const char *what, long result)
{
	diag("%s: %ld", what, result);
	atomic_fetch_add(&shared->surprises, 1);
}

/*
 * The first word of a buffer is its seed, written last; every page of it holds
 * the seed and the page's number, or zeros where it has grown.
 */
static void stamp(unsigned char *mem, size_t len, uint64_t seed)
{
	size_t at;

	for (at = PAGE; at < len; at += PAGE)
		pattern_fill(mem + at, 64, seed + at);
	__atomic_store_n((uint64_t *)mem, seed, __ATOMIC_RELEASE);
}

static void check_stamp(unsigned char *mem, size_t len)
{
	uint64_t seed = __atomic_load_n((uint64_t *)mem, __ATOMIC_ACQUIRE);
	size_t at;

	for (at = PAGE; seed && at < len; at += PAGE)
		if (mem[at] && !pattern_holds(mem + at, 64, seed + at))
			surprise("wrong contents at", at);
}

static void op_keep(unsigned int *seed, _Atomic uint64_t *slot)
{
	struct lazy_contig_allocation alloc;
	uint64_t expected = 0;
	unsigned char *mem;
	int buf;

	alloc = kept_request(PAGE * (1 + rand_r(seed) % 2048), NAME);
	if (atomic_load(slot))
		return;
	buf = kept_alloc(control, &alloc);
	if (buf == -ENOMEM)
		return;
	if (buf < 0) {
		surprise("ALLOC", buf);
		return;
	}
	mem = buf_map(buf, alloc.len);
	if (!all_zero(mem, PAGE))
		surprise("a new buffer is not zero", 0);
	stamp(mem, alloc.len, rand_r(seed) | 1);
	munmap(mem, alloc.len);
	close(buf);
	atomic_fetch_add(&shared->done[0], 1);
	if (!atomic_compare_exchange_strong(slot, &expected, alloc.phys_addr))
		kept_free(control, alloc.phys_addr);
}

static void op_map(uint64_t phys)
{
	uint64_t len;
	unsigned char *mem;
	int buf = kept_open(control, phys, &len);

	if (buf == -ENOENT)
		return;
	if (buf < 0) {
		surprise("OPEN", buf);
		return;
	}
	mem = buf_map(buf, len);
	close(buf);
	check_stamp(mem, len);
	sched_yield();
	check_stamp(mem, len);
	munmap(mem, len);
	atomic_fetch_add(&shared->done[1], 1);
}

static void op_import(uint64_t phys)
{
	int buf = kept_open(control, phys, NULL), imp;
	struct lci_map map;
	uint64_t word;
	uint32_t id;

	if (buf < 0)
		return;
	imp = importer_open();
	if (importer_attach(imp, buf, 64, &id) ||
	    importer_map(imp, id, 0, &map))
		surprise("import", 0);
	close(buf);
	if (importer_read(imp, LCI_DEVICE_COPY, map.map, 0, &word, 8))
		surprise("a device cannot read", 0);
	close(imp);
	atomic_fetch_add(&shared->done[2], 1);
}

static void op_resize(unsigned int *seed, _Atomic uint64_t *slot, uint64_t phys)
{
	uint64_t to = phys, expected = phys;
	int err = kept_resize(control, &to, PAGE * (1 + rand_r(seed) % 4096));

	if (err == -ENOENT || err == -ENOMEM)
		return;
	if (err == -EBUSY) {
		atomic_fetch_add(&shared->done[5], 1);
		return;
	}
	if (err) {
		surprise("RESIZE", err);
		return;
	}
	atomic_fetch_add(&shared->done[3], 1);
	if (!atomic_compare_exchange_strong(slot, &expected, to) &&
	    to != phys)
		kept_free(control, to);
}

static void op_free(_Atomic uint64_t *slot, uint64_t phys)
{
	int err = kept_free(control, phys);

	if (err && err != -ENOENT)
		surprise("FREE", err);
	if (!err)
		atomic_fetch_add(&shared->done[4], 1);
	atomic_compare_exchange_strong(slot, &phys, 0);
}

static void *thread(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	_Atomic uint64_t *slot;
	uint64_t phys;

	while (atomic_fetch_add(&shared->ops, 1) < shared->enough) {
		slot = &shared->slot[rand_r(&seed) % SLOTS];
		phys = atomic_load(slot);
		if (!phys) {
			op_keep(&seed, slot);
			continue;
		}
		switch (rand_r(&seed) % 8) {
		case 0:
			op_free(slot, phys);
			break;
		case 1:
		case 2:
			op_map(phys);
			break;
		case 3:
			op_import(phys);
			break;
		default:
			op_resize(&seed, slot, phys);
		}
	}
	return NULL;
}

/* One round; killed after some operations, or over after OPS if after is 0. */
static int round_of_threads(int round, int after)
{
	pthread_t threads[THREADS];
	pid_t pid;
	long i;

	atomic_store(&shared->ops, 0);
	shared->enough = after ? INT_MAX : OPS;
	pid = fork();
	if (pid < 0)
		bail("fork: %m");
	if (!pid) {
		for (i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], NULL, thread,
					   (void *)(round * 100 + i + 1)))
				_exit(1);
		for (i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		_exit(0);
	}
	while (after && atomic_load(&shared->ops) < after)
		sched_yield();
	if (after)
		kill(pid, SIGKILL);
	return child_status(pid);
}

/* Killed processes leave kept buffers that no slot knows of. */
static int free_all_by_name(void)
{
	unsigned long long from, to;
	char line[256];
	FILE *f = text_open("/proc/iomem");
	int n = 0;

	while (fgets(line, sizeof(line), f))
		if (strstr(line, " : " NAME "\n") &&
		    sscanf(line, " %llx-%llx", &from, &to) == 2)
			n += !kept_free(control, from);
	fclose(f);
	return n;
}

static bool nothing_left(void *arg)
{
	(void)arg;
	free_all_by_name();
	return !iomem_names(NAME) && !dmabufs_live();
}

int main(void)
{
	static const char * const ops[] = {
		"buffers kept", "mapped", "imported", "resized", "freed",
		"resizes refused",
	};
	int killed = 0;
	size_t i;

	shared = shared_new(sizeof(*shared));
	control = control_open();
	close(importer_open());
	for (i = 0; i < KILLED_ROUNDS; i++)
		killed += round_of_threads(i, OPS_UNTIL_KILL) == -SIGKILL;
	is(killed, KILLED_ROUNDS, "%d processes are killed at it", killed);
	is(round_of_threads(i, 0), 0, "one comes to its end");
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		ok(atomic_load(&shared->done[i]), "%d %s", shared->done[i],
		   ops[i]);
	is(atomic_load(&shared->surprises), 0, "no surprises");
	ok(becomes_true(nothing_left, NULL), "all of it can be freed");
	close(control);
	return tap_done();
}
