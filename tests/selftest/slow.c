// SPDX-License-Identifier: GPL-2.0
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "slow.h"

#define FILE_READ	SLOW_DIR "/read"
#define FILE_WRITTEN	SLOW_DIR "/written"
#define DEAD_DIR	"/tmp/dead"
#define DEAD_FILE	DEAD_DIR "/file"
#define FUSE_CONTROL	"/sys/fs/fuse/connections"
#define FUSE_ROOM	(MIB(1) + PAGE)
#define FUSE_FILE_ID	2

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define SCHED_DEBUG	"/sys/kernel/debug/sched"

#define KPF_LOCKED	0
#define KPF_DIRTY	4
#define KPF_LRU		5
#define KPF_WRITEBACK	8
#define KPF_NOPAGE	20

void shell(const char *command)
{
	if (system(command))
		bail("failed: %s", command);
}

void slow_disk_rate(unsigned long rate)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "\"$LC_SRC\"/tests/vm/qmp block_set_io_throttle "
		 "'{ \"device\": \"slow\", \"bps\": %lu, \"bps_rd\": 0, \"bps_wr\": 0,"
		 " \"iops\": 0, \"iops_rd\": 0, \"iops_wr\": 0 }' >/dev/null",
		 rate);
	shell(command);
}

void disk_mount(const char *disk)
{
	char command[256];

	mkdir(SLOW_DIR, 0700);
	snprintf(command, sizeof(command),
		 "mkfs.ext4 -q -E nodiscard %s && mount %s " SLOW_DIR, disk, disk);
	shell(command);
}

void slow_disk_mount(void)
{
	disk_mount(SLOW_DISK);
}

void slow_disk_umount(void)
{
	if (umount(SLOW_DIR))
		bail("umount: %m");
}

pid_t child_start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %m");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

