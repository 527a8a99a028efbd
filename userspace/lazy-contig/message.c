// SPDX-License-Identifier: GPL-2.0
/* Error messages and exit codes. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

int exit_code(int err)
{
	switch (-err) {
	case 0:
		return CODE_OK;
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ESRCH:
		return CODE_MISSING;
	case ENOMEM:
		return CODE_NO_MEMORY;
	case EACCES:
	case EPERM:
		return CODE_PERMISSION;
	case EBADMSG:
		return CODE_CONTENT;
	default:
		return CODE_FAILED;
	}
}

/* Prints the message and the description of the error. Return: the exit code. */
int fail(int err, const char *fmt, ...)
{
	va_list ap;

	fputs("lazy-contig: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(-err));
	return exit_code(err);
}

/* The same for a file that the module provides. */
int fail_file(int err, const char *path)
{
	bool debugfs = !strncmp(path, DEBUGFS, strlen(DEBUGFS));
	const char *why = "";

	if (err == -ENOENT && debugfs && !access(MODULE_SYSFS, F_OK))
		why = "is debugfs mounted? 'mount -t debugfs none " DEBUGFS "'; ";
	else if (err == -ENOENT)
		why = "is the module loaded? ";
	fprintf(stderr, "lazy-contig: %s: %s (%srun 'lazy-contig doctor')\n", path, strerror(-err),
		why);
	return exit_code(err);
}

/* @cmd is NULL before a command is known. Return: CODE_USAGE. */
int usage_error(const struct command *cmd, const char *fmt, ...)
{
	const char *space = cmd ? " " : "", *name = cmd ? cmd->name : "";
	va_list ap;

	fprintf(stderr, "lazy-contig%s%s: ", space, name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'lazy-contig%s%s --help' for more information.\n", space, name);
	return CODE_USAGE;
}
