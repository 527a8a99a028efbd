// SPDX-License-Identifier: GPL-2.0
/* lazy-contig explain */
#include <string.h>

#include "cli.h"

static const char help[] =
"Usage: lazy-contig explain [OPTION]...\n"
"Say in words why the last request that failed did so, and what would help.\n"
"\n"
"  --json           print a JSON object\n"
"  --help           show this text\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ }
};

struct reason {
	const char *name;	/* of the counter in sysfs, too */
	const char *why;
	const char *advice;
};

static const struct reason reasons[] = {
	{
		"fail_limit",
		"With it, buffers would have taken more than a limit allows.",
		"Free buffers ('lazy-contig list' shows who has them), or raise limit_mb or\n"
		"user_limit_mb in /sys/module/lazy_contig/parameters.",
	}, {
		"fail_memory",
		"The machine could not have spared so much memory without killing processes.",
		"End programs that need much memory, or free buffers: see MemAvailable in\n"
		"/proc/meminfo.",
	}, {
		"fail_place",
		"There is enough memory, but no place of that length that could be emptied:\n"
		"something that cannot move lies in all of them.",
		"Ask for less, ask soon after boot, or set memory aside while there is some:\n"
		"the file 'reserve' in /sys/class/misc/lazy_contig. If zone_movable is 0,\n"
		"ZONE_MOVABLE was not tried; if the heap is lazy_contig_dma32, memory above 4\n"
		"GiB was not.",
	}, {
		"fail_time",
		"No place could be emptied in the time allowed; there are some that were not\n"
		"tried.",
		"Raise time_limit_ms in /sys/module/lazy_contig/parameters, or try again when\n"
		"the machine is less busy.",
	}, {
		"fail_killed",
		"The process was killed while it waited.",
		"Nothing needs to be done.",
	}, {
		"fail_other",
		"The kernel had no memory even for the bookkeeping.",
		"End programs that need much memory.",
	},
};

static const struct reason *find_reason(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (!strcmp(name, reasons[i].name))
			return &reasons[i];
	return NULL;
}

/* What the kernel says is KEY=VALUE, separated by blanks. */
static void split(char *text, json_object *out)
{
	char *word, *value;
	__u64 number;

	for (word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = 0;
		if (parse_number(value, UINT64_MAX, &number))
			add_string(out, word, value);
		else
			add_u64(out, word, number);
	}
}

static void print_words(json_object *out, const struct reason *reason)
{
	char size[32];

	format_size(json_object_get_uint64(json_object_object_get(out, "size")),
		    size, sizeof(size));
	printf("The last request that failed asked for %s.\n%s\n", size, reason->why);
	if (json_object_get_int(json_object_object_get(out, "attempts")))
		printf("Places tried: %s. In %s of them something would not move; for %s\n"
		       "there was nowhere to move things to.\n",
		       json_object_get_string(json_object_object_get(out, "attempts")),
		       json_object_get_string(json_object_object_get(out, "busy")),
		       json_object_get_string(json_object_object_get(out, "nomem")));
	printf("What would help:\n%s\n", reason->advice);
}

static int run(const struct args *args)
{
	json_object *out = json_object_new_object(), *name;
	const struct reason *reason = NULL;
	char text[512];
	int err;

	err = sysfs_read("last_failure", text, sizeof(text));
	if (err) {
		json_object_put(out);
		return sysfs_failed(err);
	}
	split(text, out);
	if (json_object_object_get_ex(out, "reason", &name))
		reason = find_reason(json_object_get_string(name));
	if (args->json && reason) {
		add_string(out, "why", reason->why);
		add_string(out, "advice", reason->advice);
	}
	if (args->json)
		print_object(out, true);
	else if (reason)
		print_words(out, reason);
	else
		puts("No request has failed since the module was loaded.");
	json_object_put(out);
	return CODE_OK;
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "say why the last request failed",
	.help = help,
	.options = options,
	.run = run,
};
