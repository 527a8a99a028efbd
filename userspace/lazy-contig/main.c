// SPDX-License-Identifier: GPL-2.0
/* lazy-contig: allocate, inspect and pass physically contiguous dma-bufs. */
#include <string.h>

#include "cli.h"

static const struct command * const commands[] = {
	&cmd_alloc,
	&cmd_query,
	&cmd_send,
	&cmd_receive,
	&cmd_import,
	&cmd_keep,
	&cmd_open,
	&cmd_resize,
	&cmd_free,
	&cmd_kdump,
	&cmd_list,
	&cmd_stat,
	&cmd_explain,
	&cmd_doctor,
};

static int print_help(void)
{
	size_t i;

	fputs("Usage: lazy-contig COMMAND [OPTION]...\n"
	      "Physically contiguous dma-bufs, allocated at run time.\n"
	      "\n"
	      "Commands:\n", stdout);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "'lazy-contig COMMAND --help' describes a command, lazy-contig(1) all of them.\n"
	      "'lazy-contig --version' prints the version.\n"
	      "\n"
	      "Exit status: 0 success; 1 failure; 2 usage error; 3 module, heap, buffer or\n"
	      "process not found; 4 out of memory; 5 permission denied; 6 unexpected contents;\n"
	      "7 refused by a device.\n",
	      stdout);
	return CODE_OK;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
	char title[64];
	struct args args;
	int code;

	snprintf(title, sizeof(title), "lazy-contig %s", cmd->name);
	argv[0] = title;
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		fputs(cmd->help, stdout);
		return CODE_OK;
	}
	code = args_parse(cmd, argc, argv, &args);
	return code ? code : cmd->run(&args);
}

int main(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2)
		return usage_error("lazy-contig", "missing command");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return print_help();
	if (!strcmp(argv[1], "--version")) {
		puts("lazy-contig " VERSION);
		return CODE_OK;
	}

	cmd = find_command(argv[1]);
	if (!cmd)
		return usage_error("lazy-contig", "unknown command '%s'", argv[1]);
	return run_command(cmd, argc - 1, argv + 1);
}
