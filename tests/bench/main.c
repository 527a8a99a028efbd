// SPDX-License-Identifier: GPL-2.0
/* bench SUITE [options]: prints rows of CSV among other lines. */
#include <stdio.h>
#include <sys/resource.h>

#include "bench.h"

static const struct {
	const char *name;
	int (*fn)(const struct options *opt);
} suites[] = {
	{ "yield", bench_yield },
	{ "churn", bench_churn },
	{ "speed", bench_speed },
	{ "counted", bench_counted },
	{ "video", bench_video },
	{ "stall", bench_stall },
	{ "map", bench_map },
	{ "file", bench_file },
	{ "neighbours", bench_neighbours },
	{ "camera", bench_camera },
	{ "area", bench_area },
	{ "locks", bench_locks },
};

static int usage(void)
{
	fprintf(stderr,
		"usage: bench SUITE [options]\n"
		"SUITE: yield, churn, speed, counted, video, stall, map, file, neighbours, camera,\n"
		"       area, locks\n"
		"  -q        a short version\n"
		"  -r N      runs, of which the median is taken\n"
		"  -n N      rounds of area\n"
		"  -s N      seed\n"
		"  -a LIST   only these allocators\n"
		"  -m LIST   only these sizes, in MiB\n"
		"  -p LIST   only these numbers of pinned pages; 0: fresh memory\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct options opt = { .runs = 3, .seed = 1 };
	struct rlimit files = { 65536, 65536 };
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "qr:n:s:a:m:p:")) >= 0) {
		switch (c) {
		case 'q':
			opt.quick = true;
			break;
		case 'r':
			opt.runs = atoi(optarg);
			break;
		case 'n':
			opt.rounds = atoi(optarg);
			break;
		case 's':
			opt.seed = atoi(optarg);
			break;
		case 'a':
			opt.only = optarg;
			break;
		case 'm':
			opt.sizes = optarg;
			break;
		case 'p':
			opt.pins = optarg;
			break;
		default:
			return usage();
		}
	}
	setrlimit(RLIMIT_NOFILE, &files);
	for (i = 0; optind == argc - 1 && i < ARRAY_SIZE(suites); i++) {
		if (strcmp(suites[i].name, argv[optind]))
			continue;
		row_header();
		return suites[i].fn(&opt);
	}
	return usage();
}
