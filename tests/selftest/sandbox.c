// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: security: no physical address without CAP_SYS_ADMIN: ioctl, sysfs, debugfs,
 *   /proc, the command's output
 * Promise: security: names, keeping and addresses need CAP_SYS_ADMIN of the initial user
 *   namespace
 *
 * For a user, root without that capability, root of a user namespace and of a container,
 * to all of whom root has given the nodes: each of them gets buffers.
 */
#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include "kept_calls.h"

#define NOBODY	65534
#define NAMESPACES	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | \
			 CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

#define BUFFERS		4
#define LEN		MIB(2)	/* from this on there is a line in /proc/iomem */

static int heap, control, bufs[BUFFERS];
static uint64_t kept;
static char needles[BUFFERS][4][24];

/* Neither now nor after exec(). */
static bool drop_caps(uint64_t caps)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	unsigned int i;

	for (i = 0; i <= CAP_LAST_CAP; i++)
		if (caps & 1ull << i && prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
			return false;
	if (syscall(SYS_capget, &head, data))
		return false;
	for (i = 0; i < 2; i++) {
		data[i].effective &= ~(caps >> 32 * i);
		data[i].permitted &= ~(caps >> 32 * i);
		data[i].inheritable &= ~(caps >> 32 * i);
	}
	return !syscall(SYS_capset, &head, data);
}

static bool become_nobody(void)
{
	return !setresgid(NOBODY, NOBODY, NOBODY) &&
	       !setresuid(NOBODY, NOBODY, NOBODY);
}

static bool no_sys_admin(void)
{
	return drop_caps(1ull << CAP_SYS_ADMIN);
}

static bool text_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static bool user_namespace(void)
{
	return !unshare(CLONE_NEWUSER) &&
	       text_write("/proc/self/uid_map", "0 0 1");
}

/* As its runtime would leave it: an own root, without any capability. */
static bool container(void)
{
	pid_t pid;
	int status;

	if (unshare(NAMESPACES) || !text_write("/proc/self/uid_map", "0 0 1"))
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (pid) {
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 255);
	}
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && drop_caps(~0ull);
}

static void needles_set(char needle[4][24], long long phys)
{
	snprintf(needle[0], sizeof(needle[0]), "%llx", phys);
	snprintf(needle[1], sizeof(needle[1]), "%llx", phys / PAGE);
	snprintf(needle[2], sizeof(needle[2]), "%llu", phys);
	snprintf(needle[3], sizeof(needle[3]), "%llu", phys / PAGE);
}

/* Is a word the address of a buffer or its page frame, in hex or decimal? */
static bool is_place(const char *word, char needle[4][24])
{
	size_t i;

	if (!strncmp(word, "0x", 2))
		word += 2;
	word += strspn(word, "0");
	for (i = 0; i < 4; i++)
		if (!strcmp(word, needle[i]))
			return true;
	return false;
}

/* Which buffers' places are in it? */
static void look_into(FILE *f, bool found[BUFFERS])
{
	char word[64];
	size_t at, b;
	int c = 0;

	while (c != EOF) {
		for (at = 0; isalnum(c = getc(f)); at++)
			if (at < sizeof(word) - 1)
				word[at] = c;
		word[at < sizeof(word) ? at : sizeof(word) - 1] = 0;
		for (b = 0; at && b < BUFFERS; b++)
			found[b] = found[b] || is_place(word, needles[b]);
	}
}

/* One of them can be anywhere by accident; what tells tells all. */
static int tells(const bool found[BUFFERS], const char *where)
{
	size_t b;

	for (b = 0; b < BUFFERS; b++)
		if (!found[b])
			return 0;
	diag("%s tells where the buffers are", where);
	return 1;
}

static void look_into_file(const char *path, bool found[BUFFERS])
{
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	look_into(f, found);
	fclose(f);
}

static int file_tells(const char *path)
{
	bool found[BUFFERS] = { false };

	look_into_file(path, found);
	return tells(found, path);
}

static int folder_tells(const char *path)
{
	bool found[BUFFERS] = { false };
	DIR *dir = opendir(path);
	struct dirent *entry;
	char file[512];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_REG)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		look_into_file(file, found);
	}
	if (dir)
		closedir(dir);
	return tells(found, path);
}

/* What the command prints, errors too; stat and explain print the files above. */
static int command_tells(const char *what)
{
	bool found[BUFFERS] = { false };
	char line[128];
	FILE *f;

	snprintf(line, sizeof(line), "lazy-contig %s 2>&1", what);
	f = popen(line, "re");
	if (!f)
		bail("%s: %m", line);
	look_into(f, found);
	pclose(f);
	return tells(found, line);
}

