// SPDX-License-Identifier: GPL-2.0
/*
 * Live buffers and their users. The module's debugfs file, readable for root only,
 * lists all buffers and the inode numbers of their dma-bufs; /proc has the
 * descriptors and mappings of each process. Without debugfs, the buffers are those
 * that the visible processes have descriptors of.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live.h"
#include "table.h"

static json_object *lookup(struct live *live, __u64 ino)
{
	char key[24];

	snprintf(key, sizeof(key), "%llu", ino);
	return json_object_object_get(live->by_inode, key);
}

static void add_inode(struct live *live, __u64 ino, json_object *entry)
{
	char key[24];

	snprintf(key, sizeof(key), "%llu", ino);
	json_object_object_add(live->by_inode, key, json_object_get(entry));
}

/* Adds all keys at once, so that their order is always the same. */
static json_object *new_entry(struct live *live)
{
	static const char * const keys[] = {
		"phys_addr", "size", "node", "age_s", "heap", "name", "iomem_name", "kept",
		"held", "importers", "maker"
	};
	json_object *entry = json_object_new_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_object_add(entry, keys[i], NULL);
	json_object_object_add(entry, "users", json_object_new_array());
	json_object_array_add(live->all, entry);
	return entry;
}

static json_object *new_process(int pid, const char *command)
{
	json_object *process = json_object_new_object();

	json_object_object_add(process, "pid", json_object_new_int(pid));
	add_string(process, "command", command);
	return process;
}

static void add_row(struct live *live, const struct table *row)
{
	json_object *entry = new_entry(live);
	const char *inode = table_text(row, "inodes");
	char *end;

	add_u64(entry, "phys_addr", table_number(row, "address"));
	add_u64(entry, "size", table_number(row, "bytes"));
	add_u64(entry, "node", table_number(row, "node"));
	add_u64(entry, "age_s", table_number(row, "seconds"));
	add_u64(entry, "importers", table_number(row, "importers"));
	add_string(entry, "iomem_name", table_text(row, "name"));
	add_bool(entry, "kept", table_number(row, "kept"));
	add_bool(entry, "held", table_number(row, "kept") > 1);
	json_object_object_add(entry, "maker",
			       new_process(table_number(row, "pid"), table_text(row, "command")));

	for (; *inode; inode = *end ? end + 1 : end)
		add_inode(live, strtoull(inode, &end, 10), entry);
}

static int add_all(struct live *live)
{
	struct table table;
	FILE *file;

	file = fopen(LIVE_BUFFERS, "re");
	if (!file)
		return -errno;
	table_begin(&table, file);
	while (table_next(&table))
		add_row(live, &table);
	fclose(file);
	return 0;
}

/* Processes are scanned one by one: if @pid has been added, it is the last one. */
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
	json_object_array_add(users, new_process(pid, comm));
}

/*
 * Adds a buffer that was found through a descriptor. If it cannot be queried, it
 * is recognized by the name of its heap.
 */
static json_object *add_found(struct live *live, const struct dmabuf *buf, int pid, int fd)
{
	struct lazy_contig_query info;
	json_object *entry;
	int err;

	err = query_of(pid, fd, &info);
	if (err && (err == -EINVAL || !heaps_have(&live->heaps, buf->exporter)))
		return NULL;

	entry = new_entry(live);
	add_u64(entry, "size", buf->size);
	if (!err)
		add_u64(entry, "node", info.node);
	if (!err && info.flags & LAZY_CONTIG_PHYS_VALID)
		add_u64(entry, "phys_addr", info.phys_addr);
	add_inode(live, buf->ino, entry);
	return entry;
}

static void add_fd(int pid, int fd, void *data)
{
	struct live *live = data;
	json_object *entry;
	struct dmabuf buf;

	if (dmabuf_read(pid, fd, &buf))
		return;
	entry = lookup(live, buf.ino);
	if (!entry)
		entry = add_found(live, &buf, pid, fd);
	if (!entry)
		return;
	add_string(entry, "heap", buf.exporter);
	if (buf.name[0])
		add_string(entry, "name", buf.name);
	add_user(entry, pid);
}

/* Mappings show the inode number and the debug name. */
static void add_mappings(struct live *live, int pid)
{
	char path[64], line[512], *label;
	unsigned long long ino;
	json_object *entry;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		label = strstr(line, " /dmabuf:");
		if (!label || sscanf(line, "%*s %*s %*s %*s %llu", &ino) != 1)
			continue;
		entry = lookup(live, ino);
		if (!entry)
			continue;
		add_user(entry, pid);
		label += strlen(" /dmabuf:");
		label[strcspn(label, "\n")] = '\0';
		if (*label)
			add_string(entry, "name", label);
	}
	fclose(file);
}

static void add_processes(struct live *live)
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
		visit_dmabuf_fds(pid, add_fd, live);
		add_mappings(live, pid);
	}
	closedir(proc);
}

static int compare(json_object *a, json_object *b, const char *key)
{
	__u64 x = get_u64(a, key);
	__u64 y = get_u64(b, key);

	return (x > y) - (x < y);
}

/* By size, the largest first; equal ones by address. */
static int compare_entries(const void *a, const void *b)
{
	json_object *x = *(json_object * const *)a, *y = *(json_object * const *)b;

	return compare(y, x, "size") ?: compare(x, y, "phys_addr");
}

/*
 * Collects all buffers that can be found; live_free() is needed in any case. Return: 0;
 * -EACCES no permission for debugfs or -ENOENT debugfs is not mounted, in both of which
 * only buffers with a visible descriptor are found.
 */
int live_collect(struct live *live)
{
	int err;

	live->all = json_object_new_array();
	live->by_inode = json_object_new_object();
	heaps_find(&live->heaps);
	err = add_all(live);
	live->complete = !err;
	add_processes(live);
	json_object_array_sort(live->all, compare_entries);
	return err;
}

/* Leaves the kept buffers only or, unless @addr is NULL, the one at this address. */
void live_only_kept(struct live *live, const __u64 *addr)
{
	json_object *kept = json_object_new_array(), *entry;
	size_t i;

	for (i = 0; i < json_object_array_length(live->all); i++) {
		entry = json_object_array_get_idx(live->all, i);
		if (!json_object_get_boolean(json_object_object_get(entry, "kept")))
			continue;
		if (!addr || *addr == get_u64(entry, "phys_addr"))
			json_object_array_add(kept, json_object_get(entry));
	}
	json_object_put(live->all);
	live->all = kept;
}

void live_free(struct live *live)
{
	json_object_put(live->by_inode);
	json_object_put(live->all);
}
