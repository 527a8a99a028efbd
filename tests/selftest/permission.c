// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: security: only root may open the nodes by default
 * Promise: security: no physical address without CAP_SYS_ADMIN: ioctl, sysfs, debugfs,
 *   /proc, the command's output
 * Promise: security: nor can one be found by requests with bounds or large alignments
 * Promise: security: a user learns nothing of the requests of others
 * Promise: security: a call that may do without the address leaves no record of a missing
 *   capability in the audit log
 */
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include "helpers.h"
#include "tracing.h"

#define NOBODY	65534

struct held {
	int control;
	int buf;
};

/* What a child's exit status says of QUERY. */
enum {
	HIDDEN,
	SHOWN,
	FAILED,
};

static int query_status(int control, int buf)
{
	struct lazy_contig_query q = { .size = sizeof(q), .fd = buf };

	if (control < 0 || call(control, LAZY_CONTIG_IOCTL_QUERY, &q) ||
	    q.len != MIB(1) || q.node < 0)
		return FAILED;
	if (q.flags & LAZY_CONTIG_PHYS_VALID)
		return q.phys_addr ? SHOWN : FAILED;
	return q.phys_addr ? FAILED : HIDDEN;
}

/* With a node that was opened before, and with one opened now. */
static int query_both(const struct held *held)
{
	int before = query_status(held->control, held->buf);
	int control = open(CONTROL, O_RDONLY | O_CLOEXEC);

	if (query_status(control, held->buf) != before)
		return FAILED;
	return before;
}

static bool drop_sys_admin(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	const unsigned int bit = 1u << CAP_SYS_ADMIN;

	if (syscall(SYS_capget, &head, data))
		return false;
	data[0].effective &= ~bit;
	data[0].permitted &= ~bit;
	data[0].inheritable &= ~bit;
	return !syscall(SYS_capset, &head, data);
}

static bool become_nobody(void)
{
	return !setresgid(NOBODY, NOBODY, NOBODY) &&
	       !setresuid(NOBODY, NOBODY, NOBODY);
}

static int as_root(void *arg)
{
	return query_both(arg);
}

static int without_cap(void *arg)
{
	return drop_sys_admin() ? query_both(arg) : FAILED;
}

/* All capabilities, but only in a namespace of one's own. */
static int in_user_ns(void *arg)
{
	return unshare(CLONE_NEWUSER) ? FAILED : query_both(arg);
}

static int as_nobody(void *arg)
{
	const struct held *held = arg;

	return become_nobody() ? query_status(held->control, held->buf) :
				 FAILED;
}

static void test_query(int heap)
{
	struct held held = {
		.control = control_open(),
		.buf = buf_new(heap, MIB(1)),
	};

	is(in_child(as_root, &held), SHOWN, "root sees the address");
	is(in_child(without_cap, &held), HIDDEN,
	   "root without CAP_SYS_ADMIN does not");
	is(in_child(in_user_ns, &held), HIDDEN,
	   "nor root of a user namespace");
	is(in_child(as_nobody, &held), HIDDEN,
	   "nor a user to whom root has passed the control device");
	close(held.buf);
	close(held.control);
}

static int reads_failure(void *arg)
{
	(void)arg;
	if (!become_nobody())
		return 255;
	return open("/sys/class/misc/lazy_contig/last_failure", O_RDONLY) < 0 ?
	       errno : 0;
}

#define EVENT		"events/kprobes/lc_capable/"
#define NOAUDIT		2 /* CAP_OPT_NOAUDIT */

/* How often CAP_SYS_ADMIN was asked for with, or without, this option. */
static int capable_calls(bool noaudit)
{
	FILE *f = text_open(TRACING "trace");
	unsigned int cap, opts;
	char line[512], *at;
	int n = 0;

	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, "cap=");
		n += at && sscanf(at, "cap=%u opts=%u", &cap, &opts) == 2 &&
		     cap == CAP_SYS_ADMIN && !!(opts & NOAUDIT) == noaudit;
	}
	fclose(f);
	return n;
}

/* The calls of one process, whose thread id the events are filtered by. */
static int asks_for_address(void *arg)
{
	struct lazy_contig_allocation alloc = { .size = sizeof(alloc), .len = PAGE,
					   .node = -1 };
	const struct held *held = arg;
	char filter[64];

	snprintf(filter, sizeof(filter), "common_pid == %d", getpid());
	tracing_write(EVENT "filter", filter);
	if (!become_nobody())
		return FAILED;
	if (call(held->control, LAZY_CONTIG_IOCTL_ALLOC, &alloc))
		return FAILED;
	return alloc.phys_addr ? SHOWN : query_status(held->control, held->buf);
}

static void test_audit(int heap)
{
	struct held held = {
		.control = control_open(),
		.buf = buf_new(heap, MIB(1)),
	};

	tracing_write("kprobe_events",
		      "p:lc_capable security_capable cap=$arg3:u32 opts=$arg4:u32\n");
	tracing_write(EVENT "enable", "1");
	is(in_child(asks_for_address, &held), HIDDEN, "ALLOC and QUERY by a user");
	tracing_write(EVENT "enable", "0");
	ok(capable_calls(true) >= 2, "ask for the capability quietly");
	is(capable_calls(false), 0, "and never with a record in the audit log");
	tracing_write("kprobe_events", "-:lc_capable\n");
	close(held.buf);
	close(held.control);
}

