// SPDX-License-Identifier: GPL-2.0
/*
 * lazy-contig list
 *
 * Live buffers are found in two ways that complete each other: debugfs knows
 * them all, also those that only a driver holds, but not whose they are; /proc
 * knows who has descriptors and mappings, as far as the caller may look. An
 * inode number identifies a buffer in both.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define BUFINFO		"/sys/kernel/debug/dma_buf/bufinfo"

static const char help[] =
"Usage: lazy-contig list [OPTION]...\n"
"Show all live buffers of lazy_contig and the processes that use them.\n"
"\n"
"  --json           print one JSON array\n"
"  --help           show this text\n"
"\n"
"Without root's rights only buffers of your own processes are found.\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ }
};

/* The entry of a buffer in the set of all, which is keyed by inode number. */
static json_object *get_entry(json_object *set, __u64 ino)
{
	char key[24];

	snprintf(key, sizeof(key), "%llu", (unsigned long long)ino);
	return json_object_object_get(set, key);
}

static json_object *add_entry(json_object *set, const struct dmabuf *buf)
{
	json_object *entry = get_entry(set, buf->ino);
	char key[24];

	if (entry)
		return entry;
	entry = json_object_new_object();
	add_u64(entry, "inode", buf->ino);
	add_u64(entry, "size", buf->size);
	json_object_object_add(entry, "phys_addr", NULL);
	json_object_object_add(entry, "node", NULL);
	add_string(entry, "heap", buf->exporter);
	add_string(entry, "name", buf->name);
	json_object_object_add(entry, "users", json_object_new_array());
	snprintf(key, sizeof(key), "%llu", (unsigned long long)buf->ino);
	json_object_object_add(set, key, entry);
	return entry;
}

/* Processes are looked at one after the other: only the last can be the same. */
static void add_user(json_object *entry, int pid)
{
	json_object *users = json_object_object_get(entry, "users"), *user;
	size_t count = json_object_array_length(users);
	char path[64], comm[32] = "";
	FILE *file;

	if (count) {
		user = json_object_array_get_idx(users, count - 1);
		if (json_object_get_int(json_object_object_get(user, "pid")) == pid)
			return;
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(comm, sizeof(comm), file))
			comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
	user = json_object_new_object();
	json_object_object_add(user, "pid", json_object_new_int(pid));
	add_string(user, "command", comm);
	json_object_array_add(users, user);
}

/* Asks the module, through a descriptor that somebody has. */
static void add_place(json_object *entry, int pid, int fd)
{
	struct lazy_contig_query info;
	int copy;

	if (json_object_object_get(entry, "node"))
		return;
	copy = borrow_fd(pid, fd);
	if (copy < 0)
		return;
	if (!lazy_contig_query(copy, &info, sizeof(info))) {
		json_object_object_add(entry, "node", json_object_new_int(info.node));
		if (info.flags & LAZY_CONTIG_PHYS_VALID)
			add_u64(entry, "phys_addr", info.phys_addr);
	}
	close(copy);
}

static void list_fd(int pid, int fd, void *data)
{
	json_object *entry;
	struct dmabuf buf;

	if (dmabuf_read(pid, fd, &buf) || !dmabuf_is_ours(&buf))
		return;
	entry = add_entry(data, &buf);
	add_user(entry, pid);
	add_place(entry, pid, fd);
}

/* Finds users that closed the descriptor and have only the mapping left. */
static void list_mappings(int pid, json_object *set)
{
	char path[64], line[512];
	unsigned long long ino;
	json_object *entry;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, " /dmabuf:"))
			continue;
		if (sscanf(line, "%*s %*s %*s %*s %llu", &ino) != 1)
			continue;
		entry = get_entry(set, ino);
		if (entry)
			add_user(entry, pid);
	}
	fclose(file);
}

static void list_processes(json_object *set)
{
	struct dirent *dir;
	DIR *proc;
	int pid;

	proc = opendir("/proc");
	if (!proc)
		return;
	while ((dir = readdir(proc))) {
		if (!isdigit((unsigned char)dir->d_name[0]))
			continue;
		pid = atoi(dir->d_name);
		visit_dmabuf_fds(pid, list_fd, set);
		list_mappings(pid, set);
	}
	closedir(proc);
}

/* A line of bufinfo: size, flags, mode, count, exporter, inode, name. */
static void list_bufinfo(json_object *set)
{
	unsigned long long size, ino;
	struct dmabuf buf;
	char line[512];
	FILE *file;

	file = fopen(BUFINFO, "re");
	if (!file) {
		fail(-errno, "buffers that no visible process has are not shown, %s", BUFINFO);
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		memset(&buf, 0, sizeof(buf));
		if (sscanf(line, "%llu %*x %*x %*u %63s %llu %63[^\n]", &size, buf.exporter, &ino,
			   buf.name) < 3)
			continue;
		buf.size = size;
		buf.ino = ino;
		if (!strcmp(buf.name, "<none>"))
			buf.name[0] = '\0';
		if (dmabuf_is_ours(&buf))
			add_entry(set, &buf);
	}
	fclose(file);
}

static void print_users(json_object *users)
{
	size_t count = json_object_array_length(users), i;
	json_object *user;

	for (i = 0; i < count; i++) {
		user = json_object_array_get_idx(users, i);
		printf("%s%d %s", i ? ", " : "",
		       json_object_get_int(json_object_object_get(user, "pid")),
		       json_object_get_string(json_object_object_get(user, "command")));
	}
	puts(count ? "" : "-");
}

static const char *text_of(json_object *entry, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(entry, key));

	return text && *text ? text : "-";
}

static void print_entry(json_object *entry)
{
	json_object *phys = json_object_object_get(entry, "phys_addr");
	char size[32], addr[32] = "-";

	format_size(json_object_get_uint64(json_object_object_get(entry, "size")), size,
		    sizeof(size));
	if (phys)
		snprintf(addr, sizeof(addr), "%#llx",
			 (unsigned long long)json_object_get_uint64(phys));
	printf("%-10s %-14s %4s  %-18s %-16s ", size, addr, text_of(entry, "node"),
	       text_of(entry, "heap"), text_of(entry, "name"));
	print_users(json_object_object_get(entry, "users"));
}

static int run(const struct args *args)
{
	json_object *set = json_object_new_object(), *array = json_object_new_array();

	list_bufinfo(set);
	list_processes(set);

	if (!args->json)
		printf("%-10s %-14s %4s  %-18s %-16s %s\n", "SIZE", "ADDRESS", "NODE", "HEAP",
		       "NAME", "USERS");
	json_object_object_foreach(set, key, entry) {
		(void)key;
		if (!args->json)
			print_entry(entry);
		json_object_array_add(array, json_object_get(entry));
	}
	if (args->json)
		print_object(array, true);
	json_object_put(array);
	json_object_put(set);
	return CODE_OK;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "show all live buffers and who uses them",
	.help = help,
	.options = options,
	.run = run,
};
