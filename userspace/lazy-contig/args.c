// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing of the command line. Options can stand before, between and after operands;
 * their names cannot be abbreviated, so that scripts do not break when one is added.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "cli.h"

#define DEFAULT_TIMEOUT		10

/* The words after the command, and how far they were read. */
struct scan {
	const struct command *cmd;
	const char * const *words;
	int count;
	int at;
	bool operands_only;	/* after "--" */
};

/* What scan_next() finds, besides an option. */
enum { FOUND_END = OPTIONS, FOUND_OPERAND, FOUND_UNKNOWN, FOUND_NO_VALUE, FOUND_EXTRA_VALUE };

static bool has_name(enum option_id id, const char *name, size_t len)
{
	return strlen(options[id].name) == len && !memcmp(options[id].name, name, len);
}

/* Return: OPT_END if the command has no such option. */
static enum option_id find_option(const struct command *cmd, const char *name, size_t len)
{
	const enum option_id *id = cmd->options;

	if (has_name(OPT_HELP, name, len))
		return OPT_HELP;
	while (*id != OPT_END && !has_name(*id, name, len))
		id++;
	return *id;
}

/*
 * Return: an option or FOUND_*. *@word is the word; *@value that of an option, or the
 * operand.
 */
static int scan_next(struct scan *s, const char **word, const char **value)
{
	enum option_id id;
	size_t len;

	if (s->at < s->count && !s->operands_only && !strcmp(s->words[s->at], "--")) {
		s->operands_only = true;
		s->at++;
	}
	if (s->at == s->count)
		return FOUND_END;
	*word = s->words[s->at++];
	*value = *word;
	if (s->operands_only || **word != '-' || !strcmp(*word, "-"))
		return FOUND_OPERAND;
	if (!strcmp(*word, "-h"))
		return OPT_HELP;
	if (strncmp(*word, "--", 2))
		return FOUND_UNKNOWN;

	len = strcspn(*word + 2, "=");
	id = find_option(s->cmd, *word + 2, len);
	*value = (*word)[2 + len] ? *word + 2 + len + 1 : NULL;
	if (id == OPT_END)
		return FOUND_UNKNOWN;
	if (!options[id].value)
		return *value ? FOUND_EXTRA_VALUE : (int)id;
	if (!*value && s->at == s->count)
		return FOUND_NO_VALUE;
	if (!*value)
		*value = s->words[s->at++];
	return id;
}

static int unknown_option(const struct command *cmd, const char *word)
{
	int len = strcspn(word, "=");
	struct similar similar = { };
	const enum option_id *id;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", len, word + strspn(word, "-"));
	name[strcspn(name, "=")] = '\0';
	similar.word = name;
	for (id = cmd->options; *id != OPT_END; id++)
		similar_try(&similar, options[*id].name, options[*id].name);
	if (!similar.best)
		return usage_error(cmd, "unknown option '%.*s'", len, word);
	return usage_error(cmd, "unknown option '%.*s', did you mean '--%s'?", len, word,
			   similar.best);
}

static int take_pattern(const struct args *args, enum option_id id, const char *text,
			struct pattern *pattern)
{
	if (!pattern_parse(text, pattern))
		return CODE_OK;
	return usage_error(args->cmd, "--%s: invalid pattern '%s' (zero, offset, or 0 to 255)",
			   options[id].name, text);
}

static int take_int(const struct args *args, enum option_id id, const char *text, int min,
		    int *number)
{
	__u64 value;

	if (parse_number(text, INT_MAX, &value) || value < (__u64)min)
		return usage_error(args->cmd, "--%s: invalid number '%s'", options[id].name, text);
	*number = value;
	return CODE_OK;
}

/* @what: an option with its dashes, or "SIZE" and the like for an operand */
static int take_size(const struct command *cmd, const char *what, const char *text, __u64 min,
		     __u64 *size)
{
	int err = parse_size(text, size);

	if (err == -ERANGE)
		return usage_error(cmd, "%s: '%s' is too large", what, text);
	if (err)
		return usage_error(cmd, "%s: invalid number '%s' (suffixes are K, M, G and T)",
				   what, text);
	if (*size < min)
		return usage_error(cmd, "%s: '%s' is too small", what, text);
	return CODE_OK;
}

static int take_align(struct args *args, const char *text)
{
	int code = take_size(args->cmd, "--align", text, 1, &args->align);

	if (!code && args->align & (args->align - 1))
		return usage_error(args->cmd, "--align: '%s' is not a power of two", text);
	return code;
}

static int take_name(struct args *args, const char *name, size_t max)
{
	args->name = name;
	if (strlen(name) < max)
		return CODE_OK;
	return usage_error(args->cmd, "--name: too long (at most %zu bytes)", max - 1);
}

static int take_action(struct args *args, enum option_id id)
{
	if (args->action && args->action != id)
		return usage_error(args->cmd, "--%s and --%s exclude each other",
				   options[args->action].name, options[id].name);
	args->action = id;
	return CODE_OK;
}

