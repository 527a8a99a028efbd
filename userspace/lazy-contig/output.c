// SPDX-License-Identifier: GPL-2.0
/*
 * Output. The result of a command is a JSON object, printed as JSON with --json
 * and as one line for each key without.
 */
#include <string.h>

#include "cli.h"

void add_string(json_object *out, const char *key, const char *value)
{
	json_object_object_add(out, key, json_object_new_string(value));
}

void add_u64(json_object *out, const char *key, __u64 value)
{
	json_object_object_add(out, key, json_object_new_uint64(value));
}

/* The number of a key, 0 if it is missing. */
__u64 get_u64(json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

void add_bool(json_object *out, const char *key, bool value)
{
	json_object_object_add(out, key, json_object_new_boolean(value));
}

static void print_value(const char *key, json_object *value)
{
	char size[32];

	if (!value) {
		puts("hidden (needs CAP_SYS_ADMIN)");
	} else if (!strcmp(key, "phys_addr")) {
		printf("%#llx\n", (unsigned long long)json_object_get_uint64(value));
	} else if (!strcmp(key, "size")) {
		format_size(json_object_get_uint64(value), size, sizeof(size));
		puts(size);
	} else {
		puts(json_object_get_string(value));
	}
}

void print_object(json_object *out, bool json)
{
	if (json) {
		puts(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	} else {
		json_object_object_foreach(out, key, value) {
			printf("%-12s ", key);
			print_value(key, value);
		}
	}
	fflush(stdout);
}
