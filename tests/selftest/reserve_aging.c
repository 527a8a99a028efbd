// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: the reserve serves requests of its full size on an aged machine
 *
 * Ages it by rounds of files, pipes and processes that leave unmovable pages all over
 * memory. LC_ROUNDS is the number of rounds.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "settings.h"

#define SIZE_MIB	192
#define FILES		200
#define PIPES		200

static char dir[] = "/tmp/reserve_aging.XXXXXX";

/* Files of random lengths: page cache, inodes and directory entries. */
static void files(unsigned int *seed)
{
	static char text[KIB(256)];
	char path[64];
	int i, fd;

	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, rand_r(seed) % 1000);
		if (rand_r(seed) % 2) {
			unlink(path);
			continue;
		}
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, text, rand_r(seed) % sizeof(text)) < 0)
			bail("%s: %m", path);
		close(fd);
	}
}

/* Pipes with something in them, half of which outlive the others. */
static void pipes(unsigned int *seed)
{
	static char text[KIB(16)];
	static int fd[PIPES][2];
	int i;

	for (i = 0; i < PIPES; i++) {
		if (fd[i][0]) {
			if (rand_r(seed) % 2)
				continue;
			close(fd[i][0]);
			close(fd[i][1]);
		}
		if (pipe2(fd[i], O_CLOEXEC | O_NONBLOCK) ||
		    write(fd[i][1], text, sizeof(text)) < 0)
			bail("pipe: %m");
	}
}

static int grow(void *arg)
{
	size_t len = *(size_t *)arg;
	unsigned char *mem = malloc(len);

	memset(mem, 1, len);
	return 0;
}

static void age(unsigned int *seed)
{
	size_t len = (size_t)meminfo_kib("MemAvailable") * 1024 / 2 / 100 *
		     (rand_r(seed) % 100 + 1);

	files(seed);
	pipes(seed);
	if (in_child(grow, &len))
		bail("cannot use %zu MiB", len >> 20);
}

static void clean_up(void)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

int main(void)
{
	unsigned long nr = rounds(20), i, served = 0, limit = patience();
	int heap = heap_open(HEAP), buf;
	unsigned int seed = 7;
	long from_reserve;

	if (!mkdtemp(dir))
		bail("%s: %m", dir);
	is(reserve_set(SIZE_MIB), 0, "set aside %d MiB", SIZE_MIB);
	pool_drop();
	from_reserve = counter("from_reserve");
	for (i = 0; i < nr; i++) {
		age(&seed);
		buf = heap_alloc(heap, MIB(SIZE_MIB));
		served += buf >= 0;
		if (buf >= 0)
			close(buf);
	}
	is(served, nr, "%lu rounds of aging, a full-size request after each", nr);
	is(counter("from_reserve") - from_reserve, nr, "all from the reserve");
	is(reserve_mib(), SIZE_MIB, "which is as large as before");
	is(reserve_set(0), 0, "it is given back");
	param_set("time_limit_ms", limit);
	clean_up();
	close(heap);
	return tap_done();
}
