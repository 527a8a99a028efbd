/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces shared by the commands of lazy-contig. A function returns either 0
 * or -errno (variables called err) or, after printing a message, an exit code
 * (variables called code).
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdio.h>
#include <json-c/json.h>

#include "lazy_contig.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define __printf(fmt, args) \
	__attribute__(( \
		__format__(__printf__, fmt, args)))

/* Exit codes, documented in lazy-contig(1) for scripts. */
enum {
	CODE_OK,
	CODE_FAILED,		/* any error without a code of its own */
	CODE_USAGE,
	CODE_MISSING,		/* module, heap, buffer or process not found */
	CODE_NO_MEMORY,
	CODE_PERMISSION,
	CODE_CONTENT,		/* a buffer does not have the expected contents */
	CODE_REFUSED,		/* a device does not import a buffer */
};

/* Contents to fill a buffer with, or to compare it with. */
struct pattern {
	enum { PATTERN_BYTE, PATTERN_OFFSET } kind;
	unsigned char byte;
};

/* The options of all commands; options.c has a row for each. */
enum option_id {
	OPT_END,		/* ends the list of a command */
	OPT_ALIGN,
	OPT_APPEND,
	OPT_CHECK,
	OPT_FILL,
	OPT_FOR,
	OPT_HEAP,
	OPT_HELP,
	OPT_HOLD,
	OPT_INITRD,
	OPT_IOMEM_NAME,
	OPT_JSON,
	OPT_KERNEL,
	OPT_LOAD,
	OPT_MAX_ADDR,
	OPT_MIN_ADDR,
	OPT_MODULE,
	OPT_NAME,
	OPT_NODE,
	OPT_NO_FREE,
	OPT_OFF,
	OPT_PID,
	OPT_PINNABLE,
	OPT_PROMETHEUS,
	OPT_RELOAD,
	OPT_SAVE,
	OPT_STATUS,
	OPT_SVG,
	OPT_TIMEOUT,
	OPT_WATCH,
	OPT_ZONE,
	OPTIONS,
};

#define MAX_OPTIONS	16	/* of a command, with OPT_END */
#define MAX_OPERANDS	2
#define MAX_USAGES	4

/* The parsed command line. */
struct args {
	const struct command *cmd;
	const char *heap;	/* NULL: not given */
	const char *name;
	const char *load, *save;	/* files; NULL: not given */
	const char *kernel, *initrd, *append, *module;
	struct pattern fill;
	struct pattern expect;
	bool has_fill;
	bool check;
	bool hold;
	bool no_free;
	bool pinnable;
	bool json;
	bool prometheus;
	enum option_id action;	/* OPT_OFF, OPT_RELOAD or OPT_STATUS; OPT_END: none of them */
	int pid;		/* 0: not given */
	int node;		/* -1: not given */
	__u64 align;		/* 0: not given */
	__u64 min_addr;		/* 0: not given */
	__u64 max_addr;		/* 0: not given */
	__u64 request;		/* size of --for; 0: not given */
	const char *svg;	/* NULL: not given */
	const char *zone;	/* NULL: not given */
	int timeout;		/* seconds */
	int watch;		/* seconds; 0: once */
	int count;		/* number of operands */
	const char *operands[MAX_OPERANDS];
};

struct option {
	const char *name;	/* without dashes */
	const char *value;	/* what it takes, NULL: nothing */
	const char *help;
	const char *complete;	/* what a shell offers for the value: completion/functions.bash */
};

/*
 * From these and the options, help, the synopsis of the man page and the completion of
 * shells are made.
 */
struct command {
	const char *name;	/* one or two words */
	const char *usage[MAX_USAGES];	/* what can follow the name */
	const char *summary;	/* for the list of commands */
	const char *help;	/* after the usage */
	const char *notes;	/* after the options, or NULL */
	const char *complete;	/* what a shell offers for operands, as in struct option */
	enum option_id options[MAX_OPTIONS];	/* besides OPT_HELP */
	int min_operands;
	int max_operands;
	int (*run)(const struct args *args);
};

extern const struct command cmd_alloc, cmd_doctor, cmd_explain, cmd_kdump;
extern const struct command cmd_keep, cmd_keep_free, cmd_keep_list, cmd_keep_open;
extern const struct command cmd_keep_resize, cmd_keep_show;
extern const struct command cmd_list, cmd_map, cmd_movable, cmd_probe, cmd_query, cmd_receive;
extern const struct command cmd_reserve, cmd_send, cmd_stat, cmd_status;