void slow_file(size_t len)
{
	int fd = open(FILE_READ, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static char chunk[MIB(1)];

	if (fd < 0)
		bail(FILE_READ ": %m");
	memset(chunk, 1, sizeof(chunk));
	for (; len; len -= sizeof(chunk))
		if (write(fd, chunk, sizeof(chunk)) != sizeof(chunk))
			bail("write: %m");
	if (fsync(fd))
		bail("fsync: %m");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

/* The flags of all pages, in order, a huge page's worth at a time. */
static void each_block(void (*fn)(const uint64_t *flags, size_t nr, void *arg), void *arg)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	static uint64_t flags[HUGE_PAGE / PAGE];
	ssize_t n;

	if (fd < 0)
		bail("/proc/kpageflags: %m");
	while ((n = read(fd, flags, sizeof(flags))) > 0)
		fn(flags, n / sizeof(*flags), arg);
	close(fd);
}

static long count_waiting(const uint64_t *flags, size_t nr)
{
	const uint64_t waits = 1ull << KPF_LOCKED | 1ull << KPF_DIRTY |
			       1ull << KPF_WRITEBACK;
	long waiting = 0;

	while (nr--)
		waiting += flags[nr] & waits && flags[nr] & 1ull << KPF_LRU;
	return waiting;
}

static void add_waiting(const uint64_t *flags, size_t nr, void *arg)
{
	*(long *)arg += count_waiting(flags, nr);
}

long slow_kib(void)
{
	long nr = 0;

	each_block(add_waiting, &nr);
	return nr * (PAGE >> 10) + meminfo_kib("WritebackTmp");
}

struct windows {
	size_t blocks;	/* in a window */
	size_t run;	/* blocks without waiting pages so far */
	size_t all_run;	/* blocks so far */
	long lost;
};

static void add_block(const uint64_t *flags, size_t nr, void *arg)
{
	struct windows *w = arg;

	if (flags[0] & 1ull << KPF_NOPAGE || nr < HUGE_PAGE / PAGE) {
		w->run = 0;
		w->all_run = 0;
		return;
	}
	w->run = count_waiting(flags, nr) ? 0 : w->run + 1;
	if (++w->all_run == w->blocks) {
		w->lost++;
		w->all_run = 0;
	}
	if (w->run == w->blocks) {
		w->lost--;
		w->run = 0;
	}
}

long slow_windows(size_t len)
{
	struct windows w = { .blocks = len / HUGE_PAGE };

	each_block(add_block, &w);
	return w.lost;
}

static bool much_waits(void *arg)
{
	return slow_kib() >= *(long *)arg;
}

static void wait_for_load(size_t len)
{
	long kib = len >> 10;

	if (!becomes_true(much_waits, &kib))
		bail("no load: %ld of %ld KiB wait", slow_kib(), kib);
}

pid_t slow_readahead(size_t len)
{
	pid_t pid = child_start();
	size_t at;
	int fd;

	if (!pid) {
		fd = open(FILE_READ, O_RDONLY | O_CLOEXEC);
		for (at = 0; at < len; at += MIB(1))
			posix_fadvise(fd, at, MIB(1), POSIX_FADV_WILLNEED);
		pause();
	}
	/* the queue of the disk may be shorter than the file */
	wait_for_load(len / 2);
	return pid;
}

pid_t slow_writer(size_t chunk)
{
	pid_t pid = child_start();
	size_t at;
	int fd;

	if (!pid) {
		static char data[MIB(1)];

		fd = open(FILE_WRITTEN, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		for (;;) {
			for (at = 0; at < chunk; at += sizeof(data))
				if (pwrite(fd, data, sizeof(data), at) < 0)
					_exit(1);
			fsync(fd);
		}
	}
	wait_for_load(chunk / 2);
	return pid;
}

void slow_end(pid_t pid)
{
	kill(pid, SIGKILL);
	child_status(pid);
}

static struct fuse_attr dead_attr(uint64_t node, size_t len)
{
	bool file = node == FUSE_FILE_ID;

	return (struct fuse_attr){
		.ino = node,
		.size = file ? len : 0,
		.mode = file ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = 1,
		.blksize = PAGE,
	};
}

/* Return: the length of the answer in @out, or -errno. */
static int dead_answer(const struct fuse_in_header *in, size_t len, void *out)
{
	const struct fuse_init_in *init = (const void *)(in + 1);
	struct fuse_init_out *init_out = out;
	struct fuse_entry_out *entry = out;
	struct fuse_attr_out *attr = out;

	switch (in->opcode) {
	case FUSE_INIT:
		*init_out = (struct fuse_init_out){
			.major = init->major,
			.minor = init->minor < FUSE_KERNEL_MINOR_VERSION ?
				 init->minor : FUSE_KERNEL_MINOR_VERSION,
			.max_readahead = init->max_readahead,
			.flags = init->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES |
						FUSE_WRITEBACK_CACHE |
						FUSE_MAX_PAGES),
			.max_background = 65535,
			.congestion_threshold = 65535,
			.max_write = MIB(1),
			.max_pages = 256,
			.time_gran = 1,
		};
		return sizeof(*init_out);
	case FUSE_LOOKUP:
		*entry = (struct fuse_entry_out){
			.nodeid = FUSE_FILE_ID, .entry_valid = 3600,
			.attr_valid = 3600, .attr = dead_attr(FUSE_FILE_ID, len),
		};
		return sizeof(*entry);
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		*attr = (struct fuse_attr_out){
			.attr_valid = 3600, .attr = dead_attr(in->nodeid, len),
		};
		return sizeof(*attr);
	case FUSE_OPEN:
		memset(out, 0, sizeof(struct fuse_open_out));
		return sizeof(struct fuse_open_out);
	default:
		return -ENOSYS;
	}
}

static int serve(int fd, size_t len)
{
	static char in[FUSE_ROOM];
	struct fuse_in_header *head = (void *)in;
	struct {
		struct fuse_out_header head;
		char body[256];
	} out;
	int n;

	for (;;) {
		if (read(fd, in, sizeof(in)) < 0) {
			if (errno == ENODEV)
				return 0;
			continue;
		}
		if (head->opcode == FUSE_WRITE || head->opcode == FUSE_FORGET ||
		    head->opcode == FUSE_INTERRUPT ||
		    head->opcode == FUSE_BATCH_FORGET)
			continue;
		n = dead_answer(head, len, out.body);
		out.head = (struct fuse_out_header){
			.len = sizeof(out.head) + (n > 0 ? n : 0),
			.error = n < 0 ? n : 0,
			.unique = head->unique,
		};
		if (write(fd, &out, out.head.len) < 0 && errno == ENODEV)
			return 0;
	}
}

static pid_t server_start(size_t len)
{
	pid_t pid = child_start();
	char options[64];
	int fd;

	if (pid)
		return pid;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		_exit(1);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("dead", DEAD_DIR, "fuse", 0, options))
		_exit(2);
	_exit(serve(fd, len));
}

