// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: programs of the lazy_cma driver work
 * Promise: security: names, keeping and addresses need CAP_SYS_ADMIN of the initial user
 *   namespace
 *
 * With definitions of that ABI of its own; only the results are examined through
 * lazy_contig's interface.
 */
#include <stdio.h>

#include "kept_calls.h"

struct cma_alloc {
	uint64_t len;
	uint64_t phys_addr;
	int32_t node;
	uint32_t pad;
	char name[64];
};

struct cma_resize {
	uint64_t phys_addr;
	uint64_t len;
};

#define CMA_ALLOC	_IOWR('H', 0, struct cma_alloc)
#define CMA_RESIZE	_IOWR('H', 1, struct cma_resize)
#define CMA_FREE	_IOW('H', 2, uint64_t)

#define DEVICE	"/dev/lazy_cma"
#define LEN	MIB(16)

static int dev;

static int cma_alloc(uint64_t len, const char *name, int node, uint64_t *phys)
{
	struct cma_alloc alloc = { .len = len, .node = node };
	int err;

	memcpy(alloc.name, name, strnlen(name, sizeof(alloc.name)));
	err = call(dev, CMA_ALLOC, &alloc);
	*phys = alloc.phys_addr;
	return err;
}

static int cma_resize(uint64_t *phys, uint64_t len)
{
	struct cma_resize resize = { .phys_addr = *phys, .len = len };
	int err = call(dev, CMA_RESIZE, &resize);

	*phys = resize.phys_addr;
	return err;
}

static void *cma_map(uint64_t phys, size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
			 phys);

	return mem == MAP_FAILED ? NULL : mem;
}

static void test_life(void)
{
	uint64_t phys, first, none = 0;
	unsigned char *mem;
	int control;

	is(cma_alloc(LEN, "Crash kernel", -1, &phys), 0, "allocate");
	ok(phys && !(phys % MIB(2)), "on a pageblock");
	ok(iomem_named("Crash kernel", phys, LEN), "by its name");
	mem = cma_map(phys, LEN);
	ok(mem, "map it by its address");
	ok(all_zero(mem, LEN), "it is zero");
	pattern_fill(mem, LEN, 3);
	is(cma_resize(&phys, 2 * LEN), -EBUSY, "it is mapped: no resize");
	munmap(mem, LEN);

	first = phys;
	is(cma_resize(&phys, 2 * LEN), 0, "grow");
	ok(iomem_named("Crash kernel", phys, 2 * LEN), "its line grows");
	close(dev);
	dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	mem = cma_map(phys, 2 * LEN);
	ok(mem, "map all of it, in another open file");
	ok(pattern_holds(mem, LEN, 3), "what it was is still there");
	ok(all_zero(mem + LEN, LEN), "what is new is zero");
	munmap(mem, 2 * LEN);
	is(cma_resize(&phys, MIB(1) + 1), 0, "shrink");
	ok(iomem_named("Crash kernel", phys, MIB(1) + PAGE), "to whole pages");

	control = control_open();
	ok(kept_holds(control, phys, MIB(1), 3), "it is a kept buffer");
	close(control);
	if (first != phys)
		is(call(dev, CMA_FREE, &first), -ENOENT, "nothing at the old");
	is(call(dev, CMA_FREE, &phys), 0, "free");
	is(iomem_names("Crash kernel"), 0, "it is gone");
	is(call(dev, CMA_FREE, &phys), -ENOENT, "once only");
	is(call(dev, CMA_FREE, &none), -ENOENT, "address 0");
}

static void test_free_while_mapped(void)
{
	unsigned char *mem;
	uint64_t phys;

	is(cma_alloc(LEN, "", 0, &phys), 0, "allocate without a name");
	ok(iomem_named("lazy_cma", phys, LEN), "it has that driver's");
	mem = cma_map(phys, LEN);
	pattern_fill(mem, LEN, 4);
	is(call(dev, CMA_FREE, &phys), 0, "free it while it is mapped");
	ok(!cma_map(phys, LEN) && errno == EINVAL, "no further mapping");
	dirty_free_memory();
	ok(pattern_holds(mem, LEN, 4), "the memory stays");
	munmap(mem, LEN);
	is(iomem_names("lazy_cma"), 0, "until it is unmapped");
}

static void test_maps(void)
{
	unsigned char *mem;
	uint64_t phys;

	cma_alloc(LEN, "maps", -7, &phys);
	ok(!cma_map(phys, LEN + PAGE), "no mapping past the end");
	ok(!cma_map(phys + PAGE, PAGE), "none from the middle");
	ok(!cma_map(0, PAGE), "none of nothing");
	ok(!cma_map(phys + LEN, PAGE), "none of what follows");
	mem = cma_map(phys, PAGE);
	ok(mem, "one of the first page");
	munmap(mem, PAGE);
	call(dev, CMA_FREE, &phys);
}

