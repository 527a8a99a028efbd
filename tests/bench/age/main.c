// SPDX-License-Identifier: GPL-2.0
/*
 * age: fragments the memory of a machine with a mix that is told, and reports what came
 * out of it. See ../README.md.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "part.h"
#include "report.h"

#define MIB		1048576.0
#define MOST_PERCENT	95

struct plan {
	double share[NR_PARTS];	/* percent of the memory to age */
	double pins;		/* the same; of the anonymous pages that stay */
	int free;		/* percent that is freed again */
	size_t grain;		/* pages */
	unsigned int rounds;
};

static const struct {
	const char *name;
	struct plan plan;
} phases[] = {
	/*          anon thp clean dirty slab tables pipes   pins free grain rounds */
	{ "boot", { { 8, 2, 25, 1, 3, 0.5, 0 }, 0, 40, 64, 1 } },
	{ "days", { { 40, 5, 30, 2, 6, 1, 1 }, 0.05, 70, 1, 3 } },
	{ "burst", { { 55, 20, 5, 2, 6, 1, 2 }, 0, 90, 16, 6 } },
};

struct options {
	struct plan plan;
	double seconds;		/* instead of rounds */
	double mib;		/* to age; 0: what is free */
	unsigned int seed;
	const char *dir;
	bool ages;		/* not only reports */
	bool report;
	bool hold;
};

/* The parts, and pins among them. */
enum { MEASURE_PINS = NR_PARTS, NR_MEASURES };

static struct part parts[NR_PARTS];

static void usage(void)
{
	size_t i;
	int k;

	fprintf(stderr,
		"usage: age [options]\n"
		"Shares of free memory, in percent:\n"
		"  --anon N --thp N         process memory, in small and in huge pages\n"
		"  --clean N --dirty N      page cache of files in DIR\n"
		"  --slab N --tables N --pipes N\n"
		"                           inodes and dentries, page tables, full pipes\n"
		"  --pins N                 pinned, among the anonymous pages that stay\n"
		"  --phase NAME             all of these, as below; later options change them\n"
		"How:\n"
		"  --free N --grain PAGES   percent freed again at random, so many pages at a time\n"
		"  --rounds N | --seconds N fill and free again, over and over\n"
		"  --seed N                 other random numbers\n"
		"  --of MIB                 instead of what is free\n"
		"  --dir DIR                a file system on a disk (default: /var/tmp)\n"
		"  --hold                   print \"ready\", keep the memory until a signal\n"
		"What to print:\n"
		"  --report                 the machine's memory; alone, without ageing\n"
		"  --csv                    section,name,value\n");
	for (i = 0; i < NELEMS(phases); i++) {
		const struct plan *p = &phases[i].plan;

		fprintf(stderr, "--phase %s:", phases[i].name);
		for (k = 0; k < NR_PARTS; k++)
			fprintf(stderr, " --%s %g", kinds[k].name, p->share[k]);
		fprintf(stderr, " --pins %g --free %d --grain %zu --rounds %u\n",
			p->pins, p->free, p->grain, p->rounds);
	}
	exit(2);
}

enum { OPT_PINS = NR_PARTS, OPT_PHASE, OPT_FREE, OPT_GRAIN, OPT_ROUNDS, OPT_SECONDS,
       OPT_SEED, OPT_OF, OPT_DIR, OPT_HOLD, OPT_REPORT, OPT_CSV, NR_OPTS };

static const struct option other_options[] = {
	{ "pins", required_argument, NULL, OPT_PINS },
	{ "phase", required_argument, NULL, OPT_PHASE },
	{ "free", required_argument, NULL, OPT_FREE },
	{ "grain", required_argument, NULL, OPT_GRAIN },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "of", required_argument, NULL, OPT_OF },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "report", no_argument, NULL, OPT_REPORT },
	{ "csv", no_argument, NULL, OPT_CSV },
	{ 0 }
};

static double number(const char *text, double most)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end || !(value >= 0 && value <= most))
		errx(2, "%s: not a number from 0 to %g", text, most);
	return value;
}