/* How many places tell. */
static int places_that_tell(void)
{
	unsigned char *mem[BUFFERS];
	int b, n;

	for (b = 0; b < BUFFERS; b++) {
		mem[b] = buf_map(bufs[b], LEN);
		mem[b][0] = 1;
	}
	n = folder_tells("/sys/class/misc/lazy_contig") +
	    folder_tells("/sys/module/lazy_contig/parameters") +
	    folder_tells("/sys/kernel/debug/lazy_contig") +
	    folder_tells("/proc/self/fdinfo") +
	    file_tells("/sys/kernel/debug/dma_buf/bufinfo") +
	    file_tells("/proc/iomem") + file_tells("/proc/self/smaps") +
	    command_tells("list") + command_tells("keep free 0x1000");
	while (b)
		munmap(mem[--b], LEN);
	return n;
}

static int alloc(unsigned int flags, const char *name, uint64_t *phys)
{
	struct lazy_contig_allocation a = kept_request(PAGE, name);
	int fd;

	a.flags = flags;
	a.phys_addr = ~0ull;
	fd = kept_alloc(control, &a);
	*phys = a.phys_addr;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* What may be done and what not: 0, or the number of what was wrong. */
static int check_calls(void)
{
	struct lazy_contig_query q = { .size = sizeof(q), .fd = bufs[0] };
	uint64_t phys = kept;
	int own;

	own = heap_alloc(heap, MIB(1));
	if (own < 0 || buf_sync(own, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ||
	    !all_zero(buf_map(own, MIB(1)), MIB(1)))
		return 2;
	if (call(control, LAZY_CONTIG_IOCTL_QUERY, &q) || q.len != LEN ||
	    q.phys_addr || q.flags & LAZY_CONTIG_PHYS_VALID)
		return 3;
	if (alloc(0, "", &phys) || phys)
		return 4;
	if (alloc(LAZY_CONTIG_KEEP, "", &phys) != -EPERM)
		return 5;
	if (alloc(0, "a name", &phys) != -EPERM)
		return 6;
	phys = kept;
	if (kept_open(control, kept, NULL) != -EPERM ||
	    kept_resize(control, &phys, PAGE) != -EPERM ||
	    kept_free(control, kept) != -EPERM)
		return 7;
	/* no difference between an address and none */
	if (kept_open(control, 0, NULL) != -EPERM ||
	    kept_free(control, kept + PAGE) != -EPERM)
		return 8;
	return 0;
}

static int in_role(void *arg)
{
	bool (*become)(void) = arg;

	if (!become())
		return 1;
	return check_calls() ?: places_that_tell() ? 100 : 0;
}

static void test_role(bool (*become)(void), const char *who)
{
	is(in_child(in_role, become), 0, "%s gets buffers, but no address", who);
	is(kept_zero(control, kept, 0, PAGE), true, "and does nothing to others'");
}

static int reads(void *arg)
{
	int fd = become_nobody() ? open(arg, O_RDONLY | O_CLOEXEC) : -1;

	return fd < 0 ? errno : 0;
}

/* Of the kernel's own rules, those that are relied on. */
static void test_modes(void)
{
	static const char * const files[] = {
		"/sys/kernel/tracing/events/lazy_contig", "/sys/kernel/tracing/trace",
		"/sys/kernel/debug/lazy_contig/buffers",
		"/sys/class/misc/lazy_contig/pool_drop",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		is(in_child(reads, (void *)files[i]), EACCES,
		   "a user cannot read %s", files[i]);
}

int main(void)
{
	struct mark mark;
	int b;

	heap = heap_open(HEAP);
	control = control_open();
	/* what is kept is in the log, by its name */
	kept = kept_new(control, PAGE, "sandbox");
	mark_set(&mark);
	for (b = 0; b < BUFFERS; b++) {
		bufs[b] = buf_new(heap, LEN);
		needles_set(needles[b], buf_phys(bufs[b]));
	}
	ok(places_that_tell() > 1, "root is told where the buffers are");
	test_role(become_nobody, "a user");
	test_role(no_sys_admin, "root without CAP_SYS_ADMIN");
	test_role(user_namespace, "root of a user namespace");
	test_role(container, "root of a container");
	test_modes();
	is(kept_free(control, kept), 0, "the kept buffer is still there");
	while (b)
		close(bufs[--b]);
	mark_check(&mark, "all of it");
	close(control);
	close(heap);
	return tap_done();
}
