// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: the command's arguments, sizes, patterns and exit codes
 *
 * The parts that need no buffer.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../lazy-contig/cli.h"
#include "tap.h"

static void test_sizes(void)
{
	static const struct {
		const char *text;
		int err;
		__u64 size;
	} cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "0x1000", 0, 4096 },
		{ "4k", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "4KiB", 0, 4096 },
		{ "64M", 0, 64ULL << 20 },
		{ "3G", 0, 3ULL << 30 },
		{ "2T", 0, 2ULL << 40 },
		{ "18446744073709551615", 0, ULLONG_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "16777216T", -ERANGE, 0 },
		{ "16777215T", 0, 16777215ULL << 40 },
		{ "", -EINVAL, 0 },
		{ "M", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1.5M", -EINVAL, 0 },
		{ "1Mi", -EINVAL, 0 },
		{ "1MB", -EINVAL, 0 },
		{ "1MiBs", -EINVAL, 0 },
		{ "1 M", -EINVAL, 0 },
		{ "1X", -EINVAL, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		__u64 size = 0;
		int err = parse_size(cases[i].text, &size);

		ok(err == cases[i].err && size == cases[i].size, "size '%s'", cases[i].text);
	}
}

static void test_format(void)
{
	static const struct {
		__u64 size;
		const char *text;
	} cases[] = {
		{ 0, "0 bytes" },
		{ 1023, "1023 bytes" },
		{ 4096, "4 KiB" },
		{ 1536ULL << 10, "1536 KiB" },
		{ 64ULL << 20, "64 MiB" },
		{ 1ULL << 40, "1 TiB" },
		{ 1ULL << 50, "1024 TiB" },
	};
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		format_size(cases[i].size, text, sizeof(text));
		ok(!strcmp(text, cases[i].text), "prints %s", cases[i].text);
	}
}

static void test_numbers(void)
{
	__u64 n = 7;

	ok(!parse_number("255", 255, &n) && n == 255, "number at its limit");
	ok(parse_number("256", 255, &n) == -ERANGE && n == 255, "number above its limit");
	ok(parse_number("12k", 255, &n) == -EINVAL, "number with a suffix");
	ok(parse_number("", 255, &n) == -EINVAL, "number without digits");
}

static void test_patterns(void)
{
	static const char * const valid[] = { "zero", "offset", "0", "90", "0x5a", "255" };
	static const char * const wrong[] = { "", "256", "-1", "offsets", "5a", "0x100" };
	__u64 words[1024];
	struct pattern p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(valid); i++) {
		ok(!pattern_parse(valid[i], &p), "pattern '%s'", valid[i]);
		memset(words, 0xc3, sizeof(words));
		pattern_fill(&p, words, sizeof(words));
		ok(pattern_mismatch(&p, words, sizeof(words)) == sizeof(words),
		   "pattern '%s' is recognized", valid[i]);
		((char *)words)[4099] ^= 1;
		ok(pattern_mismatch(&p, words, sizeof(words)) == 4096,
		   "a wrong bit in pattern '%s' is found", valid[i]);
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		ok(pattern_parse(wrong[i], &p), "invalid pattern '%s'", wrong[i]);

	pattern_parse("offset", &p);
	pattern_fill(&p, words, sizeof(words));
	memcpy(words, words + 512, 4096);
	ok(pattern_mismatch(&p, words, sizeof(words)) == 0, "a page in the wrong place is found");
	pattern_parse("0x5a", &p);
	pattern_fill(&p, words, sizeof(words));
	ok(words[1023] == 0x5a5a5a5a5a5a5a5aULL, "a byte fills the last word");
}

static int parse(const struct command *cmd, struct args *args, char *a, char *b, char *c)
{
	static char *argv[5], name[5];
	int argc = 1;

	argv[0] = memcpy(name, "test", sizeof(name));
	argv[1] = a;
	argv[2] = b;
	argv[3] = c;
	while (argv[argc])
		argc++;
	return args_parse(cmd, argc, argv, args);
}

static void test_args(void)
{
	char size[] = "64M", json[] = "--json", fill[] = "--fill=offset", bad[] = "--fill=no";
	char pid[] = "--pid=12", name32[] = "--name=12345678901234567890123456789012";
	char name31[] = "--name=1234567890123456789012345678901", zero[] = "0";
	struct args args;
	__u64 n;

	ok(parse(&cmd_alloc, &args, size, json, fill) == CODE_OK && args.json && args.has_fill &&
	   args.fill.kind == PATTERN_OFFSET, "options after the operand");
	ok(!strcmp(args.heap, "lazy_contig"), "the default heap");
	ok(args_size(&args, 0, &n) == CODE_OK && n == 64 << 20, "the operand is a size");
	ok(parse(&cmd_alloc, &args, json, NULL, NULL) == CODE_USAGE, "missing operand");
	ok(parse(&cmd_alloc, &args, size, size, NULL) == CODE_USAGE, "unexpected argument");
	ok(parse(&cmd_alloc, &args, size, pid, NULL) == CODE_USAGE, "an option of another command");
	ok(parse(&cmd_alloc, &args, size, bad, NULL) == CODE_USAGE, "invalid pattern");
	ok(parse(&cmd_alloc, &args, size, name31, NULL) == CODE_OK, "the longest name");
	ok(parse(&cmd_alloc, &args, size, name32, NULL) == CODE_USAGE, "name too long");
	ok(parse(&cmd_query, &args, pid, NULL, NULL) == CODE_OK && args.pid == 12, "--pid");
	ok(parse(&cmd_alloc, &args, zero, NULL, NULL) == CODE_OK &&
	   args_size(&args, 0, &n) == CODE_USAGE, "size 0");
}

static void test_exit_codes(void)
{
	ok(exit_code(0) == 0, "exit code 0: success");
	ok(exit_code(-EIO) == 1, "exit code 1: failure");
	ok(exit_code(-ENOENT) == 3, "exit code 3: not found");
	ok(exit_code(-ENOMEM) == 4, "exit code 4: out of memory");
	ok(exit_code(-EACCES) == 5 && exit_code(-EPERM) == 5, "exit code 5: permission denied");
	ok(exit_code(-EBADMSG) == 6, "exit code 6: unexpected contents");
}

int main(void)
{
	test_sizes();
	test_format();
	test_numbers();
	test_patterns();
	test_args();
	test_exit_codes();
	return tap_done();
}
