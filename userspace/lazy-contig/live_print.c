// SPDX-License-Identifier: GPL-2.0
/* Printing live buffers: as a table, or as a JSON object. */
#include "live.h"

#define ROW	"%-10s %-14s %4s %7s  %-17s %-16s "

static const char *text_of(json_object *entry, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(entry, key));

	return text && *text ? text : "-";
}

/* Formats seconds in the largest unit of which there is at least one. */
static void format_age(json_object *age, char *buf, size_t len)
{
	static const struct {
		unsigned int seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	unsigned long long seconds = json_object_get_uint64(age);
	size_t i = 0;

	while (i < ARRAY_SIZE(units) - 1 && seconds < units[i].seconds)
		i++;
	if (age)
		snprintf(buf, len, "%llu %s", seconds / units[i].seconds, units[i].name);
	else
		snprintf(buf, len, "-");
}

static void print_users(json_object *entry)
{
	json_object *users = json_object_object_get(entry, "users"), *user;
	bool kept = json_object_get_boolean(json_object_object_get(entry, "kept"));
	bool held = json_object_get_boolean(json_object_object_get(entry, "held"));
	int devices = json_object_get_int(json_object_object_get(entry, "importers"));
	size_t count = json_object_array_length(users), i;

	for (i = 0; i < count; i++) {
		user = json_object_array_get_idx(users, i);
		printf("%s%s %s", i ? ", " : "", text_of(user, "pid"), text_of(user, "command"));
	}
	if (devices)
		printf("%s%d device%s", count ? ", " : "", devices, devices > 1 ? "s" : "");
	if (kept)
		printf("%s%s", count || devices ? ", " : "", held ? "kept and held" : "kept");
	puts(count || devices || kept ? "" : "-");
}

static void print_entry(json_object *entry)
{
	json_object *phys = json_object_object_get(entry, "phys_addr");
	char size[32], addr[32] = "-", age[32];
	const char *name = "name";

	format_size(get_u64(entry, "size"), size, sizeof(size));
	if (phys)
		snprintf(addr, sizeof(addr), "%#llx",
			 (unsigned long long)json_object_get_uint64(phys));
	format_age(json_object_object_get(entry, "age_s"), age, sizeof(age));
	if (!json_object_object_get(entry, name))
		name = "iomem_name";
	printf(ROW, size, addr, text_of(entry, "node"), age, text_of(entry, "heap"),
	       text_of(entry, name));
	print_users(entry);
}

void live_print_table(const struct live *live)
{
	size_t i;

	printf(ROW "USERS\n", "SIZE", "ADDRESS", "NODE", "AGE", "HEAP", "NAME");
	for (i = 0; i < json_object_array_length(live->all); i++)
		print_entry(json_object_array_get_idx(live->all, i));
}

__u64 live_total(const struct live *live)
{
	json_object *entry;
	__u64 bytes = 0;
	size_t i;

	for (i = 0; i < json_object_array_length(live->all); i++) {
		entry = json_object_array_get_idx(live->all, i);
		bytes += get_u64(entry, "size");
	}
	return bytes;
}

/* Prints all buffers, their number and total size. */
void live_print(const struct live *live, bool json)
{
	size_t count = json_object_array_length(live->all);
	json_object *out;
	char size[32];

	if (json) {
		out = json_object_new_object();
		add_u64(out, "count", count);
		add_u64(out, "bytes", live_total(live));
		add_bool(out, "complete", live->complete);
		json_object_object_add(out, "buffers", json_object_get(live->all));
		print_object(out, true);
		json_object_put(out);
		return;
	}
	live_print_table(live);
	format_size(live_total(live), size, sizeof(size));
	printf("%zu buffer%s, %s\n", count, count == 1 ? "" : "s", size);
	fflush(stdout);
}
