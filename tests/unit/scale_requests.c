// SPDX-License-Identifier: GPL-2.0
/*
 * Requests at once, on as many simulated CPUs: what they wait for each other while
 * they choose windows. A machine full of files with a pin here and there, from which
 * each of them takes a window, empties and frees it, over and over.
 *
 *	scale_requests [CSV]
 *
 * Emptying takes 1 ms and 1 us for each page that moves; a struct page that is read
 * takes 10 ns. "blocks" are basic blocks executed under the lock of the zone.
 */
#include "machine.h"

#define GIB_BLOCKS	512UL
#define ROUNDS		20
#define EMPTY_NS	1000000
#define MOVE_NS		1000
#define READ_NS		10

static struct machine m;
static unsigned long want_pages, choices, refused, seen_touched;

typedef bool (best_fn)(struct lc_pbmap *map, const struct lc_want *want,
		       struct lc_window *best);
best_fn __real_lc_placement_best, __wrap_lc_placement_best;

bool __wrap_lc_placement_best(struct lc_pbmap *map, const struct lc_want *want,
			      struct lc_window *best)
{
	choices++;
	return __real_lc_placement_best(map, want, best);
}

static void scanned(void)
{
	unsigned long touched = m.touched - seen_touched;

	seen_touched = m.touched;
	sim_spend(touched * READ_NS);
}

static int take(struct lc_search *s, struct lc_extent *ext)
{
	unsigned long moved = m.moved;
	int err = lc_search_next(s, ext);

	if (err)
		return err;
	sim_spend(EMPTY_NS);
	err = machine_take(ext);
	sim_spend((m.moved - moved) * MOVE_NS);
	lc_search_done(s, err);
	return err;
}

static void requester(unsigned long nr)
{
	const struct lc_constraint c = {
		.nr_pages = want_pages, .align = 512, .end_pfn = LC_NO_LIMIT,
	};
	struct lc_extent ext;
	struct lc_search s;
	unsigned int i;
	int err;

	/* not all in the same instant */
	sim_spend(nr * 1000);
	for (i = 0; i < ROUNDS; i++) {
		lc_search_begin(&s, &c, jiffies + 10 * HZ);
		lc_search_add_zone(&s, &c, &m.zone);
		do {
			err = take(&s, &ext);
		} while (err == -EBUSY || err == -ENOMEM);
		if (err) {
			refused++;
			continue;
		}
		lc_zone_prepare(&ext);
		machine_give(&ext);
	}
}

static void new_machine(unsigned long gib)
{
	unsigned long b;

	machine_new(&m, ZONE_NORMAL, 0, gib * GIB_BLOCKS);
	machine_age(&m, AGE_FILES);
	for (b = 0; b < m.blocks; b++)
		m.truth[b].pinned = !rnd(64);
}

static void run(FILE *csv, unsigned long gib, unsigned long mib, unsigned int cpus)
{
	const struct sim_lock *lock;
	double requests = cpus * ROUNDS;
	unsigned int i;
	u64 ns;

	new_machine(gib);
	want_pages = mib << (20 - PAGE_SHIFT);
	choices = refused = seen_touched = 0;
	/* after some requests, as on a machine that is up for a while */
	machine_scanned = NULL;
	for (i = 0; i < 500; i++) {
		jiffies += 2;
		lc_zone_refresh(lc_zone_get(&m.zone, 0, m.blocks), &(struct lc_want){
			.blocks = 1, .align = 1, .end = m.blocks });
	}
	machine_scanned = scanned;
	sim_forget();
	for (i = 0; i < cpus; i++)
		sim_task(requester, i);
	ns = sim_run();
	for (lock = sim_locks; lock; lock = lock->next) {
		if (strcmp(lock->name, "&lz->lock"))
			continue;
		printf("%6lu %5lu %5u %8.0f %9.0f %8.1f %8.0f %8lu %8.1f %8.1f %8.2f\n",
		       gib, mib, cpus, requests - refused, lock->taken / requests,
		       lock->contended / requests,
		       lock->held_ns / SIM_BLOCK_NS / requests,
		       lock->longest_ns / SIM_BLOCK_NS,
		       100.0 * lock->held_ns / ns, choices / requests,
		       lock->waited_ns / requests / 1e6);
		fflush(stdout);
		fprintf(csv, "%lu,%lu,%u,%.0f,%.1f,%.2f,%.0f,%lu,%.2f,%.2f,%.3f\n",
			gib, mib, cpus, requests - refused, lock->taken / requests,
			lock->contended / requests,
			lock->held_ns / SIM_BLOCK_NS / requests,
			lock->longest_ns / SIM_BLOCK_NS,
			100.0 * lock->held_ns / ns, choices / requests,
			lock->waited_ns / requests / 1e6);
	}
	sim_forget();
	machine_free(&m);
}

int main(int argc, char **argv)
{
	static const unsigned long mibs[] = { 2, 32 };
	static const unsigned long gibs[] = { 64, 1024 };
	FILE *csv = fopen(argc > 1 ? argv[1] : "/dev/null", "w");
	unsigned int cpus, i, j;

	if (!csv) {
		perror(argv[1]);
		return 1;
	}
	printf("   GiB   MiB  CPUs requests  taken/rq  waits/rq blocks/rq   most   held %% choices  waited ms/rq\n");
	fprintf(csv, "gib,mib,cpus,given,locks,contended,blocks_held,longest,busy_percent,choices,waited_ms\n");
	for (i = 0; i < ARRAY_SIZE(gibs); i++)
		for (j = 0; j < ARRAY_SIZE(mibs); j++)
			for (cpus = 1; cpus <= 64; cpus *= 4)
				run(csv, gibs[i], mibs[j], cpus);
	return fclose(csv) != 0;
}
