// SPDX-License-Identifier: GPL-2.0
/* lazy-contig list */
#include <errno.h>
#include <unistd.h>

#include "live.h"

/* Says on standard error what the list lacks. */
static void report_incomplete(int err)
{
	char size[32], text[32];
	__u64 bytes;

	fprintf(stderr, "lazy-contig: %s",
		err == -EACCES ? "only buffers of your own processes are listed (be root)" :
		"debugfs is not mounted, buffers without an open descriptor are missing");
	if (!sysfs_read("live_bytes", text, sizeof(text)) &&
	    !parse_number(text, UINT64_MAX, &bytes)) {
		format_size(bytes, size, sizeof(size));
		fprintf(stderr, "; all buffers together have %s", size);
	}
	fputc('\n', stderr);
}

static int run(const struct args *args)
{
	struct live live;
	int err;

	if (access(MODULE_SYSFS, F_OK))
		return fail_file(-ENOENT, MODULE_SYSFS);

	err = live_collect(&live);
	live_print(&live, args->json);
	if (err)
		report_incomplete(err);
	live_free(&live);
	return CODE_OK;
}

const struct command cmd_list = {
	.name = "list",
	.usage = { "[OPTION]..." },
	.summary = "list the live buffers and the processes that use them",
	.help =
"List all live buffers of lazy_contig and the processes that use them, the largest\n"
"first, and their number and total size.",
	.notes =
"Without root privileges, only the buffers of the user's own processes are listed,\n"
"and a message says so.",
	.options = { OPT_JSON },
	.run = run,
};
