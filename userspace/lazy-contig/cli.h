/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces shared by the commands of lazy-contig. A function returns either 0
 * or -errno (variables called err) or, after printing a message, an exit code
 * (variables called code).
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
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

/* The parsed command line. */
struct args {
	const char *cmd;	/* prefix of messages, such as "lazy-contig alloc" */
	const char *heap;
	const char *name;
	const char *kernel, *initrd, *append, *module;
	struct pattern fill;
	struct pattern expect;
	bool has_fill;
	bool check;
	bool hold;
	bool json;
	bool prometheus;
	int action;		/* OPT_OFF, OPT_RELOAD or OPT_STATUS; 0: none of them */
	int pid;		/* 0: not given */
	int node;		/* -1: not given */
	__u64 align;
	__u64 min_addr;
	__u64 max_addr;		/* 0: not given */
	int timeout;		/* seconds */
	int watch;		/* seconds; 0: once */
	int count;		/* number of operands */
	char **operands;
};

/* @options is the subset that the command accepts of those in args.c. */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	const struct option *options;
	int min_operands;
	int max_operands;
	int (*run)(const struct args *args);
};

extern const struct command cmd_alloc, cmd_doctor, cmd_explain, cmd_free, cmd_kdump;
extern const struct command cmd_import, cmd_keep, cmd_list, cmd_open, cmd_query, cmd_receive;
extern const struct command cmd_resize, cmd_send, cmd_stat;

enum {
	OPT_ALIGN = 256,
	OPT_APPEND,
	OPT_CHECK,
	OPT_FILL,
	OPT_HEAP,
	OPT_HOLD,
	OPT_INITRD,
	OPT_IOMEM_NAME,
	OPT_JSON,
	OPT_KERNEL,
	OPT_MAX_ADDR,
	OPT_MIN_ADDR,
	OPT_MODULE,
	OPT_NAME,
	OPT_NODE,
	OPT_OFF,
	OPT_PID,
	OPT_PROMETHEUS,
	OPT_RELOAD,
	OPT_STATUS,
	OPT_TIMEOUT,
	OPT_WATCH,
};

/* args.c */
int args_parse(const struct command *cmd, int argc, char **argv, struct args *args);
int args_address(const struct args *args, int operand, __u64 *addr);
int args_size(const struct args *args, int operand, __u64 *size);

/* heaps.c: the heaps of the module */
struct heaps {
	size_t count;
	char names[32][256];
};

void heaps_find(struct heaps *heaps);
bool heaps_have(const struct heaps *heaps, const char *name);

/* message.c: error messages and exit codes */
int exit_code(int err);
__printf(2, 3) int fail(int err, const char *fmt, ...);
int fail_file(int err, const char *path);
int usage_hint(const char *cmd);
__printf(2, 3) int usage_error(const char *cmd, const char *fmt, ...);

/* number.c: parsing and formatting of numbers */
int parse_size(const char *text, __u64 *size);
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
int buffer_alloc(const struct args *args, __u64 size, int *fd, double *ms);
int contents_fill(int fd, const struct pattern *pattern);
int contents_check(int fd, const struct pattern *pattern, json_object *out);
int describe(int fd, json_object *out);
int hold(json_object *out, bool json);

/* file.c: single-line files of procfs and sysfs */
#define MODULE_NAME	"lazy_contig"
#define MODULE_SYSFS	"/sys/module/" MODULE_NAME
#define SYSFS_DIR	"/sys/class/misc/lazy_contig"

int file_read_line(const char *path, char *buf, size_t len);
int file_write(const char *path, const char *text);
int sysfs_read(const char *name, char *text, size_t size);

/* kept.c */
int keep_buffer(const struct args *args, __u64 size, int *fd);

/* output.c */
void add_string(json_object *out, const char *key, const char *value);
void add_u64(json_object *out, const char *key, __u64 value);
void print_object(json_object *out, bool json);

#endif /* CLI_H */
