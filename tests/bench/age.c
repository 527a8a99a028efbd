// SPDX-License-Identifier: GPL-2.0
/*
 * Fragment memory as weeks of use would, in half a minute.
 *
 * A child process fills 70 % of the free memory with runs of anonymous pages,
 * small files on a tmpfs and, for a tenth of it, page cache of files on disk,
 * interleaved. Then 70 % of all that is freed at random, page by page or file
 * by file. The rest is movable, except for the pins: pages spread evenly over
 * the remaining anonymous memory and registered as io_uring buffers, which are
 * long-term pins like those of drivers, RDMA and virtual machines.
 *
 * The seed determines the sequence of allocations; the page allocator
 * determines where they lie. Anonymous memory and pins are those of age/, the
 * same as a program of its own.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "age/part.h"
#include "bench.h"

#define DIR		"/tmp/lc-age"
#define FILL_PERCENT	70
#define KEEP_PERCENT	30
#define FILES_PER_DIR	1000
#define CACHE_CHUNK	KIB(64)
#define MAX_CACHED	1000

struct filler {
	struct rng rng;
	size_t pages;			/* filled so far */

	struct part anon;
	unsigned int files;

	int cached[MAX_CACHED];		/* files on the disk */
	unsigned int nr_cached;
	unsigned int reading;
	off_t read_to;
};

static struct filler *walking;		/* nftw() passes no argument on */

static int add_cached(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	int fd;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) ||
	    st->st_size < (off_t)CACHE_CHUNK)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		walking->cached[walking->nr_cached++] = fd;
	return walking->nr_cached == MAX_CACHED;
}

static bool keep(struct filler *f)
{
	return rng_below(&f->rng, 100) < KEEP_PERCENT;
}

static void file_path(char *path, size_t len, unsigned int file)
{
	snprintf(path, len, DIR "/%u/%u", file / FILES_PER_DIR,
		 file % FILES_PER_DIR);
}

static void fill_file(struct filler *f)
{
	static const char data[16 * PAGE] = "something";
	size_t n = 1 + rng_below(&f->rng, 16);
	char path[64];
	int fd;

	if (f->files % FILES_PER_DIR == 0) {
		snprintf(path, sizeof(path), DIR "/%u",
			 f->files / FILES_PER_DIR);
		if (mkdir(path, 0755))
			bail("mkdir %s: %m", path);
	}
	file_path(path, sizeof(path), f->files++);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, data, n * PAGE) != (ssize_t)(n * PAGE))
		bail("write %s: %m", path);
	close(fd);
	f->pages += n;
}

static void fill_cache(struct filler *f)
{
	static char data[CACHE_CHUNK];
	ssize_t n;

	if (f->reading == f->nr_cached) {
		fill_file(f);
		return;
	}
	n = pread(f->cached[f->reading], data, CACHE_CHUNK, f->read_to);
	f->read_to += CACHE_CHUNK;
	if (n < (ssize_t)CACHE_CHUNK) {
		f->reading++;
		f->read_to = 0;
	}
	f->pages += n > 0 ? n / PAGE : 0;
}

static void fill(struct filler *f, size_t want)
{
	while (f->pages < want) {
		unsigned int kind = rng_below(&f->rng, 100);

		/* percent of the steps, which differ in size */
		if (kind < 31)
			f->pages += part_fill(&f->anon, &f->rng,
					      want - f->pages);
		else if (kind < 91)
			fill_file(f);
		else
			fill_cache(f);
	}
}

static void drop_files(struct filler *f)
{
	char path[64];
	unsigned int i;
	off_t at, end;

	for (i = 0; i < f->files; i++) {
		file_path(path, sizeof(path), i);
		if (!keep(f) && unlink(path))
			bail("unlink %s: %m", path);
	}
	for (i = 0; i < f->reading; i++) {
		end = lseek(f->cached[i], 0, SEEK_END);
		for (at = 0; at < end; at += CACHE_CHUNK)
			if (!keep(f))
				posix_fadvise(f->cached[i], at, CACHE_CHUNK,
					      POSIX_FADV_DONTNEED);
	}
}

static void age(unsigned int seed, unsigned int pins, size_t want)
{
	static struct filler f;

	rng_seed(&f.rng, seed);
	part_setup(&f.anon, &kinds[PART_ANON], want * PAGE, NULL);
	walking = &f;
	nftw("/usr/lib", add_cached, 16, FTW_PHYS);

	fill(&f, want);
	part_drop(&f.anon, &f.rng, KEEP_PERCENT, 1);
	drop_files(&f);
	pin_pages(&f.anon, &f.rng, pins);
}

void age_start(struct age *age_, unsigned int seed, unsigned int pins)
{
	size_t want;
	int ready[2];
	char byte;

	/* all runs start from the same state */
	pool_drop();
	file_write("/proc/sys/vm/drop_caches", "3");
	file_write("/proc/sys/vm/compact_memory", "1");
	want = meminfo_kib("MemFree") / (PAGE >> 10) * FILL_PERCENT / 100;
	mkdir(DIR, 0755);
	if (mount("age", DIR, "tmpfs", 0, "size=100%,nr_inodes=0"))
		bail("mount %s: %m", DIR);
	if (pipe2(ready, O_CLOEXEC))
		bail("pipe: %m");
	age_->pid = fork();
	if (age_->pid < 0)
		bail("fork: %m");
	if (!age_->pid) {
		age(seed, pins, want);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		bail("aging failed");
	close(ready[0]);
	age_->free_kib = meminfo_kib("MemFree");
}

void age_stop(struct age *age_)
{
	kill(age_->pid, SIGKILL);
	if (waitpid(age_->pid, NULL, 0) < 0)
		bail("wait: %m");
	if (umount(DIR))
		bail("umount %s: %m", DIR);
}
