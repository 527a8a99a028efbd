// SPDX-License-Identifier: GPL-2.0
/* How memory of each kind is taken and given back. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "part.h"

#define PIPE_PAGES	16	/* of a new pipe */

size_t file_number(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (f && fscanf(f, "%zu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

/* Addresses from a multiple of align on. */
static unsigned char *reserve(size_t len, size_t align, int prot)
{
	unsigned char *mem = mmap(NULL, len + align, prot, MAP_PRIVATE |
				  MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		err(1, "reserve addresses");
	return mem + (align - (uintptr_t)mem % align) % align;
}

/* Anonymous memory, in single pages. */
static void anon_setup(struct part *p, const char *dir)
{
	(void)dir;
	p->mem = reserve(p->slots * p->unit, p->unit, PROT_READ | PROT_WRITE);
	madvise(p->mem, p->slots * p->unit, MADV_NOHUGEPAGE);
}

static void anon_make(struct part *p, size_t first, size_t n)
{
	if (madvise(p->mem + first * p->unit, n * p->unit, MADV_POPULATE_WRITE))
		err(1, "populate %zu bytes", n * p->unit);
}

static void anon_drop(struct part *p, size_t first, size_t n)
{
	if (madvise(p->mem + first * p->unit, n * p->unit, MADV_DONTNEED))
		err(1, "give anonymous memory back");
}

/* The same, in huge pages: where the kernel has none, one small page of each. */
static size_t thp_unit(void)
{
	return file_number(THP_SIZE) ?: page_bytes();
}

static void thp_setup(struct part *p, const char *dir)
{
	(void)dir;
	p->mem = reserve(p->slots * p->unit, p->unit, PROT_READ | PROT_WRITE);
	madvise(p->mem, p->slots * p->unit, MADV_HUGEPAGE);
}

static void thp_make(struct part *p, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++)
		p->mem[i * p->unit] = 1;
}

/* Page cache of a file of holes: reading it takes memory and no disk. */
static void file_setup(struct part *p, const char *dir)
{
	p->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (p->fd < 0 || ftruncate(p->fd, p->slots * p->unit))
		err(1, "%s: a file in %s", p->kind->name, dir);
	/* no readahead: what is read is what is asked for */
	posix_fadvise(p->fd, 0, 0, POSIX_FADV_RANDOM);
}

static void *file_data(size_t len)
{
	static unsigned char *data;
	static size_t room;

	if (len > room) {
		data = realloc(data, len);
		if (!data)
			err(1, "memory for a file's data");
		memset(data, 0x5a, len);
		room = len;
	}
	return data;
}

static void clean_make(struct part *p, size_t first, size_t n)
{
	size_t len = n * p->unit;

	if (pread(p->fd, file_data(len), len, first * p->unit) != (ssize_t)len)
		err(1, "read a file");
}

static void clean_drop(struct part *p, size_t first, size_t n)
{
	posix_fadvise(p->fd, first * p->unit, n * p->unit, POSIX_FADV_DONTNEED);
}

/* Page cache that waits for writeback. A longer write would make a large folio. */
static void dirty_make(struct part *p, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++)
		if (pwrite(p->fd, file_data(p->unit), p->unit, i * p->unit) !=
		    (ssize_t)p->unit)
			err(1, "write a file");
}

static void dirty_drop(struct part *p, size_t first, size_t n)
{
	if (fallocate(p->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      first * p->unit, n * p->unit))
		err(1, "drop dirty pages");
}

/*
 * Empty files on a tmpfs: an inode, with what security modules add, and a dentry each,
 * which nothing but unlink() frees. The tmpfs is mounted nowhere and goes with the process.
 */
static size_t slab_unit(void)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	size_t active, total, size, per_slab, pages, unit = 0, i;
	static const char *const caches[] = {
		"dentry", "shmem_inode_cache", "lsm_inode_cache",
	};
	char line[512], name[64];

	if (!f)
		err(1, "/proc/slabinfo");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %zu %zu %zu %zu %zu", name, &active,
			   &total, &size, &per_slab, &pages) != 6)
			continue;
		for (i = 0; i < NELEMS(caches); i++)
			if (!strcmp(name, caches[i]))
				unit += pages * page_bytes() / per_slab;
	}
	fclose(f);
	if (!unit)
		errx(1, "/proc/slabinfo lacks the caches of inodes");
	return unit;
}

