// SPDX-License-Identifier: GPL-2.0
/* lazy-contig stat */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/*
 * Gauges say what is so now; all other statistics are counters, which only grow while the
 * module is loaded.
 */
static const char * const gauges[] = { "late_bytes", "live_bytes", "pool_bytes" };

static bool is_gauge(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gauges); i++)
		if (!strcmp(name, gauges[i]))
			return true;
	return false;
}

/* What the module counts in pages is printed in bytes, and its name says so. */
void add_statistic(json_object *out, const char *name, __u64 value)
{
	static const char pages[] = "_pages";
	size_t len = strlen(name), n = strlen(pages);
	char key[NAME_MAX + 1];

	if (len > n && !strcmp(name + len - n, pages)) {
		snprintf(key, sizeof(key), "%.*s_bytes", (int)(len - n), name);
		add_u64(out, key, value * sysconf(_SC_PAGESIZE));
	} else {
		add_u64(out, name, value);
	}
}

/* Adds an attribute if its contents are a number, ignores it otherwise. */
static void read_statistic(json_object *out, const char *name)
{
	char text[64];
	__u64 value;

	if (!sysfs_read(name, text, sizeof(text)) && !parse_number(text, UINT64_MAX, &value))
		add_statistic(out, name, value);
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

/* The unit of a statistic, by the end of its name, and what it is multiplied with. */
static const struct unit {
	const char *suffix;
	const char *names[5];	/* the next is so many times larger */
	unsigned int step;
} units[] = {
	{ "_bytes", { "B", "KiB", "MiB", "GiB", "TiB" }, 1024 },
	{ "_us", { "us", "ms", "s" }, 1000 },
};

static const struct unit *unit_of(const char *name)
{
	size_t i, len = strlen(name), n;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		n = strlen(units[i].suffix);
		if (len > n && !strcmp(name + len - n, units[i].suffix))
			return &units[i];
	}
	return NULL;
}

/* Formats a value, right-aligned, with its unit. */
void format_statistic(const char *name, long long value, bool sign, char *text, size_t len)
{
	const struct unit *unit = unit_of(name);
	double scaled = value;
	int i = 0;

	if (!unit) {
		snprintf(text, len, sign ? "%+10lld     " : "%10lld     ", value);
		return;
	}
	while ((scaled >= unit->step || scaled <= -(double)unit->step) && i < 4 &&
	       unit->names[i + 1]) {
		scaled /= unit->step;
		i++;
	}
	snprintf(text, len, sign ? "%+10.*f %-4s" : "%10.*f %-4s", i ? 1 : 0, scaled,
		 unit->names[i]);
}

/* @before: NULL the first time */
static void print_table(json_object *out, json_object *before)
{
	char text[64];
	json_object *old;

	printf("%-18s %10s UNIT%s\n", "NAME", "VALUE", before ? "     CHANGE UNIT" : "");
	json_object_object_foreach(out, name, value) {
		long long now = json_object_get_uint64(value), then = now;

		format_statistic(name, now, false, text, sizeof(text));
		printf("%-18s %s", name, text);
		if (before) {
			if (json_object_object_get_ex(before, name, &old))
				then = json_object_get_uint64(old);
			format_statistic(name, now - then, true, text, sizeof(text));
			fputs(text, stdout);
		}
		putchar('\n');
	}
	fflush(stdout);
}

static void print_statistics(const struct args *args, json_object *out, json_object *before)
{
	if (args->prometheus) {
		print_prometheus(out);
	} else if (args->json) {
		print_object(out, true);
	} else {
		if (before)
			putchar('\n');
		print_table(out, before);
	}
}

static int run(const struct args *args)
{
	json_object *out, *before = NULL;
	int err;

	if (args->prometheus && (args->json || args->watch))
		return usage_error(args->cmd, "--prometheus excludes --json and --watch");
	for (;;) {
		out = json_object_new_object();
		err = read_statistics(out);
		if (!err)
			print_statistics(args, out, before);
		json_object_put(before);
		before = out;
		if (err || !args->watch || ferror(stdout))
			break;
		sleep(args->watch);
	}
	json_object_put(out);
	return err ? fail_file(err, SYSFS_DIR) : CODE_OK;
}

const struct command cmd_stat = {
	.name = "stat",
	.usage = { "[OPTION]..." },
	.summary = "print the statistics of the module",
	.help =
"Print the statistics of the module since it was loaded. lazy_contig(4) describes\n"
"each of them.",
	.notes =
"With --watch, the change since the last time is printed too; with --watch and\n"
"--json, one object on a line each time.",
	.options = { OPT_WATCH, OPT_PROMETHEUS, OPT_JSON },
	.run = run,
};
