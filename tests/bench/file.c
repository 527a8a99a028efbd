// SPDX-License-Identifier: GPL-2.0
/*
 * What a pinnable buffer's mapping costs beside another's, and what it is for: a file
 * that is read into a buffer which a driver imports, in each of the ways there are.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "../selftest/slow.h"
#include "bench.h"

#define FILE_LEN	MIB(256)
#define CHUNK		MIB(1)
#define PATH		SLOW_DIR "/file"

static const size_t lengths[] = { MIB(1), MIB(64), MIB(256) };

static int control;

static int new_buffer(size_t len, uint32_t flags)
{
	struct lazy_contig_allocation alloc = {
		.size = sizeof(alloc),
		.flags = flags,
		.len = len,
		.node = -1,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = call(control, LAZY_CONTIG_IOCTL_ALLOC, &alloc);

	if (err)
		bail("allocate %zu bytes: %s", len, strerror(-err));
	return alloc.fd;
}

/* Where huge entries fit, as the library has it. */
static unsigned char *map_aligned(int buf, size_t len)
{
	void *mem = mmap(room_new(len), len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, buf, 0);

	if (mem == MAP_FAILED)
		bail("map %zu bytes: %m", len);
	return mem;
}

static void touch(volatile unsigned char *mem, size_t len, size_t stride)
{
	size_t i;

	for (i = 0; i < len; i += stride)
		mem[i] = 1;
}

static void map_one(struct row *r, const char *kind, uint32_t flags)
{
	int buf = new_buffer(r->len, flags);
	unsigned char *mem;
	double t;

	r->heap = kind;
	t = now_ms();
	mem = map_aligned(buf, r->len);
	row(r, "map_ms", lap(&t));
	touch(mem, r->len, PAGE);
	row(r, "touch_ms", lap(&t));
	touch(mem, r->len, PAGE);
	row(r, "again_ms", lap(&t));
	munmap(mem, r->len);
	row(r, "unmap_ms", lap(&t));
	close(buf);
}

int bench_map(const struct options *opt)
{
	struct row r = { .suite = "map", .config = "", .threads = 1 };
	size_t i;

	(void)opt;
	control = control_open();
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		r.len = lengths[i];
		map_one(&r, "plain", 0);
		map_one(&r, "pinnable", LAZY_CONTIG_PINNABLE);
	}
	close(control);
	return 0;
}

/* Both return whether all bytes came. */
static bool read_there(int fd, unsigned char *mem)
{
	size_t at = 0;
	ssize_t n;

	while ((n = pread(fd, mem + at, CHUNK, at)) > 0)
		at += n;
	return at == FILE_LEN;
}

static bool read_and_copy(int fd, unsigned char *mem)
{
	unsigned char *bounce = aligned_alloc(PAGE, CHUNK);
	size_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bounce, CHUNK, at)) > 0) {
		memcpy(mem + at, bounce, n);
		at += n;
	}
	free(bounce);
	return at == FILE_LEN;
}

static const struct way {
	const char *name;
	uint32_t buffer_flags;
	int file_flags;
	bool cached;	/* all of the file is page cache already */
	bool (*read)(int fd, unsigned char *mem);
} ways[] = {
	{ "cached", 0, 0, true, read_there },
	{ "buffered", 0, 0, false, read_there },
	{ "copied", 0, 0, false, read_and_copy },
	{ "bounce", 0, O_DIRECT, false, read_and_copy },
	{ "direct", LAZY_CONTIG_PINNABLE, O_DIRECT, false, read_there },
};

static double cpu_ms(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return use.ru_stime.tv_sec * 1e3 + use.ru_stime.tv_usec / 1e3 +
	       use.ru_utime.tv_sec * 1e3 + use.ru_utime.tv_usec / 1e3;
}

static void file_cached(bool cached)
{
	static unsigned char chunk[CHUNK];
	int fd = open(PATH, O_RDONLY | O_CLOEXEC);

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	while (cached && read(fd, chunk, CHUNK) > 0)
		;
	close(fd);
}

static void read_one(struct row *r, const struct way *way, int imp)
{
	int buf = new_buffer(FILE_LEN, way->buffer_flags), fd;
	unsigned char *mem = map_aligned(buf, FILE_LEN);
	struct lci_map map;
	uint32_t id;
	double t, cpu;

	if (importer_attach(imp, buf, 64, &id) ||
	    importer_map(imp, id, 0, &map))
		bail("the driver cannot import");
	file_cached(way->cached);
	fd = open(PATH, O_RDONLY | O_CLOEXEC | way->file_flags);
	r->heap = way->name;
	t = now_ms();
	cpu = cpu_ms();
	buf_sync(buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	if (fd < 0 || !way->read(fd, mem))
		bail(PATH ": %m");
	buf_sync(buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	row(r, "read_ms", lap(&t));
	row(r, "cpu_ms", cpu_ms() - cpu);
	if (mem[FILE_LEN - 1] != 1)
		bail("%s: wrong bytes", way->name);
	close(fd);
	call(imp, LCI_UNMAP, &map.map);
	call(imp, LCI_DETACH, &id);
	munmap(mem, FILE_LEN);
	close(buf);
}

static void file_new(void)
{
	static unsigned char chunk[CHUNK];
	int fd = open(PATH, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	size_t at;

	memset(chunk, 1, CHUNK);
	for (at = 0; at < FILE_LEN; at += CHUNK)
		if (write(fd, chunk, CHUNK) != (ssize_t)CHUNK)
			bail(PATH ": %m");
	if (fsync(fd))
		bail("fsync: %m");
	close(fd);
}

int bench_file(const struct options *opt)
{
	struct row r = {
		.suite = "file", .config = "", .len = FILE_LEN, .threads = 1,
	};
	int imp = importer_open();
	size_t i;

	control = control_open();
	param_set("lazy_contig", "time_limit_ms", "30000");
	slow_disk_rate(0);
	slow_disk_mount();
	file_new();
	for (r.run = 1; r.run <= opt->runs; r.run++)
		for (i = 0; i < ARRAY_SIZE(ways); i++)
			read_one(&r, &ways[i], imp);
	slow_disk_umount();
	close(control);
	close(imp);
	return 0;
}
