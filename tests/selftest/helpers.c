// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "helpers.h"

#define POOL_DROP	"/sys/class/misc/lazy_contig/pool_drop"
#define BUFINFO		"/sys/kernel/debug/dma_buf/bufinfo"
#define WAIT_SECONDS	240

int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

bool heap_pins(void)
{
	return getenv("LC_HEAP");
}

int heap_open(const char *name)
{
	char path[128];
	int fd;

	if (heap_pins() && !strcmp(name, HEAP))
		name = getenv("LC_HEAP");
	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %m", path);
	return fd;
}

int heap_alloc_raw(int heap, struct dma_heap_allocation_data *data)
{
	return call(heap, DMA_HEAP_IOCTL_ALLOC, data);
}

int heap_alloc(int heap, size_t len)
{
	struct dma_heap_allocation_data data = {
		.len = len,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = heap_alloc_raw(heap, &data);

	return err ?: (int)data.fd;
}

int buf_new(int heap, size_t len)
{
	int fd = heap_alloc(heap, len);

	if (fd < 0)
		bail("allocate %zu bytes: %s", len, strerror(-fd));
	return fd;
}

int control_open(void)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("%s: %m", CONTROL);
	return fd;
}

int buf_query(int buf, struct lazy_contig_query *q)
{
	int control = control_open(), err;

	*q = (struct lazy_contig_query){ .size = sizeof(*q), .fd = buf };
	err = call(control, LAZY_CONTIG_IOCTL_QUERY, q);
	close(control);
	return err;
}

uint64_t buf_phys(int buf)
{
	struct lazy_contig_query q;
	int err = buf_query(buf, &q);

	if (err || !(q.flags & LAZY_CONTIG_PHYS_VALID))
		bail("no physical address: %s", strerror(-err));
	return q.phys_addr;
}

unsigned char *buf_map(int buf, size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, buf, 0);

	if (mem == MAP_FAILED)
		bail("mmap %zu bytes: %m", len);
	return mem;
}

int buf_sync(int buf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return call(buf, DMA_BUF_IOCTL_SYNC, &sync);
}

bool buf_ready(int buf, short events)
{
	struct pollfd pfd = { .fd = buf, .events = events };

	return poll(&pfd, 1, 0) == 1;
}

static uint64_t pattern_word(uint64_t seed, size_t index)
{
	return (seed + index) * 0x9e3779b97f4a7c15ull | 1;
}

void pattern_fill(void *mem, size_t len, uint64_t seed)
{
	uint64_t *word = mem;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++)
		word[i] = pattern_word(seed, i);
}

bool pattern_holds(const void *mem, size_t len, uint64_t seed)
{
	const uint64_t *word = mem;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++) {
		if (word[i] == pattern_word(seed, i))
			continue;
		diag("byte %#zx: %#jx, not %#jx", i * sizeof(*word),
		     (uintmax_t)word[i], (uintmax_t)pattern_word(seed, i));
		return false;
	}
	return true;
}

bool all_zero(const void *mem, size_t len)
{
	const uint64_t *word = mem;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++) {
		if (!word[i])
			continue;
		diag("byte %#zx: %#jx, not 0", i * sizeof(*word),
		     (uintmax_t)word[i]);
		return false;
	}
	return true;
}

static int dirty(void *arg)
{
	size_t len = *(size_t *)arg;
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return 1;
	madvise(mem, len, MADV_HUGEPAGE);
	memset(mem, 0xa5, len);
	return 0;
}

void dirty_free_memory(void)
{
	/* leave some free, to avoid an OOM kill */
	size_t len = (size_t)free_kib() * 1024 / 4 * 3;

	if (in_child(dirty, &len))
		bail("cannot dirty %zu bytes", len);
}

int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		bail("/proc/self/fd: %m");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

bool kernel_since(int major, int minor)
{
	struct utsname name;
	int x, y;

	if (uname(&name) || sscanf(name.release, "%d.%d", &x, &y) != 2)
		bail("no release of the kernel");
	return x > major || (x == major && y >= minor);
}

FILE *text_open(const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		bail("%s: %m", path);
	return f;
}

void text_set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != len)
		bail("write \"%s\" to %s: %m", text, path);
	close(fd);
}

int dmabufs_live(void)
{
	char line[256];
	int n = -1;
	FILE *f;

	if (access(BUFINFO, R_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	f = text_open(BUFINFO);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Total %d objects", &n);
	fclose(f);
	if (n < 0)
		bail("%s has no total", BUFINFO);
	return n;
}

long vmstat(const char *name)
{
	FILE *f = text_open("/proc/vmstat");
	long value, found = -1;
	char field[64];

	while (fscanf(f, "%63s %ld", field, &value) == 2)
		if (!strcmp(field, name))
			found = value;
	fclose(f);
	if (found < 0)
		bail("/proc/vmstat has no %s", name);
	return found;
}

long meminfo_kib(const char *field)
{
	FILE *f = text_open("/proc/meminfo");
	size_t len = strlen(field);
	char line[256];
	long kib = -1;

	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, len) && line[len] == ':')
			kib = strtol(line + len + 1, NULL, 10);
	fclose(f);
	if (kib < 0)
		bail("/proc/meminfo has no %s", field);
	return kib;
}

void pool_drop(void)
{
	text_set(POOL_DROP, "1");
}

