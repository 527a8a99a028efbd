// SPDX-License-Identifier: GPL-2.0
/* lazy-contig keep: buffers that outlive their descriptors */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "live.h"

/* Return: an exit code. */
static int kept_failed(const char *what, __u64 addr, int err)
{
	if (err != -ENOENT)
		return fail(err, "cannot %s the buffer at %#llx", what, (unsigned long long)addr);
	fprintf(stderr, "lazy-contig: no kept buffer begins at %#llx\n",
		(unsigned long long)addr);
	return CODE_MISSING;
}

/* Parses ADDRESS, the first operand, and opens the control device. Return: an exit code. */
static int begin(const struct args *args, int *dev, __u64 *addr)
{
	int code = args_address(args, 0, addr);

	if (code)
		return code;
	*dev = control();
	return *dev < 0 ? fail_file(*dev, LAZY_CONTIG_DEVICE) : CODE_OK;
}

static int run_keep(const struct args *args)
{
	const char *word = args->operands[0];
	const char *best = word ? similar_command("keep ", word) : NULL;
	json_object *out;
	__u64 size;
	int fd, code;

	if (best)
		return usage_error(args->cmd, "unknown command '%s', did you mean '%s'?", word,
				   best);
	code = load_size(args, &size);
	if (!code)
		code = buffer_request(args, size, LAZY_CONTIG_KEEP, &fd);
	if (code)
		return code;
	out = json_object_new_object();
	describe(fd, out);
	code = show(args, fd, out);
	json_object_put(out);
	close(fd);
	return code;
}

static int run_list(const struct args *args)
{
	struct live live;
	int err;

	err = live_collect(&live);
	live_only_kept(&live, NULL);
	if (!err)
		live_print(&live, args->json);
	live_free(&live);
	return err ? fail_file(err, LIVE_BUFFERS) : CODE_OK;
}

static int run_show(const struct args *args)
{
	struct live live;
	__u64 addr;
	int err, code;

	code = args_address(args, 0, &addr);
	if (code)
		return code;
	err = live_collect(&live);
	live_only_kept(&live, &addr);
	if (err)
		code = fail_file(err, LIVE_BUFFERS);
	else if (!json_object_array_length(live.all))
		code = kept_failed("show", addr, -ENOENT);
	else if (args->json)
		print_object(json_object_array_get_idx(live.all, 0), true);
	else
		live_print_table(&live);
	live_free(&live);
	return code;
}

static int run_open(const struct args *args)
{
	json_object *out;
	int dev, fd, code;
	__u64 addr;

	if (args->no_free && !args->hold)
		return usage_error(args->cmd, "--no-free needs --hold");
	code = begin(args, &dev, &addr);
	if (code)
		return code;
	fd = args->no_free ? lazy_contig_kept_hold(dev, addr, O_RDWR | O_CLOEXEC)
			   : lazy_contig_kept_open(dev, addr, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return kept_failed("open", addr, fd);

	out = json_object_new_object();
	describe(fd, out);
	code = show(args, fd, out);
	json_object_put(out);
	close(fd);
	return code;
}

static int run_resize(const struct args *args)
{
	json_object *out;
	int dev, fd, err, code;
	__u64 addr, size;
	uint64_t at;

	code = args_size(args, 1, &size);
	if (!code)
		code = begin(args, &dev, &addr);
	if (code)
		return code;
	at = addr;
	err = lazy_contig_kept_resize(dev, &at, size);
	if (err)
		return kept_failed("resize", addr, err);
	fd = lazy_contig_kept_open(dev, at, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kept_failed("open", at, fd);

	out = json_object_new_object();
	describe(fd, out);
	print_object(out, args->json);
	json_object_put(out);
	close(fd);
	return CODE_OK;
}

static int run_free(const struct args *args)
{
	int dev, err, code;
	__u64 addr;

	code = begin(args, &dev, &addr);
	if (code)
		return code;
	err = lazy_contig_kept_free(dev, addr);
	return err ? kept_failed("free", addr, err) : CODE_OK;
}

const struct command cmd_keep = {
	.name = "keep",
	.usage = { "SIZE [OPTION]...", "--load FILE [SIZE] [OPTION]..." },
	.summary = "allocate a buffer that outlives the command",
	.help =
"Allocate a buffer that outlives the command, until 'lazy-contig keep free', and\n"
"print its location.",
	.notes = "'keep list' and the other commands of kept buffers have a --help of their own.",
	.options = {
		OPT_IOMEM_NAME, OPT_NODE, OPT_ALIGN, OPT_MIN_ADDR, OPT_MAX_ADDR, OPT_PINNABLE,
		OPT_CHECK, OPT_FILL, OPT_LOAD, OPT_HOLD, OPT_JSON
	},
	.max_operands = 1,
	.run = run_keep,
};

const struct command cmd_keep_list = {
	.name = "keep list",
	.usage = { "[OPTION]..." },
	.summary = "list the kept buffers",
	.help = "List the kept buffers, as 'lazy-contig list' does with all.",
	.options = { OPT_JSON },
	.run = run_list,
};

const struct command cmd_keep_show = {
	.name = "keep show",
	.usage = { "ADDRESS [OPTION]..." },
	.summary = "show a kept buffer and its users",
	.help = "Show the kept buffer at the physical address ADDRESS and its users.",
	.complete = "addresses",
	.options = { OPT_JSON },
	.min_operands = 1,
	.max_operands = 1,
	.run = run_show,
};

const struct command cmd_keep_open = {
	.name = "keep open",
	.usage = { "ADDRESS [OPTION]..." },
	.summary = "open a kept buffer; fill, load, check, save or hold it",
	.help =
"Open the kept buffer at the physical address ADDRESS and print its properties.",
	.complete = "addresses",
	.options = {
		OPT_CHECK, OPT_FILL, OPT_LOAD, OPT_SAVE, OPT_HOLD, OPT_NO_FREE, OPT_JSON
	},
	.min_operands = 1,
	.max_operands = 1,
	.run = run_open,
};

const struct command cmd_keep_resize = {
	.name = "keep resize",
	.usage = { "ADDRESS SIZE [OPTION]..." },
	.summary = "change the length of a kept buffer",
	.help = "Change the length of the kept buffer at the physical address ADDRESS.",
	.notes =
"Contents are preserved and added bytes are zero. The buffer may move: the output\n"
"has its new address. It must not be in use.",
	.complete = "addresses",
	.options = { OPT_JSON },
	.min_operands = 2,
	.max_operands = 2,
	.run = run_resize,
};

const struct command cmd_keep_free = {
	.name = "keep free",
	.usage = { "ADDRESS" },
	.summary = "free a kept buffer",
	.help = "Free the kept buffer at the physical address ADDRESS.",
	.notes =
"If the buffer is in use, its memory is returned when its last user is gone. It is\n"
"not freed while 'keep open --hold --no-free' holds it.",
	.complete = "addresses",
	.min_operands = 1,
	.max_operands = 1,
	.run = run_free,
};
