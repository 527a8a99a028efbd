// SPDX-License-Identifier: GPL-2.0
/* Patterns to fill buffers with and to compare them with. */
#include <string.h>

#include "cli.h"

const struct pattern pattern_zero = { .kind = PATTERN_BYTE, .byte = 0 };

int pattern_parse(const char *text, struct pattern *pattern)
{
	__u64 byte = 0;
	int err;

	if (!strcmp(text, "offset")) {
		pattern->kind = PATTERN_OFFSET;
		return 0;
	}
	if (strcmp(text, "zero")) {
		err = parse_number(text, 255, &byte);
		if (err)
			return err;
	}
	pattern->kind = PATTERN_BYTE;
	pattern->byte = byte;
	return 0;
}

/*
 * The 64-bit word at an offset. Complemented, so that the first word of an
 * offset pattern differs from that of a zeroed page.
 */
static __u64 pattern_word(const struct pattern *pattern, size_t offset)
{
	if (pattern->kind == PATTERN_OFFSET)
		return ~(__u64)offset;
	return pattern->byte * 0x0101010101010101ULL;
}

/* @addr and @len are multiples of the word size. */
void pattern_fill(const struct pattern *pattern, void *addr, size_t len)
{
	__u64 *words = addr;
	size_t i;

	for (i = 0; i < len / sizeof(*words); i++)
		words[i] = pattern_word(pattern, i * sizeof(*words));
}

/* Return: the offset of the first word that differs, @len if there is none. */
size_t pattern_mismatch(const struct pattern *pattern, const void *addr, size_t len)
{
	const __u64 *words = addr;
	size_t i;

	for (i = 0; i < len / sizeof(*words); i++)
		if (words[i] != pattern_word(pattern, i * sizeof(*words)))
			return i * sizeof(*words);
	return len;
}
