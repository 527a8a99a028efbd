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

#define UDEV_RULE	"sudo make install, or package lazy-contig"
#define HEAP_NODE	"/dev/dma_heap/" LAZY_CONTIG_HEAP

/*
 * Finds the first node, those of all heaps and the control device, of which access()
 * does not permit @mode. Return: its path, with access()'s errno; NULL: all do.
 */
static const char *bad_node(int mode)
{
	static char path[300];
	struct heaps heaps;
	size_t i;

	heaps_find(&heaps);
	for (i = 0; i < heaps.count; i++) {
		snprintf(path, sizeof(path), "/dev/dma_heap/%s", heaps.heaps[i].name);
		if (access(path, mode))
			return path;
	}
	return access(LAZY_CONTIG_DEVICE, mode) ? LAZY_CONTIG_DEVICE : NULL;
}

static void list_nodes(struct finding *f)
{
	struct heaps heaps;
	char text[1024] = "";
	const char *properties;
	size_t i, len = 0;

	heaps_find(&heaps);
	for (i = 0; i < heaps.count && len < sizeof(text); i++) {
		properties = heaps.heaps[i].properties;
		len += snprintf(text + len, sizeof(text) - len, "/dev/dma_heap/%s%s%s%s, ",
				heaps.heaps[i].name, *properties ? " (" : "", properties,
				*properties ? ")" : "");
	}
	found(f, "%s%s", text, LAZY_CONTIG_DEVICE);
}

void check_nodes(struct finding *f)
{
	const char *bad = bad_node(F_OK);

	if (!bad) {
		list_nodes(f);
		return;
	}

	f->status = FINDING_FAILED;
	f->code = CODE_MISSING;
	found(f, "%s does not exist", bad);
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
		advise(f, "install the udev rule (" UDEV_RULE "), reload the module");
	else if (!in_group(st->st_gid))
		advise(f, "sudo usermod -aG %s $USER, then log in again", name);
	else
		advise(f, "the file mode permits it: check SELinux, AppArmor and the container");
}

void check_permission(struct finding *f)
{
	const char *bad = bad_node(R_OK | W_OK);
	int err = errno;
	struct stat st;

	if (!bad) {
		found(f, "read and write access to all nodes%s", geteuid() ? "" : " (as root)");
		return;
	}
	if (stat(bad, &st)) {
		f->status = FINDING_UNKNOWN;
		found(f, "%s does not exist", bad);
		return;
	}
	f->status = FINDING_FAILED;
	f->code = CODE_PERMISSION;
	found(f, "cannot open %s: %s", bad, strerror(err));
	advise_permission(f, &st);
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
	unsigned long long available = meminfo_bytes("MemAvailable:") >> 20;
	unsigned long long total = meminfo_bytes("MemTotal:") >> 20;
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

	if (access(HEAP_NODE, R_OK)) {
		f->status = FINDING_UNKNOWN;
		found(f, "no access to %s", HEAP_NODE);
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
