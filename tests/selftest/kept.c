// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: control: KEEP: a buffer outlives its process and every descriptor until FREE;
 *   FREE leaves mappings and devices their memory
 * Promise: control: OPEN finds a kept buffer by its address, and with HOLD forbids FREE
 * Promise: control: ALLOC: node, alignment, address limit, name
 * Promise: control: KEEP: a buffer as large as a memory block begins at one, if one can be had
 * Promise: buffer: every byte is zero at hand-over
 */
#include "blocks.h"
#include "kept_calls.h"

#define NAME	"Second kernel's pool"
#define LEN	(HUGE_PAGE + MIB(1)) /* with a line in /proc/iomem, kept or not */

static int control;

static int maker(void *arg)
{
	struct lazy_contig_allocation alloc = kept_request(LEN, NAME);
	uint64_t *phys = arg;
	unsigned char *mem;
	int buf = kept_alloc(control, &alloc);

	if (buf < 0)
		return 1;
	mem = buf_map(buf, LEN);
	pattern_fill(mem, LEN, 7);
	*phys = alloc.phys_addr;
	return 0;
}

static int hold(uint64_t phys)
{
	struct lazy_contig_open open = {
		.size = sizeof(open),
		.fd_flags = O_RDWR | O_CLOEXEC,
		.phys_addr = phys,
		.flags = LAZY_CONTIG_HOLD,
	};

	return call(control, LAZY_CONTIG_IOCTL_OPEN, &open) ?: open.fd;
}

static void test_held(void)
{
	uint64_t phys = kept_new(control, LEN, NAME);
	int first = hold(phys), second = hold(phys), other = kept_open(control, phys, NULL);
	unsigned char *mem;

	ok(first >= 0 && second >= 0 && other >= 0, "a buffer is held twice and open once more");
	is(kept_free(control, phys), -EBUSY, "it cannot be freed");
	close(first);
	is(kept_free(control, phys), -EBUSY, "nor with one hold less");
	mem = buf_map(second, LEN);
	close(second);
	is(kept_free(control, phys), -EBUSY, "nor while what held it is mapped");
	munmap(mem, LEN);
	is(kept_free(control, phys), 0, "a dma-buf that does not hold it forbids nothing");
	is(hold(phys), -ENOENT, "what is freed cannot be held");
	close(other);
}

static void test_outlives_maker(void)
{
	uint64_t *phys = shared_new(PAGE);
	struct lazy_contig_query q;
	int before = dmabufs_live(), buf, other;
	uint64_t len = 0;

	is(in_child(maker, phys), 0, "a process keeps a buffer and exits");
	is(dmabufs_live(), before, "no dma-buf is left of it");
	ok(iomem_named(NAME, *phys, LEN), "its line in /proc/iomem is");
	ok(kept_holds(control, *phys, LEN, 7), "and so is what it held");

	buf = kept_open(control, *phys, &len);
	ok(buf >= 0, "it can be opened");
	is(len, LEN, "with its length");
	is(lseek(buf, 0, SEEK_END), LEN, "which the dma-buf has too");
	is(buf_query(buf, &q), 0, "and queried");
	is(q.phys_addr, *phys, "with its address");
	other = kept_open(control, *phys, NULL);
	ok(other >= 0, "it can be opened twice at a time");
	is(dmabufs_live(), before + 2, "as two dma-bufs");
	close(other);
	close(buf);

	is(kept_free(control, *phys), 0, "it can be freed");
	is(iomem_names(NAME), 0, "and its line is gone");
	is(kept_open(control, *phys, NULL), -ENOENT, "so is the buffer");
	is(kept_free(control, *phys), -ENOENT, "once only");
	munmap(phys, PAGE);
}

static void test_not_kept(void)
{
	struct lazy_contig_allocation alloc = kept_request(LEN, NAME);
	int buf;

	alloc.flags = 0;
	buf = kept_alloc(control, &alloc);
	ok(buf >= 0, "a buffer with a name that is not kept");
	ok(iomem_named(NAME, alloc.phys_addr, LEN), "has its line");
	is(kept_open(control, alloc.phys_addr, NULL), -ENOENT,
	   "cannot be opened by address");
	close(buf);
	is(iomem_names(NAME), 0, "and is gone when it is closed");

	alloc = kept_request(LEN, "");
	alloc.flags = 0;
	buf = kept_alloc(control, &alloc);
	ok(iomem_has(alloc.phys_addr, LEN), "without a name it is lazy_contig");
	close(buf);
}

/*
 * A request that insists on a memory block says whether there is one to be had, and
 * empties it.
 */
