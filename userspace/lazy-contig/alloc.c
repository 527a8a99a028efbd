// SPDX-License-Identifier: GPL-2.0
/* lazy-contig alloc */
#include <time.h>
#include <unistd.h>

#include "cli.h"

double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void add_ms(json_object *out, const char *key, double ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", ms);
	json_object_object_add(out, key, json_object_new_double_s(ms, text));
}

static int run(const struct args *args)
{
	json_object *out;
	double start;
	__u64 size;
	int fd, code;

	if (args->heap && args_placed(args))
		return usage_error(args->cmd,
				   "--heap excludes --node, --align, --min-addr, --max-addr and --pinnable");
	code = load_size(args, &size);
	if (code)
		return code;
	start = milliseconds();
	code = args_placed(args) ? buffer_request(args, size, 0, &fd)
				 : buffer_alloc(args->heap, size, &fd);
	if (code)
		return code;

	out = json_object_new_object();
	add_ms(out, "alloc_ms", milliseconds() - start);
	code = buffer_name(fd, args->name);
	describe(fd, out);
	if (args->hold) {
		add_u64(out, "pid", getpid());
		add_u64(out, "fd", fd);
	}
	if (!code)
		code = show(args, fd, out);
	json_object_put(out);
	close(fd);
	return code;
}

const struct command cmd_alloc = {
	.name = "alloc",
	.usage = { "SIZE [OPTION]...", "--load FILE [SIZE] [OPTION]..." },
	.summary = "allocate a buffer; fill, load, check or hold it",
	.help = "Allocate a buffer, print its location, and free it.",
	.notes =
"SIZE is in bytes, or in KiB, MiB, GiB or TiB with the suffix K, M, G or T. It is\n"
"rounded up to the page size; without it, it is that of the file of --load. PATTERN is\n"
"'zero', 'offset' (every 64-bit word is the complement of its offset), or a byte from 0\n"
"to 255. With --node, --align, --min-addr, --max-addr or --pinnable, the buffer is\n"
"allocated from /dev/lazy_contig instead of a heap.",
	.options = {
		OPT_HEAP, OPT_NODE, OPT_ALIGN, OPT_MIN_ADDR, OPT_MAX_ADDR, OPT_PINNABLE, OPT_NAME,
		OPT_CHECK, OPT_FILL, OPT_LOAD, OPT_HOLD, OPT_JSON
	},
	.max_operands = 1,
	.run = run,
};
