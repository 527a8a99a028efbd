// SPDX-License-Identifier: GPL-2.0
/* lazy-contig query */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "cli.h"

static const char help[] =
"Usage: lazy-contig query FD [OPTION]...\n"
"       lazy-contig query --pid PID [FD] [OPTION]...\n"
"Say where a buffer lies: its size, heap, physical address and NUMA node.\n"
"\n"
"Without --pid, FD is a descriptor that the caller left open for this command,\n"
"such as 3 in 'lazy-contig query 3 3<&5'. Without FD, all buffers of lazy_contig\n"
"that the process has descriptors of are shown.\n"
"\n"
"  --pid PID        ask about a descriptor of another process; this needs the\n"
"                   right to trace it\n"
"  --json           print one JSON object for each buffer\n"
"  --help           show this text\n"
"\n"
"The physical address is shown only to CAP_SYS_ADMIN.\n";

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
		return fail(err, "%s, run 'lazy-contig doctor'", LAZY_CONTIG_DEVICE);
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
	/* another exporter's, or closed by now */
	if (err && err != -EINVAL && err != -EBADF)
		all->code = query_failed(fd, err);
}

static int run(const struct args *args)
{
	struct query_all all = { .args = args };
	__u64 fd;
	int err;

	if (!args->count && !args->pid)
		return usage_error(args->cmd, "give FD, or --pid");
	if (!args->count) {
		err = visit_dmabuf_fds(args->pid, query_each, &all);
		return err ? fail(err, "process %d", args->pid) : all.code;
	}

	if (parse_number(args->operands[0], INT_MAX, &fd))
		return usage_error(args->cmd, "'%s' is no descriptor", args->operands[0]);
	err = query_one(args, fd);
	return err ? query_failed(fd, err) : CODE_OK;
}

const struct command cmd_query = {
	.name = "query",
	.summary = "say where a buffer lies",
	.help = help,
	.options = options,
	.max_operands = 1,
	.run = run,
};
