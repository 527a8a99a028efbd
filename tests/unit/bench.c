// SPDX-License-Identifier: GPL-2.0
/*
 * What choosing costs as memory grows: synthetic machines of 4 GiB to 16 TiB,
 * aged in several ways, each asked for buffers that are kept. Prints a table
 * and writes the same as CSV to the file named on the command line.
 *
 * Time is that of this machine and without the reading of struct pages, which
 * are counted instead: the simulated ones cost nothing.
 */
#include <time.h>

#include "machine.h"

#define REQUESTS	300
#define GIB_BLOCKS	512UL

struct figures {
	double us[REQUESTS];
	double touched[REQUESTS];
	unsigned int nr;
	unsigned int failed;	/* attempts */
	int err;
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void request(struct machine *m, struct figures *f, unsigned long nr)
{
	struct lc_constraint c = {
		.nr_pages = nr,
		.align = 1,
		.end_pfn = LC_NO_LIMIT,
	};
	struct lc_extent ext;
	unsigned int tries;
	double t = now_us();

	m->touched = 0;
	f->err = machine_alloc(m, &c, &ext, &tries);
	f->us[f->nr] = now_us() - t;
	f->touched[f->nr++] = m->touched;
	f->failed += tries;
	jiffies += HZ / 20;
}

static void run(FILE *csv, unsigned long gib, enum ageing how,
		unsigned long mib)
{
	static struct figures f;
	unsigned long moved;
	struct machine m;
	double us, touched;

	memset(&f, 0, sizeof(f));
	machine_new(&m, ZONE_NORMAL, 0, gib * GIB_BLOCKS);
	machine_age(&m, how);
	while (f.nr < REQUESTS && !f.err)
		request(&m, &f, mib * 256);
	us = f.us[0];
	touched = f.touched[0];
	moved = m.moved / f.nr;
	qsort(f.us, f.nr, sizeof(double), ascending);
	qsort(f.touched, f.nr, sizeof(double), ascending);
	printf("%6lu %-10s %5lu %5u %6u %9.0f %9.0f %8.1f %9.0f %8.0f %8.0f %7lu\n",
	       gib, ageing_names[how], mib, f.nr - !!f.err, f.failed, us,
	       touched, f.us[f.nr / 2], f.us[f.nr - 1], f.touched[f.nr / 2],
	       f.touched[f.nr - 1], moved);
	fprintf(csv, "%lu,%s,%lu,%u,%u,%.1f,%.0f,%.2f,%.1f,%.0f,%.0f,%lu\n",
		gib, ageing_names[how], mib, f.nr - !!f.err, f.failed, us,
		touched, f.us[f.nr / 2], f.us[f.nr - 1], f.touched[f.nr / 2],
		f.touched[f.nr - 1], moved);
	machine_free(&m);
}

int main(int argc, char **argv)
{
	static const unsigned long gibs[] = { 4, 64, 1024, 16384 };
	static const unsigned long mibs[] = { 8, 256 };
	FILE *csv = fopen(argc > 1 ? argv[1] : "/dev/null", "w");
	enum ageing how;
	unsigned int i, j;

	if (!csv) {
		perror(argv[1]);
		return 1;
	}
	printf("   GiB aged         MiB found failed  first us   touched   median      most   median     most   moved\n");
	fprintf(csv, "gib,aged,mib,found,failed_attempts,first_us,first_touched,median_us,max_us,median_touched,max_touched,moved_per_request\n");
	for (i = 0; i < 4; i++)
		for (how = 0; how < NR_AGEINGS; how++)
			for (j = 0; j < 2; j++)
				run(csv, gibs[i], how, mibs[j]);
	return fclose(csv) != 0;
}
