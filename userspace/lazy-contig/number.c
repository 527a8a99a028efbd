// SPDX-License-Identifier: GPL-2.0
/* Parsing and formatting of numbers. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static int parse_digits(const char *text, char **end, __u64 *number)
{
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	/* a leading 0 does not mean octal */
	*number = strtoull(text, end, strncasecmp(text, "0x", 2) ? 10 : 16);
	return -errno;
}

/* The shift for a suffix such as M or MiB, 0 for none, -1 if it is unknown. */
static int suffix_shift(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *letter;

	if (!*suffix)
		return 0;
	letter = strchr(letters, toupper((unsigned char)*suffix));
	if (!letter || (suffix[1] && strcmp(suffix + 1, "iB")))
		return -1;
	return 10 * (letter - letters + 1);
}

/* Suffixes are powers of 1024. Return: 0, -EINVAL, or -ERANGE on overflow. */
int parse_size(const char *text, __u64 *size)
{
	__u64 number;
	char *end;
	int err, shift;

	err = parse_digits(text, &end, &number);
	if (err)
		return err;
	shift = suffix_shift(end);
	if (shift < 0)
		return -EINVAL;
	if (number << shift >> shift != number)
		return -ERANGE;
	*size = number << shift;
	return 0;
}

/* Return: 0, -EINVAL, or -ERANGE if the number exceeds @max. */
int parse_number(const char *text, __u64 max, __u64 *number)
{
	__u64 value;
	char *end;
	int err;

	err = parse_digits(text, &end, &value);
	if (err)
		return err;
	if (*end)
		return -EINVAL;
	if (value > max)
		return -ERANGE;
	*number = value;
	return 0;
}

/* Formats a size in the largest unit that needs no fraction. */
void format_size(__u64 size, char *buf, size_t len)
{
	static const char * const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (size && !(size & 1023) && unit < 4) {
		size >>= 10;
		unit++;
	}
	snprintf(buf, len, "%llu %s", (unsigned long long)size, units[unit]);
}