static struct plan phase(const char *name)
{
	size_t i;

	for (i = 0; i < NELEMS(phases); i++)
		if (!strcmp(phases[i].name, name))
			return phases[i].plan;
	errx(2, "no phase %s", name);
}

static void take_option(struct options *opt, int c)
{
	switch (c) {
	case 0 ... NR_PARTS - 1:
		opt->plan.share[c] = number(optarg, 100);
		break;
	case OPT_PINS:
		opt->plan.pins = number(optarg, 100);
		break;
	case OPT_PHASE:
		opt->plan = phase(optarg);
		break;
	case OPT_FREE:
		opt->plan.free = number(optarg, 100);
		break;
	case OPT_GRAIN:
		opt->plan.grain = number(optarg, 1e9) ?: 1;
		break;
	case OPT_ROUNDS:
		opt->plan.rounds = number(optarg, 1e9);
		break;
	case OPT_SECONDS:
		opt->seconds = number(optarg, 1e9);
		break;
	case OPT_SEED:
		opt->seed = number(optarg, 4e9);
		break;
	case OPT_OF:
		opt->mib = number(optarg, 1e9);
		break;
	case OPT_DIR:
		opt->dir = optarg;
		break;
	case OPT_HOLD:
		opt->hold = true;
		break;
	case OPT_REPORT:
		opt->report = true;
		break;
	case OPT_CSV:
		as_csv = true;
		break;
	default:
		usage();
	}
}

static void parse(struct options *opt, int argc, char **argv)
{
	struct option all[NR_OPTS + 1];
	double sum = 0;
	int i, c;

	for (i = 0; i < NR_PARTS; i++)
		all[i] = (struct option){ kinds[i].name, required_argument, NULL, i };
	memcpy(all + NR_PARTS, other_options, sizeof(other_options));
	while ((c = getopt_long(argc, argv, "", all, NULL)) >= 0)
		take_option(opt, c);
	for (i = 0; i < NR_PARTS; i++)
		sum += opt->plan.share[i];
	if (sum > MOST_PERCENT)
		errx(2, "the shares are %g %%, more than %d", sum, MOST_PERCENT);
	opt->ages = sum > 0;
	if (optind < argc || !(opt->ages || opt->report))
		usage();
}

static void free_again(struct rng *rng, const struct plan *plan)
{
	int k;

	for (k = 0; k < NR_PARTS; k++) {
		size_t grain = plan->grain * page_bytes() / parts[k].unit;

		part_drop(&parts[k], rng, 100 - plan->free, grain ?: 1);
	}
}

static double memory(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	double kib = 0;
	char line[256];

	if (!f)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			kib = strtod(line + len + 1, NULL);
	fclose(f);
	return kib / 1024;
}

/* Pages with a long-term or other pin, of the whole machine. */
static double pinned_mib(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	double pages = 0, value;
	char name[64];

	if (!f)
		err(1, "/proc/vmstat");
	while (fscanf(f, "%63s %lf", name, &value) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			pages += value;
		else if (!strcmp(name, "nr_foll_pin_released"))
			pages -= value;
	}
	fclose(f);
	return pages * page_bytes() / MIB;
}

static double pipes_mib(const struct part *p)
{
	double bytes = 0;
	size_t i;
	int n;

	for (i = 0; i < p->slots; i++)
		if (p->there[i] && !ioctl(p->pipes[i][0], FIONREAD, &n))
			bytes += n;
	return bytes / MIB;
}

