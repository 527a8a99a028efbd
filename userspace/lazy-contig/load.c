// SPDX-License-Identifier: GPL-2.0
/* --load and --save: the contents of a buffer from and to a file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* Copied between two reports of progress. */
#define CHUNK			((uint64_t)16 << 20)
#define PROGRESS_AFTER_MS	1000

struct copy {
	enum option_id option;	/* OPT_LOAD or OPT_SAVE */
	const char *path;
	int file;
	int fd;			/* the buffer */
	uint64_t size;
	uint64_t done;
};

static int copy_failed(const struct copy *c, int err)
{
	return fail(err, "--%s %s", options[c->option].name, c->path);
}

/* Return: true if a line was begun. */
static bool show_progress(const struct copy *c, double start)
{
	char text[32];

	if (milliseconds() - start < PROGRESS_AFTER_MS || !isatty(STDERR_FILENO))
		return false;
	format_size(c->done, text, sizeof(text));
	fprintf(stderr, "\rlazy-contig: --%s %s: %s", options[c->option].name, c->path, text);
	return true;
}

/* Copies until the end of the buffer or of the file. Return: an exit code. */
static int copy(struct copy *c)
{
	double start = milliseconds();
	bool shown = false;
	uint64_t want, len;
	int err;

	do {
		want = c->size - c->done < CHUNK ? c->size - c->done : CHUNK;
		len = want;
		if (c->option == OPT_LOAD)
			err = lazy_contig_read_file(c->fd, c->done, &len, c->file);
		else
			err = lazy_contig_write_file(c->fd, c->done, len, c->file);
		c->done += len;
		shown |= show_progress(c, start);
	} while (!err && len == want && c->done < c->size);
	if (shown)
		fputc('\n', stderr);
	return err ? copy_failed(c, err) : CODE_OK;
}

/* The file of --load, opened once. Return: a descriptor that stays open, or -errno. */
static int load_file(const struct args *args)
{
	static int file = -EAGAIN;
	struct stat st;

	if (file != -EAGAIN)
		return file;
	file = strcmp(args->load, "-") ? open(args->load, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (file < 0 || fstat(file, &st))
		file = -errno;
	else if (S_ISDIR(st.st_mode))
		file = -EISDIR;
	return file;
}

/* Return: the number of bytes up to the end, 0 if it is not known, as of a pipe. */
static uint64_t file_left(int file)
{
	off_t at = lseek(file, 0, SEEK_CUR), end = lseek(file, 0, SEEK_END);

	if (at < 0 || end < 0)
		return 0;
	lseek(file, at, SEEK_SET);
	return end > at ? end - at : 0;
}

static bool is_regular(int file)
{
	struct stat st;

	return !fstat(file, &st) && S_ISREG(st.st_mode);
}

static int too_long(const struct args *args, uint64_t size)
{
	char text[32];

	format_size(size, text, sizeof(text));
	return fail(-EFBIG, "--load %s: does not fit into a buffer of %s", args->load, text);
}

/*
 * The size of a new buffer: SIZE, the first operand, or that of the file to load. A file
 * that does not fit is an error before anything is allocated. Return: an exit code.
 */
int load_size(const struct args *args, __u64 *size)
{
	__u64 page = sysconf(_SC_PAGESIZE), left;
	int file, code;

	if (!args->count && !args->load)
		return usage_error(args->cmd, "missing operand");
	code = args->count ? args_size(args, 0, size) : CODE_OK;
	if (code || !args->load)
		return code;
	file = load_file(args);
	if (file < 0)
		return fail(file, "--load %s", args->load);
	left = file_left(file);
	if (!args->count) {
		*size = left;
		return left ? CODE_OK :
			usage_error(args->cmd, "--load %s: %s, SIZE is needed", args->load,
				    is_regular(file) ? "no bytes to load" : "of unknown length");
	}
	/* SIZE will be rounded up to pages */
	if (left > *size && (left - 1) / page > (*size - 1) / page)
		return too_long(args, *size);
	return CODE_OK;
}

/* Obeys --load. Return: an exit code. */
int load(const struct args *args, int fd, json_object *out)
{
	struct copy c = { .option = OPT_LOAD, .path = args->load, .fd = fd };
	int err, code;
	char more;

	c.file = load_file(args);
	if (c.file < 0)
		return copy_failed(&c, c.file);
	err = lazy_contig_size(fd, &c.size);
	if (err)
		return fail(err, "cannot get the size of the buffer");
	if (file_left(c.file) > c.size)
		return too_long(args, c.size);
	code = copy(&c);
	if (code)
		return code;
	/* of a pipe, this is known only now */
	if (c.done == c.size && read(c.file, &more, 1) > 0)
		return too_long(args, c.size);
	add_u64(out, "loaded_bytes", c.done);
	return CODE_OK;
}

/* Obeys --save. Only its owner may read the file, as memory was. Return: an exit code. */
int save(const struct args *args, int fd, json_object *out)
{
	struct copy c = { .option = OPT_SAVE, .path = args->save, .fd = fd };
	int err, code;

	err = lazy_contig_size(fd, &c.size);
	if (err)
		return fail(err, "cannot get the size of the buffer");
	c.file = open(args->save, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (c.file < 0)
		return copy_failed(&c, -errno);
	code = copy(&c);
	if (close(c.file) && !code)
		code = copy_failed(&c, -errno);
	if (!code)
		add_u64(out, "saved_bytes", c.done);
	return code;
}
