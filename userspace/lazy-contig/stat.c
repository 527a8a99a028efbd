// SPDX-License-Identifier: GPL-2.0
/* lazy-contig stat */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const char help[] =
"Usage: lazy-contig stat [OPTION]...\n"
"Print the statistics of the module since it was loaded. lazy_contig(4) describes\n"
"each of them.\n"
"\n"
"  --watch SECONDS  print them periodically, with the change since the last time\n"
"  --prometheus     print the Prometheus text format, for the textfile collector\n"
"                   of node_exporter\n"
"  --json           print a JSON object\n"
"  --help           show this text\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "watch", required_argument, NULL, OPT_WATCH },
	{ }
};

/* All other statistics are counters. */
static const char * const gauges[] = { "late_bytes", "live_bytes", "pool_pages" };

static bool is_gauge(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gauges); i++)
		if (!strcmp(name, gauges[i]))
			return true;
	return false;
}

/* Adds an attribute if its contents are a number, ignores it otherwise. */
static void read_statistic(json_object *out, const char *name)
{
	char text[64];
	__u64 value;

	if (!sysfs_read(name, text, sizeof(text)) && !parse_number(text, UINT64_MAX, &value))
		add_u64(out, name, value);
}

static int read_statistics(json_object *out)
{
	struct dirent **files;
	int i, nr;

	nr = scandir(SYSFS_DIR, &files, NULL, alphasort);
	if (nr < 0)
		return -errno;
	for (i = 0; i < nr; i++) {
		read_statistic(out, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	return 0;
}

static void print_prometheus(json_object *out)
{
	json_object_object_foreach(out, name, value) {
		const char *suffix = is_gauge(name) ? "" : "_total";

		printf("# HELP lazy_contig_%s%s see lazy_contig(4)\n"
		       "# TYPE lazy_contig_%s%s %s\n"
		       "lazy_contig_%s%s %s\n",
		       name, suffix, name, suffix, is_gauge(name) ? "gauge" : "counter",
		       name, suffix, json_object_get_string(value));
	}
}

static void print_changes(json_object *out, json_object *before)
{
	json_object *old;

	json_object_object_foreach(out, name, value) {
		__u64 now = json_object_get_uint64(value), then = now;

		if (json_object_object_get_ex(before, name, &old))
			then = json_object_get_uint64(old);
		printf("%-16s %12llu %+12lld\n", name, (unsigned long long)now,
		       (long long)(now - then));
	}
	putchar('\n');
	fflush(stdout);
}

static int watch(json_object *before, int seconds)
{
	int err = 0;

	while (!err) {
		json_object *out = json_object_new_object();

		sleep(seconds);
		err = read_statistics(out);
		if (!err)
			print_changes(out, before);
		json_object_put(before);
		before = out;
	}
	json_object_put(before);
	return err;
}

static int run(const struct args *args)
{
	json_object *out = json_object_new_object();
	int err;

	err = read_statistics(out);
	if (err) {
		json_object_put(out);
		return fail_file(err, SYSFS_DIR);
	}
	if (args->prometheus)
		print_prometheus(out);
	else
		print_object(out, args->json);
	if (args->watch)
		return fail_file(watch(out, args->watch), SYSFS_DIR);
	json_object_put(out);
	return CODE_OK;
}

const struct command cmd_stat = {
	.name = "stat",
	.summary = "print the statistics of the module",
	.help = help,
	.options = options,
	.run = run,
};