static void slab_setup(struct part *p, const char *dir)
{
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	(void)dir;
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "0", 0) ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		err(1, "tmpfs");
	p->fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (p->fd < 0)
		err(1, "mount a tmpfs");
	close(fs);
}

static void slab_make(struct part *p, size_t first, size_t n)
{
	char name[32];
	size_t i;

	for (i = first; i < first + n; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		if (mknodat(p->fd, name, S_IFREG | 0600, 0))
			err(1, "an empty file");
	}
}

static void slab_drop(struct part *p, size_t first, size_t n)
{
	char name[32];
	size_t i;

	for (i = first; i < first + n; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		if (p->there[i] && unlinkat(p->fd, name, 0))
			err(1, "unlink");
	}
}

/*
 * Page tables: one read of untouched memory in what one table of the lowest level maps
 * takes a table, and has the page of zeros in it, which takes nothing.
 */
static size_t table_span(void)
{
	return page_bytes() / sizeof(uint64_t) * page_bytes();
}

static void tables_setup(struct part *p, const char *dir)
{
	(void)dir;
	p->mem = reserve(p->slots * table_span(), table_span(), PROT_NONE);
}

static void tables_map(struct part *p, size_t first, size_t n, int prot)
{
	if (mmap(p->mem + first * table_span(), n * table_span(), prot,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		err(1, "page tables (see vm.max_map_count)");
}

static void tables_make(struct part *p, size_t first, size_t n)
{
	volatile unsigned char *mem = p->mem + first * table_span();
	size_t i;

	tables_map(p, first, n, PROT_READ);
	madvise((void *)mem, n * table_span(), MADV_NOHUGEPAGE);
	for (i = 0; i < n; i++)
		(void)mem[i * table_span()];
}

static void tables_drop(struct part *p, size_t first, size_t n)
{
	tables_map(p, first, n, PROT_NONE);
}

/* Pages of full pipes, which cannot be migrated. */
static size_t pipe_unit(void)
{
	return PIPE_PAGES * page_bytes();
}

static void pipes_setup(struct part *p, const char *dir)
{
	struct rlimit files = { 2 * p->slots + 64, 2 * p->slots + 64 };

	(void)dir;
	p->pipes = calloc(p->slots, sizeof(*p->pipes));
	if (!p->pipes || setrlimit(RLIMIT_NOFILE, &files))
		err(1, "%zu pipes (see fs.nr_open)", p->slots);
}

static void pipes_make(struct part *p, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++)
		if (pipe2(p->pipes[i], O_CLOEXEC | O_NONBLOCK) ||
		    write(p->pipes[i][1], file_data(p->unit), p->unit) < 0)
			err(1, "fill a pipe");
}

static void pipes_drop(struct part *p, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++) {
		if (!p->there[i])
			continue;
		close(p->pipes[i][0]);
		close(p->pipes[i][1]);
	}
}

const struct kind kinds[NR_PARTS] = {
	[PART_ANON] = { "anon", 32, page_bytes, anon_setup, anon_make, anon_drop },
	[PART_THP] = { "thp", 1, thp_unit, thp_setup, thp_make, anon_drop },
	[PART_CLEAN] = { "clean", 32, page_bytes, file_setup, clean_make, clean_drop },
	[PART_DIRTY] = { "dirty", 32, page_bytes, file_setup, dirty_make, dirty_drop },
	[PART_SLAB] = { "slab", 32, slab_unit, slab_setup, slab_make, slab_drop },
	[PART_TABLES] = { "tables", 8, page_bytes, tables_setup, tables_make, tables_drop },
	[PART_PIPES] = { "pipes", 1, pipe_unit, pipes_setup, pipes_make, pipes_drop },
};
