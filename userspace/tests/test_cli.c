// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: tools: the command's arguments, sizes, patterns and exit codes
 *
 * The parts that need no buffer.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../lazy-contig/table.h"
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
		{ "0X10K", 0, 16384 },
		{ "0100M", 0, 100 << 20 },
		{ "09", 0, 9 },
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
		{ "0x", -EINVAL, 0 },
		{ "0x-1", -EINVAL, 0 },
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
	ok(!parse_number("010", 255, &n) && n == 10, "number with a leading 0");
	n = 255;
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

static int parse(const struct command *cmd, struct args *args, const char *a, const char *b,
		 const char *c)
{
	const char * const words[] = { a, b, c };
	int count = 0;

	while (count < 3 && words[count])
		count++;
	return args_parse(cmd, count, words, args);
}

static void test_args(void)
{
	static const char name31[] = "--name=1234567890123456789012345678901";
	static const char name32[] = "--name=12345678901234567890123456789012";
	struct args args;
	__u64 n;

	ok(parse(&cmd_alloc, &args, "64M", "--json", "--fill=offset") == CODE_OK && args.json &&
	   args.has_fill && args.fill.kind == PATTERN_OFFSET, "options after the operand");
	ok(!args.heap && args.node == -1 && !args_placed(&args), "the defaults");
	ok(args_size(&args, 0, &n) == CODE_OK && n == 64 << 20, "the operand is a size");
	ok(parse(&cmd_alloc, &args, "--fill", "offset", "64M") == CODE_OK && args.has_fill &&
	   args.count == 1, "options before the operand, the value in another word");
	ok(parse(&cmd_probe, &args, "--json", NULL, NULL) == CODE_USAGE, "missing operand");
	ok(parse(&cmd_alloc, &args, "1M", "1M", NULL) == CODE_USAGE, "unexpected argument");
	ok(parse(&cmd_alloc, &args, "1M", "--pid=1", NULL) == CODE_USAGE,
	   "an option of another command");
	ok(parse(&cmd_alloc, &args, "1M", "--jso", NULL) == CODE_USAGE, "an abbreviation");
	ok(parse(&cmd_alloc, &args, "1M", "--json=1", NULL) == CODE_USAGE, "a superfluous value");
	ok(parse(&cmd_alloc, &args, "1M", "--fill", NULL) == CODE_USAGE, "a missing value");
	ok(parse(&cmd_alloc, &args, "1M", "-j", NULL) == CODE_USAGE, "an unknown short option");
	ok(parse(&cmd_alloc, &args, "1M", "--fill=no", NULL) == CODE_USAGE, "invalid pattern");
	ok(parse(&cmd_alloc, &args, "1M", name31, NULL) == CODE_OK, "the longest name");
	ok(parse(&cmd_alloc, &args, "1M", name32, NULL) == CODE_USAGE, "name too long");
	ok(parse(&cmd_query, &args, "--pid=12", NULL, NULL) == CODE_OK && args.pid == 12, "--pid");
	ok(parse(&cmd_query, &args, "--pid=0", NULL, NULL) == CODE_USAGE, "--pid 0");
	ok(parse(&cmd_probe, &args, "--", "--json", NULL) == CODE_OK && !args.json &&
	   !strcmp(args.operands[0], "--json"), "an operand like an option, after --");
	ok(parse(&cmd_kdump, &args, "--off", "--status", NULL) == CODE_USAGE,
	   "actions exclude each other");
	ok(parse(&cmd_alloc, &args, "0", NULL, NULL) == CODE_OK &&
	   args_size(&args, 0, &n) == CODE_USAGE, "size 0");
}

