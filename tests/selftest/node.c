// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: heaps: O_RDWR and O_RDONLY opens allocate; the descriptor has the access mode
 *   that was asked for
 * Promise: heaps: exp_name is the heap's name; DMA_BUF_SET_NAME works
 * Promise: heaps: a full descriptor table leaks no buffer
 * Promise: security: only root may open the nodes by default
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "helpers.h"

/* A line of /proc/self/fdinfo, without its key; empty if there is none. */
static const char *fdinfo(int fd, const char *key)
{
	static char line[256];
	size_t len = strlen(key);
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = text_open(path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, key, len) && !strncmp(line + len, ":\t", 2))
			break;
		line[0] = 0;
	}
	fclose(f);
	return line[0] ? line + len + 2 : line;
}

static void test_node(const char *name)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	is(stat(path, &st) ? -errno : 0, 0, "%s is there", path);
	ok(S_ISCHR(st.st_mode), "it is a character device");
	is(st.st_mode & 07777, 0600, "for its owner only");
	ok(!st.st_uid && !st.st_gid, "which is root");
}

/* Android's library and Rust's crate open heaps read-only. */
static void test_open_modes(const char *name)
{
	static const struct { int mode; const char *text; } modes[] = {
		{ O_RDONLY, "O_RDONLY" },
		{ O_RDWR, "O_RDWR" },
		{ O_WRONLY, "O_WRONLY" },
	};
	int heap, buf;
	char path[64];
	size_t i;

	snprintf(path, sizeof(path), "/dev/dma_heap/%s", name);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		heap = open(path, modes[i].mode | O_CLOEXEC);
		ok(heap >= 0, "%s opens %s", name, modes[i].text);
		buf = heap_alloc(heap, PAGE);
		ok(buf >= 0, "and allocates");
		munmap(buf_map(buf, PAGE), PAGE);
		close(heap);
		is(buf_sync(buf, DMA_BUF_SYNC_RW), 0,
		   "the buffer does not need the node");
		close(buf);
	}
}

static void test_fd_flags(int heap)
{
	static const int wanted[] = { O_RDONLY, O_WRONLY, O_RDWR,
		O_RDONLY | O_CLOEXEC, O_RDWR | O_CLOEXEC };
	struct dma_heap_allocation_data data;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		data = (struct dma_heap_allocation_data){
			.len = PAGE,
			.fd_flags = wanted[i],
		};
		is(heap_alloc_raw(heap, &data), 0, "fd flags %#o", wanted[i]);
		is(fcntl(data.fd, F_GETFL) & O_ACCMODE, wanted[i] & O_ACCMODE,
		   "give that access mode");
		is(fcntl(data.fd, F_GETFD) & FD_CLOEXEC,
		   wanted[i] & O_CLOEXEC ? FD_CLOEXEC : 0,
		   "and that close-on-exec flag");
		close(data.fd);
	}
}

static bool bufinfo_has(const char *text)
{
	char line[256];
	bool found = false;
	FILE *f;

	dmabufs_live();		/* makes sure that debugfs is there */
	f = text_open("/sys/kernel/debug/dma_buf/bufinfo");
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, text) != NULL;
	fclose(f);
	return found;
}

static void test_names(const char *name)
{
	int heap = heap_open(name), buf = buf_new(heap, 3 * PAGE);
	char exporter[64], size[32];

	snprintf(exporter, sizeof(exporter), "\t%s\t", name);
	snprintf(size, sizeof(size), "%zu", 3 * PAGE);
	ok(!strcmp(fdinfo(buf, "exp_name"), name), "exp_name is %s", name);
	ok(!strcmp(fdinfo(buf, "size"), size), "fdinfo knows the size");
	ok(!strcmp(fdinfo(buf, "name"), ""), "a new buffer has no name");
	is(call(buf, DMA_BUF_SET_NAME_B, "camera 0"), 0, "give it one");
	ok(!strcmp(fdinfo(buf, "name"), "camera 0"), "fdinfo shows it");
	ok(bufinfo_has("\tcamera 0\n"), "so does bufinfo");
	ok(bufinfo_has(exporter), "which knows the exporter too");
	is(call(buf, DMA_BUF_SET_NAME_B, "camera 1"), 0, "give it another");
	ok(!strcmp(fdinfo(buf, "name"), "camera 1"), "fdinfo shows that");
	close(buf);
	close(heap);
}

/* No descriptor left: the buffer that was allocated for it goes again. */
static void test_fd_limit(int heap)
{
	struct dma_heap_allocation_data data = { .len = MIB(1) };
	struct rlimit old, none;
	struct mark mark;
	int next, err;

	mark_set(&mark);
	next = dup(0);
	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	none = (struct rlimit){ next, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	err = heap_alloc_raw(heap, &data);
	setrlimit(RLIMIT_NOFILE, &old);
	is(err, -EMFILE, "no fd to be had");
	mark_check(&mark, "that");
}

int main(void)
{
	static const char * const heaps[] = { HEAP, HEAP_DMA32 };
	struct mark mark;
	size_t i;
	int heap;

	mark_set(&mark);
	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		test_node(heaps[i]);
		test_open_modes(heaps[i]);
		test_names(heaps[i]);
		heap = heap_open(heaps[i]);
		test_fd_flags(heap);
		test_fd_limit(heap);
		close(heap);
	}
	mark_check(&mark, "all of it");
	return tap_done();
}
