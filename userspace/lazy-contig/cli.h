/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands of lazy-contig share. Functions return 0 or -errno, those
 * that run a command return its exit code.
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

/* Exit codes, for scripts; lazy-contig(1) documents them. */
enum {
	CODE_OK,
	CODE_FAILED,		/* anything that has no code of its own */
	CODE_USAGE,
	CODE_MISSING,		/* no module, no such heap, no such buffer */
	CODE_NO_MEMORY,
	CODE_PERMISSION,
	CODE_CONTENT,		/* a buffer does not hold what it should */
	CODE_REFUSED,		/* a device does not take a buffer */
};

/* Contents that can be recognised. */
struct pattern {
	enum { PATTERN_BYTE, PATTERN_OFFSET } kind;
	unsigned char byte;
};

/* What the command line said. */
struct args {
	const char *cmd;	/* "lazy-contig alloc", for messages */
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
	bool off;
	int pid;		/* 0: not given */
	int node;		/* -1: not given */
	__u64 align;
	__u64 max_addr;		/* 0: not given */
	int timeout;		/* seconds */
	int watch;		/* seconds; 0: once */
	int count;		/* of operands */
	char **operands;
};

/* A command takes the options it lists, all of which args.c knows. */
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
	OPT_MODULE,
	OPT_NAME,
	OPT_NODE,
	OPT_OFF,
	OPT_PID,
	OPT_PROMETHEUS,
	OPT_TIMEOUT,
	OPT_WATCH,
};

/* args.c */
int args_parse(const struct command *cmd, int argc, char **argv, struct args *args);
int args_address(const struct args *args, int operand, __u64 *addr);
int args_size(const struct args *args, int operand, __u64 *size);

/* message.c: how commands end badly */
int exit_code(int err);
__printf(2, 3) int fail(int err, const char *fmt, ...);
int usage_hint(const char *cmd);
__printf(2, 3) int usage_error(const char *cmd, const char *fmt, ...);

/* number.c: numbers as people write them */
int parse_size(const char *text, __u64 *size);
int parse_number(const char *text, __u64 max, __u64 *number);
void format_size(__u64 size, char *buf, size_t len);

/* pattern.c */
extern const struct pattern pattern_zero;

int pattern_parse(const char *text, struct pattern *pattern);
void pattern_fill(const struct pattern *pattern, void *addr, size_t len);
size_t pattern_mismatch(const struct pattern *pattern, const void *addr, size_t len);

/* dmabuf.c: what /proc tells about a dma-buf */
struct dmabuf {
	__u64 ino;		/* the same for all descriptors of one buffer */
	__u64 size;
	char exporter[64];
	char name[64];
};

int dmabuf_read(int pid, int fd, struct dmabuf *buf);

typedef void (*dmabuf_func)(int pid, int fd, void *data);

int visit_dmabuf_fds(int pid, dmabuf_func func, void *data);
int borrow_fd(int pid, int fd);
int query_of(int pid, int fd, struct lazy_contig_query *info);

/* buffer.c: a buffer to make, fill, check and describe */
int buffer_alloc(const struct args *args, __u64 size, int *fd, double *ms);
int contents_fill(int fd, const struct pattern *pattern);
int contents_check(int fd, const struct pattern *pattern, json_object *out);
int describe(int fd, json_object *out);
int hold(json_object *out, bool json);

/* file.c */
#define SYSFS_DIR	"/sys/class/misc/lazy_contig"

int file_read_line(const char *path, char *buf, size_t len);
int file_write(const char *path, const char *text);
int sysfs_read(const char *name, char *text, size_t size);
int sysfs_failed(int err);

/* kept.c */
int keep_buffer(const struct args *args, __u64 size, int *fd);

/* output.c */
void add_string(json_object *out, const char *key, const char *value);
void add_u64(json_object *out, const char *key, __u64 value);
void print_object(json_object *out, bool json);

#endif /* CLI_H */
