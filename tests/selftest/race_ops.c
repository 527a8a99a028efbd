// SPDX-License-Identifier: GPL-2.0
/* Operations of the processes of the race. */
#include <sched.h>
#include <stdio.h>

#include "kept_calls.h"
#include "race.h"

#define NAME	"race"

/* The node may be missing, because another process unloads the module. */
static int node_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT && errno != ENODEV && errno != ENXIO)
		surprise(path, -errno);
	return fd;
}

static size_t random_len(unsigned int *seed)
{
	size_t len = PAGE << rand_r(seed) % 12;

	return len + PAGE * (rand_r(seed) % (len / PAGE));
}

/* A buffer and its length, or -1. */
static int new_buf(unsigned int *seed, size_t *len)
{
	int heap = node_open(rand_r(seed) % 2 ? "/dev/dma_heap/" HEAP :
			     "/dev/dma_heap/" HEAP_DMA32), buf;

	if (heap < 0)
		return -1;
	*len = random_len(seed);
	buf = heap_alloc(heap, *len);
	close(heap);
	if (buf < 0 && buf != -ENOMEM)
		surprise("allocate", buf);
	return buf < 0 ? -1 : buf;
}

/* Whose bytes these are: all pages bear the same mark. */
static void stamp(unsigned char *mem, size_t len, uint64_t mark)
{
	size_t at;

	for (at = 0; at < len; at += PAGE) {
		if (!all_zero(mem + at, 64))
			surprise("a new buffer is not zero at", at);
		*(uint64_t *)(mem + at) = mark;
	}
}

static void check(const unsigned char *mem, size_t len, uint64_t mark)
{
	size_t at;

	for (at = 0; at < len; at += PAGE)
		if (*(uint64_t *)(mem + at) != mark)
			surprise("another one's bytes at", at);
}

static bool op_map(unsigned int *seed)
{
	uint64_t mark = rand_r(seed) | 1;
	unsigned char *mem;
	size_t len;
	int buf = new_buf(seed, &len);

	if (buf < 0)
		return false;
	mem = buf_map(buf, len);
	stamp(mem, len, mark);
	if (rand_r(seed) % 2)
		sched_yield();
	close(buf);
	check(mem, len, mark);
	munmap(mem, len);
	return true;
}

static bool op_import(unsigned int *seed)
{
	uint64_t mark = rand_r(seed) | 1, word;
	int buf, imp = importer_open();
	struct lci_map map;
	uint32_t id;
	size_t len;

	buf = new_buf(seed, &len);
	if (buf < 0) {
		close(imp);
		return false;
	}
	if (importer_attach(imp, buf, 64, &id) ||
	    importer_map(imp, id, 0, &map) ||
	    importer_write(imp, LCI_DEVICE_COPY, map.map, len - 8, &mark, 8) ||
	    call(imp, LCI_VMAP, &id) ||
	    importer_read(imp, LCI_VMAP_COPY, id, len - 8, &word, 8))
		surprise("import", 0);
	else if (word != mark)
		surprise("another one's bytes under a device", word);
	close(buf);
	close(imp);
	return true;
}

static bool op_keep(unsigned int *seed)
{
	struct lazy_contig_allocation alloc = kept_request(random_len(seed), NAME);
	int control = node_open(CONTROL), buf;

	if (control < 0)
		return false;
	buf = kept_alloc(control, &alloc);
	close(control);
	if (buf < 0 && buf != -ENOMEM)
		surprise("keep", buf);
	if (buf < 0)
		return false;
	race->kept[rand_r(seed) % RACE_SLOTS] = alloc.phys_addr;
	close(buf);
	return true;
}

static uint64_t address(unsigned int *seed)
{
	return race->kept[rand_r(seed) % RACE_SLOTS];
}

/* Others resize and free it, but not while it is open. */
static bool op_open(unsigned int *seed)
{
	int control = node_open(CONTROL), buf;
	unsigned char *mem;
	uint64_t len;

	if (control < 0)
		return false;
	buf = kept_open(control, address(seed), &len);
	close(control);
	if (buf < 0 && buf != -ENOENT)
		surprise("open", buf);
	if (buf < 0)
		return false;
	mem = buf_map(buf, len);
	close(buf);
	(void)*(volatile unsigned char *)(mem + len - 1);
	munmap(mem, len);
	return true;
}

static bool op_resize(unsigned int *seed)
{
	int control = node_open(CONTROL), err;
	uint64_t phys = address(seed);

	if (control < 0)
		return false;
	err = kept_resize(control, &phys, random_len(seed));
	close(control);
	if (err && err != -ENOENT && err != -ENOMEM && err != -EBUSY)
		surprise("resize", err);
	if (!err)
		race->kept[rand_r(seed) % RACE_SLOTS] = phys;
	return !err;
}

static bool op_free(unsigned int *seed)
{
	int control = node_open(CONTROL), err;

	if (control < 0)
		return false;
	err = kept_free(control, address(seed));
	close(control);
	if (err && err != -ENOENT)
		surprise("free", err);
	return !err;
}

/* Looks at whatever there is to look at. */
static bool op_look(unsigned int *seed)
{
	static const char * const files[] = {
		"/sys/kernel/debug/lazy_contig/buffers", "/proc/iomem",
		"/sys/class/misc/lazy_contig/last_failure",
		"/sys/class/misc/lazy_contig/reserve",
	};
	int fd = open(files[rand_r(seed) % ARRAY_SIZE(files)],
		      O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n;

	if (fd < 0)
		return false;
	do
		n = read(fd, text, sizeof(text));
	while (n > 0);
	close(fd);
	return !n;
}

static const struct {
	const char *name;
	bool (*call)(unsigned int *seed);
} ops[] = {
	{ "mapped", op_map },
	{ "imported", op_import },
	{ "kept", op_keep },
	{ "kept ones opened", op_open },
	{ "resized", op_resize },
	{ "freed", op_free },
	{ "listed", op_look },
};

void race_op(unsigned int *seed)
{
	unsigned int op = rand_r(seed) % ARRAY_SIZE(ops);

	if (ops[op].call(seed))
		atomic_fetch_add(&race->done[op], 1);
}

bool race_complete(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (!atomic_load(&race->done[i]))
			return false;
	return true;
}

void race_report(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		ok(atomic_load(&race->done[i]), "buffers %s: %lu", ops[i].name,
		   atomic_load(&race->done[i]));
}