static int take_flag(struct args *args, enum option_id id)
{
	switch (id) {
	case OPT_HOLD:
		args->hold = true;
		return CODE_OK;
	case OPT_NO_FREE:
		args->no_free = true;
		return CODE_OK;
	case OPT_JSON:
		args->json = true;
		return CODE_OK;
	case OPT_PINNABLE:
		args->pinnable = true;
		return CODE_OK;
	case OPT_PROMETHEUS:
		args->prometheus = true;
		return CODE_OK;
	default:
		return take_action(args, id);
	}
}

static int take_option(struct args *args, enum option_id id, const char *value)
{
	switch (id) {
	case OPT_ALIGN:
		return take_align(args, value);
	case OPT_APPEND:
		args->append = value;
		return CODE_OK;
	case OPT_CHECK:
		args->check = true;
		return take_pattern(args, id, value, &args->expect);
	case OPT_FILL:
		args->has_fill = true;
		return take_pattern(args, id, value, &args->fill);
	case OPT_FOR:
		return take_size(args->cmd, "--for", value, 1, &args->request);
	case OPT_HEAP:
		args->heap = value;
		return CODE_OK;
	case OPT_INITRD:
		args->initrd = value;
		return CODE_OK;
	case OPT_IOMEM_NAME:
		return take_name(args, value, LAZY_CONTIG_NAME_MAX);
	case OPT_KERNEL:
		args->kernel = value;
		return CODE_OK;
	case OPT_LOAD:
		args->load = value;
		return CODE_OK;
	case OPT_MAX_ADDR:
		return take_size(args->cmd, "--max-addr", value, 1, &args->max_addr);
	case OPT_MIN_ADDR:
		return take_size(args->cmd, "--min-addr", value, 0, &args->min_addr);
	case OPT_MODULE:
		args->module = value;
		return CODE_OK;
	case OPT_NAME:
		return take_name(args, value, DMA_BUF_NAME_LEN);
	case OPT_NODE:
		return take_int(args, id, value, 0, &args->node);
	case OPT_PID:
		return take_int(args, id, value, 1, &args->pid);
	case OPT_SAVE:
		args->save = value;
		return CODE_OK;
	case OPT_SVG:
		args->svg = value;
		return CODE_OK;
	case OPT_TIMEOUT:
		return take_int(args, id, value, 0, &args->timeout);
	case OPT_WATCH:
		return take_int(args, id, value, 1, &args->watch);
	case OPT_ZONE:
		args->zone = value;
		return CODE_OK;
	default:
		return take_flag(args, id);
	}
}

static int take_operand(struct args *args, const char *word)
{
	if (args->count == args->cmd->max_operands)
		return usage_error(args->cmd, "unexpected argument '%s'", word);
	args->operands[args->count++] = word;
	return CODE_OK;
}

static int take(struct args *args, int found, const char *word, const char *value)
{
	int len = strcspn(word, "=");

	switch (found) {
	case FOUND_OPERAND:
		return take_operand(args, value);
	case FOUND_UNKNOWN:
		return unknown_option(args->cmd, word);
	case FOUND_NO_VALUE:
		return usage_error(args->cmd, "%s needs a value", word);
	case FOUND_EXTRA_VALUE:
		return usage_error(args->cmd, "%.*s takes no value", len, word);
	default:
		return take_option(args, found, value);
	}
}

/* Is help asked for, anywhere and whatever else is wrong? */
bool args_help(const struct command *cmd, int count, const char * const *words)
{
	struct scan s = { .cmd = cmd, .words = words, .count = count };
	const char *word, *value;
	int found;

	do {
		found = scan_next(&s, &word, &value);
	} while (found != FOUND_END && found != OPT_HELP);
	return found == OPT_HELP;
}

/*
 * Parses the words after the command. Return: an exit code. Unless it is CODE_OK, a
 * message has been printed.
 */
int args_parse(const struct command *cmd, int count, const char * const *words,
	       struct args *args)
{
	struct scan s = { .cmd = cmd, .words = words, .count = count };
	const char *word, *value;
	int found, code = CODE_OK;

	*args = (struct args){ .cmd = cmd, .node = -1, .timeout = DEFAULT_TIMEOUT };
	while (!code && (found = scan_next(&s, &word, &value)) != FOUND_END)
		code = take(args, found, word, value);
	if (!code && args->count < cmd->min_operands)
		return usage_error(cmd, "missing operand");
	if (!code && args->max_addr && args->min_addr > args->max_addr)
		return usage_error(cmd, "--min-addr is above --max-addr");
	return code;
}

/* Parses an operand as a physical address. Return: an exit code. */
int args_address(const struct args *args, int operand, __u64 *addr)
{
	return take_size(args->cmd, "ADDRESS", args->operands[operand], 0, addr);
}

/* Parses an operand as the size of a buffer. Return: an exit code. */
int args_size(const struct args *args, int operand, __u64 *size)
{
	return take_size(args->cmd, "SIZE", args->operands[operand], 1, size);
}

/* The same where 0 is a size too. */
int args_size_or_0(const struct args *args, int operand, __u64 *size)
{
	return take_size(args->cmd, "SIZE", args->operands[operand], 0, size);
}

/* Is there an option that a heap cannot obey? */
bool args_placed(const struct args *args)
{
	return args->node >= 0 || args->align || args->min_addr || args->max_addr ||
		args->pinnable;
}
