// SPDX-License-Identifier: GPL-2.0
/* lazy-contig query */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "cli.h"

static const char help[] =
"Usage: lazy-contig query FD [OPTION]...\n"
"       lazy-contig query --pid PID [FD] [OPTION]...\n"
"Print size, heap, physical address and NUMA node of a buffer.\n"
"\n"
"Without --pid, FD is a descriptor inherited from the caller, such as 3 in\n"
"'lazy-contig query 3 3<&5'. With --pid and without FD, all buffers of lazy_contig\n"
"are printed that the process has open.\n"
"\n"
"  --pid PID        query a descriptor of another process; needs permission to\n"
"                   trace it, see ptrace(2)\n"
"  --json           print one JSON object for each buffer\n"
"  --help           show this text\n"
"\n"
"The physical address is printed only with CAP_SYS_ADMIN.\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "pid", required_argument, NULL, OPT_PID },
	{ }
};

static int query_one(const struct args *args, int fd)
{
	json_object *out = json_object_new_object();
	int err, own = fd;

	if (args->pid) {
		own = borrow_fd(args->pid, fd);
		add_u64(out, "pid", args->pid);
	}
	add_u64(out, "fd", fd);
	err = own < 0 ? own : describe(own, out);
	if (!err)
		print_object(out, args->json);
	json_object_put(out);
	if (args->pid && own >= 0)
		close(own);
	return err;
}

static int query_failed(int fd, int err)
{
	switch (err) {
	case -EBADF:
		return fail(err, "descriptor %d", fd);
	case -ENOTTY:
		fprintf(stderr, "lazy-contig: descriptor %d is not a dma-buf\n", fd);
		return CODE_FAILED;
	case -EINVAL:
		fprintf(stderr, "lazy-contig: descriptor %d is not a buffer of lazy_contig\n", fd);
		return CODE_FAILED;
	case -ENOENT:
		return fail_file(err, LAZY_CONTIG_DEVICE);
	default:
		return fail(err, "cannot query descriptor %d", fd);
	}
}

struct query_all {
	const struct args *args;
	int code;
};

static void query_each(int pid, int fd, void *data)
{
	struct query_all *all = data;
	struct lazy_contig_query info;
	int err;

	err = query_of(pid, fd, &info);
	if (!err)
		err = query_one(all->args, fd);
	/* -EINVAL: another exporter; -EBADF: closed in the meantime */
	if (err && err != -EINVAL && err != -EBADF)
		all->code = query_failed(fd, err);
}

static int run(const struct args *args)
{
	struct query_all all = { .args = args };
	__u64 fd;
	int err;

	if (!args->count && !args->pid)
		return usage_error(args->cmd, "missing FD or --pid");
	if (!args->count) {
		err = visit_dmabuf_fds(args->pid, query_each, &all);
		return err ? fail(err, "process %d", args->pid) : all.code;
	}

	if (parse_number(args->operands[0], INT_MAX, &fd))
		return usage_error(args->cmd, "invalid descriptor '%s'", args->operands[0]);
	err = query_one(args, fd);
	return err ? query_failed(fd, err) : CODE_OK;
}

const struct command cmd_query = {
	.name = "query",
	.summary = "print the location of a buffer",
	.help = help,
	.options = options,
	.max_operands = 1,
	.run = run,
};
