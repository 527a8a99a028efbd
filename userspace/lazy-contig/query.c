// SPDX-License-Identifier: GPL-2.0
/* lazy-contig query */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "cli.h"

/* Describes a descriptor, of another process if args->pid is set. Return: 0 or -errno. */
static int describe_one(const struct args *args, int fd, json_object *out)
{
	int err, own = args->pid ? borrow_fd(args->pid, fd) : fd;

	add_u64(out, "fd", fd);
	err = own < 0 ? own : describe(own, out);
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

static int query_one(const struct args *args, int fd)
{
	json_object *out = json_object_new_object();
	int err;

	if (args->pid)
		add_u64(out, "pid", args->pid);
	err = describe_one(args, fd, out);
	if (!err)
		print_object(out, args->json);
	json_object_put(out);
	return err ? query_failed(fd, err) : CODE_OK;
}

struct query_all {
	const struct args *args;
	json_object *buffers;
	int code;
};

static void query_each(int pid, int fd, void *data)
{
	struct query_all *all = data;
	json_object *out = json_object_new_object();
	int err;

	(void)pid;
	err = describe_one(all->args, fd, out);
	if (!err)
		json_object_array_add(all->buffers, json_object_get(out));
	/* -EINVAL: another exporter; -EBADF: closed in the meantime */
	else if (err != -EINVAL && err != -EBADF)
		all->code = query_failed(fd, err);
	json_object_put(out);
}

static void print_all(const struct query_all *all)
{
	json_object *out;
	size_t i;

	if (!all->args->json) {
		for (i = 0; i < json_object_array_length(all->buffers); i++) {
			if (i)
				putchar('\n');
			print_object(json_object_array_get_idx(all->buffers, i), false);
		}
		return;
	}
	out = json_object_new_object();
	add_u64(out, "pid", all->args->pid);
	json_object_object_add(out, "buffers", json_object_get(all->buffers));
	print_object(out, true);
	json_object_put(out);
}

static int query_process(const struct args *args)
{
	struct query_all all = { .args = args, .buffers = json_object_new_array() };
	int err;

	err = visit_dmabuf_fds(args->pid, query_each, &all);
	if (err)
		all.code = fail(err, "process %d", args->pid);
	else
		print_all(&all);
	json_object_put(all.buffers);
	return all.code;
}

static int run(const struct args *args)
{
	__u64 fd;

	if (!args->count && !args->pid)
		return usage_error(args->cmd, "missing FD or --pid");
	if (!args->count)
		return query_process(args);
	if (parse_number(args->operands[0], INT_MAX, &fd))
		return usage_error(args->cmd, "FD: invalid number '%s'", args->operands[0]);
	return query_one(args, fd);
}

const struct command cmd_query = {
	.name = "query",
	.usage = { "FD [OPTION]...", "--pid PID [FD] [OPTION]..." },
	.summary = "print the location of a buffer",
	.help =
"Print size, heap, physical address and NUMA node of a buffer.\n"
"\n"
"Without --pid, FD is a descriptor inherited from the caller, such as 3 in\n"
"'lazy-contig query 3 3<&5'. With --pid and without FD, all buffers of lazy_contig\n"
"are printed that the process has open.",
	.notes = "The physical address is printed only with CAP_SYS_ADMIN.",
	.options = { OPT_PID, OPT_JSON },
	.max_operands = 1,
	.run = run,
};
