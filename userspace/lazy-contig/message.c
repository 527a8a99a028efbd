// SPDX-License-Identifier: GPL-2.0
/* How commands end when they fail. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

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

/* Prints the message with the error's text, and returns the exit code. */
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

int usage_hint(const char *cmd)
{
	fprintf(stderr, "Try '%s --help'.\n", cmd);
	return CODE_USAGE;
}

int usage_error(const char *cmd, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", cmd);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return usage_hint(cmd);
}
