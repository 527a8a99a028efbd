// SPDX-License-Identifier: GPL-2.0
/* lazy-contig keep, open, resize and free */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const char keep_help[] =
"Usage: lazy-contig keep SIZE [OPTION]...\n"
"Allocate a buffer that outlives the command, until 'lazy-contig free', and print\n"
"its location.\n"
"\n"
"  --name NAME      name in /proc/iomem, at most 63 bytes (default: lazy_contig)\n"
"  --node NODE      NUMA node of the memory (default: any)\n"
"  --align SIZE     alignment of the physical address, a power of two\n"
"  --min-addr ADDR  minimum physical address of the first byte\n"
"  --max-addr ADDR  maximum physical address of the last byte\n"
"  --fill PATTERN   fill the buffer: 'zero', 'offset', or a byte from 0 to 255\n"
"  --json           print one JSON object\n"
"  --help           show this text\n";

static const char open_help[] =
"Usage: lazy-contig open ADDRESS [OPTION]...\n"
"Open the kept buffer at the physical address ADDRESS and print its properties.\n"
"\n"
"  --fill PATTERN   fill the buffer: 'zero', 'offset', or a byte from 0 to 255\n"
"  --check PATTERN  check the contents, before --fill\n"
"  --hold           hold a descriptor until SIGINT, SIGTERM or SIGHUP\n"
"  --json           print one JSON object\n"
"  --help           show this text\n";

static const char resize_help[] =
"Usage: lazy-contig resize ADDRESS SIZE [OPTION]...\n"
"Change the length of the kept buffer at the physical address ADDRESS.\n"
"\n"
"  --json           print one JSON object\n"
"  --help           show this text\n"
"\n"
"Contents are preserved and added bytes are zero. The buffer may move: the output\n"
"has its new address. It must not be in use.\n";

static const char free_help[] =
"Usage: lazy-contig free ADDRESS\n"
"Free the kept buffer at the physical address ADDRESS.\n"
"\n"
"  --help           show this text\n"
"\n"
"If the buffer is in use, its memory is returned when its last user is gone.\n";

static const struct option keep_options[] = {
	{ "align", required_argument, NULL, OPT_ALIGN },
	{ "fill", required_argument, NULL, OPT_FILL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "max-addr", required_argument, NULL, OPT_MAX_ADDR },
	{ "min-addr", required_argument, NULL, OPT_MIN_ADDR },
	{ "name", required_argument, NULL, OPT_IOMEM_NAME },
	{ "node", required_argument, NULL, OPT_NODE },
	{ }
};

static const struct option open_options[] = {
	{ "check", required_argument, NULL, OPT_CHECK },
	{ "fill", required_argument, NULL, OPT_FILL },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "json", no_argument, NULL, OPT_JSON },
	{ }
};

static const struct option resize_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ }
};

static const struct option free_options[] = {
	{ }
};

/* -ENOENT means that either the buffer or the device node does not exist. */
static int kept_failed(const char *what, __u64 addr, int err)
{
	if (err == -ENOENT && access(LAZY_CONTIG_DEVICE, F_OK))
		return fail_file(err, LAZY_CONTIG_DEVICE);
	if (err == -ENOENT) {
		fprintf(stderr, "lazy-contig: no kept buffer begins at %#llx\n",
			(unsigned long long)addr);
		return CODE_MISSING;
	}
	return fail(err, "cannot %s the buffer at %#llx", what, (unsigned long long)addr);
}

/* Allocates a kept buffer with the constraints in @args. Return: an exit code. */
int keep_buffer(const struct args *args, __u64 size, int *fd)
{
	struct lazy_contig_allocation request = {
		.flags = LAZY_CONTIG_KEEP,
		.len = size,
		.align = args->align,
		.min_addr = args->min_addr,
		.max_addr = args->max_addr,
		.node = args->node,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	char text[32];

	if (args->name)
		memcpy(request.name, args->name, strlen(args->name));
	*fd = lazy_contig_request(&request, sizeof(request));
	if (*fd >= 0)
		return CODE_OK;
	if (*fd == -ENOENT)
		return fail_file(*fd, LAZY_CONTIG_DEVICE);
	format_size(size, text, sizeof(text));
	return fail(*fd, "cannot allocate a kept buffer of %s", text);
}

static int run_keep(const struct args *args)
{
	json_object *out;
	__u64 size;
	int fd, code;

	code = args_size(args, 0, &size);
	if (!code)
		code = keep_buffer(args, size, &fd);
	if (code)
		return code;
	if (args->has_fill)
		code = contents_fill(fd, &args->fill);
	out = json_object_new_object();
	describe(fd, out);
	print_object(out, args->json);
	json_object_put(out);
	close(fd);
	return code;
}

static int run_open(const struct args *args)
{
	json_object *out;
	int fd, code;
	__u64 addr;

	code = args_address(args, 0, &addr);
	if (code)
		return code;
	fd = lazy_contig_open(addr, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return kept_failed("open", addr, fd);

	out = json_object_new_object();
	describe(fd, out);
	if (args->check)
		code = contents_check(fd, &args->expect, out);
	if (!code && args->has_fill)
		code = contents_fill(fd, &args->fill);
	if (!code && args->hold)
		code = hold(out, args->json);
	else
		print_object(out, args->json);
	json_object_put(out);
	close(fd);
	return code;
}

static int run_resize(const struct args *args)
{
	json_object *out;
	int fd, err, code;
	__u64 addr, size;

	code = args_address(args, 0, &addr);
	if (!code)
		code = args_size(args, 1, &size);
	if (code)
		return code;
	err = lazy_contig_resize(&addr, size);
	if (err)
		return kept_failed("resize", addr, err);
	fd = lazy_contig_open(addr, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kept_failed("open", addr, fd);

	out = json_object_new_object();
	describe(fd, out);
	print_object(out, args->json);
	json_object_put(out);
	close(fd);
	return CODE_OK;
}

static int run_free(const struct args *args)
{
	__u64 addr;
	int err, code;

	code = args_address(args, 0, &addr);
	if (code)
		return code;
	err = lazy_contig_free(addr);
	return err ? kept_failed("free", addr, err) : CODE_OK;
}

const struct command cmd_keep = {
	.name = "keep",
	.summary = "allocate a buffer that outlives the command",
	.help = keep_help,
	.options = keep_options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run_keep,
};

const struct command cmd_open = {
	.name = "open",
	.summary = "show, fill, check or hold a kept buffer",
	.help = open_help,
	.options = open_options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run_open,
};

const struct command cmd_resize = {
	.name = "resize",
	.summary = "change the length of a kept buffer",
	.help = resize_help,
	.options = resize_options,
	.min_operands = 2,
	.max_operands = 2,
	.run = run_resize,
};

const struct command cmd_free = {
	.name = "free",
	.summary = "free a kept buffer",
	.help = free_help,
	.options = free_options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run_free,
};
