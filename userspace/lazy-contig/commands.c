// SPDX-License-Identifier: GPL-2.0
/* The list of commands, and their help. */
#include <string.h>

#include "cli.h"

const struct command * const commands[] = {
	&cmd_alloc,
	&cmd_list,
	&cmd_status,
	&cmd_stat,
	&cmd_map,
	&cmd_reserve,
	&cmd_movable,
	&cmd_query,
	&cmd_send,
	&cmd_receive,
	&cmd_probe,
	&cmd_keep,
	&cmd_keep_list,
	&cmd_keep_show,
	&cmd_keep_open,
	&cmd_keep_resize,
	&cmd_keep_free,
	&cmd_kdump,
	&cmd_explain,
	&cmd_doctor,
	NULL
};

/* Finds a command of one or two words. *@used becomes the number of its words. */
const struct command *find_command(const char * const *words, int count, int *used)
{
	const struct command *found = NULL;
	char two[64];
	size_t i;

	snprintf(two, sizeof(two), "%s %s", words[0], count > 1 ? words[1] : "");
	for (i = 0; commands[i]; i++) {
		if (!strcmp(commands[i]->name, two)) {
			*used = 2;
			return commands[i];
		}
		if (!strcmp(commands[i]->name, words[0]))
			found = commands[i];
	}
	*used = 1;
	return found;
}

/*
 * Return: the command whose last word @word was meant to be, or NULL.
 * @family: the beginning of its name, such as "keep "
 */
const char *similar_command(const char *family, const char *word)
{
	struct similar similar = { .word = word };
	const char *name, *last;
	size_t i;

	for (i = 0; commands[i]; i++) {
		name = commands[i]->name;
		if (strncmp(name, family, strlen(family)))
			continue;
		last = strrchr(name, ' ');
		similar_try(&similar, last ? last + 1 : name, name);
	}
	return similar.best;
}

void print_help(void)
{
	size_t i;

	fputs("Usage: lazy-contig COMMAND [OPTION]...\n"
	      "Physically contiguous dma-bufs, allocated at run time.\n"
	      "\n"
	      "Commands:\n", stdout);
	for (i = 0; commands[i]; i++)
		printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "Options:\n"
	      "  -h, --help     show this text or, after a command, that of the command; so does\n"
	      "                 'lazy-contig help [COMMAND]'\n"
	      "  -V, --version  print the version\n"
	      "\n"
	      "Exit status: 0 success; 1 failure; 2 usage error; 3 module, heap, buffer or\n"
	      "process not found; 4 out of memory; 5 permission denied; 6 unexpected contents;\n"
	      "7 refused by a device.\n"
	      "\n"
	      "lazy-contig(1) has the whole manual.\n",
	      stdout);
}

static void print_option(const struct option *option)
{
	char name[64];
	const char *line = option->help;
	int len;

	snprintf(name, sizeof(name), "--%s%s%s", option->name, option->value ? " " : "",
		 option->value ?: "");
	for (; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		printf("  %-18s %.*s\n", line == option->help ? name : "", len, line);
	}
}

void print_command_help(const struct command *cmd)
{
	const enum option_id *id;
	int i;

	for (i = 0; i < MAX_USAGES && cmd->usage[i]; i++)
		printf("%s lazy-contig %s%s%s\n", i ? "      " : "Usage:", cmd->name,
		       cmd->usage[i][0] ? " " : "", cmd->usage[i]);
	printf("%s\n\n", cmd->help);
	for (id = cmd->options; *id != OPT_END; id++)
		print_option(&options[*id]);
	print_option(&options[OPT_HELP]);
	if (cmd->notes)
		printf("\n%s\n", cmd->notes);
}
