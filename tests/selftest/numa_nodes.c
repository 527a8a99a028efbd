// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: the node asked for, or those of memory policy and cpuset, and no other;
 *   also nodes without processors and memory added after loading
 * Promise: control: ALLOC: node, alignment, address limit, name
 * Promise: limits: a node that is not online: EINVAL
 */
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "settings.h"

#define CPUSET		"/sys/fs/cgroup/lc-cpuset"
#define ANY		-1

/* By way of the page allocator, at the border, by migration. */
static const size_t lengths[] = { PAGE, MIB(1), MIB(4) + PAGE, MIB(64) };

static int alloc_on(int control, size_t len, int node)
{
	struct lazy_contig_allocation a = {
		.size = sizeof(a),
		.len = len,
		.node = node,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &a);

	return err ?: a.fd;
}

static int node_of(int buf)
{
	struct lazy_contig_query q;

	if (buf_query(buf, &q))
		bail("QUERY failed");
	return q.node;
}

static void check_strict(int control, int node)
{
	size_t i;
	int buf;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		buf = alloc_on(control, lengths[i], node);
		if (!ok(buf >= 0, "%zu KiB on node %d", lengths[i] >> 10, node))
			continue;
		is(node_of(buf), node, "they lie there");
		close(buf);
	}
}

/* A strict node means that node, even when only others have room left. */
static void check_full(int control, int node)
{
	int bufs[256], n = 0, elsewhere = 0, buf;

	while ((buf = alloc_on(control, MIB(32), node)) >= 0) {
		elsewhere += node_of(buf) != node;
		bufs[n++] = buf;
		if (n == ARRAY_SIZE(bufs))
			bail("node %d has no end", node);
	}
	is(buf, -ENOMEM, "node %d is full after %d buffers of 32 MiB", node, n);
	ok(n > 0, "some fitted");
	is(elsewhere, 0, "none of them lies on another node");
	buf = alloc_on(control, MIB(32), ANY);
	if (ok(buf >= 0, "a buffer without a wish is given elsewhere")) {
		ok(node_of(buf) != node, "not on node %d", node);
		close(buf);
	}
	while (n)
		close(bufs[--n]);
}

/*
 * The part that runs under "numactl --membind" or in a cpuset: "numa_nodes
 * NODE" exits with the number of buffers that are not on that node.
 */
static int bound(int node)
{
	int heap = heap_open(HEAP), elsewhere = 0, buf;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		buf = heap_alloc(heap, lengths[i]);
		if (buf < 0) {
			diag("%zu KiB bound to node %d: %s", lengths[i] >> 10,
			     node, strerror(-buf));
			return 100;
		}
		elsewhere += node_of(buf) != node;
		close(buf);
	}
	return elsewhere;
}

static int numactl(void *arg)
{
	char membind[32], node[16], self[256] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 126;
	snprintf(membind, sizeof(membind), "--membind=%d", *(int *)arg);
	snprintf(node, sizeof(node), "%d", *(int *)arg);
	execlp("numactl", "numactl", membind, self, node, NULL);
	return 127;
}

static int preferred(void *arg)
{
	unsigned long mask = 1ul << *(int *)arg;

	/* 1 is MPOL_PREFERRED */
	if (syscall(SYS_set_mempolicy, 1, &mask, sizeof(mask) * 8))
		return 126;
	return bound(*(int *)arg);
}

static int in_cpuset(void *arg)
{
	text_set(CPUSET "/cgroup.procs", "0");
	return bound(*(int *)arg);
}

static void check_bound(int node)
{
	char text[16];

	is(in_child(numactl, &node), 0, "numactl --membind=%d is obeyed", node);
	is(in_child(preferred, &node), 0, "a preference for node %d is met", node);

	text_set("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset");
	if (mkdir(CPUSET, 0755))
		bail("mkdir " CPUSET ": %m");
	snprintf(text, sizeof(text), "%d", node);
	text_set(CPUSET "/cpuset.mems", text);
	is(in_child(in_cpuset, &node), 0, "a cpuset of node %d is obeyed", node);
	if (rmdir(CPUSET))
		bail("rmdir " CPUSET ": %m");
}

