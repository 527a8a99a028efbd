// SPDX-License-Identifier: GPL-2.0
/*
 * Prints what is made from the commands and options of lazy-contig:
 *
 *   generate completion	what the completion for bash needs to know of them
 *   generate synopsis		the synopsis of lazy-contig(1)
 *   generate options		a line for each command and option: COMMAND<tab>OPTION
 */
#include <ctype.h>
#include <string.h>

#include "../lazy-contig/cli.h"

/* Prints usage as man page source: literals bold, what the user fills in italic. */
static void print_markup(const char *text)
{
	int len;

	while (*text) {
		len = 1;
		if (isupper((unsigned char)*text)) {
			len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
			printf("\\fI%.*s\\fR", len, text);
		} else if (!strncmp(text, "--", 2)) {
			len = 2 + strspn(text + 2, "abcdefghijklmnopqrstuvwxyz");
			printf("\\fB\\-\\-%.*s\\fR", len - 2, text + 2);
		} else {
			putchar(*text);
		}
		text += len;
	}
}

static void print_synopsis(void)
{
	int i, j;

	for (i = 0; commands[i]; i++) {
		for (j = 0; j < MAX_USAGES && commands[i]->usage[j]; j++) {
			printf("\\fBlazy\\-contig %s\\fR ", commands[i]->name);
			print_markup(commands[i]->usage[j]);
			putchar('\n');
		}
	}
	fputs("\\fBlazy\\-contig help\\fR [\\fICOMMAND\\fR]\n"
	      "\\fBlazy\\-contig \\-\\-version\\fR\n", stdout);
}

static void print_options(void)
{
	const enum option_id *id;
	int i;

	for (i = 0; commands[i]; i++)
		for (id = commands[i]->options; *id != OPT_END; id++)
			printf("%s\t--%s\n", commands[i]->name, options[*id].name);
}

/* Words of which the command is the first or the second one. */
static void print_commands(void)
{
	const char *name;
	int i;

	fputs("_lazy_contig_commands='", stdout);
	for (i = 0; commands[i]; i++)
		if (!strchr(commands[i]->name, ' '))
			printf("%s ", commands[i]->name);
	fputs("help'\n_lazy_contig_keep='", stdout);
	for (i = 0; commands[i]; i++) {
		name = strchr(commands[i]->name, ' ');
		if (name)
			fputs(name, stdout);
	}
	puts("'\n");
}

static bool same_name_before(enum option_id id)
{
	enum option_id i;

	for (i = OPT_END + 1; i < id; i++)
		if (!strcmp(options[i].name, options[id].name))
			return true;
	return false;
}

/* A function that says whether an option takes a value, and of which kind. */
static void print_values(void)
{
	enum option_id id;

	fputs("_lazy_contig_option()\n{\n	case $1 in\n", stdout);
	for (id = OPT_END + 1; id < OPTIONS; id++)
		if (options[id].value && !same_name_before(id))
			printf("	--%s) kind=%s ;;\n", options[id].name,
			       options[id].complete ?: "");
	puts("	*) return 1 ;;\n	esac\n}\n");
}

/* A function that sets the options of a command, and the kind of its operands. */
static void print_words(void)
{
	const enum option_id *id;
	int i;

	fputs("_lazy_contig_command()\n{\n	case $1 in\n", stdout);
	for (i = 0; commands[i]; i++) {
		printf("	'%s')\n		kind=%s words='", commands[i]->name,
		       commands[i]->complete ?: "");
		for (id = commands[i]->options; *id != OPT_END; id++)
			printf("--%s ", options[*id].name);
		puts("--help' ;;");
	}
	puts("	esac\n}");
}

static void print_completion(void)
{
	print_commands();
	print_values();
	print_words();
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "completion"))
		print_completion();
	else if (!strcmp(what, "synopsis"))
		print_synopsis();
	else if (!strcmp(what, "options"))
		print_options();
	else
		return CODE_USAGE;
	return CODE_OK;
}