/* commands.c */
extern const struct command * const commands[];	/* ends with NULL */

const struct command *find_command(const char * const *words, int count, int *used);
const char *similar_command(const char *family, const char *word);
void print_help(void);
void print_command_help(const struct command *cmd);

/* similar.c */
struct similar {
	const char *word;
	const char *best;	/* NULL: none is similar */
	int mistakes;
};

void similar_try(struct similar *s, const char *candidate, const char *name);

/* options.c */
extern const struct option options[OPTIONS];

/* args.c */
bool args_help(const struct command *cmd, int count, const char * const *words);
int args_parse(const struct command *cmd, int count, const char * const *words,
	       struct args *args);
int args_address(const struct args *args, int operand, __u64 *addr);
int args_size(const struct args *args, int operand, __u64 *size);
int args_size_or_0(const struct args *args, int operand, __u64 *size);
bool args_placed(const struct args *args);

/* heaps.c: the heaps of the module */
struct heap {
	char name[256];
	char properties[256];	/* KEY[=VALUE][:KEY[=VALUE]]..., may be empty */
};

struct heaps {
	size_t count;
	struct heap heaps[32];
};

void heaps_find(struct heaps *heaps);
bool heaps_have(const struct heaps *heaps, const char *name);

/* message.c: error messages and exit codes */
int exit_code(int err);
__printf(2, 3) int fail(int err, const char *fmt, ...);
int fail_file(int err, const char *path);
__printf(2, 3) int usage_error(const struct command *cmd, const char *fmt, ...);

/* number.c: parsing and formatting of numbers */
int parse_size(const char *text, __u64 *size);	/* also of addresses */
int parse_number(const char *text, __u64 max, __u64 *number);
void format_size(__u64 size, char *buf, size_t len);

/* pattern.c */
extern const struct pattern pattern_zero;

int pattern_parse(const char *text, struct pattern *pattern);
void pattern_fill(const struct pattern *pattern, void *addr, size_t len);
size_t pattern_mismatch(const struct pattern *pattern, const void *addr, size_t len);

/* dmabuf.c: the dma-bufs of a process, from /proc */
struct dmabuf {
	__u64 ino;		/* inode number, unique among live dma-bufs */
	__u64 size;
	char exporter[64];
	char name[64];
};

int dmabuf_read(int pid, int fd, struct dmabuf *buf);

typedef void (*dmabuf_func)(int pid, int fd, void *data);

int visit_dmabuf_fds(int pid, dmabuf_func func, void *data);
int borrow_fd(int pid, int fd);
int query_of(int pid, int fd, struct lazy_contig_query *info);

/* buffer.c: allocating, filling, checking and describing a buffer */
int control(void);
int buffer_alloc(const char *heap, __u64 size, int *fd);
int buffer_request(const struct args *args, __u64 size, __u32 flags, int *fd);
int buffer_name(int fd, const char *name);
int contents(const struct args *args, int fd, json_object *out);
int describe(int fd, json_object *out);
int show(const struct args *args, int fd, json_object *out);

/* load.c: the contents of a buffer from and to a file */
int load_size(const struct args *args, __u64 *size);
int load(const struct args *args, int fd, json_object *out);
int save(const struct args *args, int fd, json_object *out);

/* alloc.c */
double milliseconds(void);

/* file.c: files of procfs and sysfs */
#define MODULE_NAME	"lazy_contig"
#define MODULE_SYSFS	"/sys/module/" MODULE_NAME
#define SYSFS_DIR	"/sys/class/misc/lazy_contig"
#define DEBUGFS		"/sys/kernel/debug"

int file_read_line(const char *path, char *buf, size_t len);
int file_write(const char *path, const char *text);
int sysfs_read(const char *name, char *text, size_t size);
__u64 meminfo_bytes(const char *key);

/* reserve.c */
int reserve_read(json_object *nodes);

/* stat.c */
void add_statistic(json_object *out, const char *name, __u64 value);
void format_statistic(const char *name, long long value, bool sign, char *text, size_t len);

/* output.c */
void add_string(json_object *out, const char *key, const char *value);
void add_u64(json_object *out, const char *key, __u64 value);
__u64 get_u64(json_object *object, const char *key);
void add_bool(json_object *out, const char *key, bool value);
void print_object(json_object *out, bool json);

#endif /* CLI_H */