/* Of a node that may not be there. */
static long node_meminfo_kib(int node, const char *field)
{
	char path[64], line[128], name[32];
	long kib = 0, value;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 node);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Node %*d %31[^:]: %ld", name, &value) == 2 &&
		    !strcmp(name, field))
			kib = value;
	fclose(f);
	return kib;
}

static bool has_memory(void *arg)
{
	return node_meminfo_kib(*(int *)arg, "MemFree") >= 256 << 10;
}

static bool has_little_memory(void *arg)
{
	return node_meminfo_kib(*(int *)arg, "MemTotal") <= 512 << 10;
}

/* A driver that is built in has come before it was said what is to be done. */
static void online_all(void)
{
	glob_t blocks;
	size_t i;
	int fd;

	if (glob("/sys/devices/system/memory/memory*/state", 0, NULL, &blocks))
		bail("no memory blocks");
	for (i = 0; i < blocks.gl_pathc; i++) {
		fd = open(blocks.gl_pathv[i], O_WRONLY | O_CLOEXEC);
		/* most are online, or on their way */
		if (fd < 0 || (write(fd, "online_kernel", 13) < 0 &&
			       errno != EINVAL && errno != EBUSY))
			bail("%s: %m", blocks.gl_pathv[i]);
		close(fd);
	}
	globfree(&blocks);
}

/* How many lines of ours are in /proc/iomem, wherever they are. */
static int lines(void)
{
	FILE *f = text_open("/proc/iomem");
	char line[256];
	int n = 0;

	while (fgets(line, sizeof(line), f))
		n += !!strstr(line, " : " HEAP "\n");
	fclose(f);
	return n;
}

/* The kernel splits the line of such memory, and warns if it cannot. */
static void check_unplug(int control, int node)
{
	int buf = alloc_on(control, MIB(64), node);
	unsigned char *mem;
	char command[256];

	if (!ok(buf >= 0, "64 MiB on node %d", node))
		return;
	is(lines(), 0, "there it has no line");
	snprintf(command, sizeof(command),
		 "%s/tests/vm/qmp qom-set '{ \"path\": \"/machine/peripheral/late\", "
		 "\"property\": \"requested-size\", \"value\": %zu }' >/dev/null",
		 getenv("LC_SRC") ?: "", MIB(512));
	if (system(command))
		bail("qom-set failed");
	ok(becomes_true(has_little_memory, &node), "memory goes around it");
	mem = buf_map(buf, MIB(64));
	memset(mem, 1, MIB(64));
	munmap(mem, MIB(64));
	close(buf);
	is(lines(), 0, "no line is left");
}

/* The memory behind virtio-mem comes with its driver. */
static void check_hot_added(int control, int node)
{
	if (!access("/proc/device-tree", F_OK)) {
		skip("a device tree has no nodes without memory");
		return;
	}
	ok(!has_memory(&node), "node %d has no memory at first", node);
	ok(alloc_on(control, PAGE, node) < 0, "so it gives none");
	text_set("/sys/devices/system/memory/auto_online_blocks", "online_kernel");
	if (system("modprobe virtio_mem"))
		bail("modprobe virtio_mem failed");
	online_all();
	if (!ok(becomes_true(has_memory, &node), "memory is added to it"))
		return;
	check_strict(control, node);
	check_bound(node);
	check_unplug(control, node);
}

int main(int argc, char **argv)
{
	unsigned long limit;
	int control;

	if (argc > 1)
		return bound(atoi(argv[1]));
	limit = patience();
	control = control_open();
	check_strict(control, 0);
	check_strict(control, 1);
	is(alloc_on(control, PAGE, 3), -EINVAL, "there is no node 3");
	check_full(control, 1);
	check_bound(0);
	check_bound(1);
	check_hot_added(control, 2);
	param_set("time_limit_ms", limit);
	close(control);
	return tap_done();
}
