// SPDX-License-Identifier: GPL-2.0
/* lazy-contig kdump --status: the crash kernel that is loaded, and by which program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "kdump.h"

/* The number in a file, -1 if it cannot be read. */
long long number_in(const char *path)
{
	char line[64];

	return file_read_line(path, line, sizeof(line)) ? -1 : strtoll(line, NULL, 0);
}

bool file_contains(FILE *file, const char *text)
{
	char line[1024];
	bool found = false;

	while (fgets(line, sizeof(line), file))
		found = found || strstr(line, text);
	return found;
}

/* Is kdump-tools installed, and not switched off? */
bool tools_enabled(void)
{
	FILE *file;
	bool off;

	if (access(TOOLS, X_OK))
		return false;
	file = fopen(TOOLS_DEFAULTS, "re");
	if (!file)
		return true;
	off = file_contains(file, "USE_KDUMP=0");
	fclose(file);
	return !off;
}

/* Does the kernel itself update the crash kernel when memory is plugged? */
bool kernel_updates(void)
{
	return number_in(CRASH_HOTPLUG) == 1;
}

/* A string of the state, empty if it is not there. */
const char *member(json_object *state, const char *key)
{
	return json_object_get_string(json_object_object_get(state, key)) ?: "";
}

/* Finds the memory in which kexec would load a crash kernel. */
bool find_region(unsigned long long *addr)
{
	FILE *file = fopen("/proc/iomem", "re");
	bool found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, " : " REGION_NAME "\n") && sscanf(line, "%llx-", addr) == 1;
	if (file)
		fclose(file);
	return found;
}

/* Adds what was loaded by this command. */
static void add_state(json_object *out)
{
	json_object *state = json_object_from_file(STATE);

	if (!state)
		return;
	add_string(out, "kernel", member(state, "kernel"));
	add_string(out, "initrd", member(state, "initrd"));
	add_string(out, "append", member(state, "append"));
	add_string(out, "hotplug", kernel_updates() ? "kernel" : "udev");
	json_object_put(state);
}

/* Adds the image that kdump-tools has loaded, which ends the command it recorded. */
static void add_tools_kernel(json_object *out)
{
	char line[4096], *image;

	if (file_read_line("/var/crash/kexec_cmd", line, sizeof(line)))
		return;
	image = strrchr(line, ' ');
	if (image)
		add_string(out, "kernel", image + 1);
}

int kdump_status(bool json)
{
	bool loaded = number_in(CRASH_LOADED) > 0, ours = number_in(HELPER_ADDR) > 0;
	long long size = number_in(CRASH_SIZE);
	json_object *out;

	if (geteuid())
		return fail(-EPERM, "kdump needs root");
	out = json_object_new_object();
	add_string(out, "state", loaded ? "loaded" : size > 0 ? "reserved" : "none");
	if (size > 0) {
		bool tools = !ours && tools_enabled();
		unsigned long long addr;

		add_string(out, "by", ours ? "lazy-contig" : tools ? "kdump-tools" : "crashkernel");
		if (find_region(&addr))
			add_u64(out, "phys_addr", addr);
		add_u64(out, "size", size);
		if (loaded && ours)
			add_state(out);
		if (loaded && tools)
			add_tools_kernel(out);
	}
	print_object(out, json);
	json_object_put(out);
	return loaded ? CODE_OK : CODE_MISSING;
}