/* A program can have a struct that ends earlier, or later. */
static void test_sizes(void)
{
	struct {
		struct cma_alloc alloc;
		uint64_t more;
	} arg = { .alloc = { .len = LEN, .node = -1, .name = "not read" }, .more = 1 };
	struct cma_resize resize;

	is(call(dev, _IOC(3, 'H', 0, offsetof(struct cma_alloc, pad)), &arg), 0,
	   "a struct without a name");
	ok(iomem_named("lazy_cma", arg.alloc.phys_addr, LEN), "has none");
	is(call(dev, CMA_FREE, &arg.alloc.phys_addr), 0, "free it");
	is(call(dev, _IOC(3, 'H', 0, sizeof(arg)), &arg), 0, "a longer one");
	ok(iomem_named("not read", arg.alloc.phys_addr, LEN) && arg.more == 1,
	   "is read as far as it is known");
	resize = (struct cma_resize){ arg.alloc.phys_addr, MIB(1) };
	is(call(dev, _IO('x', 1), &resize), 0, "RESIZE is known by its number");
	is(call(dev, _IO('x', 2), &resize.phys_addr), 0, "and FREE");
	is(call(dev, _IO('x', 0), &arg), -ENOTTY, "ALLOC by its type too");
}

static void test_errors(void)
{
	char long_name[65], cut[64];
	uint64_t phys;

	is(cma_alloc(0, "", -1, &phys), -EINVAL, "length 0");
	is(cma_alloc(-1, "", -1, &phys), -EINVAL, "a length that wraps");
	is(cma_alloc(1ull << 44, "", -1, &phys), -ENOMEM, "16 TiB");
	is(cma_alloc((1ull << 44) + 1, "", -1, &phys), -ENOMEM,
	   "a length whose low half is small");
	is(cma_alloc(PAGE, "new\nline", -1, &phys), -EINVAL, "a newline");
	is(cma_alloc(PAGE, "", 63, &phys), -EINVAL, "no such node");
	is(call(dev, CMA_ALLOC, NULL), -EFAULT, "no address");
	is(call(dev, _IO('H', 9), NULL), -ENOTTY, "no such request");
	is(call(dev, LAZY_CONTIG_IOCTL_FREE, NULL), -ENOTTY, "one of ours");

	memset(long_name, 'x', 64);
	long_name[64] = 0;
	memset(cut, 'x', 63);
	cut[63] = 0;
	is(cma_alloc(PAGE, long_name, -1, &phys), 0, "a name without an end");
	ok(iomem_named(cut, phys, PAGE), "is cut");
	is(cma_resize(&phys, 0), -EINVAL, "resize to 0");
	is(cma_resize(&phys, -1), -EINVAL, "to a size that wraps");
	call(dev, CMA_FREE, &phys);
	is(cma_resize(&phys, PAGE), -ENOENT, "resize what is gone");
}

static int as_nobody(void *arg)
{
	uint64_t phys = *(uint64_t *)arg, other;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 1;
	if (cma_alloc(PAGE, "", -1, &other) != -EPERM)
		return 2;
	if (cma_resize(&phys, LEN) != -EPERM)
		return 3;
	if (call(dev, CMA_FREE, &phys) != -EPERM)
		return 4;
	if (cma_map(phys, PAGE) || errno != EPERM)
		return 5;
	if (open(DEVICE, O_RDWR | O_CLOEXEC) >= 0 || errno != EACCES)
		return 6;
	return 0;
}

static void test_permissions(void)
{
	uint64_t phys;

	cma_alloc(PAGE, "mine", -1, &phys);
	is(in_child(as_nobody, &phys), 0, "nothing without CAP_SYS_ADMIN");
	ok(iomem_named("mine", phys, PAGE), "it changed nothing");
	call(dev, CMA_FREE, &phys);
}

int main(void)
{
	const char *params = getenv("LC_MODULE_PARAMS");
	bool wanted = params && strstr(params, "lazy_cma_compat=1");
	int before = dmabufs_live();

	if (!wanted) {
		ok(access(DEVICE, F_OK) && errno == ENOENT,
		   "%s is not there unless asked for", DEVICE);
		return tap_done();
	}
	dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (dev < 0)
		bail("%s: %m", DEVICE);
	test_life();
	test_free_while_mapped();
	test_maps();
	test_sizes();
	test_errors();
	test_permissions();
	is(dmabufs_live(), before, "no dma-buf is left");
	close(dev);
	return tap_done();
}