static void test_whole_block(void)
{
	struct lazy_contig_allocation insists = block_request(0);
	int buf, tries = 0;
	uint64_t phys;

	insists.len += MIB(1);
	do {
		buf = kept_alloc(control, &insists);
		if (buf < 0) {
			skip("no memory block can be had");
			return;
		}
		close(buf);
		pool_drop();
		phys = kept_new(control, insists.len, NAME);
		is(kept_free(control, phys), 0, "a buffer that is larger is kept and freed");
	} while (phys % block_size() && ++tries < 5);
	is(phys % block_size(), 0, "which begins at a memory block");
}

/* FREE must not return memory that is in use. */
static void test_free_while_mapped(void)
{
	uint64_t phys = kept_new(control, LEN, NAME);
	int buf = kept_open(control, phys, NULL);
	unsigned char *mem = buf_map(buf, LEN);

	close(buf);
	pattern_fill(mem, LEN, 9);
	is(kept_free(control, phys), 0, "a mapped buffer can be freed");
	is(kept_open(control, phys, NULL), -ENOENT, "its address is forgotten");
	ok(iomem_named(NAME, phys, LEN), "its memory is not");
	dirty_free_memory();
	ok(pattern_holds(mem, LEN, 9), "no other process has written to it");
	munmap(mem, LEN);
	is(iomem_names(NAME), 0, "until it is unmapped");
}

static void test_free_while_imported(void)
{
	uint64_t phys = kept_new(control, LEN, NAME);
	int imp = importer_open(), buf = kept_open(control, phys, NULL);
	unsigned char byte = 0x5a, back = 0;
	struct lci_map map;
	uint32_t id;

	is(importer_attach(imp, buf, 64, &id), 0, "a device imports it");
	is(importer_map(imp, id, 0, &map), 0, "and maps it");
	close(buf);
	is(kept_free(control, phys), 0, "an imported buffer can be freed");
	is(importer_write(imp, LCI_DEVICE_COPY, map.map, LEN - 1, &byte, 1), 0,
	   "the device writes to it");
	is(importer_read(imp, LCI_DEVICE_COPY, map.map, LEN - 1, &back, 1), 0,
	   "and reads");
	is(back, byte, "what it wrote");
	ok(iomem_named(NAME, phys, LEN), "the memory is accounted for");
	close(imp);
	is(iomem_names(NAME), 0, "until the device lets go");
}

static void test_place(void)
{
	struct lazy_contig_allocation alloc = kept_request(PAGE, NAME);
	size_t align;
	int buf;

	for (align = PAGE; align <= MIB(64); align *= 4) {
		alloc = kept_request(PAGE, NAME);
		alloc.flags = 0;
		alloc.align = align;
		buf = kept_alloc(control, &alloc);
		ok(buf >= 0 && !(alloc.phys_addr % align),
		   "one page aligned to %zu KiB", align >> 10);
		close(buf);
	}
	alloc = kept_request(MIB(5), NAME);
	alloc.flags = 0;
	alloc.align = MIB(16);
	buf = kept_alloc(control, &alloc);
	ok(buf >= 0 && !(alloc.phys_addr % MIB(16)), "5 MiB aligned to 16");
	close(buf);

	alloc = kept_request(MIB(5), NAME);
	alloc.flags = 0;
	alloc.max_addr = ram_start() + MIB(1024) - 1;
	buf = kept_alloc(control, &alloc);
	ok(buf >= 0 && alloc.phys_addr + MIB(5) - 1 <= alloc.max_addr,
	   "5 MiB in the first GiB of RAM");
	close(buf);
	alloc = kept_request(PAGE, NAME);
	alloc.flags = 0;
	alloc.max_addr = low_end();
	buf = kept_alloc(control, &alloc);
	ok(buf >= 0 && alloc.phys_addr + PAGE - 1 <= alloc.max_addr,
	   "one page below %#jx", (uintmax_t)alloc.max_addr);
	close(buf);
	alloc = kept_request(PAGE, NAME);
	alloc.flags = 0;
	alloc.max_addr = -1;
	buf = kept_alloc(control, &alloc);
	ok(buf >= 0, "one page at any address of 64 bits");
	close(buf);
	alloc = kept_request(PAGE, NAME);
	alloc.flags = 0;
	alloc.node = 0;
	buf = kept_alloc(control, &alloc);
	ok(buf >= 0, "one page from node 0");
	close(buf);
}

static void test_reused_clean(void)
{
	uint64_t phys = kept_new(control, LEN, NAME);

	kept_fill(control, phys, LEN, 1);
	kept_free(control, phys);
	phys = kept_new(control, LEN, NAME);
	ok(kept_zero(control, phys, 0, LEN), "a new kept buffer is zero");
	kept_free(control, phys);
}

int main(void)
{
	int before;

	control = control_open();
	before = dmabufs_live();
	test_outlives_maker();
	test_held();
	test_whole_block();
	test_not_kept();
	test_free_while_mapped();
	test_free_while_imported();
	test_place();
	test_reused_clean();
	is(dmabufs_live(), before, "no dma-buf is left");
	close(control);
	return tap_done();
}