long free_kib(void)
{
	FILE *f = text_open("/proc/zoneinfo");
	long pages = 0, n;
	char line[256];

	pool_drop();

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " pages free %ld", &n) == 1 ||
		    sscanf(line, " count: %ld", &n) == 1)
			pages += n;
	fclose(f);
	return pages * (PAGE >> 10);
}

long watermarks_kib(void)
{
	FILE *f = text_open("/proc/zoneinfo");
	long pages = 0, n;
	char line[256];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " high %ld", &n) == 1)
			pages += n;
	fclose(f);
	return pages * (PAGE >> 10);
}

/* Counts the lines of buffers below System RAM; len 0: of any range. */
static int iomem_scan(uint64_t phys, size_t len)
{
	FILE *f = text_open("/proc/iomem");
	unsigned long long from, to;
	bool in_ram = false;
	char line[256];
	int n = 0;

	while (fgets(line, sizeof(line), f)) {
		if (line[0] != ' ')
			in_ram = strstr(line, " : System RAM");
		if (!in_ram || !strstr(line, " : " HEAP))
			continue;
		if (sscanf(line, " %llx-%llx", &from, &to) != 2)
			bail("strange line in /proc/iomem: %s", line);
		n += !len || (from == phys && to == phys + len - 1);
	}
	fclose(f);
	return n;
}

bool iomem_has(uint64_t phys, size_t len)
{
	return iomem_scan(phys, len) == 1;
}

int iomem_count(void)
{
	return iomem_scan(0, 0);
}

uint64_t ram_start(void)
{
	FILE *f = text_open("/proc/iomem");
	unsigned long long from = 0;
	char line[256];

	while (fgets(line, sizeof(line), f))
		if (strstr(line, " : System RAM")) {
			sscanf(line, "%llx", &from);
			break;
		}
	fclose(f);
	return from;
}

uint64_t low_end(void)
{
	uint64_t start = ram_start();

	/* elsewhere the kernel lies at the start */
	return start < MIB(1) ? MIB(16) - 1 : start + MIB(256) - 1;
}

bool debugfs_has(uint64_t phys, size_t len)
{
	FILE *f = text_open("/sys/kernel/debug/lazy_contig/buffers");
	unsigned long long from;
	char line[1024];
	size_t bytes;
	int n = 0;

	while (fgets(line, sizeof(line), f))
		n += sscanf(line, "%llx\t%zu\t", &from, &bytes) == 2 &&
		     from == phys && bytes == len;
	fclose(f);
	return n == 1;
}

void mark_set(struct mark *m)
{
	m->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (m->log < 0 || lseek(m->log, 0, SEEK_END) < 0)
		bail("/dev/kmsg: %m");
	m->fds = fds_open();
	m->dmabufs = dmabufs_live();
}

/* Of a page that the kernel describes: a line of a stack, its file, who allocated it. */
static bool log_describes_page(const char *line)
{
	return strstr(line, " [" HEAP "]") || strstr(line, " dentry name") ||
	       strstr(line, ";page last allocated");
}

/*
 * Of the module, or about this program: "name: ...", "name[pid]: ...". Not what the
 * kernel says of a page of either; a warning's stack fails the run by itself.
 */
static bool log_is_ours(const char *line)
{
	const char *text = strchr(line, ';') ?: line;
	size_t len = strlen(program_invocation_short_name);

	if (log_describes_page(line))
		return false;
	return strstr(line, HEAP) || strstr(line, "dma-buf") ||
	       strstr(line, "dma_heap") ||
	       (!strncmp(text + 1, program_invocation_short_name, len) &&
		strchr(":[ ", text[1 + len]));
}

static int log_new_lines(int log)
{
	char line[8192];
	ssize_t len;
	int n = 0;

	while ((len = read(log, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		if (!log_is_ours(line))
			continue;
		diag("kernel log: %.*s", (int)strcspn(line, "\n"), line);
		n++;
	}
	return n;
}

void mark_check(struct mark *m, const char *after)
{
	is(fds_open(), m->fds, "no file descriptor is left after %s", after);
	is(dmabufs_live(), m->dmabufs, "no dma-buf is left after %s", after);
	is(log_new_lines(m->log), 0, "the kernel log is silent after %s",
	   after);
	close(m->log);
}

unsigned char *room_new(size_t len)
{
	unsigned char *mem = mmap(NULL, len + HUGE_PAGE, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				  -1, 0);

	if (mem == MAP_FAILED)
		bail("mmap: %m");
	return mem + HUGE_PAGE - (uintptr_t)mem % HUGE_PAGE;
}

void *shared_new(size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		bail("mmap %zu shared bytes: %m", len);
	return mem;
}

/* Does nothing: that wait() returns is enough. */
static void alarmed(int sig)
{
	(void)sig;
}

int child_status(pid_t pid)
{
	struct sigaction act = { .sa_handler = alarmed };
	int status;

	sigaction(SIGALRM, &act, NULL);
	alarm(WAIT_SECONDS);
	if (waitpid(pid, &status, 0) < 0) {
		kill(pid, SIGKILL);
		bail("a child hung for %d s", WAIT_SECONDS);
	}
	alarm(0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int in_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %m");
	if (!pid)
		_exit(fn(arg));
	return child_status(pid);
}

bool becomes_true(bool (*fn)(void *arg), void *arg)
{
	const struct timespec tick = { .tv_nsec = 10000000 };
	time_t end = time(NULL) + WAIT_SECONDS;

	while (!fn(arg)) {
		if (time(NULL) > end)
			return false;
		nanosleep(&tick, NULL);
	}
	return true;
}