static bool is_mounted(void *arg)
{
	struct stat root, tmp;

	(void)arg;
	return !stat(DEAD_DIR, &root) && !stat("/tmp", &tmp) &&
	       root.st_dev != tmp.st_dev;
}

/* Without this a file system of FUSE is allowed a hundredth of the dirty memory. */
static void allow_dirty(unsigned int connection)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/bdi/0:%u/strict_limit", connection);
	if (!access(path, F_OK))
		text_set(path, "0");
	snprintf(path, sizeof(path), "/sys/class/bdi/0:%u/max_ratio", connection);
	text_set(path, "100");
	/* older kernels have no strict_limit, and allow a share of what was written */
	snprintf(path, sizeof(path), "/sys/class/bdi/0:%u/min_ratio", connection);
	text_set(path, "90");
	text_set("/proc/sys/vm/dirty_background_ratio", "60");
	text_set("/proc/sys/vm/dirty_ratio", "70");
}

static int dirty_dead_file(size_t len)
{
	int fd = open(DEAD_FILE, O_WRONLY | O_CLOEXEC);
	static char chunk[MIB(1)];
	size_t at;

	for (at = 0; at < len; at += sizeof(chunk))
		if (pwrite(fd, chunk, sizeof(chunk), at) < 0)
			return 1;
	fsync(fd);
	return 0;
}

void dead_server_start(struct dead_server *dead, size_t len)
{
	struct stat st;

	if (access("/dev/fuse", F_OK))
		shell("modprobe fuse");
	mount("fusectl", FUSE_CONTROL, "fusectl", 0, NULL);
	mkdir(DEAD_DIR, 0700);
	dead->server = server_start(len);
	if (!becomes_true(is_mounted, NULL) || stat(DEAD_DIR, &st))
		bail("the server does not mount");
	dead->connection = minor(st.st_dev);
	allow_dirty(dead->connection);
	dead->writer = child_start();
	if (!dead->writer)
		_exit(dirty_dead_file(len));
	wait_for_load(len / 10 * 9);
}

void dead_server_abort(struct dead_server *dead)
{
	char path[64];

	snprintf(path, sizeof(path), FUSE_CONTROL "/%u/abort", dead->connection);
	text_set(path, "1");
	child_status(dead->writer);
}

void dead_server_end(struct dead_server *dead)
{
	umount2(DEAD_DIR, MNT_DETACH);
	slow_end(dead->server);
	text_set("/proc/sys/vm/dirty_ratio", "20");
	text_set("/proc/sys/vm/dirty_background_ratio", "10");
}

void cpu_only(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bail("affinity: %m");
}

/* What other tasks have beside those of real time, in ns a second; newer kernels only. */
static void fair_runtime(int cpu, const char *ns)
{
	char path[64];

	snprintf(path, sizeof(path), SCHED_DEBUG "/fair_server/cpu%d/runtime", cpu);
	if (!access(path, F_OK))
		text_set(path, ns);
}

enum { CPU_COMES, CPU_WAITS, CPU_KEEPS, CPU_KEPT };

static void keep_cpu(int cpu, volatile int *state)
{
	struct sched_param param = { .sched_priority = 50 };

	cpu_only(cpu);
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	/* the kernel warns of a CPU that is kept for longer */
	alarm(20);
	*state = CPU_WAITS;
	while (*state == CPU_WAITS)
		usleep(1000);
	*state = CPU_KEPT;
	for (;;)
		;
}

pid_t slow_cpu(int cpu, bool drained)
{
	volatile int *state = shared_new(sizeof(*state));
	pid_t pid;

	text_set(RT_RUNTIME, "-1");
	fair_runtime(cpu, "0");
	pid = child_start();
	if (!pid)
		keep_cpu(cpu, state);
	while (*state != CPU_WAITS)
		usleep(1000);
	if (drained)
		text_set("/proc/sys/vm/compact_memory", "1");
	*state = CPU_KEEPS;
	while (*state != CPU_KEPT)
		usleep(1000);
	munmap((void *)state, sizeof(*state));
	return pid;
}

void slow_cpu_end(pid_t pid, int cpu)
{
	slow_end(pid);
	fair_runtime(cpu, "50000000");
	text_set(RT_RUNTIME, "950000");
}
