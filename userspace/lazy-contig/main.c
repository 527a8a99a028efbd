// SPDX-License-Identifier: GPL-2.0
/* lazy-contig: allocate, inspect and pass physically contiguous dma-bufs. */
#include <errno.h>
#include <string.h>

#include "cli.h"

/* @family: the first word of a command of two, with a blank, or "" */
static int unknown_command(const char *family, const char *word)
{
	const char *best = similar_command(family, word);

	if (*word == '-')
		return usage_error(NULL, "'%s' comes before a command, options come after it",
				   word);
	if (best)
		return usage_error(NULL, "unknown command '%s%s', did you mean '%s'?", family, word,
				   best);
	return usage_error(NULL, "unknown command '%s%s'", family, word);
}

static int run_help(const char * const *words, int count)
{
	const struct command *cmd;
	char family[64];
	int used;

	if (!count) {
		print_help();
		return CODE_OK;
	}
	cmd = find_command(words, count, &used);
	if (!cmd)
		return unknown_command("", words[0]);
	if (count > used && words[used][0] != '-') {
		snprintf(family, sizeof(family), "%s ", cmd->name);
		return unknown_command(family, words[used]);
	}
	print_command_help(cmd);
	return CODE_OK;
}

static int run(const char * const *words, int count)
{
	const struct command *cmd;
	struct args args;
	int used, code;

	if (!count)
		return usage_error(NULL, "missing command");
	if (!strcmp(words[0], "-h") || !strcmp(words[0], "--help"))
		return run_help(NULL, 0);
	if (!strcmp(words[0], "help"))
		return run_help(words + 1, count - 1);
	if (!strcmp(words[0], "-V") || !strcmp(words[0], "--version")) {
		puts("lazy-contig " VERSION);
		return CODE_OK;
	}

	cmd = find_command(words, count, &used);
	if (!cmd)
		return unknown_command("", words[0]);
	if (args_help(cmd, count - used, words + used)) {
		print_command_help(cmd);
		return CODE_OK;
	}
	code = args_parse(cmd, count - used, words + used, &args);
	return code ? code : cmd->run(&args);
}

int main(int argc, char **argv)
{
	int code = run((const char * const *)argv + 1, argc - 1);

	if (fflush(stdout) && !code)
		code = fail(-errno, "standard output");
	return code;
}
