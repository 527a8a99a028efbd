// SPDX-License-Identifier: GPL-2.0
/* lazy-contig doctor: device nodes, memory, and a trial allocation. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

#define TRIAL_SIZE	((__u64)4 << 20)

static const char * const nodes[] = {
	"/dev/dma_heap/" LAZY_CONTIG_HEAP,
	"/dev/dma_heap/" LAZY_CONTIG_HEAP_DMA32,
	LAZY_CONTIG_DEVICE,
};

void check_nodes(struct finding *f)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		if (access(nodes[i], F_OK))
			break;
	if (i == ARRAY_SIZE(nodes)) {
		found(f, "%s, %s, %s", nodes[0], nodes[1], nodes[2]);
		return;
	}

	f->status = FINDING_FAILED;
	f->code = CODE_MISSING;
	found(f, "%s does not exist", nodes[i]);
	if (!module_loaded())
		advise(f, "load the module, see above");
	else
		advise(f, "mount devtmpfs on /dev; in a container, pass the node to it");
}

static bool in_group(gid_t gid)
{
	gid_t groups[1024];
	int n = getgroups(ARRAY_SIZE(groups), groups);

	while (n-- > 0)
		if (groups[n] == gid)
			return true;
	return getegid() == gid;
}

static void advise_permission(struct finding *f, const struct stat *st)
{
	const struct group *group = getgrgid(st->st_gid);
	const char *name = group ? group->gr_name : "?";

	if (!st->st_gid || (st->st_mode & 0060) != 0060)
		advise(f, "sudo make install for the udev rule, then reload the module or reboot");
	else if (!in_group(st->st_gid))
		advise(f, "sudo usermod -aG %s $USER, then log in again", name);
	else
		advise(f, "the file mode permits it: check SELinux, AppArmor and the container");
}

void check_permission(struct finding *f)
{
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (stat(nodes[i], &st)) {
			f->status = FINDING_UNKNOWN;
			found(f, "%s does not exist", nodes[i]);
			return;
		}
		if (access(nodes[i], R_OK | W_OK))
			break;
	}
	if (i == ARRAY_SIZE(nodes)) {
		found(f, "read and write access to all nodes%s", geteuid() ? "" : " (as root)");
		return;
	}
	f->status = FINDING_FAILED;
	f->code = CODE_PERMISSION;
	found(f, "cannot open %s: %s", nodes[i], strerror(errno));
	advise_permission(f, &st);
}

/* A value of /proc/meminfo in bytes, 0 if it is missing. */
static __u64 memory_line(const char *key)
{
	char line[128];
	__u64 size = 0;
	FILE *file;

	file = fopen("/proc/meminfo", "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			size = strtoull(line + strlen(key), NULL, 10) << 10;
	fclose(file);
	return size;
}

/* A module parameter in MiB, 0 if it is not set or the module is not loaded. */
static __u64 module_limit(const char *parameter)
{
	char path[128], value[32];

	snprintf(path, sizeof(path), MODULE_SYSFS "/parameters/%s", parameter);
	return file_read_line(path, value, sizeof(value)) ? 0 : strtoull(value, NULL, 10);
}

void check_memory(struct finding *f)
{
	unsigned long long available = memory_line("MemAvailable:") >> 20;
	unsigned long long total = memory_line("MemTotal:") >> 20;
	unsigned long long limit = module_limit("limit_mb");
	unsigned long long user_limit = module_limit("user_limit_mb");
	char limits[96] = "";

	if (limit)
		snprintf(limits, sizeof(limits), "; limit of all buffers: %llu MiB", limit);
	if (user_limit)
		snprintf(limits + strlen(limits), sizeof(limits) - strlen(limits),
			 "; limit of a user: %llu MiB", user_limit);
	found(f, "%llu of %llu MiB available%s", available, total, limits);
	if (available >= total / 16)
		return;
	f->status = FINDING_WARNING;
	advise(f, "large allocations may fail: end processes, or add memory or swap");
}

void check_trial(struct finding *f)
{
	struct lazy_contig_query info;
	int fd, dev, err;

	if (access(nodes[0], R_OK)) {
		f->status = FINDING_UNKNOWN;
		found(f, "no access to %s", nodes[0]);
		return;
	}
	fd = lazy_contig_alloc(LAZY_CONTIG_HEAP, TRIAL_SIZE, O_RDWR | O_CLOEXEC);
	dev = control();
	err = fd < 0 ? fd : dev < 0 ? dev : lazy_contig_query(dev, fd, &info, sizeof(info));
	if (fd >= 0)
		close(fd);
	if (!err) {
		found(f, "allocated and freed %llu MiB on node %d",
		      (unsigned long long)TRIAL_SIZE >> 20, info.node);
		return;
	}
	f->status = FINDING_FAILED;
	f->code = exit_code(err);
	found(f, "cannot %s: %s", fd < 0 ? "allocate 4 MiB" : "query the buffer",
	      strerror(-err));
	if (err == -ENOMEM)
		advise(f, "free memory, or raise limit_mb and user_limit_mb in " MODULE_SYSFS
		       "/parameters");
}
