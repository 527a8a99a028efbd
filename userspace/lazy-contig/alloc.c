// SPDX-License-Identifier: GPL-2.0
/* lazy-contig alloc */
#include <unistd.h>

#include "cli.h"

static const char help[] =
"Usage: lazy-contig alloc SIZE [OPTION]...\n"
"Allocate a buffer, print its location, and free it.\n"
"\n"
"  --heap HEAP      heap to allocate from: a name in /dev/dma_heap or a path\n"
"                   (default: lazy_contig)\n"
"  --name NAME      debug name of the buffer, at most 31 bytes\n"
"  --check          check that every byte of the new buffer is zero and, with\n"
"                   --fill, that the pattern is read back\n"
"  --fill PATTERN   fill the buffer: 'zero', 'offset' (every 64-bit word is the\n"
"                   complement of its offset), or a byte from 0 to 255\n"
"  --hold           hold the buffer until SIGINT, SIGTERM or SIGHUP\n"
"  --json           print one JSON object\n"
"  --help           show this text\n"
"\n"
"SIZE is in bytes, or in KiB, MiB, GiB or TiB with the suffix K, M, G or T. It is\n"
"rounded up to the page size.\n";

static const struct option options[] = {
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "fill", required_argument, NULL, OPT_FILL },
	{ "heap", required_argument, NULL, OPT_HEAP },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "name", required_argument, NULL, OPT_NAME },
	{ }
};

static int fill_and_check(const struct args *args, int fd, json_object *out)
{
	int code = CODE_OK;

	if (args->check)
		code = contents_check(fd, &pattern_zero, out);
	if (!code && args->has_fill)
		code = contents_fill(fd, &args->fill);
	if (!code && args->has_fill && args->check)
		code = contents_check(fd, &args->fill, out);
	return code;
}

static int run(const struct args *args)
{
	json_object *out;
	__u64 size;
	double ms;
	char ms_text[32];
	int fd, code;

	code = args_size(args, 0, &size);
	if (code)
		return code;
	code = buffer_alloc(args, size, &fd, &ms);
	if (code)
		return code;

	out = json_object_new_object();
	describe(fd, out);
	snprintf(ms_text, sizeof(ms_text), "%.3f", ms);
	json_object_object_add(out, "alloc_ms", json_object_new_double_s(ms, ms_text));
	code = fill_and_check(args, fd, out);
	if (args->hold && !code) {
		add_u64(out, "pid", getpid());
		add_u64(out, "fd", fd);
		code = hold(out, args->json);
	} else {
		print_object(out, args->json);
	}
	json_object_put(out);
	close(fd);
	return code;
}

const struct command cmd_alloc = {
	.name = "alloc",
	.summary = "allocate a buffer; fill, check or hold it",
	.help = help,
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