struct bounds {
	int control;
	uint64_t len, align, min_addr, max_addr;
};

/* 0 or the positive errno. */
static int alloc_within(void *arg)
{
	const struct bounds *b = arg;
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc), .len = b->len, .align = b->align,
		.min_addr = b->min_addr, .max_addr = b->max_addr, .node = -1,
	};
	int err = call(b->control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);

	if (!err)
		close(alloc.fd);
	return -err;
}

static int alloc_as_nobody(void *arg)
{
	return become_nobody() ? alloc_within(arg) : 255;
}

static int alloc_without_cap(void *arg)
{
	return drop_sys_admin() ? alloc_within(arg) : 255;
}

/* Of two places next to each other one is not at a power of two. */
static struct bounds free_place(int heap, int control)
{
	struct bounds b = { .control = control, .len = HUGE_PAGE };
	int buf[2] = { buf_new(heap, b.len), buf_new(heap, b.len) };
	int n;

	for (n = 0; n < 2; n++) {
		b.min_addr = buf_phys(buf[n]);
		if (b.min_addr & (b.min_addr - 1))
			break;
	}
	b.max_addr = b.min_addr + b.len - 1;
	close(buf[0]);
	close(buf[1]);
	return b;
}

static void test_bounds(int heap)
{
	int control = control_open();
	struct bounds b = free_place(heap, control);

	is(in_child(alloc_within, &b), 0, "root has a buffer at an address");
	is(in_child(alloc_as_nobody, &b), ENOMEM,
	   "a user cannot find out that it is there");
	is(in_child(alloc_without_cap, &b), ENOMEM,
	   "nor can root without CAP_SYS_ADMIN");
	b.min_addr = 0;
	b.max_addr = UINT32_MAX;
	is(in_child(alloc_as_nobody, &b), 0, "a user has one below 4 GiB");
	b.align = HUGE_PAGE;
	is(in_child(alloc_as_nobody, &b), 0, "and aligned for huge pages");
	b.align *= 2;
	is(in_child(alloc_as_nobody, &b), EPERM, "but not more");
	is(in_child(alloc_within, &b), 0, "as root has");
	close(control);
}

static int nobody_opens(void *path)
{
	if (!become_nobody())
		return 255;
	return open(path, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

/* What root opened and passed on can be used. */
static int nobody_allocates(void *arg)
{
	int buf;

	if (!become_nobody())
		return 255;
	buf = heap_alloc(*(int *)arg, MIB(1));
	return buf < 0 ? -buf : 0;
}

static void test_nodes(int heap)
{
	static const char * const nodes[] = { CONTROL,
		"/dev/dma_heap/" HEAP, "/dev/dma_heap/" HEAP_DMA32 };
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		is(stat(nodes[i], &st), 0, "%s is there", nodes[i]);
		is(st.st_mode, S_IFCHR | 0600, "for its owner only");
		ok(!st.st_uid && !st.st_gid, "which is root");
		is(in_child(nobody_opens, (void *)nodes[i]), EACCES,
		   "a user cannot open it");
	}
	is(in_child(nobody_allocates, &heap), 0,
	   "a user can allocate from a heap that root has opened for it");
}

/* Exit status: 0 if no address is shown, 1 if one is, 2 without our line. */
static int reads_iomem(void)
{
	FILE *f = fopen("/proc/iomem", "re");
	unsigned long long from, to;
	bool shown = false, ours = false;
	char line[256];

	if (!f)
		return errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %llx-%llx", &from, &to) == 2)
			shown |= from || to;
		ours |= strstr(line, " : " HEAP) != NULL;
	}
	fclose(f);
	return ours ? shown : 2;
}

static int iomem_without_cap(void *arg)
{
	(void)arg;
	return drop_sys_admin() ? reads_iomem() : 255;
}

static int iomem_as_nobody(void *arg)
{
	(void)arg;
	return become_nobody() ? reads_iomem() : 255;
}

static int iomem_in_user_ns(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER) ? 255 : reads_iomem();
}

static void test_iomem(int heap)
{
	/* with a line of its own */
	int buf = buf_new(heap, HUGE_PAGE);

	is(in_child(iomem_as_nobody, NULL), 0,
	   "/proc/iomem shows a user no address");
	is(in_child(iomem_without_cap, NULL), 0,
	   "nor root without CAP_SYS_ADMIN");
	is(in_child(iomem_in_user_ns, NULL), 0,
	   "nor in a user namespace");
	close(buf);
}

int main(void)
{
	int heap = heap_open(HEAP);
	struct mark mark;

	mark_set(&mark);
	test_nodes(heap);
	test_query(heap);
	test_bounds(heap);
	if (access(TRACING "kprobe_events", F_OK))
		skip("calls for a capability: this kernel has no kprobe events");
	else
		test_audit(heap);
	is(in_child(reads_failure, NULL), EACCES,
	   "a user cannot read what request of another user failed");
	test_iomem(heap);
	mark_check(&mark, "all of it");
	close(heap);
	return tap_done();
}
