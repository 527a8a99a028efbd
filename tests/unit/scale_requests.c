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
#include "scale.h"

#define ROUNDS		20
#define EMPTY_NS	1000000
#define MOVE_NS		1000
#define READ_NS		10

static struct machine m;
static unsigned long want_pages, refused, seen_touched;

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

static const struct column columns[] = {
	{ "GiB", "gib", 6, 0, 0 },
	{ "MiB", "mib", 5, 0, 0 },
	{ "CPUs", "cpus", 5, 0, 0 },
	{ "requests", "given", 8, 0, 0 },
	{ "taken/rq", "locks", 9, 0, 1 },
	{ "waits/rq", "contended", 8, 1, 2 },
	{ "blocks/rq", "blocks_held", 9, 0, 0 },
	{ "most", "longest", 8, 0, 0 },
	{ "held %", "busy_percent", 8, 1, 2 },
	{ "choices", "choices", 8, 1, 2 },
	{ "waited ms/rq", "waited_ms", 12, 2, 3 },
};

static void run(const struct table *table, unsigned long gib, unsigned long mib, unsigned int cpus)
{
	const struct sim_lock *lock;
	double requests = cpus * ROUNDS;
	unsigned int i;
	u64 ns;

	new_machine(gib);
	want_pages = mib << (20 - PAGE_SHIFT);
	scale_choices = refused = seen_touched = 0;
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
		table_row(table, (double[ARRAY_SIZE(columns)]){
			gib, mib, cpus, requests - refused, lock->taken / requests,
			lock->contended / requests,
			lock->held_ns / SIM_BLOCK_NS / requests,
			lock->longest_ns / SIM_BLOCK_NS, 100.0 * lock->held_ns / ns,
			scale_choices / requests, lock->waited_ns / requests / 1e6 });
	}
	sim_forget();
	machine_free(&m);
}

int main(int argc, char **argv)
{
	static const unsigned long mibs[] = { 2, 32 };
	static const unsigned long gibs[] = { 64, 1024 };
	struct table table = { .column = columns, .nr = ARRAY_SIZE(columns) };
	unsigned int cpus, i, j;

	table_begin(&table, argc > 1 ? argv[1] : NULL, "w");
	for (i = 0; i < ARRAY_SIZE(gibs); i++)
		for (j = 0; j < ARRAY_SIZE(mibs); j++)
			for (cpus = 1; cpus <= 64; cpus *= 4)
				run(&table, gibs[i], mibs[j], cpus);
	return fclose(table.csv) != 0;
}
