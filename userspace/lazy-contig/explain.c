// SPDX-License-Identifier: GPL-2.0
/* lazy-contig explain */
#include <errno.h>
#include <string.h>

#include "map.h"

struct reason {
	const char *name;	/* as in last_failure, and of the counter in sysfs */
	const char *why;
	const char *advice;
};

static const struct reason reasons[] = {
	{
		"fail_limit",
		"The request would have exceeded limit_mb or user_limit_mb.",
		"Free buffers ('lazy-contig list' shows their users), or raise limit_mb or\n"
		"user_limit_mb in /sys/module/lazy_contig/parameters.",
	}, {
		"fail_memory",
		"Not enough memory is available: the request would have risked an OOM kill.",
		"Free buffers or end processes that use much memory, see MemAvailable in\n"
		"/proc/meminfo.",
	}, {
		"fail_place",
		"Enough memory is available, but every range of that length contains pages that\n"
		"cannot be migrated.",
		"Allocate less, or soon after boot; or set up a reserve ('lazy-contig reserve') or\n"
		"movable memory ('lazy-contig movable') then. ZONE_MOVABLE is not used if the\n"
		"parameter zone_movable is 0, nor for pinnable buffers.",
	}, {
		"fail_time",
		"No range could be emptied within time_limit_ms; further candidates were not\n"
		"tried.",
		"Raise time_limit_ms in /sys/module/lazy_contig/parameters, or try again when\n"
		"the machine is less busy.",
	}, {
		"fail_killed",
		"The calling process was killed.",
		"No action is needed.",
	}, {
		"fail_other",
		"The kernel had no memory for its own data structures.",
		"End processes that use much memory.",
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

/* Does it depend on what lies in memory, and where? */
static bool about_place(const struct reason *reason)
{
	return !strcmp(reason->name, "fail_place") || !strcmp(reason->name, "fail_time");
}

/* Parses KEY=VALUE pairs separated by blanks. */
static void split(char *text, json_object *out)
{
	char *word, *value;
	__u64 number;

	for (word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = 0;
		if (!strcmp(word, "pinnable"))
			add_bool(out, word, strcmp(value, "0"));
		else if (!strcmp(value, "-1"))
			json_object_object_add(out, word, json_object_new_int(-1));
		else if (parse_number(value, UINT64_MAX, &number))
			add_string(out, word, value);
		else
			add_u64(out, word, number);
	}
}

/* Shows what is in the way of such a request now; nothing if that cannot be read. */
static void explain_place(json_object *out, bool json)
{
	struct map map;
	struct map_view view = { .map = &map };
	__u64 max_addr = get_u64(out, "max_addr");
	const struct map_limits limits = {
		.above = get_u64(out, "min_addr"),
		.below = max_addr ? max_addr + 1 : 0,
		.node = json_object_get_int(json_object_object_get(out, "node")),
		.pinnable = json_object_get_boolean(json_object_object_get(out, "pinnable")),
	};

	if (!map_load(&map)) {
		map_limit(&map, &limits);
		map_request(&view, get_u64(out, "size"), get_u64(out, "align"));
		if (json) {
			json_object_object_add(out, "request", map_request_object(&view));
		} else {
			puts("As memory is now:");
			map_print_request(&view, "");
		}
	}
	map_free(&map);
}

static void print_text(json_object *out, const struct reason *reason)
{
	char size[32];

	format_size(get_u64(out, "size"), size, sizeof(size));
	printf("Last failed request: %s.\n%s\n", size, reason->why);
	if (json_object_get_int(json_object_object_get(out, "attempts")))
		printf("Ranges tried: %s; with pages that could not be migrated: %s; without\n"
		       "memory to migrate to: %s.\n",
		       json_object_get_string(json_object_object_get(out, "attempts")),
		       json_object_get_string(json_object_object_get(out, "busy")),
		       json_object_get_string(json_object_object_get(out, "nomem")));
	if (about_place(reason))
		explain_place(out, false);
	printf("Advice:\n%s\n", reason->advice);
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
		if (err == -EACCES) {
			fputs("lazy-contig: only root can read " SYSFS_DIR "/last_failure\n",
			      stderr);
			return exit_code(err);
		}
		return fail_file(err, SYSFS_DIR);
	}
	add_bool(out, "failed", strchr(text, '='));
	split(text, out);
	if (json_object_object_get_ex(out, "reason", &name))
		reason = find_reason(json_object_get_string(name));
	if (args->json && reason) {
		add_string(out, "why", reason->why);
		add_string(out, "advice", reason->advice);
		if (about_place(reason))
			explain_place(out, true);
	}
	if (args->json)
		print_object(out, true);
	else if (reason)
		print_text(out, reason);
	else
		puts("No request has failed since the module was loaded.");
	json_object_put(out);
	return CODE_OK;
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "print why the last failed request failed",
	.usage = { "[OPTION]..." },
	.help =
"Print why the last failed request failed, what is in its way now, and what to do\n"
"about it. Only root can: it may be the request of another user.",
	.options = { OPT_JSON },
	.run = run,
};