/* By the kernel's counters, which have the rest of the machine in them. */
static void measure(double *mib)
{
	double dirty;
	FILE *f;

	/* what each CPU has counted by itself is added by a read */
	f = fopen("/proc/sys/vm/stat_refresh", "re");
	if (f) {
		fgetc(f);
		fclose(f);
	}
	dirty = memory("Dirty") + memory("Writeback");
	mib[PART_THP] = memory("AnonHugePages");
	mib[PART_ANON] = memory("AnonPages") - mib[PART_THP];
	mib[PART_CLEAN] = memory("Cached") - memory("Shmem") - dirty;
	mib[PART_DIRTY] = dirty;
	mib[PART_SLAB] = memory("Slab");
	mib[PART_TABLES] = memory("PageTables");
	mib[PART_PIPES] = pipes_mib(&parts[PART_PIPES]);
	mib[MEASURE_PINS] = pinned_mib();
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void print_part(const char *name, const double *value)
{
	static const char *const what[] = { "target", "reached", "target kept", "kept" };
	size_t i;

	if (!as_csv)
		printf("  %-8s %10.1f %10.1f %10.1f %10.1f\n", name, value[0], value[1],
		       value[2], value[3]);
	for (i = 0; as_csv && i < NELEMS(what); i++)
		figure(name, what[i], value[i], 2);
}

static void print_mix(const struct options *opt, double mib, double times[3][NR_MEASURES])
{
	double value[4];
	int k;

	if (!as_csv)
		printf("mix, of %.0f MiB, in MiB\n  %-8s %10s %10s %10s %10s\n", mib, "",
		       "target", "reached", "to keep", "kept");
	for (k = 0; k < NR_PARTS; k++) {
		value[0] = mib * opt->plan.share[k] / 100;
		value[1] = times[1][k] - times[0][k];
		value[2] = value[0] * (100 - opt->plan.free) / 100;
		value[3] = times[2][k] - times[0][k];
		if (value[0] > 0)
			print_part(kinds[k].name, value);
	}
	value[0] = value[2] = mib * opt->plan.pins / 100;
	value[1] = value[3] = times[2][MEASURE_PINS] - times[0][MEASURE_PINS];
	if (value[0] > 0)
		print_part("pins", value);
}

static void print_run(const struct rng *rng, unsigned int rounds, double seconds)
{
	uint64_t trace = rng->state;
	char text[32];
	int k;

	for (k = 0; k < NR_PARTS; k++)
		trace = (trace ^ parts[k].trace) * 0x100000001b3ull;
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)trace);
	if (as_csv)
		printf("run,sequence,%s\n", text);
	else
		note("%-44s %s", "sequence of allocations (checksum)", text);
	figure("run", "rounds", rounds, 0);
	figure("run", "seconds", seconds, 1);
}

/* The kernel is to kill this process, rather than another, when memory is short. */
static void be_victim(void)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "we");

	if (!f || fputs("1000", f) < 0 || fclose(f))
		err(1, "/proc/self/oom_score_adj");
}

static void age(const struct options *opt)
{
	double times[3][NR_MEASURES], start = now();
	double mib = opt->mib ?: memory("MemFree");
	unsigned int round = 0;
	struct rng rng;
	int k;

	be_victim();
	rng_seed(&rng, opt->seed);
	for (k = 0; k < NR_PARTS; k++)
		part_setup(&parts[k], &kinds[k], mib * MIB * opt->plan.share[k] / 100,
			   opt->dir);
	measure(times[0]);
	do {
		parts_fill(parts, &rng);
		measure(times[1]);
		free_again(&rng, &opt->plan);
		round++;
	} while (opt->seconds ? now() - start < opt->seconds : round < opt->plan.rounds);
	pin_pages(&parts[PART_ANON], &rng,
		  mib * opt->plan.pins / 100 * MIB / page_bytes());
	measure(times[2]);
	print_mix(opt, mib, times);
	print_run(&rng, round, now() - start);
}

int main(int argc, char **argv)
{
	struct options opt = {
		.plan = { .grain = 1, .rounds = 1 },
		.dir = "/var/tmp",
		.seed = 1,
	};
	sigset_t signals;
	int sig;

	parse(&opt, argc, argv);
	if (opt.ages)
		age(&opt);
	if (opt.report)
		report_machine();
	if (!opt.hold)
		return 0;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	printf("ready\n");
	fflush(stdout);
	sigwait(&signals, &sig);
	return 0;
}
