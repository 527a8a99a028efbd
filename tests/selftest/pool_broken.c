// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: memory: a page that the hardware reported broken is in no further buffer,
 *   whether it broke in a buffer, the pool or the reserve
 * Promise: control: RESIZE refuses to move a buffer with a broken page
 */
#include "kept_calls.h"
#include "settings.h"

#define INJECT		"/sys/kernel/debug/hwpoison/corrupt-pfn"
#define HWPOISON	(1ull << 19) /* KPF_HWPOISON */
#define LEN		MIB(64)

static int heap, control;

static bool is_broken(uint64_t phys)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags = 0;

	if (pread(fd, &flags, 8, phys / PAGE * 8) != 8)
		bail("/proc/kpageflags: %m");
	close(fd);
	return flags & HWPOISON;
}

/* What the kernel answers does not matter: it cannot recover a page in use. */
static void break_page(uint64_t phys)
{
	int fd = open(INJECT, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || (dprintf(fd, "%#jx", (uintmax_t)phys / PAGE) < 0 &&
		       errno == EINVAL))
		bail(INJECT ": %m");
	close(fd);
	ok(is_broken(phys), "a page breaks");
}

static void check_others(uint64_t broken)
{
	static const size_t lens[] = { MIB(64), MIB(16), MIB(4), KIB(64) };
	int bufs[16], i, inside = 0;
	size_t n;

	for (n = 0; n < ARRAY_SIZE(lens); n++) {
		for (i = 0; i < 16; i++) {
			bufs[i] = buf_new(heap, lens[n]);
			inside += broken - buf_phys(bufs[i]) < lens[n];
		}
		while (i)
			close(bufs[--i]);
	}
	is(inside, 0, "it is in no further buffer");
}

static void test_in_buffer(size_t len, size_t offset)
{
	int buf = buf_new(heap, len);
	uint64_t broken = buf_phys(buf) + offset;

	break_page(broken);
	close(buf);
	check_others(broken);
}

static void test_in_pool(void)
{
	int buf = buf_new(heap, LEN);
	uint64_t broken = buf_phys(buf) + MIB(30);

	pool_drop();
	close(buf);
	is(counter("pool_pages"), LEN / PAGE, "a buffer is in the pool");
	break_page(broken);
	check_others(broken);
}

static void test_without_pool(void)
{
	unsigned long before = param_get("pool_max_mb");

	param_set("pool_max_mb", 0);
	test_in_buffer(LEN, MIB(31));
	param_set("pool_max_mb", before);
}

static void test_in_reserve(void)
{
	long served;
	uint64_t broken;
	int bufs[2], i;

	is(reserve_set(128), 0, "a reserve");
	pool_drop();
	bufs[0] = buf_new(heap, MIB(128));
	broken = buf_phys(bufs[0]) + MIB(70);
	close(bufs[0]);
	break_page(broken);
	served = counter("from_reserve");
	for (i = 0; i < 2; i++) {
		bufs[i] = buf_new(heap, MIB(48));
		ok(broken - buf_phys(bufs[i]) >= MIB(48), "a buffer without it");
	}
	is(counter("from_reserve"), served + 2, "from either side of it");
	is(reserve_mib(), 127, "the reserve loses nothing else");
	close(bufs[0]);
	close(bufs[1]);
	check_others(broken);
	is(reserve_set(0), 0, "no reserve");
}

static void test_in_reserved_buffer(void)
{
	uint64_t broken;
	int buf;

	is(reserve_set(64), 0, "a reserve");
	pool_drop();
	buf = buf_new(heap, MIB(64));
	broken = buf_phys(buf) + MIB(40);
	break_page(broken);
	close(buf);
	is(reserve_mib(), 63, "it loses nothing else");
	check_others(broken);
	is(reserve_set(0), 0, "no reserve");
}

static void test_shrink(void)
{
	uint64_t phys = kept_new(control, LEN, "broken");

	break_page(phys + MIB(40));
	is(kept_resize(control, &phys, MIB(32)), 0, "a kept buffer shrinks");
	check_others(phys + MIB(8) + MIB(32));
	kept_free(control, phys);
}

/* It begins with a pageblock and does not end with one: it cannot grow in place. */
static uint64_t stuck_new(size_t len)
{
	struct lazy_contig_allocation alloc = kept_request(len, "broken");
	int buf;

	alloc.align = HUGE_PAGE;
	buf = kept_alloc(control, &alloc);
	if (buf < 0)
		bail("keep %zu bytes: %s", len, strerror(-buf));
	close(buf);
	return alloc.phys_addr;
}

static void test_move(void)
{
	uint64_t phys = stuck_new(MIB(8) + PAGE), at = phys;
	unsigned char *mem;
	int buf, fd;
	char byte;

	kept_fill(control, phys, MIB(8) + PAGE, 51);
	break_page(phys + MIB(4));
	is(kept_resize(control, &at, MIB(32)), -ENOMEM,
	   "a kept buffer with such a page does not move");
	is(at, phys, "it is where it was");
	ok(kept_holds(control, phys, MIB(8) + PAGE, 51), "with its contents");

	buf = kept_open(control, phys, NULL);
	mem = buf_map(buf, MIB(8));
	fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	is(pread(fd, &byte, 1, (uintptr_t)mem + MIB(4)) < 0 ? -errno : 0, -EIO,
	   "a debugger does not read the page");
	close(fd);
	munmap(mem, MIB(8));
	close(buf);
	kept_free(control, phys);
	check_others(phys + MIB(4));
}

int main(void)
{
	unsigned long limit;
	struct mark mark;

	if (system("modprobe -q hwpoison-inject") || access(INJECT, F_OK)) {
		puts("1..0 # SKIP this kernel cannot break pages");
		return 0;
	}
	limit = patience();
	heap = heap_open(HEAP);
	control = control_open();
	mark_set(&mark);
	test_in_buffer(LEN, MIB(20) + PAGE);
	test_in_buffer(LEN, 0);
	test_in_buffer(KIB(64), PAGE);
	test_in_pool();
	test_without_pool();
	test_in_reserve();
	test_in_reserved_buffer();
	mark_check(&mark, "all of it");
	/* a kept buffer has a line in the log */
	test_shrink();
	test_move();
	param_set("time_limit_ms", limit);
	close(control);
	close(heap);
	return tap_done();
}
