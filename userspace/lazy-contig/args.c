// SPDX-License-Identifier: GPL-2.0
/* Parsing of the command line. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define DEFAULT_TIMEOUT		10

static int take_pattern(const char *cmd, const char *text, struct pattern *pattern)
{
	if (!pattern_parse(text, pattern))
		return CODE_OK;
	return usage_error(cmd, "invalid pattern '%s' (expected zero, offset, or 0 to 255)", text);
}

static int take_int(const char *cmd, const char *text, int *number)
{
	__u64 value;

	if (parse_number(text, INT_MAX, &value))
		return usage_error(cmd, "invalid number '%s'", text);
	*number = value;
	return CODE_OK;
}

static int take_address(const char *cmd, const char *text, __u64 *addr)
{
	if (!parse_number(text, UINT64_MAX, addr))
		return CODE_OK;
	return usage_error(cmd, "invalid physical address '%s'", text);
}

static int take_name(struct args *args, const char *name, size_t max)
{
	args->name = name;
	if (strlen(name) < max)
		return CODE_OK;
	return usage_error(args->cmd, "name too long (maximum %zu bytes)", max - 1);
}

static int take_option(struct args *args, int opt, const char *arg)
{
	switch (opt) {
	case OPT_ALIGN:
		if (!parse_size(arg, &args->align))
			return CODE_OK;
		return usage_error(args->cmd, "invalid alignment '%s'", arg);
	case OPT_APPEND:
		args->append = arg;
		return CODE_OK;
	case OPT_CHECK:
		args->check = true;
		return arg ? take_pattern(args->cmd, arg, &args->expect) : CODE_OK;
	case OPT_FILL:
		args->has_fill = true;
		return take_pattern(args->cmd, arg, &args->fill);
	case OPT_HEAP:
		args->heap = arg;
		return CODE_OK;
	case OPT_HOLD:
		args->hold = true;
		return CODE_OK;
	case OPT_INITRD:
		args->initrd = arg;
		return CODE_OK;
	case OPT_IOMEM_NAME:
		return take_name(args, arg, LAZY_CONTIG_NAME_MAX);
	case OPT_JSON:
		args->json = true;
		return CODE_OK;
	case OPT_KERNEL:
		args->kernel = arg;
		return CODE_OK;
	case OPT_MAX_ADDR:
		return take_address(args->cmd, arg, &args->max_addr);
	case OPT_MIN_ADDR:
		return take_address(args->cmd, arg, &args->min_addr);
	case OPT_NAME:
		return take_name(args, arg, DMA_BUF_NAME_LEN);
	case OPT_MODULE:
		args->module = arg;
		return CODE_OK;
	case OPT_NODE:
		return take_int(args->cmd, arg, &args->node);
	case OPT_OFF:
	case OPT_RELOAD:
	case OPT_STATUS:
		args->action = opt;
		return CODE_OK;
	case OPT_PID:
		return take_int(args->cmd, arg, &args->pid);
	case OPT_PROMETHEUS:
		args->prometheus = true;
		return CODE_OK;
	case OPT_TIMEOUT:
		return take_int(args->cmd, arg, &args->timeout);
	case OPT_WATCH:
		return take_int(args->cmd, arg, &args->watch);
	default:
		/* getopt_long() has printed a message. */
		return usage_hint(args->cmd);
	}
}

/*
 * Parses the arguments of a command; argv[0] is "lazy-contig COMMAND".
 * Return: an exit code. Unless it is CODE_OK, a message has been printed.
 */
int args_parse(const struct command *cmd, int argc, char **argv, struct args *args)
{
	int opt, code = CODE_OK;

	*args = (struct args){
		.cmd = argv[0],
		.heap = LAZY_CONTIG_HEAP,
		.node = -1,
		.timeout = DEFAULT_TIMEOUT,
	};
	optind = 0;
	while (!code && (opt = getopt_long(argc, argv, "", cmd->options, NULL)) != -1)
		code = take_option(args, opt, optarg);
	if (code)
		return code;

	args->count = argc - optind;
	args->operands = argv + optind;
	if (args->count < cmd->min_operands)
		return usage_error(args->cmd, "missing operand");
	if (args->count > cmd->max_operands)
		return usage_error(args->cmd, "unexpected argument '%s'",
				   args->operands[cmd->max_operands]);
	return CODE_OK;
}

/* Parses an operand as a physical address. Return: an exit code. */
int args_address(const struct args *args, int operand, __u64 *addr)
{
	return take_address(args->cmd, args->operands[operand], addr);
}

/* Parses an operand as the size of a buffer, at least 1. Return: an exit code. */
int args_size(const struct args *args, int operand, __u64 *size)
{
	const char *text = args->operands[operand];

	if (parse_size(text, size) || !*size)
		return usage_error(args->cmd, "invalid size '%s'", text);
	return CODE_OK;
}