/* Sizes and addresses have the same form, wherever they stand. */
static void test_addresses(void)
{
	struct args args;
	__u64 n;

	ok(parse(&cmd_keep, &args, "1M", "--max-addr=4G", "--align=16M") == CODE_OK &&
	   args.max_addr == 4ULL << 30 && args.align == 16 << 20, "options with suffixes");
	ok(args_placed(&args), "are constraints");
	ok(parse(&cmd_alloc, &args, "1M", "--node", "1") == CODE_OK && args_placed(&args),
	   "so is a node");
	ok(parse(&cmd_alloc, &args, "1M", "--pinnable", NULL) == CODE_OK && args.pinnable &&
	   args_placed(&args), "and --pinnable");
	ok(parse(&cmd_keep_free, &args, "5G", NULL, NULL) == CODE_OK &&
	   args_address(&args, 0, &n) == CODE_OK && n == 5ULL << 30, "an operand with a suffix");
	ok(parse(&cmd_keep_free, &args, "0x140000000", NULL, NULL) == CODE_OK &&
	   args_address(&args, 0, &n) == CODE_OK && n == 5ULL << 30, "a hexadecimal one");
	ok(parse(&cmd_keep, &args, "1M", "--max-addr=0", NULL) == CODE_USAGE, "--max-addr 0");
	ok(parse(&cmd_keep, &args, "1M", "--align=x", NULL) == CODE_USAGE, "an invalid alignment");
	ok(parse(&cmd_alloc, &args, "1M", "--align=3", NULL) == CODE_USAGE, "one of 3");
	ok(parse(&cmd_map, &args, "--align=3M", NULL, NULL) == CODE_USAGE, "one of 3 MiB, of map");
	ok(parse(&cmd_keep, &args, "1M", "--min-addr=2G", "--max-addr=1G") == CODE_USAGE,
	   "addresses in the wrong order");
	ok(parse(&cmd_keep, &args, "1M", "--min-addr=2G", "--max-addr=2G") == CODE_OK,
	   "the same address");
	ok(parse(&cmd_reserve, &args, "0M", NULL, NULL) == CODE_OK &&
	   args_size_or_0(&args, 0, &n) == CODE_OK && !n, "a size that can be 0");
	ok(parse(&cmd_reserve, &args, "abc", NULL, NULL) == CODE_OK &&
	   cmd_reserve.run(&args) == CODE_USAGE, "a reserve of no size");
	ok(parse(&cmd_kdump, &args, "--off", "--kernel", "x") == CODE_OK &&
	   cmd_kdump.run(&args) == CODE_USAGE, "--off of a kernel");
}

static bool helps(const char *a, const char *b, const char *c)
{
	const char * const words[] = { a, b, c };

	return args_help(&cmd_alloc, 3, words);
}

static void test_help(void)
{
	ok(helps("1M", "--json", "--help"), "--help at the end");
	ok(helps("-h", "many", "--nonsense"), "-h before what is wrong");
	ok(helps("--nonsense", "--fill=no", "-h"), "-h after what is wrong");
	ok(!helps("1M", "--name", "--help"), "--help as the value of an option");
	ok(!helps("--", "1M", "--help"), "--help after --");
}

static void test_similar(void)
{
	static const char * const cases[][2] = {
		{ "lsit", "list" }, { "allocate", "alloc" }, { "que", "query" },
		{ "doctr", "doctor" }, { "free", "keep free" }, { "statt", "stat" },
		{ "import", NULL }, { "x", NULL }, { "nonsense", NULL }, { "", NULL },
	};
	const char *best;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		best = similar_command("", cases[i][0]);
		ok(best == cases[i][1] || (best && cases[i][1] && !strcmp(best, cases[i][1])),
		   "'%s' is similar to %s", cases[i][0], cases[i][1] ?: "nothing");
	}
	best = similar_command("keep ", "lst");
	ok(best && !strcmp(best, "keep list"), "a command of kept buffers");
	ok(!similar_command("keep ", "64M"), "which a size is not");
}

static void test_statistics(void)
{
	static const struct {
		const char *name;
		long long value;
		bool sign;
		const char *text;
	} cases[] = {
		{ "requests", 12, false, "        12     " },
		{ "requests", 12, true, "       +12     " },
		{ "live_bytes", 0, false, "         0 B   " },
		{ "live_bytes", 8 << 20, false, "       8.0 MiB " },
		{ "live_bytes", -1536, true, "      -1.5 KiB " },
		{ "search_us", 999, false, "       999 us  " },
		{ "search_us", 2500000, true, "      +2.5 s   " },
	};
	char text[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		format_statistic(cases[i].name, cases[i].value, cases[i].sign, text, sizeof(text));
		ok(!strcmp(text, cases[i].text), "%s %lld is '%s'", cases[i].name,
		   cases[i].value, text);
	}
}

static void test_pages(void)
{
	json_object *out = json_object_new_object();

	add_statistic(out, "pool_pages", 3);
	add_statistic(out, "requests", 3);
	ok(get_u64(out, "pool_bytes") == 3 * (__u64)sysconf(_SC_PAGESIZE) &&
	   !json_object_object_get(out, "pool_pages"), "pages are printed in bytes");
	ok(get_u64(out, "requests") == 3, "a number as it is");
	json_object_put(out);
}

/* Fields as seq_escape_str() writes them. */
static void test_table(void)
{
	char text[] = "name\tcommand\n"
		      "a\\\\b\\\"c d\\tz\t\\n\\040\\e\\x\\\n";
	FILE *file = fmemopen(text, strlen(text), "r");
	struct table table;

	table_begin(&table, file);
	ok(table_next(&table), "a line of a table");
	ok(!strcmp(table_text(&table, "name"), "a\\b\"c d\tz"), "a field with escapes");
	ok(!strcmp(table_text(&table, "command"), "\n \33x\\"), "rare and broken ones");
	ok(!table_next(&table), "no other line");
	fclose(file);
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
	test_addresses();
	test_help();
	test_similar();
	test_statistics();
	test_pages();
	test_table();
	test_exit_codes();
	return tap_done();
}
