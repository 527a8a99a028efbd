// SPDX-License-Identifier: GPL-2.0
/*
 * Choosing windows for a month: a simulated machine of 64 GiB or 16 TiB, half of its
 * memory in buffers that come and go, while other processes fill and empty
 * pageblocks, pin pages, and the kernel's own memory wanders. Says what requests cost
 * day by day, in basic blocks executed and struct pages read, and how many fail.
 *
 *	scale_month GIB DAYS [CSV]
 *
 * Struct pages that are read take 10 ns each of the simulated time, emptying a window
 * takes none.
 */
#include "machine.h"
#include "scale.h"

#define DAY		86400UL
#define REQUEST_SECONDS	60
#define CLUMP		64UL	/* blocks, of the kernel's own memory */
#define MOST_MIB	256UL

struct day {
	struct samples work, touched, scans, choices;
	unsigned long requests, refused, wrongly, attempts, moved;
};

static struct machine m;
static struct lc_extent *buffers;
static unsigned long nr_buffers, owned, target;	/* the last two in pages */
static unsigned long scans, scan_ns;

/* A walk stops after a quarter of a second: scans take time. */
static void scanned(void)
{
	static unsigned long seen;

	scans++;
	scan_ns += 500 + 10 * (m.touched - min(seen, m.touched));
	seen = m.touched;
	jiffies += scan_ns / 1000000;
	scan_ns %= 1000000;
}

static void age(unsigned long gib)
{
	unsigned long b;

	machine_new(&m, ZONE_NORMAL, 0, gib * GIB_BLOCKS);
	machine_age(&m, AGE_FILES);
	for (b = 0; b < m.blocks; b++) {
		m.truth[b].pinned = !rnd(256);
		m.truth[b].blocked = b % CLUMP ? m.truth[b - 1].blocked : !rnd(16);
	}
}

/* Other processes and the kernel: each pageblock once a day or so. */
static void churn(unsigned long nr)
{
	while (nr--) {
		unsigned long b = rnd(m.blocks);
		struct truth *t = &m.truth[b];

		if (t->owned)
			continue;
		t->used = rnd(2 * pageblock_nr_pages * 3 / 10);
		t->pinned = !rnd(256);
		t->busy = !rnd(512);
		if (!rnd(4096))
			t->blocked = !rnd(16);
	}
}

/* From 2 MiB to MOST_MIB, as many of each octave. */
static unsigned long draw_pages(void)
{
	unsigned long mib = 2UL << rnd(ilog2(MOST_MIB) - 1);

	return (mib + rnd(mib)) << (20 - PAGE_SHIFT);
}

/* Is there a place, as the simulation knows and the allocator does not? */
static bool possible(unsigned long nr_pages)
{
	unsigned long b, run = 0, want = DIV_ROUND_UP(nr_pages, pageblock_nr_pages);

	for (b = 0; b < m.blocks && run < want; b++) {
		const struct truth *t = &m.truth[b];

		run = t->blocked || t->pinned || t->owned ? 0 : run + 1;
	}
	return run >= want;
}

static void end_one(void)
{
	unsigned long i = rnd(nr_buffers);

	machine_give(&buffers[i]);
	owned -= buffers[i].nr_pages;
	buffers[i] = buffers[--nr_buffers];
}

static void request(struct day *d)
{
	struct lc_constraint c = {
		.nr_pages = draw_pages(), .align = 512, .end_pfn = LC_NO_LIMIT,
	};
	unsigned long before = sim_blocks, touched = m.touched, seen = scans;
	unsigned long moved = m.moved, chosen = scale_choices;
	struct lc_extent ext;
	unsigned int tries;
	int err;

	while (owned + c.nr_pages > target)
		end_one();
	err = machine_alloc(&m, &c, &ext, &tries);
	sample(&d->work, sim_blocks - before);
	sample(&d->touched, m.touched - touched);
	sample(&d->scans, scans - seen);
	sample(&d->choices, scale_choices - chosen);
	d->requests++;
	d->attempts += tries;
	d->moved += m.moved - moved;
	if (err) {
		d->refused++;
		d->wrongly += possible(c.nr_pages);
		return;
	}
	buffers[nr_buffers++] = ext;
	owned += ext.nr_pages;
}

/* Half of the memory goes into buffers at once. */
static void fill(struct day *d)
{
	while (owned + (MOST_MIB << (20 - PAGE_SHIFT)) < target &&
	       d->refused <= d->requests / 2) {
		request(d);
		jiffies += HZ / 100;
	}
}

static void live(struct day *d)
{
	unsigned long s;

	for (s = 0; s < DAY; s += REQUEST_SECONDS) {
		churn(m.blocks * REQUEST_SECONDS / DAY + 1);
		jiffies += REQUEST_SECONDS * HZ;
		request(d);
	}
}

static const struct column columns[] = {
	{ "GiB", "gib", 6, 0, 0 },
	{ "day", "day", 4, 0, 0 },
	{ "requests", "requests", 8, 0, 0 },
	{ "refused", "refused", 7, 0, 0 },
	{ "wrongly", "wrongly", 7, 0, 0 },
	{ "failed", "failed_attempts", 7, 0, 0 },
	{ "blocks", "median_blocks", 8, 0, 0 },
	{ "p99", "p99_blocks", 8, 0, 0 },
	{ "most", "max_blocks", 9, 0, 0 },
	{ "pages", "median_pages", 8, 0, 0 },
	{ "p99", "p99_pages", 8, 0, 0 },
	{ "scans", "median_scans", 6, 0, 0 },
	{ "most", "max_scans", 7, 0, 0 },
	{ "choices", "median_choices", 7, 0, 0 },
	{ "p99", "p99_choices", 7, 0, 0 },
	{ "moved", "moved", 7, 0, 0 },
	{ "KiB", "kib", 7, 0, 0 },
};

static void report(const struct table *table, unsigned long gib, unsigned long day,
		   struct day *d)
{
	unsigned long summaries = host_allocations * LC_SLOT_BLOCKS *
				  sizeof(struct lc_pb) >> 10;

	table_row(table, (double[ARRAY_SIZE(columns)]){
		gib, day, d->requests, d->refused, d->wrongly, d->attempts,
		quantile(&d->work, 500), quantile(&d->work, 990),
		quantile(&d->work, 1000), quantile(&d->touched, 500),
		quantile(&d->touched, 990), quantile(&d->scans, 500),
		quantile(&d->scans, 1000), quantile(&d->choices, 500),
		quantile(&d->choices, 990), d->moved / d->requests, summaries });
	free(d->work.value);
	free(d->touched.value);
	free(d->scans.value);
	free(d->choices.value);
	*d = (struct day){};
}

int main(int argc, char **argv)
{
	unsigned long gib = argc > 1 ? strtoul(argv[1], NULL, 0) : 64;
	unsigned long days = argc > 2 ? strtoul(argv[2], NULL, 0) : 30, day;
	struct table table = { .column = columns, .nr = ARRAY_SIZE(columns) };
	struct day d = {};

	machine_scanned = scanned;
	age(gib);
	target = (m.blocks << pageblock_order) / 2;
	buffers = calloc(m.blocks, sizeof(*buffers));
	assert(buffers);
	table_begin(&table, argc > 3 ? argv[3] : NULL, "a");
	fill(&d);
	report(&table, gib, 0, &d);
	for (day = 1; day <= days; day++) {
		live(&d);
		report(&table, gib, day, &d);
	}
	while (nr_buffers)
		end_one();
	sim_forget();
	machine_free(&m);
	free(buffers);
	return fclose(table.csv) != 0;
}
