// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <sys/syscall.h>

#include "../selftest/settings.h"
#include "ops.h"

#define FILES		"/sys/class/misc/lazy_contig/"
#define LEN		(MIB(8) + PAGE)

/* Of /dev/lazy_cma, as the programs of that driver know them. */
struct cma_alloc {
	uint64_t len, phys_addr;
	int32_t node;
	uint32_t pad;
	char name[64];
};

struct cma_resize {
	uint64_t phys_addr, len;
};

#define CMA_ALLOC	_IOWR('H', 0, struct cma_alloc)
#define CMA_RESIZE	_IOWR('H', 1, struct cma_resize)
#define CMA_FREE	_IOW('H', 2, uint64_t)

static int heap, cma, reserve, heaps, client;
/* what the operations work on; -1, 0 or NULL if there is none */
static int buf = -1;
static uint64_t phys;
static void *mem;
static bool loaded;

static int put(int fd, const char *text)
{
	return pwrite(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

static int reserve_16(void)
{
	return put(reserve, "0 16");
}

static int reserve_40(void)
{
	return put(reserve, "0 40");
}

static int reserve_none(void)
{
	return put(reserve, "0 0");
}

static void reserve_prepare(void)
{
	if (reserve_16())
		bail("no reserve");
}

static void reserve_undo(void)
{
	if (reserve_none() || reserve_mib())
		bail("there is still a reserve");
}

static int take(void)
{
	buf = heap_alloc(heap, LEN);
	return buf < 0 ? buf : 0;
}

static void take_prepare(void)
{
	int err = take();

	if (err)
		bail("allocate: %s", strerror(-err));
	mem = buf_map(buf, LEN);
	memset(mem, 1, LEN);
	munmap(mem, LEN);
}

static int give(void)
{
	close(buf);
	buf = -1;
	return 0;
}

static void take_undo(void)
{
	if (buf < 0)
		return;
	mem = buf_map(buf, LEN);
	if (!all_zero(mem, LEN))
		bail("a buffer that is not zero");
	munmap(mem, LEN);
	give();
}

/* The reserve is not zeroed: it was in use before. */
static void take_reserved_prepare(void)
{
	reserve_prepare();
	take_prepare();
	give();
}

static void take_reserved_undo(void)
{
	take_undo();
	reserve_undo();
}

static void give_reserved_prepare(void)
{
	reserve_prepare();
	take_prepare();
}

static void pool_prepare(void)
{
	param_set("pool_max_mb", 64);
	take_prepare();
}

static void pool_undo(void)
{
	take_undo();
	param_set("pool_max_mb", 0);
	if (counter("pool_pages"))
		bail("the pool keeps something");
}

static void pooled_prepare(void)
{
	pool_prepare();
	give();
}

static int cma_keep(void)
{
	struct cma_alloc alloc = { .len = LEN, .node = -1, .name = OPS_NAME };
	int err = call(cma, CMA_ALLOC, &alloc);

	phys = err ? 0 : alloc.phys_addr;
	return err;
}

static void cma_prepare(void)
{
	if (cma_keep())
		bail("%s does not work", "/dev/lazy_cma");
}

static int cma_free(void)
{
	int err = call(cma, CMA_FREE, &phys);

	phys = err ? phys : 0;
	return err;
}

static void cma_undo(void)
{
	if (mem)
		munmap(mem, LEN);
	mem = NULL;
	if (phys && cma_free())
		bail("a kept buffer is gone");
}

static int cma_grow(void)
{
	struct cma_resize resize = { .phys_addr = phys, .len = 2 * LEN };
	int err = call(cma, CMA_RESIZE, &resize);

	phys = err ? phys : resize.phys_addr;
	return err;
}

static int cma_map(void)
{
	mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, cma, phys);
	if (mem == MAP_FAILED)
		mem = NULL;
	return mem ? 0 : -errno;
}

static int client_load(void)
{
	int err = syscall(SYS_finit_module, client, "len=3000000", 0) ?
		  -errno : 0;

	loaded = !err;
	return err;
}

static void client_undo(void)
{
	if (loaded && syscall(SYS_delete_module, "lc_client", O_NONBLOCK))
		bail("unload the client: %m");
	loaded = false;
}

/* Another one each time: a heap that was removed is not allocated again. */
static char heap_entry[64];

static void heap_prepare(void)
{
	static int nr;

	snprintf(heap_entry, sizeof(heap_entry), "+t_fail%d:below=1G", nr++);
}

static int heap_add(void)
{
	return put(heaps, heap_entry);
}

static void heap_undo(void)
{
	int err;

	*heap_entry = '-';
	*strchr(heap_entry, ':') = 0;
	err = put(heaps, heap_entry);
	if (err && err != -ENOENT)
		bail("a heap stays: %s", strerror(-err));
}

static void nothing(void)
{
	mem = NULL;
}

const struct op memory_ops[] = {
	{ "setting aside", nothing, reserve_16, reserve_undo, ALLOC | COPY, NULL },
	{ "setting aside more", reserve_prepare, reserve_40, reserve_undo,
	  ALLOC | COPY, NULL },
	{ "setting aside nothing", reserve_prepare, reserve_none, reserve_undo,
	  ALLOC | COPY, NULL },
	{ "taking from the reserve", take_reserved_prepare, take,
	  take_reserved_undo, ALLOC | COPY, NULL },
	{ "giving back to the reserve", give_reserved_prepare, give,
	  reserve_undo, 0, NULL },
	{ "giving to the pool", pool_prepare, give, pool_undo, 0, NULL },
	{ "taking from the pool", pooled_prepare, take, pool_undo, ALLOC | COPY,
	  NULL },
	{ "lazy_cma: allocating", nothing, cma_keep, cma_undo, ALLOC | COPY, NULL },
	{ "lazy_cma: growing", cma_prepare, cma_grow, cma_undo, ALLOC | COPY, NULL },
	{ "lazy_cma: mapping", cma_prepare, cma_map, cma_undo, ALLOC, NULL },
	{ "lazy_cma: freeing", cma_prepare, cma_free, cma_undo, COPY, NULL },
	{ "adding a heap", heap_prepare, heap_add, heap_undo, ALLOC, NULL },
	{ "another module's call", nothing, client_load, client_undo, ALLOC,
	  "lazy_contig_alloc" },
};

const size_t nr_memory_ops = ARRAY_SIZE(memory_ops);

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		bail("%s: %m", path);
	return fd;
}

void memory_ops_begin(void)
{
	heap = heap_open(HEAP);
	cma = must_open("/dev/lazy_cma", O_RDWR);
	reserve = must_open(FILES "reserve", O_WRONLY);
	heaps = must_open(FILES "heaps", O_WRONLY);
	client = must_open("../../client/lc_client.ko", O_RDONLY);
}

void memory_ops_end(void)
{
	close(client);
	close(heaps);
	close(reserve);
	close(cma);
	close(heap);
}
